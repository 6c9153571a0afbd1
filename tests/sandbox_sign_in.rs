//! Signing in to the sandbox: the browser's chain, the way without a browser, two clients, what the token endpoint
//! refuses, and time that passes.

mod sandbox_support;

use std::time::{Duration, SystemTime};

use partyline::sandbox::{Calls, Sandbox, SandboxConfig, StartError, TokenCalls};
use reqwest::{Client, Response, StatusCode, header};
use sandbox_support::{
    AUTHORIZE, Person, REDIRECT, SCOPE,
    app::{App, LOOPBACK, SCHEME, npsso, oauth_error},
    claims, empty_sandbox, http, location, query,
};
use serde_json::Value;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn get(http: &Client, url: impl reqwest::IntoUrl) -> Response {
    http.get(url).send().await.expect("answered")
}

/// The value of an attribute that follows a text on a page.
fn attribute(page: &str, before: &str) -> String {
    let value = page.split(before).nth(1).and_then(|rest| rest.split('"').next());
    value.expect("on the page").replace("&amp;", "&")
}

#[tokio::test]
async fn a_browser_is_led_over_the_sign_in_page_and_back_with_a_code_that_yields_tokens() {
    for app in [LOOPBACK, SCHEME] {
        lead_a_browser(app).await;
    }
}

