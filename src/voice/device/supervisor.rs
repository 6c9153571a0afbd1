//! One thread for each direction: opens the device that is needed, closes it when it is not, and opens another when it
//! goes away. All that may block on the sound system happens here.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::AtomicU64,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    Devices, End, Hooks, Latency, OnFailure, OpenError, Opened, Playback, Source, Stream, cards::Cards, file,
    watch::Watch,
};
use crate::{
    model::{DeviceChoice, DeviceKind, DeviceTrouble, SoundDevice},
    voice::{
        VoiceEvent,
        engine::{Command, Remote},
    },
};

/// A device that is there but does not open (another program holds it) is tried again after this.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What a supervisor is told.
pub enum Order {
    Source(Source),
    /// Somebody listens or talks.
    Need(bool),
    /// There is nothing to play or send for a while, or again something.
    Rest(bool),
    /// What is plugged in.
    Devices(Arc<Devices>),
    /// The open device of this number failed.
    Failed(u64),
    Stop,
}

/// The way to a supervisor. Never blocks.
#[derive(Clone)]
pub struct Orders(Sender<Order>);

impl Orders {
    pub fn new() -> (Self, Receiver<Order>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    /// A supervisor that is gone takes no orders, and none are missed.
    pub fn send(&self, order: Order) {
        _ = self.0.send(order);
    }
}

/// What should be open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Card(String),
    File(PathBuf),
}

struct Open {
    target: Target,
    number: u64,
    stream: Box<dyn Stream>,
}

pub struct Supervisor {
    pub kind: DeviceKind,
    pub source: Source,
    pub engine: Remote,
    pub watch: Watch,
    /// Where the open card's is put.
    pub latency: Arc<Latency>,
    pub events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
}

impl Supervisor {
    /// Starts the thread; it ends with [`Order::Stop`].
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(self, orders: Orders, inbox: Receiver<Order>) -> std::io::Result<JoinHandle<()>> {
        let name = match self.kind {
            DeviceKind::Microphone => "voice-microphone",
            DeviceKind::Speakers => "voice-speakers",
            DeviceKind::PartyOutput => "voice-party-output",
        };
        let run = Run {
            supervisor: self,
            orders,
            cards: Cards::default(),
            devices: None,
            needed: false,
            missing: None,
            refused: Vec::new(),
            open: None,
            opened: 0,
            position: Arc::default(),
        };
        thread::Builder::new().name(name.into()).spawn(move || run.until_stopped(inbox))
    }
}

struct Run {
    supervisor: Supervisor,
    orders: Orders,
    cards: Cards,
    /// `None` until they were first listed: nothing is missing before that.
    devices: Option<Arc<Devices>>,
    needed: bool,
    /// Reported, and not to be reported again.
    missing: Option<DeviceTrouble>,
    /// Listed, and did not open. They are left alone while another is open, until what is plugged in or wanted changes.
    refused: Vec<Target>,
    open: Option<Open>,
    /// Devices opened so far: tells a late failure of an earlier one apart.
    opened: u64,
    /// How much of a file was played or recorded in this run; a rejoin goes on there.
    position: Arc<AtomicU64>,
}

