//! Recorded facts go before computed ones: preflights, origins and methods seen on the wire.

use corsaudit::cors::{
    Answer, AuthorHeaders, Code, CredentialsMode, EmbedderPolicy, Engine, Evaluation, Fetch, Hop,
    NoTrace, Origin, Phase, Preflight, RedirectMode, RequestMode, Warning, evaluate,
};
use corsaudit::exchange::Method;
use corsaudit::header::HeaderList;
use corsaudit::url::Url;

const APP: &str = "https://app.example";

fn origin(text: &str) -> Origin {
    Origin::parse(text.as_bytes()).expect("an origin")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn headers(lines: &[(&str, &str)]) -> HeaderList {
    HeaderList::from_lines(lines.iter().copied())
}

fn hop<'a>(url: &'a Url, status: u16, headers: &'a HeaderList) -> Hop<'a> {
    Hop {
        url,
        method: None,
        wire_origin: None,
        preflight: Preflight::NotRecorded,
        response: Some(Answer { status, headers }),
    }
}

fn judge(method: &Method, credentials: CredentialsMode, hops: &[Hop<'_>]) -> Evaluation {
    let fetch = Fetch {
        origin: &origin(APP),
        method,
        mode: RequestMode::Cors,
        credentials,
        redirect: RedirectMode::Follow,
        author_headers: AuthorHeaders::Lines(&[]),
        force_preflight: false,
        embedder_policy: EmbedderPolicy::UnsafeNone,
        local_network: None,
        hops,
    };
    evaluate(&fetch, Engine::Shipping, &mut NoTrace)
}

#[test]
fn recorded_preflights_are_judged_by_what_they_carried() {
    let target = url("https://api.other.test/data");
    let star = headers(&[("Access-Control-Allow-Origin", "*")]);
    let grant = headers(&[
        ("Access-Control-Allow-Origin", "null"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Headers", "x-a"),
    ]);
    let opaque = Origin::OPAQUE;
    let page = origin(APP);
    for (desc, origin, method, names, code) in [
        (
            "as granted",
            &opaque,
            Method::Put,
            Some(&b"x-a"[..]),
            Code::OkWildcard,
        ),
        (
            "another origin",
            &page,
            Method::Put,
            None,
            Code::PreflightAllowOriginMismatch,
        ),
        (
            "another method",
            &opaque,
            Method::Delete,
            None,
            Code::PreflightMethodNotAllowed,
        ),
        (
            "one more header",
            &opaque,
            Method::Put,
            Some(b"x-a, X-B"),
            Code::PreflightHeaderNotAllowed,
        ),
    ] {
        let mut hop = hop(&target, 200, &star);
        hop.preflight = Preflight::Recorded {
            origin: Some(origin),
            method: &method,
            headers: names,
            response: Some(Answer {
                status: 204,
                headers: &grant,
            }),
        };
        let result = judge(&Method::Get, CredentialsMode::Omit, &[hop]);
        assert_eq!(result.code, code, "{desc}");
        assert!(!result.needs_preflight, "{desc}");
        assert!(
            result.warnings.contains(Warning::PreflightSuperfluous),
            "{desc}"
        );
    }
}

#[test]
fn a_preflight_without_answer_refuses() {
    let target = url("https://api.other.test/data");
    let star = headers(&[("Access-Control-Allow-Origin", "*")]);
    let mut hop = hop(&target, 200, &star);
    hop.preflight = Preflight::Recorded {
        origin: None,
        method: &Method::Put,
        headers: None,
        response: None,
    };
    let result = judge(&Method::Put, CredentialsMode::Omit, &[hop]);
    assert_eq!(
        (result.code, result.phase),
        (Code::PreflightNetworkError, Phase::Preflight)
    );
}

#[test]
fn an_unrecorded_preflight_never_refuses() {
    let target = url("https://api.other.test/data");
    let star = headers(&[("Access-Control-Allow-Origin", "*")]);
    let result = judge(
        &Method::Put,
        CredentialsMode::Omit,
        &[hop(&target, 200, &star)],
    );
    assert_eq!(result.code, Code::OkWildcard);
    assert!(result.preflight_missing && result.warnings.contains(Warning::PreflightNotRecorded));
}

#[test]
fn the_origin_on_the_wire_decides() {
    let target = url("https://api.other.test/data");
    let named = headers(&[("Access-Control-Allow-Origin", APP)]);
    let mut hop = hop(&target, 200, &named);
    assert_eq!(
        judge(&Method::Get, CredentialsMode::Omit, &[hop]).code,
        Code::OkOriginMatch
    );
    hop.wire_origin = Some(&Origin::OPAQUE);
    let result = judge(&Method::Get, CredentialsMode::Omit, &[hop]);
    assert_eq!(result.code, Code::AllowOriginMismatch);
    assert_eq!(result.origin, Origin::OPAQUE);
}

#[test]
fn the_method_on_the_wire_decides_whether_a_preflight_is_needed() {
    let (first, next) = (
        url("https://app.example/r"),
        url("https://api.other.test/data"),
    );
    let none = headers(&[]);
    let star = headers(&[("Access-Control-Allow-Origin", "*")]);
    let mut hops = [hop(&first, 302, &none), hop(&next, 200, &star)];
    assert!(!judge(&Method::Post, CredentialsMode::Omit, &hops).needs_preflight);
    hops[1].method = Some(&Method::Put);
    assert!(judge(&Method::Post, CredentialsMode::Omit, &hops).needs_preflight);
}

#[test]
fn recordings_that_end_at_a_redirect() {
    let target = url("https://api.other.test/data");
    for (location, code) in [
        ("/next", Code::UndeterminedResponse),
        ("https://u:p@third.test/", Code::RedirectWithCredentials),
        ("mailto:a@b", Code::RedirectBadScheme),
        ("https://:x", Code::RedirectBadScheme),
    ] {
        let redirect = headers(&[("Access-Control-Allow-Origin", "*"), ("Location", location)]);
        let result = judge(
            &Method::Get,
            CredentialsMode::Omit,
            &[hop(&target, 302, &redirect)],
        );
        assert_eq!(
            (result.code, result.phase),
            (code, Phase::Redirect),
            "{location}"
        );
    }
}

#[test]
fn no_response_is_a_network_error_once_the_preflight_passed() {
    let target = url("https://api.other.test/data");
    let none = headers(&[]);
    let mut hop = hop(&target, 200, &none);
    hop.response = None;
    let result = judge(&Method::Get, CredentialsMode::Omit, &[hop]);
    assert_eq!(
        (result.code, result.phase),
        (Code::NetworkError, Phase::Actual)
    );
}
