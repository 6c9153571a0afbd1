//! Events and answers in any order, twice, late or never: the conversations still end as a fresh client reads them.

mod behaviour;
mod service;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use service::{Fate, ME, Service};

use super::{Effect, State};
use crate::{
    client::{
        Chat, Command, Older, Screen, Sending, Service as Kind, SignedIn, Unread,
        input::{Arrived, ChatsEffect, ChatsInput, Input, Opened},
        reconnect::Reach,
    },
    model::{AccountId, ChatMessage, GroupId, MessageKind, MessageUid, Notes, Profile, Settings},
    psn::{GroupNews, PushEvent},
};

const CASES: u64 = 10_000;
const STEPS: usize = 40;

/// A client in the hands of a test.
struct Client {
    state: State,
    now: Instant,
    /// Not seen by the service so far.
    calls: Vec<ChatsEffect>,
    notices: usize,
    has_finished: bool,
}

impl Client {
    fn signed_in() -> Self {
        Self::remembering(Notes::default())
    }

    fn remembering(notes: Notes) -> Self {
        let state = State::new(Kind::Sandbox, Settings::default());
        let mut client =
            Self { state, now: Instant::now(), calls: Vec::new(), notices: 0, has_finished: false };
        client.give(Input::Started);
        client.give(Input::Opened(Opened { secrets: None, client: None, accounts: vec![], last: None }));
        client.give(Input::Command(Command::SignIn));
        let me = Profile::named(ME, "marlow_87");
        client.give(Input::SignedIn { attempt: 1, result: Ok(Arrived { me, again: false }) });
        client.give(Input::NotesRead { account: ME, notes: Box::new(notes) });
        client.give(Input::PushOpened);
        client
    }

    fn give(&mut self, input: Input) {
        for effect in self.state.handle(input, self.now) {
            match effect {
                Effect::Chats(ChatsEffect::ReadNotifications { .. }) => {}
                Effect::Chats(call) => self.calls.push(call),
                Effect::Notify(_) => self.notices += 1,
                Effect::Finish => self.has_finished = true,
                _ => {}
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.give(Input::Command(command));
    }

    fn event(&mut self, group: &GroupId, news: GroupNews) {
        self.give(Input::Push(PushEvent::Group { group: group.clone(), news }));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.state.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline.max(self.now);
            self.give(Input::Tick);
        }
        self.now = end;
    }

    fn screen(&self) -> SignedIn {
        match self.state.snapshot().screen {
            Screen::SignedIn(signed_in) => *signed_in,
            other => panic!("not signed in: {other:?}"),
        }
    }

    fn mark(&self, group: &GroupId) -> Option<MessageUid> {
        self.state.account().and_then(|account| account.notes.read_up_to.get(group).cloned())
    }

    /// Of every conversation, on screen or not.
    fn outgoing(&mut self) -> Vec<(u64, String, Sending)> {
        let account = self.state.account_mut().expect("signed in");
        let all = account.chats.outboxes().flat_map(|outbox| outbox.shown().collect::<Vec<_>>());
        all.map(|it| (it.id, it.text.as_str().to_owned(), it.state)).collect()
    }
}

/// A client, a service, and all that is between them.
struct Case {
    client: Client,
    service: Service,
    dice: SmallRng,
    answers: Vec<ChatsInput>,
    events: Vec<(GroupId, Option<MessageUid>)>,
    /// An event never came.
    missed: bool,
    /// How often each text was sent and not taken back.
    sent: BTreeMap<(GroupId, String), usize>,
    /// The user was out of it, and what was on its way into it went with it.
    was_away: Vec<GroupId>,
}

impl Case {
    fn new(seed: u64) -> Self {
        Self {
            client: Client::signed_in(),
            service: Service::new(),
            dice: SmallRng::seed_from_u64(seed),
            answers: Vec::new(),
            events: Vec::new(),
            missed: false,
            sent: BTreeMap::new(),
            was_away: Vec::new(),
        }
    }

    fn group(&mut self) -> usize {
        self.dice.random_range(0..self.service.groups.len())
    }

    fn id(&self, group: usize) -> GroupId {
        self.service.groups[group].group.id.clone()
    }

    fn others(&mut self) -> AccountId {
        AccountId(self.dice.random_range(2..4))
    }

    /// The service tells of it, if it reaches the client at all.
    fn tell(&mut self, group: usize, message: Option<MessageUid>) {
        let id = self.id(group);
        self.events.push((id, message));
    }

