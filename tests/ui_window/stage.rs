//! The window on a stage: hand-made snapshots go in, commands come out. Names and ids are invented.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eframe::App as _;
use egui::{Event, Key, Modifiers, RawInput, TextureId};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use partyline::{
    client::{
        Capture, ClientInUse, Command, Fetched, Handle, LinkState, Meters, Notice, Party, PartyState,
        PictureArrival, Place, Problem, ProblemKind, Screen, Secrets, Service, SignIn, SignedIn, Snapshot,
        Sound, TalkState, VoiceStatus, WayBack,
    },
    model::{
        AccountId, Availability, CallBudget, ClientSource, Friend, Game, ImageUrl, Invitation, KeyringState,
        KnownAccount, Member, OAuthClient, OnlineId, PartySession, Picture, Platform, Presence, Privacy,
        Profile, SchemeStatus, SecretStorage, Settings, SoundDevice, TalkMode,
    },
    ui::{App, SandboxOffer},
};
use tokio::sync::{mpsc, watch};

pub const ME: u64 = 1;
pub const NOVA: u64 = 11;
pub const TIDEWALKER: u64 = 12;
pub const ODALYS: u64 = 14;

/// The window and the client's ends of it.
pub struct Stage {
    pub window: Harness<'static, App>,
    pub meters: Arc<Meters>,
    client: Client,
}

/// The client's ends.
struct Client {
    commands: mpsc::Receiver<Command>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    notices: mpsc::Sender<Notice>,
    wanted_pictures: mpsc::Receiver<ImageUrl>,
    pictures: mpsc::Sender<PictureArrival>,
}

impl Stage {
    pub fn new(snapshot: Snapshot) -> Self {
        Self::sized(snapshot, 1280.0, 800.0)
    }

    pub fn sized(snapshot: Snapshot, width: f32, height: f32) -> Self {
        Self::offering(snapshot, width, height, SandboxOffer::None)
    }

    /// `offer` is what "Try the sandbox" starts.
    pub fn offering(snapshot: Snapshot, width: f32, height: f32, offer: SandboxOffer) -> Self {
        let (handle, client) = client(snapshot);
        let meters = handle.meters.clone();
        let mut window = Harness::builder()
            .with_size([width, height])
            .allow_missing_glyphs()
            .build_eframe(|creation| App::new(&creation.egui_ctx, handle, offer));
        window.run();
        Self { window, meters, client }
    }

    /// Another client, which shows `snapshot` for good.
    pub fn handle_of(snapshot: Snapshot) -> Handle {
        client(snapshot).0
    }

    pub fn publish(&mut self, change: impl FnOnce(&mut Snapshot)) {
        self.client.snapshots.send_modify(|snapshot| change(Arc::make_mut(snapshot)));
        self.window.run();
    }

    /// The same, and the one frame that it causes at once.
    pub fn publish_once(&mut self, change: impl FnOnce(&mut Snapshot)) {
        self.client.snapshots.send_modify(|snapshot| change(Arc::make_mut(snapshot)));
        self.window.step();
    }

    /// The same, and no frame: the next one shows it.
    pub fn publish_silently(&mut self, change: impl FnOnce(&mut Snapshot)) {
        self.client.snapshots.send_modify(|snapshot| change(Arc::make_mut(snapshot)));
    }

    pub fn notify(&mut self, notice: Notice) {
        self.client.notices.try_send(notice).expect("room for a notice");
        self.window.run();
    }

    pub fn click(&mut self, label: &str) {
        self.window.get_by_label(label).click();
        self.window.run();
    }

    /// The menu of the other button of the mouse.
    pub fn open_menu(&mut self, label: &str) {
        self.window.get_by_label(label).click_secondary();
        self.window.run();
    }

    /// The pictures asked for since the last call.
    pub fn wanted_pictures(&mut self) -> Vec<ImageUrl> {
        std::iter::from_fn(|| self.client.wanted_pictures.try_recv().ok()).collect()
    }

