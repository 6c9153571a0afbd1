//! The settings file: TOML, forgiving to read, whole to write.

use std::{fs, io};

use super::{Paths, write_whole};
use crate::model::Settings;

/// Settings are some hundred bytes; whatever is larger is not ours.
const LIMIT: u64 = 64 << 10;

/// What was found.
#[derive(Debug, PartialEq)]
pub enum Loaded {
    Settings(Settings),
    /// No file yet.
    Fresh,
    /// There was one that cannot be read; it was kept beside as `settings.unreadable.toml`.
    Unreadable,
}

pub fn load_settings(paths: &Paths) -> Loaded {
    let file = paths.settings();
    let text = match fs::metadata(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::Fresh,
        Ok(about) if about.len() <= LIMIT => fs::read_to_string(&file).ok(),
        _ => None,
    };
    match text.and_then(|text| read(&text)) {
        Some(settings) => Loaded::Settings(settings.clamped()),
        None => {
            if let Err(error) = fs::rename(&file, file.with_file_name("settings.unreadable.toml")) {
                tracing::warn!(%error, "the unreadable settings file could not be kept aside");
            }
            Loaded::Unreadable
        }
    }
}

/// Field by field: one that another version wrote must not take the others with it.
fn read(text: &str) -> Option<Settings> {
    let mut known = toml::Table::try_from(Settings::default()).ok()?;
    for (name, value) in text.parse::<toml::Table>().ok()? {
        let mut with = known.clone();
        with.insert(name, value);
        if with.clone().try_into::<Settings>().is_ok() {
            known = with;
        }
    }
    known.try_into().ok()
}

/// # Errors
/// When the file cannot be written; the old one is then still whole.
pub fn save_settings(paths: &Paths, settings: &Settings) -> io::Result<()> {
    let text = toml::to_string_pretty(settings).map_err(io::Error::other)?;
    write_whole(&paths.settings(), &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceChoice, TalkMode, Theme};

    fn with_file(text: &str) -> (tempfile::TempDir, Paths) {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths::under(folder.path());
        write_whole(&paths.settings(), text).expect("written");
        (folder, paths)
    }

    #[test]
    fn settings_survive_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths::under(folder.path());
        assert_eq!(load_settings(&paths), Loaded::Fresh);
        let settings = Settings {
            microphone: DeviceChoice::Device("usb-1".into()),
            talk_mode: TalkMode::OpenMicrophone,
            theme: Theme::Light,
            scale: 1.25,
            ..Settings::default()
        };
        save_settings(&paths, &settings).expect("saved");
        assert_eq!(load_settings(&paths), Loaded::Settings(settings));
    }

    #[test]
    fn fields_of_another_version_do_no_harm() {
        let (_folder, paths) =
            with_file("theme = \"light\"\nfrom_the_future = 3\ntalk_mode = \"whistle\"\nscale = 99.0\n");
        let Loaded::Settings(settings) = load_settings(&paths) else { panic!("readable") };
        assert_eq!((settings.theme, settings.scale), (Theme::Light, 2.0));
    }

    #[test]
    fn an_unreadable_file_is_kept_aside() {
        let (_folder, paths) = with_file("theme = [[[");
        assert_eq!(load_settings(&paths), Loaded::Unreadable);
        assert!(paths.settings().with_file_name("settings.unreadable.toml").exists());
        assert_eq!(load_settings(&paths), Loaded::Fresh);
    }
}
