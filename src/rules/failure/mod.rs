//! Failures: what the browser blocked, and why. One rule for each code of a blocked verdict, all from one table.
//!
//! One blocked fetch is one finding. A code names the check that failed; where the recording tells what stands behind
//! it, a rule with a better name reports the fetch in the place of the code's rule, with the code as evidence. [`cause`]
//! decides for all of them, the first that holds:
//!
//! | cause | rule | in the place of |
//! | --- | --- | --- |
//! | a collector of a third party; the browser protected a signed-in user | the code's, at info | |
//! | the preflight was answered 401, 407, or 403 with a challenge | `preflight-auth-demanded` | `preflight-bad-status`, `preflight-missing-allow-origin` |
//! | a redirect led to a page, or to a server that takes no part | `redirect-target-not-cors` | `missing-allow-origin`, `preflight-missing-allow-origin` |
//! | a redirect turned Origin into `null` | `redirect-origin-became-null` | those, and the two of a mismatch |
//! | an error lacks the grant that successes carry | `error-responses-lack-cors` | `missing-allow-origin` |
//! | the preflight granted | `preflight-passed-actual-blocked` | the six of the CORS check |
//! | none of these | the code's | |
//!
//! Two failures have no blocked verdict and stand alone: `no-response-recorded` and `no-cors-fetch-of-api`.

mod cause;
mod docs;
mod near;

use std::borrow::Cow;
use std::sync::LazyLock;

pub(crate) use cause::{Blocked, Cause, ErrorAnswer, NotCors, blocked};
use near::near;

use super::cors_header_misspelled::{Misspelt, misspelt};
use super::words::{answer_details, evidence, fact, printed};
use super::{Context, Declaration, Details, FetchView, Findings, Report, Rule};
use crate::cors::{Class, Code, Engine, Origin, Phase, Warning, header};
use crate::exchange::{Exchange, Method};
use crate::fact::{Basis, Confidence};
use crate::facts::{Policy, is_public_content, write_endpoint};
use crate::finding::{Certainty, Evidence, Severity};
use crate::header::trim;
use crate::judge;
use crate::redact;

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
            declaration: docs::declaration(code),
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
        if verdict.code != self.code {
            return;
        }
        let Some(Blocked {
            exchange,
            cause: Cause::Check,
        }) = blocked(view, cx)
        else {
            return;
        };
        let case = Case::of(view, exchange, cx);
        out.report(self.declaration())
            .severity(case.severity)
            .confidence(certainty(view))
            .variant(case.variant)
            .phase(verdict.phase.as_str())
            .initiator(view.judged.fetch.initiator_origin.value.as_ref())
            .at(view, exchange, || details(view, exchange, &case.remark));
    }
}

/// Reports a blocked fetch under a better name than its code's, at the exchange that has to change; `remark` follows
/// what the code says of the one that decided.
pub(crate) fn report_cause(
    view: FetchView<'_>,
    exchange: &Exchange,
    at: &Exchange,
    report: Report<'_, '_>,
    remark: &str,
) {
    let verdict = &view.judged.verdict;
    report.phase(verdict.phase.as_str()).at(view, at, || {
        let mut details = details(view, exchange, remark);
        details
            .evidence
            .insert(0, fact("verdict", verdict.code.as_str()));
        details
    });
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
            Code::PreflightMethodNotAllowed | Code::PreflightHeaderNotAllowed
                if rests_on_wildcard(view) =>
            {
                Self {
                    severity: base,
                    variant: "wildcard",
                    remark: Cow::Borrowed(
                        "; `*` stands for itself alone when credentials are included",
                    ),
                }
            }
            Code::RedirectWithCredentials if tells_password(exchange) => Self {
                severity: Severity::High,
                variant: "password",
                remark: Cow::Borrowed("; whoever reads the recording or a log knows the password"),
            },
            _ => Self::plain(base),
        }
    }

    fn of_missing(view: FetchView<'_>, exchange: &Exchange, cx: &Context, base: Severity) -> Self {
        if is_protected(view, exchange, cx) {
            return Self {
                severity: Severity::Info,
                variant: "protected",
                remark: Cow::Borrowed(
                    "; the page is a stranger to this server, which grants nobody anything: the browser protected the \
                     signed-in user",
                ),
            };
        }
        let reader = view.judged.fetch.initiator_origin.value.as_ref();
        // The same endpoint granted this origin elsewhere in the recordings.
        if let (Some(policy), Some(reader)) = (Policy::of(view), reader) {
            // A template with placeholders is many resources, which may well differ.
            let granted = cx
                .endpoint(&policy)
                .filter(|_| !is_many_resources(exchange))
                .and_then(|endpoint| endpoint.origins.get(reader))
                .is_some_and(|answered| answered.echoed || answered.star);
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
        let Some((text, origin)) = text.zip(asking_origin(view, exchange)) else {
            return Self::plain(base);
        };
        let (variant, remark) = if text == exchange.request.url.origin().serialised() {
            let remark = if origin.is_opaque() {
                "; that is the server's own origin, and this request's origin is `null`"
            } else {
                "; that is the server's own origin, which needs no grant: name the page's origin, or nothing"
            };
            ("own-origin", Cow::Borrowed(remark))
        } else if let Some(near) = near(text, &origin) {
            ("near", Cow::Owned(format!("; {near}")))
        } else {
            ("", Cow::Borrowed(""))
        };
        Self {
            severity: base,
            variant,
            remark,
        }
    }
}

