//! What one test has to itself: a sandbox, a home, a display that nobody sees, and the programs that it starts there. All of
//! it is gone with the room.

use std::{
    cell::RefCell,
    env,
    ffi::OsStr,
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::SemaphorePermit;

use crate::{
    chromium::{self, Browser, command_line, until},
    group::Group,
    program::{PARTYLINE, Setup},
    stage::{self, Service},
    step,
};

/// Dropped from top to bottom: what writes into the home before the home.
pub struct Room {
    elsewhere: RefCell<Option<Group>>,
    display: Display,
    pub service: Service,
    home: TempDir,
    _turn: SemaphorePermit<'static>,
}

impl Room {
    pub fn new() -> Self {
        let turn = stage::alone();
        let home = step::home();
        for folder in ["bin", "tmp", "nothing"] {
            fs::create_dir(home.path().join(folder)).expect("made");
        }
        let display = Display::start(home.path());
        let room =
            Self { elsewhere: RefCell::default(), display, service: Service::empty(), home, _turn: turn };
        let quoted: Vec<_> = command_line(&room.profile()).iter().map(|word| format!("'{word}'")).collect();
        room.write_program("browser", &format!("exec {} \"$@\"", quoted.join(" ")));
        // The desktop's own, and a note of what came of it. The program may not be asked twice: it opens a page where it
        // finds no handler.
        let noted = room.handed_over_note().display().to_string();
        room.write_program(
            "xdg-open",
            &format!(
                "PATH=${{PATH#*:}} xdg-open \"$@\"\nprintf '%s %s' $? \"$1\" > '{noted}.new'\nmv '{noted}.new' '{noted}'"
            ),
        );
        room
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The address that every sign-in page of this sandbox begins with.
    pub fn sign_in_page(&self) -> String {
        format!("{}/sonyacct/signin/", self.service.url)
    }

    /// Nothing of the user's own, but on the display.
    pub fn isolated(&self, program: impl AsRef<OsStr>) -> Command {
        let home = self.home();
        let mut command = step::isolated(program, home);
        let path = env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", home.join("bin").display()));
        command.env("DISPLAY", &self.display.name).env("TMPDIR", home.join("tmp"));
        // No bus is there, and none is started.
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/no-bus", home.display()));
        command
    }

    /// The client without a window; its browser is Chromium.
    pub fn program(&self, client: &str) -> Setup {
        let mut command = self.isolated(PARTYLINE);
        command.env("BROWSER", self.home().join("bin/browser"));
        Setup::new(command, &self.service.url, client)
    }

    /// A folder in which no program is found.
    pub fn empty_folder(&self) -> PathBuf {
        self.home().join("nothing")
    }

    /// What the client started.
    pub fn started_browser(&self) -> Browser {
        Browser::of_profile(&self.profile())
    }

    /// A browser that knows nothing of the client, with a profile of its own.
    pub fn browser_elsewhere(&self, link: &str) -> Browser {
        let profile = self.home().join("elsewhere");
        let words = command_line(&profile);
        let mut command = self.isolated(&words[0]);
        command.args(&words[1..]).arg(link).stdout(Stdio::null()).stderr(Stdio::null());
        self.elsewhere.replace(Some(Group::start(&mut command)));
        Browser::of_profile(&profile)
    }

    /// Before the browser starts.
    pub fn always_open_the_scheme(&self) {
        chromium::always_open_the_scheme(&self.profile(), &self.service.url);
    }

    /// How the desktop's own opener ended, and the address it was given; once the browser has called it.
    pub fn handed_over(&self) -> (i32, String) {
        let note =
            until("the browser hands the address over", || fs::read_to_string(self.handed_over_note()).ok());
        let (code, address) = note.split_once(' ').expect("both");
        (code.parse().expect("a number"), address.to_owned())
    }

    pub fn photograph(&self, name: &str) {
        if let Some(folder) = env::var_os("PARTYLINE_SCREENSHOTS") {
            // The browser's own dialogs take their time, and nothing tells of them.
            thread::sleep(Duration::from_secs(2));
            let file = Path::new(&folder).join(name).with_extension("png");
            let mut taken = Command::new("import");
            taken.args(["-display", &self.display.name, "-window", "root"]).arg(file);
            assert!(taken.status().expect("ImageMagick").success());
        }
    }

    fn profile(&self) -> PathBuf {
        self.home().join("profile")
    }

    fn handed_over_note(&self) -> PathBuf {
        self.home().join("handed-over")
    }

    fn write_program(&self, name: &str, script: &str) {
        let file = self.home().join("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("set");
    }
}

/// An X server in memory, on whichever number is free.
struct Display {
    name: String,
    _server: Group,
}

impl Display {
    fn start(home: &Path) -> Self {
        let mut command = step::isolated("Xvfb", home);
        command.args(["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"]);
        let mut server = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut number = String::new();
        let said = server.leader.stdout.take().expect("piped");
        BufReader::new(said).read_line(&mut number).expect("the number of the display");
        assert!(!number.trim().is_empty(), "Xvfb found no free display");
        Self { name: format!(":{}", number.trim()), _server: server }
    }
}
