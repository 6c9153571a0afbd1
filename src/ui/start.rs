//! Starting a client for the window: the one it opens with, and the sandbox that the first screen offers. Main thread.

use egui::Context;
use std::sync::Arc;

use crate::client::{Command, Handle, Waker};

/// Why there is no client, in a sentence.
pub type StartFailure = Box<dyn std::error::Error + Send + Sync>;

/// Starts a client that asks for a frame through the [`Waker`].
pub type Start = Box<dyn FnOnce(Waker) -> Result<Handle, StartFailure>>;

/// "Try the sandbox", for somebody without an account at hand.
#[derive(Default)]
pub enum SandboxOffer {
    /// This run is a sandbox already, or was built without one.
    #[default]
    None,
    Ready(Start),
    /// Pressed; the next frame has it.
    Wanted(Start),
    Failed,
}

impl SandboxOffer {
    pub fn new(start: Option<Start>) -> Self {
        start.map_or(Self::None, Self::Ready)
    }

    pub fn want(&mut self) {
        if let Self::Ready(start) = std::mem::take(self) {
            *self = Self::Wanted(start);
        }
    }

    /// The sandbox's client in place of `current`, which quits.
    pub fn carry_out(&mut self, ctx: &Context, current: &mut Handle) {
        match std::mem::take(self) {
            Self::Wanted(start) => match start(waker(ctx)) {
                Ok(handle) => std::mem::replace(current, handle).send(Command::Quit),
                Err(error) => {
                    tracing::error!(%error, "the sandbox did not start");
                    *self = Self::Failed;
                }
            },
            other => *self = other,
        }
    }
}

pub fn waker(ctx: &Context) -> Waker {
    let ctx = ctx.clone();
    Arc::new(move || ctx.request_repaint())
}
