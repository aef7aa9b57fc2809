use super::context::inputs;
use super::granted::is_for_all;
use super::matrix::Reach;
use super::words::{fact, grant_details, input_certainty, permissive_cap, printed};
use super::{Context, FetchView, Findings, Input, Rule, declare_rule};
use crate::facts::{Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Severity};

declare_rule! {
    /// ## What it finds
    /// `Access-Control-Allow-Origin` names an origin that is not the one that asked, and which the request holds in another
    /// place: in a parameter of its query or body (variant `parameter`), or in `Referer` (variant `referer`). Likely if the
    /// server did so with two different origins; one alone is a hint, for a fixed value may look the same.
    ///
    /// Medium; with `Access-Control-Allow-Credentials: true` and a signed-in user's credentials on the request as severe as
    /// a copy of Origin itself. Info on empty and error answers and collectors. Silent on public assets, where the
    /// answer names the server's own origin or the page's, and behind redirects, which turn a page's Origin into `null`.
    ///
    /// ## Why it matters
    /// A page chooses its parameters, and its Referer is its own address: whoever asks is granted, with one detour.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.shop.test/config?domain=https://x.test
    /// Origin: https://shop.test
    ///
    /// Access-Control-Allow-Origin: https://x.test
    /// ```
    ///
    /// ## Fix
    /// Derive the grant from Origin alone, by comparison with a list.
    ///
    /// ## References
    /// - CWE-346
    /// - CWE-942
    AcaoCopiedFromOtherInput {
        id: "acao-copied-from-other-input", category: Permissive, severity: Medium, since: "0.1.0",
        title: "the grant follows another input than Origin"
    }
}

impl Rule for AcaoCopiedFromOtherInput {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if !policy.is_cors(view) || !policy.response.is_ok_status() || is_for_all(cx, &policy) {
            return;
        }
        for input in inputs(view, &policy) {
            let copies = cx
                .trust()
                .copied(policy.target, input)
                .map_or(0, std::collections::BTreeSet::len);
            let ambient = policy.allow_credentials && authentication(view).is_ambient();
            let (severity, travels) = if ambient {
                Reach::AnySite.of_read(cx, view)
            } else {
                (Severity::Medium, Certainty::Likely)
            };
            let confidence = if copies >= 2 {
                Certainty::Likely
            } else {
                Certainty::Hint
            };
            // What is inferred is never critical.
            let severity = severity
                .min(Severity::High)
                .min(permissive_cap(cx, &policy));
            out.report(Self::DECLARATION)
                .severity(severity)
                .confidence(confidence.min(travels).min(input_certainty(view)))
                .variant(match input {
                    Input::Parameter => "parameter",
                    Input::Referer => "referer",
                })
                .reach(Reach::AnySite.as_str())
                .phase("actual")
                .initiator(policy.reader)
                .at(view, policy.exchange, || {
                    let url = crate::redact::url(&policy.exchange.request.url);
                    let named =
                        printed(policy.response, "Access-Control-Allow-Origin").unwrap_or_default();
                    let reader = policy
                        .reader
                        .map_or("an unknown origin", |o| o.serialised());
                    let place = match input {
                        Input::Parameter => "a parameter of the request",
                        Input::Referer => "the request's Referer",
                    };
                    let mut details = grant_details(
                        &policy,
                        format!("{url} answers {reader} with {named}, the origin in {place}"),
                    );
                    details.evidence.push(fact(
                        "different origins copied so",
                        match copies {
                            0..3 => copies.to_string(),
                            _ => "3 or more".to_owned(),
                        },
                    ));
                    details.sensitive_kinds = sensitive_kinds(view);
                    details
                });
        }
    }
}
