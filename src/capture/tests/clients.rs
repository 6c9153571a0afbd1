//! Whose credentials are found, and whose are not.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::one;
use crate::{
    capture::ClientSearch,
    model::{Exchange, FoundClient, OAuthClient},
};

fn token_request(credentials: &str, form: &str) -> Exchange {
    one(json!({"request": {
        "method": "POST",
        "url": "https://host.example/token",
        "headers": [{"name": "Authorization", "value": format!("Basic {}", BASE64_STANDARD.encode(credentials))}],
        "postData": {"text": form},
    }}))
}

fn authorize(query: &str) -> Exchange {
    one(json!({"request": {"method": "GET", "url": format!("https://host.example/authorize?{query}")}}))
}

#[test]
fn the_newest_complete_client_is_found_and_the_others_counted() {
    let mut search = ClientSearch::default();
    search.token(&token_request("first:secret-1", "redirect_uri=http%3A%2F%2F127.0.0.1%2Fa&code=c"));
    search.authorize(&authorize("client_id=second&redirect_uri=app%3A%2F%2Fback"));
    search.token(&token_request("second:secret-2", "grant_type=refresh_token"));
    search.token(&token_request("third:secret-3", "grant_type=refresh_token"));
    let found = search.finish().expect("a client");
    assert_eq!((found.id.as_str(), found.secret.expose()), ("second", "secret-2"));
    assert_eq!((found.redirect.as_deref(), found.others), (Some("app://back"), 2));
}

#[test]
fn a_client_seen_again_keeps_its_redirect() {
    let mut search = ClientSearch::default();
    search.token(&token_request("one:secret", "redirect_uri=app%3A%2F%2Fback"));
    search.token(&token_request("one:secret", "grant_type=refresh_token"));
    let found = search.finish().expect("a client");
    assert_eq!((found.redirect.as_deref(), found.others), (Some("app://back"), 0));
}

fn found(requests: &[Exchange]) -> FoundClient {
    let mut search = ClientSearch::default();
    requests.iter().for_each(|request| search.token(request));
    search.finish().expect("a client")
}

fn form(redirect: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("redirect_uri", redirect).finish()
}

#[test]
fn a_client_that_leads_back_here_comes_before_one_that_leads_to_a_page() {
    let web = token_request("web:secret", &form("https://web.example/after"));
    for redirect in
        ["app.of.somebody://redirect", "http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost/"]
    {
        let mine = token_request("mine:secret", &form(redirect));
        let client = found(&[web.clone(), mine.clone(), web.clone()]);
        assert_eq!((client.id.as_str(), client.redirect.as_deref()), ("mine", Some(redirect)));
        let bare = token_request("bare:secret", "");
        assert_eq!(found(&[mine, bare.clone()]).id, "mine");
        assert_eq!(found(&[web.clone(), bare]).id, "web");
    }
    let mobile = token_request(&format!("{}:secret", OAuthClient::MOBILE_ID), "grant_type=refresh_token");
    let client = found(&[mobile, web]);
    assert_eq!((client.id.as_str(), client.redirect.as_deref()), (OAuthClient::MOBILE_ID, None));
    assert_eq!(
        client.into_client().map(|client| client.redirect).as_deref(),
        Some(OAuthClient::MOBILE_REDIRECT)
    );
}

#[test]
fn what_the_service_refused_is_nobodys() {
    let refused = |credentials| Exchange { status: 401, ..token_request(credentials, &form("app://back")) };
    let taken = Exchange { status: 200, ..token_request("right:secret", "") };
    assert_eq!(found(&[taken, refused("right:typo")]).secret.expose(), "secret");
    let mut search = ClientSearch::default();
    search.token(&refused("wrong:secret"));
    assert!(search.finish().is_none());
}

#[test]
fn of_too_many_clients_the_oldest_are_forgotten() {
    let client = |n: usize| token_request(&format!("client-{n}:secret"), &form("app://back"));
    let many: Vec<_> = (0..100).map(client).collect();
    let newest = found(&many);
    assert_eq!((newest.id.as_str(), newest.others), ("client-99", 31));
    let mut search = ClientSearch::default();
    (0..100).for_each(|n| search.authorize(&authorize(&format!("client_id=x&redirect_uri=app%3A%2F%2F{n}"))));
    search.token(&token_request("x:secret", ""));
    assert_eq!(search.finish().and_then(|client| client.redirect).as_deref(), Some("app://99"));
}

#[test]
fn credentials_that_would_not_fit_a_terminal_or_a_header_are_none() {
    for odd in [
        "",
        ":",
        "id:",
        ":secret",
        "no colon",
        "id:\u{1b}[2J",
        "i\nd:secret",
        &format!("id:{}", "x".repeat(600)),
    ] {
        let mut search = ClientSearch::default();
        search.token(&token_request(odd, ""));
        assert!(search.finish().is_none(), "{odd:?}");
    }
}
