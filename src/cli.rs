//! The command line.

use clap::{Args, Parser, Subcommand};
use partyline::headless;

use crate::capture_cli::CaptureTask;

/// A native desktop client for PlayStation Network parties. Unofficial.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(flatten)]
    pub service: Service,
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// Which service to talk to; the live one if nothing is said.
#[derive(Args)]
#[group(multiple = false)]
pub struct Service {
    /// Start a small service inside this program and use it; no account needed
    #[cfg(feature = "sandbox")]
    #[arg(long)]
    pub sandbox: bool,
    /// Use a sandbox that runs elsewhere, by its address
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

impl Service {
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
