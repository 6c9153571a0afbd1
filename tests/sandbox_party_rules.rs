//! Parties of the sandbox at their edges: two devices, full, removed, links, privacy, invitations that no list shows.

mod sandbox_support;

use std::time::Duration;

use partyline::sandbox::Fault;
use reqwest::{Method, RequestBuilder, StatusCode};
use sandbox_support::{BodyJson, INVITATIONS, Person, empty_sandbox, json, member, refusal, status};
use serde_json::{Value, json as value};

fn change(who: &Person, session: &str, body: &Value) -> RequestBuilder {
    let call = who.session_call(Method::PATCH, session, "");
    call.header("X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE", "en-US").body_json(body)
}

async fn listed(who: &Person, session: &str) -> Value {
    let call = who.call(Method::POST, "/sessionManager/v2/sys/gameBase/parties/bulkGet?limit=11");
    let parties = json(call.body_json(&value!({ "groupInvitedPartySessions": [] }))).await;
    let parties = parties["parties"].as_array().expect("a list").clone();
    parties.into_iter().find(|party| party["sessionId"] == session).unwrap_or_default()
}

/// What the page of a link shows to somebody, signed in or not.
async fn info(http: &reqwest::Client, base: &str, link: &str, who: Option<&Person>) -> reqwest::Response {
    let mut call = http
        .get(format!("{base}/api/cpss/v1/partyInfo/{link}?country=US&language=en"))
        .header("origin", "https://party.playstation.com")
        .header("referer", "https://party.playstation.com/");
    if let Some(who) = who {
        call = call.bearer_auth(&who.access_token);
    }
    call.send().await.expect("answered")
}

#[tokio::test]
async fn both_devices_of_an_account_hear_everything_and_share_one_seat() {
    let sandbox = empty_sandbox().await;
    let phone = Person::sign_in(&sandbox, "marlow_87").await;
    let desk = Person::sign_in(&sandbox, "marlow_87").await;
    assert_eq!(phone.account, desk.account);
    let (mut phone_ear, mut desk_ear) = (phone.listen().await, desk.listen().await);
    let session = phone.create().await;
    for ear in [&mut phone_ear, &mut desk_ear] {
        assert_eq!(ear.event("partySession:created").await["body"]["data"]["sessionId"], session);
    }
    assert_eq!(desk.join(&session).await, StatusCode::CREATED, "the same seat");
    assert_eq!(phone.member_names(&session).await, ["marlow_87"]);
    let other = desk.create().await;
    for ear in [&mut phone_ear, &mut desk_ear] {
        assert_eq!(ear.event("ps:members:deleted").await["body"]["data"]["sessionId"], session);
        assert_eq!(ear.event("partySession:created").await["body"]["data"]["sessionId"], other);
    }
    assert_eq!(phone.leave(&other).await, StatusCode::NO_CONTENT);
    assert_eq!(desk_ear.event("partySession:deleted").await["body"]["data"]["sessionId"], other);
}

#[tokio::test]
async fn a_full_party_takes_nobody_until_the_owner_makes_room() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let third = Person::sign_in(&sandbox, "third_wheel").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let mut ear = second.listen().await;
    assert_eq!(status(change(&marlow, &session, &value!({ "maxMembers": 2 }))).await, StatusCode::NO_CONTENT);
    assert_eq!(ear.event("ps:maxMembers:updated").await["body"]["data"]["maxMembers"], 2);
    let join = third.session_call(Method::POST, &session, "/members");
    let refused = join.body_json(&value!({ "members": [member()] })).send().await.expect("answered");
    let (status_code, _, message) = refusal(refused).await;
    assert_eq!((status_code, message.as_str()), (StatusCode::FORBIDDEN, "The party is full"));
    assert_eq!(listed(&third, &session).await["partyJoinable"], false);
    assert_eq!(
        status(change(&marlow, &session, &value!({ "maxMembers": 1 }))).await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(status(change(&second, &session, &value!({ "maxMembers": 9 }))).await, StatusCode::FORBIDDEN);
    assert_eq!(status(change(&marlow, &session, &value!({ "maxMembers": 3 }))).await, StatusCode::NO_CONTENT);
    assert_eq!(third.join(&session).await, StatusCode::CREATED);
}