async fn lead_a_browser(app: App) {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();

    let authorize = http.get(format!("{base}{AUTHORIZE}")).query(&app.authorize_query(&cid, "st+&te"));
    let detour = authorize.send().await.expect("answered");
    assert_eq!(detour.status(), StatusCode::FOUND);
    let page_url = location(&detour);
    assert_eq!(page_url.path(), "/sonyacct/signin/");
    assert_eq!(query(&page_url, "error").as_deref(), Some("login_required"));
    assert_eq!(query(&page_url, "error_code").as_deref(), Some("4165"));

    let page = get(&http, page_url).await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:*"), "{policy}");
    assert!(policy.contains("com.scee.psxandroid.scecompcall:"), "{policy}");
    let page = page.text().await.expect("text");
    assert!(page.contains("marlow_87"));
    let request = attribute(&page, r#"name="continue" value=""#);

    let form = [("account", "new_face"), ("continue", request.as_str())];
    let signed_in = http.post(format!("{base}/sandbox/signin")).form(&form).send().await.expect("answered");
    assert_eq!(signed_in.status(), StatusCode::FOUND);
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    assert!(cookie.starts_with("npsso="));
    let again = location(&signed_in);
    assert_eq!(again.path(), AUTHORIZE);

    let back = http.get(again).header(header::COOKIE, cookie).send().await.expect("answered");
    assert_eq!(back.status(), StatusCode::FOUND);
    assert!(back.headers().get(header::SET_COOKIE).is_none(), "the browser stays signed in");
    let back = location(&back);
    assert!(back.as_str().starts_with(&format!("{}?", app.redirect)), "{back}");
    assert_eq!(query(&back, "state").as_deref(), Some("st+&te"));
    assert_eq!(query(&back, "cid"), Some(cid.clone()));
    let code = query(&back, "code").expect("a code");
    assert!(code.starts_with("v3.") && code.len() == 9, "{code}");

    let answer = app.redeem(&http, &base, &code, &cid).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tokens: Value = answer.json().await.expect("json");
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["expires_in"], 3599);
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["refresh_token_expires_in"], 5_183_999);
    let claims = claims(tokens["access_token"].as_str().expect("a token"));
    assert!(claims["account_id"].as_str().is_some_and(|id| id.parse::<u64>().is_ok_and(|id| id > 1 << 53)));
    assert!(claims["exp"].is_u64() && claims["device_type"].is_string());
    assert_eq!(claims["client_id"], app.id);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_session_cookie_can_be_read_and_used_without_a_browser() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let npsso = npsso(&http, &base, "marlow_87").await;
    assert_eq!(npsso.len(), 64);
    let read =
        |cookie: String| http.get(format!("{base}/api/v1/ssocookie")).header(header::COOKIE, cookie).send();
    let known: Value =
        read(format!("other=1; npsso={npsso}")).await.expect("answered").json().await.expect("json");
    assert_eq!(known["npsso"], npsso);
    for nobody in ["other=1".to_owned(), format!("npsso={}", "x".repeat(64))] {
        let answer = read(nobody).await.expect("answered");
        assert_eq!(oauth_error(answer).await, (StatusCode::UNAUTHORIZED, "invalid_grant".to_owned(), 20));
    }

    let cid = Uuid::new_v4().to_string();
    let back = SCHEME.authorize(&http, &base, &cid, &npsso).await;
    let code = query(&location(&back), "code").expect("a code");
    assert_eq!(SCHEME.redeem(&http, &base, &code, &cid).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_that_is_over_leads_to_the_sign_in_page_again() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let led_to =
        async |npsso: &str| location(&LOOPBACK.authorize(&http, &base, &cid, npsso).await).path().to_owned();
    let (first, second) = (npsso(&http, &base, "marlow_87").await, npsso(&http, &base, "marlow_87").await);
    assert_eq!(led_to(&first).await, "/callback");
    let cookie = format!("npsso={first}");
    let out = http.get(format!("{base}/sandbox/signout")).header(header::COOKIE, cookie);
    let out = out.send().await.expect("answered");
    assert_eq!(out.status(), StatusCode::OK);
    assert!(out.headers()[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!(led_to(&first).await, "/sonyacct/signin/");
    assert_eq!(led_to(&second).await, "/callback");
    sandbox.advance(61 * DAY);
    assert_eq!(led_to(&second).await, "/sonyacct/signin/");
}

#[tokio::test]
async fn another_account_is_one_link_away_and_the_first_page_says_who_is_signed_in() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cookie = format!("npsso={}", npsso(&http, &base, "marlow_87").await);
    let first_page = async || {
        let page = http.get(&base).header(header::COOKIE, &cookie).send().await.expect("answered");
        page.text().await.expect("text")
    };
    let page = first_page().await;
    assert!(page.contains("signed in as marlow_87") && page.contains(r#"href="/sandbox/signout""#), "{page}");

    let cid = Uuid::new_v4().to_string();
    let other = http.get(format!("{base}/sandbox/signout")).query(&LOOPBACK.authorize_query(&cid, "st"));
    let other = other.header(header::COOKIE, &cookie).send().await.expect("answered");
    assert_eq!(other.status(), StatusCode::FOUND);
    let authorize = location(&other);
    assert_eq!(authorize.path(), AUTHORIZE);
    let detour = http.get(authorize).header(header::COOKIE, &cookie).send().await.expect("answered");
    assert_eq!(query(&location(&detour), "error").as_deref(), Some("login_required"));
    assert!(!first_page().await.contains("signed in as"));
}

#[tokio::test]
async fn authorize_trusts_only_its_own_clients_and_their_redirects_and_tells_the_client_the_rest() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let with = |app: App, name: &str, value: &str| {
        let mut query = app.authorize_query(&cid, "st");
        query.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, old)| *old = value.to_owned());
        http.get(format!("{base}{AUTHORIZE}")).query(&query).send()
    };
    for (app, name, value) in [
        (LOOPBACK, "client_id", "somebody-else"),
        (LOOPBACK, "client_id", SCHEME.id),
        (LOOPBACK, "redirect_uri", "https://example.com/steal"),
        (SCHEME, "redirect_uri", "com.example.app://redirect"),
        (SCHEME, "redirect_uri", REDIRECT),
    ] {
        let answer = with(app, name, value).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}={value}");
        assert!(answer.headers().get(header::LOCATION).is_none());
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "psn:mobile.v2.core", "invalid_scope"),
        ("duid", "0000000700410080XYZ", "invalid_request"),
        ("cid", "not-a-uuid", "invalid_request"),
        ("access_type", "online", "invalid_request"),
    ] {
        let answer = with(SCHEME, name, value).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::FOUND, "{name}");
        let back = location(&answer);
        assert!(back.as_str().starts_with(SCHEME.redirect));
        assert_eq!(query(&back, "error").as_deref(), Some(error), "{name}");
        assert_eq!(query(&back, "state").as_deref(), Some("st"));
    }
}

