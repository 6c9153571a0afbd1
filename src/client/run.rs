//! The loop: takes inputs in, lets [`State`] decide, carries the effects out, publishes. It runs on the thread `client`, its
//! tasks on that thread's tokio workers, and everything it spawns is tracked and ends with it.

use std::{io, path::PathBuf, sync::Arc, thread::JoinHandle, time::Duration};

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    COMMAND_BACKLOG, Command, Handle, NOTICE_BACKLOG, Notice, PICTURE_BACKLOG, Place, ProblemKind, Service,
    Snapshot, Waker,
    input::{Effect, Input},
    keeper::{Keeper, Plan},
    pictures::{Pictures, Window},
    signing_in,
    state::State,
    world::{Arrival, InUse, World},
};
use crate::{
    model::{ClientSource, Clock, OAuthClient, Processing, Settings, TalkMode},
    psn::{self, Endpoints},
    store::{self, Loaded, Paths, PictureCache},
    voice::{Meters, Microphone, Network, Speakers, Talk, Voice, VoiceConfig, VoiceEvent},
};

const INPUT_BACKLOG: usize = 1024;
const WORKERS: usize = 2;
/// For blocking calls that still run; the rest has ended by then.
const SHUTDOWN_TIME: Duration = Duration::from_millis(100);

/// How a client is set up.
pub struct Config {
    pub endpoints: Endpoints,
    /// `None`: the one that is kept, or that the user supplies in this run.
    pub client: Option<(OAuthClient, ClientSource)>,
    /// `None`: nothing is read from or written to the user's folders.
    pub paths: Option<Paths>,
    /// Whether accounts and the client outlive the run, below `paths` and in the keyring; pointless for a service that
    /// forgets them itself.
    pub remember: bool,
    /// Where a second start of the program finds this one, see [`crate::desktop::Instance`]. `None`: it does not.
    pub instances: Option<PathBuf>,
    /// The time.
    pub clock: Clock,
    /// Instead of the device the settings name.
    pub microphone: Option<Microphone>,
    /// Instead of the device the settings name.
    pub speakers: Option<Speakers>,
    /// Instead of the mode the settings name.
    pub talk_mode: Option<TalkMode>,
    /// Instead of the frame time the settings name.
    pub frame_millis: Option<u32>,
    /// Instead of the processing the settings name.
    pub processing: Option<Processing>,
    /// Instead of those the settings name, and in a sandbox too, which otherwise has none.
    pub stun_servers: Option<Vec<String>>,
}

/// The machine refused what a client needs.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the client's thread could not be started")]
    Thread(#[from] io::Error),
    #[error("the HTTP client could not be made")]
    Http(#[from] reqwest::Error),
    #[error("the voice thread could not be started")]
    Voice(#[from] crate::voice::StartError),
}

/// A running client. [`Client::join`] waits for its end, which [`Command::Quit`] or the end of every [`Handle`] brings.
pub struct Client {
    thread: JoinHandle<()>,
}

impl Client {
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub fn start(config: Config, wake: Waker) -> Result<(Self, Handle), StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("client-worker")
            .enable_all()
            .build()?;
        let (commands, command_queue) = mpsc::channel(COMMAND_BACKLOG);
        let (notice_sink, notices) = mpsc::channel(NOTICE_BACKLOG);
        let meters = Arc::new(Meters::default());
        let (wanted_pictures, wanted) = mpsc::channel(PICTURE_BACKLOG);
        let (arrived, pictures) = mpsc::channel(PICTURE_BACKLOG);
        let window = Window { wanted, arrived, wake: Arc::clone(&wake) };
        let (state, world, queues) = {
            let _inside = runtime.enter();
            set_up(config, Arc::clone(&meters), command_queue, notice_sink, window)?
        };
        let (publisher, snapshots) = watch::channel(Arc::new(state.snapshot()));
        // The voice thread ends with the client, not with the last handle.
        let voice = Arc::downgrade(&world.voice);
        let report = Arc::new(move || voice.upgrade().map(|voice| voice.report()).unwrap_or_default());
        let in_use = world.in_use.clone();
        let budget = Arc::new(move || in_use.budget());
        let handle =
            Handle { commands, snapshots, notices, meters, report, budget, wanted_pictures, pictures };
        let work = move || {
            runtime.block_on(run(state, world, queues, publisher, wake));
            runtime.shutdown_timeout(SHUTDOWN_TIME);
        };
        let thread = std::thread::Builder::new().name("client".into()).spawn(work)?;
        Ok((Self { thread }, handle))
    }

    /// Blocks until the client has ended.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the client's thread panicked");
        }
    }
}

