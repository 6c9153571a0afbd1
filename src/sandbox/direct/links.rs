//! One line to each other member: who offers, who gives way, what is tried again. Pure: time is an argument.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::signal::{Kind, Signal};
use crate::sandbox::people::AccountId;

/// From an offer to the next where no answer comes; doubled with each.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// From an answer to voice; what takes longer is given up.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// Offers in a row that may fail.
const MOST_OFFERS: u32 = 4;
/// From the end of a connection to the next offer.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Names a connection, whoever it goes to.
pub(super) type LineId = u64;

/// What is to be done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Do {
    Offer { to: AccountId, line: LineId, sequence: u64 },
    Answer { to: AccountId, line: LineId, sequence: u64, offer: String },
    Accept { line: LineId, answer: String },
    Close { line: LineId },
}

pub(super) struct Links {
    me: AccountId,
    /// Who joined later offers.
    my_order: u32,
    by_account: BTreeMap<AccountId, Link>,
    lines: LineId,
}

/// What there is between us and one other.
struct Link {
    join_order: u32,
    line: Option<Line>,
    /// Of our newest offer.
    offered: u64,
    /// Of their newest offer that was taken.
    taken: Option<u64>,
    /// Offers in a row that came to nothing.
    failed: u32,
    offer_at: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Line {
    id: LineId,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Offered { until: Instant },
    Answered { until: Instant },
    Connected,
}

impl Links {
    pub fn new(me: AccountId, my_order: u32) -> Self {
        Self { me, my_order, by_account: BTreeMap::new(), lines: 0 }
    }

    /// Fits the lines to those present, by account and join order, and to the time.
    pub fn fit(&mut self, present: &[(AccountId, u32)], now: Instant) -> Vec<Do> {
        let mut out = Vec::new();
        // Who comes back has another join order, and begins anew.
        let stays = |account: &AccountId, link: &Link| present.contains(&(*account, link.join_order));
        for (_, gone) in self.by_account.extract_if(.., |account, link| !stays(account, link)) {
            out.extend(gone.line.map(|line| Do::Close { line: line.id }));
        }
        for (account, join_order) in present.iter().filter(|(account, _)| *account != self.me) {
            self.by_account.entry(*account).or_insert(Link {
                join_order: *join_order,
                line: None,
                offered: 0,
                taken: None,
                failed: 0,
                offer_at: (self.my_order > *join_order).then_some(now),
            });
        }
        let offers_first = |link: &Link| self.my_order > link.join_order;
        for (account, link) in &mut self.by_account {
            if let Some(line) = link.line
                && line.stage.until().is_some_and(|until| until <= now)
            {
                out.push(Do::Close { line: line.id });
                link.line = None;
                link.failed += 1;
                link.offer_at = (offers_first(link) && link.failed < MOST_OFFERS).then_some(now);
            }
            if link.line.is_none() && link.offer_at.is_some_and(|at| at <= now) {
                self.lines += 1;
                link.offered += 1;
                link.offer_at = None;
                let until = now + ANSWER_WITHIN * 2_u32.pow(link.failed.min(MOST_OFFERS));
                link.line = Some(Line { id: self.lines, stage: Stage::Offered { until } });
                out.push(Do::Offer { to: *account, line: self.lines, sequence: link.offered });
            }
        }
        out
    }

    /// Somebody told us something. Who is not present, says it twice, or has to give way is not heeded.
    pub fn take(&mut self, from: AccountId, signal: Signal, now: Instant) -> Vec<Do> {
        let Some(link) = self.by_account.get_mut(&from) else { return Vec::new() };
        let Signal { kind, sequence, sdp } = signal;
        let until = now + CONNECT_WITHIN;
        match (kind, link.line) {
            (Kind::Answer, Some(Line { id, stage: Stage::Offered { .. } })) if sequence == link.offered => {
                link.line = Some(Line { id, stage: Stage::Answered { until } });
                vec![Do::Accept { line: id, answer: sdp }]
            }
            (Kind::Answer, _) => Vec::new(),
            (Kind::Offer, _) if link.taken.is_some_and(|taken| sequence <= taken) => Vec::new(),
            // Two offers crossed: the lower account gives way.
            (Kind::Offer, Some(Line { stage: Stage::Offered { .. }, .. })) if self.me > from => Vec::new(),
            (Kind::Offer, old) => {
                self.lines += 1;
                link.taken = Some(sequence);
                link.offer_at = None;
                link.line = Some(Line { id: self.lines, stage: Stage::Answered { until } });
                let mut out: Vec<Do> = old.map(|line| Do::Close { line: line.id }).into_iter().collect();
                out.push(Do::Answer { to: from, line: self.lines, sequence, offer: sdp });
                out
            }
        }
    }

    /// Whom a line goes to, now that it is connected; `None` where it is not wanted any more.
    pub fn connected(&mut self, id: LineId) -> Option<AccountId> {
        let (account, link) = self.of(id)?;
        link.failed = 0;
        link.line = Some(Line { id, stage: Stage::Connected });
        Some(account)
    }

