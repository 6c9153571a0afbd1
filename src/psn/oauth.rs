//! Sign-in by OAuth 2.0 authorization code (protocol section 2): the link for the browser, the code for tokens, tokens for newer ones.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse,
    },
};
use reqwest::{
    StatusCode,
    header::{COOKIE, LOCATION},
};
use url::Url;
use uuid::Uuid;

use super::{
    Endpoints, Error,
    http::{is_html, read_limited, retry_after, unreachable},
    redirect::{Expected, Redirect},
    stay::Granted,
    tokens::{Grant, account_in},
    wire::token::TokenAnswer,
};
use crate::model::{AccountId, OAuthClient, Secret};

const SCOPES: [&str; 2] = ["psn:mobile.v2.core", "psn:clientapp"];
const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);
/// Tokens are some kilobytes.
const TOKEN_LIMIT: usize = 256 << 10;
/// As every answer of the service has said so far; used where one does not say.
const USUAL_LIFETIME: Duration = Duration::from_secs(3599);

/// Why no token came.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The service or the user said no; the same code or token will not work again.
    #[error("the sign-in was refused")]
    Refused,
    /// The service does not take the client id or its secret.
    #[error("the client was refused")]
    ClientRefused,
    #[error("the answer was not understood")]
    NotUnderstood,
    #[error(transparent)]
    Service(#[from] Error),
}

/// A sign-in under way: one link, one state, one code.
pub struct Authorization {
    oauth: OAuth,
    expected: Expected,
    /// Ties the token request to this attempt, and is its correlation id.
    cid: String,
    link: Url,
}

impl Authorization {
    /// `redirect_uri`: the client's own, with the port of the listener where it has one. `duid` names this installation, see
    /// `store`.
    pub fn begin(
        endpoints: Arc<Endpoints>,
        http: reqwest::Client,
        client: OAuthClient,
        redirect_uri: Url,
        duid: &str,
    ) -> Self {
        let oauth = OAuth::new(endpoints, http, client);
        let cid = Uuid::new_v4().to_string();
        let (link, state) = oauth
            .client(Some(&redirect_uri))
            .authorize_url(CsrfToken::new_random)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.into())))
            .add_extra_param("access_type", "offline")
            .add_extra_param("service_entity", "urn:service-entity:psn")
            .add_extra_param("ui", "pr")
            .add_extra_param("duid", duid)
            .add_extra_param("cid", &cid)
            .url();
        let expected = Expected { redirect_uri, state: state.into_secret().into() };
        Self { oauth, expected, cid, link }
    }

    /// Where the browser goes. Holds no secret, but the state: show it to the user alone.
    pub fn link(&self) -> &Url {
        &self.link
    }

    /// What the redirect must be like.
    pub fn expected(&self) -> &Expected {
        &self.expected
    }

    /// The second grant: the cookie of a signed-in browser session instead of a browser (protocol section 2).
    ///
    /// # Errors
    /// [`SignInError::Refused`] where the cookie is not accepted.
    pub async fn code_for_npsso(&self, npsso: &Secret) -> Result<Secret, SignInError> {
        let response = self
            .oauth
            .http
            .get(self.link.clone())
            .header(COOKIE, format!("npsso={}", npsso.expose()))
            .timeout(TOKEN_TIMEOUT)
            .send()
            .await
            .map_err(unreachable)?;
        refuse_edge(&response)?;
        let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
        match self.expected.read(location.ok_or(SignInError::NotUnderstood)?) {
            Ok(Redirect::Code(code)) => Ok(code),
            // Most often the sign-in page: the session is over.
            Ok(Redirect::Denied) | Err(_) => Err(SignInError::Refused),
        }
    }

    /// Trades the code for tokens. The code is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn exchange(self, code: Secret) -> Result<Grant, SignInError> {
        let client = self.oauth.client(Some(&self.expected.redirect_uri));
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .add_extra_param("token_format", "jwt")
            .add_extra_param("cid", self.cid.clone());
        let answer = request.request_async(&Carrier { http: &self.oauth.http, correlation: &self.cid }).await;
        Grant::new(self.oauth, granted(answer)?)
    }
}