    fn step(&mut self) {
        let group = self.group();
        match self.dice.random_range(0..20) {
            0..3 => {
                let from = self.others();
                for _ in 0..self.dice.random_range(1..4) {
                    let uid = self.service.write(group, from, MessageKind::Text, "hello");
                    self.tell(group, Some(uid));
                }
            }
            3 if self.dice.random_ratio(1, 3) => {
                for _ in 0..30 {
                    let uid = self.service.write(group, AccountId(2), MessageKind::Text, "flood");
                    self.tell(group, Some(uid));
                }
            }
            3 => {
                let who = self.others();
                self.service.come_or_go(group, who);
                self.tell(group, None);
            }
            4 => {
                let who = self.others();
                self.service.come_or_go(group, who);
                let uid = self.service.write(group, who, MessageKind::Left, "");
                self.tell(group, Some(uid));
            }
            5 => {
                let newest = self.service.groups[group].messages.iter().rev().take(18);
                let uids: Vec<_> = newest.map(|message| message.uid.clone()).collect();
                if !uids.is_empty() {
                    let uid = uids[self.dice.random_range(0..uids.len())].clone();
                    self.service.react(group, &uid);
                    self.tell(group, Some(uid));
                }
            }
            6 => match self.dice.random_range(0..8) {
                0 => {
                    self.service.groups[group].mine = !self.service.groups[group].mine;
                    self.was_away.push(self.id(group));
                    self.tell(group, None);
                }
                1 => {
                    let id = self.service.add_group(false);
                    self.events.push((id, None));
                }
                2 => {
                    let uid = self.service.write(group, ME, MessageKind::Text, "from another device");
                    self.tell(group, Some(uid));
                }
                _ => {}
            },
            7 | 8 => {
                let id = self.id(group);
                self.client.command(Command::OpenChat(id));
            }
            9 => match self.dice.random_range(0..4) {
                0 => self.client.command(Command::CloseChat),
                1 => self.client.event(&self.id(group), GroupNews::Typing(AccountId(2))),
                _ => self.client.command(Command::ReadOlder),
            },
            10 | 11 => self.write(),
            12 => self.retry_or_discard(),
            13 | 14 => self.see_call(),
            15 | 16 => self.answer(),
            17 => self.bring_event(),
            _ => {
                let time = Duration::from_millis(1 << self.dice.random_range(0..14));
                self.client.pass(time);
            }
        }
    }

    fn write(&mut self) {
        let open = self.client.state.account().and_then(|account| account.chats.open_group());
        let Some(group) = open.cloned() else { return };
        let text = format!("mine {}", self.dice.random_range(0..4));
        self.client.command(Command::SendMessage(text.as_str().into()));
        *self.sent.entry((group, text)).or_default() += 1;
    }

    fn retry_or_discard(&mut self) {
        let before = self.client.outgoing();
        if before.is_empty() {
            return;
        }
        let (id, text, _) = before[self.dice.random_range(0..before.len())].clone();
        if self.dice.random_ratio(2, 3) {
            return self.client.command(Command::RetryMessage(id));
        }
        let group = self.client.state.account_mut().expect("signed in").chats.conversations.iter().find_map(
            |(group, it)| it.outbox.shown().any(|outgoing| outgoing.id == id).then(|| group.clone()),
        );
        self.client.command(Command::DiscardMessage(id));
        if !self.client.outgoing().iter().any(|(other, ..)| *other == id)
            && let Some(count) = group.and_then(|group| self.sent.get_mut(&(group, text)))
        {
            *count -= 1;
        }
    }

    fn see_call(&mut self) {
        if self.client.calls.is_empty() {
            return;
        }
        let at = self.dice.random_range(0..self.client.calls.len());
        let call = self.client.calls.remove(at);
        let fate = match self.dice.random_range(0..10) {
            0 => Fate::AnswerLost,
            1 => Fate::Lost,
            2 => Fate::NotNow,
            3 => Fate::Refused,
            _ => Fate::Answered,
        };
        self.answers.extend(self.service.see(&call, fate, &mut self.events));
    }

    fn answer(&mut self) {
        if !self.answers.is_empty() {
            let at = self.dice.random_range(0..self.answers.len());
            let answer = self.answers.remove(at);
            self.client.give(Input::Chats(answer));
        }
    }

    fn bring_event(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let at = self.dice.random_range(0..self.events.len());
        let (group, message) = self.events[at].clone();
        match self.dice.random_range(0..8) {
            0 => {
                self.events.remove(at);
                self.missed = true;
                return;
            }
            // It comes again later.
            1 => {}
            _ => drop(self.events.remove(at)),
        }
        self.client.event(&group, GroupNews::Changed(message));
    }

    /// Everything arrives, and time passes.
    fn settle(&mut self) {
        while let Some((group, message)) = self.events.pop() {
            self.client.event(&group, GroupNews::Changed(message));
        }
        if self.missed {
            self.client.give(Input::PushClosed { reach: Reach::Service, failure: None });
            self.client.give(Input::PushOpened);
        }
        for _ in 0..15 {
            while !self.client.calls.is_empty() || !self.answers.is_empty() {
                for call in std::mem::take(&mut self.client.calls) {
                    self.answers.extend(self.service.see(&call, Fate::Answered, &mut self.events));
                }
                for answer in std::mem::take(&mut self.answers) {
                    self.client.give(Input::Chats(answer));
                }
                while let Some((group, message)) = self.events.pop() {
                    self.client.event(&group, GroupNews::Changed(message));
                }
            }
            self.client.pass(Duration::from_secs(20));
        }
    }

