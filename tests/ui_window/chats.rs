//! Messages: the list, the open conversation, and the field below it.

use std::{sync::Arc, time::Instant};

use egui::{Event, Key, Modifiers, Rect, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use jiff::{Timestamp, ToSpan};
use partyline::{
    client::{
        Chat, ChatWith, Command, Fetched, Older, OpenChat, Outgoing, Place, ProblemKind, Sending, Snapshot,
        Unread,
    },
    model::{AccountId, ChatMessage, Group, GroupMember, MessageKind, PrivateText, Reaction},
};

use crate::stage::{self, ME, NOVA, ODALYS, Stage, TIDEWALKER, arrived, problem, signed_in};

fn member(id: u64, name: &str) -> GroupMember {
    GroupMember { account: AccountId(id), online_id: Some(name.into()) }
}

fn nova() -> GroupMember {
    member(NOVA, "Nova")
}

fn me() -> GroupMember {
    member(ME, "marlow_87")
}

/// `minutes` ago, from `sender`.
fn message(uid: &str, sender: GroupMember, minutes: i64, text: &str) -> ChatMessage {
    ChatMessage {
        uid: uid.into(),
        kind: MessageKind::Text,
        body: text.into(),
        sender: Some(sender),
        sent: Timestamp::now().checked_sub(minutes.minutes()).expect("a time"),
        reactions: Vec::new(),
    }
}

fn chat(id: &str, name: &str, members: &[GroupMember], latest: Option<ChatMessage>) -> Chat {
    let group = Group {
        id: id.into(),
        name: name.to_owned(),
        members: members.to_vec(),
        is_favorite: false,
        thread: None,
        latest,
        read_up_to: None,
        has_unread: false,
        changed: None,
        parties: Vec::new(),
    };
    Chat { group, unread: Unread::None, writing: Vec::new() }
}

/// A conversation with Nova, and one of several people.
fn with_chats() -> Snapshot {
    let mut snapshot = stage::home();
    let pair = Chat {
        unread: Unread::Count(3),
        ..chat("pair", "", &[me(), nova()], Some(message("p9", nova(), 2, "two more and we start")))
    };
    let mut squad = chat("squad", "Squad", &[me(), nova(), member(TIDEWALKER, "tidewalker")], None);
    squad.group.is_favorite = true;
    squad.writing = vec![AccountId(TIDEWALKER)];
    signed_in(&mut snapshot).chats.list = arrived(Arc::new(vec![squad, pair]));
    snapshot
}

fn open(snapshot: &mut Snapshot, messages: Vec<ChatMessage>) {
    signed_in(snapshot).chats.open = Some(Box::new(OpenChat {
        with: ChatWith::Group("pair".into()),
        messages: Arc::new(messages),
        older: Older::Nothing,
        outbox: Arc::default(),
    }));
}

fn opened(snapshot: &mut Snapshot) -> &mut OpenChat {
    signed_in(snapshot).chats.open.as_mut().expect("an open chat")
}

fn a_few() -> Vec<ChatMessage> {
    vec![message("a", nova(), 9, "headset charging"), message("b", me(), 4, "on my way")]
}

fn many(range: std::ops::Range<i64>) -> Vec<ChatMessage> {
    range.map(|n| message(&format!("m{n}"), nova(), 10_000 - n, &format!("message number {n}"))).collect()
}

fn in_conversation() -> Stage {
    let mut snapshot = with_chats();
    open(&mut snapshot, a_few());
    let mut stage = Stage::new(with_chats());
    stage.publish(|before| *before = snapshot);
    stage.commands();
    stage
}

#[test]
fn the_list_says_who_what_and_how_much_is_new() {
    let mut stage = Stage::new(with_chats());
    assert!(stage.shows("Squad, tidewalker is writing…, favourite"));
    assert!(stage.shows("Conversations, 3 unread"));
    stage.click("Nova, Nova: two more and we start, 3 unread");
    assert_eq!(stage.commands(), [Command::OpenChat("pair".into())]);
}

#[test]
fn no_conversations_say_what_would_be_here_and_offer_the_next_step() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).chats.list = arrived(Arc::default());
    let mut stage = Stage::new(snapshot);
    stage.click("Write to a friend");
    stage.click("Nova");
    stage.click("Odalys");
    stage.click("Write to 2 people");
    assert_eq!(stage.commands(), [Command::OpenChatWith(vec![AccountId(NOVA), AccountId(ODALYS)])]);
    stage.publish(|snapshot| signed_in(snapshot).chats.list = Fetched { value: None, fetching: false });
    assert!(stage.shows("Your conversations appear here once the service answers."));
    stage.publish(|snapshot| snapshot.problems.push(problem(ProblemKind::ChatsNotLoaded, Place::Chats)));
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::Refresh]);
}

