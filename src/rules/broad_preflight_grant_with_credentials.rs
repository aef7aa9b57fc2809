use super::context::mirrored_request;
use super::granted::reflects;
use super::words::{answer_details, evidence};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::Code;
use crate::cors::header::{ALLOW_HEADERS, ALLOW_METHODS, items};
use crate::exchange::Exchange;
use crate::facts::Policy;
use crate::finding::{Certainty, Severity};
use crate::pairing::PreflightLink;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A preflight's answer with `Access-Control-Allow-Credentials: true` that grants more than anyone can have meant:
    ///
    /// - variant `mirror`: `Access-Control-Allow-Headers` is a byte-for-byte copy of what was asked, for two different
    ///   lists of headers at least;
    /// - variant `method`: `Access-Control-Allow-Methods` lists TRACE, TRACK or CONNECT;
    /// - variant `wildcard`: `*` stands in either list, where it means a header or method of that name and nothing else.
    ///
    /// Info; low where the endpoint also grants every origin. Silent without credentials, on refused preflights, for one
    /// copy alone (a list may look the same), for collectors.
    ///
    /// ## Why it matters
    /// The preflight is where a server says which requests it expects from other sites. One that repeats the question
    /// leaves the decision to whoever asks, and only the list of origins is left to protect anything.
    ///
    /// ## Example
    /// ```text
    /// Access-Control-Request-Headers: x-anything,x-whatever
    ///
    /// Access-Control-Allow-Headers: x-anything,x-whatever
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// List the methods and headers that the pages use.
    ///
    /// ## References
    /// - OWASP WSTG-CLNT-07
    /// - CWE-942
    /// - Fetch Standard, section 3.3.3, HTTP responses
    BroadPreflightGrantWithCredentials {
        id: "broad-preflight-grant-with-credentials", category: Permissive, severity: Info, since: "0.1.0",
        title: "a preflight grants whatever is asked"
    }
}

impl Rule for BroadPreflightGrantWithCredentials {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        for hop in &view.judged.fetch.hops {
            let PreflightLink::Recorded(index) = hop.preflight else {
                continue;
            };
            let Some(preflight) = view.capture.exchanges.get(index as usize) else {
                continue;
            };
            let target = preflight.request.url.origin();
            if cx.is_collector(target) {
                continue;
            }
            let Some(variant) = breadth(cx, preflight) else {
                continue;
            };
            // Where `*` blocked the fetch, the failure tells.
            let blocked = matches!(
                view.judged.verdict.code,
                Code::PreflightMethodNotAllowed | Code::PreflightHeaderNotAllowed
            );
            if blocked && variant == "wildcard" {
                continue;
            }
            let reflected = Policy::of(view)
                .filter(|policy| policy.target == target)
                .is_some_and(|policy| reflects(cx, &policy));
            let severity = if reflected {
                Severity::Low
            } else {
                Severity::Info
            };
            out.report(Self::DECLARATION)
                .severity(severity)
                .confidence(Certainty::Proven)
                .variant(variant)
                .phase("preflight")
                .whole_host()
                .initiator(view.judged.fetch.initiator_origin.value.as_ref())
                .at(view, preflight, || details(preflight, variant));
        }
    }
}

fn breadth(cx: &Context, preflight: &Exchange) -> Option<&'static str> {
    let response = preflight.response()?;
    let credentials = response.headers.get("access-control-allow-credentials");
    if !response.is_ok_status() || credentials.as_deref() != Some(b"true") {
        return None;
    }
    let list = |name| response.headers.get(name);
    let (methods, headers) = (list(ALLOW_METHODS), list(ALLOW_HEADERS));
    let has = |value: &Option<std::borrow::Cow<'_, [u8]>>, wanted: &[&[u8]]| {
        value
            .as_deref()
            .is_some_and(|value| items(value).any(|item| wanted.contains(&item)))
    };
    if mirrored_request(preflight).is_some()
        && cx.trust().mirrored_lists(preflight.request.url.origin()) >= 2
    {
        Some("mirror")
    } else if has(&methods, &[b"TRACE", b"TRACK", b"CONNECT"]) {
        Some("method")
    } else if has(&methods, &[b"*"]) || has(&headers, &[b"*"]) {
        Some("wildcard")
    } else {
        None
    }
}

fn details(preflight: &Exchange, variant: &str) -> super::Details {
    let url = redact::url(&preflight.request.url);
    let what = match variant {
        "mirror" => "repeats whatever list of headers it is asked for",
        "method" => "grants a method that browsers never send",
        _ => "grants `*`, which means nothing where credentials are sent",
    };
    let Some(response) = preflight.response() else {
        return super::Details::default();
    };
    let message = format!("the preflight for {url} allows credentials and {what}");
    let mut details = answer_details(preflight, response, message);
    if let Some(asked) = preflight
        .request
        .headers
        .get("access-control-request-headers")
    {
        let asked = evidence(
            "Access-Control-Request-Headers",
            &asked,
            "preflight-request",
        );
        details.evidence.insert(0, asked);
    }
    for name in [ALLOW_METHODS, ALLOW_HEADERS] {
        if let Some(value) = response.headers.get(name) {
            details
                .evidence
                .push(evidence(name, &value, "preflight-response"));
        }
    }
    details
}
