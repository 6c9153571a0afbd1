//! Who is speaking, directly or through the bridge. The one place that infers it from what the bridge sends. Pure; the voice thread runs it.

use std::time::{Duration, Instant};

use super::meters::MAX_SPEAKERS;
use crate::model::{AccountId, Decibels};

/// Below this nobody is heard.
const AUDIBLE: Decibels = Decibels(-50.0);
/// A speaker stays for this long after the last audible sound: a breath is not an end.
const HOLD: Duration = Duration::from_millis(300);
/// What is shown follows the ear: from then on a pause is seen. Longer than any packet.
const PAUSE: Duration = Duration::from_millis(60);
/// The weight of the newest level against what is shown.
const SMOOTHING: f32 = 0.35;

#[derive(Debug)]
struct Speaker {
    account: AccountId,
    level: Decibels,
    heard: Instant,
}

/// The others in the party, and which of them are audible.
#[derive(Debug, Default)]
pub struct Roster {
    members: Vec<AccountId>,
    speaking: Vec<Speaker>,
}

impl Roster {
    /// Replaces the others in the party.
    pub fn set_members(&mut self, members: Vec<AccountId>) {
        self.speaking.retain(|speaker| members.contains(&speaker.account));
        self.members = members;
    }

    pub fn members(&self) -> &[AccountId] {
        &self.members
    }

    /// Whose voice alone sound of these sources is, where that is known.
    pub fn alone(&self, sources: &[u32]) -> Option<AccountId> {
        match (sources, &self.members[..]) {
            (_, [only]) => Some(*only),
            ([source], members) => members.iter().copied().find(|&member| names(*source, member)),
            _ => None,
        }
    }

    /// Notes that sound of this level is being played, and who its packet said is in it.
    pub fn heard(&mut self, sources: &[u32], level: Decibels, now: Instant) {
        if level < AUDIBLE {
            return;
        }
        for account in attribute(&self.members, sources) {
            self.speaks(account, level, now);
        }
    }

    /// Notes that sound of this level is being played that came from this member directly.
    pub fn heard_directly(&mut self, account: AccountId, level: Decibels, now: Instant) {
        if level >= AUDIBLE {
            self.speaks(account, level, now);
        }
    }

    fn speaks(&mut self, account: AccountId, level: Decibels, now: Instant) {
        let has_room = self.speaking.len() < MAX_SPEAKERS;
        match self.speaking.iter_mut().find(|speaker| speaker.account == account) {
            Some(speaker) => {
                speaker.level.0 += SMOOTHING * (level.0 - speaker.level.0);
                speaker.heard = now;
            }
            None if has_room => {
                self.speaking.push(Speaker { account, level, heard: now });
            }
            None => {}
        }
    }

    /// Forgets who fell silent; whoever pauses is shown as quiet meanwhile.
    pub fn expire(&mut self, now: Instant) {
        let paused = self.speaking.iter_mut().filter(|speaker| now >= speaker.heard + PAUSE);
        paused.for_each(|speaker| speaker.level = AUDIBLE);
        self.speaking.retain(|speaker| now < speaker.heard + HOLD);
    }

    pub fn clear(&mut self) {
        self.speaking.clear();
    }

    /// Who is audible, and how loud.
    pub fn speakers(&self) -> impl Iterator<Item = (AccountId, Decibels)> {
        self.speaking.iter().map(|speaker| (speaker.account, speaker.level))
    }
}

/// Whether a contributing source of the bridge is this member. Inferred: it is the low half of their account id, as the sandbox's
/// bridge has it; what the real service sends is unknown.
pub fn names(source: u32, member: AccountId) -> bool {
    source == member.0 as u32
}

/// Where nothing matches and there is one other member, it is they who speak.
fn attribute(members: &[AccountId], sources: &[u32]) -> Vec<AccountId> {
    let named: Vec<_> = members
        .iter()
        .copied()
        .filter(|&member| sources.iter().any(|&source| names(source, member)))
        .collect();
    match members {
        [only] if named.is_empty() => vec![*only],
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVA: AccountId = AccountId(0x1234_5678_0000_0001);
    const ECHO: AccountId = AccountId(0x1234_5678_0000_0002);
    const LOUD: Decibels = Decibels(-20.0);

    fn roster(members: &[AccountId]) -> (Roster, Instant) {
        let mut roster = Roster::default();
        roster.set_members(members.to_vec());
        (roster, Instant::now())
    }

    fn who(roster: &Roster) -> Vec<AccountId> {
        roster.speakers().map(|(account, _)| account).collect()
    }

    #[test]
    fn contributing_sources_name_the_speakers() {
        let (mut roster, now) = roster(&[NOVA, ECHO]);
        roster.heard(&[2], LOUD, now);
        assert_eq!(who(&roster), [ECHO]);
        roster.heard(&[1, 2, 99], LOUD, now);
        assert_eq!(who(&roster), [ECHO, NOVA]);
    }

    #[test]
    fn an_unnamed_voice_is_the_only_other_members() {
        let (mut alone, now) = roster(&[NOVA]);
        alone.heard(&[], LOUD, now);
        assert_eq!(who(&alone), [NOVA]);
        let (mut several, now) = roster(&[NOVA, ECHO]);
        several.heard(&[], LOUD, now);
        several.heard(&[99], LOUD, now);
        assert_eq!(who(&several), []);
    }

    #[test]
    fn a_voice_is_one_members_alone_where_one_is_named_or_there_is_no_other() {
        let (several, _) = roster(&[NOVA, ECHO]);
        assert_eq!((several.alone(&[2]), several.alone(&[1, 2])), (Some(ECHO), None));
        assert_eq!((several.alone(&[]), several.alone(&[99])), (None, None));
        let (single, _) = roster(&[NOVA]);
        assert_eq!((single.alone(&[]), single.alone(&[1])), (Some(NOVA), Some(NOVA)));
    }

    #[test]
    fn a_direct_voice_is_its_own_members() {
        let (mut roster, now) = roster(&[NOVA, ECHO]);
        roster.heard_directly(ECHO, LOUD, now);
        roster.heard_directly(NOVA, Decibels(-51.0), now);
        assert_eq!(who(&roster), [ECHO]);
    }

    #[test]
    fn what_is_too_quiet_is_nobody() {
        let (mut roster, now) = roster(&[NOVA]);
        roster.heard(&[1], Decibels(-51.0), now);
        assert_eq!(who(&roster), []);
    }

    #[test]
    fn a_speaker_stays_for_a_breath_and_no_longer() {
        let (mut roster, now) = roster(&[NOVA]);
        roster.heard(&[1], LOUD, now);
        roster.expire(now + Duration::from_millis(299));
        assert_eq!(who(&roster), [NOVA]);
        roster.expire(now + Duration::from_millis(300));
        assert_eq!(who(&roster), []);
    }

    #[test]
    fn who_left_does_not_speak() {
        let (mut roster, now) = roster(&[NOVA, ECHO]);
        roster.heard(&[1, 2], LOUD, now);
        roster.set_members(vec![ECHO]);
        assert_eq!(who(&roster), [ECHO]);
    }

    #[test]
    fn a_pause_is_seen_within_a_tenth_of_a_second() {
        let (mut roster, now) = roster(&[NOVA]);
        roster.heard(&[1], LOUD, now);
        roster.expire(now + Duration::from_millis(59));
        assert_eq!(roster.speakers().next(), Some((NOVA, LOUD)));
        roster.expire(now + Duration::from_millis(60));
        assert_eq!(roster.speakers().next(), Some((NOVA, AUDIBLE)));
    }
}
