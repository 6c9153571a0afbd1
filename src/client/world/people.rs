//! Asking the service about people, and for what is done about them. Every task ends with the account.

use std::sync::Arc;

use super::World;
use crate::{
    client::{
        failure::Failure,
        input::{Attempt, CardPart, Decision, Input, PeopleEffect, PeopleInput},
    },
    model::{AccountId, Profile},
    psn::{Error, PresenceCache, Psn},
};

/// Calls for one page of profiles that holds somebody the service does not know.
const CALLS_FOR_A_SPOILT_PAGE: usize = 16;

impl World {
    pub(super) fn about_people(&self, effect: PeopleEffect) {
        match effect {
            PeopleEffect::ReadFriends { attempt, offset } => self.ask_about_people(async move |psn| {
                PeopleInput::Friends { attempt, result: psn.friends(offset).await.map_err(Failure::from) }
            }),
            PeopleEffect::ReadProfiles { attempt, accounts } => self.ask_about_people(async move |psn| {
                let result = profiles(&psn, accounts).await.map_err(Failure::from);
                PeopleInput::Profiles { attempt, result }
            }),
            PeopleEffect::ReadPresences { attempt, accounts } => {
                let Some(cache) = self.presences() else { return };
                self.ask_about_people(async move |psn| {
                    let result = psn.presences(&accounts, &cache).await.map_err(Failure::from);
                    PeopleInput::Presences { attempt, result }
                });
            }
            PeopleEffect::ReadRequests { attempt } => self.ask_about_people(async move |psn| {
                PeopleInput::Requests { attempt, result: psn.friend_requests().await.map_err(Failure::from) }
            }),
            PeopleEffect::ReadBlocked { attempt } => self.ask_about_people(async move |psn| {
                PeopleInput::Blocked { attempt, result: psn.blocked().await.map_err(Failure::from) }
            }),
            PeopleEffect::ReadAppearance { attempt } => self.ask_about_people(async move |psn| {
                let result = match psn.appears_offline().await {
                    Ok(offline) => Ok(Some(offline)),
                    Err(Error::Refused { .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                };
                PeopleInput::Appearance { attempt, result }
            }),
            PeopleEffect::SetAppearOffline { attempt, offline } => self.ask_about_people(async move |psn| {
                let result = psn.set_appear_offline(offline).await.map_err(Failure::of_offer);
                PeopleInput::AppearanceSet { attempt, result }
            }),
            PeopleEffect::Decide { attempt, account, decision } => self.ask_about_people(async move |psn| {
                PeopleInput::Decided { attempt, account, result: decide(&psn, account, decision).await }
            }),
            PeopleEffect::ShareRealName(account) => self.ask_about_people(async move |psn| {
                let result = psn.share_real_name(account).await.map_err(Failure::of_offer);
                PeopleInput::RealNameShared { account, result }
            }),
            PeopleEffect::FindPerson { attempt, name } => self.ask_about_people(async move |psn| {
                let result = psn.find_person(&name).await.map_err(Failure::of_offer);
                PeopleInput::Found { attempt, result }
            }),
            PeopleEffect::ReadCard { attempt, account } => self.read_card(attempt, account),
            PeopleEffect::ReadCardPresence { attempt, account } => self.read_card_presence(attempt, account),
            PeopleEffect::ReadCardSummary { attempt, account } => self.read_card_summary(attempt, account),
        }
    }

    /// All at once; each part shows as it comes.
    fn read_card(&self, attempt: Attempt, account: AccountId) {
        self.ask_about_people(async move |psn| {
            let profile = psn.profiles(&[account]).await.map(|profiles| profiles.into_iter().next());
            let part = CardPart::Profile(profile.map_err(Failure::from));
            PeopleInput::Card { attempt, part }
        });
        self.read_card_presence(attempt, account);
        self.read_card_summary(attempt, account);
        self.ask_about_people(async move |psn| {
            let part = CardPart::Played(psn.played_titles(account).await.map_err(Failure::from));
            PeopleInput::Card { attempt, part }
        });
    }

    fn read_card_presence(&self, attempt: Attempt, account: AccountId) {
        self.ask_about_people(async move |psn| {
            // The account's own cache is for the pages of the list.
            let presences = psn.presences(&[account], &PresenceCache::default()).await;
            let presence = presences.map(|mut presences| presences.remove(&account));
            PeopleInput::Card { attempt, part: CardPart::Presence(presence.map_err(Failure::from)) }
        });
    }

    fn read_card_summary(&self, attempt: Attempt, account: AccountId) {
        self.ask_about_people(async move |psn| {
            let part = CardPart::Summary(psn.friend_summary(account).await.map_err(Failure::from));
            PeopleInput::Card { attempt, part }
        });
    }

    fn ask_about_people<F, T>(&self, task: T)
    where
        T: FnOnce(Arc<Psn>) -> F,
        F: Future<Output = PeopleInput> + Send + 'static,
    {
        self.ask(|psn| {
            let answer = task(psn);
            async move { Input::People(answer.await) }
        });
    }

    fn presences(&self) -> Option<Arc<PresenceCache>> {
        self.account.as_ref().map(|account| Arc::clone(&account.presences))
    }
}

async fn decide(psn: &Psn, account: AccountId, decision: Decision) -> Result<(), Failure> {
    match decision {
        Decision::Accept | Decision::Ask => psn.befriend(account).await.map_err(Failure::of_request),
        Decision::Decline | Decision::Unfriend => psn.unfriend(account).await.map_err(Failure::of_offer),
        Decision::Block => psn.block(account).await.map_err(Failure::of_offer),
        Decision::Unblock => psn.unblock(account).await.map_err(Failure::of_offer),
    }
}

/// Those of a page, also where somebody on it is unknown to the service.
async fn profiles(psn: &Psn, accounts: Vec<AccountId>) -> Result<Vec<Profile>, Error> {
    let mut profiles = Vec::with_capacity(accounts.len());
    let mut pages = Pages::of(accounts);
    while let Some(page) = pages.next() {
        match psn.profiles(&page).await {
            Ok(read) => profiles.extend(read),
            Err(error) if error.is_gone() => pages.refused(page),
            Err(error) => return Err(error),
        }
    }
    Ok(profiles)
}

/// One who is unknown to the service spoils a page: it is asked for in halves, until a half is good or one is left. Who was not
/// reached within [`CALLS_FOR_A_SPOILT_PAGE`] is left out.
struct Pages {
    left: Vec<Vec<AccountId>>,
    calls: usize,
}

impl Pages {
    fn of(accounts: Vec<AccountId>) -> Self {
        Self { left: vec![accounts], calls: 0 }
    }

    fn next(&mut self) -> Option<Vec<AccountId>> {
        self.calls += 1;
        if self.calls <= CALLS_FOR_A_SPOILT_PAGE { self.left.pop() } else { None }
    }

    fn refused(&mut self, mut page: Vec<AccountId>) {
        if page.len() > 1 {
            let half = page.split_off(page.len() / 2);
            self.left.extend([half, page]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many are described by a service that refuses a page with a stranger on it, and in how many calls.
    fn described(accounts: u64, is_stranger: impl Fn(u64) -> bool) -> (usize, usize) {
        let mut pages = Pages::of((0..accounts).map(AccountId).collect());
        let (mut described, mut calls) = (0, 0);
        while let Some(page) = pages.next() {
            calls += 1;
            if page.iter().any(|account| is_stranger(account.0)) {
                pages.refused(page);
            } else {
                described += page.len();
            }
        }
        (described, calls)
    }

    #[test]
    fn one_stranger_does_not_hide_a_page_and_many_do_not_cost_many_calls() {
        assert_eq!(described(100, |_| false), (100, 1));
        for stranger in 0..100 {
            let (described, calls) = described(100, |account| account == stranger);
            assert_eq!(described, 99);
            assert!(calls <= CALLS_FOR_A_SPOILT_PAGE, "{calls}");
        }
        let (_, calls) = described(100, |account| account % 2 == 0);
        assert_eq!(calls, CALLS_FOR_A_SPOILT_PAGE);
        assert_eq!(described(1, |_| true), (0, 1));
    }
}
