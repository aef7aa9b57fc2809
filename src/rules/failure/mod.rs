//! Failures: what the browser blocked, and why. One rule for each code of a blocked verdict, all from one table.

mod near;
mod text;

use std::borrow::Cow;
use std::sync::LazyLock;

use near::near;

use super::words::{answer_details, evidence, printed};
use super::{Context, Declaration, Details, FetchView, Findings, Rule};
use crate::redact;
use crate::cors::{Class, Code, Engine, Phase, Warning};
use crate::exchange::Exchange;
use crate::fact::Confidence;
use crate::facts::{Policy, is_public_content};
use crate::finding::{Category, Certainty, Evidence, Severity};
use crate::judge;

/// The rule of one code.
#[derive(Debug)]
struct Failure {
    code: Code,
    declaration: Declaration,
}

/// In the order of [`Code::ALL`], blocked codes only.
static FAILURES: LazyLock<Vec<Failure>> = LazyLock::new(|| {
    Code::ALL
        .iter()
        .copied()
        .filter(|code| code.class() == Class::Blocked)
        .map(|code| Failure {
            code,
            declaration: declaration(code),
        })
        .collect()
});

/// Every failure.
pub(super) fn all() -> impl Iterator<Item = &'static dyn Rule> {
    FAILURES
        .iter()
        .map(|failure| -> &'static dyn Rule { failure })
}

/// The failure of a code; `None` for codes that are none.
pub(super) fn of(code: Code) -> Option<&'static dyn Rule> {
    if code.class() != Class::Blocked {
        return None;
    }
    let at = FAILURES
        .binary_search_by_key(&code, |failure| failure.code)
        .ok()?;
    Some(&FAILURES[at])
}

impl Rule for Failure {
    fn declaration(&self) -> &'static Declaration {
        // The table is a static: this rule lives in it, and so does its declaration.
        FAILURES
            .binary_search_by_key(&self.code, |failure| failure.code)
            .map(|at| &FAILURES[at].declaration)
            .expect("every failure is made by the table")
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let verdict = &view.judged.verdict;
        if verdict.code != self.code || !is_certain_enough(view) {
            return;
        }
        let Some(exchange) = view.deciding() else {
            return;
        };
        if is_excused(view, exchange) {
            return;
        }
        let case = Case::of(view, exchange, cx);
        out.report(self.declaration())
            .severity(case.severity)
            .confidence(certainty(view))
            .variant(case.variant)
            .phase(verdict.phase.as_str())
            .initiator(view.judged.fetch.initiator_origin.value.as_ref())
            .at(view, exchange, || details(view, exchange, &case));
    }
}

/// What is special about an occurrence.
struct Case {
    severity: Severity,
    variant: &'static str,
    remark: Cow<'static, str>,
}

impl Case {
    fn plain(severity: Severity) -> Self {
        Self {
            severity,
            variant: "",
            remark: Cow::Borrowed(""),
        }
    }

    fn of(view: FetchView<'_>, exchange: &Exchange, cx: &Context) -> Self {
        let code = view.judged.verdict.code;
        let base = default_severity(code);
        if cx.is_collector(exchange.request.url.origin()) {
            return Self {
                severity: Severity::Info,
                variant: "third-party",
                remark: Cow::Borrowed("; the server is a third party's collector"),
            };
        }
        match code {
            Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => {
                Self::of_missing(view, exchange, cx, base)
            }
            Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch => {
                Self::of_mismatch(view, exchange, base)
            }
            Code::PreflightBadStatus => match exchange.response().map(|r| r.status) {
                Some(401 | 407) => Self {
                    severity: Severity::High,
                    variant: "auth-demanded",
                    remark: Cow::Borrowed(
                        "; authentication stands before the preflight, which never carries credentials",
                    ),
                },
                _ => Self::plain(base),
            },
            _ => Self::plain(base),
        }
    }

