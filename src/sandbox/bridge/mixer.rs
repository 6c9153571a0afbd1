//! The mix: every 40 ms each peer is sent everybody else. One thread per bridge, on an absolute schedule; it sleeps
//! while no peer is connected.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use opus::{Application, Bitrate, Channels, Encoder, Signal, SoftClip};
use tokio::sync::mpsc as async_mpsc;

use super::{
    audio::{FRAME, FRAME_TIME, Frame, SAMPLE_RATE, SILENCE, is_audible, level, rtp_level},
    jitter::{Arrival, JitterBuffer},
};
use crate::sandbox::people::AccountId;

/// Packets that wait between a peer and the mixer, in either direction.
const BACKLOG: usize = 32;
/// How long a talker counts as speaking after the last audible frame: words have pauses.
const HANGOVER: u32 = 8;
/// Frames of silence sent after the last speech, so that its end is heard as such.
const TAIL: u32 = 3;
/// While nobody speaks, every tenth frame is sent: 400 ms.
const KEEP_ALIVE: u32 = 10;
/// A mixer that fell this far behind starts a new schedule instead of catching up.
const GIVE_UP: Duration = Duration::from_millis(500);
/// Bits per second, and the loss in percent that the redundancy is made for.
const BITRATE: i32 = 40_000;
const EXPECTED_LOSS: i32 = 10;
/// Largest Opus packet made.
const MAX_PACKET: usize = 1000;

/// Somebody on the mixer who is no network peer: hears and speaks in step with the mix, on its thread.
pub(in crate::sandbox) trait Voice: Send {
    /// The next 40 ms. `false`: nothing to say, `frame` is untouched.
    fn speak(&mut self, frame: &mut Frame) -> bool;
    /// What the others said in the same 40 ms; silence included.
    fn hear(&mut self, mix: &Frame);
}

/// One packet of the mix for one peer.
pub(super) struct Outgoing {
    pub sequence: u16,
    pub timestamp: u32,
    /// First after a pause.
    pub marker: bool,
    /// RTP audio level.
    pub level: u8,
    /// Who contributes, as CSRC.
    pub contributors: Vec<u32>,
    pub payload: Vec<u8>,
}

/// A network peer's two queues.
pub(super) struct Line {
    pub arrivals: mpsc::SyncSender<Arrival>,
    pub outgoing: async_mpsc::Receiver<Outgoing>,
}

/// Commands to a mixer; when the last handle is gone, its thread ends.
#[derive(Clone)]
pub(super) struct Mixer(Sender<Control>);

enum Control {
    Seat(Box<Seat>),
    Unseat(AccountId),
}

struct Seat {
    account: AccountId,
    kind: Kind,
    /// Frames left in which this one still counts as speaking.
    hangover: u32,
    frame: Frame,
    audible: bool,
}

enum Kind {
    Peer(Box<Peer>),
    Resident(Box<dyn Voice>),
}

struct Peer {
    arrivals: Receiver<Arrival>,
    outgoing: async_mpsc::Sender<Outgoing>,
    jitter: JitterBuffer,
    encoder: Encoder,
    clip: SoftClip,
    sequence: u16,
    timestamp: u32,
    /// Frames since somebody spoke.
    quiet: u32,
    /// Something was left out since the last packet.
    paused: bool,
}

impl Mixer {
    /// Starts the thread.
    pub fn start() -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new().name("sandbox-mixer".to_owned()).spawn(move || run(&receiver))?;
        Ok(Self(sender))
    }

    /// Seats a network peer; an earlier seat of the same account ends.
    pub fn seat_peer(&self, account: AccountId) -> Result<Line, opus::Error> {
        let (peer, line) = Peer::new()?;
        self.seat(account, Kind::Peer(Box::new(peer)));
        Ok(line)
    }

    pub fn seat_resident(&self, account: AccountId, voice: Box<dyn Voice>) {
        self.seat(account, Kind::Resident(voice));
    }

    fn seat(&self, account: AccountId, kind: Kind) {
        let seat = Seat { account, kind, hangover: 0, frame: SILENCE, audible: false };
        self.send(Control::Seat(Box::new(seat)));
    }

    pub fn unseat(&self, account: AccountId) {
        self.send(Control::Unseat(account));
    }

    fn send(&self, control: Control) {
        if self.0.send(control).is_err() {
            tracing::error!("a mixer's thread is gone");
        }
    }
}

