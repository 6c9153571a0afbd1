//! Signing in to the sandbox: the browser's chain, the way without a browser, and what the token endpoint refuses.

mod sandbox_support;

use std::time::Duration;

use partyline::sandbox::{Fault, Sandbox, SandboxConfig};
use reqwest::{Method, StatusCode, header};
use sandbox_support::{
    Person, REDIRECT, SCOPE, authorize_query, claims, code, code_form, empty_sandbox, http, location, query,
    refusal, token_request,
};
use serde_json::Value;
use uuid::Uuid;

const FRIENDS: &str = "/userProfile/v2/internal/users/me/friends?limit=100&offset=0\
                       &order=availability+realName+onlineId&platforms=PS4,PS5,MOBILE_APP,PSPC";

async fn error_of(answer: reqwest::Response) -> (StatusCode, String, u64) {
    let status = answer.status();
    let body: Value = answer.json().await.expect("OAuth's error shape");
    assert!(body["error_description"].is_string());
    let error = body["error"].as_str().expect("an error").to_owned();
    (status, error, body["error_code"].as_u64().expect("a code"))
}

#[tokio::test]
async fn a_browser_is_led_over_the_sign_in_page_and_back_with_a_code_that_yields_tokens() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let authorize = format!("{base}/api/authz/v3/oauth/authorize");

    let detour = http.get(&authorize).query(&authorize_query(&cid, "st+&te")).send().await.expect("answered");
    assert_eq!(detour.status(), StatusCode::FOUND);
    let page_url = location(&detour);
    assert_eq!(query(&page_url, "error").as_deref(), Some("login_required"));
    assert_eq!(query(&page_url, "error_code").as_deref(), Some("4165"));

    let page = http.get(page_url).send().await.expect("answered");
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("text");
    assert!(page.contains("marlow_87"));
    let hidden = page.split(r#"name="continue" value=""#).nth(1).and_then(|rest| rest.split('"').next());
    let request = hidden.expect("a hidden field").replace("&amp;", "&");

    let form = [("account", "new_face"), ("continue", request.as_str())];
    let signed_in = http.post(format!("{base}/sandbox/signin")).form(&form).send().await.expect("answered");
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    assert!(cookie.starts_with("npsso="));

    let back = http.get(location(&signed_in)).header(header::COOKIE, cookie).send().await.expect("answered");
    assert_eq!(back.status(), StatusCode::FOUND);
    let back = location(&back);
    assert!(back.as_str().starts_with(REDIRECT));
    assert_eq!(query(&back, "state").as_deref(), Some("st+&te"));
    assert_eq!(query(&back, "cid"), Some(cid.clone()));
    let code = query(&back, "code").expect("a code");
    assert!(code.starts_with("v3.") && code.len() == 9, "{code}");

    let answer =
        token_request(&http, &base, &cid).form(&code_form(&code, &cid)).send().await.expect("answered");
    assert_eq!(answer.status(), StatusCode::OK);
    let tokens: Value = answer.json().await.expect("json");
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["expires_in"], 3599);
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["refresh_token_expires_in"], 5_183_999);
    let claims = claims(tokens["access_token"].as_str().expect("a token"));
    assert!(claims["account_id"].as_str().is_some_and(|id| id.parse::<u64>().is_ok_and(|id| id > 1 << 53)));
    assert!(claims["exp"].is_u64() && claims["client_id"].is_string() && claims["device_type"].is_string());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_session_cookie_can_be_read_as_the_fallback_needs_it() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let session = http.post(format!("{base}/sandbox/signin")).form(&[("account", "marlow_87")]);
    let session: Value = session.send().await.expect("answered").json().await.expect("json");
    let npsso = session["npsso"].as_str().expect("a session");
    assert_eq!(npsso.len(), 64);
    let cookie = format!("other=1; npsso={npsso}");
    let read = http.get(format!("{base}/api/v1/ssocookie")).header(header::COOKIE, cookie);
    let read: Value = read.send().await.expect("answered").json().await.expect("json");
    assert_eq!(read["npsso"], npsso);
    let nobody = http.get(format!("{base}/api/v1/ssocookie")).send().await.expect("answered");
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn authorize_trusts_only_its_own_client_and_loopback_and_tells_the_client_the_rest() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let authorize = format!("{base}/api/authz/v3/oauth/authorize");
    let cid = Uuid::new_v4().to_string();
    let with = |name: &str, value: &str| {
        let mut query = authorize_query(&cid, "st");
        query.iter_mut().filter(|(key, _)| *key == name).for_each(|(_, old)| *old = value.to_owned());
        http.get(&authorize).query(&query).send()
    };
    for (name, value) in [("client_id", "somebody-else"), ("redirect_uri", "https://example.com/steal")] {
        let answer = with(name, value).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}");
        assert!(answer.headers().get(header::LOCATION).is_none());
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "psn:mobile.v2.core", "invalid_scope"),
        ("duid", "0000000700410080XYZ", "invalid_request"),
        ("cid", "not-a-uuid", "invalid_request"),
        ("access_type", "online", "invalid_request"),
    ] {
        let answer = with(name, value).await.expect("answered");
        assert_eq!(answer.status(), StatusCode::FOUND, "{name}");
        let back = location(&answer);
        assert!(back.as_str().starts_with(REDIRECT));
        assert_eq!(query(&back, "error").as_deref(), Some(error), "{name}");
        assert_eq!(query(&back, "state").as_deref(), Some("st"));
    }
}

