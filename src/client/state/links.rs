//! How a connection to one other member comes about, and what is tried when it does not. Pure, and one machine for each member;
//! `linking` runs them in a party.
//!
//! ```text
//! Awaiting ─ their offer ─▶ Answering ─ sent ─▶ Connecting ─▶ Connected ⇄ Interrupted
//!    │ nothing                                   ▲                 │ lost
//!    ▼                                           │                 ▼
//! Waiting ─ due ─▶ Offering ─ sent ─▶ Offered ─ their answer   Waiting or Awaiting, in the end Unreachable
//!                     ▲                                                                              │
//!                     └───────────────────────── a quiet try, now and then ──────────────────────────┘
//! ```

use std::time::{Duration, Instant};

use super::{bucket::Bucket, slot::Slot};
use crate::{
    client::{MemberReach, Unreachable},
    model::{AccountId, Member, Platform},
    voice::ConnectionState,
};

/// For a description to be made and sent: finding out how others see us included.
const SIGNAL_TIME: Duration = Duration::from_secs(15);
/// For an answer to our offer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// From an agreement to the first sign of life.
const CONNECT_TIME: Duration = Duration::from_secs(8);
/// A path that stutters may come back by itself.
const INTERRUPTION_TIME: Duration = Duration::from_millis(1500);
/// Who closes may be about to leave.
const LEAVING_TIME: Duration = Duration::from_secs(1);
/// Whose turn it is to offer has this long, then we do.
const THEIR_TURN: Duration = Duration::from_secs(6);
/// A connection that held this long was a good one.
const STEADY: Duration = Duration::from_secs(10);
/// In a row, until a member is given up.
const TRIES: u32 = 3;
/// Then another one, by whose turn it is: networks change, and nobody says so.
const QUIET: Duration = Duration::from_secs(60);

/// To one member.
#[derive(Debug)]
pub struct Link {
    pub platform: Platform,
    /// Whoever comes back later in the order has forgotten us.
    pub join_order: u32,
    voice_off: bool,
    /// It is ours to offer first.
    ours: bool,
    step: Step,
    pub slot: Slot,
    /// This connection was offered by us.
    offered: bool,
    /// Of the last offer that we made.
    sequence: u64,
    /// Of the last offer of theirs that this connection answers.
    taken: u64,
    /// The newest of their messages about this connection.
    number: u64,
    /// Tries in a row that came to nothing.
    failures: u32,
    /// What is shown during a try that nobody asked for.
    given_up: Option<Unreachable>,
    ever_connected: bool,
    connected: Option<Instant>,
    due: Option<Instant>,
    messages: Bucket<8, 10>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is theirs to offer, until `due`.
    Awaiting,
    /// Until `due`, when we offer.
    Waiting,
    /// Our offer is being made and sent.
    Offering,
    Offered,
    /// Our answer is being made and sent.
    Answering,
    /// Agreed; the path is being found.
    Connecting,
    Connected,
    Interrupted,
    Unreachable(Unreachable),
}

/// Why something could not be said or understood.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    pub why: Unreachable,
    /// Until another try; `None`: it would come to nothing too.
    pub pause: Option<Duration>,
}

impl Link {
    pub fn new(member: &Member, ours: bool, now: Instant) -> Self {
        let mut link = Self {
            platform: member.platform,
            join_order: member.join_order,
            voice_off: member.voice_off,
            ours,
            step: Step::Awaiting,
            slot: Slot::default(),
            offered: false,
            sequence: 0,
            taken: 0,
            number: 0,
            failures: 0,
            given_up: None,
            ever_connected: false,
            connected: None,
            due: None,
            messages: Bucket::default(),
        };
        link.start_over(now);
        link
    }

    /// What the session says of the member now.
    pub fn follow(&mut self, member: &Member, ours: bool, now: Instant) {
        (self.platform, self.ours) = (member.platform, ours);
        let was_off = std::mem::replace(&mut self.voice_off, member.voice_off);
        if was_off && !self.voice_off && self.step == Step::Unreachable(Unreachable::VoiceOff) {
            self.start_over(now);
        }
    }

    fn start_over(&mut self, now: Instant) {
        (self.failures, self.given_up) = (0, None);
        (self.step, self.due) =
            if self.ours { (Step::Waiting, Some(now)) } else { (Step::Awaiting, Some(now + THEIR_TURN)) };
    }

