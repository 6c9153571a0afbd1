//! Which way a connection went, from the crate's statistics. Pure.

use std::time::Duration;

use rtc::statistics::stats::ice_candidate::RTCIceCandidateStats;
use webrtc::peer_connection::{RTCIceCandidateType, RTCStatsReport, RTCStatsReportEntry as Entry};

use crate::model::{Candidate, CandidateKind, CandidatePair, PrivateText};

/// The path a connection took.
pub struct Path {
    pub pair: CandidatePair,
    /// As the path's own checks measured it last.
    pub rtt: Option<Duration>,
}

pub fn chosen(report: &RTCStatsReport) -> Option<Path> {
    let pair = report.iter().find_map(|entry| match entry {
        Entry::IceCandidatePair(pair) if pair.nominated => Some(pair),
        _ => None,
    })?;
    let (mut local, mut remote) = (None, None);
    for entry in report.iter() {
        match entry {
            Entry::LocalCandidate(one) if one.stats.id == pair.local_candidate_id => local = Some(one),
            Entry::RemoteCandidate(one) if one.stats.id == pair.remote_candidate_id => remote = Some(one),
            _ => {}
        }
    }
    let seconds = pair.current_round_trip_time;
    Some(Path {
        pair: CandidatePair { local: candidate(local?), remote: candidate(remote?) },
        rtt: (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten(),
    })
}

fn candidate(stats: &RTCIceCandidateStats) -> Candidate {
    let address = stats.address.as_deref().unwrap_or_default();
    let address = match address.contains(':') {
        true => format!("[{address}]:{}", stats.port),
        false => format!("{address}:{}", stats.port),
    };
    let kind = match stats.candidate_type {
        RTCIceCandidateType::Srflx => CandidateKind::ServerReflexive,
        RTCIceCandidateType::Prflx => CandidateKind::PeerReflexive,
        RTCIceCandidateType::Relay => CandidateKind::Relay,
        _ => CandidateKind::Host,
    };
    Candidate { kind, address: PrivateText::from(address.as_str()) }
}
