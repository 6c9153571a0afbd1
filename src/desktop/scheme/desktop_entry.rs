//! The texts of freedesktop.org: the desktop entry that starts the program, and the user's lists of chosen programs
//! (`mimeapps.list`). Pure.

/// Kept in our entry: who had the scheme before.
const PREVIOUS: &str = "X-Partyline-Previous";

/// The entry that sends `mime_type` to `exec`.
pub fn entry(exec: &str, mime_type: &str, previous: Option<&str>) -> String {
    let previous = previous.map(|id| format!("{PREVIOUS}={id}\n")).unwrap_or_default();
    format!(
        "[Desktop Entry]\nType=Application\nName=Partyline sign-in\n\
         Comment=Brings the sign-in back from the browser\nExec={exec}\nMimeType={mime_type};\n\
         NoDisplay=true\nStartupNotify=false\n{previous}"
    )
}

/// The value of `Exec`: `program argument %u`. `None` for a path that it cannot hold.
///
/// Quoted only where it must be: `xdg-open` without a desktop environment does not know quotes.
pub fn exec(program: &str, argument: &str) -> Option<String> {
    if program.chars().any(char::is_control) || program.contains('=') {
        return None;
    }
    const RESERVED: &[char] =
        &[' ', '"', '\'', '\\', '>', '<', '~', '|', '&', ';', '$', '*', '?', '#', '(', ')', '`'];
    let mut path = String::new();
    for c in program.chars() {
        match c {
            // Once for the argument, and its backslash once more for the string.
            '"' | '`' | '$' => path.extend(["\\\\", c.encode_utf8(&mut [0; 4])]),
            '\\' => path.push_str("\\\\\\\\"),
            '%' => path.push_str("%%"),
            c => path.push(c),
        }
    }
    let quote = if program.contains(RESERVED) { "\"" } else { "" };
    Some(format!("{quote}{path}{quote} {argument} %u"))
}

/// What an entry starts.
pub fn exec_of(entry: &str) -> Option<&str> {
    value(entry, "Exec")
}

/// Who had the scheme before an entry of ours.
pub fn previous_of(entry: &str) -> Option<&str> {
    value(entry, PREVIOUS).filter(|id| is_entry_id(id))
}

/// The name of an entry's file, and nothing that climbs out of its folder or looks like an option.
pub fn is_entry_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-+@".contains(&b);
    id.ends_with(".desktop") && !id.starts_with(['-', '.']) && id.len() < 256 && id.bytes().all(plain)
}

fn value<'a>(entry: &'a str, key: &str) -> Option<&'a str> {
    entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

/// A `mimeapps.list` in which `id` is no choice for `mime_type` any more; every other byte stays. `None` if it was none.
pub fn without_choice(list: &str, mime_type: &str, id: &str) -> Option<String> {
    let mut changed = false;
    let mut kept = String::with_capacity(list.len());
    for line in list.split_inclusive('\n') {
        let chosen = line.trim_end().split_once('=').filter(|(key, _)| key.trim() == mime_type);
        let Some((key, ids)) = chosen.filter(|(_, ids)| ids.split(';').any(|one| one.trim() == id)) else {
            kept.push_str(line);
            continue;
        };
        changed = true;
        let others: Vec<_> =
            ids.split(';').filter(|one| !one.trim().is_empty() && one.trim() != id).collect();
        if !others.is_empty() {
            kept.push_str(&format!("{key}={};\n", others.join(";")));
        }
    }
    changed.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_as_the_specification_wants_it_and_only_where_needed() {
        let line = |path| exec(path, "open").expect("can be written");
        assert_eq!(line("/usr/bin/partyline"), "/usr/bin/partyline open %u");
        assert_eq!(line("/opt/My Apps/partyline"), "\"/opt/My Apps/partyline\" open %u");
        assert_eq!(line("/opt/100%/p"), "/opt/100%%/p open %u");
        assert_eq!(line(r#"/a "$b\c`"#), r#""/a \\"\\$b\\\\c\\`" open %u"#);
        assert_eq!(exec("/a\nExec=/bin/evil", "open"), None);
        assert_eq!(exec("/a=b/partyline", "open"), None);
    }

    #[test]
    fn an_entry_remembers_who_was_there_before() {
        let written = entry("/p open %u", "x-scheme-handler/a", Some("other.desktop"));
        assert_eq!(exec_of(&written), Some("/p open %u"));
        assert_eq!(previous_of(&written), Some("other.desktop"));
        assert_eq!(previous_of(&entry("/p open %u", "x-scheme-handler/a", None)), None);
        for bad in ["../up.desktop", "-x.desktop", "a b.desktop", "a", ".desktop"] {
            assert!(!is_entry_id(bad), "{bad}");
        }
    }

    #[test]
    fn only_our_choice_leaves_the_list() {
        let list = "# mine\r\n[Default Applications]\nx-scheme-handler/a=ours.desktop\n\
                    x-scheme-handler/ab=ours.desktop;\ntext/html=web.desktop\n\n[Added Associations]\n\
                    x-scheme-handler/a = first.desktop;ours.desktop;last.desktop;\nno newline at the end";
        let kept = "# mine\r\n[Default Applications]\n\
                    x-scheme-handler/ab=ours.desktop;\ntext/html=web.desktop\n\n[Added Associations]\n\
                    x-scheme-handler/a = first.desktop;last.desktop;\nno newline at the end";
        assert_eq!(without_choice(list, "x-scheme-handler/a", "ours.desktop").as_deref(), Some(kept));
        assert_eq!(without_choice(kept, "x-scheme-handler/a", "ours.desktop"), None);
    }
}