    /// What was given up, or waited for this, is tried again: messages pass that did not before.
    pub fn revive(&mut self, now: Instant) {
        (self.failures, self.given_up) = (0, None);
        match self.step {
            Step::Unreachable(Unreachable::VoiceOff | Unreachable::NotUnderstood) => {}
            Step::Unreachable(_) => self.start_over(now),
            Step::Waiting if self.due.is_none() => self.due = Some(now),
            _ => {}
        }
    }

    /// The network may have changed: the next quiet try need not wait.
    pub fn hurry(&mut self, now: Instant) {
        if self.is_given_up() {
            self.due = self.due.map(|due| due.min(now));
        }
    }

    /// By the user's wish: it is ours to offer.
    pub fn retry(&mut self, now: Instant) {
        (self.failures, self.given_up) = (0, None);
        if self.is_given_up() {
            (self.step, self.due) = (Step::Waiting, Some(now));
        }
    }

    pub fn reach(&self) -> MemberReach {
        match self.step {
            Step::Connected => MemberReach::Direct,
            Step::Unreachable(why) => MemberReach::Unreachable(why),
            _ if self.slot.replaced() != 0 => MemberReach::Direct,
            _ if let Some(why) = self.given_up => MemberReach::Unreachable(why),
            _ if self.ever_connected => MemberReach::Reconnecting,
            _ => MemberReach::Connecting,
        }
    }

    /// Until a quiet try, if there is one to come.
    pub fn is_given_up(&self) -> bool {
        matches!(self.step, Step::Unreachable(_))
    }

    pub fn is_direct(&self) -> bool {
        self.reach() == MemberReach::Direct
    }

    pub fn was_ever_connected(&self) -> bool {
        self.ever_connected
    }

    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The time of a step is up. `true`: we should offer now.
    pub fn overdue(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        match self.step {
            Step::Awaiting | Step::Waiting | Step::Unreachable(_) if self.voice_off => {
                self.give_up(Unreachable::VoiceOff, now);
            }
            Step::Awaiting | Step::Waiting | Step::Unreachable(_) => return true,
            Step::Offering | Step::Offered => self.fail(Unreachable::NoAnswer, Some(Duration::ZERO), now),
            Step::Answering | Step::Connecting => self.no_path(now),
            Step::Interrupted => self.lost(Duration::ZERO, now),
            Step::Connected => self.due = None,
        }
        false
    }

    /// The earliest moment for one more message to them.
    pub fn may_speak(&self, now: Instant) -> Instant {
        self.messages.when(1, 0, now)
    }

    /// `None`: until [`Self::revive`].
    pub fn put_off(&mut self, until: Option<Instant>) {
        if !self.is_given_up() {
            self.step = Step::Waiting;
        }
        self.due = until;
    }

    /// We offer, with the number that is returned.
    pub fn offer(&mut self, connection: u64, now: Instant) -> u64 {
        self.messages.spend(1, now);
        self.begin_quietly();
        self.sequence += 1;
        self.slot.put(connection);
        (self.offered, self.taken) = (true, 0);
        (self.step, self.due) = (Step::Offering, Some(now + SIGNAL_TIME));
        self.sequence
    }

    /// Whether an offer of theirs counts. Crossing offers are settled by the ids; while a connection stands, what is late or
    /// repeated is not a new one.
    pub fn takes_offer(&self, sequence: u64, number: u64, we_give_way: bool) -> bool {
        match self.step {
            Step::Offering | Step::Offered => we_give_way,
            Step::Answering | Step::Connecting | Step::Connected => {
                sequence > self.taken && (number == 0 || number > self.number)
            }
            _ => true,
        }
    }

    /// Their offer counts: it is answered by `connection`.
    pub fn answer(&mut self, connection: u64, sequence: u64, number: u64, now: Instant) {
        self.messages.spend(1, now);
        self.begin_quietly();
        if self.step == Step::Connected {
            self.slot.put_beside(connection);
            self.forgive_if_steady(now);
        } else {
            self.slot.put(connection);
        }
        (self.offered, self.taken, self.number) = (false, sequence, number);
        (self.step, self.due) = (Step::Answering, Some(now + SIGNAL_TIME));
    }

    /// One try, not all of them: two that gave up must not keep each other at it.
    fn begin_quietly(&mut self) {
        if let Step::Unreachable(why) = self.step {
            (self.failures, self.given_up) = (TRIES - 1, Some(why));
        }
    }

    /// Their answer, if it is one to the offer that stands: the connection to hand it to.
    pub fn take_answer(&mut self, sequence: u64, number: u64, now: Instant) -> Option<u64> {
        if !matches!(self.step, Step::Offering | Step::Offered) || sequence != self.sequence {
            return None;
        }
        self.number = number;
        (self.step, self.due) = (Step::Connecting, Some(now + CONNECT_TIME));
        Some(self.slot.current())
    }

