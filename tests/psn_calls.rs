//! Each call of the protocol once against the sandbox: that it works, and what its failure becomes for the user. Voice and
//! sign-in have tests of their own (`sandbox_bridge`, `sign_in`, `stay`).

mod stage;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use partyline::{
    client::{Failure, ProblemKind},
    model::{
        AccountId, Clock, Description, FriendRelation, GroupId, ImageUrl, MessageKind, MessageRange,
        NotificationId, Offer, PartyLink, Platform, Privacy, SessionId, Signal, ThreadId,
    },
    psn::{Error, Event, PartyChange, PartyEvent, PresenceCache, Psn, PushEvent, PushSocket},
    sandbox::{Area, Fault, SandboxConfig, Spoiled},
};
use stage::{Service, account};

const NOBODY: AccountId = AccountId(4_611_686_018_427_387_904);

/// Two friends at one sandbox: whoever signs in there is.
struct Pair {
    service: Service,
    marlow: Arc<Psn>,
    wren: Arc<Psn>,
}

impl Pair {
    fn meet(test: impl AsyncFnOnce(&Self)) {
        let service = Service::start(SandboxConfig { residents: false, ..SandboxConfig::default() });
        let sign_in = |name| service.runtime.block_on(account(&service.url, name, &Clock::default()));
        let pair = Self { marlow: sign_in("marlow_87"), wren: sign_in("wren_4"), service };
        pair.service.runtime.block_on(test(&pair));
    }

    /// The next answer of the API is this one.
    fn spoil(&self, spoiled: Spoiled) {
        self.service.sandbox().inject(Fault::Answer { area: Area::Api, spoiled, times: 1 });
    }

    /// What a call that goes through becomes when its answer is damaged on the way.
    async fn damaged<T>(&self, call: impl Future<Output = Result<T, Error>>) -> ProblemKind {
        self.spoil(Spoiled::Malformed);
        problem(call).await
    }
}

/// What a call that fails is to the user.
async fn problem<T>(call: impl Future<Output = Result<T, Error>>) -> ProblemKind {
    Failure::from(call.await.err().expect("it fails")).kind
}

async fn party_problem<T>(call: impl Future<Output = Result<T, Error>>) -> ProblemKind {
    Failure::of_party(call.await.err().expect("it fails")).kind
}

fn nowhere() -> SessionId {
    "99999999-0000-4000-8000-000000000000".parse().expect("an id")
}

