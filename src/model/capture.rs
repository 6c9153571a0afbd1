//! What a look into a capture found out. Safe to share by construction: names of our own, paths of field names, counts;
//! never a value.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{OAuthClient, Secret};

/// How far a capture is read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub read: u64,
    pub total: u64,
}

/// The OAuth client that a capture's sign-in used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundClient {
    pub id: String,
    pub secret: Secret,
    pub redirect: Option<String>,
    /// How many other clients signed in as well. This one has most of what it takes to sign in from here: with a redirect rather
    /// than without, one that leads back to this computer rather than to a page, and of these the newest.
    pub others: usize,
}

impl FoundClient {
    /// Ready to sign in. A capture without a redirect will do for the mobile app, whose own is known.
    pub fn into_client(self) -> Option<OAuthClient> {
        let known = (self.id == OAuthClient::MOBILE_ID).then(|| OAuthClient::MOBILE_REDIRECT.to_owned());
        Some(OAuthClient { redirect: self.redirect.or(known)?, id: self.id, secret: self.secret })
    }
}

/// A capture held against this client's own types.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// All of the file's entries.
    pub exchanges: u64,
    /// Those with hosts that are none of the service's.
    pub other_hosts: u64,
    /// Entries that are no exchange: without a method, or with an address of endless length.
    pub odd: u64,
    /// The file was cut off; what is before the cut is in the report.
    pub ends_early: bool,
    /// What this client calls and is told.
    pub endpoints: Vec<EndpointReport>,
    /// What the service offers besides, and how often it was called.
    pub unused: BTreeMap<&'static str, u64>,
}

/// One call of the service, or one kind of push message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointReport {
    pub name: &'static str,
    pub seen: u64,
    /// Every body was read with the client's types.
    pub parsed: u64,
    /// A body was not.
    pub failed: u64,
    /// Of those seen, the ones the service refused.
    pub refused: u64,
    /// Had no body to judge, and need not have one.
    pub not_examined: u64,
    /// Succeeded, and a body that belongs there is missing or too large to be judged.
    pub unjudged: u64,
    pub findings: Vec<Finding>,
    /// Further findings, beyond what a report holds.
    pub more_findings: u64,
    /// Optional fields that were not always there. Not findings.
    pub absent: Vec<Absent>,
}

/// Which half of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Request,
    Answer,
    Message,
}

/// Something that differs from the client's types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub part: Part,
    #[serde(flatten)]
    pub difference: Difference,
    /// Like `members[].customData4`; empty for the body itself.
    pub path: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "difference")]
pub enum Difference {
    /// A field the client cannot do without.
    Missing,
    /// A field the client has never heard of.
    Unknown,
    Mistyped {
        expected: String,
        found: &'static str,
    },
    /// Text with something inside that could not be decoded.
    Undecodable,
    /// Of the right type, but not a value that the client takes.
    Unacceptable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absent {
    pub part: Part,
    pub path: String,
    pub count: u64,
}

impl Report {
    /// So many bytes tell a report, see [`Report::is_start`].
    pub const LONGEST_START: u64 = 64;

