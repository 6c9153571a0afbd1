//! Eight hours of an evening in about a minute: how many calls they cost, and that nothing of them is lost.

mod stage;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use partyline::{
    client::{Command, Config, LinkState, PartyState, Sending, SignedIn, Snapshot, VoiceStatus},
    model::{
        AccountId, Clock, Group, GroupId, MessageRange, MessageUid, Privacy, PrivateText, SecretStorage,
        SessionId, Settings,
    },
    psn::Psn,
    sandbox::{Area, Evening, Fault, SandboxConfig, Spoiled},
    store::{self, Paths},
    voice::{Microphone, Speakers},
};
use stage::{Running, Service, account, folder, party, signed_in};

const EVENING: Duration = Duration::from_secs(8 * 3600);
const SPEED: u32 = 480;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// What other clients of the service live within.
const CALLS_IN_WINDOW: u64 = 300;

/// A user in front of a client whose clock runs fast, and the calls it makes.
struct Night {
    service: Service,
    clock: Clock,
    client: Running,
    began: Instant,
    /// When, and how many calls there had been.
    counted: VecDeque<(Instant, u64)>,
    most: u64,
    written: Vec<String>,
    sent_again: u32,
    /// A party that somebody waits in all evening.
    waiting: SessionId,
}

impl Night {
    fn elapsed(&self) -> Duration {
        self.clock.now() - self.began
    }

    /// Lets a moment pass, at full speed.
    fn step(&mut self) {
        const STEP: Duration = Duration::from_millis(10);
        std::thread::sleep(STEP);
        self.clock.advance(STEP * (SPEED - 1));
        self.service.sandbox().advance(STEP * (SPEED - 1));
        self.count();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.elapsed() + time;
        while self.elapsed() < end {
            self.step();
        }
    }

    /// Real seconds: voice connects in them.
    fn until(&mut self, what: &str, wanted: impl Fn(&SignedIn) -> bool) {
        self.client.wait(what, |s| signed_in(s).is_some_and(&wanted));
        self.count();
    }

    fn count(&mut self) {
        let (now, calls) = (self.clock.now(), self.service.sandbox().api_calls());
        self.counted.push_back((now, calls));
        while self.counted.front().is_some_and(|(then, _)| now - *then > WINDOW) {
            self.counted.pop_front();
        }
        let before = self.counted.front().map_or(calls, |(_, before)| *before);
        self.most = self.most.max(calls - before);
    }

    fn write(&mut self) {
        let text = format!("line {}", self.written.len());
        self.client.send(Command::SendMessage(PrivateText(text.clone())));
        self.written.push(text);
    }

    /// As a user does with what is marked as not sent.
    fn send_again(&mut self) {
        let snapshot = self.client.handle.snapshot();
        let open = signed_in(&snapshot).and_then(|s| s.chats.open.as_ref());
        let failed = open.iter().flat_map(|open| open.outbox.iter());
        for message in failed.filter(|message| matches!(message.state, Sending::Failed(_))) {
            self.sent_again += 1;
            self.client.send(Command::RetryMessage(message.id));
        }
    }

    /// Goes to a party one is invited to, or to one's own; talks, is muted now and then, writes to a friend, leaves.
    fn spend_half_an_hour(&mut self, friend: AccountId) {
        let half = self.elapsed() + Duration::from_secs(1800);
        let snapshot = self.client.handle.snapshot();
        let open = signed_in(&snapshot).map(|s| s.invitations.clone()).unwrap_or_default();
        let invited = open.iter().map(|i| i.session.clone()).find(|session| *session != self.waiting);
        match invited {
            Some(session) => self.client.send(Command::JoinParty(session)),
            None => self.client.send(Command::StartParty {
                name: "Half an hour".into(),
                privacy: Privacy::FriendsCanJoin,
                limit: 8,
                invite: vec![friend],
            }),
        }
        // A party may be over before one is in.
        let deadline = Instant::now() + Duration::from_millis(1500);
        while Instant::now() < deadline {
            let snapshot = self.client.handle.snapshot();
            if party(&snapshot).is_some_and(|party| party.voice == VoiceStatus::Connected) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
            self.count();
        }
        self.client.send(Command::OpenChatWith(vec![friend]));
        for round in 0..8 {
            self.client.send(Command::SetMuted(round % 2 == 0));
            self.client.send(Command::Writing);
            self.write();
            self.pass(Duration::from_secs(60));
            self.send_again();
        }
        self.client.send(Command::CloseChat);
        self.client.send(Command::LeaveParty);
        while self.elapsed() < half {
            self.step();
        }
    }
}

