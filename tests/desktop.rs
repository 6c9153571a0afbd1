//! The scheme's handler with the real `xdg-mime`, `xdg-open` and `update-desktop-database`, and the browser, in a home of
//! its own and without a desktop environment.
#![cfg(target_os = "linux")]

#[path = "step/mod.rs"]
mod step;

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use partyline::{
    desktop::{SCHEME, SchemeError, SchemeHandler, open_browser},
    model::SchemeStatus,
};
use step::{again, assert_succeeds, home, isolated, step};
use url::Url;

const ENTRY: &str = ".local/share/applications/partyline-sign-in.desktop";
const LIST: &str = ".config/mimeapps.list";

#[test]
fn the_desktop_starts_the_registered_program_until_it_is_undone() {
    const TEST: &str = "the_desktop_starts_the_registered_program_until_it_is_undone";
    match step().as_deref() {
        None => {
            let home = home();
            let heard = home.path().join("heard");
            write_program(&program(home.path()), &heard);
            assert_succeeds(again(home.path(), TEST, "register"));
            let valid = isolated("desktop-file-validate", home.path()).arg(home.path().join(ENTRY)).output();
            let valid = valid.expect("desktop-file-validate; `bash .ci/setup tests` installs it");
            assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stdout));

            let address = format!("{SCHEME}://redirect?code=v3.x$(id)&cid=1&state=a'b");
            assert!(xdg_open(home.path(), &address), "xdg-open found no program");
            assert_eq!(wait_for(&heard), format!("open\n{address}\n"));

            assert_succeeds(again(home.path(), TEST, "unregister"));
            assert!(!home.path().join(ENTRY).exists());
            assert!(!text(home.path(), LIST).contains(SCHEME));
            fs::remove_file(&heard).expect("there");
            assert!(!xdg_open(home.path(), &address), "nobody has the scheme now");
            assert!(!heard.exists());
        }
        Some("register") => {
            assert_eq!(handler().status(), SchemeStatus::NotRegistered);
            handler().register().expect("registered");
            handler().register().expect("again does no harm");
            assert_eq!(handler().status(), SchemeStatus::Registered);
            let moved = SchemeHandler::of_program("/elsewhere/partyline".into());
            assert_eq!(moved.status(), SchemeStatus::NotRegistered, "this one is not what would start");
        }
        Some(_) => {
            handler().unregister().expect("undone");
            assert_eq!(handler().status(), SchemeStatus::NotRegistered);
            handler().unregister().expect("nothing to do");
        }
    }
}

#[test]
fn what_the_desktop_runs_knows_no_client_secret() {
    const TEST: &str = "what_the_desktop_runs_knows_no_client_secret";
    if step().is_some() {
        return handler().register().expect("registered");
    }
    let home = home();
    write_program(&program(home.path()), &home.path().join("heard"));
    let (tools, seen) = (home.path().join("tools"), home.path().join("seen"));
    fs::create_dir(&tools).expect("made");
    let path = env::var("PATH").expect("set");
    for tool in ["xdg-mime", "update-desktop-database"] {
        let script = format!(
            "#!/bin/sh\necho ran {tool} >> '{0}'\nenv >> '{0}'\nPATH='{path}' exec {tool} \"$@\"\n",
            seen.display()
        );
        fs::write(tools.join(tool), script).expect("written");
        fs::set_permissions(tools.join(tool), fs::Permissions::from_mode(0o755)).expect("set");
    }
    let mut command = again(home.path(), TEST, "register");
    command.env("PARTYLINE_CLIENT_SECRET", "in the environment");
    command.env("PATH", format!("{}:{path}", tools.display()));
    assert_succeeds(command);
    let seen = fs::read_to_string(seen).expect("they ran");
    assert!(seen.contains("ran xdg-mime") && seen.contains("ran update-desktop-database"), "{seen}");
    assert!(!seen.contains("in the environment"), "{seen}");
}

