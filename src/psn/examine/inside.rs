//! Texts with something inside: what the schemas mark with `x-inside` is decoded with the client's own codecs.

use std::sync::LazyLock;

use super::schema::{Told, WireType};
use crate::{
    model::Difference,
    psn::wire::{
        custom_data::{Connections, VoiceState},
        miranda::{Frame, Signal},
    },
};

#[derive(Clone, Copy)]
pub(super) enum Inside {
    CustomData3,
    CustomData4,
    Miranda,
}

impl Inside {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "customData3" => Some(Self::CustomData3),
            "customData4" => Some(Self::CustomData4),
            "miranda" => Some(Self::Miranda),
            _ => None,
        }
    }
}

static SIGNAL: LazyLock<WireType> = LazyLock::new(WireType::read::<Signal>);

pub(super) fn examine(inside: Inside, text: &str, path: &str, told: &mut dyn FnMut(Told)) {
    let decoded = match inside {
        Inside::CustomData3 => Connections::decode(text).is_some(),
        Inside::CustomData4 => VoiceState::decode(text).is_some(),
        Inside::Miranda => signal(text, path, told),
    };
    if !decoded {
        told(Told::Difference(Difference::Undecodable, path.to_owned()));
    }
}

/// A frame counts as decoded where encoding it again gives the same.
fn signal(payload: &str, path: &str, told: &mut dyn FnMut(Told)) -> bool {
    let frame = Frame::decode(payload).filter(|frame| frame.encode() == payload);
    let Some(json) = frame.and_then(|frame| serde_json::from_str(&frame.json).ok()) else { return false };
    SIGNAL.examine(&json, &format!("{path}<miranda>"), told);
    true
}
