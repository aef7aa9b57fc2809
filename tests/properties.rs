//! Properties that hold for every input: parsers against naive references, and the procedure on arbitrary exchanges.

use corsaudit::cors::header::{TokenList, is_token};
use corsaudit::cors::{
    Answer, AuthorHeaders, Clauses, CredentialsMode, EmbedderPolicy, Engine, Fetch, Hop, NoTrace,
    Origin, Preflight, RedirectMode, RequestMode, evaluate, is_safelisted,
};
use corsaudit::exchange::Method;
use corsaudit::header::HeaderList;
use corsaudit::url::Url;
use proptest::prelude::*;

const ENGINES: [Engine; 5] = [
    Engine::Shipping,
    Engine::Standard,
    Engine::Chromium,
    Engine::Firefox,
    Engine::WebKit,
];

/// Text near the URLs of recordings: schemes, hosts, ports and paths in and out of their plain form.
fn url_text() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec![
        "http://", "https://", "HTTPS://", "http:/", "ftp://", "wss://",
    ]);
    let host = prop::sample::select(vec![
        "app.example",
        "localhost",
        "App.Example",
        "127.0.0.1",
        "a.0x10",
        "a.09",
        "[::1]",
        "xn--bcher-kva.example",
        "a_b.example",
        "-a.example",
        "a..b",
        "a.",
        "u:p@a.b",
        "",
    ]);
    let port = prop::sample::select(vec![
        "", ":80", ":443", ":8080", ":08080", ":65535", ":65536", ":", ":59999",
    ]);
    let rest =
        "([/.%?#&=a-zA-Z0-9~ '\"{}|^`\\\\<>@:;,!$*()+_\\[\\]\t-]|%2[eE]|/\\.\\.|/\\./){0,16}";
    (scheme, host, port, rest)
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}{host}{port}{rest}"))
}

fn header_lines() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop::sample::select(vec![
        "Access-Control-Allow-Origin",
        "access-control-allow-credentials",
        "Access-Control-Allow-Methods",
        "ACCESS-CONTROL-ALLOW-HEADERS",
        "Access-Control-Max-Age",
        "Cross-Origin-Resource-Policy",
        "Location",
        "Content-Type",
        "Range",
        "Accept",
        "Authorization",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "*",
            "null",
            "true",
            "https://app.example",
            "PUT, x",
            "*, authorization",
            "same-site",
            "/next",
            "https://u:p@third.test/",
            "data:,x",
            "",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..24),
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..6)
}

