//! The command line.

use clap::{Args, Parser, Subcommand};
#[cfg(feature = "sandbox")]
use partyline::sandbox::{BridgeKind, Fault, TimedFault};
use partyline::{
    headless,
    model::{PartyLink, ProfileName},
};

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
    /// A party link, to be looked into once somebody is signed in; a program that runs already takes it
    #[arg(value_name = "LINK")]
    pub link: Option<PartyLink>,
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
    #[cfg(feature = "sandbox")]
    #[command(flatten)]
    pub population: Population,
    #[cfg(feature = "sandbox")]
    #[command(flatten)]
    pub bridge: BridgeChoice,
    /// Use a sandbox that runs elsewhere, by its loopback or private address
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// With a sandbox: the OAuth client to sign in with
    #[cfg(feature = "sandbox")]
    #[arg(long, value_enum, value_name = "CLIENT", default_value_t = SandboxClient::Loopback)]
    pub client: SandboxClient,
}

/// Who lives in a sandbox besides the usual dozen, and how busy they are.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Default, Args)]
pub struct Population {
    /// So many more friends in the sandbox, with names in many scripts; at most 5000
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = at_most::<5000>)]
    pub friends: usize,
    /// So many groups of these friends, with messages in them; at most 1000
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = at_most::<1000>, requires = "friends")]
    pub groups: usize,
    /// How often one of these friends comes, goes or changes games, in a second
    #[arg(long, value_name = "PER_SECOND", value_parser = rate, requires = "friends")]
    pub churn: Option<f64>,
    /// An evening by script among the residents; with a number, so many times faster
    #[arg(long, value_name = "SPEED", num_args = 0..=1, default_missing_value = "1", value_parser = rate)]
    pub evening: Option<f64>,
    /// Another number, another evening
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "evening")]
    pub seed: u64,
}

#[cfg(feature = "sandbox")]
impl Population {
    pub fn is_any(&self) -> bool {
        self.friends > 0 || self.evening.is_some()
    }
}

/// How members of a sandbox's parties hear each other.
#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct BridgeChoice {
    /// What the sandbox's voice bridge does: `listen`, as captured, where members hear each other directly; or `mix`.
    /// `listen` if nothing is said
    #[arg(long, value_name = "KIND", value_parser = bridge_kind)]
    pub bridge: Option<BridgeKind>,
}

#[cfg(feature = "sandbox")]
fn bridge_kind(kind: &str) -> Result<BridgeKind, &'static str> {
    match kind {
        "listen" => Ok(BridgeKind::Listens),
        "mix" => Ok(BridgeKind::Mixes),
        _ => Err("`listen` or `mix` is expected"),
    }
}

#[cfg(feature = "sandbox")]
fn at_most<const MOST: usize>(count: &str) -> Result<usize, String> {
    let count = count.parse().ok().filter(|count| *count <= MOST);
    count.ok_or_else(|| format!("a number up to {MOST} is expected"))
}

/// Faster than this is no help to anybody.
#[cfg(feature = "sandbox")]
fn rate(rate: &str) -> Result<f64, String> {
    const MOST: f64 = 10_000.0;
    let rate = rate.parse().ok().filter(|rate| *rate > 0.0 && *rate <= MOST);
    rate.ok_or_else(|| format!("a number above 0 and up to {MOST} is expected"))
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
        Self {
            sandbox: true,
            faults: Vec::new(),
            population: Population::default(),
            bridge: BridgeChoice::default(),
            server: None,
            client: SandboxClient::Loopback,
        }
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
    Headless(Box<HeadlessTask>),
    /// Hand an address of the sign-in's own scheme, or a party link, to the running program; the desktop calls this
    Open { address: String },
    /// Read a HAR capture of the official app's traffic
    Capture(CaptureTask),
    /// List the sound devices the client would use
    Devices,
}

#[cfg(feature = "sandbox")]
#[derive(Args)]
pub struct SandboxOptions {
    /// Where to listen, on a loopback or private address; a port of 0 takes a free one. On a private address the sandbox
    /// is open to everybody on that network
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: std::net::SocketAddr,
    /// Nobody but those who sign in
    #[arg(long)]
    pub no_residents: bool,
    #[command(flatten)]
    pub population: Population,
    #[command(flatten)]
    pub bridge: BridgeChoice,
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
