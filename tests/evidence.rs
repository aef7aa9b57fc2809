//! Evidence: a corpus audited in parts finds what it finds in one run, in whatever parts and order, and evidence tells no
//! secret.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

const SECRET: &str = "kT9xQ2vL7mZ4pW8sR1nB6yH3";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::cargo_bin("corsaudit")
        .unwrap()
        .args(arguments)
        .args(["--fail-on", "never", "--min-confidence", "hint"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Recordings of one server that several sites ask, and the samples: enough for rules that compare.
fn corpus(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (index, origin) in [
        "https://shop.test",
        "https://songs.example",
        "https://news.example.org",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("part{index}.har");
        let entry = |path: &str, origin_line: &str, grant: &str| {
            format!(
                r#"{{"startedDateTime":"2026-11-22T10:00:0{index}Z","time":1,"request":{{"method":"GET","url":"https://api.bank.test{path}","headers":[{origin_line}{{"name":"Sec-Fetch-Mode","value":"cors"}},{{"name":"Sec-Fetch-Site","value":"cross-site"}},{{"name":"Accept","value":"*/*"}},{{"name":"Cookie","value":"sid={SECRET}"}}]}},"response":{{"status":200,"headers":[{{"name":"Content-Type","value":"application/json"}},{{"name":"Cache-Control","value":"max-age=60"}}{grant}],"content":{{"size":700,"mimeType":"application/json","text":"{{\"balance\":1}}"}}}}}}"#
            )
        };
        let asks = format!(r#"{{"name":"Origin","value":"{origin}"}},"#);
        let granted = format!(
            r#",{{"name":"Access-Control-Allow-Origin","value":"{origin}"}},{{"name":"Access-Control-Allow-Credentials","value":"true"}}"#
        );
        let entries = [
            entry("/me", &asks, &granted),
            entry(&format!("/me?token={SECRET}"), &asks, &granted),
            entry(&format!("/s/{SECRET}{SECRET}/x"), &asks, &granted),
            entry(
                &format!("/s/{index}8f14e45fceea167a5a36dedd4bea254/x"),
                &asks,
                "",
            ),
        ];
        fs::write(
            folder.join(&name),
            format!(
                r#"{{"log":{{"version":"1.2","creator":{{"name":"t","version":"1"}},"entries":[{}]}}}}"#,
                entries.join(",")
            ),
        )
        .unwrap();
        names.push(name);
    }
    for name in [
        "bank-reflect-credentials.har",
        "bank-transfer-simple.pcapng",
        "hello-none.har",
    ] {
        let from = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("samples")
            .join(name);
        fs::copy(from, folder.join(name)).unwrap();
        names.push(name.to_owned());
    }
    names
}

#[test]
fn parts_find_what_the_whole_finds() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names = corpus(folder);
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let whole = run(
        folder,
        &[&all[..], &["--report", "csv", "--write-evidence", "whole"]].concat(),
    );
    assert!(
        String::from_utf8_lossy(&whole.stdout)
            .contains("any-site-authenticated-read,credential-risk,critical,proven"),
        "three sites were granted"
    );
    let evidence = fs::read(folder.join("whole")).unwrap();
    for (name, first, second) in [
        ("halves", &all[..3], &all[3..]),
        ("one and the rest", &all[..1], &all[1..]),
        ("backwards", &all[4..], &all[..4]),
        ("everything twice", &all[..], &all[..]),
    ] {
        run(folder, &[first, &["--write-evidence", "first"]].concat());
        let joined = run(
            folder,
            &[
                second,
                &[
                    "--report",
                    "csv",
                    "--evidence",
                    "first",
                    "--write-evidence",
                    "both",
                ],
            ]
            .concat(),
        );
        assert_eq!(
            String::from_utf8_lossy(&joined.stdout),
            String::from_utf8_lossy(&whole.stdout),
            "{name}"
        );
        assert!(fs::read(folder.join("both")).unwrap() == evidence, "{name}");
    }
    // Evidence alone, given twice, in any order, by any number of threads.
    for jobs in ["1", "8"] {
        let alone = run(
            folder,
            &[
                "--evidence",
                "first",
                "--evidence",
                "whole",
                "--evidence",
                "first",
                "--report",
                "csv",
                "--jobs",
                jobs,
            ],
        );
        assert_eq!(alone.stdout, whole.stdout, "{jobs}");
    }
}

#[test]
fn evidence_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let names = corpus(folder);
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    run(folder, &[&all[..], &["--write-evidence", "whole"]].concat());
    let text = fs::read_to_string(folder.join("whole")).unwrap();
    assert!(!text.contains(SECRET));
    assert!(!text.contains("balance\\\""), "no body");
    assert!(text.contains("api.bank.test"));
}

#[test]
fn what_is_no_evidence_is_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let head = "{\"format\":\"corsaudit-evidence\",\"version\":1}\n";
    for (text, said) in [
        (String::new(), "not evidence"),
        ("{}".to_owned(), "not evidence"),
        (head.replace('1', "9"), "write it anew"),
        (format!("{head}{{}}\n"), "line 2"),
        (
            format!("{head}{{\"capture\":{{}},\"fetches\":[{{\"fetch\":1}}]}}\n"),
            "line 2",
        ),
    ] {
        fs::write(folder.join("bad"), &text).unwrap();
        let output = Command::cargo_bin("corsaudit")
            .unwrap()
            .args(["--evidence", "bad"])
            .current_dir(folder)
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(message.contains(said), "{text}: {message}");
    }
}
