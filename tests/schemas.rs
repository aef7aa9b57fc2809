//! SARIF and JUnit reports of real recordings, and of none, against the schemas of their formats.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod schema;

use std::path::PathBuf;

use corsaudit::audit::{self, Audit};
use corsaudit::finding::{Certainty, Severity};
use corsaudit::inputs::Inputs;
use corsaudit::options::Options;
use corsaudit::report::{Format, Style, write};
use schema::{junit_errors, sarif_errors};
use serde_json::Value;

fn report(audit: &Audit, format: Format) -> String {
    let mut out = Vec::new();
    write(audit, format, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn audit(path: &str) -> Audit {
    let options = Options {
        min_confidence: Certainty::Hint,
        ..Options::default()
    };
    audit::run(Inputs::collect(&[path]), &options)
}

/// Samples, and recordings of real sessions with hundreds of findings.
fn recordings() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("samples")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "har" || extension == "pcapng")
        })
        .collect();
    found.sort();
    assert!(found.len() >= 14);
    for name in ["mitm.mitmproxy", "h3.devtools.full", "train.firefox"] {
        found.push(format!("tests/conformance/{name}.har.gz").into());
    }
    found
}

#[test]
fn every_recording_gives_valid_reports() {
    let mut results = 0;
    for recording in recordings() {
        let audit = audit(recording.to_str().unwrap());
        let sarif = report(&audit, Format::Sarif);
        assert_eq!(sarif_errors(&sarif), [""; 0], "{}", recording.display());
        let junit = report(&audit, Format::Junit);
        assert_eq!(junit_errors(&junit), [""; 0], "{}", recording.display());
        results += audit.findings.len();
    }
    assert!(results > 50, "{results} findings prove little");
}

#[test]
fn an_empty_audit_gives_valid_reports() {
    let empty = Audit::default();
    let sarif = report(&empty, Format::Sarif);
    assert_eq!(sarif_errors(&sarif), [""; 0]);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"], Value::Array(Vec::new()));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(junit_errors(&report(&empty, Format::Junit)), [""; 0]);
}

#[test]
fn an_input_that_was_not_audited_is_told() {
    let audit = audit("tests/no-such-recording.har");
    let sarif = report(&audit, Format::Sarif);
    assert_eq!(sarif_errors(&sarif), [""; 0]);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 2);
    let said = &invocation["toolExecutionNotifications"][0];
    assert_eq!(said["level"], "error");
    assert_eq!(said["descriptor"]["id"], "input-not-audited");
    let junit = report(&audit, Format::Junit);
    assert_eq!(junit_errors(&junit), [""; 0]);
    assert!(junit.contains("errors=\"1\"") && junit.contains("<error type=\"input-not-audited\""));
}

/// What consumers ask for beyond the schema: rules found by index, scores that are numbers, tags, fingerprints, places.
#[test]
fn results_are_what_code_scanning_reads() {
    let audit = audit("samples/bank-reflect-credentials.har");
    let log: Value = serde_json::from_str(&report(&audit, Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        for text in [
            &rule["shortDescription"],
            &rule["fullDescription"],
            &rule["help"],
        ] {
            assert!(!text["text"].as_str().unwrap().trim().is_empty(), "{id}");
        }
        assert!(
            rule["fullDescription"]["text"]
                .as_str()
                .unwrap()
                .chars()
                .count()
                <= 1024,
            "{id}"
        );
        assert!(
            rule["help"]["markdown"]
                .as_str()
                .unwrap()
                .contains("## Fix"),
            "{id}"
        );
        let score: f32 = rule["properties"]["security-severity"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((0.0..=10.0).contains(&score), "{id}");
        assert!(
            rule["properties"]["tags"].as_array().unwrap().len() <= 20,
            "{id}"
        );
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), audit.findings.len());
    for (result, finding) in results.iter().zip(&audit.findings) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(
            result["partialFingerprints"]["corsauditFingerprint/v1"],
            finding.fingerprint
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            "samples/bank-reflect-credentials.har"
        );
        assert_eq!(place["region"]["startLine"], 1);
    }
    let (worst, finding) = (&results[0], &audit.findings[0]);
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(
        (&worst["level"], &worst["properties"]["security-severity"]),
        (&"error".into(), &"8.0".into())
    );
    assert_eq!(
        worst["locations"][0]["logicalLocations"][0]["fullyQualifiedName"],
        "/log/entries/2"
    );
    let index = usize::try_from(worst["ruleIndex"].as_u64().unwrap()).unwrap();
    let tags = &rules[index]["properties"]["tags"];
    for tag in ["security", "external/cwe/cwe-942"] {
        assert!(tags.as_array().unwrap().contains(&tag.into()), "{tags}");
    }
}

/// A log that is not as the schema wants it is refused: the validators look.
#[test]
fn validators_refuse_what_is_wrong() {
    let good = report(&audit("samples/hello-none.har"), Format::Sarif);
    for (from, to) in [
        ("\"version\":\"2.1.0\"", "\"version\":\"2.2.0\""),
        ("\"level\":\"warning\"", "\"level\":\"medium\""),
        ("\"startLine\":1", "\"startLine\":0"),
        ("\"ruleIndex\":", "\"ruleindex\":"),
    ] {
        assert!(good.contains(from));
        assert_ne!(sarif_errors(&good.replace(from, to)), [""; 0], "{to}");
    }
    let good = report(&audit("samples/hello-none.har"), Format::Junit);
    for (from, to) in [
        ("<testcase name=", "<testcase label="),
        ("failures=", "fails="),
        ("classname", "class"),
    ] {
        assert!(good.contains(from));
        assert_ne!(junit_errors(&good.replace(from, to)), [""; 0], "{to}");
    }
}