/// Whether the browser protected a signed-in user, so that there is nothing to repair: a server that never said a word
/// about CORS, asked by a page it does not know, with the user's credentials or perhaps with them. A request that the
/// server executed already, such as a form-like POST, was not prevented.
fn is_protected(view: FetchView<'_>, exchange: &Exchange, cx: &Context) -> bool {
    if !matches!(
        view.judged.verdict.code,
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin
    ) {
        return false;
    }
    let target = exchange.request.url.origin();
    let silent = cx.target(target).is_none_or(|seen| seen.opted_in == 0);
    let credentials = &view.judged.fetch.credentials;
    let ambient = credentials.value.is_none_or(|mode| mode.is_include());
    let prevented =
        exchange.is_preflight() || matches!(exchange.request.method, Method::Get | Method::Head);
    let reader = view.judged.fetch.initiator_origin.value.as_ref();
    silent
        && ambient
        && prevented
        && reader.is_some_and(|reader| cx.stranger(reader, target).is_some())
}

/// Whether the preflight's answer lists `*` where the refused method or header name had to stand.
fn rests_on_wildcard(view: FetchView<'_>) -> bool {
    let name = match view.judged.verdict.code {
        Code::PreflightMethodNotAllowed => "access-control-allow-methods",
        Code::PreflightHeaderNotAllowed => "access-control-allow-headers",
        _ => return false,
    };
    view.deciding()
        .and_then(Exchange::response)
        .and_then(|response| response.headers.get(name))
        .is_some_and(|value| {
            value
                .split(|byte| *byte == b',')
                .any(|item| trim(item) == b"*")
        })
}

/// Whether `Location` holds a password, not a user name alone.
fn tells_password(exchange: &Exchange) -> bool {
    exchange
        .response()
        .and_then(|response| response.headers.first("location"))
        .and_then(|location| ::url::Url::parse(location).ok())
        .is_some_and(|url| url.password().is_some_and(|password| !password.is_empty()))
}

/// The origin that an exchange was asked with: after redirects `null` may stand for the page's own.
fn asking_origin(view: FetchView<'_>, exchange: &Exchange) -> Option<Origin> {
    exchange
        .request
        .headers
        .get("origin")
        .and_then(|origin| Origin::parse(&origin))
        .or_else(|| view.judged.fetch.initiator_origin.value.clone())
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
pub(crate) fn certainty(view: FetchView<'_>) -> Certainty {
    let judged = view.judged;
    let fetch = &judged.fetch;
    let credentials_matter = matches!(
        judged.verdict.code,
        Code::WildcardWithCredentials
            | Code::PreflightWildcardWithCredentials
            | Code::AllowCredentialsNotTrue
            | Code::PreflightAllowCredentialsNotTrue
    ) || rests_on_wildcard(view);
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
    // That no request followed the preflight is all that speaks for credentials; a recording that ended looks the same.
    let alone = fetch.hops.last().is_some_and(|hop| hop.exchange.is_none());
    guessed |= alone && credentials_matter && fetch.credentials.basis == Basis::Outcome;
    if guessed || inferred > 1 {
        Certainty::Hint
    } else if inferred == 1 || judged.verdict.confidence == Confidence::Medium {
        Certainty::Likely
    } else {
        Certainty::Proven
    }
}

fn details(view: FetchView<'_>, exchange: &Exchange, remark: &str) -> Details {
    let verdict = &view.judged.verdict;
    let message = message(view, exchange, remark);
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
    if let Some(misspelt) = probable_misspelling(view, exchange) {
        details.evidence.push(Evidence {
            value: redact::header_value(&misspelt.printed(), misspelt.value),
            name: misspelt.printed(),
            place: if exchange.is_preflight() {
                "preflight-response"
            } else {
                "response"
            },
        });
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

fn message(view: FetchView<'_>, exchange: &Exchange, remark: &str) -> String {
    let url = redact::url(&exchange.request.url);
    let method = exchange.request.method.as_str();
    let page = view.judged.fetch.initiator_origin.value.as_ref();
    let origin = match (page, asking_origin(view, exchange)) {
        (Some(page), Some(asking)) if asking.is_opaque() && !page.is_opaque() => {
            format!("{page} (`null` after a redirect)")
        }
        (Some(page), _) => page.serialised().to_owned(),
        (None, Some(asking)) => asking.serialised().to_owned(),
        (None, None) => "an unknown origin".to_owned(),
    };
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
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin
            if exchange.response().is_none() =>
        {
            "the server failed, and the error page of the proxy between has no \
             Access-Control-Allow-Origin"
                .to_owned()
        }
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
        code => code.explanation().title.to_owned(),
    };
    let misspelt = probable_misspelling(view, exchange).map_or_else(String::new, |misspelt| {
        format!(
            "; it has {}, which browsers ignore: {} was probably meant",
            misspelt.printed(),
            misspelt.meant
        )
    });
    format!("{method} {url} from {origin}: {what}{remark}{misspelt}")
}

/// The misspelt header of the answer that would have been the one the browser missed.
fn probable_misspelling<'a>(view: FetchView<'_>, exchange: &'a Exchange) -> Option<Misspelt<'a>> {
    let missed = match view.judged.verdict.code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => header::ALLOW_ORIGIN,
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => {
            header::ALLOW_CREDENTIALS
        }
        Code::PreflightMethodNotAllowed => header::ALLOW_METHODS,
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => {
            header::ALLOW_HEADERS
        }
        _ => return None,
    };
    misspelt(exchange.response()?).find(|misspelt| misspelt.meant == missed)
}

/// Whether the path has parts that stand for one of many.
fn is_many_resources(exchange: &Exchange) -> bool {
    let mut template = String::new();
    write_endpoint(exchange, &mut template);
    template.contains('{')
}
