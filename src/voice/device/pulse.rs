//! A PulseAudio server, or PipeWire where it speaks PulseAudio's protocol: its devices, and news of them. Each stream has
//! a connection and a thread of its own between socket and ring.
//!
//! cpal could do it, but not as well: the reactor it uses clears a megabyte before every read, which costs more than the
//! rest of a quiet party; only here can the server be asked to deliver seldom while nobody talks, and to keep little
//! waiting while somebody does.

mod microphone;
mod speakers;

pub use microphone::open_microphone;
pub use speakers::open_speakers;

use std::{
    ffi::{CStr, CString},
    io::{Cursor, Read, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use pulseaudio::protocol::{
    self, AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags,
    MAX_VERSION, Prop, Props, ProtocolError, ServerInfo, SetClientNameReply, SinkInfoList, SourceInfoList,
    SubscriptionEventFacility, SubscriptionEventType, SubscriptionMask,
};

use super::Devices;
use crate::model::{DeviceTrouble, SoundDevice};

/// How ids on a server begin; the name there follows.
pub const PREFIX: &str = "pulseaudio:";
/// The server answers within this, or is not there.
const PATIENCE: Duration = Duration::from_secs(3);
/// A server with more to say in one message is not understood. Hundreds of devices fit.
const MAX_REPLY: usize = 1 << 20;
/// Mono, 32-bit float.
const SAMPLE_BYTES: usize = 4;
/// Marks commands among the sound.
const COMMANDS: u32 = u32::MAX;

/// What the server did not do.
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

impl PulseError {
    pub fn trouble(&self) -> DeviceTrouble {
        use protocol::PulseError as Refusal;
        match self {
            Self::NoServer | Self::Protocol(ProtocolError::ServerError(Refusal::NoEntity)) => {
                DeviceTrouble::None
            }
            Self::Protocol(ProtocolError::ServerError(Refusal::Busy)) => DeviceTrouble::Busy,
            Self::Protocol(ProtocolError::ServerError(Refusal::AccessDenied | Refusal::AuthKey)) => {
                DeviceTrouble::NotPermitted
            }
            Self::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                DeviceTrouble::NotPermitted
            }
            Self::Name(_) | Self::Io(_) | Self::Protocol(_) => DeviceTrouble::Broken,
        }
    }
}

/// A connection on which questions are asked one at a time.
pub struct Server {
    socket: UnixStream,
    /// Two threads tell; each message goes out whole.
    pen: Mutex<()>,
    version: u16,
}

impl Server {
    /// # Errors
    /// There is none, it does not answer, or it wants a cookie that is not found.
    pub fn connect() -> Result<Self, PulseError> {
        let path = pulseaudio::socket_path_from_env().ok_or(PulseError::NoServer)?;
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut server = Self { socket, pen: Mutex::default(), version: MAX_VERSION };
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

    /// What is plugged in.
    ///
    /// # Errors
    /// The server is gone.
    pub fn list(&self) -> Result<Devices, PulseError> {
        let info: ServerInfo = self.ask(&Command::GetServerInfo)?;
        let sources: SourceInfoList = self.ask(&Command::GetSourceInfoList)?;
        let sinks: SinkInfoList = self.ask(&Command::GetSinkInfoList)?;
        let sources = sources.iter().map(|source| (&source.name, &source.description, &source.props));
        let sinks = sinks.iter().map(|sink| (&sink.name, &sink.description, &sink.props));
        Ok(Devices {
            microphones: describe(sources, info.default_source_name.as_ref()),
            speakers: describe(sinks, info.default_sink_name.as_ref()),
        })
    }

    fn ask<R: CommandReply>(&self, command: &Command) -> Result<R, PulseError> {
        self.tell(0, command)?;
        let (_, reply) = protocol::read_reply_message(&mut Cursor::new(self.read_message()?), self.version)?;
        Ok(reply)
    }

    /// A message and not a byte more: what follows is for others to read.
    fn read_message(&self) -> Result<Vec<u8>, PulseError> {
        let mut message = vec![0; DESCRIPTOR_SIZE];
        (&self.socket).read_exact(&mut message)?;
        let descriptor = protocol::read_descriptor(&mut &message[..])?;
        let length = descriptor.length as usize;
        if length > MAX_REPLY {
            return Err(ProtocolError::Invalid("too long".into()).into());
        }
        message.resize(DESCRIPTOR_SIZE + length, 0);
        (&self.socket).read_exact(&mut message[DESCRIPTOR_SIZE..])?;
        Ok(message)
    }

    /// `number`: comes back with the reply.
    fn tell(&self, number: u32, command: &Command) -> Result<(), PulseError> {
        let mut message = vec![];
        protocol::encode_command_message(&mut message, number, command, self.version)?;
        Ok(self.write(&message)?)
    }

    fn write(&self, message: &[u8]) -> std::io::Result<()> {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        (&self.socket).write_all(message)
    }

    /// Ends whoever waits on it; the server forgets its streams.
    fn close(&self) {
        _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

fn describe<'a>(
    devices: impl Iterator<Item = (&'a CString, &'a Option<CString>, &'a Props)>,
    default: Option<&CString>,
) -> Vec<SoundDevice> {
    let text = |text: &CStr| text.to_string_lossy().into_owned();
    devices
        // What a server offers for recording what is played is no microphone.
        .filter(|(name, ..)| !name.to_bytes().ends_with(b".monitor"))
        .map(|(name, description, props)| SoundDevice {
            id: format!("{PREFIX}{}", text(name)),
            name: text(description.as_ref().unwrap_or(name)),
            is_default: Some(name) == default,
            is_bluetooth: is_bluetooth(name, props),
        })
        .collect()
}

fn is_bluetooth(name: &CStr, props: &Props) -> bool {
    let is = |prop, value: &[u8]| {
        props.get(prop).is_some_and(|found| found.strip_suffix(&[0]).unwrap_or(found).starts_with(value))
    };
    is(Prop::DeviceBus, b"bluetooth")
        || is(Prop::DeviceApi, b"bluez")
        || [&b"bluez_"[..], b"bluez5"].iter().any(|begin| name.to_bytes().starts_with(begin))
}

/// Calls whenever a device came or went, or the default changed, until it is dropped.
pub struct Subscription {
    server: Arc<Server>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Subscription {
    /// `None`: there is no server that would tell.
    pub fn start(call: impl Fn() + Send + 'static) -> Option<Self> {
        let server = Arc::new(Server::connect().ok()?);
        let mask = SubscriptionMask::SINK | SubscriptionMask::SOURCE | SubscriptionMask::SERVER;
        server.tell(0, &Command::Subscribe(mask)).ok()?;
        server.socket.set_read_timeout(None).ok()?;
        let over = Arc::new(AtomicBool::new(false));
        let follow = {
            let (server, over) = (server.clone(), over.clone());
            move || {
                let mut inbox = Inbox::new(64 * 1024);
                let reason = inbox.read_until_it_ends(&server.socket, |message| {
                    if message.command(server.version).is_some_and(|command| matters(&command)) {
                        call();
                    }
                    true
                });
                tracing::debug!(reason, "no more news of sound devices");
                over.store(true, Ordering::Release);
                call();
            }
        };
        let thread = thread::Builder::new().name("voice-plugs".into()).spawn(follow).ok()?;
        Some(Self { server, over, thread: Some(thread) })
    }

    /// The server is gone.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.server.close();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// A device's volume or state is its own affair.
fn matters(command: &Command) -> bool {
    let Command::SubscribeEvent(event) = command else { return false };
    event.event_facility == SubscriptionEventFacility::Server
        || event.event_type != SubscriptionEventType::Changed
}

/// The server's messages as they come in.
struct Inbox {
    buffer: Vec<u8>,
    filled: usize,
}

impl Inbox {
    /// No message may be longer.
    fn new(capacity: usize) -> Self {
        Self { buffer: vec![0; capacity], filled: 0 }
    }

    /// `take` says `false` when it had enough.
    fn read_until_it_ends(
        &mut self,
        socket: &UnixStream,
        mut take: impl FnMut(Message<'_>) -> bool,
    ) -> &'static str {
        loop {
            if let Err(reason) = self.read(socket, &mut take) {
                return reason;
            }
        }
    }

    /// Waits for something, and takes every message that is whole.
    fn read(
        &mut self,
        mut socket: &UnixStream,
        mut take: impl FnMut(Message<'_>) -> bool,
    ) -> Result<(), &'static str> {
        match socket.read(&mut self.buffer[self.filled..]) {
            Ok(0) => return Err("the server is gone"),
            Ok(bytes) => self.filled += bytes,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            Err(_) => return Err("the server cannot be read"),
        }
        let mut used = 0;
        while let Some((message, rest)) = Message::split(&self.buffer[used..self.filled]) {
            used = self.filled - rest.len();
            if !take(message) {
                return Err("the server took the device away");
            }
        }
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
        if self.filled == self.buffer.len() { Err("the server's message is too long") } else { Ok(()) }
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

    /// `None`: sound, or nothing that is understood.
    fn command(&self, version: u16) -> Option<Command> {
        if self.channel != COMMANDS {
            return None;
        }
        Command::read_tag_prefixed(&mut Cursor::new(self.payload), version).ok().map(|(_, command)| command)
    }

    /// The reply to the question of this number.
    fn reply<R: CommandReply>(&self, number: u32, version: u16) -> Option<R> {
        let mut payload = Cursor::new(self.payload);
        match Command::read_tag_prefixed(&mut payload, version) {
            Ok((answered, Command::Reply)) if answered == number => {
                R::read(&mut protocol::TagStructReader::new(&mut payload, version), version).ok()
            }
            _ => None,
        }
    }
}

/// The head of a message of sound.
fn head(channel: u32, length: usize) -> [u8; DESCRIPTOR_SIZE] {
    let mut head = [0; DESCRIPTOR_SIZE];
    let descriptor =
        Descriptor { length: length as u32, channel, offset: 0, flags: DescriptorFlags::empty() };
    protocol::encode_descriptor(&mut head, &descriptor);
    head
}

/// 48 kHz mono.
fn duration(bytes: i64) -> Duration {
    let samples = u64::try_from(bytes).unwrap_or_default() / SAMPLE_BYTES as u64;
    Duration::from_micros(samples * 1_000_000 / crate::voice::SAMPLE_RATE as u64)
}

fn bytes(duration: Duration) -> u32 {
    (crate::voice::SAMPLE_RATE as u64 * duration.as_micros() as u64 / 1_000_000) as u32 * SAMPLE_BYTES as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_when_they_are_whole() {
        let mut bytes = vec![];
        for (channel, payload) in [(7, &[1, 2, 3, 4][..]), (COMMANDS, &[]), (7, &[5, 6])] {
            bytes.extend_from_slice(&head(channel, payload.len()));
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

    #[test]
    fn garbage_is_neither_a_command_nor_a_reply() {
        for payload in [&[][..], &[1], &[b'L', 0, 0, 0, 2], &[255; 64]] {
            let message = Message { channel: COMMANDS, payload };
            assert!(message.command(MAX_VERSION).is_none());
            assert!(message.reply::<ServerInfo>(0, MAX_VERSION).is_none());
        }
    }

    #[test]
    fn a_bluetooth_headset_is_known_by_its_bus_its_driver_or_its_name() {
        let plain = Props::new();
        assert!(!is_bluetooth(c"alsa_input.pci-0000_00_1f.3.analog-stereo", &plain));
        assert!(is_bluetooth(c"bluez_input.00_11_22_33_44_55.0", &plain));
        for (prop, value) in [(Prop::DeviceBus, c"bluetooth"), (Prop::DeviceApi, c"bluez5")] {
            let mut props = Props::new();
            props.set(prop, value);
            assert!(is_bluetooth(c"headset", &props));
        }
        let mut usb = Props::new();
        usb.set(Prop::DeviceBus, c"usb");
        assert!(!is_bluetooth(c"alsa_input.usb-headset", &usb));
    }

    #[test]
    fn a_servers_refusal_is_told_apart() {
        use protocol::PulseError as Refusal;
        let trouble = |refusal| PulseError::from(ProtocolError::ServerError(refusal)).trouble();
        assert_eq!(trouble(Refusal::NoEntity), DeviceTrouble::None);
        assert_eq!(trouble(Refusal::Busy), DeviceTrouble::Busy);
        assert_eq!(trouble(Refusal::AccessDenied), DeviceTrouble::NotPermitted);
        assert_eq!(trouble(Refusal::Io), DeviceTrouble::Broken);
    }
}
