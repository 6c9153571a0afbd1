//! The DevTools protocol: commands and events of one browser over one WebSocket. It moves only while the test waits in it.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::PATIENCE;

pub struct DevTools {
    runtime: Runtime,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// Came and was not asked for yet.
    events: VecDeque<Value>,
}

impl DevTools {
    pub fn connect(address: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (socket, _) = runtime.block_on(connect_async(address)).expect("the browser listens");
        Self { runtime, socket, last_id: 0, events: VecDeque::new() }
    }

    /// `session`: a page's, or none for the browser itself.
    ///
    /// # Errors
    /// What the browser says of it; a page on its way to another says so too.
    pub fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Result<Value, Value> {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let sent = self.runtime.block_on(self.socket.send(Message::text(command.to_string())));
        sent.expect("the browser is there");
        loop {
            let mut message = self.next();
            if message["id"] != self.last_id {
                self.events.push_back(message);
                continue;
            }
            return match message["error"].take() {
                Value::Null => Ok(message["result"].take()),
                error => Err(error),
            };
        }
    }

    /// The first event that is wanted, of those that came and those that come.
    pub fn wait_for<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        loop {
            let event = self.events.pop_front().unwrap_or_else(|| self.next());
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    fn next(&mut self) -> Value {
        let message = self.runtime.block_on(async { timeout(PATIENCE, self.socket.next()).await });
        let message = message.expect("the browser says something").expect("open").expect("readable");
        serde_json::from_str(message.to_text().expect("text")).unwrap_or_default()
    }
}

impl Drop for DevTools {
    /// Lets the browser put its things away.
    fn drop(&mut self) {
        let close = json!({"id": self.last_id + 1, "method": "Browser.close"}).to_string();
        self.runtime.block_on(async {
            let _ = timeout(Duration::from_secs(5), async {
                let _ = self.socket.send(Message::text(close)).await;
                while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
            })
            .await;
        });
    }
}