    /// A connection ended, or could not be made. Whom it went to, where it was the one wanted.
    pub fn gone(&mut self, id: LineId, now: Instant) -> Option<AccountId> {
        let my_order = self.my_order;
        let (account, link) = self.of(id)?;
        let was_connected = link.line.is_some_and(|line| line.stage == Stage::Connected);
        link.line = None;
        link.failed = if was_connected { 0 } else { link.failed + 1 };
        let tries_again = my_order > link.join_order && link.failed < MOST_OFFERS;
        link.offer_at = tries_again.then_some(now + AGAIN_AFTER);
        Some(account)
    }

    fn of(&mut self, id: LineId) -> Option<(AccountId, &mut Link)> {
        let mut links = self.by_account.iter_mut().map(|(account, link)| (*account, link));
        links.find(|(_, link)| link.line.is_some_and(|line| line.id == id))
    }

    /// When [`Self::fit`] has something to do though nothing happened.
    pub fn next(&self) -> Option<Instant> {
        let times = |link: &Link| [link.offer_at, link.line.and_then(|line| line.stage.until())];
        self.by_account.values().flat_map(times).flatten().min()
    }
}

impl Stage {
    fn until(self) -> Option<Instant> {
        match self {
            Self::Offered { until } | Self::Answered { until } => Some(until),
            Self::Connected => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: AccountId = AccountId(10);
    const ME: AccountId = AccountId(20);
    const HIGH: AccountId = AccountId(30);

    fn offer(sequence: u64) -> Signal {
        Signal { kind: Kind::Offer, sequence, sdp: format!("offer {sequence}") }
    }

    fn answer(sequence: u64) -> Signal {
        Signal { kind: Kind::Answer, sequence, sdp: format!("answer {sequence}") }
    }

    fn answering(to: AccountId, line: LineId, sequence: u64) -> Do {
        Do::Answer { to, line, sequence, offer: format!("offer {sequence}") }
    }

    #[test]
    fn who_joined_later_offers_and_an_answer_to_that_offer_is_taken_once() {
        let now = Instant::now();
        let mut links = Links::new(ME, 2);
        let out = links.fit(&[(LOW, 1), (ME, 2), (HIGH, 3)], now);
        assert_eq!(out, [Do::Offer { to: LOW, line: 1, sequence: 1 }]);
        assert_eq!(links.take(LOW, answer(7), now), []);
        assert_eq!(links.take(LOW, answer(1), now), [Do::Accept { line: 1, answer: "answer 1".into() }]);
        assert_eq!(links.take(LOW, answer(1), now), []);
        assert_eq!(links.connected(1), Some(LOW));
        assert_eq!(links.next(), None);
        assert_eq!(links.take(HIGH, offer(1), now), [answering(HIGH, 2, 1)]);
        assert_eq!(links.take(HIGH, offer(1), now), [], "told twice");
        assert_eq!(links.take(AccountId(99), offer(1), now), [], "not here");
    }

    #[test]
    fn of_two_offers_that_cross_the_one_of_the_lower_account_gives_way() {
        let now = Instant::now();
        let mut links = Links::new(ME, 3);
        links.fit(&[(LOW, 1), (HIGH, 2), (ME, 3)], now);
        assert_eq!(links.take(LOW, offer(1), now), [], "ours stands");
        assert_eq!(links.take(HIGH, offer(1), now), [Do::Close { line: 2 }, answering(HIGH, 3, 1)]);
    }

    #[test]
    fn an_offer_with_a_higher_number_replaces_the_connection() {
        let now = Instant::now();
        let mut links = Links::new(ME, 1);
        links.fit(&[(HIGH, 2)], now);
        links.take(HIGH, offer(4), now);
        assert_eq!(links.connected(1), Some(HIGH));
        assert_eq!(links.take(HIGH, offer(3), now), []);
        assert_eq!(links.take(HIGH, offer(5), now), [Do::Close { line: 1 }, answering(HIGH, 2, 5)]);
        assert_eq!(links.gone(1, now), None, "the old one's end is no news");
    }

    #[test]
    fn an_offer_without_an_answer_is_made_again_four_times_in_all() {
        let mut now = Instant::now();
        let mut links = Links::new(ME, 2);
        let mut offers = 0;
        for _ in 0..100 {
            let out = links.fit(&[(LOW, 1)], now);
            offers += out.iter().filter(|it| matches!(it, Do::Offer { .. })).count();
            let Some(next) = links.next() else { break };
            assert!(next > now);
            now = next;
        }
        assert_eq!((offers, links.next()), (4, None));
        assert_eq!(links.take(LOW, offer(1), now), [answering(LOW, 5, 1)], "they may still begin");
    }

    #[test]
    fn what_ends_is_offered_again_and_who_comes_back_begins_anew() {
        let now = Instant::now();
        let mut links = Links::new(ME, 2);
        links.fit(&[(LOW, 1)], now);
        links.take(LOW, answer(1), now);
        links.connected(1);
        assert_eq!(links.gone(1, now), Some(LOW));
        let again = links.fit(&[(LOW, 1)], now + AGAIN_AFTER);
        assert_eq!(again, [Do::Offer { to: LOW, line: 2, sequence: 2 }]);
        assert_eq!(links.fit(&[(LOW, 3)], now + AGAIN_AFTER), [Do::Close { line: 2 }]);
        assert_eq!(links.take(LOW, offer(1), now), [answering(LOW, 3, 1)]);
    }
}
