//! What the user decided about others: shown at once, laid over what the service lists until a list that was asked for later
//! takes its place. What fails is taken away again. For each person one call at a time. Pure.

use std::{collections::BTreeMap, time::Instant};

use crate::{
    client::input::{Attempt, Decision},
    model::{AccountId, OnlineId},
};

#[derive(Debug, Default)]
pub struct Decisions(BTreeMap<AccountId, Decided>);

#[derive(Debug)]
struct Decided {
    decision: Decision,
    /// As the user knows them, for what is said afterwards.
    name: Option<OnlineId>,
    stage: Stage,
    /// Decided anew meanwhile.
    next: Option<(Decision, Option<OnlineId>)>,
}

#[derive(Debug)]
enum Stage {
    UnderWay(Attempt),
    /// Carried out at that time, and in no list so far.
    Done(Instant),
}

/// What came of a decision.
#[derive(Debug)]
pub struct Outcome {
    pub decision: Decision,
    pub name: Option<OnlineId>,
    /// To be carried out now.
    pub next: Option<(Decision, Option<OnlineId>)>,
}

impl Decisions {
    /// `true`: it is carried out now, as `attempt`; else after the one that is under way.
    pub fn decide(
        &mut self,
        account: AccountId,
        decision: Decision,
        name: Option<OnlineId>,
        attempt: Attempt,
    ) -> bool {
        if let Some(decided) = self.0.get_mut(&account)
            && matches!(decided.stage, Stage::UnderWay(_))
        {
            decided.next = (decided.decision != decision).then_some((decision, name));
            return false;
        }
        let stage = Stage::UnderWay(attempt);
        self.0.insert(account, Decided { decision, name, stage, next: None });
        true
    }

    /// `None`: nobody waited for it.
    pub fn answered(
        &mut self,
        account: AccountId,
        attempt: Attempt,
        succeeded: bool,
        now: Instant,
    ) -> Option<Outcome> {
        let decided = self.0.get_mut(&account)?;
        if !matches!(decided.stage, Stage::UnderWay(under_way) if under_way == attempt) {
            return None;
        }
        decided.stage = Stage::Done(now);
        let (decision, next) = (decided.decision, decided.next.take());
        let name = decided.name.clone();
        if !succeeded {
            self.0.remove(&account);
        }
        Some(Outcome { decision, name, next })
    }

    /// What holds about somebody, whatever the lists say.
    pub fn about(&self, account: AccountId) -> Option<Decision> {
        let decided = self.0.get(&account)?;
        Some(decided.next.as_ref().map_or(decided.decision, |(next, _)| *next))
    }

    pub fn all(&self) -> impl Iterator<Item = (AccountId, Decision)> {
        self.0.keys().filter_map(|account| Some((*account, self.about(*account)?)))
    }

    /// Takes away what the lists show by now: `is_listed` since then.
    pub fn settle(&mut self, is_listed: impl Fn(Decision, Instant) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|_, decided| match decided.stage {
            Stage::UnderWay(_) => true,
            Stage::Done(at) => !is_listed(decided.decision, at),
        });
        self.0.len() != before
    }
}
