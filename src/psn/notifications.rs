//! What the service wants the user to know: `userNotificationManager/v1`.

use jiff::Timestamp;
use reqwest::Method;

use super::{
    Error, Psn,
    wire::notifications::{MarkRead, Notifications, Read},
};
use crate::model::{Notification, NotificationId};

const PATH: &str = "/userNotificationManager/v1/users/me/notifications";
/// Of one reading.
const PAGE: usize = 100;
/// The texts' edition, as captured.
const TEMPLATES: &str = "26.01";

impl Psn {
    /// The newest notifications; `since`: only those that are new or changed since then.
    pub async fn notifications(&self, since: Option<Timestamp>) -> Result<Vec<Notification>, Error> {
        let call = self.http.call("notifications", Method::GET, PATH).query(&[
            ("limit", &PAGE.to_string()),
            ("offset", "0"),
            ("templateVersion", TEMPLATES),
        ]);
        let call = call.in_the_background();
        let call = match since {
            Some(since) => call.query(&[("sinceUpdatedDateTime", &since.to_string())]),
            None => call,
        };
        let answer: Notifications = self.http.fetch(call).await?;
        Ok(answer.notifications.into_iter().take(PAGE).map(Into::into).collect())
    }

    pub async fn mark_read(&self, notifications: &[NotificationId]) -> Result<(), Error> {
        let body = MarkRead { notifications: notifications.iter().map(Read::of).collect() };
        let call = self.http.call("mark notifications read", Method::PUT, PATH).json(&body).repeatable();
        self.http.send(call).await.map(drop)
    }
}
