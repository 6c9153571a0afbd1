//! What was found about one call, counted by place and kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::{Told, WireType};
use crate::model::{Absent, Difference, EndpointReport, Finding, Part};

/// Places that are kept for one call; beyond, they are only counted.
const MAX_FINDINGS: usize = 200;

/// What came of a body, or of an exchange; the greater one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Nothing,
    Parsed,
    Failed,
}

#[derive(Default)]
pub(super) struct Tally {
    seen: u64,
    parsed: u64,
    failed: u64,
    refused: u64,
    not_examined: u64,
    findings: BTreeMap<(Part, String, Difference), u64>,
    more_findings: u64,
    absent: BTreeMap<(Part, String), u64>,
}

impl Tally {
    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn count(&mut self, verdict: Verdict, refused: bool) {
        self.seen += 1;
        self.refused += u64::from(refused);
        *match verdict {
            Verdict::Nothing => &mut self.not_examined,
            Verdict::Parsed => &mut self.parsed,
            Verdict::Failed => &mut self.failed,
        } += 1;
    }

    /// Seen, but not kept by whoever read the capture.
    pub fn skipped(&mut self, count: u64) {
        self.seen += count;
        self.not_examined += count;
    }

    /// `value`: the body, where it is JSON at all.
    pub fn examine(&mut self, part: Part, kind: &WireType, value: Option<&Value>) -> Verdict {
        let parsed = match value {
            Some(value) => kind.examine(value, "", &mut |told| self.note(part, told)),
            None => {
                self.note(part, Told::Difference(Difference::Undecodable, String::new()));
                false
            }
        };
        if parsed { Verdict::Parsed } else { Verdict::Failed }
    }

    fn note(&mut self, part: Part, told: Told) {
        match told {
            Told::Difference(difference, path) => {
                let room = self.findings.len() < MAX_FINDINGS;
                let key = (part, path, difference);
                match self.findings.get_mut(&key) {
                    Some(count) => *count += 1,
                    None if room => drop(self.findings.insert(key, 1)),
                    None => self.more_findings += 1,
                }
            }
            // As many as the types have optional fields.
            Told::Absent(path) => *self.absent.entry((part, path)).or_default() += 1,
        }
    }

    pub fn report(self, name: &'static str) -> EndpointReport {
        let finding = |((part, path, difference), count)| Finding { part, difference, path, count };
        let absent = |((part, path), count)| Absent { part, path, count };
        EndpointReport {
            name,
            seen: self.seen,
            parsed: self.parsed,
            failed: self.failed,
            refused: self.refused,
            not_examined: self.not_examined,
            findings: self.findings.into_iter().map(finding).collect(),
            more_findings: self.more_findings,
            absent: self.absent.into_iter().map(absent).collect(),
        }
    }
}
