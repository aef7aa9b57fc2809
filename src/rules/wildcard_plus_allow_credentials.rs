use super::words::grant_details;
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{AllowOrigin, Policy, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// `Access-Control-Allow-Origin: *` beside `Access-Control-Allow-Credentials: true`. Low if the answer is known to
    /// hold sensitive data, else info.
    ///
    /// ## Why it matters
    /// Browsers refuse the pair for requests with credentials, so nothing leaks yet. It shows intent, and "repairing" it
    /// by copying Origin opens the data to every site; some frameworks do that by themselves.
    ///
    /// ## Example
    /// ```text
    /// Access-Control-Allow-Origin: *
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Decide: public, then `*` without Access-Control-Allow-Credentials; or for signed-in users, then a list of origins.
    ///
    /// ## References
    /// - CWE-942
    /// - Fetch Standard, section 3.3.3, HTTP responses: combinations of the two headers
    WildcardPlusAllowCredentials {
        id: "wildcard-plus-allow-credentials-header", category: Permissive, severity: Info, since: "0.1.0",
        title: "any origin is allowed and credentials are allowed too"
    }
}

impl Rule for WildcardPlusAllowCredentials {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, _cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if policy.allow_origin != AllowOrigin::Star || !policy.allow_credentials {
            return;
        }
        let kinds = sensitive_kinds(view);
        let severity = if kinds.is_empty() || !policy.response.is_ok_status() {
            Severity::Info
        } else {
            Severity::Low
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(Certainty::Proven)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let mut details = grant_details(
                    &policy,
                    format!("{url} answers `*` and Access-Control-Allow-Credentials: true, a pair that browsers refuse"),
                );
                details.sensitive_kinds = kinds;
                details
            });
    }
}
