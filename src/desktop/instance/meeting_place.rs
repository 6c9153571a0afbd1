//! The folder where instances find each other: a file `ID.sock` for each. On Unix it is the socket itself; on Windows it
//! stands for the named pipe `partyline-ID`, which the system lets only its owner write to.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, ToFsName, tokio::Stream};

use super::InstanceError;

/// Instances whose names are read from the folder; nobody runs more.
const MAX_INSTANCES: usize = 64;
const EXTENSION: &str = "sock";

/// The user's own: below `$XDG_RUNTIME_DIR` where there is one, it is gone when the user logs out. All profiles share it.
/// `None` where the system knows no home.
pub fn instances_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "partyline")?;
    let lasting = || folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).join("run");
    Some(folders.runtime_dir().map_or_else(lasting, Path::to_owned))
}

/// The folder, known to be closed to other users.
pub struct MeetingPlace {
    folder: PathBuf,
    owner: Owner,
}

/// One instance's file.
pub struct Place {
    file: PathBuf,
    owner: Owner,
}

impl MeetingPlace {
    pub fn open(folder: &Path) -> Result<Self, InstanceError> {
        Ok(Self { owner: close_to_others(folder)?, folder: folder.to_owned() })
    }

    pub fn places(&self) -> io::Result<Vec<Place>> {
        let files = fs::read_dir(&self.folder)?.filter_map(|entry| Some(entry.ok()?.path()));
        let sockets = files.filter(|file| file.extension().is_some_and(|extension| extension == EXTENSION));
        Ok(sockets.take(MAX_INSTANCES).map(|file| Place { file, owner: self.owner }).collect())
    }

    pub fn new_place(&self) -> Place {
        let file = self.folder.join(format!("{:016x}.{EXTENSION}", rand::random::<u64>()));
        Place { file, owner: self.owner }
    }
}

#[cfg(unix)]
type Owner = u32;
#[cfg(not(unix))]
type Owner = ();

#[cfg(unix)]
impl Place {
    pub fn name(&self) -> io::Result<Name<'_>> {
        self.file.as_path().to_fs_name::<GenericFilePath>()
    }

    /// What to listen on. A socket is there before it listens, and who finds it then would take it for one left over.
    pub fn new_name(&self) -> io::Result<Name<'static>> {
        self.unannounced().to_fs_name::<GenericFilePath>()
    }

    /// Called once it listens.
    pub fn announce(&self) -> io::Result<()> {
        fs::rename(self.unannounced(), &self.file)
    }

    pub fn remove(&self) {
        // Gone already, or of no use to anybody.
        let _ = fs::remove_file(&self.file);
        let _ = fs::remove_file(self.unannounced());
    }

    fn unannounced(&self) -> PathBuf {
        self.file.with_extension("new")
    }

    /// Whether the other end is a process of the user whose folder this is.
    pub fn is_of_its_owner(&self, stream: &Stream) -> bool {
        use interprocess::local_socket::traits::StreamCommon;

        stream.peer_creds().is_ok_and(|peer| peer.euid() == Some(self.owner))
    }
}

#[cfg(windows)]
impl Place {
    pub fn name(&self) -> io::Result<Name<'static>> {
        let id = self.file.file_stem().unwrap_or_default().to_string_lossy();
        format!(r"\\.\pipe\partyline-{id}").to_fs_name::<GenericFilePath>()
    }

    pub fn new_name(&self) -> io::Result<Name<'static>> {
        self.name()
    }

    pub fn announce(&self) -> io::Result<()> {
        fs::File::create_new(&self.file).map(drop)
    }

    pub fn remove(&self) {
        let _ = fs::remove_file(&self.file);
    }

    /// The names are found in the user's own folder, and the system lets nobody else write to the pipe.
    pub fn is_of_its_owner(&self, _: &Stream) -> bool {
        true
    }
}

/// The folder keeps others out already; on Linux the socket does so too.
pub fn for_this_user(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    #[cfg(target_os = "linux")]
    let options = interprocess::os::unix::local_socket::ListenerOptionsExt::mode(options, 0o600);
    options
}

/// Makes the folder where it is missing, and whose it is.
#[cfg(unix)]
fn close_to_others(folder: &Path) -> Result<Owner, InstanceError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let about = fs::symlink_metadata(folder)?;
    if !about.is_dir() {
        return Err(InstanceError::NotPrivate);
    }
    if about.mode() & 0o077 != 0 {
        // Whoever does not own it cannot.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(|_| InstanceError::NotPrivate)?;
    }
    Ok(about.uid())
}

/// It lies in the user's own, and is closed to others by what it inherits.
#[cfg(not(unix))]
fn close_to_others(folder: &Path) -> Result<Owner, InstanceError> {
    Ok(fs::create_dir_all(folder)?)
}
