use super::granted::is_for_all;
use super::matrix::Reach;
use super::words::{
    credentials_clause, grant_details, holds_data, input_certainty, permissive_cap,
};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An ok answer with `Access-Control-Allow-Origin: null`. Proven if the request's Origin was `null` too; variant
    /// `static`, likely, if another origin asked, so that the server says `null` to everyone.
    ///
    /// High if credentials are allowed and a signed-in user's data was read, critical if that data is known to be
    /// sensitive; medium if nothing of the kind was seen; info on public assets without credentials, on receipts and on
    /// third-party collectors. Error answers are not looked at. Where the endpoint grants every origin, `null` is one
    /// example among others and part of `any-site-authenticated-read`.
    ///
    /// ## Why it matters
    /// `null` is nobody's name: any page makes a sandboxed frame or a `data:` page whose origin is `null`, and reads.
    ///
    /// ## Example
    /// ```text
    /// Origin: null
    /// Cookie: session=...
    ///
    /// Access-Control-Allow-Origin: null
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Remove `null` from the list. Pages opened from disk belong on a development server; after a cross-origin redirect,
    /// call the final URL directly.
    ///
    /// ## References
    /// - CWE-346
    /// - CWE-942
    /// - OWASP WSTG-CLNT-07
    /// - OWASP ASVS 5 3.4.2
    NullOriginAllowed {
        id: "null-origin-allowed", category: Permissive, severity: Medium, since: "0.1.0",
        title: "the origin `null` is allowed"
    }
}

impl Rule for NullOriginAllowed {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if !policy.grants_null() || !policy.is_cors(view) || !policy.response.is_ok_status() {
            return;
        }
        let asked_by_null = policy.asked_by_null();
        let for_all = is_for_all(cx, &policy);
        let read = policy.allow_credentials
            && asked_by_null
            && !for_all
            && authentication(view).is_ambient()
            && !cx.is_proven_public(policy.exchange)
            && (holds_data(cx, &policy) || !policy.exchange.request.method.is_cors_safelisted());
        let reflects = cx
            .endpoint(&policy)
            .is_some_and(|endpoint| cx.reflection(endpoint, policy.target).is_some());
        if read && reflects {
            return;
        }
        let kinds = sensitive_kinds(view);
        let (severity, travels) = if read {
            Reach::AnySite.of_read(cx, view)
        } else if for_all && !policy.allow_credentials {
            (Severity::Info, Certainty::Proven)
        } else {
            (Severity::Medium, Certainty::Proven)
        };
        let cap = if read && !cx.is_collector(policy.target) {
            severity
        } else {
            permissive_cap(cx, &policy)
        };
        let confidence = if !asked_by_null || (read && !authentication(view).is_seen()) {
            Certainty::Likely
        } else {
            Certainty::Proven
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(cap))
            .confidence(confidence.min(travels).min(input_certainty(view)))
            .variant(if asked_by_null { "" } else { "static" })
            .reach("any-site")
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let method = policy.exchange.request.method.as_str();
                let with = if policy.allow_credentials {
                    " and allows credentials"
                } else {
                    ""
                };
                let message = if read {
                    format!(
                        "{method} {url} grants `null`{with}: any page can read it through a sandboxed frame, and this \
                         request was answered {}",
                        credentials_clause(view)
                    )
                } else if asked_by_null {
                    format!(
                        "{method} {url} grants `null`{with}: any page can read it through a sandboxed frame"
                    )
                } else {
                    format!("{method} {url} answers `null`{with} though another origin asked")
                };
                let mut details = grant_details(&policy, message);
                details.sensitive_kinds = kinds;
                details
            });
    }
}