/// The next event about a party that is as wanted.
async fn party_event(line: &mut PushSocket, wanted: impl Fn(&Event) -> bool) -> PartyEvent {
    let found = async {
        loop {
            match line.next().await.expect("the line is up") {
                PushEvent::Party(event) if wanted(&event.event) => return event,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), found).await.expect("an event")
}

#[test]
fn a_party_from_its_beginning_to_its_end() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        let session = marlow.create_party("Sunday squad", Privacy::InviteOnly, 8).await.expect("created");
        let party = marlow.party(&session).await.expect("read");
        assert_eq!((party.name.as_str(), party.max_members), ("Sunday squad", 8));
        assert_eq!((party.owner, party.created.is_some()), (Some(marlow.account()), true));
        assert_eq!(marlow.visible_parties(&[]).await.expect("listed")[0].id, session);

        let mut line = wren.open_push(false).await.expect("a line");
        marlow.invite(&session, &[wren.account()]).await.expect("invited");
        let invited = party_event(&mut line, |event| *event == Event::Invited).await;
        assert_eq!(invited.session, session);
        assert_eq!(wren.invitations().await.expect("listed")[0].session, session);
        wren.join_party(&session, None).await.expect("inside");

        for (change, event) in [
            (PartyChange::Name("Monday".into()), Event::Renamed("Monday".into())),
            (PartyChange::Limit(4), Event::LimitChanged(4)),
            (PartyChange::Privacy(Privacy::FriendsCanJoin), Event::PrivacyChanged(Privacy::FriendsCanJoin)),
        ] {
            marlow.change_party(&session, &change).await.expect("changed");
            party_event(&mut line, |heard| *heard == event).await;
        }

        marlow.announce_voice(&session, &[wren.account()], true).await.expect("announced");
        let said = |event: &Event| matches!(event, Event::MembersChanged(it) if it[0].muted == Some(true));
        party_event(&mut line, said).await;
        let party = wren.party(&session).await.expect("read");
        let member = party.members.iter().find(|it| it.account == marlow.account()).expect("a member");
        assert_eq!((member.muted, &member.connected_to), (true, &Some(vec![wren.account()])));

        let message = |sender: &Psn| Signal {
            from: sender.account(),
            from_platform: Platform::Mobile,
            to: wren.account(),
            to_platform: Platform::Mobile,
            description: Description::Offer(Offer("v=0\r\n".into())),
            sequence: 1,
        };
        marlow.send_signal(&session, &message(marlow)).await.expect("sent");
        let heard = party_event(&mut line, |event| matches!(event, Event::Signal(_))).await;
        assert_eq!(heard.event, Event::Signal(Box::new(message(marlow))));
        let forged = message(wren);
        let forged = marlow.send_signal(&session, &forged);
        assert_eq!(problem(forged).await, ProblemKind::ServiceTrouble, "with somebody else's id inside");

        assert_eq!(
            party_problem(wren.remove_member(&session, marlow.account())).await,
            ProblemKind::NotAllowed
        );
        marlow.remove_member(&session, wren.account()).await.expect("removed");
        party_event(&mut line, |it| matches!(it, Event::MembersLeft(gone) if *gone == [wren.account()]))
            .await;
        marlow.leave_party(&session).await.expect("left");
        assert_eq!(party_problem(marlow.party(&session)).await, ProblemKind::PartyEnded);
        assert_eq!(pair.damaged(marlow.visible_parties(&[])).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.invitations()).await, ProblemKind::ServiceTrouble);
        assert_eq!(line.counts().unknown, 0);

        let past = marlow.party_history().await.expect("read");
        assert!(past.iter().flat_map(|it| &it.members).any(|it| it.account == wren.account()), "{past:?}");
    });
}

#[test]
fn a_party_that_is_no_more_says_so_whatever_is_asked_of_it() {
    Pair::meet(async |Pair { marlow, wren, .. }| {
        use ProblemKind::PartyEnded;
        let session = &nowhere();
        assert_eq!(party_problem(marlow.party(session)).await, PartyEnded);
        assert_eq!(party_problem(marlow.join_party(session, None)).await, PartyEnded);
        assert_eq!(party_problem(marlow.invite(session, &[wren.account()])).await, PartyEnded);
        let change = PartyChange::Name("x".into());
        assert_eq!(party_problem(marlow.change_party(session, &change)).await, PartyEnded);
        assert_eq!(party_problem(marlow.announce_voice(session, &[], false)).await, PartyEnded);
        assert_eq!(party_problem(marlow.share_party(session)).await, PartyEnded);
        let signal = Signal {
            from: marlow.account(),
            from_platform: Platform::Mobile,
            to: NOBODY,
            to_platform: Platform::Ps5,
            description: Description::Offer(Offer("v=0\r\n".into())),
            sequence: 1,
        };
        let sent = marlow.send_signal(session, &signal).await;
        assert!(sent.is_err());
        marlow.leave_party(session).await.expect("what is left is left");
        marlow.remove_member(session, NOBODY).await.expect("who is gone is gone");
    });
}

#[test]
fn a_link_shows_the_party_and_leads_into_it() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        let session = marlow.create_party("", Privacy::InviteOnly, 16).await.expect("created");
        let link = marlow.share_party(&session).await.expect("a link");
        let preview = wren.link_preview(&link).await.expect("a preview");
        assert_eq!((&preview.session, preview.members.len(), preview.is_joinable), (&session, 1, true));
        assert!(preview.members[0].is_host && preview.poll_every >= Duration::from_secs(5));
        wren.join_party(&session, Some(&link)).await.expect("inside");

        let unknown: PartyLink =
            "https://party.playstation.com/AAAAAAAAAAAAAAAAAAAAAA".parse().expect("a link");
        assert_eq!(party_problem(wren.link_preview(&unknown)).await, ProblemKind::PartyEnded);
        assert_eq!(pair.damaged(wren.link_preview(&link)).await, ProblemKind::ServiceTrouble);
    });
}

