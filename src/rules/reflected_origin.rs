use super::words::{grant_details, is_authenticated_read, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{AllowOrigin, Policy, is_public_content, network, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An endpoint that grants whoever asks: over all recordings it answered unrelated sites each with its own origin and
    /// refused nobody. Proven with three unrelated sites, or with two origins of which one is in no real allow-list (`null`,
    /// a Firefox extension's random origin, an address or localhost with a port, a stranger's corner of a shared host);
    /// likely with two unrelated sites. One echo proves nothing, for an exact allow-list looks the same: it is a row of
    /// `cors-trust-inventory`.
    ///
    /// Info on public assets, bodies that were the same without credentials, receipts and third-party collectors; low
    /// where data is returned; medium where the data is sensitive, the server is not public, or credentials are allowed.
    /// Where a signed-in user's data was read, `any-site-authenticated-read` speaks instead.
    ///
    /// ## Why it matters
    /// Copying Origin is `*` in disguise, with the difference that browsers accept it together with credentials.
    ///
    /// ## Example
    /// ```text
    /// Origin: https://a.test         Access-Control-Allow-Origin: https://a.test
    /// Origin: https://b.example      Access-Control-Allow-Origin: https://b.example
    /// ```
    ///
    /// ## Fix
    /// Compare Origin by exact string with a list; never copy it. Public data gets `*`.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-346
    /// - OWASP WSTG-CLNT-07
    /// - OWASP ASVS 5 3.4.2
    /// - OWASP API8:2023
    /// - Chen et al. 2018, We Still Don't Have Secure Cross-Domain Requests
    ReflectedOrigin {
        id: "reflected-origin", category: Permissive, severity: Medium, since: "0.1.0",
        title: "any origin that asks is granted"
    }
}

impl Rule for ReflectedOrigin {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if policy.allow_origin != AllowOrigin::Echo
            || !policy.is_cors(view)
            || !policy.response.is_ok_status()
        {
            return;
        }
        let Some(endpoint) = cx.endpoint(&policy) else {
            return;
        };
        let Some(reflection) = cx.reflection(endpoint, policy.target) else {
            return;
        };
        if is_authenticated_read(cx, view, &policy) {
            return;
        }
        let kinds = sensitive_kinds(view);
        let severity = if is_public_content(policy.exchange, policy.response)
            || cx.is_proven_public(policy.exchange)
        {
            Severity::Info
        } else if !kinds.is_empty()
            || policy.allow_credentials
            || !network(policy.exchange).is_public()
        {
            Severity::Medium
        } else {
            Severity::Low
        };
        let confidence = if reflection.is_proven() {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(permissive_cap(cx, &policy)))
            .confidence(confidence)
            .reach("any-site")
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let among = match reflection.sites {
                    0 | 1 => "an origin that no list holds".to_owned(),
                    sites => format!("{sites} unrelated sites"),
                };
                let reader = policy.reader.map_or("null", |origin| origin.serialised());
                let url = redact::url(&policy.exchange.request.url);
                let mut details = grant_details(
                    &policy,
                    format!(
                        "{url} answers each origin with itself: {reader} among others, {among} too, nobody refused"
                    ),
                );
                details.sensitive_kinds = kinds;
                details
            });
    }
}
