//! Why a call did not succeed. Texts hold no token, id, name or address.

use std::{sync::Arc, time::Duration};

/// One call's failure, after every retry that made sense. Cloned where several waited for the same answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No answer: no network, no host, no time.
    #[error("no answer from the service")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// Something from outside that does not fit into a request.
    #[error("the request could not be built")]
    Unsendable(#[source] Arc<reqwest::Error>),
    /// An HTML refusal by the network edge: it is about this address, not the account.
    #[error("refused by the network edge")]
    Blocked,
    /// The service, or our own budget, asks for a pause.
    #[error("too many calls; wait {wait:?}")]
    RateLimited { wait: Duration },
    /// The refresh token no longer works.
    #[error("the sign-in has ended")]
    SignInEnded,
    /// The service does not take the client id or its secret.
    #[error("the client was refused")]
    ClientRefused,
    /// The service understood and said no.
    #[error("refused with {status}, code {code:?}")]
    Refused { status: u16, code: Option<u32> },
    /// The service says the fault is its own.
    #[error("the service failed with {status}")]
    Trouble { status: u16 },
    /// Where, and not what: the parser's own words may quote a name or a token.
    #[error("the answer to {what} was not understood at line {line}, column {column}")]
    Malformed { what: &'static str, line: usize, column: usize },
    #[error("the answer to {what} lacks {field}")]
    Incomplete { what: &'static str, field: &'static str },
    /// A picture at an address that nothing is fetched from.
    #[error("not the address of a picture")]
    NoPicture,
    /// More than the client is willing to hold.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

impl Error {
    /// The thing asked about does not exist (any more).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 410, .. } | Self::Refused { code: Some(2285581), .. })
    }

    /// The call may have been carried out: only its answer is missing, or makes no sense.
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::Unreachable(source) => !source.is_connect(),
            Self::Trouble { .. }
            | Self::Malformed { .. }
            | Self::Incomplete { .. }
            | Self::TooLarge { .. } => true,
            Self::Unsendable(_)
            | Self::Blocked
            | Self::RateLimited { .. }
            | Self::SignInEnded
            | Self::ClientRefused
            | Self::Refused { .. }
            | Self::NoPicture => false,
        }
    }

    /// The service was never reached.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}
