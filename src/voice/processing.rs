//! What is done to the microphone before anybody hears it: rumble, echo, noise, gain. The `sonora` crates (WebRTC's audio
//! processing) do the work; here is when, and with what as the far end. The voice thread runs it.
//!
//! All but the high-pass, and that is why noise is suppressed without `sonora`'s chain, which brings it along: it is of order
//! six at 100 Hz and takes PESQ of clean speech from 4.64 to 3.54 (`tests::bench`); all together leave 3.50 with it, and
//! 4.30 with ours.

use std::collections::VecDeque;

use biquad::{Biquad, Coefficients, DirectForm2Transposed, Q_BUTTERWORTH_F32, ToHertz, Type};
use sonora::{
    AudioProcessing, Config, StreamConfig,
    config::{AdaptiveDigital, EchoCanceller, GainController2, MaxProcessingRate, Pipeline},
};

mod suppression;

use self::suppression::NoiseSuppression;
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
/// What lies below is no voice. Hertz.
const RUMBLE: f32 = 80.0;
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
    high_pass: Option<HighPass>,
    echo: Option<EchoCancellation>,
    noise: Option<NoiseSuppression>,
    gain: Option<AudioProcessing>,
}

impl Chain {
    /// Takes about a millisecond; to be called where it is asked for, not on the voice thread.
    pub fn new(settings: Processing) -> Self {
        let Processing { high_pass, echo_cancellation, noise_suppression, automatic_gain } = settings;
        Self {
            settings,
            high_pass: high_pass.then(|| HighPass::above(RUMBLE)).flatten(),
            echo: echo_cancellation.then(EchoCancellation::new),
            noise: noise_suppression.then(NoiseSuppression::new),
            gain: automatic_gain.then(gain),
        }
    }

    /// What the one before learnt of the room and the voice stays, where this one has use for it. `block`: the last it made.
    fn learn_from(&mut self, before: Self, block: &[f32; BLOCK]) {
        fn take<T>(ours: &mut Option<T>, theirs: Option<T>) {
            if ours.is_some() && theirs.is_some() {
                *ours = theirs;
            }
        }
        take(&mut self.high_pass, before.high_pass);
        take(&mut self.echo, before.echo);
        if let (Some(noise), None) = (&mut self.noise, &before.noise) {
            // Else what it is behind by would be silence.
            noise.suppress(&mut block.clone());
        }
        take(&mut self.noise, before.noise);
        take(&mut self.gain, before.gain);
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
        let Chain { settings, high_pass, echo, noise, gain } = &mut *self.chain;
        if let Some(high_pass) = high_pass {
            high_pass.apply(block);
        }
        match echo {
            Some(echo) => echo.cancel(block, far, blocks_left, settings.high_pass),
            None => far.clear(),
        }
        if let Some(noise) = noise {
            noise.suppress(block);
        }
        if let Some(gain) = gain {
            run(gain, block);
        }
        if std::mem::take(&mut self.is_new) {
            fade(block.iter_mut());
        }
        if let Some(next) = self.next.take()
            && next.settings != self.chain.settings
        {
            let before = std::mem::replace(&mut self.chain, next);
            self.chain.learn_from(*before, block);
            self.is_new = true;
            fade(block.iter_mut().rev());
        }
    }
}

/// Takes rumble away, and no more of the voice than it must.
struct HighPass(DirectForm2Transposed<f32>);

impl HighPass {
    /// `None`: there is no such filter at our rate.
    fn above(hertz: f32) -> Option<Self> {
        let rate = (SAMPLE_RATE as f32).hz();
        let coefficients =
            Coefficients::from_params(Type::HighPass, rate, hertz.hz(), Q_BUTTERWORTH_F32).ok()?;
        Some(Self(DirectForm2Transposed::new(coefficients)))
    }

    fn apply(&mut self, block: &mut [f32; BLOCK]) {
        block.iter_mut().for_each(|sample| *sample = self.0.run(*sample));
    }
}

/// Takes away what the speakers play, while they play something.
struct EchoCancellation {
    chain: AudioProcessing,
    /// It finds an echo sooner without the rumble.
    high_pass: Option<HighPass>,
    /// Of the microphone, without a block of the far end.
    without_far: usize,
    /// Of the far end, inaudible.
    quiet: usize,
    is_running: bool,
}

impl EchoCancellation {
    fn new() -> Self {
        let canceller = EchoCanceller { enforce_high_pass_filtering: false, ..Default::default() };
        let chain = build(Config { echo_canceller: Some(canceller), ..full_band() });
        Self {
            chain,
            high_pass: HighPass::above(RUMBLE),
            without_far: 0,
            quiet: ECHO_BLOCKS,
            is_running: false,
        }
    }

    /// `is_high`: there is no rumble in the block any more.
    fn cancel(&mut self, block: &mut [f32; BLOCK], far: &mut FarEnd, blocks_left: usize, is_high: bool) {
        let was_running = self.is_running;
        self.hear(far, blocks_left);
        if !was_running && !self.is_running {
            return;
        }
        let recorded = *block;
        if let Some(high_pass) = self.high_pass.as_mut().filter(|_| !is_high) {
            high_pass.apply(block);
        }
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

/// Brings a quiet microphone up.
fn gain() -> AudioProcessing {
    let adaptive = AdaptiveDigital { initial_gain_db: 0.0, max_gain_db: MOST_GAIN_DB, ..Default::default() };
    let controller = GainController2 { adaptive_digital: Some(adaptive), ..Default::default() };
    build(Config { gain_controller2: Some(controller), ..full_band() })
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
