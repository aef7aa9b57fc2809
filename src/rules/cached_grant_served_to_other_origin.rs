use super::words::{add_lines, fact, grant_details, third_party_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::{Origin, Warning};
use crate::facts::{AllowOrigin, Caching, Hit, Policy, varies_by};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A cache answered a page with the grant that was made for another: `Age`, `X-Cache` or the recorder says that the
    /// answer was stored, and `Access-Control-Allow-Origin` names an origin that is not the one that asked.
    ///
    /// Proven where the server is known to make grants for each request: this URL answered another origin otherwise.
    /// Likely where another URL of the server granted another origin by name. A hint where the named origin alone was ever
    /// granted: a server with one fixed origin looks the same, which is plain `allow-origin-mismatch`. Info on third-party
    /// collectors.
    ///
    /// ## Why it matters
    /// The browser blocks the page although the server would have allowed it, and it does so for some users, some of the
    /// time. Nothing leaks by this alone: a grant in another's name opens no door to the page that got it.
    ///
    /// ## Example
    /// ```text
    /// Origin: https://b.test
    ///
    /// 200
    /// Age: 120
    /// Access-Control-Allow-Origin: https://a.test
    /// ```
    ///
    /// ## Fix
    /// Send `Vary: Origin` with every answer of the route and purge the cache; where the cache ignores Vary, make Origin a
    /// part of its key, or do not let it store these answers.
    ///
    /// ## References
    /// - Fetch Standard, section 3.3.5, CORS protocol and HTTP caches
    /// - RFC 9111, section 4.1, Calculating Cache Keys with the Vary Header Field
    /// - CWE-524
    /// - Kettle 2016, Exploiting CORS misconfigurations for Bitcoins and bounties
    CachedGrantServedToOtherOrigin {
        id: "cached-grant-served-to-other-origin", category: Cache, severity: Medium, since: "0.1.0",
        title: "a stored grant reached another origin"
    }
}

impl Rule for CachedGrantServedToOtherOrigin {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if policy.allow_origin != AllowOrigin::Other
            || !policy.is_cors(view)
            || !policy.response.is_ok_status()
            || policy.exchange.hints.via_service_worker
            || view
                .judged
                .verdict
                .warnings
                .contains(Warning::OutcomeConflict)
        {
            return;
        }
        let Some(hit) = Caching::of(policy.exchange, policy.response).hit else {
            return;
        };
        let Some((granted, asked)) = policy
            .value
            .as_deref()
            .and_then(Origin::parse)
            .zip(policy.reader)
        else {
            return;
        };
        // The server's own name is a configured value, no grant to anybody.
        if granted.is_opaque() || granted == *policy.target {
            return;
        }
        let confidence = if cx.grant_depends_on_origin(&policy).is_some() {
            Certainty::Proven
        } else if cx.grants_another_by_name(policy.target, &granted).is_some() {
            Certainty::Likely
        } else if cx.granted_by_name(policy.exchange, &granted) {
            Certainty::Hint
        } else {
            return;
        };
        // The browser's own cache sends nothing: who asked is inferred then.
        let confidence = match hit {
            Hit::Shared => confidence,
            Hit::Browser => confidence.min(Certainty::Likely),
        };
        let variant = match hit {
            Hit::Shared => "shared",
            Hit::Browser => "browser",
        };
        out.report(Self::DECLARATION)
            .severity(Severity::Medium.min(third_party_cap(cx, policy.exchange)))
            .confidence(confidence)
            .variant(variant)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let cache = match hit {
                    Hit::Shared => "a shared cache",
                    Hit::Browser => "the browser's cache",
                };
                let told = if varies_by(policy.response, "origin") {
                    "though Vary names Origin"
                } else {
                    "and Vary does not name Origin"
                };
                let mut details = grant_details(
                    &policy,
                    format!("{url} was answered to {asked} by {cache} with the grant of {granted}, {told}"),
                );
                add_lines(
                    &mut details,
                    policy.exchange,
                    &["Age", "Cache-Status", "CF-Cache-Status", "X-Cache"],
                );
                if hit == Hit::Browser {
                    details.evidence.push(fact("answered by", "the browser's cache"));
                }
                details
            });
    }
}
