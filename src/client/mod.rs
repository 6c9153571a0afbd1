//! The async core: commands in, snapshots out. It decides in `state` and acts in `run`; every task is its own, but those of the media.

pub mod capture;
mod command;
mod failure;
mod handle;
mod input;
mod keeper;
mod names;
mod notice;
mod pictures;
mod problem;
mod reconnect;
mod run;
mod signing_in;
mod snapshot;
mod state;
mod tasks;
mod way_back;
mod world;

pub use command::{Command, MicrophoneTest};
pub use failure::Failure;
pub use handle::{
    BudgetReader, COMMAND_BACKLOG, Handle, NOTICE_BACKLOG, PICTURE_BACKLOG, PictureArrival, ReportReader,
    Waker,
};
pub use keeper::{KeepClientError, keep_client, kept_client};
pub use notice::Notice;
pub use problem::{Place, Problem, ProblemKind, Remedy};
pub use run::{Client, Config, StartError};
pub use snapshot::{
    AppearOffline, Capture, CaptureTrouble, Card, Chat, ChatWith, Chats, ClientInUse, DeviceState, Fetched,
    LinkState, Linked, MemberReach, MemberVoice, Older, OpenChat, Outgoing, Party, PartyState, People,
    Played, ReceivedRequest, Recording, ReportFile, Screen, Secrets, Sending, Service, SignIn, SignInLink,
    SignedIn, Snapshot, Sound, Stay, TalkState, Unreachable, Unread, VoiceStatus, WayBack,
};

pub use crate::voice::Meters;
