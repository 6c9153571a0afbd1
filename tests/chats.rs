//! People who write to each other: real clients on a sandbox.

mod stage;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use partyline::{
    client::{
        Chat, ChatWith, Command, Notice, Older, OpenChat, ProblemKind, Screen, Sending, Snapshot, Unread,
    },
    model::{AccountId, Clock, GroupId, MessageKind, OnlineId, Privacy, SecretStorage, Settings},
    sandbox::{Area, Fault, SandboxConfig, Spoiled},
    store::{self, Paths},
    voice::{Microphone, Speakers},
};
use stage::{Running, Service, account, party, signed_in};

/// From one screen to the other.
const AT_ONCE: Duration = Duration::from_millis(500);
const MARLOW: &str = "marlow_87";
const WREN: &str = "wren_in_oslo";

/// Signed in, and the line to the service is up.
fn client(service: &Service, name: &str) -> Running {
    let mut client = service.client_with(name, Microphone::None, Speakers::None);
    client.wait("conversations", |s| signed_in(s).is_some_and(|s| s.chats.list.value.is_some()));
    client
}

fn me(client: &Running) -> AccountId {
    signed_in(&client.handle.snapshot()).expect("signed in").me.account
}

fn open(snapshot: &Snapshot) -> Option<&OpenChat> {
    signed_in(snapshot)?.chats.open.as_deref()
}

fn chats(snapshot: &Snapshot) -> &[Chat] {
    signed_in(snapshot).map(|s| s.chats.list.items()).unwrap_or_default()
}

fn texts(open: &OpenChat) -> Vec<&str> {
    open.messages.iter().map(|message| message.body.as_str()).collect()
}

/// The group that is open.
fn open_group(client: &mut Running) -> GroupId {
    let snapshot =
        client.wait("an open group", |s| matches!(open(s).map(|it| &it.with), Some(ChatWith::Group(_))));
    match &open(&snapshot).expect("open").with {
        ChatWith::Group(group) => group.clone(),
        ChatWith::People(_) => unreachable!("just seen"),
    }
}

fn open_chat(client: &mut Running, group: &GroupId) {
    client.send(Command::OpenChat(group.clone()));
    client.wait("messages", |s| open(s).is_some_and(|it| it.older != Older::Reading));
}

fn write(client: &Running, text: &str) {
    client.send(Command::SendMessage(text.into()));
}

/// It is there, once, and nothing is on its way any more.
fn is_there(text: &str) -> impl Fn(&Snapshot) -> bool {
    move |s| {
        open(s)
            .is_some_and(|it| it.outbox.is_empty() && texts(it).iter().filter(|it| **it == text).count() == 1)
    }
}

fn unread(group: &GroupId, wanted: Unread) -> impl Fn(&Snapshot) -> bool {
    move |s| chats(s).iter().any(|chat| chat.group.id == *group && chat.unread == wanted)
}

#[test]
fn two_people_write_to_each_other_and_each_change_is_on_the_other_screen_at_once() {
    let service = Service::empty();
    let (mut marlow, mut wren) = (client(&service, MARLOW), client(&service, WREN));
    marlow.send(Command::OpenChatWith(vec![me(&wren)]));
    marlow.wait("the people", |s| open(s).is_some_and(|it| matches!(it.with, ChatWith::People(_))));
    write(&marlow, "  shall we? 🎮  ");
    let group = open_group(&mut marlow);
    marlow.wait("the message in place", is_there("shall we? 🎮"));
    wren.wait_within(AT_ONCE, "one unread", unread(&group, Unread::Count(1)));
    let notices = wren.handle.take_notices();
    let told = notices.iter().any(|notice| {
        matches!(notice, Notice::Message { from, text, .. }
            if from.as_str() == MARLOW && text.as_str() == "shall we? 🎮")
    });
    assert!(told, "{notices:?}");

    open_chat(&mut wren, &group);
    wren.wait("it is read", unread(&group, Unread::None));
    wren.send(Command::Writing);
    let writer = me(&wren);
    marlow.wait_within(AT_ONCE, "somebody is writing", |s| {
        chats(s).iter().any(|chat| chat.group.id == group && chat.writing == [writer])
    });
    for number in 0..8 {
        let text = format!("line {number}");
        let began = Instant::now();
        write(&wren, &text);
        marlow.wait_within(AT_ONCE, "the answer", is_there(&text));
        println!("from one screen to the other: {:?}", began.elapsed());
    }
    marlow.wait("nobody writes", |s| chats(s).iter().all(|chat| chat.writing.is_empty()));
    wren.wait("all of it", |s| {
        open(s).is_some_and(|it| it.messages.len() == 9 && it.older == Older::Nothing)
    });
    assert!(wren.handle.take_notices().iter().all(|notice| !matches!(notice, Notice::Message { .. })));
}