#[test]
fn eight_hours_stay_within_the_calls_that_are_polite_and_lose_nothing() {
    let evening = Evening { speed: f64::from(SPEED), seed: 11 };
    let service = Service::start(SandboxConfig { evening: Some(evening), ..SandboxConfig::default() });
    let (folder, clock) = (folder(), Clock::movable());
    let paths = Paths::under(folder.path());
    let settings = Settings { secret_storage: Some(SecretStorage::File), ..Settings::default() };
    store::save_settings(&paths, &settings).expect("written");
    let mut client = service.remembering(&paths, &clock);
    client.send(Command::SignInAs("marlow_87".into()));
    let snapshot = client.wait("friends", |s| signed_in(s).is_some_and(|s| !s.friends.items().is_empty()));
    let friends = signed_in(&snapshot).expect("signed in").friends.items().to_vec();
    let friend =
        friends.iter().find(|f| f.profile.online_id.as_str() == "Nova").expect("a friend").profile.account;
    client.send(Command::SetFavorite { account: friend, favorite: true });

    // It comes by push alone, once, and its party outlasts everything below.
    service.inject(Fault::InvitationsByPushAlone);
    let host = service.runtime.block_on(account(&service.url, "wren_4", &clock));
    let waiting = service.runtime.block_on(wait_in_a_party(&host, me_of(&snapshot)));
    client.wait("the invitation", |s| is_invited(s, &waiting));
    client.send(Command::ChangeSettings(Box::new(Settings { release_hold_millis: 350, ..settings })));

    let began = clock.now();
    let mut night = Night {
        service,
        clock,
        client,
        began,
        counted: VecDeque::new(),
        most: 0,
        written: Vec::new(),
        sent_again: 0,
        waiting,
    };
    let trouble = [
        Fault::Answer {
            area: Area::Api,
            spoiled: Spoiled::TooManyRequests { retry_after: Some(90) },
            times: 2,
        },
        Fault::DropPush,
        Fault::Answer { area: Area::Api, spoiled: Spoiled::Unavailable, times: 30 },
        Fault::RefusePush(Duration::from_secs(1)),
        Fault::Answer { area: Area::Api, spoiled: Spoiled::CutOff, times: 12 },
    ];
    let mut hour = 0;
    while night.elapsed() < EVENING {
        night.spend_half_an_hour(friend);
        if let Some(fault) = trouble.get(hour) {
            if matches!(fault, Fault::RefusePush(_)) {
                night.service.inject(Fault::DropPush);
            }
            night.service.inject(fault.clone());
        }
        hour += 1;
        night.spend_half_an_hour(friend);
    }
    // Calm: whatever was late has its time.
    night.pass(Duration::from_secs(900));
    println!(
        "at most {} calls in any 15 minutes, {} in all",
        night.most,
        night.service.sandbox().api_calls()
    );
    assert!(night.most < CALLS_IN_WINDOW, "{} calls in 15 minutes", night.most);

    let url = night.service.url.clone();
    let truth = night.service.runtime.block_on(account(&url, "marlow_87", &Clock::default()));
    let latest = night.service.runtime.block_on(newest_messages(&truth));
    night.until("every newest message", |signed_in| {
        latest.iter().all(|(group, uid)| {
            let chat = signed_in.chats.list.items().iter().find(|chat| chat.group.id == *group);
            chat.and_then(|chat| chat.group.latest.as_ref()).map(|message| &message.uid) == uid.as_ref()
        })
    });
    let mut ours = night.service.runtime.block_on(written_to(&truth, friend));
    // What was sent again came after what was written meanwhile.
    ours.sort();
    night.written.sort();
    println!("{} messages written, {} of them sent again by hand", night.written.len(), night.sent_again);
    assert_eq!(ours, night.written, "each message once");
    let waiting = night.waiting;
    night.client.wait("the invitation of the beginning", |s| is_invited(s, &waiting));

    let (service, clock) = (night.service, night.clock);
    night.client.quit();
    let mut again = service.remembering(&paths, &clock);
    again.wait("the favourite after a restart", |s| {
        signed_in(s).is_some_and(|s| s.people.favorites.contains(&friend) && s.party == PartyState::None)
    });
    let snapshot = again.wait("the invitation after a restart", |s| is_invited(s, &waiting));
    assert_eq!(snapshot.settings.release_hold_millis, 350);
}

