use super::words::{evidence, few};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::header::items;
use crate::exchange::{Exchange, Method};
use crate::finding::Certainty;
use crate::pairing::{PreflightLink, requested_method};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A GET or HEAD that was preflighted for headers alone that it does not need: `Content-Type` on a request without
    /// body, `X-Requested-With`, `Cache-Control`, `Pragma`, or response headers of the CORS protocol sent by mistake (with
    /// these alone, see `cors-response-header-sent-in-request`).
    ///
    /// Silent for every other method: the preflight of a JSON POST, or of one with `X-Requested-With`, keeps other sites
    /// from sending it, and is worth its round trip.
    ///
    /// ## Why it matters
    /// Without the header the browser sends the request at once.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS /items
    /// Access-Control-Request-Method: GET
    /// Access-Control-Request-Headers: content-type
    /// ```
    ///
    /// ## Fix
    /// Do not set these headers on GET requests, unless the server reads them; many clients set Content-Type for all methods
    /// in one place. To go past the
    /// browser's cache use the `cache` option of `fetch`, which adds no header that needs a preflight.
    ///
    /// ## References
    /// - Fetch Standard, section 2.2.2, CORS-safelisted request-header
    AvoidablePreflight {
        id: "avoidable-preflight", category: Performance, severity: Info, since: "0.1.0",
        title: "a preflight for a header that the request does not need"
    }
}

impl Rule for AvoidablePreflight {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, _cx: &Context, out: &mut Findings) {
        for hop in &view.judged.fetch.hops {
            let PreflightLink::Recorded(index) = hop.preflight else {
                continue;
            };
            let Some(preflight) = view.capture.exchanges.get(index as usize) else {
                continue;
            };
            let Some(names) = needless_names(preflight) else {
                continue;
            };
            out.report(Self::DECLARATION)
                .confidence(Certainty::Proven)
                .phase("preflight")
                .initiator(view.judged.fetch.initiator_origin.value.as_ref())
                .at(view, preflight, || {
                    let url = redact::url(&preflight.request.url);
                    let method = requested_method(preflight)
                        .map_or_else(String::new, |method| method.as_str().to_owned());
                    Details {
                        message: format!(
                            "{method} {url} was preflighted for {}, which a {method} does not need",
                            few(names)
                        ),
                        status: preflight.response().map(|response| response.status),
                        evidence: [
                            "Access-Control-Request-Method",
                            "Access-Control-Request-Headers",
                        ]
                        .into_iter()
                        .filter_map(|name| {
                            let value = preflight.request.headers.get(name)?;
                            Some(evidence(name, &value, "preflight-request"))
                        })
                        .collect(),
                        ..Details::default()
                    }
                });
        }
    }
}

/// The headers that a preflight asks for, in lower case, where it asks for a GET or HEAD and needs none of them. At least
/// one is no response header of the CORS protocol.
fn needless_names(preflight: &Exchange) -> Option<Vec<String>> {
    if !matches!(requested_method(preflight)?, Method::Get | Method::Head) {
        return None;
    }
    let value = preflight
        .request
        .headers
        .get("access-control-request-headers")?;
    let names: Vec<String> = items(&value)
        .map(|name| redact::text(&String::from_utf8_lossy(name).to_ascii_lowercase()).into_owned())
        .collect();
    let is_protocol = |name: &String| name.starts_with("access-control-");
    let all_needless = names.iter().all(|name| {
        is_protocol(name)
            || matches!(
                name.as_str(),
                "cache-control" | "content-type" | "pragma" | "x-requested-with"
            )
    });
    (all_needless && !names.iter().all(is_protocol)).then_some(names)
}
