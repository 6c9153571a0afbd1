//! What happened once: a toast, later a sound or a desktop notification. Lost if nobody listens.

use std::path::PathBuf;

use crate::model::{
    DeviceKind, DeviceTrouble, GroupId, MessageKind, OnlineId, PartyLink, PrivateText, SecretStorage,
    SessionId,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The same user signed in again, in place.
    SignedInAgain,
    /// The user gave signing in again, or adding an account, up.
    SignInCancelled,
    /// Somebody else is in use now.
    SwitchedTo(OnlineId),
    /// Everything secret lives there now.
    SecretsMoved(SecretStorage),
    MemberJoined(OnlineId),
    MemberLeft(OnlineId),
    /// Somebody else owns the party now.
    OwnerChanged(OnlineId),
    /// The user owns it.
    OwnPartyNow,
    Invited {
        session: SessionId,
        from: Option<OnlineId>,
    },
    InvitationSent(OnlineId),
    /// Several were invited at once.
    InvitationsSent(usize),
    /// The party is called so now; empty: it has no name any more.
    PartyRenamed(PrivateText),
    /// The link to the party is there to be copied.
    PartyLinkReady(PartyLink),
    FriendRequestFrom(OnlineId),
    FriendRequestSent(OnlineId),
    /// Somebody is a friend now.
    NewFriend(OnlineId),
    /// Somebody wrote, and the conversation is not on screen.
    Message {
        group: GroupId,
        from: OnlineId,
        kind: MessageKind,
        text: PrivateText,
    },
    /// Something new in the notifications.
    Notified {
        title: PrivateText,
    },
    VoiceConnected,
    VoiceInterrupted,
    /// A recording is of a party, and there is none.
    NothingToRecord,
    /// A recording ended, and is here.
    Recorded(PathBuf),
    DeviceLost(DeviceKind),
    DeviceInUse {
        kind: DeviceKind,
        name: String,
        /// What is wrong with the one it stands in for.
        refused: Option<DeviceTrouble>,
    },
    /// The talk key is held while muted: nobody hears it.
    TalkingWhileMuted,
}
