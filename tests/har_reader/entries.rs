//! What becomes of an entry's members.

use corsaudit::exchange::{Client, Initiator, Locus, Method, Outcome, ResourceType};
use serde_json::{Value, json};

use crate::{entry, lines, log, names, one, read, request_lines, summary};

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

/// As an export of a capture writes them.
#[test]
fn urls_without_host() {
    let read_as = |url: &str, address: Option<&str>| {
        let mut members = json!({"request": {"method": "GET", "url": url}});
        members["serverIPAddress"] = address.into();
        let exchange = one(members);
        let url = exchange.request.url.to_string();
        (url, exchange.hints.names_no_host)
    };
    for (url, address, want) in [
        ("http:///a/b?c", "10.0.0.2", "http://10.0.0.2/a/b?c"),
        ("https:///", "2001:db8::7", "https://[2001:db8::7]/"),
    ] {
        assert_eq!(read_as(url, Some(address)), (want.to_owned(), true));
    }
    // What a browser makes of it, where nothing stands in for the host.
    let plain = |url: &str| (url.to_owned(), false);
    assert_eq!(read_as("http:///a.test/x", None), plain("http://a.test/x"));
    let address = Some("10.0.0.2");
    assert_eq!(
        read_as("http://a.test//x", address),
        plain("http://a.test//x")
    );
    assert_eq!(read_as("file:///x", address), plain("file:///x"));
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
