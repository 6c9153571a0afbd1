//! Sign-in as OAuth's authorization code flow: the page in the browser, codes, tokens (section 2 of the protocol).

mod authorize;
mod page;
mod token;
mod tokens;

use axum::{
    Router,
    routing::{get, post},
};

pub(in crate::sandbox) use tokens::Tokens;

use super::world::Shared;

/// The sandbox's own OAuth client. Invented: good for nothing anywhere else.
pub const CLIENT_ID: &str = "5a4db0c5-0000-4000-8000-70617274796c";
/// Not a secret: it opens nothing but a sandbox.
pub const CLIENT_SECRET: &str = "sandboxOnlyAbc12";

/// Where the sign-in page lives; the same path as the service's own.
const SIGN_IN_PAGE: &str = "/sonyacct/signin/";
const AUTHORIZE: &str = "/api/authz/v3/oauth/authorize";
/// Cookie that holds a browser's session.
const SESSION_COOKIE: &str = "npsso";
const SCOPE: &str = "psn:mobile.v2.core psn:clientapp";

pub(in crate::sandbox) fn routes() -> Router<Shared> {
    Router::new()
        .route(AUTHORIZE, get(authorize::authorize))
        .route("/api/authz/v3/oauth/token", post(token::token))
        .route("/api/v1/ssocookie", get(authorize::ssocookie))
        .route(SIGN_IN_PAGE, get(authorize::sign_in_page))
        .route("/sandbox/signin", post(authorize::sign_in))
}
