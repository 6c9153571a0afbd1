//! How voice is, asked for no more than once a second however often the window is drawn.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{model::VoiceReport, ui::Cx};

pub const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Sample {
    taken: Option<Instant>,
    report: Arc<VoiceReport>,
}

impl Sample {
    pub fn read(&mut self, cx: &Cx<'_>, now: Instant) -> Arc<VoiceReport> {
        if self.taken.is_none_or(|taken| now.saturating_duration_since(taken) >= EVERY) {
            *self = Self { taken: Some(now), report: Arc::new((cx.handle.report)()) };
        }
        Arc::clone(&self.report)
    }
}