    pub fn deliver(&mut self, image: ImageUrl, picture: Option<Picture>) {
        self.client.pictures.try_send((image, picture)).expect("room for a picture");
        self.window.run();
    }

    /// Which picture is painted how often: all textures but that of the letters.
    pub fn painted_pictures(&self) -> usize {
        let shapes = &self.window.output().shapes;
        let is_picture = |id: TextureId| matches!(id, TextureId::Managed(n) if n > 0);
        shapes.iter().filter(|clipped| is_picture(clipped.shape.texture_id())).count()
    }

    /// The one drawn last of several: that of a dialog.
    pub fn click_last(&mut self, label: &str) {
        self.window.get_all_by_label(label).last().expect("one at least").click();
        self.window.run();
    }

    /// How often `label` is on screen.
    pub fn count(&self, label: &str) -> usize {
        self.window.query_all_by_label(label).count()
    }

    /// One click and no further frame: what the window put out is still there to look at.
    pub fn click_once(&mut self, label: &str) {
        self.window.get_by_label(label).click();
        self.window.step();
    }

    /// A key as the window system reports it, before any widget sees it.
    pub fn raw_key(&mut self, key: Key, pressed: bool) {
        let modifiers = Modifiers::NONE;
        let event = Event::Key { key, physical_key: Some(key), pressed, repeat: false, modifiers };
        let mut input = RawInput { events: vec![event], focused: true, ..Default::default() };
        let ctx = self.window.ctx.clone();
        self.window.state_mut().raw_input_hook(&ctx, &mut input);
    }

    /// The window gains or loses the eyes on it, as the window system tells.
    pub fn focus(&mut self, focused: bool) {
        let mut input = RawInput { focused, ..Default::default() };
        input.viewports.entry(input.viewport_id).or_default().focused = Some(focused);
        let ctx = self.window.ctx.clone();
        self.window.state_mut().raw_input_hook(&ctx, &mut input);
    }

    /// Draws the window again after `seconds`.
    pub fn later(&mut self, seconds: f64) {
        let now = self.window.ctx.time();
        self.window.input_mut().time = Some(now + seconds);
        self.window.run();
    }

    /// How long the window would rest now, if nobody woke it.
    pub fn repaint_delay(&self) -> Duration {
        self.window
            .output()
            .viewport_output
            .values()
            .map(|out| out.repaint_delay)
            .min()
            .unwrap_or(Duration::MAX)
    }

    /// Puts the focus into the field `label` and types.
    pub fn type_into(&mut self, label: &str, text: &str) {
        self.click(label);
        self.window.event(Event::Text(text.into()));
        self.window.run();
    }

    pub fn press(&mut self, key: Key) {
        self.window.key_press(key);
        self.window.run();
    }

    /// What a field holds, as a screen reader has it.
    pub fn value(&self, label: &str) -> String {
        // Its name may stand above it as well.
        let field = self.window.get_all_by_label(label).last().expect("a field");
        field.accesskit_node().value().unwrap_or_default()
    }

    pub fn is_enabled(&self, label: &str) -> bool {
        !self.window.get_by_label(label).accesskit_node().is_disabled()
    }

    /// Everything on screen: what is painted, and what a screen reader is told.
    pub fn everything(&self) -> String {
        let mut text = format!("{:?}", self.window.output().shapes);
        for node in self.window.root().children_recursive() {
            let node = node.accesskit_node();
            for said in [node.label(), node.value(), node.description()].into_iter().flatten() {
                text.push_str(&said);
                text.push('\n');
            }
        }
        text
    }

    pub fn shows(&self, text: &str) -> bool {
        self.window.query_all_by_label_contains(text).next().is_some()
    }

    /// What was asked of the client since the last call.
    pub fn commands(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.client.commands.try_recv().ok()).collect()
    }
}

