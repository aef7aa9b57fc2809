//! The row of a fetch.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use crate::audit::{Audit, JudgedFetch};
use crate::cors::Class;
use crate::exchange::{Capture, Exchange, Locus, Method};
use crate::fact::Fact;
use crate::judge::{self, BrowserSentence, Explanation};
use crate::pairing::{Hop, PreflightLink};
use crate::recording::{Desk, Excerpt};
use crate::redact;
use crate::rules::FetchView;

/// A fetch, as `json` and `ndjson` print it.
#[derive(Debug, Serialize)]
pub(super) struct FetchRow<'a> {
    r#type: &'static str,
    id: String,
    source: Source<'a>,
    time: Option<String>,
    method: Option<Cow<'a, str>>,
    url: Option<Cow<'a, str>>,
    final_url: Option<Cow<'a, str>>,
    status: Option<u16>,
    initiator_origin: FactRow<'a>,
    mode: FactRow<'a>,
    credentials_mode: FactRow<'a>,
    hops: Vec<HopRow<'a>>,
    verdict: &'static str,
    code: &'static str,
    alternatives: Vec<&'static str>,
    confidence: &'static str,
    phase: &'static str,
    engine: &'static str,
    browser: Option<Browsers>,
    recorded_outcome: Option<Cow<'a, str>>,
    warnings: Vec<&'static str>,
    why: Vec<Clause>,
}

/// Where something stands in a recording.
#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    pub(super) file: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<[u64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_stream: Option<u32>,
}

#[derive(Debug, Serialize)]
struct FactRow<'a> {
    value: Option<Cow<'a, str>>,
    confidence: &'static str,
    basis: &'static str,
}

#[derive(Debug, Serialize)]
struct HopRow<'a> {
    url: Option<Cow<'a, str>>,
    method: Option<Cow<'a, str>>,
    status: Option<u16>,
    origin: Option<String>,
    preflight: Option<PreflightRow<'a>>,
}

#[derive(Debug, Serialize)]
struct PreflightRow<'a> {
    status: Option<u16>,
    source: Source<'a>,
    cached: bool,
}

#[derive(Debug, Serialize)]
struct Browsers {
    chromium: Option<Sentence>,
    firefox: Option<Sentence>,
    webkit: Option<WebKitSentence>,
}

#[derive(Debug, Serialize)]
struct Sentence {
    error: Option<String>,
    message: String,
}

#[derive(Debug, Serialize)]
struct WebKitSentence {
    message: String,
}

#[derive(Debug, Serialize)]
struct Clause {
    step: String,
    reads: String,
    value: String,
    holds: bool,
}

/// The id of the fetch at an index of [`Audit::fetch`]; findings name fetches by it.
pub(super) fn fetch_id(index: usize) -> String {
    format!("f{}", index + 1)
}

/// The index of a fetch by its id.
pub(super) fn index_of_id(id: &str) -> Option<usize> {
    id.strip_prefix('f')?.parse::<usize>().ok()?.checked_sub(1)
}

/// The fetch of an id.
pub(super) fn fetch_of_id(audit: &Audit, desk: &mut Desk<'_>, id: &str) -> Option<Excerpt> {
    audit.fetch(desk, index_of_id(id)?)
}

/// Makes the rows of all fetches, one by one.
pub(super) fn for_each(
    audit: &Audit,
    mut write: impl FnMut(FetchRow<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for (index, excerpt) in audit.excerpts().enumerate() {
        write(row(index, excerpt.view()))?;
    }
    Ok(())
}

fn row<'a>(index: usize, view: FetchView<'a>) -> FetchRow<'a> {
    let FetchView { capture, judged } = view;
    let JudgedFetch {
        fetch,
        verdict,
        alternatives,
        ..
    } = judged;
    let first = fetch.first(capture);
    let last = fetch.last(capture);
    let explanation = judge::explain(view);
    let hops: Vec<HopRow<'a>> = fetch.hops.iter().map(|hop| hop_row(capture, hop)).collect();
    FetchRow {
        r#type: "fetch",
        id: fetch_id(index),
        source: source_of(capture, &fetch.hops),
        time: first
            .and_then(|exchange| exchange.started)
            .map(|time| time.to_rfc3339()),
        method: hops.first().and_then(|hop| hop.method.clone()),
        url: first.map(|exchange| redact::url(&exchange.request.url)),
        final_url: last.map(|exchange| redact::url(&exchange.request.url)),
        status: hops.iter().rev().find_map(|hop| hop.status),
        initiator_origin: fact_row(&fetch.initiator_origin, |origin| {
            redact::url_text(origin.serialised())
        }),
        mode: fact_row(&fetch.mode, |mode| mode.as_str().into()),
        credentials_mode: fact_row(&fetch.credentials, |mode| mode.as_str().into()),
        verdict: verdict.class().as_str(),
        code: verdict.code.as_str(),
        alternatives: alternatives
            .iter()
            .map(|verdict| verdict.code.as_str())
            .collect(),
        confidence: verdict.confidence.as_str(),
        phase: verdict.phase.as_str(),
        engine: verdict.engine.as_str(),
        browser: browsers(verdict.class(), &explanation),
        recorded_outcome: last
            .and_then(|exchange| exchange.hints.error.as_deref())
            .map(redact::text),
        warnings: verdict
            .warnings
            .iter()
            .map(crate::cors::Warning::as_str)
            .collect(),
        why: explanation.clauses.into_iter().map(clause).collect(),
        hops,
    }
}