#[test]
fn friends_are_found_asked_accepted_and_let_go() {
    Pair::meet(async |pair @ Pair { service, marlow, wren }| {
        assert_eq!(marlow.friends(0).await.expect("listed").friends, [wren.account()]);
        let summary = marlow.friend_summary(wren.account()).await.expect("read");
        assert_eq!(summary.relation, FriendRelation::Friend);
        marlow.share_real_name(wren.account()).await.expect("shared");
        let profiles = marlow.profiles(&[wren.account()]).await.expect("read");
        assert_eq!(profiles[0].online_id.as_str(), "wren_4");
        let avatar = profiles[0].avatar.clone().expect("an avatar");
        assert!(!marlow.image(&avatar).await.expect("fetched").is_empty());

        let stranger = account(&service.url, "tidewalker", &Clock::default()).await;
        stranger.unfriend(marlow.account()).await.expect("a stranger");
        stranger.befriend(marlow.account()).await.expect("asked");
        let requests = marlow.friend_requests().await.expect("listed");
        assert_eq!((requests[0].from, requests[0].requested.is_some()), (stranger.account(), true));
        marlow.befriend(stranger.account()).await.expect("accepted");
        assert_eq!(marlow.friend_requests().await.expect("listed"), []);
        assert_eq!(marlow.friends(0).await.expect("listed").friends.len(), 2);
        marlow.unfriend(stranger.account()).await.expect("no friends any more");
        marlow.unfriend(stranger.account()).await.expect("as before");
        marlow.unfriend(wren.account()).await.expect("no friends any more");
        assert_eq!(marlow.friends(0).await.expect("listed").friends, []);

        assert_eq!(problem(marlow.befriend(NOBODY)).await, ProblemKind::ServiceTrouble);
        assert_eq!(problem(marlow.friend_summary(NOBODY)).await, ProblemKind::ServiceTrouble);
        assert_eq!(problem(marlow.share_real_name(NOBODY)).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.friends(0)).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.profiles(&[wren.account()])).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.friend_requests()).await, ProblemKind::ServiceTrouble);
        let found = marlow.find_person(&"TIDEWALKER".into()).await.expect("looked for");
        assert_eq!(found, Some(stranger.account()));
        assert_eq!(
            marlow.find_person(&"tide".into()).await.expect("looked for"),
            None,
            "only the exact name"
        );
        assert_eq!(problem(marlow.find_person(&"".into())).await, ProblemKind::ServiceTrouble);
        let wren = "wren_4".into();
        assert_eq!(pair.damaged(marlow.find_person(&wren)).await, ProblemKind::ServiceTrouble);
        let elsewhere: ImageUrl = "http://127.0.0.1:1/a.png".parse().expect("an address");
        assert!(matches!(marlow.image(&elsewhere).await, Err(Error::NoPicture)));
    });
}

#[test]
fn who_is_blocked_is_out_of_reach_until_unblocked() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        marlow.block(wren.account()).await.expect("blocked");
        assert_eq!(marlow.blocked().await.expect("listed"), [wren.account()]);
        assert_eq!(problem(wren.befriend(marlow.account())).await, ProblemKind::InvitationRefused);
        marlow.unblock(wren.account()).await.expect("unblocked");
        assert_eq!(marlow.blocked().await.expect("listed"), []);
        assert_eq!(problem(marlow.block(NOBODY)).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.blocked()).await, ProblemKind::ServiceTrouble);
    });
}

