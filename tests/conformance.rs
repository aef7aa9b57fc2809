//! Every recorded browser run: our verdict against the browser's own. Totals and each disagreement, with its reason,
//! stand in `tests/conformance/snapshot.txt`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use corsaudit::audit::{JudgedFetch, judge_capture};
use corsaudit::cors::{Class, Code, Engine};
use corsaudit::exchange::Capture;
use corsaudit::judge::{EngineChoice, explain};
use corsaudit::reader::{Options, read};
use corsaudit::rules::FetchView;
use corsaudit::source::Source;
use serde_json::Value;

/// Recording, truth, engine of the truth, and why a disagreement of the whole recording is to be expected.
const RUNS: [(&str, &str, Engine); 7] = [
    ("train.devtools.full", "train.chromium", Engine::Chromium),
    (
        "train.devtools.sanitized",
        "train.chromium",
        Engine::Chromium,
    ),
    ("train.firefox", "train.firefox", Engine::Firefox),
    ("train.playwright", "train.chromium", Engine::Chromium),
    ("mitm.mitmproxy", "mitm.chromium", Engine::Chromium),
    ("h3.devtools.full", "h3.chromium", Engine::Chromium),
    ("lna.devtools.full", "lna.chromium", Engine::Chromium),
];

struct Truth {
    dim: String,
    verdict: String,
    error: Option<String>,
}

fn truth(name: &str) -> BTreeMap<String, Truth> {
    let path = format!("tests/conformance/{name}.truth.ndjson.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let text_of = |value: &Value| value.as_str().map(str::to_owned);
    text.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let verdict = match row["verdict"].as_str().unwrap() {
                "allowed-load-error" => "allowed",
                "opaque-load-error" => "opaque",
                other => other,
            };
            let truth = Truth {
                dim: text_of(&row["dim"]).unwrap(),
                verdict: verdict.to_owned(),
                error: text_of(&row["error"]),
            };
            (text_of(&row["id"]).unwrap(), truth)
        })
        .collect()
}

fn scenario(url: &str) -> Option<&str> {
    let rest = &url[url.find("/c/")? + 3..];
    let digits = rest
        .get(1..)?
        .find(|c: char| !c.is_ascii_digit())
        .map_or(rest.len(), |at| at + 1);
    rest.get(..digits)
}

/// Our verdict in the words of the truth.
fn in_words_of_truth(code: Code) -> &'static str {
    let other = ["corp-", "redirect-mode-error", "orb-"];
    match code.class() {
        Class::Blocked if other.iter().any(|prefix| code.as_str().starts_with(prefix)) => {
            "blocked-other"
        }
        Class::Blocked => "blocked-by-cors",
        Class::Failed => "blocked-other",
        Class::NotCors if code == Code::WebSocket => "websocket-open",
        Class::NotCors => "same-origin",
        Class::Allowed => "allowed",
        Class::Opaque => "opaque",
        Class::Undetermined => "undetermined",
    }
}

/// Why a scenario of this kind is not decided as the lab labelled it. A disagreement without a reason fails the test.
fn reason(run: &str, truth: &Truth, ours: Option<Code>) -> Option<&'static str> {
    let dim = truth.dim.as_str();
    let Some(code) = ours else {
        return Some(match dim {
            "api/form" => {
                "a form is a navigation: CORS does not apply, and navigations are no rows; the lab labels it opaque"
            }
            _ => "the recorder writes no entry",
        });
    };
    Some(match code {
        Code::OkNullOrigin if dim == "redirect/so-x-so/xhr" => {
            "allowed by a CORS check against `null` (its fetch() twin is labelled so); the lab labels XHR by the final URL"
        }
        Code::SameOrigin if dim == "mixed" => {
            "an image upgraded to https before it was recorded leaves a same-origin entry"
        }
        Code::RedirectWithCredentials if run == "train.firefox" => {
            "Firefox refuses user information without a word on the console; the lab takes that for a network failure"
        }
        Code::OkOriginMatch | Code::OkWildcard if dim == "api/script-integrity" => {
            "Firefox got the script and refused its integrity; no recorder tells"
        }
        Code::UndeterminedInitiatorType => {
            "over HTTP/1 a beacon sends the lines of a fetch in mode no-cors; no recorder tells"
        }
        Code::UndeterminedResponse if dim.starts_with("api/beacon") => {
            "the recorder does not keep the headers of a beacon's answer"
        }
        Code::UndeterminedResponse if run == "train.playwright" => {
            "Playwright drops preflights and the headers of blocked responses"
        }
        Code::UndeterminedResponse if dim.starts_with("httpcache") => {
            "a blocked cache hit leaves nothing but status 0"
        }
        Code::UndeterminedResponse => "status 0 and no refused preflight: nothing tells why",
        Code::UndeterminedCredentials => {
            "`*`, no cookie, and nothing that tells the credentials mode"
        }
        Code::UndeterminedOrigin => "nothing names the initiator",
        Code::UndeterminedMode => "nothing tells the request mode",
        _ if dim.contains("video") && run == "train.firefox" => {
            "Firefox failed to decode the lab's media file; that is no matter of CORS"
        }
        _ => return None,
    })
}

