//! How a member sounds and is reached, in words and as a picture. Pure but for the levels it samples.

use crate::{
    client::{MemberReach, MemberVoice, Party, VoiceStatus},
    model::{Decibels, Hearing, Member},
    ui::{
        Cx,
        widgets::Icon,
        wording::{self, voice_path},
    },
};

/// How a member sounds, in words and as a picture.
#[derive(Debug, PartialEq)]
pub struct Voice {
    pub words: String,
    /// The way to them; `None`: it is the user.
    pub reach: Option<MemberReach>,
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
        Self::theirs(member, of_member(party, member), meters.speaking(member.account))
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
            reach: None,
            speaking: speaking.filter(|_| party.voice == VoiceStatus::Connected && !party.talk.muted),
            muted: party.talk.muted || party.talk.deafened,
            connecting,
        }
    }

    /// What is heard counts more than what the member says of themselves.
    fn theirs(member: &Member, voice: MemberVoice, speaking: Option<Decibels>) -> Self {
        let heard = matches!(voice.reach, MemberReach::Direct | MemberReach::Bridge);
        let word = match speaking {
            Some(_) => Some("talking"),
            None if member.muted => Some("muted"),
            None if heard => Some("quiet"),
            None => None,
        };
        let parts = [
            wording::platform(member.platform).map(str::to_owned),
            word.map(str::to_owned),
            voice_path::hearing(voice.hearing),
        ];
        let words = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let connecting = matches!(voice.reach, MemberReach::Connecting | MemberReach::Reconnecting);
        Self {
            words,
            reach: Some(voice.reach),
            speaking,
            muted: speaking.is_none() && member.muted,
            connecting: connecting && speaking.is_none(),
        }
    }

    /// All of it in one line.
    pub fn said(&self) -> String {
        let reach = self.reach.map(voice_path::reach);
        let parts = [Some(self.words.clone()).filter(|words| !words.is_empty()), reach];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Whoever came in a moment ago is not among them yet.
pub fn of_member(party: &Party, member: &Member) -> MemberVoice {
    let unknown = MemberVoice { reach: MemberReach::Connecting, hearing: Hearing::default() };
    party.members.get(&member.account).copied().unwrap_or(unknown)
}

/// The way to a member as a shape.
pub fn mark(reach: MemberReach) -> Icon {
    match reach {
        MemberReach::Connecting => Icon::More,
        MemberReach::Direct => Icon::Direct,
        MemberReach::Bridge => Icon::Bridge,
        MemberReach::Reconnecting => Icon::Again,
        MemberReach::Unreachable(_) => Icon::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::Unreachable,
        model::{AccountId, OnlineId, Platform},
    };

    fn member(muted: bool) -> Member {
        Member {
            account: AccountId(1),
            online_id: OnlineId::from("Nova"),
            platform: Platform::Ps5,
            join_order: 1,
            muted,
            voice_off: false,
            connected_to: None,
        }
    }

    fn voice(reach: MemberReach) -> MemberVoice {
        MemberVoice { reach, hearing: Hearing::default() }
    }

    #[test]
    fn a_member_who_is_heard_is_talking_whatever_they_say() {
        let voice = Voice::theirs(&member(true), voice(MemberReach::Connecting), Some(Decibels(-20.0)));
        assert_eq!(voice.words, "PS5 · talking");
        assert!(!voice.muted && !voice.connecting);
    }

    #[test]
    fn a_silent_member_is_muted_or_quiet_once_they_can_be_heard() {
        let said = |muted, reach| Voice::theirs(&member(muted), voice(reach), None).said();
        assert_eq!(said(false, MemberReach::Connecting), "PS5, Connecting…");
        assert_eq!(said(true, MemberReach::Bridge), "PS5 · muted, Through the bridge");
        assert_eq!(said(false, MemberReach::Direct), "PS5 · quiet, Direct");
        let reach = MemberReach::Unreachable(Unreachable::NoAnswer);
        assert_eq!(said(false, reach), "PS5, Can't be reached: no answer");
    }

    #[test]
    fn how_somebody_is_heard_by_choice_shows() {
        let hearing = Hearing { volume_percent: 40, muted: false };
        let voice = MemberVoice { reach: MemberReach::Direct, hearing };
        assert_eq!(Voice::theirs(&member(false), voice, None).words, "PS5 · quiet · 40 %");
    }
}
