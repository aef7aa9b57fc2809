use super::words::{add_lines, answer_details, fact, third_party_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::RequestMode;
use crate::facts::{Caching, Hit, Policy, Storage, varies_by};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// The same URL (query included) answered a request without Origin without any grant, one with Origin with a grant,
    /// and the answer without grant may be stored and lacks `Vary: Origin`. Likely where nothing but `Last-Modified` lets
    /// browsers store it. Info on third-party collectors.
    ///
    /// ## Why it matters
    /// A page shows an image and later reads it with `fetch` or a canvas: the second request is answered from the cache,
    /// without a grant, and fails, sometimes, on some machines.
    ///
    /// ## Example
    /// ```text
    /// GET /logo.svg                            200, Cache-Control: max-age=600
    /// GET /logo.svg   Origin: https://a.test   200, Access-Control-Allow-Origin: *
    /// ```
    ///
    /// ## Fix
    /// Send the header always where its value is fixed; else send `Vary: Origin` always.
    ///
    /// ## References
    /// - Fetch Standard, section 3.3.5, CORS protocol and HTTP caches
    /// - RFC 9110, section 12.5.5, Vary
    CorsHeadersOnlyWhenOriginSent {
        id: "cors-headers-only-when-origin-sent", category: Cache, severity: Low, since: "0.1.0",
        title: "the grant appears only when Origin is sent, and caches are not told"
    }
}

impl Rule for CorsHeadersOnlyWhenOriginSent {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let request = &policy.exchange.request;
        // A cors request without Origin is one whose recorder lost it.
        if policy.value.is_some()
            || view.judged.fetch.mode.value != Some(RequestMode::NoCors)
            || !request.headers_complete
            || request.headers.contains("origin")
            || policy.exchange.hints.via_service_worker
            || !policy.response.is_ok_status()
            || varies_by(policy.response, "origin")
        {
            return;
        }
        let caching = Caching::of(policy.exchange, policy.response);
        if caching.storage == Storage::None || caching.hit == Some(Hit::Browser) {
            return;
        }
        let Some(granted) = cx.granted_with_origin(policy.exchange) else {
            return;
        };
        let confidence = if caching.is_explicit {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        out.report(Self::DECLARATION)
            .severity(Severity::Low.min(third_party_cap(cx, policy.exchange)))
            .confidence(confidence)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&request.url);
                let mut details = answer_details(
                    policy.exchange,
                    policy.response,
                    format!(
                        "{url} grants {granted} when Origin is sent and nothing otherwise, caches may use the answer \
                         without grant again, and Vary does not name Origin"
                    ),
                );
                add_lines(&mut details, policy.exchange, &["Cache-Control", "Expires", "Age", "X-Cache"]);
                details.evidence.push(fact("Origin of this request", "none"));
                details
            });
    }
}
