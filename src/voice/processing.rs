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

use super::{BLOCK, SAMPLE_RATE};
use crate::model::Processing;

/// Blocks of the far end that wait for the microphone's; the canceller finds delays of up to half a second by itself.
const MOST_FAR: usize = 50;
/// Without a far end for this many blocks the speakers are silent: the canceller's clock goes on with silence.
const FAR_SILENT_AFTER: usize = 5;
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

    /// Nobody listens to the microphone: what was played is of no use.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }
}

/// The chain. Costs nothing while everything is off.
pub struct Processor {
    settings: Processing,
    chain: Option<AudioProcessing>,
    /// Of the microphone, without a block of the far end.
    without_far: usize,
    seam: Seam,
}

/// The way from one setting to another.
#[derive(Clone, Copy, PartialEq)]
enum Seam {
    None,
    /// Faded out with the old settings in the next block.
    To(Processing),
    /// Faded in with the new ones.
    From,
}

impl Processor {
    pub fn new(settings: Processing) -> Self {
        Self { settings, chain: chain(settings), without_far: 0, seam: Seam::None }
    }

    /// In force within two blocks, without a click.
    pub fn set(&mut self, settings: Processing) {
        if settings != self.settings {
            self.seam = Seam::To(settings);
        }
    }

    /// Cleans one block in place. `far`: what was played since the block before it.
    pub fn process(&mut self, block: &mut [f32; BLOCK], far: &mut FarEnd, blocks_left: usize) {
        self.hear(far, blocks_left);
        if let Some(chain) = &mut self.chain {
            let recorded = *block;
            if let Err(error) = chain.process_capture_f32(&[&recorded], &mut [block]) {
                tracing::debug!(%error, "a block of the microphone was not processed");
                *block = recorded;
            }
        }
        match self.seam {
            Seam::None => {}
            Seam::To(settings) => {
                fade(block.iter_mut().rev());
                self.settings = settings;
                match &mut self.chain {
                    Some(chain) if settings != Processing::OFF => chain.apply_config(config(settings)),
                    _ => self.chain = chain(settings),
                }
                self.seam = Seam::From;
            }
            Seam::From => {
                fade(block.iter_mut());
                self.seam = Seam::None;
            }
        }
    }

    /// The far end keeps the microphone's pace: what waits is spread over the blocks that are to be worked on now.
    fn hear(&mut self, far: &mut FarEnd, blocks_left: usize) {
        let Some(chain) = self.chain.as_mut().filter(|_| self.settings.echo_cancellation) else {
            return far.clear();
        };
        let mut hear = |block: &[f32; BLOCK]| {
            let mut unused = [0.0; BLOCK];
            if let Err(error) = chain.process_render_f32(&[block], &mut [&mut unused]) {
                tracing::debug!(%error, "a block of the far end was not noted");
            }
        };
        if far.blocks.is_empty() {
            self.without_far += 1;
            if self.without_far > FAR_SILENT_AFTER {
                hear(&[0.0; BLOCK]);
            }
            return;
        }
        self.without_far = 0;
        let share = far.blocks.len().div_ceil(blocks_left.max(1));
        far.blocks.drain(..share).for_each(|block| hear(&block));
    }
}

fn chain(settings: Processing) -> Option<AudioProcessing> {
    let mono = StreamConfig::new(SAMPLE_RATE as u32, 1);
    (settings != Processing::OFF).then(|| {
        AudioProcessing::builder()
            .config(config(settings))
            .capture_config(mono)
            .render_config(mono)
            .echo_detector(false)
            .build()
    })
}

fn config(settings: Processing) -> Config {
    let Processing { high_pass, echo_cancellation, noise_suppression, automatic_gain } = settings;
    Config {
        pipeline: Pipeline {
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Default::default()
        },
        high_pass_filter: high_pass.then(HighPassFilter::default),
        // The canceller works on what the filter leaves, whatever the user thinks of rumble.
        echo_canceller: echo_cancellation.then(EchoCanceller::default),
        noise_suppression: noise_suppression
            .then(|| NoiseSuppression { level: NoiseSuppressionLevel::High, ..Default::default() }),
        gain_controller2: automatic_gain.then(|| GainController2 {
            adaptive_digital: Some(AdaptiveDigital {
                initial_gain_db: 0.0,
                max_gain_db: MOST_GAIN_DB,
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
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
