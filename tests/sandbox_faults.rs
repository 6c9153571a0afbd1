//! What goes wrong in the sandbox on request, as a client meets it on the wire.

mod sandbox_support;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use jiff::fmt::rfc2822;
use partyline::sandbox::{ALWAYS, Area, Calls, Fault, Sandbox, Spoiled, Twist};
use reqwest::{Client, Method, Response, StatusCode, header};
use sandbox_support::{
    AUTHORIZE, INVITATIONS, Person,
    app::{LOOPBACK, npsso, oauth_error},
    claims, empty_sandbox, http, location, query, refusal,
};
use serde_json::Value;
use uuid::Uuid;

fn spoil(sandbox: &Sandbox, area: Area, spoiled: Spoiled, times: u32) {
    sandbox.inject(Fault::Answer { area, spoiled, times });
}

fn twist(sandbox: &Sandbox, twist: Twist) {
    sandbox.inject(Fault::SignIn { twist, times: 1 });
}

async fn json(answer: Response) -> Value {
    answer.json().await.expect("json")
}

/// A fresh code, redeemed.
async fn redeem_fresh(http: &Client, base: &str) -> Response {
    let cid = Uuid::new_v4().to_string();
    let code = LOOPBACK.code(http, base, "marlow_87", &cid).await;
    LOOPBACK.redeem(http, base, &code, &cid).await
}

