//! The conformance vectors: every exchange of `tests/data/verdict-vectors.json` (or of the file named by
//! `CORSAUDIT_VECTORS`, same schema) through every engine.

use corsaudit::cors::{
    AddressSpace, Answer, AuthorHeaders, CacheEntry, CredentialsMode, EmbedderPolicy, Engine,
    Evaluation, Fetch, Hop, LocalNetwork, NoTrace, Origin, Preflight, RedirectMode, RequestMode,
    evaluate, is_readable, is_timing_allowed,
};
use corsaudit::exchange::Method;
use corsaudit::header::HeaderList;
use corsaudit::url::Url;
use serde_json::Value;

#[test]
fn vectors_standard() {
    run(Engine::Standard);
}

#[test]
fn vectors_chromium() {
    run(Engine::Chromium);
}

#[test]
fn vectors_firefox() {
    run(Engine::Firefox);
}

#[test]
fn vectors_webkit() {
    run(Engine::WebKit);
}

/// The shipping profile is the standard but for what all engines share.
#[test]
fn vectors_shipping() {
    run(Engine::Shipping);
}

fn run(engine: Engine) {
    let file = file();
    let vectors = file["vectors"].as_array().expect("vectors");
    let mut failures = Vec::new();
    let mut ran = 0;
    for vector in vectors {
        if engine != Engine::Standard && vector["standard_only"] == true {
            continue;
        }
        let Some(expected) = expectation(vector, engine) else {
            continue;
        };
        ran += 1;
        let problems = check(vector, &expected, engine);
        if !problems.is_empty() {
            failures.push(format!(
                "{}: {} ({})",
                text(&vector["id"]),
                problems.join("; "),
                text(&vector["why"])
            ));
        }
    }
    assert!(ran > 0, "no vector ran");
    assert!(
        failures.is_empty(),
        "{engine:?}: {} of {ran} vectors fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn file() -> Value {
    let path = std::env::var("CORSAUDIT_VECTORS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/verdict-vectors.json").to_owned()
    });
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&bytes).expect("JSON")
}

/// `expect`, overridden by the engine's own members. For the shipping profile: an override that all three share, or
/// nothing to compare with when they disagree.
fn expectation(vector: &Value, engine: Engine) -> Option<Value> {
    let mut expected = vector["expect"].clone();
    let browsers = &vector["browsers"];
    let own = match engine {
        Engine::Standard => &Value::Null,
        Engine::Shipping => {
            let all: Vec<_> = ["chromium", "firefox", "webkit"]
                .map(|name| &browsers[name])
                .into();
            if all.iter().all(|own| own["code"] == all[0]["code"]) {
                all[0]
            } else {
                return None;
            }
        }
        Engine::Chromium | Engine::Firefox | Engine::WebKit => &browsers[engine.as_str()],
    };
    for (key, value) in own.as_object().into_iter().flatten() {
        expected[key] = value.clone();
    }
    Some(expected)
}

