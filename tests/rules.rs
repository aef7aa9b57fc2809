//! Runs `tests/rules/<id>.md`: recordings written by hand, and the findings they must give, no more and no fewer.
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

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::path::Path;

use corsaudit::audit::JudgedFetch;
use corsaudit::content::{Content, Kind, Place, Sighting};
use corsaudit::cors::{
    Code, CredentialsMode, Engine, Origin, Phase, RequestMode, Verdict, Warning, Warnings,
};
use corsaudit::exchange::{
    Capture, Exchange, Hints, Locus, Method, Outcome, Request, ResourceType, Response, Time,
};
use corsaudit::fact::{Basis, Confidence, Fact};
use corsaudit::finding::{Certainty, Finding};
use corsaudit::header::HeaderListBuilder;
use corsaudit::options::Options;
use corsaudit::pairing::{Fetch, Hop, PreflightLink};
use corsaudit::rules::{self, Context, Declaration, FetchView, Findings};
use corsaudit::url::Url;

const INVENTORY: &str = "cors-trust-inventory";
/// What the lines of messages begin with.
const SIGNS: [&str; 6] = [">", "<", "p>", "p<", "r>", "r<"];

#[derive(Default)]
struct Case {
    name: String,
    capture: Capture,
    fetches: Vec<JudgedFetch>,
    options: Options,
    expected: Vec<String>,
}

#[derive(Default)]
struct Message {
    first: String,
    lines: Vec<(String, String)>,
}

