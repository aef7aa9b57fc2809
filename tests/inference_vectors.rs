//! The inference vectors: what a recording shows of one exchange, and what must follow from it.
//!
//! Each vector becomes a small HAR, is read, paired and judged like any other. `CORSAUDIT_VECTORS` names another file
//! of the same schema.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use corsaudit::cors::{Class, CredentialsMode, Warning};
use corsaudit::exchange::{Capture, Recorder};
use corsaudit::fact::{Confidence, Fact};
use corsaudit::judge::EngineChoice;
use corsaudit::pairing::{PreflightLink, author_headers};
use corsaudit::reader::{Options, read};
use corsaudit::source::Source;
use serde_json::{Map, Value, json};

fn vectors() -> Value {
    let path = std::env::var("CORSAUDIT_VECTORS")
        .unwrap_or_else(|_| "tests/data/verdict-vectors.json".to_owned());
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn headers(list: Option<&Value>) -> Value {
    let lines = list.and_then(Value::as_array).cloned().unwrap_or_default();
    lines
        .iter()
        .map(|line| json!({"name": line[0], "value": line[1]}))
        .collect()
}

/// An entry that starts `at` milliseconds after the vector's own.
fn entry(at: i32, method: &str, url: &str, request: Value, status: i64, response: Value) -> Value {
    json!({
        "startedDateTime": format!("2026-11-22T10:00:{:02}.{:03}Z", 30 + at.div_euclid(1000), at.rem_euclid(1000)),
        "time": 5,
        "request": {"method": method, "url": url, "headers": request, "cookies": []},
        "response": {"status": status, "headers": response, "content": {"size": 0}},
    })
}

/// The recording that a vector's `observed` describes, and the index of the exchange it is about.
fn recording(observed: &Value) -> (Value, usize) {
    let url = observed["url"].as_str().unwrap();
    let method = observed["method"].as_str().unwrap();
    let status = observed["status"].as_i64().unwrap_or(200);
    let mut main = entry(
        0,
        method,
        url,
        headers(observed.get("request_headers")),
        status,
        headers(observed.get("response_headers")),
    );
    if observed.get("response_headers").is_none() && observed.get("status").is_none() {
        main["response"] = Value::Null;
    }
    if let Some(error) = observed.get("error") {
        main["response"]["_error"] = error.clone();
    }
    if observed["outcome"] == "ok" {
        main["response"]["_error"] = Value::Null;
        main["response"]["content"] =
            json!({"size": observed["body_size"].as_i64().unwrap_or(100), "text": "x"});
    }
    if let Some(cookies) = observed.get("har_cookies") {
        main["request"]["cookies"] = cookies.clone();
    }
    for (key, field) in [
        ("resource_type", "_resourceType"),
        ("from_cache", "_fromCache"),
        ("connection", "_connectionId"),
    ] {
        if let Some(value) = observed.get(key) {
            main[field] = value.clone();
        }
    }
    let mut log = Map::new();
    let creator = if observed["source"] == "har-chrome" {
        "WebInspector"
    } else {
        "tshark"
    };
    log.insert("creator".into(), json!({"name": creator, "version": "1"}));
    if let Some(page) = observed.get("page_url") {
        log.insert(
            "pages".into(),
            json!([{"id": "page_1", "title": page, "startedDateTime": "2026-11-22T10:00:00Z"}]),
        );
        main["pageref"] = json!("page_1");
    }
    let other = "https://elsewhere.example/x";
    let acr = |origin: &str| json!([{"name": "Origin", "value": origin}, {"name": "Access-Control-Request-Method", "value": "PUT"}]);
    let mut entries = Vec::new();
    if let Some(list) = observed
        .get("paired_preflight")
        .filter(|list| list.is_array())
    {
        let mut preflight = entry(1, "OPTIONS", url, headers(Some(list)), 0, json!([]));
        preflight["response"] = Value::Null;
        entries.push(preflight);
    }
    if observed["recording_has_preflights"] == true {
        entries.push(entry(
            -900,
            "OPTIONS",
            other,
            acr("https://app.example"),
            204,
            json!([]),
        ));
    }
    if observed["same_connection_as_preflight"] == true {
        main["_connectionId"] = json!("5");
        let mut preflight = entry(
            -900,
            "OPTIONS",
            other,
            acr("https://app.example"),
            204,
            json!([]),
        );
        preflight["_connectionId"] = json!("5");
        entries.push(preflight);
    }
    if observed.get("connection_shared_with").is_some() {
        let navigation = json!([{"name": "Sec-Fetch-Mode", "value": "navigate"}, {"name": "Sec-Fetch-Dest", "value": "document"}]);
        let mut shared = entry(
            -900,
            "GET",
            "https://api.other.test/",
            navigation,
            200,
            json!([]),
        );
        shared["_connectionId"] = observed["connection"].clone();
        entries.push(shared);
    }
    if observed["jar_has_cookie_for_url"] == true {
        let set = json!([{"name": "Set-Cookie", "value": "sid=1; Path=/; Secure; SameSite=None"}]);
        let sent = json!([
            {"name": "Cookie", "value": "sid=1"},
            {"name": "Sec-Fetch-Site", "value": "cross-site"},
            {"name": "Sec-Fetch-Mode", "value": "no-cors"},
        ]);
        entries.push(entry(
            -900,
            "GET",
            "https://api.other.test/login",
            json!([]),
            200,
            set,
        ));
        entries.push(entry(
            900,
            "GET",
            "https://api.other.test/later",
            sent,
            200,
            json!([]),
        ));
    }
    if let Some(stored) = observed.get("earlier_200_headers") {
        let request = json!([{"name": "Origin", "value": "https://app.example"}, {"name": "Sec-Fetch-Mode", "value": "cors"}]);
        let mut earlier = entry(-900, "GET", url, request, 200, headers(Some(stored)));
        earlier["response"]["_error"] = Value::Null;
        earlier["response"]["content"] = json!({"size": 100, "text": "x"});
        entries.push(earlier);
    }
    entries.push(main);
    let index = entries.len() - 1;
    log.insert("entries".into(), Value::Array(entries));
    (json!({"log": log}), index)
}

fn label<T>(fact: &Fact<T>, value: impl Fn(&T) -> String) -> Value {
    fact.value
        .as_ref()
        .map_or(Value::Null, |known| Value::String(value(known)))
}

/// What we infer, under the keys that the vector expects.
fn inferred(observed: &Value, expect: &Map<String, Value>) -> Map<String, Value> {
    let (har, index) = recording(observed);
    let mut capture: Capture = read(
        &Source::bytes("vector.har", har.to_string().into_bytes()),
        &Options::default(),
    )
    .unwrap();
    if observed["source"] == "pcap" {
        capture.recorder = Recorder::Packets;
    }
    capture.exchanges[index].request.headers_complete =
        observed["headers_complete"].as_bool().unwrap_or(true);
    capture.sanitized = observed["sanitized"].as_bool().unwrap_or(false);
    let judged = corsaudit::audit::judge_capture(&capture, EngineChoice::Auto);
    let main = &capture.exchanges[index];
    let row = judged
        .iter()
        .find(|row| {
            row.fetch.hops.iter().any(|hop| {
                hop.exchange == Some(index as u32) || hop.preflight.exchange() == Some(index as u32)
            })
        })
        .expect("the vector's exchange belongs to a fetch");
    let fetch = &row.fetch;
    let preflight = match fetch.hops[0].preflight {
        PreflightLink::Recorded(preflight) if fetch.hops[0].exchange.is_some() => {
            Some(&capture.exchanges[preflight as usize])
        }
        _ => None,
    };
    let author = author_headers(main, preflight);
    let mut got = Map::new();
    for key in expect.keys() {
        let value = match key.as_str() {
            "origin" => label(&fetch.initiator_origin, |origin| origin.to_string()),
            "origin_basis" => json!(fetch.initiator_origin.basis.as_str()),
            "mode" => label(&fetch.mode, |mode| mode.to_string()),
            "mode_basis" => json!(fetch.mode.basis.as_str()),
            "credentials" => label(&fetch.credentials, |mode| match mode {
                CredentialsMode::Include => "include".to_owned(),
                _ if expect["credentials"] == "same-origin" => "same-origin".to_owned(),
                _ => "not-include".to_owned(),
            }),
            "credentials_basis" => json!(fetch.credentials.basis.as_str()),
            "verdict" => json!(row.verdict.class().as_str()),
            "code" => json!(row.verdict.code.as_str()),
            "role" => json!(if main.is_preflight() {
                "preflight"
            } else {
                "actual"
            }),
            "client" => json!(if row.verdict.code.as_str() == "non-browser-client" {
                "non-browser"
            } else {
                "browser"
            }),
            "unsafe_headers" => json!(author.unsafe_names),
            "basis" => json!(if preflight.is_some() {
                "acrh"
            } else {
                "computed"
            }),
            "needs_preflight" | "preflight_missing" => {
                json!(row.verdict.warnings.contains(Warning::PreflightNotRecorded))
            }
            "outcome_agrees" => json!(!row.verdict.warnings.contains(Warning::OutcomeConflict)),
            "hint" => {
                let hint = expect["hint"].as_str().unwrap();
                json!(
                    row.verdict
                        .warnings
                        .iter()
                        .find(|warning| warning.as_str() == hint)
                        .map(Warning::as_str)
                )
            }
            "synthetic" => json!(main.is_synthetic_redirect()),
            "policy_findings" => json!([]),
            "confidence" => json!(confidence(row, &author, expect).as_str()),
            other => panic!("unknown expectation {other}"),
        };
        got.insert(key.clone(), value);
    }
    got
}

/// How sure we are of what the vector is about: the verdict where one is expected, else the facts whose basis is.
fn confidence(
    row: &corsaudit::audit::JudgedFetch,
    author: &corsaudit::pairing::AuthorHeaders,
    expect: &Map<String, Value>,
) -> Confidence {
    let fetch = &row.fetch;
    let about = |key: &str| expect.contains_key(key);
    if about("unsafe_headers") {
        return author.confidence;
    }
    if about("verdict") {
        return row.verdict.confidence;
    }
    if about("credentials_basis") {
        return fetch.credentials.confidence;
    }
    if expect.get("code").is_some_and(|code| {
        code.as_str()
            .is_some_and(|code| code.starts_with("undetermined"))
    }) {
        return row.verdict.confidence;
    }
    if about("synthetic") {
        return Confidence::High;
    }
    let facts = [
        ("origin_basis", fetch.initiator_origin.confidence),
        ("mode_basis", fetch.mode.confidence),
    ];
    let named = facts
        .iter()
        .filter(|(key, _)| about(key))
        .map(|(_, confidence)| *confidence)
        .min();
    named.unwrap_or_else(|| fetch.initiator_origin.confidence.min(fetch.mode.confidence))
}

#[test]
fn inference_vectors() {
    let file = vectors();
    let vectors = file["inference_vectors"].as_array().unwrap();
    let mut failures = Vec::new();
    for vector in vectors {
        let expect = vector["expect"].as_object().unwrap();
        let got = inferred(&vector["observed"], expect);
        for (key, value) in expect {
            if got[key] != *value {
                failures.push(format!(
                    "{}: {key}: expected {value}, got {}",
                    vector["id"], got[key]
                ));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} vectors:\n{}",
        failures.len(),
        vectors.len(),
        failures.join("\n")
    );
}

/// A verdict of the class `undetermined` never claims more confidence than a guess.
#[test]
fn undetermined_vectors_claim_nothing() {
    for vector in vectors()["inference_vectors"].as_array().unwrap() {
        let (har, _) = recording(&vector["observed"]);
        let capture = read(
            &Source::bytes("vector.har", har.to_string().into_bytes()),
            &Options::default(),
        )
        .unwrap();
        for row in corsaudit::audit::judge_capture(&capture, EngineChoice::Auto) {
            if row.verdict.class() == Class::Undetermined {
                assert!(
                    row.verdict.confidence <= Confidence::Low,
                    "{}",
                    vector["id"]
                );
            }
        }
    }
}

/// A cookie proves that another request could have had it only if it is known when both were.
#[test]
fn a_cookie_proves_nothing_without_times() {
    let file = vectors();
    let vectors = file["inference_vectors"].as_array().unwrap();
    let about_cookies = |vector: &&Value| vector["id"] == "inf-cred-none-jar";
    let vector = vectors.iter().find(about_cookies).unwrap();
    let (har, index) = recording(&vector["observed"]);
    let basis = |untimed: Option<usize>| {
        let source = Source::bytes("vector.har", har.to_string().into_bytes());
        let mut capture = read(&source, &Options::default()).unwrap();
        if let Some(untimed) = untimed {
            capture.exchanges[untimed].started = None;
        }
        let judged = corsaudit::audit::judge_capture(&capture, EngineChoice::Auto);
        let row = judged
            .iter()
            .find(|row| row.fetch.hops[0].exchange == Some(index as u32));
        row.unwrap().fetch.credentials.basis.as_str()
    };
    assert_eq!(basis(None), "jar-cookie-not-sent");
    let entries = har["log"]["entries"].as_array().unwrap().len();
    assert_eq!(entries, 3);
    for untimed in 0..entries {
        assert_eq!(basis(Some(untimed)), "none");
    }
}
