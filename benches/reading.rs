//! Bytes per second of reading a HAR in memory: where bodies prevail, where headers are all there is, and what looking into
//! bodies costs beside skipping them.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use corsaudit::reader::{self, Options};
use corsaudit::source::Source;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIZE: usize = 32 << 20;

/// What a body is made of: JSON with each quote escaped, base64, and text that looks like the structure around it.
const BODIES: [&str; 3] = [
    r#"{\"id\":1234567,\"name\":\"module checkout\",\"path\":\"C:\\\\dir\",\"tags\":[\"a\",\"b\"]},"#,
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg",
    r#"{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\"}},{\"response\":{\"status\":200}}]}}},\n\t"#,
];

/// A document as browsers write it, always the same bytes.
fn document(body_length: usize) -> String {
    let mut text = String::from(
        "{\n\"log\": {\"version\": \"1.2\", \"creator\": {\"name\": \"WebInspector\"}, \"entries\": [",
    );
    let mut index = 0;
    while text.len() < SIZE {
        if index > 0 {
            text.push(',');
        }
        entry(&mut text, index, body_length);
        index += 1;
    }
    text.push_str("\n]}}\n");
    text
}

fn entry(text: &mut String, index: usize, body_length: usize) {
    let is_cross_origin = index.is_multiple_of(3);
    let (site, host) = if is_cross_origin {
        ("cross-site", "api.bank.example")
    } else {
        ("same-origin", "shop.example")
    };
    text.push_str("\n  {\n    \"_initiator\": {\n      \"type\": \"script\",\n      \"stack\": {\n        \"callFrames\": []\n      }\n    },\n");
    text.push_str("    \"_resourceType\": \"fetch\",\n    \"cache\": {},\n    \"connection\": \"443\",\n    \"pageref\": \"page_1\",\n    \"request\": {\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "      \"method\": \"GET\",\n      \"url\": \"https://{host}/api/v1/items/{index:x}?q=1\",\n      \"httpVersion\": \"http/2.0\","
    );
    headers(
        text,
        &[
            (":authority", host),
            (":method", "GET"),
            (":scheme", "https"),
            ("accept", "*/*"),
            ("accept-encoding", "gzip, deflate, br, zstd"),
            ("accept-language", "en-GB,en;q=0.9"),
            ("cookie", "sid=0123456789abcdef0123456789abcdef; theme=dark"),
            ("origin", "https://shop.example"),
            ("referer", "https://shop.example/"),
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", site),
            (
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
            ),
        ],
    );
    text.push_str("      \"queryString\": [],\n      \"cookies\": [],\n      \"headersSize\": -1,\n      \"bodySize\": 0\n    },\n    \"response\": {\n      \"status\": 200,\n      \"statusText\": \"\",\n");
    let policy = if is_cross_origin {
        "access-control-allow-origin"
    } else {
        "x-frame-options"
    };
    headers(
        text,
        &[
            ("alt-svc", "h3=\\\":443\\\"; ma=86400"),
            ("cache-control", "max-age=0, private"),
            (
                "content-security-policy",
                "default-src 'self'; script-src 'self' https://cdn.static.net; report-uri /csp",
            ),
            ("content-type", "application/json"),
            ("date", "Sun, 01 Mar 2026 10:00:00 GMT"),
            ("etag", "W/\\\"0123456789abcdef\\\""),
            ("server", "nginx"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
            ("vary", "Accept-Encoding, Origin"),
            (policy, "https://shop.example"),
        ],
    );
    text.push_str(
        "      \"content\": {\n        \"size\": 100,\n        \"mimeType\": \"application/json\"",
    );
    if body_length > 0 {
        text.push_str(",\n        \"text\": \"");
        let part = BODIES[index % BODIES.len()];
        for _ in 0..body_length / part.len() {
            text.push_str(part);
        }
        text.push('"');
    }
    text.push_str("\n      },\n      \"redirectURL\": \"\",\n      \"_error\": null\n    },\n    \"serverIPAddress\": \"203.0.113.7\",\n");
    text.push_str("    \"startedDateTime\": \"2026-03-01T10:00:00.123Z\",\n    \"time\": 120.5,\n    \"timings\": {\n      \"send\": 0.15,\n      \"wait\": 100.25,\n      \"receive\": 20.1\n    }\n  }");
}

fn headers(text: &mut String, lines: &[(&str, &str)]) {
    text.push_str("      \"headers\": [");
    for (index, (name, value)) in lines.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}\n        {{\n          \"name\": \"{name}\",\n          \"value\": \"{value}\"\n        }}"
        );
    }
    text.push_str("\n      ],\n");
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading");
    group.sample_size(20);
    for (name, body_length) in [("bodies", 20_000), ("headers only", 0)] {
        let bytes: Arc<[u8]> = document(body_length).into_bytes().into();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let source = Source::bytes(name, bytes);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let capture = reader::read(&source, &Options::default());
                assert!(capture.is_ok_and(|capture| black_box(capture.notices).is_empty()));
            });
        });
    }
    group.finish();
}