#[tokio::test]
async fn cancelling_and_names_that_are_none_are_said_on_the_page() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let request = SCHEME.authorize_query(&Uuid::new_v4().to_string(), "st");
    let detour = http.get(format!("{base}{AUTHORIZE}")).query(&request).send().await.expect("answered");
    let page = get(&http, location(&detour)).await.text().await.expect("text");
    let cancel = url::Url::parse(&attribute(&page, r#"class="cancel" href=""#)).expect("a URL");
    assert!(cancel.as_str().starts_with(SCHEME.redirect));
    assert_eq!(query(&cancel, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(&cancel, "state").as_deref(), Some("st"));

    let request = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request).finish();
    let form = [("account", "<script>alert(1)"), ("continue", request.as_str())];
    let refused = http.post(format!("{base}/sandbox/signin")).form(&form).send().await.expect("answered");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let page = refused.text().await.expect("text");
    assert!(page.contains("role=\"alert\"") && !page.contains("<script>"));
}

#[tokio::test]
async fn the_token_endpoint_checks_client_code_redirect_and_correlation() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let code = LOOPBACK.code(&http, &base, "marlow_87", &cid).await;
    let form = LOOPBACK.code_form(&code, &cid);
    let invalid_grant = (StatusCode::BAD_REQUEST, "invalid_grant".to_owned(), 4159);

    let mut wrong_basic = LOOPBACK.token_request(&http, &base, &cid).form(&form).build().expect("a request");
    wrong_basic.headers_mut().insert(header::AUTHORIZATION, "Basic AAAA".parse().expect("a value"));
    let answer = http.execute(wrong_basic).await.expect("answered");
    assert_eq!(oauth_error(answer).await, (StatusCode::UNAUTHORIZED, "invalid_client".to_owned(), 4102));

    let other = Uuid::new_v4().to_string();
    let answer = LOOPBACK.token_request(&http, &base, &other).form(&form).send().await.expect("answered");
    assert_eq!(oauth_error(answer).await.1, "invalid_request");

    let elsewhere = App { redirect: "http://127.0.0.1:8124/callback", ..LOOPBACK };
    assert_eq!(oauth_error(elsewhere.redeem(&http, &base, &code, &cid).await).await, invalid_grant);

    assert_eq!(LOOPBACK.redeem(&http, &base, &code, &cid).await.status(), StatusCode::OK);
    let answer = LOOPBACK.redeem(&http, &base, &code, &cid).await;
    assert_eq!(oauth_error(answer).await, invalid_grant, "a code is good once");

    let password = [("grant_type", "password"), ("token_format", "jwt")];
    let answer = LOOPBACK.token_request(&http, &base, &cid).form(&password).send().await.expect("answered");
    assert_eq!(oauth_error(answer).await.1, "invalid_request");

    let code = Calls { answered: 1, refused: 4 };
    assert_eq!(sandbox.token_calls(), TokenCalls { code, unknown: 1, ..TokenCalls::default() });
}

