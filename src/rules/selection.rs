//! Which findings are reported, and what counts as one's own.

use crate::cors::Origin;
use crate::facts::site_host;
use crate::finding::{Certainty, Severity};
use crate::options::{Options, is_at_or_below};

impl Options {
    /// Whether a finding of this rule, severity and confidence, about this server, is reported.
    #[must_use]
    pub fn wants(
        &self,
        rule: &str,
        severity: Severity,
        confidence: Certainty,
        target: &Origin,
    ) -> bool {
        severity >= self.min_severity
            && confidence >= self.min_confidence
            && (self.only.is_empty() || self.only.iter().any(|id| id == rule))
            && !self.ignore.iter().any(|id| id == rule)
            && (self.scope.is_empty() || target.host().is_some_and(|host| self.in_scope(host)))
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
