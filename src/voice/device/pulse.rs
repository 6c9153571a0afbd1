//! The microphone of a PulseAudio server, or of PipeWire where it speaks PulseAudio's protocol. A thread of its own reads
//! the socket into a ring.
//!
//! cpal could do it, but not at rest: the reactor it uses clears a megabyte before every read, which costs more than the
//! rest of a quiet party. And only here can the server be asked to deliver seldom while nobody talks.

use std::{
    ffi::{CStr, CString},
    io::{BufReader, Cursor, Read},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use pulseaudio::protocol::{
    self, AuthParams, AuthReply, ChannelMap, Command, CommandReply, CorkStreamParams,
    CreateRecordStreamReply, DESCRIPTOR_SIZE, GetSourceInfo, MAX_VERSION, Prop, Props, ProtocolError,
    RecordStreamParams, SampleFormat, SampleSpec, SetClientNameReply, SetRecordStreamBufferAttrParams,
    SourceInfo,
    stream::{BufferAttr, StreamFlags},
};
use rtrb::{Producer, RingBuffer};

use super::{End, Opened, Stream, cards::OnFailure, ring};
use crate::voice::SAMPLE_RATE;

/// How much the server collects before it delivers, while it matters.
const AWAKE: Duration = Duration::from_millis(10);
/// And at rest. Whatever the server makes of it, the socket is not looked at more often.
const ASLEEP: Duration = Duration::from_millis(200);
/// The server answers within this, or is not there.
const PATIENCE: Duration = Duration::from_secs(3);
/// Three times what is delivered at once at rest. No message may be longer.
const BUFFER: usize = 128 * 1024;
/// Mono, 32-bit float.
const SAMPLE_BYTES: usize = 4;
/// Marks commands among the sound.
const COMMANDS: u32 = u32::MAX;

/// Why the server's microphone did not open.
#[derive(Debug, thiserror::Error)]
pub enum PulseError {
    #[error("there is no server")]
    NoServer,
    #[error("the name holds a zero")]
    Name(#[from] std::ffi::NulError),
    #[error("the server does not answer")]
    Io(#[from] std::io::Error),
    #[error("the server refuses or is not understood")]
    Protocol(#[from] ProtocolError),
}

/// Opens the source of this name. May block for some seconds.
///
/// # Errors
/// There is no server, it wants a cookie that is not found, or it has no such source.
pub fn open_microphone(name: &str, on_failure: OnFailure) -> Result<Opened, PulseError> {
    let mut server = Server::connect()?;
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
    server.tell(&Command::CorkRecordStream(CorkStreamParams { channel, cork: false }))?;
    server.socket.set_read_timeout(None)?;

    let (producer, consumer) = RingBuffer::new(SAMPLE_RATE * ring::SECONDS);
    let shared = Arc::new(Shared::default());
    let reader = Reader {
        socket: server.socket.try_clone()?,
        version: server.version,
        channel,
        ring: producer,
        shared: shared.clone(),
        on_failure,
    };
    let thread = thread::Builder::new().name("voice-capture".into()).spawn(move || reader.run())?;
    let name = source.description.unwrap_or(source.name).to_string_lossy().into_owned();
    Ok(Opened {
        name,
        end: End::Capture(Box::new(ring::CardCapture::new(consumer, None))),
        stream: Box::new(PulseStream { server, channel, shared, thread: Some(thread) }),
    })
}

fn delivery(every: Duration) -> BufferAttr {
    let samples = SAMPLE_RATE * every.as_millis() as usize / 1000;
    BufferAttr { max_length: u32::MAX, fragment_size: (samples * SAMPLE_BYTES) as u32, ..Default::default() }
}

/// A connection on which questions are asked one at a time.
struct Server {
    socket: UnixStream,
    version: u16,
}

impl Server {
    fn connect() -> Result<Self, PulseError> {
        let path = pulseaudio::socket_path_from_env().ok_or(PulseError::NoServer)?;
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut server = Self { socket, version: MAX_VERSION };
        // Without one, a server of the same user may still agree.
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        let reply: AuthReply = server.ask(&Command::Auth(AuthParams {
            version: MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: cookie.unwrap_or_default(),
        }))?;
        server.version = MAX_VERSION.min(reply.version);
        let mut props = Props::new();
        let name: &CStr = c"Partyline";
        props.set(Prop::ApplicationName, name);
        let _: SetClientNameReply = server.ask(&Command::SetClientName(props))?;
        Ok(server)
    }

    fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, PulseError> {
        self.tell(command)?;
        let (_, reply) = protocol::read_reply_message(&mut BufReader::new(&self.socket), self.version)?;
        Ok(reply)
    }

    /// The number is not used: whoever cares for the reply waits for it.
    fn tell(&mut self, command: &Command) -> Result<(), PulseError> {
        Ok(protocol::write_command_message(&mut self.socket, 0, command, self.version)?)
    }
}

#[derive(Default)]
struct Shared {
    resting: AtomicBool,
    closing: AtomicBool,
}

struct PulseStream {
    server: Server,
    channel: u32,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl PulseStream {
    fn wake_reader(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Stream for PulseStream {
    fn rest(&mut self, resting: bool) {
        self.shared.resting.store(resting, Ordering::Release);
        let command = Command::SetRecordStreamBufferAttr(SetRecordStreamBufferAttrParams {
            index: self.channel,
            buffer_attr: delivery(if resting { ASLEEP } else { AWAKE }),
            adjust_latency: true,
            early_requests: false,
        });
        // Either way the sound flows; that the server is gone is for the reader to find.
        if let Err(error) = self.server.tell(&command) {
            tracing::debug!(%error, resting, "the microphone keeps its pace");
        }
        self.wake_reader();
    }
}

impl Drop for PulseStream {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        // Ends the reader's wait; the server forgets the stream with its connection.
        _ = self.server.socket.shutdown(std::net::Shutdown::Both);
        self.wake_reader();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// From the socket to the ring, until one of them ends.
struct Reader {
    socket: UnixStream,
    version: u16,
    channel: u32,
    ring: Producer<f32>,
    shared: Arc<Shared>,
    on_failure: OnFailure,
}

impl Reader {
    fn run(mut self) {
        let reason = self.read_until_it_ends();
        if !self.shared.closing.load(Ordering::Acquire) {
            tracing::warn!(reason, "the microphone failed");
            (self.on_failure)();
        }
    }

    fn read_until_it_ends(&mut self) -> &'static str {
        let mut buffer = vec![0; BUFFER];
        let mut filled = 0;
        loop {
            if self.shared.resting.load(Ordering::Acquire) {
                thread::park_timeout(ASLEEP);
            }
            match self.socket.read(&mut buffer[filled..]) {
                Ok(0) => return "the server is gone",
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return "the server cannot be read",
            }
            let mut used = 0;
            while let Some((message, rest)) = Message::split(&buffer[used..filled]) {
                used = filled - rest.len();
                if !self.take(message) {
                    return "the server took the microphone away";
                }
            }
            buffer.copy_within(used..filled, 0);
            filled -= used;
            if filled == buffer.len() {
                return "the server's message is too long";
            }
        }
    }

    /// `false`: the stream is over.
    fn take(&mut self, message: Message<'_>) -> bool {
        if message.channel == self.channel {
            let samples = message.payload.chunks_exact(SAMPLE_BYTES);
            let samples = samples.filter_map(|bytes| Some(f32::from_le_bytes(bytes.try_into().ok()?)));
            ring::fill(&mut self.ring, message.payload.len() / SAMPLE_BYTES, samples);
            return true;
        }
        if message.channel != COMMANDS {
            return true;
        }
        match Command::read_tag_prefixed(&mut Cursor::new(message.payload), self.version) {
            Ok((_, Command::RecordStreamKilled(channel))) => channel != self.channel,
            // Replies to what was told, news of moves and suspensions: the sound goes on, or the watch sees to it.
            Ok(_) => true,
            Err(error) => {
                tracing::debug!(%error, "a message of the sound server was skipped");
                true
            }
        }
    }
}

/// One message of the protocol.
#[derive(Debug, PartialEq)]
struct Message<'a> {
    channel: u32,
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The first, if all of it is there, and what follows it.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (mut head, rest) = bytes.split_at_checked(DESCRIPTOR_SIZE)?;
        let descriptor = protocol::read_descriptor(&mut head).ok()?;
        let (payload, rest) = rest.split_at_checked(descriptor.length as usize)?;
        Some((Self { channel: descriptor.channel, payload }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_when_they_are_whole() {
        let mut bytes = vec![];
        for (channel, payload) in [(7, &[1, 2, 3, 4][..]), (COMMANDS, &[]), (7, &[5, 6])] {
            let descriptor = protocol::Descriptor {
                length: payload.len() as u32,
                channel,
                offset: 0,
                flags: protocol::DescriptorFlags::empty(),
            };
            protocol::write_descriptor(&mut bytes, &descriptor).unwrap();
            bytes.extend_from_slice(payload);
        }
        let (first, rest) = Message::split(&bytes).unwrap();
        assert_eq!(first, Message { channel: 7, payload: &[1, 2, 3, 4] });
        let (second, rest) = Message::split(rest).unwrap();
        assert_eq!(second, Message { channel: COMMANDS, payload: &[] });
        for short in 0..rest.len() {
            assert_eq!(Message::split(&rest[..short]), None);
        }
        assert_eq!(Message::split(rest), Some((Message { channel: 7, payload: &[5, 6] }, &[][..])));
    }
}
