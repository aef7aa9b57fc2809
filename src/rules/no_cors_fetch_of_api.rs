use super::exposed::is_own_application;
use super::words::{answer_details, evidence, printed};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::Code;
use crate::exchange::{Method, ResourceType, Response};
use crate::facts::{AllowOrigin, Policy, carries_data, content_type};
use crate::finding::Certainty;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A script that asked an interface of another origin in mode `no-cors` (`Sec-Fetch-Mode: no-cors`,
    /// `Sec-Fetch-Dest: empty`) and was answered with JSON or XML, which it cannot read. Variant `granted`: the answer
    /// grants the page, so leaving the mode out is all it takes.
    ///
    /// Silent: beacons and pings, answers of 64 bytes and less (but to a GET on a server whose site was opened), third-party collectors, scripts, images and other elements.
    ///
    /// ## Why it matters
    /// Mode `no-cors` does not switch CORS off: it hides the answer, its status and its errors from the page for good. It
    /// is most often a mistaken way around a CORS error.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.test/list.json
    /// Sec-Fetch-Mode: no-cors
    /// Sec-Fetch-Dest: empty
    ///
    /// 200, Content-Type: application/json
    /// ```
    ///
    /// ## Fix
    /// Use mode `cors` and grant the page's origin on the server.
    ///
    /// ## References
    /// - Fetch Standard, section 2.2.6, opaque filtered response
    /// - MDN: Request.mode
    NoCorsFetchOfApi {
        id: "no-cors-fetch-of-api", category: Failure, severity: Low, since: "0.1.0",
        title: "a script fetched an interface in mode no-cors and cannot read the answer"
    }
}

impl Rule for NoCorsFetchOfApi {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        // Chromium may withhold an opaque answer altogether; the mistake is the same.
        if !matches!(
            view.judged.verdict.code,
            Code::OpaqueNoCors | Code::OrbBlocked
        ) {
            return;
        }
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let exchange = policy.exchange;
        let headers = &exchange.request.headers;
        // Elsewhere a small answer is the receipt of a beacon that nobody lists.
        let small_counts =
            exchange.request.method == Method::Get && is_own_application(cx, policy.target);
        if headers.first("sec-fetch-mode") != Some("no-cors")
            || headers.first("sec-fetch-dest") != Some("empty")
            || exchange.hints.resource_type == Some(ResourceType::Ping)
            || exchange.hints.via_service_worker
            || !matches!(exchange.request.method, Method::Get | Method::Post)
            || !is_structured(policy.response)
            || !carries_data(policy.response, small_counts)
            || cx.is_collector(policy.target)
        {
            return;
        }
        let granted = match policy.allow_origin {
            AllowOrigin::Star => true,
            AllowOrigin::Echo => policy.reader.is_some_and(|reader| !reader.is_opaque()),
            _ => false,
        };
        out.report(Self::DECLARATION)
            .confidence(Certainty::Proven)
            .variant(if granted { "granted" } else { "" })
            .phase("actual")
            .initiator(policy.reader)
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let method = exchange.request.method.as_str();
                let kind = printed(policy.response, "Content-Type").unwrap_or_default();
                let page = policy
                    .reader
                    .map_or("an unknown origin", |reader| reader.serialised());
                let remedy = if granted {
                    "though the server would let it"
                } else {
                    "whatever it holds"
                };
                let mut details = answer_details(
                    exchange,
                    policy.response,
                    format!(
                        "{method} {url} from {page} went out in mode no-cors and was answered {} with {kind}: the script \
                         cannot read it, {remedy}",
                        policy.response.status,
                    ),
                );
                for name in ["Sec-Fetch-Mode", "Sec-Fetch-Dest"] {
                    if let Some(value) = headers.get(name) {
                        details.evidence.push(evidence(name, &value, "request"));
                    }
                }
                details
            });
    }
}

/// JSON or XML by content type; images and HTML are none.
fn is_structured(response: &Response) -> bool {
    let Some(kind) = content_type(response).map(str::to_ascii_lowercase) else {
        return false;
    };
    matches!(
        kind.as_str(),
        "application/json" | "text/json" | "application/xml" | "text/xml"
    ) || kind.ends_with("+json")
        || kind.ends_with("+xml") && !kind.contains("svg") && !kind.contains("xhtml")
}
