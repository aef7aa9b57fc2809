//! Case files: `tests/rules/<id>.md`, recordings written by hand, with the findings that they must give.
//!
//! A case is a section (`## name`) with prose and blocks:
//!
//! - `page`: pages opened in a tab, one URL a line; the word `session` behind it sets a cookie there.
//! - `fetch`: `key: value` lines about the fetch (`verdict`, `origin`, `mode`, `credentials`, `warning`, `confidence`) and its
//!   actual exchange (`error`, `server-ip`, `type`, `worker: yes`, `from-cache: yes`, `started: SECONDS`, `duration: MS`,
//!   `digest: N`, `holds: PLACE KIND [COUNT [POINTER]]`, `shape: NAME`, `request-origin: ORIGIN`), then the messages: `>`
//!   request and `<` answer, `p>` and `p<` for a preflight. The first line of a request is method and URL, of an answer
//!   status and perhaps the body's size. The verdict is given, not computed. `r>` and `r<` are an earlier hop that was
//!   redirected; the verdict is then that of the last.
//! - `exchange`: an exchange that is no fetch of a report, such as a document: the same lines about it, `>` and `<`.
//! - `options`: `sanitized`, `first-party: SITE`, `scope: HOST`, `min-confidence: hint`.
//! - `findings`: one line each: rule, severity, confidence, then `reach=`, `variant=`, `count=` where they are not
//!   empty or one. Rows of the inventory are listed in the inventory's own file only. No block: no findings.

use std::num::NonZeroU64;

use corsaudit::audit::JudgedFetch;
use corsaudit::content::{Content, Kind, Place, Sighting};
use corsaudit::cors::{
    Code, CredentialsMode, Engine, Origin, Phase, RequestMode, Verdict, Warning, Warnings,
};
use corsaudit::exchange::{
    Capture, Exchange, Hints, Locus, Method, Outcome, Request, ResourceType, Response, Time,
};
use corsaudit::fact::{Basis, Confidence, Fact};
use corsaudit::finding::Certainty;
use corsaudit::header::HeaderListBuilder;
use corsaudit::options::Options;
use corsaudit::pairing::{Fetch, Hop, PreflightLink};
use corsaudit::url::Url;

/// What the lines of messages begin with.
const SIGNS: [&str; 6] = [">", "<", "p>", "p<", "r>", "r<"];

/// A recording, and what is expected of it.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) capture: Capture,
    pub(crate) fetches: Vec<JudgedFetch>,
    pub(crate) options: Options,
    pub(crate) expected: Vec<String>,
}

#[derive(Default)]
struct Message {
    first: String,
    lines: Vec<(String, String)>,
}

/// The cases of a file.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut block: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        match &mut block {
            Some((kind, lines)) if line == "```" => {
                let case = cases.last_mut().expect("a block stands in a case");
                add_block(case, kind, lines);
                block = None;
            }
            Some((_, lines)) => lines.push(line),
            None => {
                if let Some(kind) = line.strip_prefix("```") {
                    block = Some((kind, Vec::new()));
                } else if let Some(name) = line.strip_prefix("## ") {
                    cases.push(Case {
                        name: name.to_owned(),
                        options: Options {
                            min_confidence: Certainty::Likely,
                            ..Options::default()
                        },
                        ..Case::default()
                    });
                    cases.last_mut().expect("just pushed").capture.source = "case.har".into();
                }
            }
        }
    }
    cases
}

fn add_block(case: &mut Case, kind: &str, lines: &[&str]) {
    match kind {
        "page" => lines.iter().for_each(|line| add_page(case, line)),
        "fetch" => add_fetch(case, lines),
        "exchange" => add_document(case, lines),
        "options" => lines.iter().for_each(|line| add_option(case, line)),
        "findings" => case.expected = lines.iter().map(|line| (*line).to_owned()).collect(),
        other => panic!("unknown block `{other}`"),
    }
}

fn add_option(case: &mut Case, line: &str) {
    let (key, value) = line.split_once(": ").unwrap_or((line, ""));
    match key {
        "sanitized" => case.capture.sanitized = true,
        "first-party" => case.options.first_party.push(value.to_owned()),
        "scope" => case.options.scope.push(value.to_owned()),
        "min-confidence" => {
            case.options.min_confidence = label(Certainty::ALL, Certainty::as_str, value);
        }
        other => panic!("unknown option `{other}`"),
    }
}

fn label<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> T {
    *all.iter()
        .find(|value| name(**value) == text)
        .unwrap_or_else(|| panic!("unknown label `{text}`"))
}

