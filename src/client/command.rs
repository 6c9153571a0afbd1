//! What the user asks for. Plain data; the UI and the headless client send the same ones.

use std::path::PathBuf;

use crate::model::{
    AccountId, AccountSlot, GroupId, Hearing, MessageUid, NotificationId, OAuthClient, OnlineId, PartyLink,
    Privacy, PrivateText, Secret, SecretStorage, SessionId, Settings,
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

    /// Empty name: the service shows the owner's. `limit`: how many may be in, 2 to 16.
    StartParty {
        name: String,
        privacy: Privacy,
        limit: u32,
        invite: Vec<AccountId>,
    },
    /// Joins by invitation, from a list, or because the user pasted the session's id.
    JoinParty(SessionId),
    /// Joins by what somebody shared.
    JoinByLink(PartyLink),
    /// Shows who is behind a link. One goes in by [`Command::JoinByLink`].
    PreviewLink(PartyLink),
    ClosePreview,
    DismissInvitation(SessionId),
    LeaveParty,
    /// Into the current party, all at once.
    Invite(Vec<AccountId>),
    RenameParty(String),
    SetPrivacy(Privacy),
    SetLimit(u32),
    RemoveMember(AccountId),
    /// Asks for a link that lets others in.
    ShareParty,
    /// Parties of the past, and people one was in them with.
    ReadPastParties,

    OpenCard(AccountId),
    CloseCard,
    SetFavorite {
        account: AccountId,
        favorite: bool,
    },
    /// Asks somebody to become a friend, by the exact online id.
    AskFriend(OnlineId),
    /// The same for somebody who is known: in a party, in a group, on a card.
    AskFriendById(AccountId),
    AcceptRequest(AccountId),
    DeclineRequest(AccountId),
    /// Ends the friendship, or takes one's own request back.
    RemoveFriend(AccountId),
    Block(AccountId),
    Unblock(AccountId),
    ReadBlocked,
    ShareRealName(AccountId),
    AppearOffline(bool),

    OpenChat(GroupId),
    /// The conversation with one person, or with several at once. Their group is made with the first message.
    OpenChatWith(Vec<AccountId>),
    CloseChat,
    /// Whether somebody looks at the window. What arrives in an open conversation is told, and counts as unread, while nobody
    /// does. They do until this says otherwise.
    Look(bool),
    /// Scrolled to the oldest message that is there.
    ReadOlder,
    /// To the open conversation.
    SendMessage(PrivateText),
    RetryMessage(u64),
    DiscardMessage(u64),
    /// The user is writing; may be sent with every key.
    Writing,
    /// Answers a message of the open conversation without words, or takes that back.
    React {
        message: MessageUid,
        reaction: String,
    },
    MarkNotificationsRead(Vec<NotificationId>),

    /// After voice failed: try again from the start.
    RetryVoice,
    /// After a member could not be reached: the same for them alone.
    RetryMember(AccountId),
    /// How one member is heard, from now on and by this account.
    SetHearing {
        account: AccountId,
        hearing: Hearing,
    },
    /// Writes down what one hears, or ends it.
    Record(bool),
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
