//! A secret planted in every place of a recording stands in no report.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

use serde_json::{Value, json};

const SECRET: &str = "s3cr3tV4lu3Zq9xK7mB2pL";

fn entry(origin: &str, allow_origin: &str, status: u16) -> Value {
    let jwt = format!("eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}");
    json!({
        "startedDateTime": "2026-11-22T10:00:00Z", "time": 5, "pageref": "page_1", "_resourceType": "fetch",
        "_initiator": {"type": "script", "url": format!("https://app.example/a.js?token={SECRET}")},
        "request": {
            "method": "POST",
            "url": format!("https://{SECRET}:{SECRET}@api.bank.example/reset/{jwt}?access_token={SECRET}&q=1#{SECRET}"),
            "headers": [
                {"name": "Origin", "value": origin},
                {"name": "Sec-Fetch-Mode", "value": "cors"},
                {"name": "Sec-Fetch-Site", "value": "cross-site"},
                {"name": "Cookie", "value": format!("sid={SECRET}; theme=dark")},
                {"name": "Authorization", "value": format!("Bearer {SECRET}")},
                {"name": "X-Api-Key", "value": SECRET},
                {"name": "Referer", "value": format!("https://app.example/?session={SECRET}")},
            ],
            "cookies": [{"name": "sid", "value": SECRET}],
            "postData": {"mimeType": "text/plain", "text": format!("{{\"password\":\"{SECRET}\"}}")},
        },
        "response": {
            "status": status,
            "headers": [
                {"name": "Access-Control-Allow-Origin", "value": allow_origin},
                {"name": "Access-Control-Allow-Credentials", "value": "true"},
                {"name": "Set-Cookie", "value": format!("sid={SECRET}; SameSite=None; Secure")},
                {"name": "X-Auth-Token", "value": SECRET},
                {"name": "Location", "value": format!("https://idp.example/cb?code={SECRET}")},
                {"name": "Content-Type", "value": "application/json"},
            ],
            "cookies": [{"name": "sid", "value": SECRET}],
            "content": {"size": 80, "mimeType": "application/json", "text": format!("{{\"token\":\"{SECRET}\"}}")},
            "redirectURL": format!("https://idp.example/cb?code={SECRET}"),
        },
    })
}

#[test]
fn planted_secrets_stand_in_no_report() {
    let har = json!({"log": {
        "creator": {"name": "Firefox"},
        "pages": [{"id": "page_1", "title": format!("https://app.example/?token={SECRET}")}],
        "entries": [
            entry("https://app.example", "https://app.example", 200),
            entry("https://other.example", "https://app.example", 403),
            entry("null", "null", 302),
            entry("https://app.example", &format!("https://{SECRET}@app.example"), 200),
            json!({"request": {"url": format!("/relative?token={SECRET}")}, "response": null}),
            json!({"request": {"url": SECRET}, "response": {"status": 0, "_error": format!("failed: token={SECRET}")}}),
        ],
    }});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("planted.har");
    std::fs::write(&path, har.to_string()).unwrap();
    for entry in 0..6 {
        let output = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
            .args(["why", "--entry", &entry.to_string()])
            .arg(&path)
            .output()
            .unwrap();
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(SECRET), "why --entry {entry}: {text}");
        }
        assert!(output.stdout.len() + output.stderr.len() > 50);
    }
    for format in [
        "text", "csv", "json", "ndjson", "sarif", "html", "markdown", "junit",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
            .args([
                "--report",
                format,
                "--all-fetches",
                "--check-har",
                "--min-confidence",
                "hint",
            ])
            .arg(&path)
            .output()
            .unwrap();
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            let at = text.find(SECRET);
            assert!(
                at.is_none(),
                "{format}: {}",
                &text[at.unwrap().saturating_sub(200)..at.unwrap() + 30]
            );
        }
        assert!(output.stdout.len() > 200, "{format}");
    }
}
