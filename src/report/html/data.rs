//! The block of JSON that the page's script reads: findings, requests, and what unfolds below them.
//!
//! Texts are kept once, in a table, and named by their place in it: recordings repeat themselves. The page stays below
//! [`LIMIT`] whatever the recording: findings come first, then what unfolds below them, worst first, then requests, and
//! what has no room is left out and counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::detail::{Detail, detail};
use super::places;
use super::shown::shown;
use super::tables::{List, Tables, json};
use crate::audit::Audit;
use crate::cors::Origin;
use crate::finding::Finding;
use crate::fix::{Remedy, Server};
use crate::recording::Desk;
use crate::redact;
use crate::report::fetch_row::index_of_id;
use crate::report::finding_row::finding_row;
use crate::rules::{self, FetchView};

/// Bytes of the block. The page around it takes about 100 kB.
const LIMIT: usize = 9 << 20;
/// Bytes that findings may take before what unfolds below them has its turn; then requests, then what unfolds below
/// those.
const FINDINGS: usize = 15 << 19;
const FINDING_DETAILS: usize = 16 << 19;
const REQUESTS: usize = 17 << 19;
/// Origins named by one finding.
const ORIGINS: usize = 20;
/// Recorded values shown of one finding.
const EVIDENCE: usize = 30;

/// The block in the making.
#[derive(Default)]
pub(super) struct Data {
    tables: Tables,
    findings: List,
    rules: List,
    rule_index: BTreeMap<&'static str, u32>,
    remedies: List,
    remedy_index: BTreeMap<Remedy, u32>,
    details: List,
    detail_index: BTreeMap<usize, u32>,
    requests: List,
    left_out: LeftOut,
}

/// What had no room.
#[derive(Default)]
struct LeftOut {
    findings: usize,
    finding_details: usize,
    requests: usize,
    request_details: usize,
}

/// A finding. Numbers are places in tables.
#[derive(Serialize)]
struct FindingEntry<'a> {
    id: &'a str,
    severity: &'static str,
    confidence: &'static str,
    rule: u32,
    host: u32,
    target: u32,
    endpoint: u32,
    methods: Vec<u32>,
    origins: Vec<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    more_origins: usize,
    message: u32,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    kinds: &'a [&'static str],
    evidence: Vec<u32>,
    samples: Vec<u32>,
    fix: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<u32>,
    // The fetch that shows it, by its index.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetch: Option<usize>,
}

/// What a rule says of itself.
#[derive(Serialize)]
struct RuleEntry {
    id: &'static str,
    title: &'static str,
    category: &'static str,
    why: String,
    references: Vec<&'static str>,
}

/// Configuration, by server; lines are texts.
#[derive(Serialize)]
struct RemedyEntry {
    note: &'static str,
    servers: Vec<Vec<u32>>,
}

/// A fetch as one line.
#[derive(Serialize)]
struct RequestEntry {
    method: u32,
    url: u32,
    host: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    verdict: &'static str,
    code: u32,
    place: u32,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Data {
    /// Everything that has room, the worst first.
    pub(super) fn of(audit: &Audit) -> Self {
        let mut data = Self::default();
        let mut desk = audit.desk();
        let mut listed = 0;
        for finding in &audit.findings {
            if data.size() > FINDINGS {
                break;
            }
            data.add_finding(audit, &mut desk, finding);
            listed += 1;
        }
        data.left_out.findings = audit.findings.len() - listed;
        for finding in &audit.findings[..listed] {
            if let Some(index) = shown_fetch(audit, finding)
                && !data.add_detail(audit, &mut desk, index, FINDING_DETAILS)
            {
                data.left_out.finding_details += 1;
            }
        }
        for (index, excerpt) in audit.excerpts().enumerate() {
            if data.size() > REQUESTS {
                data.left_out.requests = audit.fetches() - index;
                break;
            }
            data.add_request(excerpt.view());
        }
        for index in 0..data.requests.length() {
            if !data.add_detail(audit, &mut desk, index, LIMIT) {
                data.left_out.request_details += 1;
            }
        }
        data
    }

    /// What had no room, in sentences.
    pub(super) fn left_out(&self) -> Vec<String> {
        let LeftOut {
            findings,
            finding_details,
            requests,
            request_details,
        } = self.left_out;
        [
            (findings, "findings have no room on this page"),
            (
                finding_details,
                "findings are shown without the decision below them",
            ),
            (requests, "requests have no room on this page"),
            (
                request_details,
                "requests are shown without the decision below them",
            ),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| {
            format!("{count} {what}; --report json, or a smaller --scope, tells all of them")
        })
        .collect()
    }

    /// The block, fit to stand in a `script` element: it holds neither `<` nor `&`.
    pub(super) fn json(&self) -> String {
        let mut out = Vec::with_capacity(self.size() + 4096);
        let parts: [(&str, Vec<u8>); 11] = [
            ("texts", self.tables.texts.json()),
            ("lines", self.tables.lines.json()),
            ("evidence", self.tables.evidence.json()),
            ("clauses", self.tables.clauses.json()),
            ("rules", self.rules.json()),
            ("findings", self.findings.json()),
            ("remedies", self.remedies.json()),
            ("servers", json(&Server::ALL.map(Server::as_str))),
            ("requests", self.requests.json()),
            ("details", self.details.json()),
            ("detailOf", json(&self.detail_index)),
        ];
        for (at, (name, part)) in parts.into_iter().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            out.extend_from_slice(&json(name));
            out.push(b':');
            out.extend_from_slice(&part);
        }
        out.push(b'}');
        String::from_utf8(out).expect("serde_json writes UTF-8")
    }

