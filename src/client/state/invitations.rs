//! Invitations: those that the service lists, and those that came by push alone. Of the latter it may list none, so they are
//! remembered until their party is over.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{
    Account, Attempt, Effect, Effects, Failure, Place, ProblemKind, State, Timer,
    following::{Following, Pace},
    lists::{EVERY_WITHOUT_PUSH, FIRST_READING},
    session,
};
use crate::{
    client::{Notice, input::PartiesEffect},
    model::{AccountId, Invitation, PartySession, SessionId},
    psn::{Event, PartyEvent},
};

/// Invitations that are remembered; the oldest goes first.
const MAX_HEARD: usize = 32;
/// From one look after the party of an invitation to the next, of whichever.
const CHECKS_APART: Duration = Duration::from_secs(20);
/// A party that was there goes on for a while.
const CHECK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// They come by push; nothing tells when one is taken back.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// Of one account; those that came by push alone are in [`crate::model::Notes::invitations`].
pub struct Invitations {
    listed: Vec<Invitation>,
    following: Following,
    /// The service has listed these: where it does so no more, they are over.
    ever_listed: BTreeSet<SessionId>,
    /// "Not now".
    hidden: BTreeSet<SessionId>,
    checks: Checks,
}

/// Whether the parties of invitations that no list shows still go on.
#[derive(Default)]
struct Checks {
    /// Waited for.
    under_way: Option<SessionId>,
    last: Option<Instant>,
    /// When each was looked after; at most as many as are remembered.
    seen: Vec<(SessionId, Instant)>,
}

impl Invitations {
    pub fn new(now: Instant) -> Self {
        Self {
            listed: Vec::new(),
            following: Following::from(now + FIRST_READING),
            ever_listed: BTreeSet::new(),
            hidden: BTreeSet::new(),
            checks: Checks::default(),
        }
    }

    /// A reading that was asked for at `then` or later has ended, with an answer or without.
    pub fn was_tried_since(&self, then: Instant) -> bool {
        self.following.was_tried_since(then)
    }

    pub fn touch(&mut self, pace: Pace, now: Instant) {
        self.following.touch(pace, now);
    }

    /// What was found out about the parties of these may not be so any more.
    pub fn forget(&mut self, which: impl Fn(&SessionId) -> bool) {
        self.checks.seen.retain(|(seen, _)| !which(seen));
    }
}

/// One that was followed, or whose party has ended.
fn is_over(event: &PartyEvent, me: AccountId) -> bool {
    event.event == Event::PartyDeleted || session::says_inside(&event.event, me)
}

impl Checks {
    fn not_before(&self, session: &SessionId) -> Option<Instant> {
        self.seen.iter().find(|(seen, _)| seen == session).map(|(_, at)| *at + CHECK_AGAIN)
    }
}

impl Account {
    /// Neither hidden nor for the party one is in, with what the lists know of each.
    pub fn open_invitations(&self) -> Vec<Invitation> {
        let current = self.party.session().map(|s| &s.id);
        let listed = &self.invitations.listed;
        let heard = self.notes.invitations.iter().filter(|h| listed.iter().all(|i| i.session != h.session));
        let open = listed.iter().chain(heard);
        open.filter(|i| !self.invitations.hidden.contains(&i.session) && Some(&i.session) != current)
            .map(|invitation| self.with_party(invitation.clone()))
            .collect()
    }

    fn with_party(&self, mut invitation: Invitation) -> Invitation {
        if let Some(party) = self.lists.parties().iter().find(|party| party.id == invitation.session) {
            invitation.members = party.members.iter().map(|m| m.online_id.clone()).collect();
            invitation.party_name.clone_from(&party.name);
        }
        invitation
    }

    fn is_invited(&self, session: &SessionId) -> bool {
        let known = self.invitations.listed.iter().chain(&self.notes.invitations);
        known.into_iter().any(|invitation| invitation.session == *session)
    }

    /// Where the user is known to be invited.
    pub fn invited(&self) -> Vec<SessionId> {
        let known = self.invitations.listed.iter().chain(&self.notes.invitations);
        let sessions: BTreeSet<_> = known.map(|invitation| invitation.session.clone()).collect();
        sessions.into_iter().collect()
    }
}

