//! Findings in the making: occurrences are counted under one key, the best three are kept.
//!
//! A first look counts; words are made in a second look, at the fetches that findings name in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rustc_hash::FxHashMap;

use super::{Declaration, FetchView, Options};
use crate::cors::Origin;
use crate::exchange::{Exchange, Method};
use crate::facts::write_endpoint;
use crate::finding::{Certainty, Evidence, Finding, Sample, Severity};

/// Places kept of one finding.
const SAMPLES: usize = 3;
/// So many endpoints of a host with the same cause are one finding of the host.
const FOLD: usize = 5;
/// Bytes of the hash that make a fingerprint.
const FINGERPRINT_BYTES: usize = 16;

/// Collects findings. Parts made in parallel are joined with [`Findings::merge`], in any order.
#[derive(Debug, Default)]
pub struct Findings {
    pending: FxHashMap<Key, Pending>,
    current: Option<u32>,
    // A second look: details are wanted of every occurrence.
    describes: bool,
}

/// What tells one finding from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    rule: &'static str,
    target: Origin,
    endpoint: Box<str>,
    variant: &'static str,
    reach: &'static str,
    about: Box<str>,
}

#[derive(Debug)]
struct Pending {
    declaration: &'static Declaration,
    // Worst and surest first, then by place.
    samples: Vec<Occurrence>,
    count: u64,
    initiators: BTreeSet<Origin>,
    methods: BTreeSet<Method>,
}

#[derive(Debug)]
struct Occurrence {
    severity: Severity,
    confidence: Certainty,
    phase: &'static str,
    place: Sample,
    fetch: Option<u32>,
    // The endpoint of its own, before folding.
    endpoint: Box<str>,
    // None after a first look at a fetch.
    details: Option<Details>,
}

/// What a finding says in words; made only for occurrences that are kept.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// One sentence with real values, secrets replaced.
    pub message: String,
    /// Status of the answer.
    pub status: Option<u16>,
    /// `Access-Control-Allow-Origin`, fit to print.
    pub allow_origin: Option<String>,
    /// `Access-Control-Allow-Credentials`, fit to print.
    pub allow_credentials: Option<String>,
    /// Error name in the browser whose rules decided.
    pub browser_error: Option<String>,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// Kinds of sensitive data.
    pub sensitive_kinds: Vec<&'static str>,
    /// What to change, where it differs from what the rule says.
    pub fix: Option<String>,
    /// What is the matter, where it differs from what the rule says.
    pub title: Option<&'static str>,
}

/// One occurrence, as a rule reports it. [`Report::at`] ends it.
#[derive(Debug)]
pub struct Report<'f, 'r> {
    findings: &'f mut Findings,
    declaration: &'static Declaration,
    severity: Severity,
    confidence: Certainty,
    variant: &'static str,
    reach: &'static str,
    phase: &'static str,
    about: &'r str,
    whole_host: bool,
    times: u64,
    initiator: Option<&'r Origin>,
}

impl Findings {
    /// No findings yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No findings yet, and words wanted for each.
    #[must_use]
    fn describing() -> Self {
        Self {
            describes: true,
            ..Self::default()
        }
    }

    /// Says which fetch (by its index) the following reports are about.
    pub fn begin(&mut self, fetch: Option<u32>) {
        self.current = fetch;
    }

    /// Starts a report: severity as declared, confidence likely.
    pub fn report<'f, 'r>(&'f mut self, declaration: &'static Declaration) -> Report<'f, 'r> {
        Report {
            severity: declaration.severity,
            confidence: Certainty::Likely,
            variant: "",
            reach: "",
            phase: "",
            about: "",
            whole_host: false,
            times: 1,
            initiator: None,
            findings: self,
            declaration,
        }
    }

    /// Joins findings of another part.
    pub fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (key, pending) in other.pending {
            match self.pending.entry(key) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(pending);
                }
                std::collections::hash_map::Entry::Occupied(mut entry) => {
                    entry.get_mut().merge(pending);
                }
            }
        }
    }

    /// The findings, folded, filtered and ordered: worst first, then by rule, target, endpoint. The first `rows` fetches
    /// have ids in the report; `look` looks at a fetch again.
    #[must_use]
    pub fn finish(
        self,
        options: &Options,
        rows: usize,
        look: impl Fn(u32, &mut Self),
    ) -> Vec<Finding> {
        let mut pending: Vec<(Key, Pending)> = self.pending.into_iter().collect();
        pending.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut findings: Vec<Finding> = fold(pending)
            .into_iter()
            .filter_map(|(key, mut pending)| {
                let severity = options.severities.get(key.rule);
                let severity = *severity.unwrap_or(&pending.samples[0].severity);
                let confidence = pending.samples[0].confidence;
                if !options.wants(key.rule, severity, confidence, &key.target) {
                    return None;
                }
                pending.describe(&key, &look);
                let mut finding = pending.into_finding(&key, rows);
                finding.severity = severity;
                Some(finding)
            })
            .collect();
        findings.sort_by(|a, b| {
            (b.severity, a.rule, &a.target_origin, &a.endpoint)
                .cmp(&(a.severity, b.rule, &b.target_origin, &b.endpoint))
                .then_with(|| {
                    (a.variant, a.reach, &a.fingerprint).cmp(&(b.variant, b.reach, &b.fingerprint))
                })
        });
        findings
    }
}

