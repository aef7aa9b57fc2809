//! The whole story of one fetch: what was sent, what is known and from what, each step of the decision, the verdict in
//! every engine, what to change, and what would change the verdict.
//!
//! What would change the verdict is not a table of advice: the procedure runs again on altered inputs
//! ([`crate::judge::WhatIf`]).

mod change;
mod known;
mod messages;
mod select;

pub use select::{NotOne, Wanted, select};

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use super::wrap::Page;
use super::{Style, text};
use crate::cors::{Class, Code, Engine, Evaluation, Phase, Verdict, Warning};
use crate::exchange::{Exchange, Method};
use crate::judge::{self, Assumed, Explanation, WhatIf};
use crate::redact;
use crate::rules::FetchView;

/// Column at which what stands beside a label starts.
const COLUMN: usize = 12;

/// Engines, in the order in which reports name them.
const ENGINES: [(Engine, &str); 4] = [
    (Engine::Chromium, "Chromium"),
    (Engine::Firefox, "Firefox"),
    (Engine::WebKit, "WebKit"),
    (Engine::Standard, "the standard"),
];

/// Writes the story of a fetch.
///
/// # Errors
/// Those of the writer.
pub fn why(view: FetchView<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, style.width, style.color);
    let explanation = judge::explain(view);
    let what_if = WhatIf::new(view);
    heading(view, page)?;
    answer(view, page)?;
    section("WHAT WAS SENT", page)?;
    messages::write(view, page)?;
    section("WHAT IS KNOWN, AND FROM WHAT", page)?;
    known::write(view, page)?;
    section("HOW IT WAS DECIDED", page)?;
    decision(view, &explanation, what_if.as_ref(), page)?;
    let Some(what_if) = what_if.filter(|_| is_about_cors(view)) else {
        return Ok(());
    };
    section("IN EVERY ENGINE", page)?;
    engines(view, &what_if, &explanation, page)?;
    change::write(view, &what_if, page)
}

fn section(title: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.gap()?;
    page.styled(0, title, Ansi::new().bold())
}

/// The request, and where it stands.
fn heading(view: FetchView<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let fetch = &view.judged.fetch;
    let Some(first) = fetch.first(view.capture) else {
        return page.text(0, "a fetch without exchanges");
    };
    let request = format!(
        "{} {}",
        redact::text(method(view, 0, first).as_str()),
        redact::url(&first.request.url)
    );
    page.styled(0, &request, Ansi::new().bold())?;
    let mut places = Vec::new();
    for exchange in fetch.exchanges(view.capture) {
        let place = text::locus(&exchange.locus);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut at = format!("{}, {}", view.capture.source, places.join(", "));
    if let Some(time) = first.started {
        at.push_str(&format!(", {}", time.to_rfc3339()));
    }
    page.text(0, &at)
}

/// The method that the page asked with; of a preflight alone, the one that was to follow.
fn method(view: FetchView<'_>, hop: usize, exchange: &Exchange) -> Method {
    let alone = view
        .judged
        .fetch
        .hops
        .get(hop)
        .is_some_and(|hop| hop.exchange.is_none());
    let announced = exchange
        .request
        .headers
        .get("access-control-request-method");
    match announced {
        Some(announced) if alone => Method::from_bytes(&announced),
        _ => exchange.request.method.clone(),
    }
}

/// The verdict in two sentences, before anything else.
fn answer(view: FetchView<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let verdict = &view.judged.verdict;
    let told = verdict.code.explanation();
    page.gap()?;
    let sentence = format!(
        "{}: {} [{}].",
        outcome(verdict.class()),
        told.title,
        verdict.code
    );
    page.styled(0, &sentence, color(verdict.class()).bold())?;
    page.text(0, told.meaning)?;
    if !told.why.is_empty() {
        page.text(0, told.why)?;
    }
    if let Some(advice) = text::advice(verdict.code) {
        page.text(0, advice)?;
    }
    if !view.judged.alternatives.is_empty() {
        let between: Vec<String> = view
            .judged
            .alternatives
            .iter()
            .map(|other| named(other.code))
            .collect();
        page.text(
            0,
            &format!("The verdict lies between {}.", between.join(" and ")),
        )?;
    }
    page.text(0, &certainty(verdict))?;
    for warning in verdict.warnings.iter() {
        page.text(0, remark(warning))?;
    }
    Ok(())
}

fn certainty(verdict: &Verdict) -> String {
    format!(
        "Confidence {}, by the rules of {}, decided on {}.",
        verdict.confidence,
        engine_name(verdict.engine),
        match verdict.phase {
            Phase::Preflight => "the preflight",
            Phase::Actual => "the request itself",
            Phase::Redirect => "a redirect",
        }
    )
}

fn engine_name(engine: Engine) -> &'static str {
    ENGINES
        .iter()
        .find(|(known, _)| *known == engine)
        .map_or("all shipping browsers", |(_, name)| name)
}