impl State {
    pub(super) fn read_invitations(&mut self, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        if account.invitations.following.begin(attempt, now) {
            out.push(Effect::Parties(PartiesEffect::ReadInvitations { attempt }));
        }
    }

    pub(super) fn invitations_read(
        &mut self,
        attempt: Attempt,
        result: Result<Vec<Invitation>, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        self.service_answered(result.as_ref().err());
        let Some(account) = self.account_mut() else { return };
        let known = &mut account.invitations;
        let mut invitations = match result {
            Ok(invitations) => invitations,
            Err(failure) => {
                // Some services may never answer this one: it is told once, and not each time it is tried again.
                let is_told = known.following.is_failing();
                if known.following.fail(attempt, failure.reach().pause(), now)
                    && (!is_told || failure.ends_sign_in())
                {
                    self.fail(Place::Window, failure);
                }
                return;
            }
        };
        let is_first = !known.following.is_read_since(account.since);
        let Some(missed) = known.following.finish(attempt) else { return };
        let over = |session| missed.iter().any(|it| it.session == session && is_over(it, account.me.account));
        invitations.retain(|invitation| !over(invitation.session.clone()));
        known.ever_listed.extend(invitations.iter().map(|invitation| invitation.session.clone()));
        let unheard: Vec<_> =
            invitations.iter().filter(|it| !account.is_invited(&it.session)).cloned().collect();
        if unheard.iter().any(|it| !account.lists.is_visible(&it.session)) {
            account.lists.touch(Pace::AtOnce, now);
        }
        let is_told = |invitation: &Invitation| {
            missed.iter().any(|it| it.session == invitation.session && it.event == Event::Invited)
        };
        // Heard of by push, and the service's own word about it is no.
        let is_listed = |session: &SessionId| invitations.iter().any(|it| it.session == *session);
        let is_dropped = |Invitation { session, .. }: &Invitation| {
            account.invitations.ever_listed.contains(session) && !is_listed(session)
        };
        let over: Vec<_> = account
            .notes
            .invitations
            .iter()
            .filter(|it| is_dropped(it) && !is_told(it))
            .map(|it| it.session.clone())
            .collect();
        account.invitations.listed = invitations;
        if !is_first {
            let notice = |Invitation { session, from, .. }| Notice::Invited { session, from };
            out.extend(unheard.into_iter().map(notice).map(Effect::Notify));
        }
        if !over.is_empty() {
            self.note(now, |notes| notes.invitations.retain(|it| !over.contains(&it.session)));
        }
    }

    /// What an event says of invitations, but that there is a new one.
    pub(super) fn invitation_event(&mut self, event: &PartyEvent, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        account.invitations.following.note(event);
        if is_over(event, account.me.account) {
            self.invitation_over(&event.session, now);
        }
    }

    /// Shown at once; the lists are read besides, for who is inside.
    pub(super) fn invited(&mut self, event: &PartyEvent, now: Instant, out: &mut Effects) {
        let (session, from) = (event.session.clone(), event.from.clone());
        let invitation = Invitation {
            session: session.clone(),
            from: from.as_ref().map(|(_, name)| name.clone()),
            from_account: from.map(|(account, _)| account),
            party_name: String::new(),
            members: Vec::new(),
        };
        if let Some(account) = self.account_mut() {
            let is_visible = account.lists.is_visible(&session);
            account.lists.touch(if is_visible { Pace::Soon } else { Pace::AtOnce }, now);
            account.invitations.touch(Pace::Soon, now);
        }
        let was_hidden = self.show_invitation(&session);
        // A repeated event is no news, one from somebody else is.
        let heard = self.notes().and_then(|notes| notes.invitations.iter().find(|it| it.session == session));
        let is_news = match heard {
            Some(heard) => heard.from_account != invitation.from_account,
            None => !self.is_invited(&session),
        };
        let is_new = heard.is_none();
        if is_news || was_hidden {
            let from = invitation.from.clone();
            out.push(Effect::Notify(Notice::Invited { session: session.clone(), from }));
        }
        if is_news || is_new {
            self.note(now, |notes| {
                notes.invitations.retain(|heard| heard.session != session);
                if notes.invitations.len() >= MAX_HEARD {
                    notes.invitations.remove(0);
                }
                notes.invitations.push(invitation);
            });
        }
    }

