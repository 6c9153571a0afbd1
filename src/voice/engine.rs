//! The voice thread: microphone to network, network to speakers, ten milliseconds at a time.
//!
//! The cards set the pace: each wakes the thread when it has a block or wants one. It sleeps while there is nothing to do:
//! without a connection or a test until it is called, in a quiet party for [`QUIET_TICK`] or until a packet comes. It
//! never waits for anything else.

mod bridging;
mod copies;
mod downlink;
mod uplink;

pub use downlink::Downlink;
pub use uplink::{Reading, Uplink};

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use super::{
    Listening, Talk,
    device::{
        Capture, Playback,
        supervisor::{Order, Orders},
    },
    incoming::Incoming,
    meters::Meters,
    monitor::Monitor,
    outgoing::Outgoing,
    party_output::PartyOutput,
    processing::Chain,
    recording::Tape,
    screen::Screen,
    stats::Counters,
};
use crate::model::{AccountId, Hearing, OtherEnd};

/// While something is said or heard, and a device does not call by itself.
const TICK: Duration = Duration::from_millis(10);
/// While they all do: should one forget.
const CALLED_TICK: Duration = Duration::from_millis(20);
/// In a quiet party: the microphone is drained; the key and a packet wake the thread at once.
const QUIET_TICK: Duration = Duration::from_millis(200);
/// While a bridge's silence is decoded at rest: a whole frame at a time. A first word is found that much later, and the
/// jitter buffer makes up for it, as it does for the card that must wake.
const REST_TICK: Duration = Duration::from_millis(40);
/// Quiet begins this long after the last sound; the microphone rests that long after the last word.
const QUIET_AFTER: Duration = Duration::from_secs(2);
/// And this long after it the speakers rest.
const REST_AFTER: Duration = Duration::from_secs(10);

/// What the thread is told.
pub enum Command {
    Talk(Talk),
    Members(Vec<AccountId>),
    /// With one's own ear, where one listens to oneself.
    Test(Listening, Option<Box<Monitor>>),
    Chime,
    Processing(Box<Chain>),
    LevelVoices(bool),
    /// How members are heard; whoever is not named is heard as they are.
    Hearing(Vec<(AccountId, Hearing)>),
    /// A connection was negotiated.
    Attach(Box<Attachment>),
    /// It is gone for good. The devices stay open: another may follow.
    Detach(u64),
    /// The connection is up, for the first time or again.
    Connected(u64),
    /// The path seems gone. What is said still goes out on it: it may be heard.
    Interrupted(u64),
    /// Of what we sent on it lately, this share did not arrive.
    Loss(u64, f32),
    Voice(u64, Box<Incoming>),
    /// No connection any more, and none expected: the devices close.
    HangUp,
    Capture(Option<Box<dyn Capture>>),
    Playback(Option<Box<dyn Playback>>),
    PartyOutput(Option<Box<PartyOutput>>),
    /// `None`: what is being recorded ends.
    Record(Option<Tape>),
}

/// What the thread needs of a connection.
pub struct Attachment {
    pub connection: u64,
    pub with: OtherEnd,
    /// `None`: the other side does not listen.
    pub outgoing: Option<Outgoing>,
    pub counters: Arc<Counters>,
}

/// Wakes the thread when it sleeps long; costs one load when it does not.
#[derive(Default)]
pub struct Nudge {
    thread: OnceLock<Thread>,
    quiet: AtomicBool,
}

impl Nudge {
    pub fn packet_arrived(&self) {
        if self.quiet.load(Ordering::Acquire) {
            self.now();
        }
    }

    /// A card has a block, or wants one. In the quiet neither is urgent.
    pub fn card_calls(&self) {
        if !self.quiet.load(Ordering::Acquire) {
            self.now();
        }
    }

    pub fn now(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// The other threads' end of the voice thread. Cheap to clone; never blocks.
#[derive(Clone)]
pub struct Remote {
    commands: Sender<Command>,
    pub nudge: Arc<Nudge>,
}

impl Remote {
    /// A thread that is gone takes no commands, and none are missed.
    pub fn send(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            self.nudge.now();
        }
    }
}

/// A [`Remote`], and what the thread will listen to.
pub fn remote() -> (Remote, Receiver<Command>) {
    let (commands, receiver) = channel();
    (Remote { commands, nudge: Arc::default() }, receiver)
}

/// What the thread works with.
pub struct Surroundings {
    pub microphone: Orders,
    pub speakers: Orders,
    pub party_output: Orders,
    pub meters: Arc<Meters>,
    pub wake: Arc<dyn Fn() + Send + Sync>,
    pub talk: Talk,
}

/// Starts the thread; it ends when `stop` is set and it was nudged.
///
/// # Errors
/// The system has no thread left.
pub fn spawn(
    commands: Receiver<Command>,
    nudge: Arc<Nudge>,
    stop: Arc<AtomicBool>,
    surroundings: Surroundings,
) -> std::io::Result<JoinHandle<()>> {
    let Surroundings { microphone, speakers, party_output, meters, wake, talk } = surroundings;
    thread::Builder::new().name("voice".into()).spawn(move || {
        raise_priority();
        _ = nudge.thread.set(thread::current());
        Engine {
            commands,
            nudge,
            stop,
            uplink: Uplink::new(microphone, talk),
            downlink: Downlink::new(speakers, party_output, talk.deafened),
            screen: Screen::new(meters, wake),
            last_sound: Instant::now(),
        }
        .run();
    })
}

/// Refused on most desktops without a special permission; the ring to the card covers for it.
fn raise_priority() {
    if let Err(error) = thread_priority::set_current_thread_priority(thread_priority::ThreadPriority::Max) {
        tracing::debug!(?error, "the voice thread runs at normal priority");
    }
}

struct Engine {
    commands: Receiver<Command>,
    nudge: Arc<Nudge>,
    stop: Arc<AtomicBool>,
    uplink: Uplink,
    downlink: Downlink,
    screen: Screen,
    last_sound: Instant,
}

impl Engine {
    fn run(mut self) {
        let mut next = Instant::now();
        while self.obey() {
            let now = Instant::now();
            let pause = self.pause(now);
            let is_quiet = !matches!(pause, Some(TICK | CALLED_TICK));
            self.nudge.quiet.store(is_quiet, Ordering::Release);
            if is_quiet {
                self.downlink.idle();
            }
            let Some(pause) = pause else {
                thread::park();
                next = Instant::now();
                continue;
            };
            self.tick(now);
            // Late by more than a few ticks: the time is gone, do not run after it. Called: it counts from here.
            let from = if pause == CALLED_TICK { now } else { next };
            next = (from + pause).clamp(now, now + pause);
            if let Some(due) = self.uplink.due() {
                next = next.min(due);
            }
            thread::park_timeout(next.saturating_duration_since(Instant::now()));
        }
    }

