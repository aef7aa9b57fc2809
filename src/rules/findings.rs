//! Findings in the making: occurrences are counted under one key, the best three are kept.
//!
//! A first look counts; words are made in a second look, at the fetches that findings name in the end.

mod fold;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use super::{Declaration, FetchView, Options};
use crate::cors::Origin;
use crate::exchange::{Exchange, Method};
use crate::facts::write_endpoint;
use crate::few::Few;
use crate::finding::{Certainty, Evidence, Finding, Sample, Severity};
use fold::{Endpoints, by_endpoint};

/// Places kept of one finding.
const SAMPLES: usize = 3;
/// Bytes of the hash that make a fingerprint.
const FINGERPRINT_BYTES: usize = 16;

/// Collects findings. Parts made in parallel are joined with [`Findings::merge`], in any order.
///
/// Memory is bounded by the causes, not by the endpoints of a host that share one.
#[derive(Debug, Default)]
pub struct Findings {
    // Ordered, for merging and finishing alike.
    causes: BTreeMap<Cause, BTreeMap<Rank, Endpoints>>,
    current: Option<u32>,
    // A second look: details are wanted of every occurrence.
    describes: bool,
}

/// What tells one finding from another, but for the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    rule: &'static str,
    target: Origin,
    variant: &'static str,
    reach: &'static str,
    about: Box<str>,
}

/// How bad and how sure.
type Rank = (Severity, Certainty);

#[derive(Debug)]
struct Pending {
    declaration: &'static Declaration,
    // Worst and surest first, then by place.
    samples: Vec<Occurrence>,
    count: u64,
    initiators: Few<Origin, ()>,
    methods: Few<Method, ()>,
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
    details: Option<Box<Details>>,
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
        for (cause, ranks) in other.causes {
            let known = self.causes.entry(cause).or_default();
            for (rank, endpoints) in ranks {
                match known.entry(rank) {
                    Entry::Vacant(entry) => {
                        entry.insert(endpoints);
                    }
                    Entry::Occupied(mut entry) => entry.get_mut().merge(endpoints),
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
        let mut findings = Vec::new();
        for (cause, ranks) in self.causes {
            for (endpoint, mut pending) in by_endpoint(ranks) {
                let severity = options.severities.get(cause.rule);
                let severity = *severity.unwrap_or(&pending.samples[0].severity);
                let confidence = pending.samples[0].confidence;
                if !options.wants(cause.rule, severity, confidence, &cause.target) {
                    continue;
                }
                pending.describe(&cause, &look);
                let mut finding = pending.into_finding(&cause, &endpoint, rows);
                finding.severity = severity;
                findings.push(finding);
            }
        }
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
        let cause = Cause {
            rule: self.declaration.id,
            target,
            variant: self.variant,
            reach: self.reach,
            about: self.about.into(),
        };
        // A second look needs each occurrence by itself.
        let folds = !self.findings.describes;
        let pending = self
            .findings
            .causes
            .entry(cause)
            .or_default()
            .entry((severity, self.confidence))
            .or_insert_with(|| Endpoints::Each(BTreeMap::new()))
            .pending(&endpoint, folds, self.declaration);
        pending.count += self.times;
        if let Some(origin) = self.initiator
            && !pending.initiators.contains_key(origin)
        {
            pending.initiators.or_default(origin.clone());
        }
        if let Some(method) = method
            && !pending.methods.contains_key(method)
        {
            pending.methods.or_default(method.clone());
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
            details: describes.then(|| Box::new(details())),
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
    fn new(declaration: &'static Declaration) -> Self {
        Self {
            declaration,
            samples: Vec::new(),
            count: 0,
            initiators: Few::default(),
            methods: Few::default(),
        }
    }

    fn keep(&mut self, occurrence: Occurrence) {
        let at = self
            .samples
            .partition_point(|known| known.rank() <= occurrence.rank());
        // Most findings occur once.
        self.samples.reserve_exact(1);
        self.samples.insert(at, occurrence);
        self.samples.truncate(SAMPLES);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (origin, ()) in other.initiators {
            self.initiators.or_default(origin);
        }
        for (method, ()) in other.methods {
            self.methods.or_default(method);
        }
        for occurrence in other.samples {
            self.keep(occurrence);
        }
    }

    /// Finds the words of the first occurrence, by a second look at its fetch.
    fn describe(&mut self, cause: &Cause, look: impl Fn(u32, &mut Findings)) {
        let first = &mut self.samples[0];
        let Some(fetch) = first.fetch.filter(|_| first.details.is_none()) else {
            return;
        };
        let mut again = Findings::describing();
        again.begin(Some(fetch));
        look(fetch, &mut again);
        first.details = again
            .causes
            .remove(cause)
            .into_iter()
            .flat_map(by_endpoint)
            .filter(|(endpoint, _)| *endpoint == first.endpoint)
            .flat_map(|(_, pending)| pending.samples)
            .find(|seen| seen.rank() == first.rank())
            .and_then(|seen| seen.details);
    }

    fn into_finding(self, cause: &Cause, endpoint: &str, rows: usize) -> Finding {
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
            fingerprint: fingerprint(cause, endpoint),
            rule: declaration.id,
            category: declaration.category,
            severity: first.severity,
            confidence: first.confidence,
            title: details.title.unwrap_or(declaration.title),
            message: details.message,
            reach: cause.reach,
            variant: cause.variant,
            phase: first.phase,
            initiator_origins: self
                .initiators
                .keys()
                .map(|origin| origin.serialised().to_owned())
                .collect(),
            target_origin: cause.target.serialised().to_owned(),
            endpoint: endpoint.to_owned(),
            methods: self
                .methods
                .keys()
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

fn fingerprint(cause: &Cause, endpoint: &str) -> String {
    let mut text = String::new();
    for part in [
        cause.rule,
        cause.target.serialised(),
        endpoint,
        cause.variant,
        cause.reach,
        &cause.about,
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
        let cause = |rule, variant, reach| Cause {
            rule,
            target: Origin::parse(b"https://a.test").expect("an origin"),
            variant,
            reach,
            about: "".into(),
        };
        let fingerprint = |cause| fingerprint(&cause, "/x");
        let one = fingerprint(cause("r", "ab", "c"));
        assert_eq!(one.len(), 2 * FINGERPRINT_BYTES);
        assert_ne!(one, fingerprint(cause("r", "a", "bc")));
        assert_eq!(one, fingerprint(cause("r", "ab", "c")));
    }
}
