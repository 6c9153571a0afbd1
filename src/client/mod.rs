//! The async core: commands in, snapshots out. It decides in `state` and acts in `run`; every task is its own, but those of the media.

pub mod capture;
mod command;
mod failure;
mod handle;
mod input;
mod notice;
mod problem;
mod reconnect;
mod run;
mod snapshot;
mod state;
mod tasks;
mod world;

pub use command::{Command, MicrophoneTest};
pub use handle::{COMMAND_BACKLOG, Handle, NOTICE_BACKLOG, StatsReader, Waker};
pub use notice::Notice;
pub use problem::{Place, Problem, ProblemKind, Remedy};
pub use run::{Client, Config, StartError};
pub use snapshot::{
    DeviceState, Fetched, LinkState, Party, PartyState, Screen, Service, SignedIn, Snapshot, Sound,
    TalkState, VoiceStatus,
};

pub use crate::voice::Meters;