struct Score {
    text: String,
    right: usize,
    wrong: usize,
    undetermined: usize,
    unexplained: Vec<String>,
    verdicts: BTreeMap<String, Option<Code>>,
}

fn score(run: &str, truth_name: &str, engine: Engine) -> Score {
    let path = format!("tests/conformance/{run}.har.gz");
    let capture: Capture = read(&Source::path(Path::new(&path)), &Options::default()).unwrap();
    let judged = judge_capture(&capture, EngineChoice::Fixed(engine));
    let mut last: BTreeMap<&str, &JudgedFetch> = BTreeMap::new();
    // Navigations are no rows of a report.
    for row in judged
        .iter()
        .filter(|row| row.verdict.code != Code::Navigation)
    {
        if let Some(id) = row
            .fetch
            .first(&capture)
            .and_then(|first| scenario(first.request.url.as_str()))
        {
            last.insert(id, row);
        }
    }
    let mut score = Score {
        text: String::new(),
        right: 0,
        wrong: 0,
        undetermined: 0,
        unexplained: Vec::new(),
        verdicts: BTreeMap::new(),
    };
    let (mut same, mut other) = (0, 0);
    let mut lines = String::new();
    for (id, truth) in truth(truth_name) {
        let row = last.get(id.as_str());
        let ours = row.map(|row| row.verdict.code);
        score.verdicts.insert(id.clone(), ours);
        let word = ours.map_or("undetermined", in_words_of_truth);
        if word == truth.verdict {
            score.right += 1;
            if let (Some(row), Some(error), "blocked-by-cors") = (row, &truth.error, word) {
                let explanation = explain(FetchView {
                    capture: &capture,
                    judged: row,
                });
                let sentence = if engine == Engine::Firefox {
                    explanation.firefox
                } else {
                    explanation.chromium
                };
                let named = sentence.and_then(|sentence| sentence.error);
                if named.as_deref() == Some(error) {
                    same += 1;
                } else {
                    other += 1;
                    let named = named.as_deref().unwrap_or("none");
                    writeln!(
                        lines,
                        "{id} {}: browser names {error}, we name {named}",
                        truth.dim
                    )
                    .unwrap();
                }
            }
            continue;
        }
        if word == "undetermined" {
            score.undetermined += 1;
        } else {
            score.wrong += 1;
        }
        let code = ours.map_or("no row", Code::as_str);
        let why = reason(run, &truth, ours);
        if why.is_none() {
            score.unexplained.push(format!(
                "{run} {id} {}: browser {}, ours {code}",
                truth.dim, truth.verdict
            ));
        }
        writeln!(
            lines,
            "{id} {}: browser {}, ours {code}: {}",
            truth.dim,
            truth.verdict,
            why.unwrap_or("?")
        )
        .unwrap();
    }
    let total = score.right + score.wrong + score.undetermined;
    score.text = format!(
        "## {run}\nscenarios {total}: right {} ({:.2} %), wrong {}, undetermined {}; error names: same {same}, other {other}\n\n{lines}\n",
        score.right,
        100.0 * score.right as f64 / total as f64,
        score.wrong,
        score.undetermined,
    );
    score
}

#[test]
fn recorded_runs_agree_with_the_snapshot() {
    let scores: Vec<Score> = RUNS
        .iter()
        .map(|(run, truth, engine)| score(run, truth, *engine))
        .collect();
    let text: String = scores.iter().map(|score| score.text.as_str()).collect();
    let unexplained: Vec<&String> = scores.iter().flat_map(|score| &score.unexplained).collect();
    if std::env::var_os("CORSAUDIT_ACCEPT").is_some() {
        std::fs::write("tests/conformance/snapshot.txt", &text).unwrap();
    }
    let snapshot = std::fs::read_to_string("tests/conformance/snapshot.txt").unwrap_or_default();
    assert!(
        text == snapshot,
        "totals or disagreements moved; read them, then accept with CORSAUDIT_ACCEPT=1:\n{text}"
    );
    assert!(
        unexplained.is_empty(),
        "disagreements without a reason:\n{unexplained:#?}"
    );
}

#[test]
fn sanitizing_changes_no_verdict() {
    let full = score(RUNS[0].0, RUNS[0].1, RUNS[0].2).verdicts;
    let sanitized = score(RUNS[1].0, RUNS[1].1, RUNS[1].2).verdicts;
    let class = |code: &Option<Code>| code.map(Code::class);
    let differing: Vec<_> = full
        .iter()
        .filter(|(id, code)| class(code) != class(&sanitized[*id]))
        .map(|(id, _)| id)
        .collect();
    assert!(differing.is_empty(), "{differing:?}");
}
