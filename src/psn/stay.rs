//! How long a sign-in lasts and when its access token is renewed: the policy alone. Pure; time is an argument.

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant, SystemTime},
};

use super::{Error, retry::BLOCKED_PAUSE};
use crate::model::Secret;

/// Renewed this long before its end, so that no call meets the end.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// A token lives no shorter and no longer, whatever an answer says.
const LIFETIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
/// No stay is longer, whatever an answer says.
const LONGEST_STAY: Duration = Duration::from_secs(400 * 24 * 3600);
/// Hammering the token endpoint gets an address banned for hours: a refresh that reached nobody may be tried soon, one that
/// was sent ever later, whatever became of its answer.
const UNREACHED_PAUSE: Duration = Duration::from_secs(2);
const SENT_PAUSE: Duration = Duration::from_secs(5);

/// A bearer token. Never printed.
#[derive(Clone)]
pub struct AccessToken {
    secret: Secret,
    /// Tells this token from its successors without comparing secrets.
    pub(super) generation: u64,
}

impl AccessToken {
    pub(super) fn expose(&self) -> &str {
        self.secret.expose()
    }
}

/// What the token endpoint gave.
pub(super) struct Granted {
    pub access: Secret,
    pub lifetime: Duration,
    /// Absent in an answer that leaves the old one in force.
    pub refresh: Option<Secret>,
    /// How long the refresh token works from now on.
    pub stay: Option<Duration>,
}

impl Granted {
    fn ends(&self, wall: SystemTime) -> Option<SystemTime> {
        self.stay.map(|stay| wall + stay.min(LONGEST_STAY))
    }
}

/// What a later run needs in order to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub refresh: Secret,
    /// By the computer's clock: when the user must sign in again.
    pub ends: Option<SystemTime>,
}

impl Kept {
    /// A refresh does not extend the stay (protocol section 2), though its answer may count the whole time anew. So for the same
    /// refresh token an end never moves later, and one that an answer leaves out stays. But an end that has passed while the
    /// token still works was reckoned by a clock that somebody put right since: then the answer counts.
    fn ends_after(&self, granted: &Granted, wall: SystemTime) -> Option<SystemTime> {
        let same = granted.refresh.as_ref().is_none_or(|refresh| *refresh == self.refresh);
        match (self.ends, granted.ends(wall)) {
            (Some(known), Some(named)) if same && known > wall => Some(known.min(named)),
            (known, named) => named.or(known),
        }
    }
}

/// What to do for a caller that needs a token.
pub(super) enum Need {
    Use(AccessToken),
    /// It works for some minutes yet: renew beside.
    UseAndRenew(AccessToken),
    /// It works no more: renew first.
    Renew(AccessToken),
    /// The user must sign in again.
    Ended,
}

pub(super) struct Stay {
    access: AccessToken,
    renew_at: Instant,
    expires_at: Instant,
    kept: Option<Kept>,
    /// After refreshes that failed.
    not_before: Option<Instant>,
    /// Refreshes that were sent in vain, in a row.
    failures: u32,
    ended: bool,
}

impl Stay {
    /// Goes on from an earlier run: there is no access token yet.
    pub fn resume(kept: Kept, now: Instant) -> Self {
        Self { kept: Some(kept), ..Self::nothing(now) }
    }

    pub fn begin(granted: Granted, now: Instant, wall: SystemTime) -> Self {
        let mut stay = Self::nothing(now);
        stay.take_in(granted, now, wall);
        stay
    }

    fn nothing(now: Instant) -> Self {
        Self {
            access: AccessToken { secret: Secret::default(), generation: 0 },
            renew_at: now,
            expires_at: now,
            kept: None,
            not_before: None,
            failures: 0,
            ended: false,
        }
    }

    /// A sign-in: what was known before counts no more.
    pub fn take_in(&mut self, granted: Granted, now: Instant, wall: SystemTime) {
        let ends = granted.ends(wall);
        match (&granted.refresh, &mut self.kept) {
            (Some(refresh), kept) => *kept = Some(Kept { refresh: refresh.clone(), ends }),
            (None, Some(kept)) => kept.ends = ends.or(kept.ends),
            (None, None) => {}
        }
        self.use_from_now(granted, now);
    }

    /// A refresh.
    pub fn renewed(&mut self, granted: Granted, now: Instant, wall: SystemTime) {
        if let Some(kept) = &mut self.kept {
            kept.ends = kept.ends_after(&granted, wall);
            if let Some(refresh) = &granted.refresh {
                kept.refresh = refresh.clone();
            }
        }
        self.use_from_now(granted, now);
    }

