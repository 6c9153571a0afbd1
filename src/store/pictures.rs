//! Pictures of an earlier hour, so that they need not be fetched again: files in the user's cache folder, named by a hash of
//! their address, and bounded. Whatever is wrong with them costs a fetch and nothing else. Blocking, from any thread.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use ring::digest;

use super::files::{files_in, read_bounded, remove_folder, write_private_unsynced};
use crate::model::ImageUrl;

/// One picture, in bytes: more than any of the size it is shown in comes to.
const MAX_PICTURE: u64 = 256 << 10;
const MAX_FILES: usize = 4000;
const MAX_BYTES: u64 = 32 << 20;
/// Uses are told apart no finer, so that most of them write nothing.
const USE_GRAIN: Duration = Duration::from_secs(24 * 3600);

/// The files of one profile. Closed until it is known that this run may keep something.
#[derive(Debug)]
pub struct PictureCache {
    folder: Option<PathBuf>,
    most: Extent,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    open: bool,
    /// Rises whenever what began before must not be kept any more.
    epoch: u64,
    /// As of the last look into the folder and what was written since; `None` before the first.
    extent: Option<Extent>,
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    files: usize,
    bytes: u64,
}

impl Extent {
    fn exceeds(self, most: Self) -> bool {
        self.files > most.files || self.bytes > most.bytes
    }
}

/// Got before a picture is fetched, for whoever is signed in then.
#[derive(Debug, Clone, Copy)]
pub struct Admission(u64);

impl PictureCache {
    /// Never opens.
    pub fn nowhere() -> Self {
        Self::new(None)
    }

    pub fn in_folder(folder: PathBuf) -> Self {
        Self::new(Some(folder))
    }

    fn new(folder: Option<PathBuf>) -> Self {
        let most = Extent { files: MAX_FILES, bytes: MAX_BYTES };
        Self { folder, most, inside: Mutex::default() }
    }

    pub fn open(&self) {
        self.inside().open = true;
    }

    /// Nothing is read or written any more; what is there stays.
    pub fn close(&self) {
        let mut inside = self.inside();
        inside.open = false;
        inside.epoch += 1;
    }

