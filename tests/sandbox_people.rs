//! People of the sandbox: requests and blocks, who hides, what they look like and played, and thousands of them.

mod sandbox_support;

use std::{collections::HashSet, time::Duration};

use partyline::sandbox::{Sandbox, SandboxConfig};
use reqwest::{Method, StatusCode, header};
use sandbox_support::{
    BodyJson, INVITATIONS, Person, empty_sandbox, eventually, json, refusal, sandbox, status,
};
use serde_json::{Value, json as value};

const ME: &str = "/userProfile/v1/internal/users/me";
const PLATFORMS: &str = "PS4,PS5,MOBILE_APP,PSPC";
const GAMES: &str = "categories=ps4_game,ps5_native_game,pspc_game&limit=20&offset=0";

async fn decide(who: &Person, method: Method, rest: &str) -> StatusCode {
    status(who.call(method, &format!("{ME}/{rest}"))).await
}

async fn received(who: &Person) -> Vec<String> {
    let answer = json(who.call(Method::GET, &format!("{ME}/friends/receivedRequests"))).await;
    let requests = answer["receivedRequests"].as_array().expect("a list");
    requests.iter().map(|request| request["accountId"].as_str().expect("an id").to_owned()).collect()
}

async fn relation(who: &Person, other: &str) -> Value {
    json(who.call(Method::GET, &format!("{ME}/friends/{other}/summary"))).await["friendRelation"].clone()
}

async fn profile(who: &Person, account: &str) -> Value {
    let path = format!("/userProfile/v1/internal/users/profiles?accountIds={account}");
    json(who.call(Method::GET, &path)).await["profiles"][0].clone()
}

fn presences_path(ids: &str) -> String {
    format!(
        "/userProfile/v2/internal/users/basicPresences?accountIds={ids}&platforms={PLATFORMS}&type=primary\
         &withOwnGameTitleInfo=true"
    )
}

async fn all_friends(who: &Person) -> Vec<String> {
    let mut friends = Vec::new();
    let mut offset = Some(0);
    while let Some(from) = offset {
        let path = format!(
            "/userProfile/v2/internal/users/me/friends?limit=100&offset={from}\
             &order=availability+realName+onlineId&platforms={PLATFORMS}"
        );
        let page = json(who.call(Method::GET, &path)).await;
        let ids = page["friends"].as_array().expect("a list");
        friends.extend(ids.iter().map(|id| id.as_str().expect("an id").to_owned()));
        offset = page["nextOffset"].as_u64();
    }
    friends
}

#[tokio::test]
async fn who_is_here_hears_of_a_friend_who_signs_in_for_the_first_time() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mut ear = marlow.listen().await;
    let wren = Person::sign_in(&sandbox, "wren_4").await;
    let told = ear.event("friends:updated").await;
    assert_eq!(told["body"]["data"]["accountId"], wren.account);
    assert_eq!(all_friends(&marlow).await, std::slice::from_ref(&wren.account));
}