fn add_page(case: &mut Case, line: &str) {
    let (url, session) = match line.strip_suffix(" session") {
        Some(url) => (url, true),
        None => (line, false),
    };
    let request = Message {
        first: format!("GET {url}"),
        lines: vec![
            ("Sec-Fetch-Dest".to_owned(), "document".to_owned()),
            ("Sec-Fetch-Mode".to_owned(), "navigate".to_owned()),
        ],
    };
    let mut answer = Message {
        first: "200 900".to_owned(),
        lines: Vec::new(),
    };
    if session {
        answer.lines.push((
            "Set-Cookie".to_owned(),
            "session=; Path=/; Secure; SameSite=None".to_owned(),
        ));
    }
    add_exchange(case, &request, Some(&answer), About::default());
}

fn add_document(case: &mut Case, lines: &[&str]) {
    let mut messages: [Option<Message>; SIGNS.len()] = Default::default();
    let mut about = About::default();
    for line in lines {
        if !add_line(&mut messages, line) {
            let (key, value) = line.split_once(": ").expect("key: value");
            assert!(describe(&mut about, key, value), "unknown key `{key}`");
        }
    }
    let [request, answer, ..] = messages;
    let request = request.expect("an exchange has a request");
    add_exchange(case, &request, answer.as_ref(), about);
}

/// Takes in a line of a message; false where it is none.
fn add_line(messages: &mut [Option<Message>; SIGNS.len()], line: &str) -> bool {
    let (sign, rest) = line.split_once(' ').unwrap_or((line, ""));
    let Some(at) = SIGNS.iter().position(|known| *known == sign) else {
        return false;
    };
    match &mut messages[at] {
        None => {
            messages[at] = Some(Message {
                first: rest.to_owned(),
                lines: Vec::new(),
            })
        }
        Some(message) => {
            let (name, value) = rest.split_once(':').expect("a header line");
            message
                .lines
                .push((name.to_owned(), value.trim().to_owned()));
        }
    }
    true
}

fn add_fetch(case: &mut Case, lines: &[&str]) {
    let mut messages: [Option<Message>; SIGNS.len()] = Default::default();
    let (mut code, mut origin, mut mode) = (None, Fact::unknown(), RequestMode::Cors);
    let mut credentials = Fact::unknown();
    let mut about = About::default();
    let mut warnings = Warnings::default();
    let mut confidence = Confidence::Certain;
    for line in lines {
        if add_line(&mut messages, line) {
            continue;
        }
        let (key, value) = line.split_once(": ").expect("key: value");
        if describe(&mut about, key, value) {
            continue;
        }
        match key {
            "verdict" => code = Some(Code::from_name(value).expect("a code")),
            "origin" => {
                let value = Origin::parse(value.as_bytes()).expect("an origin");
                origin = Fact::new(value, Confidence::Certain, Basis::OriginHeader);
            }
            "mode" => mode = RequestMode::from_name(value.as_bytes()).expect("a mode"),
            "credentials" => {
                credentials = match value {
                    "include" => Fact::new(
                        CredentialsMode::Include,
                        Confidence::Certain,
                        Basis::CookieHeader,
                    ),
                    "include-high" => Fact::new(
                        CredentialsMode::Include,
                        Confidence::High,
                        Basis::StorageAccess,
                    ),
                    "include-medium" => Fact::new(
                        CredentialsMode::Include,
                        Confidence::Medium,
                        Basis::ConnectionPartition,
                    ),
                    "same-origin" => Fact::new(
                        CredentialsMode::SameOrigin,
                        Confidence::High,
                        Basis::ResourceType,
                    ),
                    other => panic!("unknown credentials `{other}`"),
                };
            }
            "confidence" => {
                confidence = match value {
                    "low" => Confidence::Low,
                    "medium" => Confidence::Medium,
                    "high" => Confidence::High,
                    other => panic!("unknown confidence `{other}`"),
                };
            }
            "warning" => {
                let known = Warning::ALL
                    .into_iter()
                    .find(|warning| warning.as_str() == value);
                warnings.insert(known.expect("a warning"));
            }
            other => panic!("unknown key `{other}`"),
        }
    }
    let code = code.expect("every fetch has a verdict");
    let [request, answer, asked, granted, redirected, redirect] = messages;
    let earlier = redirected.map(|request| Hop {
        exchange: Some(add_exchange(
            case,
            &request,
            redirect.as_ref(),
            About::default(),
        )),
        preflight: PreflightLink::None,
        stored: None,
    });
    let preflight = asked.map_or(PreflightLink::None, |asked| {
        PreflightLink::Recorded(add_exchange(
            case,
            &asked,
            granted.as_ref(),
            About {
                started: about.started,
                duration_ms: about.duration_ms,
                ..About::default()
            },
        ))
    });
    let exchange = request.map(|request| add_exchange(case, &request, answer.as_ref(), about));
    let phase = if code.as_str().contains("preflight-") {
        Phase::Preflight
    } else if code.as_str().starts_with("redirect-") {
        Phase::Redirect
    } else {
        Phase::Actual
    };
    let hop = u16::from(earlier.is_some());
    case.fetches.push(JudgedFetch {
        capture: 0,
        fetch: Fetch {
            hops: earlier
                .into_iter()
                .chain([Hop {
                    exchange,
                    preflight,
                    stored: None,
                }])
                .collect(),
            initiator_origin: origin,
            mode: Fact::new(mode, Confidence::Certain, Basis::SecFetchMode),
            credentials,
        },
        verdict: Verdict {
            code,
            confidence,
            phase,
            hop,
            engine: Engine::Shipping,
            warnings,
        },
        alternatives: Vec::new(),
    });
}