#[tokio::test]
async fn who_is_removed_is_told_by_whom_and_a_closed_party_stays_closed_to_them() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let session = marlow.create().await;
    assert_eq!(marlow.invite(&session, &second.account).await, StatusCode::CREATED);
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let mut ear = second.listen().await;
    let remove = marlow.session_call(Method::DELETE, &session, &format!("/members/{}", second.account));
    assert_eq!(status(remove).await, StatusCode::NO_CONTENT);
    let told = ear.event("ps:members:deleted").await["body"]["data"].clone();
    assert_eq!(told["members"][0]["accountId"], second.account);
    assert_eq!(told["customProperties"]["from"]["accountId"], marlow.account, "not by their own wish");
    assert_eq!(second.join(&session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_party_that_friends_see_but_may_not_join_can_be_asked_for_entry() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let session = marlow.create_with("FRIENDS_ONLY", "INVITE_ONLY").await;
    let seen = listed(&second, &session).await;
    assert_eq!((&seen["partyJoinable"], &seen["partyRequestToJoinable"]), (&value!(false), &value!(true)));
    assert_eq!(second.join(&session).await, StatusCode::FORBIDDEN);
    let mut ear = marlow.listen().await;
    let open = value!({ "joinableUserType": "FRIENDS" });
    assert_eq!(status(change(&marlow, &session, &open)).await, StatusCode::NO_CONTENT);
    assert_eq!(ear.event("ps:joinableUserType:updated").await["body"]["data"]["joinableUserType"], "FRIENDS");
    let seen = listed(&second, &session).await;
    assert_eq!((&seen["partyJoinable"], &seen["partyRequestToJoinable"]), (&value!(true), &value!(false)));
    let hidden = value!({ "visibilityType": "INVITE_ONLY" });
    assert_eq!(status(change(&marlow, &session, &hidden)).await, StatusCode::NO_CONTENT);
    ear.event("ps:visibilityType:updated").await;
    assert_eq!(listed(&second, &session).await, Value::Null);
}

#[tokio::test]
async fn a_link_shows_friends_by_name_strangers_without_and_ends_with_the_party() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let session = marlow.create().await;
    let path = format!("/cpss/v1/share/party/{session}");
    assert_eq!(status(second.call(Method::GET, &path)).await, StatusCode::NOT_FOUND);
    let share = json(marlow.call(Method::GET, &path)).await;
    let link = share["shareUrl"].as_str().and_then(|url| url.rsplit('/').next()).expect("a link").to_owned();
    assert_eq!(link.len(), 22);

    let base = &marlow.base;
    let anonymous: Value = info(&second.http, base, &link, None).await.json().await.expect("json");
    assert_eq!(anonymous["members"][0]["onlineId"], "_anonymous_user");
    assert_eq!((&anonymous["isJoinable"], &anonymous["msPollingInterval"]), (&value!(true), &value!(5000)));
    let known: Value = info(&second.http, base, &link, Some(&second)).await.json().await.expect("json");
    assert_eq!(known["members"][0]["onlineId"], "marlow_87");
    assert_eq!((&known["members"][0]["isHost"], &known["inParty"]), (&value!(true), &value!(false)));

    let join = second.session_call(Method::POST, &session, "/members");
    let join =
        join.header("X-PSN-SESSION-MANAGER-CPSS-ID", &link).body_json(&value!({ "members": [member()] }));
    assert_eq!(status(join).await, StatusCode::CREATED, "the link is an invitation");
    let inside: Value = info(&second.http, base, &link, Some(&second)).await.json().await.expect("json");
    assert_eq!(inside["inParty"], true);
    for member in [&marlow, &second] {
        assert_eq!(member.leave(&session).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(info(&second.http, base, &link, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_in_the_browser_lists_parties_with_their_links_and_escapes_their_names() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let page =
        async || marlow.http.get(&marlow.base).send().await.expect("answered").text().await.expect("text");
    assert!(page().await.contains("No party runs here now"));
    let session = marlow.create().await;
    let name = value!({ "sessionName": "<b>夜の港</b>" });
    assert_eq!(status(change(&marlow, &session, &name)).await, StatusCode::NO_CONTENT);
    let page = page().await;
    assert!(page.contains("&lt;b&gt;夜の港&lt;/b&gt;, 1 inside"), "{page}");
    assert!(
        page.contains("https://party.playstation.com/") && page.contains("0 live here, 1 signed in"),
        "{page}"
    );
}

#[tokio::test]
async fn an_invitation_can_exist_as_an_event_alone() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let mut ear = second.listen().await;
    sandbox.inject(Fault::InvitationsByPushAlone);
    let session = marlow.create().await;
    assert_eq!(marlow.invite(&session, &second.account).await, StatusCode::CREATED);
    assert_eq!(ear.event("ps:invitations:created").await["body"]["data"]["sessionId"], session);
    assert_eq!(json(second.call(Method::GET, INVITATIONS)).await["invitations"], value!([]));
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
}

#[tokio::test]
async fn events_can_be_lost_doubled_late_out_of_order_and_under_older_names() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mut ear = marlow.listen().await;
    let mut seen = async |time| {
        let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
        let rename = |name: &str| change(&marlow, &session, &value!({ "sessionName": name }));
        for n in 0..6 {
            assert_eq!(status(rename(&n.to_string())).await, StatusCode::NO_CONTENT);
        }
        assert_eq!(marlow.leave(&session).await, StatusCode::NO_CONTENT);
        let kinds = ear.events_within(Duration::from_millis(time)).await;
        kinds.iter().filter(|kind| kind.contains("sessionName")).cloned().collect::<Vec<_>>()
    };
    let name = "psn:sessionManager:sys:v2:ps:sessionName:updated";
    assert_eq!(seen(200).await, vec![name; 6]);
    sandbox.inject(Fault::PushDuplicate(1.0));
    assert_eq!(seen(200).await.len(), 12);
    sandbox.inject(Fault::PushDuplicate(0.0));
    sandbox.inject(Fault::PushLose(1.0));
    assert!(seen(200).await.is_empty());
    sandbox.inject(Fault::PushLose(0.0));
    sandbox.inject(Fault::PushDelay(Duration::from_millis(700)));
    assert!(seen(200).await.is_empty());
    tokio::time::sleep(Duration::from_millis(700)).await;
    sandbox.inject(Fault::PushDelay(Duration::ZERO));
    sandbox.inject(Fault::PushOlderNames);
    let kinds = seen(300).await;
    assert_eq!(kinds[..6], vec![name.to_owned(); 6], "those that were late");
    assert_eq!(kinds[6..], vec!["psn:sessionManager:sys:pts:sessionName:updated".to_owned(); 6]);
}

#[tokio::test]
async fn scattered_events_all_arrive_in_some_other_order() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let mut ear = marlow.listen().await;
    sandbox.inject(Fault::PushReorder(Duration::from_millis(500)));
    let sent: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    for name in &sent {
        assert_eq!(
            status(change(&marlow, &session, &value!({ "sessionName": name }))).await,
            StatusCode::NO_CONTENT
        );
    }
    let mut arrived = Vec::new();
    for _ in &sent {
        let event = ear.event("ps:sessionName:updated").await;
        arrived.push(event["body"]["data"]["sessionName"].as_str().expect("a name").to_owned());
    }
    assert_ne!(arrived, sent);
    arrived.sort_by_key(|name| name.parse::<u32>().expect("a number"));
    assert_eq!(arrived, sent, "each once");
}
