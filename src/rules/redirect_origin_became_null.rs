use super::failure::{Blocked, Cause, blocked, certainty, report_cause};
use super::{Context, FetchView, Findings, Rule, declare_rule};

declare_rule! {
    /// ## What it finds
    /// A fetch that was redirected from one foreign origin to another. The browser then sends `Origin: null`, on the wire
    /// here, and the last server granted no `null`. Variant `names-page`: that server names the page's own origin, so the
    /// same request made directly would have passed. Reported in the place of `missing-allow-origin` and
    /// `allow-origin-mismatch`.
    ///
    /// Silent: requests that had `Origin: null` from the start (sandboxed frames, pages from disk), and redirects to a page
    /// for people, which are `redirect-target-not-cors`.
    ///
    /// ## Why it matters
    /// The server cannot tell who asks, and the one way to satisfy the browser, allowing `null`, allows everybody.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.test/file     Origin: https://shop.test   302 to https://cdn.example/file
    /// GET https://cdn.example/file  Origin: null                200, Access-Control-Allow-Origin: https://shop.test
    /// ```
    ///
    /// ## Fix
    /// Call the final URL directly, or let the first server fetch it. Do not allow `null`.
    ///
    /// ## References
    /// - Fetch Standard, section 2.2.5, redirect-taint
    /// - Fetch Standard, section 4.9, CORS check
    RedirectOriginBecameNull {
        id: "redirect-origin-became-null", category: Failure, severity: Medium, since: "0.1.0",
        title: "a redirect turned Origin into null"
    }
}

impl Rule for RedirectOriginBecameNull {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(Blocked {
            exchange,
            cause: Cause::OriginBecameNull { names_page },
        }) = blocked(view, cx)
        else {
            return;
        };
        let (variant, remark) = if names_page {
            (
                "names-page",
                "; the server grants the page, but the redirect hid who asks",
            )
        } else {
            ("", "; the redirect hid who asks")
        };
        let report = out
            .report(Self::DECLARATION)
            .confidence(certainty(view))
            .variant(variant)
            .initiator(view.judged.fetch.initiator_origin.value.as_ref());
        report_cause(view, exchange, exchange, report, remark);
    }
}
