//! The problems that stand: one for each kind and place, gone when repaired or dismissed.

use crate::{
    client::{Place, Problem, ProblemKind, failure::Failure},
    model::DeviceKind,
};

/// More than fit a window help nobody.
const MAX: usize = 8;

#[derive(Debug, Default)]
pub struct Problems {
    standing: Vec<Problem>,
    next_id: u64,
}

impl Problems {
    pub fn standing(&self) -> &[Problem] {
        &self.standing
    }

    pub fn raise(&mut self, place: Place, failure: Failure) {
        tracing::info!(kind = ?failure.kind, ?place, diagnostic = failure.diagnostic, "problem");
        let same = |p: &Problem| p.place == place && is_same_kind(&p.kind, &failure.kind);
        if let Some(problem) = self.standing.iter_mut().find(|p| same(p)) {
            problem.kind = failure.kind;
            problem.diagnostic = failure.diagnostic;
            return;
        }
        if self.standing.len() == MAX {
            self.standing.remove(0);
        }
        self.next_id += 1;
        let Failure { kind, diagnostic } = failure;
        self.standing.push(Problem { id: self.next_id, kind, place, diagnostic });
    }

    /// What stood at `place` is repaired.
    pub fn clear(&mut self, place: Place) {
        self.standing.retain(|problem| problem.place != place);
    }

    pub fn clear_kind(&mut self, kind: &ProblemKind) {
        self.standing.retain(|problem| problem.kind != *kind);
    }

    pub fn clear_device(&mut self, kind: DeviceKind) {
        self.standing
            .retain(|problem| !matches!(problem.kind, ProblemKind::DeviceMissing(of, _) if of == kind));
    }

    /// Voice works again; a missing device and a recording are other matters.
    pub fn clear_voice_failure(&mut self) {
        let other = |kind: &ProblemKind| {
            matches!(kind, ProblemKind::DeviceMissing(..) | ProblemKind::RecordingFailed)
        };
        self.standing.retain(|problem| problem.place != Place::Voice || other(&problem.kind));
    }

    pub fn dismiss(&mut self, id: u64) {
        self.standing.retain(|problem| problem.id != id);
    }

    pub fn clear_all_but(&mut self, places: &[Place]) {
        self.standing.retain(|problem| places.contains(&problem.place));
    }
}

/// How long to wait may differ; a missing microphone and missing speakers are two problems.
fn is_same_kind(a: &ProblemKind, b: &ProblemKind) -> bool {
    match (a, b) {
        (ProblemKind::DeviceMissing(a, _), ProblemKind::DeviceMissing(b, _)) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