#[tokio::test]
async fn tokens_can_be_expired_and_revoked_at_will() {
    let sandbox = empty_sandbox().await;
    let mut marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let session = npsso(&marlow.http, &marlow.base, "marlow_87").await;
    sandbox.inject(Fault::ExpireTokens);
    assert_eq!(marlow.standing().await, StatusCode::UNAUTHORIZED);
    marlow.take_in(&json(marlow.refresh().await).await);
    assert_eq!(marlow.standing().await, StatusCode::OK);

    sandbox.inject(Fault::RevokeRefreshTokens);
    assert_eq!(oauth_error(marlow.refresh().await).await.1, "invalid_grant");
    assert_eq!(marlow.standing().await, StatusCode::OK, "the access token lives on");
    let cid = Uuid::new_v4().to_string();
    let detour = LOOPBACK.authorize(&marlow.http, &marlow.base, &cid, &session).await;
    assert_eq!(query(&location(&detour), "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn codes_can_be_expired_or_used_up_when_they_arrive_and_stay_so() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    for fault in [Twist::ExpiredCode, Twist::UsedCode] {
        twist(&sandbox, fault);
        let cid = Uuid::new_v4().to_string();
        let code = LOOPBACK.code(&http, &base, "marlow_87", &cid).await;
        for _ in 0..2 {
            let answer = LOOPBACK.redeem(&http, &base, &code, &cid).await;
            let refused = (StatusCode::BAD_REQUEST, "invalid_grant".to_owned(), 4159);
            assert_eq!(oauth_error(answer).await, refused, "{fault:?}");
        }
        assert_eq!(redeem_fresh(&http, &base).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn right_credentials_can_be_refused_as_wrong_and_the_code_survives_it() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let code = LOOPBACK.code(&http, &base, "marlow_87", &cid).await;
    twist(&sandbox, Twist::InvalidClient);
    let answer = LOOPBACK.redeem(&http, &base, &code, &cid).await;
    assert_eq!(oauth_error(answer).await, (StatusCode::UNAUTHORIZED, "invalid_client".to_owned(), 4102));
    assert_eq!(LOOPBACK.redeem(&http, &base, &code, &cid).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_redirect_can_bring_a_wrong_state() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let session = npsso(&http, &base, "marlow_87").await;
    twist(&sandbox, Twist::WrongState);
    for wrong in [true, false] {
        let back = location(&LOOPBACK.authorize(&http, &base, &Uuid::new_v4().to_string(), &session).await);
        assert!(query(&back, "code").is_some());
        assert_eq!(query(&back, "state").as_deref() != Some("st"), wrong);
    }
}

#[tokio::test]
async fn a_page_can_send_the_browser_to_the_redirect_twice() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let session = npsso(&http, &base, "marlow_87").await;
    twist(&sandbox, Twist::RedirectTwice);
    let page = LOOPBACK.authorize(&http, &base, &Uuid::new_v4().to_string(), &session).await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.contains("frame-src http://127.0.0.1:*"), "{policy}");
    let page = page.text().await.expect("text");
    let after = |before: &str| {
        let target = page.split(before).nth(1).and_then(|rest| rest.split('"').next()).expect("on the page");
        url::Url::parse(&target.replace("&amp;", "&")).expect("a URL")
    };
    let (framed, refreshed) = (after(r#"<iframe src=""#), after(r#"content="1;url="#));
    assert_eq!(framed, refreshed);
    assert!(query(&framed, "code").is_some_and(|code| code.starts_with("v3.")));
}

#[tokio::test]
async fn a_refresh_can_leave_the_refresh_token_out_and_write_lifetimes_as_text() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    twist(&sandbox, Twist::NoRefreshToken);
    let tokens = json(marlow.refresh().await).await;
    assert!(tokens["access_token"].is_string() && tokens.get("refresh_token").is_none());
    twist(&sandbox, Twist::TextLifetime);
    let tokens = json(marlow.refresh().await).await;
    assert_eq!(tokens["expires_in"], "3599");
    assert!(tokens["refresh_token_expires_in"].is_string());
    assert_eq!(json(marlow.refresh().await).await["expires_in"], 3599);
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_loses_no_token() {
    let sandbox = empty_sandbox().await;
    let mut marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let first = marlow.refresh_token.clone();
    sandbox.inject(Fault::RotateRefreshTokens);
    spoil(&sandbox, Area::Token, Spoiled::CutOff, 1);
    assert!(marlow.refresh().await.bytes().await.is_err(), "cut off");
    assert_eq!(sandbox.token_calls().refresh, Calls { answered: 1, refused: 0 });

    marlow.take_in(&json(marlow.refresh().await).await);
    assert_ne!(marlow.refresh_token, first);
    marlow.take_in(&json(marlow.refresh().await).await);
    marlow.refresh_token = first;
    assert_eq!(oauth_error(marlow.refresh().await).await.1, "invalid_grant");
}

#[tokio::test]
async fn an_answer_cut_off_in_the_middle_promises_more_than_it_brings() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    spoil(&sandbox, Area::Token, Spoiled::CutOff, 1);
    let mut answer = marlow.refresh().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let promised = answer.content_length().expect("a length");
    let mut arrived = Vec::new();
    let end = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => arrived.extend_from_slice(&chunk),
            end => break end,
        }
    };
    assert!(end.is_err(), "closed early");
    assert_eq!(arrived.len() as u64, promised / 2);
    assert!(arrived.starts_with(b"{"));
    assert_eq!(marlow.refresh().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn answers_can_be_malformed_or_huge() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    for area in [Area::Token, Area::Api] {
        spoil(&sandbox, area, Spoiled::Malformed, 1);
        spoil(&sandbox, area, Spoiled::Huge, 1);
        let ask = async || match area {
            Area::Token => marlow.refresh().await,
            _ => marlow.call(Method::GET, INVITATIONS).send().await.expect("answered"),
        };
        let malformed = ask().await;
        assert_eq!(malformed.status(), StatusCode::OK);
        let malformed = malformed.bytes().await.expect("a whole body");
        assert!(!malformed.is_empty() && serde_json::from_slice::<Value>(&malformed).is_err());
        let huge = ask().await;
        assert_eq!(huge.content_length(), None);
        let huge = huge.bytes().await.expect("a body");
        assert!(huge.len() > 8 << 20, "{}", huge.len());
        assert!(serde_json::from_slice::<Value>(&huge).is_ok());
    }
}

#[tokio::test]
async fn answers_without_a_body_and_push_sockets_have_nothing_to_cut_off() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    for spoiled in [Spoiled::CutOff, Spoiled::Malformed, Spoiled::Huge] {
        spoil(&sandbox, Area::Push, spoiled, 1);
        let _listener = marlow.listen().await;
        let session = marlow.create().await;
        spoil(&sandbox, Area::Api, spoiled, 1);
        assert_eq!(marlow.leave(&session).await, StatusCode::NO_CONTENT);
        assert_eq!(marlow.standing().await, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_edge_refuses_one_area_and_leaves_the_others_alone() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    spoil(&sandbox, Area::Token, Spoiled::AccessDenied, 1);
    let limited = |retry_after| Spoiled::TooManyRequests { retry_after };
    spoil(&sandbox, Area::Token, limited(Some(9)), 1);
    spoil(&sandbox, Area::Token, limited(None), 1);
    spoil(&sandbox, Area::Authorize, Spoiled::AccessDenied, 1);
    assert_eq!(marlow.standing().await, StatusCode::OK);

    let denied = marlow.refresh().await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    assert!(denied.headers()[header::CONTENT_TYPE].to_str().expect("text").starts_with("text/html"));
    assert!(denied.text().await.expect("text").contains("Reference #"));
    let limited = marlow.refresh().await;
    assert_eq!(limited.headers()[header::RETRY_AFTER], "9");
    assert_eq!(refusal(limited).await.0, StatusCode::TOO_MANY_REQUESTS);
    let limited = marlow.refresh().await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(limited.headers().get(header::RETRY_AFTER).is_none());
    assert_eq!(marlow.refresh().await.status(), StatusCode::OK);

    let authorize = marlow.http.get(format!("{}{AUTHORIZE}", marlow.base));
    assert_eq!(authorize.send().await.expect("answered").status(), StatusCode::FORBIDDEN);
    let calls = sandbox.token_calls();
    assert_eq!((calls.kept_away, calls.refresh), (3, Calls { answered: 1, refused: 0 }));
}

#[tokio::test]
async fn a_strict_edge_shuts_out_whoever_hammers_until_they_pause() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    sandbox.inject(Fault::StrictEdge);
    for _ in 0..14 {
        assert_eq!(marlow.refresh().await.status(), StatusCode::OK);
    }
    assert_eq!(marlow.refresh().await.status(), StatusCode::FORBIDDEN);
    let authorize = marlow.http.get(format!("{}{AUTHORIZE}", marlow.base));
    assert_eq!(authorize.send().await.expect("answered").status(), StatusCode::FORBIDDEN);
    assert_eq!(marlow.standing().await, StatusCode::OK, "the API has an edge of its own");
    sandbox.advance(Duration::from_secs(5 * 60));
    assert_eq!(marlow.refresh().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_sign_in_page_and_the_token_endpoint_can_take_their_time() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let delay = Duration::from_secs(2);
    let page = format!("{}/sonyacct/signin/", marlow.base);
    spoil(&sandbox, Area::Page, Spoiled::Late(delay), 1);
    spoil(&sandbox, Area::Token, Spoiled::Late(delay), 1);
    for slow in [true, false] {
        let begin = Instant::now();
        let request = LOOPBACK.authorize_query(&Uuid::new_v4().to_string(), "st");
        let page = marlow.http.get(&page).query(&request).send().await.expect("answered");
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(begin.elapsed() >= delay, slow, "{:?}", begin.elapsed());
        let begin = Instant::now();
        assert_eq!(marlow.refresh().await.status(), StatusCode::OK);
        assert_eq!(begin.elapsed() >= delay, slow, "{:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn a_connection_can_stay_open_without_an_answer() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    spoil(&sandbox, Area::Token, Spoiled::Never, ALWAYS);
    for _ in 0..2 {
        let request = LOOPBACK.refresh_request(&marlow.http, &marlow.base, &marlow.refresh_token);
        let error = request.timeout(Duration::from_millis(300)).send().await.expect_err("silence");
        assert!(error.is_timeout(), "{error}");
    }
    assert_eq!(marlow.standing().await, StatusCode::OK);
    let begin = Instant::now();
    sandbox.shutdown().await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_clock_that_is_hours_off_shows_in_tokens_and_date_and_ends_nothing_early() {
    let now = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    for hours in [-7, 5] {
        let sandbox = empty_sandbox().await;
        sandbox.inject(Fault::ClockOff { hours });
        let answer = redeem_fresh(&http(), &sandbox.base_url()).await;
        let shown = now(SystemTime::now()).saturating_add_signed(i64::from(hours) * 3600);
        let date = answer.headers()[header::DATE].to_str().expect("text").to_owned();
        let date = rfc2822::parse(&date).expect("a date").timestamp().as_second();
        assert!(date.abs_diff(shown as i64) < 60, "{date}");
        let tokens = json(answer).await;
        assert_eq!(tokens["expires_in"], 3599);
        let claims = claims(tokens["access_token"].as_str().expect("a token"));
        assert!(claims["exp"].as_u64().expect("a time").abs_diff(shown + 3599) < 60);

        let marlow = Person::sign_in(&sandbox, "marlow_87").await;
        sandbox.advance(Duration::from_secs(3500));
        assert_eq!(marlow.standing().await, StatusCode::OK);
        sandbox.advance(Duration::from_secs(100));
        assert_eq!(marlow.standing().await, StatusCode::UNAUTHORIZED);
        assert_eq!(marlow.refresh().await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_fault_by_name_comes_when_its_time_has_come() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    for named in ["unavailable=api:2", "expire-tokens@3"] {
        sandbox.schedule(named.parse().expect("a fault"));
    }
    assert_eq!(marlow.standing().await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(marlow.standing().await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(marlow.standing().await, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(marlow.standing().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_program_serves_a_sandbox_with_the_faults_it_was_told() {
    let program = || Command::new(env!("CARGO_BIN_EXE_partyline"));
    let refused = program().args(["sandbox", "--fault", "help"]).output().expect("runs");
    let list = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success() && list.contains("redirect-twice[=TIMES]"), "{list}");

    let mut serving = program();
    serving.args(["sandbox", "--listen", "127.0.0.1:0", "--no-residents"]);
    serving.args(["--fault", "access-denied=token", "--fault", "wrong-state"]);
    let mut serving = Serving(serving.stdout(Stdio::piped()).spawn().expect("starts"));
    let mut output = BufReader::new(serving.0.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    let (http, base) = (http(), line.trim().rsplit(' ').next().expect("an address"));
    let session = npsso(&http, base, "marlow_87").await;
    let back = location(&LOOPBACK.authorize(&http, base, &Uuid::new_v4().to_string(), &session).await);
    assert_ne!(query(&back, "state").as_deref(), Some("st"));
    assert_eq!(redeem_fresh(&http, base).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(redeem_fresh(&http, base).await.status(), StatusCode::OK);
}

/// Ends with the test, however that ends.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