fn hop_row<'a>(capture: &'a Capture, hop: &Hop) -> HopRow<'a> {
    let exchange_at = |index: u32| capture.exchanges.get(index as usize);
    let actual = hop.exchange.and_then(exchange_at);
    let preflight = hop.preflight.exchange().and_then(exchange_at);
    let shown = actual.or(preflight);
    HopRow {
        url: shown.map(|exchange| redact::url(&exchange.request.url)),
        method: match (actual, preflight) {
            (Some(actual), _) => Some(method(&actual.request.method)),
            // Only the preflight was recorded: it tells the method of the request that was to follow.
            (None, Some(preflight)) => preflight
                .request
                .headers
                .get("access-control-request-method")
                .map(|value| redact::header_value("access-control-request-method", &value).into()),
            (None, None) => None,
        },
        status: actual
            .and_then(Exchange::response)
            .map(|response| response.status),
        origin: shown
            .and_then(|exchange| exchange.request.headers.get("origin"))
            .map(|value| redact::header_value("origin", &value)),
        preflight: preflight.map(|exchange| PreflightRow {
            status: exchange.response().map(|response| response.status),
            source: Source::new(&capture.source, Some(&exchange.locus)),
            cached: matches!(hop.preflight, PreflightLink::Cached(_)),
        }),
    }
}

fn method(method: &Method) -> Cow<'_, str> {
    redact::text(method.as_str())
}

fn fact_row<'a, T>(fact: &'a Fact<T>, text: impl FnOnce(&'a T) -> Cow<'a, str>) -> FactRow<'a> {
    FactRow {
        value: fact.value.as_ref().map(text),
        confidence: fact.confidence.as_str(),
        basis: fact.basis.as_str(),
    }
}

/// What belongs to the fetch itself: a preflight whose cached answer served it belongs to an earlier one.
fn source_of<'a>(capture: &'a Capture, hops: &[Hop]) -> Source<'a> {
    let mut source = Source::new(&capture.source, None);
    for hop in hops {
        let preflight = match hop.preflight {
            PreflightLink::Recorded(index) => Some(index),
            PreflightLink::Cached(_) | PreflightLink::None => None,
        };
        for index in [preflight, hop.exchange].into_iter().flatten() {
            if let Some(exchange) = capture.exchanges.get(index as usize) {
                source.add(&exchange.locus);
            }
        }
    }
    source
}

impl<'a> Source<'a> {
    /// A place in a recording, or the recording as a whole.
    pub(super) fn new(file: &'a str, locus: Option<&Locus>) -> Self {
        let mut source = Self {
            file: Cow::Borrowed(file),
            entries: Vec::new(),
            packets: None,
            stream: None,
            http_stream: None,
        };
        if let Some(locus) = locus {
            source.add(locus);
        }
        source
    }

    fn add(&mut self, locus: &Locus) {
        match *locus {
            Locus::Entry(entry) => {
                if !self.entries.contains(&entry) {
                    self.entries.push(entry);
                }
            }
            Locus::Packets {
                first,
                last,
                flow,
                stream,
            } => {
                let [from, to] = self.packets.unwrap_or([first, last]);
                self.packets = Some([from.min(first), to.max(last)]);
                if self.stream.is_none() {
                    self.stream = flow;
                    self.http_stream = stream;
                }
            }
        }
    }
}

fn browsers(class: Class, explanation: &Explanation) -> Option<Browsers> {
    let speaks = explanation.chromium.is_some()
        || explanation.firefox.is_some()
        || explanation.webkit.is_some();
    let asked = class == Class::Blocked || (class == Class::Failed && speaks);
    asked.then(|| Browsers {
        chromium: explanation.chromium.as_ref().map(sentence),
        firefox: explanation.firefox.as_ref().map(sentence),
        webkit: explanation.webkit.as_ref().map(|said| WebKitSentence {
            message: redact::text(&said.message).into_owned(),
        }),
    })
}

fn sentence(said: &BrowserSentence) -> Sentence {
    Sentence {
        error: said.error.clone(),
        message: redact::text(&said.message).into_owned(),
    }
}

fn clause(clause: judge::ReportedClause) -> Clause {
    Clause {
        value: redact::header_value(&clause.reads, clause.value.as_bytes()),
        step: clause.step,
        reads: clause.reads,
        holds: clause.holds,
    }
}
