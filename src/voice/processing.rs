//! What is done to the microphone before anybody hears it: echo, noise, gain, rumble. The `sonora` crate (WebRTC's audio
//! processing) does the work; here is when, and with what as the far end. The voice thread runs it.

use std::collections::VecDeque;

use sonora::{
    AudioProcessing, Config, StreamConfig,
    config::{
        AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression,
        NoiseSuppressionLevel, Pipeline,
    },
};

use super::{BLOCK, SAMPLE_RATE, mixer::level};
use crate::model::{Decibels, Processing};

/// Blocks of the far end that wait for the microphone's; the canceller finds delays of up to half a second by itself.
const MOST_FAR: usize = 50;
/// Without a far end for this many blocks the speakers are silent: the canceller's clock goes on with silence.
const FAR_SILENT_AFTER: usize = 5;
/// What is quieter at the speakers does not come back through any microphone.
const FAR_AUDIBLE: Decibels = Decibels(-60.0);
/// Nobody has spoken for this many blocks: the canceller, which costs three times as much as all the rest and a dozen
/// milliseconds of delay, has nothing to do. It forgets little; of the first word after a rest something may come back.
const ECHO_BLOCKS: usize = 500;
/// Where something is switched, the sound dips for this long instead of clicking.
const DIP: usize = SAMPLE_RATE / 1000 * 5;
/// Quiet microphones are raised by this much at most; noise between words must not be.
const MOST_GAIN_DB: f32 = 24.0;

/// Everything that goes to the speakers, in the order it is played: what may come back through the microphone.
#[derive(Debug, Default)]
pub struct FarEnd {
    blocks: VecDeque<[f32; BLOCK]>,
}

impl FarEnd {
    /// The oldest is forgotten where nobody asks for them.
    pub fn play(&mut self, block: &[f32; BLOCK]) {
        if self.blocks.len() >= MOST_FAR {
            self.blocks.pop_front();
        }
        self.blocks.push_back(*block);
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Forgets all but the newest: what was played before the microphone began cannot come back through it.
    pub fn keep(&mut self, most: usize) {
        self.blocks.drain(..self.blocks.len().saturating_sub(most));
    }

    /// Nobody listens to the microphone: what was played is of no use.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }
}

/// What does the work, as it was asked for. Costs nothing while everything is off.
pub struct Chain {
    settings: Processing,
    echo: Option<EchoCancellation>,
    /// Noise, gain and rumble.
    rest: Option<AudioProcessing>,
}

impl Chain {
    /// Takes about a millisecond; to be called where it is asked for, not on the voice thread.
    pub fn new(settings: Processing) -> Self {
        Self { settings, echo: EchoCancellation::of(settings), rest: config(settings).map(build) }
    }
}

/// Runs a chain, and changes it for another without a click.
pub struct Processor {
    chain: Box<Chain>,
    /// In force from the next block on.
    next: Option<Box<Chain>>,
    /// The block before was the last with other settings.
    is_new: bool,
}

impl Processor {
    pub fn new(settings: Processing) -> Self {
        Self { chain: Box::new(Chain::new(settings)), next: None, is_new: false }
    }

    /// In force within two blocks.
    pub fn set(&mut self, chain: Box<Chain>) {
        self.next = Some(chain);
    }

    /// Cleans one block in place. `far`: what was played and not taken so far; `blocks_left`: how many of the microphone's are
    /// to be cleaned now, this one among them.
    pub fn process(&mut self, block: &mut [f32; BLOCK], far: &mut FarEnd, blocks_left: usize) {
        match &mut self.chain.echo {
            Some(echo) => echo.cancel(block, far, blocks_left),
            None => far.clear(),
        }
        if let Some(rest) = &mut self.chain.rest {
            run(rest, block);
        }
        if std::mem::take(&mut self.is_new) {
            fade(block.iter_mut());
        }
        if let Some(next) = self.next.take()
            && next.settings != self.chain.settings
        {
            fade(block.iter_mut().rev());
            self.change(next);
        }
    }

