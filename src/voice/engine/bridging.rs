//! Never the same voice twice: whether a member is heard directly or in the bridge's mix. Pure; the voice thread runs it.
//!
//! - A mix of nobody but members who are heard directly is not played.
//! - One with anybody else in it is, and those in it are heard there alone. One that names nobody may hold everybody: it is
//!   played while not every member is direct, and the direct ones are silent under it.
//! - Who is muted here is not heard in a mix either. Nothing can be taken out of it, so it gives way to the direct voices
//!   while it names somebody muted, or, naming nobody, while somebody muted speaks on a connection of their own.
//! - A member's volume applies to a mix of them alone ([`roster::Roster::alone`]).
//!
//! The captured bridge only listens: then nothing of this arrives, and everybody is direct or not heard.

use std::time::{Duration, Instant};

use crate::{
    model::{AccountId, Decibels, Hearing},
    voice::{BLOCK, roster},
};

/// A choice holds for this long after its last reason: a change within a word would be heard.
const HOLD: Duration = Duration::from_millis(300);
/// Quieter than this nobody says anything.
const AUDIBLE: Decibels = Decibels(-50.0);

/// Whom there is to hear.
#[derive(Debug, Clone, Copy)]
pub struct Others<'a> {
    /// In the party.
    pub members: &'a [AccountId],
    /// Connected directly.
    pub direct: &'a [AccountId],
    /// How the user wants to hear them; whoever is missing as they are.
    pub hearing: &'a [(AccountId, Hearing)],
}

impl Others<'_> {
    fn are_all_direct(&self) -> bool {
        !self.direct.is_empty() && self.members.iter().all(|member| self.direct.contains(member))
    }

    fn is_muted(&self, source: u32) -> bool {
        self.hearing.iter().any(|(member, hearing)| hearing.muted && roster::names(source, *member))
    }

    fn is_direct(&self, source: u32) -> bool {
        self.direct.iter().any(|&member| roster::names(source, member))
    }
}

#[derive(Debug, Default)]
pub struct Bridging {
    /// Somebody who is not connected directly was, or may have been, in the mix.
    needed_until: Option<Instant>,
    /// Members connected directly who are heard in the mix instead.
    mixed: Vec<(AccountId, Instant)>,
    /// Somebody muted speaks on a connection of their own.
    muted_until: Option<Instant>,
}

impl Bridging {
    /// Whether a block of the mix is played, of this level, which names these `sources`.
    pub fn plays_mix(&mut self, sources: &[u32], level: Decibels, others: Others<'_>, now: Instant) -> bool {
        let (is_needed, is_muted) = match sources {
            [] => (!others.are_all_direct(), self.muted_until.is_some_and(|until| until > now)),
            _ => (
                !sources.iter().all(|&source| others.is_direct(source)),
                sources.iter().any(|&source| others.is_muted(source)),
            ),
        };
        if is_muted {
            self.needed_until = None;
            self.mixed.clear();
            return false;
        }
        if is_needed {
            self.needed_until = Some(now + HOLD);
        }
        let Some(until) = self.needed_until.filter(|until| *until > now) else { return false };
        // A silent one that names nobody has nobody in it.
        let holds = |member| match sources {
            [] => level > AUDIBLE,
            _ => names(sources, member),
        };
        self.mixed.retain(|(member, until)| *until > now && !holds(*member));
        self.mixed
            .extend(others.direct.iter().filter(|&&member| holds(member)).map(|&member| (member, until)));
        true
    }

    /// Whether a block of this member's own is played, of this level; `muted`: by the user, here.
    pub fn plays_direct(&mut self, member: AccountId, level: Decibels, muted: bool, now: Instant) -> bool {
        if muted && level > AUDIBLE {
            self.muted_until = Some(now + HOLD);
        }
        !self.mixed.iter().any(|(account, until)| *account == member && *until > now)
    }
}

