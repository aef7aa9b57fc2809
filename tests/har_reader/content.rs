//! What bodies, URLs and headers are found to hold.

use corsaudit::cors::Origin;
use corsaudit::exchange::Exchange;
use corsaudit::reader::Options;
use serde_json::{Value, json};

use crate::{entry, log, one, read, read_with};

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
