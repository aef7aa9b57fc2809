use super::words::{evidence, few};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::Code;
use crate::cors::header::items;
use crate::exchange::{Exchange, Recorder};
use crate::finding::{Certainty, Evidence};
use crate::pairing::PreflightLink;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A page sends `Access-Control-Allow-*`, `Access-Control-Expose-Headers` or `Access-Control-Max-Age` with its request,
    /// or asks for them in a preflight. Silent in captures and proxies' recordings unless the preflight proves that the
    /// page set them: a proxy may have added them on the way; and for clients that are no browsers.
    ///
    /// ## Why it matters
    /// These headers mean something in answers alone. In a request they grant nothing, cost a preflight, and make it fail
    /// where the server does not list them.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS /items
    /// Access-Control-Request-Headers: access-control-allow-origin
    /// ```
    ///
    /// ## Fix
    /// Delete the header from the client's code; the server has to send it.
    ///
    /// ## References
    /// - Fetch Standard, section 3.3.3, HTTP responses
    CorsResponseHeaderSentInRequest {
        id: "cors-response-header-sent-in-request", category: Hygiene, severity: Low, since: "0.1.0",
        title: "a response header of the CORS protocol in a request"
    }
}

impl Rule for CorsResponseHeaderSentInRequest {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, _cx: &Context, out: &mut Findings) {
        if view.judged.verdict.code == Code::NonBrowserClient {
            return;
        }
        let exchanges = &view.capture.exchanges;
        for hop in &view.judged.fetch.hops {
            let preflight = match hop.preflight {
                PreflightLink::Recorded(index) => exchanges.get(index as usize),
                _ => None,
            };
            let actual = hop.exchange.and_then(|index| exchanges.get(index as usize));
            let asked = preflight
                .and_then(asked_for)
                .map(|(names, proof)| (preflight, names, proof));
            let found = asked.or_else(|| {
                actual
                    .filter(|actual| is_as_sent(view.capture.recorder, actual))
                    .and_then(sent)
                    .map(|(names, proof)| (actual, names, proof))
            });
            let Some((Some(exchange), names, proof)) = found else {
                continue;
            };
            out.report(Self::DECLARATION)
                .confidence(Certainty::Proven)
                .phase(if exchange.is_preflight() {
                    "preflight"
                } else {
                    "actual"
                })
                .initiator(view.judged.fetch.initiator_origin.value.as_ref())
                .at(view, exchange, || {
                    let url = redact::url(&exchange.request.url);
                    let page = view.judged.fetch.initiator_origin.value.as_ref();
                    let page = page.map_or("an unknown origin", |origin| origin.serialised());
                    Details {
                        message: format!(
                            "a page of {page} sends {} to {url}, where it grants nothing",
                            few(names)
                        ),
                        status: exchange.response().map(|response| response.status),
                        evidence: proof,
                        ..Details::default()
                    }
                });
            return;
        }
    }
}

/// Such headers in a preflight's list.
fn asked_for(preflight: &Exchange) -> Option<(Vec<String>, Vec<Evidence>)> {
    let name = "Access-Control-Request-Headers";
    let value = preflight.request.headers.get(name)?;
    let names: Vec<String> = items(&value).filter_map(of_answers).collect();
    let proof = vec![evidence(name, &value, "preflight-request")];
    (!names.is_empty()).then_some((names, proof))
}

/// Such headers in a request.
fn sent(actual: &Exchange) -> Option<(Vec<String>, Vec<Evidence>)> {
    let (mut names, mut proof) = (Vec::new(), Vec::new());
    for (name, value) in actual.request.headers.iter() {
        if let Some(known) = of_answers(name) {
            proof.push(evidence(&known, value, "request"));
            names.push(known);
        }
    }
    (!names.is_empty()).then_some((names, proof))
}

/// The name in lower case, if it is one of answers.
fn of_answers(name: &[u8]) -> Option<String> {
    const NAMES: [&str; 7] = [
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-allow-private-network",
        "access-control-expose-headers",
        "access-control-max-age",
    ];
    NAMES
        .iter()
        .find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        .map(|known| (*known).to_owned())
}

/// Whether the request was recorded as the page sent it: no proxy stood between that may have added headers.
fn is_as_sent(recorder: Recorder, actual: &Exchange) -> bool {
    !matches!(recorder, Recorder::Mitmproxy | Recorder::Packets)
        && !["forwarded", "via", "x-forwarded-for"]
            .iter()
            .any(|name| actual.request.headers.contains(name))
}