fn set_up(
    config: Config,
    meters: Arc<Meters>,
    commands: mpsc::Receiver<Command>,
    notices: mpsc::Sender<Notice>,
    window: Window,
) -> Result<(State, World, Queues), StartError> {
    let service = if config.endpoints.is_sandbox() { Service::Sandbox } else { Service::Live };
    let loaded = config.paths.as_ref().map_or(Loaded::Fresh, store::load_settings);
    let unreadable = loaded == Loaded::Unreadable;
    let mut settings = match loaded {
        Loaded::Settings(settings) => settings,
        Loaded::Fresh | Loaded::Unreadable => Settings::default(),
    };
    settings.talk_mode = config.talk_mode.unwrap_or(settings.talk_mode);
    settings.frame_millis = config.frame_millis.unwrap_or(settings.frame_millis);
    settings.processing = config.processing.unwrap_or(settings.processing);
    let (inputs, input_queue) = mpsc::channel(INPUT_BACKLOG);
    let (arrivals, arrival_queue) = mpsc::channel(1);
    // Of its own: what becomes of a connection or a recording is said once. It stays short, since voice says little and the loop
    // waits for nothing.
    let (voice_sink, voice_events) = mpsc::unbounded_channel();
    // The voice thread must not wait for whoever draws, not even for a lock.
    let meters_moved = Arc::new(Notify::new());
    let woken = Arc::clone(&meters_moved);
    let voice = Voice::start(
        VoiceConfig {
            microphone: config.microphone.clone().unwrap_or(Microphone::Device(settings.microphone.clone())),
            speakers: config.speakers.clone().unwrap_or(Speakers::Device(settings.speakers.clone())),
            talk: Talk {
                mode: settings.talk_mode,
                activation: settings.activation,
                key_held: false,
                muted: false,
                deafened: false,
                release_hold: settings.release_hold(),
            },
            network: if config.endpoints.is_loopback() { Network::Loopback } else { Network::Any },
        },
        meters,
        Arc::new(move || woken.notify_one()),
        // At the end nobody is there to hear it.
        move |event| drop(voice_sink.send(event)),
    )?;
    if let Some(servers) = &config.stun_servers {
        voice.set_stun_servers(servers.clone());
    }
    let http = psn::http_client(&config.endpoints)?;
    let remembered = config.paths.as_ref().filter(|_| config.remember);
    let profile = remembered.map(store::lock_profile).transpose().unwrap_or_else(|error| {
        tracing::warn!(kind = %error.kind(), "the profile could not be locked");
        None
    });
    let plan = match (remembered, &profile) {
        (Some(paths), Some(Some(_))) => {
            Plan::Profile { paths: paths.clone(), chosen: settings.secret_storage }
        }
        _ => Plan::Nothing,
    };
    let shared = remembered.is_some() && matches!(plan, Plan::Nothing);
    let cache = match &plan {
        Plan::Profile { paths, .. } => PictureCache::in_folder(paths.pictures()),
        Plan::Nothing => PictureCache::nowhere(),
    };
    let cache = Arc::new(cache);
    let name = config.endpoints.name();
    let keeper = Keeper::start(plan, name, Arc::clone(&cache), inputs.clone(), arrivals.clone())?;
    let (tasks, running) = (TaskTracker::new(), CancellationToken::new());
    let pictures = Pictures::start(window, cache, config.clock.clone(), &tasks, running.clone());
    let mut state = State::new(service, settings);
    // Nothing of the user's is written to without folders of the user's.
    state.keep_recordings_in(config.paths.as_ref().and_then(|_| store::recordings_folder()));
    if shared {
        state.raise(Place::SignIn, ProblemKind::ProfileInUse, "the profile is locked, or cannot be");
    }
    if unreadable {
        state.raise(Place::Settings, ProblemKind::SettingsUnreadable, "the settings file did not parse");
    }
    let world = World {
        service: signing_in::Service {
            endpoints: Arc::new(config.endpoints),
            http,
            refreshes: TaskTracker::new(),
            clock: config.clock,
        },
        client: config.client,
        keeper,
        _profile: profile.flatten(),
        way_back: Arc::default(),
        paths: config.paths,
        fixed_microphone: config.microphone.is_some(),
        fixed_speakers: config.speakers.is_some(),
        fixed_stun_servers: config.stun_servers.is_some(),
        voice: Arc::new(voice),
        inputs,
        arrivals,
        notices,
        tasks,
        signing_in: CancellationToken::new(),
        wanted: None,
        arrived: None,
        resuming: None,
        account: None,
        in_use: InUse::default(),
        pictures,
        running,
        reading_capture: CancellationToken::new(),
    };
    if let Some(folder) = config.instances {
        world.listen_for_other_starts(folder);
    }
    Ok((
        state,
        world,
        Queues { commands, inputs: input_queue, voice_events, arrivals: arrival_queue, meters_moved },
    ))
}

async fn run(
    mut state: State,
    mut world: World,
    Queues { mut commands, mut inputs, mut voice_events, mut arrivals, meters_moved }: Queues,
    publisher: watch::Sender<Arc<Snapshot>>,
    wake: Waker,
) {
    let clock = world.service.clock.clone();
    for effect in state.handle(Input::Started, clock.now()) {
        world.carry_out(effect);
    }
    // Until the last handle is gone.
    let mut listening = true;
    'running: loop {
        let deadline = state.next_deadline().unwrap_or_else(|| clock.now() + Duration::from_secs(3600));
        let input = tokio::select! {
            command = commands.recv(), if listening => {
                listening = command.is_some();
                Input::Command(command.unwrap_or(Command::Quit))
            }
            Some(input) = inputs.recv() => input,
            Some(event) = voice_events.recv() => Input::Voice(event),
            Some(arrival) = arrivals.recv() => match world.welcome(arrival) {
                Some(input) => input,
                None => continue,
            },
            () = meters_moved.notified() => {
                wake();
                continue;
            }
            () = clock.sleep_until(deadline) => Input::Tick,
        };
        for effect in state.handle(input, clock.now()) {
            if effect == Effect::Finish {
                break 'running;
            }
            if let Some(notice) = world.carry_out(effect) {
                // Nobody listens: it is lost, by design.
                let _ = world.notices.try_send(notice);
                wake();
            }
        }
        world.settle();
        let fresh = state.snapshot();
        let changed = publisher.send_if_modified(|current| {
            let changed = **current != fresh;
            if changed {
                *current = Arc::new(fresh);
            }
            changed
        });
        if changed {
            wake();
        }
    }
    world.finish().await;
}

/// Where the loop's inputs come from.
struct Queues {
    commands: mpsc::Receiver<Command>,
    inputs: mpsc::Receiver<Input>,
    voice_events: mpsc::UnboundedReceiver<VoiceEvent>,
    arrivals: mpsc::Receiver<Arrival>,
    /// A level worth drawing changed.
    meters_moved: Arc<Notify>,
}
