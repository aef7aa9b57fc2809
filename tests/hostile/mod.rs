//! An audit whose every text tries to be markup, script, an address that runs, or to turn the page around.

use std::sync::Arc;

use corsaudit::audit::{Audit, Counts, JudgedFetch};
use corsaudit::cors::{
    Class, Code, CredentialsMode, Engine, Origin, Phase, RequestMode, Verdict, Warnings,
};
use corsaudit::error::{Error, ErrorKind};
use corsaudit::exchange::{
    Capture, Exchange, Hints, Locus, Method, Outcome, Request, Response, Time,
};
use corsaudit::fact::{Basis, Confidence, Fact};
use corsaudit::finding::{Category, Certainty, Evidence, Finding, Sample, Severity};
use corsaudit::header::HeaderList;
use corsaudit::notice::Notice;
use corsaudit::pairing::{Fetch, Hop, PreflightLink};
use corsaudit::url::Url;

/// Each sets `window.ran` or leaves an element behind, if it is taken for what it is not.
pub(crate) const TEXTS: &[&str] = &[
    "</script><script>window.ran='script'</script>",
    "</title></style></noscript></textarea><img src=x onerror=\"window.ran='image'\">",
    "\" onmouseover=\"window.ran='attribute'\" autofocus onfocus=\"window.ran='focus'\" x=\"",
    "' onclick='window.ran=1' x='",
    "javascript:window.ran='address'",
    "<!--<script>",
    "--><svg onload=\"window.ran='svg'\">",
    "]]><b>bold</b>",
    "{{constructor.constructor('window.ran=1')()}}${window.ran=1}",
    "\u{202e}gpj.evil\u{2066}\u{200b}\u{feff}",
    "\u{0}\u{1b}[2J\u{9b}31m\r\n\t\u{7f}",
    "\u{2028}window.ran='line'\u{2029}//",
    "&lt;img src=x onerror=window.ran=1&gt;",
    "https://evil.test/\"><img src=x onerror=window.ran=1>",
];

fn text(at: usize) -> &'static str {
    TEXTS[at % TEXTS.len()]
}

fn verdict(code: Code, phase: Phase) -> Verdict {
    Verdict {
        code,
        confidence: Confidence::Certain,
        phase,
        hop: 0,
        engine: Engine::Chromium,
        warnings: Warnings::default(),
    }
}

fn exchange(at: usize, method: Method, answer: bool) -> Exchange {
    let encoded: String = url::form_urlencoded::byte_serialize(text(at).as_bytes()).collect();
    let lines: Vec<(&str, &str)> = vec![
        ("Origin", "https://shop.test"),
        ("Access-Control-Request-Method", text(at + 1)),
        ("Access-Control-Request-Headers", text(at + 2)),
        ("Referer", text(at + 3)),
        (text(at + 4), text(at + 5)),
    ];
    Exchange {
        locus: Locus::Entry(at as u32),
        started: Some(Time(1_795_334_400_000_000_000 + at as i64 * 1_000_000)),
        duration_ms: Some(3.5),
        request: Request {
            method,
            url: Url::parse(&format!("https://api{at}.shop.test/{encoded}?q={encoded}"))
                .expect("a URL"),
            headers: HeaderList::from_lines(lines),
            headers_complete: true,
            listed_cookies: false,
            body_size: None,
        },
        outcome: if answer {
            Outcome::Response(Response {
                status: 200,
                headers: HeaderList::from_lines([
                    ("Access-Control-Allow-Origin", text(at + 6)),
                    ("Vary", text(at + 7)),
                    (text(at + 8), text(at + 9)),
                ]),
                body_size: None,
                body_recorded: false,
                body_digest: None,
            })
        } else {
            Outcome::NoResponse
        },
        hints: Hints {
            error: Some(text(at + 3).into()),
            ..Hints::default()
        },
        content: None,
    }
}

