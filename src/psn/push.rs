//! The push line: which socket to use, the WebSocket, its keep-alive. Reconnecting is the client's decision.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Error as SocketError, Message, Utf8Bytes,
        client::IntoClientRequest,
        http::{HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};
use url::Url;

use super::{
    Error, Psn,
    call::Call,
    event::PushEvent,
    http::Answered,
    in_flight::InFlight,
    wire::push::{Authenticate, ServerAddress},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Events are some kilobytes; voice signalling with an SDP inside fits many times.
const FRAME_LIMIT: usize = 256 << 10;

/// The two dialects of the push system, newest first.
const DIALECTS: [Dialect; 2] = [
    Dialect { version: "3.0", keep_alive_type: "6", ping_every: Duration::from_secs(60) },
    Dialect { version: "2.1", keep_alive_type: "3", ping_every: Duration::from_secs(5) },
];

struct Dialect {
    version: &'static str,
    keep_alive_type: &'static str,
    /// Where the directory names no interval.
    ping_every: Duration,
}

/// Why the line is down.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error(transparent)]
    Directory(#[from] Error),
    #[error("the push directory named an unusable host")]
    BadHost,
    #[error("the push socket did not open: {0}")]
    Refused(&'static str),
    #[error("the push socket closed")]
    Closed,
    #[error("the push socket fell silent")]
    Silent,
}

/// What came over one line, for diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PushCounts {
    /// All that mean something to the client.
    pub events: u64,
    /// Of these, the ones that were the same as the one before, byte by byte. They are handed on all the same: two messages in
    /// one group look alike too.
    pub repeated: u64,
    /// Of these, the ones of a kind nobody has described.
    pub unknown: u64,
    /// Of these, messages of other members' programs that are damaged or in another's name: they are passed over.
    pub unusable: u64,
    /// Frames about nothing that the client knows.
    pub other: u64,
}

/// An open push line.
pub struct PushSocket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    ping_every: Duration,
    pong_within: Duration,
    next_ping: Instant,
    pong_due: Option<Instant>,
    /// An event says that something has changed: what is read after it must not be answered from before it.
    in_flight: InFlight<Answered>,
    counts: PushCounts,
    last_event: Option<Utf8Bytes>,
    /// Arrived while the line was being opened.
    early: Option<Utf8Bytes>,
}

