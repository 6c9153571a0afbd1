//! The command line of `partyline headless`.

use std::{convert::Infallible, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    model::{DeviceChoice, OnlineId, PartyLink, Processing, SessionId, Settings, TalkMode},
    voice::{self, Microphone, Speakers},
};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How to sign in
    #[arg(long, value_enum, value_name = "HOW", default_value_t = SignInBy::Account)]
    pub sign_in: SignInBy,
    /// With `--sign-in account`: who to be in the sandbox; made if it is new
    #[arg(long, value_name = "NAME", default_value = "marlow_87", value_parser = online_id)]
    pub account: OnlineId,
    #[command(flatten)]
    entry: EntryArgs,
    /// Invite a friend once the party runs; may be given several times
    #[arg(long, value_name = "ONLINE_ID", value_parser = online_id)]
    pub invite: Vec<OnlineId>,
    /// Send the microphone all the time, or never
    #[arg(long, value_enum, default_value_t = Talking::Open)]
    pub talk: Talking,
    /// A device by id or name, file:IN.wav, or none
    #[arg(long, value_name = "DEVICE", default_value = "default")]
    mic: String,
    /// A device by id or name, file:OUT.wav, or none
    #[arg(long, value_name = "DEVICE", default_value = "default")]
    speaker: String,
    /// Ask this STUN server how others see this computer; may be given several times, in a sandbox too
    #[arg(long, value_name = "HOST:PORT", value_parser = stun_server)]
    stun: Vec<String>,
    /// Milliseconds of audio in one packet, where the other side leaves it to us
    #[arg(long, value_name = "MS", value_parser = ["10", "20", "40"])]
    frame_time: Option<String>,
    /// Echo cancellation, noise suppression, automatic gain and high-pass, all of them or none
    #[arg(long, value_enum, value_name = "ON|OFF")]
    processing: Option<Switch>,
    /// End after this many seconds; without it, at Ctrl-C
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    pub time: Option<Duration>,
    /// One JSON object a line, the last one a summary
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct EntryArgs {
    /// Start a party
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    create: Option<String>,
    /// Join a party by its session id or a shared link, or wait for an invitation
    #[arg(long, value_name = "SESSION_ID|LINK|invitation")]
    join: Option<Destination>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignInBy {
    /// To a sandbox by an account's name, without a browser
    Account,
    /// With the system's browser, or any other by the link that is printed; what it ended on may be pasted on stdin
    Browser,
    /// By the cookie of a signed-in browser session, or the page that shows it: the first line of stdin
    Npsso,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Talking {
    Open,
    /// Push-to-talk, and nobody pushes
    #[value(alias = "ptt")]
    Off,
}

/// Where the script goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    New {
        name: String,
    },
    Session(SessionId),
    Link(PartyLink),
    /// The first invitation that comes.
    Invitation,
}

impl FromStr for Destination {
    type Err = InvalidDestination;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "invitation" {
            return Ok(Self::Invitation);
        }
        let session = text.parse().map(Self::Session).map_err(|_| InvalidDestination);
        session.or_else(|invalid| text.parse().map(Self::Link).map_err(|_| invalid))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a session id, nor a party link, nor \"invitation\"")]
pub struct InvalidDestination;

impl Options {
    /// What `--sandbox` does where there is no display: a minute in a party with a resident.
    pub fn without_display() -> Self {
        Self {
            sign_in: SignInBy::Account,
            account: OnlineId::from("marlow_87"),
            entry: EntryArgs { create: Some(String::new()), join: None },
            invite: vec![OnlineId::from("Nova")],
            talk: Talking::Open,
            mic: "default".into(),
            speaker: "default".into(),
            stun: Vec::new(),
            frame_time: None,
            processing: None,
            time: Some(Duration::from_secs(60)),
            json: false,
        }
    }

    pub fn destination(&self) -> Destination {
        match (&self.entry.create, &self.entry.join) {
            (_, Some(join)) => join.clone(),
            (name, None) => Destination::New { name: name.clone().unwrap_or_default() },
        }
    }

    pub fn talk_mode(&self) -> TalkMode {
        match self.talk {
            Talking::Open => TalkMode::OpenMicrophone,
            Talking::Off => TalkMode::PushToTalk,
        }
    }

    pub fn frame_millis(&self) -> Option<u32> {
        self.frame_time.as_ref()?.parse().ok()
    }

    pub fn processing(&self) -> Option<Processing> {
        self.processing.map(|switch| match switch {
            Switch::On => Processing::default(),
            Switch::Off => Processing::OFF,
        })
    }

    pub fn stun_servers(&self) -> Option<Vec<String>> {
        (!self.stun.is_empty()).then(|| self.stun.clone())
    }

    pub fn microphone(&self) -> Microphone {
        match source(&self.mic) {
            Source::File(path) => Microphone::File(path),
            Source::None => Microphone::None,
            Source::Device(name) => Microphone::Device(chosen(name, &voice::list_devices().microphones)),
            Source::Default => Microphone::Device(DeviceChoice::Default),
        }
    }

    pub fn speakers(&self) -> Speakers {
        match source(&self.speaker) {
            Source::File(path) => Speakers::File(path),
            Source::None => Speakers::None,
            Source::Device(name) => Speakers::Device(chosen(name, &voice::list_devices().speakers)),
            Source::Default => Speakers::Device(DeviceChoice::Default),
        }
    }
}

enum Source<'a> {
    Default,
    Device(&'a str),
    File(PathBuf),
    None,
}

fn source(text: &str) -> Source<'_> {
    match text.strip_prefix("file:") {
        Some(path) => Source::File(path.into()),
        None if text == "none" => Source::None,
        None if text == "default" => Source::Default,
        None => Source::Device(text),
    }
}

/// By its name where one is listed so, else taken as an id: it may be plugged in later.
fn chosen(name: &str, listed: &[crate::model::SoundDevice]) -> DeviceChoice {
    let device = listed.iter().find(|device| device.id == name || device.name == name);
    DeviceChoice::Device(device.map_or_else(|| name.to_owned(), |device| device.id.clone()))
}

fn online_id(text: &str) -> Result<OnlineId, Infallible> {
    Ok(OnlineId::from(text))
}

fn stun_server(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    match port.and_then(|port| port.parse::<u16>().ok()) {
        Some(1..) if text.len() <= Settings::MAX_STUN_LENGTH => Ok(text.to_owned()),
        _ => Err("not HOST:PORT".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
