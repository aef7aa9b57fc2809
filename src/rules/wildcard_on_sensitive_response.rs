use super::granted::is_for_all;
use super::matrix::has_weight;
use super::words::{grant_details, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::content::{Kind, Place};
use crate::exchange::Method;
use crate::facts::{AllowOrigin, Authentication, Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An ok answer with `Access-Control-Allow-Origin: *` that is known to hold sensitive data, to a request without
    /// cookie, Authorization or key. High for tokens, card numbers and IBANs, else medium. A hint where the export was
    /// stripped of cookies.
    ///
    /// Silent without evidence of sensitive data, for `*` on public data is right: one lone email address is none, nor
    /// is what a server hands to every visitor (a session's id, a token against forgery). Silent too where the request may
    /// have told a secret in another way: in its URL, or in the body of a method other than GET and HEAD, as a login does.
    ///
    /// ## Why it matters
    /// Anyone can fetch it, browser or not. CORS is not the defect: the resource lacks authentication, or relies on an
    /// address or a secret URL.
    ///
    /// ## Example
    /// ```text
    /// GET /export.json
    ///
    /// 200
    /// Access-Control-Allow-Origin: *
    /// X-Auth-Token: ...
    /// ```
    ///
    /// ## Fix
    /// Require authentication for the resource, then list the origins that may read it.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-200
    /// - OWASP ASVS 5 3.4.2
    WildcardOnSensitiveResponse {
        id: "wildcard-on-sensitive-response", category: Permissive, severity: Medium, since: "0.1.0",
        title: "any origin may read data that looks private"
    }
}

const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-auth-token"];

impl Rule for WildcardOnSensitiveResponse {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if policy.allow_origin != AllowOrigin::Star || !policy.response.is_ok_status() {
            return;
        }
        let mut kinds = sensitive_kinds(view);
        // Every visitor gets some of his own.
        kinds.retain(|kind| *kind != Kind::CsrfToken.as_str() && *kind != Kind::SessionId.as_str());
        if !has_weight(view, &kinds) || is_for_all(cx, &policy) || tells_secret(&policy) {
            return;
        }
        let request = &policy.exchange.request.headers;
        let authentication = authentication(view);
        if authentication.is_seen()
            || authentication == Authentication::ScriptToken
            || request.contains("authorization")
            || KEY_HEADERS.iter().any(|name| request.contains(name))
        {
            return;
        }
        let worst = kinds
            .iter()
            .any(|kind| matches!(*kind, "oauth-token" | "jwt" | "api-key" | "pan" | "iban"));
        let severity = if worst {
            Severity::High
        } else {
            Severity::Medium
        };
        let confidence = if view.capture.sanitized {
            Certainty::Hint
        } else {
            Certainty::Likely
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(permissive_cap(cx, &policy)))
            .confidence(confidence)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let what = kinds.join(", ");
                let mut details = grant_details(
                    &policy,
                    format!(
                        "{url} gives {what} to anyone: `*`, and the request carried no credentials"
                    ),
                );
                details.sensitive_kinds = kinds;
                details
            });
    }
}

/// Whether the request may have authenticated itself by its URL or its body.
fn tells_secret(policy: &Policy<'_>) -> bool {
    let in_url = policy.exchange.content.as_ref().is_some_and(|content| {
        content
            .at(Place::RequestUrl)
            .any(|sighting| sighting.kind != Kind::Email)
    });
    in_url || !matches!(policy.exchange.request.method, Method::Get | Method::Head)
}