fn check(vector: &Value, expected: &Value, engine: Engine) -> Vec<String> {
    let parsed = Parsed::new(vector);
    let result = parsed.evaluate(engine);
    let mut problems = Vec::new();
    let mut compare = |what: &str, got: String| {
        let want = &expected[what];
        let want = match want {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if got != want {
            problems.push(format!("{what}: expected {want:?}, got {got:?}"));
        }
    };
    compare("verdict", result.class().as_str().to_owned());
    compare("code", result.code.as_str().to_owned());
    compare("needs_preflight", result.needs_preflight.to_string());
    compare("preflight_missing", result.preflight_missing.to_string());
    compare("cache_hit", (result.cache_hit == Some(true)).to_string());
    compare("origin_header", result.origin.to_string());
    if engine == Engine::Standard || result.needs_preflight {
        compare("acrh", parsed.acrh(engine, &result));
    }
    if let Some(response) = &parsed.answers.last().expect("a hop").1 {
        compare(
            "timing_allowed",
            is_timing_allowed(response, &result.origin).to_string(),
        );
        for (key, readable) in [("readable", true), ("unreadable", false)] {
            for name in expected[key].as_array().into_iter().flatten() {
                let name = text(name);
                if is_readable(response, name.as_bytes(), parsed.credentials) != readable {
                    problems.push(format!("{name}: expected {key}"));
                }
            }
        }
    }
    if let Some(warning) = expected["warning"].as_str()
        && !result.warnings.iter().any(|w| w.as_str() == warning)
    {
        problems.push(format!("warning {warning} missing"));
    }
    problems
}

/// One vector, owned: what a [`Fetch`] borrows.
struct Parsed {
    origin: Origin,
    method: Method,
    mode: RequestMode,
    credentials: CredentialsMode,
    redirect: RedirectMode,
    embedder_policy: EmbedderPolicy,
    local_network: Option<LocalNetwork>,
    force_preflight: bool,
    author: Vec<(Vec<u8>, Vec<u8>)>,
    urls: Vec<Url>,
    /// Status and headers of each hop's answer; no headers: no answer.
    answers: Vec<(u16, Option<HeaderList>)>,
    /// The same of the preflights; `None`: not given.
    preflights: Vec<Option<(u16, Option<HeaderList>)>>,
    cache: Option<Cache>,
}

struct Cache {
    origin: Origin,
    url: Url,
    credentials: bool,
    allow_methods: Option<String>,
    allow_headers: Option<String>,
    max_age: Option<String>,
    age_seconds: u64,
}

impl Parsed {
    fn new(vector: &Value) -> Self {
        let request = &vector["request"];
        let mut urls = vec![Url::parse(text(&request["url"])).expect("a URL")];
        let mut answers = Vec::new();
        let mut preflights = Vec::new();
        for hop in vector["hops"].as_array().into_iter().flatten() {
            let response = answer(&hop["response"]);
            preflights.push(preflight(&hop["preflight"]));
            let location = response
                .1
                .as_ref()
                .and_then(|headers| headers.get("location"))
                .map(|value| String::from_utf8_lossy(&value).into_owned());
            let next = location.and_then(|l| urls.last().expect("a URL").join(&l).ok());
            answers.push(response);
            match next {
                Some(url) => urls.push(url),
                None => break,
            }
        }
        if answers.len() < urls.len() {
            answers.push(answer(&vector["response"]));
            preflights.push(preflight(&vector["preflight"]));
        }
        let lna = &request["lna"];
        Self {
            origin: Origin::parse(text(&request["origin"]).as_bytes()).expect("an origin"),
            method: method(text(&request["method"])),
            mode: RequestMode::from_name(text(&request["mode"]).as_bytes()).expect("a mode"),
            credentials: match text(&request["credentials"]) {
                "omit" => CredentialsMode::Omit,
                "same-origin" => CredentialsMode::SameOrigin,
                "include" => CredentialsMode::Include,
                other => panic!("credentials {other}"),
            },
            redirect: match request["redirect"].as_str().unwrap_or("follow") {
                "follow" => RedirectMode::Follow,
                "error" => RedirectMode::Error,
                "manual" => RedirectMode::Manual,
                other => panic!("redirect {other}"),
            },
            embedder_policy: match request["coep"].as_str().unwrap_or("unsafe-none") {
                "unsafe-none" => EmbedderPolicy::UnsafeNone,
                "require-corp" => EmbedderPolicy::RequireCorp,
                "credentialless" => EmbedderPolicy::Credentialless,
                other => panic!("coep {other}"),
            },
            local_network: lna.is_object().then(|| LocalNetwork {
                client: space(&lna["client"]),
                target: space(&lna["target"]),
                secure_context: lna["secure"].as_bool().unwrap_or(true),
                permission: lna["permission"].as_str().map(|p| p == "granted"),
            }),
            force_preflight: request["flags"]
                .as_array()
                .is_some_and(|flags| flags.iter().any(|flag| flag == "force-preflight")),
            author: lines(&request["headers"]),
            urls,
            answers,
            preflights,
            cache: cache(&vector["cache_entry"]),
        }
    }

    fn evaluate(&self, engine: Engine) -> Evaluation {
        let result = self.with_fetch(true, |fetch| evaluate(fetch, engine, &mut NoTrace));
        // A stale entry and no preflight in the vector: the preflight is missing, not failed.
        if result.cache_hit == Some(false) && self.preflights.last() == Some(&None) {
            return self.with_fetch(false, |fetch| evaluate(fetch, engine, &mut NoTrace));
        }
        result
    }

    fn acrh(&self, engine: Engine, result: &Evaluation) -> String {
        let _ = engine;
        self.with_fetch(true, |fetch| result.access_control_request_headers(fetch))
    }

    fn with_fetch<R>(&self, with_cache: bool, body: impl FnOnce(&Fetch<'_>) -> R) -> R {
        let author: Vec<(&[u8], &[u8])> = self
            .author
            .iter()
            .map(|(name, value)| (&name[..], &value[..]))
            .collect();
        let last = self.urls.len() - 1;
        let hops: Vec<Hop<'_>> = self
            .urls
            .iter()
            .enumerate()
            .map(|(index, url)| {
                let cached = self
                    .cache
                    .as_ref()
                    .filter(|_| with_cache && index == last)
                    .map(Cache::entry);
                let preflight = match (&self.preflights[index], cached) {
                    (None, None) => Preflight::NotRecorded,
                    (given, cached) => Preflight::WouldAnswer {
                        response: given.as_ref().and_then(borrow),
                        cached,
                    },
                };
                Hop {
                    url,
                    method: None,
                    wire_origin: None,
                    preflight,
                    response: borrow(&self.answers[index]),
                }
            })
            .collect();
        body(&Fetch {
            origin: &self.origin,
            method: &self.method,
            mode: self.mode,
            credentials: self.credentials,
            redirect: self.redirect,
            author_headers: AuthorHeaders::Lines(&author),
            force_preflight: self.force_preflight,
            embedder_policy: self.embedder_policy,
            local_network: self.local_network,
            hops: &hops,
        })
    }
}

impl Cache {
    fn entry(&self) -> CacheEntry<'_> {
        CacheEntry {
            origin: &self.origin,
            url: &self.url,
            credentials: self.credentials,
            allow_methods: self.allow_methods.as_deref().map(str::as_bytes),
            allow_headers: self.allow_headers.as_deref().map(str::as_bytes),
            max_age: self.max_age.as_deref().map(str::as_bytes),
            age_seconds: self.age_seconds,
        }
    }
}

fn borrow(answer: &(u16, Option<HeaderList>)) -> Option<Answer<'_>> {
    answer.1.as_ref().map(|headers| Answer {
        status: answer.0,
        headers,
    })
}

