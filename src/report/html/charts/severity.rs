//! Findings by severity, and by rule.

use std::collections::BTreeMap;

use askama::Template;

use crate::audit::Audit;
use crate::finding::Severity;
use crate::report::summary::findings_of;

/// Rules that have a bar; the others are counted.
const RULES: usize = 10;
/// Width of the drawing.
const WIDTH: f64 = 100.0;

/// The chart.
#[derive(Template)]
#[template(path = "charts/severity.html")]
pub(in crate::report::html) struct SeverityChart {
    parts: Vec<Part>,
    bars: Vec<Bar>,
    more_rules: usize,
    total: usize,
}

/// A severity's part of the whole.
struct Part {
    severity: &'static str,
    count: usize,
    x: f64,
    width: f64,
}

/// A rule's bar.
struct Bar {
    rule: &'static str,
    title: &'static str,
    severity: &'static str,
    count: usize,
    width: f64,
}

impl SeverityChart {
    /// Counts findings.
    pub(in crate::report::html) fn of(audit: &Audit) -> Self {
        let total = audit.findings.len();
        let mut x = 0.0;
        let parts = Severity::ALL
            .iter()
            .rev()
            .map(|severity| {
                let count = findings_of(audit, *severity);
                let width = share(count, total);
                let part = Part {
                    severity: severity.as_str(),
                    count,
                    x,
                    width,
                };
                x += width;
                part
            })
            .collect();
        let mut rules: BTreeMap<&'static str, (Severity, usize, &'static str)> = BTreeMap::new();
        for finding in &audit.findings {
            let (worst, count, _) =
                rules
                    .entry(finding.rule)
                    .or_insert((finding.severity, 0, finding.title));
            *worst = (*worst).max(finding.severity);
            *count += 1;
        }
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by(|(a, (a_worst, a_count, _)), (b, (b_worst, b_count, _))| {
            (b_worst, b_count, a).cmp(&(a_worst, a_count, b))
        });
        let most = rules
            .iter()
            .take(RULES)
            .map(|(_, (_, count, _))| *count)
            .max()
            .unwrap_or(0);
        Self {
            parts,
            more_rules: rules.len().saturating_sub(RULES),
            bars: rules
                .into_iter()
                .take(RULES)
                .map(|(rule, (severity, count, title))| Bar {
                    rule,
                    title,
                    severity: severity.as_str(),
                    count,
                    width: share(count, most),
                })
                .collect(),
            total,
        }
    }
}

/// A count as a part of the drawing's width; what is there is seen.
pub(super) fn share(count: usize, of: usize) -> f64 {
    if count == 0 || of == 0 {
        return 0.0;
    }
    let width = WIDTH * count as f64 / of as f64;
    (width.max(0.6) * 100.0).round() / 100.0
}