    fn check(&mut self) {
        let chats = self.client.screen().chats;
        let mut list: Vec<Chat> = chats.list.items().to_vec();
        let notes = self.client.state.account().expect("signed in").notes.clone();
        let mut fresh = Client::remembering(notes);
        while !fresh.calls.is_empty() {
            for call in std::mem::take(&mut fresh.calls) {
                let answer = self.service.see(&call, Fate::Answered, &mut Vec::new());
                answer.into_iter().for_each(|answer| fresh.give(Input::Chats(answer)));
            }
        }
        let fresh = fresh.screen().chats.list;
        let ids = |list: &[Chat]| list.iter().map(|it| it.group.id.0.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&list), ids(fresh.items()), "the list and its order");
        for (chat, fresh) in list.drain(..).zip(fresh.items()) {
            assert_eq!(chat.group, fresh.group);
            assert!(chat.writing.is_empty());
            let truth = self.unread(&chat.group.id);
            for unread in [chat.unread, fresh.unread] {
                match unread {
                    Unread::None => assert_eq!(truth, 0, "of {truth} nobody knows"),
                    Unread::Count(count) => assert_eq!(count, truth),
                    Unread::AtLeast(count) => assert!((1..=truth).contains(&count), "{count} of {truth}"),
                }
            }
        }
        if let Some(open) = chats.open
            && let crate::client::ChatWith::Group(group) = &open.with
        {
            let kept = self.service.groups.iter().find(|it| it.group.id == *group).expect("open");
            let shown = open.messages.as_slice();
            assert!(shown.len() >= kept.messages.len().min(20), "{} shown", shown.len());
            let newest = &kept.messages[kept.messages.len() - shown.len()..];
            let numbers =
                |messages: &[ChatMessage]| messages.iter().map(|it| it.uid.number()).collect::<Vec<_>>();
            assert_eq!(numbers(shown), numbers(newest), "a hole, or a double");
            let page = shown.len().saturating_sub(18);
            assert_eq!(newest[page..], shown[page..], "answers without words");
            assert_eq!(open.older == Older::Nothing, shown.len() == kept.messages.len());
        }
        self.check_sent();
    }

    /// Others wrote it after all that was on screen, and after the user's own last word.
    fn unread(&self, group: &GroupId) -> u32 {
        let kept = self.service.groups.iter().find(|it| it.group.id == *group).expect("there");
        let mark = self.client.mark(group).and_then(|mark| mark.number()).unwrap_or(0);
        let is_mine =
            |sender: &Option<crate::model::GroupMember>| sender.as_ref().is_some_and(|it| it.account == ME);
        let since = kept.messages.iter().rposition(|it| is_mine(&it.sender)).map_or(0, |at| at + 1);
        let speaks = |kind| kind == MessageKind::Text;
        kept.messages[since..].iter().filter(|it| it.uid.number() > Some(mark) && speaks(it.kind)).count()
            as u32
    }

    /// Each is there once, or shown as not sent.
    fn check_sent(&mut self) {
        let outgoing: Vec<_> = self.client.outgoing();
        assert!(outgoing.iter().all(|(.., state)| *state != Sending::Pending), "nothing waits for ever");
        for ((group, text), count) in &self.sent {
            let Some(kept) = self.service.groups.iter().find(|it| it.group.id == *group && it.mine) else {
                continue;
            };
            if self.was_away.contains(group) {
                continue;
            }
            let there = kept.messages.iter().filter(|it| it.body.as_str() == text).count();
            let conversation = &self.client.state.account().expect("signed in").chats.conversations[group];
            let failed = conversation.outbox.shown().filter(|it| it.text.as_str() == text).count();
            assert_eq!(there + failed, *count, "{there} there and {failed} not sent");
        }
    }
}

#[test]
fn whatever_the_order_the_conversations_end_as_a_fresh_client_reads_them() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        return play(seed);
    }
    let halves = [0..CASES / 2, CASES / 2..CASES];
    std::thread::scope(|scope| {
        for seeds in halves {
            scope.spawn(move || {
                for seed in seeds {
                    if let Err(panic) = std::panic::catch_unwind(|| play(seed)) {
                        eprintln!("in the case of SEED={seed}");
                        std::panic::resume_unwind(panic);
                    }
                }
            });
        }
    });
}

fn play(seed: u64) {
    let mut case = Case::new(seed);
    for _ in 0..STEPS {
        case.step();
    }
    case.settle();
    case.check();
}
