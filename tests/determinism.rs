//! Same inputs, same bytes: whatever the number of threads and the order of the command line.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

const RECORDINGS: [&str; 4] = [
    "tests/conformance/train.firefox.har.gz",
    "tests/conformance/mitm.mitmproxy.har.gz",
    "tests/conformance/h3.devtools.full.har.gz",
    "samples/bank-reflect-credentials.har",
];

fn report(format: &str, jobs: &str, inputs: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
        .args([
            "--report",
            format,
            "--jobs",
            jobs,
            "--min-confidence",
            "hint",
        ])
        .args(inputs)
        .output()
        .unwrap();
    assert!(output.stdout.len() > 1000);
    output.stdout
}

#[test]
fn threads_and_order_change_no_byte() {
    compare(&["text", "csv", "json", "ndjson"], &RECORDINGS);
}

/// The findings of these formats are those of the others; fewer recordings show that nothing else moves.
#[test]
fn threads_and_order_change_no_byte_for_pipelines() {
    compare(&["sarif", "markdown", "junit"], &RECORDINGS[1..]);
}

fn compare(formats: &[&str], recordings: &[&str]) {
    let mut reversed = recordings.to_vec();
    reversed.reverse();
    for format in formats {
        let one = report(format, "1", recordings);
        assert!(one == report(format, "4", recordings), "{format}: threads");
        assert!(one == report(format, "3", &reversed), "{format}: order");
    }
}
