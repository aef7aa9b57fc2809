//! Sentences, evidence and severities that several rules share.

use super::{Context, Details, FetchView};
use crate::cors::Class;
use crate::exchange::{Exchange, Response};
use crate::fact::Confidence;
use crate::facts::{
    AllowOrigin, Authentication, Policy, authentication, carries_data, is_public_content, network,
};
use crate::finding::{Certainty, Evidence, Severity};
use crate::redact;

/// Details of an answer read as a grant, with the headers that prove it.
pub(crate) fn grant_details(policy: &Policy<'_>, message: String) -> Details {
    let mut details = answer_details(policy.exchange, policy.response, message);
    if let Some(origin) = policy.exchange.request.headers.get("origin") {
        details
            .evidence
            .insert(0, evidence("Origin", &origin, "request"));
    }
    details
}

/// Details of an answer.
pub(crate) fn answer_details(exchange: &Exchange, response: &Response, message: String) -> Details {
    let place = if exchange.is_preflight() {
        "preflight-response"
    } else {
        "response"
    };
    let mut proof = Vec::new();
    for name in [
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials",
        "Vary",
    ] {
        for value in response.headers.lines(name) {
            proof.push(evidence(name, value, place));
        }
    }
    Details {
        message,
        status: Some(response.status),
        allow_origin: printed(response, "Access-Control-Allow-Origin"),
        allow_credentials: printed(response, "Access-Control-Allow-Credentials"),
        evidence: proof,
        ..Details::default()
    }
}

/// A recorded value as evidence.
pub(crate) fn evidence(name: &str, value: &[u8], place: &'static str) -> Evidence {
    Evidence {
        name: name.to_owned(),
        value: redact::header_value(name, value),
        place,
    }
}

/// A fact of the recording as evidence.
pub(crate) fn fact(name: &str, value: impl Into<String>) -> Evidence {
    Evidence {
        name: name.to_owned(),
        value: value.into(),
        place: "recording",
    }
}

/// A combined header value, fit to print.
pub(crate) fn printed(response: &Response, name: &str) -> Option<String> {
    let value = response.headers.get(name)?;
    Some(redact::header_value(name, &value))
}

/// How the user's credentials travelled, as a clause.
pub(crate) fn credentials_clause(view: FetchView<'_>) -> &'static str {
    match authentication(view) {
        Authentication::Cookie => "with the user's cookies",
        Authentication::Browser => "with the user's browser-managed credentials",
        Authentication::Included(_) => {
            "with credentials (this export holds no cookies: whether one was sent is unknown; record a full export or a \
             capture with keys)"
        }
        Authentication::ScriptToken => "with a token that the page's script holds",
        Authentication::None => "without credentials",
        Authentication::Unknown => "with unknown credentials",
    }
}

/// Whether permissive rules may speak above info here: gates G4, G6, G10.
pub(crate) fn permissive_cap(cx: &Context, policy: &Policy<'_>) -> Severity {
    if !policy.response.is_ok_status()
        || !holds_data(cx, policy)
        || !network(policy.exchange).is_known()
        || cx.is_collector(policy.target)
    {
        Severity::Info
    } else {
        Severity::Critical
    }
}

/// Gate G10 for rules about anything but grants: nobody who reads the report can change a third party's collector.
pub(crate) fn third_party_cap(cx: &Context, exchange: &Exchange) -> Severity {
    if cx.is_collector(exchange.request.url.origin()) {
        Severity::Info
    } else {
        Severity::Critical
    }
}

/// Names in a sentence: sorted, each once, the first few of many.
pub(crate) fn few(mut names: Vec<String>) -> String {
    const SHOWN: usize = 8;
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let mut text = names.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// Adds an answer's header lines of these names as evidence.
pub(crate) fn add_lines(details: &mut Details, exchange: &Exchange, names: &[&str]) {
    let place = if exchange.is_preflight() {
        "preflight-response"
    } else {
        "response"
    };
    let Some(response) = exchange.response() else {
        return;
    };
    for name in names {
        for value in response.headers.lines(name) {
            details.evidence.push(evidence(name, value, place));
        }
    }
}

/// How sure the facts about who asked and how leave us.
pub(crate) fn input_certainty(view: FetchView<'_>) -> Certainty {
    let fetch = &view.judged.fetch;
    let weakest = fetch.mode.confidence.min(fetch.initiator_origin.confidence);
    match weakest {
        Confidence::Certain | Confidence::High => Certainty::Proven,
        Confidence::Medium => Certainty::Likely,
        Confidence::Low | Confidence::Undetermined => Certainty::Hint,
    }
}

/// Whether the answer holds data. On a site that the user opened in a tab, small structured answers count.
pub(crate) fn holds_data(cx: &Context, policy: &Policy<'_>) -> bool {
    let opened = policy
        .target
        .host()
        .and_then(|host| cx.site(host))
        .is_some_and(|site| site.is_document);
    carries_data(policy.response, opened)
}

/// Whether the page read, with the user's own credentials, an answer that is not everybody's: the middle of the bank
/// story. Who else could have read it is another question.
pub(crate) fn is_authenticated_read(
    cx: &Context,
    view: FetchView<'_>,
    policy: &Policy<'_>,
) -> bool {
    let writes = !policy.exchange.request.method.is_cors_safelisted();
    policy.allow_origin == AllowOrigin::Echo
        && policy.allow_credentials
        && policy.response.is_ok_status()
        && view.judged.verdict.class() == Class::Allowed
        && authentication(view).is_ambient()
        && !is_public_content(policy.exchange, policy.response)
        && !cx.is_proven_public(policy.exchange)
        && (writes || holds_data(cx, policy))
        && network(policy.exchange).is_known()
}

/// CORS-safelisted content types, or none at all.
pub(crate) fn has_safelisted_content_type(value: Option<&[u8]>) -> bool {
    let Some(value) = value else {
        return true;
    };
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or("").trim();
    matches!(
        essence,
        "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain"
    )
}