#[tokio::test]
async fn friends_part_ask_again_decline_and_accept_and_each_hears_of_it() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let (mut ear, path) = (marlow.listen().await, |who: &Person| format!("friends/{}", who.account));
    assert_eq!(relation(&marlow, &second.account).await, "friend");

    assert_eq!(decide(&second, Method::DELETE, &path(&marlow)).await, StatusCode::NO_CONTENT);
    assert_eq!(ear.event("friends:updated").await["body"]["data"]["accountId"], second.account);
    assert_eq!(all_friends(&marlow).await, Vec::<String>::new());
    assert_eq!(decide(&second, Method::DELETE, &path(&marlow)).await, StatusCode::NOT_FOUND);

    assert_eq!(decide(&second, Method::PUT, &path(&marlow)).await, StatusCode::NO_CONTENT);
    assert_eq!(ear.event("friendRequest:created").await["body"]["data"]["accountId"], second.account);
    assert_eq!(received(&marlow).await, vec![second.account.clone()]);
    assert_eq!(relation(&second, &marlow.account).await, "requested");
    assert_eq!(decide(&marlow, Method::DELETE, &path(&second)).await, StatusCode::NO_CONTENT, "declined");
    assert!(received(&marlow).await.is_empty());

    assert_eq!(decide(&second, Method::PUT, &path(&marlow)).await, StatusCode::NO_CONTENT);
    assert_eq!(decide(&second, Method::DELETE, &path(&marlow)).await, StatusCode::NO_CONTENT, "withdrawn");
    assert!(received(&marlow).await.is_empty());

    assert_eq!(decide(&second, Method::PUT, &path(&marlow)).await, StatusCode::NO_CONTENT);
    assert_eq!(decide(&marlow, Method::PUT, &path(&second)).await, StatusCode::NO_CONTENT, "accepted");
    assert_eq!(all_friends(&marlow).await, vec![second.account.clone()]);

    assert_eq!(decide(&marlow, Method::PUT, "friends/12345678901234567").await, StatusCode::NOT_FOUND);
    assert_eq!(decide(&marlow, Method::PUT, &path(&marlow)).await, StatusCode::FORBIDDEN, "oneself");
    assert_eq!(decide(&marlow, Method::PUT, "friends/somebody").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn strangers_of_the_sandbox_ask_accept_and_decline() {
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let [wren] = received(&marlow).await.try_into().expect("one request waits from the start");
    assert_eq!(profile(&marlow, &wren).await["onlineId"], "wren_hollow");
    assert!(!all_friends(&marlow).await.contains(&wren));
    assert_eq!(decide(&marlow, Method::PUT, &format!("friends/{wren}")).await, StatusCode::NO_CONTENT);
    assert!(all_friends(&marlow).await.contains(&wren));

    let groups = json(marlow.call(
        Method::GET,
        "/gamingLoungeGroups/v1/members/me/groups?favoriteFilter=favorite&limit=200&offset=0",
    ))
    .await;
    let members = groups["groups"][0]["members"].as_array().expect("a list").clone();
    let of = |name: &str| {
        let found = members.iter().find(|member| member["onlineId"] == name).expect("in the group");
        found["accountId"].as_str().expect("an id").to_owned()
    };
    let (accepts, declines) = (of("sablemoor"), of("flintlocke"));
    for other in [&accepts, &declines] {
        assert_eq!(decide(&marlow, Method::PUT, &format!("friends/{other}")).await, StatusCode::NO_CONTENT);
    }
    eventually("both decided", Duration::from_secs(4), async || {
        relation(&marlow, &accepts).await == "friend" && relation(&marlow, &declines).await == "no"
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_can_neither_ask_nor_invite_nor_write() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let group = second.open_group(&[&marlow.account]).await;
    let earlier = second.create().await;
    assert_eq!(second.invite(&earlier, &marlow.account).await, StatusCode::CREATED);
    let invitations = async || json(marlow.call(Method::GET, INVITATIONS)).await["invitations"].clone();
    assert_eq!(invitations().await[0]["sessionId"], earlier);
    let block = format!("blocks/{}", second.account);
    assert_eq!(decide(&marlow, Method::PUT, &block).await, StatusCode::NO_CONTENT);
    let blocks = json(marlow.call(Method::GET, &format!("{ME}/blocks?offset=0&limit=2000"))).await;
    assert_eq!(blocks["blockList"], value!([second.account]));
    assert_eq!(invitations().await, value!([]));

    let refused = |answer| async { refusal(answer).await.1 };
    let ask = second.call(Method::PUT, &format!("{ME}/friends/{}", marlow.account)).send().await;
    assert_eq!(refused(ask.expect("answered")).await, 2_286_592);
    let session = second.create().await;
    assert_eq!(second.invite(&session, &marlow.account).await, StatusCode::FORBIDDEN);
    assert_eq!(
        second.write(&group, "hello?").send().await.expect("answered").status(),
        StatusCode::FORBIDDEN
    );
    let open = second.create_with("FRIENDS_ONLY", "FRIENDS").await;
    assert!(marlow.read(&open).await.is_none(), "no friend of the party any more");

    assert_eq!(decide(&marlow, Method::DELETE, &block).await, StatusCode::NO_CONTENT);
    assert_eq!(decide(&marlow, Method::DELETE, &block).await, StatusCode::NOT_FOUND);
    assert_eq!(second.invite(&session, &marlow.account).await, StatusCode::NOT_FOUND, "that party is over");
    assert_eq!(second.invite(&open, &marlow.account).await, StatusCode::CREATED);
}

#[tokio::test]
async fn who_appears_offline_is_offline_to_others_while_connected() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let _ear = second.listen().await;
    let setting = format!("{ME}/userSettings/appearOffline");
    let seen = async || {
        json(marlow.call(Method::GET, &presences_path(&second.account))).await["basicPresences"][0]
            ["availability"]
            .clone()
    };
    assert_eq!(json(second.call(Method::GET, &setting)).await, value!({ "appearOffline": false }));
    assert_eq!(seen().await, "availableToPlay");
    let hide = second.call(Method::PUT, &setting).body_json(&value!({ "appearOffline": true }));
    assert_eq!(status(hide).await, StatusCode::NO_CONTENT);
    assert_eq!(json(second.call(Method::GET, &setting)).await, value!({ "appearOffline": true }));
    assert_eq!(seen().await, "unavailable");
    let wrong = second.call(Method::PUT, &setting).body_json(&value!({ "hidden": true }));
    assert_eq!(status(wrong).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn presences_that_did_not_change_are_not_sent_again() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let second = Person::sign_in(&sandbox, "second_seat").await;
    let ear = second.listen().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let ask = || marlow.call(Method::GET, &presences_path(&second.account));
    let first = ask().send().await.expect("answered");
    let date = first.headers()[header::LAST_MODIFIED].to_str().expect("text").to_owned();
    let again = || ask().header(header::IF_MODIFIED_SINCE, &date);
    assert_eq!(status(again()).await, StatusCode::NOT_MODIFIED);
    drop(ear);
    eventually("the change is sent", Duration::from_secs(3), async || {
        let answer = again().send().await.expect("answered");
        answer.status() == StatusCode::OK
            && answer.json::<Value>().await.expect("json")["basicPresences"][0]["availability"]
                == "unavailable"
    })
    .await;
    let wrong = ask().header(header::IF_MODIFIED_SINCE, "yesterday");
    assert_eq!(status(wrong).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn avatars_are_pictures_of_every_size_and_some_are_not_there() {
    let sandbox =
        Sandbox::start(SandboxConfig { friends: 52, ..SandboxConfig::default() }).await.expect("starts");
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let nova = profile(&marlow, &marlow.friend("Nova").await).await;
    let mut widths = Vec::new();
    for avatar in nova["avatars"].as_array().expect("a list") {
        let url = avatar["url"].as_str().expect("a url");
        assert!(url.starts_with(&marlow.base), "{url}");
        let answer = marlow.http.get(url).send().await.expect("answered");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/png");
        let png = answer.bytes().await.expect("a body");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        widths.push(u32::from_be_bytes(png[16..20].try_into().expect("a header")));
    }
    assert_eq!(widths, [64, 128, 240, 480]);

    let friends = all_friends(&marlow).await;
    let path = format!("/userProfile/v1/internal/users/profiles?accountIds={}", friends.join(","));
    let profiles =
        json(marlow.call(Method::GET, &path)).await["profiles"].as_array().expect("a list").clone();
    let missing =
        profiles.iter().filter_map(|it| it["avatars"][0]["url"].as_str()).find(|url| url.contains("none"));
    let missing = marlow.http.get(missing.expect("somebody's is missing")).send().await.expect("answered");
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(profiles.iter().any(|it| it["avatars"] == value!([])), "somebody has none");
    assert!(profiles.iter().any(|it| it["personalDetail"]["firstName"].is_string()), "a friend's real name");
}

#[tokio::test]
async fn recently_played_games_are_listed_and_some_hide_them() {
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mine = json(marlow.call(Method::GET, &format!("/gamelist/v2/users/me/titles?{GAMES}"))).await;
    assert!(mine["titles"].as_array().is_some_and(|titles| titles.len() >= 5));
    assert!(
        mine["titles"][0]["lastPlayedDateTime"].as_str() > mine["titles"][1]["lastPlayedDateTime"].as_str()
    );
    let (mut shown, mut hidden) = (0, 0);
    for friend in all_friends(&marlow).await {
        let call = marlow.call(Method::GET, &format!("/gamelist/v2/users/{friend}/titles?{GAMES}"));
        let answer = call.send().await.expect("answered");
        if answer.status() == StatusCode::OK {
            shown += 1;
        } else {
            hidden += 1;
            let body: Value = answer.json().await.expect("json");
            assert_eq!(body["error"]["reason"], "HiddenGamelist");
        }
    }
    assert!(shown >= 3 && hidden >= 1, "{shown} shown, {hidden} hidden");
}

#[tokio::test]
async fn two_thousand_friends_are_read_in_pages_and_change_as_often_as_asked() {
    let config =
        SandboxConfig { friends: 2000, groups: 200, churn_per_second: 200.0, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.expect("starts");
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let calls = sandbox.api_calls();
    let friends = all_friends(&marlow).await;
    assert_eq!(sandbox.api_calls() - calls, friends.len().div_ceil(100) as u64, "the sandbox counts calls");
    assert!(friends.len() >= 2000, "{}", friends.len());
    // The order moves while it is read: a few may come twice, and a few not at all.
    let different = friends.iter().collect::<HashSet<_>>().len();
    assert!(different >= 1950, "{different}");

    let presences = async || {
        let mut all = Vec::new();
        for ids in friends.chunks(100) {
            let page = json(marlow.call(Method::GET, &presences_path(&ids.join(",")))).await;
            all.extend(page["basicPresences"].as_array().expect("a list").iter().cloned());
        }
        all
    };
    let before = presences().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = presences().await;
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert!(changed >= 100, "{changed} changed within a second or more");

    let path = "/gamingLoungeGroups/v1/members/me/groups?favoriteFilter=notFavorite&limit=200&offset=0";
    let groups = json(marlow.call(Method::GET, path)).await["groups"].as_array().expect("a list").clone();
    assert!(groups.len() >= 200, "{}", groups.len());
    assert!(groups.iter().any(|group| group["groupId"].as_str().is_some_and(|id| id.starts_with('~'))));
}

#[tokio::test]
async fn people_are_looked_for_by_name_and_the_question_has_to_be_right() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let wren = Person::sign_in(&sandbox, "wren_4").await;
    Person::sign_in(&sandbox, "wren_44").await;
    let search = |body: Value| marlow.call(Method::POST, "/search/v1/universalSearch").body_json(&body);
    let people = value!([{ "domain": "SocialAllAccounts" }]);
    let found = json(search(value!({ "searchTerm": "WREN", "domainRequests": people }))).await;
    let results = found["domainResponses"][0]["results"].as_array().expect("a list");
    let nearest = &results[0]["socialMetadata"];
    assert_eq!((results.len(), &nearest["onlineId"]), (2, &value!("wren_4")));
    assert_eq!(nearest["accountId"], value!(wren.account));
    let oneself = json(search(value!({ "searchTerm": "marlow_87", "domainRequests": people }))).await;
    assert_eq!(oneself["domainResponses"][0]["results"], value!([]));
    for wrong in [
        value!({ "searchTerm": "", "domainRequests": people }),
        value!({ "searchTerm": "wren", "domainRequests": [] }),
        value!({ "searchTerm": "wren", "domainRequests": [{ "domain": "Games" }] }),
        value!({ "searchTerm": "wren", "domainRequests": people, "age": "69" }),
    ] {
        assert_eq!(status(search(wrong)).await, StatusCode::BAD_REQUEST);
    }
}
