//! What the client holds of the voice path. Its calls return at once or are futures; sound is made elsewhere.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    device::{
        Devices, Latency, Source,
        cards::Cards,
        supervisor::{Order, Orders, Supervisor},
        watch::Watch,
    },
    engine::{self, Attachment, Command, Remote},
    meters::Meters,
    negotiation::{NegotiationError, Terms},
    outgoing::Outgoing,
    peer::{Peer, Surroundings},
    recording,
    stats::Counters,
};
use crate::model::{
    AccountId, Activation, Answer, DeviceChoice, DeviceKind, DeviceTrouble, Hearing, Offer, OtherEnd,
    Processing, RecordingFormat, TalkMode, VoiceReport,
};

/// Frames between the voice thread and the network: over a second, then they are dropped.
const FRAMES: usize = 64;

/// How long [`Voice`]'s drop waits for its threads.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where our voice comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Microphone {
    Device(DeviceChoice),
    /// A WAV file of any rate, played in real time from the moment voice is connected, then silence.
    File(PathBuf),
    None,
}

/// Where the others are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speakers {
    Device(DeviceChoice),
    /// Records 48 kHz mono in real time from the moment voice is connected. Valid at any time.
    File(PathBuf),
    None,
}

/// Which addresses voice binds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// 127.0.0.1 alone.
    Loopback,
    /// Every interface.
    Any,
}

/// What to write down, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    pub folder: PathBuf,
    pub format: RecordingFormat,
}

/// When the microphone is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Talk {
    pub mode: TalkMode,
    /// For [`TalkMode::VoiceActivation`].
    pub activation: Activation,
    pub key_held: bool,
    pub muted: bool,
    /// Nothing is heard, and nothing is sent.
    pub deafened: bool,
    /// How long the microphone stays on after the key.
    pub release_hold: Duration,
}

/// A test of the microphone, with or without a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    Off,
    /// The meter moves.
    Meter,
    /// The user hears themselves.
    HearYourself,
}

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    Connected,
    /// The path is gone; it may come back by itself.
    Interrupted,
    /// The other side closed.
    Closed,
    /// The path never came, or did not come back.
    Failed,
}

/// What happened, in the order it did. Called from several threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoiceEvent {
    /// `connection`: as given to [`Voice::answer`].
    Connection {
        connection: u64,
        state: ConnectionState,
    },
    DeviceOpened {
        kind: DeviceKind,
        name: String,
    },
    /// It was open and went away; another is tried by itself.
    DeviceLost {
        kind: DeviceKind,
    },
    /// There is none, or none that opens; one that appears is taken.
    DeviceMissing {
        kind: DeviceKind,
        trouble: DeviceTrouble,
    },
    /// Nobody needs it any more.
    DeviceClosed {
        kind: DeviceKind,
    },
    /// What is plugged in; also once at the start.
    DevicesChanged(Devices),
    /// What is heard goes into this file from now on.
    RecordingBegan(PathBuf),
    /// It is complete. `whole`: nothing of it was lost on the way to the disk.
    RecordingEnded {
        file: PathBuf,
        whole: bool,
    },
    /// Nothing was written: the folder cannot be written to, or the disk is full.
    RecordingFailed,
}

/// How voice begins.
#[derive(Debug, Clone)]
pub struct VoiceConfig {
    pub microphone: Microphone,
    pub speakers: Speakers,
    pub talk: Talk,
    pub network: Network,
}

