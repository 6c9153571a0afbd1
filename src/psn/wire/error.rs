//! The service's error shape: `{"error":{"referenceId","code","message",…}}`.

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub struct ErrorBody {
    error: Inner,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["referenceId", "message", "namespace", "reason", "details"]))]
struct Inner {
    code: Option<u32>,
}

impl ErrorBody {
    /// The code in a body of that shape; the message is the service's prose and is not kept.
    pub fn code_in(body: &[u8]) -> Option<u32> {
        serde_json::from_slice::<Self>(body).ok()?.error.code
    }
}