#[test]
fn presences_come_again_only_where_something_changed() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        let cache = PresenceCache::default();
        let accounts = [wren.account()];
        let first = marlow.presences(&accounts, &cache).await.expect("read");
        assert_eq!(first.len(), 1);
        // A body would not be understood: the answer has none.
        pair.spoil(Spoiled::Malformed);
        assert_eq!(marlow.presences(&accounts, &cache).await.expect("not modified"), first);
        let unread = &PresenceCache::default();
        assert_eq!(pair.damaged(marlow.presences(&accounts, unread)).await, ProblemKind::ServiceTrouble);

        assert!(!wren.appears_offline().await.expect("read"));
        wren.set_appear_offline(true).await.expect("set");
        assert!(wren.appears_offline().await.expect("read"));
        assert_eq!(pair.damaged(wren.appears_offline()).await, ProblemKind::ServiceTrouble);
        pair.spoil(Spoiled::AccessDenied);
        assert_eq!(problem(wren.set_appear_offline(false)).await, ProblemKind::BlockedByNetworkEdge);
        assert!(wren.pause().is_some(), "nobody knocks at a wall");
        pair.spoil(Spoiled::TooManyRequests { retry_after: Some(600) });
        let wait = Duration::from_secs(600);
        let limited = problem(marlow.presences(&accounts, &cache)).await;
        assert_eq!(limited, ProblemKind::TooManyRequests { wait });
    });
}

#[test]
fn a_short_pause_is_one_for_all_who_call() {
    Pair::meet(async |pair @ Pair { marlow, .. }| {
        let calls = || pair.service.sandbox().api_calls();
        let (before, began) = (calls(), std::time::Instant::now());
        pair.spoil(Spoiled::TooManyRequests { retry_after: Some(1) });
        let later = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(calls() - before, 1, "the one that was told to wait");
            let answer = marlow.friend_requests().await;
            (answer, began.elapsed())
        };
        let (first, (second, waited)) = tokio::join!(marlow.blocked(), later);
        first.expect("it waits, and asks again");
        second.expect("it waits too");
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
        assert_eq!(calls() - before, 3);
    });
}

#[test]
fn games_are_listed_or_kept_to_oneself() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        if let Some(titles) = marlow.played_titles(wren.account()).await.expect("read") {
            assert!(titles.iter().all(|it| !it.game.title.is_empty()));
        }
        assert_eq!(problem(marlow.played_titles(NOBODY)).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(marlow.played_titles(marlow.account())).await, ProblemKind::ServiceTrouble);
    });
}

fn names(event: &PushEvent, wanted: &GroupId) -> bool {
    matches!(event, PushEvent::Group { group, .. } if group == wanted)
}

#[test]
fn two_people_write_to_each_other() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        let (group, thread) = marlow.create_group(&[wren.account()]).await.expect("a group");
        assert_eq!(group.partner_of(marlow.account()), Some(wren.account()));
        let mut line = wren.open_push(false).await.expect("a line");
        let mut sent = Vec::new();
        for number in 0..25 {
            sent.push(marlow.send_message(&group, &thread, &format!("{number} 🎮")).await.expect("sent").uid);
        }
        let heard = async { while !names(&line.next().await.expect("the line is up"), &group) {} };
        tokio::time::timeout(Duration::from_secs(5), heard).await.expect("an event that names the group");

        let latest = wren.messages(&group, &thread, &MessageRange::Latest).await.expect("read");
        let uids: Vec<_> = latest.messages.iter().map(|it| it.uid.clone()).collect();
        assert_eq!((uids.as_slice(), latest.reached_end), (&sent[5..], false));
        let last = latest.messages.last().expect("twenty");
        assert_eq!((last.kind, last.body.as_str()), (MessageKind::Text, "24 🎮"));
        assert_eq!(last.sender.as_ref().expect("a sender").account, marlow.account());
        let older = MessageRange::Before(sent[5].clone());
        let older = wren.messages(&group, &thread, &older).await.expect("read");
        assert_eq!((older.messages.len(), older.reached_end), (5, true));
        let newer = MessageRange::After(sent[22].clone());
        assert_eq!(wren.messages(&group, &thread, &newer).await.expect("read").messages.len(), 2);

        wren.typing(&group).await.expect("told");
        wren.react(&group, &thread, &sent[24], "heart").await.expect("reacted");
        let groups = wren.groups().await.expect("listed");
        assert_eq!(
            (&groups[0].id, &groups[0].thread, groups[0].is_pair()),
            (&group, &Some(thread.clone()), true)
        );
        assert_eq!(wren.group(&group).await.expect("read").members.len(), 2);
        assert_eq!(wren.open_parties().await.expect("listed"), []);

        let (nowhere, no_thread) = (GroupId::from("~0000000000000001.0000000000000002"), ThreadId::from("x"));
        use ProblemKind::ServiceTrouble;
        assert_eq!(problem(wren.group(&nowhere)).await, ServiceTrouble);
        assert_eq!(problem(wren.messages(&group, &no_thread, &MessageRange::Latest)).await, ServiceTrouble);
        assert_eq!(problem(wren.send_message(&nowhere, &thread, "x")).await, ServiceTrouble);
        assert_eq!(problem(wren.typing(&nowhere)).await, ServiceTrouble);
        assert_eq!(problem(wren.react(&nowhere, &thread, &sent[0], "heart")).await, ServiceTrouble);
        assert_eq!(problem(wren.create_group(&[NOBODY])).await, ProblemKind::InvitationRefused);
        assert_eq!(pair.damaged(wren.groups()).await, ServiceTrouble);
        assert_eq!(pair.damaged(wren.open_parties()).await, ServiceTrouble);
        assert_eq!(pair.damaged(wren.party_history()).await, ServiceTrouble);
    });
}

