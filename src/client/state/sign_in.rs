//! The way from a stranger to somebody: signing in through the browser, by what was kept, or in place of a stay that ended.

use std::time::{Duration, Instant, SystemTime};

use super::{
    Account, Attempt, Effect, Effects, Failure, PartyStage, Place, ProblemKind, Stage, State, Timer,
};
use crate::{
    client::{
        Notice, SignIn, SignInLink, WayBack,
        input::{Arrived, Opened, SignInWay},
    },
    model::{AccountId, AccountSlot, OnlineId, Secret},
};

/// How long the browser may take.
const SIGN_IN_TIME: Duration = Duration::from_secs(10 * 60);
/// A keyring that asks its user for a password must not keep the window waiting.
const OPENING_TIME: Duration = Duration::from_secs(4);
/// The user is told this long before the stay ends.
pub const WARN_BEFORE_END: Duration = Duration::from_secs(7 * 24 * 3600);
const LONGEST_RESUME_PAUSE: Duration = Duration::from_secs(60);

/// A sign-in under way.
pub struct UnderWay {
    attempt: Attempt,
    shown: SignIn,
}

/// Before it is known whether anybody is signed in.
pub struct Starting {
    /// `None`: what was kept is still being read.
    resuming: Option<Resuming>,
}

struct Resuming {
    attempt: Attempt,
    slot: AccountSlot,
    name: Option<OnlineId>,
    failures: u32,
}

impl Starting {
    pub fn reading() -> Self {
        Self { resuming: None }
    }

    pub fn account(&self) -> Option<OnlineId> {
        self.resuming.as_ref().and_then(|resuming| resuming.name.clone())
    }
}

impl State {
    pub(super) fn started(&mut self, now: Instant, out: &mut Effects) {
        self.timers.set(Timer::Opening, now + OPENING_TIME);
        out.push(Effect::OpenKept);
        self.tell_sound_settings(out);
    }

    /// Reading takes long, most often because the keyring asks for a password. Whatever comes of it later still counts.
    pub(super) fn opening_is_slow(&mut self) {
        if matches!(self.stage, Stage::Starting(Starting { resuming: None })) {
            self.stage = Stage::SignedOut;
        }
    }

    pub(super) fn opened(&mut self, opened: Opened, out: &mut Effects) {
        self.timers.clear(Timer::Opening);
        self.secrets = opened.secrets;
        self.client = opened.client;
        self.accounts = opened.accounts;
        let idle = matches!(self.stage, Stage::Starting(_) | Stage::SignedOut) && self.sign_in.is_none();
        match opened.last {
            Some(last) if idle => self.resume(last, 0, out),
            _ if matches!(self.stage, Stage::Starting(_)) => self.stage = Stage::SignedOut,
            _ => {}
        }
    }

    fn resume(&mut self, slot: AccountSlot, failures: u32, out: &mut Effects) {
        let attempt = self.new_attempt();
        let known = self.accounts.iter().find(|known| known.slot == slot);
        let name = known.map(|known| known.online_id.clone());
        out.push(Effect::Resume { attempt, slot: slot.clone() });
        self.stage = Stage::Starting(Starting { resuming: Some(Resuming { attempt, slot, name, failures }) });
    }

    pub(super) fn retry_start(&mut self, out: &mut Effects) {
        self.timers.clear(Timer::Resume);
        if let Stage::Starting(Starting { resuming: Some(Resuming { slot, failures, .. }) }) = &self.stage {
            self.resume(slot.clone(), *failures, out);
        }
    }

    pub(super) fn begin_sign_in(&mut self, way: SignInWay, now: Instant, out: &mut Effects) {
        let attempt = self.new_attempt();
        match &self.stage {
            // In place: what else stands there stays.
            Stage::SignedIn(_) => self.problems.clear(Place::SignIn),
            Stage::Starting(_) | Stage::SignedOut => {
                self.problems.clear_all_but(&[Place::Settings]);
                self.timers.clear(Timer::Resume);
                self.stage = Stage::SignedOut;
            }
        }
        let shown = SignIn { link: None, way_back: WayBack::default(), finishing: way != SignInWay::Browser };
        self.sign_in = Some(UnderWay { attempt, shown });
        self.timers.set(Timer::SignIn, now + SIGN_IN_TIME);
        out.push(Effect::SignIn { attempt, way });
    }

