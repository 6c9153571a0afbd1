//! An error on its way to becoming a [`super::Problem`]: what kind it is for the user, and text for a bug report.

use super::{ProblemKind, reconnect::Reach};
use crate::psn;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: ProblemKind,
    pub diagnostic: String,
}

impl Failure {
    /// `diagnostic` must hold no token, id, name or address.
    pub fn new(kind: ProblemKind, diagnostic: impl Into<String>) -> Self {
        Self { kind, diagnostic: diagnostic.into() }
    }

    /// About a party: what is gone is the party.
    pub fn of_party(error: psn::Error) -> Self {
        if error.is_gone() { Self::new(ProblemKind::PartyEnded, chain(&error)) } else { error.into() }
    }

    /// About asking somebody to be a friend: no is their answer, or their settings'.
    pub fn of_request(error: psn::Error) -> Self {
        match error {
            error if error.is_gone() => Self::new(ProblemKind::NobodyByThatName, chain(&error)),
            psn::Error::Refused { .. } => Self::new(ProblemKind::RequestRefused, chain(&error)),
            error => error.into(),
        }
    }

    /// About a link: what is gone is what it led to.
    pub fn of_link(error: psn::Error) -> Self {
        if error.is_gone() { Self::new(ProblemKind::LinkOfNoParty, chain(&error)) } else { error.into() }
    }

    /// About something that the service may not let this program do at all.
    pub fn of_offer(error: psn::Error) -> Self {
        let refused = matches!(error, psn::Error::Refused { .. } | psn::Error::Incomplete { .. });
        if refused { Self::new(ProblemKind::NotOffered, chain(&error)) } else { error.into() }
    }

    /// About a conversation: what is gone is the conversation.
    pub fn of_chat(error: psn::Error) -> Self {
        if error.is_gone() { Self::new(ProblemKind::ChatGone, chain(&error)) } else { error.into() }
    }

    /// About a conversation as such: who may not see it is not in it any more.
    pub fn of_chat_itself(error: psn::Error) -> Self {
        match error {
            psn::Error::Refused { status: 403, .. } => Self::new(ProblemKind::ChatGone, chain(&error)),
            error => Self::of_chat(error),
        }
    }

    pub fn reach(&self) -> Reach {
        match self.kind {
            ProblemKind::ServiceUnreachable => Reach::Nobody,
            ProblemKind::TooManyRequests { wait } => Reach::Paused(wait),
            ProblemKind::BlockedByNetworkEdge => Reach::Paused(psn::BLOCKED_PAUSE),
            _ => Reach::Service,
        }
    }

    /// The party itself says no: asking again will not help.
    pub fn is_about_the_party(&self) -> bool {
        matches!(self.kind, ProblemKind::PartyEnded | ProblemKind::PartyFull | ProblemKind::NotAllowed)
    }

    /// About the network or the load: the same may work later.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::ServiceUnreachable
                | ProblemKind::ServiceTrouble
                | ProblemKind::BlockedByNetworkEdge
                | ProblemKind::TooManyRequests { .. }
        )
    }

    pub fn ends_sign_in(&self) -> bool {
        self.kind == ProblemKind::SignInEnded
    }
}

impl From<psn::Error> for Failure {
    fn from(error: psn::Error) -> Self {
        use psn::Error;
        let kind = match &error {
            Error::Unreachable(_) => ProblemKind::ServiceUnreachable,
            Error::Blocked => ProblemKind::BlockedByNetworkEdge,
            Error::RateLimited { wait } => ProblemKind::TooManyRequests { wait: *wait },
            Error::SignInEnded => ProblemKind::SignInEnded,
            Error::ClientRefused => ProblemKind::ClientRefused,
            Error::Refused { code: Some(2286592), .. } => ProblemKind::InvitationRefused,
            Error::Refused { status: 403, .. } => ProblemKind::NotAllowed,
            Error::Refused { .. }
            | Error::Trouble { .. }
            | Error::Unsendable(_)
            | Error::Malformed { .. }
            | Error::Incomplete { .. }
            | Error::NoPicture
            | Error::TooLarge { .. } => ProblemKind::ServiceTrouble,
        };
        Self::new(kind, chain(&error))
    }
}

impl From<psn::SignInError> for Failure {
    fn from(error: psn::SignInError) -> Self {
        match error {
            psn::SignInError::Refused => Self::new(ProblemKind::SignInRefused, error.to_string()),
            psn::SignInError::ClientRefused => Self::new(ProblemKind::ClientRefused, error.to_string()),
            psn::SignInError::NotUnderstood => Self::new(ProblemKind::ServiceTrouble, error.to_string()),
            psn::SignInError::Service(error) => error.into(),
        }
    }
}

impl From<psn::RedirectError> for Failure {
    fn from(error: psn::RedirectError) -> Self {
        let kind = match error {
            psn::RedirectError::NotARedirect => ProblemKind::NotARedirect,
            psn::RedirectError::OtherPage => ProblemKind::RedirectOfOtherPage,
            psn::RedirectError::OtherSignIn => ProblemKind::RedirectOfOtherSignIn,
        };
        Self::new(kind, error.to_string())
    }
}

/// The error and its sources in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_see_a_conversation_is_not_in_it_and_who_may_not_write_may_still_be() {
        let forbidden = || psn::Error::Refused { status: 403, code: None };
        assert_eq!(Failure::of_chat_itself(forbidden()).kind, ProblemKind::ChatGone);
        assert_eq!(Failure::of_chat(forbidden()).kind, ProblemKind::NotAllowed);
    }

    #[test]
    fn after_a_refusal_by_the_network_edge_nobody_knocks_for_minutes() {
        let pause = Failure::from(psn::Error::Blocked).reach().pause();
        assert!(pause.is_some_and(|pause| pause >= std::time::Duration::from_secs(5 * 60)), "{pause:?}");
    }
}
