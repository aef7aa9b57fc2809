//! Recorders, and real files of theirs.

use std::path::Path;

use corsaudit::exchange::{Capture, Recorder};
use corsaudit::reader;
use corsaudit::reader::Options;
use corsaudit::source::Source;
use serde_json::{Value, json};

use crate::{entry, log, names, read};

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