/// For 40 ms of a voice.
pub(in crate::sandbox) fn encoder() -> Result<Encoder, opus::Error> {
    // Not `Voip`: its high-pass filter was run by the talker already, and twice is audible.
    let mut encoder = Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Audio)?;
    encoder.set_bitrate(Bitrate::Bits(BITRATE))?;
    encoder.set_inband_fec(true)?;
    // Taken for music, it would switch to a mode without redundancy.
    encoder.set_signal(Signal::Voice)?;
    encoder.set_packet_loss_perc(EXPECTED_LOSS)?;
    Ok(encoder)
}

fn run(controls: &Receiver<Control>) {
    let mut seats: Vec<Seat> = Vec::new();
    let mut next = Instant::now();
    loop {
        let somebody_listens = seats.iter().any(|seat| matches!(seat.kind, Kind::Peer(_)));
        let control = if somebody_listens {
            controls.recv_timeout(next.saturating_duration_since(Instant::now()))
        } else {
            controls.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match control {
            Ok(Control::Seat(seat)) => {
                if !somebody_listens {
                    next = Instant::now() + FRAME_TIME;
                }
                seats.retain(|other| other.account != seat.account);
                seats.push(*seat);
            }
            Ok(Control::Unseat(account)) => seats.retain(|seat| seat.account != account),
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                mix(&mut seats, now);
                next += FRAME_TIME;
                if now.saturating_duration_since(next) > GIVE_UP {
                    next = now + FRAME_TIME;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// One frame: collects what everybody says, and gives everybody the sum of the others.
fn mix(seats: &mut [Seat], now: Instant) {
    for seat in seats.iter_mut() {
        seat.listen(now);
    }
    let mut sum = SILENCE;
    for seat in seats.iter().filter(|seat| seat.audible) {
        add(&mut sum, &seat.frame, 1.0);
    }
    let speaking: Vec<AccountId> =
        seats.iter().filter(|seat| seat.audible).map(|seat| seat.account).collect();
    for seat in seats.iter_mut() {
        let mut others = sum;
        if seat.audible {
            if speaking.len() == 1 { others = SILENCE } else { add(&mut others, &seat.frame, -1.0) }
        }
        let contributors = speaking
            .iter()
            .filter(|account| **account != seat.account)
            .map(|account| account.csrc())
            .collect();
        match &mut seat.kind {
            Kind::Peer(peer) => peer.send(others, contributors),
            Kind::Resident(voice) => voice.hear(&others),
        }
    }
}

fn add(sum: &mut Frame, frame: &Frame, factor: f32) {
    for (sum, sample) in sum.iter_mut().zip(frame) {
        *sum += sample * factor;
    }
}

impl Seat {
    fn listen(&mut self, now: Instant) {
        let something = match &mut self.kind {
            Kind::Peer(peer) => {
                while let Ok(arrival) = peer.arrivals.try_recv() {
                    peer.jitter.push(arrival);
                }
                peer.jitter.pull(now, &mut self.frame)
            }
            Kind::Resident(voice) => voice.speak(&mut self.frame),
        };
        self.hangover = match something {
            false => 0,
            true if is_audible(&self.frame) => HANGOVER,
            true => self.hangover.saturating_sub(1),
        };
        self.audible = self.hangover > 0;
    }
}

impl Peer {
    fn new() -> Result<(Self, Line), opus::Error> {
        let (arrivals, receiver) = mpsc::sync_channel(BACKLOG);
        let (sender, outgoing) = async_mpsc::channel(BACKLOG);
        let peer = Self {
            arrivals: receiver,
            outgoing: sender,
            jitter: JitterBuffer::new()?,
            encoder: encoder()?,
            clip: SoftClip::new(Channels::Mono),
            sequence: rand::random(),
            timestamp: rand::random(),
            quiet: TAIL,
            paused: true,
        };
        Ok((peer, Line { arrivals, outgoing }))
    }

    fn send(&mut self, mut mix: Frame, contributors: Vec<u32>) {
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME as u32);
        self.quiet = if contributors.is_empty() { self.quiet.saturating_add(1) } else { 0 };
        if self.quiet > TAIL && !self.quiet.is_multiple_of(KEEP_ALIVE) {
            self.paused = true;
            return;
        }
        self.clip.apply(&mut mix);
        let payload = match self.encoder.encode_vec_float(&mix, MAX_PACKET) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::warn!(%error, "a frame of the mix was not encoded");
                return;
            }
        };
        let packet = Outgoing {
            sequence: self.sequence,
            timestamp,
            marker: self.paused,
            level: rtp_level(level(&mix)),
            contributors,
            payload,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.paused = false;
        // A peer that does not take its packets loses them: late sound is worth nothing.
        let _ = self.outgoing.try_send(packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says the same sample for ever, and keeps what it heard.
    struct Constant {
        says: f32,
        heard: Sender<f32>,
    }

    impl Voice for Constant {
        fn speak(&mut self, frame: &mut Frame) -> bool {
            frame.fill(self.says);
            self.says != 0.0
        }

        fn hear(&mut self, mix: &Frame) {
            self.heard.send(mix[FRAME / 2]).expect("the test listens");
        }
    }

    fn seat(account: u64, says: f32) -> (Seat, Receiver<f32>) {
        let (heard, receiver) = mpsc::channel();
        let kind = Kind::Resident(Box::new(Constant { says, heard }));
        (Seat { account: AccountId(account), kind, hangover: 0, frame: SILENCE, audible: false }, receiver)
    }

    #[test]
    fn everybody_hears_the_sum_of_the_others() {
        let (seats, heard): (Vec<_>, Vec<_>) = [seat(1, 0.1), seat(2, 0.2), seat(3, 0.0)].into_iter().unzip();
        let mut seats = seats;
        mix(&mut seats, Instant::now());
        let heard: Vec<f32> = heard.iter().map(|receiver| receiver.recv().expect("heard")).collect();
        for (heard, expected) in heard.into_iter().zip([0.2, 0.1, 0.3]) {
            assert!((heard - expected).abs() < 1e-6, "{heard} {expected}");
        }
    }

    #[test]
    fn a_peer_is_told_who_speaks_and_pauses_are_jumps_in_time_alone() {
        let (peer, mut line) = Peer::new().expect("a codec");
        let kind = Kind::Peer(Box::new(peer));
        let listener = Seat { account: AccountId(9), kind, hangover: 0, frame: SILENCE, audible: false };
        let mut take = |seats: &mut [Seat]| {
            mix(seats, Instant::now());
            line.outgoing.try_recv().ok()
        };
        let mut seats = vec![listener];
        let silent: Vec<_> = (0..20).map(|_| take(&mut seats)).collect();
        let kept_alive: Vec<_> = silent.into_iter().flatten().collect();
        assert_eq!(kept_alive.len(), 2, "one packet in 400 ms");
        assert_eq!(kept_alive[1].sequence, kept_alive[0].sequence.wrapping_add(1));
        assert_eq!(kept_alive[1].timestamp, kept_alive[0].timestamp.wrapping_add(6400));
        assert!(kept_alive.iter().all(|packet| packet.contributors.is_empty() && packet.level == 127));

        let (loud, _heard) = seat(7, 0.3);
        seats.push(loud);
        let spoken: Vec<_> = (0..5).filter_map(|_| take(&mut seats)).collect();
        assert_eq!(spoken.len(), 5);
        assert!(spoken.iter().all(|packet| packet.contributors == [7] && packet.level < 20));
        assert!(spoken[1..].iter().all(|packet| !packet.marker));
    }
}
