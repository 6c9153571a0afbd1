//! What the others say, as it is heard here, once more: to the party output and to the recording. No chime, and nothing of
//! one's own test. The voice thread runs it.

use std::time::Instant;

use super::{Need, REST_AFTER};
use crate::{
    model::Decibels,
    voice::{BLOCK, device::supervisor::Orders, mixer, party_output::PartyOutput, recording::Tape},
};

/// What is quieter need not wake a second card.
const AUDIBLE: Decibels = Decibels(-75.0);

pub struct Copies {
    output: Option<Box<PartyOutput>>,
    need: Need,
    /// Somebody was last heard then.
    heard: Option<Instant>,
    tape: Option<Tape>,
}

impl Copies {
    pub fn new(party_output: Orders) -> Self {
        Self { output: None, need: Need::new(party_output), heard: None, tape: None }
    }

    pub fn set_in_party(&mut self, in_party: bool) {
        self.need.set(in_party);
    }

    pub fn set_output(&mut self, output: Option<Box<PartyOutput>>) {
        self.output = output;
        self.need.renewed();
    }

    /// Nothing may be heard for a while.
    pub fn idle(&mut self) {
        if let Some(output) = &mut self.output {
            output.idle();
        }
    }

    /// Ends what is being recorded, and begins anew if there is a tape.
    pub fn record(&mut self, tape: Option<Tape>, now: Instant) {
        self.tape = tape;
        if let Some(tape) = &mut self.tape {
            tape.begin(now);
        }
    }

    pub fn is_recording(&self) -> bool {
        self.tape.is_some()
    }

    /// A block on its way to the speakers.
    pub fn hear(&mut self, block: &[f32; BLOCK], now: Instant) {
        if self.output.is_none() && self.tape.is_none() {
            return;
        }
        let mut block = *block;
        mixer::limit(&mut block);
        if let Some(tape) = &mut self.tape {
            tape.hear(&block, now);
        }
        if let Some(output) = &mut self.output {
            if mixer::level(&block) > AUDIBLE {
                self.heard = Some(now);
                self.need.rest(false);
            }
            output.hear(&block);
        }
    }

    /// Time passed, whatever was heard.
    pub fn run(&mut self, now: Instant) {
        if let Some(output) = &mut self.output {
            output.run(now);
            if self.heard.is_none_or(|heard| now > heard + REST_AFTER) {
                self.need.rest(true);
            }
        }
        // Its file is gone.
        self.tape.take_if(|tape| tape.is_over());
        if let Some(tape) = &mut self.tape {
            tape.run(now);
        }
    }
}