    /// Our message is on its way, or it could not be made or sent. Their answer, or the path itself, may have been faster: then
    /// it arrived, whatever became of the sending.
    pub fn signalled(&mut self, connection: u64, result: Result<(), Trouble>, now: Instant) {
        let next = match self.step {
            _ if connection != self.slot.current() => return,
            Step::Offering => (Step::Offered, Some(now + ANSWER_TIME)),
            Step::Answering => (Step::Connecting, Some(now + CONNECT_TIME)),
            _ => return,
        };
        match result {
            Ok(()) => (self.step, self.due) = next,
            Err(Trouble { why, pause }) => self.fail(why, pause, now),
        }
    }

    /// Their answer could not be taken in.
    pub fn not_accepted(&mut self, connection: u64, trouble: Trouble, now: Instant) {
        if connection == self.slot.current() && self.step == Step::Connecting {
            self.fail(trouble.why, trouble.pause, now);
        }
    }

    pub fn connection_event(&mut self, connection: u64, state: ConnectionState, now: Instant) {
        let ended = matches!(state, ConnectionState::Closed | ConnectionState::Failed);
        if connection != self.slot.current() {
            if ended {
                self.slot.end_replaced();
            }
            return;
        }
        match (state, self.step) {
            (_, Step::Awaiting | Step::Waiting | Step::Unreachable(_)) => {}
            (ConnectionState::Connected, _) => {
                self.slot.end_replaced();
                if self.step != Step::Interrupted {
                    self.connected = Some(now);
                }
                (self.step, self.due, self.ever_connected) = (Step::Connected, None, true);
                self.given_up = None;
            }
            (ConnectionState::Interrupted, Step::Connected) => {
                (self.step, self.due) = (Step::Interrupted, Some(now + INTERRUPTION_TIME));
            }
            (ConnectionState::Interrupted, _) => {}
            (ConnectionState::Closed, Step::Connected | Step::Interrupted) => self.lost(LEAVING_TIME, now),
            (ConnectionState::Failed, Step::Connected | Step::Interrupted) => self.lost(Duration::ZERO, now),
            (ConnectionState::Closed | ConnectionState::Failed, _) => self.no_path(now),
        }
    }

    fn no_path(&mut self, now: Instant) {
        self.fail(Unreachable::NoPath, Some(Duration::from_secs(1 << self.failures.min(4))), now);
    }

    fn lost(&mut self, wait: Duration, now: Instant) {
        if self.forgive_if_steady(now) {
            return self.go_on_after(wait, now);
        }
        let wait = wait.max(Duration::from_millis(500 << self.failures.min(4)));
        self.fail(Unreachable::Lost, Some(wait), now);
    }

    fn forgive_if_steady(&mut self, now: Instant) -> bool {
        let steady = self.connected.is_some_and(|since| now.duration_since(since) >= STEADY);
        if steady {
            self.failures = 0;
        }
        steady
    }

    /// `wait` `None`: another try would come to nothing too.
    fn fail(&mut self, why: Unreachable, wait: Option<Duration>, now: Instant) {
        if self.slot.fall_back() {
            (self.step, self.due) = (Step::Connected, None);
            return;
        }
        self.failures += 1;
        match wait.filter(|_| self.failures < TRIES) {
            Some(wait) => self.go_on_after(wait, now),
            None => self.give_up(why, now),
        }
    }

    /// Whoever offered offers again.
    fn go_on_after(&mut self, wait: Duration, now: Instant) {
        let ours = self.offered || self.slot.is_empty();
        self.forget();
        (self.step, self.due) = if ours {
            (Step::Waiting, Some(now + wait))
        } else {
            (Step::Awaiting, Some(now + THEIR_TURN.max(wait)))
        };
    }

    fn give_up(&mut self, why: Unreachable, now: Instant) {
        self.forget();
        let may_pass = matches!(why, Unreachable::NoAnswer | Unreachable::NoPath | Unreachable::Lost);
        self.given_up = None;
        (self.step, self.due) = (Step::Unreachable(why), (self.ours && may_pass).then(|| now + QUIET));
    }

    fn forget(&mut self) {
        self.slot.clear();
        (self.taken, self.number, self.connected) = (0, 0, None);
    }
}

/// Whether it is ours to offer first: whoever came later does; where nobody knows, the higher id.
pub fn is_ours(me: (u32, AccountId), them: (u32, AccountId)) -> bool {
    me > them
}
