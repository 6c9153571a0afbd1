//! Signing in as a task: the link, the browser, the way back, the tokens; or the tokens alone where they were kept. Tokio workers.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use url::Url;

use super::{
    ProblemKind, SignInLink, WayBack as Way,
    failure::Failure,
    input::{Attempt, Input, SignInWay},
    way_back::WayBack,
};
use crate::{
    desktop,
    model::{AccountId, Clock, OAuthClient, Profile, Secret},
    psn::{
        self, Authorization, Endpoints, Grant, Kept, Psn, Redirect, RedirectListener, SignInError, Tokens,
    },
};

/// What every account of a run shares.
#[derive(Clone)]
pub struct Service {
    pub endpoints: Arc<Endpoints>,
    pub http: reqwest::Client,
    pub refreshes: TaskTracker,
    pub clock: Clock,
}

impl Service {
    fn psn(self, tokens: Tokens) -> Arc<Psn> {
        Arc::new(Psn::new(self.endpoints, self.http, Arc::new(tokens), self.refreshes, self.clock))
    }

    /// By what was kept of an account.
    pub async fn resume(
        self,
        client: OAuthClient,
        account: AccountId,
        kept: Kept,
    ) -> Result<(Arc<Psn>, Profile), Failure> {
        let (endpoints, http) = (Arc::clone(&self.endpoints), self.http.clone());
        let tokens = Tokens::resume(endpoints, http, client, account, kept, self.clock.clone());
        let psn = self.psn(tokens);
        let me = own_profile(&psn).await?;
        Ok((psn, me))
    }
}

/// What a sign-in needs to know.
pub struct SignIn {
    pub attempt: Attempt,
    pub way: SignInWay,
    pub service: Service,
    pub client: OAuthClient,
    /// The installation's name.
    pub duid: String,
    pub way_back: Arc<WayBack>,
    /// Whose place it may take.
    pub current: Option<Arc<Psn>>,
    pub inputs: mpsc::Sender<Input>,
}

impl SignIn {
    /// From the link to a working account: the current one with new tokens where it is the same user. Dropping it ends the
    /// sign-in; the listener closes with it.
    pub async fn run(self) -> Result<(Arc<Psn>, Profile), Failure> {
        let grant = self.grant().await?;
        let (psn, me) = match self.current {
            Some(current) if current.account() == grant.account() => {
                current.tokens().adopt(grant).await;
                let me = own_profile(&current).await?;
                (current, me)
            }
            _ => {
                let tokens = Tokens::new(grant, self.service.clock.clone());
                let psn = self.service.psn(tokens);
                let me = own_profile(&psn).await?;
                (psn, me)
            }
        };
        Ok((psn, me))
    }

    async fn grant(&self) -> Result<Grant, Failure> {
        let unusable = |_| Failure::new(ProblemKind::ClientUnusable, "the redirect is no address");
        let redirect = Url::parse(&self.client.redirect).map_err(unusable)?;
        // Without its port the page cannot be there; pasting still works.
        let listener = RedirectListener::bind(&redirect).await;
        let (listener, way_back) = match listener {
            Ok(Some(listener)) => (Some(listener), Way::Loopback),
            Ok(None) => (None, Way::Scheme),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "no page for the browser to come back to");
                (None, Way::Paste)
            }
        };
        let redirect_uri = listener.as_ref().map_or(redirect, |listener| listener.uri().clone());
        let (endpoints, http) = (Arc::clone(&self.service.endpoints), self.service.http.clone());
        let authorization =
            Authorization::begin(endpoints, http, self.client.clone(), redirect_uri, &self.duid);
        let code = match &self.way {
            SignInWay::Browser => self.code_from_browser(&authorization, listener, way_back).await?,
            SignInWay::Npsso(npsso) => self.code_for_npsso(&authorization, npsso).await?,
            SignInWay::SandboxAccount(name) => {
                let Service { endpoints, http, .. } = &self.service;
                let npsso = psn::npsso_of_sandbox_account(endpoints, http, name).await?;
                authorization.code_for_npsso(&npsso).await?
            }
        };
        let _ = self.inputs.send(Input::CodeReceived { attempt: self.attempt }).await;
        Ok(authorization.exchange(code).await?)
    }

    async fn code_from_browser(
        &self,
        authorization: &Authorization,
        listener: Option<RedirectListener>,
        way_back: Way,
    ) -> Result<Secret, Failure> {
        let expected = authorization.expected();
        let brought = self.way_back.wait_for(expected.clone());
        self.open_browser(authorization, way_back).await;
        let listened = async {
            match listener.map(|listener| listener.wait(expected)) {
                Some(wait) => wait.await,
                None => std::future::pending().await,
            }
        };
        let redirect = tokio::select! {
            Ok(redirect) = brought => redirect,
            Ok(redirect) = listened => redirect,
            else => return Err(Failure::new(ProblemKind::SignInTimedOut, "nothing can come back any more")),
        };
        match redirect {
            Redirect::Code(code) => Ok(code),
            Redirect::Denied => Err(SignInError::Refused.into()),
        }
    }

    async fn code_for_npsso(&self, authorization: &Authorization, npsso: &Secret) -> Result<Secret, Failure> {
        authorization.code_for_npsso(npsso).await.map_err(|error| match error {
            SignInError::Refused => Failure::new(ProblemKind::NpssoRefused, error.to_string()),
            error => error.into(),
        })
    }

    async fn open_browser(&self, authorization: &Authorization, way_back: Way) {
        let link = authorization.link().clone();
        let attempt = self.attempt;
        let shown = SignInLink::from(link.as_str());
        let _ = self.inputs.send(Input::SignInLink { attempt, link: shown, way_back }).await;
        let opened = tokio::task::spawn_blocking(move || desktop::open_browser(&link)).await;
        if !matches!(opened, Ok(Ok(()))) {
            let _ = self.inputs.send(Input::BrowserDidNotOpen { attempt }).await;
        }
    }
}

async fn own_profile(psn: &Psn) -> Result<Profile, Failure> {
    let nobody = || Failure::new(ProblemKind::ServiceTrouble, "the account has no profile");
    psn.profiles(&[psn.account()]).await?.pop().ok_or_else(nobody)
}