/// Takes in a line about the exchange itself; false where it is about something else.
fn describe(about: &mut About, key: &str, value: &str) -> bool {
    match key {
        "error" => about.hints.error = Some(value.into()),
        "server-ip" => about.hints.server_ip = Some(value.parse().expect("an address")),
        "worker" => about.hints.via_service_worker = true,
        "from-cache" => about.hints.from_cache = true,
        "type" => about.hints.resource_type = Some(resource_type(value)),
        "digest" => about.body_digest = Some(value.parse().expect("a positive number")),
        "started" => {
            let seconds: i64 = value.parse().expect("seconds");
            about.started = Some(Time(seconds * 1_000_000_000));
        }
        "duration" => about.duration_ms = Some(value.parse().expect("milliseconds")),
        "holds" => {
            let mut words = value.split_whitespace();
            let place = words.next().expect("a place");
            let kind = words.next().expect("a kind");
            about.content.sightings.push(Sighting {
                place: *Place::ALL
                    .iter()
                    .find(|known| known.as_str() == place)
                    .expect("a place"),
                kind: *Kind::ALL
                    .iter()
                    .find(|known| known.as_str() == kind)
                    .expect("a kind"),
                count: words
                    .next()
                    .map_or(1, |count| count.parse().expect("a count")),
                pointer: words.next().unwrap_or("").into(),
                hash: None,
            });
            about.content.sightings.sort();
        }
        "shape" => match value {
            "request-json-object" => about.content.request.is_json_object = true,
            "anti-forgery-field" => about.content.request.has_anti_forgery_field = true,
            "response-json" => about.content.response.is_json = true,
            "reports-success" => about.content.response.reports_success = true,
            "reports-error" => about.content.response.reports_error = true,
            "calls-back" => about.content.response.calls_back = true,
            "open-policy-file" => about.content.response.is_open_policy_file = true,
            other => panic!("unknown shape `{other}`"),
        },
        "request-origin" => {
            let origin = Origin::parse(value.as_bytes()).expect("an origin");
            about.content.request.origins.push(origin);
        }
        _ => return false,
    }
    true
}

fn resource_type(name: &str) -> ResourceType {
    match name {
        "document" => ResourceType::Document,
        "event-source" => ResourceType::EventSource,
        "fetch" => ResourceType::Fetch,
        "font" => ResourceType::Font,
        "image" => ResourceType::Image,
        "manifest" => ResourceType::Manifest,
        "media" => ResourceType::Media,
        "ping" => ResourceType::Ping,
        "script" => ResourceType::Script,
        "stylesheet" => ResourceType::Stylesheet,
        "websocket" => ResourceType::WebSocket,
        "xhr" => ResourceType::Xhr,
        other => panic!("unknown type `{other}`"),
    }
}

/// What a case says of an exchange beside its messages.
#[derive(Default)]
struct About {
    hints: Hints,
    content: Content,
    body_digest: Option<NonZeroU64>,
    started: Option<Time>,
    duration_ms: Option<f32>,
}

fn add_exchange(case: &mut Case, request: &Message, answer: Option<&Message>, about: About) -> u32 {
    let index = u32::try_from(case.capture.exchanges.len()).expect("few exchanges");
    let headers = |message: &Message| {
        let mut builder = HeaderListBuilder::new();
        for (name, value) in &message.lines {
            builder.push(name.as_bytes(), value.as_bytes());
        }
        builder.take()
    };
    let (method, url) = request.first.split_once(' ').expect("method and URL");
    let outcome = answer.map_or(Outcome::NoResponse, |answer| {
        let (status, size) = match answer.first.split_once(' ') {
            Some((status, size)) => (status, Some(size.parse().expect("a size"))),
            None => (answer.first.as_str(), None),
        };
        Outcome::Response(Response {
            status: status.parse().expect("a status"),
            headers: headers(answer),
            body_size: size,
            body_recorded: false,
            body_digest: about.body_digest,
        })
    });
    case.capture.exchanges.push(Exchange {
        locus: Locus::Entry(index),
        started: about.started,
        duration_ms: about.duration_ms,
        request: Request {
            method: Method::from_bytes(method.as_bytes()),
            url: Url::parse(url).expect("a URL"),
            headers: headers(request),
            headers_complete: true,
            listed_cookies: false,
            body_size: None,
        },
        outcome,
        hints: about.hints,
        content: (!about.content.is_empty()).then(|| Box::new(about.content)),
    });
    index
}
