//! Ten thousand parties of two to four whose messages come late, twice, out of order or never, while members come, go, start
//! again and lose each other: in the end every two have one connection, the same at both ends.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    client::{
        MemberReach, Unreachable,
        input::{LinksEffect, LinksInput, Recipient},
    },
    model::{Answer, Description, Offer, Signal},
};

const CASES: u64 = 10_000;
const TROUBLED: u64 = 40_000;
const CALM: u64 = 60_000;
/// Of one member in a minute and a half, to at most three others.
const MOST_MESSAGES: usize = 60;

#[test]
fn whatever_becomes_of_messages_in_the_end_every_two_have_one_connection() {
    let threads: Vec<_> = (0..2)
        .map(|half| {
            std::thread::spawn(move || {
                for seed in (half..CASES).step_by(2) {
                    if let Err(panicked) = std::panic::catch_unwind(|| Meeting::new(seed).run()) {
                        eprintln!("in the case of seed {seed}");
                        std::panic::resume_unwind(panicked);
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("all cases");
    }
}

/// One end of a connection: whose, and its number there.
type End = (usize, u64);

enum Item {
    /// For whoever started as this.
    Given(usize, u32, Input),
    Trouble,
}

struct Person {
    state: State,
    /// How often they started.
    life: u32,
    messages: usize,
    numbers: u64,
}

struct Meeting {
    dice: service::Dice,
    start: Instant,
    now: Instant,
    queue: BTreeMap<(Instant, u64), Item>,
    queued: u64,
    people: Vec<Person>,
    members: Vec<Member>,
    order: u32,
    /// What was described here and is not closed, by the text of its description.
    open: BTreeMap<End, String>,
    /// Ends that have agreed.
    pairs: BTreeSet<(End, End)>,
    calm: bool,
}

fn id(of: usize) -> AccountId {
    // Who comes later is neither always the higher nor the lower.
    AccountId([50, 20, 70, 10][of])
}

impl Meeting {
    fn new(seed: u64) -> Self {
        let mut dice = service::Dice(seed);
        let count = 2 + usize::try_from(dice.below(3)).expect("few");
        let start = Instant::now();
        let mut meeting = Self {
            dice,
            start,
            now: start,
            queue: BTreeMap::new(),
            queued: 0,
            people: Vec::new(),
            members: Vec::new(),
            order: 0,
            open: BTreeMap::new(),
            pairs: BTreeSet::new(),
            calm: false,
        };
        for of in 0..count {
            let state = State::new(Service::Sandbox, Settings::default());
            meeting.people.push(Person { state, life: 0, messages: 0, numbers: 0 });
            meeting.come(of);
        }
        meeting
    }

    fn run(mut self) {
        for _ in 0..self.dice.below(8) {
            let at = self.dice.below(TROUBLED);
            self.later(at, Item::Trouble);
        }
        self.go_on_until(TROUBLED);
        self.calm = true;
        for of in 0..self.people.len() {
            if self.members.iter().all(|member| member.account != id(of)) {
                self.come(of);
            }
            // What was lost is lost; from now on everything arrives.
            self.give(of, Input::PushClosed { reach: Reach::Nobody, failure: None });
            self.give(of, Input::PushOpened);
        }
        self.go_on_until(TROUBLED + CALM);
        self.compare();
    }

    fn later(&mut self, millis: u64, item: Item) {
        self.queued += 1;
        self.queue.insert((self.now + Duration::from_millis(millis), self.queued), item);
    }

    fn go_on_until(&mut self, millis: u64) {
        let end = self.start + Duration::from_millis(millis);
        loop {
            let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
            let deadline = |(of, person): (usize, &Person)| Some((person.state.next_deadline()?, of));
            let tick = self.people.iter().enumerate().filter_map(deadline).min();
            let Some(next) = queued.into_iter().chain(tick.map(|(at, _)| at)).min() else { break };
            if next > end {
                break;
            }
            self.now = next.max(self.now);
            match (self.queue.first_entry().filter(|entry| entry.key().0 == next), tick) {
                (Some(entry), _) => match entry.remove() {
                    Item::Given(of, life, input) if self.people[of].life == life => self.give(of, input),
                    Item::Given(..) => {}
                    Item::Trouble => self.trouble(),
                },
                (None, Some((_, of))) => self.give(of, Input::Tick),
                (None, None) => {}
            }
        }
        self.now = end;
    }

    fn trouble(&mut self) {
        let of = usize::try_from(self.dice.below(self.people.len() as u64)).expect("few");
        let inside = self.members.iter().any(|member| member.account == id(of));
        match self.dice.below(4) {
            0 if inside => {
                self.leave(of);
            }
            0 | 1 => {
                // The program starts again, or comes back.
                self.leave(of);
                self.come(of);
            }
            2 => {
                // The program starts again, and nobody hears that it was gone.
                self.break_all(of);
                self.people[of].life += 1;
                self.begin(of);
            }
            _ => self.break_all(of),
        }
    }

    fn leave(&mut self, of: usize) {
        self.break_all(of);
        self.people[of].life += 1;
        self.people[of].state = State::new(Service::Sandbox, Settings::default());
        self.members.retain(|member| member.account != id(of));
        self.tell(of, &Event::MembersLeft(vec![id(of)]));
    }

    fn come(&mut self, of: usize) {
        self.order += 1;
        let account = id(of);
        let online_id = OnlineId(format!("name-{of}"));
        let fresh = Member { account, online_id, join_order: self.order, ..member(account) };
        self.members.push(fresh.clone());
        self.tell(of, &Event::MembersJoined(vec![fresh]));
        self.begin(of);
    }

    fn begin(&mut self, of: usize) {
        self.people[of].state = State::new(Service::Sandbox, Settings::default());
        self.people[of].numbers = 0;
        self.give(of, Input::Started);
        self.give(of, Input::Opened(nothing_kept()));
        self.give(of, Input::Command(Command::SignIn));
        let me = Profile::named(id(of), "somebody");
        self.give(of, Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
        self.give(of, Input::PushOpened);
        self.give(of, Input::Command(Command::JoinParty(SessionId::from("s1"))));
    }

    /// The others hear of it, late perhaps, and always: who is here is read again and again.
    fn tell(&mut self, but: usize, event: &Event) {
        for of in (0..self.people.len()).filter(|of| *of != but) {
            let event = PartyEvent { session: SessionId::from("s1"), from: None, event: event.clone() };
            let (late, life) = (self.dice.below(500), self.people[of].life);
            self.later(late, Item::Given(of, life, Input::Push(PushEvent::Party(event))));
        }
    }

    fn give(&mut self, of: usize, input: Input) {
        let effects = self.people[of].state.handle(input, self.now);
        for effect in effects {
            self.carry_out(of, effect);
        }
    }

    fn answer(&mut self, of: usize, input: Input) {
        let (late, life) = (5 + self.dice.below(300), self.people[of].life);
        self.later(late, Item::Given(of, life, input));
    }

    fn session(&self) -> PartySession {
        PartySession { members: self.members.clone(), ..party(&[]) }
    }

    fn carry_out(&mut self, of: usize, effect: Effect) {
        match effect {
            Effect::EnterParty { attempt, .. } => {
                let result = Ok(self.session());
                self.give(of, Input::Entered { attempt, result });
            }
            Effect::ReadParty { attempt, .. } => {
                let result = Ok(self.session());
                self.give(of, Input::PartyRead { attempt, result });
            }
            Effect::ConnectVoice { connection, .. } => {
                let failure = Failure::new(ProblemKind::NotAllowed, "no bridge here");
                self.answer(of, Input::Seated { connection, result: Err(failure) });
            }
            Effect::AnnounceVoice { .. } => self.answer(of, Input::Announced(Ok(()))),
            Effect::Links(effect) => self.link(of, effect),
            Effect::HangUp => self.break_all(of),
            _ => {}
        }
    }

    fn link(&mut self, of: usize, effect: LinksEffect) {
        match effect {
            LinksEffect::Offer { connection, recipient } => {
                let text = format!("{of}/{}/{connection}", self.people[of].life);
                self.open.insert((of, connection), text.clone());
                self.say(of, &recipient, Description::Offer(Offer(text)));
                self.answer(of, Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
            }
            LinksEffect::Answer { connection, recipient, offer } => {
                self.open.insert((of, connection), offer.0.clone());
                // An answer names the offer, as its fingerprint and password do.
                self.say(
                    of,
                    &recipient,
                    Description::Answer(Answer(format!("{}={of}={connection}", offer.0))),
                );
                self.answer(of, Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
            }
            LinksEffect::Accept { connection, answer } => {
                self.answer(of, Input::Links(LinksInput::Accepted { connection, result: Ok(()) }));
                let mut parts = answer.0.split('=');
                let offer = parts.next().expect("an offer");
                let mut number = || parts.next().expect("two more").parse().expect("a number");
                let theirs = (usize::try_from(number()).expect("few"), number());
                let ours = (of, connection);
                let fit = self.open.get(&ours).is_some_and(|text| text == offer)
                    && self.open.get(&theirs).is_some_and(|text| text == offer);
                if fit && (self.calm || !self.dice.percent(15)) {
                    self.pairs.insert((ours, theirs));
                    for (of, connection) in [ours, theirs] {
                        self.happens(of, connection, ConnectionState::Connected);
                    }
                }
            }
            LinksEffect::Close { connection } => self.close((of, connection)),
        }
    }

    fn happens(&mut self, of: usize, connection: u64, state: ConnectionState) {
        self.answer(of, Input::Voice(VoiceEvent::Connection { connection, state }));
    }

    /// The other end hears of it.
    fn close(&mut self, end: End) {
        self.open.remove(&end);
        let (over, rest) =
            std::mem::take(&mut self.pairs).into_iter().partition(|(a, b)| *a == end || *b == end);
        self.pairs = rest;
        let over: BTreeSet<(End, End)> = over;
        for (a, b) in over {
            let (of, connection) = if a == end { b } else { a };
            self.happens(of, connection, ConnectionState::Closed);
        }
    }

    /// The network takes everything of one member's away.
    fn break_all(&mut self, of: usize) {
        let ends: Vec<End> = self.open.keys().filter(|(whose, _)| *whose == of).copied().collect();
        for (of, connection) in ends {
            self.happens(of, connection, ConnectionState::Failed);
            self.close((of, connection));
        }
    }

    /// Late, twice, out of order or never.
    fn say(&mut self, of: usize, to: &Recipient, description: Description) {
        let person = &mut self.people[of];
        person.messages += 1;
        person.numbers += 1;
        let signal = Signal {
            from: id(of),
            from_platform: Platform::Mobile,
            to: to.account,
            to_platform: to.platform,
            description,
            sequence: to.sequence,
            number: person.numbers,
        };
        let Some(them) = (0..self.people.len()).find(|them| id(*them) == to.account) else { return };
        let copies = match self.dice.below(100) {
            ..15 if !self.calm => 0,
            15..30 if !self.calm => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let late = if !self.calm && self.dice.percent(20) { 7000 } else { 400 };
            let (late, life) = (self.dice.below(late), self.people[them].life);
            let event = Event::Signal(Box::new(signal.clone()));
            let event = PartyEvent { session: SessionId::from("s1"), from: None, event };
            self.later(late, Item::Given(them, life, Input::Push(PushEvent::Party(event))));
        }
    }

    fn compare(self) {
        let mut connected: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (a, b) in &self.pairs {
            *connected.entry((a.0.min(b.0), a.0.max(b.0))).or_default() += 1;
        }
        let count = self.people.len();
        for (of, person) in self.people.iter().enumerate() {
            assert!(person.messages <= MOST_MESSAGES, "{} messages", person.messages);
            let Screen::SignedIn(shown) = person.state.snapshot().screen else { panic!("signed in") };
            let PartyState::Joined(party) = shown.party else { panic!("in the party") };
            assert_eq!(party.members.len(), count - 1);
            for (them, voice) in party.members.iter() {
                assert_eq!(voice.reach, MemberReach::Direct, "{of} to {}", them.0);
            }
            let ends = self.open.keys().filter(|(whose, _)| *whose == of).count();
            assert_eq!(ends, count - 1, "nothing is left open at {of}");
        }
        for a in 0..count {
            for b in a + 1..count {
                assert_eq!(connected.get(&(a, b)), Some(&1), "{a} and {b}");
            }
        }
    }
}

/// Two in a party: we came first, or later.
fn with_nova(later: bool) -> Evening {
    let mut evening = Evening::in_party();
    let nova = Member { join_order: if later { 0 } else { 2 }, ..member(NOVA) };
    evening.push("s1", Event::MembersJoined(vec![nova]));
    evening
}

fn offers(evening: &Evening) -> Vec<(u64, u64)> {
    let offer = |effect: &Effect| match effect {
        Effect::Links(LinksEffect::Offer { connection, recipient }) => {
            Some((*connection, recipient.sequence))
        }
        _ => None,
    };
    evening.effects.iter().filter_map(offer).collect()
}

fn reach(evening: &Evening) -> MemberReach {
    match evening.screen().party {
        PartyState::Joined(party) => party.members[&NOVA].reach,
        other => panic!("{other:?}"),
    }
}

fn of_nova(description: Description, sequence: u64, number: u64) -> Event {
    Event::Signal(Box::new(Signal {
        from: NOVA,
        from_platform: Platform::Ps5,
        to: ME,
        to_platform: Platform::Mobile,
        description,
        sequence,
        number,
    }))
}

fn offer_of_nova(sequence: u64, number: u64) -> Event {
    of_nova(Description::Offer(Offer("theirs".into())), sequence, number)
}

#[test]
fn somebody_who_never_answers_gets_three_offers_and_no_more() {
    let mut evening = with_nova(true);
    let mut made = Vec::new();
    for _ in 0..600 {
        evening.pass(Duration::from_millis(100));
        for (connection, sequence) in offers(&evening) {
            made.push(sequence);
            evening.give(Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
        }
    }
    assert_eq!(made, [1, 2, 3]);
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NoAnswer));
    evening.give(Input::Command(Command::RetryMember(NOVA)));
    evening.pass(Duration::from_millis(100));
    assert_eq!(offers(&evening).len(), 1, "the user asks for another");
}

#[test]
fn who_was_there_first_waits_for_the_offer_and_answers_it() {
    let mut evening = with_nova(false);
    evening.pass(Duration::from_secs(2));
    assert!(offers(&evening).is_empty());
    evening.push("s1", offer_of_nova(1, 1));
    let connection = evening.find(|effect| match effect {
        Effect::Links(LinksEffect::Answer { connection, .. }) => Some(*connection),
        _ => None,
    });
    evening.push("s1", offer_of_nova(1, 1));
    assert!(!evening.has(|effect| matches!(effect, Effect::Links(_))), "once, however often it comes");
    evening.give(Input::Links(LinksInput::Signalled { connection, result: Ok(()) }));
    evening.connection(connection, ConnectionState::Connected);
    assert_eq!(reach(&evening), MemberReach::Direct);
    evening.pass(Duration::from_secs(1));
    assert!(
        evening.has(|e| matches!(e, Effect::AnnounceVoice { connected_to, .. } if *connected_to == [NOVA]))
    );
    evening.push("s1", offer_of_nova(2, 2));
    assert!(
        evening.has(|e| matches!(e, Effect::Links(LinksEffect::Answer { .. }))),
        "a newer one replaces it"
    );
}

#[test]
fn an_offer_that_does_not_come_is_made() {
    let mut evening = with_nova(false);
    evening.pass(Duration::from_secs(7));
    assert_eq!(offers(&evening).len(), 1);
}

#[test]
fn a_message_that_the_service_refuses_is_not_sent_again() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, _) = offers(&evening)[0];
    let failure = Failure::new(ProblemKind::NotOffered, "403");
    evening.give(Input::Links(LinksInput::Signalled { connection, result: Err(failure) }));
    assert_eq!(reach(&evening), MemberReach::Unreachable(Unreachable::NotPassedOn));
    assert!(evening.has(|e| *e == Effect::Links(LinksEffect::Close { connection })));
    evening.pass(Duration::from_secs(60));
    assert!(offers(&evening).is_empty());
}

#[test]
fn whoever_leaves_takes_the_connection_along() {
    let mut evening = with_nova(true);
    evening.pass(Duration::from_millis(100));
    let (connection, _) = offers(&evening)[0];
    evening.push("s1", Event::MembersLeft(vec![NOVA]));
    assert!(evening.has(|e| *e == Effect::Links(LinksEffect::Close { connection })));
}
