//! Looks what is plugged in whenever the sound server says that something changed, or else every few seconds, on a thread of
//! its own: listing may block.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

#[cfg(target_os = "linux")]
use super::pulse::Subscription;
use super::{
    cards::Cards,
    supervisor::{Order, Orders},
};
use crate::voice::VoiceEvent;

/// Where nobody tells.
const EVERY: Duration = Duration::from_secs(3);
/// Where the server does.
const SELDOM: Duration = Duration::from_secs(60);

/// Makes the watch look at once; dropping all of them ends it.
#[derive(Clone)]
pub struct Watch(Arc<Sender<()>>);

impl Watch {
    pub fn look_now(&self) {
        _ = self.0.send(());
    }

    /// Starts the thread. `followers` are told of every change, and of what is there at first.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(
        followers: Vec<Orders>,
        events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (sender, receiver) = channel();
        let sender = Arc::new(sender);
        // Weak: the news must not keep its reader alive.
        let news = Arc::downgrade(&sender);
        let watching = move || {
            let mut cards = Cards::default();
            let mut known = None;
            let mut subscription: Option<Subscription> = None;
            loop {
                // Before the list is made, so that no change falls between them.
                if subscription.as_ref().is_none_or(Subscription::is_over) {
                    let news = news.clone();
                    subscription = Subscription::start(move || {
                        news.upgrade().inspect(|sender| _ = sender.send(()));
                    });
                }
                let devices = cards.list();
                if known.as_ref() != Some(&devices) {
                    known = Some(devices.clone());
                    let shared = Arc::new(devices.clone());
                    for follower in &followers {
                        follower.send(Order::Devices(shared.clone()));
                    }
                    events(VoiceEvent::DevicesChanged(devices));
                }
                let every = if subscription.is_some() { SELDOM } else { EVERY };
                match receiver.recv_timeout(every) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    // A failing card says so many times over.
                    _ => while receiver.try_recv().is_ok() {},
                }
            }
        };
        let thread = thread::Builder::new().name("voice-devices".into()).spawn(watching)?;
        Ok((Self(sender), thread))
    }
}

/// Elsewhere the sound system does not tell.
#[cfg(not(target_os = "linux"))]
enum Subscription {}

#[cfg(not(target_os = "linux"))]
impl Subscription {
    fn start(_call: impl Fn() + Send + 'static) -> Option<Self> {
        None
    }

    fn is_over(&self) -> bool {
        match *self {}
    }
}
