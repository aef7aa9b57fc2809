use super::failure::{Blocked, Cause, NotCors, blocked, certainty, report_cause};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::finding::Certainty;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A request of a script that was redirected to something that takes no part in CORS: a page to sign in (variant
    /// `login`, told by the path, therefore likely), another HTML page (variant `page`), or anything else, if the endpoint
    /// itself grants this origin when it succeeds. Reported in the place of `missing-allow-origin`.
    ///
    /// Silent: fonts, scripts and other assets; redirects whose target grants.
    ///
    /// ## Why it matters
    /// The session has ended, and instead of a 401 that the page could act on it sees a network error.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.test/me          302, Location: https://sso.test/login
    /// GET https://sso.test/login       200, Content-Type: text/html, no Access-Control-Allow-Origin
    /// ```
    ///
    /// ## Fix
    /// Answer calls of scripts with 401 and CORS headers instead of redirecting them.
    ///
    /// ## References
    /// - Fetch Standard, section 4.4, HTTP-redirect fetch
    /// - Fetch Standard, section 4.9, CORS check
    RedirectTargetNotCors {
        id: "redirect-target-not-cors", category: Failure, severity: Medium, since: "0.1.0",
        title: "a script's request was redirected to something without CORS"
    }
}

impl Rule for RedirectTargetNotCors {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(Blocked {
            exchange,
            cause: Cause::RedirectTarget(target),
        }) = blocked(view, cx)
        else {
            return;
        };
        let Some(first) = view.judged.fetch.first(view.capture) else {
            return;
        };
        let (variant, sure, what) = match target {
            NotCors::Login => ("login", Certainty::Likely, "seems to be a page to sign in"),
            NotCors::Page => ("page", Certainty::Proven, "is an HTML page"),
            NotCors::Elsewhere => (
                "",
                Certainty::Proven,
                "takes no part in CORS, as the endpoint itself does",
            ),
        };
        let asked = redact::url(&first.request.url);
        let remark =
            format!("; the script had asked for {asked} and was redirected here, which {what}");
        let report = out
            .report(Self::DECLARATION)
            .confidence(certainty(view).min(sure))
            .variant(variant)
            .initiator(view.judged.fetch.initiator_origin.value.as_ref());
        report_cause(view, exchange, first, report, &remark);
    }
}
