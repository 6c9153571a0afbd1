//! What lies behind a link, before one goes in, and parties of the past.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Effect, Effects, Failure, Fetched, Place, ProblemKind, State, Timer, party::Wish};
use crate::{
    client::{
        Linked, Notice,
        input::{Attempt, Entry, PartiesEffect},
    },
    model::{LinkPreview, PartyLink, PastParty, SessionId},
};

/// No answer makes the client ask more often.
const POLL_AT_MOST: Duration = Duration::from_secs(5);
/// The longer a preview is open, the less often it is asked about: so often at most until that time, and then no more.
const POLLS: [(Duration, Duration); 3] = [
    (Duration::from_secs(60), POLL_AT_MOST),
    (Duration::from_secs(3 * 60), Duration::from_secs(15)),
    (Duration::from_secs(10 * 60), Duration::from_secs(60)),
];

/// The link that is looked into.
pub struct Preview {
    pub shown: Linked,
    attempt: Attempt,
    /// The user looked into it, or wanted in.
    opened: Instant,
    /// The last reading.
    began: Instant,
    /// The user wants in, as soon as it is known where.
    wanted: bool,
}

impl Preview {
    fn link(&self) -> &PartyLink {
        match &self.shown {
            Linked::Reading(link) | Linked::NotFound(link) | Linked::Found { link, .. } => link,
        }
    }

    /// The party that it leads to, once that is known.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.shown {
            Linked::Found { party, .. } => Some(&party.session),
            Linked::Reading(_) | Linked::NotFound(_) => None,
        }
    }

    /// It may be asked about again, and no sooner. `None`: no more.
    fn next(&self) -> Option<Instant> {
        let Linked::Found { party, .. } = &self.shown else { return None };
        let open_for = self.began.saturating_duration_since(self.opened);
        let (_, every) = POLLS.into_iter().find(|(until, _)| open_for < *until)?;
        Some(self.began + party.poll_every.max(every))
    }
}

/// Parties of the past, read when they are looked at.
#[derive(Default)]
pub struct Past {
    pub parties: Fetched<Arc<Vec<PastParty>>>,
    attempt: Attempt,
}

impl State {
    /// Before anybody is signed in the link waits.
    pub(super) fn preview_link(&mut self, link: PartyLink, now: Instant, out: &mut Effects) {
        self.look_into(link, false, now, out);
    }

    /// The one that came before anybody was signed in.
    pub(super) fn preview_waiting_link(&mut self, now: Instant, out: &mut Effects) {
        if let Some(link) = self.waiting_link.take() {
            self.preview_link(link, now, out);
        }
    }

    fn look_into(&mut self, link: PartyLink, wanted: bool, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else {
            self.waiting_link = Some(link);
            return;
        };
        let shown = Linked::Reading(link.clone());
        account.linked = Some(Preview { shown, attempt, opened: now, began: now, wanted });
        self.problems.clear(Place::Parties);
        out.push(Effect::Parties(PartiesEffect::Preview { attempt, link }));
    }

    pub(super) fn poll_preview(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(preview) = self.account_mut().and_then(|account| account.linked.as_mut()) else { return };
        (preview.attempt, preview.began) = (attempt, now);
        let link = preview.link().clone();
        out.push(Effect::Parties(PartiesEffect::Preview { attempt, link }));
    }

    pub(super) fn close_preview(&mut self) {
        self.waiting_link = None;
        if let Some(account) = self.account_mut() {
            account.linked = None;
        }
    }

    /// Where a link leads is known before a party is left for it.
    pub(super) fn join_by_link(&mut self, link: PartyLink, now: Instant, out: &mut Effects) {
        let preview = self.account_mut().and_then(|account| account.linked.as_mut());
        let known = preview.filter(|preview| *preview.link() == link).and_then(|preview| {
            preview.opened = now;
            preview.session().cloned()
        });
        match known {
            Some(session) => self.enter_by_link(link, session, out),
            None => self.look_into(link, true, now, out),
        }
    }

    fn enter_by_link(&mut self, link: PartyLink, session: SessionId, out: &mut Effects) {
        if self.joined().is_some_and(|joined| joined.session.id == session) {
            return self.close_preview();
        }
        self.enter(Wish { entry: Entry::Link { link, session }, invite: Vec::new() }, out);
    }

    pub(super) fn linked(
        &mut self,
        attempt: Attempt,
        result: Result<LinkPreview, Failure>,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let Some(preview) = account.linked.as_mut().filter(|it| it.attempt == attempt) else { return };
        let link = preview.link().clone();
        match result {
            Ok(party) => {
                let session = party.session.clone();
                preview.shown = Linked::Found { link: link.clone(), party: Box::new(party) };
                if std::mem::take(&mut preview.wanted) {
                    self.enter_by_link(link, session, out);
                }
            }
            // What is shown is a little old; it is asked about again in its time.
            Err(failure) if preview.session().is_some() && failure.may_pass() => {}
            Err(failure) => {
                preview.shown = Linked::NotFound(link);
                self.fail(Place::Parties, failure);
            }
        }
    }

    pub(super) fn share_party(&mut self, out: &mut Effects) {
        let Some(joined) = self.joined() else { return };
        out.push(match &joined.link {
            Some(link) => Effect::Notify(Notice::PartyLinkReady(link.clone())),
            None => Effect::Parties(PartiesEffect::Share(joined.session.id.clone())),
        });
    }

    pub(super) fn shared(
        &mut self,
        session: &SessionId,
        result: Result<PartyLink, Failure>,
        out: &mut Effects,
    ) {
        let Some(joined) = self.joined_mut().filter(|joined| joined.session.id == *session) else { return };
        match result {
            Ok(link) => {
                joined.link = Some(link.clone());
                self.problems.clear_kind(&ProblemKind::NotOffered);
                out.push(Effect::Notify(Notice::PartyLinkReady(link)));
            }
            Err(failure) => self.fail(Place::Party, failure),
        }
    }

    pub(super) fn read_past_parties(&mut self, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        (account.past.attempt, account.past.parties.fetching) = (attempt, true);
        out.push(Effect::Parties(PartiesEffect::ReadPast { attempt }));
    }

    pub(super) fn past_parties_read(&mut self, attempt: Attempt, result: Result<Vec<PastParty>, Failure>) {
        let Some(past) = self.account_mut().map(|account| &mut account.past) else { return };
        if past.attempt != attempt {
            return;
        }
        past.parties.fetching = false;
        match result {
            Ok(parties) => past.parties.value = Some(Arc::new(parties)),
            Err(failure) => self.fail(Place::Parties, failure),
        }
    }

    pub(super) fn set_preview_timer(&mut self) {
        let next = self.account().and_then(|account| account.linked.as_ref()).and_then(Preview::next);
        self.timers.put(Timer::PollPreview, next);
    }
}