    /// What was learnt of the room and the voice stays, where the next chain has use for it.
    fn change(&mut self, mut next: Box<Chain>) {
        if next.echo.is_some() && self.chain.echo.is_some() {
            next.echo = self.chain.echo.take();
        }
        if let (Some(mut rest), Some(config)) = (self.chain.rest.take(), config(next.settings)) {
            rest.apply_config(config);
            next.rest = Some(rest);
        }
        (self.chain, self.is_new) = (next, true);
    }
}

/// Takes away what the speakers play, while they play something.
struct EchoCancellation {
    chain: AudioProcessing,
    /// Of the microphone, without a block of the far end.
    without_far: usize,
    /// Of the far end, inaudible.
    quiet: usize,
    is_running: bool,
}

impl EchoCancellation {
    fn of(settings: Processing) -> Option<Self> {
        let config = Config { echo_canceller: Some(EchoCanceller::default()), ..full_band() };
        let new = || Self { chain: build(config), without_far: 0, quiet: ECHO_BLOCKS, is_running: false };
        settings.echo_cancellation.then(new)
    }

    fn cancel(&mut self, block: &mut [f32; BLOCK], far: &mut FarEnd, blocks_left: usize) {
        let was_running = self.is_running;
        self.hear(far, blocks_left);
        if !was_running && !self.is_running {
            return;
        }
        let recorded = *block;
        run(&mut self.chain, block);
        // From one to the other while both are there.
        let (from, to) = match (was_running, self.is_running) {
            (false, true) => (&recorded, *block),
            (true, false) => (&*block, recorded),
            _ => return,
        };
        let mut blended = to;
        for (n, sample) in blended.iter_mut().take(DIP).enumerate() {
            let share = n as f32 / DIP as f32;
            *sample = from[n] + (*sample - from[n]) * share;
        }
        *block = blended;
    }

    /// The far end keeps the microphone's pace: what waits is spread over the blocks that are to be worked on now.
    fn hear(&mut self, far: &mut FarEnd, blocks_left: usize) {
        if far.blocks.is_empty() {
            self.without_far += 1;
            if self.without_far > FAR_SILENT_AFTER {
                self.hear_block(&[0.0; BLOCK]);
            }
            return;
        }
        self.without_far = 0;
        let share = far.blocks.len().div_ceil(blocks_left.max(1));
        far.blocks.drain(..share).for_each(|block| self.hear_block(&block));
    }

    fn hear_block(&mut self, block: &[f32; BLOCK]) {
        self.quiet = if level(block) > FAR_AUDIBLE { 0 } else { self.quiet.saturating_add(1) };
        self.is_running = self.quiet < ECHO_BLOCKS;
        if self.is_running
            && let Err(error) = self.chain.process_render_f32(&[block], &mut [&mut [0.0; BLOCK]])
        {
            tracing::debug!(%error, "a block of the far end was not noted");
        }
    }
}

/// Of everything but the echo; `None`: nothing is wanted.
fn config(settings: Processing) -> Option<Config> {
    let Processing { high_pass, echo_cancellation: _, noise_suppression, automatic_gain } = settings;
    let gain = AdaptiveDigital { initial_gain_db: 0.0, max_gain_db: MOST_GAIN_DB, ..Default::default() };
    (high_pass || noise_suppression || automatic_gain).then(|| Config {
        high_pass_filter: high_pass.then(HighPassFilter::default),
        noise_suppression: noise_suppression
            .then(|| NoiseSuppression { level: NoiseSuppressionLevel::High, ..Default::default() }),
        gain_controller2: automatic_gain
            .then(|| GainController2 { adaptive_digital: Some(gain), ..Default::default() }),
        ..full_band()
    })
}

fn full_band() -> Config {
    let pipeline = Pipeline {
        maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
        multi_channel_render: false,
        multi_channel_capture: false,
        ..Default::default()
    };
    Config { pipeline, ..Default::default() }
}

fn build(config: Config) -> AudioProcessing {
    let mono = StreamConfig::new(SAMPLE_RATE as u32, 1);
    let builder = AudioProcessing::builder().config(config).echo_detector(false);
    builder.capture_config(mono).render_config(mono).build()
}

fn run(chain: &mut AudioProcessing, block: &mut [f32; BLOCK]) {
    let before = *block;
    if let Err(error) = chain.process_capture_f32(&[&before], &mut [block]) {
        tracing::debug!(%error, "a block of the microphone was not processed");
        *block = before;
    }
}

/// From silence to whole.
fn fade<'a>(samples: impl Iterator<Item = &'a mut f32>) {
    for (n, sample) in samples.take(DIP).enumerate() {
        *sample *= n as f32 / DIP as f32;
    }
}

#[cfg(test)]
mod tests;
