use super::granted::{Named, Standing, is_foreign_tenant, matters, reflects, standing};
use super::matrix::Reach;
use super::reader::cause;
use super::words::{grant_details, input_certainty};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Policy, runs_strangers_code, sensitive_kinds, site_host};
use crate::finding::Severity;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A server grants, by name, somebody's corner of a public platform (`demo.github.io`, a playground for code) that is
    /// not its own. Medium with `Access-Control-Allow-Credentials: true`, else low. Where a signed-in user's data was read,
    /// `any-site-authenticated-read` speaks instead, with reach `tenant`.
    ///
    /// Variant `static`: another origin asked, and the answer names the tenant to everybody.
    ///
    /// Low with credentials and silent without: a corner that bears the name of the server's owner, a server that is itself
    /// a tenant of some platform, a service of others that merely serves the page under review. Silent: the same tenant;
    /// public assets, as on a company's own delivery network; empty and error answers; collectors; endpoints that grant
    /// unrelated sites too (`reflected-origin`); domains that one
    /// registers as under a country (`shop.uk.com`); sites declared with `--first-party`.
    ///
    /// ## Why it matters
    /// Such a name is handed out for nothing, and again to the next one when its holder leaves. Whoever holds it reads.
    ///
    /// ## Example
    /// ```text
    /// Origin: https://demo.github.io
    ///
    /// Access-Control-Allow-Origin: https://demo.github.io
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Serve the page from a domain of your own and grant that one.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-346
    /// - Public Suffix List, private section
    SharedHostingOriginTrusted {
        id: "shared-hosting-origin-trusted", category: Permissive, severity: Low, since: "0.1.0",
        title: "a corner of a shared platform is trusted"
    }
}

impl Rule for SharedHostingOriginTrusted {
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
        let Some(own) = policy.target.host() else {
            return;
        };
        if !named.is_web()
            || !runs_strangers_code(named.host)
            || cx.are_related(named.host, own)
            || !matters(cx, &policy)
            || reflects(cx, &policy)
            || cause(cx, view, &policy).is_some()
        {
            return;
        }
        let foreign =
            is_foreign_tenant(&policy, &named) && standing(cx, &policy) != Standing::Service;
        let severity = match (policy.allow_credentials, foreign) {
            (true, true) => Severity::Medium,
            (true, false) | (false, true) => Severity::Low,
            (false, false) => return,
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(input_certainty(view))
            .variant(if named.asked { "" } else { "static" })
            .reach(Reach::Tenant.as_str())
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
                let platform = site_host(named.host)
                    .split_once('.')
                    .map_or(named.host, |(_, platform)| platform);
                let mut details = grant_details(
                    &policy,
                    format!(
                        "{url} grants {origin}{with}, a corner of {platform}, where anyone gets one"
                    ),
                );
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}
