//! Groups, messages and notifications of the sandbox, and the party's own thread.

mod sandbox_support;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sandbox_support::{BodyJson, Person, empty_sandbox, eventually, json, refusal, sandbox, status};
use serde_json::{Value, json as value};

const MINE: &str = "/gamingLoungeGroups/v1/members/me/groups";
const NOTICES: &str = "/userNotificationManager/v1/users/me/notifications";

async fn groups(who: &Person, filter: &str) -> Vec<Value> {
    let path = format!("{MINE}?favoriteFilter={filter}&includeFields=members,mainThread&limit=200&offset=0");
    json(who.call(Method::GET, &path)).await["groups"].as_array().expect("a list").clone()
}

async fn page(who: &Person, (group, thread): &(String, String), query: &str) -> Value {
    json(who.call(Method::GET, &format!("{MINE}/{group}/threads/{thread}/messages?{query}"))).await
}

fn bodies(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["body"].as_str().expect("text").to_owned()).collect()
}

async fn notices(who: &Person, since: &str) -> Vec<Value> {
    let path = format!("{NOTICES}?limit=100&offset=0&sinceUpdatedDateTime={since}&templateVersion=26.01");
    json(who.call(Method::GET, &path)).await["notifications"].as_array().expect("a list").clone()
}

fn escaped(uid: &Value) -> String {
    uid.as_str().expect("a uid").replace('#', "%23")
}

#[tokio::test]
async fn two_people_write_to_each_other_and_page_through_what_they_wrote() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let mut ear = second.listen().await;
    let group = marlow.open_group(&[&second.account]).await;
    let mut ids: Vec<u64> = [&marlow, &second].map(|it| it.account.parse().expect("a number")).into();
    ids.sort_unstable();
    assert_eq!(group.0, format!("~{:016X}.{:016X}", ids[0], ids[1]));
    assert_eq!(second.open_group(&[&marlow.account]).await, group, "the same one from the other side");
    assert_eq!(ear.event("group:created").await["body"]["data"]["groupId"], group.0);

    for n in 1..=5 {
        let sent = marlow.write(&group, &format!("line {n}")).send().await.expect("answered");
        assert_eq!(sent.status(), StatusCode::CREATED);
        let sent: Value = sent.json().await.expect("json");
        let told = ear.event("message:created").await;
        assert_eq!(told["body"]["data"]["messageUid"], sent["messageUid"]);
        assert_eq!(told["body"]["data"]["groupId"], group.0);
    }
    let newest = page(&second, &group, "limit=2").await;
    assert_eq!(bodies(&newest), ["line 5", "line 4"]);
    assert_eq!(newest["messages"][0]["sender"]["onlineId"], "marlow_87");
    let older = page(&second, &group, &format!("limit=3&before={}", escaped(&newest["previous"]))).await;
    assert_eq!((bodies(&older).len(), &older["reachedEndOfPage"]), (3, &value!(true)));
    let newer = page(&second, &group, &format!("limit=20&after={}", escaped(&older["next"]))).await;
    assert_eq!(bodies(&newer), ["line 5", "line 4"]);

    let listed = groups(&second, "notFavorite").await;
    assert_eq!(listed[0]["mainThread"]["latestMessage"]["body"], "line 5");
    let one = json(second.call(Method::GET, &format!("{MINE}/{}", group.0))).await;
    assert_eq!(one, listed[0]);
}

#[tokio::test]
async fn typing_and_reactions_reach_the_others() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let third = Person::sign_in(&sandbox, "third_wheel").await;
    let mut ear = second.listen().await;
    let group = marlow.open_group(&[&second.account, &third.account]).await;
    let sent = json(marlow.write(&group, "shall we?")).await;

    let typing = marlow.call(Method::POST, &format!("/gamingLoungeGroups/v1/groups/{}/typing", group.0));
    assert_eq!(status(typing).await, StatusCode::NO_CONTENT);
    let told = ear.event("typing:created").await;
    assert_eq!(told["body"]["data"]["customProperties"]["from"]["accountId"], marlow.account);

    let reaction = value!({ "messageUid": sent["messageUid"], "reaction": "👍" });
    let react = third.thread_call(Method::POST, &group, "reactions").body_json(&reaction);
    assert_eq!(status(react).await, StatusCode::NO_CONTENT);
    let told = ear.event("reactions:updated").await;
    assert_eq!(told["body"]["data"]["reactions"][0]["accountId"], third.account);
    assert_eq!(page(&second, &group, "limit=1").await["messages"][0]["reactions"][0]["reaction"], "👍");
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_strangers_see_no_group() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let third = Person::sign_in(&sandbox, "third_wheel").await;
    let group = marlow.open_group(&[&second.account]).await;
    for body in [
        value!({ "messageType": 3, "body": "picture" }),
        value!({ "messageType": 1, "body": "" }),
        value!({ "messageType": 1, "body": "x".repeat(5000) }),
        value!({ "messageType": 1 }),
        value!({ "messageType": 1, "body": "hi", "to": "all" }),
    ] {
        let send = marlow.thread_call(Method::POST, &group, "messages").body_json(&body);
        assert_eq!(status(send).await, StatusCode::BAD_REQUEST, "{body}");
    }
    let intruder = third.write(&group, "me too").send().await.expect("answered");
    assert_eq!(refusal(intruder).await.1, 2_285_581);
    assert!(groups(&third, "notFavorite").await.is_empty());
    for query in ["limit=0", "limit=20&before=yesterday", "limit=20&page=2"] {
        let path = format!("{MINE}/{}/threads/{}/messages?{query}", group.0, group.1);
        assert_eq!(status(marlow.call(Method::GET, &path)).await, StatusCode::BAD_REQUEST, "{query}");
    }
    let nobody = marlow.call(Method::POST, "/gamingLoungeGroups/v1/groups");
    let nobody = nobody.body_json(&value!({ "invitees": [{ "accountId": "12345678901234567" }] }));
    assert_eq!(refusal(nobody.send().await.expect("answered")).await.1, 2_286_592);
}