impl Run {
    fn until_stopped(mut self, inbox: Receiver<Order>) {
        loop {
            let order = match self.wants_more() {
                true => inbox.recv_timeout(TRY_AGAIN),
                false => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match order {
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return self.close(),
                Ok(Order::Rest(resting)) => {
                    self.rest(resting);
                    continue;
                }
                Ok(order) => self.follow(order),
                Err(RecvTimeoutError::Timeout) => self.refused.clear(),
            }
            self.settle();
        }
    }

    fn rest(&mut self, resting: bool) {
        if let Some(open) = &mut self.open {
            open.stream.rest(resting);
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Source(source) => {
                if source != self.supervisor.source {
                    self.supervisor.source = source;
                    self.refused.clear();
                    self.missing = None;
                    self.position = Arc::default();
                }
            }
            Order::Need(needed) => self.needed = needed,
            Order::Devices(devices) => {
                self.refused.clear();
                self.devices = Some(devices);
            }
            Order::Failed(number) => {
                if self.open.as_ref().is_some_and(|open| open.number == number) {
                    self.lose();
                }
            }
            Order::Rest(_) | Order::Stop => {}
        }
    }

    /// Brings what is open in line with what should be.
    fn settle(&mut self) {
        let mut wanted = self.targets();
        wanted.retain(|target| !self.refused.contains(target));
        if let Some(open) = &self.open {
            if wanted.first() == Some(&open.target) {
                return;
            }
            let is_gone = matches!(&open.target, Target::Card(id) if !self.is_present(id));
            match is_gone && self.needed {
                true => self.lose(),
                false => self.close(),
            }
        }
        if !self.needed || self.supervisor.source == Source::None {
            self.missing = None;
            return;
        }
        match self.try_each(wanted) {
            Ok(()) => self.missing = None,
            Err(trouble) if self.missing != Some(trouble) && self.devices.is_some() => {
                self.missing = Some(trouble);
                self.report(VoiceEvent::DeviceMissing { kind: self.supervisor.kind, trouble });
            }
            Err(_) => {}
        }
    }

    /// Opens the first that opens. The trouble is that of the one that was wanted most.
    fn try_each(&mut self, wanted: Vec<Target>) -> Result<(), DeviceTrouble> {
        let mut trouble = None;
        for target in wanted {
            match self.try_open(target.clone()) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    trouble = trouble.or(Some(error.trouble()));
                    self.refused.push(target);
                }
            }
        }
        Err(trouble.unwrap_or(DeviceTrouble::None))
    }

    /// In the order they should be tried.
    fn targets(&self) -> Vec<Target> {
        match &self.supervisor.source {
            _ if !self.needed => vec![],
            Source::None => vec![],
            Source::File(path) => vec![Target::File(path.clone())],
            Source::Device(choice) => {
                let mut ids = choose(choice, self.list());
                // A stream's listeners are not to be heard from where the user's own ears are.
                if self.supervisor.kind == DeviceKind::PartyOutput {
                    ids.retain(|id| is_choice(choice, id, self.list()));
                }
                ids.into_iter().map(Target::Card).collect()
            }
        }
    }

    fn try_open(&mut self, target: Target) -> Result<(), OpenError> {
        let number = self.opened + 1;
        match self.open_target(&target, number) {
            Ok(Opened { name, end, stream }) => {
                self.opened = number;
                self.open = Some(Open { target, number, stream });
                self.supervisor.engine.send(match end {
                    End::Capture(capture) => Command::Capture(Some(capture)),
                    End::Playback(playback) => self.playing(Some(playback)),
                });
                self.report(VoiceEvent::DeviceOpened { kind: self.supervisor.kind, name });
                Ok(())
            }
            Err(error) => {
                tracing::warn!(kind = ?self.supervisor.kind, ?error, "a sound device does not open");
                Err(error)
            }
        }
    }

    fn open_target(&mut self, target: &Target, number: u64) -> Result<Opened, OpenError> {
        match (target, self.supervisor.kind) {
            (Target::Card(id), kind) => {
                let (orders, watch) = (self.orders.clone(), self.supervisor.watch.clone());
                let on_failure: OnFailure = Arc::new(move || {
                    orders.send(Order::Failed(number));
                    watch.look_now();
                });
                let hooks = Hooks {
                    on_failure,
                    nudge: self.supervisor.engine.nudge.clone(),
                    latency: self.supervisor.latency.clone(),
                };
                self.cards.open(kind, id, hooks)
            }
            (Target::File(path), DeviceKind::Microphone) => {
                file::open_microphone(path, self.position.clone())
            }
            (Target::File(path), DeviceKind::Speakers | DeviceKind::PartyOutput) => {
                file::open_speakers(path, self.position.clone())
            }
        }
    }

    fn lose(&mut self) {
        self.drop_open();
        self.report(VoiceEvent::DeviceLost { kind: self.supervisor.kind });
    }

    fn close(&mut self) {
        if self.drop_open() {
            self.report(VoiceEvent::DeviceClosed { kind: self.supervisor.kind });
        }
    }

    /// Takes the device from the voice thread first, so that it never works with a dead one.
    fn drop_open(&mut self) -> bool {
        let Some(open) = self.open.take() else { return false };
        self.supervisor.engine.send(match self.supervisor.kind {
            DeviceKind::Microphone => Command::Capture(None),
            DeviceKind::Speakers | DeviceKind::PartyOutput => self.playing(None),
        });
        drop(open);
        true
    }

    fn playing(&self, playback: Option<Box<dyn Playback>>) -> Command {
        match self.supervisor.kind {
            DeviceKind::PartyOutput => Command::PartyPlayback(playback),
            DeviceKind::Microphone | DeviceKind::Speakers => Command::Playback(playback),
        }
    }

    fn wants_more(&self) -> bool {
        self.needed && self.open.is_none() && self.supervisor.source != Source::None
    }

    fn list(&self) -> &[SoundDevice] {
        match (&self.devices, self.supervisor.kind) {
            (None, _) => &[],
            (Some(devices), DeviceKind::Microphone) => &devices.microphones,
            (Some(devices), DeviceKind::Speakers | DeviceKind::PartyOutput) => &devices.speakers,
        }
    }

    fn is_present(&self, id: &str) -> bool {
        self.list().iter().any(|device| device.id == id)
    }

    fn report(&self, event: VoiceEvent) {
        (self.supervisor.events)(event);
    }
}