    /// Nothing is left, and nothing that was admitted before comes in.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn empty(&self) -> io::Result<()> {
        let mut inside = self.inside();
        inside.epoch += 1;
        inside.extent = None;
        self.folder.as_deref().map_or(Ok(()), remove_folder)
    }

    /// `None`: this run keeps no pictures.
    pub fn admit(&self) -> Option<Admission> {
        let inside = self.inside();
        (inside.open && self.folder.is_some()).then_some(Admission(inside.epoch))
    }

    /// The bytes that were kept, whatever they are by now. Counts as a use.
    pub fn read(&self, _: Admission, image: &ImageUrl) -> Option<Vec<u8>> {
        let file = self.file_of(image)?;
        let bytes = read_bounded(&file, MAX_PICTURE)?;
        if let Err(error) = mark_used(&file) {
            tracing::debug!(kind = %error.kind(), "a picture's use could not be noted");
        }
        Some(bytes)
    }

    /// Does nothing if the cache was emptied or closed since. What cannot be written is fetched again another time.
    pub fn keep(&self, admission: Admission, image: &ImageUrl, bytes: &[u8]) {
        let (Some(folder), Some(file)) = (&self.folder, self.file_of(image)) else { return };
        // Held while it is written: who empties the cache must find everything.
        let mut inside = self.inside();
        if !inside.open || inside.epoch != admission.0 || bytes.len() as u64 > MAX_PICTURE {
            return;
        }
        if let Err(error) = self.put(&mut inside, folder, &file, bytes) {
            tracing::debug!(kind = %error.kind(), "a picture could not be kept");
        }
    }

    /// It was kept, and is no picture.
    pub fn discard(&self, image: &ImageUrl) {
        if let Some(file) = self.file_of(image) {
            let _ = fs::remove_file(file);
        }
    }

    fn put(&self, inside: &mut Inside, folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
        write_private_unsynced(file, bytes)?;
        // One that is written over counts twice until the next look.
        let extent = match inside.extent {
            None => self.look(folder)?,
            Some(Extent { files, bytes: before }) => {
                Extent { files: files + 1, bytes: before + bytes.len() as u64 }
            }
        };
        let kept = if extent.exceeds(self.most) { self.make_room(folder)? } else { extent };
        inside.extent = Some(kept);
        Ok(())
    }

    fn look(&self, folder: &Path) -> io::Result<Extent> {
        Ok(extent_of(&files_in(folder)?))
    }

    /// Oldest use first, and an eighth more than it must, so that this is rare.
    fn make_room(&self, folder: &Path) -> io::Result<Extent> {
        let mut files = files_in(folder)?;
        let mut extent = extent_of(&files);
        if !extent.exceeds(self.most) {
            return Ok(extent);
        }
        let enough = Extent { files: self.most.files * 7 / 8, bytes: self.most.bytes * 7 / 8 };
        files.sort_by_cached_key(|(_, about)| about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        for (file, about) in files {
            if !extent.exceeds(enough) {
                break;
            }
            fs::remove_file(file)?;
            extent = Extent { files: extent.files - 1, bytes: extent.bytes - about.len() };
        }
        Ok(extent)
    }

    /// Says nothing of the address to who looks into the folder.
    fn file_of(&self, image: &ImageUrl) -> Option<PathBuf> {
        let hash = digest::digest(&digest::SHA256, image.as_str().as_bytes());
        let name: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(self.folder.as_ref()?.join(name))
    }

    /// What is inside is whole between any two lines.
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn extent_of(files: &[(PathBuf, fs::Metadata)]) -> Extent {
    Extent { files: files.len(), bytes: files.iter().map(|(_, about)| about.len()).sum() }
}

fn mark_used(file: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    let last = fs::metadata(file)?.modified()?;
    if now.duration_since(last).is_ok_and(|ago| ago < USE_GRAIN) {
        return Ok(());
    }
    fs::File::options().write(true).open(file)?.set_modified(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> ImageUrl {
        format!("https://static.example/{n}.png").parse().expect("an address")
    }

    fn opened(most: Extent) -> (tempfile::TempDir, PictureCache) {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = PictureCache { most, ..PictureCache::in_folder(folder.path().join("pictures")) };
        assert!(cache.admit().is_none(), "closed at first");
        cache.open();
        (folder, cache)
    }

    const MANY: Extent = Extent { files: 4000, bytes: 32 << 20 };

    fn keep(cache: &PictureCache, n: usize, bytes: &[u8]) {
        cache.keep(cache.admit().expect("open"), &address(n), bytes);
    }

    fn read(cache: &PictureCache, n: usize) -> Option<Vec<u8>> {
        cache.read(cache.admit().expect("open"), &address(n))
    }

    /// Used so many days ago.
    fn used_ago(cache: &PictureCache, n: usize, days: u64) {
        let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
        let file = cache.file_of(&address(n)).expect("a folder");
        fs::File::options().write(true).open(file).expect("there").set_modified(then).expect("set");
    }

    #[test]
    fn a_picture_is_found_again_and_names_nobody() {
        let (folder, cache) = opened(MANY);
        keep(&cache, 1, b"one");
        assert_eq!(read(&cache, 1).as_deref(), Some(&b"one"[..]));
        assert_eq!(read(&cache, 2), None);
        for (file, _) in files_in(&folder.path().join("pictures")).expect("a folder") {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
            assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        }
        cache.discard(&address(1));
        assert_eq!(read(&cache, 1), None);
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let (folder, cache) = opened(Extent { files: 16, bytes: 1 << 20 });
        for n in 0..16 {
            keep(&cache, n, b"picture");
            used_ago(&cache, n, 100 - n as u64);
        }
        assert!(read(&cache, 0).is_some(), "used now");
        keep(&cache, 16, b"picture");
        let left = files_in(&folder.path().join("pictures")).expect("a folder").len();
        assert_eq!(left, 14);
        let gone: Vec<_> = (0..17).filter(|n| read(&cache, *n).is_none()).collect();
        assert_eq!(gone, [1, 2, 3]);
    }

    #[test]
    fn neither_files_nor_bytes_exceed_their_bound() {
        let most = Extent { files: 50, bytes: 100_000 };
        let (folder, cache) = opened(most);
        let inside = folder.path().join("pictures");
        // Of an earlier run, and not counted yet.
        fs::create_dir_all(&inside).expect("made");
        for n in 0..80 {
            fs::write(inside.join(format!("old-{n}")), [0; 1000]).expect("written");
        }
        for n in 0..300 {
            keep(&cache, n, &vec![1; n * 40]);
            let extent = extent_of(&files_in(&inside).expect("a folder"));
            assert!(!extent.exceeds(most), "{extent:?} after {n}");
        }
        keep(&cache, 1000, &vec![1; MAX_PICTURE as usize + 1]);
        assert_eq!(read(&cache, 1000), None);
    }

    #[test]
    fn after_it_was_emptied_nothing_that_began_before_comes_in() {
        let (folder, cache) = opened(MANY);
        keep(&cache, 1, b"one");
        let before = cache.admit().expect("open");
        cache.empty().expect("emptied");
        cache.keep(before, &address(2), b"two");
        assert!(!folder.path().join("pictures").exists());
        keep(&cache, 3, b"three");
        assert!(read(&cache, 3).is_some(), "still open");
        let before = cache.admit().expect("open");
        cache.close();
        cache.keep(before, &address(4), b"four");
        assert!(cache.admit().is_none());
        cache.open();
        assert!(read(&cache, 3).is_some() && read(&cache, 4).is_none());
    }
}
