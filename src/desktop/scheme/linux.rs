//! Linux and its kin: a desktop entry of ours, chosen for the scheme with `xdg-mime`, which knows each desktop's ways. It
//! cannot take a choice back; that is done here, in the lists themselves.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{OPEN, SCHEME, SchemeError, desktop_entry};
use crate::model::SchemeStatus;

/// Where a user may have put the client secret: nobody else's business.
const CLIENT_SECRET: &str = "PARTYLINE_CLIENT_SECRET";
const ENTRY: &str = "partyline-sign-in.desktop";
/// Whatever is larger is no desktop entry and no list of choices.
const LIMIT: u64 = 1 << 20;

pub fn status(program: &Path) -> SchemeStatus {
    let (Some(folders), Ok(chosen)) = (Folders::of_user(), chosen()) else {
        return SchemeStatus::Unavailable;
    };
    match chosen.as_deref() {
        None => SchemeStatus::NotRegistered,
        Some(ENTRY) => {
            let entry = read(&folders.entry()).unwrap_or_default();
            let ours = exec(program).is_some_and(|ours| desktop_entry::exec_of(&entry) == Some(&ours));
            if ours { SchemeStatus::Registered } else { SchemeStatus::NotRegistered }
        }
        Some(_) => SchemeStatus::OtherProgram,
    }
}

pub fn register(program: &Path) -> Result<(), SchemeError> {
    let folders = Folders::of_user().ok_or(SchemeError::Unavailable)?;
    let exec = exec(program).ok_or(SchemeError::Program)?;
    let previous = match chosen()? {
        // Ours from before: whom it remembers counts.
        Some(id) if id == ENTRY => {
            let entry = read(&folders.entry()).unwrap_or_default();
            desktop_entry::previous_of(&entry).map(str::to_owned)
        }
        other => other,
    };
    fs::create_dir_all(&folders.applications)?;
    replace(&folders.entry(), &desktop_entry::entry(&exec, &mime_type(), previous.as_deref()))?;
    folders.update_cache();
    choose(ENTRY)
}

pub fn unregister() -> Result<(), SchemeError> {
    let folders = Folders::of_user().ok_or(SchemeError::Unavailable)?;
    let entry = read(&folders.entry());
    let was_ours = chosen().is_ok_and(|id| id.as_deref() == Some(ENTRY));
    for list in folders.lists()? {
        let Some(text) = read(&list) else { continue };
        if let Some(kept) = desktop_entry::without_choice(&text, &mime_type(), ENTRY) {
            replace(&list, &kept)?;
        }
    }
    match fs::remove_file(folders.entry()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => folders.update_cache(),
    }
    // Without our line the one before may have it again by itself.
    let previous = entry.as_deref().and_then(desktop_entry::previous_of).filter(|_| was_ours);
    match previous {
        Some(id) if folders.has(id) && chosen()?.as_deref() != Some(id) => choose(id),
        _ => Ok(()),
    }
}

fn exec(program: &Path) -> Option<String> {
    desktop_entry::exec(program.to_str()?, OPEN)
}

fn mime_type() -> String {
    format!("x-scheme-handler/{SCHEME}")
}

/// The entry that the desktop would start.
fn chosen() -> Result<Option<String>, SchemeError> {
    let said = quiet("xdg-mime").args(["query", "default", &mime_type()]).stdout(Stdio::piped()).output();
    let said = said.map_err(|_| SchemeError::Unavailable)?;
    let id = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Ok(desktop_entry::is_entry_id(&id).then_some(id))
}

fn choose(id: &str) -> Result<(), SchemeError> {
    let done = quiet("xdg-mime").args(["default", id, &mime_type()]).status();
    if done.map_err(|_| SchemeError::Unavailable)?.success() { Ok(()) } else { Err(SchemeError::NotTaken) }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    // Whatever these start goes on without us.
    command.env_remove(CLIENT_SECRET);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Where the user's entries and choices lie.
struct Folders {
    config: PathBuf,
    applications: PathBuf,
}

impl Folders {
    /// `None` where the system knows no home.
    fn of_user() -> Option<Self> {
        let base = directories::BaseDirs::new()?;
        Some(Self {
            config: base.config_dir().to_owned(),
            applications: base.data_dir().join("applications"),
        })
    }

    fn entry(&self) -> PathBuf {
        self.applications.join(ENTRY)
    }

    /// Every list of choices that belongs to the user, those for one desktop alone (`kde-mimeapps.list`) too.
    fn lists(&self) -> io::Result<Vec<PathBuf>> {
        let mut lists = Vec::new();
        for folder in [&self.config, &self.applications] {
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for entry in entries {
                let path = entry?.path();
                if path.to_str().is_some_and(|name| name.ends_with("mimeapps.list")) {
                    lists.push(path);
                }
            }
        }
        Ok(lists)
    }

    /// Whether there is such an entry, the user's own or the system's.
    fn has(&self, id: &str) -> bool {
        let shared = env::var_os("XDG_DATA_DIRS").filter(|dirs| !dirs.is_empty());
        let shared = shared.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        let shared = env::split_paths(&shared).map(|folder| folder.join("applications"));
        shared.chain([self.applications.clone()]).any(|folder| folder.join(id).is_file())
    }

    /// Some desktops find entries through a cache alone. Where the tool is missing there is no such desktop.
    fn update_cache(&self) {
        let _ = quiet("update-desktop-database").arg(&self.applications).status();
    }
}

/// `None` for what is missing, far too large or no text.
fn read(file: &Path) -> Option<String> {
    let about = fs::metadata(file).ok()?;
    (about.is_file() && about.len() <= LIMIT).then(|| fs::read_to_string(file).ok()).flatten()
}

/// All or nothing, and where a link leads: people keep such files elsewhere and link them.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut fresh = file.clone().into_os_string();
    fresh.push(".partyline-new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, &file)
}
