//! How the mobile API says no: PSN's error shape, with a fresh `referenceId` each time.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

/// A request that is not carried out. The codes of the first four are known from captures, the others are the
/// sandbox's own: a client must not depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::sandbox) enum Refusal {
    #[error("Bad Request ({0})")]
    BadParameter(&'static str),
    /// What PSN says when a body does not fit its schema.
    #[error("Bad Request (body: null)")]
    BodyNotUnderstood,
    #[error("Not permitted by access control")]
    NotPermitted,
    #[error("Group not found")]
    NoSuchGroup,
    #[error("Refused by the settings of all targets")]
    RefusedByTargets,
    #[error("Invalid access token")]
    InvalidToken,
    #[error("Resource not found")]
    NotFound,
    #[error("Method not allowed")]
    MethodNotAllowed,
    #[error("The party is full")]
    PartyFull,
    #[error("Request body too large")]
    BodyTooLarge,
    #[error("Too many of these exist already")]
    TooMany,
    #[error("Too many requests")]
    TooFast,
    /// Somebody's games are not for the caller's eyes: normal.
    #[error("Hidden")]
    HiddenGamelist,
    #[error("Internal error")]
    Internal,
}

impl Refusal {
    fn status_and_code(self) -> (StatusCode, u32) {
        match self {
            Self::BadParameter(_) | Self::BodyNotUnderstood => (StatusCode::BAD_REQUEST, 2_281_473),
            Self::NotPermitted => (StatusCode::FORBIDDEN, 2_281_486),
            Self::NoSuchGroup => (StatusCode::NOT_FOUND, 2_285_581),
            Self::RefusedByTargets => (StatusCode::FORBIDDEN, 2_286_592),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, 2_290_001),
            Self::NotFound => (StatusCode::NOT_FOUND, 2_290_002),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, 2_290_003),
            Self::PartyFull => (StatusCode::FORBIDDEN, 2_290_004),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 2_290_005),
            Self::TooFast => (StatusCode::TOO_MANY_REQUESTS, 2_290_429),
            Self::TooMany => (StatusCode::CONFLICT, 2_290_006),
            Self::HiddenGamelist => (StatusCode::FORBIDDEN, 3_241_984),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, 2_290_007),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        tracing::debug!(status = status.as_u16(), code, reason = %self, "refused");
        match self {
            Self::HiddenGamelist => {
                let body = json!({ "error": {
                    "referenceId": Uuid::new_v4(), "namespace": "aang", "code": code, "reason": "HiddenGamelist",
                    "message": self.to_string(), "details": { "path": "/titles" },
                } });
                (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
            }
            _ => error_response(status, code, &self.to_string()),
        }
    }
}

/// An answer in PSN's error shape.
pub(in crate::sandbox) fn error_response(status: StatusCode, code: u32, message: &str) -> Response {
    let reference = Uuid::new_v4();
    let body = json!({ "error": { "referenceId": reference, "code": code, "message": message } });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
