//! Looks every few seconds whether something was plugged in or out, on a thread of its own: listing may block.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    cards::Cards,
    supervisor::{Order, Orders},
};
use crate::voice::VoiceEvent;

const EVERY: Duration = Duration::from_secs(3);

/// Makes the watch look at once; dropping all of them ends it.
#[derive(Clone)]
pub struct Watch(Sender<()>);

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
        let watching = move || {
            let mut cards = Cards::default();
            let mut known = None;
            loop {
                let devices = cards.list();
                if known.as_ref() != Some(&devices) {
                    known = Some(devices.clone());
                    let shared = Arc::new(devices.clone());
                    for follower in &followers {
                        follower.send(Order::Devices(shared.clone()));
                    }
                    events(VoiceEvent::DevicesChanged(devices));
                }
                match receiver.recv_timeout(EVERY) {
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
