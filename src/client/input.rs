//! Everything that can happen to the client, and everything it can decide to do.

use std::sync::Arc;

use super::{Command, Notice, failure::Failure, reconnect::Reach};
use crate::{
    model::{
        AccountId, Bridge, Friend, Invitation, OnlineId, PartyLink, PartySession, PeerId, Profile, SessionId,
        Settings,
    },
    psn::{PartyChange, PushEvent},
    voice::{Listening, Microphone, Speakers, Talk, VoiceEvent},
};

/// Ties a result to what asked for it; a result of an older attempt is dropped.
pub type Attempt = u64;

/// What happened.
#[derive(Debug)]
pub enum Input {
    Command(Command),
    /// A deadline of [`super::state::State::next_deadline`] came.
    Tick,
    SignInLink {
        attempt: Attempt,
        link: Arc<str>,
    },
    BrowserDidNotOpen {
        attempt: Attempt,
    },
    SignedIn {
        attempt: Attempt,
        result: Result<Profile, Failure>,
    },

    PushOpened,
    Push(PushEvent),
    PushClosed {
        reach: Reach,
        failure: Option<Failure>,
    },

    Friends {
        attempt: Attempt,
        result: Result<Vec<Friend>, Failure>,
    },
    Lists {
        attempt: Attempt,
        result: Result<Lists, Failure>,
    },

    Entered {
        attempt: Attempt,
        result: Result<PartySession, Failure>,
    },
    PartyRead {
        attempt: Attempt,
        result: Result<PartySession, Failure>,
    },
    Left {
        attempt: Attempt,
        result: Result<(), Failure>,
    },
    InvitationSent {
        account: AccountId,
        result: Result<(), Failure>,
    },
    PartyChanged(Result<(), Failure>),

    /// `connection`: the one this seat was taken for.
    Seated {
        connection: u64,
        result: Result<Seated, Failure>,
    },
    Announced(Result<(), Failure>),
    Voice(VoiceEvent),
    SettingsSaved(Result<(), Failure>),
}

/// Parties the user may see, and invitations.
#[derive(Debug)]
pub struct Lists {
    pub parties: Vec<PartySession>,
    pub invitations: Vec<Invitation>,
}

/// Our place on a bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub bridge: Bridge,
    pub peer: PeerId,
}

/// A seat taken, and the session as it was read on the way.
#[derive(Debug)]
pub struct Seated {
    pub seat: Seat,
    pub session: PartySession,
}

/// What to do. Carried out by [`super::run`], in order.
#[derive(Debug, PartialEq)]
pub enum Effect {
    SignIn {
        attempt: Attempt,
        way: SignInWay,
    },
    CancelSignIn,
    /// Ends everything of the account and forgets its tokens.
    ForgetAccount,

    /// `again`: this sign-in had a push line before.
    OpenPush {
        again: bool,
    },
    /// `known`: who need not be asked about again.
    ReadFriends {
        attempt: Attempt,
        known: Vec<Profile>,
    },
    ReadLists {
        attempt: Attempt,
        invited: Vec<SessionId>,
    },

    EnterParty {
        attempt: Attempt,
        entry: Entry,
    },
    ReadParty {
        attempt: Attempt,
        session: SessionId,
    },
    LeaveParty {
        attempt: Attempt,
        session: SessionId,
        seat: Option<Seat>,
    },
    Invite {
        session: SessionId,
        account: AccountId,
    },
    ChangeParty {
        session: SessionId,
        change: PartyChange,
    },
    AnnounceVoice {
        session: SessionId,
        connected_to: Vec<AccountId>,
        muted: bool,
    },

    /// Takes a seat on the session's bridge and answers its offer; `previous` is given back.
    ConnectVoice {
        connection: u64,
        session: SessionId,
        previous: Option<Seat>,
    },
    HangUp,
    /// A seat that came too late to be used.
    GiveSeatBack(Seat),
    Voice(VoiceControl),

    SaveSettings(Box<Settings>),
    Notify(Notice),
    /// The loop ends after this.
    Finish,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInWay {
    Browser,
    /// An account of the sandbox by its name.
    SandboxAccount(OnlineId),
}

/// The way into a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Create { name: String, privacy: crate::model::Privacy },
    Join(SessionId),
    Link(PartyLink),
}

/// For the voice thread.
#[derive(Debug, PartialEq)]
pub enum VoiceControl {
    Talk(Talk),
    Members(Vec<AccountId>),
    Microphone(Microphone),
    Speakers(Speakers),
    MicrophoneTest(Listening),
    TestSound,
}