impl<'r> Report<'_, 'r> {
    /// Another severity than the declared one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// How sure.
    #[must_use]
    pub fn confidence(mut self, confidence: Certainty) -> Self {
        self.confidence = confidence;
        self
    }

    /// Variant of the rule; part of the fingerprint.
    #[must_use]
    pub fn variant(mut self, variant: &'static str) -> Self {
        self.variant = variant;
        self
    }

    /// Who can be the reader; part of the fingerprint.
    #[must_use]
    pub fn reach(mut self, reach: &'static str) -> Self {
        self.reach = reach;
        self
    }

    /// Where it was decided.
    #[must_use]
    pub fn phase(mut self, phase: &'static str) -> Self {
        self.phase = phase;
        self
    }

    /// Whom the finding is about, for rules with one row for each; part of the fingerprint.
    #[must_use]
    pub fn about(mut self, about: &'r str) -> Self {
        self.about = about;
        self
    }

    /// The origin that asked.
    #[must_use]
    pub fn initiator(mut self, origin: Option<&'r Origin>) -> Self {
        self.initiator = origin;
        self
    }

    /// The finding is about the host, not about an endpoint of it.
    #[must_use]
    pub fn whole_host(mut self) -> Self {
        self.whole_host = true;
        self
    }

    /// How often, for reports made from counts.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Ends the report: at this exchange of the fetch's recording. `details` runs only if words are wanted.
    pub fn at(self, view: FetchView<'_>, exchange: &Exchange, details: impl FnOnce() -> Details) {
        let place = Sample {
            file: Arc::clone(&view.capture.source),
            locus: exchange.locus,
        };
        let mut endpoint = String::new();
        if self.whole_host {
            endpoint.push('*');
        } else {
            write_endpoint(exchange, &mut endpoint);
        }
        let target = exchange.request.url.origin().clone();
        self.commit(
            target,
            endpoint,
            Some(&exchange.request.method),
            place,
            details,
        );
    }

    /// Ends a report that no single fetch makes: about a whole server, with one place of many.
    pub fn at_target(self, target: &Origin, place: Sample, details: impl FnOnce() -> Details) {
        self.commit(target.clone(), "*".into(), None, place, details);
    }

    /// Ends a report made from the context: about one endpoint of a server, with one place of many.
    pub fn at_endpoint(
        self,
        target: &Origin,
        endpoint: &str,
        place: Sample,
        details: impl FnOnce() -> Details,
    ) {
        self.commit(target.clone(), endpoint.into(), None, place, details);
    }

    fn commit(
        self,
        target: Origin,
        endpoint: String,
        method: Option<&Method>,
        place: Sample,
        details: impl FnOnce() -> Details,
    ) {
        // A pattern alone is never worse than medium.
        let severity = if self.confidence == Certainty::Hint {
            self.severity.min(Severity::Medium)
        } else {
            self.severity
        };
        let fetch = self.findings.current;
        let describes = self.findings.describes || fetch.is_none();
        let key = Key {
            rule: self.declaration.id,
            target,
            endpoint: endpoint.as_str().into(),
            variant: self.variant,
            reach: self.reach,
            about: self.about.into(),
        };
        let pending = self.findings.pending.entry(key).or_insert_with(|| Pending {
            declaration: self.declaration,
            samples: Vec::new(),
            count: 0,
            initiators: BTreeSet::new(),
            methods: BTreeSet::new(),
        });
        pending.count += self.times;
        if let Some(origin) = self.initiator
            && !pending.initiators.contains(origin)
        {
            pending.initiators.insert(origin.clone());
        }
        if let Some(method) = method
            && !pending.methods.contains(method)
        {
            pending.methods.insert(method.clone());
        }
        let rank = (std::cmp::Reverse((severity, self.confidence)), &place);
        if pending.samples.len() == SAMPLES
            && pending
                .samples
                .last()
                .is_some_and(|last| last.rank() <= rank)
        {
            return;
        }
        pending.keep(Occurrence {
            severity,
            confidence: self.confidence,
            phase: self.phase,
            place,
            fetch,
            endpoint: endpoint.into(),
            details: describes.then(details),
        });
    }
}

impl Occurrence {
    fn rank(&self) -> (std::cmp::Reverse<(Severity, Certainty)>, &Sample) {
        (
            std::cmp::Reverse((self.severity, self.confidence)),
            &self.place,
        )
    }
}

