//! What is true now: one immutable value, published by the client, read by the UI.

use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

use super::{command::MicrophoneTest, problem::Problem};
use crate::model::{
    AccountId, ClientSource, DeviceKind, Friend, Invitation, KeyringState, KnownAccount, OnlineId,
    PartySession, Profile, Progress, Report, SchemeStatus, SecretStorage, Settings, SoundDevice, TalkMode,
};

/// Everything the window shows, apart from sampled levels ([`crate::voice::Meters`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub service: Service,
    pub screen: Screen,
    /// Who the program is to the sign-in. `None`: the user has a client secret to supply first.
    pub client: Option<ClientInUse>,
    /// Those that can be switched to, and the one in use if it is kept.
    pub accounts: Vec<KnownAccount>,
    /// `None`: nothing outlives this run.
    pub secrets: Option<Secrets>,
    pub scheme: SchemeStatus,
    pub capture: Capture,
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

/// The OAuth client in force, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInUse {
    pub id: String,
    pub redirect: String,
    pub masked_secret: String,
    pub source: ClientSource,
}

/// A capture of the user's own that is looked into, see [`crate::client::Command::CheckCapture`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Capture {
    #[default]
    None,
    Reading(Progress),
    /// Found in it, and not in use before the user says yes. The redirect is the mobile app's where the capture has none.
    FoundClient {
        id: String,
        redirect: String,
        masked_secret: String,
        /// How many other clients signed in as well.
        others: usize,
    },
    /// Nobody signs in in this capture.
    NoClient,
    Checked {
        report: Arc<Report>,
        file: ReportFile,
    },
    Failed(CaptureTrouble),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTrouble {
    CannotOpen,
    /// It is something else, or damaged beyond reading.
    NotACapture,
    /// Somebody signs in, and where the browser is sent afterwards is not in it.
    NoRedirect,
}

/// Where a report was saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReportFile {
    #[default]
    None,
    Saved(PathBuf),
    CannotSave,
}

/// Where secrets live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets {
    pub storage: SecretStorage,
    pub keyring: KeyringState,
    /// The keyring cannot be used and the user has not said what to do instead.
    pub choice_wanted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// What was kept is read, or an account of before is signed in by it; a [`Problem`] at
    /// [`super::problem::Place::Starting`] says where that fails for now.
    Starting {
        account: Option<OnlineId>,
    },
    SignedOut,
    SigningIn(SignIn),
    SignedIn(Box<SignedIn>),
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq)]
pub struct SignIn {
    /// The address the browser was sent to, for copying. `None` until it is known, and where no browser is needed.
    pub link: Option<SignInLink>,
    pub way_back: WayBack,
    /// The browser's part is done; the service is asked for tokens.
    pub finishing: bool,
}

/// The address of a sign-in under way. It holds the state that its answer must bring back: shown to its user, and printed to
/// nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInLink(Arc<str>);

impl SignInLink {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SignInLink {
    fn from(link: &str) -> Self {
        Self(link.into())
    }
}

impl fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[link]")
    }
}

/// How the browser's answer reaches the program. Pasting works besides each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WayBack {
    /// By itself, to a page of this program.
    #[default]
    Loopback,
    /// By an address of the client's own scheme: by itself where the desktop hands it over, see [`Snapshot::scheme`].
    Scheme,
    /// By pasting alone: the page's port is taken.
    Paste,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    pub me: Profile,
    pub stay: Stay,
    /// In place, or for another account.
    pub sign_in: Option<SignIn>,
    pub friends: Fetched<Vec<Friend>>,
    /// Parties the user may see or is in, apart from the current one.
    pub parties: Fetched<Vec<PartySession>>,
    pub invitations: Vec<Invitation>,
    pub party: PartyState,
    pub link: LinkState,
}

/// How long the user stays signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stay {
    #[default]
    Good,
    /// Sign in again by this day of the computer's clock; shown from seven days before.
    EndsSoon(SystemTime),
    /// Nothing works but the voice that is connected, until the user signs in again.
    Ended,
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
