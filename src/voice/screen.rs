//! From the voice thread to the meters, and a call to whoever draws them: only when something visible changed, and not
//! more often than an eye can follow.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::{
    engine::{Downlink, Reading},
    meters::{MAX_SPEAKERS, Meters},
};
use crate::model::{AccountId, Decibels};

/// Thirty times a second.
const SHORTEST: Duration = Duration::from_millis(33);
/// A smaller change of a level is not seen.
const VISIBLE: f32 = 1.5;

/// What was last drawn.
struct Shown {
    live: bool,
    microphone: Decibels,
    speakers: Vec<(AccountId, Decibels)>,
}

pub struct Screen {
    meters: Arc<Meters>,
    wake: Arc<dyn Fn() + Send + Sync>,
    shown: Shown,
    woken: Option<Instant>,
}

impl Screen {
    pub fn new(meters: Arc<Meters>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let shown =
            Shown { live: false, microphone: Decibels::SILENCE, speakers: Vec::with_capacity(MAX_SPEAKERS) };
        Self { meters, wake, shown, woken: None }
    }

    /// Sets the meters, and wakes the painter if that shows.
    pub fn show(&mut self, uplink: &Reading, downlink: &Downlink, now: Instant) {
        self.meters.live.store(uplink.live, Relaxed);
        self.meters.microphone.set(uplink.microphone);
        self.meters.heard.set(downlink.level());
        self.meters.set_speakers(downlink.speakers());

        let too_soon = self.woken.is_some_and(|woken| now < woken + SHORTEST);
        if too_soon || !self.shown.differs(uplink, downlink) {
            return;
        }
        self.woken = Some(now);
        self.shown.live = uplink.live;
        self.shown.microphone = uplink.microphone;
        self.shown.speakers.clear();
        self.shown.speakers.extend(downlink.speakers());
        (self.wake)();
    }
}

impl Shown {
    fn differs(&self, uplink: &Reading, downlink: &Downlink) -> bool {
        let moved = |from: Decibels, to: Decibels| (from.0 - to.0).abs() > VISIBLE;
        uplink.live != self.live
            || moved(self.microphone, uplink.microphone)
            || downlink.speakers().count() != self.speakers.len()
            || downlink
                .speakers()
                .zip(&self.speakers)
                .any(|((account, level), shown)| account != shown.0 || moved(shown.1, level))
    }
}