#[test]
fn messages_are_told_apart_by_who_wrote_them() {
    let mut snapshot = with_chats();
    let mut image = message("c", nova(), 3, "");
    image.kind = MessageKind::Image;
    let mut left = message("d", nova(), 2, "");
    left.kind = MessageKind::Left;
    open(&mut snapshot, [a_few(), vec![image, left]].concat());
    let stage = Stage::new(snapshot);
    for text in ["Today", "headset charging", "on my way", "Sent an image", "Nova left"] {
        assert!(stage.window.query_all_by_label(text).next().is_some(), "{text}");
    }
    assert!(stage.shows("Nova, ") && stage.shows("You, "));
    assert!(stage.shows("This is where the conversation begins."));
}

#[test]
fn enter_sends_and_shift_enter_breaks_the_line() {
    let mut stage = in_conversation();
    // The field has the focus as the conversation opens.
    stage.window.event(Event::Text("one".into()));
    stage.window.run();
    stage.window.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    stage.window.run();
    stage.window.event(Event::Text("two ".into()));
    stage.window.run();
    stage.press(Key::Enter);
    let commands = stage.commands();
    assert_eq!(commands.last(), Some(&Command::SendMessage(PrivateText::from("one\ntwo"))));
    assert!(commands.contains(&Command::Writing));
    assert_eq!(stage.value("Message Nova"), "");
    // Nothing is no message.
    stage.press(Key::Enter);
    assert_eq!(stage.commands(), []);
}

#[test]
fn a_message_ends_where_the_service_would_cut_it() {
    let mut stage = in_conversation();
    stage.window.event(Event::Text("x".repeat(1_900)));
    stage.window.run();
    assert!(stage.value("Message Nova").len() == 1_900);
    stage.window.event(Event::Text("y".repeat(500)));
    stage.window.run();
    assert_eq!(stage.value("Message Nova").chars().count(), 2_000);
}

#[test]
fn what_was_typed_waits_for_its_conversation() {
    let mut stage = in_conversation();
    stage.window.event(Event::Text("later".into()));
    stage.window.run();
    stage.click("All conversations");
    assert_eq!(stage.commands().last(), Some(&Command::CloseChat));
    stage.publish(|snapshot| signed_in(snapshot).chats.open = None);
    stage.publish(|snapshot| {
        open(snapshot, Vec::new());
        opened(snapshot).with = ChatWith::Group("squad".into());
    });
    assert_eq!(stage.value("Message"), "");
    stage.publish(|snapshot| open(snapshot, a_few()));
    assert_eq!(stage.value("Message Nova"), "later");
}

#[test]
fn what_was_begun_with_people_goes_on_in_their_group() {
    let mut stage = Stage::new(with_chats());
    stage.publish(|snapshot| {
        open(snapshot, Vec::new());
        opened(snapshot).with = ChatWith::People(vec![AccountId(NOVA)]);
    });
    stage.window.event(Event::Text("hello".into()));
    stage.window.run();
    stage.publish(|snapshot| open(snapshot, a_few()));
    assert_eq!(stage.value("Message Nova"), "hello");
    assert!(!stage.commands().contains(&Command::CloseChat));
}

#[test]
fn escape_goes_back_to_the_list() {
    let mut stage = in_conversation();
    stage.press(Key::Escape);
    assert_eq!(stage.commands(), [Command::CloseChat]);
}

