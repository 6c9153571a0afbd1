//! Invitations that came by push alone: the service may list none of them, so they are remembered until their party is over.

use std::time::{Duration, Instant};

use super::{Effect, Effects, Failure, ProblemKind, State, Timer};
use crate::{
    client::{Notice, input::PartiesEffect},
    model::{Invitation, PartySession, SessionId},
    psn::PartyEvent,
};

/// Invitations that are remembered; the oldest goes first.
const MAX_HEARD: usize = 32;
/// From one look after the party of an invitation to the next, of whichever.
const CHECKS_APART: Duration = Duration::from_secs(20);
/// A party that was there goes on for a while.
const CHECK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Whether the parties of invitations that no list shows still go on.
#[derive(Default)]
pub struct Checks {
    /// Waited for.
    under_way: Option<SessionId>,
    last: Option<Instant>,
    /// When each was looked after; at most as many as are remembered.
    seen: Vec<(SessionId, Instant)>,
}

impl Checks {
    /// What was found out about these may not be so any more.
    pub fn forget(&mut self, which: impl Fn(&SessionId) -> bool) {
        self.seen.retain(|(seen, _)| !which(seen));
    }

    fn not_before(&self, session: &SessionId) -> Option<Instant> {
        self.seen.iter().find(|(seen, _)| seen == session).map(|(_, at)| *at + CHECK_AGAIN)
    }
}

impl State {
    /// Shown at once; the lists are read besides.
    pub(super) fn invited(&mut self, event: &PartyEvent, now: Instant, out: &mut Effects) {
        let (session, from) = (event.session.clone(), event.from.clone());
        let invitation = Invitation {
            session: session.clone(),
            from: from.as_ref().map(|(_, name)| name.clone()),
            from_account: from.map(|(account, _)| account),
            party_name: String::new(),
            members: Vec::new(),
        };
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

    /// When the next party of an invitation is looked after, and which.
    fn next_check(&self) -> Option<(Instant, SessionId)> {
        let account = self.account()?;
        // Most parties are in the list; which are not is known once it was read.
        let lists = &account.lists;
        if account.checks.under_way.is_some() || lists.is_in_doubt() || !lists.is_read_since(account.since) {
            return None;
        }
        let shown = lists.parties();
        let unknown =
            account.notes.invitations.iter().filter(|it| shown.iter().all(|party| party.id != it.session));
        let since = account.checks.last.map_or(account.since, |last| last + CHECKS_APART);
        let due = unknown.map(|it| {
            let at = account.checks.not_before(&it.session).unwrap_or(since).max(since);
            (at, it.session.clone())
        });
        due.min()
    }

    pub(super) fn check_invitation(&mut self, now: Instant, out: &mut Effects) {
        let Some((_, session)) = self.next_check().filter(|(at, _)| *at <= now) else { return };
        let Some(account) = self.account_mut() else { return };
        account.checks.under_way = Some(session.clone());
        account.checks.last = Some(now);
        out.push(Effect::Parties(PartiesEffect::Check(session)));
    }

    pub(super) fn invitation_checked(
        &mut self,
        session: SessionId,
        result: Result<PartySession, Failure>,
        now: Instant,
    ) {
        let Some(account) = self.account_mut() else { return };
        if account.checks.under_way.take_if(|under_way| *under_way == session).is_none() {
            return;
        }
        account.checks.seen.retain(|(seen, at)| *seen != session && now < *at + CHECK_AGAIN);
        match result {
            Ok(party) => {
                account.checks.seen.push((session.clone(), now));
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
            Err(_) => account.checks.seen.push((session, now)),
        }
    }

    pub(super) fn set_check_timer(&mut self) {
        let next = self.next_check().map(|(at, _)| at);
        self.timers.put(Timer::CheckInvitation, next);
    }
}
