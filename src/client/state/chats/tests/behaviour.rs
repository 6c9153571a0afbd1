//! What the user sees of it, step by step.

use super::*;
use crate::{
    client::{ChatWith, ProblemKind, failure::Failure, input::Undone},
    model::MessageRange,
};

/// Everything that is asked is answered at once, over and over.
fn settle(client: &mut Client, service: &mut Service) {
    while !client.calls.is_empty() {
        for call in std::mem::take(&mut client.calls) {
            let answer = service.see(&call, Fate::Answered, &mut Vec::new());
            answer.into_iter().for_each(|answer| client.give(Input::Chats(answer)));
        }
    }
}

fn settled() -> (Client, Service, GroupId) {
    let (mut client, mut service) = (Client::signed_in(), Service::new());
    settle(&mut client, &mut service);
    let group = service.groups[1].group.id.clone();
    (client, service, group)
}

fn arrives(client: &mut Client, service: &mut Service, group: usize, text: &str) {
    let uid = service.write(group, AccountId(2), MessageKind::Text, text);
    let id = service.groups[group].group.id.clone();
    client.event(&id, GroupNews::Changed(Some(uid)));
    settle(client, service);
}

fn chat(client: &Client, group: &GroupId) -> Chat {
    let list = client.screen().chats.list;
    list.items().iter().find(|it| it.group.id == *group).expect("listed").clone()
}

fn sending(client: &mut Client) -> u64 {
    let sends = client.calls.iter().filter_map(|call| match call {
        ChatsEffect::Send { message, .. } => Some(*message),
        _ => None,
    });
    let sends: Vec<_> = sends.collect();
    assert_eq!(sends.len(), 1, "one at a time");
    client.calls.retain(|call| !matches!(call, ChatsEffect::Send { .. }));
    sends[0]
}

#[test]
fn the_list_is_read_once_and_what_was_written_before_counts_as_read() {
    let (client, _, _) = settled();
    let list = client.screen().chats.list;
    assert_eq!(list.items().len(), 3);
    assert!(list.items()[0].group.is_favorite, "favourites come first");
    assert!(list.items().iter().all(|chat| chat.unread == Unread::None));
    assert_eq!(client.notices, 0);
}

#[test]
fn a_message_counts_until_the_conversation_is_opened_and_is_told_once() {
    let (mut client, mut service, group) = settled();
    arrives(&mut client, &mut service, 1, "one");
    arrives(&mut client, &mut service, 1, "two");
    assert_eq!(chat(&client, &group).unread, Unread::Count(2));
    assert_eq!(client.notices, 1, "two at once are one toast");
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    assert_eq!(chat(&client, &group).unread, Unread::None);
    client.pass(Duration::from_secs(5));
    arrives(&mut client, &mut service, 1, "three");
    assert_eq!((chat(&client, &group).unread, client.notices), (Unread::None, 1), "it is on screen");
    client.command(Command::CloseChat);
    assert_eq!(chat(&client, &group).unread, Unread::None);
    arrives(&mut client, &mut service, 1, "four");
    assert_eq!((chat(&client, &group).unread, client.notices), (Unread::Count(1), 2));
}

#[test]
fn what_was_not_sent_is_counted_in_every_conversation() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    client.command(Command::SendMessage("one".into()));
    client.command(Command::SendMessage("two".into()));
    client.command(Command::CloseChat);
    client.command(Command::OpenChatWith(vec![AccountId(4_000_000)]));
    client.command(Command::SendMessage("three".into()));
    assert_eq!(client.screen().chats.unsent, 3);
    settle(&mut client, &mut service);
    assert!(client.screen().chats.unsent < 3, "{}", client.screen().chats.unsent);
}

