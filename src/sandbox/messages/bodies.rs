//! Request bodies and queries of `gamingLoungeGroups/v1`: what is unknown or absent is refused.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ListQuery {
    pub favorite_filter: FavoriteFilter,
    /// Which fields the caller wants; all of them come.
    pub include_fields: Option<String>,
    pub limit: usize,
    pub offset: usize,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum FavoriteFilter {
    Favorite,
    NotFavorite,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct GroupQuery {
    pub include_fields: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessagesQuery {
    pub limit: usize,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGroup {
    pub invitees: Vec<Invitee>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Invitee {
    pub account_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewMessage {
    pub message_type: u16,
    pub body: String,
}

/// The call is known from captures, its body is not: the sandbox's guess.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Reaction {
    pub message_uid: String,
    pub reaction: String,
}