#[tokio::test]
async fn cancelling_and_names_that_are_none_are_said_on_the_page() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let authorize = format!("{base}/api/authz/v3/oauth/authorize");
    let detour = http.get(&authorize).query(&authorize_query(&cid, "st")).send().await.expect("answered");
    let page = http.get(location(&detour)).send().await.expect("answered").text().await.expect("text");
    let cancel = page.split(r#"class="cancel" href=""#).nth(1).and_then(|rest| rest.split('"').next());
    let cancel = url::Url::parse(&cancel.expect("a link").replace("&amp;", "&")).expect("a URL");
    assert!(cancel.as_str().starts_with(REDIRECT));
    assert_eq!(query(&cancel, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(&cancel, "state").as_deref(), Some("st"));

    let request = serde_urlencoded(&authorize_query(&cid, "st"));
    let form = [("account", "<script>alert(1)"), ("continue", request.as_str())];
    let refused = http.post(format!("{base}/sandbox/signin")).form(&form).send().await.expect("answered");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let page = refused.text().await.expect("text");
    assert!(page.contains("role=\"alert\"") && !page.contains("<script>"));
}

fn serde_urlencoded(pairs: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn the_token_endpoint_checks_client_code_redirect_and_correlation() {
    let sandbox = empty_sandbox().await;
    let (http, base) = (http(), sandbox.base_url());
    let cid = Uuid::new_v4().to_string();
    let code = code(&http, &base, "marlow_87", &cid).await;
    let form = code_form(&code, &cid);

    let wrong_basic = token_request(&http, &base, &cid).form(&form).build().expect("a request");
    let mut wrong_basic = wrong_basic;
    wrong_basic.headers_mut().insert(header::AUTHORIZATION, "Basic AAAA".parse().expect("a value"));
    let answer = http.execute(wrong_basic).await.expect("answered");
    assert_eq!(error_of(answer).await, (StatusCode::UNAUTHORIZED, "invalid_client".to_owned(), 4102));

    let other = Uuid::new_v4().to_string();
    let answer = token_request(&http, &base, &other).form(&form).send().await.expect("answered");
    assert_eq!(error_of(answer).await.1, "invalid_request");

    let mut elsewhere = form;
    elsewhere[2].1 = "http://127.0.0.1:8124/callback";
    let answer = token_request(&http, &base, &cid).form(&elsewhere).send().await.expect("answered");
    assert_eq!(error_of(answer).await, (StatusCode::BAD_REQUEST, "invalid_grant".to_owned(), 4159));

    let answer = token_request(&http, &base, &cid).form(&form).send().await.expect("answered");
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = token_request(&http, &base, &cid).form(&form).send().await.expect("answered");
    assert_eq!(error_of(answer).await.1, "invalid_grant", "a code is good once");

    let password = [("grant_type", "password"), ("token_format", "jwt")];
    let answer = token_request(&http, &base, &cid).form(&password).send().await.expect("answered");
    assert_eq!(error_of(answer).await.1, "invalid_request");
}

async fn refresh(person: &Person, token: &str) -> reqwest::Response {
    let form = [
        ("token_format", "jwt"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("scope", SCOPE),
    ];
    let cid = Uuid::new_v4().to_string();
    token_request(&person.http, &person.base, &cid).form(&form).send().await.expect("answered")
}

#[tokio::test]
async fn an_access_token_runs_out_and_a_refresh_brings_the_next() {
    let config = SandboxConfig {
        token_lifetime: Duration::from_secs(1),
        residents: false,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.expect("starts");
    let mut marlow = Person::sign_in(&sandbox, "marlow_87").await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let answer = marlow.call(Method::GET, FRIENDS).send().await.expect("answered");
    assert_eq!(refusal(answer).await.0, StatusCode::UNAUTHORIZED);

    let refreshed: Value = refresh(&marlow, &marlow.refresh_token).await.json().await.expect("json");
    assert_eq!(refreshed["refresh_token"], marlow.refresh_token, "it lives on");
    marlow.access_token = refreshed["access_token"].as_str().expect("a token").to_owned();
    let answer = marlow.call(Method::GET, FRIENDS).send().await.expect("answered");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(error_of(refresh(&marlow, "made-up").await).await.1, "invalid_grant");
}

#[tokio::test]
async fn tokens_can_be_expired_and_revoked_at_will() {
    let sandbox = empty_sandbox().await;
    let marlow = Person::sign_in(&sandbox, "marlow_87").await;
    sandbox.inject(Fault::ExpireTokens);
    let answer = marlow.call(Method::GET, FRIENDS).send().await.expect("answered");
    assert_eq!(refusal(answer).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(refresh(&marlow, &marlow.refresh_token).await.status(), StatusCode::OK);
    sandbox.inject(Fault::RevokeRefreshTokens);
    assert_eq!(error_of(refresh(&marlow, &marlow.refresh_token).await).await.1, "invalid_grant");
}

#[tokio::test]
async fn a_sandbox_is_not_for_the_network() {
    let config = SandboxConfig { listen: ([0, 0, 0, 0], 0).into(), ..SandboxConfig::default() };
    assert!(Sandbox::start(config).await.is_err());
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
    assert!(marlow.call(Method::GET, FRIENDS).send().await.is_err());
}
