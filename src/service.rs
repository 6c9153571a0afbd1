//! The sandbox as this program runs it: inside a client's process, or for others on a port.

use std::time::Duration;

use partyline::{
    model::OAuthClient,
    sandbox::{
        CLIENT_ID, CLIENT_SECRET, Evening, SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT, Sandbox,
        SandboxConfig, StartError, TimedFault,
    },
};
use tokio::runtime::Runtime;

use crate::{
    Failure,
    cli::{BridgeChoice, Population, SandboxClient, SandboxOptions},
};

/// A sandbox on a free loopback port, on a runtime of its own. Ends when dropped.
pub struct OwnSandbox {
    sandbox: Option<Sandbox>,
    base_url: String,
    runtime: Option<Runtime>,
}

impl OwnSandbox {
    pub fn start(
        population: &Population,
        bridge: BridgeChoice,
        faults: &[TimedFault],
    ) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let sandbox = runtime.block_on(async {
            let sandbox = Sandbox::start(populated(population, bridge)).await?;
            faults.iter().cloned().for_each(|fault| sandbox.schedule(fault));
            Ok::<_, StartError>(sandbox)
        })?;
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

fn populated(population: &Population, BridgeChoice { bridge }: BridgeChoice) -> SandboxConfig {
    let Population { friends, groups, churn, evening, seed } = *population;
    SandboxConfig {
        bridge: bridge.unwrap_or_default(),
        friends,
        groups,
        churn_per_second: churn.unwrap_or_default(),
        evening: evening.map(|speed| Evening { speed, seed }),
        ..SandboxConfig::default()
    }
}

/// Serves until Ctrl-C.
pub fn serve(options: &SandboxOptions) -> Result<(), Failure> {
    let config = SandboxConfig {
        listen: options.listen,
        token_lifetime: Duration::from_secs(options.token_lifetime),
        residents: !options.no_residents,
        ..populated(&options.population, options.bridge)
    };
    runtime()?.block_on(async {
        let sandbox = Sandbox::start(config).await?;
        options.faults.iter().cloned().for_each(|fault| sandbox.schedule(fault));
        println!("A sandbox listens at {}", sandbox.base_url());
        println!("Its state is in memory alone and gone when it ends. Ctrl-C ends it.");
        tokio::signal::ctrl_c().await?;
        sandbox.shutdown().await;
        Ok(())
    })
}

/// The sandbox's own clients, invented like everything in it. `None`: the user supplies one, as for the live service.
pub fn oauth_client(which: SandboxClient) -> Option<OAuthClient> {
    let client = |id: &str, secret: &str, redirect: &str| OAuthClient {
        id: id.into(),
        secret: secret.into(),
        redirect: redirect.into(),
    };
    match which {
        SandboxClient::Loopback => Some(client(CLIENT_ID, CLIENT_SECRET, "http://127.0.0.1/redirect")),
        SandboxClient::Scheme => Some(client(SCHEME_CLIENT_ID, SCHEME_CLIENT_SECRET, SCHEME_REDIRECT)),
        SandboxClient::Ask => None,
    }
}

fn runtime() -> Result<Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("sandbox").enable_all().build()
}
