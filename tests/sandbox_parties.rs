//! Parties, friends and push of the sandbox: who may do what, and what everybody else is told.

mod sandbox_support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use partyline::sandbox::{Area, Fault, Sandbox, SandboxConfig, Spoiled};
use reqwest::{Method, StatusCode};
use sandbox_support::{
    BodyJson, Listener, Person, create_body, empty_sandbox, eventually, json, member, mixing_sandbox,
    push_request, refusal, sandbox, status,
};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use uuid::Uuid;

/// Fails unless `value` has every field of `shape`, with values of the same type. Lists are compared by their first entry.
fn assert_shape(value: &Value, shape: &Value, at: &str) {
    match (value, shape) {
        (Value::Object(value), Value::Object(shape)) => {
            for (field, shape) in shape {
                let inner = value.get(field).unwrap_or_else(|| panic!("{at}.{field} is missing"));
                assert_shape(inner, shape, &format!("{at}.{field}"));
            }
        }
        (Value::Array(value), Value::Array(shape)) => {
            if let (Some(value), Some(shape)) = (value.first(), shape.first()) {
                assert_shape(value, shape, &format!("{at}[0]"));
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => panic!("{at}: {value} where {shape} was captured"),
    }
}

/// The captured frame of this type.
fn captured_frame(suffix: &str) -> Value {
    let frames: Vec<Value> = serde_json::from_str(include_str!("fixtures/push.json")).expect("json");
    let found =
        frames.into_iter().find(|frame| frame["dataType"].as_str().is_some_and(|it| it.ends_with(suffix)));
    found.expect("a captured frame")
}

fn captured_answer(name: &str) -> Value {
    let answers: Value = serde_json::from_str(include_str!("fixtures/answers.json")).expect("json");
    answers[name].clone()
}

async fn two(sandbox: &Sandbox) -> (Person, Person) {
    (Person::sign_in(sandbox, "marlow_87").await, Person::sign_in(sandbox, "second_seat").await)
}

/// Checks a frame against the captured one of the same type, and who it is for and from.
async fn expect_event(
    listener: &mut Listener,
    suffix: &str,
    to: &Person,
    from: &Person,
    session: &str,
) -> Value {
    let frame = listener.event(suffix).await;
    assert_shape(&frame, &captured_frame(suffix), suffix);
    assert_eq!(frame["to"]["accountId"], to.account, "{suffix}");
    assert_eq!(frame["body"]["data"]["sessionId"], session, "{suffix}");
    let sender = &frame["body"]["data"]["customProperties"]["from"];
    assert_eq!(sender["accountId"], from.account, "{suffix}");
    frame["body"]["data"].clone()
}

#[tokio::test]
async fn a_party_from_its_beginning_to_its_end_as_its_members_see_it() {
    let sandbox = empty_sandbox().await;
    let (marlow, second) = two(&sandbox).await;
    let (mut first_ear, mut second_ear) = (marlow.listen().await, second.listen().await);

    let session = marlow.create().await;
    expect_event(&mut first_ear, "partySession:created", &marlow, &marlow, &session).await;
    assert_eq!(second.join(&session).await, StatusCode::NOT_FOUND, "nobody invited them");
    assert!(second.read(&session).await.is_none());

    assert_eq!(marlow.invite(&session, &second.account).await, StatusCode::CREATED);
    let invited = second_ear.event("ps:invitations:created").await;
    assert_eq!(invited["body"]["data"]["sessionId"], session);
    let mine = json(second.call(Method::GET, "/sessionManager/v2/users/me/partySessionsInvitations")).await;
    assert_eq!(mine["invitations"][0]["sessionId"], session);
    assert_eq!(mine["invitations"][0]["from"]["onlineId"], "marlow_87");

    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let joined = expect_event(&mut first_ear, "ps:members:created", &marlow, &second, &session).await;
    assert_eq!(joined["members"][0]["joinOrder"], 2);
    expect_event(&mut second_ear, "ps:members:created", &second, &second, &session).await;
    let mine = json(second.call(Method::GET, "/sessionManager/v2/users/me/partySessionsInvitations")).await;
    assert_eq!(mine["invitations"], json!([]));

    let connected = STANDARD.encode(format!("{session}\n{:0>21}\n", marlow.account));
    for (field, value, suffix) in [
        ("customData3", connected.as_str(), "ps:m:customData3:updated"),
        (
            "customData4",
            "WyIiLCIiLCIxIiwiMCIsIjYuMi4wIiwiMSIsIjAiLCIwIiwiIiwiIl0=",
            "ps:m:customData4:updated",
        ),
    ] {
        let call = second.session_call(Method::PATCH, &session, "/members/me");
        assert_eq!(status(call.body_json(&json!({ field: value }))).await, StatusCode::NO_CONTENT);
        let told = expect_event(&mut first_ear, suffix, &marlow, &second, &session).await;
        assert_eq!(told["members"][0][field], value);
        assert_eq!(marlow.read(&session).await.expect("a member")["members"][1][field], value);
    }

    let rename = || {
        let call = marlow.session_call(Method::PATCH, &session, "");
        call.header("X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE", "en-US")
    };
    let call = rename().body_json(&json!({ "sessionName": "Sunday squad" }));
    assert_eq!(status(call).await, StatusCode::NO_CONTENT);
    let told = expect_event(&mut second_ear, "ps:sessionName:updated", &second, &marlow, &session).await;
    assert_eq!(told["sessionName"], "Sunday squad");

    assert_eq!(marlow.leave(&session).await, StatusCode::NO_CONTENT);
    expect_event(&mut second_ear, "ps:members:deleted", &second, &marlow, &session).await;
    let heir = second_ear.event("ps:owner:updated").await;
    assert_eq!(heir["body"]["data"]["owner"]["accountId"], second.account);
    assert_eq!(second.leave(&session).await, StatusCode::NO_CONTENT);
    let ended =
        expect_event(&mut second_ear, "outside:v2:partySession:deleted", &second, &second, &session).await;
    assert_eq!(ended["customProperties"]["deletedEvenCause"], "LAST_MEMBER_LEFT");
    assert!(second.read(&session).await.is_none());
    assert_eq!(second.leave(&session).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_owner_may_remove_somebody_and_a_guest_may_not() {
    let sandbox = empty_sandbox().await;
    let (marlow, second) = two(&sandbox).await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    let mut ear = second.listen().await;
    let remove = |who: &Person, whom: &Person| {
        who.session_call(Method::DELETE, &session, &format!("/members/{}", whom.account))
    };
    assert_eq!(status(remove(&second, &marlow)).await, StatusCode::FORBIDDEN);
    assert_eq!(status(remove(&marlow, &second)).await, StatusCode::NO_CONTENT);
    let told = ear.event("ps:members:deleted").await;
    assert_eq!(told["body"]["data"]["members"][0]["accountId"], second.account);
    assert_eq!(marlow.member_names(&session).await, ["marlow_87"]);
}

#[tokio::test]
async fn voice_signalling_reaches_the_one_it_is_for_unchanged() {
    let sandbox = empty_sandbox().await;
    let (marlow, second) = two(&sandbox).await;
    let third = Person::sign_in(&sandbox, "third_wheel").await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    for guest in [&second, &third] {
        assert_eq!(guest.join(&session).await, StatusCode::CREATED);
    }
    let (mut addressee, mut bystander) = (second.listen().await, third.listen().await);

    let text = b"1/1/1\n{\"type\":\"offer\",\"sdp\":\"v=0\"}";
    let mut body = Vec::new();
    for word in [1_u32, 0, 1, 0] {
        body.extend_from_slice(&word.to_le_bytes());
    }
    body.extend_from_slice(&marlow.account.parse::<u64>().expect("a number").to_le_bytes());
    body.extend_from_slice(&100_001_u32.to_le_bytes());
    body.extend_from_slice(&[0; 12]);
    body.extend_from_slice(&(text.len() as u32).to_le_bytes());
    body.extend_from_slice(text);
    let payload = format!("ver=1.0, type=binary, body={}", STANDARD.encode(&body));
    let message = |payload: &str| {
        json!({
            "channel": "miranda:12", "payload": payload, "withoutSequenceNumber": true,
            "to": [{ "accountId": second.account, "platform": "MOBILE_APP" }],
        })
    };
    let send = |who: &Person, payload: &str| {
        status(who.session_call(Method::POST, &session, "/customMessage").body_json(&message(payload)))
    };
    assert_eq!(send(&marlow, &payload).await, StatusCode::NO_CONTENT);
    let suffix = "ps:customMessage:noSeq:created";
    let told = expect_event(&mut addressee, suffix, &second, &marlow, &session).await;
    assert_eq!(told["customMessage"], json!({ "channel": "miranda:12", "payload": payload }));
    assert_eq!(bystander.events_within(Duration::from_millis(200)).await, Vec::<String>::new());

    // Somebody else's header: refused, as PSN does.
    assert_eq!(send(&third, &payload).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(&marlow, "hello").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn parties_are_listed_for_members_for_the_invited_and_for_friends_where_open() {
    let sandbox = mixing_sandbox(true).await;
    let (marlow, second) = two(&sandbox).await;
    let list = |who: &Person| {
        let call = who.call(Method::POST, "/sessionManager/v2/sys/gameBase/parties/bulkGet?limit=11");
        json(call.body_json(&json!({ "groupInvitedPartySessions": [] })))
    };
    let open = list(&marlow).await;
    assert_shape(&open, &captured_answer("bulkGet"), "bulkGet");
    let regulars = &open["parties"][0];
    assert_eq!(
        (regulars["joinableUserType"].as_str(), regulars["partyJoinable"].as_bool()),
        (Some("FRIENDS"), Some(true))
    );
    let regulars = regulars["sessionId"].as_str().expect("an id").to_owned();

    let closed = second.create().await;
    assert_eq!(list(&marlow).await["parties"].as_array().map(Vec::len), Some(1));
    assert_eq!(second.invite(&closed, &marlow.account).await, StatusCode::CREATED);
    assert_eq!(list(&marlow).await["parties"][0]["sessionId"], closed);

    assert_eq!(marlow.join(&regulars).await, StatusCode::CREATED);
    assert_eq!(marlow.member_names(&regulars).await, ["tidewalker", "moss_and_iron", "marlow_87"]);
    eventually("the residents say they hear marlow", Duration::from_secs(3), async || {
        let session = marlow.read(&regulars).await.expect("a member");
        let said = session["members"][0]["customData3"].as_str().unwrap_or_default().to_owned();
        String::from_utf8_lossy(&STANDARD.decode(said).expect("base64")).contains(&marlow.account)
    })
    .await;
    assert_eq!(marlow.leave(&regulars).await, StatusCode::NO_CONTENT);
    assert!(marlow.read(&regulars).await.is_some(), "the house stays open");
}

#[tokio::test]
async fn friends_profiles_and_presences_have_the_captured_shapes() {
    let sandbox = sandbox().await;
    let (marlow, second) = two(&sandbox).await;
    let friends_path = |limit: usize, offset: usize| {
        format!(
            "/userProfile/v2/internal/users/me/friends?limit={limit}&offset={offset}\
             &order=availability+realName+onlineId&platforms=PS4,PS5,MOBILE_APP,PSPC"
        )
    };
    let all = json(marlow.call(Method::GET, &friends_path(100, 0))).await;
    assert_shape(&all, &captured_answer("friends"), "friends");
    let ids: Vec<&str> =
        all["friends"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(all["totalItemCount"], ids.len());
    assert!(ids.len() >= 15 && all.get("nextOffset").is_none());
    assert!(ids.contains(&second.account.as_str()) && !ids.contains(&marlow.account.as_str()));
    let page = json(marlow.call(Method::GET, &friends_path(5, 0))).await;
    assert_eq!((page["nextOffset"].as_u64(), page["friends"].as_array().map(Vec::len)), (Some(5), Some(5)));

    let path =
        format!("/userProfile/v1/internal/users/profiles?accountIds={},{}", second.account, marlow.account);
    let profiles = json(marlow.call(Method::GET, &path)).await;
    let mut shape = captured_answer("profiles");
    shape["profiles"][0]["avatars"] = json!([]);
    assert_shape(&profiles, &shape, "profiles");
    assert_eq!(profiles["profiles"][0]["onlineId"], "second_seat");
    assert_eq!(profiles["profiles"][1]["isMe"], true);

    let presences = |ids: String| {
        let path = format!(
            "/userProfile/v2/internal/users/basicPresences?accountIds={ids}&platforms=PS4,PS5,MOBILE_APP,PSPC\
             &type=primary&withOwnGameTitleInfo=true"
        );
        json(marlow.call(Method::GET, &path))
    };
    let crowd = presences(ids.join(",")).await;
    let crowd = crowd["basicPresences"].as_array().expect("a list");
    let captured = captured_answer("presences");
    let playing = crowd.iter().find(|it| it["gameTitleInfoList"].is_array()).expect("somebody plays");
    assert_shape(playing, &captured["basicPresences"][0], "playing");
    let away = crowd.iter().find(|it| it["lastAvailableDate"].is_string()).expect("somebody is away");
    assert_shape(away, &captured["basicPresences"][1], "away");

    // A visitor is online while push is connected.
    let availability = async || presences(second.account.clone()).await["basicPresences"][0].clone();
    assert_eq!(availability().await["availability"], "unavailable");
    let ear = second.listen().await;
    let now = availability().await;
    assert_eq!(now["availability"], "availableToPlay");
    assert_eq!(now["primaryPlatformInfo"]["platform"], "MOBILE_APP");
    drop(ear);
    eventually("second_seat is offline", Duration::from_secs(3), async || {
        availability().await["availability"] == "unavailable"
    })
    .await;
}

#[tokio::test]
async fn calls_without_the_common_headers_are_refused_in_psns_shape() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let path = "/sessionManager/v2/users/me/partySessionsInvitations";
    assert_eq!(status(marlow.call(Method::GET, path)).await, StatusCode::OK);
    for header in ["x-psn-request-id", "x-psn-trace-id", "x-psn-span-id", "x-psn-app-ver"] {
        let mut request = marlow.call(Method::GET, path).build().expect("a request");
        request.headers_mut().remove(header);
        let (status, code, message) = refusal(marlow.http.execute(request).await.expect("answered")).await;
        assert_eq!((status, code), (StatusCode::BAD_REQUEST, 2_281_473), "{header}");
        assert!(message.contains(header), "{message}");
    }
    let once = marlow.call(Method::GET, path).build().expect("a request");
    let again = once.try_clone().expect("no body");
    assert_eq!(marlow.http.execute(once).await.expect("answered").status(), StatusCode::OK);
    let (status, ..) = refusal(marlow.http.execute(again).await.expect("answered")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a retry needs a fresh request id");

    let mut forged = marlow.clone();
    forged.access_token.replace_range(60..64, "AAAA");
    let (status, ..) = refusal(forged.call(Method::GET, path).send().await.expect("answered")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, ..) = refusal(marlow.call(Method::GET, "/nowhere").send().await.expect("answered")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, ..) = refusal(marlow.call(Method::PUT, path).send().await.expect("answered")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn bodies_other_than_the_captured_ones_are_refused() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let create = |body: &Value| {
        marlow
            .call(Method::POST, "/sessionManager/v2/partySessions")
            .header("X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE", "en-US")
            .body_json(body)
    };
    let changed = |pointer: &str, value: Value| {
        let mut body = create_body("INVITE_ONLY", "INVITE_ONLY");
        *body.pointer_mut(pointer).expect("a field") = value;
        body
    };
    for (pointer, value) in [
        ("/v2PartySessions/0/sessionType", json!("HALL")),
        ("/v2PartySessions/0/maxMembers", json!("16")),
        ("/v2PartySessions/0/visibilityType", json!("PUBLIC")),
        ("/v2PartySessions/0/joinableUserType", json!("FRIENDS_ONLY")),
        ("/v2PartySessions/0/members/0/accountId", json!(marlow.account)),
        ("/v2PartySessions/0/members/0/pushContexts/0/contextId", json!("not-a-uuid")),
        ("/v2PartySessions/0/members", json!([])),
        ("/v2PartySessions", json!([])),
    ] {
        let answer = create(&changed(pointer, value)).send().await.expect("answered");
        let expected = (StatusCode::BAD_REQUEST, 2_281_473, "Bad Request (body: null)".to_owned());
        assert_eq!(refusal(answer).await, expected, "{pointer}");
    }
    for (pointer, value) in [
        ("/v2PartySessions/0/maxMembers", json!(17)),
        ("/v2PartySessions/0/sessionName", json!("x".repeat(200))),
        ("/v2PartySessions/0/members/0/customData4", json!("nonsense")),
    ] {
        let answer = create(&changed(pointer, value)).send().await.expect("answered");
        assert_eq!(refusal(answer).await.0, StatusCode::BAD_REQUEST, "{pointer}");
    }
    let body = create_body("INVITE_ONLY", "INVITE_ONLY");
    let plain = marlow
        .call(Method::POST, "/sessionManager/v2/partySessions")
        .header("X-PSN-SESSION-MANAGER-SET-PROFANITY-FILTER-LANGUAGE-CODE", "en-US")
        .header("content-type", "application/json")
        .body(body.to_string());
    assert_eq!(status(plain).await, StatusCode::BAD_REQUEST, "the charset is part of the captured header");
    let no_language = marlow.call(Method::POST, "/sessionManager/v2/partySessions").body_json(&body);
    assert_eq!(status(no_language).await, StatusCode::BAD_REQUEST);
    let mut huge = body.clone();
    huge["v2PartySessions"][0]["sessionName"] = json!("x".repeat(300_000));
    assert_eq!(refusal(create(&huge).send().await.expect("answered")).await.0, StatusCode::PAYLOAD_TOO_LARGE);

    let session = marlow.create().await;
    let wrong_session = marlow
        .call(Method::POST, &format!("/sessionManager/v2/partySessions/{session}/members"))
        .header("X-PSN-SESSION-MANAGER-SESSION-IDS", Uuid::new_v4().to_string())
        .body_json(&json!({ "members": [member()] }));
    assert_eq!(status(wrong_session).await, StatusCode::BAD_REQUEST);
    let nothing = marlow.session_call(Method::PATCH, &session, "/members/me").body_json(&json!({}));
    assert_eq!(status(nothing).await, StatusCode::BAD_REQUEST);
    let no_header = marlow.call(Method::GET, "/sessionManager/v2/partySessions?view=v3");
    assert_eq!(status(no_header).await, StatusCode::BAD_REQUEST);
    let nobody = json!({
        "invitationType": "NORMAL", "invitations": [{ "to": { "accountId": "12345678901234567" } }],
        "invitationsToGroups": [],
    });
    let call = marlow.session_call(Method::POST, &session, "/invitations").body_json(&nobody);
    assert_eq!(refusal(call.send().await.expect("answered")).await.1, 2_286_592);
}

#[tokio::test]
async fn the_push_directory_names_this_sandbox_for_both_versions() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let ask = |version: &str, kind: &str| {
        let path = format!("version={version}&fields=keepAliveStatus&keepAliveStatusType={kind}");
        marlow
            .http
            .get(format!("{}/np/serveraddr?{path}", marlow.base))
            .bearer_auth(&marlow.access_token)
            .send()
    };
    for (version, kind, interval) in [("3.0", "6", 60_000), ("2.1", "3", 5_000)] {
        let answer: Value = ask(version, kind).await.expect("answered").json().await.expect("json");
        assert_shape(&answer, &captured_answer("serveraddr"), "serveraddr");
        assert_eq!(format!("http://{}", answer["fqdn"].as_str().expect("text")), marlow.base);
        assert_eq!(answer["keepAliveStatus"]["clientKeepAliveInterval"], interval);
    }
    assert_eq!(ask("3.0", "3").await.expect("answered").status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_push_socket_opens_only_for_who_introduces_itself_rightly() {
    let sandbox = empty_sandbox().await;
    let (marlow, second) = two(&sandbox).await;
    for header in ["sec-websocket-protocol", "x-psn-app-type", "x-psn-protocol-version", "authorization"] {
        let mut request = push_request(&marlow, "3.0", "6");
        request.headers_mut().remove(header);
        assert!(connect_async(request).await.is_err(), "{header}");
    }
    assert!(connect_async(push_request(&marlow, "3.0", "3")).await.is_err());

    // Another one's account id, and the token of another.
    let (socket, _) = connect_async(push_request(&marlow, "3.0", "6")).await.expect("accepted");
    let mut liar = Listener(socket);
    liar.introduce(&marlow, second.account.parse().expect("a number")).await;
    liar.closed().await;
    let (socket, _) = connect_async(push_request(&marlow, "3.0", "6")).await.expect("accepted");
    let mut liar = Listener(socket);
    liar.introduce(&second, marlow.account.parse().expect("a number")).await;
    liar.closed().await;

    // The older version needs no introduction.
    let (socket, _) = connect_async(push_request(&marlow, "2.1", "3")).await.expect("accepted");
    let mut older = Listener(socket);
    let session = marlow.create().await;
    let told = older.event("partySession:created").await;
    assert_eq!(told["body"]["data"]["sessionId"], session);
}

#[tokio::test]
async fn a_member_that_vanished_without_a_word_is_removed_and_the_others_hear_of_it() {
    let config = SandboxConfig {
        member_grace: Duration::from_millis(600),
        residents: false,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("starts");
    let (marlow, second) = two(&sandbox).await;
    let mut ear = marlow.listen().await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let killed = second.listen().await;
    assert_eq!(second.join(&session).await, StatusCode::CREATED);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(marlow.member_names(&session).await.len(), 2, "a push socket is enough to stay");
    drop(killed);
    let told = ear.event("ps:members:deleted").await;
    assert_eq!(told["body"]["data"]["members"][0]["accountId"], second.account);
    assert_eq!(marlow.member_names(&session).await, ["marlow_87"]);
}

#[tokio::test]
async fn echo_comes_when_invited_and_leaves_with_the_last_visitor() {
    let sandbox = sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let _ear = marlow.listen().await;
    let session = marlow.create_with("FRIENDS_ONLY", "FRIENDS").await;
    let echo = marlow.friend("Echo").await;
    assert_eq!(marlow.invite(&session, &echo).await, StatusCode::CREATED);
    eventually("Echo is in the party", Duration::from_secs(4), async || {
        marlow.member_names(&session).await == ["marlow_87", "Echo"]
    })
    .await;
    assert_eq!(marlow.leave(&session).await, StatusCode::NO_CONTENT);
    eventually("the party is over", Duration::from_secs(3), async || marlow.read(&session).await.is_none())
        .await;
}

#[tokio::test]
async fn spoiled_answers_look_like_the_services_own() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let ask = || marlow.call(Method::GET, "/sessionManager/v2/users/me/partySessionsInvitations").send();

    let limited = Spoiled::TooManyRequests { retry_after: Some(7) };
    for spoiled in [limited, Spoiled::Unavailable, Spoiled::AccessDenied] {
        sandbox.inject(Fault::Answer { area: Area::Api, spoiled, times: 1 });
    }
    let limited = ask().await.expect("answered");
    assert_eq!(limited.headers()["retry-after"], "7");
    assert_eq!(refusal(limited).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refusal(ask().await.expect("answered")).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let edge = ask().await.expect("answered");
    assert_eq!(edge.status(), StatusCode::FORBIDDEN);
    assert!(edge.text().await.expect("text").contains("Reference #"));
    assert_eq!(ask().await.expect("answered").status(), StatusCode::OK);

    sandbox.inject(Fault::Silence(Duration::from_millis(400)));
    let unanswered = tokio::time::timeout(Duration::from_millis(700), ask()).await;
    assert!(unanswered.is_err(), "accepted, never answered");
    assert_eq!(ask().await.expect("answered").status(), StatusCode::OK);
}

#[tokio::test]
async fn push_can_be_dropped_and_refused_for_a_while() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mut ear = marlow.listen().await;
    sandbox.inject(Fault::RefusePush(Duration::from_millis(500)));
    sandbox.inject(Fault::DropPush);
    ear.closed().await;
    assert!(connect_async(push_request(&marlow, "3.0", "6")).await.is_err());
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut ear = marlow.listen().await;
    let _session = marlow.create().await;
    ear.event("partySession:created").await;
}