/// Status 0 is no answer.
fn answer(value: &Value) -> (u16, Option<HeaderList>) {
    let status = value["status"].as_u64().unwrap_or(0) as u16;
    let headers = HeaderList::from_lines(lines(&value["headers"]));
    (status, (status != 0).then_some(headers))
}

fn preflight(value: &Value) -> Option<(u16, Option<HeaderList>)> {
    value.is_object().then(|| answer(value))
}

fn cache(value: &Value) -> Option<Cache> {
    let optional = |key: &str| value[key].as_str().map(str::to_owned);
    value.is_object().then(|| Cache {
        origin: Origin::parse(text(&value["origin"]).as_bytes()).expect("an origin"),
        url: Url::parse(text(&value["url"])).expect("a URL"),
        credentials: value["credentials"].as_bool().expect("a flag"),
        allow_methods: optional("allow_methods"),
        allow_headers: optional("allow_headers"),
        max_age: optional("max_age"),
        age_seconds: value["age_s"].as_u64().expect("an age"),
    })
}

fn lines(value: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| (text(&line[0]).into(), text(&line[1]).into()))
        .collect()
}

/// The API upper-cases six methods and no other (Fetch Standard, "normalize").
fn method(name: &str) -> Method {
    let upper = name.to_ascii_uppercase();
    match upper.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => {
            Method::from_bytes(upper.as_bytes())
        }
        _ => Method::from_bytes(name.as_bytes()),
    }
}

fn space(value: &Value) -> AddressSpace {
    match text(value) {
        "loopback" => AddressSpace::Loopback,
        "local" => AddressSpace::Local,
        "public" => AddressSpace::Public,
        other => panic!("address space {other}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text: {value}"))
}
