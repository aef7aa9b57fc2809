use super::granted::is_for_all;
use super::matrix::raises_severity;
use super::reader::cause;
use super::words::{grant_details, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{AllowOrigin, Authentication, Policy, authentication, network, sensitive_kinds};
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
    /// Info on public assets, receipts and third-party collectors, and where the same body came without credentials; low
    /// where data is returned; medium where the data is sensitive, the server is not public, or credentials are allowed.
    /// Low at most where only a token that the page's script holds opens the data, for a stranger's page holds none. Where
    /// a signed-in user's data was read, `any-site-authenticated-read` speaks instead.
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
        if cause(cx, view, &policy).is_some() {
            return;
        }
        let kinds = sensitive_kinds(view);
        let inside = !network(policy.exchange).is_public();
        let severity = if is_for_all(cx, &policy) {
            Severity::Info
        } else if authentication(view) == Authentication::ScriptToken && !inside {
            Severity::Low
        } else if raises_severity(view) || policy.allow_credentials || inside {
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
