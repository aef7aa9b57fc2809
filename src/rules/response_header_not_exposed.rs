use super::words::{add_lines, third_party_cap};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::{Class, CredentialsMode, is_readable};
use crate::exchange::{Exchange, ResourceType, Response};
use crate::facts::{Policy, is_public_asset};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An answer that a script could read has a header that scripts ask for (`Location` of a 201, `Link`, `X-Total-Count`,
    /// `Content-Range`, `Content-Disposition`, `ETag`, `Retry-After` of a 429 or 503, `X-RateLimit-*`), and
    /// `Access-Control-Expose-Headers` does not name it. A hint: nobody but the script knows whether it wants the header.
    /// Silent for images, fonts, styles, scripts, and what script did not load. One finding for each endpoint and header.
    ///
    /// ## Why it matters
    /// `response.headers.get()` gives null without an error, and paging, downloads or back-off quietly stop working.
    ///
    /// ## Example
    /// ```text
    /// 201
    /// Access-Control-Allow-Origin: https://app.test
    /// Location: /orders/7
    /// ```
    ///
    /// ## Fix
    /// Name the header in Access-Control-Expose-Headers, if the page reads it.
    ///
    /// ## References
    /// - Fetch Standard, section 2.2.2, CORS-safelisted response-header name
    ResponseHeaderNotExposed {
        id: "response-header-not-exposed", category: Hygiene, severity: Info, since: "0.1.0",
        title: "a header that scripts ask for is hidden from them"
    }
}

impl Rule for ResponseHeaderNotExposed {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        if view.judged.verdict.class() != Class::Allowed {
            return;
        }
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let (exchange, response) = (policy.exchange, policy.response);
        if !is_loaded_by_script(exchange) || is_public_asset(exchange, response) {
            return;
        }
        // Unknown credentials: as if there were none, so that `*` exposes everything.
        let credentials = view
            .judged
            .fetch
            .credentials
            .value
            .unwrap_or(CredentialsMode::Omit);
        for name in WANTED {
            if !response.headers.contains(name)
                || !means_something(name, response)
                || is_readable(&response.headers, name.as_bytes(), credentials)
            {
                continue;
            }
            out.report(Self::DECLARATION)
                .severity(Severity::Info.min(third_party_cap(cx, exchange)))
                .confidence(Certainty::Hint)
                .about(name)
                .phase("actual")
                .initiator(policy.reader)
                .at(view, exchange, || {
                    let url = redact::url(&exchange.request.url);
                    let method = exchange.request.method.as_str();
                    let mut details = Details {
                        message: format!(
                            "the answer of {method} {url} has {name}, which the page's script cannot read: \
                             Access-Control-Expose-Headers does not name it"
                        ),
                        status: Some(response.status),
                        ..Details::default()
                    };
                    add_lines(
                        &mut details,
                        exchange,
                        &["Access-Control-Allow-Origin", "Access-Control-Expose-Headers"],
                    );
                    details
                });
        }
    }
}

/// What scripts ask for and browsers hide.
const WANTED: [&str; 11] = [
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Total-Count",
    "X-Total-Pages",
];

/// Whether such a header tells the script anything with this status.
fn means_something(name: &str, response: &Response) -> bool {
    match name {
        "Location" => matches!(response.status, 201 | 202),
        "Retry-After" => matches!(response.status, 429 | 503),
        _ => true,
    }
}

/// `fetch()`, `XMLHttpRequest` or `EventSource`.
fn is_loaded_by_script(exchange: &Exchange) -> bool {
    match exchange.request.headers.first("sec-fetch-dest") {
        Some(destination) => destination == "empty",
        None => matches!(
            exchange.hints.resource_type,
            Some(ResourceType::Fetch | ResourceType::Xhr | ResourceType::EventSource)
        ),
    }
}