    fn of_missing(view: FetchView<'_>, exchange: &Exchange, cx: &Context, base: Severity) -> Self {
        let target = exchange.request.url.origin();
        let reader = view.judged.fetch.initiator_origin.value.as_ref();
        // A server that never said a word about CORS, asked by a page it does not know, with the user's credentials or
        // perhaps with them: the browser protected the user, and there is nothing to repair.
        let silent = cx.target(target).is_none_or(|seen| seen.opted_in == 0);
        let credentials = &view.judged.fetch.credentials;
        let ambient = credentials.value.is_none_or(|mode| mode.is_include());
        if silent && ambient && reader.is_some_and(|reader| cx.stranger(reader, target).is_some()) {
            return Self {
                severity: Severity::Info,
                variant: "protected",
                remark: Cow::Borrowed(
                    "; the page is a stranger to this server, which grants nobody anything: the browser protected the \
                     signed-in user",
                ),
            };
        }
        // The same endpoint granted this origin elsewhere in the recordings.
        if let (Some(policy), Some(reader)) = (Policy::of(view), reader) {
            let granted = cx
                .endpoint(&policy)
                .and_then(|endpoint| endpoint.origins.get(reader))
                .is_some_and(|grant| grant.echoed > 0 || grant.star > 0);
            if granted
                && policy.response.is_ok_status()
                && !is_public_content(policy.exchange, policy.response)
            {
                return Self {
                    severity: Severity::High,
                    variant: "granted-elsewhere",
                    remark: Cow::Borrowed("; other answers of this endpoint granted this origin"),
                };
            }
        }
        Self::plain(base)
    }

    fn of_mismatch(view: FetchView<'_>, exchange: &Exchange, base: Severity) -> Self {
        let value = exchange
            .response()
            .and_then(|response| response.headers.get("access-control-allow-origin"));
        let text = value
            .as_deref()
            .and_then(|value| std::str::from_utf8(value).ok());
        let Some((text, origin)) = text.zip(view.judged.fetch.initiator_origin.value.as_ref())
        else {
            return Self::plain(base);
        };
        if text == exchange.request.url.origin().serialised() {
            return Self {
                severity: base,
                variant: "own-origin",
                remark: Cow::Borrowed(
                    "; that is the server's own origin, which needs no grant: name the page's origin, or nothing",
                ),
            };
        }
        match near(text, origin) {
            Some(near) => Self {
                severity: base,
                variant: "near",
                remark: Cow::Owned(format!("; {near}")),
            },
            None => Self::plain(base),
        }
    }
}

fn default_severity(code: Code) -> Severity {
    match code {
        Code::CorpSameOrigin
        | Code::CorpSameSite
        | Code::CorpCoep
        // No policy is wrong: nobody answered, or the client is configured so.
        | Code::PreflightNetworkError
        | Code::CorsDisabled
        | Code::OriginHeaderNotAdded => Severity::Low,
        _ => Severity::Medium,
    }
}

/// Verdicts that contradict the recorder are diagnostics, not findings.
fn is_certain_enough(view: FetchView<'_>) -> bool {
    let verdict = &view.judged.verdict;
    verdict.confidence > Confidence::Undetermined
        && !verdict.warnings.contains(Warning::OutcomeConflict)
}

/// Gates G7 and G9, and loads that the page itself gave up.
fn is_excused(view: FetchView<'_>, exchange: &Exchange) -> bool {
    let gave_up = |exchange: &Exchange| {
        exchange.hints.error.as_deref().is_some_and(|error| {
            error.contains("ERR_ABORTED") || error.contains("NS_BINDING_ABORTED")
        })
    };
    exchange
        .response()
        .is_some_and(|response| response.status == 304)
        || exchange.hints.via_service_worker
        || gave_up(exchange)
        || view.last().is_some_and(gave_up)
}

/// Proven: everything that mattered is sure. Likely: one input was inferred. Hint: more than one, or a guess.
fn certainty(view: FetchView<'_>) -> Certainty {
    let judged = view.judged;
    let fetch = &judged.fetch;
    let credentials_matter = matches!(
        judged.verdict.code,
        Code::WildcardWithCredentials
            | Code::PreflightWildcardWithCredentials
            | Code::AllowCredentialsNotTrue
            | Code::PreflightAllowCredentialsNotTrue
    );
    let mut inferred = 0;
    let mut guessed = judged.verdict.confidence <= Confidence::Low;
    let inputs = [
        Some(fetch.mode.confidence),
        Some(fetch.initiator_origin.confidence),
        credentials_matter.then_some(fetch.credentials.confidence),
    ];
    for confidence in inputs.into_iter().flatten() {
        inferred += u8::from(confidence == Confidence::Medium);
        // An unknown input did not matter: the verdict was the same for all its values.
        guessed |= confidence == Confidence::Low;
    }
    if guessed || inferred > 1 {
        Certainty::Hint
    } else if inferred == 1
        || judged.verdict.confidence == Confidence::Medium
        || judged.verdict.code == Code::PreflightBadStatus
            && view
                .deciding()
                .and_then(Exchange::response)
                .is_some_and(|response| matches!(response.status, 401 | 407))
    {
        Certainty::Likely
    } else {
        Certainty::Proven
    }
}

