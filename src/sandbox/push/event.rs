//! What is told to somebody, and the names of what the protocol has none for.

use serde_json::Value;

use crate::sandbox::people::AccountId;

/// Something that happened, and who is to hear of it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Event {
    pub to: Vec<AccountId>,
    pub data_type: &'static str,
    /// `body.data` of the frame.
    pub data: Value,
}

/// **The sandbox's own guesses**, all of them here: the protocol names the events of parties alone. A client must not
/// depend on them; it may read the group, the requests or the notifications again when one arrives.
pub(in crate::sandbox) mod guessed {
    /// `data` holds `groupId` and `threadId`.
    pub const GROUP_CREATED: &str = "psn:gamingLoungeGroups:sys:v1:group:created";
    /// `data` holds `groupId`, `threadId` and `messageUid`.
    pub const MESSAGE_CREATED: &str = "psn:gamingLoungeGroups:sys:v1:message:created";
    /// `data` holds `groupId`, `threadId`, `messageUid` and `reactions`.
    pub const REACTIONS_UPDATED: &str = "psn:gamingLoungeGroups:sys:v1:reactions:updated";
    /// `data` holds `groupId` and `customProperties.from`.
    pub const TYPING_CREATED: &str = "psn:gamingLoungeGroups:sys:v1:typing:created";
    /// `data` holds `accountId`, of the other one.
    pub const FRIEND_REQUEST_CREATED: &str = "psn:userProfile:sys:v1:friendRequest:created";
    /// Withdrawn, accepted or declined. `data` holds `accountId`, of the other one.
    pub const FRIEND_REQUEST_DELETED: &str = "psn:userProfile:sys:v1:friendRequest:deleted";
    /// `data` holds `accountId`, of the friend who was won or lost.
    pub const FRIENDS_UPDATED: &str = "psn:userProfile:sys:v1:friends:updated";
    /// `data` holds `notificationId`.
    pub const NOTIFICATION_CREATED: &str = "psn:userNotificationManager:sys:v1:notification:created";
}
