//! Cross-origin fetches by verdict, and the reasons of those that were refused.

use std::collections::BTreeMap;

use askama::Template;

use super::severity::share;
use crate::audit::Audit;
use crate::cors::{Class, Code};
use crate::report::summary::{CLASSES, fetches_of};

/// Reasons that have a bar; the others are counted.
const REASONS: usize = 8;

/// The chart.
#[derive(Template)]
#[template(path = "charts/verdicts.html")]
pub(in crate::report::html) struct VerdictChart {
    parts: Vec<Part>,
    reasons: Vec<Reason>,
    more_reasons: usize,
    total: u64,
}

/// A class's part of the whole.
struct Part {
    class: &'static str,
    count: u64,
    x: f64,
    width: f64,
}

/// Why fetches were refused.
struct Reason {
    code: &'static str,
    title: &'static str,
    class: &'static str,
    count: usize,
    width: f64,
}

impl VerdictChart {
    /// Counts fetches; those to which CORS does not apply are none.
    pub(in crate::report::html) fn of(audit: &Audit) -> Self {
        let classes = || CLASSES.into_iter().filter(|class| *class != Class::NotCors);
        let total: u64 = classes().map(|class| fetches_of(audit, class)).sum();
        let mut x = 0.0;
        let parts = classes()
            .map(|class| {
                let count = fetches_of(audit, class);
                let width = share(count as usize, total as usize);
                let part = Part {
                    class: class.as_str(),
                    count,
                    x,
                    width,
                };
                x += width;
                part
            })
            .collect();
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        for verdict in audit.verdicts() {
            let code = verdict.code;
            if matches!(code.class(), Class::Blocked | Class::Failed) {
                *codes.entry(code).or_default() += 1;
            }
        }
        let mut codes: Vec<(Code, usize)> = codes.into_iter().collect();
        codes.sort_by(|(a, a_count), (b, b_count)| (b_count, a).cmp(&(a_count, b)));
        let most = codes.first().map_or(0, |(_, count)| *count);
        Self {
            parts,
            more_reasons: codes.len().saturating_sub(REASONS),
            reasons: codes
                .into_iter()
                .take(REASONS)
                .map(|(code, count)| Reason {
                    code: code.as_str(),
                    title: code.explanation().title,
                    class: code.class().as_str(),
                    count,
                    width: share(count, most),
                })
                .collect(),
            total,
        }
    }
}
