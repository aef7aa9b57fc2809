//! `corsaudit why`: the story of one fetch.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use corsaudit::audit::judge_capture;
use corsaudit::cors::Class;
use corsaudit::judge::EngineChoice;
use corsaudit::reader;
use corsaudit::report::{Style, Wanted, select, why};
use corsaudit::rules::FetchView;
use corsaudit::source::Source;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_corsaudit"))
        .arg("why")
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .unwrap()
}

/// The story, lines joined, so that where they break does not matter.
fn story(arguments: &[&str]) -> String {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_blocked_fetch_is_told_whole() {
    let output = run(&["samples/hello-yoursite.har", "--url", ":8000"]);
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

#[test]
fn repairs_are_tried_one_behind_the_other() {
    let story = story(&["samples/bank-transfer-json.har", "--url", "/transfer"]);
    let steps = [
        "1. answer the preflight (OPTIONS https://bank.test/transfer) with Access-Control-Allow-Origin: \
         https://evil-songs.test: then blocked [preflight-header-not-allowed]",
        "2. answer the preflight (OPTIONS https://bank.test/transfer) with Access-Control-Allow-Headers: \
         content-type: then the request is sent",
    ];
    for step in steps {
        assert!(story.contains(step), "{step}: {story}");
    }
    assert!(story.contains("Grant this only if"));
}

#[test]
fn what_would_change_the_verdict_is_computed() {
    for (sample, url, said) in [
        (
            "bank-reflect-credentials.har",
            "/api/balance",
            "if the answer lacked Access-Control-Allow-Credentials: blocked [allow-credentials-not-true]",
        ),
        (
            "bank-star-credentials.har",
            "/api/balance",
            "without credentials (mode omit or same-origin): allowed [ok-wildcard]",
        ),
        (
            "bank-star-omit.har",
            "/api/balance",
            "with credentials (mode include): blocked [wildcard-with-credentials]",
        ),
        (
            "hello-none.har",
            ":8000",
            "if a page of http://localhost:8000 itself had asked: not-cors [same-origin]",
        ),
        (
            "hello-exact.har",
            ":8000",
            "if https://unrelated.example had asked and got the same answers: blocked [allow-origin-mismatch]",
        ),
        (
            "hello-none.har",
            ":8000",
            "in mode no-cors: opaque [opaque-no-cors]",
        ),
    ] {
        let story = story(&[&format!("samples/{sample}"), "--url", url]);
        assert!(story.contains(said), "{sample}: {said}: {story}");
    }
}

#[test]
fn fetches_outside_cors_have_a_story_too() {
    for (arguments, said) in [
        (
            &["samples/hello-none.har", "--entry", "0"][..],
            "CORS had no say: a navigation",
        ),
        (
            &["samples/bank-reflect-credentials.har", "--entry", "1"],
            "CORS had no say",
        ),
        (
            &[
                "tests/captures/ws-upgrade-origin/input.pcap",
                "--packet",
                "5",
            ],
            "Nothing but the server's own look at Origin",
        ),
        (
            &["samples/hello-star.pcapng", "--url", ":8000"],
            "The verdict lies between allowed [ok-wildcard] and blocked [wildcard-with-credentials].",
        ),
    ] {
        let story = story(arguments);
        assert!(story.contains(said), "{arguments:?}: {story}");
    }
}

#[test]
fn the_engine_decides_by_its_own_rules() {
    let file = "samples/hello-none.har";
    for (engine, name) in [
        ("firefox", "Firefox"),
        ("webkit", "WebKit"),
        ("standard", "the standard"),
    ] {
        let story = story(&[file, "--url", ":8000", "--engine", engine]);
        assert!(
            story.contains(&format!("by the rules of {name}")),
            "{story}"
        );
    }
}

#[test]
fn what_names_no_fetch_or_several_is_refused_with_a_way_on() {
    for (arguments, said) in [
        (
            &["samples/hello-none.har", "--entry", "99"][..],
            "entries are counted from 0 to 1",
        ),
        (
            &["samples/hello-none.har", "--packet", "1"],
            "use --entry N",
        ),
        (
            &["samples/hello-none.pcapng", "--entry", "1"],
            "use --packet N",
        ),
        (
            &["samples/hello-none.har", "--url", "nowhere"],
            "no URL of 2 exchanges holds nowhere",
        ),
        (&["samples/hello-none.har"], "--entry"),
        (
            &["samples/hello-none.har", "--entry", "1", "--url", "x"],
            "--url",
        ),
        (
            &["samples/README.md", "--entry", "1"],
            "neither a HAR nor a packet capture",
        ),
    ] {
        let refusal = refusal(arguments);
        assert!(refusal.contains(said), "{arguments:?}: {refusal}");
    }
    let several = refusal(&["samples/hello-none.har", "--url", "localhost"]);
    assert!(several.contains("2 fetches match localhost"), "{several}");
    for line in [
        "--entry 0  GET http://localhost:3000/  not-cors [navigation]",
        "--entry 1  GET http://localhost:8000/api  blocked [missing-allow-origin]",
    ] {
        assert!(several.contains(line), "{several}");
    }
}

/// Every fetch of real recordings: a story without a panic, in lines that fit, whose repairs end where they say.
#[test]
fn every_fetch_has_a_story() {
    let mut told = 0;
    for name in [
        "tests/conformance/train.firefox.har.gz",
        "tests/conformance/mitm.mitmproxy.har.gz",
        "tests/conformance/lna.devtools.full.har.gz",
        "tests/har_files/playwright-redirect.har",
    ] {
        let capture =
            reader::read(&Source::path(Path::new(name)), &reader::Options::default()).unwrap();
        let fetches = judge_capture(&capture, EngineChoice::Auto);
        // A sample of the long ones.
        let step = fetches.len().div_ceil(150);
        for (index, judged) in fetches.iter().step_by(step).enumerate() {
            let width = [60, 80, 200][index % 3];
            let style = Style {
                width,
                ..Style::default()
            };
            let view = FetchView {
                capture: &capture,
                judged,
            };
            let mut out = Vec::new();
            why(view, &style, &mut out).unwrap();
            let story = String::from_utf8(out).unwrap();
            for line in story.lines() {
                assert!(line.chars().count() <= width, "{name}, {width}: {line}");
            }
            assert!(story.contains("HOW IT WAS DECIDED"), "{name}");
            assert!(story.contains(judged.verdict.code.as_str()), "{name}");
            if judged.verdict.class() == Class::Blocked {
                assert!(story.contains("WHAT TO CHANGE"), "{name}: {story}");
            }
            told += 1;
        }
    }
    assert!(told > 200, "{told}");
}

/// An entry names the fetch that it is part of, whether it is the request or its preflight.
#[test]
fn a_preflight_names_its_fetch() {
    let path = "samples/bank-transfer-json.har";
    let capture =
        reader::read(&Source::path(Path::new(path)), &reader::Options::default()).unwrap();
    let fetches = judge_capture(&capture, EngineChoice::Auto);
    let [request, preflight] =
        [2, 3].map(|entry| select(&capture, &fetches, &Wanted::Entry(entry)).unwrap() as *const _);
    assert_eq!(request, preflight);
}
