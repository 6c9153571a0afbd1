//! Files written whole or not at all, and closed to other users where their content is nobody else's business. Blocking.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// All or nothing: a crash in the middle leaves the old file.
pub fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = file.with_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, file)
}

/// The same, private before its first byte is there, and on the disk when this returns.
pub fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_private(file, bytes, File::sync_all)?;
    sync_folder_of(file)
}

/// As [`write_private`], but for what may be lost or cut short by a crash.
pub fn write_private_unsynced(file: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_private(file, bytes, |_| Ok(()))
}

fn replace_private(file: &Path, bytes: &[u8], sync: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        private_folder(folder)?;
    }
    let fresh = file.with_extension("new");
    // A crash may have left one.
    remove_file(&fresh)?;
    let mut open = create_private(&fresh)?;
    let written = open.write_all(bytes).and_then(|()| sync(&open));
    drop(open);
    if let Err(error) = written.and_then(|()| fs::rename(&fresh, file)) {
        let _ = fs::remove_file(&fresh);
        return Err(error);
    }
    Ok(())
}

/// `None`: not there, no plain file, longer than `limit` bytes, or unreadable.
pub fn read_bounded(file: &Path, limit: u64) -> Option<Vec<u8>> {
    // A link may point anywhere.
    let about = fs::symlink_metadata(file).ok()?;
    if !about.is_file() || about.len() > limit {
        return None;
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    File::open(file).ok()?.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// The file and what a crash left of a newer one. That there is none is no error.
pub fn remove_private(file: &Path) -> io::Result<()> {
    remove_file(&file.with_extension("new"))?;
    remove_file(file)?;
    sync_folder_of(file)
}

/// A folder of our own with all that is in it. That there is none is no error.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The plain files in a folder. That there is no folder is no error.
pub fn files_in(folder: &Path) -> io::Result<Vec<(PathBuf, fs::Metadata)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // Whatever vanished meanwhile is not there.
        if let Ok(about) = fs::symlink_metadata(&path)
            && about.is_file()
        {
            files.push((path, about));
        }
    }
    Ok(files)
}

/// The folder, made where it is missing, and closed to other users.
#[cfg(unix)]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The user's own folder is closed to other users by what it inherits.
#[cfg(not(unix))]
pub fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn remove_file(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn create_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// A rename or a removal is in the folder, and on the disk once that is.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent().filter(|folder| folder.exists()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
