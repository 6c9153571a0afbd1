//! Friends, invitations, and starting a party.

use std::sync::Arc;

use egui_kittest::kittest::{NodeT, Queryable};
use partyline::{
    client::{Chat, Command, PartyState, Place, ProblemKind, Unread},
    model::{AccountId, Group, GroupMember, Invitation, OpenParty, PastParty, Privacy},
};

use crate::stage::{self, NOVA, ODALYS, Stage, arrived, friend, problem, signed_in};

#[test]
fn an_invitation_can_be_taken_or_put_off() {
    let mut stage = Stage::new(stage::home());
    assert!(stage.shows("Nova invites you to “Sunday squad”"));
    stage.click("Join Nova");
    stage.click("Not now, Nova");
    assert_eq!(
        stage.commands(),
        [Command::JoinParty("squad".into()), Command::DismissInvitation("squad".into())]
    );
}

#[test]
fn a_friends_party_can_be_joined_from_the_page_and_from_the_friend() {
    let mut stage = Stage::new(stage::home());
    stage.click("Join Harbor night");
    stage.open_menu("tidewalker, Deep Harbor · PS5, in Harbor night");
    let in_menu = stage.window.get_all_by_label("Join Harbor night").last().expect("a menu row");
    in_menu.click();
    stage.window.run();
    assert_eq!(stage.commands(), [Command::JoinParty("harbor".into()), Command::JoinParty("harbor".into())]);
}

#[test]
fn a_party_is_started_with_a_name_a_privacy_and_guests() {
    let mut stage = Stage::new(stage::home());
    stage.click("Start a party");
    // The name has the focus at once.
    stage.window.event(egui::Event::Text("  Race night ".into()));
    stage.window.run();
    stage.click("Friends can join");
    stage.click("Odalys");
    stage.click("Nova");
    stage.click("Odalys");
    stage.click("Start and invite 1");
    let name = "Race night".to_owned();
    let invite = vec![AccountId(NOVA)];
    assert_eq!(
        stage.commands(),
        [Command::StartParty { name, privacy: Privacy::FriendsCanJoin, limit: 16, invite }]
    );
    assert!(!stage.shows("Name, if you like"));
}

#[test]
fn escape_closes_a_dialog_and_nothing_happens() {
    let mut stage = Stage::new(stage::home());
    stage.open_menu("Odalys, Online · PS5");
    stage.click("Start a party together");
    assert!(stage.shows("Start and invite 1"));
    stage.window.key_press(egui::Key::Escape);
    stage.window.run();
    assert!(!stage.shows("Start and invite 1"));
    assert_eq!(stage.commands(), []);
}

#[test]
fn the_search_narrows_the_list() {
    let mut stage = Stage::new(stage::home());
    stage.window.get_by_label("Search friends").click();
    stage.window.run();
    stage.window.event(egui::Event::Text("oda".into()));
    stage.window.run();
    assert!(stage.shows("Odalys, Online"));
    assert!(!stage.shows("Nova, Astro Rally"));
}

#[test]
fn empty_lists_say_what_would_be_there() {
    let mut snapshot = stage::home();
    let signed_in = signed_in(&mut snapshot);
    signed_in.friends = arrived(Default::default());
    signed_in.parties = arrived(Default::default());
    signed_in.invitations = Default::default();
    let stage = Stage::new(snapshot);
    assert!(stage.shows("No friends yet."));
    assert!(stage.shows("No parties right now"));
}

#[test]
fn joining_can_be_given_up() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).party = PartyState::Joining;
    let mut stage = Stage::new(snapshot);
    assert!(stage.window.query_by_label("Start a party").is_none());
    stage.click("Cancel");
    assert_eq!(stage.commands(), [Command::LeaveParty]);
}

#[test]
fn friends_that_did_not_load_can_be_asked_for_again_in_any_width() {
    for width in [1280.0, 720.0] {
        let mut snapshot = stage::home();
        snapshot.problems.push(problem(ProblemKind::FriendsNotLoaded, Place::Friends));
        let mut stage = Stage::sized(snapshot, width, 600.0);
        stage.click("Try again");
        stage.click("Dismiss");
        assert_eq!(stage.commands(), [Command::Refresh, Command::DismissProblem(7)], "at {width}");
    }
}

#[test]
fn a_friend_is_invited_from_the_list_once() {
    let mut stage = Stage::new(stage::in_party());
    stage.open_menu("Odalys, Online · PS5");
    stage.click("Invite to the party");
    assert_eq!(stage.commands(), [Command::Invite(vec![AccountId(ODALYS)])]);
    stage.publish(|snapshot| stage::party(snapshot).invited.push(AccountId(ODALYS)));
    stage.open_menu("Odalys, Online · PS5");
    stage.click("Invited");
    assert_eq!(stage.commands(), []);
}

