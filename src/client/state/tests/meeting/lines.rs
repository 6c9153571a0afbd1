//! The voices of a meeting, as seen from outside: descriptions are made, ends that belong together come up, and what is closed or
//! breaks is noticed at the other end.

use super::*;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub of: usize,
    pub life: u32,
    pub connection: u64,
}

/// One connection, as voice has it.
pub(super) struct Line {
    pub with: usize,
    /// What both ends name it by.
    offer: String,
    pub other: Option<End>,
    pub up: bool,
}

impl Meeting {
    pub(super) fn link(&mut self, of: usize, effect: LinksEffect) {
        match effect {
            LinksEffect::Offer { connection, ref recipient }
            | LinksEffect::Answer { connection, ref recipient, .. } => {
                let with = self.whose(recipient.account);
                let same = |(end, to): (&End, &usize)| end.of == of && *to == with;
                assert!(!self.making.iter().any(same), "one at a time");
                let end = self.end_of(of, connection);
                self.making.insert(end, with);
                let late = 5 + self.dice.below(300);
                self.later(late, Item::Made(end, effect));
            }
            LinksEffect::Accept { connection, answer } => {
                self.answer(of, 5, Input::Links(LinksInput::Accepted { connection, result: Ok(()) }));
                self.accept(self.end_of(of, connection), &answer.0);
            }
            LinksEffect::Close { connection } => {
                let end = self.end_of(of, connection);
                self.making.remove(&end);
                self.close(end);
            }
        }
    }

    fn end_of(&self, of: usize, connection: u64) -> End {
        End { of, life: self.people[of].life, connection }
    }

    pub(super) fn whose(&self, account: AccountId) -> usize {
        (0..self.people.len()).find(|of| id(*of) == account).expect("one of us")
    }

    /// Somebody described a connection, unless it was closed meanwhile, and says so; or cannot.
    pub(super) fn made(&mut self, end: End, effect: LinksEffect) {
        let Some(with) = self.making.remove(&end) else { return };
        let End { of, life, connection } = end;
        let (recipient, offer, description) = match effect {
            LinksEffect::Offer { recipient, .. } => {
                let offer = format!("{of}/{life}/{connection}");
                (recipient, offer.clone(), Description::Offer(Offer(offer)))
            }
            LinksEffect::Answer { recipient, offer, .. } => {
                // An answer names the offer, as its fingerprint and password do.
                let answer = format!("{}={of}={life}={connection}", offer.0);
                (recipient, offer.0, Description::Answer(Answer(answer)))
            }
            _ => unreachable!("nothing to describe"),
        };
        // What never came up gives way at once.
        self.close_those(|it, line| it.of == of && line.with == with && !line.up);
        self.lines.insert(end, Line { with, offer, other: None, up: false });
        // A message whose sending failed may have arrived.
        let lost = !self.calm && self.dice.percent(8);
        if !lost || self.dice.percent(50) {
            self.say(of, &recipient, description);
        }
        let failure = || Failure::new(ProblemKind::ServiceUnreachable, "not sent");
        let result = if lost { Err(failure()) } else { Ok(()) };
        let late = self.dice.below(1000);
        self.answer(of, late, Input::Links(LinksInput::Signalled { connection, result }));
    }

    /// What does not belong together never comes up, and nobody says so.
    fn accept(&mut self, ours: End, answer: &str) {
        let mut parts = answer.split('=');
        let offer = parts.next().expect("an offer");
        let mut number = || parts.next().expect("three more").parse::<u64>().expect("a number");
        let of = usize::try_from(number()).expect("few");
        let theirs = End { of, life: u32::try_from(number()).expect("few"), connection: number() };
        let Some(line) = self.lines.get_mut(&ours).filter(|line| line.other.is_none()) else { return };
        line.other = Some(theirs);
        let fits = line.offer == offer;
        let Some(there) = self.lines.get_mut(&theirs).filter(|_| fits) else { return };
        there.other = Some(ours);
        if self.calm || !self.dice.percent(15) {
            for end in [ours, theirs] {
                let late = 20 + self.dice.below(800);
                self.later(late, Item::Finds(end, ConnectionState::Connected));
            }
        }
    }

    fn is_joined(&self, end: End) -> bool {
        let other = self.lines.get(&end).and_then(|line| line.other);
        other.and_then(|other| self.lines.get(&other)).is_some_and(|there| there.other == Some(end))
    }

    pub(super) fn finds(&mut self, end: End, state: ConnectionState) {
        let joined = self.is_joined(end);
        let Some(line) = self.lines.get_mut(&end) else { return };
        match state {
            ConnectionState::Connected if !joined => return,
            ConnectionState::Connected => {
                line.up = true;
                let with = line.with;
                self.close_those(|it, line| it.of == end.of && line.with == with && *it < end);
            }
            ConnectionState::Interrupted => {}
            ConnectionState::Closed | ConnectionState::Failed => self.close(end),
        }
        // In the order it happened.
        let input = Input::Voice(VoiceEvent::Connection { connection: end.connection, state });
        self.later(10, Item::Given(end.of, end.life, input));
    }

    /// It stutters, and is `back` then, or never.
    pub(super) fn breaks_off(&mut self, end: End, back: Option<u64>) {
        self.later(1000, Item::Finds(end, ConnectionState::Interrupted));
        match back {
            Some(back) => self.later(1000 + back, Item::Finds(end, ConnectionState::Connected)),
            None => self.later(6000, Item::Finds(end, ConnectionState::Failed)),
        }
    }

    /// The other end hears of it, or finds nobody there any more.
    fn close(&mut self, end: End) {
        let joined = self.is_joined(end);
        let Some(other) = self.lines.remove(&end).and_then(|line| line.other).filter(|_| joined) else {
            return;
        };
        if self.calm || self.dice.percent(70) {
            let late = self.dice.below(200);
            self.later(late, Item::Finds(other, ConnectionState::Closed));
        } else {
            self.breaks_off(other, None);
        }
    }

    fn close_those(&mut self, which: impl Fn(&End, &Line) -> bool) {
        let those = self.lines.iter().filter(|(end, line)| which(end, line));
        let those: Vec<End> = those.map(|(end, _)| *end).collect();
        those.into_iter().for_each(|end| self.close(end));
    }

    pub(super) fn hang_up(&mut self, of: usize) {
        self.making.retain(|end, _| end.of != of);
        self.close_those(|end, _| end.of == of);
    }
}
