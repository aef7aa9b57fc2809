//! What is reported.

use crate::facts::site_host;
use crate::finding::{Certainty, Finding, Severity};

/// What is reported, and what counts as one's own.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only these rules; empty for all.
    pub only: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Sites of one organisation: they are no strangers to one another.
    pub first_party: Vec<String>,
    /// Hosts (with everything below them) whose servers may be reported on; empty for all.
    pub scope: Vec<String>,
    /// The least severity.
    pub min_severity: Severity,
    /// The least confidence.
    pub min_confidence: Certainty,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            ignore: Vec::new(),
            first_party: Vec::new(),
            scope: Vec::new(),
            min_severity: Severity::Info,
            min_confidence: Certainty::Likely,
        }
    }
}

impl Options {
    /// Whether a finding is reported.
    #[must_use]
    pub fn wants(&self, finding: &Finding) -> bool {
        finding.severity >= self.min_severity
            && finding.confidence >= self.min_confidence
            && (self.only.is_empty() || self.only.iter().any(|id| id == finding.rule))
            && !self.ignore.iter().any(|id| id == finding.rule)
            && (self.scope.is_empty() || self.in_scope(host_of(&finding.target_origin)))
    }

    /// Whether a host is named by `scope`, itself or by a domain above it.
    #[must_use]
    pub fn in_scope(&self, host: &str) -> bool {
        self.scope.iter().any(|scope| {
            host == scope
                || host
                    .strip_suffix(scope.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        })
    }

    /// Whether a host's site is one's own.
    #[must_use]
    pub fn is_first_party(&self, host: &str) -> bool {
        let site = site_host(host);
        self.first_party.iter().any(|own| site_host(own) == site)
    }
}

fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}
