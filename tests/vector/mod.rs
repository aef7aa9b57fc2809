//! Reads the exchanges of the conformance vectors into what a `Fetch` borrows.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use corsaudit::cors::{
    AddressSpace, Answer, AuthorHeaders, CacheEntry, CredentialsMode, EmbedderPolicy, Engine,
    Evaluation, Fetch, Hop, LocalNetwork, NoTrace, Origin, Preflight, RedirectMode, RequestMode,
    evaluate,
};
use corsaudit::exchange::Method;
use corsaudit::header::HeaderList;
use corsaudit::url::Url;
use serde_json::Value;

/// One vector, owned: what a [`Fetch`] borrows.
pub struct Parsed {
    origin: Origin,
    method: Method,
    mode: RequestMode,
    pub credentials: CredentialsMode,
    redirect: RedirectMode,
    embedder_policy: EmbedderPolicy,
    local_network: Option<LocalNetwork>,
    force_preflight: bool,
    author: Vec<(Vec<u8>, Vec<u8>)>,
    urls: Vec<Url>,
    /// Status and headers of each hop's answer; no headers: no answer.
    pub answers: Vec<(u16, Option<HeaderList>)>,
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
    pub fn new(vector: &Value) -> Self {
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

    pub fn evaluate(&self, engine: Engine) -> Evaluation {
        let result = self.with_fetch(true, |fetch| evaluate(fetch, engine, &mut NoTrace));
        // A stale entry and no preflight in the vector: the preflight is missing, not failed.
        if result.cache_hit == Some(false) && self.preflights.last() == Some(&None) {
            return self.with_fetch(false, |fetch| evaluate(fetch, engine, &mut NoTrace));
        }
        result
    }

    pub fn acrh(&self, result: &Evaluation) -> String {
        self.with_fetch(true, |fetch| result.access_control_request_headers(fetch))
    }

    pub fn with_fetch<R>(&self, with_cache: bool, body: impl FnOnce(&Fetch<'_>) -> R) -> R {
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

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text: {value}"))
}
