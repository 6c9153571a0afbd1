//! Avatars and icons for the window: from the user's cache folder or the network, decoded, each wish answered once. A task that
//! lives as long as the client and fetches for whoever is signed in; files and decoders run on the runtime's blocking threads.

mod decode;
mod failures;

use std::{collections::HashMap, sync::Arc, time::Duration};

use decode::{decode, encode};
use failures::Failures;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinSet, spawn_blocking},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{PICTURE_BACKLOG, PictureArrival, Waker};
use crate::{
    model::{Clock, ImageUrl, Picture},
    psn::{self, Psn},
    store::PictureCache,
};

const AT_ONCE: usize = 4;
/// What cannot be had is not asked for again for so long.
const FAILED_FOR: Duration = Duration::from_secs(10 * 60);
/// Where nobody answered, the network is to blame and not the picture.
const UNREACHED_FOR: Duration = Duration::from_secs(60);

/// The window's side.
pub struct Window {
    pub wanted: mpsc::Receiver<ImageUrl>,
    pub arrived: mpsc::Sender<PictureArrival>,
    pub wake: Waker,
}

/// The caller's end.
pub struct Pictures(watch::Sender<Source>);

/// Who is signed in.
#[derive(Clone)]
enum Source {
    Nobody,
    Changing,
    Account { psn: Arc<Psn>, signed_in: CancellationToken },
}

impl Source {
    fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}

impl Pictures {
    /// Ends with `running`, or when the window is gone. Must be called inside the runtime.
    pub fn start(
        window: Window,
        cache: Arc<PictureCache>,
        clock: Clock,
        tasks: &TaskTracker,
        running: CancellationToken,
    ) -> Self {
        let (source, sources) = watch::channel(Source::Nobody);
        let gallery = Gallery {
            window,
            cache,
            clock,
            sources,
            wishes: Vec::new(),
            waiting: HashMap::new(),
            failures: Failures::default(),
            under_way: JoinSet::new(),
        };
        tasks.spawn(async move { running.run_until_cancelled(gallery.run()).await });
        Self(source)
    }

    /// From now on, until `signed_in` is cancelled.
    pub fn fetch_as(&self, psn: Arc<Psn>, signed_in: CancellationToken) {
        self.0.send_replace(Source::Account { psn, signed_in });
    }

    /// The account goes, and another one may take its place at once: nothing begins meanwhile.
    pub fn pause(&self) {
        self.0.send_replace(Source::Changing);
    }

    /// Nobody took its place: there are no pictures.
    pub fn stop_if_paused(&self) {
        self.0.send_if_modified(|source| {
            let stops = matches!(source, Source::Changing);
            if stops {
                *source = Source::Nobody;
            }
            stops
        });
    }
}

struct Gallery {
    window: Window,
    cache: Arc<PictureCache>,
    clock: Clock,
    sources: watch::Receiver<Source>,
    /// The newest last: it is what was just scrolled to.
    wishes: Vec<ImageUrl>,
    /// How often each is wished for, begun or not.
    waiting: HashMap<ImageUrl, usize>,
    failures: Failures,
    under_way: JoinSet<(ImageUrl, Outcome)>,
}

enum Outcome {
    Brought(Picture),
    /// To be asked for again no sooner than after this.
    Failed(Duration),
    /// The account went meanwhile; another one may fetch it.
    GivenUp,
}

impl Gallery {
    async fn run(mut self) {
        loop {
            self.begin();
            tokio::select! {
                wish = self.window.wanted.recv(), if self.wishes.len() < PICTURE_BACKLOG => match wish {
                    Some(image) => self.wish(image).await,
                    None => return,
                },
                Some(done) = self.under_way.join_next() => {
                    if let Ok((image, outcome)) = done {
                        self.conclude(image, outcome).await;
                    }
                }
                changed = self.sources.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.turn_away().await;
                }
            }
        }
    }

    async fn wish(&mut self, image: ImageUrl) {
        let nobody = self.sources.borrow().is_nobody();
        if nobody || self.failures.holds(&image, self.clock.now()) {
            return self.tell(image, None).await;
        }
        let waiting = self.waiting.entry(image.clone()).or_default();
        *waiting += 1;
        match self.wishes.iter().position(|wish| *wish == image) {
            // Wished for anew: it is the newest again.
            Some(before) => self.wishes[before..].rotate_left(1),
            None if *waiting == 1 => self.wishes.push(image),
            None => {}
        }
    }

    fn begin(&mut self) {
        while self.under_way.len() < AT_ONCE {
            let Source::Account { psn, signed_in } = self.sources.borrow().clone() else { return };
            let Some(image) = self.wishes.pop() else { return };
            let cache = Arc::clone(&self.cache);
            self.under_way.spawn(async move {
                let bringing = bring(&image, &psn, cache);
                let outcome = signed_in.run_until_cancelled(bringing).await;
                (image, outcome.unwrap_or(Outcome::GivenUp))
            });
        }
    }

    async fn conclude(&mut self, image: ImageUrl, outcome: Outcome) {
        let picture = match outcome {
            Outcome::Brought(picture) => Some(picture),
            Outcome::Failed(pause) => {
                self.failures.note(image.clone(), self.clock.now(), pause);
                None
            }
            Outcome::GivenUp if !self.sources.borrow().is_nobody() => return self.wishes.push(image),
            Outcome::GivenUp => None,
        };
        self.answer(image, picture).await;
    }

    /// Nobody is there any more to ask for anything.
    async fn turn_away(&mut self) {
        if self.sources.borrow().is_nobody() {
            for image in std::mem::take(&mut self.wishes) {
                self.answer(image, None).await;
            }
        }
    }

    async fn answer(&mut self, image: ImageUrl, picture: Option<Picture>) {
        for _ in 0..self.waiting.remove(&image).unwrap_or_default() {
            self.tell(image.clone(), picture.clone()).await;
        }
    }

    /// Waits while the window has too many to take in; it was woken for each of them.
    async fn tell(&self, image: ImageUrl, picture: Option<Picture>) {
        let _ = self.window.arrived.send((image, picture)).await;
        (self.window.wake)();
    }
}

async fn bring(image: &ImageUrl, psn: &Psn, cache: Arc<PictureCache>) -> Outcome {
    // Before anything is fetched: what is kept is kept for who is signed in now.
    let admission = cache.admit();
    if let Some(admission) = admission {
        let (image, cache) = (image.clone(), Arc::clone(&cache));
        let kept = move || {
            let bytes = cache.read(admission, &image)?;
            let picture = decode(&bytes);
            if picture.is_none() {
                cache.discard(&image);
            }
            picture
        };
        if let Ok(Some(picture)) = spawn_blocking(kept).await {
            return Outcome::Brought(picture);
        }
    }
    let bytes = match psn.image(image).await {
        Ok(bytes) => bytes,
        Err(psn::Error::Unreachable(_)) => return Outcome::Failed(UNREACHED_FOR),
        Err(_) => return Outcome::Failed(FAILED_FOR),
    };
    let image = image.clone();
    let decoded = spawn_blocking(move || {
        let picture = decode(&bytes)?;
        if let Some((admission, bytes)) = admission.zip(encode(&picture)) {
            cache.keep(admission, &image, &bytes);
        }
        Some(picture)
    });
    // A decoder that panicked met no picture either.
    match decoded.await {
        Ok(Some(picture)) => Outcome::Brought(picture),
        Ok(None) | Err(_) => Outcome::Failed(FAILED_FOR),
    }
}
