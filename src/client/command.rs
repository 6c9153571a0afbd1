//! What the user asks for. Plain data; the UI and the headless client send the same ones.

use std::path::PathBuf;

use crate::model::{
    AccountId, AccountSlot, OAuthClient, OnlineId, PartyLink, Privacy, Secret, SecretStorage, SessionId,
    Settings,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opens the sign-in page in the system's browser and waits for the redirect. For somebody who is signed in it is the
    /// same user again, in place: the party and the window stay.
    SignIn,
    /// The same for an account beside the one in use, which stays until the other is there.
    AddAccount,
    /// Signs in to a sandbox by an account's name, without a browser. Refused by the live service.
    SignInAs(OnlineId),
    /// Signs in by the cookie of a signed-in browser session: its value, or the page that shows it.
    SignInWithNpsso(Secret),
    /// For the sign-in under way: the address that the browser ended on, or the code in it.
    PasteRedirect(Secret),
    /// Gives a sign-in under way up.
    CancelSignIn,
    /// Leaves the party and goes on as another account that is kept.
    SwitchAccount(AccountSlot),
    /// Leaves the party, and nothing of the account is kept.
    SignOut,
    /// Nothing of an account that is not in use is kept.
    ForgetAccount(AccountSlot),
    /// After a kept account could not be signed in: try again now.
    RetryStart,

    /// Signs in with this client from now on, and keeps it.
    UseClient(OAuthClient),
    /// Nothing of the user's own client is kept.
    ForgetClient,
    /// Where secrets live from now on; those that are kept move there. The keyring may be tried again this way.
    KeepSecretsIn(SecretStorage),
    /// Lets the desktop send the sign-in's own scheme to this program.
    RegisterScheme,
    UnregisterScheme,

    /// Holds a capture (HAR) against this client's own types and reports what differs.
    CheckCapture(PathBuf),
    /// Looks for an OAuth client in a capture; nothing is kept before [`Command::UseFoundClient`].
    FindClient(PathBuf),
    UseFoundClient,
    SaveReport(PathBuf),
    /// Gives up reading, or puts away what came of it.
    CloseCapture,

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
