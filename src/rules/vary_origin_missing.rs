use super::words::{add_lines, fact, grant_details, third_party_cap};
use super::{Context, Dependence, FetchView, Findings, Rule, declare_rule};
use crate::facts::{AllowOrigin, Caching, Hit, Policy, Storage, varies_by};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An answer that a cache may use again for other pages, although `Access-Control-Allow-Origin` was made for one: the
    /// same URL (query included) answered two origins differently, and this answer lacks `Vary: Origin`. Denials count:
    /// stored without `Vary`, they block the page that is allowed.
    ///
    /// Medium where a shared cache may store the answer. Low where only browsers may and both pages are of one site; info
    /// where they are not, for browsers keep apart what pages of different sites loaded. Likely where nothing but
    /// `Last-Modified` lets caches store it. Info on third-party collectors.
    ///
    /// Variant `single`, a hint: one origin alone was seen, it was echoed and may be stored; a server that knows one
    /// origin only looks the same. Silent: `no-store`, `no-cache`, `max-age=0`, and one value for all.
    ///
    /// ## Why it matters
    /// A cache that is not told of Origin gives the second page the first one's grant: its browser refuses, and the page
    /// fails for some users, some of the time, until the copy runs out.
    ///
    /// ## Example
    /// ```text
    /// GET /a.json   Origin: https://a.test
    ///
    /// 200
    /// Access-Control-Allow-Origin: https://a.test
    /// Cache-Control: max-age=600
    /// ```
    ///
    /// ## Fix
    /// Send `Vary: Origin` with every answer of the route, granted or not, also to requests without Origin.
    ///
    /// ## References
    /// - Fetch Standard, section 3.3.5, CORS protocol and HTTP caches
    /// - RFC 9110, section 12.5.5, Vary
    /// - CWE-524
    VaryOriginMissing {
        id: "vary-origin-missing", category: Cache, severity: Medium, since: "0.1.0",
        title: "the grant depends on Origin, and caches are not told"
    }
}

impl Rule for VaryOriginMissing {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if !policy.exchange.request.headers.contains("origin")
            || policy.exchange.hints.via_service_worker
            || !policy.response.is_ok_status()
            || policy.response.status == 204
            || varies_by(policy.response, "origin")
        {
            return;
        }
        let caching = Caching::of(policy.exchange, policy.response);
        if caching.storage == Storage::None || caching.hit == Some(Hit::Browser) {
            return;
        }
        let dependence = cx.grant_depends_on_origin(&policy);
        let shared = caching.storage == Storage::Shared;
        let (severity, confidence, variant) = match &dependence {
            Some(found) => {
                let severity = match (shared, found.within_site) {
                    (true, _) => Severity::Medium,
                    (false, true) => Severity::Low,
                    (false, false) => Severity::Info,
                };
                let confidence = if caching.is_explicit {
                    Certainty::Proven
                } else {
                    Certainty::Likely
                };
                (severity, confidence, "")
            }
            None if is_echo(&policy) => {
                let severity = if shared {
                    Severity::Medium
                } else {
                    Severity::Low
                };
                (severity, Certainty::Hint, "single")
            }
            None => return,
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(third_party_cap(cx, policy.exchange)))
            .confidence(confidence)
            .variant(variant)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let mut details =
                    grant_details(&policy, message(&policy, caching, dependence.as_ref()));
                add_lines(
                    &mut details,
                    policy.exchange,
                    &["Cache-Control", "Expires", "Age", "X-Cache"],
                );
                if let Some(found) = &dependence {
                    details
                        .evidence
                        .push(fact("answered differently", found.other.serialised()));
                }
                details
            });
    }
}

/// The answer names the origin that the request itself named.
fn is_echo(policy: &Policy<'_>) -> bool {
    policy.allow_origin == AllowOrigin::Echo && !policy.grants_null()
}

fn message(policy: &Policy<'_>, caching: Caching, dependence: Option<&Dependence>) -> String {
    let url = redact::url(&policy.exchange.request.url);
    let origin = policy
        .exchange
        .request
        .headers
        .get("origin")
        .map_or_else(String::new, |value| redact::header_value("Origin", &value));
    let answer = match policy.allow_origin {
        AllowOrigin::Absent => "without a grant".to_owned(),
        AllowOrigin::Echo => "with its own name".to_owned(),
        _ => format!(
            "with `{}`",
            policy
                .value
                .as_deref()
                .map_or_else(String::new, |value| redact::header_value(
                    "Access-Control-Allow-Origin",
                    value
                ))
        ),
    };
    let caches = match caching.storage {
        Storage::Shared => "shared caches",
        _ => "the browser's cache",
    };
    match dependence {
        Some(found) => format!(
            "{url} answers {origin} {answer} and {} otherwise, {caches} may use the answer again, and Vary does not name \
             Origin",
            found.other
        ),
        None => format!(
            "{url} answers {origin} {answer}, {caches} may use the answer again, and Vary does not name Origin"
        ),
    }
}
