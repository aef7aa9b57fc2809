use super::context::GrantedOn;
use super::failure::{Blocked, Cause, ErrorAnswer, blocked, certainty, report_cause};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::is_public_asset;
use crate::finding::{Certainty, Severity};

declare_rule! {
    /// ## What it finds
    /// An answer of status 400 and above without a grant, while the same endpoint grants the same origin whenever it
    /// succeeds (2xx). Likely where only other endpoints of the server were seen to succeed (variant `server`), and where
    /// the preflight granted and a gateway then answered 502, 503 or 504 (variant `gateway`). Low for fonts, scripts and
    /// other assets, which the page does not get either way. Reported in the place of `missing-allow-origin`.
    ///
    /// Silent: an origin that successes refuse too.
    ///
    /// ## Why it matters
    /// The page sees a network error and the console speaks of CORS, whatever really happened: too many requests, an ended
    /// session, a bad field. It cannot show the user what is wrong, and whoever searches, searches in the wrong place.
    ///
    /// ## Example
    /// ```text
    /// GET /orders     200, Access-Control-Allow-Origin: https://shop.test
    /// GET /orders     429, no Access-Control-Allow-Origin
    /// ```
    ///
    /// ## Fix
    /// Set the CORS headers in the outermost layer, on every status ("always" in nginx), gateway errors included.
    ///
    /// ## References
    /// - Fetch Standard, section 4.9, CORS check
    /// - CWE-755
    ErrorResponsesLackCors {
        id: "error-responses-lack-cors", category: Failure, severity: Medium, since: "0.1.0",
        title: "only error answers lack the grant"
    }
}

impl Rule for ErrorResponsesLackCors {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(Blocked {
            exchange,
            cause: Cause::ErrorAnswer(known_by),
        }) = blocked(view, cx)
        else {
            return;
        };
        let (variant, sure, remark) = match known_by {
            ErrorAnswer::Beside(GrantedOn::Endpoint) => (
                "",
                Certainty::Proven,
                "; when it succeeds, this endpoint grants this origin",
            ),
            ErrorAnswer::Beside(GrantedOn::Server) => (
                "server",
                Certainty::Likely,
                "; this server's successes elsewhere grant this origin",
            ),
            ErrorAnswer::Gateway => (
                "gateway",
                Certainty::Likely,
                "; the preflight granted this origin, the gateway before the application does not",
            ),
        };
        let asset = exchange
            .response()
            .is_some_and(|response| is_public_asset(exchange, response));
        let report = out
            .report(Self::DECLARATION)
            .severity(if asset {
                Severity::Low
            } else {
                Severity::Medium
            })
            .confidence(certainty(view).min(sure))
            .variant(variant)
            .initiator(view.judged.fetch.initiator_origin.value.as_ref());
        report_cause(view, exchange, exchange, report, remark);
    }
}
