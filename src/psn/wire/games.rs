//! `gamelist/v2` (protocol section 7).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::tolerant;
use crate::model::{self, ImageUrl, TitleId};

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("x-not-read" = ["totalItemCount", "nextOffset", "previousOffset"]))]
pub struct Titles {
    #[serde(default, deserialize_with = "tolerant::each")]
    pub titles: Vec<Title>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-not-read" = ["localizedImageUrl", "category", "service", "concept", "media", "firstPlayedDateTime",
    "playDuration"]))]
pub struct Title {
    #[serde(default, deserialize_with = "tolerant::text")]
    title_id: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    localized_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::image")]
    #[schemars(with = "Option<String>", extend("format" = "image"))]
    image_url: Option<ImageUrl>,
    #[serde(default, deserialize_with = "tolerant::number")]
    #[schemars(with = "Option<tolerant::NumberOrText>")]
    play_count: Option<u32>,
    #[serde(default, deserialize_with = "tolerant::date")]
    #[schemars(with = "Option<tolerant::Date>")]
    last_played_date_time: Option<Timestamp>,
}

impl Title {
    /// `None` for a game without a name.
    pub fn into_model(self) -> Option<model::PlayedTitle> {
        Some(model::PlayedTitle {
            game: model::Game {
                title_id: self.title_id.map(TitleId),
                title: self.localized_name.or(self.name)?,
                icon: self.image_url,
            },
            last_played: self.last_played_date_time,
            times_played: self.play_count,
        })
    }
}