#[test]
fn what_comes_while_nobody_looks_is_told_and_counts_until_somebody_does() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    client.command(Command::Look(false));
    arrives(&mut client, &mut service, 1, "one");
    let unseen = client.mark(&group);
    assert_eq!((chat(&client, &group).unread, client.notices), (Unread::Count(1), 1));
    client.command(Command::Look(true));
    assert_eq!(chat(&client, &group).unread, Unread::None);
    assert_ne!(client.mark(&group), unseen, "remembered as read");
    client.pass(Duration::from_secs(5));
    arrives(&mut client, &mut service, 1, "two");
    assert_eq!((chat(&client, &group).unread, client.notices), (Unread::None, 1));
}

#[test]
fn somebody_writes_for_twelve_seconds_or_until_the_message_is_there_and_nothing_is_read_for_it() {
    let (mut client, mut service, group) = settled();
    let writes = |client: &mut Client| client.event(&group, GroupNews::Typing(AccountId(2)));
    writes(&mut client);
    assert!(client.calls.is_empty());
    assert_eq!(chat(&client, &group).writing, [AccountId(2)]);
    client.pass(Duration::from_secs(10));
    writes(&mut client);
    client.pass(Duration::from_secs(11));
    assert_eq!(chat(&client, &group).writing, [AccountId(2)]);
    client.pass(Duration::from_secs(1));
    assert!(chat(&client, &group).writing.is_empty());
    writes(&mut client);
    arrives(&mut client, &mut service, 1, "here it is");
    assert!(chat(&client, &group).writing.is_empty());
    client.event(&group, GroupNews::Typing(ME));
    assert!(chat(&client, &group).writing.is_empty(), "another device of one's own");
}

#[test]
fn the_others_are_told_of_writing_every_ten_seconds_at_most() {
    let (mut client, _, group) = settled();
    client.command(Command::OpenChat(group));
    client.calls.clear();
    for _ in 0..15 * 60 * 9 {
        client.command(Command::Writing);
        client.pass(Duration::from_millis(110));
    }
    let told = client.calls.iter().filter(|call| matches!(call, ChatsEffect::TellWriting { .. })).count();
    assert!((80..90).contains(&told), "{told} calls in a quarter of an hour");
}

#[test]
fn what_is_sent_becomes_the_message_in_place_and_is_never_there_twice() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    client.command(Command::SendMessage("  hello  ".into()));
    client.command(Command::SendMessage("   ".into()));
    let shown = |client: &Client| {
        let open = client.screen().chats.open.expect("open");
        let there = open.messages.iter().filter(|it| it.body.as_str() == "hello").count();
        (there, open.outbox.len())
    };
    assert_eq!(shown(&client), (0, 1));
    let call = client.calls.pop().expect("a send");
    let mut told = Vec::new();
    let answer = service.see(&call, Fate::Answered, &mut told).expect("an answer");
    // The event is faster than the answer, and read before it.
    let (id, uid) = told.remove(0);
    client.event(&id, GroupNews::Changed(uid));
    settle(&mut client, &mut service);
    assert_eq!(shown(&client), (1, 0));
    client.give(Input::Chats(answer));
    assert_eq!(shown(&client), (1, 0));
    settle(&mut client, &mut service);
    assert_eq!(shown(&client), (1, 0));
}

#[test]
fn while_nothing_can_be_reached_messages_wait_in_order_and_go_when_the_line_is_back() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    client.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
    for text in ["one", "two"] {
        client.command(Command::SendMessage(text.into()));
    }
    let message = sending(&mut client);
    let failure = Failure::new(ProblemKind::ServiceUnreachable, "no network");
    client.give(Input::Chats(ChatsInput::Sent { message, group, result: Err(Undone::NotNow(failure)) }));
    assert!(!client.calls.iter().any(|call| matches!(call, ChatsEffect::Send { .. })));
    assert!(client.outgoing().iter().all(|(.., state)| *state == Sending::Pending));
    client.give(Input::PushOpened);
    settle(&mut client, &mut service);
    let sent: Vec<_> = service.groups[1].messages.iter().rev().take(2).map(|it| it.body.as_str()).collect();
    assert_eq!(sent, ["two", "one"]);
    assert!(client.outgoing().is_empty());
}

