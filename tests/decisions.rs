//! Decisions about findings, through the binary: `corsaudit.toml`, suppressions, the baseline.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/samples/bank-reflect-credentials.har"
);

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("corsaudit")
        .unwrap()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Exit code and the rules of the CSV report.
fn rules(output: &Output) -> (i32, Vec<String>) {
    let mut reader = csv::Reader::from_reader(&output.stdout[..]);
    let rules = reader
        .records()
        .map(|record| record.unwrap().get(1).unwrap().to_owned())
        .collect();
    (output.status.code().unwrap(), rules)
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let written = run(
        folder,
        &[SAMPLE, "--report", "csv", "--write-baseline", "known.json"],
    );
    let (code, all) = rules(&written);
    assert_eq!(code, 1);
    assert!(all.len() > 1);
    let known = run(
        folder,
        &[SAMPLE, "--report", "csv", "--baseline", "known.json"],
    );
    assert_eq!(rules(&known), (0, Vec::new()));
    // Written again, it is the same file: what is known stays known.
    let again = run(
        folder,
        &[
            SAMPLE,
            "--baseline",
            "known.json",
            "--write-baseline",
            "again.json",
        ],
    );
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(
        fs::read(folder.join("known.json")).unwrap(),
        fs::read(folder.join("again.json")).unwrap()
    );
    let text = String::from_utf8(again.stdout).unwrap();
    let count = format!("{} known or accepted", all.len());
    assert!(text.replace('\n', " ").contains(&count), "{text}");
    // One finding less in the file is one more in the report.
    let mut document: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("known.json")).unwrap()).unwrap();
    document["findings"].as_array_mut().unwrap().remove(0);
    fs::write(folder.join("less.json"), document.to_string()).unwrap();
    let less = run(
        folder,
        &[SAMPLE, "--report", "csv", "--baseline", "less.json"],
    );
    assert_eq!(rules(&less).1.len(), 1);
}

#[test]
fn the_configuration_file_is_found_above_and_named_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    fs::write(
        folder.path().join("corsaudit.toml"),
        "[[suppress]]\nrule = \"any-site-authenticated-read\"\nreason = \"a sample\"\n\
         [[suppress]]\nrule = \"null-origin-allowed\"\nreason = \"never there\"\n",
    )
    .unwrap();
    let output = run(&below, &[SAMPLE, "--report", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["suppressed"], 1);
    let notices = report["notices"].as_array().unwrap();
    assert!(
        notices
            .iter()
            .any(|notice| notice["name"] == "suppression-unused"),
        "{notices:?}"
    );

    fs::write(below.join("other.toml"), "fail-on = \"never\"\n").unwrap();
    let output = run(
        &below,
        &[SAMPLE, "--report", "csv", "--config", "other.toml"],
    );
    let (code, rules) = rules(&output);
    assert_eq!(code, 0);
    assert!(rules.contains(&"any-site-authenticated-read".to_owned()));
    // The command line has the last word.
    let output = run(
        &below,
        &[SAMPLE, "--config", "other.toml", "--fail-on", "high"],
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_used_ends_the_run_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("bad.toml"), "min-sevrity = \"low\"\n").unwrap();
    fs::write(folder.join("bad.json"), "{}").unwrap();
    for (arguments, said) in [
        (["--config", "bad.toml"], "did you mean min-severity?"),
        (["--config", "none.toml"], "none.toml"),
        (["--baseline", "bad.json"], "not a baseline"),
        (["--baseline", "none.json"], "none.json"),
    ] {
        let output = run(folder, &[&[SAMPLE], &arguments[..]].concat());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(message.contains(said), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty());
    }
}
