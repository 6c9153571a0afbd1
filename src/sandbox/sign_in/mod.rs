//! Sign-in as OAuth's authorization code flow: the page in the browser, codes, tokens (section 2 of the protocol).
//!
//! ```text
//! authorize ─302▶ sign-in page ─POST▶ session cookie ─302▶ authorize ─302▶ redirect_uri?code=… ─▶ token
//!     ▲                                                       │
//!     └────────────── a browser that is signed in ────────────┘
//! ```

mod access;
mod authorize;
mod clients;
mod page;
mod session;
mod token;
mod tokens;

use axum::{
    Router,
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use clients::{CLIENT_ID, CLIENT_SECRET, SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT};
pub(in crate::sandbox) use session::visitor;
pub use token::{Calls, TokenCalls};
pub(in crate::sandbox) use tokens::Tokens;

use super::world::Shared;

pub(in crate::sandbox) const AUTHORIZE: &str = "/api/authz/v3/oauth/authorize";
pub(in crate::sandbox) const TOKEN: &str = "/api/authz/v3/oauth/token";
pub(in crate::sandbox) const SSO_COOKIE: &str = "/api/v1/ssocookie";
/// Where the sign-in page lives; the same path as the service's own.
pub(in crate::sandbox) const SIGN_IN_PAGE: &str = "/sonyacct/signin/";
pub(in crate::sandbox) const SIGN_IN: &str = "/sandbox/signin";
pub(in crate::sandbox) const SIGN_OUT: &str = "/sandbox/signout";
const SCOPE: &str = "psn:mobile.v2.core psn:clientapp";

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route(AUTHORIZE, get(authorize::authorize))
        .route(TOKEN, post(token::token))
        .route(SSO_COOKIE, get(session::ssocookie))
        .route(SIGN_IN_PAGE, get(authorize::sign_in_page))
        .route(SIGN_IN, post(session::sign_in))
        .route(SIGN_OUT, get(session::sign_out))
}

/// 302, as the service answers.
fn found(location: &str) -> Response {
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers, Body::empty()).into_response()
}