impl Pending {
    fn keep(&mut self, occurrence: Occurrence) {
        let at = self
            .samples
            .partition_point(|known| known.rank() <= occurrence.rank());
        self.samples.insert(at, occurrence);
        self.samples.truncate(SAMPLES);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.initiators.extend(other.initiators);
        self.methods.extend(other.methods);
        for occurrence in other.samples {
            self.keep(occurrence);
        }
    }

    /// Finds the words of the first occurrence, by a second look at its fetch.
    fn describe(&mut self, key: &Key, look: impl Fn(u32, &mut Findings)) {
        let first = &mut self.samples[0];
        let Some(fetch) = first.fetch.filter(|_| first.details.is_none()) else {
            return;
        };
        let mut again = Findings::describing();
        again.begin(Some(fetch));
        look(fetch, &mut again);
        let own = Key {
            endpoint: first.endpoint.clone(),
            ..key.clone()
        };
        first.details = again
            .pending
            .remove(&own)
            .into_iter()
            .flat_map(|pending| pending.samples)
            .find(|seen| seen.rank() == first.rank())
            .and_then(|seen| seen.details);
    }

    fn into_finding(self, key: &Key, rows: usize) -> Finding {
        let declaration = self.declaration;
        let samples: Vec<Sample> = self.samples.iter().map(|s| s.place.clone()).collect();
        let fetches = self
            .samples
            .iter()
            .filter_map(|sample| sample.fetch)
            .filter(|index| (*index as usize) < rows)
            .map(|index| format!("f{}", index + 1))
            .collect();
        let first = self
            .samples
            .into_iter()
            .next()
            .expect("a pending finding holds the occurrence that made it");
        let details = first
            .details
            .expect("a rule that spoke of a fetch says the same of it again");
        Finding {
            fingerprint: fingerprint(key),
            rule: declaration.id,
            category: declaration.category,
            severity: first.severity,
            confidence: first.confidence,
            title: details.title.unwrap_or(declaration.title),
            message: details.message,
            reach: key.reach,
            variant: key.variant,
            phase: first.phase,
            initiator_origins: self
                .initiators
                .iter()
                .map(|origin| origin.serialised().to_owned())
                .collect(),
            target_origin: key.target.serialised().to_owned(),
            endpoint: key.endpoint.to_string(),
            methods: self
                .methods
                .iter()
                .map(|method| method.as_str().to_owned())
                .collect(),
            status: details.status,
            allow_origin: details.allow_origin,
            allow_credentials: details.allow_credentials,
            browser_error: details.browser_error,
            count: self.count,
            samples,
            evidence: details.evidence,
            sensitive_kinds: details.sensitive_kinds,
            fix: details.fix.unwrap_or_else(|| declaration.fix()),
            references: declaration.references(),
            fetches,
        }
    }
}

/// Joins findings that differ in the endpoint alone, where a host has at least [`FOLD`] of them and they agree in
/// severity and confidence.
fn fold(pending: Vec<(Key, Pending)>) -> Vec<(Key, Pending)> {
    let mut groups: BTreeMap<(Key, Severity, Certainty), Vec<(Key, Pending)>> = BTreeMap::new();
    for (key, pending) in pending {
        let first = &pending.samples[0];
        let group = Key {
            endpoint: "*".into(),
            ..key.clone()
        };
        groups
            .entry((group, first.severity, first.confidence))
            .or_default()
            .push((key, pending));
    }
    let mut out: BTreeMap<Key, Pending> = BTreeMap::new();
    for ((host_key, ..), members) in groups {
        let folds = members.len() >= FOLD;
        for (key, pending) in members {
            let key = if folds { host_key.clone() } else { key };
            match out.entry(key) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(pending);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    entry.get_mut().merge(pending);
                }
            }
        }
    }
    out.into_iter().collect()
}

fn fingerprint(key: &Key) -> String {
    let mut text = String::new();
    for part in [
        key.rule,
        key.target.serialised(),
        &key.endpoint,
        key.variant,
        key.reach,
        &key.about,
    ] {
        // Lengths keep neighbouring parts apart.
        write!(text, "{}:{part};", part.len()).expect("a String takes every write");
    }
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref()[..FINGERPRINT_BYTES]
        .iter()
        .fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes every write");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_parts_apart() {
        let key = |rule, variant, reach| Key {
            rule,
            target: Origin::parse(b"https://a.test").expect("an origin"),
            endpoint: "/x".into(),
            variant,
            reach,
            about: "".into(),
        };
        let one = fingerprint(&key("r", "ab", "c"));
        assert_eq!(one.len(), 2 * FINGERPRINT_BYTES);
        assert_ne!(one, fingerprint(&key("r", "a", "bc")));
        assert_eq!(one, fingerprint(&key("r", "ab", "c")));
    }
}
