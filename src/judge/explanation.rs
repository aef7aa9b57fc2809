//! What a report tells of a verdict: the clauses of the decision, and what browsers say.

use super::case::Case;
use super::transport::is_loopback_host;
use crate::content::Beginning;
use crate::cors::{
    self, AddressSpace, BrowserMessage, Class, Clauses, Code, CredentialsMode, Load, LoadKind,
    LocalNetwork, Origin, RequestMode,
};
use crate::exchange::{Exchange, ResourceType};
use crate::fact::Fact;
use crate::redact;
use crate::rules::FetchView;

/// Why a verdict is what it is.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The clauses of the procedure in order, enough to redo the decision by hand.
    pub clauses: Vec<ReportedClause>,
    /// What Chromium says of a blocked fetch.
    pub chromium: Option<BrowserSentence>,
    /// What Firefox says of a blocked fetch.
    pub firefox: Option<BrowserSentence>,
    /// What WebKit says of a blocked fetch.
    pub webkit: Option<BrowserSentence>,
}

/// One clause of a decision.
#[derive(Clone, Debug)]
pub struct ReportedClause {
    /// Step of the standard, or of our inference.
    pub step: String,
    /// The header or fact it read.
    pub reads: String,
    /// Its value, secrets replaced.
    pub value: String,
    /// Whether the clause holds.
    pub holds: bool,
}

/// A browser's error name and console sentence.
#[derive(Clone, Debug)]
pub struct BrowserSentence {
    /// Name of the error, where the browser has one.
    pub error: Option<String>,
    /// The sentence.
    pub message: String,
}

/// Explains the verdict of a fetch: the facts it rests on, then the procedure clause by clause.
#[must_use]
pub fn explain(view: FetchView<'_>) -> Explanation {
    let (fetch, verdict) = (&view.judged.fetch, &view.judged.verdict);
    let mut explanation = Explanation::default();
    explanation.clauses.push(fact(
        "initiator origin",
        &fetch.initiator_origin,
        Origin::to_string,
    ));
    explanation
        .clauses
        .push(fact("request mode", &fetch.mode, RequestMode::to_string));
    explanation.clauses.push(fact(
        "credentials mode",
        &fetch.credentials,
        CredentialsMode::to_string,
    ));
    let Some(last) = fetch.last(view.capture) else {
        return explanation;
    };
    let Some(case) = Case::new(view.capture, fetch, local_network(verdict.code, last)) else {
        return explanation;
    };
    let origin = fetch
        .initiator_origin
        .value
        .as_ref()
        .unwrap_or(&Origin::OPAQUE);
    let mode = fetch.mode.value.unwrap_or(RequestMode::Cors);
    // Where the credentials mode is unknown, the one that leads to the verdict stands for both.
    let possible = match fetch.credentials.value {
        Some(known) => vec![known],
        None => vec![CredentialsMode::SameOrigin, CredentialsMode::Include],
    };
    let leads_there = |credentials: &CredentialsMode| {
        case.with(origin, mode, *credentials, |fetch| {
            cors::evaluate(fetch, verdict.engine, &mut cors::NoTrace).code == verdict.code
        })
    };
    let credentials = possible
        .iter()
        .copied()
        .find(leads_there)
        .unwrap_or(possible[0]);
    case.with(origin, mode, credentials, |fetch| {
        let mut trace = Clauses::default();
        cors::evaluate(fetch, verdict.engine, &mut trace);
        explanation
            .clauses
            .extend(trace.list.into_iter().map(|clause| ReportedClause {
                step: clause.step.to_owned(),
                value: redact::header_value(&clause.reads, clause.value.as_bytes()),
                reads: clause.reads,
                holds: clause.holds,
            }));
        explanation
            .clauses
            .extend(beside_procedure(verdict.code, last));
        if matches!(verdict.class(), Class::Blocked | Class::Failed) {
            let load = Load {
                kind: load_kind(last),
                http1: view.deciding().is_some_and(is_http1),
                show_url: &|url| redact::url(url).into_owned(),
            };
            let said = cors::browser_report(fetch, load);
            explanation.chromium = said.chromium.map(sentence);
            explanation.firefox = said.firefox.map(sentence);
            explanation.webkit = said.webkit.map(sentence);
        }
    });
    explanation
}