#[test]
fn a_pause_that_the_service_asks_for_is_kept() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    client.command(Command::SendMessage("patience".into()));
    let message = sending(&mut client);
    let wait = Duration::from_secs(90);
    let failure = Failure::new(ProblemKind::TooManyRequests { wait }, "429");
    client.give(Input::Chats(ChatsInput::Sent { message, group, result: Err(Undone::NotNow(failure)) }));
    let sends =
        |client: &Client| client.calls.iter().filter(|it| matches!(it, ChatsEffect::Send { .. })).count();
    client.pass(wait - Duration::from_secs(1));
    assert_eq!(sends(&client), 0);
    client.pass(Duration::from_secs(2));
    assert_eq!(sends(&client), 1);
}

#[test]
fn a_message_whose_answer_was_lost_is_looked_for_before_it_counts_as_failed() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    for (text, fate, left) in [("arrived", Fate::AnswerLost, 0), ("lost", Fate::Lost, 1)] {
        client.command(Command::SendMessage(text.into()));
        let call = client.calls.pop().expect("a send");
        let answer = service.see(&call, fate, &mut Vec::new()).expect("an answer");
        client.give(Input::Chats(answer));
        assert!(client.outgoing().iter().all(|(.., state)| *state == Sending::Pending), "{text}");
        settle(&mut client, &mut service);
        assert_eq!(client.outgoing().len(), left, "{text}");
    }
    let (id, _, state) = client.outgoing().remove(0);
    assert_eq!(state, Sending::Failed(ProblemKind::ServiceUnreachable));
    client.command(Command::CloseChat);
    client.command(Command::RetryMessage(id));
    settle(&mut client, &mut service);
    assert!(client.outgoing().is_empty());
    let there = |text| service.groups[1].messages.iter().filter(|it| it.body.as_str() == text).count();
    assert_eq!((there("arrived"), there("lost")), (1, 1));
}

#[test]
fn history_is_read_back_to_the_beginning_and_no_further() {
    let (mut client, mut service, _) = settled();
    let group = service.groups[2].group.id.clone();
    (0..60).for_each(|_| drop(service.write(2, AccountId(2), MessageKind::Text, "x")));
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    for _ in 0..10 {
        client.command(Command::ReadOlder);
        settle(&mut client, &mut service);
    }
    let open = client.screen().chats.open.expect("open");
    assert_eq!((open.messages.len(), open.older), (84, Older::Nothing));
    client.command(Command::ReadOlder);
    assert!(client.calls.is_empty());
}

#[test]
fn people_without_a_group_get_one_with_the_first_message() {
    let (mut client, mut service, _) = settled();
    let people = vec![AccountId(9), ME, AccountId(9)];
    client.command(Command::OpenChatWith(people));
    let open = client.screen().chats.open.expect("open");
    assert_eq!(open.with, ChatWith::People(vec![AccountId(9)]));
    assert!(client.calls.is_empty(), "nobody wrote so far");
    client.command(Command::SendMessage("hello".into()));
    settle(&mut client, &mut service);
    let open = client.screen().chats.open.expect("open");
    assert!(matches!(open.with, ChatWith::Group(_)));
    assert_eq!((open.messages.len(), open.outbox.len()), (1, 0));
    assert_eq!(service.groups.len(), 4);
}

#[test]
fn people_who_have_a_group_meet_in_it() {
    let (mut client, _, _) = settled();
    client.command(Command::OpenChatWith(vec![AccountId(3), AccountId(2)]));
    assert!(matches!(client.screen().chats.open.expect("open").with, ChatWith::Group(_)));
}

