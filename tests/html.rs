//! The HTML report: what its bytes promise, and what a real browser makes of it.
//!
//! The browser's part runs where `node`, `chromium` and `tests/browser/node_modules` are there (`npm ci` in
//! `tests/browser`); elsewhere it says so on standard error and fails if `CORSAUDIT_BROWSER=required`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hostile;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use corsaudit::audit::{self, Audit};
use corsaudit::inputs::Inputs;
use corsaudit::options::Options;
use corsaudit::redact::is_hidden;
use corsaudit::report::{Format, Style, write};
use serde_json::Value;

/// Bytes of the largest page.
const LARGEST: usize = 10_000_000;

/// Ten thousand findings.
static MANY: LazyLock<String> = LazyLock::new(|| page(&hostile::audit(10_000)));

fn page(audit: &Audit) -> String {
    let mut out = Vec::new();
    write(audit, Format::Html, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn samples() -> Audit {
    let options = Options {
        all_fetches: true,
        ..Options::default()
    };
    audit::run(Inputs::collect(&[PathBuf::from("samples")]), &options)
}

/// The block of JSON, read.
fn data(page: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"data\">";
    let from = page.find(start).unwrap() + start.len();
    let block = &page[from..];
    let block = &block[..block.find("</script>").unwrap()];
    serde_json::from_str(block).unwrap()
}

#[test]
fn a_page_stands_alone() {
    let page = page(&samples());
    for loads in ["src=", "url(", "@import", "<iframe", "<base", "<object"] {
        assert!(!page.contains(loads), "{loads}");
    }
    // Addresses that are looked up only when somebody follows a link of the references.
    let links: Vec<&str> = page
        .match_indices("href=\"")
        .map(|(at, found)| &page[at + found.len()..])
        .collect();
    for link in links {
        assert!(
            link.starts_with('#') || link.starts_with("data:image/svg+xml,"),
            "{}",
            &link[..40]
        );
    }
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!page.contains("unsafe-"));
}

#[test]
fn the_block_holds_every_finding_and_request() {
    let audit = samples();
    let data = data(&page(&audit));
    let findings = data["findings"].as_array().unwrap();
    let texts = data["texts"].as_array().unwrap();
    assert_eq!(findings.len(), audit.findings.len());
    assert!(findings.len() > 10);
    for (entry, finding) in findings.iter().zip(&audit.findings) {
        assert_eq!(entry["id"], finding.fingerprint.as_str());
        let message = &texts[entry["message"].as_u64().unwrap() as usize];
        assert_eq!(*message, finding.message.as_str());
    }
    assert_eq!(data["requests"].as_array().unwrap().len(), audit.fetches());
    assert_eq!(data["detailOf"].as_object().unwrap().len(), audit.fetches());
}

#[test]
fn the_same_audit_makes_the_same_page() {
    let options = |jobs| Options {
        jobs: std::num::NonZeroUsize::new(jobs),
        ..Options::default()
    };
    let inputs = || Inputs::collect(&[PathBuf::from("samples")]);
    let pages = [1, 4].map(|jobs| page(&audit::run(inputs(), &options(jobs))));
    assert!(pages[0] == pages[1]);
}

#[test]
fn hostile_text_is_never_markup() {
    let page = page(&hostile::audit(1));
    for markup in [
        "<img",
        "<svg onload",
        "<b>bold",
        "onerror=\"",
        "<!--",
        "--><",
    ] {
        let at = page.find(markup);
        assert_eq!(
            at,
            None,
            "{markup}: {}",
            at.map_or("", |at| &page[at..at + 80])
        );
    }
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.find(|c| is_hidden(c) && c != '\n'), None);
    data(&page);
}

#[test]
fn many_findings_stay_below_the_limit_and_what_is_left_out_is_told() {
    let many = &*MANY;
    assert!(many.len() < LARGEST, "{}", many.len());
    let listed = data(many)["findings"].as_array().unwrap().len();
    assert_eq!(listed, 10_000);
    let endless = page(&hostile::audit(20_000));
    assert!(endless.len() < LARGEST, "{}", endless.len());
    let listed = data(&endless)["findings"].as_array().unwrap().len();
    assert!((10_000..20_000).contains(&listed), "{listed}");
    assert!(endless.contains(&format!(
        "{} findings have no room on this page",
        20_000 - listed
    )));
}

#[test]
fn an_empty_audit_is_honest() {
    let page = page(&Audit::default());
    assert!(page.contains("nothing was judged"));
    assert!(page.contains("No findings."));
}

#[test]
fn browser_opens_filters_and_unfolds() {
    in_browser("samples", &page(&samples()));
}

#[test]
fn browser_runs_nothing_of_a_hostile_recording() {
    in_browser("hostile", &page(&hostile::audit(3)));
}

#[test]
fn browser_stays_quick_with_ten_thousand_findings() {
    in_browser("many", &MANY);
}

#[test]
fn browser_shows_an_empty_audit() {
    in_browser("empty", &page(&Audit::default()));
}

/// Gives a page to `tests/browser/report.mjs`, where a browser is there.
fn in_browser(suite: &str, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let Some(chromium) = chromium() else {
        return without_browser("chromium is not installed");
    };
    if Command::new("node").arg("--version").output().is_err() {
        return without_browser("node is not installed");
    }
    if !folder.join("node_modules/playwright-core").is_dir() {
        return without_browser("playwright-core is not installed: run npm ci in tests/browser");
    }
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("report.html");
    std::fs::write(&file, page).unwrap();
    let output = Command::new("node")
        .arg(folder.join("report.mjs"))
        .arg(suite)
        .arg(&file)
        .arg(scratch.path().join("profile"))
        .env("CHROMIUM", chromium)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{suite}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut known = std::env::split_paths(&folders).flat_map(|folder| {
        ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
    });
    named.or_else(|| known.find(|path| path.is_file()))
}

/// A test that did not run is told where the harness shows it, and is a failure where the browser is demanded.
fn without_browser(why: &str) {
    assert!(
        std::env::var_os("CORSAUDIT_BROWSER").is_none_or(|value| value != "required"),
        "{why}"
    );
    // Not through `eprintln!`, whose lines a passing test keeps to itself.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED, {why}: the HTML report was not opened in a browser"
    );
}
