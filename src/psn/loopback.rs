//! The way back from the browser: one HTTP listener on a loopback address, for one redirect, then closed.

mod page;

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::{Host, Url};

use super::redirect::{Expected, Redirect};

/// A request line and headers of a browser fit.
const REQUEST_LIMIT: usize = 16 << 10;
/// Connections that may be open at once.
const MAX_OPEN: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Before accepting again when that failed, as with no file handle left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bound to the loopback address that the redirect names.
pub struct RedirectListener {
    listener: TcpListener,
    uri: Url,
}

impl RedirectListener {
    /// Listens where `redirect` leads; on a free port where it names none. `Ok(None)`: it leads to no loopback page.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(redirect: &Url) -> io::Result<Option<Self>> {
        let loopback = match redirect.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(Host::Domain(_)) | None => return Ok(None),
        };
        if redirect.scheme() != "http" || !loopback.is_loopback() {
            return Ok(None);
        }
        let listener = TcpListener::bind((loopback, redirect.port().unwrap_or(0))).await?;
        let mut uri = redirect.clone();
        let port = listener.local_addr()?.port();
        uri.set_port(Some(port)).map_err(|()| io::Error::other("an address without a port"))?;
        Ok(Some(Self { listener, uri }))
    }

    pub fn uri(&self) -> &Url {
        &self.uri
    }

    /// Waits for the redirect that is `expected`. Who asks for another page gets an error page, who asks for none gets nothing.
    /// Cancel by dropping.
    pub async fn wait(self, expected: &Expected) -> Redirect {
        // Side by side: browsers open connections that they never use.
        let mut reading = FuturesUnordered::new();
        loop {
            let (mut stream, target) = tokio::select! {
                accepted = self.listener.accept(), if reading.len() < MAX_OPEN => {
                    match accepted {
                        Ok((stream, _)) => reading.push(read_request(stream)),
                        Err(error) => {
                            tracing::warn!(kind = %error.kind(), "the browser cannot be heard");
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                    }
                    continue;
                }
                Some(read) = reading.next() => read,
            };
            let Some(target) = target else { continue };
            let address = self.uri.join(&target).ok();
            let redirect = address.and_then(|address| expected.read(address.as_str()).ok());
            // The browser may be gone already; the code counts all the same.
            let _ = tokio::time::timeout(REQUEST_TIMEOUT, answer(&mut stream, redirect.as_ref())).await;
            if let Some(redirect) = redirect {
                return redirect;
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

async fn answer(stream: &mut TcpStream, redirect: Option<&Redirect>) -> io::Result<()> {
    stream.write_all(page::answer(redirect).as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_and_half_requests_do_not_end_the_wait() {
        let redirect = Url::parse("http://127.0.0.1/redirect").expect("an address");
        let listener = RedirectListener::bind(&redirect).await.expect("a port").expect("loopback");
        let address = listener.listener.local_addr().expect("bound");
        let expected = Expected { redirect_uri: listener.uri().clone(), state: "s1".into() };
        let wait = tokio::spawn(async move { listener.wait(&expected).await });
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
        for stranger in
            ["/redirect?code=x&state=wrong", "/favicon.ico", "//evil.example/redirect?code=x&state=s1"]
        {
            let answer = request(&format!("GET {stranger} HTTP/1.1\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{stranger}: {answer}");
        }
        assert!(request("GET /redirect?code=x&state=s1 HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 200"));
        assert!(matches!(wait.await.expect("no panic"), Redirect::Code(_)));
        assert!(TcpStream::connect(address).await.is_err(), "closed after the redirect");
    }

    #[tokio::test]
    async fn it_listens_at_the_address_that_the_redirect_names() {
        for (redirect, address) in [
            ("http://127.0.0.2/redirect", "127.0.0.2"),
            ("http://[::1]/redirect", "::1"),
            ("http://localhost/redirect", "127.0.0.1"),
        ] {
            let redirect = Url::parse(redirect).expect("an address");
            let listener = RedirectListener::bind(&redirect).await.expect("a port").expect("loopback");
            let bound = listener.listener.local_addr().expect("bound");
            assert_eq!(bound.ip().to_string(), address);
            assert_eq!((listener.uri().host(), listener.uri().port()), (redirect.host(), Some(bound.port())));
        }
    }

    #[tokio::test]
    async fn a_redirect_that_leads_elsewhere_has_no_listener() {
        for elsewhere in [
            "com.example.app://redirect",
            "https://127.0.0.1/x",
            "http://10.0.0.1/x",
            "http://example.org/",
            "http://[fe80::1]/",
        ] {
            let redirect = Url::parse(elsewhere).expect("an address");
            assert!(RedirectListener::bind(&redirect).await.expect("nothing bound").is_none(), "{elsewhere}");
        }
    }
}
