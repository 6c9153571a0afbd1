//! Which answer deserves another try, and when. Pure.

use std::time::Duration;

/// Tries of one call that is safe to repeat.
pub const MAX_TRIES: u32 = 3;
/// The longest pause a caller is held for; beyond it the call fails with the pause as its reason.
pub const MAX_HELD: Duration = Duration::from_secs(10);

/// After the network edge refused us, nobody knocks for this long.
pub const BLOCKED_PAUSE: Duration = Duration::from_secs(5 * 60);

/// May the same call be sent twice without harm?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    Safe,
    Never,
}

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    NoAnswer,
    Status { status: u16, retry_after: Option<Duration> },
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    GiveUp,
    Again(Duration),
}

/// `tries`: how many were made. `jitter`: 0.0–1.0, spreads callers that failed together.
///
/// A 429 was not carried out, so it is safe to send again whatever the call.
pub fn next(outcome: Outcome, repeat: Repeat, tries: u32, jitter: f32) -> Next {
    if tries >= MAX_TRIES {
        return Next::GiveUp;
    }
    let backoff = Duration::from_millis(300 << tries.min(6)).mul_f32(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    match outcome {
        Outcome::Status { status: 429, retry_after } => match retry_after {
            Some(wait) if wait > MAX_HELD => Next::GiveUp,
            Some(wait) => Next::Again(wait),
            None => Next::Again(backoff),
        },
        Outcome::NoAnswer | Outcome::Status { status: 500..=599, .. } if repeat == Repeat::Safe => {
            Next::Again(backoff)
        }
        Outcome::NoAnswer | Outcome::Status { .. } => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn status(status: u16) -> Outcome {
        Outcome::Status { status, retry_after: None }
    }

    #[test]
    fn only_calls_that_are_safe_to_repeat_are_repeated_after_a_failure() {
        assert!(matches!(next(status(503), Repeat::Safe, 1, 0.5), Next::Again(_)));
        assert_eq!(next(status(503), Repeat::Never, 1, 0.5), Next::GiveUp);
        assert_eq!(next(Outcome::NoAnswer, Repeat::Never, 1, 0.5), Next::GiveUp);
        assert_eq!(next(status(404), Repeat::Safe, 1, 0.5), Next::GiveUp);
    }

    #[test]
    fn tries_end() {
        assert_eq!(next(status(503), Repeat::Safe, MAX_TRIES, 0.5), Next::GiveUp);
    }

    #[test]
    fn retry_after_is_obeyed_and_a_long_one_is_handed_to_the_caller() {
        let limited = |secs| Outcome::Status { status: 429, retry_after: Some(Duration::from_secs(secs)) };
        assert_eq!(next(limited(2), Repeat::Never, 1, 0.0), Next::Again(Duration::from_secs(2)));
        assert_eq!(next(limited(600), Repeat::Safe, 1, 0.0), Next::GiveUp);
    }
}