    /// `None`: nothing to do until called.
    fn pause(&self, now: Instant) -> Option<Duration> {
        if self.uplink.is_awake() || now < self.last_sound + QUIET_AFTER {
            Some(self.awake_tick())
        } else if self.downlink.is_awake() {
            Some(if self.downlink.is_resting() { REST_TICK } else { self.awake_tick() })
        } else if self.downlink.is_attached() || self.downlink.copies.is_recording() {
            Some(QUIET_TICK)
        } else {
            None
        }
    }

    fn awake_tick(&self) -> Duration {
        if self.uplink.is_called() && self.downlink.is_called() { CALLED_TICK } else { TICK }
    }

    fn tick(&mut self, now: Instant) {
        let Downlink { far, monitor, .. } = &mut self.downlink;
        self.uplink.run(now, far, monitor.as_deref_mut());
        let heard = self.downlink.run(now);
        if heard || self.uplink.is_speaking() {
            self.last_sound = now;
        } else if now > self.last_sound + REST_AFTER {
            self.downlink.rest(now);
        }
        self.screen.show(&self.uplink.reading(), &self.downlink, now);
    }

    /// `false`: the end.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.apply(command),
                Err(TryRecvError::Empty) => return !self.stop.load(Ordering::Acquire),
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn apply(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Talk(talk) => {
                self.uplink.set_talk(talk, now);
                self.downlink.deafened = talk.deafened;
                self.last_sound = now;
            }
            Command::Members(members) => self.downlink.roster.set_members(members),
            Command::Test(listening, monitor) => {
                self.uplink.set_test(listening, now);
                self.downlink.set_monitor(monitor);
            }
            Command::Chime => self.downlink.chime(),
            Command::Processing(chain) => self.uplink.set_processing(chain),
            Command::LevelVoices(on) => self.downlink.set_level_voices(on),
            Command::Hearing(hearing) => self.downlink.set_hearing(hearing),
            Command::Attach(attachment) => {
                let Attachment { connection, with, outgoing, counters } = *attachment;
                self.downlink.attach(connection, with, counters);
                if let Some(outgoing) = outgoing {
                    self.uplink.attach(connection, outgoing);
                }
            }
            Command::Detach(connection) => self.detach(connection, now),
            Command::Connected(connection) if self.downlink.has(connection) => {
                self.uplink.set_connected(connection, true, now);
                self.downlink.set_connected(connection, true);
                self.last_sound = now;
            }
            Command::Interrupted(connection) => {
                self.uplink.set_interrupted(connection);
                self.downlink.set_connected(connection, false);
            }
            Command::Loss(connection, share) => self.uplink.set_loss(connection, share, now),
            Command::Voice(connection, voice) => {
                self.downlink.add(connection, *voice);
                self.last_sound = now;
            }
            Command::HangUp => self.hang_up(now),
            Command::Connected(_) => {}
            Command::Capture(capture) => self.uplink.set_capture(capture, now),
            Command::Playback(playback) => self.downlink.set_playback(playback),
            Command::PartyOutput(output) => self.downlink.copies.set_output(output),
            Command::Record(tape) => self.downlink.copies.record(tape, now),
        }
    }

    fn detach(&mut self, connection: u64, now: Instant) {
        self.uplink.detach(connection, now);
        self.downlink.detach(connection);
    }

    fn hang_up(&mut self, now: Instant) {
        while let Some(connection) = self.downlink.attached() {
            self.detach(connection, now);
        }
        self.uplink.release();
        self.downlink.release();
        self.downlink.copies.record(None, now);
        self.screen.show(&self.uplink.reading(), &self.downlink, now);
    }
}

/// Tells a supervisor, when it changed, whether its device is needed, and whether it may rest.
struct Need {
    orders: Orders,
    needed: bool,
    /// Whether the device was last told to rest; `None`: it was just opened.
    told: Option<bool>,
}

impl Need {
    fn new(orders: Orders) -> Self {
        Self { orders, needed: false, told: Some(false) }
    }

    fn set(&mut self, needed: bool) {
        if needed != self.needed {
            self.needed = needed;
            self.orders.send(Order::Need(needed));
        }
    }

    fn rest(&mut self, resting: bool) {
        if self.told != Some(resting) {
            self.told = Some(resting);
            self.orders.send(Order::Rest(resting));
        }
    }

    fn is_resting(&self) -> bool {
        self.told == Some(true)
    }

    /// Another device was opened; an order to rest may have been under way to the one before.
    fn renewed(&mut self) {
        self.told = None;
        self.rest(false);
    }
}

#[cfg(test)]
mod tests;