#[test]
fn what_could_not_be_sent_says_so_and_can_be_sent_again_or_discarded() {
    let mut stage = in_conversation();
    stage.publish(|snapshot| {
        let outgoing = |id, text: &str, state| Outgoing { id, text: text.into(), state };
        opened(snapshot).outbox = Arc::new(vec![
            outgoing(1, "first", Sending::Failed(ProblemKind::MessageNotSent)),
            outgoing(2, "second", Sending::Pending),
        ]);
    });
    assert!(stage.shows("The message was not sent.") && stage.shows("Sending…"));
    stage.click("Retry");
    stage.click("Discard");
    assert_eq!(stage.commands(), [Command::RetryMessage(1), Command::DiscardMessage(1)]);
}

#[test]
fn a_message_is_answered_without_words_copied_and_its_sender_shown() {
    let mut snapshot = with_chats();
    let mut messages = vec![message("a", nova(), 9, "ready?")];
    messages[0].reactions =
        vec![Reaction { name: "OK".into(), by: vec![AccountId(ME), AccountId(TIDEWALKER)] }];
    open(&mut snapshot, messages);
    let mut stage = Stage::new(snapshot);
    stage.click("OK 2");
    let react = |reaction: &str| Command::React { message: "a".into(), reaction: reaction.into() };
    assert_eq!(stage.commands(), [react("OK")]);
    let more = |stage: &mut Stage| {
        stage.window.get_by_label_contains("React or copy: Nova").click();
        stage.window.run();
    };
    more(&mut stage);
    stage.click("React with 👍");
    more(&mut stage);
    stage.click("Show Nova");
    assert_eq!(stage.commands(), [react("👍"), Command::OpenCard(AccountId(NOVA))]);
    more(&mut stage);
    stage.click_once("Copy the text");
    let copied = &stage.window.output().platform_output.commands;
    assert!(matches!(copied.as_slice(), [egui::OutputCommand::CopyText(text)] if text == "ready?"));
}

#[test]
fn older_messages_are_asked_for_once_and_what_one_reads_stays_in_place() {
    let mut snapshot = with_chats();
    open(&mut snapshot, many(100..160));
    opened(&mut snapshot).older = Older::More;
    let mut stage = Stage::new(snapshot);
    assert_eq!(stage.commands(), [], "the end is in view, not the beginning");
    scroll(&mut stage, 100_000.0);
    assert_eq!(stage.commands(), [Command::ReadOlder]);
    scroll(&mut stage, 10.0);
    assert_eq!(stage.commands(), []);
    let before = stage.window.get_by_label("message number 103").rect();
    stage.publish(|snapshot| opened(snapshot).older = Older::Reading);
    stage.publish(|snapshot| {
        opened(snapshot).messages = Arc::new(many(50..160));
        opened(snapshot).older = Older::More;
    });
    let after = stage.window.get_by_label("message number 103").rect();
    assert!((before.top() - after.top()).abs() < 1.0, "{before:?} {after:?}");
    assert_eq!(stage.commands(), []);
    scroll(&mut stage, 100_000.0);
    assert_eq!(stage.commands(), [Command::ReadOlder]);
}

#[test]
fn older_messages_that_did_not_come_can_be_asked_for_again() {
    let mut snapshot = with_chats();
    open(&mut snapshot, a_few());
    opened(&mut snapshot).older = Older::NotLoaded;
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("Older messages could not be read."));
    stage.click("Try again");
    assert_eq!(stage.commands(), [Command::ReadOlder]);
}

#[test]
fn the_end_stays_in_view_unless_one_reads_further_up() {
    let mut snapshot = with_chats();
    open(&mut snapshot, many(0..60));
    let mut stage = Stage::new(snapshot);
    stage.publish(|snapshot| opened(snapshot).messages = Arc::new(many(0..61)));
    assert!(stage.window.query_by_label("message number 60").is_some());
    assert!(!stage.shows("New messages"));
    scroll(&mut stage, 600.0);
    stage.publish(|snapshot| opened(snapshot).messages = Arc::new(many(0..62)));
    assert!(stage.window.query_by_label("message number 61").is_none());
    stage.click("New messages");
    assert!(stage.window.query_by_label("message number 61").is_some());
    assert!(!stage.shows("New messages"));
}

