use super::granted::{Named, is_for_all, reflects};
use super::reader::cause;
use super::words::{grant_details, input_certainty, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Policy, sensitive_kinds};
use crate::finding::Severity;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A server grants an origin that is no website: a browser extension, an application's web view (`capacitor://`,
    /// `ionic://`, `app://`), `file://`. Low with `Access-Control-Allow-Credentials: true`, else info. Medium if a Firefox
    /// extension is granted with credentials: its origin is random in every installation, so no list holds it and the
    /// server grants whoever asks. Silent on public assets, and where the endpoint grants
    /// unrelated sites too (`reflected-origin`); info on empty answers and collectors.
    ///
    /// ## Why it matters
    /// An extension's id is its own, yet a generic scheme belongs to every application that uses the framework, and `file:`
    /// to every document that a user opens.
    ///
    /// ## Example
    /// ```text
    /// Origin: moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc
    ///
    /// Access-Control-Allow-Origin: moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// List the one extension by its id; let applications authenticate with a token of their own instead of cookies; never
    /// grant `file:` or a framework's scheme.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-346
    NonWebOriginTrusted {
        id: "non-web-origin-trusted", category: Permissive, severity: Info, since: "0.1.0",
        title: "an extension's or application's origin is trusted"
    }
}

impl Rule for NonWebOriginTrusted {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let Some(named) = Named::of(view, &policy) else {
            return;
        };
        if matches!(named.scheme, "http" | "https")
            || is_for_all(cx, &policy)
            || reflects(cx, &policy)
            || cause(cx, view, &policy).is_some()
        {
            return;
        }
        let random = named.asked && named.scheme == "moz-extension";
        let severity = match (policy.allow_credentials, random) {
            (true, true) => Severity::Medium,
            (true, false) => Severity::Low,
            (false, _) => Severity::Info,
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(permissive_cap(cx, &policy)))
            .confidence(input_certainty(view))
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let origin = redact::text(named.text);
                let with = if policy.allow_credentials {
                    " with credentials"
                } else {
                    ""
                };
                let what = match named.scheme {
                    "moz-extension" => {
                        "a Firefox extension, whose origin is random and therefore in no list"
                    }
                    "chrome-extension" | "safari-web-extension" | "safari-extension" => {
                        "a browser extension"
                    }
                    "file" => "any document on the user's disk",
                    _ => "an application, whose scheme others may use too",
                };
                let mut details =
                    grant_details(&policy, format!("{url} grants {origin}{with}: {what}"));
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}
