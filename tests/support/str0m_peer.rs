//! The other end of a call on str0m, a WebRTC by other people. It is sans-IO: its loop here, on a thread of its own, owns the
//! socket, and whatever a test wants of it is done in that loop.

use std::{
    collections::VecDeque,
    io::ErrorKind,
    net::{SocketAddr, UdpSocket},
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use str0m::{
    Candidate, Event, IceConnectionState, Input, Output, Rtc,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    format::{Codec, FormatParams},
    media::{Direction, Frequency, MediaKind, Mid},
    net::{Protocol, Receive},
    rtp::{ExtensionValues, RtpWrite, Ssrc},
};

use super::tone::tone;

const OPUS: u8 = 111;
const RED: u8 = 63;
/// How long the loop sleeps at most: what a test wants waits for it.
const TICK: Duration = Duration::from_millis(4);
/// Datagrams kept for [`Machine::send_again`].
const KEPT: usize = 256;
const RATE: usize = 48_000;

/// What the other side is like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub clock_hz: u32,
    pub frame_millis: u32,
    pub direction: Direction,
    pub ice_lite: bool,
    /// Offered and sent; its clock is 48 kHz.
    pub redundancy: bool,
    /// Audio sections in the offer; all but the first are for their voices alone.
    pub voices: usize,
    /// Whether the offer names the streams.
    pub names_streams: bool,
    /// `actpass`, `active` or `passive`, as the offer says.
    pub setup: &'static str,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            clock_hz: 48_000,
            frame_millis: 20,
            direction: Direction::SendRecv,
            ice_lite: false,
            redundancy: false,
            voices: 1,
            names_streams: true,
            setup: "actpass",
        }
    }
}

type Wish = Box<dyn FnOnce(&mut Machine) + Send>;

/// Ends without a word to the other side when dropped.
pub struct Peer {
    wishes: Option<Sender<Wish>>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    pub fn new(shape: Shape) -> Self {
        let (wishes, inbox) = channel();
        let mut machine = Machine::new(shape);
        let thread = std::thread::spawn(move || machine.run(&inbox));
        Self { wishes: Some(wishes), thread: Some(thread) }
    }

