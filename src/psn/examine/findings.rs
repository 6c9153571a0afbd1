//! What was found about one call, counted by place and kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::{KEY, MAX_UNKNOWN, Told, WireType, joined};
use crate::model::{Absent, Difference, EndpointReport, Finding, Part};

/// Places that are kept for one call; beyond, they are only counted.
const MAX_FINDINGS: usize = 200;

/// What came of a body, or of an exchange; the greatest one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// None belongs there.
    NoBody,
    Parsed,
    /// It is not there, and need not be: no answer came, or something on the way gave it.
    NotExamined,
    /// One belongs there, and it is missing or too large.
    Unjudged,
    Failed,
}

#[derive(Default)]
pub(super) struct Tally {
    seen: u64,
    parsed: u64,
    failed: u64,
    refused: u64,
    not_examined: u64,
    unjudged: u64,
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
            Verdict::NoBody | Verdict::NotExamined => &mut self.not_examined,
            Verdict::Parsed => &mut self.parsed,
            Verdict::Unjudged => &mut self.unjudged,
            Verdict::Failed => &mut self.failed,
        } += 1;
    }

    /// Seen, but not kept by whoever read the capture.
    pub fn skipped(&mut self, count: u64) {
        self.seen += count;
        self.unjudged += count;
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

    pub fn report(mut self, name: &'static str) -> EndpointReport {
        self.hide_keys();
        let finding = |((part, path, difference), count)| Finding { part, difference, path, count };
        let absent = |((part, path), count)| Absent { part, path, count };
        EndpointReport {
            name,
            seen: self.seen,
            parsed: self.parsed,
            failed: self.failed,
            refused: self.refused,
            not_examined: self.not_examined,
            unjudged: self.unjudged,
            findings: self.findings.into_iter().map(finding).collect(),
            more_findings: self.more_findings,
            absent: self.absent.into_iter().map(absent).collect(),
        }
    }

    /// A map whose entries came one at a time: too many unknown names in one place.
    fn hide_keys(&mut self) {
        let place = |path: &str| path.rsplit_once('.').map_or("", |(place, _)| place).to_owned();
        let mut names = BTreeMap::<_, usize>::new();
        for (part, path, _) in self.findings.keys().filter(|(.., what)| *what == Difference::Unknown) {
            *names.entry((*part, place(path))).or_default() += 1;
        }
        names.retain(|_, names| *names > MAX_UNKNOWN);
        for ((part, path, what), count) in std::mem::take(&mut self.findings) {
            let place = (part, place(&path));
            let is_key = what == Difference::Unknown && names.contains_key(&place);
            let path = if is_key { joined(&place.1, KEY) } else { path };
            *self.findings.entry((part, path, what)).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::psn::wire::party::Person;

    #[test]
    fn the_keys_of_a_map_that_came_one_at_a_time_are_not_shown() {
        let (person, mut tally) = (WireType::read::<Person>(), Tally::default());
        for name in ["nova", "marlow", "odalys", "pim", "quill", "rook", "sable", "tern"] {
            let body = json!({"accountId": "1", name: {"accountId": "2"}});
            tally.examine(Part::Answer, &person, Some(&body));
        }
        let shown =
            |tally: &Tally| tally.findings.keys().map(|(_, path, _)| path.clone()).collect::<Vec<_>>();
        tally.hide_keys();
        assert_eq!(shown(&tally).len(), 8, "they may as well be fields");
        tally.examine(Part::Answer, &person, Some(&json!({"accountId": "1", "umber": {}})));
        tally.hide_keys();
        assert_eq!(shown(&tally), [KEY]);
    }
}
