//! What is true now: one immutable value, published by the client, read by the UI.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use jiff::Timestamp;

use super::{
    command::MicrophoneTest,
    problem::{Problem, ProblemKind},
};
use crate::model::{
    AccountId, ChatMessage, ClientSource, DeviceKind, DeviceTrouble, Friend, FriendSummary, Group, GroupId,
    Hearing, Invitation, KeyringState, KnownAccount, LinkPreview, Notification, OnlineId, OpenParty,
    PartyLink, PartySession, PastParty, PlayedTitle, Presence, PrivateText, Profile, Progress, Report,
    SchemeStatus, SecretStorage, SessionId, Settings, SoundDevice, TalkMode,
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
    /// Online first, then by name. Whoever has no name so far is not among them.
    pub friends: Fetched<Arc<Vec<Friend>>>,
    pub people: People,
    /// Parties the user may see or is in, apart from the current one.
    pub parties: Fetched<Arc<Vec<PartySession>>>,
    /// Of the user's groups, and not among `parties`.
    pub open_parties: Arc<Vec<OpenParty>>,
    /// Newest first.
    pub past_parties: Fetched<Arc<Vec<PastParty>>>,
    pub invitations: Arc<Vec<Invitation>>,
    /// What is behind a link, before one goes in.
    pub linked: Option<Linked>,
    /// The party that another device of this account is in; entering it here brings it over.
    pub elsewhere: Option<SessionId>,
    pub party: PartyState,
    pub chats: Chats,
    /// Newest first.
    pub notifications: Fetched<Arc<Vec<Notification>>>,
    pub link: LinkState,
    /// Since when the line is as it is.
    pub link_since: Instant,
}

impl SignedIn {
    /// Somebody who has just signed in: nothing is known.
    pub fn new(me: Profile, now: Instant) -> Self {
        Self {
            me,
            stay: Stay::Good,
            sign_in: None,
            friends: Fetched::default(),
            people: People::default(),
            parties: Fetched::default(),
            open_parties: Arc::default(),
            past_parties: Fetched::default(),
            invitations: Arc::default(),
            linked: None,
            elsewhere: None,
            party: PartyState::None,
            chats: Chats::default(),
            notifications: Fetched::default(),
            link: LinkState::Connecting,
            link_since: now,
        }
    }
}

/// People beyond the list of friends, and what is set about them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct People {
    /// On top of every list; kept by this program alone.
    pub favorites: Arc<BTreeSet<AccountId>>,
    /// Newest first.
    pub requests: Fetched<Arc<Vec<ReceivedRequest>>>,
    /// Asked in this run, and no answer so far; the service lists none of them.
    pub asked: Arc<BTreeSet<AccountId>>,
    pub blocked: Fetched<Arc<Vec<Profile>>>,
    pub appear_offline: AppearOffline,
    /// The one that is open.
    pub card: Option<Box<Card>>,
    /// Somebody is asked by their online id, until the service has answered.
    pub asking: bool,
    /// How many were asked by their online id in this run, and the service said yes.
    pub asked_by_name: u32,
    /// What the others see of the user; `None` until it was fetched.
    pub own_presence: Option<Presence>,
}

/// Somebody wants to be the user's friend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    pub from: Profile,
    pub requested: Option<Timestamp>,
}

/// Whether others see the user as offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppearOffline {
    /// Not known so far, or the service does not say.
    #[default]
    Unknown,
    Is(bool),
    /// On its way to this.
    Changing(bool),
    /// The service shows the setting and does not let this program change it.
    Fixed(bool),
}

/// All about one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub profile: Profile,
    pub presence: Option<Presence>,
    /// `None`: not known so far, or the service does not say.
    pub summary: Option<FriendSummary>,
    pub played: Played,
    pub blocked: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub enum Played {
    #[default]
    Reading,
    Titles(Arc<Vec<PlayedTitle>>),
    /// They keep it to themselves.
    Hidden,
    NotLoaded,
}

/// The party behind a link.
#[derive(Debug, Clone, PartialEq)]
pub enum Linked {
    Reading(PartyLink),
    Found {
        link: PartyLink,
        party: Box<LinkPreview>,
    },
    /// A [`Problem`] at [`super::problem::Place::Parties`] says why.
    NotFound(PartyLink),
}

