//! Same inputs, same bytes: whatever the number of threads and the order of the command line.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod packets;

use std::io::Write as _;
use std::process::{Command, Stdio};

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

/// A capture is read by as many threads as there are, whether it can be read twice or not.
#[test]
fn threads_change_no_byte_of_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let many = folder.path().join("many.pcap");
    let bytes = packets::capture(60, 28);
    // More than one thread keeps to itself.
    assert!(bytes.len() > 3 << 19);
    std::fs::write(&many, &bytes).unwrap();
    let captures = [
        many.to_str().unwrap(),
        "tests/captures/h2-tls13-dsb-acao-star/input.pcapng",
    ];
    for format in ["csv", "json"] {
        let one = report(format, "1", &captures);
        for jobs in ["2", "8"] {
            assert!(one == report(format, jobs, &captures), "{format} {jobs}");
        }
    }
    let mut secrets_inside = std::fs::read(captures[1]).unwrap();
    // As a section behind the first, so that secrets come in the middle.
    secrets_inside.extend(secrets_inside.clone());
    for input in [&bytes, &secrets_inside] {
        let one = piped("1", input);
        assert!(one == piped("2", input) && one == piped("8", input));
    }
}

/// The report about a recording that comes through a pipe.
fn piped(jobs: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
        .args(["-", "--report", "ndjson", "--all-fetches", "--jobs", jobs])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.len() > 1000);
    output.stdout
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