/// The chosen device, then the system's default, then any: whichever exist, in this order.
fn choose(choice: &DeviceChoice, list: &[SoundDevice]) -> Vec<String> {
    let chosen = match choice {
        DeviceChoice::Default => None,
        DeviceChoice::Device(id) => list.iter().find(|device| device.id == *id),
    };
    let default = list.iter().find(|device| device.is_default);
    let mut ids: Vec<String> =
        chosen.into_iter().chain(default).chain(list.first()).map(|device| device.id.clone()).collect();
    ids.dedup();
    ids
}

/// It is what was chosen, and no stand-in.
fn is_choice(choice: &DeviceChoice, id: &str, list: &[SoundDevice]) -> bool {
    match choice {
        DeviceChoice::Default => list.iter().any(|device| device.id == id && device.is_default),
        DeviceChoice::Device(chosen) => chosen == id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[&str], default: &str) -> Vec<SoundDevice> {
        ids.iter()
            .map(|&id| SoundDevice {
                id: id.into(),
                name: id.to_uppercase(),
                is_default: id == default,
                is_bluetooth: false,
            })
            .collect()
    }

    #[test]
    fn the_default_is_followed_unless_another_is_chosen_and_there() {
        let devices = list(&["a", "b", "c"], "b");
        let pinned = |id: &str| DeviceChoice::Device(id.into());
        assert_eq!(choose(&DeviceChoice::Default, &devices), ["b", "a"]);
        assert_eq!(choose(&pinned("c"), &devices), ["c", "b", "a"]);
        assert_eq!(choose(&pinned("gone"), &devices), ["b", "a"]);
        assert_eq!(choose(&pinned("b"), &devices), ["b", "a"]);
        assert_eq!(choose(&DeviceChoice::Default, &list(&["a"], "")), ["a"], "no default: any");
        assert!(choose(&pinned("c"), &[]).is_empty());
    }

    #[test]
    fn a_stand_in_is_told_from_the_choice() {
        let devices = list(&["a", "b"], "b");
        assert!(is_choice(&DeviceChoice::Default, "b", &devices));
        assert!(!is_choice(&DeviceChoice::Default, "a", &devices));
        assert!(is_choice(&DeviceChoice::Device("a".into()), "a", &devices));
        assert!(!is_choice(&DeviceChoice::Device("gone".into()), "b", &devices));
    }
}
