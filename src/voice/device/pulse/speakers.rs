//! A server's sink: a thread of its own answers every request from the ring, at once, so that little needs to wait in the
//! server.
//!
//! It sends what is there and owes the rest: what waits in the server covers for a late voice thread. A server that ran dry
//! asks for the time that passed as well; that gets silence, which the server drops, so that no word is lost with it.

use std::{
    ffi::CString,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use pulseaudio::protocol::{
    ChannelMap, Command, CorkStreamParams, CreatePlaybackStreamReply, GetSinkInfo, LatencyParams,
    PlaybackLatency, PlaybackStreamParams, Prop, Props, SampleFormat, SampleSpec,
    SetPlaybackStreamBufferAttrParams, SetPlaybackStreamBufferAttrReply, SinkInfo,
    stream::{BufferAttr, StreamFlags},
};

use super::{Inbox, Message, PulseError, SAMPLE_BYTES, Server, bytes, duration, head};
use crate::{
    model::DeviceKind,
    voice::{
        SAMPLE_RATE,
        device::{End, Hooks, Opened, Stream, cushion::Cushion, ring},
    },
};

/// What the server takes at once, if its card can.
const PERIOD: Duration = Duration::from_millis(5);
/// After the stream began, went on or was changed, the server runs dry once or twice, and that means nothing.
const SETTLING: Duration = Duration::from_millis(500);
/// A server that asked for nothing for so long begins anew.
const PAUSE: Duration = Duration::from_millis(200);
/// What should wait there, its card included; the cushion comes on top.
const TARGET: Duration = Duration::from_millis(9);
/// It asks for no less at a time.
const LEAST: Duration = Duration::from_millis(1);
/// No request is answered with more at once.
const MOST: Duration = Duration::from_millis(250);
const BUFFER: usize = 16 * 1024;
/// So many requests tell what it asks for at a time.
const USUAL: usize = 32;
/// How often the server is asked how late it is, and the number of the question.
const ASK_EVERY: Duration = Duration::from_secs(2);
const LATENCY: u32 = 1;
/// The number of the question for another buffer.
const BUFFERED: u32 = 2;

/// Opens the sink of this name. May block for some seconds.
///
/// # Errors
/// There is no server, it wants a cookie that is not found, or it has no such sink.
pub fn open_speakers(kind: DeviceKind, name: &str, hooks: Hooks) -> Result<Opened, PulseError> {
    let server = Server::connect()?;
    let name = CString::new(name)?;
    let sink: SinkInfo = server.ask(&Command::GetSinkInfo(GetSinkInfo { index: None, name: Some(name) }))?;
    let is_second = kind == DeviceKind::PartyOutput;
    let mut props = Props::new();
    props.set(Prop::MediaName, if is_second { c"Party output" } else { c"Party" });
    let cushion = Cushion::default();
    let created: CreatePlaybackStreamReply =
        server.ask(&Command::CreatePlaybackStream(PlaybackStreamParams {
            sample_spec: SampleSpec {
                format: SampleFormat::Float32Le,
                channels: 1,
                sample_rate: SAMPLE_RATE as u32,
            },
            channel_map: ChannelMap::mono(),
            sink_index: Some(sink.index),
            buffer_attr: buffer(&cushion),
            // Corked until its reply was read. What was meant for a stream alone must not be moved to where it is heard.
            flags: StreamFlags {
                start_corked: true,
                adjust_latency: true,
                no_move: is_second,
                ..Default::default()
            },
            props,
            ..Default::default()
        }))?;
    let channel = created.channel;
    server.tell(0, &Command::CorkPlaybackStream(CorkStreamParams { channel, cork: false }))?;
    server.socket.set_read_timeout(None)?;

    let rate = SAMPLE_RATE as u32;
    let period = bytes(PERIOD) / SAMPLE_BYTES as u32;
    let (played, playback) = ring::playback(rate, period, None, hooks.nudge.clone());
    let shared = Arc::new(Shared { server, channel, closing: AtomicBool::default() });
    let feeder = Feeder {
        shared: shared.clone(),
        ring: played,
        hooks,
        cushion,
        owed: created.requested_bytes as usize,
        holds: created.buffer_attr.target_length as usize,
        usual: bytes(PERIOD) as usize,
        settled: Instant::now() + SETTLING,
        requested: Instant::now(),
        samples: Vec::with_capacity(bytes(MOST) as usize / SAMPLE_BYTES),
        message: vec![],
        asked: None,
    };
    let thread = thread::Builder::new().name("voice-playback".into()).spawn(move || feeder.run())?;
    let name = sink.description.unwrap_or(sink.name).to_string_lossy().into_owned();
    Ok(Opened {
        name,
        end: End::Playback(Box::new(playback)),
        stream: Box::new(Speakers { shared, thread: Some(thread) }),
    })
}

fn buffer(cushion: &Cushion) -> BufferAttr {
    BufferAttr {
        max_length: u32::MAX,
        target_length: bytes(TARGET + cushion.length()),
        // It plays what there is, and goes on after it ran dry.
        pre_buffering: 0,
        // Half the cushion: of twice this and the target's rest the server makes its card's own delay, which must not grow,
        // or the card takes all the cushion at once.
        minimum_request_length: bytes(LEAST + cushion.length() / 2),
        ..Default::default()
    }
}

struct Shared {
    server: Server,
    channel: u32,
    closing: AtomicBool,
}

struct Speakers {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Stream for Speakers {
    /// The server asks for nothing while it is corked, and may put its card to sleep.
    fn rest(&mut self, resting: bool) {
        let params = CorkStreamParams { channel: self.shared.channel, cork: resting };
        // That the server is gone is for the feeder to find.
        if let Err(error) = self.shared.server.tell(0, &Command::CorkPlaybackStream(params)) {
            tracing::debug!(%error, resting, "the speakers do not rest or wake");
        }
    }
}

impl Drop for Speakers {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.server.close();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// From the ring to the socket, as the server asks.
struct Feeder {
    shared: Arc<Shared>,
    ring: ring::Played,
    hooks: Hooks,
    /// The server's own, beside the ring's.
    cushion: Cushion,
    /// Bytes asked for and not yet sent.
    owed: usize,
    /// What waits in the server at most.
    holds: usize,
    /// What is asked for at a time, on the average.
    usual: usize,
    /// From then on running dry means something.
    settled: Instant,
    /// When the server last asked for sound.
    requested: Instant,
    samples: Vec<f32>,
    message: Vec<u8>,
    /// When the server was last asked how late it is.
    asked: Option<Instant>,
}

impl Feeder {
    fn run(mut self) {
        let reason = self.feed_until_it_ends();
        self.hooks.latency.forget();
        if !self.shared.closing.load(Ordering::Acquire) {
            tracing::warn!(reason, "the speakers failed");
            (self.hooks.on_failure)();
        }
    }

    fn feed_until_it_ends(&mut self) -> &'static str {
        let shared = self.shared.clone();
        let mut inbox = Inbox::new(BUFFER);
        loop {
            if self.send().is_err() {
                return "the server cannot be written to";
            }
            if let Err(reason) = inbox.read(&shared.server.socket, |message| self.take(message)) {
                return reason;
            }
            self.settle(Instant::now());
        }
    }

    /// `false`: the stream is over.
    fn take(&mut self, message: Message<'_>) -> bool {
        let (channel, version) = (self.shared.channel, self.shared.server.version);
        match message.command(version) {
            Some(Command::Request(request)) if request.channel == channel => {
                let asked = request.length as usize;
                self.owed = self.owed.saturating_add(asked);
                self.usual = (self.usual * (USUAL - 1) + asked.min(bytes(MOST) as usize)) / USUAL;
                let now = Instant::now();
                if now > self.requested + PAUSE {
                    self.settled = now + SETTLING;
                }
                self.requested = now;
            }
            Some(Command::Underflow(underflow)) if underflow.channel == channel => {
                self.ran_dry(Instant::now());
            }
            Some(Command::PlaybackStreamKilled(killed)) => return killed != channel,
            Some(Command::Reply) => {
                if let Some(latency) = message.reply::<PlaybackLatency>(LATENCY, version) {
                    let waiting = duration(latency.write_offset - latency.read_offset)
                        + duration((self.ring.waiting() * SAMPLE_BYTES) as i64);
                    self.hooks.latency.set(Duration::from_micros(latency.sink_usec) + waiting);
                }
                if let Some(reply) = message.reply::<SetPlaybackStreamBufferAttrReply>(BUFFERED, version) {
                    self.holds = reply.buffer_attr.target_length as usize;
                }
            }
            // To another card, which asks for another amount.
            Some(Command::PlaybackStreamMoved(moved)) => {
                self.holds = moved.buffer_attr.target_length as usize;
            }
            Some(Command::PlaybackBufferAttrChanged(changed)) => {
                self.holds = changed.buffer_attr.target_length as usize;
            }
            // News of suspensions: the sound goes on, or the watch sees to it.
            _ => {}
        }
        true
    }

    fn ran_dry(&mut self, now: Instant) {
        if now < self.settled || !self.ring.is_flowing() {
            return;
        }
        self.settled = now + SETTLING;
        if self.cushion.ran_dry(now) {
            self.aim();
        }
    }

    fn send(&mut self) -> std::io::Result<()> {
        self.samples.clear();
        let owed = (self.owed / SAMPLE_BYTES).min(self.samples.capacity());
        let usual = self.usual / SAMPLE_BYTES;
        if self.ring.is_flowing() {
            // What is owed beyond what the server holds was to be played by now.
            let late = owed.saturating_sub(self.holds / SAMPLE_BYTES);
            self.samples.resize(late, 0.0);
            self.ring.take(owed - late, usual, &mut self.samples);
        } else {
            self.ring.take(owed, usual, &mut self.samples);
            self.samples.resize(owed, 0.0);
        }
        if self.samples.is_empty() {
            return Ok(());
        }
        let length = self.samples.len() * SAMPLE_BYTES;
        self.owed = self.owed.saturating_sub(length);
        self.message.clear();
        self.message.extend_from_slice(&head(self.shared.channel, length));
        self.message.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        self.shared.server.write(&self.message)
    }

    /// What is done now and then while sound flows.
    fn settle(&mut self, now: Instant) {
        // How much was left in the server it does not say: a short cushion that fails grows again.
        if self.cushion.is_calm(now) && self.cushion.relax(Duration::MAX, now) {
            self.aim();
        }
        if self.asked.is_none_or(|asked| now > asked + ASK_EVERY) {
            self.asked = Some(now);
            let params = LatencyParams { channel: self.shared.channel, now: std::time::SystemTime::now() };
            // That the server is gone is found when it is read.
            _ = self.shared.server.tell(LATENCY, &Command::GetPlaybackLatency(params));
        }
    }

    fn aim(&self) {
        tracing::debug!(cushion = ?self.cushion.length(), "the sound server keeps another amount waiting");
        let command = Command::SetPlaybackStreamBufferAttr(SetPlaybackStreamBufferAttrParams {
            index: self.shared.channel,
            buffer_attr: buffer(&self.cushion),
            adjust_latency: true,
            early_requests: false,
        });
        _ = self.shared.server.tell(BUFFERED, &command);
    }
}