#[test]
fn a_long_list_costs_what_is_seen_of_it() {
    let painted = |count: u64| {
        let mut snapshot = stage::home();
        let many: Vec<_> = (0..count).map(|i| friend(1000 + i, &format!("friend_{i:04}"), None)).collect();
        signed_in(&mut snapshot).friends = arrived(Arc::new(many));
        Stage::new(snapshot).window.output().shapes.len()
    };
    let (screenful, endless) = (painted(20), painted(2000));
    assert!(endless < screenful + 20, "{endless} shapes against {screenful}");
}

#[test]
fn in_a_party_another_one_is_joined_by_leaving_this_one_and_that_is_said() {
    let mut snapshot = stage::home();
    let invitations = signed_in(&mut snapshot).invitations.clone();
    stage::join(&mut snapshot);
    signed_in(&mut snapshot).invitations = invitations;
    stage::party(&mut snapshot).session.id = "mine".into();
    let mut stage = Stage::new(snapshot);
    stage.click("All parties");
    assert!(stage.shows("Joining another party leaves “Sunday squad”. The others stay in it."));
    stage.click("Leave and join Nova");
    stage.click("Leave and join Harbor night");
    assert_eq!(stage.commands(), [Command::JoinParty("squad".into()), Command::JoinParty("harbor".into())]);
    stage.publish(|snapshot| stage::party(snapshot).session.members.truncate(1));
    assert!(stage.shows("Joining another party ends “Sunday squad”: nobody else is in it."));
}

#[test]
fn a_party_on_another_device_is_brought_here() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).elsewhere = Some("harbor".into());
    let mut stage = Stage::new(snapshot);
    assert!(stage.shows("You are in “Harbor night” on another device"));
    assert!(stage.window.query_by_label("Join Harbor night").is_none(), "one is in it already");
    stage.click("Bring it here");
    assert_eq!(stage.commands(), [Command::JoinParty("harbor".into())]);
}

#[test]
fn a_party_that_one_is_invited_to_is_shown_once() {
    let mut snapshot = stage::home();
    let inside = signed_in(&mut snapshot);
    inside.parties = arrived(Arc::new(vec![stage::session("squad", "Sunday squad", &[(NOVA, "Nova")])]));
    let mut stage = Stage::new(snapshot);
    assert!(stage.window.query_by_label("Join Nova").is_some());
    assert!(stage.window.query_by_label("Join Sunday squad").is_none());
    stage.publish(|snapshot| signed_in(snapshot).invitations = Arc::default());
    assert!(stage.window.query_by_label("Join Sunday squad").is_some());
}

#[test]
fn where_one_may_only_ask_it_says_where_that_works() {
    let mut snapshot = stage::home();
    let mut party = stage::session("harbor", "Harbor night", &[(NOVA, "Nova")]);
    (party.joinable, party.request_to_join) = (false, true);
    signed_in(&mut snapshot).parties = arrived(Arc::new(vec![party]));
    let stage = Stage::new(snapshot);
    assert!(stage.shows("The host lets people ask to join. That works in the phone app."));
    assert!(stage.window.query_by_label("Join Harbor night").is_none());
}

#[test]
fn an_open_party_of_a_group_is_named_by_its_group_and_joined() {
    let mut snapshot = stage::home();
    signed_in(&mut snapshot).chats.list =
        arrived(Arc::new(vec![chat("crew", &[(ODALYS, "Odalys"), (15, "Pell")])]));
    let party = |session: &str, group: Option<&str>| OpenParty {
        session: session.into(),
        group: group.map(Into::into),
        name: String::new(),
        members: vec![group_member(ODALYS, "Odalys")],
        max_members: Some(1),
    };
    let open = vec![party("one", Some("crew")), OpenParty { max_members: None, ..party("two", None) }];
    signed_in(&mut snapshot).open_parties = Arc::new(open);
    let mut stage = Stage::new(snapshot);
    assert!(!stage.is_enabled("Full A party of Odalys, Pell"));
    stage.click("Join A party of a group");
    assert_eq!(stage.commands(), [Command::JoinParty("two".into())]);
}

#[test]
fn parties_of_before_are_read_when_they_are_asked_for_and_come_again() {
    let mut stage = Stage::new(stage::home());
    stage.click("Show recent parties and people");
    assert_eq!(stage.commands(), [Command::ReadPastParties]);
    stage.publish(|snapshot| {
        let members = vec![
            group_member(stage::ME, "marlow_87"),
            group_member(ODALYS, "Odalys"),
            group_member(77, "stranger_77"),
        ];
        let party = PastParty { session: None, name: String::new(), members, when: None };
        signed_in(snapshot).past_parties = arrived(Arc::new(vec![party]));
    });
    stage.click("People of Odalys, stranger_77");
    stage.click("stranger_77");
    assert_eq!(stage.commands(), [Command::OpenCard(AccountId(77))]);
    stage.click("Again: Odalys, stranger_77");
    // Also who is no friend can be left out.
    stage.click("stranger_77");
    stage.click("stranger_77");
    stage.click("Start and invite 2");
    let invite = vec![AccountId(ODALYS), AccountId(77)];
    let (name, privacy) = (String::new(), Privacy::InviteOnly);
    assert_eq!(stage.commands(), [Command::StartParty { name, privacy, limit: 16, invite }]);
}

