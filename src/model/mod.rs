//! Plain values that every layer speaks of. No I/O, no wire shapes, no thread of its own.

mod account;
mod call_budget;
mod capture;
mod clock;
mod exchange;
mod friend;
mod group;
mod ids;
mod image;
mod link;
mod notes;
mod notification;
mod party;
mod picture;
mod profile;
mod secret;
mod settings;
mod signal;
mod voice;

pub use account::{
    AccountSlot, ClientSource, KeyringState, KnownAccount, OAuthClient, SchemeStatus, SecretStorage,
};
pub use call_budget::CallBudget;
pub use capture::{Absent, Difference, EndpointReport, Finding, FoundClient, Part, Progress, Report};
pub use clock::Clock;
pub use exchange::{Body, Exchange, Header, Message};
pub use friend::{
    Availability, Friend, FriendRelation, FriendRequest, FriendSummary, FriendsPage, Game, PlayedTitle,
    Presence, Profile,
};
pub use group::{
    ChatMessage, Group, GroupMember, MessageKind, MessagePage, MessageRange, OpenParty, PastParty, Reaction,
    SentMessage,
};
pub use ids::{
    AccountId, BridgeId, BridgeToken, GroupId, InvalidAccountId, InvalidPartyLink, InvalidSessionId,
    MessageUid, NotificationId, OnlineId, PartyLink, PeerId, PrivateText, SessionId, ThreadId, TitleId,
    is_path_segment,
};
pub use image::{ImageUrl, InvalidImageUrl};
pub use link::{LinkMember, LinkPreview};
pub use notes::Notes;
pub use notification::Notification;
pub use party::{Bridge, Invitation, Member, PartySession, Platform, Privacy};
pub use picture::Picture;
pub use profile::{InvalidProfileName, ProfileName};
pub use secret::Secret;
pub use settings::{DeviceChoice, Settings, TalkKey, TalkMode, Theme};
pub use signal::{Description, Signal};
pub use voice::{
    Activation, Answer, Candidate, CandidateKind, CandidatePair, Decibels, DeviceKind, DeviceTrouble,
    Hearing, LinkPhase, LinkReport, LinkSample, Offer, OtherEnd, Processing, RecordingFormat, SoundDevice,
    VoiceReport,
};
