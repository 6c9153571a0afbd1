//! The running instances of this user, and the way to them: a second start of the program (`partyline open ADDRESS`, which
//! the browser causes) hands its address over and ends. Every instance has a local socket of its own in one folder that only
//! this user can enter, and says of each address whether it was waiting for it: so a profile, or a sandbox beside the live
//! service, never takes what another waits for. The link to a party is waited for by all, and taken by one.
//!
//! One line each way: `open ADDRESS`, then `taken` or `refused`. It all runs where its futures run; nothing is spawned.

mod meeting_place;

use std::{future::Future, io, path::Path, time::Duration};

use futures_util::{
    StreamExt,
    stream::{self, FuturesUnordered},
};
use interprocess::local_socket::{
    ListenerOptions,
    tokio::{Listener, Stream, prelude::*},
};
use secrecy::zeroize::Zeroizing;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    time::{sleep, timeout},
};

use crate::model::{PartyLink, Secret};
pub use meeting_place::instances_folder;
use meeting_place::{MeetingPlace, Place};

/// A whole line. Addresses of a sign-in have some hundred bytes.
const LINE_LIMIT: usize = 16 << 10;
/// Connections that may be open at once; others wait their turn.
const MAX_OPEN: usize = 8;
/// For one connection, from its first byte to the answer.
const SERVING_TIMEOUT: Duration = Duration::from_secs(1);
/// For handing over: others may be served first.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(3);
/// Before accepting again when that failed, as with no file handle left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const OPEN: &str = "open ";
const TAKEN: &str = "taken\n";
const REFUSED: &str = "refused\n";

/// Why instances cannot meet.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    #[error("the folder where instances meet cannot be used")]
    Folder(#[from] io::Error),
    #[error("the folder where instances meet is not a folder of this user's alone")]
    NotPrivate,
    #[error("this is no address that could be handed over")]
    Address,
}

/// What became of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedOver {
    /// An instance was waiting for it.
    Taken,
    /// Instances are running; none was waiting for it.
    Refused,
    /// No instance is running.
    Nobody,
}

/// This instance's socket; gone when this is dropped.
pub struct Instance {
    listener: Listener,
    place: Place,
}

impl Instance {
    /// Opens a socket in `folder` (see [`instances_folder`]) and removes those of crashed runs. Inside a tokio runtime.
    ///
    /// # Errors
    /// Why there can be none.
    pub async fn listen(folder: &Path) -> Result<Self, InstanceError> {
        let meeting = MeetingPlace::open(folder)?;
        for place in meeting.places()? {
            // Connecting is all it takes to learn who is gone.
            let _ = connect(&place).await;
        }
        let place = meeting.new_place();
        let options = ListenerOptions::new().name(place.new_name()?).reclaim_name(false);
        let listener = meeting_place::for_this_user(options).create_tokio()?;
        // From here on its file goes with it, whatever fails.
        let instance = Self { listener, place };
        instance.place.announce()?;
        Ok(instance)
    }

    /// Asks `take` of each address that arrives whether this instance was waiting for it; it has a second to say so.
    /// Everything else that arrives is ignored. Never ends; cancel by dropping.
    pub async fn serve<F: Future<Output = bool>>(self, take: impl Fn(Secret) -> F) {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if open.len() < MAX_OPEN => match accepted {
                    Ok(stream) if self.place.is_of_its_owner(&stream) => {
                        open.push(timeout(SERVING_TIMEOUT, answer(stream, &take)));
                    }
                    Ok(_) => tracing::warn!("another user tried to hand something over"),
                    Err(error) => {
                        tracing::warn!(%error, "no second start can be heard");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Whoever is slow, silent or talks nonsense just goes.
                Some(_) = open.next() => {}
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.place.remove();
    }
}

async fn answer<F: Future<Output = bool>>(stream: Stream, take: impl Fn(Secret) -> F) -> io::Result<()> {
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_LIMIT));
    BufReader::new(&stream).take(LINE_LIMIT as u64).read_until(b'\n', &mut line).await?;
    let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
    let Some(address) = text.and_then(|text| text.strip_prefix(OPEN)) else { return Ok(()) };
    let taken = take(Secret::from(address)).await;
    (&stream).write_all(if taken { TAKEN } else { REFUSED }.as_bytes()).await?;
    (&stream).flush().await
}

/// Hands `address` to every running instance at once, and waits three seconds at most; a party link to one after the other,
/// three seconds for each, until one takes it. Cancel by dropping.
///
/// # Errors
/// When the folder cannot be used, or the address is none.
pub async fn hand_over(folder: &Path, address: &Secret) -> Result<HandedOver, InstanceError> {
    let line = Zeroizing::new(format!("{OPEN}{}\n", address.expose()));
    if address.is_empty() || line.len() > LINE_LIMIT || address.expose().chars().any(char::is_control) {
        return Err(InstanceError::Address);
    }
    let meeting = MeetingPlace::open(folder)?;
    let places = meeting.places()?;
    // The address of a sign-in is for one of them alone. A link is for any: whoever is asked first has it.
    let at_once = if address.expose().parse::<PartyLink>().is_ok() { 1 } else { places.len().max(1) };
    let asking = places.iter().map(|place| timeout(HAND_OVER_TIMEOUT, ask(place, &line)));
    let mut asking = stream::iter(asking).buffer_unordered(at_once);
    let mut result = HandedOver::Nobody;
    while let Some(asked) = asking.next().await {
        match asked {
            Ok(Ok(true)) => return Ok(HandedOver::Taken),
            Ok(Ok(false)) | Err(_) => result = HandedOver::Refused,
            Ok(Err(_)) => {}
        }
    }
    Ok(result)
}

/// Whether the instance there took the line. An error: nobody is there.
async fn ask(place: &Place, line: &str) -> io::Result<bool> {
    let stream = connect(place).await?;
    if !place.is_of_its_owner(&stream) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    (&stream).write_all(line.as_bytes()).await?;
    (&stream).flush().await?;
    let mut answer = Vec::with_capacity(REFUSED.len());
    BufReader::new(&stream).take(REFUSED.len() as u64).read_until(b'\n', &mut answer).await?;
    Ok(answer == TAKEN.as_bytes())
}

/// Removes the socket of a run that ended without doing so.
async fn connect(place: &Place) -> io::Result<Stream> {
    let connected = timeout(SERVING_TIMEOUT, Stream::connect(place.name()?)).await?;
    if let Err(error) = &connected
        && matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)
    {
        place.remove();
    }
    connected
}