/// Who writes to whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chats {
    /// Where something happened last comes first, favourites before all.
    pub list: Fetched<Arc<Vec<Chat>>>,
    pub open: Option<Box<OpenChat>>,
    /// Messages of all conversations that wait to be sent, or were not: they are gone when the program ends or another account
    /// is taken into use.
    pub unsent: usize,
}

/// One group in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    pub group: Group,
    pub unread: Unread,
    /// Those who are writing now.
    pub writing: Vec<AccountId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unread {
    #[default]
    None,
    Count(u32),
    /// There may be more: the messages between have not been read.
    AtLeast(u32),
}

/// The conversation on screen.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenChat {
    pub with: ChatWith,
    /// Oldest first.
    pub messages: Arc<Vec<ChatMessage>>,
    pub older: Older,
    /// Written here and not in `messages` so far, oldest first.
    pub outbox: Arc<Vec<Outgoing>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatWith {
    Group(GroupId),
    /// Nobody has written yet, or it is looked for.
    People(Vec<AccountId>),
}

/// What lies before the messages that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Older {
    #[default]
    Reading,
    More,
    NotLoaded,
    /// There are more, and as many are there as this program shows.
    NoMoreHere,
    /// The first message is there.
    Nothing,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Unique within a run.
    pub id: u64,
    pub text: PrivateText,
    pub state: Sending,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    Pending,
    /// It can be sent again, or discarded.
    Failed(ProblemKind),
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

impl<T> Fetched<Arc<Vec<T>>> {
    /// Nothing where it never arrived.
    pub fn items(&self) -> &[T] {
        self.value.as_deref().map_or(&[], Vec::as_slice)
    }
}

/// The line to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    /// Changes arrive as they happen, and everything has been read since they do.
    Live,
    /// The push line is down and lists are polled gently meanwhile, or it is up again and what was missed is being read.
    CatchingUp,
    /// The service cannot be reached.
    Offline,
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
    /// To the bridge.
    pub voice: VoiceStatus,
    /// Every other member, by account.
    pub members: Arc<BTreeMap<AccountId, MemberVoice>>,
    pub talk: TalkState,
    /// Invited in this party and not here yet.
    pub invited: Vec<AccountId>,
    /// Lets others in, once it was asked for.
    pub link: Option<PartyLink>,
    /// Where the members write to each other; `None` where the service has no group for this party.
    pub chat: Option<GroupId>,
    /// Whether its host may remove somebody, as far as this run has found out.
    pub may_remove: bool,
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

/// How one member is reached, and heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberVoice {
    pub reach: MemberReach,
    pub hearing: Hearing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberReach {
    /// A way to them is being found.
    Connecting,
    /// From here to them, without the bridge.
    Direct,
    /// The bridge carries their voice.
    Bridge,
    /// There was a way, and it broke; the client tries by itself.
    Reconnecting,
    /// The client gave up. It tries again in silence now and then, and at once where they or the user do.
    Unreachable(Unreachable),
}

/// Why there is no way to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// They switched voice chat off.
    VoiceOff,
    /// Their device never said anything to our offers.
    NoAnswer,
    /// Both agreed, and no path was found between the two networks.
    NoPath,
    /// They speak a way this program does not know.
    NotUnderstood,
    /// The service did not pass our offers on.
    NotPassedOn,
    /// There was a way; it broke again and again.
    Lost,
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
    /// See [`crate::model::Settings::party_output`].
    pub party_output: DeviceState,
    pub recording: Option<Recording>,
}

/// What one hears is being written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub file: PathBuf,
    pub since: Instant,
}

impl Sound {
    pub fn state(&self, kind: DeviceKind) -> &DeviceState {
        match kind {
            DeviceKind::Microphone => &self.microphone,
            DeviceKind::Speakers => &self.output,
            DeviceKind::PartyOutput => &self.party_output,
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
        /// What is wrong with the one it stands in for.
        refused: Option<DeviceTrouble>,
    },
    /// There is none, or none that opens. Voice goes on without.
    Missing(DeviceTrouble),
}