#[test]
fn a_small_party_is_started_and_too_many_guests_are_pointed_out() {
    let mut stage = Stage::new(stage::home());
    stage.click("Start a party");
    for _ in 0..14 {
        stage.click("One place less");
    }
    assert!(!stage.is_enabled("One place less"));
    stage.click("Odalys");
    stage.click("Nova");
    assert!(stage.shows("There are 2 places, and one is yours."));
    stage.click("Nova");
    stage.click("Start and invite 1");
    let (name, privacy, invite) = (String::new(), Privacy::InviteOnly, vec![AccountId(ODALYS)]);
    assert_eq!(stage.commands(), [Command::StartParty { name, privacy, limit: 2, invite }]);
}

#[test]
fn hostile_names_of_parties_groups_and_people_of_before_are_shown_harmless() {
    let hostile = format!("evil\n\u{202e}\u{7}{}", "x".repeat(10_000));
    let mut snapshot = stage::home();
    let inside = signed_in(&mut snapshot);
    inside.invitations = Arc::new(vec![Invitation {
        party_name: hostile.clone(),
        from: Some(hostile.as_str().into()),
        members: vec![hostile.as_str().into(); 50],
        ..inside.invitations[0].clone()
    }]);
    let mut group = chat("crew", &[(15, "Pell")]);
    group.group.name.clone_from(&hostile);
    inside.chats.list = arrived(Arc::new(vec![group]));
    let members = vec![group_member(77, &hostile); 50];
    inside.open_parties = Arc::new(vec![OpenParty {
        session: "open".into(),
        group: Some("crew".into()),
        name: hostile.clone(),
        members: members.clone(),
        max_members: None,
    }]);
    inside.past_parties =
        arrived(Arc::new(vec![PastParty { session: None, name: hostile, members, when: None }]));
    let mut stage = Stage::sized(snapshot, 720.0, 480.0);
    stage.click(&format!("People of evil {}…", "x".repeat(91)));
    let everything = stage.everything();
    assert!(!everything.contains(['\u{202e}', '\u{7}']) && !everything.contains(&"x".repeat(97)));
}

#[test]
fn two_hundred_parties_cost_what_is_seen_of_them_and_take_the_room_of_all() {
    let cards = |count: usize, lowest: f32| {
        let mut snapshot = stage::home();
        let party = |index| OpenParty {
            session: format!("open-{index}").as_str().into(),
            group: None,
            name: format!("Party {index}"),
            members: Vec::new(),
            max_members: None,
        };
        signed_in(&mut snapshot).open_parties = Arc::new((0..count).map(party).collect());
        let mut stage = Stage::new(snapshot);
        let drawn = stage.window.query_all_by_label_contains("Join Party").count();
        stage.window.hover_at(egui::pos2(800.0, 500.0));
        stage.window.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -lowest),
            modifiers: egui::Modifiers::NONE,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        });
        // The wheel is smoothed over some frames.
        stage.window.run_steps(20);
        assert!(stage.shows("Show recent parties and people"));
        let last = stage.window.get_by_label(&format!("Join Party {}", count - 1)).rect();
        assert!(last.bottom() < 800.0 && last.top() > 64.0, "{last:?}");
        drawn
    };
    let (some, many) = (cards(12, 3_000.0), cards(200, 30_000.0));
    assert!(some >= 6 && many <= 16, "{many} against {some}");
}

fn group_member(id: u64, name: &str) -> GroupMember {
    GroupMember { account: AccountId(id), online_id: Some(name.into()) }
}

fn chat(id: &str, members: &[(u64, &str)]) -> Chat {
    let group = Group {
        id: id.into(),
        name: String::new(),
        members: members.iter().map(|(id, name)| group_member(*id, name)).collect(),
        is_favorite: false,
        thread: None,
        latest: None,
        read_up_to: None,
        has_unread: false,
        changed: None,
        parties: Vec::new(),
    };
    Chat { group, unread: Unread::None, writing: Vec::new() }
}

#[test]
fn an_invitation_is_marked_on_every_page_on_the_way_back() {
    let waiting = |stage: &Stage, back: &str| stage.window.get_by_label(back).accesskit_node().description();
    let mut snapshot = stage::home();
    let invitations = signed_in(&mut snapshot).invitations.clone();
    stage::join(&mut snapshot);
    let mut stage = Stage::sized(snapshot, 900.0, 700.0);
    assert_ne!(waiting(&stage, "All parties").as_deref(), Some("1 invitation"));
    stage.publish(|snapshot| signed_in(snapshot).invitations = invitations);
    assert_eq!(waiting(&stage, "All parties").as_deref(), Some("1 invitation"));
    for page in ["Settings", "Conversations", "Notifications"] {
        stage.click(page);
        assert_eq!(waiting(&stage, "Back").as_deref(), Some("1 invitation"), "{page}");
        stage.click("Back");
    }
    stage.click("All parties");
    assert!(stage.shows("Nova invites you"));
}
