//! Keeps the dependency rule of `lib.rs` by reading the sources: whoever breaks it learns it here, not in a review.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each module, and the ones it may name.
const RULE: &[(&str, &[&str])] = &[
    ("ui", &["client", "model"]),
    ("headless", &["client", "model", "voice"]),
    ("client", &["psn", "voice", "store", "desktop", "capture", "model"]),
    ("psn", &["model"]),
    ("voice", &["model"]),
    ("store", &["model"]),
    ("desktop", &["model"]),
    ("capture", &["model"]),
    ("model", &[]),
    ("sandbox", &[]),
];

#[test]
fn modules_import_only_what_lies_below_them() {
    let mut broken = Vec::new();
    let mut seen = 0;
    for (module, allowed) in RULE {
        for file in rust_files(&source().join(module)) {
            let text = fs::read_to_string(&file).expect("readable source");
            for (number, line) in text.lines().enumerate() {
                for named in named_modules(line) {
                    seen += 1;
                    if named != *module && !allowed.contains(&named) {
                        broken.push(format!("{}:{}: {line}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(seen > 50, "the scan found hardly anything: {seen}");
    assert!(broken.is_empty(), "the rule is broken:\n{}", broken.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_rule() {
    for entry in fs::read_dir(source()).expect("src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let name = path.file_name().and_then(|n| n.to_str()).expect("a name");
            assert!(RULE.iter().any(|(module, _)| *module == name), "{name} is not in the rule");
        }
    }
}

#[test]
fn only_the_peer_of_the_voice_path_names_the_webrtc_crates() {
    for file in rust_files(&source().join("voice")) {
        let text = fs::read_to_string(&file).expect("readable source");
        let names_it = text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
            line.contains("use webrtc::")
                || line.contains("use rtc::")
                || line.contains(" rtc::")
                || line.contains("webrtc::")
        });
        let is_peer =
            file.ends_with("voice/peer.rs") || file.parent().is_some_and(|p| p.ends_with("voice/peer"));
        assert!(!names_it || is_peer, "{}", file.display());
    }
}

/// `crate::NAME` in code; comments may speak of anything.
fn named_modules(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    let names = code.split("crate::").skip(1);
    names
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|n| known(n))
        .collect()
}

fn known(name: &str) -> bool {
    RULE.iter().any(|(module, _)| *module == name)
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
