//! Which findings are reported, and what counts as one's own.

use crate::facts::site_host;
use crate::finding::Finding;
use crate::options::Options;

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
