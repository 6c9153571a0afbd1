//! The OAuth client in a capture: who signed in, from the token requests and the authorize links.

use base64::{Engine, prelude::BASE64_STANDARD};
use url::{Url, form_urlencoded};

use crate::model::{Body, Exchange, FoundClient, Secret};

const MAX_ID: usize = 128;
const MAX_SECRET: usize = 512;
const MAX_REDIRECT: usize = 1024;
/// More clients than any capture has.
const MAX_CLIENTS: usize = 32;

/// Collects clients exchange by exchange. Which exchanges these are, the caller knows.
#[derive(Default)]
pub struct ClientSearch {
    /// With the secret, in the order they were last seen.
    clients: Vec<Client>,
    /// Redirects of clients whose token request may come later, or names none.
    redirects: Vec<(String, String)>,
}

struct Client {
    id: String,
    secret: Secret,
    redirect: Option<String>,
}

impl ClientSearch {
    /// `GET …/authorize`: it names the client's redirect.
    pub fn authorize(&mut self, exchange: &Exchange) {
        let Ok(url) = Url::parse(&exchange.url) else { return };
        let find = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v.into_owned());
        if let (Some(id), Some(redirect)) = (find("client_id"), find("redirect_uri"))
            && is_plain(&id, MAX_ID)
            && is_plain(&redirect, MAX_REDIRECT)
            && self.redirects.len() < MAX_CLIENTS
        {
            self.redirects.push((id, redirect));
        }
    }

    /// `POST …/token` with `Authorization: Basic`.
    pub fn token(&mut self, exchange: &Exchange) {
        let Some((id, secret)) = exchange.request_header("authorization").and_then(basic) else { return };
        let redirect = match &exchange.request {
            Body::Bytes(form) => form_urlencoded::parse(form)
                .find(|(key, _)| key == "redirect_uri")
                .map(|(_, value)| value.into_owned())
                .filter(|redirect| is_plain(redirect, MAX_REDIRECT)),
            _ => None,
        };
        let known = self.clients.iter().position(|client| client.id == id && client.secret == secret);
        // Seen again: it is the newest now, and keeps what was known.
        let before = known.map(|at| self.clients.remove(at)).and_then(|client| client.redirect);
        if self.clients.len() < MAX_CLIENTS {
            self.clients.push(Client { id, secret, redirect: redirect.or(before) });
        }
    }

    /// The client with everything needed to sign in; among several, the one seen last.
    pub fn finish(self) -> Option<FoundClient> {
        let Self { mut clients, redirects } = self;
        for client in clients.iter_mut().filter(|client| client.redirect.is_none()) {
            let named = redirects.iter().rev().find(|(id, _)| *id == client.id);
            client.redirect = named.map(|(_, redirect)| redirect.clone());
        }
        let others = clients.len().checked_sub(1)?;
        let complete = clients.iter().rposition(|client| client.redirect.is_some());
        let Client { id, secret, redirect } = clients.swap_remove(complete.unwrap_or(others));
        Some(FoundClient { id, secret, redirect, others })
    }
}

fn basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let fits = is_plain(id, MAX_ID) && is_plain(secret, MAX_SECRET);
    fits.then(|| (id.to_owned(), Secret::from(secret)))
}

/// It will be shown in a terminal and sent in a request: visible ASCII, and not endless.
fn is_plain(text: &str, limit: usize) -> bool {
    !text.is_empty() && text.len() <= limit && text.bytes().all(|byte| byte.is_ascii_graphic())
}
