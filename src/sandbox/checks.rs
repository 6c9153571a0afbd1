//! What every call to the mobile API must carry: a valid token, the headers of the protocol's section 3, a body of
//! exactly the captured shape. Extractors, so that no handler can forget one.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{people::AccountId, recent::Recent, refusal::Refusal, world::Shared};

/// Ids of earlier requests that a new one is compared with.
const REMEMBERED_REQUESTS: usize = 8192;

pub(super) struct RequestIds(Recent<Uuid, ()>);

impl Default for RequestIds {
    fn default() -> Self {
        Self(Recent::new(REMEMBERED_REQUESTS))
    }
}

/// Who calls. Present in a handler's arguments: the call is authorized and its common headers are right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub AccountId);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, world: &Shared) -> Result<Self, Refusal> {
        let headers = &parts.headers;
        let account = bearer(headers, world)?;
        let request_id = text(headers, "x-psn-request-id")
            .and_then(|id| Uuid::parse_str(id).ok())
            .ok_or(Refusal::BadParameter("header: x-psn-request-id"))?;
        if !hex16(headers, "x-psn-trace-id") {
            return Err(Refusal::BadParameter("header: x-psn-trace-id"));
        }
        if !hex16(headers, "x-psn-span-id") {
            return Err(Refusal::BadParameter("header: x-psn-span-id"));
        }
        if !text(headers, "x-psn-app-ver")
            .is_some_and(|version| version.starts_with("PlayStationApp-Android/"))
        {
            return Err(Refusal::BadParameter("header: x-psn-app-ver"));
        }
        if world.state().request_ids.0.insert(request_id, ()).is_some() {
            return Err(Refusal::BadParameter("header: x-psn-request-id was used before"));
        }
        Ok(Self(account))
    }
}

/// The account behind `Authorization: Bearer`, for calls that carry nothing else.
pub(super) fn bearer(headers: &HeaderMap, world: &Shared) -> Result<AccountId, Refusal> {
    let token = text(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(Refusal::InvalidToken)?;
    world.state().tokens.verify(token, world.clock.moment()).ok_or(Refusal::InvalidToken)
}

/// A header's value, where it is plain text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn hex16(headers: &HeaderMap, name: &str) -> bool {
    text(headers, name).is_some_and(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A JSON body of exactly the type's shape, with the content type that the app sends.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, world: &Shared) -> Result<Self, Refusal> {
        let kind = text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or_default();
        if !kind.replace(' ', "").eq_ignore_ascii_case("application/json;charset=utf-8") {
            return Err(Refusal::BadParameter("header: Content-Type"));
        }
        let body = Bytes::from_request(request, world).await.map_err(|_| Refusal::BodyTooLarge)?;
        serde_json::from_slice(&body).map(Self).map_err(|_| Refusal::BodyNotUnderstood)
    }
}

/// Query parameters of exactly the type's shape.
pub(super) struct Parameters<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Parameters<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri).map(|Query(it)| Self(it)).map_err(|_| Refusal::BadParameter("query"))
    }
}
