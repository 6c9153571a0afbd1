//! Faults by name, as the command line takes them.

use std::{fmt::Write, str::FromStr, time::Duration};

use super::{ALWAYS, Area, Fault, Spoiled, Twist};

/// Longer times are typing errors.
const MAX_SECONDS: f64 = 365.0 * 24.0 * 3600.0;

/// A fault, and how long after the start it comes: `NAME[=VALUE][@SECONDS]`.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedFault {
    pub fault: Fault,
    pub after: Duration,
}

/// Why a text names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("there is no fault of this name\n\n{}", Fault::help())]
    Unknown,
    #[error("write {0}")]
    Value(String),
    #[error("after @ comes a number of seconds")]
    Time,
}

struct Named {
    name: &'static str,
    /// The parts of its value, as the help shows them.
    value: &'static str,
    about: &'static str,
    read: fn(&mut Parts<'_>) -> Option<Fault>,
}

const TIMES: &str = "[=TIMES]";
const ANSWER: &str = "[=AREA[:TIMES]]";

#[rustfmt::skip]
const FAULTS: &[Named] = &[
    Named { name: "expired-code", value: TIMES, about: "codes are too old when used", read: |parts| parts.twist(Twist::ExpiredCode) },
    Named { name: "used-code", value: TIMES, about: "codes were used before", read: |parts| parts.twist(Twist::UsedCode) },
    Named { name: "invalid-client", value: TIMES, about: "the client's credentials are refused although right", read: |parts| parts.twist(Twist::InvalidClient) },
    Named { name: "wrong-state", value: TIMES, about: "the redirect brings another state back", read: |parts| parts.twist(Twist::WrongState) },
    Named { name: "redirect-twice", value: TIMES, about: "the browser is sent to the redirect twice", read: |parts| parts.twist(Twist::RedirectTwice) },
    Named { name: "no-refresh-token", value: TIMES, about: "a refresh brings no refresh token", read: |parts| parts.twist(Twist::NoRefreshToken) },
    Named { name: "text-lifetime", value: TIMES, about: "expires_in is a string", read: |parts| parts.twist(Twist::TextLifetime) },
    Named { name: "rotate-refresh-tokens", value: "", about: "each refresh brings a new refresh token", read: |_| Some(Fault::RotateRefreshTokens) },
    Named { name: "expire-tokens", value: "", about: "access tokens given out so far end; wants @SECONDS", read: |_| Some(Fault::ExpireTokens) },
    Named { name: "revoke-refresh-tokens", value: "", about: "refresh tokens given out so far end; wants @SECONDS", read: |_| Some(Fault::RevokeRefreshTokens) },
    Named { name: "clock-off", value: "=HOURS", about: "the clock shows a time that is hours off; may be negative", read: |parts| Some(Fault::ClockOff { hours: parts.number()? }) },
    Named { name: "strict-edge", value: "", about: "Access Denied after 14 calls of the sign-in in five minutes", read: |_| Some(Fault::StrictEdge) },
    Named { name: "access-denied", value: ANSWER, about: "the network edge's HTML page", read: |parts| parts.answer(Spoiled::AccessDenied) },
    Named { name: "too-many-requests", value: "[=AREA[:TIMES[:RETRY_AFTER]]]", about: "429, with Retry-After in seconds where given", read: |parts| parts.too_many_requests() },
    Named { name: "unavailable", value: ANSWER, about: "503", read: |parts| parts.answer(Spoiled::Unavailable) },
    Named { name: "cut-off", value: ANSWER, about: "the connection closes in the middle of the answer", read: |parts| parts.answer(Spoiled::CutOff) },
    Named { name: "malformed", value: ANSWER, about: "half an answer, as if it were all", read: |parts| parts.answer(Spoiled::Malformed) },
    Named { name: "huge", value: ANSWER, about: "eight megabytes before the answer", read: |parts| parts.answer(Spoiled::Huge) },
    Named { name: "no-answer", value: ANSWER, about: "the connection stays open and silent", read: |parts| parts.answer(Spoiled::Never) },
    Named { name: "slow", value: "=SECONDS[:AREA[:TIMES]]", about: "done at once, answered late", read: |parts| { let late = Spoiled::Late(parts.seconds()?); parts.answer(late) } },
    Named { name: "silence", value: "=SECONDS", about: "nothing but the sign-in page answers for so long", read: |parts| Some(Fault::Silence(parts.seconds()?)) },
    Named { name: "drop-push", value: "", about: "closes every push socket; wants @SECONDS", read: |_| Some(Fault::DropPush) },
    Named { name: "refuse-push", value: "=SECONDS", about: "no new push socket for so long", read: |parts| Some(Fault::RefusePush(parts.seconds()?)) },
    Named { name: "push-lose", value: "=SHARE", about: "this share of events never arrives, 0 to 1", read: |parts| Some(Fault::PushLose(parts.share()?)) },
    Named { name: "push-duplicate", value: "=SHARE", about: "this share of events arrives twice, 0 to 1", read: |parts| Some(Fault::PushDuplicate(parts.share()?)) },
    Named { name: "push-delay", value: "=SECONDS", about: "events come so much later", read: |parts| Some(Fault::PushDelay(parts.seconds()?)) },
    Named { name: "push-reorder", value: "=SECONDS", about: "each event comes up to so much later, by chance", read: |parts| Some(Fault::PushReorder(parts.seconds()?)) },
    Named { name: "push-older-names", value: "", about: "events of parties have their older names and bodies", read: |_| Some(Fault::PushOlderNames) },
    Named { name: "invitations-by-push-alone", value: "", about: "the list of invitations is empty", read: |_| Some(Fault::InvitationsByPushAlone) },
    Named { name: "uncaptured-refused", value: "", about: "no appearing offline, no looking for people by name", read: |_| Some(Fault::UncapturedRefused) },
    Named { name: "drop-bridges", value: "", about: "voice bridges vanish; wants @SECONDS", read: |_| Some(Fault::DropBridges) },
    Named { name: "packet-loss", value: "=SHARE", about: "this share of voice packets is lost, 0 to 1", read: |parts| Some(Fault::BridgePacketLoss(parts.share()?)) },
    Named { name: "direct-unanswered", value: "", about: "residents neither offer nor answer direct connections", read: |_| Some(Fault::DirectUnanswered) },
    Named { name: "direct-lost", value: "", about: "direct connections of residents end; wants @SECONDS", read: |_| Some(Fault::DirectLost) },
];

impl Fault {
    /// Every name with its value and its meaning, a line each.
    pub fn help() -> String {
        let mut help =
            "NAME[=VALUE][@SECONDS]; with @ it comes so long after the start. The faults:\n".to_owned();
        for Named { name, value, about, .. } in FAULTS {
            // Writing to a string cannot fail.
            let _ = writeln!(help, "  {:<48} {about}", format!("{name}{value}"));
        }
        help + "TIMES is a number or `always`, 1 if not said.\n\
                AREA is token, authorize, page, api or push; api if not said."
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let named = FAULTS.iter().find(|named| named.name == name).ok_or(FaultError::Unknown)?;
        let mut parts = Parts(value);
        let wrong = || FaultError::Value(format!("{}{}", named.name, named.value));
        (named.read)(&mut parts).filter(|_| parts.0.is_empty()).ok_or_else(wrong)
    }
}

impl FromStr for TimedFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (fault, after) = match text.split_once('@') {
            Some((fault, after)) => (fault, Parts(after).seconds().ok_or(FaultError::Time)?),
            None => (text, Duration::ZERO),
        };
        Ok(Self { fault: fault.parse()?, after })
    }
}