/// The token endpoint, for one OAuth client.
#[derive(Clone)]
pub(super) struct OAuth {
    endpoints: Arc<Endpoints>,
    http: reqwest::Client,
    client: Arc<OAuthClient>,
}

type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl OAuth {
    pub fn new(endpoints: Arc<Endpoints>, http: reqwest::Client, client: OAuthClient) -> Self {
        Self { endpoints, http, client: Arc::new(client) }
    }

    fn client(&self, redirect_uri: Option<&Url>) -> Client {
        let client = oauth2::Client::new(ClientId::new(self.client.id.clone()))
            .set_client_secret(ClientSecret::new(self.client.secret.expose().to_owned()))
            .set_auth_type(AuthType::BasicAuth)
            .set_auth_uri(AuthUrl::from_url(self.endpoints.accounts("/api/authz/v3/oauth/authorize")))
            .set_token_uri(TokenUrl::from_url(self.endpoints.accounts("/api/authz/v3/oauth/token")));
        match redirect_uri {
            Some(uri) => client.set_redirect_uri(RedirectUrl::from_url(uri.clone())),
            None => client,
        }
    }

    /// `account`: a token for anybody else is none. One that names nobody is taken, the refresh token having named the account.
    pub async fn refresh(&self, token: &Secret, account: AccountId) -> Result<Granted, SignInError> {
        let client = self.client(None);
        let refresh = RefreshToken::new(token.expose().to_owned());
        let request = client
            .exchange_refresh_token(&refresh)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.into())))
            .add_extra_param("token_format", "jwt");
        let correlation = Uuid::new_v4().to_string();
        let carrier = Carrier { http: &self.http, correlation: &correlation };
        let granted = granted(request.request_async(&carrier).await)?;
        match account_in(granted.access.expose()) {
            Some(other) if other != account => Err(SignInError::NotUnderstood),
            _ => Ok(granted),
        }
    }
}

/// Sends what `oauth2` built over our own client, with the correlation id the service wants.
struct Carrier<'a> {
    http: &'a reqwest::Client,
    correlation: &'a str,
}

impl<'c> AsyncHttpClient<'c> for Carrier<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut request = reqwest::Request::try_from(request).map_err(unreachable)?;
            *request.timeout_mut() = Some(TOKEN_TIMEOUT);
            if let Ok(value) = self.correlation.parse() {
                request.headers_mut().insert("x-psn-correlation-id", value);
            }
            let response = self.http.execute(request).await.map_err(unreachable)?;
            refuse_edge(&response)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut answer = HttpResponse::new(read_limited(response, TOKEN_LIMIT).await?);
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}

/// Answers that are about the network or the load, not about the grant.
fn refuse_edge(response: &reqwest::Response) -> Result<(), Error> {
    match response.status() {
        StatusCode::FORBIDDEN if is_html(response.headers()) => Err(Error::Blocked),
        StatusCode::TOO_MANY_REQUESTS => Err(Error::RateLimited {
            wait: retry_after(response.headers()).unwrap_or(Duration::from_secs(60)),
        }),
        status if status.is_server_error() => Err(Error::Trouble { status: status.as_u16() }),
        _ => Ok(()),
    }
}

type TokenError = RequestTokenError<Error, BasicErrorResponse>;

fn granted(answer: Result<TokenAnswer, TokenError>) -> Result<Granted, SignInError> {
    match answer {
        Ok(answer) if answer.access_token().secret().is_empty() => Err(SignInError::NotUnderstood),
        Ok(answer) => Ok(Granted {
            access: answer.access_token().secret().as_str().into(),
            lifetime: answer.expires_in().unwrap_or(USUAL_LIFETIME),
            refresh: answer
                .refresh_token()
                .map(|token| token.secret().as_str().into())
                .filter(|token: &Secret| !token.is_empty()),
            stay: answer.stay(),
        }),
        Err(RequestTokenError::ServerResponse(error)) => Err(match error.error() {
            BasicErrorResponseType::InvalidGrant => SignInError::Refused,
            BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
                SignInError::ClientRefused
            }
            _ => SignInError::NotUnderstood,
        }),
        Err(RequestTokenError::Request(error)) => Err(error.into()),
        // The texts of both may quote the answer.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => Err(SignInError::NotUnderstood),
    }
}
