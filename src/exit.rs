//! What the exit code says.

use crate::audit::Audit;
use crate::finding::Severity;

/// How an audit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything was audited and no finding weighs as much as asked for.
    Clean,
    /// A finding weighs as much as asked for.
    Findings,
    /// An input could not be audited, or the command line is wrong. It weighs more than findings.
    NotAudited,
}

impl Exit {
    /// How an audit ended when findings from `fail_on` upwards count; `None`: none counts.
    #[must_use]
    pub fn of(audit: &Audit, fail_on: Option<Severity>) -> Self {
        if !audit.errors.is_empty() {
            Self::NotAudited
        } else if fail_on.is_some_and(|least| audit.findings.iter().any(|f| f.severity >= least)) {
            Self::Findings
        } else {
            Self::Clean
        }
    }

    /// The exit code: 0, 1 or 2.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
