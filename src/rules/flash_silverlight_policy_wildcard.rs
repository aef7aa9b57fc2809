use super::words::fact;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::finding::{Certainty, Severity};

declare_rule! {
    /// ## What it finds
    /// A `crossdomain.xml` or `clientaccesspolicy.xml` that lets every domain in (`domain="*"`, `uri="*"`), answered 2xx
    /// with such a body. Low if the same server also grants whoever asks by CORS, else info.
    ///
    /// Silent: policies that name domains; an HTML page in the place of the file.
    ///
    /// ## Why it matters
    /// Flash and Silverlight are gone from browsers, but old PDF and desktop clients still obey these files, and a server
    /// that opened itself once has often opened itself in other places too.
    ///
    /// ## Example
    /// ```text
    /// GET https://shop.test/crossdomain.xml
    ///
    /// <cross-domain-policy><allow-access-from domain="*"/></cross-domain-policy>
    /// ```
    ///
    /// ## Fix
    /// Delete the file.
    ///
    /// ## References
    /// - OWASP WSTG-CONF-08
    /// - CWE-942
    /// - Lekies et al. 2011, The Limits of Cross-Origin Policies
    FlashSilverlightPolicyWildcard {
        id: "flash-silverlight-policy-wildcard", category: Exposure, severity: Info, since: "0.1.0",
        title: "a plug-in policy file lets every domain in"
    }
}

impl Rule for FlashSilverlightPolicyWildcard {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, _: FetchView<'_>, _: &Context, _: &mut Findings) {}

    fn conclude(&self, cx: &Context, out: &mut Findings) {
        // The files come server by server.
        let mut last: Option<(&Origin, bool)> = None;
        for (target, endpoint, place) in cx.exposure().policy_files() {
            let broad = match last {
                Some((known, broad)) if known == target => broad,
                _ => grants_anyone(cx, target),
            };
            last = Some((target, broad));
            out.report(Self::DECLARATION)
                .severity(if broad { Severity::Low } else { Severity::Info })
                .confidence(Certainty::Proven)
                .reach("any-site")
                .at_endpoint(target, endpoint, place.clone(), || Details {
                    message: format!(
                        "{target}{endpoint} lets the plug-ins of every domain read this server{}",
                        if broad {
                            ", which by CORS grants whoever asks too"
                        } else {
                            ""
                        }
                    ),
                    evidence: vec![fact("domains let in", "*")],
                    ..Details::default()
                });
        }
    }
}

/// Whether any endpoint of the server answers `*`, or each origin with itself.
fn grants_anyone(cx: &Context, target: &Origin) -> bool {
    cx.target(target).is_some_and(|seen| {
        seen.endpoints.values().any(|endpoint| {
            endpoint.origins.values().any(|answered| answered.star)
                || cx.reflection(endpoint, target).is_some()
        })
    })
}
