use super::failure::{Blocked, Cause, blocked, certainty, report_cause};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::finding::Certainty;

declare_rule! {
    /// ## What it finds
    /// A preflight answered 401 or 407, or 403 with a challenge (`WWW-Authenticate`): authentication stands before the code
    /// that answers preflights. Proven if the endpoint is also seen to serve requests that carry credentials, else likely.
    /// It is reported in the place of `preflight-bad-status` and `preflight-missing-allow-origin`: engines differ in whether
    /// they look at the status or at the grant first, and the cause is the same. A 403 without a challenge is a denial and
    /// stays with those.
    ///
    /// ## Why it matters
    /// Preflights never carry credentials, so no page on another origin can make any request that needs one: every method
    /// but GET, HEAD and POST, every JSON body, every own header.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS /cart HTTP/1.1
    /// Origin: https://shop.test
    /// Access-Control-Request-Method: PUT
    ///
    /// HTTP/1.1 401 Unauthorized
    /// WWW-Authenticate: Bearer
    /// ```
    ///
    /// ## Fix
    /// Answer OPTIONS requests that carry Access-Control-Request-Method before authentication is asked for.
    ///
    /// ## References
    /// - Fetch Standard, section 4.8, CORS-preflight fetch
    /// - MDN: CORSPreflightDidNotSucceed
    PreflightAuthDemanded {
        id: "preflight-auth-demanded", category: Failure, severity: High, since: "0.1.0",
        title: "authentication stands before the preflight"
    }
}

impl Rule for PreflightAuthDemanded {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(Blocked {
            exchange,
            cause: Cause::AuthDemanded { served },
        }) = blocked(view, cx)
        else {
            return;
        };
        let sure = if served {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        let remark = if served {
            "; the preflight carries no credentials and was asked for them, while this endpoint serves requests that carry \
             some"
        } else {
            "; the preflight carries no credentials and was asked for them"
        };
        let report = out
            .report(Self::DECLARATION)
            .confidence(certainty(view).min(sure))
            .initiator(view.judged.fetch.initiator_origin.value.as_ref());
        report_cause(view, exchange, exchange, report, remark);
    }
}
