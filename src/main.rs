//! The program: parses arguments, starts logging, starts the client (and the sandbox where asked), opens the window, ends all of it.

mod capture_cli;
mod cli;
mod logging;
#[cfg(feature = "sandbox")]
mod service;

use std::{cell::RefCell, process::ExitCode, rc::Rc};

use clap::Parser;
use cli::{Cli, Task};
use partyline::{
    client::{Client, Command, Config, Waker, kept_client},
    desktop::{self, HandedOver},
    headless::{self, SignInBy},
    model::{self, ClientSource, Clock, OAuthClient, PartyLink, Secret},
    psn,
    store::Paths,
    ui, voice,
};

/// What the program could not do, in a sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// No display to open a window on.
const NO_DISPLAY: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let paths = Paths::of_profile(cli.profile.as_ref());
    let _flush_on_exit = logging::start(paths.as_ref(), cli.is_window());
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::warn!("another crypto provider was installed first");
    }
    match run(cli, paths) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("partyline: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, paths: Option<Paths>) -> Result<ExitCode, Failure> {
    match cli.task {
        None => {
            // Whoever asks for a service or a profile asks for a program of its own.
            let may_go_elsewhere = !cli.service.is_sandbox() && cli.profile.is_none();
            let link = cli.link.as_ref().filter(|_| may_go_elsewhere);
            if link.is_some_and(is_taken) {
                return Ok(ExitCode::SUCCESS);
            }
            window(&cli.service, paths, cli.link)
        }
        Some(Task::Headless(task)) => {
            let mut service = Service::start(&task.service)?;
            // In a sandbox nothing is kept, not even this installation's name.
            let live = paths.filter(|_| !task.service.is_sandbox());
            if !task.service.is_sandbox() {
                service.client = Some(client_for_live(service.client, &task.options, live.as_ref())?);
            }
            let succeeded = talk_without_window(&service, live, &task.options)?;
            Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        #[cfg(feature = "sandbox")]
        Some(Task::Sandbox(options)) => service::serve(&options).map(|()| ExitCode::SUCCESS),
        Some(Task::Open { address }) => open(&address.into()),
        Some(Task::Capture(task)) => Ok(capture_cli::run(&task)),
        Some(Task::Devices) => {
            list_devices();
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// One that runs shows what is behind the link. Trouble with that is no reason to open no window.
fn is_taken(link: &PartyLink) -> bool {
    let handed_over = hand_over(&link.to_string().into());
    if let Err(failure) = &handed_over {
        tracing::warn!(%failure, "cannot look for a program that runs");
    }
    matches!(handed_over, Ok(HandedOver::Taken))
}

/// For the desktop: hands an address to the program that waits for it, or a link to one that runs.
fn open(address: &Secret) -> Result<ExitCode, Failure> {
    let link: Option<PartyLink> = address.expose().parse().ok();
    match hand_over(address)? {
        HandedOver::Taken => Ok(ExitCode::SUCCESS),
        _ if link.is_some() => start_anew(link),
        HandedOver::Refused => Err("no sign-in under way waits for this address".into()),
        HandedOver::Nobody => start_anew(None),
    }
}

fn hand_over(address: &Secret) -> Result<HandedOver, Failure> {
    let Some(folder) = desktop::instances_folder() else { return Ok(HandedOver::Nobody) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(desktop::hand_over(&folder, address))?)
}

/// The address of a sign-in is of no use any more where nobody waits, and the user meant to see the program: without the address
/// among its arguments, where others could read it for as long as it runs. A link is no secret.
fn start_anew(link: Option<PartyLink>) -> Result<ExitCode, Failure> {
    std::process::Command::new(std::env::current_exe()?).args(link.map(|link| link.to_string())).spawn()?;
    Ok(ExitCode::SUCCESS)
}

fn window(chosen: &cli::Service, paths: Option<Paths>, link: Option<PartyLink>) -> Result<ExitCode, Failure> {
    let service = Service::start(chosen)?;
    // Whatever the window started, and the sandbox behind it, ends before the program does.
    let started = Rc::new(RefCell::new(Vec::new()));
    let config = service.config(paths.clone());
    let opened = ui::run(start_client(config, link, &started), service.sandbox_to_try(paths, &started));
    for (client, sandbox) in started.take() {
        client.join();
        drop(sandbox);
    }
    match opened {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error @ ui::WindowError::NoDisplay(_)) if service.is_own_sandbox() => {
            println!("{error} Going on without one for a minute; Ctrl-C ends it.");
            let succeeded = talk_without_window(&service, None, &headless::Options::without_display())?;
            Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error @ ui::WindowError::NoDisplay(_)) => {
            eprintln!("partyline: {error}");
            Ok(ExitCode::from(NO_DISPLAY))
        }
        Err(error) => Err(error.to_string().into()),
    }
}

/// Clients that the window started, to be waited for, each with the sandbox that began with it.
type Started = Rc<RefCell<Vec<(Client, Option<Service>)>>>;

fn start_client(config: Config, link: Option<PartyLink>, started: &Started) -> ui::Start {
    let started = Rc::clone(started);
    Box::new(move |wake| {
        let (client, handle) = Client::start(config, wake)?;
        if let Some(link) = link {
            handle.send(Command::PreviewLink(link));
        }
        started.borrow_mut().push((client, None));
        Ok(handle)
    })
}

/// What it takes to sign in to the live service without a window.
fn client_for_live(
    given: Option<(OAuthClient, ClientSource)>,
    options: &headless::Options,
    paths: Option<&Paths>,
) -> Result<(OAuthClient, ClientSource), Failure> {
    if options.sign_in == SignInBy::Account {
        return Err(
            "headless needs --sandbox or --server URL; for the live service, --sign-in browser".into()
        );
    }
    let kept = || Some((kept_client(paths?, &psn::Endpoints::live())?, ClientSource::Kept));
    given.or_else(kept).ok_or_else(|| {
        "the live service needs a client secret, in PARTYLINE_CLIENT_SECRET or supplied in the window".into()
    })
}

fn talk_without_window(
    service: &Service,
    paths: Option<Paths>,
    options: &headless::Options,
) -> Result<bool, Failure> {
    let config = Config {
        microphone: Some(options.microphone()),
        speakers: Some(options.speakers()),
        talk_mode: Some(options.talk_mode()),
        remember: false,
        ..service.config(paths)
    };
    let nobody_draws: Waker = std::sync::Arc::new(|| {});
    let (client, handle) = Client::start(config, nobody_draws)?;
    Ok(headless::run(client, handle, options)?)
}

/// The mobile app's client with the user's own secret.
fn client_of_environment() -> Option<(OAuthClient, ClientSource)> {
    let secret = std::env::var("PARTYLINE_CLIENT_SECRET").ok().filter(|secret| !secret.is_empty())?;
    Some((OAuthClient::mobile(secret.into()), ClientSource::Environment))
}

fn list_devices() {
    let devices = voice::list_devices();
    for (what, list) in [("Microphones", devices.microphones), ("Speakers", devices.speakers)] {
        println!("{what}:");
        if list.is_empty() {
            println!("  none");
        }
        for model::SoundDevice { id, name, is_default, .. } in list {
            println!("  {} {name}\n      {id}", if is_default { '*' } else { ' ' });
        }
    }
}

/// What this run talks to, and the sandbox behind it where that is its own.
struct Service {
    endpoints: psn::Endpoints,
    client: Option<(OAuthClient, ClientSource)>,
    #[cfg(feature = "sandbox")]
    own: Option<service::OwnSandbox>,
}

impl Service {
    #[cfg(feature = "sandbox")]
    fn start(chosen: &cli::Service) -> Result<Self, Failure> {
        if chosen.population.is_any() && !chosen.sandbox {
            return Err("--friends, --groups, --churn and --evening are for a sandbox: add --sandbox".into());
        }
        if chosen.bridge.bridge.is_some() && !chosen.sandbox {
            return Err("--bridge is for a sandbox: add --sandbox".into());
        }
        let own = chosen
            .sandbox
            .then(|| service::OwnSandbox::start(&chosen.population, chosen.bridge, &chosen.faults))
            .transpose()?;
        let base = own.as_ref().map(service::OwnSandbox::base_url).or_else(|| chosen.server.clone());
        let endpoints =
            base.as_deref().map_or_else(|| Ok(psn::Endpoints::live()), psn::Endpoints::sandbox)?;
        let client = if endpoints.is_sandbox() {
            service::oauth_client(chosen.client).map(|client| (client, ClientSource::Sandbox))
        } else {
            client_of_environment()
        };
        Ok(Self { endpoints, client, own })
    }

    #[cfg(not(feature = "sandbox"))]
    fn start(_: &cli::Service) -> Result<Self, Failure> {
        Ok(Self { endpoints: psn::Endpoints::live(), client: client_of_environment() })
    }

    fn is_own_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.own.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }

    /// What the first screen of the live service offers.
    #[cfg(feature = "sandbox")]
    fn sandbox_to_try(&self, paths: Option<Paths>, started: &Started) -> Option<ui::Start> {
        if self.endpoints.is_sandbox() {
            return None;
        }
        let started = Rc::clone(started);
        Some(Box::new(move |wake| {
            let service = Self::start(&cli::Service::own_sandbox())?;
            let (client, handle) = Client::start(service.config(paths), wake)?;
            started.borrow_mut().push((client, Some(service)));
            Ok(handle)
        }))
    }

    #[cfg(not(feature = "sandbox"))]
    fn sandbox_to_try(&self, _: Option<Paths>, _: &Started) -> Option<ui::Start> {
        None
    }

    fn config(&self, paths: Option<Paths>) -> Config {
        Config {
            endpoints: self.endpoints.clone(),
            client: self.client.clone(),
            paths,
            remember: !self.is_own_sandbox(),
            instances: desktop::instances_folder(),
            clock: Clock::default(),
            microphone: None,
            speakers: None,
            talk_mode: None,
        }
    }
}