#[test]
fn a_long_thread_is_scrolled_back_to_its_beginning() {
    const LINES: usize = 110;
    let service = Service::empty();
    let mut marlow = client(&service, MARLOW);
    let writer = service.runtime.block_on(account(&service.url, WREN, &Clock::default()));
    let group = service.runtime.block_on(async {
        let (group, thread) = writer.create_group(&[me(&marlow)]).await.expect("a group");
        for line in 0..LINES {
            writer.send_message(&group, &thread, &format!("line {line}")).await.expect("sent");
        }
        group
    });
    open_chat(&mut marlow, &group);
    let newest = format!("line {}", LINES - 1);
    marlow.wait("the newest page", |s| open(s).is_some_and(|it| texts(it).last() == Some(&newest.as_str())));
    let mut held = 0;
    for _ in 0..LINES {
        let snapshot = marlow.wait("an older page", |s| {
            open(s).is_some_and(|it| it.messages.len() > held && it.older != Older::Reading)
        });
        let open = open(&snapshot).expect("open");
        held = open.messages.len();
        if open.older == Older::Nothing {
            break;
        }
        marlow.send(Command::ReadOlder);
    }
    let snapshot = marlow.handle.snapshot();
    let expected: Vec<_> = (0..LINES).map(|line| format!("line {line}")).collect();
    assert_eq!(texts(open(&snapshot).expect("open")), expected);
}

#[test]
fn what_is_no_text_is_named_and_favourites_come_first() {
    let service = Service::start(SandboxConfig { friends: 40, groups: 8, ..SandboxConfig::default() });
    let mut marlow = client(&service, MARLOW);
    let snapshot = marlow.wait("many groups", |s| chats(s).len() >= 8);
    let list = chats(&snapshot);
    assert!(list.is_sorted_by_key(|chat| !chat.group.is_favorite), "favourites first");
    assert!(list.iter().all(|chat| chat.unread == Unread::None), "the first sight of an account");
    let mut kinds = BTreeSet::new();
    for chat in list.iter().take(12) {
        open_chat(&mut marlow, &chat.group.id);
        let snapshot = marlow.handle.snapshot();
        kinds.extend(open(&snapshot).expect("open").messages.iter().map(|it| format!("{:?}", it.kind)));
    }
    let named = [MessageKind::Text, MessageKind::Image, MessageKind::Sticker].map(|kind| format!("{kind:?}"));
    assert!(named.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[test]
fn an_answer_without_words_is_seen_and_taken_back() {
    let service = Service::empty();
    let (mut marlow, mut wren) = (client(&service, MARLOW), client(&service, WREN));
    marlow.send(Command::OpenChatWith(vec![me(&wren)]));
    write(&marlow, "good game");
    let group = open_group(&mut marlow);
    open_chat(&mut wren, &group);
    let snapshot = wren.wait("the message", is_there("good game"));
    let message = open(&snapshot).expect("open").messages[0].uid.clone();
    let reacts = |count| {
        move |s: &Snapshot| {
            open(s).is_some_and(|it| it.messages.first().is_some_and(|it| it.reactions.len() == count))
        }
    };
    for count in [1, 0] {
        wren.send(Command::React { message: message.clone(), reaction: "👍".into() });
        wren.wait("the reaction", reacts(count));
        marlow.wait_within(AT_ONCE, "the reaction", reacts(count));
    }
}

#[test]
fn what_was_not_sent_says_so_and_is_sent_again_and_what_was_is_not() {
    let service = Service::empty();
    let (mut marlow, mut wren) = (client(&service, MARLOW), client(&service, WREN));
    marlow.send(Command::OpenChatWith(vec![me(&wren)]));
    write(&marlow, "first");
    let group = open_group(&mut marlow);
    marlow.wait("the first", is_there("first"));
    wren.wait("the first", |s| chats(s).iter().any(|chat| chat.group.id == group));
    // Until nobody reads anything: a fault is for the next call, whoever makes it.
    std::thread::sleep(Duration::from_secs(1));

    service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::CutOff, times: 1 });
    write(&marlow, "the answer is lost");
    marlow.wait("found by reading", is_there("the answer is lost"));
    std::thread::sleep(Duration::from_secs(1));

    service.inject(Fault::Answer { area: Area::Api, spoiled: Spoiled::Unavailable, times: 1 });
    write(&marlow, "refused");
    let failed = |s: &Snapshot| {
        open(s).is_some_and(|it| {
            it.outbox.iter().any(|it| it.state == Sending::Failed(ProblemKind::MessageNotSent))
        })
    };
    let snapshot = marlow.wait("not sent", failed);
    let id = open(&snapshot).expect("open").outbox[0].id;
    // Another page of the window does not make it forgotten.
    marlow.send(Command::CloseChat);
    marlow.wait("closed", |s| open(s).is_none());
    open_chat(&mut marlow, &group);
    assert!(failed(&marlow.handle.snapshot()));
    marlow.send(Command::RetryMessage(id));
    marlow.wait("sent", is_there("refused"));

    open_chat(&mut wren, &group);
    let snapshot = wren.wait("all three", |s| open(s).is_some_and(|it| it.messages.len() == 3));
    assert_eq!(texts(open(&snapshot).expect("open")), ["first", "the answer is lost", "refused"]);
}

