//! Voices in words: how members are reached and heard, what is wrong with a device, what can be chosen. Pure.

use std::time::Duration;

use crate::{
    client::{MemberReach, Unreachable},
    model::{DeviceKind, DeviceTrouble, Hearing, RecordingFormat},
    ui::display::one_line,
};

/// How a member is reached, in as few words as there are.
pub fn reach(reach: MemberReach) -> String {
    match reach {
        MemberReach::Connecting => "Connecting…".to_owned(),
        MemberReach::Direct => "Direct".to_owned(),
        MemberReach::Bridge => "Through the bridge".to_owned(),
        MemberReach::Reconnecting => "Reconnecting…".to_owned(),
        MemberReach::Unreachable(why) => format!("Can't be reached: {}", unreachable(why)),
    }
}

/// The end of a line that has little room.
fn unreachable(why: Unreachable) -> &'static str {
    match why {
        Unreachable::VoiceOff => "voice is off",
        Unreachable::NoAnswer => "no answer",
        Unreachable::NoPath => "no path",
        Unreachable::NotUnderstood => "not understood",
        Unreachable::NotPassedOn => "not passed on",
        Unreachable::Lost => "connection lost",
    }
}

/// What that means for the user, and what helps.
pub fn reach_explained(reach: MemberReach) -> &'static str {
    match reach {
        MemberReach::Connecting => "A way to them is being found.",
        MemberReach::Direct => "Your voices go from here to them and back, without a detour.",
        MemberReach::Bridge => "The party's bridge carries your voices.",
        MemberReach::Reconnecting => "The connection broke. A new one is being made.",
        MemberReach::Unreachable(why) => match why {
            Unreachable::VoiceOff => {
                "They switched voice chat off. You don't hear each other until they switch it on."
            }
            Unreachable::NoAnswer => {
                "Their device does not answer. You don't hear each other; trying again may help."
            }
            Unreachable::NoPath => {
                "There is no path between your network and theirs. Another network, or a STUN server in the settings, \
                 may help."
            }
            Unreachable::NotUnderstood => {
                "Their device speaks in a way Partyline doesn't know. You don't hear each other."
            }
            Unreachable::NotPassedOn => {
                "The service did not pass the call on. You don't hear each other; trying again may help."
            }
            Unreachable::Lost => {
                "The connection broke again and again. You don't hear each other; trying again may help."
            }
        },
    }
}

/// What the bridge does to a wish about one of those it mixes.
pub const MIXED: &str = "Through the bridge, this works only while nobody else speaks there.";

/// What the user chose about how a member is heard; nothing where they are heard as they are.
pub fn hearing(hearing: Hearing) -> Option<String> {
    match hearing {
        Hearing { muted: true, .. } => Some("muted for you".to_owned()),
        Hearing { volume_percent: 100, .. } => None,
        Hearing { volume_percent, .. } => Some(format!("{volume_percent} %")),
    }
}

