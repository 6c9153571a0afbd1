//! Notifications (section 10 of the protocol): a list for each account, and `userNotificationManager/v1` over it. The calls
//! are known; what their bodies hold is the sandbox's guess.

use std::collections::{HashMap, VecDeque};

use axum::{Json, Router, extract::State as Extract, http::StatusCode, routing::get};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    checks::{Body, Caller, Parameters},
    clock::iso_date,
    people::{Account, AccountId},
    push::{Event, guessed},
    refusal::Refusal,
    world::{Shared, now_millis},
};

/// Kept for an account; the oldest goes first.
const MAX_KEPT: usize = 200;
const MAX_LISTED: usize = 100;

#[derive(Default)]
pub(super) struct Notices(HashMap<AccountId, VecDeque<Notice>>);

struct Notice {
    id: Uuid,
    kind: NoticeKind,
    from: Value,
    created_millis: u64,
    updated_millis: u64,
    read: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoticeKind {
    FriendRequest,
    /// To this session.
    PartyInvitation(String),
}

impl Notice {
    fn json(&self) -> Value {
        let mut notice = json!({
            "notificationId": self.id,
            "from": self.from,
            "createdDateTime": iso_date(self.created_millis),
            "updatedDateTime": iso_date(self.updated_millis),
            "isRead": self.read,
        });
        match &self.kind {
            NoticeKind::FriendRequest => notice["notificationType"] = json!("FRIEND_REQUEST"),
            NoticeKind::PartyInvitation(session) => {
                notice["notificationType"] = json!("PARTY_INVITATION");
                notice["sessionId"] = json!(session);
            }
        }
        notice
    }
}

impl Notices {
    pub fn add(&mut self, to: AccountId, kind: NoticeKind, from: &Account, now_millis: u64) -> Event {
        let id = Uuid::new_v4();
        let (created_millis, updated_millis) = (now_millis, now_millis);
        let kept = self.0.entry(to).or_default();
        kept.push_front(Notice {
            id,
            kind,
            from: from.address(),
            created_millis,
            updated_millis,
            read: false,
        });
        kept.truncate(MAX_KEPT);
        let data = json!({ "notificationId": id });
        Event { to: vec![to], data_type: guessed::NOTIFICATION_CREATED, data }
    }

    /// Changed at or after this time; the newest first.
    fn since(&self, account: AccountId, since_millis: u64) -> Vec<&Notice> {
        let kept = self.0.get(&account).into_iter().flatten();
        kept.filter(|notice| notice.updated_millis >= since_millis).collect()
    }

    fn mark(&mut self, account: AccountId, id: Uuid, read: bool, now_millis: u64) -> Result<(), Refusal> {
        let kept = self.0.get_mut(&account).ok_or(Refusal::NotFound)?;
        let notice = kept.iter_mut().find(|notice| notice.id == id).ok_or(Refusal::NotFound)?;
        (notice.read, notice.updated_millis) = (read, now_millis);
        Ok(())
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/users/me/notifications", get(list).put(mark))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListQuery {
    limit: usize,
    offset: usize,
    since_updated_date_time: Option<String>,
    template_version: String,
}

async fn list(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Value>, Refusal> {
    if !(1..=MAX_LISTED).contains(&query.limit) {
        return Err(Refusal::BadParameter("query: limit"));
    }
    if query.template_version.is_empty() {
        return Err(Refusal::BadParameter("query: templateVersion"));
    }
    let since = match query.since_updated_date_time {
        None => 0,
        Some(date) => {
            let date = date
                .parse::<Timestamp>()
                .map_err(|_| Refusal::BadParameter("query: sinceUpdatedDateTime"))?;
            date.as_millisecond().try_into().unwrap_or_default()
        }
    };
    let state = world.state();
    let notices = state.notices.since(me, since);
    let page: Vec<Value> =
        notices.iter().skip(query.offset).take(query.limit).map(|notice| notice.json()).collect();
    let next = query.offset.saturating_add(page.len());
    let mut answer = json!({ "notifications": page, "totalItemCount": notices.len() });
    if next < notices.len() {
        answer["nextOffset"] = json!(next);
    }
    Ok(Json(answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkBody {
    notifications: Vec<Mark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Mark {
    notification_id: Uuid,
    is_read: bool,
}

async fn mark(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Body(body): Body<MarkBody>,
) -> Result<StatusCode, Refusal> {
    if body.notifications.is_empty() || body.notifications.len() > MAX_KEPT {
        return Err(Refusal::BadParameter("notifications"));
    }
    let (mut state, now) = (world.state(), now_millis());
    for Mark { notification_id, is_read } in body.notifications {
        state.notices.mark(me, notification_id, is_read, now)?;
    }
    Ok(StatusCode::NO_CONTENT)
}
