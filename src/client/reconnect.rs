//! How long to wait before the next try. Pure.

use std::time::Duration;

/// What to do after voice failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    After(Duration),
    GiveUp,
}

/// Tries that reached the service and still brought no voice.
const VOICE_TRIES: u32 = 6;

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nobody was reached.
    Nobody,
    /// A pause, ours or one the service asked for: not tried at all.
    Paused(Duration),
    Service,
}

impl Reach {
    /// The pause that was asked for.
    pub fn pause(self) -> Option<Duration> {
        match self {
            Self::Paused(wait) => Some(wait),
            Self::Nobody | Self::Service => None,
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// `failures`: in a row. An unreachable service costs nobody anything and is tried steadily, so that voice is back within
/// seconds of the network; a service that answers is asked ever less, then left alone.
pub fn voice(failures: u32, reach: Reach) -> NextTry {
    match (reach, failures) {
        (Reach::Nobody, _) => NextTry::After(Duration::from_secs(1)),
        (Reach::Paused(wait), _) => NextTry::After(wait.min(LONGEST_PAUSE)),
        (Reach::Service, 0..VOICE_TRIES) => NextTry::After(Duration::from_millis(250 << failures.min(5))),
        (Reach::Service, _) => NextTry::GiveUp,
    }
}

/// The push line is never given up. `failures`: in a row.
pub fn push(failures: u32, reach: Reach) -> Duration {
    match (reach, failures) {
        (Reach::Paused(wait), _) => wait.min(LONGEST_PAUSE),
        (_, 0) => Duration::from_millis(250),
        (Reach::Nobody, ..150) => Duration::from_secs(2),
        (Reach::Nobody, _) => Duration::from_secs(15),
        (Reach::Service, _) => Duration::from_secs(1 << failures.min(6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_network_is_tried_until_it_is_back() {
        assert_eq!(voice(500, Reach::Nobody), NextTry::After(Duration::from_secs(1)));
        assert!(push(100, Reach::Nobody) <= Duration::from_secs(2), "back within seconds of the network");
        assert!(push(10_000, Reach::Nobody) >= Duration::from_secs(10), "gently after minutes");
    }

    #[test]
    fn a_service_that_answers_is_asked_ever_less() {
        let NextTry::After(first) = voice(1, Reach::Service) else { panic!("a second chance") };
        let NextTry::After(fifth) = voice(5, Reach::Service) else { panic!("a sixth chance") };
        assert!(fifth > first);
        assert_eq!(voice(VOICE_TRIES, Reach::Service), NextTry::GiveUp);
        assert!(push(20, Reach::Service) >= Duration::from_secs(60));
    }
}