#[test]
fn a_conversation_that_is_gone_leaves_the_list_and_says_so_where_it_was_open() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    service.groups[1].mine = false;
    client.event(&group, GroupNews::Changed(None));
    settle(&mut client, &mut service);
    assert_eq!(client.screen().chats.list.items().len(), 2);
    assert_eq!(client.screen().chats.open, None);
    let problems: Vec<_> = client.state.snapshot().problems.into_iter().map(|it| it.kind).collect();
    assert_eq!(problems, [ProblemKind::ChatGone]);
}

#[test]
fn where_no_event_ever_tells_the_open_conversation_and_the_list_are_read_gently() {
    let count = |events: bool, push: bool| {
        let (mut client, mut service, group) = settled();
        client.command(Command::OpenChat(group.clone()));
        if events {
            client.event(&group, GroupNews::Changed(None));
        }
        if !push {
            client.give(Input::PushClosed { reach: Reach::Nobody, failure: None });
        }
        settle(&mut client, &mut service);
        let (mut lists, mut pages) = (0, 0);
        for _ in 0..60 {
            client.pass(Duration::from_secs(10));
            for call in &client.calls {
                lists += u32::from(matches!(call, ChatsEffect::ReadGroups { .. }));
                pages +=
                    u32::from(matches!(call, ChatsEffect::ReadMessages { range: MessageRange::Latest, .. }));
            }
            settle(&mut client, &mut service);
        }
        (lists, pages)
    };
    assert_eq!(count(true, true), (0, 0));
    assert_eq!(count(false, true), (3, 20));
    assert_eq!(count(false, false), (10, 60));
    assert_eq!(count(true, false), (10, 60));
}

#[test]
fn a_stay_that_ends_ends_all_reading_and_the_next_one_begins_it_again() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    client.event(&group, GroupNews::Changed(None));
    for call in std::mem::take(&mut client.calls) {
        if let ChatsEffect::ReadGroup { attempt, group } = call {
            let result = Err(Failure::new(ProblemKind::SignInEnded, "400"));
            client.give(Input::Chats(ChatsInput::Group { attempt, group, result }));
        }
    }
    client.command(Command::SendMessage("later".into()));
    client.pass(Duration::from_secs(600));
    assert!(client.calls.is_empty());
    client.command(Command::SignIn);
    let attempt = client.state.last_attempt;
    let me = Profile::named(ME, "marlow_87");
    client.give(Input::SignedIn { attempt, result: Ok(Arrived { me, again: true }) });
    client.pass(Duration::from_secs(600));
    settle(&mut client, &mut service);
    assert!(client.outgoing().is_empty(), "sent");
}

#[test]
fn a_flood_of_events_costs_a_bounded_number_of_calls() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    let mut calls = 0;
    for _ in 0..15 * 60 {
        for at in 0..3 {
            let uid = service.write(at, AccountId(2), MessageKind::Text, "spam");
            let id = service.groups[at].group.id.clone();
            client.event(&id, GroupNews::Changed(Some(uid)));
        }
        calls += client.calls.len();
        settle(&mut client, &mut service);
        client.pass(Duration::from_secs(1));
    }
    assert!((100..180).contains(&calls), "{calls} calls in a quarter of an hour");
}

