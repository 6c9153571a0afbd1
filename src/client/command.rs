//! What the user asks for. Plain data; the UI and the headless client send the same ones.

use crate::model::{AccountId, OnlineId, PartyLink, Privacy, SessionId, Settings};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opens the sign-in page in the system's browser and waits for the redirect.
    SignIn,
    /// Signs in to a sandbox by an account's name, without a browser. Refused by the live service.
    SignInAs(OnlineId),
    /// Gives a sign-in under way up.
    CancelSignIn,
    SignOut,

    /// Empty name: the service shows the owner's.
    StartParty {
        name: String,
        privacy: Privacy,
        invite: Vec<AccountId>,
    },
    /// Joins by invitation, from a list, or because the user pasted the session's id.
    JoinParty(SessionId),
    /// Joins by what somebody shared.
    JoinByLink(PartyLink),
    DismissInvitation(SessionId),
    LeaveParty,
    Invite(AccountId),
    RenameParty(String),
    SetPrivacy(Privacy),

    /// After voice failed: try again from the start.
    RetryVoice,
    TalkKey {
        held: bool,
    },
    SetMuted(bool),
    SetDeafened(bool),

    /// Reads friends, presences, parties and invitations again.
    Refresh,
    /// The whole new value: saved, and in force at once.
    ChangeSettings(Box<Settings>),
    TestMicrophone(MicrophoneTest),
    PlayTestSound,
    DismissProblem(u64),
    /// Leaves the party, closes everything, ends within two seconds.
    Quit,
}

/// The microphone test of the settings page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MicrophoneTest {
    #[default]
    Off,
    /// The meter moves; nothing is heard.
    Meter,
    /// The user hears themselves.
    HearYourself,
}