fn outcome(class: Class) -> &'static str {
    match class {
        Class::Allowed => "The page could read the answer",
        Class::Blocked => "The browser kept the answer from the page",
        Class::Failed => "The load failed",
        Class::Opaque => "The page got an answer it cannot look into",
        Class::NotCors => "CORS had no say",
        Class::Undetermined => "The recording does not tell",
    }
}

fn color(class: Class) -> Ansi {
    let color = match class {
        Class::Allowed => AnsiColor::Green,
        Class::Blocked | Class::Failed => AnsiColor::Red,
        Class::Undetermined => AnsiColor::Yellow,
        Class::Opaque | Class::NotCors => AnsiColor::Cyan,
    };
    Ansi::new().fg_color(Some(color.into()))
}

fn named(code: Code) -> String {
    format!("{} [{code}]", code.class().as_str())
}

/// What a fetch comes to under other circumstances.
fn follows(evaluation: &Evaluation) -> String {
    // Where the procedure finds no answer, the request that was never made would have got one.
    if evaluation.code == Code::NetworkError {
        return "the request is sent, and its own answer, which is not in the recording, decides"
            .to_owned();
    }
    named(evaluation.code)
}

fn remark(warning: Warning) -> &'static str {
    match warning {
        Warning::AuthorizationCoveredByWildcard => {
            "Remark: Access-Control-Allow-Headers: * covered Authorization. Browsers do that, the standard does not."
        }
        Warning::PreflightNotRecorded => {
            "Remark: this request needs a preflight, and none is in the recording; it is taken to have passed, since \
             the request was sent."
        }
        Warning::PreflightSuperfluous => {
            "Remark: a preflight was sent although nothing that was recorded asks for one."
        }
        Warning::OutcomeConflict => {
            "Remark: the recorder says otherwise; headers and outcome contradict each other."
        }
        Warning::MaybeLna => {
            "Remark: the headers pass, the load failed, and the address is private: perhaps Local Network Access."
        }
        Warning::CacheWithoutVary => {
            "Remark: the answer came from the HTTP cache and grants another origin: Vary: Origin is missing."
        }
        Warning::EngineDiffers => "Remark: browsers differ on this fetch.",
        Warning::ProbablyCorsBlocked => {
            "Remark: nothing but a general failure was recorded of this fetch; a refusal by CORS is probable."
        }
    }
}

/// Whether the procedure has anything to say: there is a web request by a page.
fn is_about_cors(view: FetchView<'_>) -> bool {
    let by_web = view
        .judged
        .fetch
        .first(view.capture)
        .is_some_and(|first| matches!(first.request.url.scheme(), "http" | "https"));
    by_web
        && !matches!(
            view.judged.verdict.code,
            Code::WebSocket
                | Code::NonBrowserClient
                | Code::LocalScheme
                | Code::UndeterminedPrivileged
        )
}

