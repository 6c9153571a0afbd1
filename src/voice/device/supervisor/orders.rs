//! What a supervisor is told, and the way to it.

use std::sync::{
    Arc,
    mpsc::{Receiver, Sender, channel},
};

use crate::voice::device::{Devices, Source};

/// What a supervisor is told.
pub enum Order {
    Source(Source),
    /// Somebody listens or talks.
    Need(bool),
    /// There is nothing to play or send for a while, or again something.
    Rest(bool),
    /// What is plugged in.
    Devices(Arc<Devices>),
    /// The card that the speakers have open.
    Speakers(Option<String>),
    /// The open device of this number failed.
    Failed(u64),
    Stop,
}

/// The way to a supervisor. Never blocks.
#[derive(Clone)]
pub struct Orders(Sender<Order>);

impl Orders {
    pub fn new() -> (Self, Receiver<Order>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    /// A supervisor that is gone takes no orders, and none are missed.
    pub fn send(&self, order: Order) {
        _ = self.0.send(order);
    }
}
