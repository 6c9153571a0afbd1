//! Never the same voice twice: whether a member is heard directly or in the bridge's mix. Pure; the voice thread runs it.

use std::time::{Duration, Instant};

use crate::{
    model::{AccountId, Decibels},
    voice::{BLOCK, roster},
};

/// A choice holds for this long after its last reason: a change within a word would be heard.
const HOLD: Duration = Duration::from_millis(300);
/// Quieter than this a direct voice says nothing.
const AUDIBLE: Decibels = Decibels(-50.0);

#[derive(Debug, Default)]
pub struct Bridging {
    /// Somebody who is not connected directly was named in the mix.
    needed_until: Option<Instant>,
    /// Members connected directly who are heard in the mix instead.
    mixed: Vec<(AccountId, Instant)>,
    /// Somebody is heard directly.
    direct_until: Option<Instant>,
}

impl Bridging {
    /// Whether a block of the mix is played. `sources`: whom it names; `direct`: who is connected directly.
    pub fn plays_mix(&mut self, sources: &[u32], direct: &[AccountId], now: Instant) -> bool {
        if sources.is_empty() {
            return !is_ahead(self.direct_until, now);
        }
        let is_direct = |source: &u32| direct.iter().any(|&member| roster::names(*source, member));
        if !sources.iter().all(is_direct) {
            self.needed_until = Some(now + HOLD);
        }
        let Some(until) = self.needed_until.filter(|until| *until > now) else { return false };
        self.mixed.retain(|(member, until)| *until > now && !names(sources, *member));
        self.mixed
            .extend(direct.iter().filter(|&&member| names(sources, member)).map(|&member| (member, until)));
        true
    }

    /// Whether a block of this member's own is played.
    pub fn plays_direct(&mut self, member: AccountId, level: Decibels, now: Instant) -> bool {
        if level > AUDIBLE {
            self.direct_until = Some(now + HOLD);
        }
        !self.mixed.iter().any(|(account, until)| *account == member && *until > now)
    }
}

fn names(sources: &[u32], member: AccountId) -> bool {
    sources.iter().any(|&source| roster::names(source, member))
}

fn is_ahead(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| until > now)
}

/// Brings a stream in or out over one block.
#[derive(Debug, Clone, Copy)]
pub struct Fade {
    is_in: bool,
}

impl Default for Fade {
    /// In: a first syllable is whole.
    fn default() -> Self {
        Self { is_in: true }
    }
}

impl Fade {
    /// `false`: nothing is left to hear.
    pub fn apply(&mut self, block: &mut [f32; BLOCK], plays: bool) -> bool {
        let was_in = std::mem::replace(&mut self.is_in, plays);
        if was_in != plays {
            for (n, sample) in block.iter_mut().enumerate() {
                let gone = (n + 1) as f32 / BLOCK as f32;
                *sample *= if plays { gone } else { 1.0 - gone };
            }
        }
        was_in || plays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVA: AccountId = AccountId(0x1234_5678_0000_0001);
    const ECHO: AccountId = AccountId(0x1234_5678_0000_0002);
    const LOUD: Decibels = Decibels(-20.0);
    const BLOCK_TIME: Duration = Duration::from_millis(10);

    #[test]
    fn a_mix_of_those_who_are_heard_directly_is_not_played() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(!bridging.plays_mix(&[1], &[NOVA], now));
        assert!(!bridging.plays_mix(&[1, 2], &[NOVA, ECHO], now));
        assert!(bridging.plays_direct(NOVA, LOUD, now) && bridging.plays_direct(ECHO, LOUD, now));
    }

    #[test]
    fn a_mix_with_somebody_else_in_it_is_played_and_those_named_in_it_are_heard_there_alone() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[1, 3], &[NOVA, ECHO], now));
        assert!(!bridging.plays_direct(NOVA, LOUD, now));
        assert!(bridging.plays_direct(ECHO, LOUD, now), "not in the mix");
    }

    #[test]
    fn the_choice_holds_for_a_while_and_no_longer() {
        let (mut bridging, start) = (Bridging::default(), Instant::now());
        bridging.plays_mix(&[1, 3], &[NOVA], start);
        let mut changes = vec![];
        for block in 1..100 {
            let now = start + block * BLOCK_TIME;
            let (mix, direct) =
                (bridging.plays_mix(&[1], &[NOVA], now), bridging.plays_direct(NOVA, LOUD, now));
            changes.push((mix, direct));
        }
        let back = changes.iter().position(|&(mix, _)| !mix).unwrap();
        assert_eq!(back, 29, "300 ms");
        assert!(changes[..back].iter().all(|&heard| heard == (true, false)), "once, all the time");
        let direct = changes.iter().position(|&(_, direct)| direct).unwrap();
        assert!(changes[direct..].iter().all(|&heard| heard == (false, true)));
    }

    #[test]
    fn sound_of_the_bridge_that_names_nobody_gives_way_to_a_direct_voice() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[], &[NOVA], now));
        bridging.plays_direct(NOVA, Decibels(-70.0), now);
        assert!(bridging.plays_mix(&[], &[NOVA], now), "a silent one says nothing");
        bridging.plays_direct(NOVA, LOUD, now);
        assert!(!bridging.plays_mix(&[], &[NOVA], now));
        assert!(bridging.plays_mix(&[], &[NOVA], now + HOLD));
    }

    #[test]
    fn without_direct_connections_the_bridge_is_all_there_is() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[1, 2], &[], now) && bridging.plays_mix(&[], &[], now));
    }

    #[test]
    fn a_fade_takes_a_block_and_has_no_step_in_it() {
        let mut fade = Fade::default();
        let mut heard = vec![];
        for plays in [true, false, false, true, true] {
            let mut block = [1.0; BLOCK];
            if !fade.apply(&mut block, plays) {
                block.fill(0.0);
            }
            heard.extend(block);
        }
        assert_eq!((heard[0], heard[2 * BLOCK - 1], heard[5 * BLOCK - 1]), (1.0, 0.0, 1.0));
        assert!(heard.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.01));
    }
}