proptest! {
    #[test]
    fn origins_that_parse_serialise_to_themselves(text in "(null|[a-zA-Z+.-]{0,8}(://|:)?[a-zA-Z0-9.:@/\\[\\]_ -]{0,20})") {
        if let Some(origin) = Origin::parse(text.as_bytes()) {
            prop_assert_eq!(origin.serialised(), &text);
            prop_assert_eq!(Origin::parse(origin.serialised().as_bytes()), Some(origin));
        }
    }

    #[test]
    fn origins_of_arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(origin) = Origin::parse(&bytes) {
            prop_assert_eq!(origin.serialised().as_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn origins_of_urls_parse(text in url_text()) {
        if let Ok(url) = Url::parse(&text) {
            let serialised = url.origin().serialised().as_bytes();
            prop_assert_eq!(Origin::parse(serialised), Some(url.origin().clone()));
        }
    }

    #[test]
    fn urls_parse_as_the_url_crate_parses(text in prop_oneof![url_text(), "[ -~]{0,40}", "https?://[!-~]{0,30}"]) {
        let ours = Url::parse(&text);
        let mut theirs = url::Url::parse(&text);
        if let Ok(url) = &mut theirs {
            url.set_fragment(None);
        }
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(ours.as_str(), theirs.as_str());
                prop_assert_eq!(ours.origin(), &Origin::of(&theirs));
                prop_assert_eq!(
                    ours.has_userinfo(),
                    !theirs.username().is_empty() || theirs.password().is_some()
                );
            }
            (ours, theirs) => prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text),
        }
    }

    #[test]
    fn getting_a_header_joins_its_lines(lines in header_lines()) {
        let list = HeaderList::from_lines(lines.iter().map(|(n, v)| (n.as_str(), v.as_slice())));
        prop_assert_eq!(list.iter().count(), lines.len());
        for (name, _) in &lines {
            let joined = list.lines(name).collect::<Vec<_>>().join(&b", "[..]);
            let got = list.get(name).map(|value| value.into_owned());
            prop_assert_eq!(got, Some(joined));
            prop_assert_eq!(list.get(&name.to_uppercase()), list.get(&name.to_lowercase()));
        }
    }

    #[test]
    fn token_lists_match_a_naive_reference(value in prop_oneof!["[ \\t,a-zA-Z*;\"-]{0,20}", "\\PC{0,10}"]) {
        let items: Vec<&str> = value
            .split(',')
            .map(|item| item.trim_matches([' ', '\t']))
            .filter(|item| !item.is_empty())
            .collect();
        let token = |item: &&str| {
            item.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
        };
        match TokenList::parse(Some(value.as_bytes())) {
            Ok(list) => {
                prop_assert!(items.iter().all(token));
                let ours: Vec<&[u8]> = list.iter().collect();
                let theirs: Vec<&[u8]> = items.iter().map(|item| item.as_bytes()).collect();
                prop_assert_eq!(ours, theirs);
            }
            Err(bad) => {
                prop_assert!(!is_token(bad));
                prop_assert_eq!(Some(bad), items.iter().find(|i| !token(i)).map(|i| i.as_bytes()));
            }
        }
    }

    /// Longer values are never safer, and no engine but Chromium safelists a name beside the five.
    #[test]
    fn safelisting_shrinks(name in "(accept|accept-language|content-type|range|dpr|x-a)", value in "[a-z0-9=/;, -]{0,20}", more in "[\"<>@]{1,3}") {
        for engine in ENGINES {
            let longer = format!("{value}{more}");
            if is_safelisted(name.as_bytes(), longer.as_bytes(), engine) {
                prop_assert!(false, "{name}: {longer} is safelisted");
            }
            let long = value.repeat(129);
            prop_assert!(value.is_empty() || long.trim().len() <= 128 || !is_safelisted(name.as_bytes(), long.as_bytes(), engine));
            if name == "x-a" || (name == "dpr" && engine != Engine::Chromium) {
                prop_assert!(!is_safelisted(name.as_bytes(), value.as_bytes(), engine));
            }
        }
    }

    #[test]
    fn every_exchange_has_a_verdict(
        answer in header_lines(),
        preflight in header_lines(),
        author in header_lines(),
        status in prop::sample::select(vec![0_u16, 200, 204, 206, 301, 302, 303, 304, 307, 404, 500, 999]),
        preflight_status in prop::sample::select(vec![0_u16, 200, 204, 301, 405]),
        method in "(GET|HEAD|POST|PUT|patch)",
        next in prop::option::of(url_text()),
        choice in 0_usize..72,
    ) {
        let origin = Origin::parse(if choice % 2 == 0 { b"https://app.example" } else { b"null" }).expect("an origin");
        let url = Url::parse("https://api.other.test/data").expect("a URL");
        let next = next.and_then(|text| Url::parse(&text).ok());
        let answer = HeaderList::from_lines(answer);
        let preflight = HeaderList::from_lines(preflight);
        let lines: Vec<(&[u8], &[u8])> = author.iter().map(|(n, v)| (n.as_bytes(), &v[..])).collect();
        let hop = |url| Hop {
            url,
            method: None,
            wire_origin: None,
            preflight: Preflight::WouldAnswer {
                response: (preflight_status != 0).then_some(Answer { status: preflight_status, headers: &preflight }),
                cached: None,
            },
            response: (status != 0).then_some(Answer { status, headers: &answer }),
        };
        let mut hops = vec![hop(&url)];
        hops.extend(next.as_ref().map(hop));
        let method = Method::from_bytes(method.as_bytes());
        let fetch = Fetch {
            origin: &origin,
            method: &method,
            mode: [RequestMode::Cors, RequestMode::NoCors, RequestMode::SameOrigin, RequestMode::Navigate][choice / 2 % 4],
            credentials: [CredentialsMode::Omit, CredentialsMode::SameOrigin, CredentialsMode::Include][choice / 8 % 3],
            redirect: [RedirectMode::Follow, RedirectMode::Error, RedirectMode::Manual][choice / 24 % 3],
            author_headers: AuthorHeaders::Lines(&lines),
            force_preflight: choice % 5 == 0,
            embedder_policy: EmbedderPolicy::UnsafeNone,
            local_network: None,
            hops: &hops,
        };
        for engine in ENGINES {
            let plain = evaluate(&fetch, engine, &mut NoTrace);
            let mut clauses = Clauses::default();
            prop_assert_eq!(&plain, &evaluate(&fetch, engine, &mut clauses));
            // What is refused is refused by a clause.
            if plain.class() == corsaudit::cors::Class::Blocked {
                prop_assert!(clauses.list.iter().any(|clause| !clause.holds));
            }
        }
    }
}
