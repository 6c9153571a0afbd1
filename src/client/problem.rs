//! What went wrong, as the user meets it: a kind, a place to show it, something to press. The sentences are the UI's.

use std::time::Duration;

use super::command::Command;
use crate::model::{DeviceKind, DeviceTrouble};

/// One trouble that lasts until it is dismissed, repaired or overtaken.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Unique within a run.
    pub id: u64,
    pub kind: ProblemKind,
    pub place: Place,
    /// For a bug report: no token, id, name or address.
    pub diagnostic: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// The service wants a client secret, which is the user's to supply.
    NoClientSecret,
    /// The browser never came back.
    SignInTimedOut,
    /// The service or the user said no in the browser.
    SignInRefused,
    /// The browser could not be started; the link can be copied.
    BrowserDidNotOpen,
    /// What was pasted is neither an address nor a code.
    NotARedirect,
    /// What was pasted is the address of another page.
    RedirectOfOtherPage,
    /// What was pasted belongs to an older sign-in.
    RedirectOfOtherSignIn,
    /// What was pasted is no npsso.
    NotAnNpsso,
    /// The service does not take this npsso (any more).
    NpssoRefused,
    /// The service does not take the client id or its secret.
    ClientRefused,
    /// A client id, secret or redirect that cannot be right.
    ClientUnusable,
    /// What was kept of an account cannot be read.
    AccountNotKept,
    /// Tokens and secrets could not be written where they should live.
    SecretsNotKept,
    /// What is kept could not be removed from where it lives, or lived before.
    SecretsNotForgotten,
    /// Another running program has this profile; what happens in this one is not kept.
    ProfileInUse,
    /// The user gave the sign-in up.
    SignInCancelled,
    /// The desktop did not take, or give up, the scheme.
    SchemeNotChanged,
    /// The stay is over: the service wants a new sign-in.
    SignInEnded,
    /// No answer at all.
    ServiceUnreachable,
    /// An answer that makes no sense or says it is the service's own fault.
    ServiceTrouble,
    /// The network edge refuses this address, not the account.
    BlockedByNetworkEdge,
    /// Too many calls; the client waits by itself.
    TooManyRequests {
        wait: Duration,
    },
    PartyEnded,
    PartyFull,
    /// Somebody removed us, or we left on another device.
    RemovedFromParty,
    /// One party was left for another, which let nobody in.
    BetweenParties,
    /// Not invited, removed, or a setting forbids it.
    NotAllowed,
    /// The invited person's settings refuse it.
    InvitationRefused,
    FriendsNotLoaded,
    /// Nobody has this online id, or the service does not tell.
    NobodyByThatName,
    /// The other one's settings refuse requests, or there is one already.
    RequestRefused,
    /// Whom the user asks to be a friend is one.
    AlreadyFriends,
    /// The service does not let this program do it.
    NotOffered,
    /// The message was not taken; it can be sent again.
    MessageNotSent,
    /// The conversation is gone, or the user is not in it any more.
    ChatGone,
    ChatsNotLoaded,
    /// Nothing is behind the link (any more).
    LinkOfNoParty,
    /// Voice did not connect.
    VoiceUnreachable,
    /// The bridge's offer cannot be answered.
    VoiceNotUnderstood,
    /// The computer refused: no socket, no thread.
    VoiceBroken,
    DeviceMissing(DeviceKind, DeviceTrouble),
    /// What one hears could not be written down.
    RecordingFailed,
    SettingsNotSaved,
    /// What is remembered for the account could not be written.
    NotesNotSaved,
    /// The settings file was unreadable; it was kept aside and defaults are in force.
    SettingsUnreadable,
}

/// Where a problem is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    SignIn,
    /// An account of before is signed in by what was kept of it.
    Starting,
    /// The whole window, signed in.
    Window,
    Friends,
    Parties,
    Party,
    Voice,
    /// The open conversation and the list of them.
    Chats,
    /// Somebody's card, requests and blocks.
    People,
    Notifications,
    Settings,
}