fn details(view: FetchView<'_>, exchange: &Exchange, case: &Case) -> Details {
    let verdict = &view.judged.verdict;
    let message = message(view, exchange, case);
    let mut details = match exchange.response() {
        Some(response) => answer_details(exchange, response, message),
        None => Details {
            message,
            ..Details::default()
        },
    };
    let place = if verdict.phase == Phase::Preflight {
        "preflight-request"
    } else {
        "request"
    };
    for name in [
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
    ] {
        if let Some(value) = exchange.request.headers.get(name) {
            details.evidence.push(evidence(name, &value, place));
        }
    }
    if let Some(response) = exchange.response() {
        for name in [
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Headers",
            "Cross-Origin-Resource-Policy",
            "Location",
        ] {
            if let Some(value) = printed(response, name) {
                details.evidence.push(Evidence {
                    name: name.to_owned(),
                    value,
                    place: if exchange.is_preflight() {
                        "preflight-response"
                    } else {
                        "response"
                    },
                });
            }
        }
    }
    let explanation = judge::explain(view);
    let (browser, sentence) = match verdict.engine {
        Engine::Firefox => ("Firefox", explanation.firefox),
        Engine::WebKit => ("WebKit", explanation.webkit),
        _ => ("Chromium", explanation.chromium),
    };
    if let Some(sentence) = sentence {
        details.browser_error = sentence.error;
        details.evidence.push(Evidence {
            name: format!("{browser}'s message"),
            value: sentence.message,
            place: "browser",
        });
    }
    details
}

fn message(view: FetchView<'_>, exchange: &Exchange, case: &Case) -> String {
    let url = redact::url(&exchange.request.url);
    let method = exchange.request.method.as_str();
    let origin = view
        .judged
        .fetch
        .initiator_origin
        .value
        .as_ref()
        .map_or("an unknown origin", |origin| origin.serialised());
    let value = |name| {
        exchange
            .response()
            .and_then(|response| printed(response, name))
            .map_or_else(|| "absent".to_owned(), |value| format!("`{value}`"))
    };
    let asked = |name: &str| {
        exchange
            .request
            .headers
            .get(name)
            .map_or_else(String::new, |value| redact::header_value(name, &value))
    };
    let status = exchange
        .response()
        .map_or_else(|| "no".to_owned(), |response| response.status.to_string());
    let what = match view.judged.verdict.code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => {
            format!("the {status} answer has no Access-Control-Allow-Origin")
        }
        Code::AllowOriginMismatch
        | Code::PreflightAllowOriginMismatch
        | Code::AllowOriginMultiple
        | Code::PreflightAllowOriginMultiple
        | Code::AllowOriginInvalid
        | Code::PreflightAllowOriginInvalid => format!(
            "Access-Control-Allow-Origin is {}",
            value("Access-Control-Allow-Origin")
        ),
        Code::WildcardWithCredentials | Code::PreflightWildcardWithCredentials => {
            "Access-Control-Allow-Origin is `*` and the request includes credentials".to_owned()
        }
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => format!(
            "the request includes credentials and Access-Control-Allow-Credentials is {}",
            value("Access-Control-Allow-Credentials")
        ),
        Code::PreflightBadStatus | Code::PreflightRedirected => {
            format!("the preflight was answered {status}")
        }
        Code::PreflightAllowMethodsUnparsable => format!(
            "Access-Control-Allow-Methods is {}",
            value("Access-Control-Allow-Methods")
        ),
        Code::PreflightAllowHeadersUnparsable => format!(
            "Access-Control-Allow-Headers is {}",
            value("Access-Control-Allow-Headers")
        ),
        Code::PreflightMethodNotAllowed => format!(
            "{} is asked for and Access-Control-Allow-Methods is {}",
            asked("Access-Control-Request-Method"),
            value("Access-Control-Allow-Methods")
        ),
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => format!(
            "`{}` is asked for and Access-Control-Allow-Headers is {}",
            asked("Access-Control-Request-Headers"),
            value("Access-Control-Allow-Headers")
        ),
        code => text::of(code).title.to_owned(),
    };
    format!("{method} {url} from {origin}: {what}{}", case.remark)
}