fn cases(text: &str) -> Vec<Case> {
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

fn line_of(finding: &Finding) -> String {
    let mut line = format!(
        "{} {} {}",
        finding.rule, finding.severity, finding.confidence
    );
    for (key, value) in [("reach", finding.reach), ("variant", finding.variant)] {
        if !value.is_empty() {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    if finding.count > 1 {
        line.push_str(&format!(" count={}", finding.count));
    }
    line
}

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the folder of case files")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let id = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (id, std::fs::read_to_string(&path).expect("a case file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn case_files() {
    let mut wrong = Vec::new();
    for (id, text) in files() {
        let (mut fires, mut silent) = (false, false);
        for case in cases(&text) {
            let found = rules::run(
                std::slice::from_ref(&case.capture),
                &case.fetches,
                &case.options,
            );
            for finding in &found {
                let messages = [&finding.message, &finding.fix, &finding.fingerprint];
                assert!(
                    messages.iter().all(|text| !text.is_empty()),
                    "{id}: {}: {finding:?}",
                    case.name
                );
                assert!(
                    !finding.references.is_empty() && !finding.samples.is_empty(),
                    "{id}"
                );
            }
            let mut lines: Vec<String> = found
                .iter()
                .filter(|finding| id == INVENTORY || finding.rule != INVENTORY)
                .map(line_of)
                .collect();
            lines.sort();
            let mut expected = case.expected.clone();
            expected.sort();
            if lines != expected {
                wrong.push(format!(
                    "{id}: {}\n  expected {expected:?}\n  found    {lines:?}",
                    case.name
                ));
            }
            let own = lines.iter().any(|line| line.split(' ').next() == Some(&id));
            fires |= own;
            silent |= !own;
        }
        if !(fires && silent) {
            wrong.push(format!(
                "{id}: needs a case in which it fires and one in which it is silent"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Registry, documentation and case files list the same rules; the registry can be searched; ids are unique.
#[test]
fn every_rule_is_registered_documented_and_tested() {
    let registered: Vec<&str> = rules::all().map(|rule| rule.declaration().id).collect();
    let unique: BTreeSet<&str> = registered.iter().copied().collect();
    assert_eq!(registered.len(), unique.len());
    let tested: Vec<String> = files().into_iter().map(|(id, _)| id).collect();
    assert_eq!(unique.iter().copied().collect::<Vec<_>>(), tested);
    for rule in rules::all() {
        let declaration = rule.declaration();
        assert_eq!(
            rules::find(declaration.id)
                .expect("registered")
                .declaration()
                .id,
            declaration.id
        );
        assert!(!declaration.title.is_empty(), "{}", declaration.id);
        assert!(!declaration.references().is_empty(), "{}", declaration.id);
        for section in Declaration::SECTIONS {
            assert!(
                !declaration.section(section).is_empty(),
                "{}: {section}",
                declaration.id
            );
        }
    }
    for code in Code::ALL {
        let blocked = code.class() == corsaudit::cors::Class::Blocked;
        assert_eq!(rules::find(code.as_str()).is_some(), blocked, "{code}");
    }
}

/// Any order, any split: the same findings to the last byte.
#[test]
fn order_and_split_do_not_matter() {
    for (id, text) in files() {
        for case in cases(&text) {
            let captures = std::slice::from_ref(&case.capture);
            let straight = rules::run(captures, &case.fetches, &case.options);
            let mut context = Context::new(&case.options);
            for judged in case.fetches.iter().rev() {
                let mut part = Context::new(&case.options);
                part.observe(FetchView {
                    capture: &case.capture,
                    judged,
                });
                part.merge(context);
                context = part;
            }
            let mut pages = Context::new(&case.options);
            pages.observe_capture(&case.capture);
            context.merge(pages);
            let mut found = Findings::new();
            rules::conclude(&context, &mut found);
            for (index, judged) in case.fetches.iter().enumerate().rev() {
                let mut part = Findings::new();
                let view = FetchView {
                    capture: &case.capture,
                    judged,
                };
                rules::check(
                    view,
                    u32::try_from(index).expect("few fetches"),
                    &context,
                    &mut part,
                );
                part.merge(found);
                found = part;
            }
            let findings = found.finish(&case.options, case.fetches.len(), |index, out| {
                let view = FetchView {
                    capture: &case.capture,
                    judged: &case.fetches[index as usize],
                };
                rules::check(view, index, &context, out);
            });
            assert_eq!(findings, straight, "{id}: {}", case.name);
        }
    }
}

/// A failure names the misspelt header beside it, if that is the one that was missing.
#[test]
fn a_misspelt_header_is_named_as_the_cause() {
    for (name, named) in [
        ("Access-Control-Alow-Origin", true),
        ("Access-Control-Allow-Method", false),
    ] {
        let text = format!(
            "## one\n```fetch\nverdict: missing-allow-origin\norigin: https://shop.test\n> GET https://api.test/\n> Origin: https://shop.test\n< 200 0\n< {name}: *\n```\n"
        );
        let case = cases(&text).remove(0);
        let found = rules::run(
            std::slice::from_ref(&case.capture),
            &case.fetches,
            &case.options,
        );
        let failure = found
            .iter()
            .find(|finding| finding.rule == "missing-allow-origin")
            .expect("the failure");
        assert_eq!(failure.message.contains(name), named, "{}", failure.message);
        assert_eq!(failure.evidence.iter().any(|line| line.name == name), named);
    }
}

/// The same cause on five endpoints of a host is one finding of the host.
#[test]
fn five_endpoints_fold_into_one_host() {
    let mut text = String::from("## many\n");
    for path in ["a", "b", "c", "d", "e"] {
        text.push_str(&format!(
            "```fetch\nverdict: missing-allow-origin\norigin: https://shop.test\n> GET https://api.test/{path}\n> Origin: https://shop.test\n< 200 0\n```\n"
        ));
        let case = cases(&text).remove(0);
        let found = rules::run(
            std::slice::from_ref(&case.capture),
            &case.fetches,
            &case.options,
        );
        let folded = path == "e";
        assert_eq!(found.len(), if folded { 1 } else { case.fetches.len() });
        if folded {
            assert_eq!((found[0].endpoint.as_str(), found[0].count), ("*", 5));
            assert_eq!(found[0].samples.len(), 3);
        }
    }
}