fn is_invited(snapshot: &Snapshot, party: &SessionId) -> bool {
    signed_in(snapshot).is_some_and(|s| s.invitations.iter().any(|open| open.session == *party))
}

fn me_of(snapshot: &Snapshot) -> AccountId {
    signed_in(snapshot).expect("signed in").me.account
}

/// Invites somebody, and stays.
async fn wait_in_a_party(host: &Arc<Psn>, guest: AccountId) -> SessionId {
    let here = Arc::clone(host);
    tokio::spawn(async move {
        loop {
            if let Ok(mut line) = here.open_push(true).await {
                while line.next().await.is_ok() {}
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let party = host.create_party("All evening", Privacy::InviteOnly, 8).await.expect("created");
    host.invite(&party, &[guest]).await.expect("invited");
    party
}

async fn newest_messages(psn: &Psn) -> Vec<(GroupId, Option<MessageUid>)> {
    let groups = psn.groups().await.expect("listed");
    groups.into_iter().map(|group| (group.id, group.latest.map(|message| message.uid))).collect()
}

/// What we wrote to a friend, oldest first.
async fn written_to(psn: &Arc<Psn>, friend: AccountId) -> Vec<String> {
    let groups = psn.groups().await.expect("listed");
    let two = |group: &Group| group.is_pair() && group.members.iter().any(|member| member.account == friend);
    let group = groups.into_iter().find(two).expect("a conversation");
    let thread = group.thread.expect("a thread");
    let mut texts = VecDeque::new();
    let mut range = MessageRange::Latest;
    loop {
        let page = psn.messages(&group.id, &thread, &range).await.expect("a page");
        for message in page.messages.iter().rev() {
            if message.sender.as_ref().is_some_and(|sender| sender.account == psn.account()) {
                texts.push_front(message.body.as_str().to_owned());
            }
        }
        match page.messages.first() {
            Some(oldest) if !page.reached_end => range = MessageRange::Before(oldest.uid.clone()),
            _ => return texts.into(),
        }
    }
}

#[test]
fn a_start_with_two_thousand_friends_costs_at_most_sixty_calls() {
    let (friends, groups) = (2000, 200);
    let service = Service::start(SandboxConfig { friends, groups, ..SandboxConfig::default() });
    let clock = Clock::movable();
    let mut client =
        Running::start(Config { clock: clock.clone(), ..service.config(Microphone::None, Speakers::None) });
    client.send(Command::SignInAs("marlow_87".into()));
    let everybody = |s: &Snapshot| signed_in(s).is_some_and(|s| s.friends.items().len() >= friends);
    let live = |s: &Snapshot| signed_in(s).is_some_and(|s| s.link == LinkState::Live);
    for _ in 0..120 {
        std::thread::sleep(Duration::from_millis(20));
        clock.advance(Duration::from_millis(480));
    }
    let calls = service.sandbox().api_calls();
    let snapshot = client.wait("everybody by name", everybody);
    client.wait("a live line", live);
    let chats = signed_in(&snapshot).map_or(0, |s| s.chats.list.items().len());
    println!("{calls} calls in the first minute, {chats} chats");
    assert!(calls <= 60, "{calls} calls");
    assert!(chats >= groups, "{chats} chats");

    for _ in 0..400 {
        std::thread::sleep(Duration::from_millis(5));
        clock.advance(Duration::from_secs(1));
    }
    client.wait("what everybody does", |s| {
        signed_in(s).is_some_and(|s| s.friends.items().iter().all(|friend| friend.presence.is_some()))
    });
    let calls = service.sandbox().api_calls();
    println!("{calls} calls in all");
    assert!(calls < CALLS_IN_WINDOW, "{calls} calls in eight minutes");
}
