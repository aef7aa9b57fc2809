//! What an audit is asked to do: plain data.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use crate::control::{Baseline, Suppression};
use crate::cors::Engine;
use crate::evidence::Evidence;
use crate::finding::{Certainty, Severity};

/// What an audit is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose rules decide; `None`: those of the browser that the recording names.
    pub engine: Option<Engine>,
    /// Same-origin fetches become rows too.
    pub all_fetches: bool,
    /// The least severity that is reported.
    pub min_severity: Severity,
    /// The least confidence that is reported.
    pub min_confidence: Certainty,
    /// Only these rules; empty for all.
    pub only: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Sites of one organisation: they are no strangers to one another.
    pub first_party: Vec<String>,
    /// Hosts (with everything below them) whose servers may be reported on; empty for all.
    pub scope: Vec<String>,
    /// Threads; `None`: as many as there are cores.
    pub jobs: Option<NonZeroUsize>,
    /// Check each HAR entry against HAR 1.2 and report defects as notices.
    pub check_har: bool,
    /// Key log files (`SSLKEYLOGFILE`) for captures.
    pub keylogs: Vec<PathBuf>,
    /// Other severities than a rule's own, by rule id.
    pub severities: BTreeMap<String, Severity>,
    /// Findings that were accepted.
    pub suppressions: Vec<Suppression>,
    /// Findings that were known before.
    pub baseline: Option<Baseline>,
    /// What earlier audits saw.
    pub evidence: Option<Arc<Evidence>>,
    /// Keep evidence of this audit, and of what it builds on.
    pub keeps_evidence: bool,
    /// The day on which suppressions are looked at; `None`: none has expired.
    pub today: Option<Date>,
}

/// Whether a host is the named one, or stands below it.
pub(crate) fn is_at_or_below(host: &str, named: &str) -> bool {
    host == named
        || host
            .strip_suffix(named)
            .is_some_and(|rest| rest.ends_with('.'))
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: None,
            all_fetches: false,
            min_severity: Severity::Info,
            min_confidence: Certainty::Likely,
            only: Vec::new(),
            ignore: Vec::new(),
            first_party: Vec::new(),
            scope: Vec::new(),
            jobs: None,
            check_har: false,
            keylogs: Vec::new(),
            severities: BTreeMap::new(),
            suppressions: Vec::new(),
            baseline: None,
            evidence: None,
            keeps_evidence: false,
            today: None,
        }
    }
}
