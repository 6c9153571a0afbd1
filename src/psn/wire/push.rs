//! The push directory's answer, the auth frame and event frames (protocol section 8).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{miranda, party, tolerant};
use crate::model::{Bridge, BridgeId, BridgeToken};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerAddress {
    pub fqdn: String,
    #[serde(default)]
    pub keep_alive_status: Option<KeepAlive>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeepAlive {
    /// Milliseconds.
    #[serde(default)]
    pub client_keep_alive_interval: Option<u64>,
    /// Milliseconds.
    #[serde(default)]
    pub client_keep_alive_timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Authenticate<'a> {
    version: &'static str,
    method: u32,
    tran_id: &'static str,
    /// A number here, against the rule.
    account_id: u64,
    status: &'static str,
    auth: Auth<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Auth<'a> {
    access_token: &'a str,
}

impl<'a> Authenticate<'a> {
    pub fn new(account_id: u64, access_token: &'a str) -> Self {
        Self {
            version: "3.0",
            method: 1003,
            tran_id: "1",
            account_id,
            status: "active",
            auth: Auth { access_token },
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["version", "method", "to"]))]
pub struct Frame {
    #[serde(default)]
    pub data_type: Option<String>,
    /// An object, or the same as a string.
    #[serde(default)]
    #[schemars(with = "Option<Body>")]
    pub body: Value,
}

#[derive(Deserialize, JsonSchema)]
pub struct Body {
    pub data: Data,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["invitations", "visibilityType"]))]
pub struct Data {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub session_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::each")]
    pub members: Vec<party::Member>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub session_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub custom_properties: Option<CustomProperties>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub owner: Option<party::Person>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub max_members: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub joinable_user_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::each")]
    pub bridges: Vec<BridgeRef>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub custom_message: Option<miranda::CustomMessage>,
}

/// A bridge that is linked comes with its token, one that is gone need not.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["bridgeHostingType"]))]
pub struct BridgeRef {
    #[serde(deserialize_with = "tolerant::id")]
    #[schemars(extend("format" = "id"))]
    bridge_id: String,
    #[serde(default, deserialize_with = "tolerant::maybe_header_value")]
    bridge_token: Option<String>,
}

impl BridgeRef {
    pub fn id(self) -> BridgeId {
        BridgeId(self.bridge_id)
    }

    pub fn into_model(self) -> Option<Bridge> {
        Some(Bridge { id: BridgeId(self.bridge_id), token: BridgeToken(self.bridge_token?) })
    }
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["deletedEvenCause"]))]
pub struct CustomProperties {
    #[serde(default, deserialize_with = "tolerant::maybe")]
    pub from: Option<party::Person>,
}
