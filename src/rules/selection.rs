//! Which findings are reported, and what counts as one's own.

use crate::facts::site_host;
use crate::finding::Finding;
use crate::options::{Options, is_at_or_below};

impl Options {
    /// Whether a finding is reported.
    #[must_use]
    pub fn wants(&self, finding: &Finding) -> bool {
        finding.severity >= self.min_severity
            && finding.confidence >= self.min_confidence
            && (self.only.is_empty() || self.only.iter().any(|id| id == finding.rule))
            && !self.ignore.iter().any(|id| id == finding.rule)
            && (self.scope.is_empty() || self.in_scope(finding.target_host()))
    }

    /// Whether a host is named by `scope`, itself or by a domain above it.
    #[must_use]
    pub fn in_scope(&self, host: &str) -> bool {
        self.scope.iter().any(|scope| is_at_or_below(host, scope))
    }

    /// Whether a host's site is one's own.
    #[must_use]
    pub fn is_first_party(&self, host: &str) -> bool {
        let site = site_host(host);
        self.first_party.iter().any(|own| site_host(own) == site)
    }
}
