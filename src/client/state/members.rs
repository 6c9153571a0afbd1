//! How each of the others is reached.

use std::{collections::BTreeMap, sync::Arc};

use super::State;
use crate::{
    client::MemberVoice,
    model::{AccountId, Hearing},
};

impl State {
    /// Of everybody in the party but us.
    pub(super) fn members_voice(&self) -> Arc<BTreeMap<AccountId, MemberVoice>> {
        let voice = |account| MemberVoice { reach: self.reach(account), hearing: Hearing::default() };
        Arc::new(self.others().into_iter().map(|account| (account, voice(account))).collect())
    }
}
