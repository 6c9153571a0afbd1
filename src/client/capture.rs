//! Captures for those who ask: reads the file, hands each exchange to who understands it. Blocking; never on the client's
//! own loop.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    ops::ControlFlow,
    path::Path,
};

use super::CaptureTrouble;
use crate::{
    capture::{self, ClientSearch, Ending, Entry, ReadError},
    model::{FoundClient, Progress, Report},
    psn::{Endpoints, Examiner, SignInCall, is_of_service, sign_in_call},
};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error("the file could not be opened")]
    Open(#[source] io::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cancelled")]
    Cancelled,
}

/// Why a report was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("the report could not be written")]
    Io(#[from] io::Error),
    #[error("what is there already is no report; nothing was written over it")]
    NotAReport,
}

impl From<&CaptureError> for CaptureTrouble {
    fn from(error: &CaptureError) -> Self {
        match error {
            CaptureError::Open(_) | CaptureError::Read(ReadError::Io(_)) => Self::CannotOpen,
            // Whoever cancelled does not look at it.
            CaptureError::Read(_) | CaptureError::Cancelled => Self::NotACapture,
        }
    }
}

/// Holds every exchange of the HAR at `path` with the service at `endpoints` against this client's own types.
///
/// Blocks for as long as the file takes, some seconds for tens of megabytes. `progress` and `cancelled` are called every
/// few dozen kilobytes.
///
/// # Errors
/// [`CaptureError`]; a file that was cut off is none, see [`Report::ends_early`].
pub fn check(
    path: &Path,
    endpoints: &Endpoints,
    progress: &mut dyn FnMut(Progress),
    cancelled: &dyn Fn() -> bool,
) -> Result<Report, CaptureError> {
    let mut examiner = Examiner::new(endpoints.clone());
    let wanted = |_: &str, url: &str| is_of_service(endpoints, url);
    let ending = read(path, progress, cancelled, wanted, |entry| match entry {
        Entry::Exchange(exchange) => examiner.examine(&exchange),
        Entry::Unwanted => examiner.count_other_host(),
        Entry::Odd => examiner.count_odd(),
    })?;
    Ok(Report { ends_early: ending == Ending::Early, ..examiner.finish() })
}

/// The OAuth client that signed in to the service at `endpoints` in the HAR at `path`, if any did. Blocks like [`check`].
///
/// # Errors
/// [`CaptureError`].
pub fn find_client(
    path: &Path,
    endpoints: &Endpoints,
    progress: &mut dyn FnMut(Progress),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<FoundClient>, CaptureError> {
    let mut search = ClientSearch::default();
    let wanted = |method: &str, url: &str| sign_in_call(endpoints, method, url).is_some();
    read(path, progress, cancelled, wanted, |entry| {
        let Entry::Exchange(exchange) = entry else { return };
        match sign_in_call(endpoints, &exchange.method, &exchange.url) {
            Some(SignInCall::Authorize) => search.authorize(&exchange),
            Some(SignInCall::Token) => search.token(&exchange),
            None => {}
        }
    })?;
    Ok(search.finish())
}

/// Writes a report to `path`: to a new file, or over an older report, and never over a capture or anything else. Blocking.
///
/// # Errors
/// [`SaveError`]; after [`SaveError::NotAReport`] everything is as it was.
pub fn save_report(path: &Path, text: &str) -> Result<(), SaveError> {
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => older_report(path)?,
        new => new?,
    };
    Ok(file.write_all(text.as_bytes())?)
}

/// Emptied.
fn older_report(path: &Path) -> Result<File, SaveError> {
    // A pipe would have to be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(SaveError::NotAReport);
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(Report::LONGEST_START).read_to_end(&mut start)?;
    if !Report::is_start(&start) {
        return Err(SaveError::NotAReport);
    }
    file.set_len(0)?;
    file.rewind()?;
    Ok(file)
}

fn read(
    path: &Path,
    progress: &mut dyn FnMut(Progress),
    cancelled: &dyn Fn() -> bool,
    wanted: impl Fn(&str, &str) -> bool,
    mut each: impl FnMut(Entry),
) -> Result<Ending, CaptureError> {
    let file = File::open(path).map_err(CaptureError::Open)?;
    let total = file.metadata().map_err(CaptureError::Open)?.len();
    let mut was_cancelled = false;
    let watched = Watched {
        file,
        position: Progress { read: 0, total },
        progress,
        cancelled,
        was_cancelled: &mut was_cancelled,
    };
    let ending = capture::read(watched, wanted, |entry| {
        each(entry);
        // A few kilobytes may hold many entries that take their time.
        if cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match ending {
        _ if was_cancelled => Err(CaptureError::Cancelled),
        Ok(Ending::Stopped) => Err(CaptureError::Cancelled),
        ending => Ok(ending?),
    }
}

/// A file that tells how far it is read, and stops when asked to.
struct Watched<'a> {
    file: File,
    position: Progress,
    progress: &'a mut dyn FnMut(Progress),
    cancelled: &'a dyn Fn() -> bool,
    was_cancelled: &'a mut bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.cancelled)() {
            *self.was_cancelled = true;
            return Err(io::ErrorKind::Other.into());
        }
        let read = self.file.read(buffer)?;
        self.position.read += read as u64;
        (self.progress)(self.position);
        Ok(read)
    }
}
