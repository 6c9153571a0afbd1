//! `userProfile` (protocol section 7).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{party::platform, tolerant};
use crate::model::{self, AccountId, Availability, ImageUrl, OnlineId, PrivateText, TitleId};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Friends {
    #[serde(default, deserialize_with = "tolerant::accounts")]
    pub friends: Vec<AccountId>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    pub total_item_count: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
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
#[schemars(extend("x-not-read" = ["isMe", "personalDetail"]))]
pub struct Profile {
    #[serde(default, deserialize_with = "tolerant::text")]
    online_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::prose")]
    about_me: Option<String>,
    #[serde(default, deserialize_with = "tolerant::each")]
    avatars: Vec<Avatar>,
    #[serde(default, deserialize_with = "tolerant::each")]
    languages: Vec<String>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_plus: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    is_officially_verified: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
struct Avatar {
    #[serde(default, deserialize_with = "tolerant::text")]
    size: Option<String>,
    #[serde(default, deserialize_with = "tolerant::image")]
    #[schemars(with = "Option<String>", extend("format" = "image"))]
    url: Option<ImageUrl>,
}

/// The size nearest 128 pixels first; a larger one before one that would be blurred.
const AVATAR_SIZES: [&str; 4] = ["m", "l", "xl", "s"];
/// Nobody speaks more.
const MAX_LANGUAGES: usize = 16;

impl Profile {
    /// `None` for somebody without a name.
    pub fn into_model(self, account: AccountId) -> Option<model::Profile> {
        let rank = |avatar: &Avatar| {
            let size = avatar.size.as_deref();
            AVATAR_SIZES.iter().position(|known| Some(*known) == size).unwrap_or(AVATAR_SIZES.len())
        };
        let avatars = self.avatars.into_iter().filter(|avatar| avatar.url.is_some());
        Some(model::Profile {
            avatar: avatars.min_by_key(rank).and_then(|avatar| avatar.url),
            about_me: PrivateText(self.about_me.unwrap_or_default()),
            languages: self.languages.into_iter().filter(|it| it.len() <= 35).take(MAX_LANGUAGES).collect(),
            is_plus: self.is_plus.unwrap_or(false),
            is_verified: self.is_officially_verified.unwrap_or(false),
            ..model::Profile::named(account, OnlineId(self.online_id?))
        })
    }
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
    #[serde(default, deserialize_with = "tolerant::text")]
    availability: Option<String>,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    last_available_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::maybe")]
    primary_platform_info: Option<PlatformInfo>,
    #[serde(default, deserialize_with = "tolerant::each")]
    game_title_info_list: Vec<Game>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlatformInfo {
    #[serde(default, deserialize_with = "tolerant::text")]
    online_status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    platform: Option<String>,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    last_online_date: Option<Timestamp>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["format", "launchPlatform", "gameStatus"]))]
struct Game {
    #[serde(default, deserialize_with = "tolerant::text")]
    np_title_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    title_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::image")]
    #[schemars(with = "Option<String>", extend("format" = "image"))]
    np_title_icon_url: Option<ImageUrl>,
}

impl Game {
    fn into_model(self) -> Option<model::Game> {
        let title = self.title_name.filter(|title| !title.is_empty())?;
        Some(model::Game { title_id: self.np_title_id.map(TitleId), title, icon: self.np_title_icon_url })
    }
}

impl From<Presence> for model::Presence {
    fn from(wire: Presence) -> Self {
        let info = wire.primary_platform_info;
        let online = match info.as_ref().and_then(|i| i.online_status.as_deref()) {
            Some(status) => status == "online",
            None => wire.availability.as_deref() == Some("availableToPlay"),
        };
        let last = info.as_ref().and_then(|i| i.last_online_date).or(wire.last_available_date);
        Self {
            availability: if online { Availability::Online } else { Availability::Offline },
            platform: info.and_then(|i| i.platform).map(|p| platform(&p)),
            game: wire.game_title_info_list.into_iter().find_map(Game::into_model),
            last_online: last,
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
        let game =
            model::Game { title_id: Some("PPSA00000_00".into()), ..model::Game::titled("Deep Harbor") };
        assert_eq!((playing.availability, playing.game), (Availability::Online, Some(game)));
        assert_eq!(away.availability, Availability::Offline);
        assert!(away.last_online.is_some());
    }

    #[test]
    fn captured_profiles_are_read_and_the_avatar_of_the_right_size_is_chosen() {
        let answers: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/answers.json")).expect("a fixture");
        let read = |value: serde_json::Value| {
            serde_json::from_value::<Profile>(value).expect("parses").into_model(AccountId(7))
        };
        let profile = read(answers["profiles"]["profiles"][0].clone()).expect("somebody");
        let avatar = |profile: &model::Profile| profile.avatar.as_ref().map(|url| url.as_str().to_owned());
        assert_eq!(profile.online_id.as_str(), "tidewalker");
        assert_eq!((profile.is_plus, profile.is_verified, profile.languages.len()), (true, false, 1));
        assert_eq!(avatar(&profile).as_deref(), Some("http://static.example/xl.png"), "shrunk, not blurred");
        let odd = serde_json::json!({"onlineId": "a", "isPlus": "yes", "languages": [7, "de"], "aboutMe": {},
            "avatars": [{"size": "m"}, 7, {"size": "l", "url": "https://static.example/l.png"}, {"url": "x"},
                {"size": "s", "url": "https://static.example/s.png"}]});
        let profile = read(odd).expect("somebody");
        assert_eq!(avatar(&profile).as_deref(), Some("https://static.example/l.png"));
        assert_eq!((profile.is_plus, profile.languages), (false, vec!["de".to_owned()]));
        assert_eq!(read(serde_json::json!({"onlineId": 7})), None);
    }
}