/// The pointer over the messages, and the wheel `up`.
fn scroll(stage: &mut Stage, up: f32) {
    stage.window.event(Event::PointerMoved(pos2(1130.0, 400.0)));
    stage.window.run();
    stage.window.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, up),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    stage.window.run_steps(80);
}

#[test]
fn ten_thousand_messages_cost_what_is_seen_of_them() {
    let mut snapshot = with_chats();
    open(&mut snapshot, many(0..10_000));
    let mut stage = Stage::new(snapshot);
    let shown = stage.window.query_all_by_label_contains("message number").count();
    assert!(shown > 5 && shown < 60, "{shown}");
    let start = Instant::now();
    stage.window.run_steps(20);
    assert!(start.elapsed().as_millis() < 1_500, "{:?} for 20 frames", start.elapsed());
}

#[test]
fn a_narrow_window_has_a_page_for_messages() {
    let mut stage = Stage::sized(with_chats(), 720.0, 480.0);
    assert!(!stage.shows("Squad, tidewalker is writing…"));
    stage.click("Conversations, 3 unread");
    assert!(stage.shows("Squad, tidewalker is writing…"));
    stage.publish(|snapshot| open(snapshot, a_few()));
    let window = Rect::from_min_max(pos2(0.0, 0.0), pos2(720.0, 480.0));
    for label in ["Message Nova", "Send", "All conversations", "Who is here"] {
        assert!(window.contains_rect(stage.window.get_by_label(label).rect()), "{label}");
    }
    // Elsewhere it is not on screen, and what arrives must not count as read.
    stage.commands();
    stage.click("Notifications");
    assert_eq!(stage.commands(), [Command::CloseChat]);
}

