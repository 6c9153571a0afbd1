//! What happened once: a toast, later a sound or a desktop notification. Lost if nobody listens.

use crate::model::{DeviceKind, OnlineId, SecretStorage, SessionId};

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
    Invited {
        session: SessionId,
        from: Option<OnlineId>,
    },
    InvitationSent(OnlineId),
    VoiceConnected,
    VoiceInterrupted,
    DeviceLost(DeviceKind),
    DeviceInUse {
        kind: DeviceKind,
        name: String,
    },
    /// The talk key is held while muted: nobody hears it.
    TalkingWhileMuted,
}