/// What is left of a value.
struct Parts<'a>(&'a str);

impl<'a> Parts<'a> {
    /// The next part, if anything is left.
    fn next(&mut self) -> Option<&'a str> {
        let (part, rest) = self.0.split_once(':').unwrap_or((self.0, ""));
        self.0 = rest;
        (!part.is_empty()).then_some(part)
    }

    fn number<T: FromStr>(&mut self) -> Option<T> {
        self.next()?.parse().ok()
    }

    fn seconds(&mut self) -> Option<Duration> {
        let seconds = self.number().filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds))?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    fn times(&mut self) -> Option<u32> {
        match self.next() {
            None => Some(1),
            Some("always") => Some(ALWAYS),
            Some(times) => times.parse().ok().filter(|times| *times > 0),
        }
    }

    fn area(&mut self) -> Option<Area> {
        match self.next() {
            None | Some("api") => Some(Area::Api),
            Some("token") => Some(Area::Token),
            Some("authorize") => Some(Area::Authorize),
            Some("page") => Some(Area::Page),
            Some("push") => Some(Area::Push),
            Some(_) => None,
        }
    }

    fn twist(&mut self, twist: Twist) -> Option<Fault> {
        Some(Fault::SignIn { twist, times: self.times()? })
    }

    fn answer(&mut self, spoiled: Spoiled) -> Option<Fault> {
        Some(Fault::Answer { area: self.area()?, spoiled, times: self.times()? })
    }

    fn too_many_requests(&mut self) -> Option<Fault> {
        let (area, times) = (self.area()?, self.times()?);
        let retry_after = if self.0.is_empty() { None } else { Some(self.number()?) };
        Some(Fault::Answer { area, spoiled: Spoiled::TooManyRequests { retry_after }, times })
    }

    fn share(&mut self) -> Option<f32> {
        self.number().filter(|share| (0.0..=1.0).contains(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_with_their_values() {
        let answer = |area, spoiled, times| Ok(Fault::Answer { area, spoiled, times });
        let limited = |retry_after| Spoiled::TooManyRequests { retry_after };
        for (text, fault) in [
            ("expired-code", Ok(Fault::SignIn { twist: Twist::ExpiredCode, times: 1 })),
            ("wrong-state=always", Ok(Fault::SignIn { twist: Twist::WrongState, times: ALWAYS })),
            ("access-denied", answer(Area::Api, Spoiled::AccessDenied, 1)),
            ("cut-off=token:2", answer(Area::Token, Spoiled::CutOff, 2)),
            ("too-many-requests=token", answer(Area::Token, limited(None), 1)),
            ("too-many-requests=api:3:7", answer(Area::Api, limited(Some(7)), 3)),
            ("slow=0.5:page:always", answer(Area::Page, Spoiled::Late(Duration::from_millis(500)), ALWAYS)),
            ("clock-off=-5", Ok(Fault::ClockOff { hours: -5 })),
            ("packet-loss=0.25", Ok(Fault::BridgePacketLoss(0.25))),
        ] {
            assert_eq!(text.parse::<Fault>(), fault, "{text}");
        }
    }

    #[test]
    fn every_fault_of_the_help_is_one() {
        for Named { name, value, .. } in FAULTS {
            let value = if value.starts_with('=') { "=1" } else { "" };
            assert!(format!("{name}{value}").parse::<Fault>().is_ok(), "{name}");
        }
    }

    #[test]
    fn a_fault_can_come_later() {
        let fault = "expire-tokens@90".parse();
        let after = Duration::from_secs(90);
        assert_eq!(fault, Ok(TimedFault { fault: Fault::ExpireTokens, after }));
        assert_eq!("expire-tokens@soon".parse::<TimedFault>(), Err(FaultError::Time));
    }

    #[test]
    fn what_is_no_fault_is_answered_with_all_that_are() {
        for text in ["help", "", "=", "nonsense=3"] {
            let error = text.parse::<Fault>().expect_err(text);
            assert!(error.to_string().contains("redirect-twice[=TIMES]"), "{error}");
        }
    }

    #[test]
    fn a_wrong_value_is_answered_with_the_right_form() {
        for text in [
            "strict-edge=1",
            "clock-off",
            "slow=-1",
            "slow=NaN",
            "slow=1e300",
            "silence",
            "cut-off=moon",
            "cut-off=api:0",
            "expired-code=1:2",
            "packet-loss=2",
            "too-many-requests=api:1:soon",
        ] {
            let error = text.parse::<Fault>().expect_err(text);
            let name = text.split('=').next().expect("a name");
            assert!(matches!(&error, FaultError::Value(form) if form.starts_with(name)), "{text}: {error}");
        }
    }
}
