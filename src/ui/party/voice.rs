//! How a member sounds, in a word and as a picture. Pure but for the levels it samples.

use crate::{
    client::{Party, VoiceStatus},
    model::{Decibels, Member},
    ui::{Cx, wording},
};

/// How a member sounds, in a word and as a picture.
#[derive(Debug, PartialEq)]
pub struct Voice {
    pub words: String,
    pub speaking: Option<Decibels>,
    pub muted: bool,
    pub connecting: bool,
}

impl Voice {
    pub fn of(cx: &Cx<'_>, party: &Party, member: &Member, me: bool) -> Self {
        let meters = &cx.handle.meters;
        if me {
            let speaking = meters.is_live().then(|| meters.microphone.get());
            return Self::mine(party, speaking);
        }
        Self::theirs(member, meters.speaking(member.account))
    }

    fn mine(party: &Party, speaking: Option<Decibels>) -> Self {
        let connecting = matches!(party.voice, VoiceStatus::Connecting | VoiceStatus::Reconnecting);
        let word = match party.voice {
            VoiceStatus::Connecting | VoiceStatus::Reconnecting => "connecting…",
            VoiceStatus::Failed => "no voice",
            VoiceStatus::Connected if party.talk.deafened => "deafened",
            VoiceStatus::Connected if party.talk.muted => "muted",
            VoiceStatus::Connected if speaking.is_some() => "talking",
            VoiceStatus::Connected => "quiet",
        };
        Self {
            words: format!("You · {word}"),
            speaking: speaking.filter(|_| party.voice == VoiceStatus::Connected && !party.talk.muted),
            muted: party.talk.muted || party.talk.deafened,
            connecting,
        }
    }

    /// What is heard counts more than what the member says of themselves.
    fn theirs(member: &Member, speaking: Option<Decibels>) -> Self {
        let on = |word: &str| match wording::platform(member.platform) {
            Some(platform) => format!("{platform} · {word}"),
            None => word.to_owned(),
        };
        let connecting = speaking.is_none() && member.connected_to.is_none();
        let words = match speaking {
            Some(_) => on("talking"),
            None if connecting => "Connecting…".to_owned(),
            None if member.muted => on("muted"),
            None => on("quiet"),
        };
        Self { words, speaking, muted: speaking.is_none() && member.muted, connecting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, OnlineId, Platform};

    fn member(muted: bool, connected: bool) -> Member {
        Member {
            account: AccountId(1),
            online_id: OnlineId::from("Nova"),
            platform: Platform::Ps5,
            join_order: 1,
            muted,
            voice_off: false,
            connected_to: connected.then(Vec::new),
        }
    }

    #[test]
    fn a_member_who_is_heard_is_talking_whatever_they_say() {
        let voice = Voice::theirs(&member(true, false), Some(Decibels(-20.0)));
        assert_eq!(voice.words, "PS5 · talking");
        assert!(!voice.muted && !voice.connecting);
    }

    #[test]
    fn a_silent_member_is_connecting_muted_or_quiet() {
        assert_eq!(Voice::theirs(&member(false, false), None).words, "Connecting…");
        assert_eq!(Voice::theirs(&member(true, true), None).words, "PS5 · muted");
        assert_eq!(Voice::theirs(&member(false, true), None).words, "PS5 · quiet");
    }
}
