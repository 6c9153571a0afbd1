//! The line to the service in words, and what is copied for a bug report. Pure.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{
    client::{LinkState, PartyState, SignedIn, Snapshot},
    model::CallBudget,
};

/// How it is, and what that means.
pub fn link(link: LinkState) -> (&'static str, &'static str) {
    match link {
        LinkState::Connecting => ("Connecting", "Everything is being read. Changes follow as they happen."),
        LinkState::Live => ("Live", "Changes arrive as they happen."),
        LinkState::CatchingUp => {
            ("Catching up", "What was missed is being read. Changes may take a little longer to arrive.")
        }
        LinkState::Offline => (
            "Offline",
            "The service does not answer. What you see may be out of date; Partyline goes on trying.",
        ),
    }
}

/// `40 seconds`, `12 minutes`, `3 hours`, `2 days`.
pub fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `37 of 270 in the last 15 minutes`.
pub fn calls(budget: CallBudget) -> String {
    format!("{} of {} in the last {}", budget.used, budget.limit, lasting(budget.window))
}

/// For a bug report: no name, id, message or address.
pub fn diagnostics(
    snapshot: &Snapshot,
    signed_in: &SignedIn,
    budget: Option<CallBudget>,
    now: Instant,
) -> String {
    let since = now.saturating_duration_since(signed_in.link_since).as_secs();
    let mut text = format!(
        "Partyline {} on {}\nservice: {:?}\nline: {:?} for {since} s\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        snapshot.service,
        signed_in.link,
    );
    match budget {
        Some(CallBudget { used, limit, window }) => {
            let _ = writeln!(text, "calls: {used} of {limit} in {} s", window.as_secs());
        }
        None => text.push_str("calls: not counted\n"),
    }
    match &signed_in.party {
        PartyState::None => text.push_str("party: none\n"),
        PartyState::Joining => text.push_str("party: joining\n"),
        PartyState::Leaving => text.push_str("party: leaving\n"),
        PartyState::Joined(party) => {
            let (inside, most) = (party.session.members.len(), party.session.max_members);
            let _ = writeln!(text, "party: {inside} of {most}, voice {:?}", party.voice);
        }
    }
    for problem in &snapshot.problems {
        let _ = writeln!(text, "problem: {:?} at {:?}: {}", problem.kind, problem.place, problem.diagnostic);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        let said = |seconds| lasting(Duration::from_secs(seconds));
        assert_eq!(said(1), "1 second");
        assert_eq!(said(119), "1 minute");
        assert_eq!(said(7300), "2 hours");
        assert_eq!(said(200_000), "2 days");
    }

    #[test]
    fn calls_are_told_with_their_limit_and_time() {
        let budget = CallBudget { used: 37, limit: 270, window: Duration::from_secs(900) };
        assert_eq!(calls(budget), "37 of 270 in the last 15 minutes");
    }
}