#[test]
fn a_list_that_leaves_a_conversation_out_takes_nothing_from_it_before_the_service_says_that_it_is_gone() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    client.command(Command::SendMessage("on its way".into()));
    let message = sending(&mut client);
    let later = Failure::new(ProblemKind::ServiceUnreachable, "no network");
    let result = Err(Undone::NotNow(later));
    client.give(Input::Chats(ChatsInput::Sent { message, group: group.clone(), result }));
    let read_list = |client: &mut Client, service: &Service| {
        client.pass(Duration::from_secs(20));
        client.calls.clear();
        client.command(Command::Refresh);
        client.pass(Duration::from_secs(20));
        let attempt = client.calls.iter().find_map(|call| match call {
            ChatsEffect::ReadGroups { attempt } => Some(*attempt),
            _ => None,
        });
        let others = service.list().into_iter().filter(|other| other.id != group).collect();
        let attempt = attempt.expect("a reading");
        client.give(Input::Chats(ChatsInput::Groups { attempt, result: Ok(others) }));
        client
            .calls
            .iter()
            .any(|call| matches!(call, ChatsEffect::ReadGroup { group: it, .. } if *it == group))
    };
    assert!(read_list(&mut client, &service), "it is asked about by itself");
    assert!(client.screen().chats.open.is_some());
    assert_eq!(client.outgoing().len(), 1);
    assert!(client.mark(&group).is_some());
    service.groups[1].mine = false;
    settle(&mut client, &mut service);
    assert_eq!((client.screen().chats.open, client.outgoing()), (None, vec![]));
    assert_eq!(client.mark(&group), None);
}

#[test]
fn what_an_earlier_run_knew_of_a_conversation_that_the_list_leaves_out_is_kept() {
    let mut service = Service::new();
    let group = service.groups[1].group.id.clone();
    let gone = service.add_group(false);
    service.groups[3].mine = false;
    let newest = service.groups[1].messages.last().expect("one").uid.clone();
    let read_up_to = [(group.clone(), newest.clone()), (gone.clone(), "1#1".into())].into();
    let mut client = Client::remembering(Notes { read_up_to, ..Notes::default() });
    let call = client.calls.remove(0);
    let answer = service.see(&call, Fate::Answered, &mut Vec::new());
    let Some(ChatsInput::Groups { attempt, result: Ok(mut list) }) = answer else { panic!("a list") };
    list.retain(|it| it.id != group);
    client.give(Input::Chats(ChatsInput::Groups { attempt, result: Ok(list) }));
    client.pass(Duration::from_secs(1));
    settle(&mut client, &mut service);
    assert_eq!(client.mark(&group), Some(newest));
    assert_eq!(chat(&client, &group).unread, Unread::None);
    assert_eq!(client.mark(&gone), None, "the service says that it is gone");
}

/// A message every other second for two minutes, each on screen at once. Returns the calls.
fn busy(mine: bool) -> usize {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    arrives(&mut client, &mut service, 1, "hello");
    let mut calls = 0;
    for number in 0..60 {
        let text = format!("message {number}");
        let mut told = Vec::new();
        if mine {
            client.command(Command::SendMessage(text.as_str().into()));
        } else {
            let uid = service.write(1, AccountId(2), MessageKind::Text, &text);
            told.push((service.groups[1].group.id.clone(), Some(uid)));
        }
        loop {
            for (group, uid) in std::mem::take(&mut told) {
                client.event(&group, GroupNews::Changed(uid));
            }
            if client.calls.is_empty() {
                break;
            }
            for call in std::mem::take(&mut client.calls) {
                calls += 1;
                let answer = service.see(&call, Fate::Answered, &mut told);
                answer.into_iter().for_each(|answer| client.give(Input::Chats(answer)));
            }
        }
        let open = client.screen().chats.open.expect("open");
        assert_eq!(open.messages.last().expect("one").body.as_str(), text);
        assert!(open.outbox.is_empty());
        client.pass(Duration::from_secs(2));
    }
    calls
}

#[test]
fn in_a_busy_conversation_each_message_is_there_at_once_and_what_one_writes_oneself_costs_one_call() {
    let (mine, theirs) = (busy(true), busy(false));
    assert!((60..70).contains(&mine), "{mine}");
    assert!((60..=70).contains(&theirs), "{theirs}");
}