/// A window's end of a client, and the client's ends of it.
fn client(snapshot: Snapshot) -> (Handle, Client) {
    let (command_sender, commands) = mpsc::channel(64);
    let (snapshots, snapshot_receiver) = watch::channel(Arc::new(snapshot));
    let (notices, notice_receiver) = mpsc::channel(64);
    let (picture_wisher, wanted_pictures) = mpsc::channel(64);
    let (pictures, picture_receiver) = mpsc::channel(64);
    let handle = Handle {
        commands: command_sender,
        snapshots: snapshot_receiver,
        notices: notice_receiver,
        meters: Arc::new(Meters::default()),
        stats: Arc::new(|| None),
        budget: Arc::new(|| Some(CallBudget { used: 37, limit: 270, window: Duration::from_secs(900) })),
        wanted_pictures: picture_wisher,
        pictures: picture_receiver,
    };
    (handle, Client { commands, snapshots, notices, wanted_pictures, pictures })
}

fn snapshot(screen: Screen) -> Snapshot {
    let device = SoundDevice { id: "a".into(), name: "USB headset".into(), is_default: true };
    Snapshot {
        service: Service::Sandbox,
        screen,
        client: Some(ClientInUse {
            id: "sandbox-client".into(),
            redirect: "http://127.0.0.1/redirect".into(),
            masked_secret: "••••••".into(),
            source: ClientSource::Sandbox,
        }),
        accounts: Vec::new(),
        secrets: None,
        scheme: SchemeStatus::Unknown,
        capture: Capture::None,
        settings: Settings::default(),
        sound: Sound { microphones: vec![device.clone()], speakers: vec![device], ..Sound::default() },
        problems: Vec::new(),
    }
}

pub fn signed_out() -> Snapshot {
    snapshot(Screen::SignedOut)
}

pub fn signing_in(link: &str) -> Snapshot {
    snapshot(Screen::SigningIn(SignIn {
        link: Some(link.into()),
        way_back: WayBack::Loopback,
        finishing: false,
    }))
}

/// The live service, with a client secret from `source`, kept in the keyring.
pub fn live(mut snapshot: Snapshot, source: Option<ClientSource>) -> Snapshot {
    snapshot.service = Service::Live;
    snapshot.client = source.map(|source| ClientInUse {
        id: OAuthClient::MOBILE_ID.into(),
        redirect: OAuthClient::MOBILE_REDIRECT.into(),
        masked_secret: "ab••••••".into(),
        source,
    });
    snapshot.secrets = Some(secrets(SecretStorage::Keyring, KeyringState::Working));
    snapshot
}

pub fn secrets(storage: SecretStorage, keyring: KeyringState) -> Secrets {
    Secrets { storage, keyring, choice_wanted: false }
}

/// The live service before there is a client secret.
pub fn first_run() -> Snapshot {
    live(signed_out(), None)
}

/// The live service with everything it takes to sign in.
pub fn ready_to_sign_in() -> Snapshot {
    live(signed_out(), Some(ClientSource::Kept))
}

/// The browser is at work.
pub fn waiting(way_back: WayBack, scheme: SchemeStatus) -> Snapshot {
    let mut snapshot = live(signing_in(LINK), Some(ClientSource::Kept));
    snapshot.screen = Screen::SigningIn(under_way(way_back));
    snapshot.scheme = scheme;
    snapshot
}

pub const LINK: &str = "https://accounts.invalid/authorize?client_id=abc&state=s1";

pub fn under_way(way_back: WayBack) -> SignIn {
    SignIn { link: Some(LINK.into()), way_back, finishing: false }
}

/// Two accounts that are kept: the one that `home` is signed in as, and another.
pub fn kept_accounts() -> Vec<KnownAccount> {
    let known = |slot: &str, id: u64, name: &str| KnownAccount {
        slot: slot.parse().expect("a slot"),
        account: AccountId(id),
        online_id: name.into(),
        ends: None,
    };
    vec![known("00000000000000a1", ME, "marlow_87"), known("00000000000000a2", 21, "Kestrel_9")]
}

