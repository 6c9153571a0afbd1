//! `userProfile` (protocol section 7).

use schemars::JsonSchema;
use serde::Deserialize;

use super::{party::platform, tolerant};
use crate::model::{self, AccountId, Availability};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["totalItemCount"]))]
pub struct Friends {
    #[serde(default, deserialize_with = "tolerant::accounts")]
    pub friends: Vec<AccountId>,
    #[serde(default)]
    pub next_offset: Option<u32>,
}

/// In the order asked for, without the account ids: an entry that does not parse must keep its place.
#[derive(Deserialize, JsonSchema)]
pub struct Profiles {
    #[serde(default)]
    #[schemars(with = "Vec<Profile>")]
    pub profiles: Vec<serde_json::Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["aboutMe", "avatars", "languages", "isPlus", "isOfficiallyVerified", "isMe", "personalDetail"]))]
pub struct Profile {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub online_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presences {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub basic_presences: Vec<Presence>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    #[serde(deserialize_with = "tolerant::account")]
    pub account_id: AccountId,
    #[serde(default)]
    availability: Option<String>,
    #[serde(default)]
    last_available_date: Option<String>,
    #[serde(default)]
    primary_platform_info: Option<PlatformInfo>,
    #[serde(default, deserialize_with = "tolerant::each")]
    game_title_info_list: Vec<Game>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlatformInfo {
    #[serde(default)]
    online_status: Option<String>,
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    last_online_date: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["npTitleId", "format", "launchPlatform", "gameStatus", "npTitleIconUrl"]))]
struct Game {
    #[serde(default, deserialize_with = "tolerant::text")]
    title_name: Option<String>,
}

impl From<Presence> for model::Presence {
    fn from(wire: Presence) -> Self {
        let info = wire.primary_platform_info;
        let online = match info.as_ref().and_then(|i| i.online_status.as_deref()) {
            Some(status) => status == "online",
            None => wire.availability.as_deref() == Some("availableToPlay"),
        };
        let last = info.as_ref().and_then(|i| i.last_online_date.clone()).or(wire.last_available_date);
        Self {
            availability: if online { Availability::Online } else { Availability::Offline },
            platform: info.and_then(|i| i.platform).map(|p| platform(&p)),
            game: wire
                .game_title_info_list
                .into_iter()
                .next()
                .and_then(|game| game.title_name)
                .map(model::Game::titled),
            last_online: last.and_then(|date| date.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_presences_are_read() {
        let answers: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/answers.json")).expect("a fixture");
        let presences: Presences = serde_json::from_value(answers["presences"].clone()).expect("parses");
        let [playing, away]: [model::Presence; 2] = presences
            .basic_presences
            .into_iter()
            .map(model::Presence::from)
            .collect::<Vec<_>>()
            .try_into()
            .expect("two presences");
        assert_eq!(
            (playing.availability, playing.game),
            (Availability::Online, Some(model::Game::titled("Deep Harbor")))
        );
        assert_eq!(away.availability, Availability::Offline);
        assert!(away.last_online.is_some());
    }
}
