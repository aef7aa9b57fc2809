//! A finding that somebody looked at and accepted.

use std::sync::Arc;

use jiff::civil::Date;

use crate::finding::Finding;
use crate::notice::Notice;
use crate::options::is_at_or_below;

/// Accepts findings: those of a fingerprint, or of a rule, perhaps on one host or endpoint only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The fingerprint; `None` for any.
    pub fingerprint: Option<String>,
    /// The rule; `None` for any.
    pub rule: Option<String>,
    /// The host, with everything below it; `None` for any.
    pub host: Option<String>,
    /// The path template; `None` for any.
    pub endpoint: Option<String>,
    /// Why it is accepted. Never empty.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Where it stands: the configuration file, and which one of its suppressions, from 1.
    pub place: (Arc<str>, usize),
}

/// A finding that is not reported, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why.
    pub decision: Decision,
}

/// Why a finding is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It stands in the baseline.
    Baseline,
    /// A suppression covers it.
    Suppressed {
        /// The reason that the suppression gives.
        reason: String,
    },
}

impl Suppression {
    /// Whether this finding is meant.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let is = |wanted: &Option<String>, text: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == text)
        };
        is(&self.fingerprint, &finding.fingerprint)
            && is(&self.rule, finding.rule)
            && is(&self.endpoint, &finding.endpoint)
            && self
                .host
                .as_deref()
                .is_none_or(|host| is_at_or_below(finding.target_host(), host))
    }

    /// Whether its last day is over. Without a day to compare with, it holds.
    #[must_use]
    pub fn is_expired(&self, today: Option<Date>) -> bool {
        matches!((self.expires, today), (Some(last), Some(today)) if today > last)
    }

    pub(super) fn notice(&self, met: bool, today: Option<Date>) -> Option<Notice> {
        let (file, number) = &self.place;
        let (name, message) = if self.is_expired(today) {
            let last = self.expires.map(|date| date.to_string());
            let message = format!(
                "suppression {number} ({}) held until {}; what it covered is reported again",
                self.what(),
                last.unwrap_or_default()
            );
            ("suppression-expired", message)
        } else if !met {
            let what = self.what();
            let message = format!("suppression {number} ({what}) covers no finding; remove it");
            ("suppression-unused", message)
        } else {
            return None;
        };
        Some(Notice {
            name,
            message,
            file: Arc::clone(file),
            locus: None,
            count: 1,
        })
    }

    fn what(&self) -> String {
        let parts = [
            ("fingerprint", &self.fingerprint),
            ("rule", &self.rule),
            ("host", &self.host),
            ("endpoint", &self.endpoint),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)))
            .collect();
        parts.join(", ")
    }
}
