//! What the readers make of recordings: every shape that exporters are known to write, and real files.

use std::io::Write;
use std::path::Path;

use corsaudit::cors::Origin;
use corsaudit::error::ErrorKind;
use corsaudit::exchange::{
    Capture, Client, Exchange, Initiator, Locus, Method, Outcome, Recorder, ResourceType,
};
use corsaudit::reader::{self, Options};
use corsaudit::source::Source;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(bytes: impl AsRef<[u8]>) -> Result<Capture, ErrorKind> {
    read_with(bytes, &Options::default())
}

fn read_with(bytes: impl AsRef<[u8]>, options: &Options) -> Result<Capture, ErrorKind> {
    let source = Source::bytes("test.har", bytes.as_ref());
    reader::read(&source, options).map_err(|error| error.kind)
}

/// A document of these entries.
fn log(entries: Value) -> Value {
    json!({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}})
}

/// A plain entry, with members replaced.
fn entry(members: Value) -> Value {
    let mut entry = json!({
        "startedDateTime": "2026-03-01T10:00:00.000Z", "time": 12.5,
        "request": {"method": "GET", "url": "https://api.test/x", "headers": []},
        "response": {"status": 200, "headers": []}
    });
    for (name, value) in members.as_object().expect("an object") {
        entry[name] = value.clone();
    }
    entry
}

fn one(members: Value) -> Exchange {
    let capture = read(log(json!([entry(members)])).to_string()).expect("a capture");
    assert_eq!(names(&capture), [""; 0]);
    capture.exchanges.into_iter().next().expect("an exchange")
}

fn names(capture: &Capture) -> Vec<&str> {
    capture.notices.iter().map(|notice| notice.name).collect()
}

fn lines(headers: &corsaudit::header::HeaderList) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| {
            format!(
                "{}: {}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            )
        })
        .collect()
}

fn request_lines(headers: Value) -> Vec<String> {
    let request = json!({"method": "GET", "url": "https://api.test/x", "headers": headers});
    lines(&one(json!({"request": request})).request.headers)
}

/// A summary of all that a capture holds, for comparisons.
fn summary(capture: &Capture) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {} {}",
        capture.recorder,
        capture.pages,
        capture.exchanges,
        capture.notices,
        capture.sanitized,
        capture.entries
    )
}

