//! Plain values that every layer speaks of. No I/O, no wire shapes, no thread of its own.

mod account;
mod capture;
mod clock;
mod exchange;
mod friend;
mod ids;
mod party;
mod profile;
mod secret;
mod settings;
mod voice;

pub use account::{
    AccountSlot, ClientSource, KeyringState, KnownAccount, OAuthClient, SchemeStatus, SecretStorage,
};
pub use capture::{Absent, Difference, EndpointReport, Finding, FoundClient, Part, Progress, Report};
pub use clock::Clock;
pub use exchange::{Body, Exchange, Header, Message};
pub use friend::{Availability, Friend, Presence, Profile};
pub use ids::{
    AccountId, BridgeId, BridgeToken, InvalidAccountId, InvalidPartyLink, InvalidSessionId, OnlineId,
    PartyLink, PeerId, SessionId,
};
pub use party::{Bridge, Invitation, Member, PartySession, Platform, Privacy};
pub use profile::{InvalidProfileName, ProfileName};
pub use secret::Secret;
pub use settings::{DeviceChoice, Settings, TalkKey, TalkMode, Theme};
pub use voice::{Answer, Decibels, DeviceKind, Offer, SoundDevice, VoicePath, VoiceStats};
