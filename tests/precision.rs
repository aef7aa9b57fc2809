//! What looks like trouble and is none stays silent.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

use serde_json::{Value, json};

fn rules_found(entries: &Value, confidence: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.har");
    let har = json!({"log": {"creator": {"name": "WebInspector"}, "entries": entries}});
    std::fs::write(&path, har.to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
        .args(["--report", "ndjson", "--min-confidence", confidence])
        .arg(&path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["type"] == "finding")
        .map(|row| row["rule"].as_str().unwrap().to_owned())
        .collect()
}

fn preflight(status: u16) -> Value {
    json!({
        "startedDateTime": "2026-11-22T10:00:00Z", "time": 5, "_resourceType": "preflight",
        "request": {"method": "OPTIONS", "url": "https://api.shop.example/cart", "headers": [
            {"name": "Origin", "value": "https://app.other.example"},
            {"name": "Access-Control-Request-Method", "value": "PUT"},
            {"name": "Sec-Fetch-Mode", "value": "cors"},
        ]},
        "response": {"status": status, "headers": [
            {"name": "Access-Control-Allow-Origin", "value": "*"},
            {"name": "Access-Control-Allow-Methods", "value": "PUT"},
        ], "content": {"size": 0}},
    })
}

/// A recording that ends after a good preflight is no failure; one whose preflight is refused for all is.
#[test]
fn a_preflight_alone() {
    assert!(rules_found(&json!([preflight(204)]), "likely").is_empty());
    assert_eq!(
        rules_found(&json!([preflight(204)]), "hint"),
        ["preflight-wildcard-with-credentials"]
    );
    assert_eq!(
        rules_found(&json!([preflight(404)]), "likely"),
        ["preflight-bad-status"]
    );
}