    fn size(&self) -> usize {
        [
            &self.findings,
            &self.rules,
            &self.remedies,
            &self.details,
            &self.requests,
        ]
        .iter()
        .map(|list| list.size())
        .sum::<usize>()
            + self.tables.size()
            + self.detail_index.len() * 14
    }

    fn add_finding(&mut self, audit: &Audit, desk: &mut Desk<'_>, finding: &Finding) {
        let row = finding_row(finding);
        let fetch = shown_fetch(audit, finding);
        let shown = fetch.and_then(|index| audit.fetch(desk, index));
        let rule = self.rule(finding);
        let remedy = Remedy::of(finding, shown.as_ref().map(|shown| &shown.judged.fetch))
            .map(|remedy| self.remedy(remedy));
        let texts = &mut self.tables;
        let entry = FindingEntry {
            id: row.fingerprint,
            severity: row.severity,
            confidence: row.confidence,
            rule,
            host: texts.add(&host(&finding.target_origin)),
            target: texts.add(&row.target_origin),
            endpoint: texts.add(&row.endpoint),
            methods: row.methods.iter().map(|method| texts.add(method)).collect(),
            origins: row
                .initiator_origins
                .iter()
                .take(ORIGINS)
                .map(|origin| texts.add(origin))
                .collect(),
            more_origins: row.initiator_origins.len().saturating_sub(ORIGINS),
            message: texts.add(&row.message),
            count: row.count,
            status: row.status,
            reach: row.reach,
            kinds: row.sensitive_kinds,
            evidence: row
                .evidence
                .iter()
                .filter(|item| item.r#where != "browser")
                .take(EVIDENCE)
                .map(|item| texts.add_evidence(item.r#where, &item.name, &item.value))
                .collect(),
            samples: places(finding)
                .iter()
                .map(|place| texts.add(place))
                .collect(),
            fix: texts.add(&row.fix),
            remedy,
            fetch,
        };
        self.findings.push(&entry);
    }

    fn rule(&mut self, finding: &Finding) -> u32 {
        if let Some(index) = self.rule_index.get(finding.rule) {
            return *index;
        }
        let declared = rules::declarations().find(|declared| declared.id == finding.rule);
        let index = self.rules.push(&RuleEntry {
            id: finding.rule,
            title: finding.title,
            category: finding.category.as_str(),
            why: declared.map_or_else(String::new, |declared| {
                shown(&one_line(declared.section("Why it matters")))
            }),
            references: finding.references.clone(),
        });
        self.rule_index.insert(finding.rule, index);
        index
    }

    fn remedy(&mut self, remedy: Remedy) -> u32 {
        if let Some(index) = self.remedy_index.get(&remedy) {
            return *index;
        }
        let servers = Server::ALL
            .map(|server| {
                remedy
                    .configuration(server)
                    .lines()
                    .map(|line| self.tables.add_own(line))
                    .collect()
            })
            .into();
        let index = self.remedies.push(&RemedyEntry {
            note: remedy.note(),
            servers,
        });
        self.remedy_index.insert(remedy, index);
        index
    }

    /// Adds what unfolds below a fetch, if there is room for it.
    fn add_detail(
        &mut self,
        audit: &Audit,
        desk: &mut Desk<'_>,
        index: usize,
        limit: usize,
    ) -> bool {
        if self.detail_index.contains_key(&index) {
            return true;
        }
        // The last one may be a large one.
        if self.size() > limit {
            return false;
        }
        let Some(excerpt) = audit.fetch(desk, index) else {
            return false;
        };
        let detail: Detail = detail(excerpt.view(), &mut self.tables);
        let at = self.details.push(&detail);
        self.detail_index.insert(index, at);
        true
    }

    fn add_request(&mut self, view: FetchView<'_>) {
        let FetchView { capture, judged } = view;
        let first = judged.fetch.first(capture);
        let last = judged.fetch.last(capture);
        let texts = &mut self.tables;
        let entry = RequestEntry {
            method: texts.add(&first.map_or_else(String::new, asked_method)),
            url: texts.add(&first.map_or_else(String::new, |exchange| {
                redact::url(&exchange.request.url).into_owned()
            })),
            host: texts.add(&last.map_or_else(String::new, |exchange| {
                host(exchange.request.url.origin().serialised())
            })),
            origin: judged
                .fetch
                .initiator_origin
                .value
                .as_ref()
                .map(|origin| texts.add(&redact::url_text(origin.serialised()))),
            status: view.actual_response().map(|response| response.status),
            verdict: judged.verdict.class().as_str(),
            code: texts.add(judged.verdict.code.as_str()),
            place: texts.add(&first.map_or_else(String::new, |exchange| {
                format!(
                    "{}, {}",
                    capture.source,
                    crate::report::text::locus(&exchange.locus)
                )
            })),
        };
        self.requests.push(&entry);
    }
}

/// The method that the page asked for: of a preflight alone, the one that was to follow.
fn asked_method(exchange: &crate::exchange::Exchange) -> String {
    let asked = exchange
        .is_preflight()
        .then(|| {
            exchange
                .request
                .headers
                .get("access-control-request-method")
        })
        .flatten();
    match asked {
        Some(method) => redact::header_value("access-control-request-method", &method),
        None => redact::text(exchange.request.method.as_str()).into_owned(),
    }
}

/// The first fetch of a finding that the audit holds.
fn shown_fetch(audit: &Audit, finding: &Finding) -> Option<usize> {
    let mut indices = finding.fetches.iter().filter_map(|id| index_of_id(id));
    indices.find(|index| *index < audit.fetches())
}

/// The host of an origin, for the filter; what is no origin stays whole.
fn host(origin: &str) -> String {
    let parsed = Origin::parse(origin.as_bytes());
    let host = parsed.as_ref().and_then(Origin::host).unwrap_or(origin);
    redact::url_text(host).into_owned()
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
