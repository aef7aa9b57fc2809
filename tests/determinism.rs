//! Same inputs, same bytes: whatever the number of threads and the order of the command line.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

const RECORDINGS: [&str; 4] = [
    "tests/conformance/mitm.mitmproxy.har.gz",
    "tests/conformance/h3.devtools.full.har.gz",
    "tests/conformance/train.firefox.har.gz",
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
    let mut reversed = RECORDINGS;
    reversed.reverse();
    for format in ["text", "csv", "json", "ndjson"] {
        let one = report(format, "1", &RECORDINGS);
        assert!(one == report(format, "4", &RECORDINGS), "{format}: threads");
        assert!(one == report(format, "3", &reversed), "{format}: order");
    }
}