#[test]
fn another_program_has_its_scheme_back_and_other_choices_stay() {
    const TEST: &str = "another_program_has_its_scheme_back_and_other_choices_stay";
    let list = format!(
        "[Added Associations]\ntext/plain=editor.desktop;\n\n\
         [Default Applications]\nx-scheme-handler/{SCHEME}=other.desktop\ntext/html=web.desktop\n"
    );
    match step() {
        None => {
            let home = home();
            write_program(&program(home.path()), &home.path().join("heard"));
            fs::create_dir_all(home.path().join(".config")).expect("made");
            fs::write(home.path().join(LIST), &list).expect("written");
            let entry = home.path().join(ENTRY).with_file_name("other.desktop");
            fs::create_dir_all(entry.parent().expect("a folder")).expect("made");
            fs::write(entry, "[Desktop Entry]\nType=Application\nName=Other\nExec=/bin/true %u\n")
                .expect("written");
            assert_succeeds(again(home.path(), TEST, "there and back"));
            let mut lines: Vec<_> = text(home.path(), LIST).lines().map(str::to_owned).collect();
            let mut before: Vec<_> = list.lines().map(str::to_owned).collect();
            lines.sort();
            before.sort();
            assert_eq!(lines, before);
        }
        Some(_) => {
            assert_eq!(handler().status(), SchemeStatus::OtherProgram);
            handler().register().expect("taken over");
            handler().register().expect("and still knows who was before");
            handler().unregister().expect("undone");
            assert_eq!(handler().status(), SchemeStatus::OtherProgram);
        }
    }
}

#[test]
fn a_desktop_without_xdg_mime_cannot_register() {
    match step() {
        None => {
            let home = home();
            let mut command = again(home.path(), "a_desktop_without_xdg_mime_cannot_register", "try");
            command.env("PATH", home.path());
            assert_succeeds(command);
            assert!(!home.path().join(ENTRY).exists());
        }
        Some(_) => {
            let this = SchemeHandler::of_this_program().expect("a path");
            assert_eq!(this.status(), SchemeStatus::Unavailable);
            assert!(matches!(this.register(), Err(SchemeError::Unavailable)));
        }
    }
}

#[test]
fn a_missing_browser_is_reported_and_a_found_one_keeps_its_noise() {
    const TEST: &str = "a_missing_browser_is_reported_and_a_found_one_keeps_its_noise";
    let link: Url = "http://127.0.0.1:1/authorize?state=a&cid=b".parse().expect("valid");
    match step().as_deref() {
        None => {
            let home = home();
            let (browser, heard) = (home.path().join("browser"), home.path().join("heard"));
            let mut command = again(home.path(), TEST, "none");
            command.env("PATH", home.path());
            assert_succeeds(command);
            write_program(&browser, &heard);
            let script = fs::read_to_string(&browser).expect("written") + "echo noise; echo noise >&2\n";
            fs::write(&browser, script).expect("written");
            let said = again(home.path(), TEST, "one").env("BROWSER", &browser).output().expect("started");
            assert!(said.status.success());
            assert_eq!(wait_for(&heard), format!("{link}\n"));
            let said = [said.stdout, said.stderr].concat();
            assert!(!String::from_utf8_lossy(&said).contains("noise\n"));
        }
        Some("none") => assert!(open_browser(&link).is_err()),
        Some(_) => open_browser(&link).expect("started"),
    }
}

fn handler() -> SchemeHandler {
    SchemeHandler::of_program(program(Path::new(&env::var("HOME").expect("inside a step"))))
}

fn program(home: &Path) -> PathBuf {
    home.join("partyline")
}

/// Writes down what it is started with, an argument a line.
fn write_program(program: &Path, heard: &Path) {
    let heard = heard.display();
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{heard}.new' && mv '{heard}.new' '{heard}'\n");
    fs::write(program, script).expect("written");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("set");
}

/// As a browser on a display would. No other browser is there to take it.
fn xdg_open(home: &Path, address: &str) -> bool {
    let mut command: Command = isolated("xdg-open", home);
    let done = command.arg(address).env("DISPLAY", ":0").env("BROWSER", "/bin/false").output();
    done.expect("xdg-open; `bash .ci/setup` installs it").status.success()
}

fn wait_for(file: &Path) -> String {
    let waiting = Instant::now();
    while !file.exists() {
        assert!(waiting.elapsed() < Duration::from_secs(10), "the program was not started");
        thread::sleep(Duration::from_millis(20));
    }
    fs::read_to_string(file).expect("readable")
}

fn text(home: &Path, file: &str) -> String {
    fs::read_to_string(home.join(file)).unwrap_or_default()
}