#[tokio::test]
async fn a_party_has_a_thread_of_its_members_that_ends_with_it() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    assert!(groups(&second, "notFavorite").await.is_empty());
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let thread = groups(&second, "notFavorite").await.pop().expect("the party's");
    assert_eq!(thread["partySessions"], value!([{ "sessionId": session }]));
    assert_eq!(thread["mainThread"]["latestMessage"]["messageType"], 2020);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let group = (text(&thread["groupId"]), text(&thread["mainThread"]["threadId"]));
    assert_eq!(status(second.write(&group, "hello all")).await, StatusCode::CREATED);

    assert_eq!(second.leave(&session).await, StatusCode::NO_CONTENT);
    assert!(groups(&second, "notFavorite").await.is_empty());
    let seen = page(&marlow, &group, "limit=20").await;
    let kinds: Vec<_> =
        seen["messages"].as_array().expect("a list").iter().map(|it| &it["messageType"]).collect();
    assert_eq!(kinds, [2002, 1, 2020]);
    assert_eq!(marlow.leave(&session).await, StatusCode::NO_CONTENT);
    let gone = marlow.call(Method::GET, &format!("{MINE}/{}", group.0)).send().await.expect("answered");
    assert_eq!(refusal(gone).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn residents_left_messages_of_many_kinds_and_echo_writes_back() {
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let harbor = groups(&marlow, "favorite").await.pop().expect("the regulars");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let thread = (text(&harbor["groupId"]), text(&harbor["mainThread"]["threadId"]));
    let talk = page(&marlow, &thread, "limit=100").await;
    for kind in [1, 3, 210, 1011, 1013] {
        let messages = talk["messages"].as_array().expect("a list");
        assert!(messages.iter().any(|message| message["messageType"] == kind), "{kind}");
    }
    let echo = marlow.friend("Echo").await;
    let group = marlow.open_group(&[&echo]).await;
    assert_eq!(status(marlow.write(&group, "is anybody there?")).await, StatusCode::CREATED);
    eventually("Echo wrote back", Duration::from_secs(4), async || {
        let talk = page(&marlow, &group, "limit=20").await;
        bodies(&talk) == ["is anybody there?", "is anybody there?"]
            && talk["messages"][0]["sender"]["accountId"] == echo
    })
    .await;
}

#[tokio::test]
async fn open_parties_of_groups_are_listed_and_who_met_is_remembered() {
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let harbor = groups(&marlow, "favorite").await[0]["groupId"].clone();
    let open = json(marlow.call(Method::GET, &format!("{MINE}/openPartySessions"))).await;
    let found = open["groups"].as_array().expect("a list").iter().find(|group| group["groupId"] == harbor);
    let session = found.expect("the regulars' party")["partySessions"][0]["sessionId"].clone();
    let session = session.as_str().expect("an id");
    assert_eq!(marlow.join(session).await, StatusCode::CREATED);
    assert_eq!(marlow.leave(session).await, StatusCode::NO_CONTENT);
    let history = json(marlow.call(Method::GET, "/playerRecommendations/v1/partyHistory/me")).await;
    assert_eq!(history["partyHistory"][0]["sessionId"], session);
    let names: Vec<_> = history["partyHistory"][0]["members"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|member| member["onlineId"].as_str())
        .collect();
    assert!(names.contains(&"tidewalker") && names.contains(&"moss_and_iron"), "{names:?}");
}

#[tokio::test]
async fn requests_and_invitations_are_notified_and_can_be_marked_as_read() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let mut ear = marlow.listen().await;
    let friends = format!("/userProfile/v1/internal/users/me/friends/{}", marlow.account);
    assert_eq!(status(second.call(Method::DELETE, &friends)).await, StatusCode::NO_CONTENT);
    assert_eq!(status(second.call(Method::PUT, &friends)).await, StatusCode::NO_CONTENT);
    let told = ear.event("notification:created").await;
    let session = second.create().await;
    assert_eq!(second.invite(&session, &marlow.account).await, StatusCode::CREATED);

    let all = notices(&marlow, "2020-01-01T00:00:00.000Z").await;
    let kinds: Vec<_> = all.iter().map(|notice| notice["notificationType"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["PARTY_INVITATION", "FRIEND_REQUEST"]);
    assert_eq!(
        (&all[0]["sessionId"], &all[0]["from"]["onlineId"]),
        (&value!(session), &value!("second_seat"))
    );
    assert_eq!(all[1]["notificationId"], told["body"]["data"]["notificationId"]);

    tokio::time::sleep(Duration::from_millis(20)).await;
    let read = value!({ "notifications": [{ "notificationId": all[1]["notificationId"], "isRead": true }] });
    assert_eq!(status(marlow.call(Method::PUT, NOTICES).body_json(&read)).await, StatusCode::NO_CONTENT);
    let changed = notices(&marlow, all[0]["updatedDateTime"].as_str().expect("a date")).await;
    assert!(changed.iter().any(|notice| notice["isRead"] == true), "{changed:?}");
    assert_eq!(notices(&marlow, "2100-01-01T00:00:00.000Z").await, Vec::<Value>::new());
    let foreign = second.call(Method::PUT, NOTICES).body_json(&read);
    assert_eq!(status(foreign).await, StatusCode::NOT_FOUND);
}