    pub(super) fn sign_in_with_npsso(&mut self, npsso: Secret, now: Instant, out: &mut Effects) {
        match crate::psn::pasted_npsso(npsso.expose()) {
            Some(npsso) => self.begin_sign_in(SignInWay::Npsso(npsso), now, out),
            None => {
                let failure = Failure::new(ProblemKind::NotAnNpsso, "neither the value nor its page");
                self.problems.raise(Place::SignIn, failure);
            }
        }
    }

    pub(super) fn sign_in_link(&mut self, attempt: Attempt, link: SignInLink, way_back: WayBack) {
        if let Some(under_way) = self.under_way(attempt) {
            under_way.shown.link = Some(link);
            under_way.shown.way_back = way_back;
        }
    }

    pub(super) fn browser_did_not_open(&mut self, attempt: Attempt) {
        if self.under_way(attempt).is_some() {
            let failure = Failure::new(ProblemKind::BrowserDidNotOpen, "no browser could be started");
            self.problems.raise(Place::SignIn, failure);
        }
    }

    pub(super) fn code_received(&mut self, attempt: Attempt) {
        if let Some(under_way) = self.under_way(attempt) {
            under_way.shown.finishing = true;
            self.problems.clear(Place::SignIn);
        }
    }

    pub(super) fn paste_redirect(&mut self, pasted: Secret, out: &mut Effects) {
        if self.sign_in.is_some() {
            self.problems.clear(Place::SignIn);
            out.push(Effect::BringRedirect(pasted));
        }
    }

    /// The user gives it up, and hears that nothing came of it.
    pub(super) fn give_sign_in_up(&mut self, out: &mut Effects) {
        let said = self.sign_in.is_some();
        self.cancel_sign_in(out);
        if said && self.account().is_some() {
            out.push(Effect::Notify(Notice::SignInCancelled));
        } else if said {
            let failure = Failure::new(ProblemKind::SignInCancelled, "given up by the user");
            self.problems.raise(Place::SignIn, failure);
        }
    }

    fn cancel_sign_in(&mut self, out: &mut Effects) {
        if self.sign_in.take().is_some() {
            self.timers.clear(Timer::SignIn);
            self.problems.clear(Place::SignIn);
            out.push(Effect::CancelSignIn);
        } else if matches!(self.stage, Stage::Starting(_)) {
            self.timers.clear(Timer::Resume);
            self.problems.clear(Place::Starting);
            self.stage = Stage::SignedOut;
            out.push(Effect::CancelSignIn);
        }
    }

    pub(super) fn sign_in_timed_out(&mut self, out: &mut Effects) {
        self.cancel_sign_in(out);
        let failure = Failure::new(ProblemKind::SignInTimedOut, "the browser did not come back in time");
        self.problems.raise(Place::SignIn, failure);
    }

    pub(super) fn signed_in(
        &mut self,
        attempt: Attempt,
        result: Result<Arrived, Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        if self.under_way(attempt).is_some() {
            self.sign_in = None;
            self.timers.clear(Timer::SignIn);
            self.problems.clear(Place::SignIn);
            match result {
                Ok(Arrived { me, again: false }) => self.take_account(attempt, me, now, out),
                Ok(Arrived { again: true, .. }) => self.signed_in_again(now, out),
                Err(failure) => self.problems.raise(Place::SignIn, failure),
            }
            return;
        }
        let Stage::Starting(Starting { resuming: Some(resuming) }) = &mut self.stage else { return };
        if resuming.attempt != attempt {
            return;
        }
        match result {
            Ok(arrived) => self.take_account(attempt, arrived.me, now, out),
            Err(failure) if failure.may_pass() => {
                let pause = Duration::from_secs(2 << resuming.failures.min(6)).min(LONGEST_RESUME_PAUSE);
                resuming.failures += 1;
                self.timers.set(Timer::Resume, now + failure.reach().pause().unwrap_or(pause).max(pause));
                self.problems.raise(Place::Starting, failure);
            }
            Err(failure) => {
                self.stage = Stage::SignedOut;
                self.problems.clear(Place::Starting);
                self.problems.raise(Place::SignIn, failure);
            }
        }
    }

