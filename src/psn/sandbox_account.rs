//! A sandbox's short way in: an account by name, for clients without a browser. The live service has no such thing.

use std::time::Duration;

use serde::Deserialize;

use super::{
    Endpoints, Error, SignInError,
    http::{read_limited, unreachable},
};
use crate::model::{OnlineId, Secret};

#[derive(Deserialize)]
struct Cookie {
    npsso: String,
}

/// The cookie of a signed-in browser session, for [`super::Authorization::code_for_npsso`].
///
/// # Errors
/// [`SignInError::Refused`] for the live service and for a name the sandbox does not take.
pub async fn npsso_of_sandbox_account(
    endpoints: &Endpoints,
    http: &reqwest::Client,
    name: &OnlineId,
) -> Result<Secret, SignInError> {
    if !endpoints.is_sandbox() {
        return Err(SignInError::Refused);
    }
    let request = http.post(endpoints.accounts("/sandbox/signin")).form(&[("account", name.as_str())]);
    let response = request.timeout(Duration::from_secs(5)).send().await.map_err(unreachable)?;
    match response.status().as_u16() {
        200 => {}
        status @ 500.. => return Err(Error::Trouble { status }.into()),
        _ => return Err(SignInError::Refused),
    }
    let body = read_limited(response, 4096).await?;
    let cookie: Cookie = serde_json::from_slice(&body).map_err(|_| SignInError::NotUnderstood)?;
    Ok(cookie.npsso.into())
}
