//! What is true now: one immutable value, published by the client, read by the UI.

use std::sync::Arc;

use super::{command::MicrophoneTest, problem::Problem};
use crate::model::{
    AccountId, DeviceKind, Friend, Invitation, PartySession, Profile, Settings, SoundDevice, TalkMode,
};

/// Everything the window shows, apart from sampled levels ([`crate::voice::Meters`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub service: Service,
    pub screen: Screen,
    pub settings: Settings,
    pub sound: Sound,
    /// Each is shown where it belongs, see [`Problem::place`].
    pub problems: Vec<Problem>,
}

/// Which service this run talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Live,
    Sandbox,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    SignedOut,
    /// `link`: the address the browser was sent to, for copying. `None` until it is known.
    SigningIn {
        link: Option<Arc<str>>,
    },
    SignedIn(Box<SignedIn>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    pub me: Profile,
    pub friends: Fetched<Vec<Friend>>,
    /// Parties the user may see or is in, apart from the current one.
    pub parties: Fetched<Vec<PartySession>>,
    pub invitations: Vec<Invitation>,
    pub party: PartyState,
    pub link: LinkState,
}

/// A list that keeps its previous value while it is fetched again.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched<T> {
    /// `None`: never arrived so far.
    pub value: Option<T>,
    pub fetching: bool,
}

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self { value: None, fetching: false }
    }
}

/// The line to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    /// Changes arrive as they happen.
    Live,
    /// The push line is down; lists are polled gently meanwhile.
    CatchingUp,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartyState {
    None,
    Joining,
    Joined(Box<Party>),
    Leaving,
}

/// The party the user is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    pub session: PartySession,
    pub voice: VoiceStatus,
    pub talk: TalkState,
    /// Invited in this party and not here yet.
    pub invited: Vec<AccountId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceStatus {
    Connecting,
    Connected,
    /// It was connected; the client tries by itself.
    Reconnecting,
    /// The client gave up; a [`Problem`] at [`super::problem::Place::Voice`] says why and offers to try again.
    Failed,
}

/// The user's own controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TalkState {
    pub mode: TalkMode,
    pub key_held: bool,
    pub muted: bool,
    pub deafened: bool,
}

/// Sound devices as they are now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sound {
    pub microphones: Vec<SoundDevice>,
    pub speakers: Vec<SoundDevice>,
    pub microphone: DeviceState,
    pub output: DeviceState,
    pub microphone_test: MicrophoneTest,
}

impl Sound {
    pub fn state(&self, kind: DeviceKind) -> &DeviceState {
        match kind {
            DeviceKind::Microphone => &self.microphone,
            DeviceKind::Speakers => &self.output,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeviceState {
    /// Nothing needs it now.
    #[default]
    Closed,
    Open {
        name: String,
    },
    /// There is none, or none that opens. Voice goes on without.
    Missing,
}
