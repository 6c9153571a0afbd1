//! The way back from the browser: one HTTP listener on 127.0.0.1, for one redirect, then closed.

use std::{io, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

const PATH: &str = "/redirect";
/// A request line and headers of a browser fit.
const REQUEST_LIMIT: usize = 16 << 10;
/// Connections that may be open at once.
const MAX_OPEN: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// What the browser brought.
pub enum Redirect {
    Code(SecretString),
    /// The user or the service said no.
    Denied,
}

impl Redirect {
    /// `None` unless `target` carries our `state`: anybody on this computer can call the listener.
    pub fn read(target: &Url, state: &str) -> Option<Self> {
        let value = |name: &str| target.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        if value("state")? != state {
            return None;
        }
        match value("code") {
            Some(code) if !code.is_empty() => Some(Self::Code(code.into_owned().into())),
            _ => Some(Self::Denied),
        }
    }
}

/// Bound to 127.0.0.1 on a free port.
pub struct RedirectListener {
    listener: TcpListener,
    uri: Url,
}

impl RedirectListener {
    /// # Errors
    /// When no port can be bound.
    pub async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let uri = format!("http://127.0.0.1:{}{PATH}", listener.local_addr()?.port());
        Ok(Self { listener, uri: Url::parse(&uri).map_err(io::Error::other)? })
    }

    pub fn uri(&self) -> &Url {
        &self.uri
    }

    /// Waits for the redirect that carries `state`; everything else gets an error page. Cancel by dropping.
    ///
    /// # Errors
    /// When the listener itself fails.
    pub async fn wait(self, state: &str) -> io::Result<Redirect> {
        // Side by side: browsers open connections that they never use.
        let mut reading = FuturesUnordered::new();
        loop {
            let (mut stream, target) = tokio::select! {
                accepted = self.listener.accept(), if reading.len() < MAX_OPEN => {
                    reading.push(read_request(accepted?.0));
                    continue;
                }
                Some(read) = reading.next() => read,
            };
            let Some(target) = target else { continue };
            let redirect = self.uri.join(&target).ok().filter(|url| url.path() == PATH);
            let redirect = redirect.and_then(|url| Redirect::read(&url, state));
            let (status, text) = match &redirect {
                Some(Redirect::Code(_)) => ("200 OK", "You are signed in. You can close this page."),
                Some(Redirect::Denied) => ("200 OK", "Nothing was signed in. You can close this page."),
                None => ("404 Not Found", "This page belongs to no sign-in under way."),
            };
            // The browser may be gone already; the code counts all the same.
            let _ = tokio::time::timeout(REQUEST_TIMEOUT, answer(&mut stream, status, text)).await;
            if let Some(redirect) = redirect {
                return Ok(redirect);
            }
        }
    }
}

/// A connection, and what it asked for in time.
async fn read_request(mut stream: TcpStream) -> (TcpStream, Option<String>) {
    let target = tokio::time::timeout(REQUEST_TIMEOUT, read_target(&mut stream)).await;
    (stream, target.ok().flatten())
}

/// The target of a GET request, read up to the end of its head.
async fn read_target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 || head.len() + read > REQUEST_LIMIT {
            return None;
        }
        head.extend_from_slice(&buffer[..read]);
    }
    let line = std::str::from_utf8(head.split(|&b| b == b'\r').next()?).ok()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.starts_with('/').then(|| target.to_owned())
}

async fn answer(stream: &mut TcpStream, status: &str, text: &str) -> io::Result<()> {
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>Partyline</title><body style=\"font:18px sans-serif;\
         background:#0f1216;color:#e8edf3;display:grid;place-items:center;height:90vh\"><p>{text}</p>"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(query: &str) -> Option<Redirect> {
        Redirect::read(&Url::parse(&format!("http://127.0.0.1:1/redirect?{query}")).expect("a url"), "s1")
    }

    #[test]
    fn a_redirect_counts_only_with_our_state() {
        assert!(
            matches!(read("code=v3.abc&state=s1"), Some(Redirect::Code(c)) if c.expose_secret() == "v3.abc")
        );
        assert!(read("code=v3.abc&state=other").is_none());
        assert!(read("code=v3.abc").is_none());
    }

    #[test]
    fn a_redirect_without_a_code_is_a_no() {
        assert!(matches!(read("error=access_denied&state=s1"), Some(Redirect::Denied)));
        assert!(matches!(read("code=&state=s1"), Some(Redirect::Denied)));
    }

    #[tokio::test]
    async fn strangers_and_half_requests_do_not_end_the_wait() {
        let listener = RedirectListener::bind().await.expect("a port");
        let address = listener.listener.local_addr().expect("bound");
        let wait = tokio::spawn(async move { listener.wait("s1").await });
        let request = async |text: &str| {
            let mut stream = TcpStream::connect(address).await.expect("listening");
            stream.write_all(text.as_bytes()).await.expect("open");
            let mut answer = String::new();
            if text.ends_with("\r\n\r\n") {
                stream.read_to_string(&mut answer).await.expect("an answer");
            }
            answer
        };
        let _unused = TcpStream::connect(address).await.expect("listening");
        request("GARBAGE").await;
        assert!(
            request("GET /redirect?code=x&state=wrong HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404")
        );
        assert!(request("GET /redirect?code=x&state=s1 HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        assert!(matches!(wait.await.expect("no panic"), Ok(Redirect::Code(_))));
        assert!(TcpStream::connect(address).await.is_err(), "closed after the redirect");
    }
}
