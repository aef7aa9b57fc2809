//! Runs the binary: exit codes, standard output, standard error.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[]}}"#;

fn corsaudit() -> Command {
    let mut command = Command::cargo_bin("corsaudit").unwrap();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    corsaudit()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A folder with one empty recording, one empty file and one file that is none.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("all")).unwrap();
    fs::write(folder.path().join("all/a.har"), HAR).unwrap();
    fs::write(folder.path().join("all/empty.har"), "").unwrap();
    fs::write(folder.path().join("all/readme.txt"), "no recording").unwrap();
    folder
}

#[test]
fn wrong_command_lines_exit_with_2() {
    let folder = folder();
    for (arguments, said) in [
        (&[][..], "pass -"),
        (&["missing.har"], "missing.har"),
        (&["all/empty.har"], "all/empty.har: the input is empty"),
        (&["all/readme.txt"], "neither a HAR nor a packet capture"),
        (&["--report", "xml", "all/a.har"], "use text, csv, json"),
        (&["--report", "serif", "all/a.har"], "did you mean sarif?"),
        (&["explian"], "did you mean the command explain?"),
        (&["man", "wy"], "did you mean why?"),
        (&["--fail-on", "worst", "all/a.har"], "critical or never"),
        (
            &["--only", "null-origin-alowed", "all/a.har"],
            "did you mean null-origin-allowed?",
        ),
        (&["--jobs", "0", "all/a.har"], "--jobs"),
        (&["--no-such-option"], "--no-such-option"),
        (
            &["explain", "no-such-thing-anywhere"],
            "no rule, verdict code or browser error",
        ),
        (
            &["explain", "missing-alow-origin"],
            "did you mean missing-allow-origin?",
        ),
    ] {
        let output = run(arguments, folder.path());
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(said),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_broken_input_does_not_stop_the_others() {
    let folder = folder();
    let output = run(
        &["all/a.har", "all/empty.har", "--report", "ndjson"],
        folder.path(),
    );
    assert_eq!(code(&output), 2);
    assert!(stdout(&output).contains(r#""name":"input-not-audited""#));
    assert!(stdout(&output).contains(r#""inputs":1"#));
    assert_eq!(
        stderr(&output),
        "corsaudit: all/empty.har: the input is empty\n"
    );
}

#[test]
fn a_folder_tells_what_it_left_out() {
    let folder = folder();
    let output = run(&["all", "--report", "ndjson"], folder.path());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains(r#""name":"not-a-recording""#));
    assert!(
        stdout(&output).contains(r#""source":{"file":"all"},"count":2"#),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_file_given_twice_is_audited_once() {
    let folder = folder();
    let once = run(&["all/a.har", "--report", "json"], folder.path());
    let twice = run(
        &["all/a.har", "./all/a.har", "all/a.har", "--report", "json"],
        folder.path(),
    );
    assert_eq!(code(&twice), 0);
    assert!(stdout(&twice).contains(r#""inputs":1"#));
    assert_eq!(stdout(&once).len(), stdout(&twice).len());
}

#[test]
fn standard_input_is_a_dash() {
    let folder = folder();
    let input = fs::File::open(folder.path().join("all/a.har")).unwrap();
    let output = corsaudit().arg("-").stdin(input).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("1 input, "));
}

/// The key logs of a pcapng file (blocks of type 10) behind its packets, as a recorder writes what it learns late.
fn with_late_secrets(capture: &[u8]) -> Vec<u8> {
    let (mut others, mut secrets) = (Vec::new(), Vec::new());
    let mut rest = capture;
    while let Some(len) = rest.get(4..8) {
        let len = u32::from_le_bytes(len.try_into().unwrap()) as usize;
        let (block, next) = rest.split_at(len);
        let is_secret = block.starts_with(&10_u32.to_le_bytes());
        if is_secret { &mut secrets } else { &mut others }.extend_from_slice(block);
        rest = next;
    }
    assert!(!secrets.is_empty());
    others.extend(secrets);
    others
}

#[test]
fn a_pipe_may_hold_its_key_log_behind_its_packets() {
    let sample = fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/bank-reflect-credentials.pcapng"
    ))
    .unwrap();
    let folder = folder();
    let capture = folder.path().join("late.pcapng");
    fs::write(&capture, with_late_secrets(&sample)).unwrap();
    let from_file = run(&["late.pcapng", "--report", "csv"], folder.path());
    assert_eq!(code(&from_file), 1);
    let input = fs::File::open(&capture).unwrap();
    let output = corsaudit()
        .args(["-", "--report", "csv"])
        .stdin(input)
        .output()
        .unwrap();
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert_eq!(
        stdout(&output),
        // Quoted, for a spreadsheet would take the name for a formula.
        stdout(&from_file).replace("late.pcapng", "'-")
    );
}

#[test]
fn a_report_file_appears_whole() {
    let folder = folder();
    let target = folder.path().join("out.csv");
    fs::write(&target, "older").unwrap();
    let output = run(
        &["all/a.har", "--report", "csv", "-o", "out.csv"],
        folder.path(),
    );
    assert_eq!((code(&output), stdout(&output)), (0, ""));
    assert!(
        fs::read_to_string(&target)
            .unwrap()
            .starts_with("fingerprint,rule,")
    );
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["all", "out.csv"], "no temporary file stays");

    let output = run(
        &["all/a.har", "-o", "no/such/folder/out.txt"],
        folder.path(),
    );
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no/such/folder/out.txt"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = folder();
    let mut child = corsaudit()
        .args(["rules", "--report", "json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn colours_only_on_request() {
    let folder = folder();
    let plain = run(&["explain", "missing-allow-origin"], folder.path());
    assert!(!stdout(&plain).contains('\u{1b}'));
    let always = run(
        &["explain", "missing-allow-origin", "--color", "always"],
        folder.path(),
    );
    assert!(stdout(&always).contains('\u{1b}'));
    let output = corsaudit()
        .args(["explain", "missing-allow-origin"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!stdout(&output).contains('\u{1b}'));
}

#[test]
fn explain_knows_rules_codes_and_browser_errors() {
    let folder = folder();
    for (name, said) in [
        ("null-origin-allowed", "Why it matters"),
        ("missing-allow-origin", "MissingAllowOriginHeader"),
        ("MissingAllowOriginHeader", "missing-allow-origin"),
        ("kMissingAllowOriginHeader", "missing-allow-origin"),
        ("CORSMissingAllowOrigin", "preflight-missing-allow-origin"),
        ("CORSMissingAllowOrigin2", "missing-allow-origin"),
        ("undetermined-credentials", "sensitive data"),
        ("ok-wildcard", "allowed"),
    ] {
        let output = run(&["explain", name], folder.path());
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert!(
            stdout(&output).contains(said),
            "{name}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn rules_are_listed() {
    let folder = folder();
    let text = run(&["rules"], folder.path());
    assert!(
        stdout(&text)
            .lines()
            .any(|line| line.starts_with("null-origin-allowed"))
    );
    let json = run(&["rules", "--report", "json"], folder.path());
    let rules: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(rules.len(), stdout(&text).lines().count());
    assert!(
        rules
            .iter()
            .all(|rule| rule["id"].is_string() && rule["title"].is_string())
    );
}

#[test]
fn help_names_what_there_is() {
    let folder = folder();
    let help = run(&["--help"], folder.path());
    assert_eq!(code(&help), 0);
    for present in [
        "--baseline",
        "--config",
        "--evidence",
        "--fail-on",
        "Exit codes:",
        "Examples:",
        "explain",
        "rules",
        "export",
        "why",
        "sarif",
        "markdown",
        "junit",
    ] {
        assert!(stdout(&help).contains(present), "{present}");
    }
}

#[test]
fn every_command_has_help_with_examples_where_it_takes_more_than_a_name() {
    let folder = folder();
    for command in ["why", "completions", "man"] {
        let help = run(&[command, "--help"], folder.path());
        assert_eq!(code(&help), 0);
        assert!(stdout(&help).contains("Examples:"), "{command}");
    }
}

#[test]
fn completions_know_commands_options_and_formats() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell], folder.path());
        assert_eq!(code(&script), 0, "{shell}");
        for word in ["why", "fail-on", "keylog"] {
            assert!(stdout(&script).contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn manual_pages_are_roff() {
    let folder = folder();
    let page = run(&["man"], folder.path());
    assert_eq!(code(&page), 0);
    assert!(
        stdout(&page).contains(".TH corsaudit 1"),
        "{}",
        stdout(&page)
    );
    for part in [".SH OPTIONS", "fail\\-on", "Exit codes:", "corsaudit\\-why"] {
        assert!(stdout(&page).contains(part), "{part}");
    }
    let page = run(&["man", "why"], folder.path());
    assert!(
        stdout(&page).contains(".TH corsaudit-why 1"),
        "{}",
        stdout(&page)
    );
    assert!(stdout(&page).contains("entry"));
}

/// Cross-origin fetches in number, so that writing their rows takes a while.
fn long_recording(entries: usize) -> String {
    let entry = |index: usize| {
        format!(
            r#"{{"startedDateTime":"2026-11-22T10:00:00Z","time":1,"request":{{"method":"GET","url":"https://api.test/{index}","headers":[{{"name":"Origin","value":"https://app.test"}},{{"name":"Sec-Fetch-Mode","value":"cors"}}]}},"response":{{"status":200,"headers":[]}}}}"#
        )
    };
    let entries: Vec<String> = (0..entries).map(entry).collect();
    HAR.replace(
        "\"entries\":[]",
        &format!("\"entries\":[{}]", entries.join(",")),
    )
}

/// A signal that ends the program leaves the older report and nothing beside it.
#[cfg(unix)]
#[test]
fn an_interrupted_report_leaves_nothing_behind() {
    use std::os::unix::process::ExitStatusExt;

    // What the test itself was told to ignore (SIGINT behind a shell's `&`), the program ignores, too.
    let ignored = fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("SigIgn:"))?;
            u64::from_str_radix(line["SigIgn:".len()..].trim(), 16).ok()
        })
        .unwrap_or(0);
    for (name, number) in [("-INT", 2), ("-TERM", 15)] {
        if ignored & (1 << (number - 1)) != 0 {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        // Long enough to be still writing when the signal comes.
        fs::write(folder.path().join("long.har"), long_recording(60_000)).unwrap();
        fs::write(folder.path().join("out.ndjson"), "older").unwrap();
        let mut child = corsaudit()
            .args(["long.har", "--report", "ndjson", "-o", "out.ndjson"])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let names = || {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let is_writing = || names().iter().any(|name| name.starts_with(".corsaudit-"));
        let mut waited = 0;
        while !is_writing() {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it wrote");
            assert!(waited < 60_000, "it never began to write");
            std::thread::sleep(std::time::Duration::from_millis(2));
            waited += 2;
        }
        let killed = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{status}");
        assert_eq!(names(), ["long.har", "out.ndjson"]);
        assert_eq!(
            fs::read_to_string(folder.path().join("out.ndjson")).unwrap(),
            "older"
        );
    }
}

#[test]
fn no_progress_where_no_terminal_watches() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.har"), long_recording(40_000)).unwrap();
    let output = run(
        &["long.har", "--report", "csv", "--fail-on", "never"],
        folder.path(),
    );
    assert_eq!((code(&output), stderr(&output)), (0, ""));
}
