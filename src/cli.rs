//! The command line.

use clap::{Args, Parser, Subcommand};
#[cfg(feature = "sandbox")]
use partyline::sandbox::{Fault, TimedFault};
use partyline::{headless, model::ProfileName};

use crate::capture_cli::CaptureTask;

/// A native desktop client for PlayStation Network parties. Unofficial.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(flatten)]
    pub service: Service,
    /// Settings, accounts and secrets of their own, apart from every other profile's
    #[arg(long, value_name = "NAME")]
    pub profile: Option<ProfileName>,
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// Which service to talk to; the live one if nothing is said.
#[derive(Args)]
pub struct Service {
    /// Start a small service inside this program and use it; no account needed
    #[cfg(feature = "sandbox")]
    #[arg(long, conflicts_with = "server")]
    pub sandbox: bool,
    /// With --sandbox: something that goes wrong in it; `help` lists what can
    #[cfg(feature = "sandbox")]
    #[arg(long = "fault", requires = "sandbox", value_name = "NAME[=VALUE]", long_help = Fault::help())]
    pub faults: Vec<TimedFault>,
    /// Use a sandbox that runs elsewhere, by its address
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// With a sandbox: the OAuth client to sign in with
    #[cfg(feature = "sandbox")]
    #[arg(long, value_enum, value_name = "CLIENT", default_value_t = SandboxClient::Loopback)]
    pub client: SandboxClient,
}

/// How one comes back from a sandbox's sign-in page.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SandboxClient {
    /// To a page of this program
    Loopback,
    /// By an address of the mobile app's scheme, as with the live service
    Scheme,
    /// None is given: the window asks for it, as for the live service
    Ask,
}

impl Service {
    #[cfg(feature = "sandbox")]
    pub fn own_sandbox() -> Self {
        Self { sandbox: true, faults: Vec::new(), server: None, client: SandboxClient::Loopback }
    }

    pub fn is_sandbox(&self) -> bool {
        #[cfg(feature = "sandbox")]
        return self.sandbox || self.server.is_some();
        #[cfg(not(feature = "sandbox"))]
        false
    }
}

#[derive(Subcommand)]
pub enum Task {
    /// Serve a sandbox for several clients; everything is in memory and gone when it ends
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxOptions),
    /// The client without a window, for scripts, servers and tests
    Headless(HeadlessTask),
    /// Hand an address of the sign-in's own scheme to the running program; the desktop calls this
    Open { address: String },
    /// Read a HAR capture of the official app's traffic
    Capture(CaptureTask),
    /// List the sound devices the client would use
    Devices,
}

#[cfg(feature = "sandbox")]
#[derive(Args)]
pub struct SandboxOptions {
    /// Where to listen; a port of 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: std::net::SocketAddr,
    /// Nobody but those who sign in
    #[arg(long)]
    pub no_residents: bool,
    /// How long an access token works, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3599)]
    pub token_lifetime: u64,
    /// Something that goes wrong; may be given several times, `help` lists what can
    #[arg(long = "fault", value_name = "NAME[=VALUE]", long_help = Fault::help())]
    pub faults: Vec<TimedFault>,
}

#[derive(Args)]
pub struct HeadlessTask {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub options: headless::Options,
}

impl Cli {
    pub fn is_window(&self) -> bool {
        self.task.is_none()
    }
}
