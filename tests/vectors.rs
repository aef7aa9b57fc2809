//! The conformance vectors: every exchange of `tests/data/verdict-vectors.json` (or of the file named by
//! `CORSAUDIT_VECTORS`, same schema) through every engine.

mod vector;

use corsaudit::cors::{Engine, Load, LoadKind, browser_report, is_readable, is_timing_allowed};
use serde_json::Value;
use vector::{Parsed, text};

#[test]
fn vectors_standard() {
    run(Engine::Standard);
}

#[test]
fn vectors_chromium() {
    run(Engine::Chromium);
}

#[test]
fn vectors_firefox() {
    run(Engine::Firefox);
}

#[test]
fn vectors_webkit() {
    run(Engine::WebKit);
}

/// The shipping profile is the standard but for what all engines share.
#[test]
fn vectors_shipping() {
    run(Engine::Shipping);
}

fn run(engine: Engine) {
    let file = file();
    let vectors = file["vectors"].as_array().expect("vectors");
    let mut failures = Vec::new();
    let mut ran = 0;
    for vector in vectors {
        if engine != Engine::Standard && vector["standard_only"] == true {
            continue;
        }
        let Some(expected) = expectation(vector, engine) else {
            continue;
        };
        ran += 1;
        let problems = check(vector, &expected, engine);
        if !problems.is_empty() {
            failures.push(format!(
                "{}: {} ({})",
                text(&vector["id"]),
                problems.join("; "),
                text(&vector["why"])
            ));
        }
    }
    assert!(ran > 0, "no vector ran");
    assert!(
        failures.is_empty(),
        "{engine:?}: {} of {ran} vectors fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn file() -> Value {
    let path = std::env::var("CORSAUDIT_VECTORS").unwrap_or_else(|_| {
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/verdict-vectors.json"
        )
        .to_owned()
    });
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&bytes).expect("JSON")
}

/// `expect`, overridden by the engine's own members. For the shipping profile: an override that all three share, or
/// nothing to compare with when they disagree.
fn expectation(vector: &Value, engine: Engine) -> Option<Value> {
    let mut expected = vector["expect"].clone();
    let browsers = &vector["browsers"];
    let own = match engine {
        Engine::Standard => &Value::Null,
        Engine::Shipping => {
            let all: Vec<_> = ["chromium", "firefox", "webkit"]
                .map(|name| &browsers[name])
                .into();
            if all.iter().all(|own| own["code"] == all[0]["code"]) {
                all[0]
            } else {
                return None;
            }
        }
        Engine::Chromium | Engine::Firefox | Engine::WebKit => &browsers[engine.as_str()],
    };
    for (key, value) in own.as_object().into_iter().flatten() {
        expected[key] = value.clone();
    }
    Some(expected)
}

fn check(vector: &Value, expected: &Value, engine: Engine) -> Vec<String> {
    let parsed = Parsed::new(vector);
    let result = parsed.evaluate(engine);
    let mut problems = Vec::new();
    let mut compare = |what: &str, got: String| {
        let want = &expected[what];
        let want = match want {
            Value::Null => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if got != want {
            problems.push(format!("{what}: expected {want:?}, got {got:?}"));
        }
    };
    compare("verdict", result.class().as_str().to_owned());
    compare("code", result.code.as_str().to_owned());
    compare("needs_preflight", result.needs_preflight.to_string());
    compare("preflight_missing", result.preflight_missing.to_string());
    compare("cache_hit", (result.cache_hit == Some(true)).to_string());
    compare("origin_header", result.origin.to_string());
    if engine == Engine::Standard || result.needs_preflight {
        compare("acrh", parsed.acrh(&result));
    }
    if matches!(engine, Engine::Standard | Engine::Firefox) {
        let report = parsed.with_fetch(true, |fetch| {
            let load = Load {
                kind: LoadKind::Fetch,
                http1: true,
                show_url: &|url| url.to_string(),
            };
            browser_report(fetch, load)
        });
        let name = report.firefox.and_then(|message| message.error);
        compare("firefox_name", name.unwrap_or_default().into_owned());
    }
    if let Some(response) = &parsed.answers.last().expect("a hop").1 {
        compare(
            "timing_allowed",
            is_timing_allowed(response, &result.origin).to_string(),
        );
        for (key, readable) in [("readable", true), ("unreadable", false)] {
            for name in expected[key].as_array().into_iter().flatten() {
                let name = text(name);
                if is_readable(response, name.as_bytes(), parsed.credentials) != readable {
                    problems.push(format!("{name}: expected {key}"));
                }
            }
        }
    }
    if let Some(warning) = expected["warning"].as_str()
        && !result.warnings.iter().any(|w| w.as_str() == warning)
    {
        problems.push(format!("warning {warning} missing"));
    }
    problems
}
