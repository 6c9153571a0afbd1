//! Whether others see the user as offline: the setting of the service, and changing it.

use std::time::Instant;

use super::{
    super::{Effects, Failure, Place, ProblemKind, State, reading::Worth},
    upkeep::Upkeep,
};
use crate::client::{
    AppearOffline,
    input::{Attempt, Effect, PeopleEffect},
};

#[derive(Debug, Default)]
pub struct Appearance {
    pub upkeep: Upkeep,
    known: Option<bool>,
    is_fixed: bool,
    /// On its way to this.
    setting: Option<(Attempt, bool)>,
    /// The user changed their mind meanwhile.
    wanted: Option<bool>,
}

impl Appearance {
    pub fn published(&self) -> AppearOffline {
        let changing = self.wanted.or(self.setting.map(|(_, offline)| offline));
        match (changing, self.known) {
            (Some(offline), _) => AppearOffline::Changing(offline),
            (None, Some(offline)) if self.is_fixed => AppearOffline::Fixed(offline),
            (None, Some(offline)) => AppearOffline::Is(offline),
            (None, None) => AppearOffline::Unknown,
        }
    }
}

impl State {
    pub(in crate::client::state) fn appear_offline(
        &mut self,
        offline: bool,
        now: Instant,
        out: &mut Effects,
    ) {
        let attempt = self.new_attempt();
        let Some(account) = self.account_mut() else { return };
        let appearance = &mut account.people.appearance;
        match appearance.setting {
            Some((_, under_way)) => appearance.wanted = (under_way != offline).then_some(offline),
            None => {
                appearance.setting = Some((attempt, offline));
                account.people.pace.spend(1, now);
                out.push(Effect::People(PeopleEffect::SetAppearOffline { attempt, offline }));
            }
        }
    }

    pub(super) fn appearance_read(&mut self, attempt: Attempt, offline: Option<bool>) {
        let Some(account) = self.account_mut() else { return };
        let appearance = &mut account.people.appearance;
        // One that is overtaken may be older than what the user just set: the next one tells.
        if appearance.upkeep.finish(attempt) == Worth::Fresh {
            appearance.known = offline;
        }
    }

    pub(super) fn appearance_set(
        &mut self,
        attempt: Attempt,
        result: Result<(), Failure>,
        now: Instant,
        out: &mut Effects,
    ) {
        let Some(account) = self.account_mut() else { return };
        let appearance = &mut account.people.appearance;
        let Some((_, offline)) = appearance.setting.take_if(|(setting, _)| *setting == attempt) else {
            return;
        };
        let wanted = appearance.wanted.take();
        match result {
            Ok(()) => {
                (appearance.known, appearance.is_fixed) = (Some(offline), false);
                appearance.upkeep.want_soon(now);
                self.problems.clear(Place::People);
                if let Some(wanted) = wanted.filter(|wanted| *wanted != offline) {
                    self.appear_offline(wanted, now, out);
                }
            }
            Err(failure) => {
                if failure.kind == ProblemKind::NotOffered {
                    appearance.is_fixed = true;
                } else if failure.may_pass() {
                    // It may have been carried out all the same.
                    appearance.upkeep.want_soon(now);
                }
                self.fail(Place::People, failure);
            }
        }
    }
}
