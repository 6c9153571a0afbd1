//! What the client holds of the voice path. Its calls return at once or are futures; sound is made elsewhere.

mod calls;
mod config;
mod connections;
mod sampling;

pub use config::{
    ConnectionState, Listening, Microphone, Network, Recorder, Speakers, StartError, Talk, VoiceConfig,
    VoiceEvent,
};

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    device::{
        Devices, Latency, Source,
        cards::Cards,
        supervisor::{Order, Orders, Supervisor},
        watch::Watch,
    },
    engine::{self, Command, Remote},
    meters::Meters,
    monitor::Monitor,
    processing::Chain,
    recording,
};
use crate::model::{AccountId, DeviceChoice, DeviceKind, Hearing, Processing, VoiceReport};
use connections::Connections;

/// How long [`Voice`]'s drop waits for its threads.
const FAREWELL: Duration = Duration::from_secs(1);

/// A running voice path. Dropping it closes its connections and ends its threads.
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
    events: Arc<dyn Fn(VoiceEvent) + Send + Sync>,
    connections: Arc<Connections>,
    stun_servers: Mutex<Vec<String>>,
    /// Milliseconds.
    frame_time: AtomicU32,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
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
            events: events.clone(),
            connections: Connections::new(remote.clone(), meters.clone(), events.clone()),
            stun_servers: Mutex::default(),
            frame_time: AtomicU32::new(20),
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
            party_output: (kind == DeviceKind::Speakers).then(|| party_output.clone()),
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
        let monitor = || {
            let monitor = Monitor::new(self.frame_time.load(Ordering::Relaxed));
            monitor.inspect_err(|error| tracing::warn!(%error, "one's own voice cannot be heard")).ok()
        };
        let monitor = (listening == Listening::HearYourself).then(monitor).flatten().map(Box::new);
        self.remote.send(Command::Test(listening, monitor));
    }

    /// Two soft tones.
    pub fn play_test_sound(&self) {
        self.remote.send(Command::Chime);
    }

    /// Of every connection there is.
    pub fn report(&self) -> VoiceReport {
        VoiceReport {
            links: self.connections.report(),
            input_latency: self.input_latency.get(),
            output_latency: self.output_latency.get(),
        }
    }

    /// In force within a tick, as is all that follows.
    pub fn set_processing(&self, processing: Processing) {
        self.remote.send(Command::Processing(Box::new(Chain::new(processing))));
    }

    /// Everybody is brought to about the same loudness, or heard as they are.
    pub fn set_level_voices(&self, on: bool) {
        self.remote.send(Command::LevelVoices(on));
    }

    /// Replaces how each member is heard; whoever is not named is heard as they are.
    pub fn set_hearing(&self, hearing: Vec<(AccountId, Hearing)>) {
        self.remote.send(Command::Hearing(hearing));
    }

    /// For connections from now on: `host:port` each.
    pub fn set_stun_servers(&self, servers: Vec<String>) {
        *self.stun_servers.lock().unwrap_or_else(PoisonError::into_inner) = servers;
    }

    /// Audio in one packet, where the other side leaves it to us, for connections from now on: 10, 20 or 40 ms.
    pub fn set_frame_time(&self, millis: u32) {
        let millis = match millis {
            ..15 => 10,
            15..30 => 20,
            _ => 40,
        };
        self.frame_time.store(millis, Ordering::Relaxed);
    }

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
}

impl Drop for Voice {
    fn drop(&mut self) {
        drop(self.connections.clear());
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
