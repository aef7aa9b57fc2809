//! One fixed audit through every format.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod schema;

use std::sync::Arc;

use corsaudit::audit::{Audit, JudgedFetch};
use corsaudit::cors::{
    Class, Code, CredentialsMode, Engine, Origin, Phase, RequestMode, Verdict, Warnings,
};
use corsaudit::error::{Error, ErrorKind};
use corsaudit::exchange::{
    Capture, Exchange, Hints, Locus, Method, Outcome, Request, Response, Time,
};
use corsaudit::exit::Exit;
use corsaudit::fact::{Basis, Confidence, Fact};
use corsaudit::finding::{Category, Certainty, Evidence, Finding, Sample, Severity};
use corsaudit::header::HeaderList;
use corsaudit::notice::Notice;
use corsaudit::pairing::{Fetch, Hop, PreflightLink};
use corsaudit::report::{Format, Style, list_text, write};
use corsaudit::url::Url;
use schema::{junit_errors, sarif_errors};
use serde_json::Value;

/// A value that no report may show.
const SECRET: &str = "hunter2-Zx81Qq";
/// A title that acts on a terminal.
const HOSTILE: &str = "\u{1b}[2J\u{202e}\u{9b}31m\r\n";

fn report(audit: &Audit, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    write(audit, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn exchange(
    entry: u32,
    method: Method,
    url: &str,
    request: &[(&str, &str)],
    answer: Option<(u16, &[(&str, &str)])>,
) -> Exchange {
    Exchange {
        locus: Locus::Entry(entry),
        started: Some(Time(
            1_795_334_400_000_000_000 + i64::from(entry) * 1_000_000,
        )),
        duration_ms: Some(12.0),
        request: Request {
            method,
            url: Url::parse(url).unwrap(),
            headers: HeaderList::from_lines(request.iter().copied()),
            headers_complete: true,
            listed_cookies: false,
            body_size: None,
        },
        outcome: answer.map_or(Outcome::NoResponse, |(status, headers)| {
            Outcome::Response(Response {
                status,
                headers: HeaderList::from_lines(headers.iter().copied()),
                body_size: None,
                body_recorded: false,
                body_digest: None,
            })
        }),
        hints: Hints {
            error: answer
                .is_none()
                .then(|| format!("net::ERR_FAILED token={SECRET}").into()),
            ..Hints::default()
        },
        content: None,
    }
}

fn verdict(code: Code) -> Verdict {
    Verdict {
        code,
        confidence: Confidence::Certain,
        phase: Phase::Actual,
        hop: 0,
        engine: Engine::Chromium,
        warnings: Warnings::default(),
    }
}

fn judged(hops: Vec<Hop>, code: Code, alternatives: &[Code]) -> JudgedFetch {
    JudgedFetch {
        capture: 0,
        fetch: Fetch {
            hops,
            initiator_origin: Fact::new(
                Origin::parse(b"https://shop.test").unwrap(),
                Confidence::Certain,
                Basis::OriginHeader,
            ),
            mode: Fact::new(RequestMode::Cors, Confidence::Certain, Basis::SecFetchMode),
            credentials: Fact::<CredentialsMode>::unknown(),
        },
        verdict: verdict(code),
        alternatives: alternatives.iter().copied().map(verdict).collect(),
    }
}

fn finding(severity: Severity, rule: &'static str) -> Finding {
    Finding {
        fingerprint: format!("fp-{rule}"),
        rule,
        category: Category::Failure,
        severity,
        confidence: Certainty::Proven,
        title: "the response lacks Access-Control-Allow-Origin",
        message: format!("https://api.shop.test/cart?access_token={SECRET} answered 200 without the header"),
        reach: "",
        variant: "",
        phase: "actual",
        initiator_origins: vec!["https://shop.test".into()],
        target_origin: "https://api.shop.test".into(),
        endpoint: "/cart/{id}/a/rather/long/endpoint/template/that/has/to/break/somewhere/in/a/report/for/people".into(),
        methods: vec!["GET".into(), "PUT".into()],
        status: Some(200),
        allow_origin: Some(format!("https://user:{SECRET}@shop.test")),
        allow_credentials: None,
        browser_error: Some("MissingAllowOriginHeader".into()),
        count: 4,
        samples: vec![Sample { file: "=shop.har".into(), locus: Locus::Entry(1) }],
        evidence: vec![
            Evidence { name: "Authorization".into(), value: format!("Bearer {SECRET}"), place: "request" },
            Evidence { name: "Cookie".into(), value: format!("sid={SECRET}"), place: "request" },
            Evidence { name: "Set-Cookie".into(), value: format!("sid={SECRET}; Path=/"), place: "response" },
            Evidence { name: "X-Note".into(), value: format!("mail bob@mail.test{HOSTILE}"), place: "response" },
        ],
        sensitive_kinds: vec!["email", "token"],
        fix: "send the header on every response, errors and redirects too".into(),
        references: vec!["https://fetch.spec.whatwg.org/#cors-check", "CWE-942"],
        fetches: vec!["f1".into()],
    }
}

fn fixture() -> Audit {
    let capture = Capture {
        source: Arc::from("=shop.har"),
        exchanges: vec![
            exchange(
                0,
                Method::Options,
                "https://api.shop.test/cart/1",
                &[
                    ("Origin", "https://shop.test"),
                    ("Access-Control-Request-Method", "PUT"),
                ],
                Some((204, &[("Access-Control-Allow-Origin", "*")])),
            ),
            exchange(
                1,
                Method::Put,
                &format!("https://user:{SECRET}@api.shop.test/cart/1?access_token={SECRET}"),
                &[("Origin", "https://shop.test")],
                Some((307, &[])),
            ),
            exchange(
                2,
                Method::Put,
                "https://api.shop.test/c/t00001?x=1",
                &[("Origin", "null")],
                None,
            ),
            exchange(
                3,
                Method::Options,
                "https://api.shop.test/only-asked",
                &[
                    ("Origin", "https://shop.test"),
                    ("Access-Control-Request-Method", "DELETE"),
                ],
                Some((403, &[])),
            ),
        ],
        ..Capture::default()
    };
    let mut critical = finding(Severity::Critical, "any-site-authenticated-read");
    critical.message = format!("+SUM(A1){HOSTILE}");
    critical.category = Category::CredentialRisk;
    let fetches = vec![
        judged(
            vec![
                Hop {
                    exchange: Some(1),
                    preflight: PreflightLink::Recorded(0),
                    stored: None,
                },
                Hop {
                    exchange: Some(2),
                    preflight: PreflightLink::Cached(0),
                    stored: None,
                },
            ],
            Code::MissingAllowOrigin,
            &[],
        ),
        judged(
            vec![Hop {
                exchange: None,
                preflight: PreflightLink::Recorded(3),
                stored: None,
            }],
            Code::UndeterminedCredentials,
            &[Code::OkWildcard, Code::WildcardWithCredentials],
        ),
    ];
    let mut audit = Audit::default();
    audit.findings = vec![critical, finding(Severity::High, "missing-allow-origin")];
    audit.notices = vec![Notice {
        name: "entry-without-url",
        message: format!(
            "an entry has no URL, its referer is https://a.test/?password={SECRET}{HOSTILE}"
        ),
        file: "=shop.har".into(),
        locus: Some(Locus::Entry(9)),
        count: 3,
    }];
    audit.errors = vec![Error {
        input: "broken.har".into(),
        kind: ErrorKind::NotAHar(format!("key=value, Authorization: Bearer {SECRET}")),
    }];
    audit.counts = corsaudit::audit::Counts {
        inputs: 1,
        bytes: 4096,
        exchanges: 10,
        fetches: [
            (Class::Blocked, 1),
            (Class::Undetermined, 1),
            (Class::NotCors, 5),
        ]
        .into(),
    };
    audit.add_judged(capture, fetches);
    audit
}

#[test]
fn no_format_shows_a_secret() {
    for format in Format::ALL {
        let report = report(&fixture(), format, &Style::default());
        assert!(!report.contains(SECRET), "{format}: {report}");
        assert!(!report.contains("bob@mail.test"), "{format}: {report}");
    }
}

#[test]
fn no_format_shows_a_control_character() {
    for format in Format::ALL {
        let report = report(&fixture(), format, &Style::default());
        let raw = report
            .chars()
            .find(|c| corsaudit::redact::is_hidden(*c) && !matches!(c, '\r' | '\n'));
        assert_eq!(raw, None, "{format}");
    }
}

#[test]
fn text_fits_its_width() {
    for width in [24, 40, 60, 80, 200] {
        let style = Style {
            width,
            ..Style::default()
        };
        for line in report(&fixture(), Format::Text, &style).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn lists_of_rules_fit_their_width() {
    let rules = corsaudit::rules::declarations().count();
    for width in [40, 60, 80, 200, usize::MAX] {
        let style = Style {
            width,
            ..Style::default()
        };
        let mut out = Vec::new();
        list_text(&style, &mut out).unwrap();
        let list = String::from_utf8(out).unwrap();
        // Ids are names: on a narrow page they stay whole.
        for line in list
            .lines()
            .filter(|line| width >= 80 || line.starts_with(' '))
        {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        let lines = list.lines().count();
        assert!(if width == usize::MAX {
            lines == rules
        } else {
            lines >= rules
        });
    }
}

#[test]
fn text_has_colours_only_when_asked() {
    let style = Style {
        color: true,
        ..Style::default()
    };
    assert!(report(&fixture(), Format::Text, &style).contains("\u{1b}["));
    assert!(!report(&fixture(), Format::Text, &Style::default()).contains('\u{1b}'));
}

/// A finding's place leads to its file, and takes no more room for it.
#[test]
fn text_links_to_recordings_where_terminals_know_links() {
    let plain = report(&fixture(), Format::Text, &Style::default());
    let style = Style {
        hyperlinks: true,
        ..Style::default()
    };
    let linked = report(&fixture(), Format::Text, &style);
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(linked.matches("\u{1b}]8;;file://").count(), 2);
    assert!(linked.contains("/%3Dshop.har\u{1b}\\=shop.har\u{1b}]8;;\u{1b}\\, entry 1"));
    let mut stripped = String::new();
    let mut rest = linked.as_str();
    while let Some((before, link)) = rest.split_once("\u{1b}]8;;") {
        stripped.push_str(before);
        rest = link.split_once("\u{1b}\\").unwrap().1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn text_reports_at_other_widths() {
    for width in [60, 200] {
        let style = Style {
            width,
            ..Style::default()
        };
        insta::assert_snapshot!(
            format!("text_report_at_{width}"),
            report(&fixture(), Format::Text, &style)
        );
    }
}

#[test]
fn text_report() {
    insta::assert_snapshot!(report(&fixture(), Format::Text, &Style::default()));
}

#[test]
fn ndjson_report() {
    insta::assert_snapshot!(report(&fixture(), Format::Ndjson, &Style::default()));
}

#[test]
fn sarif_report() {
    let report = report(&fixture(), Format::Sarif, &Style::default());
    assert_eq!(sarif_errors(&report), [""; 0]);
    let mut log: Value = serde_json::from_str(&report).unwrap();
    // The rules' own documentation is no part of this test.
    log["runs"][0]["tool"] = Value::Null;
    log["runs"][0]["taxonomies"] = Value::Null;
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        assert!(result["ruleIndex"].is_u64());
        result["ruleIndex"] = Value::Null;
    }
    insta::assert_json_snapshot!(log);
}

#[test]
fn sarif_messages_hold_no_links_and_no_placeholders() {
    let mut audit = fixture();
    audit.findings[0].message = "[click](https://evil.test) {0} /cart/{id}".to_owned();
    let log: Value =
        serde_json::from_str(&report(&audit, Format::Sarif, &Style::default())).unwrap();
    let text = log["runs"][0]["results"][0]["message"]["text"]
        .as_str()
        .unwrap();
    assert!(
        text.starts_with("[click] (https://evil.test) {{0}} /cart/{{id}}"),
        "{text}"
    );
}

#[test]
fn markdown_report() {
    insta::assert_snapshot!(report(&fixture(), Format::Markdown, &Style::default()));
}

#[test]
fn a_markdown_report_fits_a_comment_and_says_what_it_leaves_out() {
    let mut audit = fixture();
    let one = audit.findings[1].clone();
    for index in 0..2_000 {
        let mut next = one.clone();
        next.endpoint = format!("/cart/{index}");
        audit.findings.push(next);
    }
    for index in 0..2_000 {
        let mut next = audit.notices[0].clone();
        next.locus = Some(Locus::Entry(index));
        audit.notices.push(next);
    }
    let report = report(&audit, Format::Markdown, &Style::default());
    assert!(
        report.chars().count() < 65_536,
        "{}",
        report.chars().count()
    );
    for said in [
        "findings are not in this table",
        "findings are without details here",
        "notices are left out",
        "not audited",
    ] {
        assert!(report.contains(said), "{said}");
    }
}

#[test]
fn junit_report() {
    let report = report(&fixture(), Format::Junit, &Style::default());
    assert_eq!(junit_errors(&report), [""; 0]);
    insta::assert_snapshot!(report);
}

#[test]
fn junit_counts_as_failures_what_makes_the_exit_code_one() {
    for (fail_on, failures) in [
        (Some(Severity::Info), 2),
        (Some(Severity::Critical), 1),
        (None, 0),
    ] {
        let style = Style {
            fail_on,
            ..Style::default()
        };
        let report = report(&fixture(), Format::Junit, &style);
        assert!(
            report.contains(&format!(
                r#"<testsuites name="corsaudit" tests="4" failures="{failures}" errors="1">"#
            )),
            "{fail_on:?}: {report}"
        );
        assert_eq!(report.matches("<failure ").count(), failures);
        assert_eq!(report.matches("<skipped ").count(), 2 - failures);
    }
}

#[test]
fn fetch_rows_tell_hops_and_sources() {
    let report = report(&fixture(), Format::Ndjson, &Style::default());
    let rows: Vec<Value> = report
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let redirected = &rows[0];
    assert_eq!(redirected["id"], "f1");
    assert_eq!(
        redirected["source"],
        serde_json::json!({"file": "=shop.har", "entries": [0, 1, 2]})
    );
    assert_eq!(
        redirected["final_url"],
        "https://api.shop.test/c/t00001?x=1"
    );
    assert_eq!(redirected["status"], 307);
    assert_eq!(redirected["hops"][0]["preflight"]["status"], 204);
    assert_eq!(redirected["hops"][0]["preflight"]["cached"], false);
    assert_eq!(redirected["hops"][1]["preflight"]["cached"], true);
    assert_eq!(redirected["hops"][1]["origin"], "null");
    let asked = &rows[1];
    assert_eq!(asked["method"], "DELETE");
    assert_eq!(asked["status"], Value::Null);
    assert_eq!(asked["credentials_mode"]["value"], Value::Null);
    assert_eq!(
        asked["alternatives"],
        serde_json::json!(["ok-wildcard", "wildcard-with-credentials"])
    );
    assert_eq!(rows.last().unwrap()["type"], "summary");
}

#[test]
fn json_holds_the_rows_of_ndjson() {
    let lines = report(&fixture(), Format::Ndjson, &Style::default());
    let whole: Value =
        serde_json::from_str(&report(&fixture(), Format::Json, &Style::default())).unwrap();
    let parts =
        ["fetches", "findings", "notices"].map(|name| whole[name].as_array().unwrap().clone());
    let mut rows = parts.concat();
    rows.push(whole["summary"].clone());
    let expected: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn csv_reads_back_and_no_cell_is_a_formula() {
    let report = report(&fixture(), Format::Csv, &Style::default());
    let mut table = csv::Reader::from_reader(report.as_bytes());
    assert_eq!(
        table
            .headers()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
            .join(","),
        "fingerprint,rule,category,severity,confidence,phase,reach,initiator_origin,target_origin,method,endpoint,\
         status,acao,acac,variant,browser_error,sensitive_kinds,count,file,entry,title,message,fix,references"
    );
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    for cell in rows.iter().flat_map(csv::StringRecord::iter) {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell}"
        );
    }
    assert_eq!(&rows[1][18], "'=shop.har");
    assert_eq!(&rows[1][19], "1");
    assert_eq!(&rows[1][9], "GET; PUT");
    assert!(rows[0][21].starts_with("'+SUM(A1)\\u{1b}[2J"));
}

/// What spreadsheets run: a formula, a command (DDE), a link, behind every character that starts one.
#[test]
fn csv_neutralises_every_formula() {
    let formulas = [
        "=1+2",
        "=HYPERLINK(\"https://evil.test\",\"click\")",
        "+1",
        "-1+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "=\"a\nb\"",
    ];
    for formula in formulas {
        let mut audit = fixture();
        let finding = &mut audit.findings[0];
        finding.message = formula.to_owned();
        finding.endpoint = formula.to_owned();
        finding.target_origin = formula.to_owned();
        finding.allow_origin = Some(formula.to_owned());
        finding.initiator_origins = vec![formula.to_owned()];
        finding.methods = vec![formula.to_owned()];
        finding.samples[0].file = formula.into();
        let report = report(&audit, Format::Csv, &Style::default());
        let mut table = csv::Reader::from_reader(report.as_bytes());
        let row = table.records().next().unwrap().unwrap();
        for cell in &row {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{formula:?}: {cell:?}"
            );
        }
        assert!(row.iter().filter(|cell| cell.starts_with('\'')).count() >= 5);
        assert_eq!(row.len(), 24);
    }
}

#[test]
fn an_empty_audit_is_honest() {
    let empty = Audit::default();
    assert_eq!(
        report(&empty, Format::Csv, &Style::default())
            .lines()
            .count(),
        1
    );
    assert_eq!(
        report(&empty, Format::Ndjson, &Style::default())
            .lines()
            .count(),
        1
    );
    let text = report(&empty, Format::Text, &Style::default());
    assert!(text.contains("nothing was judged"), "{text}");
    assert!(text.contains("Exit code 0"), "{text}");
}

#[test]
fn exit_codes_weigh_inputs_over_findings() {
    let mut audit = fixture();
    assert_eq!(Exit::of(&audit, Some(Severity::High)).code(), 2);
    audit.errors.clear();
    assert_eq!(Exit::of(&audit, Some(Severity::High)).code(), 1);
    assert_eq!(Exit::of(&audit, None).code(), 0);
    audit
        .findings
        .retain(|finding| finding.severity < Severity::Critical);
    assert_eq!(Exit::of(&audit, Some(Severity::Critical)).code(), 0);
}