#[test]
fn a_conversation_that_opens_comes_on_screen() {
    let mut stage = Stage::sized(with_chats(), 720.0, 480.0);
    stage.publish(|snapshot| open(snapshot, a_few()));
    assert!(stage.shows("headset charging"));
    let mut stage = Stage::new(with_chats());
    stage.click("Hide messages");
    assert!(!stage.shows("Squad, tidewalker is writing…"));
    stage.publish(|snapshot| open(snapshot, a_few()));
    assert!(stage.shows("headset charging"));
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_party_has_a_conversation_at_the_top() {
    let mut snapshot = stage::in_party();
    stage::party(&mut snapshot).chat = Some("party-group".into());
    let mut stage = Stage::new(snapshot);
    stage.click("Party chat, Sunday squad");
    assert_eq!(stage.commands(), [Command::OpenChat("party-group".into())]);
}

#[test]
fn everything_in_a_conversation_is_reached_without_a_mouse() {
    let mut stage = in_conversation();
    let mut reached = Vec::new();
    for _ in 0..40 {
        stage.press(Key::Tab);
        let focused = stage.window.root().children_recursive().find(|node| node.is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for label in
        ["Message Nova", "All conversations", "Who is here", "Conversations, 3 unread", "Notifications"]
    {
        assert!(reached.iter().any(|r| r == label), "{label} is not among {reached:?}");
    }
    assert!(reached.iter().any(|r| r.starts_with("React or copy: You")), "{reached:?}");
}

#[test]
fn hostile_messages_are_shown_harmless() {
    let hostile =
        format!("evil\u{202e}\u{7}\u{1b}[31m{}\n\n\n\n\n{}", "e\u{301}".repeat(3_000), "\u{301}".repeat(900));
    let mut snapshot = with_chats();
    let mut messages = vec![message("a", member(2, &hostile), 9, &hostile), message("b", nova(), 8, "")];
    messages[0].reactions =
        (0..200).map(|n| Reaction { name: format!("{n}{hostile}"), by: vec![AccountId(n)] }).collect();
    open(&mut snapshot, messages);
    let stage = Stage::sized(snapshot, 1280.0, 800.0);
    for node in stage.window.root().children_recursive() {
        let node = node.accesskit_node();
        for said in [node.label(), node.value()].into_iter().flatten() {
            assert!(!said.contains(['\u{202e}', '\u{7}', '\u{1b}']), "{said:?}");
            assert!(said.chars().count() <= 4_001, "{}", said.chars().count());
        }
    }
    assert!(stage.shows("(empty)"));
}

#[test]
fn an_open_conversation_asks_for_no_frames() {
    let mut stage = in_conversation();
    stage.window.run();
    assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
}

#[test]
fn the_client_is_told_whether_somebody_looks_even_where_no_frame_is_drawn() {
    let mut stage = in_conversation();
    stage.focus(true);
    assert_eq!(stage.commands(), [], "as it was taken to be");
    stage.focus(false);
    stage.focus(false);
    stage.focus(true);
    assert_eq!(stage.commands(), [Command::Look(false), Command::Look(true)]);
}

#[test]
fn two_hundred_conversations_cost_what_is_seen_of_them() {
    let mut snapshot = with_chats();
    let all = (0..200).map(|n| chat(&format!("g{n}"), &format!("Crew {n:03}"), &[me(), nova()], None));
    signed_in(&mut snapshot).chats.list = arrived(Arc::new(all.collect()));
    let mut stage = Stage::new(snapshot);
    let rows = |stage: &Stage| stage.window.query_all_by_label_contains("Crew ").count();
    assert!((5..30).contains(&rows(&stage)), "{} rows", rows(&stage));
    assert!(stage.shows("Crew 000") && !stage.shows("Crew 199"));
    for _ in 0..3 {
        scroll(&mut stage, -12_000.0);
    }
    assert!(stage.shows("Crew 199") && !stage.shows("Crew 000"), "the rest takes its room");
    assert!((5..30).contains(&rows(&stage)), "{} rows", rows(&stage));
}

#[test]
fn a_conversation_asked_for_while_it_closes_stays() {
    let mut snapshot = stage::in_party();
    let mut with = with_chats();
    signed_in(&mut snapshot).chats = signed_in(&mut with).chats.clone();
    let group = signed_in(&mut snapshot).chats.list.items()[0].group.id.clone();
    stage::party(&mut snapshot).chat = Some(group);
    open(&mut snapshot, a_few());
    let mut stage = Stage::new(snapshot);
    stage.commands();
    stage.click("All conversations");
    assert!(!stage.shows("headset charging"));
    stage.click("Party chat");
    // The client closed it and opened it again; the window never saw it closed.
    stage.publish(|_| {});
    assert!(stage.shows("headset charging"));
}

/// What the window asks of the window system.
fn is_held_back(stage: &Stage) -> bool {
    let commands = stage.window.output().viewport_output.values().flat_map(|out| &out.commands);
    commands.into_iter().any(|command| *command == egui::ViewportCommand::CancelClose)
}

fn close_window(stage: &mut Stage) -> bool {
    let input = stage.window.input_mut();
    input.viewports.entry(input.viewport_id).or_default().events.push(egui::ViewportEvent::Close);
    stage.window.step();
    let held_back = is_held_back(stage);
    stage.window.run();
    held_back
}

#[test]
fn what_was_not_sent_is_not_lost_without_asking() {
    let mut stage = in_conversation();
    assert!(!close_window(&mut stage), "there is nothing to lose");
    stage.publish(|snapshot| signed_in(snapshot).chats.unsent = 2);
    assert!(close_window(&mut stage));
    assert!(stage.shows("2 messages were not sent"));
    stage.click("Stay");
    assert!(!stage.shows("2 messages were not sent"));
    stage.click("Settings");
    stage.click("Account");
    stage.click("Sign out");
    assert!(!stage.commands().contains(&Command::SignOut));
    stage.click("Sign out anyway");
    assert!(stage.commands().contains(&Command::SignOut));
    assert!(close_window(&mut stage));
    stage.click("Quit anyway");
    assert!(!close_window(&mut stage));
}