/// Bodies of one kind each, all asked for by another origin: with a look inside and without.
fn looking(criterion: &mut Criterion) {
    // A list of people is the dearest body: an address in each line.
    const KINDS: [(&str, &str, &str); 4] = [
        (
            "people",
            "application/json",
            r#"{\"id\":1234567,\"name\":\"module checkout\",\"email\":\"u4711@example.com\",\"tags\":[\"a\",\"b\"]},"#,
        ),
        (
            "json",
            "application/json",
            r#"{\"id\":1234567,\"title\":\"module checkout\",\"price\":12.99,\"at\":1750000000000,\"tags\":[\"a\",\"b\"]},"#,
        ),
        (
            "script",
            "application/javascript",
            r#"function a4711(e,t){return\"item cart\"===e?t[12]:/\\d+\"[a-z]/.test(e)&&{k:'user'}};"#,
        ),
        (
            "markup",
            "text/html",
            r#"<div class=\"c2092\" id=\"x\">\n\t<a href=\"https://example.com/855a3f?a=1&amp;b=2\">module checkout cart</a>\r\n</div>"#,
        ),
    ];
    let mut group = criterion.benchmark_group("looking");
    group.sample_size(10);
    for (name, content_type, part) in KINDS {
        let text = list(content_type, part);
        let bytes: Arc<[u8]> = text.into_bytes().into();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let source = Source::bytes(name, bytes);
        for looks_inside in [false, true] {
            let options = Options {
                looks_inside,
                ..Options::default()
            };
            let way = if looks_inside { "inside" } else { "past" };
            group.bench_function(format!("{name} {way}"), |bencher| {
                bencher.iter(|| {
                    let capture = reader::read(&source, &options);
                    assert!(capture.is_ok_and(|capture| black_box(capture.notices).is_empty()));
                });
            });
        }
    }
    group.finish();
}

/// A document of answers of some 20 kB, each a list of one part.
fn list(content_type: &str, part: &str) -> String {
    let body = part.repeat(20_000 / part.len());
    let mut text = String::from("{\"log\":{\"version\":\"1.2\",\"entries\":[");
    while text.len() < SIZE {
        if !text.ends_with('[') {
            text.push(',');
        }
        // Writing to a string does not fail.
        let _ = write!(
            text,
            r#"{{"request":{{"method":"GET","url":"https://api.example/x?q=1","headers":[{{"name":"Origin","value":"https://shop.example"}},{{"name":"Sec-Fetch-Site","value":"cross-site"}}]}},"response":{{"status":200,"headers":[{{"name":"Content-Type","value":"{content_type}"}}],"content":{{"mimeType":"{content_type}","text":"[{body}"}}}}}}"#
        );
    }
    text.push_str("]}}");
    text
}

criterion_group!(benches, reading, looking);
criterion_main!(benches);
