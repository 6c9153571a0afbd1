//! The card that is open: put together from four answers as they come, and live for as long as it is open. Answers for a card
//! that was open before belong to nobody.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    super::{Effects, Place, State},
    PeopleState,
};
use crate::{
    client::{
        Card, Played,
        input::{Attempt, CardPart, Decision, Effect, PeopleEffect},
    },
    model::{AccountId, FriendSummary, OnlineId, Presence, Profile},
};

/// Calls for a whole card.
const CALLS: u32 = 4;
/// How often the one on the card is looked after.
const PRESENCE_EVERY: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct OpenCard {
    pub account: AccountId,
    attempt: Attempt,
    /// As far as it is known otherwise.
    name: Option<OnlineId>,
    presence: Option<Presence>,
    presence_asked: Instant,
    summary: Option<FriendSummary>,
    played: Played,
}

impl OpenCard {
    pub fn presence_due(&self) -> Instant {
        self.presence_asked + PRESENCE_EVERY
    }
}

impl PeopleState {
    pub fn card(&self) -> Option<Box<Card>> {
        let card = self.card.as_ref()?;
        let nameless = || {
            let name = card.name.clone().unwrap_or_else(|| OnlineId::from(""));
            Profile::named(card.account, name)
        };
        let listed = self.blocks.list().is_some_and(|list| list.contains(&card.account));
        Some(Box::new(Card {
            profile: self.book.get(card.account).cloned().unwrap_or_else(nameless),
            presence: self.presences.get(card.account).or(card.presence.as_ref()).cloned(),
            summary: card.summary.clone(),
            played: card.played.clone(),
            blocked: match self.decisions.about(card.account) {
                Some(Decision::Block) => true,
                Some(Decision::Unblock) => false,
                _ => listed,
            },
        }))
    }
}

impl State {
    pub(in crate::client::state) fn open_card(
        &mut self,
        account: AccountId,
        now: Instant,
        out: &mut Effects,
    ) {
        let attempt = self.new_attempt();
        let name = self.name_of(account);
        let Some(people) = self.account_mut().map(|account| &mut account.people) else { return };
        people.card = Some(OpenCard {
            account,
            attempt,
            name,
            presence: None,
            presence_asked: now,
            summary: None,
            played: Played::default(),
        });
        people.pace.spend(CALLS, now);
        out.push(Effect::People(PeopleEffect::ReadCard { attempt, account }));
        self.read_people_due(now, out);
    }

    pub(in crate::client::state) fn close_card(&mut self, now: Instant, out: &mut Effects) {
        if let Some(account) = self.account_mut() {
            account.people.card = None;
        }
        self.read_people_due(now, out);
    }

    pub(super) fn read_card_presence(&mut self, now: Instant, out: &mut Effects) {
        let Some(people) = self.account_mut().map(|account| &mut account.people) else { return };
        let Some(card) = &mut people.card else { return };
        card.presence_asked = now;
        people.pace.spend(1, now);
        let (attempt, account) = (card.attempt, card.account);
        out.push(Effect::People(PeopleEffect::ReadCardPresence { attempt, account }));
    }

    /// After something that changes how close the two are.
    pub(super) fn read_card_summary(&mut self, about: AccountId, now: Instant, out: &mut Effects) {
        let Some(people) = self.account_mut().map(|account| &mut account.people) else { return };
        let Some(card) = people.card.as_ref().filter(|card| card.account == about) else { return };
        people.pace.spend(1, now);
        out.push(Effect::People(PeopleEffect::ReadCardSummary { attempt: card.attempt, account: about }));
    }

    /// `true`: the list of friends shows it too.
    pub(super) fn card_read(&mut self, attempt: Attempt, part: CardPart) -> bool {
        let Some(people) = self.account_mut().map(|account| &mut account.people) else { return false };
        let Some(card) = people.card.as_mut().filter(|card| card.attempt == attempt) else { return false };
        let failure = match part {
            CardPart::Profile(Ok(profile)) => {
                if let Some(profile) = profile {
                    people.book.put(profile);
                }
                return true;
            }
            CardPart::Presence(Ok(presence)) => {
                let account = card.account;
                card.presence = presence.clone();
                return people.presences.follows(account) && people.presences.put(account, presence);
            }
            CardPart::Summary(Ok(summary)) => {
                card.summary = Some(summary);
                return false;
            }
            CardPart::Played(Ok(titles)) => {
                card.played = titles.map_or(Played::Hidden, |titles| Played::Titles(Arc::new(titles)));
                return false;
            }
            CardPart::Played(Err(failure)) => {
                card.played = Played::NotLoaded;
                failure
            }
            // A card without these is a card; the one above says that something is amiss.
            CardPart::Profile(Err(failure))
            | CardPart::Presence(Err(failure))
            | CardPart::Summary(Err(failure)) => failure,
        };
        if failure.ends_sign_in() {
            self.fail(Place::People, failure);
        }
        false
    }
}