fn declaration(code: Code) -> Declaration {
    let text = text::of(code);
    let preflight = code.as_str().starts_with("preflight-");
    let title = if preflight && code.as_str().contains("allow-origin")
        || code == Code::PreflightWildcardWithCredentials
        || code == Code::PreflightAllowCredentialsNotTrue
    {
        preflight_title(code)
    } else {
        text.title
    };
    let docs = format!(
        "## What it finds\n{}{}\n\n## Why it matters\nThe browser refused to hand the answer to the page; the page sees a \
         network error.{}\n\n## Example\n{}\n\n## Fix\n{}\n\n## References\n- {}\n",
        text.meaning,
        if preflight {
            " This is said of the preflight's answer."
        } else {
            ""
        },
        variants(code),
        example(code),
        text.fix,
        text.reference,
    );
    Declaration {
        id: code.as_str(),
        category: Category::Failure,
        severity: default_severity(code),
        title,
        since: "0.1.0",
        docs: Cow::Owned(docs),
    }
}

fn preflight_title(code: Code) -> &'static str {
    match code {
        Code::PreflightMissingAllowOrigin => {
            "no Access-Control-Allow-Origin in the preflight's answer"
        }
        Code::PreflightAllowOriginMismatch => {
            "the preflight's Access-Control-Allow-Origin names another origin"
        }
        Code::PreflightAllowOriginMultiple => {
            "the preflight's Access-Control-Allow-Origin has several values"
        }
        Code::PreflightAllowOriginInvalid => {
            "the preflight's Access-Control-Allow-Origin is not an origin"
        }
        Code::PreflightWildcardWithCredentials => {
            "`*` in the preflight's answer refused because the request includes credentials"
        }
        _ => "the preflight's Access-Control-Allow-Credentials is not `true`",
    }
}

fn variants(code: Code) -> &'static str {
    match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => {
            " Variant `granted-elsewhere` (high): other answers of the endpoint granted this origin. Variant `protected` \
             (info): a page of an unrelated site asked, perhaps with the user's credentials, a server that the user had \
             opened in a tab of its own, that does not know the page, and that answered nobody with a grant; the browser \
             protected the user and nothing needs repair. Variant `third-party` (info): a collector that the reviewer \
             cannot change."
        }
        Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch => {
            " Variant `near`: the value misses by scheme, port, `www.`, a slash, case, default port, path or script. Variant \
             `own-origin`: the server names itself; it sent CORS headers and thereby meant to grant something, so this \
             stays a failure even if the page is a stranger."
        }
        Code::PreflightBadStatus => {
            " Variant `auth-demanded` (high): 401 or 407; preflights never carry credentials, so every such request fails."
        }
        _ => "",
    }
}

fn example(code: Code) -> &'static str {
    match code {
        Code::MissingAllowOrigin => {
            "    GET /cart, Origin: https://shop.test\n    200, no Access-Control-Allow-Origin"
        }
        Code::AllowOriginMismatch => {
            "    GET /api, Origin: http://localhost:3000\n    Access-Control-Allow-Origin: https://yoursite.com"
        }
        Code::AllowOriginMultiple => "    Access-Control-Allow-Origin: *, *",
        Code::AllowOriginInvalid => "    Access-Control-Allow-Origin: https://*.corp.test",
        Code::WildcardWithCredentials => "    Cookie: sid=...\n    Access-Control-Allow-Origin: *",
        Code::AllowCredentialsNotTrue => "    Access-Control-Allow-Credentials: True",
        Code::PreflightBadStatus => "    OPTIONS /orders\n    405",
        Code::PreflightRedirected => {
            "    OPTIONS http://api.test/\n    301, Location: https://api.test/"
        }
        Code::PreflightAllowMethodsUnparsable => "    Access-Control-Allow-Methods: GET POST",
        Code::PreflightAllowHeadersUnparsable => "    Access-Control-Allow-Headers: x-a; x-b",
        Code::PreflightMethodNotAllowed => {
            "    Access-Control-Request-Method: PUT\n    Access-Control-Allow-Methods: GET, POST"
        }
        Code::PreflightHeaderNotAllowed => {
            "    Access-Control-Request-Headers: x-trace\n    Access-Control-Allow-Headers: content-type"
        }
        Code::CorpSameOrigin => {
            "    Sec-Fetch-Mode: no-cors\n    Cross-Origin-Resource-Policy: same-origin"
        }
        _ => "    See tests/rules for a request and its answer.",
    }
}