fn finding(at: usize) -> Finding {
    // A real rule in most rows, so that filters have something to tell apart.
    let (rule, title, category, severity) = match at % 4 {
        0 => (
            "missing-allow-origin",
            "the response has no Access-Control-Allow-Origin",
            Category::Failure,
            Severity::High,
        ),
        1 => (
            "null-origin-allowed",
            "the origin `null` is allowed",
            Category::Permissive,
            Severity::Medium,
        ),
        2 => (
            "any-site-authenticated-read",
            "any web page can read",
            Category::CredentialRisk,
            Severity::Critical,
        ),
        _ => (
            "cors-trust-inventory",
            text(at),
            Category::Permissive,
            Severity::Info,
        ),
    };
    // Some texts are new in every row, others come again, as in recordings.
    let own = |n: usize| format!("{} row {at}", text(at + n));
    let fill = |n: usize| format!("{} of {}", text(at + n), at % 100);
    Finding {
        fingerprint: format!("{at:032x}"),
        rule,
        category,
        severity,
        confidence: Certainty::Likely,
        title,
        message: own(0),
        reach: "any-site",
        variant: "",
        phase: "actual",
        initiator_origins: vec![format!("https://page{}.shop.test", at % 50), fill(1)],
        target_origin: if at.is_multiple_of(3) {
            fill(2)
        } else {
            format!("https://api{}.shop.test", at % 200)
        },
        endpoint: own(3),
        methods: vec!["GET".to_owned(), text(at + 4).to_owned()],
        status: Some(200),
        allow_origin: Some(fill(5)),
        allow_credentials: Some("true".to_owned()),
        browser_error: Some(fill(6)),
        count: at as u64 + 1,
        samples: vec![Sample {
            file: own(7).into(),
            locus: Locus::Entry(at as u32),
        }],
        evidence: vec![
            Evidence {
                name: "Origin".to_owned(),
                value: fill(8),
                place: "request",
            },
            Evidence {
                name: fill(9),
                value: fill(10),
                place: "response",
            },
            Evidence {
                name: "relation".to_owned(),
                value: fill(11),
                place: "recording",
            },
        ],
        sensitive_kinds: vec![text(at + 12)],
        fix: fill(13),
        references: vec![
            text(at),
            "javascript:window.ran='reference'",
            "https://fetch.spec.whatwg.org/#cors-check",
        ],
        fetches: vec![format!("f{}", at + 1)],
    }
}

/// An audit with so many findings, each with a fetch of its own.
pub(crate) fn audit(findings: usize) -> Audit {
    let mut capture = Capture {
        source: Arc::from(text(0)),
        ..Capture::default()
    };
    let mut fetches = Vec::new();
    for at in 0..findings {
        capture
            .exchanges
            .push(exchange(2 * at, Method::Options, true));
        capture.exchanges.push(exchange(
            2 * at + 1,
            Method::Other(text(at).into()),
            at % 2 == 0,
        ));
        let code = if at % 3 == 0 {
            Code::OkOriginMatchCredentials
        } else {
            Code::PreflightMethodNotAllowed
        };
        let phase = if at % 3 == 0 {
            Phase::Actual
        } else {
            Phase::Preflight
        };
        fetches.push(JudgedFetch {
            capture: 0,
            fetch: Fetch {
                hops: vec![Hop {
                    exchange: Some(2 * at as u32 + 1),
                    preflight: PreflightLink::Recorded(2 * at as u32),
                    stored: None,
                }],
                initiator_origin: Fact::new(
                    Origin::parse(b"https://sh'op\".test").unwrap_or(Origin::OPAQUE),
                    Confidence::Certain,
                    Basis::OriginHeader,
                ),
                mode: Fact::new(RequestMode::Cors, Confidence::Certain, Basis::SecFetchMode),
                credentials: Fact::new(
                    CredentialsMode::Include,
                    Confidence::High,
                    Basis::CookieHeader,
                ),
            },
            verdict: verdict(code, phase),
            alternatives: Vec::new(),
        });
    }
    let mut rows: Vec<Finding> = (0..findings).map(finding).collect();
    rows.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut audit = Audit::default();
    audit.findings = rows;
    audit.notices = (0..TEXTS.len())
        .map(|at| Notice {
            name: "entry-without-url",
            message: text(at).to_owned(),
            file: text(at + 1).into(),
            locus: Some(Locus::Entry(9)),
            count: 3,
        })
        .collect();
    audit.errors = vec![Error {
        input: text(1).into(),
        kind: ErrorKind::NotAHar(text(0).to_owned()),
    }];
    audit.counts = Counts {
        inputs: 1,
        bytes: 4096,
        exchanges: 2 * findings as u64,
        fetches: [(Class::Blocked, findings as u64), (Class::Allowed, 1)].into(),
    };
    audit.add_judged(capture, fetches);
    audit
}