/// What decided beside the procedure: by which bytes an answer was withheld, by which lines a beacon is told.
fn beside_procedure(code: Code, exchange: &Exchange) -> Option<ReportedClause> {
    let (step, reads, value) = match code {
        Code::OrbBlocked => {
            let kind = exchange
                .response()
                .and_then(|response| response.headers.get("content-type"))
                .unwrap_or_default();
            let beginning = exchange
                .content
                .as_ref()
                .and_then(|content| content.response.beginning)
                .map_or("not known", Beginning::as_str);
            let kind = redact::header_value("content-type", &kind);
            (
                "Opaque Response Blocking: the element can use the answer",
                "Content-Type, first bytes of the body",
                format!("{kind}; {beginning}"),
            )
        }
        Code::UndeterminedInitiatorType => (
            "initiator type: fetch or beacon",
            "Priority, kind of load",
            "(unknown)".to_owned(),
        ),
        _ => return None,
    };
    Some(ReportedClause {
        step: step.to_owned(),
        reads: reads.to_owned(),
        value,
        holds: false,
    })
}

fn fact<T>(reads: &str, fact: &Fact<T>, show: impl Fn(&T) -> String) -> ReportedClause {
    ReportedClause {
        step: format!(
            "inferred from {}, confidence {}",
            fact.basis.as_str(),
            fact.confidence
        ),
        reads: reads.to_owned(),
        value: fact
            .value
            .as_ref()
            .map_or_else(|| "(unknown)".to_owned(), show),
        holds: fact.value.is_some(),
    }
}

fn sentence(message: BrowserMessage) -> BrowserSentence {
    BrowserSentence {
        error: message.error.map(Into::into),
        message: redact::printable(&message.message).into_owned(),
    }
}

/// The inputs under which Chromium refuses with this code.
pub(super) fn local_network(code: Code, exchange: &Exchange) -> Option<LocalNetwork> {
    if !matches!(code, Code::LnaPermissionDenied | Code::LnaInsecureContext) {
        return None;
    }
    let named_loopback = exchange
        .request
        .url
        .origin()
        .host()
        .is_some_and(is_loopback_host);
    let recorded = exchange
        .hints
        .server_ip
        .map(AddressSpace::of)
        .filter(|space| *space != AddressSpace::Public);
    Some(LocalNetwork {
        client: AddressSpace::Public,
        target: if named_loopback {
            AddressSpace::Loopback
        } else {
            recorded.unwrap_or(AddressSpace::Local)
        },
        secure_context: code == Code::LnaPermissionDenied,
        permission: Some(false),
    })
}

fn load_kind(exchange: &Exchange) -> LoadKind {
    let by_destination = match exchange.request.headers.first("sec-fetch-dest") {
        Some("audio") => LoadKind::Audio,
        Some("video") => LoadKind::Video,
        Some("font") => LoadKind::Font,
        Some("image") => LoadKind::Image,
        Some("manifest") => LoadKind::Manifest,
        Some("script") => LoadKind::Script,
        Some("style") => LoadKind::Stylesheet,
        Some("track") => LoadKind::TextTrack,
        Some("empty") | None => LoadKind::Fetch,
        Some(_) => LoadKind::Other,
    };
    match exchange.hints.resource_type {
        Some(ResourceType::EventSource) => LoadKind::EventSource,
        Some(ResourceType::Fetch) => LoadKind::Fetch,
        Some(ResourceType::Font) => LoadKind::Font,
        Some(ResourceType::Image) => LoadKind::Image,
        Some(ResourceType::Manifest) => LoadKind::Manifest,
        Some(ResourceType::Media) if by_destination == LoadKind::Audio => LoadKind::Audio,
        Some(ResourceType::Media) => LoadKind::Video,
        Some(ResourceType::Ping) => LoadKind::Beacon,
        Some(ResourceType::Script) => LoadKind::Script,
        Some(ResourceType::Stylesheet) => LoadKind::Stylesheet,
        Some(ResourceType::TextTrack) => LoadKind::TextTrack,
        Some(ResourceType::Xhr) => LoadKind::Xhr,
        Some(ResourceType::Other) => LoadKind::Preload,
        _ => by_destination,
    }
}

/// Whether the answer came by HTTP/1, as far as the recording tells: field names of HTTP/2 and HTTP/3 are lower case
/// (RFC 9113, section 8.2.1), and Firefox adds a line of its own to theirs.
fn is_http1(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| {
        !response.headers.contains("x-firefox-spdy")
            && response
                .headers
                .iter()
                .any(|(name, _)| name.iter().any(u8::is_ascii_uppercase))
    })
}