/// Why a device is not open, and what it means.
pub fn device_trouble(kind: DeviceKind, trouble: DeviceTrouble) -> (&'static str, &'static str) {
    use {DeviceKind as Kind, DeviceTrouble as Trouble};
    match (kind, trouble) {
        (Kind::Microphone, Trouble::None) => {
            ("There is no microphone.", "The others can't hear you. Plug one in, or choose another.")
        }
        (Kind::Microphone, Trouble::Busy) => (
            "Another program holds the microphone.",
            "The others can't hear you. Close that program, or choose another microphone.",
        ),
        (Kind::Microphone, Trouble::NotPermitted) => (
            "Partyline may not use the microphone.",
            "The others can't hear you. Allow it in the privacy settings of your system.",
        ),
        (Kind::Microphone, Trouble::Broken | Trouble::Doubled) => (
            "The microphone does not open.",
            "The others can't hear you. Plug it in again, or choose another.",
        ),
        (Kind::Speakers, Trouble::None) => {
            ("There are no speakers.", "You can't hear the others. Plug some in, or choose others.")
        }
        (Kind::Speakers, Trouble::Busy) => (
            "Another program holds the speakers.",
            "You can't hear the others. Close that program, or choose other speakers.",
        ),
        (Kind::Speakers, Trouble::NotPermitted) => (
            "Partyline may not use the speakers.",
            "You can't hear the others. Allow it in the settings of your system.",
        ),
        (Kind::Speakers, Trouble::Broken | Trouble::Doubled) => {
            ("The speakers do not open.", "You can't hear the others. Plug them in again, or choose others.")
        }
        (Kind::PartyOutput, Trouble::None) => (
            "The party output is not there.",
            "You hear the party as always; the second device is silent. Plug it in, or choose another.",
        ),
        (Kind::PartyOutput, Trouble::Busy) => (
            "Another program holds the party output.",
            "You hear the party as always; the second device is silent. Close that program, or choose another.",
        ),
        (Kind::PartyOutput, Trouble::NotPermitted) => (
            "Partyline may not use the party output.",
            "You hear the party as always; the second device is silent. Allow it in the settings of your system.",
        ),
        (Kind::PartyOutput, Trouble::Broken) => (
            "The party output does not open.",
            "You hear the party as always; the second device is silent. Plug it in again, or choose another.",
        ),
        (Kind::PartyOutput, Trouble::Doubled) => (
            "The party output is the device you hear the party on.",
            "It is played there once. Choose another to have it on a second device as well.",
        ),
    }
}

/// Why another device is used, and which.
pub fn stand_in(kind: DeviceKind, refused: DeviceTrouble, name: &str) -> String {
    let (yours, opens) = match kind {
        DeviceKind::Microphone => ("your microphone", "Your microphone does not open"),
        DeviceKind::Speakers => ("your speakers", "Your speakers do not open"),
        DeviceKind::PartyOutput => ("your party output", "Your party output does not open"),
    };
    let why = match refused {
        DeviceTrouble::Busy => format!("Another program holds {yours}"),
        DeviceTrouble::NotPermitted => format!("Partyline may not use {yours}"),
        DeviceTrouble::None | DeviceTrouble::Broken | DeviceTrouble::Doubled => opens.to_owned(),
    };
    format!("{why}. Using {} for now.", one_line(name))
}

/// What somebody chooses who chooses a frame time.
pub fn frame_time(millis: u32) -> &'static str {
    match millis {
        10 => "Sooner",
        20 => "Balanced",
        _ => "Fewer packets",
    }
}

pub fn frame_time_explained(millis: u32) -> &'static str {
    match millis {
        10 => "10 ms in a packet: the others hear you soonest. Costs the most packets.",
        20 => "20 ms in a packet: soon, at half the packets.",
        _ => "40 ms in a packet: for slow or busy networks. The others hear you a little later.",
    }
}

pub fn recording_format(format: RecordingFormat) -> &'static str {
    match format {
        RecordingFormat::Opus => "Opus",
        RecordingFormat::Wav => "WAV",
    }
}

pub fn recording_format_explained(format: RecordingFormat) -> &'static str {
    match format {
        RecordingFormat::Opus => "Small: about 20 MB an hour.",
        RecordingFormat::Wav => "For editing: about 350 MB an hour.",
    }
}

/// `03:12`, `1:03:12`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_counts_minutes_and_then_hours() {
        assert_eq!(clock(Duration::from_secs(192)), "03:12");
        assert_eq!(clock(Duration::from_secs(3792)), "1:03:12");
    }

    #[test]
    fn what_is_as_usual_is_not_worth_a_word() {
        assert_eq!(hearing(Hearing::default()), None);
        assert_eq!(hearing(Hearing { volume_percent: 80, muted: false }).as_deref(), Some("80 %"));
        assert_eq!(hearing(Hearing { volume_percent: 80, muted: true }).as_deref(), Some("muted for you"));
    }
}