#[test]
fn what_is_written_while_the_line_is_down_arrives_when_it_is_back() {
    let service = Service::empty();
    let (mut marlow, mut wren) = (client(&service, MARLOW), client(&service, WREN));
    marlow.send(Command::OpenChatWith(vec![me(&wren)]));
    write(&marlow, "before");
    let group = open_group(&mut marlow);
    marlow.wait("the first", is_there("before"));
    open_chat(&mut wren, &group);
    wren.wait("the first", is_there("before"));
    // Events that nobody gets: the line of both is down for a while.
    service.inject(Fault::RefusePush(Duration::from_secs(2)));
    service.inject(Fault::DropPush);
    for text in ["one", "two", "three"] {
        write(&marlow, text);
    }
    wren.wait_within(Duration::from_secs(15), "everything", is_there("three"));
    let snapshot = wren.handle.snapshot();
    assert_eq!(texts(open(&snapshot).expect("open")), ["before", "one", "two", "three"]);
}

#[test]
fn the_members_of_a_party_write_to_each_other() {
    let service = Service::empty();
    let (mut wren, mut marlow) = (client(&service, WREN), client(&service, MARLOW));
    let session = marlow.create_party(Privacy::FriendsCanJoin);
    let chat = |s: &Snapshot| party(s).and_then(|party| party.chat.clone());
    let snapshot = marlow.wait("the party's group", |s| chat(s).is_some());
    let group = chat(&snapshot).expect("just seen");
    marlow.invite(WREN);
    wren.wait("the invitation", |s| signed_in(s).is_some_and(|s| !s.invitations.is_empty()));
    wren.join(&session);
    wren.wait("the same group", |s| chat(s).as_ref() == Some(&group));
    open_chat(&mut marlow, &group);
    open_chat(&mut wren, &group);
    write(&wren, "hello party");
    marlow.wait_within(AT_ONCE, "the message", is_there("hello party"));
    wren.send(Command::LeaveParty);
    marlow.wait("who left, by name", |s| {
        open(s).is_some_and(|it| it.messages.last().is_some_and(|it| it.kind == MessageKind::Left))
    });
}

