//! Everything that can happen to the client, and everything it can decide to do. Each file here owns one part's; this one the rest.

mod chats;
mod links;
mod parties;
mod people;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use chats::{ChatsEffect, ChatsInput, Undone};
pub use links::{LinksEffect, LinksInput, Recipient};
pub use parties::{PartiesEffect, PartiesInput};
pub use people::{CardPart, Decision, PeopleEffect, PeopleInput};

use super::{
    CaptureTrouble, ClientInUse, Command, Notice, ReportFile, Secrets, SignInLink, WayBack, failure::Failure,
    reconnect::Reach,
};
use crate::{
    model::{
        AccountId, AccountSlot, Bridge, DeviceChoice, FoundClient, Hearing, KnownAccount, Notes, OAuthClient,
        OnlineId, PartyLink, PartySession, PeerId, Processing, Profile, Progress, Report, SchemeStatus,
        Secret, SecretStorage, SessionId, Settings,
    },
    psn::PushEvent,
    voice::{Listening, Microphone, Recorder, Speakers, Talk, VoiceEvent},
};

/// Ties a result to what asked for it; a result of an older attempt is dropped.
pub type Attempt = u64;

/// What happened.
#[derive(Debug)]
pub enum Input {
    Command(Command),
    /// A deadline of [`super::state::State::next_deadline`] came.
    Tick,
    /// The first of all.
    Started,
    /// What was kept is known.
    Opened(Opened),
    SignInLink {
        attempt: Attempt,
        link: SignInLink,
        way_back: WayBack,
    },
    BrowserDidNotOpen {
        attempt: Attempt,
    },
    /// The browser's part is done.
    CodeReceived {
        attempt: Attempt,
    },
    /// What was pasted is not the redirect that is waited for.
    RedirectRefused(Failure),
    SignedIn {
        attempt: Attempt,
        result: Result<Arrived, Failure>,
    },
    /// When this account must sign in again.
    StayKnown {
        account: AccountId,
        ends: SystemTime,
        left: Duration,
    },
    /// The accounts that are kept now.
    AccountsKept(Vec<KnownAccount>),
    /// Something could not be kept.
    NotKept(Failure),
    SecretsMoved(Result<Secrets, Failure>),
    Scheme(Result<SchemeStatus, Failure>),
    CaptureProgress {
        attempt: Attempt,
        progress: Progress,
    },
    CaptureRead {
        attempt: Attempt,
        result: Result<CaptureFindings, CaptureTrouble>,
    },
    ReportSaved(ReportFile),

    PushOpened,
    Push(PushEvent),
    PushClosed {
        reach: Reach,
        failure: Option<Failure>,
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
        accounts: Vec<AccountId>,
        result: Result<(), Failure>,
    },

    /// `connection`: the one this seat was taken for.
    Seated {
        connection: u64,
        result: Result<Seated, Failure>,
    },
    Announced(Result<(), Failure>),
    Links(LinksInput),
    Voice(VoiceEvent),
    SettingsSaved(Result<(), Failure>),
    /// What earlier runs remembered for an account.
    NotesRead {
        account: AccountId,
        notes: Box<Notes>,
    },
    NotesSaved(Result<(), Failure>),
    /// The service wants to be left alone by this account until then, by the computer's clock.
    PauseBegan {
        account: AccountId,
        until: SystemTime,
    },
    Parties(PartiesInput),
    People(PeopleInput),
    Chats(ChatsInput),
}

/// What a capture was read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapturePurpose {
    Check,
    FindClient,
}

#[derive(Debug)]
pub enum CaptureFindings {
    Report(Report),
    Client(Option<FoundClient>),
}

/// What was found where secrets live.
#[derive(Debug)]
pub struct Opened {
    pub secrets: Option<Secrets>,
    pub client: Option<ClientInUse>,
    pub accounts: Vec<KnownAccount>,
    /// The one in use when the program ended.
    pub last: Option<AccountSlot>,
}

/// A sign-in that worked.
#[derive(Debug)]
pub struct Arrived {
    pub me: Profile,
    /// The account in use got new tokens; nothing else changed.
    pub again: bool,
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
    /// The bridge sends us the others' voices; otherwise it listens alone.
    pub carries: bool,
}

/// What to do. Carried out by [`super::run`], in order.
#[derive(Debug, PartialEq)]
pub enum Effect {
    OpenKept,
    SignIn {
        attempt: Attempt,
        way: SignInWay,
    },
    /// Signs an account in by what was kept of it.
    Resume {
        attempt: Attempt,
        slot: AccountSlot,
    },
    /// For the sign-in under way.
    BringRedirect(Secret),
    CancelSignIn,
    /// The account of this sign-in is the one in use from now on.
    TakeAccount {
        attempt: Attempt,
    },
    /// Ends everything of the account; what is kept of it stays.
    DropAccount,
    /// Nothing is kept of the account in use, from now on.
    ForgetAccountInUse,
    /// Nothing is kept of one that is not in use.
    ForgetKept(AccountSlot),
    UseClient(OAuthClient),
    ForgetClient,
    MoveSecrets(SecretStorage),
    AskScheme(SchemeQuestion),
    ReadCapture {
        attempt: Attempt,
        file: PathBuf,
        purpose: CapturePurpose,
    },
    CancelCapture,
    SaveReport {
        report: Arc<Report>,
        file: PathBuf,
    },

    /// `again`: this sign-in had a push line before.
    OpenPush {
        again: bool,
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
        accounts: Vec<AccountId>,
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
    /// To a member.
    Links(LinksEffect),
    /// Ends every connection.
    HangUp,
    /// A seat that came too late to be used.
    GiveSeatBack(Seat),
    Voice(VoiceControl),

    /// The pause that an earlier run was in.
    HonourPause(SystemTime),
    Parties(PartiesEffect),
    People(PeopleEffect),
    Chats(ChatsEffect),
    SaveSettings(Box<Settings>),
    /// For the account in use, if it is kept.
    /// `besides_earlier`: what earlier runs remembered was not read so far, and is not to be lost.
    SaveNotes {
        notes: Box<Notes>,
        besides_earlier: bool,
    },
    Notify(Notice),
    /// The loop ends after this.
    Finish,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInWay {
    Browser,
    Npsso(Secret),
    /// An account of the sandbox by its name.
    SandboxAccount(OnlineId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeQuestion {
    Status,
    Register,
    Unregister,
}

/// The way into a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Create {
        name: String,
        privacy: crate::model::Privacy,
        limit: u32,
    },
    Join(SessionId),
    /// What somebody shared, and where it leads.
    Link {
        link: PartyLink,
        session: SessionId,
    },
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
    Processing(Processing),
    LevelVoices(bool),
    Hearing(Vec<(AccountId, Hearing)>),
    StunServers(Vec<String>),
    FrameTime(u32),
    PartyOutput(Option<DeviceChoice>),
    /// `None` ends it.
    Record(Option<Recorder>),
}
