//! Who listens, and what they are sent. Pure data; the sockets' tasks hold the other ends.

use std::{collections::HashMap, time::Duration};

use axum::extract::ws::Utf8Bytes;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Event, trouble::Trouble};
use crate::sandbox::{
    people::{AccountId, Accounts},
    world::now_millis,
};

/// Frames that wait for one socket; a client that reads slower than this loses the socket, not an event in between.
const BACKLOG: usize = 256;
/// Sockets of one account; the oldest goes first.
const MAX_SOCKETS: usize = 4;

#[derive(Default)]
pub(in crate::sandbox) struct PushHub {
    sockets: HashMap<AccountId, Vec<Socket>>,
    /// When an account's first socket opened or its last one closed, in milliseconds since 1970.
    last_change: HashMap<AccountId, u64>,
    next_id: u64,
    trouble: Trouble,
}

/// Dropping it closes the socket.
struct Socket {
    id: SocketId,
    frames: mpsc::Sender<Utf8Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct SocketId(u64);

impl PushHub {
    /// A new socket of this account. It is to be closed when the receiver ends.
    pub fn connect(&mut self, account: AccountId) -> (SocketId, mpsc::Receiver<Utf8Bytes>) {
        let (frames, receiver) = mpsc::channel(BACKLOG);
        self.next_id += 1;
        let id = SocketId(self.next_id);
        let sockets = self.sockets.entry(account).or_default();
        if sockets.is_empty() {
            self.last_change.insert(account, now_millis());
        }
        if sockets.len() >= MAX_SOCKETS {
            sockets.remove(0);
        }
        sockets.push(Socket { id, frames });
        (id, receiver)
    }

    pub(super) fn disconnect(&mut self, account: AccountId, id: SocketId) {
        self.retain(account, |socket| socket.id != id);
    }

    fn retain(&mut self, account: AccountId, keep: impl FnMut(&Socket) -> bool) {
        if let Some(sockets) = self.sockets.get_mut(&account) {
            sockets.retain(keep);
            if sockets.is_empty() {
                self.sockets.remove(&account);
                self.last_change.insert(account, now_millis());
            }
        }
    }

    pub fn is_connected(&self, account: AccountId) -> bool {
        self.sockets.contains_key(&account)
    }

    /// When somebody came or went.
    pub fn last_change(&self, account: AccountId) -> Option<u64> {
        self.last_change.get(&account).copied()
    }

    pub fn drop_all(&mut self) {
        let now = now_millis();
        self.last_change.extend(self.sockets.drain().map(|(account, _)| (account, now)));
    }

    /// How events travel from now on.
    pub fn trouble(&mut self) -> &mut Trouble {
        &mut self.trouble
    }

    /// Sends an event to every socket of everybody it is for. What is to arrive later is handed back.
    pub fn publish(&mut self, event: &Event, accounts: &Accounts) -> Vec<Late> {
        let mut late = Vec::new();
        let (data_type, body) = self.trouble.dress(event);
        for &account in &event.to {
            let Some(to) = accounts.get(account).filter(|_| self.is_connected(account)) else { continue };
            let frame = json!({
                "version": "3.0", "method": 3001, "dataType": data_type, "to": to.address(), "body": body,
            });
            let frame = Utf8Bytes::from(frame.to_string());
            for after in self.trouble.ways() {
                if after.is_zero() {
                    self.retain(account, |socket| socket.frames.try_send(frame.clone()).is_ok());
                } else {
                    let sockets = self.sockets.get(&account).into_iter().flatten();
                    late.extend(sockets.map(|socket| Late {
                        socket: socket.frames.downgrade(),
                        frame: frame.clone(),
                        after,
                    }));
                }
            }
        }
        late
    }
}

/// A frame that is still on its way.
pub(in crate::sandbox) struct Late {
    socket: mpsc::WeakSender<Utf8Bytes>,
    frame: Utf8Bytes,
    after: Duration,
}

impl Late {
    /// Arrives, if the socket is still there and has room.
    pub async fn travel(self) {
        tokio::time::sleep(self.after).await;
        if let Some(socket) = self.socket.upgrade() {
            // A client that reads too slowly has lost the socket anyway.
            let _ = socket.try_send(self.frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(to: AccountId) -> Event {
        Event { to: vec![to], data_type: "psn:test", data: json!({}) }
    }

    #[test]
    fn a_client_that_does_not_read_loses_its_socket() {
        let mut accounts = Accounts::default();
        let account = accounts.sign_in("marlow_87").expect("a name");
        let mut hub = PushHub::default();
        let (_, receiver) = hub.connect(account);
        for _ in 0..=BACKLOG {
            hub.publish(&event(account), &accounts);
        }
        assert!(!hub.is_connected(account));
        assert_eq!(receiver.len(), BACKLOG);
    }

    #[test]
    fn an_account_is_online_until_its_last_socket_closes() {
        let mut hub = PushHub::default();
        let account = AccountId(7);
        let (first, _a) = hub.connect(account);
        let (second, _b) = hub.connect(account);
        hub.disconnect(account, first);
        assert!(hub.is_connected(account));
        hub.disconnect(account, second);
        assert!(!hub.is_connected(account) && hub.last_change(account).is_some());
    }
}