#[test]
fn three_people_have_one_group_whoever_opens_it() {
    let service = Service::empty();
    let mut all: Vec<_> = [MARLOW, WREN, "third_wheel"].map(|name| client(&service, name)).into();
    let ids: Vec<_> = all.iter().map(me).collect();
    all[0].send(Command::OpenChatWith(vec![ids[1], ids[2]]));
    write(&all[0], "three of us");
    let group = open_group(&mut all[0]);
    all[0].wait("sent", is_there("three of us"));
    for other in [1, 2] {
        all[other].wait_within(AT_ONCE, "one unread", unread(&group, Unread::Count(1)));
    }
    all[1].send(Command::OpenChatWith(vec![ids[2], ids[0]]));
    assert_eq!(open_group(&mut all[1]), group);
    all[1].wait("the message", is_there("three of us"));
    write(&all[1], "indeed");
    all[0].wait_within(AT_ONCE, "the answer", is_there("indeed"));
    all[2].wait_within(AT_ONCE, "two unread", unread(&group, Unread::Count(2)));
}

#[test]
fn what_is_unread_is_unread_after_a_restart() {
    let service = Service::empty();
    let folder = stage::folder();
    let paths = Paths::under(folder.path());
    let settings = Settings { secret_storage: Some(SecretStorage::File), ..Settings::default() };
    store::save_settings(&paths, &settings).expect("written");
    let start = || service.remembering(&paths, &Clock::default());
    let mut marlow = start();
    marlow.wait("the first screen", |s| s.screen == Screen::SignedOut);
    marlow.send(Command::SignInAs(OnlineId::from(MARLOW)));
    marlow.wait("conversations", |s| signed_in(s).is_some_and(|s| s.chats.list.value.is_some()));
    let mut wren = client(&service, WREN);
    wren.send(Command::OpenChatWith(vec![me(&marlow)]));
    write(&wren, "one");
    let group = open_group(&mut wren);
    open_chat(&mut marlow, &group);
    marlow.wait("it is read", is_there("one"));
    marlow.wait("it is read", unread(&group, Unread::None));
    marlow.send(Command::CloseChat);
    marlow.quit();
    write(&wren, "two");
    wren.wait("sent", is_there("two"));
    let mut marlow = start();
    marlow.wait("one is unread", |s| {
        let of_group = chats(s).iter().find(|chat| chat.group.id == group).map(|chat| chat.unread);
        matches!(of_group, Some(Unread::AtLeast(1) | Unread::Count(1)))
    });
    open_chat(&mut marlow, &group);
    marlow.wait("both", |s| open(s).is_some_and(|it| texts(it) == ["one", "two"]));
    marlow.quit();
    let mut marlow = start();
    marlow.wait("nothing is unread", unread(&group, Unread::None));
}

#[test]
fn notifications_arrive_and_are_marked_as_read() {
    let service = Service::empty();
    let (mut wren, mut marlow) = (client(&service, WREN), client(&service, MARLOW));
    let list = |s: &Snapshot| signed_in(s).map(|s| s.notifications.items().to_vec()).unwrap_or_default();
    wren.wait("the list", |s| signed_in(s).is_some_and(|s| s.notifications.value.is_some()));
    marlow.create_party(Privacy::InviteOnly);
    marlow.invite(WREN);
    let snapshot = wren.wait_within(Duration::from_secs(15), "a notification", |s| !list(s).is_empty());
    let unread: Vec<_> = list(&snapshot).iter().filter(|it| !it.is_read).map(|it| it.id.clone()).collect();
    assert_eq!(unread.len(), 1);
    wren.send(Command::MarkNotificationsRead(unread));
    wren.wait_within(AT_ONCE, "read", |s| list(s).iter().all(|it| it.is_read));
    let reader = service.runtime.block_on(account(&service.url, WREN, &Clock::default()));
    let is_read =
        || service.runtime.block_on(reader.notifications(None)).expect("read").iter().all(|it| it.is_read);
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_read() {
        assert!(Instant::now() < deadline, "the service was not told");
        std::thread::sleep(Duration::from_millis(50));
    }
}
