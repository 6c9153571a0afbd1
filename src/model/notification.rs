//! What the service wants the user to know.

use jiff::Timestamp;

use super::{AccountId, ImageUrl, NotificationId, PrivateText, SessionId};

/// One entry of the notifications list. The answer's shape is a guess **[?]**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: NotificationId,
    /// The service's own word for what it is about.
    pub kind: String,
    pub title: PrivateText,
    pub text: PrivateText,
    pub updated: Option<Timestamp>,
    pub is_read: bool,
    /// Who it is about.
    pub from: Option<AccountId>,
    /// The party it is about.
    pub session: Option<SessionId>,
    pub image: Option<ImageUrl>,
}
