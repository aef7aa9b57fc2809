//! The pipeline: sources to an [`Audit`].

use std::collections::BTreeMap;

use crate::cors::{Class, Verdict};
use crate::error::{Error, ErrorKind};
use crate::exchange::Capture;
use crate::finding::Finding;
use crate::inputs::{Inputs, record_failure};
use crate::notice::Notice;
use crate::options::Options;
use crate::pairing::Fetch;

/// Everything a report tells.
#[derive(Debug, Default)]
pub struct Audit {
    /// The recordings, ordered by name.
    pub captures: Vec<Capture>,
    /// Fetches that are, or may be, cross-origin (all fetches if asked for), ordered by start time.
    pub fetches: Vec<JudgedFetch>,
    /// Findings, ordered by severity (worst first), rule, target, endpoint.
    pub findings: Vec<Finding>,
    /// What was cut, unknown, skipped or not decryptable, ordered by recording and place.
    pub notices: Vec<Notice>,
    /// Inputs that could not be audited.
    pub errors: Vec<Error>,
    /// Counts over everything, also over fetches that are no rows.
    pub counts: Counts,
}

/// A fetch with its verdict.
#[derive(Clone, Debug)]
pub struct JudgedFetch {
    /// Index into [`Audit::captures`].
    pub capture: u32,
    /// The fetch.
    pub fetch: Fetch,
    /// What the browser did with it.
    pub verdict: Verdict,
    /// Where the verdict is undetermined: the verdicts that the unknown input decides between.
    pub alternatives: Vec<Verdict>,
}

/// Counts of an audit.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Inputs read.
    pub inputs: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Entries or messages met.
    pub exchanges: u64,
    /// Fetches by class of verdict.
    pub fetches: BTreeMap<Class, u64>,
}

/// Audits inputs.
#[must_use]
pub fn run(inputs: Inputs, _options: &Options) -> Audit {
    // Stands in for the readers: tells an unreadable, empty or unknown input, and counts the rest.
    let mut audit = Audit {
        errors: inputs.errors,
        ..Audit::default()
    };
    for input in inputs.inputs {
        let mut bytes = Vec::new();
        let read = if input.path.as_os_str() == "-" {
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| ())
        } else {
            std::fs::read(&input.path).map(|read| bytes = read)
        };
        let kind = match read {
            Err(error) => ErrorKind::Io(error),
            Ok(()) if bytes.is_empty() => ErrorKind::Empty,
            Ok(()) if bytes.trim_ascii_start().first() == Some(&b'{') => {
                audit.captures.push(Capture {
                    source: input.path.to_string_lossy().into(),
                    bytes: bytes.len() as u64,
                    ..Capture::default()
                });
                audit.counts.inputs += 1;
                audit.counts.bytes += bytes.len() as u64;
                continue;
            }
            Ok(()) => ErrorKind::UnknownFormat,
        };
        record_failure(&mut audit, &input, kind);
    }
    audit
}