/// Signed in, with friends, an invitation and a party to join.
pub fn home() -> Snapshot {
    let invitation = Invitation {
        session: "squad".into(),
        from: Some("Nova".into()),
        from_account: Some(AccountId(NOVA)),
        party_name: "Sunday squad".into(),
        members: vec!["Nova".into(), "tidewalker".into()],
    };
    snapshot(Screen::SignedIn(Box::new(SignedIn {
        friends: arrived(Arc::new(vec![
            friend(NOVA, "Nova", Some("Astro Rally")),
            friend(TIDEWALKER, "tidewalker", Some("Deep Harbor")),
            friend(ODALYS, "Odalys", None),
        ])),
        parties: arrived(Arc::new(vec![session("harbor", "Harbor night", &[(TIDEWALKER, "tidewalker")])])),
        invitations: Arc::new(vec![invitation]),
        link: LinkState::Live,
        ..SignedIn::new(Profile::named(AccountId(ME), "marlow_87"), Instant::now())
    })))
}

/// In a party with Nova and tidewalker, voice connected.
pub fn in_party() -> Snapshot {
    let mut snapshot = home();
    join(&mut snapshot);
    snapshot
}

pub fn join(snapshot: &mut Snapshot) {
    let members = [(ME, "marlow_87"), (NOVA, "Nova"), (TIDEWALKER, "tidewalker")];
    signed_in(snapshot).invitations = Arc::default();
    signed_in(snapshot).party = PartyState::Joined(Box::new(Party {
        session: session("squad", "Sunday squad", &members),
        voice: VoiceStatus::Connected,
        talk: TalkState { mode: TalkMode::PushToTalk, key_held: false, muted: false, deafened: false },
        invited: Vec::new(),
        link: None,
        chat: None,
        may_remove: true,
    }));
}

pub fn signed_in(snapshot: &mut Snapshot) -> &mut SignedIn {
    match &mut snapshot.screen {
        Screen::SignedIn(signed_in) => signed_in,
        Screen::Starting { .. } | Screen::SignedOut | Screen::SigningIn(_) => panic!("signed out"),
    }
}

pub fn party(snapshot: &mut Snapshot) -> &mut Party {
    match &mut signed_in(snapshot).party {
        PartyState::Joined(party) => party,
        PartyState::None | PartyState::Joining | PartyState::Leaving => panic!("not in a party"),
    }
}

pub fn problem(kind: ProblemKind, place: Place) -> Problem {
    Problem { id: 7, kind, place, diagnostic: "POST /bridges: 503".into() }
}

pub fn arrived<T>(value: T) -> Fetched<T> {
    Fetched { value: Some(value), fetching: false }
}

pub fn friend(id: u64, name: &str, game: Option<&str>) -> Friend {
    Friend {
        profile: Profile::named(AccountId(id), name),
        presence: Some(Presence {
            availability: Availability::Online,
            platform: Some(Platform::Ps5),
            game: game.map(Game::titled),
            last_online: None,
        }),
    }
}

pub fn session(id: &str, name: &str, members: &[(u64, &str)]) -> PartySession {
    let member = |(order, (account, name)): (usize, &(u64, &str))| Member {
        account: AccountId(*account),
        online_id: OnlineId::from(*name),
        platform: Platform::Ps5,
        join_order: order as u32,
        muted: false,
        voice_off: false,
        connected_to: Some(Vec::new()),
    };
    PartySession {
        id: id.into(),
        name: name.into(),
        privacy: Privacy::InviteOnly,
        max_members: 16,
        owner: members.first().map(|(account, _)| AccountId(*account)),
        members: members.iter().enumerate().map(member).collect(),
        bridge: None,
        joinable: true,
        request_to_join: false,
        created: None,
    }
}