    /// Does something inside the loop, and waits for it.
    pub fn with<T: Send + 'static>(&self, wish: impl FnOnce(&mut Machine) -> T + Send + 'static) -> T {
        let (answer, answered) = channel();
        let wish: Wish = Box::new(move |machine| _ = answer.send(wish(machine)));
        self.wishes.as_ref().unwrap().send(wish).expect("the loop runs");
        answered.recv().expect("the loop runs")
    }

    pub fn offer(&self) -> String {
        self.with(Machine::offer)
    }

    pub fn answer(&self, offer: String) -> String {
        self.with(move |machine| machine.answer(&offer))
    }

    pub fn accept(&self, answer: String) {
        self.with(move |machine| machine.accept(&answer));
    }

    /// Sounds from now on, once there is a connection.
    pub fn hum(&self, hz: f32) {
        self.with(move |machine| machine.hum = Some(Hum::new(hz, machine.shape)));
    }

    /// What was heard since last asked.
    pub fn heard(&self) -> Vec<f32> {
        self.with(|machine| std::mem::take(&mut machine.heard))
    }

    /// From now on neither reads nor writes, as a machine whose cable is pulled.
    pub fn fall_silent(&self) {
        self.with(|machine| machine.is_silent = true);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.wishes.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub struct Machine {
    pub rtc: Rtc,
    shape: Shape,
    socket: UdpSocket,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    pub mid: Option<Mid>,
    more: Vec<Mid>,
    /// Its payload type, as the offer says.
    opus: u8,
    pub is_connected: bool,
    pub is_gone: bool,
    is_silent: bool,
    hum: Option<Hum>,
    decoder: opus::Decoder,
    heard: Vec<f32>,
    /// RTP timestamp and length in samples of what was heard.
    pub packets: Vec<(u32, usize)>,
    /// How many came with redundancy around them.
    pub redundant: usize,
    sent: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Machine {
    fn new(shape: Shape) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(TICK)).unwrap();
        let address = socket.local_addr().unwrap();
        let mut config = Rtc::builder()
            .clear_codecs()
            .set_ice_lite(shape.ice_lite)
            .set_rtp_mode(true)
            .enable_opus(shape.redundancy, shape.redundancy);
        if !shape.redundancy {
            let clock = match shape.clock_hz {
                16_000 => Frequency::SIXTEEN_KHZ,
                _ => Frequency::FORTY_EIGHT_KHZ,
            };
            let format =
                FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..Default::default() };
            config.codec_config().add_config(OPUS.into(), None, Codec::Opus, clock, Some(2), format);
        }
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        Self {
            rtc,
            shape,
            socket,
            address,
            pending: None,
            mid: None,
            more: vec![],
            opus: OPUS,
            is_connected: false,
            is_gone: false,
            is_silent: false,
            hum: None,
            decoder: opus::Decoder::new(RATE as u32, opus::Channels::Mono).unwrap(),
            heard: vec![],
            packets: vec![],
            redundant: 0,
            sent: VecDeque::new(),
        }
    }

    fn offer(&mut self) -> String {
        let mut changes = self.rtc.sdp_api();
        self.mid = Some(changes.add_media(MediaKind::Audio, self.shape.direction, None, None, None));
        let more = (1..self.shape.voices)
            .map(|_| changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None));
        self.more = more.collect();
        changes.add_channel("voice".into());
        let (offer, pending) = changes.apply().expect("there is something to offer");
        self.pending = Some(pending);
        let Shape { frame_millis, names_streams, setup, .. } = self.shape;
        let offer = offer
            .to_sdp_string()
            .replacen("a=rtcp-mux\r\n", &format!("a=rtcp-mux\r\na=ptime:{frame_millis}\r\n"), 1)
            .replace("a=setup:actpass", &format!("a=setup:{setup}"));
        let kept = |line: &&str| names_streams || !line.starts_with("a=ssrc");
        offer.split_inclusive('\n').filter(kept).collect()
    }

    fn answer(&mut self, offer: &str) -> String {
        let theirs = offer.lines().find_map(|line| {
            let (payload_type, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            payload_type.parse().ok().filter(|_| codec.starts_with("opus/"))
        });
        self.opus = theirs.expect("an offer with Opus");
        let offer = SdpOffer::from_sdp_string(offer).expect("an offer that others understand");
        self.rtc.sdp_api().accept_offer(offer).expect("an offer that others accept").to_sdp_string()
    }

    fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer that others understand");
        let pending = self.pending.take().expect("offered");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that others accept");
    }

    /// Sends the last datagrams once more, as they were.
    pub fn send_again(&mut self, count: usize) -> usize {
        let from = self.sent.len().saturating_sub(count);
        for (to, datagram) in self.sent.range(from..) {
            let _ = self.socket.send_to(datagram, to);
        }
        self.sent.len() - from
    }

    /// Sends bytes of nobody's making to where the media goes.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        if let Some((to, _)) = self.sent.back() {
            let _ = self.socket.send_to(bytes, *to);
        }
    }

    /// Sends one packet of a stream that no description named.
    pub fn send_stream(&mut self, ssrc: u32, number: u64, timestamp: u32, payload: Vec<u8>) {
        self.send(ssrc, self.opus, number, timestamp, payload);
    }

    /// Sends one packet in each audio section that is for voices alone.
    pub fn send_everywhere(&mut self, number: u64, timestamp: u32, payload: &[u8]) {
        for mid in self.more.clone() {
            let mut direct = self.rtc.direct_api();
            let stream = direct.stream_tx_by_mid(mid, None).expect("offered");
            let (payload_type, now) = (self.opus.into(), Instant::now());
            stream.write_rtp(RtpWrite::new(payload_type, number.into(), timestamp, now, payload.to_vec()));
            self.pump();
        }
    }

    /// Sends bytes as if they were audio with redundancy.
    pub fn send_redundancy(&mut self, number: u64, timestamp: u32, payload: Vec<u8>) {
        self.send(1, RED, number, timestamp, payload);
    }

    fn send(&mut self, ssrc: u32, payload_type: u8, number: u64, timestamp: u32, payload: Vec<u8>) {
        let mid = self.mid.expect("negotiated");
        let mut direct = self.rtc.direct_api();
        let stream = direct.declare_stream_tx(Ssrc::from(ssrc), None, mid, None);
        stream.write_rtp(RtpWrite::new(
            payload_type.into(),
            number.into(),
            timestamp,
            Instant::now(),
            payload,
        ));
        self.pump();
    }

    fn run(&mut self, inbox: &Receiver<Wish>) {
        loop {
            loop {
                match inbox.try_recv() {
                    Ok(wish) => wish(self),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            if self.is_silent {
                std::thread::sleep(TICK);
                continue;
            }
            self.sound();
            self.pump();
            self.read();
        }
    }

    /// What is due of the tone.
    fn sound(&mut self) {
        let (Some(mid), true, Some(hum)) = (self.mid, self.is_connected, &mut self.hum) else { return };
        let now = Instant::now();
        while *hum.due.get_or_insert(now) <= now {
            let (payload_type, timestamp, number, payload) = hum.next(self.opus);
            let mut direct = self.rtc.direct_api();
            if direct.stream_tx_by_mid(mid, None).is_none() {
                let ssrc = direct.new_ssrc();
                direct.declare_stream_tx(ssrc, None, mid, None);
            }
            let stream = direct.stream_tx_by_mid(mid, None).expect("just declared");
            let level =
                ExtensionValues { audio_level: Some(-12), voice_activity: Some(true), ..Default::default() };
            let packet = RtpWrite::new(payload_type.into(), number.into(), timestamp, now, payload);
            stream.write_rtp(packet.ext_vals(level));
        }
    }

    fn pump(&mut self) {
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        while self.rtc.is_alive() {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                    // Of the media alone (RFC 7983).
                    if (128..192).contains(&transmit.contents[0]) {
                        self.sent.push_back((transmit.destination, transmit.contents.to_vec()));
                        self.sent.drain(..self.sent.len().saturating_sub(KEPT));
                    }
                }
                Ok(Output::Event(event)) => self.take(event),
                Ok(Output::Timeout(_)) => return,
                Err(error) => panic!("str0m gave up: {error}"),
            }
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 2048];
        let (length, source) = match self.socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return,
            // The other side's socket is gone.
            Err(_) => return std::thread::sleep(TICK),
        };
        let received = Receive::new(Protocol::Udp, source, self.address, &buffer[..length]);
        if let Ok(received) = received {
            self.rtc.handle_input(Input::Receive(Instant::now(), received)).expect("taken");
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connected => self.is_connected = true,
            Event::MediaAdded(media) => self.mid = Some(media.mid),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::ChannelClose(_) => {
                self.is_gone = true;
            }
            Event::RtpPacket(packet) => {
                let is_red = self.shape.redundancy && *packet.header.payload_type == RED;
                self.redundant += usize::from(is_red);
                let payload = if is_red { primary(&packet.payload) } else { &packet.payload };
                let mut frame = [0.0; 5760];
                if let Ok(samples) = self.decoder.decode_float(payload, &mut frame, false) {
                    self.packets.push((packet.header.timestamp, samples));
                    self.heard.extend(&frame[..samples]);
                }
            }
            _ => {}
        }
    }
}