impl Psn {
    /// Opens the push line. `again`: this run had one before.
    ///
    /// # Errors
    /// [`PushError`]; nothing stays open.
    pub async fn open_push(&self, again: bool) -> Result<PushSocket, PushError> {
        let mut last = PushError::Closed;
        for dialect in &DIALECTS {
            match self.open_dialect(dialect, again).await {
                Ok(socket) => return Ok(socket),
                // Another dialect helps only where this one was refused.
                Err(PushError::Directory(error @ (Error::Refused { .. } | Error::Trouble { .. }))) => {
                    last = error.into();
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    async fn open_dialect(&self, dialect: &Dialect, again: bool) -> Result<PushSocket, PushError> {
        let url = self.http.endpoints().push_directory("/np/serveraddr");
        let call = Call::new("push directory", Method::GET, url).query(&[
            ("version", dialect.version),
            ("fields", "keepAliveStatus"),
            ("keepAliveStatusType", dialect.keep_alive_type),
        ]);
        let address: ServerAddress = self.http.fetch(call).await?;
        let url = self.http.endpoints().push_socket(&address.fqdn).map_err(|_| PushError::BadHost)?;
        let keep_alive = address.keep_alive_status;
        let millis = |value: Option<u64>| value.map(Duration::from_millis);
        let ping_every = millis(keep_alive.as_ref().and_then(|k| k.client_keep_alive_interval));
        let pong_within = millis(keep_alive.as_ref().and_then(|k| k.client_keep_alive_timeout));
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let ping_every = ping_every.unwrap_or(dialect.ping_every).clamp(second, 2 * minute);
        let mut socket = self.connect(dialect, &url, again).await?;
        let early = timeout(CONNECT_TIMEOUT, listens(&mut socket)).await.map_err(|_| PushError::Silent)??;
        Ok(PushSocket {
            socket,
            ping_every,
            pong_within: pong_within.unwrap_or(20 * second).clamp(second, minute),
            next_ping: Instant::now() + ping_every,
            pong_due: None,
            in_flight: self.http.in_flight(),
            counts: PushCounts::default(),
            last_event: None,
            early,
        })
    }

    async fn connect(
        &self,
        dialect: &Dialect,
        url: &Url,
        again: bool,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, PushError> {
        let token = self.http.access_token().await?;
        let bad = |_| PushError::Refused("a header did not fit");
        let mut request = url.as_str().into_client_request().map_err(|_| PushError::BadHost)?;
        let headers = request.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("np-pushpacket"));
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(bad)?;
        bearer.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, bearer);
        for (name, value) in [
            ("x-psn-app-type", "MOBILE_APP.PSAPP"),
            ("x-psn-app-ver", "26.1.0"),
            ("x-psn-os-ver", std::env::consts::OS),
            ("x-psn-protocol-version", dialect.version),
            ("x-psn-keep-alive-status-type", dialect.keep_alive_type),
            ("x-psn-reconnection", if again { "true" } else { "false" }),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_LIMIT))
            .max_frame_size(Some(FRAME_LIMIT))
            .read_buffer_size(16 << 10);
        let opened = timeout(CONNECT_TIMEOUT, connect_async_with_config(request, Some(config), true)).await;
        let mut socket = match opened {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(SocketError::Http(answer))) if answer.status() == StatusCode::UNAUTHORIZED => {
                // The next try comes with a new token.
                self.http.renew_token(&token).await?;
                return Err(PushError::Refused("the token had ended"));
            }
            Ok(Err(SocketError::Http(_))) => return Err(PushError::Refused("the service said no")),
            Ok(Err(_)) => return Err(PushError::Refused("no connection")),
            Err(_) => return Err(PushError::Silent),
        };
        if dialect.version == "3.0" {
            let frame = serde_json::to_string(&Authenticate::new(self.account().0, token.expose()))
                .map_err(|_| PushError::Refused("the first frame did not serialize"))?;
            socket.send(Message::text(frame)).await.map_err(|_| PushError::Closed)?;
        }
        Ok(socket)
    }
}

/// Ends once the service listens: it answers a ping after it has read what was sent before. From then on no event is missed,
/// so what is read over REST now stays right. An event in its place, which is returned, tells the same.
async fn listens(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
) -> Result<Option<Utf8Bytes>, PushError> {
    socket.send(Message::Ping(Vec::new().into())).await.map_err(|_| PushError::Closed)?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Pong(_))) => return Ok(None),
            Some(Ok(Message::Text(text))) => return Ok(Some(text)),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(PushError::Closed),
            Some(Ok(_)) => {}
        }
    }
}

impl PushSocket {
    /// The next event; pings in the meantime. Cancel-safe: dropping the future loses no event.
    ///
    /// # Errors
    /// When the line is down; it stays down.
    pub async fn next(&mut self) -> Result<PushEvent, PushError> {
        if let Some(event) = self.early.take().and_then(|text| self.read(text)) {
            return Ok(event);
        }
        loop {
            let deadline = self.pong_due.unwrap_or(self.next_ping);
            match tokio::time::timeout_at(deadline, self.socket.next()).await {
                Ok(Some(Ok(message))) => {
                    // Whatever arrives proves the line alive.
                    self.pong_due = None;
                    match message {
                        Message::Text(text) => {
                            if let Some(event) = self.read(text) {
                                return Ok(event);
                            }
                        }
                        Message::Close(_) => return Err(PushError::Closed),
                        _ => {}
                    }
                }
                Ok(Some(Err(_)) | None) => return Err(PushError::Closed),
                Err(_) if self.pong_due.is_some() => return Err(PushError::Silent),
                Err(_) => {
                    let ping = self.socket.send(Message::Ping(Vec::new().into()));
                    timeout(self.pong_within, ping)
                        .await
                        .map_err(|_| PushError::Silent)?
                        .map_err(|_| PushError::Closed)?;
                    self.pong_due = Some(Instant::now() + self.pong_within);
                    self.next_ping = Instant::now() + self.ping_every;
                }
            }
        }
    }

    /// What came over this line so far.
    pub fn counts(&self) -> PushCounts {
        self.counts
    }

    /// And counts.
    fn read(&mut self, text: Utf8Bytes) -> Option<PushEvent> {
        let Some(event) = PushEvent::parse(&text) else {
            self.counts.other += 1;
            tracing::debug!(bytes = text.len(), "a push frame that is no event");
            return None;
        };
        self.in_flight.forget();
        self.counts.events += 1;
        self.counts.unknown += u64::from(event.is_unknown());
        self.counts.unusable += u64::from(event.is_unusable());
        self.counts.repeated += u64::from(self.last_event.as_ref() == Some(&text));
        self.last_event = Some(text);
        Some(event)
    }

    /// Says goodbye, briefly.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_millis(300), self.socket.close(None)).await;
    }
}
