//! One's own microphone on its way to one's own ear. Two cards never run at quite the same pace: it holds little, and
//! drops what is too much. The voice thread runs it.

use super::BLOCK;

/// Blocks before it begins to flow, so that it does not run dry between two reads.
const START: usize = 3;
/// Blocks held at most.
const MOST: usize = 10;

#[derive(Debug, Default)]
pub struct Monitor {
    samples: Vec<f32>,
    flowing: bool,
}

impl Monitor {
    pub fn hear(&mut self, block: &[f32]) {
        self.samples.extend_from_slice(block);
        if self.samples.len() > MOST * BLOCK {
            let excess = self.samples.len() - START * BLOCK;
            self.samples.drain(..excess);
        }
    }

    pub fn take(&mut self) -> Option<[f32; BLOCK]> {
        self.flowing = self.samples.len() >= if self.flowing { BLOCK } else { START * BLOCK };
        if !self.flowing {
            return None;
        }
        let mut block = [0.0; BLOCK];
        block.copy_from_slice(self.samples.get(..BLOCK)?);
        self.samples.drain(..BLOCK);
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_flows_once_it_holds_enough_and_never_holds_too_much() {
        let mut monitor = Monitor::default();
        monitor.hear(&[0.1; BLOCK]);
        assert_eq!(monitor.take(), None);
        monitor.hear(&[0.2; 2 * BLOCK]);
        assert_eq!(monitor.take(), Some([0.1; BLOCK]));
        assert_eq!(monitor.take(), Some([0.2; BLOCK]));
        for _ in 0..100 {
            monitor.hear(&[0.3; BLOCK]);
            assert!(monitor.samples.len() <= MOST * BLOCK);
        }
    }
}