/// The newest block of a packet with redundancy (RFC 2198): after a header of four bytes for each older one.
fn primary(payload: &[u8]) -> &[u8] {
    let older: Vec<_> = payload.chunks_exact(4).take_while(|header| header[0] & 128 != 0).collect();
    let skipped: usize =
        older.iter().map(|header| usize::from(u16::from_be_bytes([header[2] & 3, header[3]]))).sum();
    payload.get(older.len() * 4 + 1 + skipped..).unwrap_or_default()
}

/// A tone on its way into packets.
struct Hum {
    packets: Vec<Vec<u8>>,
    shape: Shape,
    number: u64,
    due: Option<Instant>,
}

impl Hum {
    /// A second of it, which begins where it ends.
    fn new(hz: f32, shape: Shape) -> Self {
        let mut encoder =
            opus::Encoder::new(RATE as u32, opus::Channels::Mono, opus::Application::Voip).unwrap();
        encoder.set_bitrate(opus::Bitrate::Bits(40_000)).unwrap();
        let frame = RATE / 1000 * shape.frame_millis as usize;
        let sound = tone(hz, RATE);
        let packets =
            sound.chunks_exact(frame).map(|frame| encoder.encode_vec_float(frame, 1275).unwrap()).collect();
        Self { packets, shape, number: 0, due: None }
    }

    fn next(&mut self, opus: u8) -> (u8, u32, u64, Vec<u8>) {
        let Shape { clock_hz, frame_millis, redundancy, .. } = self.shape;
        let at = |number: u64| self.packets[number as usize % self.packets.len()].clone();
        let ticks = clock_hz / 1000 * frame_millis;
        let (payload_type, payload) = match (redundancy, self.number.checked_sub(1).map(at)) {
            (true, Some(older)) => (RED, with_redundancy(&older, &at(self.number), ticks)),
            _ => (opus, at(self.number)),
        };
        let number = self.number;
        self.number += 1;
        *self.due.as_mut().expect("due now") += Duration::from_millis(frame_millis.into());
        (payload_type, (number as u32).wrapping_mul(ticks), number, payload)
    }
}

fn with_redundancy(older: &[u8], newer: &[u8], ticks: u32) -> Vec<u8> {
    let header = u32::from(128 | OPUS) << 24 | ticks << 10 | older.len() as u32;
    [&header.to_be_bytes(), &[OPUS][..], older, newer].concat()
}
