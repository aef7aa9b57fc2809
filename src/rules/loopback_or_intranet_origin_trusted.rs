use super::granted::{Named, Standing, matters, reflects, standing};
use super::reader::cause;
use super::words::{grant_details, input_certainty};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Network, Policy, authentication, host_network, network, sensitive_kinds};
use crate::finding::Severity;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A public server grants, by name, an origin that stands on nobody's website: localhost and its subdomains, 127/8,
    /// `[::1]`, a private or link-local address, a name without a dot, `.local` and the like. Medium with
    /// `Access-Control-Allow-Credentials: true`, else low. Variant `static`: another origin asked, and the answer names the
    /// local one to everybody.
    ///
    /// Where nothing shows that the server belongs to the page that asked, and no credentials were sent, low is the most: many
    /// services grant every origin, and a page under development is one of them. A service of others is silent without
    /// `Access-Control-Allow-Credentials`. Silent: servers that are local themselves; public assets, empty and error answers,
    /// collectors; endpoints that grant unrelated sites too (`reflected-origin`).
    ///
    /// ## Why it matters
    /// It is a developer's setting that went into production. Every program that opens a port on a user's machine, and
    /// every device that answers to such a name in a network the user walks into, is trusted.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.shop.test/account
    /// Origin: http://localhost:3000
    ///
    /// Access-Control-Allow-Origin: http://localhost:3000
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Keep development origins in the configuration of development servers.
    ///
    /// ## References
    /// - CWE-489
    /// - CWE-942
    LoopbackOrIntranetOriginTrusted {
        id: "loopback-or-intranet-origin-trusted", category: Permissive, severity: Low, since: "0.1.0",
        title: "a public server trusts a local origin"
    }
}

impl Rule for LoopbackOrIntranetOriginTrusted {
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
        let Some(place) = local_place(&named) else {
            return;
        };
        if !network(policy.exchange).is_public()
            || !matters(cx, &policy)
            || reflects(cx, &policy)
            || cause(cx, view, &policy).is_some()
        {
            return;
        }
        // Many services grant every origin, and a page under development is one of them.
        let standing = standing(cx, &policy);
        let counts = standing == Standing::Own || authentication(view).is_ambient();
        let severity = match (policy.allow_credentials, standing) {
            (true, _) if counts => Severity::Medium,
            (true, _) | (false, Standing::Own | Standing::Unknown) => Severity::Low,
            (false, Standing::Service) => return,
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(input_certainty(view))
            .variant(if named.asked { "" } else { "static" })
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
                let mut details = grant_details(
                    &policy,
                    format!("{url}, a public server, grants {origin}{with}: {place}"),
                );
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}

/// Where a local origin stands, in words.
fn local_place(named: &Named<'_>) -> Option<&'static str> {
    if !named.is_web() {
        return None;
    }
    match host_network(named.host) {
        Network::Public | Network::PublicName => None,
        Network::Loopback => Some("whatever listens there on the user's machine"),
        Network::Private | Network::LinkLocal | Network::CarrierGrade => {
            Some("whatever answers there in the user's network")
        }
        Network::Unknown if !named.host.contains('.') => {
            Some("a name without a dot, which the user's network resolves")
        }
        Network::Unknown => None,
    }
}
