//! A server's source: a thread of its own reads the socket into the ring.

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
    ChannelMap, Command, CorkStreamParams, CreateRecordStreamReply, GetSourceInfo, LatencyParams, Prop,
    Props, RecordLatency, RecordStreamParams, SampleFormat, SampleSpec, SetRecordStreamBufferAttrParams,
    SourceInfo,
    stream::{BufferAttr, StreamFlags},
};

use super::{Inbox, Message, PulseError, SAMPLE_BYTES, Server, bytes, duration};
use crate::voice::{
    SAMPLE_RATE,
    device::{End, Hooks, Opened, Stream, ring},
};

/// How much the server collects before it delivers, while it matters: two make a block.
const AWAKE: Duration = Duration::from_millis(5);
/// And at rest. Whatever the server makes of it, the socket is not looked at more often.
const ASLEEP: Duration = Duration::from_millis(200);
/// Three times what is delivered at once at rest. No message may be longer.
const BUFFER: usize = 128 * 1024;
/// How often the server is asked how late it is, and the number of the question.
const ASK_EVERY: Duration = Duration::from_secs(2);
const LATENCY: u32 = 1;

/// Opens the source of this name. May block for some seconds.
///
/// # Errors
/// There is no server, it wants a cookie that is not found, or it has no such source.
pub fn open_microphone(name: &str, hooks: Hooks) -> Result<Opened, PulseError> {
    let server = Server::connect()?;
    let name = CString::new(name)?;
    let source: SourceInfo =
        server.ask(&Command::GetSourceInfo(GetSourceInfo { index: None, name: Some(name) }))?;
    let mut props = Props::new();
    props.set(Prop::MediaName, c"Microphone");
    let created: CreateRecordStreamReply = server.ask(&Command::CreateRecordStream(RecordStreamParams {
        sample_spec: SampleSpec {
            format: SampleFormat::Float32Le,
            channels: 1,
            sample_rate: SAMPLE_RATE as u32,
        },
        channel_map: ChannelMap::mono(),
        source_index: Some(source.index),
        buffer_attr: delivery(AWAKE),
        // Corked until its reply was read: from then on sound may come at any time.
        flags: StreamFlags { start_corked: true, adjust_latency: true, ..Default::default() },
        props,
        ..Default::default()
    }))?;
    let channel = created.channel;
    server.tell(0, &Command::CorkRecordStream(CorkStreamParams { channel, cork: false }))?;
    server.socket.set_read_timeout(None)?;

    let (recorded, capture) = ring::capture(SAMPLE_RATE as u32, None, hooks.nudge.clone());
    let shared =
        Arc::new(Shared { server, channel, resting: AtomicBool::default(), closing: AtomicBool::default() });
    let reader = Reader { shared: shared.clone(), ring: recorded, hooks, asked: None };
    let thread = thread::Builder::new().name("voice-capture".into()).spawn(move || reader.run())?;
    let name = source.description.unwrap_or(source.name).to_string_lossy().into_owned();
    Ok(Opened {
        name,
        end: End::Capture(Box::new(capture)),
        stream: Box::new(Microphone { shared, thread: Some(thread) }),
    })
}

fn delivery(every: Duration) -> BufferAttr {
    BufferAttr { max_length: u32::MAX, fragment_size: bytes(every), ..Default::default() }
}

struct Shared {
    server: Server,
    channel: u32,
    resting: AtomicBool,
    closing: AtomicBool,
}

struct Microphone {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Microphone {
    fn wake_reader(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Stream for Microphone {
    fn rest(&mut self, resting: bool) {
        self.shared.resting.store(resting, Ordering::Release);
        let command = Command::SetRecordStreamBufferAttr(SetRecordStreamBufferAttrParams {
            index: self.shared.channel,
            buffer_attr: delivery(if resting { ASLEEP } else { AWAKE }),
            adjust_latency: true,
            early_requests: false,
        });
        // Either way the sound flows; that the server is gone is for the reader to find.
        if let Err(error) = self.shared.server.tell(0, &command) {
            tracing::debug!(%error, resting, "the microphone keeps its pace");
        }
        self.wake_reader();
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.server.close();
        self.wake_reader();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// From the socket to the ring, until one of them ends.
struct Reader {
    shared: Arc<Shared>,
    ring: ring::Recorded,
    hooks: Hooks,
    /// When the server was last asked how late it is.
    asked: Option<Instant>,
}

impl Reader {
    fn run(mut self) {
        let reason = self.read_until_it_ends();
        self.hooks.latency.forget();
        if !self.shared.closing.load(Ordering::Acquire) {
            tracing::warn!(reason, "the microphone failed");
            (self.hooks.on_failure)();
        }
    }

    fn read_until_it_ends(&mut self) -> &'static str {
        let shared = self.shared.clone();
        let mut inbox = Inbox::new(BUFFER);
        loop {
            if shared.resting.load(Ordering::Acquire) {
                thread::park_timeout(ASLEEP);
            } else {
                self.ask(Instant::now());
            }
            if let Err(reason) = inbox.read(&shared.server.socket, |message| self.take(message)) {
                return reason;
            }
        }
    }

    fn ask(&mut self, now: Instant) {
        if self.asked.is_none_or(|asked| now > asked + ASK_EVERY) {
            self.asked = Some(now);
            let params = LatencyParams { channel: self.shared.channel, now: std::time::SystemTime::now() };
            // That the server is gone is found when it is read.
            _ = self.shared.server.tell(LATENCY, &Command::GetRecordLatency(params));
        }
    }

    /// `false`: the stream is over.
    fn take(&mut self, message: Message<'_>) -> bool {
        let (channel, version) = (self.shared.channel, self.shared.server.version);
        if message.channel == channel {
            let samples = message.payload.chunks_exact(SAMPLE_BYTES);
            let samples = samples.filter_map(|bytes| Some(f32::from_le_bytes(bytes.try_into().ok()?)));
            self.ring.fill(message.payload.len() / SAMPLE_BYTES, samples);
            return true;
        }
        match message.command(version) {
            Some(Command::RecordStreamKilled(killed)) => killed != channel,
            Some(Command::Reply) => {
                if let Some(latency) = message.reply::<RecordLatency>(LATENCY, version) {
                    let unread = duration(latency.write_offset - latency.read_offset);
                    let source = Duration::from_micros(latency.source_usec);
                    self.hooks.latency.set(source + AWAKE + unread);
                }
                true
            }
            // News of moves and suspensions: the sound goes on, or the watch sees to it.
            _ => true,
        }
    }
}
