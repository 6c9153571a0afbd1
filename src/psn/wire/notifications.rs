//! `userNotificationManager/v1` (protocol section 10). Calls and parameters are captured; no body was, in either direction
//! **[?]**: the guesses live here alone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{party::Person, tolerant};
use crate::model::{self, ImageUrl, NotificationId, PrivateText, SessionId};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["totalItemCount", "nextOffset", "previousOffset"]))]
pub struct Notifications {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub notifications: Vec<Notification>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    #[serde(deserialize_with = "tolerant::opaque")]
    #[schemars(extend("format" = "opaqueId"))]
    notification_id: String,
    #[serde(default, deserialize_with = "tolerant::text")]
    notification_type: Option<String>,
    #[serde(default, deserialize_with = "tolerant::prose")]
    title: Option<String>,
    #[serde(default, deserialize_with = "tolerant::prose")]
    body: Option<String>,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    updated_date_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    created_date_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_read: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    from: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::maybe_id")]
    session_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::image")]
    #[schemars(with = "Option<String>", extend("format" = "image"))]
    image_url: Option<ImageUrl>,
}

impl From<Notification> for model::Notification {
    fn from(wire: Notification) -> Self {
        Self {
            id: NotificationId(wire.notification_id),
            kind: wire.notification_type.unwrap_or_default(),
            title: PrivateText(wire.title.unwrap_or_default()),
            text: PrivateText(wire.body.unwrap_or_default()),
            updated: wire.updated_date_time.or(wire.created_date_time),
            is_read: wire.is_read.unwrap_or(false),
            from: wire.from.map(|from| from.account_id),
            session: wire.session_id.map(SessionId),
            image: wire.image_url,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct MarkRead<'a> {
    pub notifications: Vec<Read<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Read<'a> {
    notification_id: &'a str,
    is_read: bool,
}

impl<'a> Read<'a> {
    pub fn of(id: &'a NotificationId) -> Self {
        Self { notification_id: id.as_str(), is_read: true }
    }
}