#[test]
fn documents() {
    const ENTRY: &str =
        r#"{"request":{"method":"GET","url":"https://a.test/"},"response":{"status":200}}"#;
    let list = |text: &str| text.replace('E', ENTRY);
    for (desc, text, exchanges, notices) in [
        ("plain", list(r#"{"log":{"entries":[E,E]}}"#), 2, &[][..]),
        (
            "byte-order mark",
            list("\u{feff}{\"log\":{\"entries\":[E]}}"),
            1,
            &[],
        ),
        (
            "leading white space",
            list(" \r\n\t{\"log\":{\"entries\":[E]}}\n"),
            1,
            &[],
        ),
        (
            "JSONP",
            list("onInput({\"log\":{\"entries\":[E]}});\n"),
            1,
            &[],
        ),
        (
            "JSONP, no semicolon",
            list("a.b$_1 ( {\"log\":{\"entries\":[E]}} )"),
            1,
            &[],
        ),
        ("no wrapper", list(r#"{"entries":[E]}"#), 1, &[]),
        (
            "version 1.1",
            list(r#"{"log":{"version":"1.1","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "version a number",
            list(r#"{"log":{"version":1.2,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "version empty",
            list(r#"{"log":{"version":"","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "creator a string",
            list(r#"{"log":{"creator":"Optic","entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "creator null",
            list(r#"{"log":{"creator":null,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "pages null",
            list(r#"{"log":{"pages":null,"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "pages odd",
            list(r#"{"log":{"pages":[1,{}],"entries":[E]}}"#),
            1,
            &[],
        ),
        (
            "unknown members",
            list(r#"{"a":[1],"log":{"_x":{"entries":[1]},"entries":[E]},"b":0}"#),
            1,
            &[],
        ),
        (
            "two lists",
            list(r#"{"log":{"entries":[E],"entries":[E]}}"#),
            2,
            &[],
        ),
        ("empty list", list(r#"{"log":{"entries":[]}}"#), 0, &[]),
        (
            "no list",
            list(r#"{"log":{"version":"1.2"}}"#),
            0,
            &["entries-missing"],
        ),
        (
            "null list",
            list(r#"{"log":{"entries":null}}"#),
            0,
            &["entries-missing"],
        ),
        ("log null", list(r#"{"log":null}"#), 0, &["entries-missing"]),
        (
            "trailing garbage",
            list(r#"{"log":{"entries":[E]}} x"#),
            1,
            &["trailing-garbage"],
        ),
        (
            "cut behind the list",
            list(r#"{"log":{"entries":[E]"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut behind an entry",
            list(r#"{"log":{"entries":[E"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut behind a comma",
            list(r#"{"log":{"entries":[E,"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut in an entry",
            list(r#"{"log":{"entries":[E,{"request":{"#),
            1,
            &["recording-truncated"],
        ),
        (
            "cut in a string",
            list(r#"{"log":{"entries":[E,{"a":"b\"#),
            1,
            &["recording-truncated"],
        ),
        (
            "comma before the bracket",
            list(r#"{"log":{"entries":[E,]}}"#),
            1,
            &[],
        ),
        (
            "comma missing",
            list(r#"{"log":{"entries":[E E]}}"#),
            2,
            &["list-damaged"],
        ),
        (
            "element null",
            list(r#"{"log":{"entries":[null,E,7,"x",[E],E]}}"#),
            2,
            &["entry-unreadable"],
        ),
        (
            "entry damaged",
            list(r#"{"log":{"entries":[E,{"a":tru},E]}}"#),
            2,
            &["entry-unreadable"],
        ),
        (
            "last entry damaged",
            list(r#"{"log":{"entries":[E,{"a" 1}]}}"#),
            1,
            &["entry-unreadable"],
        ),
        (
            "entry with a stray quote",
            list(r#"{"log":{"entries":[E,{"a":""","b":{},E,E]}}"#),
            3,
            &["entry-unreadable"],
        ),
        (
            "entry with a brace too few",
            list(r#"{"log":{"entries":[E,{"a":{,E,E]}}"#),
            3,
            &["entry-unreadable"],
        ),
        (
            "entry with a brace too many",
            list(r#"{"log":{"entries":[E},E]}}"#),
            2,
            &["list-damaged"],
        ),
        (
            "damaged behind the list",
            list(r#"{"log":{"entries":[E]],"x":1}}"#),
            1,
            &["recording-damaged"],
        ),
        (
            "escaped keys",
            list(r#"{"lo\u0067":{"entr\u0069es":[E]}}"#),
            1,
            &[],
        ),
        (
            "NUL behind",
            list("{\"log\":{\"entries\":[E]}}\0"),
            1,
            &["trailing-garbage"],
        ),
    ] {
        for window in [1, 7, 64, 8 << 20] {
            let options = Options {
                window,
                ..Options::default()
            };
            let capture =
                read_with(&text, &options).unwrap_or_else(|error| panic!("{desc}: {error}"));
            assert_eq!(
                capture.exchanges.len(),
                exchanges,
                "{desc}, window {window}"
            );
            assert_eq!(names(&capture), notices, "{desc}, window {window}");
        }
    }
}

#[test]
fn refused() {
    let refusal = |bytes: &[u8]| match read(bytes) {
        Ok(capture) => panic!("{}: {capture:?}", String::from_utf8_lossy(bytes)),
        Err(kind) => format!("{kind:?}"),
    };
    for (bytes, kind) in [
        (&b""[..], "Empty"),
        (b"plain text", "UnknownFormat"),
        (b"\x7fELF\x02", "UnknownFormat"),
        (b"<html>(", "UnknownFormat"),
        (b"{\"a\":1}", "NotAHar"),
        (b"[1,2,3]", "NotAHar"),
        (b"{\"entries\":7}", "NotAHar"),
        (b"{\n  \"log\": {\n    x", "Json { line: 3, column: 5"),
        (b"{\"log\":{\"version\"", "Json { line: 1, column: 18"),
        (b"{garbage", "Json { line: 1, column: 2"),
        (b"\xFF\xFE{\0", "Container"),
        (b"\x1f\x8b\x08broken", "Container"),
        (b"PK\x03\x04broken", "Container"),
        (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "Container"),
    ] {
        let found = refusal(bytes);
        assert!(
            found.starts_with(kind),
            "{}: {found}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn request_headers() {
    for (desc, headers, kept) in [
        (
            "pairs",
            json!([{"name": "Origin", "value": "null"}, {"name": "Accept", "value": " */* "}]),
            &["Origin: null", "Accept: */*"][..],
        ),
        (
            "object",
            json!({"Origin": "null", "Accept": ["a", "b"]}),
            &["Accept: a", "Accept: b", "Origin: null"],
        ),
        (
            "null value",
            json!([{"name": "Origin", "value": null}]),
            &["Origin: "],
        ),
        (
            "number and boolean",
            json!([{"name": "Range", "value": 1.5}, {"name": "Accept", "value": true}]),
            &["Range: 1.5", "Accept: true"],
        ),
        (
            "array value",
            json!([{"name": "Accept", "value": ["a", 1, null]}]),
            &["Accept: a", "Accept: 1", "Accept: "],
        ),
        (
            "object value",
            json!([{"name": "Accept", "value": {"a": 1}}]),
            &["Accept: "],
        ),
        ("no value", json!([{"name": "Accept"}]), &["Accept: "]),
        (
            "no name",
            json!([{"value": "x"}, 7, null, {"name": 1, "value": "x"}]),
            &[],
        ),
        (
            "line feed",
            json!([{"name": "Origin", "value": "a\nb\r\nc"}]),
            &["Origin: a", "Origin: b", "Origin: c"],
        ),
        (
            "value first",
            json!([{"value": "x", "name": "Origin"}]),
            &["Origin: x"],
        ),
        (
            "pseudo headers",
            json!([{"name": ":authority", "value": "a"}, {"name": ":path", "value": "/"}]),
            &[],
        ),
        ("null", json!(null), &[]),
        ("string", json!("Origin: x"), &[]),
        (
            "NUL",
            json!([{"name": "Origin", "value": "a\0b"}]),
            &["Origin: a\0b"],
        ),
        (
            "secrets",
            json!([{"name": "Cookie", "value": "a=secret; b=secret"}, {"name": "X-Key", "value": "secret"}]),
            &["Cookie: a; b", "X-Key: "],
        ),
    ] {
        assert_eq!(request_lines(headers), kept, "{desc}");
    }
}

#[test]
fn lone_surrogates_and_broken_utf8_are_replaced() {
    let text = log(json!([entry(json!({"request": {"method": "GET", "url": "https://a.test/", "headers": [{"name": "Origin", "value": "@"}]}}))])).to_string();
    let capture = read(text.replace('@', "x\\ud800y")).expect("a capture");
    assert_eq!(
        lines(&capture.exchanges[0].request.headers),
        ["Origin: x\u{fffd}y"]
    );
    assert_eq!(names(&capture), [""; 0]);
    let mut bytes = text.into_bytes();
    for byte in &mut bytes {
        if *byte == b'@' {
            *byte = 0xFF;
        }
    }
    let capture = read(bytes).expect("a capture");
    assert_eq!(
        lines(&capture.exchanges[0].request.headers),
        ["Origin: \u{fffd}"]
    );
    assert_eq!(names(&capture), ["invalid-utf8"]);
}

#[test]
fn statuses() {
    let outcome = |response: Value| {
        let text = log(json!([entry(json!({"response": response}))])).to_string();
        let capture = read(text).expect("a capture");
        match &capture.exchanges[0].outcome {
            Outcome::Response(response) => response.status.to_string(),
            other => format!("{other:?} {}", names(&capture).join(" "))
                .trim()
                .to_owned(),
        }
    };
    for (response, found) in [
        (json!({"status": 204}), "204"),
        (json!({"status": 204.0}), "204"),
        (json!({"status": "204"}), "204"),
        (json!({"status": 0}), "NoResponse"),
        (json!({"status": -1}), "NoResponse"),
        (json!({"status": -2}), "NoResponse"),
        (json!({"status": null}), "NotRecorded"),
        (
            json!({"status": null, "_error": "net::ERR_FAILED"}),
            "NoResponse",
        ),
        (json!({"status": [], "_error": ""}), "NotRecorded"),
        (json!({}), "NotRecorded"),
        (json!(null), "NotRecorded"),
        (json!("x"), "NotRecorded"),
        (json!({"status": 1e300}), "NotRecorded status-unreadable"),
        (json!({"status": 42}), "NotRecorded status-unreadable"),
        (json!({"status": "OK"}), "NotRecorded status-unreadable"),
    ] {
        assert_eq!(outcome(response.clone()), found, "{response}");
    }
}

#[test]
fn urls() {
    let notices = |url: Value| {
        let text = log(json!([
            entry(json!({"request": {"method": "GET", "url": url}})),
            entry(json!({}))
        ]))
        .to_string();
        let capture = read(text).expect("a capture");
        assert_eq!(capture.entries, 2);
        (capture.exchanges.len(), capture.notices)
    };
    for url in [
        "data:,x",
        "about:blank",
        "blob:https://a.test/1",
        "ws://a.test/",
        "wss://a.test/",
        "chrome-extension://abc/x",
        "https://a.test/#f",
    ] {
        assert_eq!(notices(json!(url)), (2, vec![]), "{url}");
    }
    for (url, message) in [
        (
            json!("/x"),
            "request.url: relative URL without a base; entry skipped",
        ),
        (
            json!(""),
            "request.url: relative URL without a base; entry skipped",
        ),
        (
            json!("{{host}}/x"),
            "request.url: relative URL without a base; entry skipped",
        ),
        (json!("https://"), "request.url: empty host; entry skipped"),
        (json!(7), "request.url: missing; entry skipped"),
        (json!(null), "request.url: missing; entry skipped"),
    ] {
        let (exchanges, notices) = notices(url.clone());
        assert_eq!(exchanges, 1, "{url}");
        let [notice] = &notices[..] else {
            panic!("{url}: {notices:?}")
        };
        assert_eq!(
            (notice.name, &*notice.message, notice.locus),
            ("entry-unreadable", message, Some(Locus::Entry(0))),
            "{url}"
        );
    }
}

#[test]
fn equal_reasons_are_counted() {
    let mut entries = vec![entry(json!({}))];
    entries.extend((0..5).map(|_| entry(json!({"request": null}))));
    let capture = read(log(json!(entries)).to_string()).expect("a capture");
    let [notice] = &capture.notices[..] else {
        panic!("{:?}", capture.notices)
    };
    assert_eq!((notice.count, notice.locus), (5, Some(Locus::Entry(1))));
    assert_eq!((capture.entries, capture.exchanges.len()), (6, 1));
}

#[test]
fn hints() {
    let exchange = one(json!({
        "pageref": "p", "serverIPAddress": "[2001:db8::1]", "_resourceType": "preflight", "_connectionId": "7", "connection": "443",
        "_initiator": {"type": "parser", "url": "https://page.test/a", "stack": {"deep": [[]]}}, "_fromCache": "disk",
        "response": {"status": 200, "_error": "net::ERR_FAILED", "_fetchedViaServiceWorker": true, "_serviceWorkerResponseSource": "network"}
    }));
    let hints = &exchange.hints;
    assert_eq!(hints.server_ip, "2001:db8::1".parse().ok());
    assert_eq!(hints.resource_type, Some(ResourceType::Preflight));
    assert_eq!(
        hints.initiator,
        Some(Initiator::Parser("https://page.test/a".into()))
    );
    assert_eq!(hints.error.as_deref(), Some("net::ERR_FAILED"));
    assert_eq!(hints.service_worker_source.as_deref(), Some("network"));
    assert!(hints.from_cache && hints.via_service_worker && hints.connection.is_some());
    assert_eq!(hints.page, None);
    assert_eq!(
        (exchange.started.map(|time| time.0), exchange.duration_ms),
        (Some(1_772_359_200_000_000_000), Some(12.5))
    );

    let exchange = one(json!({
        "_initiator": "https://page.test/a", "_initiator_type": "script", "_error": null, "connection": "443", "_webSocketMessages": [{}],
        "startedDateTime": "yesterday", "time": null, "_fromCache": null, "cache": null, "timings": null, "serverIPAddress": "",
        "response": {"status": 200, "_error": null, "cookies": null, "content": null, "headers": null}
    }));
    let hints = &exchange.hints;
    assert_eq!(hints.initiator, Some(Initiator::Script));
    assert_eq!(
        (
            &hints.error,
            hints.connection,
            hints.server_ip,
            hints.from_cache
        ),
        (&None, None, None, false)
    );
    assert_eq!(hints.resource_type, Some(ResourceType::WebSocket));
    assert_eq!((exchange.started, exchange.duration_ms), (None, None));

    let via_worker = one(json!({"_fetchType": "Service Worker"}));
    assert!(via_worker.hints.via_service_worker);
    assert!(one(json!({"_fetchType": "Memory Cache"})).hints.from_cache);
    assert_eq!(
        one(json!({"_initiator": {"type": "other"}}))
            .hints
            .initiator,
        Some(Initiator::Other)
    );
    assert_eq!(
        one(json!({"connection": "52814"})).hints.connection,
        Some(0)
    );
}

#[test]
fn bodies() {
    let request = |members: Value| {
        let mut request = json!({"method": "PATCH", "url": "https://api.test/x"});
        for (name, value) in members.as_object().expect("an object") {
            request[name] = value.clone();
        }
        let exchange = one(json!({"request": request}));
        assert_eq!(exchange.request.method, Method::Patch);
        (exchange.request.body_size, exchange.hints.has_request_body)
    };
    assert_eq!(request(json!({})), (None, false));
    assert_eq!(request(json!({"bodySize": -1})), (None, false));
    assert_eq!(
        request(json!({"bodySize": 0, "postData": {}})),
        (Some(0), false)
    );
    assert_eq!(request(json!({"bodySize": 12.0})), (Some(12), true));
    assert_eq!(
        request(json!({"bodySize": 1e300, "postData": null})),
        (None, false)
    );
    assert_eq!(
        request(json!({"postData": {"text": "a\nb"}})),
        (Some(3), true)
    );
    assert_eq!(
        request(json!({"postData": {"mimeType": "text/plain", "text": ""}})),
        (Some(0), false)
    );
    assert_eq!(
        request(json!({"postData": {"mimeType": "text/plain"}})),
        (None, true)
    );
    assert_eq!(
        request(json!({"postData": {"params": [{"name": "a", "value": {}}]}})),
        (None, true)
    );

    let response = |content: Value| {
        let exchange = one(json!({"response": {"status": 200, "content": content}}));
        let response = exchange.response().expect("a response");
        (response.body_size, response.body_recorded)
    };
    assert_eq!(
        response(json!({"size": 5, "text": "hello"})),
        (Some(5), true)
    );
    assert_eq!(response(json!({"size": 5})), (Some(5), false));
    assert_eq!(response(json!({"text": "h\u{e9}"})), (Some(3), true));
    assert_eq!(response(json!({"text": "", "size": -1})), (Some(0), false));
    assert_eq!(
        response(json!({"_file": "a.html", "size": null})),
        (None, true)
    );
    assert_eq!(
        response(json!({"text": "aGVsbG8h", "encoding": "base64"})),
        (Some(6), true)
    );
}

/// What an entry of `https://api.bank.test` that a page of `https://shop.test` asked for was found to hold.
fn content_of(url: &str, request: Value, response: Value) -> Vec<String> {
    let mut lines = vec![
        json!({"name": "Origin", "value": "https://shop.test"}),
        json!({"name": "Sec-Fetch-Site", "value": "cross-site"}),
        json!({"name": "Sec-Fetch-Mode", "value": "cors"}),
    ];
    lines.extend(request["headers"].as_array().cloned().unwrap_or_default());
    let mut whole = json!({"method": "POST", "url": url, "headers": lines});
    if let Some(data) = request.get("postData") {
        whole["postData"] = data.clone();
    }
    let exchange = one(json!({"request": whole, "response": response}));
    sightings(&exchange)
}

fn sightings(exchange: &Exchange) -> Vec<String> {
    let content = exchange.content.iter();
    content
        .flat_map(|content| &content.sightings)
        .map(|found| {
            format!(
                "{} {} {} {}",
                found.place, found.kind, found.pointer, found.count
            )
        })
        .collect()
}

const BANK: &str = "https://api.bank.test/x";

#[test]
fn bodies_are_looked_into() {
    let answer =
        |content: Value| content_of(BANK, json!({}), json!({"status": 200, "content": content}));
    let text = r#"{"list":[{"email":"alice@example.com"},{"email":"bob@example.com","a\"b":{"iban":"DE89370400440532013000"}}]}"#;
    let expected = [
        "response-body email /list/-/email 2",
        "response-body iban /list/-/-/iban 1",
    ];
    assert_eq!(
        answer(json!({"mimeType": "application/json", "text": text})),
        expected
    );
    assert_eq!(answer(json!({"text": text})), expected);
    let base64 = "eyJsaXN0IjpbeyJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIn1dfQ==";
    assert_eq!(
        answer(json!({"mimeType": "application/json", "text": base64, "encoding": "base64"})),
        ["response-body email /list/-/email 1"]
    );
    // Pictures are not looked into; garbage is no base64; a lone surrogate is no text.
    for content in [
        json!({"mimeType": "image/png", "text": text}),
        json!({"mimeType": "text/css; charset=utf-8", "text": text}),
        json!({"mimeType": "application/json", "text": "!!!not base64 \u{1}", "encoding": "base64"}),
        json!({"mimeType": "application/json", "text": ""}),
        json!({"mimeType": "application/json", "text": 7}),
    ] {
        assert_eq!(answer(content.clone()), [""; 0], "{content}");
    }
    let surrogate = r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://a.test/","headers":[]},
        "response":{"status":200,"content":{"text":"[\"\ud800\",\"alice@example.com\"]"}}}]}}"#;
    let capture = read(surrogate).expect("a capture");
    assert_eq!(
        sightings(&capture.exchanges[0]),
        ["response-body email /- 1"]
    );
}

#[test]
fn same_origin_bodies_are_not_looked_into() {
    let text = r#"{"email":"alice@example.com"}"#;
    for (name, value) in [
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Access-Control-Request-Method", "PUT"),
    ] {
        let exchange = one(json!({
            "request": {"method": "GET", "url": BANK, "headers": [{"name": name, "value": value}]},
            "response": {"status": 200, "headers": [{"name": "Access-Control-Allow-Origin", "value": "*"}],
                         "content": {"text": text}},
        }));
        assert_eq!(exchange.content, None, "{name}");
    }
    let off = Options {
        looks_inside: false,
        ..Options::default()
    };
    let har = log(json!([entry(
        json!({"response": {"status": 200, "content": {"text": text}}})
    )]));
    let exchange = &read_with(har.to_string(), &off)
        .expect("a capture")
        .exchanges[0];
    assert_eq!(exchange.content, None);
}

#[test]
fn requests_and_headers_are_looked_into() {
    const TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015";
    let response = json!({"status": 200, "headers": [
        {"name": "X-Auth-Token", "value": TOKEN},
        {"name": "Set-Cookie", "value": format!("sid={TOKEN}")},
        {"name": "ETag", "value": TOKEN},
    ]});
    let referer = format!("https://shop.test/reset?token={TOKEN}");
    let request = json!({
        "headers": [{"name": "Referer", "value": referer}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "to=alice%40example.com&amount=5"},
    });
    assert_eq!(
        content_of(
            &format!("{BANK}?access_token={TOKEN}"),
            request,
            response.clone()
        ),
        [
            "request-url oauth-token access_token 1",
            "referer oauth-token token 1",
            "request-body email to 1",
            "response-header oauth-token x-auth-token 1",
        ]
    );
    let listed = json!({"postData": {"mimeType": "application/x-www-form-urlencoded", "params": [
        {"name": "to", "value": "alice@example.com"}, {"name": "csrf_token", "value": TOKEN}, {"name": 7},
    ]}});
    assert_eq!(
        content_of(BANK, listed, json!({"status": 200})),
        [
            "request-body csrf-token csrf_token 1",
            "request-body email to 1"
        ]
    );
}

#[test]
fn shapes_of_bodies() {
    let shapes = |url: &str, body: Option<&str>, answer: &str| {
        let exchange = one(json!({
            "request": {"method": "POST", "url": url, "headers": [{"name": "Origin", "value": "https://shop.test"}],
                        "postData": body.map(|text| json!({"mimeType": "text/plain", "text": text}))},
            "response": {"status": 200, "content": {"text": answer}},
        }));
        let content = exchange.content.map(|content| *content).unwrap_or_default();
        (content.request, content.response)
    };
    let (request, response) = shapes(BANK, Some(r#"{"amount":5}"#), r#"{"ok":true}"#);
    assert!(request.is_json_object && !request.has_anti_forgery_field);
    assert!(response.is_json && response.reports_success && !response.reports_error);
    let (request, response) = shapes(BANK, Some("amount=5&csrf_token=x"), r#"{"error":"no"}"#);
    assert!(!request.is_json_object && request.has_anti_forgery_field);
    assert!(response.reports_error && !response.reports_success);
    let (request, _) = shapes(BANK, Some(r#"{"amount":5"#), "");
    assert!(!request.is_json_object);
    let (request, response) = shapes(
        "https://api.bank.test/x?cb=show&d=https%3A%2F%2Fx.test%2Fp&own=https://shop.test/",
        None,
        "/**/show({\"email\":\"alice@example.com\"})",
    );
    let origins: Vec<_> = request.origins.iter().map(Origin::serialised).collect();
    assert_eq!(origins, ["https://x.test"]);
    assert!(response.calls_back && !response.is_json);
    let (_, response) = shapes("https://api.bank.test/x?cb=other", None, "show({})");
    assert!(!response.calls_back);
    let policy = r#"<cross-domain-policy><allow-access-from domain="*"/></cross-domain-policy>"#;
    let (_, response) = shapes("https://api.bank.test/crossdomain.xml", None, policy);
    assert!(response.is_open_policy_file);
    let (_, response) = shapes(BANK, None, policy);
    assert!(!response.is_open_policy_file);
}

#[test]
fn equal_bodies_have_equal_digests() {
    let digest = |text: &str, site: &str| {
        let exchange = one(json!({
            "request": {"method": "GET", "url": BANK, "headers": [{"name": "Sec-Fetch-Site", "value": site}]},
            "response": {"status": 200, "content": {"mimeType": "image/png", "text": text}},
        }));
        exchange.response().expect("a response").body_digest
    };
    let first = digest("abc", "cross-site");
    assert!(first.is_some());
    assert_eq!(digest("abc", "same-site"), first);
    assert_ne!(digest("abd", "cross-site"), first);
    assert_eq!(digest("", "cross-site"), None);
    assert_eq!(digest("abc", "same-origin"), None);
}

#[test]
fn redirect_target_without_location_line() {
    let response = |headers: Value| {
        let exchange = one(
            json!({"response": {"status": 302, "redirectURL": "https://b.test/", "headers": headers}}),
        );
        lines(&exchange.response().expect("a response").headers)
    };
    assert_eq!(response(json!([])), ["location: https://b.test/"]);
    assert_eq!(
        response(json!([{"name": "Location", "value": "/y"}])),
        ["Location: /y"]
    );
}

#[test]
fn same_origin_exchanges_shrink() {
    let kept = |site: &str, origin: Option<&str>, response: Value| {
        let mut headers = vec![
            json!({"name": "Accept", "value": "*/*"}),
            json!({"name": "Sec-Fetch-Site", "value": site}),
        ];
        headers.extend(origin.map(|origin| json!({"name": "Origin", "value": origin})));
        let exchange = one(
            json!({"request": {"method": "GET", "url": "https://a.test/", "headers": headers}, "response": response}),
        );
        exchange.request.headers.contains("accept")
    };
    let plain = json!({"status": 200, "headers": [{"name": "Vary", "value": "x"}]});
    assert!(!kept("same-origin", None, plain.clone()));
    assert!(!kept("same-origin", Some("https://a.test"), plain.clone()));
    assert!(kept("same-origin", Some("null"), plain.clone()));
    assert!(kept("same-site", None, plain.clone()));
    assert!(kept("none", None, plain));
    assert!(kept(
        "same-origin",
        None,
        json!({"status": 302, "redirectURL": "/x"})
    ));
    assert!(kept("same-origin", None, json!({"status": 0})));
    assert!(kept(
        "same-origin",
        None,
        json!({"status": 200, "_fetchedViaServiceWorker": true})
    ));
    assert!(kept(
        "same-origin",
        None,
        json!({"status": 200, "headers": {"Access-Control-Allow-Origin": "*"}})
    ));
}

#[test]
fn complete_headers_and_clients() {
    let request = |name: &str, value: &str| {
        let headers = json!([{"name": name, "value": value}]);
        let exchange = one(
            json!({"request": {"method": "GET", "url": "https://a.test/", "headers": headers}}),
        );
        (exchange.request.headers_complete, exchange.hints.client)
    };
    for name in ["Host", ":authority", "Accept-Encoding", "sec-fetch-dest"] {
        assert!(request(name, "x").0, "{name}");
    }
    for name in ["sec-ch-ua", "Referer", "Origin", ":path"] {
        assert!(!request(name, "x").0, "{name}");
    }
    assert_eq!(request("user-agent", "curl/8.5.0").1, Client::NotABrowser);
    assert_eq!(request("accept", "*/*").1, Client::Unknown);
}

#[test]
fn members_in_any_order() {
    let entries = json!([
        entry(json!({"pageref": "p2", "connection": "8443"})),
        entry(json!({"pageref": "nowhere", "_connectionId": "8443"})),
        entry(json!({"pageref": "p1", "cache": {"afterRequest": {"x": 1}}})),
    ]);
    let pages =
        json!([{"id": "p1", "title": "A title"}, {"id": "p2", "title": "https://page.test/"}]);
    for creator in ["Firefox", "WebInspector", "Proxy"] {
        let before = format!(
            r#"{{"log":{{"creator":{{"name":"{creator}"}},"pages":{pages},"entries":{entries}}}}}"#
        );
        let after = format!(
            r#"{{"log":{{"entries":{entries},"pages":{pages},"creator":{{"name":"{creator}"}}}}}}"#
        );
        let capture = read(&after).expect("a capture");
        assert_eq!(
            summary(&capture),
            summary(&read(&before).expect("a capture"))
        );
        let hints = |index: usize| &capture.exchanges[index].hints;
        assert_eq!(
            (hints(0).page, hints(1).page, hints(2).page),
            (Some(1), None, Some(0))
        );
        assert_eq!(hints(0).connection.is_some(), creator == "Proxy");
        assert!(hints(1).connection.is_some());
        assert_eq!(hints(2).from_cache, creator == "Firefox");
        let urls: Vec<_> = capture
            .pages
            .iter()
            .map(|page| page.url.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(urls, [None, Some("https://page.test/".to_owned())]);
    }
}

#[test]
fn recorders() {
    for (creator, recorder) in [
        ("WebInspector", Recorder::DevTools),
        ("Chrome HAR Capturer", Recorder::DevTools),
        ("Playwright", Recorder::Playwright),
        ("Firefox", Recorder::Firefox),
        ("WebKit Web Inspector", Recorder::WebKit),
        ("mitmproxy har_dump", Recorder::Mitmproxy),
        ("Charles Proxy", Recorder::Other),
    ] {
        let capture = read(format!(
            r#"{{"log":{{"creator":{{"name":"{creator}"}},"entries":[]}}}}"#
        ))
        .expect("a capture");
        assert_eq!(capture.recorder, recorder, "{creator}");
    }
}

#[test]
fn sanitized_exports() {
    let sanitized = |entries: Value| read(log(entries).to_string()).expect("a capture").sanitized;
    let document = entry(json!({"_resourceType": "document"}));
    let cookie = entry(
        json!({"request": {"method": "GET", "url": "https://a.test/", "headers": {"Cookie": "a=b"}}}),
    );
    let listed =
        entry(json!({"request": {"method": "GET", "url": "https://a.test/", "cookies": [{}]}}));
    let set = entry(json!({"response": {"status": 200, "headers": {"Set-Cookie": "a=b"}}}));
    assert!(sanitized(json!([document])));
    assert!(!sanitized(json!([entry(json!({}))])));
    for other in [cookie, listed, set] {
        assert!(!sanitized(json!([document, other])), "{other}");
    }
}

#[test]
fn deep_nesting() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"x":{deep},"log":{{"y":{deep},"entries":[{{"z":{deep},"request":{{"url":"https://a.test/"}}}},{deep}]}}}}"#
    );
    let capture = read(text).expect("a capture");
    assert_eq!((capture.entries, capture.exchanges.len()), (2, 1));
}

#[test]
fn packed_and_cut() {
    let plain = log(json!([entry(json!({})), entry(json!({}))])).to_string();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    let expected = summary(&read(&plain).expect("a capture"));
    assert_eq!(summary(&read(gzip(&plain)).expect("a capture")), expected);
    let (first, second) = plain.split_at(plain.len() / 2);
    let members = [gzip(first), gzip(second)].concat();
    assert_eq!(summary(&read(members).expect("a capture")), expected);

    let long = log(json!(vec![entry(json!({})); 500])).to_string();
    let packed = gzip(&long);
    let cut = read(&packed[..packed.len() - 12]).expect("a capture");
    assert!(
        names(&cut).contains(&"container-damaged"),
        "{:?}",
        cut.notices
    );

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("body.html", "{}"),
        ("har.har", &plain),
        ("other.HAR", "{}"),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("memory");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    let bytes = zip.finish().expect("memory").into_inner();
    let capture = read(bytes).expect("a capture");
    assert_eq!(capture.exchanges.len(), 2);
    assert_eq!(names(&capture), ["archive-members-skipped"]);
}

#[test]
fn conformance() {
    let options = Options {
        check_har: true,
        ..Options::default()
    };
    let capture = read_with(
        log(json!([entry(json!({})), entry(json!({}))])).to_string(),
        &options,
    )
    .expect("a capture");
    let [notice] = &capture.notices[..] else {
        panic!("{:?}", capture.notices)
    };
    assert_eq!(
        (notice.name, notice.count, notice.locus),
        ("har-nonconformant", 2, Some(Locus::Entry(0)))
    );
    assert!(
        notice.message.starts_with("missing field"),
        "{}",
        notice.message
    );
}

#[test]
fn a_parsed_har_reads_as_its_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/har_files/har13-charles.har");
    let from_file = reader::read(&Source::path(&path), &Options::default()).expect("a capture");
    let har = har::from_path(&path).expect("conformant");
    let from_types = Capture::from(&har);
    let view = |capture: &Capture| {
        let urls: Vec<_> = capture
            .exchanges
            .iter()
            .map(|exchange| {
                (
                    exchange.request.url.to_string(),
                    exchange.request.headers.clone(),
                    exchange
                        .response()
                        .map(|response| (response.status, response.headers.clone())),
                )
            })
            .collect();
        format!("{urls:?} {:?} {:?}", capture.recorder, capture.pages)
    };
    assert_eq!(view(&from_file), view(&from_types));
}

/// Each real file: recorder, entries, exchanges, pages, notices.
#[test]
fn real_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/har_files");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end != "md"))
        .collect();
    paths.sort();
    let rows: Vec<String> = paths
        .iter()
        .map(|path| {
            let capture = reader::read(&Source::path(path), &Options::default()).expect("a capture");
            let responses = capture.exchanges.iter().filter(|exchange| exchange.response().is_some()).count();
            let complete = capture.exchanges.iter().filter(|exchange| exchange.request.headers_complete).count();
            let origins = capture.exchanges.iter().filter(|exchange| exchange.request.headers.contains("origin")).count();
            let preflights = capture.exchanges.iter().filter(|exchange| exchange.is_preflight()).count();
            format!(
                "{}: {:?}, {} entries, {} exchanges, {responses} responses, {complete} with complete headers, {origins} with Origin, {preflights} preflights, {} pages{}; {}",
                path.file_name().unwrap_or_default().to_string_lossy(),
                capture.recorder,
                capture.entries,
                capture.exchanges.len(),
                capture.pages.len(),
                if capture.sanitized { ", sanitized" } else { "" },
                names(&capture).join(", ")
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

/// A document with every kind of member, small enough to be cut everywhere.
fn varied() -> String {
    let entries = json!([
        entry(json!({"pageref": "p", "_initiator": {"type": "parser", "url": "https://a.test/"}})),
        entry(json!({"request": null})),
        7,
        entry(
            json!({"response": {"status": 200, "content": {"text": "\"},{\\\\\"startedDateTime\":\"", "size": 3}}})
        ),
        entry(
            json!({"request": {"method": "GET", "url": "https://b.test/\u{e9}", "headers": {"Cookie": ["a=b", "c=d"]}}})
        ),
    ]);
    format!(
        "\u{feff}cb({{\"x\":[{{}}],\"log\":{{\"entries\":{},\"pages\":[{{\"id\":\"p\"}}],\"creator\":\"Firefox\"}}}});",
        entries.to_string().replace("},{\"start", "},\n {\"start")
    )
}

#[test]
fn windows_never_show() {
    let text = varied();
    let whole = summary(&read(&text).expect("a capture"));
    for window in 1..text.len() + 1 {
        let options = Options {
            window,
            ..Options::default()
        };
        assert_eq!(
            summary(&read_with(&text, &options).expect("a capture")),
            whole,
            "window {window}"
        );
    }
}

#[test]
fn threads_never_show() {
    // Long enough to be cut into pieces, with keys and bodies that look like the start of an entry where none is.
    let mut entries = Vec::new();
    for index in 0..3000 {
        let body = "{\"startedDateTime\":".repeat(index % 40);
        entries.push(match index % 7 {
            0 => json!({"startedDateTime": 1, "request": {"method": "GET", "url": "x"}, "nested": [{"startedDateTime": 1}]}),
            1 => json!([{"startedDateTime": {"startedDateTime": index}}]),
            _ => entry(json!({"connection": index.to_string(), "response": {"status": 200, "content": {"text": body}}})),
        });
    }
    let text = log(json!(entries)).to_string();
    let with = |threads: usize, window: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            summary(
                &read_with(
                    &text,
                    &Options {
                        window,
                        ..Options::default()
                    },
                )
                .expect("a capture"),
            )
        })
    };
    let one = with(1, 8 << 20);
    for (threads, window) in [(2, 8 << 20), (7, 8 << 20), (3, 1 << 18), (4, 100_000)] {
        assert!(
            with(threads, window) == one,
            "{threads} threads, window {window}"
        );
    }
}

/// What the reader accepts of a document that `serde_json` accepts must be what `serde_json` sees.
fn agree(document: &Value) {
    let capture = read(document.to_string());
    let Some(entries) = document["log"]["entries"].as_array() else {
        return;
    };
    let capture = capture.expect("a capture");
    assert_eq!(capture.entries, entries.len() as u64);
    let expected: Vec<_> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let url = corsaudit::url::Url::parse(entry["request"]["url"].as_str()?).ok()?;
            let status = match &entry["response"]["status"] {
                Value::Number(number) => number.as_f64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            let status = status
                .filter(|status| (100.0..1000.0).contains(status))
                .map(|status| status as u16);
            Some((index, url.to_string(), status))
        })
        .collect();
    let found: Vec<_> = capture
        .exchanges
        .iter()
        .map(|exchange| {
            let Locus::Entry(index) = exchange.locus else {
                panic!("{:?}", exchange.locus)
            };
            (
                index as usize,
                exchange.request.url.to_string(),
                exchange.response().map(|response| response.status),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (100_u16..600).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("https://a.test/x")),
        Just(json!("\"},{\"\\")),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(
                "[a-z]{0,3}|request|url|headers|name|value|entries|log",
                inner,
                0..4
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json(places in prop::collection::vec((0_usize..6, "request|response|url|status|headers|pageref|cache|_initiator|x", any_json()), 0..8)) {
        let mut document = log(json!(vec![entry(json!({"_x": [{"request": {}}]})); 6]));
        for (index, name, value) in places {
            let entry = &mut document["log"]["entries"][index];
            let target = match &*name {
                "url" | "headers" => &mut entry["request"],
                "status" => &mut entry["response"],
                _ => entry,
            };
            if target.is_object() || target.is_null() {
                target[&name] = value;
            }
        }
        agree(&document);
    }
}
