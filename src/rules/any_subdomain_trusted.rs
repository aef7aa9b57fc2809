use super::granted::{Named, Standing, matters, reflects, standing};
use super::matrix::{Reach, raise, raises_severity};
use super::reader::cause;
use super::words::{fact, grant_details, input_certainty, is_authenticated_read};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::facts::{Policy, sensitive_kinds, site_host};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A server that grants every host of one registrable domain: over all recordings it granted three of them or more, one
    /// of them deep below the domain or with a random look, and refused none. Likely; proven if one of them stands on a
    /// port that no list holds. Low; medium where a signed-in user's sensitive data was read. One step more if the data is
    /// sensitive and a granted sibling came without encryption, or holds what users upload.
    ///
    /// Silent: two or three plain names, which somebody may have listed; a domain of which one host was refused; servers
    /// that grant unrelated sites as well (`reflected-origin`); public assets, empty answers, collectors, and services of
    /// others that merely serve the page under review.
    ///
    /// ## Why it matters
    /// The weakest host of the domain decides: a forgotten blog, a name whose cloud service was cancelled and that anyone
    /// can claim, a preview of an unreviewed change. `SameSite` cookies do not stop a sibling.
    ///
    /// ## Example
    /// ```text
    /// Origin: https://a.x.test              Access-Control-Allow-Origin: https://a.x.test
    /// Origin: https://b9f3.preview.x.test   Access-Control-Allow-Origin: https://b9f3.preview.x.test
    /// Origin: https://old-blog.x.test       Access-Control-Allow-Origin: https://old-blog.x.test
    /// ```
    ///
    /// ## Fix
    /// List the few hosts that need the data.
    ///
    /// ## References
    /// - CWE-942
    /// - Squarcina et al. 2021, Can I Take Your Subdomain?
    AnySubdomainTrusted {
        id: "any-subdomain-trusted", category: Permissive, severity: Low, since: "0.1.0",
        title: "every host of a domain is trusted"
    }
}

impl Rule for AnySubdomainTrusted {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let Some(named) = Named::of(view, &policy).filter(|named| named.asked && named.is_web())
        else {
            return;
        };
        let Some(reader) = policy.reader else {
            return;
        };
        if reflects(cx, &policy) {
            return;
        }
        let Some(family) = cx.trust().family(policy.target, reader) else {
            return;
        };
        if !matters(cx, &policy)
            || standing(cx, &policy) == Standing::Service
            || cause(cx, view, &policy).is_some()
        {
            return;
        }
        let severity = if is_authenticated_read(cx, view, &policy) {
            Reach::Sibling.of_read(cx, view).0
        } else {
            Severity::Low
        };
        let is_weak =
            family.has_uploads || (family.has_http && policy.target.scheme() == Some("https"));
        let severity = if raises_severity(view) && is_weak {
            raise(severity)
        } else {
            severity
        };
        let confidence = if family.is_implausible {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        let site = site_host(named.host);
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence.min(input_certainty(view)))
            .reach(Reach::Sibling.as_str())
            .phase("actual")
            .about(site)
            .whole_host()
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let shown: Vec<&str> = family.shown.iter().map(Origin::serialised).collect();
                let mut details = grant_details(
                    &policy,
                    format!(
                        "{} granted {} origins of {site} and refused none, {} among them",
                        policy.target,
                        family.count,
                        redact::text(named.text)
                    ),
                );
                details
                    .evidence
                    .push(fact("granted origins", shown.join(" ")));
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}