/// The steps of the procedure, and what the recorder's word added.
fn decision(
    view: FetchView<'_>,
    explanation: &Explanation,
    what_if: Option<&WhatIf<'_>>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let verdict = &view.judged.verdict;
    if !is_about_cors(view) {
        return page.text(
            2,
            match verdict.code {
                Code::WebSocket => {
                    "The handshake of a WebSocket is outside the CORS protocol, whatever its headers say. Nothing but \
                     the server's own look at Origin keeps other sites out."
                }
                Code::NonBrowserClient => {
                    "The client's User-Agent names no browser, and nobody but browsers keeps to CORS."
                }
                Code::UndeterminedPrivileged => {
                    "An extension or a page of the browser itself asked. Its permissions, which no recording holds, \
                     decide."
                }
                _ => "The browser answered this URL itself; no server was asked.",
            },
        );
    }
    // The facts come first; they have a section of their own.
    let steps = explanation
        .clauses
        .iter()
        .skip_while(|clause| clause.step.starts_with("inferred from "));
    for clause in steps {
        let step = format!(
            "{} ({}: {})",
            clause.step,
            redact::text(&clause.reads),
            clause.value.trim_matches(['(', ')'])
        );
        page.labelled(2, if clause.holds { "yes" } else { "no" }, 5, &step)?;
    }
    let Some(what_if) = what_if else {
        return Ok(());
    };
    if verdict.code == Code::Navigation {
        let said =
            "A document was loaded: whatever the headers say, no page reads another's document.";
        return page.text(2, said);
    }
    let computed = what_if.run(verdict.engine, &[]);
    assumptions(view, what_if.assumed(), page)?;
    if computed.code == verdict.code {
        return page.text(2, &format!("That makes it {}.", named(computed.code)));
    }
    let because = match verdict.code {
        Code::UndeterminedCredentials | Code::UndeterminedMode | Code::UndeterminedOrigin => {
            "But what is not known could make it another"
        }
        code if code.class() == Class::Undetermined => {
            "But the recording does not hold what would settle it"
        }
        _ => "But what the recording tells of the outcome weighs more",
    };
    page.text(
        2,
        &format!(
            "By the headers alone that makes it {}. {because}: {}.",
            named(computed.code),
            named(verdict.code)
        ),
    )?;
    if let Some(error) = view.last().and_then(|last| last.hints.error.as_deref()) {
        page.text(2, &format!("The recorder says: {}.", redact::text(error)))?;
    }
    Ok(())
}

/// What the steps took for granted.
fn assumptions(view: FetchView<'_>, assumed: &Assumed, page: &mut Page<'_>) -> io::Result<()> {
    let fetch = &view.judged.fetch;
    let mut taken = Vec::new();
    if fetch.initiator_origin.value.is_none() {
        taken.push(format!("the page's origin is {}", assumed.origin));
    }
    if fetch.mode.value.is_none() {
        taken.push(format!("the mode is {}", assumed.mode));
    }
    if fetch.credentials.value.is_none() {
        taken.push(format!("the credentials mode is {}", assumed.credentials));
    }
    if taken.is_empty() {
        return Ok(());
    }
    page.text(
        2,
        &format!("These steps assume that {}.", taken.join(", and that ")),
    )
}

/// What each engine's rules make of the same messages, and what its console says.
fn engines(
    view: FetchView<'_>,
    what_if: &WhatIf<'_>,
    explanation: &Explanation,
    page: &mut Page<'_>,
) -> io::Result<()> {
    if view.judged.verdict.code == Code::Navigation {
        return page.labelled(2, "all", COLUMN + 2, &named(Code::Navigation));
    }
    let untold = view.judged.fetch.credentials.value.is_none();
    for (engine, name) in ENGINES {
        let computed = what_if.run(engine, &[]);
        let mut line = named(computed.code);
        let other = change::other_credentials(what_if.assumed().credentials);
        let with_other = what_if.run(engine, &[judge::Change::Credentials(other)]);
        if untold && with_other.code != computed.code {
            line.push_str(&format!(
                "; if the credentials mode is {other}: {}",
                named(with_other.code)
            ));
        }
        page.labelled(2, name, COLUMN + 2, &line)?;
        let said = match engine {
            Engine::Chromium => &explanation.chromium,
            Engine::Firefox => &explanation.firefox,
            Engine::WebKit => &explanation.webkit,
            Engine::Shipping | Engine::Standard => &None,
        };
        if let Some(said) = said.as_ref().filter(|_| is_refused(&computed)) {
            page.labelled(2, "", COLUMN + 2, &redact::text(&said.message))?;
        }
    }
    Ok(())
}

fn is_refused(evaluation: &Evaluation) -> bool {
    matches!(evaluation.class(), Class::Blocked | Class::Failed)
}