    /// Whether a file that begins like this is a report, as text or as JSON, or nothing at all yet.
    pub fn is_start(bytes: &[u8]) -> bool {
        let after_count = |bytes: &[u8], what: &[u8]| {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && bytes.get(digits..).is_some_and(|rest| rest.starts_with(what))
        };
        let json = bytes.strip_prefix(br#"{"exchanges":"#);
        bytes.is_empty()
            || after_count(bytes, b" exchanges: ")
            || json.is_some_and(|json| after_count(json, br#","other_hosts":"#))
    }

    /// Something was there to be judged, all of it, and none of it differs.
    pub fn is_clean(&self) -> bool {
        let fine = |e: &EndpointReport| {
            e.failed == 0 && e.unjudged == 0 && e.findings.is_empty() && e.more_findings == 0
        };
        !self.ends_early && self.endpoints.iter().any(|e| e.parsed > 0) && self.endpoints.iter().all(fine)
    }

    /// How many exchanges are of calls that this client makes.
    pub fn ours(&self) -> u64 {
        let unused: u64 = self.unused.values().sum();
        self.exchanges.saturating_sub(self.other_hosts).saturating_sub(self.odd).saturating_sub(unused)
    }

    pub fn findings(&self) -> usize {
        self.endpoints.iter().map(|endpoint| endpoint.findings.len()).sum()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Message => "message",
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Mistyped { .. } => "mistyped",
            Self::Undecodable => "undecodable",
            Self::Unacceptable => "unacceptable",
        })
    }
}

/// The report as plain text.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unused: u64 = self.unused.values().sum();
        let ours = self.ours();
        writeln!(
            f,
            "{} exchanges: {ours} of this client's calls, {unused} other calls of the service, {} with other hosts.",
            self.exchanges, self.other_hosts
        )?;
        if self.odd > 0 {
            writeln!(f, "{} entries are no exchanges.", self.odd)?;
        }
        if self.ends_early {
            writeln!(f, "The file ends early; what comes before is reported.")?;
        }
        if self.endpoints.is_empty() {
            writeln!(f, "Nothing in it that this client calls.")?;
        }
        for endpoint in &self.endpoints {
            write!(f, "\n{endpoint}")?;
        }
        if !self.unused.is_empty() {
            writeln!(f, "\nSeen, not used by this client:")?;
            for (name, count) in &self.unused {
                writeln!(f, "  {count:>5} × {name}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for EndpointReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} seen, {} parsed", self.name, self.seen, self.parsed)?;
        for (count, what) in [
            (self.failed, "not parsed"),
            (self.refused, "refused by the service"),
            (self.not_examined, "without a body to examine"),
            (self.unjudged, "with a body missing or too large"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        writeln!(f)?;
        for Finding { part, difference, path, count } in &self.findings {
            let path = if path.is_empty() { "(the body itself)" } else { path };
            write!(f, "  {count:>5} × {difference:<12} {part:<7}  {path}")?;
            match difference {
                Difference::Mistyped { expected, found } => writeln!(f, ": {found} instead of {expected}")?,
                _ => writeln!(f)?,
            }
        }
        if self.more_findings > 0 {
            writeln!(f, "  {:>5} more", self.more_findings)?;
        }
        for Absent { part, path, count } in &self.absent {
            writeln!(f, "  {count:>5} × optional, not there: {part} {path}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_from_other_files_by_how_it_begins() {
        for report in [Report::default(), Report { exchanges: u64::MAX, ..Report::default() }] {
            let json = serde_json::to_string(&report).expect("serializes");
            for text in [report.to_string(), json] {
                let start: Vec<_> = text.bytes().take(Report::LONGEST_START as usize).collect();
                assert!(Report::is_start(&start), "{text}");
            }
        }
        assert!(Report::is_start(b""));
        for other in [r#"{"log": {}}"#, r#"{"exchanges":[]}"#, "12 monkeys", " exchanges: ", "\0"] {
            assert!(!Report::is_start(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn clean_is_only_what_was_judged() {
        let of = |parsed, unjudged| EndpointReport {
            name: "a call",
            seen: parsed + unjudged,
            parsed,
            failed: 0,
            refused: 0,
            not_examined: 0,
            unjudged,
            findings: Vec::new(),
            more_findings: 0,
            absent: Vec::new(),
        };
        let report = |endpoints| Report { endpoints, ..Report::default() };
        assert!(report(vec![of(1, 0), of(0, 0)]).is_clean());
        assert!(!report(vec![of(0, 0)]).is_clean(), "nothing was parsed");
        assert!(!report(vec![of(1, 0), of(3, 1)]).is_clean(), "one was not looked at");
        assert!(!report(Vec::new()).is_clean());
    }
}
