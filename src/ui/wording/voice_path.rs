//! The way of a voice in words: how members are reached, how good a connection is, what is wrong with a device. Pure.

use std::{fmt::Write as _, time::Duration};

use crate::{
    client::{MemberReach, Unreachable},
    model::{
        Candidate, CandidateKind, DeviceKind, DeviceTrouble, Hearing, LinkPhase, LinkReport, OtherEnd,
        Processing, RecordingFormat, Settings, VoiceReport,
    },
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
        (Kind::Microphone, Trouble::Broken) => (
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
        (Kind::Speakers, Trouble::Broken) => {
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
    }
}

pub fn phase(phase: LinkPhase) -> &'static str {
    match phase {
        LinkPhase::Connecting => "connecting…",
        LinkPhase::Connected => "connected",
        LinkPhase::Interrupted => "interrupted",
    }
}

/// Whose address the two ends know of each other by.
pub fn path(link: &LinkReport) -> String {
    match &link.path {
        Some(pair) => format!("{} → {}", candidate(&pair.local), candidate(&pair.remote)),
        None => "not found yet".to_owned(),
    }
}

fn candidate(candidate: &Candidate) -> &'static str {
    match candidate.kind {
        CandidateKind::Host => "own address",
        CandidateKind::ServerReflexive => "seen by STUN",
        CandidateKind::PeerReflexive => "seen by the other side",
        CandidateKind::Relay => "relay",
    }
}

pub fn millis(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

pub fn known_millis(time: Option<Duration>) -> String {
    time.map_or("not known".to_owned(), millis)
}

/// `part`: 0–1. Small losses are heard: they keep a digit.
pub fn share(part: f32) -> String {
    let percent = (part * 100.0).clamp(0.0, 100.0);
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

pub fn known_share(part: Option<f32>) -> String {
    part.map_or("not known".to_owned(), share)
}

pub fn rate(kbps: f32) -> String {
    format!("{kbps:.0} kbit/s")
}

/// `38 ms · 0.4 % lost · 60 ms buffer`.
pub fn in_short(link: &LinkReport) -> String {
    match link.state {
        LinkPhase::Connecting | LinkPhase::Interrupted => phase(link.state).to_owned(),
        LinkPhase::Connected => {
            let rtt = link.rtt.map(|rtt| format!("{} · ", millis(rtt))).unwrap_or_default();
            format!("{rtt}{} lost · {} buffer", share(link.lost_here), millis(link.buffer))
        }
    }
}

/// Everything about a connection but the two addresses: what, and how much.
pub fn facts(link: &LinkReport) -> [(&'static str, String); 11] {
    let way = |here: String, there: String| format!("{here} in, {there} out");
    [
        ("Path", path(link)),
        ("Round trip", known_millis(link.rtt)),
        ("Lost on the way here", share(link.lost_here)),
        ("Lost on the way there", known_share(link.lost_there)),
        ("Jitter", millis(link.jitter)),
        ("Buffer", millis(link.buffer)),
        ("Made up", share(link.concealed)),
        ("Bitrate", way(rate(link.received_kbps), rate(link.sent_kbps))),
        ("Packets", way(link.packets_received.to_string(), link.packets_sent.to_string())),
        ("Codec", format!("Opus, {} kHz", link.clock_hz / 1000)),
        ("Frames", frames(link)),
    ]
}

fn frames(link: &LinkReport) -> String {
    let copies = if link.redundancy { "sent twice" } else { "sent once" };
    format!("{} ms, {copies}", link.frame_millis)
}

/// For a bug report: no name, no id, no address. Members are numbered as they come.
pub fn diagnostics(report: &VoiceReport, settings: &Settings) -> String {
    let mut text = format!("Partyline {} on {}\n", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    let Processing { high_pass, echo_cancellation, noise_suppression, automatic_gain } = settings.processing;
    let _ = writeln!(
        text,
        "talk: {:?}; high pass {high_pass}, echo {echo_cancellation}, noise {noise_suppression}, gain \
         {automatic_gain}; frames wanted: {} ms; levelled: {}; STUN servers: {}",
        settings.talk_mode,
        settings.frame_millis,
        settings.level_voices,
        settings.stun_servers.len(),
    );
    let (input, output) = (known_millis(report.input_latency), known_millis(report.output_latency));
    let _ = writeln!(text, "latency: microphone {input}, speakers {output}");
    if report.links.is_empty() {
        text.push_str("no connection\n");
    }
    let mut members = 0;
    for link in &report.links {
        let who = match link.with {
            OtherEnd::Bridge => "bridge".to_owned(),
            OtherEnd::Member(_) => {
                members += 1;
                format!("member-{members}")
            }
        };
        let _ = writeln!(text, "{who}: {}", phase(link.state));
        for (name, value) in facts(link) {
            let _ = writeln!(text, "  {}: {value}", name.to_lowercase());
        }
    }
    text
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
    use crate::model::{AccountId, CandidatePair, PrivateText};

    fn link(with: OtherEnd) -> LinkReport {
        let candidate = |kind, address: &str| Candidate { kind, address: PrivateText(address.into()) };
        LinkReport {
            connection: 3,
            with,
            state: LinkPhase::Connected,
            path: Some(CandidatePair {
                local: candidate(CandidateKind::Host, "192.0.2.17:50001"),
                remote: candidate(CandidateKind::ServerReflexive, "198.51.100.4:50002"),
            }),
            rtt: Some(Duration::from_micros(38_400)),
            clock_hz: 48_000,
            frame_millis: 20,
            redundancy: true,
            packets_sent: 500,
            packets_received: 480,
            packets_lost: 2,
            lost_there: None,
            lost_here: 0.004,
            jitter: Duration::from_millis(3),
            buffer: Duration::from_millis(60),
            concealed: 0.12,
            sent_kbps: 31.6,
            received_kbps: 0.0,
            history: Vec::new(),
        }
    }

    #[test]
    fn a_connection_in_short() {
        assert_eq!(in_short(&link(OtherEnd::Bridge)), "38 ms · 0.4 % lost · 60 ms buffer");
        let lost = LinkReport { state: LinkPhase::Interrupted, ..link(OtherEnd::Bridge) };
        assert_eq!(in_short(&lost), "interrupted");
    }

    #[test]
    fn diagnostics_say_all_but_who_and_where() {
        let account = AccountId(987_654_321_098_765_432);
        let links = vec![link(OtherEnd::Bridge), link(OtherEnd::Member(account))];
        let report =
            VoiceReport { links, input_latency: Some(Duration::from_millis(12)), output_latency: None };
        let text = diagnostics(&report, &Settings::default());
        assert!(text.contains("latency: microphone 12 ms, speakers not known"));
        assert!(text.contains("bridge: connected") && text.contains("member-1: connected"));
        assert!(text.contains("  path: own address → seen by STUN"));
        assert!(text.contains("  made up: 12 %") && text.contains("  frames: 20 ms, sent twice"));
        for private in ["987654321098765432", "192.0.2.17", "198.51.100.4", "stun."] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }

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
