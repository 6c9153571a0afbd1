//! One thread for each direction: opens the device that is needed, closes it when it is not, and opens another when it
//! goes away. All that may block on the sound system happens here.

mod choice;
mod orders;

pub use orders::{Order, Orders};

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::AtomicU64,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    Devices, End, Hooks, Latency, OnFailure, OpenError, Opened, Source, Stream, cards::Cards, file,
    watch::Watch,
};
use crate::{
    model::{DeviceKind, DeviceTrouble, SoundDevice},
    voice::{
        VoiceEvent,
        engine::{Command, Remote},
        party_output::PartyOutput,
    },
};
use choice::{choose, is_choice};

/// A device that is there but does not open (another program holds it) is tried again after this, whatever plays in its
/// place meanwhile.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What should be open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Card(String),
    File(PathBuf),
}

struct Open {
    target: Target,
    number: u64,
    /// What was wanted more did not open.
    stands_in: bool,
    stream: Box<dyn Stream>,
}

/// How a card is opened: [`Cards::open`].
type OpenCard = Box<dyn FnMut(DeviceKind, &str, Hooks) -> Result<Opened, OpenError> + Send>;

pub struct Supervisor {
    pub kind: DeviceKind,
    pub source: Source,
    pub engine: Remote,
    /// Whoever must not sound where this does.
    pub party_output: Option<Orders>,
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
        let mut cards = Cards::default();
        let open_card = Box::new(move |kind, id: &str, hooks| cards.open(kind, id, hooks));
        let run = Run::new(self, orders, open_card);
        thread::Builder::new().name(name.into()).spawn(move || run.until_stopped(inbox))
    }
}

struct Run {
    supervisor: Supervisor,
    orders: Orders,
    open_card: OpenCard,
    /// `None` until they were first listed: nothing is missing before that.
    devices: Option<Arc<Devices>>,
    needed: bool,
    /// Reported, and not to be reported again.
    missing: Option<DeviceTrouble>,
    /// Listed, and did not open. They are left alone until what is plugged in or wanted changes, or [`TRY_AGAIN`].
    refused: Vec<(Target, DeviceTrouble)>,
    /// Where the speakers sound: twice would be once too often.
    speakers: Option<String>,
    /// The party output was last told this of it.
    told: Option<String>,
    open: Option<Open>,
    /// Devices opened so far: tells a late failure of an earlier one apart.
    opened: u64,
    /// How much of a file was played or recorded in this run; a rejoin goes on there.
    position: Arc<AtomicU64>,
}

impl Run {
    fn new(supervisor: Supervisor, orders: Orders, open_card: OpenCard) -> Self {
        Self {
            supervisor,
            orders,
            open_card,
            devices: None,
            needed: false,
            missing: None,
            refused: vec![],
            speakers: None,
            told: None,
            open: None,
            opened: 0,
            position: Arc::default(),
        }
    }

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
            self.tell();
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
                    // It may be what is chosen now, by this name or another, and must be free then.
                    if self.open.as_ref().is_some_and(|open| open.stands_in) {
                        self.close();
                    }
                }
            }
            Order::Need(needed) => {
                self.refused.clear();
                self.needed = needed;
            }
            Order::Speakers(card) => self.speakers = card,
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
        if let Some(open) = &self.open {
            match wanted.iter().position(|target| *target == open.target) {
                Some(0) if !open.stands_in => return,
                // It plays until one of these has opened.
                Some(rank @ 1..) if open.stands_in => wanted.truncate(rank),
                _ => {
                    let is_gone = matches!(&open.target, Target::Card(id) if !self.is_present(id));
                    match is_gone && self.needed {
                        true => self.lose(),
                        false => self.close(),
                    }
                }
            }
        }
        if !self.needed || self.supervisor.source == Source::None {
            self.missing = None;
            return;
        }
        match self.try_each(wanted) {
            Ok(()) => self.missing = None,
            Err(_) if self.open.is_some() => {}
            Err(trouble) if self.missing != Some(trouble) && self.devices.is_some() => {
                self.missing = Some(trouble);
                self.report(VoiceEvent::DeviceMissing { kind: self.supervisor.kind, trouble });
            }
            Err(_) => {}
        }
    }

    /// Opens the first that opens. The trouble is that of the one that was wanted most.
    fn try_each(&mut self, wanted: Vec<Target>) -> Result<(), DeviceTrouble> {
        let mut trouble = self.is_doubled().then_some(DeviceTrouble::Doubled);
        for target in wanted {
            let refusal = match self.refusal(&target) {
                Some(refusal) => refusal,
                None => match self.try_open(target.clone(), trouble) {
                    Ok(()) => return Ok(()),
                    Err(error) => {
                        let kind = self.supervisor.kind;
                        match &self.open {
                            None => tracing::warn!(?kind, ?error, "a sound device does not open"),
                            Some(_) => tracing::debug!(?kind, ?error, "a sound device still does not open"),
                        }
                        self.refused.push((target, error.trouble()));
                        error.trouble()
                    }
                },
            };
            trouble = trouble.or(Some(refusal));
        }
        Err(trouble.unwrap_or(DeviceTrouble::None))
    }

    fn refusal(&self, target: &Target) -> Option<DeviceTrouble> {
        self.refused.iter().find(|(refused, _)| refused == target).map(|(_, trouble)| *trouble)
    }

    /// In the order they should be tried.
    fn targets(&self) -> Vec<Target> {
        match &self.supervisor.source {
            _ if !self.needed || self.is_doubled() => vec![],
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

    /// `refused`: what is wrong with the one that was wanted more.
    fn try_open(&mut self, target: Target, refused: Option<DeviceTrouble>) -> Result<(), OpenError> {
        let (kind, number) = (self.supervisor.kind, self.opened + 1);
        let Opened { name, end, stream } = self.open_target(&target, number)?;
        self.supervisor.engine.send(match (end, kind) {
            (End::Capture(capture), _) => Command::Capture(Some(capture)),
            (End::Playback(playback), DeviceKind::PartyOutput) => {
                Command::PartyOutput(Some(Box::new(PartyOutput::new(playback)?)))
            }
            (End::Playback(playback), _) => Command::Playback(Some(playback)),
        });
        self.opened = number;
        // Whoever stood in for it closes now that the voice thread is told.
        self.open = Some(Open { target, number, stands_in: refused.is_some(), stream });
        self.report(VoiceEvent::DeviceOpened { kind, name, refused });
        Ok(())
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
                (self.open_card)(kind, id, hooks)
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
            DeviceKind::Speakers => Command::Playback(None),
            DeviceKind::PartyOutput => Command::PartyOutput(None),
        });
        drop(open);
        true
    }

    /// Tells the party output where the speakers sound now.
    fn tell(&mut self) {
        let Some(party_output) = &self.supervisor.party_output else { return };
        let card = self.open.as_ref().and_then(|open| match &open.target {
            Target::Card(id) => Some(id),
            Target::File(_) => None,
        });
        if self.told.as_ref() != card {
            self.told = card.cloned();
            party_output.send(Order::Speakers(self.told.clone()));
        }
    }

    fn wants_more(&self) -> bool {
        let has_best = self.open.as_ref().is_some_and(|open| !open.stands_in);
        self.needed && !has_best && self.supervisor.source != Source::None
    }

    /// What was chosen for the party output is where the speakers sound.
    fn is_doubled(&self) -> bool {
        let Source::Device(choice) = &self.supervisor.source else { return false };
        self.speakers.as_deref().is_some_and(|id| is_choice(choice, id, self.list()))
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

#[cfg(test)]
mod tests;