/// What the user can press.
#[derive(Debug, Clone, PartialEq)]
pub enum Remedy {
    SignIn,
    RetryStart,
    Refresh,
    RetryVoice,
    OpenVoiceSettings,
    /// Nothing to do but to read it.
    Dismiss,
}

impl Problem {
    pub fn remedy(&self) -> Remedy {
        match self.kind {
            _ if self.place == Place::Starting => Remedy::RetryStart,
            ProblemKind::SignInTimedOut
            | ProblemKind::SignInCancelled
            | ProblemKind::SignInRefused
            | ProblemKind::BrowserDidNotOpen
            | ProblemKind::SignInEnded
            | ProblemKind::AccountNotKept => Remedy::SignIn,
            ProblemKind::FriendsNotLoaded | ProblemKind::ChatsNotLoaded => Remedy::Refresh,
            ProblemKind::ServiceUnreachable | ProblemKind::ServiceTrouble
                if matches!(
                    self.place,
                    Place::Window | Place::Friends | Place::Parties | Place::Notifications
                ) =>
            {
                Remedy::Refresh
            }
            ProblemKind::ServiceUnreachable | ProblemKind::ServiceTrouble if self.place == Place::SignIn => {
                Remedy::SignIn
            }
            ProblemKind::VoiceUnreachable | ProblemKind::VoiceNotUnderstood | ProblemKind::VoiceBroken => {
                Remedy::RetryVoice
            }
            ProblemKind::ServiceUnreachable | ProblemKind::ServiceTrouble | ProblemKind::NotAllowed
                if self.place == Place::Voice =>
            {
                Remedy::RetryVoice
            }
            ProblemKind::DeviceMissing(..) | ProblemKind::RecordingFailed => Remedy::OpenVoiceSettings,
            ProblemKind::ServiceUnreachable
            | ProblemKind::ServiceTrouble
            | ProblemKind::BlockedByNetworkEdge
            | ProblemKind::TooManyRequests { .. }
            | ProblemKind::PartyEnded
            | ProblemKind::PartyFull
            | ProblemKind::RemovedFromParty
            | ProblemKind::BetweenParties
            | ProblemKind::NotAllowed
            | ProblemKind::InvitationRefused
            | ProblemKind::NobodyByThatName
            | ProblemKind::RequestRefused
            | ProblemKind::AlreadyFriends
            | ProblemKind::NotOffered
            | ProblemKind::MessageNotSent
            | ProblemKind::ChatGone
            | ProblemKind::LinkOfNoParty
            | ProblemKind::NoClientSecret
            | ProblemKind::NotARedirect
            | ProblemKind::RedirectOfOtherPage
            | ProblemKind::RedirectOfOtherSignIn
            | ProblemKind::NotAnNpsso
            | ProblemKind::NpssoRefused
            | ProblemKind::ClientRefused
            | ProblemKind::ClientUnusable
            | ProblemKind::SecretsNotKept
            | ProblemKind::SecretsNotForgotten
            | ProblemKind::ProfileInUse
            | ProblemKind::SchemeNotChanged
            | ProblemKind::SettingsNotSaved
            | ProblemKind::NotesNotSaved
            | ProblemKind::SettingsUnreadable => Remedy::Dismiss,
        }
    }
}

impl Remedy {
    /// The command behind the button. `None`: the UI turns a page itself.
    pub fn command(&self, problem: &Problem) -> Option<Command> {
        match self {
            Self::SignIn => Some(Command::SignIn),
            Self::RetryStart => Some(Command::RetryStart),
            Self::Refresh => Some(Command::Refresh),
            Self::RetryVoice => Some(Command::RetryVoice),
            Self::OpenVoiceSettings => None,
            Self::Dismiss => Some(Command::DismissProblem(problem.id)),
        }
    }
}