#[test]
fn a_message_of_a_conversation_that_is_not_open_costs_one_call_and_is_told() {
    let (mut client, mut service, group) = settled();
    client.pass(Duration::from_secs(60));
    for (text, unread) in [("one", 1), ("two", 2)] {
        let uid = service.write(1, AccountId(2), MessageKind::Text, text);
        client.event(&group, GroupNews::Changed(Some(uid)));
        assert_eq!(client.calls.len(), 1, "{:?}", client.calls);
        settle(&mut client, &mut service);
        client.pass(Duration::from_secs(60));
        assert_eq!(client.calls, []);
        assert_eq!((chat(&client, &group).unread, client.notices), (Unread::Count(unread), unread as usize));
    }
}

#[test]
fn an_answer_without_words_to_what_one_just_sent_is_seen_though_its_own_event_was_no_news() {
    for event_first in [false, true] {
        let (mut client, mut service, group) = settled();
        client.command(Command::OpenChat(group.clone()));
        settle(&mut client, &mut service);
        arrives(&mut client, &mut service, 1, "hello");
        client.command(Command::SendMessage("mine".into()));
        let (call, mut told) = (client.calls.pop().expect("a send"), Vec::new());
        let answer = service.see(&call, Fate::Answered, &mut told).expect("an answer");
        let uid = told.remove(0).1.expect("a message");
        let own = |client: &mut Client| client.event(&group, GroupNews::Changed(Some(uid.clone())));
        if event_first {
            own(&mut client);
            client.give(Input::Chats(answer));
        } else {
            client.give(Input::Chats(answer));
            own(&mut client);
            assert_eq!(client.calls, [], "nothing is new");
        }
        settle(&mut client, &mut service);
        service.react(1, &uid);
        own(&mut client);
        settle(&mut client, &mut service);
        let open = client.screen().chats.open.expect("open");
        assert_eq!(open.messages.last().expect("one").reactions.len(), 1, "event first: {event_first}");
    }
}

#[test]
fn what_was_not_sent_is_counted_and_the_end_of_the_program_waits_for_what_is_on_its_way() {
    let (mut client, mut service, group) = settled();
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    for text in ["one", "two"] {
        client.command(Command::SendMessage(text.into()));
    }
    assert_eq!(client.screen().chats.unsent, 2);
    client.command(Command::Quit);
    assert!(!client.has_finished, "something is being sent");
    settle(&mut client, &mut service);
    assert!(client.has_finished);
    assert_eq!(client.screen().chats.unsent, 0);
    let last = service.groups[1].messages.last().expect("one");
    assert_eq!(last.body.as_str(), "two", "what waited as well");

    let (mut client, mut service, _) = settled();
    client.command(Command::OpenChat(group));
    settle(&mut client, &mut service);
    client.command(Command::SendMessage("never answered".into()));
    client.command(Command::Quit);
    assert!(!client.has_finished);
    client.pass(Duration::from_millis(700));
    assert!(client.has_finished);
}

#[test]
fn answers_without_words_all_over_a_long_conversation_are_all_seen() {
    let (mut client, mut service, _) = settled();
    let group = service.groups[2].group.id.clone();
    (0..200).for_each(|_| drop(service.write(2, AccountId(2), MessageKind::Text, "x")));
    client.command(Command::OpenChat(group.clone()));
    settle(&mut client, &mut service);
    for _ in 0..15 {
        client.command(Command::ReadOlder);
        settle(&mut client, &mut service);
    }
    let all = service.groups[2].messages.len();
    assert_eq!(client.screen().chats.open.expect("open").messages.len(), all);
    for at in (0..all).step_by(20) {
        let uid = service.groups[2].messages[at].uid.clone();
        service.react(2, &uid);
        client.event(&group, GroupNews::Changed(Some(uid)));
    }
    settle(&mut client, &mut service);
    for _ in 0..15 {
        client.pass(Duration::from_secs(1));
        client.command(Command::ReadOlder);
        settle(&mut client, &mut service);
    }
    let open = client.screen().chats.open.expect("open");
    assert_eq!(*open.messages, service.groups[2].messages);
    assert_eq!(open.older, Older::Nothing);
}
