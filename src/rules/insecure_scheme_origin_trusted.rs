use super::granted::{Named, Standing, is_insecure, matters, reflects, standing};
use super::matrix::{Reach, lower};
use super::reader::cause;
use super::words::{
    credentials_clause, fact, grant_details, input_certainty, is_authenticated_read,
};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Policy, authentication, network, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An https server that grants an `http://` origin by name. Medium with `Access-Control-Allow-Credentials: true`, else
    /// low; one step less if the recordings show that browsers which know the origin's host load it over https alone
    /// (`Strict-Transport-Security` with `includeSubDomains`). Where a signed-in user's data was read that way,
    /// `any-site-authenticated-read` speaks instead, with reach `network`.
    ///
    /// Variant `cleartext`: the server itself speaks plain http on the public internet, and a page of another origin read
    /// a signed-in user's data there: medium, high if that data is known to be sensitive.
    ///
    /// Variant `static`: another origin asked, and the answer names the http one to everybody.
    ///
    /// Silent: origins on the user's own machine; addresses and names of internal networks, which
    /// `loopback-or-intranet-origin-trusted` tells; servers on this machine; public assets, empty and error answers,
    /// collectors; endpoints that grant unrelated sites too (`reflected-origin`). Services of others that merely serve the
    /// page under review are low, with credentials alone.
    ///
    /// ## Why it matters
    /// Whoever stands between a user and a page without encryption (an open wireless network is enough) writes that page's
    /// scripts. What the page may read, they read: the server's own encryption no longer helps.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.shop.test/account
    /// Origin: http://shop.test
    ///
    /// Access-Control-Allow-Origin: http://shop.test
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Remove http origins from the list; serve the page over https and redirect to it.
    ///
    /// ## References
    /// - CWE-319
    /// - CWE-942
    /// - OWASP WSTG-CLNT-07
    /// - Kettle 2016, Exploiting CORS misconfigurations for Bitcoins and bounties
    InsecureSchemeOriginTrusted {
        id: "insecure-scheme-origin-trusted", category: Permissive, severity: Low, since: "0.1.0",
        title: "a page without encryption is trusted"
    }
}

impl Rule for InsecureSchemeOriginTrusted {
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
        let cleartext = is_cleartext_read(cx, view, &policy);
        if !(cleartext || is_insecure(&policy, &named))
            || !matters(cx, &policy)
            || reflects(cx, &policy)
            || cause(cx, view, &policy).is_some()
        {
            return;
        }
        let is_service = standing(cx, &policy) == Standing::Service;
        let strict = !cleartext && cx.trust().is_strict(named.host);
        let (severity, travels) = match (policy.allow_credentials, is_service) {
            (false, true) => return,
            (true, true) => (Severity::Low, Certainty::Proven),
            (true, false) if cleartext => Reach::Network.of_read(cx, view),
            (true, false) => (Severity::Medium, Certainty::Proven),
            (false, false) => (Severity::Low, Certainty::Proven),
        };
        let severity = if strict { lower(severity) } else { severity };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(travels.min(input_certainty(view)))
            .variant(match (cleartext, named.asked) {
                (true, _) => "cleartext",
                (false, true) => "",
                (false, false) => "static",
            })
            .reach(Reach::Network.as_str())
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
                let message = if cleartext {
                    format!(
                        "{origin} read {url} {} over plain http: everyone on the way reads along, and writes",
                        credentials_clause(view)
                    )
                } else {
                    format!(
                        "{url} grants {origin}{with}, a page that anyone between it and the user can rewrite"
                    )
                };
                let mut details = grant_details(&policy, message);
                if strict {
                    details.evidence.push(fact(
                        "Strict-Transport-Security",
                        format!("seen for {}, with includeSubDomains", named.host),
                    ));
                }
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}

/// A signed-in user's data was read across origins without encryption.
fn is_cleartext_read(cx: &Context, view: FetchView<'_>, policy: &Policy<'_>) -> bool {
    policy.target.scheme() == Some("http")
        && network(policy.exchange).is_public()
        && authentication(view).is_seen()
        && is_authenticated_read(cx, view, policy)
}
