//! What people have decided about findings: a configuration file, suppressions with a reason, a baseline of known
//! findings.
//!
//! Decisions never change what is found. A finding that is decided about moves from [`crate::audit::Audit::findings`] to
//! [`crate::audit::Audit::suppressed`], where reports that know of such things (SARIF) still name it.

mod baseline;
mod config;
mod suppression;

pub use baseline::Baseline;
pub use config::{Config, ConfigError};
pub use suppression::{Decision, Suppressed, Suppression};

use crate::finding::Finding;
use crate::notice::Notice;
use crate::options::Options;

/// Findings, parted by what was decided about them.
#[derive(Debug, Default)]
pub(crate) struct Parted {
    pub(crate) open: Vec<Finding>,
    pub(crate) suppressed: Vec<Suppressed>,
    pub(crate) notices: Vec<Notice>,
}

/// Parts findings by the decisions that the options hold. Suppressions that are out of date, or that nothing met, become
/// notices.
pub(crate) fn part(findings: Vec<Finding>, options: &Options) -> Parted {
    let mut parted = Parted::default();
    let mut met = vec![false; options.suppressions.len()];
    for finding in findings {
        let mut decision = None;
        for (suppression, met) in options.suppressions.iter().zip(&mut met) {
            if suppression.covers(&finding) {
                *met = true;
                if decision.is_none() && !suppression.is_expired(options.today) {
                    decision = Some(Decision::Suppressed {
                        reason: suppression.reason.clone(),
                    });
                }
            }
        }
        let is_known = options
            .baseline
            .as_ref()
            .is_some_and(|baseline| baseline.knows(&finding));
        match decision.or(is_known.then_some(Decision::Baseline)) {
            Some(decision) => parted.suppressed.push(Suppressed { finding, decision }),
            None => parted.open.push(finding),
        }
    }
    for (suppression, met) in options.suppressions.iter().zip(met) {
        parted
            .notices
            .extend(suppression.notice(met, options.today));
    }
    parted
}

#[cfg(test)]
mod tests;
