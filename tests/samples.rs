//! Each sample recording gives the report that stands beside it, and README quotes what the program prints.
//!
//! `CORSAUDIT_ACCEPT=1 cargo test --test samples` writes both anew: read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn report(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_corsaudit"))
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn accepts() -> bool {
    std::env::var_os("CORSAUDIT_ACCEPT").is_some()
}

fn samples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("samples")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "har" || extension == "pcapng")
        })
        .collect();
    found.sort();
    found
}

#[test]
fn samples_give_their_reports() {
    let samples = samples();
    assert!(samples.len() >= 14);
    let mut differing = Vec::new();
    for sample in samples {
        let text = report(&[sample.to_str().unwrap()]);
        let expected = sample.with_added_extension("txt");
        if accepts() {
            std::fs::write(&expected, &text).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            differing.push(expected);
        }
    }
    assert!(differing.is_empty(), "{differing:?}");
}

/// The stories' verdicts and findings, as `samples/README.md` tells them.
#[test]
fn stories_deserve_their_findings() {
    let stories = [
        ("hello-exact", "allowed", "info", ""),
        ("hello-none", "blocked", "medium", "missing-allow-origin"),
        ("hello-star", "allowed", "", ""),
        (
            "hello-yoursite",
            "blocked",
            "medium",
            "placeholder-origin-configured",
        ),
        (
            "bank-own-origin",
            "blocked",
            "medium",
            "allow-origin-mismatch",
        ),
        (
            "bank-put-reflect",
            "allowed",
            "high",
            "any-site-authenticated-read",
        ),
        (
            "bank-reflect-credentials",
            "allowed",
            "high",
            "any-site-authenticated-read",
        ),
        (
            "bank-reflect-novary",
            "allowed",
            "high",
            "any-site-authenticated-read",
        ),
        ("bank-safe", "blocked", "info", "missing-allow-origin"),
        (
            "bank-star-credentials",
            "blocked",
            "medium",
            "wildcard-with-credentials",
        ),
        ("bank-star-omit", "allowed", "info", ""),
        (
            "bank-transfer-json",
            "blocked",
            "info",
            "preflight-missing-allow-origin",
        ),
        (
            "bank-transfer-simple",
            "blocked",
            "medium",
            "blocked-but-processed",
        ),
    ];
    // Two independent ways to the same answer: the browser's export, and the packets.
    let ways = ["har", "pcapng"];
    let in_both = stories
        .into_iter()
        .flat_map(|story| ways.map(|way| (way, story)));
    // A sandboxed frame's request is in no HAR that DevTools or Playwright write.
    let sandboxed = (
        "pcapng",
        (
            "bank-null-sandbox",
            "allowed",
            "critical",
            "null-origin-allowed",
        ),
    );
    for (way, (story, verdict, worst, rule)) in in_both.chain([sandboxed]) {
        let path = format!("samples/{story}.{way}");
        let rows: Vec<serde_json::Value> = report(&[&path, "--report", "ndjson"])
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let of = |kind: &str| {
            rows.iter()
                .filter(move |row| row["type"] == kind)
                .collect::<Vec<_>>()
        };
        // Nothing in these packets tells the credentials mode, and the answers depend on it; DevTools tells the outcome.
        let untold =
            way == "pcapng" && ["bank-star-omit", "hello-exact", "hello-star"].contains(&story);
        let verdict = if untold { "undetermined" } else { verdict };
        assert_eq!(of("fetch")[0]["verdict"], verdict, "{story} as {way}");
        let order = ["", "info", "low", "medium", "high", "critical"];
        let findings = of("finding");
        let severest = findings
            .iter()
            .map(|finding| {
                order
                    .iter()
                    .position(|name| finding["severity"] == *name)
                    .unwrap()
            })
            .max()
            .unwrap_or(0);
        assert_eq!(order[severest], worst, "{story}");
        assert!(
            rule.is_empty() || findings.iter().any(|finding| finding["rule"] == rule),
            "{story}: {rule}"
        );
    }
}

/// `<!-- sample: corsaudit ARGUMENTS -->`, then a code block, then `<!-- /sample -->`.
#[test]
fn readme_quotes_real_output() {
    let path = Path::new("README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let mut out = String::new();
    let mut rest = readme.as_str();
    let mut blocks = 0;
    while let Some(start) = rest.find("<!-- sample: corsaudit ") {
        let (before, block) = rest.split_at(start);
        let (head, tail) = block.split_once("-->\n").unwrap();
        let end = tail.find("<!-- /sample -->").unwrap();
        let arguments: Vec<&str> = head["<!-- sample: corsaudit ".len()..]
            .split_whitespace()
            .collect();
        out.push_str(before);
        out.push_str(head);
        out.push_str("-->\n\n```text\n");
        out.push_str(&report(&arguments));
        out.push_str("```\n\n");
        rest = &tail[end..];
        blocks += 1;
    }
    out.push_str(rest);
    assert!(blocks > 0);
    if accepts() {
        std::fs::write(path, &out).unwrap();
    }
    assert!(
        out == std::fs::read_to_string(path).unwrap(),
        "README quotes another output than the program prints"
    );
}
