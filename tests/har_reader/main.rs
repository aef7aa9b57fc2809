//! What the HAR reader makes of recordings: every shape that exporters are known to write, and real files.

mod agreement;
mod content;
mod documents;
mod entries;
mod recorders;
mod windows;

use corsaudit::error::ErrorKind;
use corsaudit::exchange::{Capture, Exchange};
use corsaudit::reader;
use corsaudit::reader::Options;
use corsaudit::source::Source;
use serde_json::{Value, json};

pub(crate) fn read(bytes: impl AsRef<[u8]>) -> Result<Capture, ErrorKind> {
    read_with(bytes, &Options::default())
}

pub(crate) fn read_with(bytes: impl AsRef<[u8]>, options: &Options) -> Result<Capture, ErrorKind> {
    let source = Source::bytes("test.har", bytes.as_ref());
    reader::read(&source, options).map_err(|error| error.kind)
}

/// A document of these entries.
pub(crate) fn log(entries: Value) -> Value {
    json!({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}})
}

/// A plain entry, with members replaced.
pub(crate) fn entry(members: Value) -> Value {
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

pub(crate) fn one(members: Value) -> Exchange {
    let capture = read(log(json!([entry(members)])).to_string()).expect("a capture");
    assert_eq!(names(&capture), [""; 0]);
    capture.exchanges.into_iter().next().expect("an exchange")
}

pub(crate) fn names(capture: &Capture) -> Vec<&str> {
    capture.notices.iter().map(|notice| notice.name).collect()
}

pub(crate) fn lines(headers: &corsaudit::header::HeaderList) -> Vec<String> {
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

pub(crate) fn request_lines(headers: Value) -> Vec<String> {
    let request = json!({"method": "GET", "url": "https://api.test/x", "headers": headers});
    lines(&one(json!({"request": request})).request.headers)
}

/// A summary of all that a capture holds, for comparisons.
pub(crate) fn summary(capture: &Capture) -> String {
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