fn names(sources: &[u32], member: AccountId) -> bool {
    sources.iter().any(|&source| roster::names(source, member))
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
    const LYRA: AccountId = AccountId(0x1234_5678_0000_0003);
    const LOUD: Decibels = Decibels(-20.0);
    const SOFT: Decibels = Decibels(-70.0);
    const BLOCK_TIME: Duration = Duration::from_millis(10);
    const MUTED: Hearing = Hearing { volume_percent: 100, muted: true };

    /// A party of three others, of whom these are connected directly.
    fn direct(direct: &[AccountId]) -> Others<'_> {
        Others { members: &[NOVA, ECHO, LYRA], direct, hearing: &[] }
    }

    #[test]
    fn a_mix_of_those_who_are_heard_directly_is_not_played() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(!bridging.plays_mix(&[1], LOUD, direct(&[NOVA]), now));
        assert!(!bridging.plays_mix(&[1, 2], LOUD, direct(&[NOVA, ECHO]), now));
        assert!(
            bridging.plays_direct(NOVA, LOUD, false, now) && bridging.plays_direct(ECHO, LOUD, false, now)
        );
    }

    #[test]
    fn a_mix_with_somebody_else_in_it_is_played_and_those_named_in_it_are_heard_there_alone() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[1, 3], LOUD, direct(&[NOVA, ECHO]), now));
        assert!(!bridging.plays_direct(NOVA, LOUD, false, now));
        assert!(bridging.plays_direct(ECHO, LOUD, false, now), "not in the mix");
    }

    #[test]
    fn the_choice_holds_for_a_while_and_no_longer() {
        let (mut bridging, start) = (Bridging::default(), Instant::now());
        bridging.plays_mix(&[1, 3], LOUD, direct(&[NOVA]), start);
        let mut changes = vec![];
        for block in 1..100 {
            let now = start + block * BLOCK_TIME;
            let mix = bridging.plays_mix(&[1], LOUD, direct(&[NOVA]), now);
            changes.push((mix, bridging.plays_direct(NOVA, LOUD, false, now)));
        }
        let back = changes.iter().position(|&(mix, _)| !mix).unwrap();
        assert_eq!(back, 29, "300 ms");
        assert!(changes[..back].iter().all(|&heard| heard == (true, false)), "once, all the time");
        let direct = changes.iter().position(|&(_, direct)| direct).unwrap();
        assert!(changes[direct..].iter().all(|&heard| heard == (false, true)));
    }

    #[test]
    fn a_mix_that_names_nobody_is_played_in_place_of_direct_voices_unless_all_are_direct() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[], SOFT, direct(&[NOVA]), now));
        assert!(bridging.plays_direct(NOVA, LOUD, false, now), "nobody is in a silent mix");
        assert!(bridging.plays_mix(&[], LOUD, direct(&[NOVA]), now), "whoever else speaks is not lost");
        assert!(!bridging.plays_direct(NOVA, LOUD, false, now), "nor heard twice");
        let all = [NOVA, ECHO, LYRA];
        let later = now + HOLD;
        assert!(!bridging.plays_mix(&[], LOUD, direct(&all), later));
        assert!(bridging.plays_direct(NOVA, LOUD, false, later));
    }

    #[test]
    fn who_is_muted_is_not_heard_in_a_mix_played_because_of_somebody_else() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        let others = Others { hearing: &[(NOVA, MUTED)], ..direct(&[NOVA, ECHO]) };
        assert!(
            bridging.plays_mix(&[2, 3], LOUD, others, now) && !bridging.plays_direct(ECHO, LOUD, false, now)
        );
        assert!(!bridging.plays_mix(&[1, 2, 3], LOUD, others, now), "at once");
        assert!(bridging.plays_direct(ECHO, LOUD, false, now), "heard directly again");

        assert!(bridging.plays_mix(&[], LOUD, others, now));
        bridging.plays_direct(NOVA, SOFT, true, now);
        assert!(bridging.plays_mix(&[], LOUD, others, now), "the muted one is silent");
        bridging.plays_direct(NOVA, LOUD, true, now);
        assert!(!bridging.plays_mix(&[], LOUD, others, now));
        assert!(bridging.plays_mix(&[], LOUD, others, now + HOLD));
    }

    #[test]
    fn without_direct_connections_the_bridge_is_all_there_is() {
        let (mut bridging, now) = (Bridging::default(), Instant::now());
        assert!(bridging.plays_mix(&[1, 2], LOUD, direct(&[]), now));
        assert!(bridging.plays_mix(&[], LOUD, direct(&[]), now));
        let nobody_known = Others { members: &[], ..direct(&[]) };
        assert!(bridging.plays_mix(&[], LOUD, nobody_known, now + 2 * HOLD));
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
