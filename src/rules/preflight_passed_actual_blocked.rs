use super::failure::{Blocked, Cause, blocked, certainty, report_cause};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::exchange::{Exchange, Method};
use crate::finding::Severity;

declare_rule! {
    /// ## What it finds
    /// A preflight that granted everything, and an answer to the request itself that the browser then hid. The variant is
    /// the check that failed (`missing-allow-origin` and so on); this finding stands in the place of that rule's. High if
    /// the request was one that changes something (not GET, HEAD or OPTIONS) and was not answered with an error, else
    /// medium. Errors that alone lack the grant are `error-responses-lack-cors`.
    ///
    /// ## Why it matters
    /// The server executed the request; the page sees a network error and believes that it failed, and may try again.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS /cart
    /// 204, Access-Control-Allow-Origin: https://shop.test
    ///      Access-Control-Allow-Methods: PUT
    ///
    /// PUT /cart
    /// 200, no Access-Control-Allow-Origin
    /// ```
    ///
    /// ## Fix
    /// Apply the layer that answers preflights to the real handler too, and to every answer that it or anything before it
    /// gives.
    ///
    /// ## References
    /// - Fetch Standard, section 4.9, CORS check
    /// - Fetch Standard, section 3.3, CORS protocol
    PreflightPassedActualBlocked {
        id: "preflight-passed-actual-blocked", category: Failure, severity: Medium, since: "0.1.0",
        title: "the preflight grants, the answer does not"
    }
}

impl Rule for PreflightPassedActualBlocked {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(Blocked {
            exchange,
            cause: Cause::PreflightPassed,
        }) = blocked(view, cx)
        else {
            return;
        };
        let executed = changes_something(exchange);
        let (severity, remark) = if executed {
            (
                Severity::High,
                "; the preflight granted it, so the server executed what the page takes for failed",
            )
        } else {
            (Severity::Medium, "; the preflight had granted it")
        };
        let report = out
            .report(Self::DECLARATION)
            .severity(severity)
            .confidence(certainty(view))
            .variant(view.judged.verdict.code.as_str())
            .initiator(view.judged.fetch.initiator_origin.value.as_ref());
        report_cause(view, exchange, exchange, report, remark);
    }
}

/// Whether the request changes something by its method, and its answer reports no error.
fn changes_something(exchange: &Exchange) -> bool {
    !matches!(
        exchange.request.method,
        Method::Get | Method::Head | Method::Options
    ) && exchange
        .response()
        .is_some_and(|response| response.status < 400)
}
