//! How good a connection is in words and numbers, and what of it is copied for a bug report. Pure.

use std::{fmt::Write as _, time::Duration};

use crate::model::{
    Candidate, CandidateKind, LinkPhase, LinkReport, OtherEnd, Processing, Settings, VoiceReport,
};

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
}