/// The computer has no thread left.
#[derive(Debug, thiserror::Error)]
#[error("a voice thread could not be started")]
pub struct StartError(#[from] std::io::Error);

/// A running voice path. Dropping it closes the connection and ends its threads.
pub struct Voice {
    remote: Remote,
    microphone: Orders,
    speakers: Orders,
    party_output: Orders,
    input_latency: Arc<Latency>,
    output_latency: Arc<Latency>,
    /// Whoever writes down what is heard, or did last.
    recording: Mutex<Option<JoinHandle<()>>>,
    network: Network,
    meters: Arc<Meters>,
    events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
    /// One answer or hang-up at a time.
    turn: tokio::sync::Mutex<()>,
    /// Grows with each answer and hang-up asked for: whoever finds it changed was overtaken.
    asked: AtomicU64,
    current: Mutex<Option<Current>>,
    runtime: tokio::runtime::Handle,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

struct Current {
    connection: u64,
    terms: Terms,
    counters: Arc<Counters>,
    peer: Peer,
}

impl Voice {
    /// Starts the voice threads; nothing is opened or heard before it is needed. To be called inside a tokio runtime.
    ///
    /// `wake` is called when a meter visibly moved, at most some thirty times a second and never while all is quiet.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(
        config: VoiceConfig,
        meters: Arc<Meters>,
        wake: Arc<dyn Fn() + Send + Sync>,
        events: impl Fn(VoiceEvent) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let events: Arc<dyn Fn(VoiceEvent) + Send + Sync> = Arc::new(events);
        let (remote, commands) = engine::remote();
        let (microphone, microphone_inbox) = Orders::new();
        let (speakers, speakers_inbox) = Orders::new();
        let (party_output, party_output_inbox) = Orders::new();
        // Built first, so that threads already started end with it if a later one cannot be.
        let mut voice = Self {
            remote: remote.clone(),
            microphone: microphone.clone(),
            speakers: speakers.clone(),
            party_output: party_output.clone(),
            input_latency: Arc::default(),
            output_latency: Arc::default(),
            recording: Mutex::default(),
            network: config.network,
            meters: meters.clone(),
            events: events.clone(),
            turn: tokio::sync::Mutex::default(),
            asked: AtomicU64::new(0),
            current: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
            stop: Arc::default(),
            threads: vec![],
        };
        let surroundings = engine::Surroundings {
            microphone: microphone.clone(),
            speakers: speakers.clone(),
            party_output: party_output.clone(),
            meters,
            wake,
            talk: config.talk,
        };
        voice.threads.push(engine::spawn(commands, remote.nudge.clone(), voice.stop.clone(), surroundings)?);
        let followers = vec![microphone.clone(), speakers.clone(), party_output.clone()];
        let (watch, watching) = Watch::spawn(followers, events.clone())?;
        let supervisor = |kind, source, latency: &Arc<Latency>| Supervisor {
            kind,
            source,
            engine: remote.clone(),
            watch: watch.clone(),
            latency: latency.clone(),
            events: events.clone(),
        };
        let thread = supervisor(DeviceKind::Microphone, config.microphone.into(), &voice.input_latency);
        voice.threads.push(thread.spawn(microphone, microphone_inbox)?);
        let thread = supervisor(DeviceKind::Speakers, config.speakers.into(), &voice.output_latency);
        voice.threads.push(thread.spawn(speakers, speakers_inbox)?);
        let thread = supervisor(DeviceKind::PartyOutput, Source::None, &Arc::default());
        voice.threads.push(thread.spawn(party_output, party_output_inbox)?);
        voice.threads.push(watching);
        Ok(voice)
    }

    pub fn set_microphone(&self, microphone: Microphone) {
        self.microphone.send(Order::Source(microphone.into()));
    }

    pub fn set_speakers(&self, speakers: Speakers) {
        self.speakers.send(Order::Source(speakers.into()));
    }

    /// In force within a tick.
    pub fn set_talk(&self, talk: Talk) {
        self.remote.send(Command::Talk(talk));
    }

    /// The others in the party, so that speakers can be named.
    pub fn set_members(&self, members: Vec<AccountId>) {
        self.remote.send(Command::Members(members));
    }

    /// Opens the microphone for as long as the test lasts.
    pub fn set_microphone_test(&self, listening: Listening) {
        self.remote.send(Command::Test(listening));
    }

    /// Two soft tones.
    pub fn play_test_sound(&self) {
        self.remote.send(Command::Chime);
    }

    /// Builds a connection to whoever made this offer, in place of the previous one to them, which is closed. The answer holds
    /// the candidates; media flows once [`ConnectionState::Connected`] was reported under the number given here.
    /// A future that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// The offer is not understood (the previous connection then stays), or this computer cannot take part.
    pub async fn answer(
        &self,
        connection: u64,
        with: OtherEnd,
        offer: Offer,
    ) -> Result<Answer, NegotiationError> {
        let terms = Terms::read(&offer)?;
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let _turn = self.turn.lock().await;
        self.close_current().await;
        let counters = Arc::new(Counters::default());
        let (frames_in, frames) = mpsc::channel(FRAMES);
        let outgoing = match terms.we_send {
            true => Some(
                Outgoing::new(&terms, frames_in, Instant::now())
                    .map_err(|e| NegotiationError::Refused(e.into()))?,
            ),
            false => None,
        };
        self.remote.send(Command::Attach(Box::new(Attachment {
            connection,
            outgoing,
            counters: counters.clone(),
        })));
        let surroundings = Surroundings {
            network: self.network,
            counters: counters.clone(),
            meters: self.meters.clone(),
            frames,
            nudge: self.remote.nudge.clone(),
            on_state: Box::new(self.state_reporter(connection)),
            on_voice: Box::new({
                let remote = self.remote.clone();
                move |voice| remote.send(Command::Voice(connection, Box::new(voice)))
            }),
        };
        let (peer, answer) = Peer::answer(&offer, &terms, surroundings).await?;
        if self.asked.load(Ordering::Relaxed) != asked {
            return Err(NegotiationError::Overtaken);
        }
        *self.current() = Some(Current { connection, terms, counters, peer });
        Ok(answer)
    }

    /// Closes the connection and the devices. Safe to drop: the closing goes on by itself.
    pub async fn hang_up(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        // First of all, and whatever became of an answer under way: the microphone closes.
        self.remote.send(Command::HangUp);
        let _turn = self.turn.lock().await;
        self.remote.send(Command::HangUp);
        self.close_current().await;
    }

    /// Offers a member a connection, in place of the previous one to them, which is closed once this one is up. It waits for
    /// [`Self::accept`]. A future that is dropped leaves nothing behind.
    ///
    /// # Errors
    /// This computer cannot take part.
    pub async fn offer(&self, _connection: u64, _to: AccountId) -> Result<Offer, NegotiationError> {
        Err(NegotiationError::Stopped)
    }

    /// The other side's answer to [`Self::offer`] of this number.
    ///
    /// # Errors
    /// The answer is not understood, or the connection is not there any more.
    pub async fn accept(&self, _connection: u64, _answer: Answer) -> Result<(), NegotiationError> {
        Err(NegotiationError::Stopped)
    }

    /// Closes one connection; the devices stay open. Safe to drop: the closing goes on by itself.
    pub async fn close(&self, _connection: u64) {}

    /// Of every connection there is.
    pub fn report(&self) -> VoiceReport {
        VoiceReport {
            input_latency: self.input_latency.get(),
            output_latency: self.output_latency.get(),
            ..VoiceReport::default()
        }
    }

    pub fn set_processing(&self, processing: Processing) {
        self.remote.send(Command::Processing(processing));
    }

    pub fn set_level_voices(&self, _on: bool) {}

    /// Replaces how each member is heard; whoever is not named is heard as they are.
    pub fn set_hearing(&self, _hearing: Vec<(AccountId, Hearing)>) {}

    /// For connections from now on: `host:port` each.
    pub fn set_stun_servers(&self, _servers: Vec<String>) {}

    /// Audio in one packet, where the other side leaves it to us, for connections from now on: 10, 20 or 40 ms.
    pub fn set_frame_time(&self, _millis: u32) {}

    /// Plays what the others say there as well, and nowhere else while it is not there; `None`: nowhere else at all.
    pub fn set_party_output(&self, device: Option<DeviceChoice>) {
        self.party_output.send(Order::Source(device.map_or(Source::None, Source::Device)));
    }

    /// Begins or ends to write down what is heard; [`VoiceEvent::RecordingBegan`] and its siblings tell what came of it.
    /// The end of the party ends it too.
    pub fn record(&self, recorder: Option<Recorder>) {
        let Some(recorder) = recorder else { return self.remote.send(Command::Record(None)) };
        let mut recording = self.recording.lock().unwrap_or_else(PoisonError::into_inner);
        match recording::start(recorder, recording.take(), self.events.clone()) {
            Ok((tape, thread)) => {
                *recording = Some(thread);
                self.remote.send(Command::Record(Some(tape)));
            }
            Err(error) => {
                tracing::warn!(%error, "no thread to record with");
                (self.events)(VoiceEvent::RecordingFailed);
            }
        }
    }

    async fn close_current(&self) {
        let current = self.current().take();
        if let Some(current) = current {
            self.remote.send(Command::Interrupted(current.connection));
            self.meters.rtt_tenths.store(0, Ordering::Relaxed);
            current.peer.close().await;
        }
    }

    fn state_reporter(&self, connection: u64) -> impl Fn(ConnectionState) + Send + Sync + 'static {
        let (remote, events) = (self.remote.clone(), self.events.clone());
        move |state| {
            remote.send(match state {
                ConnectionState::Connected => Command::Connected(connection),
                _ => Command::Interrupted(connection),
            });
            events(VoiceEvent::Connection { connection, state });
        }
    }

    /// A panic while it was held left it whole: it is only ever replaced.
    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(self.current().take());
        self.stop.store(true, Ordering::Release);
        self.remote.nudge.now();
        self.microphone.send(Order::Stop);
        self.speakers.send(Order::Stop);
        self.party_output.send(Order::Stop);
        let recording = self.recording.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.threads.extend(recording.take());
        // Only a sound system that hangs keeps a thread longer; it then ends by itself, or with the program.
        let deadline = Instant::now() + FAREWELL;
        while self.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What is plugged in. May block for as long as the sound system takes.
pub fn list_devices() -> Devices {
    Cards::default().list()
}

impl From<Microphone> for Source {
    fn from(microphone: Microphone) -> Self {
        match microphone {
            Microphone::Device(choice) => Self::Device(choice),
            Microphone::File(path) => Self::File(path),
            Microphone::None => Self::None,
        }
    }
}

impl From<Speakers> for Source {
    fn from(speakers: Speakers) -> Self {
        match speakers {
            Speakers::Device(choice) => Self::Device(choice),
            Speakers::File(path) => Self::File(path),
            Speakers::None => Self::None,
        }
    }
}
