//! The sandbox as this program runs it: inside a client's process, or for others on a port.

use std::time::Duration;

use partyline::{
    model::OAuthClient,
    sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox, SandboxConfig},
};
use tokio::runtime::Runtime;

use crate::{Failure, cli::SandboxOptions};

/// A sandbox on a free loopback port, on a runtime of its own. Ends when dropped.
pub struct OwnSandbox {
    sandbox: Option<Sandbox>,
    base_url: String,
    runtime: Option<Runtime>,
}

impl OwnSandbox {
    pub fn start() -> Result<Self, Failure> {
        let runtime = runtime()?;
        let sandbox = runtime.block_on(Sandbox::start(SandboxConfig::default()))?;
        let base_url = sandbox.base_url();
        Ok(Self { sandbox: Some(sandbox), base_url, runtime: Some(runtime) })
    }

    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }
}

impl Drop for OwnSandbox {
    fn drop(&mut self) {
        if let (Some(sandbox), Some(runtime)) = (self.sandbox.take(), self.runtime.take()) {
            runtime.block_on(async {
                let _ = tokio::time::timeout(Duration::from_millis(500), sandbox.shutdown()).await;
            });
            runtime.shutdown_timeout(Duration::from_millis(200));
        }
    }
}

/// Serves until Ctrl-C.
pub fn serve(options: &SandboxOptions) -> Result<(), Failure> {
    let config = SandboxConfig {
        listen: options.listen,
        token_lifetime: Duration::from_secs(options.token_lifetime),
        residents: !options.no_residents,
        ..SandboxConfig::default()
    };
    runtime()?.block_on(async {
        let sandbox = Sandbox::start(config).await?;
        println!("A sandbox listens at {}", sandbox.base_url());
        println!("Its state is in memory alone and gone when it ends. Ctrl-C ends it.");
        tokio::signal::ctrl_c().await?;
        sandbox.shutdown().await;
        Ok(())
    })
}

/// The sandbox's own client, invented like everything in it.
pub fn oauth_client() -> OAuthClient {
    OAuthClient {
        id: CLIENT_ID.into(),
        secret: CLIENT_SECRET.into(),
        redirect: "http://127.0.0.1/redirect".into(),
    }
}

fn runtime() -> Result<Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("sandbox").enable_all().build()
}