#[test]
fn notifications_are_listed_and_marked() {
    Pair::meet(async |pair @ Pair { marlow, wren, .. }| {
        let mut line = wren.open_push(false).await.expect("a line");
        marlow.unfriend(wren.account()).await.expect("no friends any more");
        marlow.befriend(wren.account()).await.expect("asked");
        let told = async {
            let mut told = Vec::new();
            while !(told.contains(&PushEvent::People) && told.contains(&PushEvent::Notifications)) {
                told.push(line.next().await.expect("the line is up"));
            }
        };
        tokio::time::timeout(Duration::from_secs(5), told).await.expect("events");
        let notifications = wren.notifications(None).await.expect("listed");
        let request = notifications.first().expect("of the request");
        assert_eq!((request.from, request.is_read), (Some(marlow.account()), false));
        wren.mark_read(std::slice::from_ref(&request.id)).await.expect("marked");
        assert!(wren.notifications(request.updated).await.expect("listed")[0].is_read);
        assert_eq!(problem(wren.mark_read(&[NotificationId::from("x")])).await, ProblemKind::ServiceTrouble);
        assert_eq!(pair.damaged(wren.notifications(None)).await, ProblemKind::ServiceTrouble);
    });
}

#[test]
fn who_asks_the_same_at_once_costs_one_call_and_the_pause_outlives_the_run() {
    Pair::meet(async |pair @ Pair { service, marlow, .. }| {
        pair.spoil(Spoiled::Late(Duration::from_millis(300)));
        let before = marlow.budget();
        let asked = futures_util::future::join_all((0..20).map(|_| marlow.friends(0))).await;
        assert!(asked.iter().all(|answer| answer.as_ref().is_ok_and(|page| page.friends.len() == 1)));
        assert_eq!(marlow.budget().used, before.used + 1);
        assert!(before.limit < 300 && before.window == Duration::from_secs(900));

        pair.spoil(Spoiled::TooManyRequests { retry_after: Some(700) });
        assert!(matches!(marlow.friends(0).await, Err(Error::RateLimited { .. })));
        let until = marlow.pause().expect("a pause");
        let left = until.duration_since(SystemTime::now()).expect("in the future");
        assert!(left > Duration::from_secs(690) && left <= Duration::from_secs(700), "{left:?}");

        let clock = Clock::movable();
        let later = account(&service.url, "marlow_87", &clock).await;
        later.pause_until(until);
        assert!(matches!(later.friends(0).await, Err(Error::RateLimited { .. })), "a later run knows of it");
        clock.advance(left);
        later.friends(0).await.expect("the pause is over");
        assert_eq!(later.pause(), None);
    });
}