#[tokio::test]
async fn what_one_client_was_given_is_of_no_use_to_the_other() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let code = SCHEME.code(&http, &base, "marlow_87", &cid).await;
    let thief = App { redirect: SCHEME.redirect, ..LOOPBACK };
    assert_eq!(oauth_error(thief.redeem(&http, &base, &code, &cid).await).await.1, "invalid_grant");
    let swapped_secret = App { secret: LOOPBACK.secret, ..SCHEME };
    assert_eq!(oauth_error(swapped_secret.redeem(&http, &base, &code, &cid).await).await.1, "invalid_client");

    let tokens: Value = SCHEME.redeem(&http, &base, &code, &cid).await.json().await.expect("json");
    let refresh_token = tokens["refresh_token"].as_str().expect("a token");
    let refresh = |app: App| app.refresh_request(&http, &base, refresh_token).send();
    let stolen = refresh(LOOPBACK).await.expect("answered");
    assert_eq!(oauth_error(stolen).await, (StatusCode::BAD_REQUEST, "invalid_grant".to_owned(), 4160));
    assert_eq!(refresh(SCHEME).await.expect("answered").status(), StatusCode::OK);
}

#[tokio::test]
async fn a_code_waits_for_three_minutes_only() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    for (minutes, status) in [(2, StatusCode::OK), (3, StatusCode::BAD_REQUEST)] {
        let cid = Uuid::new_v4().to_string();
        let code = SCHEME.code(&http, &base, "marlow_87", &cid).await;
        sandbox.advance(Duration::from_secs(minutes * 60));
        assert_eq!(SCHEME.redeem(&http, &base, &code, &cid).await.status(), status, "{minutes}");
    }
}

#[tokio::test]
async fn sixty_days_pass_in_a_moment() {
    let sandbox = empty_sandbox().await;
    let mut marlow = Person::sign_in(&sandbox, "marlow_87").await;
    for day in 1..60 {
        sandbox.advance(DAY);
        assert_eq!(marlow.standing().await, StatusCode::UNAUTHORIZED, "day {day}");
        let answer = marlow.refresh().await;
        let tokens: Value = answer.json().await.expect("json");
        let left = tokens["refresh_token_expires_in"].as_u64().expect("seconds");
        assert_eq!(left / DAY.as_secs(), 59 - day, "a refresh does not extend the stay");
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970") + DAY * day as u32;
        let claims = claims(tokens["access_token"].as_str().expect("a token"));
        assert!(claims["exp"].as_u64().expect("a time").abs_diff(now.as_secs() + 3599) < 60, "day {day}");
        assert_eq!(tokens["refresh_token"], marlow.refresh_token, "it lives on");
        marlow.take_in(&tokens);
        assert_eq!(marlow.standing().await, StatusCode::OK, "day {day}");
    }
    sandbox.advance(DAY);
    assert_eq!(oauth_error(marlow.refresh().await).await.1, "invalid_grant");
    assert_eq!(sandbox.token_calls().refresh, Calls { answered: 59, refused: 1 });
}

#[tokio::test]
async fn a_sandbox_is_for_this_machine_or_a_private_network_alone() {
    let refused = async |address: &str| {
        let config =
            SandboxConfig { listen: address.parse().expect("an address"), ..SandboxConfig::default() };
        Sandbox::start(config).await.err().expect("refused")
    };
    for public in ["0.0.0.0:0", "8.8.8.8:0", "172.32.0.1:0", "169.254.0.1:0", "[::]:0", "[2001:db8::1]:0"] {
        assert!(matches!(refused(public).await, StartError::NotPrivate(_)), "{public}");
    }
    // Not this machine's, but nobody else's either: it gets as far as the operating system.
    for private in ["10.255.77.1:0", "172.31.255.1:0", "192.168.255.77:0", "[fd77::77]:0"] {
        assert!(matches!(refused(private).await, StartError::Listen { .. }), "{private}");
    }
}

#[tokio::test]
async fn shutting_down_closes_the_door_and_takes_no_time() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    let mut listener = marlow.listen().await;
    let session = marlow.create().await;
    let bridge = marlow.bridge_for(&session).await;
    let _peer = marlow.connect(&bridge).await;
    let begin = std::time::Instant::now();
    sandbox.shutdown().await;
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    listener.closed().await;
    let url = format!("{}/", marlow.base);
    assert!(marlow.http.get(url).send().await.is_err());
}