    fn take_account(&mut self, attempt: Attempt, me: crate::model::Profile, now: Instant, out: &mut Effects) {
        self.problems.clear_all_but(&[Place::Settings]);
        if matches!(self.stage, Stage::SignedIn(_)) {
            out.push(Effect::Notify(Notice::SwitchedTo(me.online_id.clone())));
            self.drop_account(out);
        }
        out.push(Effect::TakeAccount { attempt });
        let mut account = Account::new(me, now);
        account.chats.away = self.away;
        self.stage = Stage::SignedIn(Box::new(account));
        self.open_push(out);
        self.refresh(now, out);
        self.preview_waiting_link(now, out);
    }

    /// Everything goes on where it was.
    fn signed_in_again(&mut self, now: Instant, out: &mut Effects) {
        let Some(account) = self.account_mut() else { return };
        account.stay.ended = false;
        out.push(Effect::Notify(Notice::SignedInAgain));
        self.open_push_if_closed(out);
        self.refresh(now, out);
        self.read_chats(now, out);
        self.read_notifications(now, out);
        self.retry_voice(now, out);
    }

    /// The service wants a new sign-in: the window and the party stay, and what is connected goes on.
    pub(super) fn stay_over(&mut self, failure: &Failure) {
        let Some(account) = self.account_mut() else { return };
        if !std::mem::replace(&mut account.stay.ended, true) {
            tracing::info!(diagnostic = failure.diagnostic, "the stay is over");
        }
    }

    pub(super) fn stay_known(&mut self, account: AccountId, ends: SystemTime, left: Duration, now: Instant) {
        let Some(ours) = self.account_mut().filter(|ours| ours.me.account == account) else { return };
        ours.stay.ends = Some(ends);
        ours.stay.soon = false;
        match left.checked_sub(WARN_BEFORE_END) {
            Some(quiet) if !quiet.is_zero() => self.timers.set(Timer::StayEndsSoon, now + quiet),
            _ => self.stay_ends_soon(),
        }
    }

    pub(super) fn stay_ends_soon(&mut self) {
        self.timers.clear(Timer::StayEndsSoon);
        if let Some(account) = self.account_mut() {
            account.stay.soon = true;
        }
    }

    pub(super) fn switch_account(&mut self, slot: AccountSlot, out: &mut Effects) {
        let Some(known) = self.accounts.iter().find(|known| known.slot == slot) else { return };
        if self.account().is_some_and(|account| account.me.account == known.account) {
            return;
        }
        self.cancel_sign_in(out);
        self.drop_account(out);
        self.problems.clear_all_but(&[Place::Settings]);
        self.resume(slot, 0, out);
    }

    pub(super) fn sign_out(&mut self, out: &mut Effects) {
        let Some(me) = self.account().map(|account| account.me.account) else { return };
        self.cancel_sign_in(out);
        out.push(Effect::ForgetAccountInUse);
        self.timers.clear(Timer::SaveNotes);
        self.drop_account(out);
        self.stage = Stage::SignedOut;
        self.problems.clear_all_but(&[Place::Settings]);
        self.accounts.retain(|known| known.account != me);
    }

    /// Leaves the party and ends everything of the account. Who is there instead is the caller's to say.
    fn drop_account(&mut self, out: &mut Effects) {
        if self.account().is_none() {
            return;
        }
        self.save_waiting_notes(out);
        if let Some(PartyStage::Joined(_)) = self.party() {
            self.leave_party(out);
        } else {
            out.push(Effect::HangUp);
        }
        self.timers.clear_account();
        self.talk.key_held = false;
        out.push(Effect::DropAccount);
    }

    pub(super) fn sign_in_shown(&self) -> Option<SignIn> {
        self.sign_in.as_ref().map(|under_way| under_way.shown.clone())
    }

    fn under_way(&mut self, attempt: Attempt) -> Option<&mut UnderWay> {
        self.sign_in.as_mut().filter(|under_way| under_way.attempt == attempt)
    }
}