    /// Lifetimes are counted from the answer by our own clock, so a computer's clock that is wrong by hours does no harm.
    fn use_from_now(&mut self, granted: Granted, now: Instant) {
        let lifetime = granted.lifetime.clamp(*LIFETIMES.start(), *LIFETIMES.end());
        self.access =
            AccessToken { secret: granted.access, generation: self.access.generation.wrapping_add(1) };
        self.expires_at = now + lifetime;
        self.renew_at = self.expires_at - EARLY.min(lifetime / 5);
        self.not_before = None;
        self.failures = 0;
        self.ended = false;
    }

    pub fn need(&self, now: Instant) -> Need {
        if self.ended {
            return Need::Ended;
        }
        if now < self.renew_at {
            return Need::Use(self.access.clone());
        }
        if now < self.expires_at {
            return Need::UseAndRenew(self.access.clone());
        }
        Need::Renew(self.access.clone())
    }

    /// Nothing newer came since.
    pub fn is_current(&self, token: &AccessToken) -> bool {
        self.access.generation == token.generation
    }

    /// The refresh token to spend in place of `stale`. `Ok(None)`: somebody renewed already, see [`Stay::current`].
    ///
    /// # Errors
    /// The stay is over, or it is too soon after a refresh that failed.
    pub fn renewal(&mut self, stale: &AccessToken, now: Instant) -> Result<Option<Secret>, Error> {
        if self.ended {
            return Err(Error::SignInEnded);
        }
        if !self.is_current(stale) {
            return Ok(None);
        }
        let wait = self.not_before.map(|at| at.saturating_duration_since(now));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(Error::RateLimited { wait });
        }
        let Some(kept) = &self.kept else {
            self.ended = true;
            return Err(Error::SignInEnded);
        };
        Ok(Some(kept.refresh.clone()))
    }

    /// A refresh failed for now; the refresh token may still be good and stays.
    pub fn put_off(&mut self, error: &Error, now: Instant) {
        let pause = match error {
            Error::Unreachable(source) if source.is_connect() => UNREACHED_PAUSE,
            _ => {
                let asked = match error {
                    Error::Blocked => BLOCKED_PAUSE,
                    Error::RateLimited { wait } => *wait,
                    _ => Duration::ZERO,
                };
                let grown = SENT_PAUSE * (1 << self.failures.min(6));
                self.failures += 1;
                asked.max(grown)
            }
        };
        self.not_before = Some(now + pause);
    }

    /// The service takes the refresh token no more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    pub fn current(&self) -> AccessToken {
        self.access.clone()
    }

    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn granted(stay: Duration) -> Granted {
        Granted {
            access: "a.b.c".into(),
            lifetime: Duration::from_secs(3599),
            refresh: Some("r1".into()),
            stay: Some(stay),
        }
    }

    fn begun() -> (Stay, Instant, SystemTime) {
        let (now, wall) = (Instant::now(), SystemTime::now());
        (Stay::begin(granted(60 * DAY), now, wall), now, wall)
    }

    fn renews(stay: &Stay, now: Instant) -> bool {
        matches!(stay.need(now), Need::UseAndRenew(_))
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end() {
        let (stay, now, _) = begun();
        assert!(!renews(&stay, now + Duration::from_secs(3599 - 301)));
        assert!(renews(&stay, now + Duration::from_secs(3599 - 299)));
        assert!(matches!(stay.need(now + HOUR), Need::Renew(_)), "then nothing works without it");
    }

    #[test]
    fn a_token_that_lives_for_seconds_is_not_renewed_all_the_time() {
        let now = Instant::now();
        let short = Granted { lifetime: Duration::from_secs(10), ..granted(60 * DAY) };
        let stay = Stay::begin(short, now, SystemTime::now());
        assert!(!renews(&stay, now + Duration::from_secs(7)));
        assert!(renews(&stay, now + Duration::from_secs(9)));
    }

    #[test]
    fn a_refresh_that_fails_costs_nothing_but_a_pause() {
        let (mut stay, now, _) = begun();
        let late = now + HOUR;
        let stale = stay.current();
        stay.put_off(&Error::Incomplete { what: "token", field: "access_token" }, late);
        assert!(matches!(stay.renewal(&stale, late), Err(Error::RateLimited { .. })));
        let again = stay.renewal(&stale, late + Duration::from_secs(6));
        assert!(matches!(again, Ok(Some(refresh)) if refresh.expose() == "r1"));
    }

    #[test]
    fn refreshes_that_are_answered_with_errors_become_rare() {
        let (mut stay, mut now, _) = begun();
        let stale = stay.current();
        let end = now + HOUR;
        let mut tries = 0;
        while now < end {
            if stay.renewal(&stale, now).is_ok() {
                tries += 1;
                stay.put_off(&Error::Trouble { status: 503 }, now);
            }
            now += Duration::from_secs(1);
        }
        assert!((5..=20).contains(&tries), "{tries} calls in an hour");
    }

    #[test]
    fn a_pause_of_no_length_is_a_pause_all_the_same() {
        let (mut stay, now, _) = begun();
        let stale = stay.current();
        for least in [5, 10, 20] {
            stay.put_off(&Error::RateLimited { wait: Duration::ZERO }, now);
            let wait = stay.renewal(&stale, now).expect_err("too soon");
            assert!(matches!(wait, Error::RateLimited { wait } if wait == Duration::from_secs(least)));
        }
        stay.put_off(&Error::RateLimited { wait: HOUR }, now);
        assert!(stay.renewal(&stale, now + HOUR - Duration::from_secs(1)).is_err(), "a long one is kept to");
    }

    #[test]
    fn the_end_of_the_stay_is_counted_from_the_answer_and_survives_one_that_does_not_name_it() {
        let (mut stay, now, wall) = begun();
        assert_eq!(stay.kept().and_then(|kept| kept.ends), Some(wall + 60 * DAY));
        let silent = Granted { refresh: None, stay: None, ..granted(DAY) };
        stay.renewed(silent, now + HOUR, wall + HOUR);
        assert_eq!(stay.kept(), Some(&Kept { refresh: "r1".into(), ends: Some(wall + 60 * DAY) }));
        let half_silent = Granted { stay: None, ..granted(DAY) };
        stay.renewed(half_silent, now + HOUR, wall + HOUR);
        assert_eq!(stay.kept(), Some(&Kept { refresh: "r1".into(), ends: Some(wall + 60 * DAY) }));
        // Another refresh token has an end of its own.
        let rotated = Granted { refresh: Some("r2".into()), ..granted(60 * DAY) };
        stay.renewed(rotated, now + DAY, wall + DAY);
        assert_eq!(stay.kept(), Some(&Kept { refresh: "r2".into(), ends: Some(wall + 61 * DAY) }));
    }

    #[test]
    fn a_service_that_counts_the_stay_anew_each_time_does_not_push_its_end_away() {
        let (mut stay, now, wall) = begun();
        for day in 1..60 {
            stay.renewed(granted(60 * DAY), now + day * DAY, wall + day * DAY);
            assert_eq!(stay.kept().and_then(|kept| kept.ends), Some(wall + 60 * DAY), "day {day}");
        }
        // The user signed in again.
        stay.take_in(granted(60 * DAY), now + 59 * DAY, wall + 59 * DAY);
        assert_eq!(stay.kept().and_then(|kept| kept.ends), Some(wall + 119 * DAY));
    }

    #[test]
    fn an_end_by_a_clock_that_was_put_right_does_not_last() {
        let ends = |stay: &Stay| stay.kept().and_then(|kept| kept.ends);
        let (mut stay, now, wall) = begun();
        let right = wall - 400 * DAY;
        stay.renewed(granted(60 * DAY), now + HOUR, right);
        assert_eq!(ends(&stay), Some(right + 60 * DAY), "it was ahead");
        let right = wall + 400 * DAY;
        stay.renewed(granted(60 * DAY), now + 2 * HOUR, right);
        assert_eq!(ends(&stay), Some(right + 60 * DAY), "it was behind: the known end has passed");
    }

    #[test]
    fn who_comes_after_a_renewal_gets_what_it_brought() {
        let (mut stay, now, wall) = begun();
        let stale = stay.current();
        stay.renewed(granted(60 * DAY), now + HOUR, wall + HOUR);
        assert!(matches!(stay.renewal(&stale, now + HOUR), Ok(None)));
    }

    #[test]
    fn an_absurd_stay_is_cut() {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let stay = Stay::begin(granted(Duration::from_secs(u32::MAX.into())), now, wall);
        assert!(stay.kept().and_then(|kept| kept.ends).expect("an end") <= wall + LONGEST_STAY);
    }
}