    /// An invitation that was followed is none any more, and the end of its party ends it.
    pub(super) fn invitation_over(&mut self, session: &SessionId, now: Instant) {
        let Some(account) = self.account_mut() else { return };
        account.invitations.listed.retain(|invitation| invitation.session != *session);
        self.forget_heard(session, now);
    }

    /// One that came by push alone is forgotten, so that the next start does not show it again either.
    pub(super) fn hide_invitation(&mut self, session: SessionId, now: Instant, out: &mut Effects) {
        self.invitation_answered(&session, out);
        self.forget_heard(&session, now);
        if let Some(account) = self.account_mut() {
            account.invitations.hidden.insert(session);
        }
    }

    fn forget_heard(&mut self, session: &SessionId, now: Instant) {
        if self.notes().is_some_and(|notes| notes.invitations.iter().any(|heard| heard.session == *session)) {
            self.note(now, |notes| notes.invitations.retain(|heard| heard.session != *session));
        }
    }

    fn show_invitation(&mut self, session: &SessionId) -> bool {
        self.account_mut().is_some_and(|account| account.invitations.hidden.remove(session))
    }

    fn is_invited(&self, session: &SessionId) -> bool {
        self.account().is_some_and(|account| account.is_invited(session))
    }

    /// When the next party of an invitation is looked after, and which.
    fn next_check(&self) -> Option<(Instant, SessionId)> {
        let account = self.account()?;
        // Most parties are in the list; which are not is known once it was read.
        let lists = &account.lists;
        if account.invitations.checks.under_way.is_some()
            || lists.is_in_doubt()
            || !lists.is_read_since(account.since)
        {
            return None;
        }
        let shown = lists.parties();
        let unknown =
            account.notes.invitations.iter().filter(|it| shown.iter().all(|party| party.id != it.session));
        let since = account.invitations.checks.last.map_or(account.since, |last| last + CHECKS_APART);
        let due = unknown.map(|it| {
            let at = account.invitations.checks.not_before(&it.session).unwrap_or(since).max(since);
            (at, it.session.clone())
        });
        due.min()
    }

    pub(super) fn check_invitation(&mut self, now: Instant, out: &mut Effects) {
        let Some((_, session)) = self.next_check().filter(|(at, _)| *at <= now) else { return };
        let Some(account) = self.account_mut() else { return };
        account.invitations.checks.under_way = Some(session.clone());
        account.invitations.checks.last = Some(now);
        out.push(Effect::Parties(PartiesEffect::Check(session)));
    }

    pub(super) fn invitation_checked(
        &mut self,
        session: SessionId,
        result: Result<PartySession, Failure>,
        now: Instant,
    ) {
        let Some(account) = self.account_mut() else { return };
        if account.invitations.checks.under_way.take_if(|under_way| *under_way == session).is_none() {
            return;
        }
        account.invitations.checks.seen.retain(|(seen, at)| *seen != session && now < *at + CHECK_AGAIN);
        match result {
            Ok(party) => {
                account.invitations.checks.seen.push((session.clone(), now));
                self.note(now, |notes| {
                    if let Some(heard) = notes.invitations.iter_mut().find(|heard| heard.session == session) {
                        heard.members = party.members.into_iter().map(|member| member.online_id).collect();
                        heard.party_name = party.name;
                    }
                });
            }
            Err(failure) if failure.kind == ProblemKind::PartyEnded => self.invitation_over(&session, now),
            // In the next turn.
            Err(failure) if failure.may_pass() => {}
            // The service does not say; whoever follows the invitation learns why that does not work.
            Err(_) => account.invitations.checks.seen.push((session, now)),
        }
    }

    pub(super) fn set_invitation_timers(&mut self) {
        let Some(account) = self.account() else { return };
        let every = if account.line.is_open() { EVERY } else { EVERY_WITHOUT_PUSH };
        let next = account.invitations.following.next(Some(every));
        self.timers.put(Timer::ReadInvitations, next);
        let next = self.next_check().map(|(at, _)| at);
        self.timers.put(Timer::CheckInvitation, next);
    }
}
