//! Who is online and playing what, and who would rather not say.

use axum::{
    Json,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Account, AccountId, Activity, games,
    routes::{asked, check_platforms},
};
use crate::sandbox::{
    checks::{self, Body, Caller, Parameters},
    clock::iso_date,
    refusal::Refusal,
    world::{Shared, State, now_millis},
};

impl State {
    /// What somebody is seen to do now: visitors are online while their push socket stands and they do not hide.
    pub fn activity(&self, account: &Account, now_millis: u64) -> Activity {
        if account.resident {
            return self.crowd.activity(account.id, now_millis);
        }
        match self.ties.appearance(account.id) {
            Some(appearance) if appearance.offline => {
                Activity::Offline { since: Some(appearance.since_millis) }
            }
            _ if self.push.is_connected(account.id) => Activity::Online { game: None },
            _ => Activity::Offline { since: self.push.last_change(account.id) },
        }
    }

    /// When that became so, or later; in milliseconds since 1970.
    fn activity_since(&self, account: &Account, now_millis: u64) -> u64 {
        if account.resident {
            return self.crowd.activity_since(account.id, now_millis);
        }
        let appearance = self.ties.appearance(account.id).map(|appearance| appearance.since_millis);
        appearance.max(self.push.last_change(account.id)).unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct BasicQuery {
    account_ids: String,
    platforms: String,
    r#type: String,
    with_own_game_title_info: bool,
}

pub(super) async fn basic(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    headers: HeaderMap,
    Parameters(query): Parameters<BasicQuery>,
) -> Result<Response, Refusal> {
    if query.r#type != "primary" {
        return Err(Refusal::BadParameter("query: type"));
    }
    check_platforms(&query.platforms)?;
    let origin = world.base_url();
    let state = world.state();
    let now = now_millis();
    let asked = asked(&state, &query.account_ids)?;
    let changed = asked.iter().map(|account| state.activity_since(account, now)).max().unwrap_or_default();
    let known = match checks::text(&headers, header::IF_MODIFIED_SINCE.as_str()) {
        None => None,
        Some(date) => {
            Some(http_date_seconds(date).ok_or(Refusal::BadParameter("header: If-Modified-Since"))?)
        }
    };
    if known.is_some_and(|known| changed / 1000 <= known) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let presences: Vec<Value> = asked
        .into_iter()
        .map(|account| {
            let with_game = account.id != me || query.with_own_game_title_info;
            presence(&origin, account, state.activity(account, now), with_game)
        })
        .collect();
    let mut answer = Json(json!({ "basicPresences": presences })).into_response();
    // The date counts in seconds: a second that is not over may bring another change.
    if changed / 1000 < now / 1000
        && let Some(date) = http_date(changed).and_then(|date| date.parse().ok())
    {
        answer.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    Ok(answer)
}

fn presence(origin: &str, account: &Account, activity: Activity, with_game: bool) -> Value {
    let platform = account.platform.wire();
    let (availability, status) = match activity {
        Activity::Online { .. } => ("availableToPlay", "online"),
        Activity::Offline { .. } => ("unavailable", "offline"),
    };
    let mut presence = json!({
        "accountId": account.id.to_string(),
        "availability": availability,
        "primaryPlatformInfo": { "onlineStatus": status, "platform": platform },
    });
    match activity {
        Activity::Online { game: Some(game) } if with_game => {
            presence["gameTitleInfoList"] = json!([{
                "npTitleId": games::title_id(game),
                "titleName": game,
                "format": platform.to_lowercase(),
                "launchPlatform": platform,
                "npTitleIconUrl": games::icon_url(origin, game),
            }]);
        }
        Activity::Offline { since: Some(since) } => {
            let since = iso_date(since);
            presence["lastAvailableDate"] = json!(since);
            presence["primaryPlatformInfo"]["lastOnlineDate"] = json!(since);
        }
        Activity::Online { .. } | Activity::Offline { since: None } => {}
    }
    presence
}

fn http_date(millis: u64) -> Option<String> {
    let date = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&date).ok()
}

fn http_date_seconds(date: &str) -> Option<u64> {
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    date.timestamp().as_second().try_into().ok()
}

/// The setting, read and written alike; what a real answer holds is not known.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct AppearOffline {
    appear_offline: bool,
}

pub(super) async fn appearance(Extract(world): Extract<Shared>, Caller(me): Caller) -> Json<AppearOffline> {
    Json(AppearOffline { appear_offline: appears_offline(&world.state(), me) })
}

fn appears_offline(state: &State, account: AccountId) -> bool {
    state.ties.appearance(account).is_some_and(|appearance| appearance.offline)
}

pub(super) async fn change_appearance(
    Extract(world): Extract<Shared>,
    Caller(me): Caller,
    Body(AppearOffline { appear_offline }): Body<AppearOffline>,
) -> Result<StatusCode, Refusal> {
    if world.faults.uncaptured_is_refused() {
        return Err(Refusal::NotPermitted);
    }
    world.state().ties.appear(me, appear_offline, now_millis());
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::people::{Accounts, Picture, Platform, Resident};

    #[test]
    fn presences_have_the_captured_shape() {
        let mut accounts = Accounts::default();
        let id = accounts.add_resident(Resident {
            name: "tidewalker".into(),
            about: "",
            real_name: None,
            platform: Platform::Ps5,
            picture: Picture::None,
        });
        let account = accounts.get(id).expect("just added");
        let playing = presence("", account, Activity::Online { game: Some("Deep Harbor") }, true);
        assert_eq!(playing["availability"], "availableToPlay");
        assert_eq!(playing["gameTitleInfoList"][0]["titleName"], "Deep Harbor");
        assert_eq!(playing["gameTitleInfoList"][0]["format"], "ps5");
        let away = presence("", account, Activity::Offline { since: Some(1_771_038_215_858) }, true);
        assert_eq!(away["lastAvailableDate"], "2026-02-14T03:03:35.858Z");
        assert_eq!(away["primaryPlatformInfo"]["onlineStatus"], "offline");
    }

    #[test]
    fn dates_of_headers_are_read_as_they_are_written() {
        let written = http_date(1_771_038_215_858).expect("a date");
        assert_eq!(http_date_seconds(&written), Some(1_771_038_215));
        assert_eq!(http_date_seconds("yesterday"), None);
    }
}
