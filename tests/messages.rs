//! Error names and console sentences: recorded consoles of Chromium and Firefox, and what we say of the same exchange.
//!
//! The rows of `tests/data/console-messages.json` have the schema of the conformance vectors, and beside it the kind of
//! load and what the browsers said.

mod vector;

use corsaudit::cors::{BrowserMessage, Load, LoadKind, browser_report};
use serde_json::Value;
use vector::{Parsed, text};

#[test]
fn sentences_are_those_of_recorded_consoles() {
    let path = std::env::var("CORSAUDIT_MESSAGES").unwrap_or_else(|_| {
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/console-messages.json"
        )
        .to_owned()
    });
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rows: Value = serde_json::from_slice(&bytes).expect("JSON");
    let mut failures = Vec::new();
    let mut compared = 0;
    for row in rows["vectors"].as_array().expect("rows") {
        let parsed = Parsed::new(row);
        let report = parsed.with_fetch(true, |fetch| {
            let load = Load {
                kind: kind(text(&row["kind"])),
                http1: row["http1"] == true,
                show_url: &|url| url.to_string(),
            };
            browser_report(fetch, load)
        });
        for (engine, said) in [("chromium", &report.chromium), ("firefox", &report.firefox)] {
            let recorded = &row["console"][engine];
            if recorded.is_null() {
                continue;
            }
            compared += 1;
            let said = said.as_ref();
            let ours = (
                said.and_then(|message: &BrowserMessage| message.error.as_deref()),
                said.map(|message| message.message.as_str()),
            );
            let theirs = (recorded["error"].as_str(), recorded["message"].as_str());
            if ours != theirs {
                failures.push(format!(
                    "{} {engine}\n  recorded {theirs:?}\n  ours     {ours:?}",
                    text(&row["id"])
                ));
            }
        }
    }
    assert!(compared > 0, "nothing compared");
    assert!(
        failures.is_empty(),
        "{} of {compared} differ\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn kind(name: &str) -> LoadKind {
    match name {
        "fetch" => LoadKind::Fetch,
        "xhr" => LoadKind::Xhr,
        "css" => LoadKind::Stylesheet,
        "eventsource" => LoadKind::EventSource,
        "font" => LoadKind::Font,
        "img" => LoadKind::Image,
        "module" | "script" => LoadKind::Script,
        "preload" => LoadKind::Preload,
        "video" => LoadKind::Video,
        other => panic!("kind {other}"),
    }
}
