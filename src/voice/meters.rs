//! Sampled levels, shared by the voice thread (the only writer) and whoever draws. Atomics alone, never a lock.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::model::{AccountId, Decibels};

/// A party holds 16; more never speak at once.
pub const MAX_SPEAKERS: usize = 16;

/// A level in [`Decibels`] that one thread writes and others read.
#[derive(Debug)]
pub struct Level(AtomicU32);

impl Level {
    pub const fn silent() -> Self {
        Self(AtomicU32::new(Decibels::SILENCE.0.to_bits()))
    }

    pub fn set(&self, level: Decibels) {
        self.0.store(level.0.to_bits(), Relaxed);
    }

    pub fn get(&self) -> Decibels {
        Decibels(f32::from_bits(self.0.load(Relaxed)))
    }
}

/// One audible speaker. An account of zero marks a free place.
#[derive(Debug)]
struct Speaker {
    account: AtomicU64,
    level: Level,
}

/// What the ear and the eye need many times a second.
#[derive(Debug)]
pub struct Meters {
    /// The microphone after the gate while in a party, or before it during a microphone test.
    pub microphone: Level,
    /// Everything heard, after the mix.
    pub heard: Level,
    /// Our voice is on its way to the others at this moment.
    pub live: AtomicBool,
    /// Round trip to the bridge, or the longest to a member, in tenths of a millisecond; zero while unknown.
    pub rtt_tenths: AtomicU32,
    speakers: [Speaker; MAX_SPEAKERS],
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            microphone: Level::silent(),
            heard: Level::silent(),
            live: AtomicBool::new(false),
            rtt_tenths: AtomicU32::new(0),
            speakers: std::array::from_fn(|_| Speaker { account: AtomicU64::new(0), level: Level::silent() }),
        }
    }
}

impl Meters {
    pub fn is_live(&self) -> bool {
        self.live.load(Relaxed)
    }

    /// How loud a member is heard now; `None` while they are silent.
    pub fn speaking(&self, account: AccountId) -> Option<Decibels> {
        if account.0 == 0 {
            return None;
        }
        self.speakers.iter().find(|s| s.account.load(Relaxed) == account.0).map(|s| s.level.get())
    }

    /// Replaces the set of audible members. More than [`MAX_SPEAKERS`] are cut.
    pub fn set_speakers(&self, speakers: impl IntoIterator<Item = (AccountId, Decibels)>) {
        let mut speakers = speakers.into_iter();
        for place in &self.speakers {
            match speakers.next() {
                Some((account, level)) => {
                    place.level.set(level);
                    place.account.store(account.0, Relaxed);
                }
                None => place.account.store(0, Relaxed),
            }
        }
    }

    pub fn rtt_millis(&self) -> Option<f32> {
        match self.rtt_tenths.load(Relaxed) {
            0 => None,
            tenths => Some(tenths as f32 / 10.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_who_stopped_is_no_longer_heard() {
        let meters = Meters::default();
        meters.set_speakers([(AccountId(7), Decibels(-20.0)), (AccountId(8), Decibels(-30.0))]);
        assert_eq!(meters.speaking(AccountId(8)), Some(Decibels(-30.0)));
        meters.set_speakers([(AccountId(8), Decibels(-12.0))]);
        assert_eq!(meters.speaking(AccountId(7)), None);
        assert_eq!(meters.speaking(AccountId(8)), Some(Decibels(-12.0)));
    }
}
