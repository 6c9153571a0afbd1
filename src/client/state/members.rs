//! How each of the others is reached, and heard. What the user chose about somebody is remembered by account, and the voice
//! thread has it for those who are here.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use super::{Effect, Effects, State};
use crate::{
    client::{MemberVoice, input::VoiceControl},
    model::{AccountId, Hearing},
};

impl State {
    /// Of everybody in the party but us.
    pub(super) fn members_voice(&self) -> Arc<BTreeMap<AccountId, MemberVoice>> {
        let voice = |account| MemberVoice { reach: self.reach(account), hearing: self.hearing(account) };
        Arc::new(self.others().into_iter().map(|account| (account, voice(account))).collect())
    }

    pub(super) fn set_hearing(
        &mut self,
        account: AccountId,
        hearing: Hearing,
        now: Instant,
        out: &mut Effects,
    ) {
        if self.hearing(account) == hearing {
            return;
        }
        self.note(now, |notes| {
            notes.hearing.insert(account, hearing);
        });
        self.tell_hearing(out);
    }

    /// Whoever is not named is heard as they are.
    pub(super) fn tell_hearing(&self, out: &mut Effects) {
        if self.joined().is_none() {
            return;
        }
        let told = |account| (account, self.hearing(account));
        let chosen =
            self.others().into_iter().map(told).filter(|(_, hearing)| *hearing != Hearing::default());
        out.push(Effect::Voice(VoiceControl::Hearing(chosen.collect())));
    }

    fn hearing(&self, account: AccountId) -> Hearing {
        self.notes().and_then(|notes| notes.hearing.get(&account)).copied().unwrap_or_default()
    }
}
