//! The OAuth client in a capture: who signed in, from the token requests and the authorize links.

use std::collections::VecDeque;

use base64::{Engine, prelude::BASE64_STANDARD};
use url::{Host, Url, form_urlencoded};

use crate::model::{Body, Exchange, FoundClient, OAuthClient, Secret};

const MAX_ID: usize = 128;
const MAX_SECRET: usize = 512;
const MAX_REDIRECT: usize = 1024;
/// More clients than any capture has; beyond, the one seen longest ago is forgotten.
const MAX_CLIENTS: usize = 32;

/// Collects clients exchange by exchange. Which exchanges these are, the caller knows.
#[derive(Default)]
pub struct ClientSearch {
    /// With the secret, in the order they were last seen.
    clients: VecDeque<Client>,
    /// Redirects of clients whose token request may come later, or names none.
    redirects: VecDeque<(String, String)>,
}

struct Client {
    id: String,
    secret: Secret,
    redirect: Option<String>,
}

/// How much of what it takes to sign in from here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fitness {
    /// Where the browser is sent afterwards is not known.
    NoRedirect,
    /// To a page somewhere, which keeps the code.
    Page,
    /// Back to this computer; the mobile app's redirect is known anyway.
    Returns,
}

impl ClientSearch {
    /// `GET …/authorize`: it names the client's redirect.
    pub fn authorize(&mut self, exchange: &Exchange) {
        let Ok(url) = Url::parse(&exchange.url) else { return };
        let find = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, v)| v.into_owned());
        if let (Some(id), Some(redirect)) = (find("client_id"), find("redirect_uri"))
            && is_plain(&id, MAX_ID)
            && is_plain(&redirect, MAX_REDIRECT)
        {
            push(&mut self.redirects, (id, redirect));
        }
    }

    /// `POST …/token` with `Authorization: Basic`. What the service refused proves nobody's credentials.
    pub fn token(&mut self, exchange: &Exchange) {
        if exchange.status >= 400 {
            return;
        }
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
        let before = known.and_then(|at| self.clients.remove(at)).and_then(|client| client.redirect);
        push(&mut self.clients, Client { id, secret, redirect: redirect.or(before) });
    }

    /// The client to sign in with: one whose redirect leads back to this computer before one that leads to a page, and either
    /// before one without; of these the one seen last.
    pub fn finish(self) -> Option<FoundClient> {
        let Self { mut clients, redirects } = self;
        for client in clients.iter_mut().filter(|client| client.redirect.is_none()) {
            let named = redirects.iter().rev().find(|(id, _)| *id == client.id);
            client.redirect = named.map(|(_, redirect)| redirect.clone());
        }
        let others = clients.len().checked_sub(1)?;
        // Of several equals the last.
        let Client { id, secret, redirect } = clients.into_iter().max_by_key(Client::fitness)?;
        Some(FoundClient { id, secret, redirect, others })
    }
}

impl Client {
    fn fitness(&self) -> Fitness {
        match &self.redirect {
            _ if self.id == OAuthClient::MOBILE_ID => Fitness::Returns,
            Some(redirect) if returns(redirect) => Fitness::Returns,
            Some(_) => Fitness::Page,
            None => Fitness::NoRedirect,
        }
    }
}

/// A scheme of its own, or a loopback page.
fn returns(redirect: &str) -> bool {
    Url::parse(redirect).is_ok_and(|url| match url.scheme() {
        "http" | "https" => match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => true,
    })
}

fn push<T>(queue: &mut VecDeque<T>, newest: T) {
    if queue.len() == MAX_CLIENTS {
        queue.pop_front();
    }
    queue.push_back(newest);
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
