use super::*;
use crate::finding::{Category, Certainty, Severity};

const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 22);

fn finding(fingerprint: &str, severity: Severity) -> Finding {
    Finding {
        fingerprint: fingerprint.to_owned(),
        rule: "reflected-origin",
        category: Category::Permissive,
        severity,
        confidence: Certainty::Likely,
        title: "",
        message: String::new(),
        reach: "",
        variant: "",
        phase: "",
        initiator_origins: Vec::new(),
        target_origin: "https://api.bank.test:8443".to_owned(),
        endpoint: "/me".to_owned(),
        methods: Vec::new(),
        status: None,
        allow_origin: None,
        allow_credentials: None,
        browser_error: None,
        count: 1,
        samples: Vec::new(),
        evidence: Vec::new(),
        sensitive_kinds: Vec::new(),
        fix: String::new(),
        references: Vec::new(),
        fetches: Vec::new(),
    }
}

/// Notice names, and the fingerprints still open.
fn parted(config: &str, findings: Vec<Finding>) -> (Vec<&'static str>, Vec<String>) {
    let mut options = Options {
        today: Some(DAY),
        ..Options::default()
    };
    Config::parse(config, "corsaudit.toml")
        .expect("a configuration")
        .apply(&mut options);
    let parted = part(findings, &options);
    (
        parted.notices.iter().map(|notice| notice.name).collect(),
        parted
            .open
            .into_iter()
            .map(|finding| finding.fingerprint)
            .collect(),
    )
}

#[test]
fn suppressions_cover_what_they_name_until_they_expire() {
    let two = || vec![finding("a", Severity::High), finding("b", Severity::Low)];
    let cases: [(&str, &[&str], &[&str]); 8] = [
        ("fingerprint = \"a\"", &[], &["b"]),
        ("rule = \"reflected-origin\"", &[], &[]),
        (
            "rule = \"reflected-origin\"\nhost = \"BANK.test\"",
            &[],
            &[],
        ),
        (
            "rule = \"reflected-origin\"\nhost = \"ank.test\"",
            &["suppression-unused"],
            &["a", "b"],
        ),
        (
            "rule = \"reflected-origin\"\nendpoint = \"/you\"",
            &["suppression-unused"],
            &["a", "b"],
        ),
        (
            "rule = \"null-origin-allowed\"",
            &["suppression-unused"],
            &["a", "b"],
        ),
        ("fingerprint = \"a\"\nexpires = 2026-11-22", &[], &["b"]),
        (
            "fingerprint = \"a\"\nexpires = 2026-11-21",
            &["suppression-expired"],
            &["a", "b"],
        ),
    ];
    for (selector, notices, open) in cases {
        let config = format!("[[suppress]]\nreason = \"why\"\n{selector}\n");
        let (got, left) = parted(&config, two());
        assert_eq!(
            (got.as_slice(), left.len()),
            (notices, open.len()),
            "{selector}"
        );
        assert_eq!(left, open, "{selector}");
    }
}

#[test]
fn a_baseline_knows_what_did_not_get_worse() {
    let mut text = Vec::new();
    Baseline::write(&[finding("a", Severity::Medium)], &mut text).expect("memory");
    let baseline = Baseline::read(&text[..]).expect("just written");
    assert!(baseline.knows(&finding("a", Severity::Medium)));
    assert!(baseline.knows(&finding("a", Severity::Low)));
    assert!(!baseline.knows(&finding("a", Severity::High)));
    assert!(!baseline.knows(&finding("b", Severity::Info)));
}

#[test]
fn what_is_no_baseline_is_refused() {
    for text in [
        "",
        "[]",
        "{\"format\":\"other\",\"version\":1}",
        "{\"format\":\"corsaudit-baseline\",\"version\":2}",
        "{\"format\":\"corsaudit-baseline\",\"version\":1,\"findings\":[{\"fingerprint\":\"a\",\"severity\":\"bad\"}]}",
    ] {
        let error = Baseline::read(text.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{text}");
    }
}

#[test]
fn mistakes_in_a_configuration_are_told_with_the_nearest_name() {
    for (text, told) in [
        ("min-sevrity = \"low\"", "did you mean min-severity?"),
        ("zebra = 1", "the keys here are engine"),
        ("min-severity = \"loud\"", "use info, low, medium"),
        ("engine = \"gecko\"", "use auto, chromium"),
        (
            "ignore = [\"reflected-orign\"]",
            "did you mean reflected-origin?",
        ),
        ("[rules.reflected-orign]", "did you mean reflected-origin?"),
        (
            "[rules.reflected-origin]\nenable = false",
            "did you mean enabled?",
        ),
        (
            "[rules.reflected-origin]\nseverity = \"low\"",
            "needs a reason",
        ),
        (
            "[[suppress]]\nrule = \"reflected-origin\"",
            "a reason is needed",
        ),
        ("[[suppress]]\nreason = \"x\"", "name a fingerprint"),
        (
            "[[suppress]]\nreason = \"x\"\nrule = \"reflected-origin\"\nuntil = 2027-01-01",
            "unknown key suppress 1: until",
        ),
        ("min-severity = ", "line 1"),
    ] {
        let error = Config::parse(text, "corsaudit.toml").expect_err(text);
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn a_configuration_is_applied() {
    let mut options = Options::default();
    let config = Config::parse(
        "engine = \"firefox\"\nmin-severity = \"low\"\nfail-on = \"never\"\nfirst-party = [\"a.test\"]\n\
         [rules.cors-trust-inventory]\nenabled = false\n\
         [rules.reflected-origin]\nseverity = \"info\"\nreason = \"demo\"\n",
        "corsaudit.toml",
    )
    .expect("a configuration");
    config.apply(&mut options);
    assert_eq!(options.engine, Some(crate::cors::Engine::Firefox));
    assert_eq!(options.min_severity, Severity::Low);
    assert_eq!(config.fail_on(), Some(None));
    assert_eq!(options.first_party, ["a.test"]);
    assert_eq!(options.ignore, ["cors-trust-inventory"]);
    assert_eq!(options.severities["reflected-origin"], Severity::Info);
}
