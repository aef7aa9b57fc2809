use super::words::{evidence, third_party_cap};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::header::{
    ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, EXPOSE_HEADERS, MAX_AGE,
};
use crate::exchange::{Exchange, Response};
use crate::finding::{Certainty, Severity};
use crate::pairing::PreflightLink;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A response header that is nearly one of the CORS protocol: up to two letters wrong, missing, too many or swapped
    /// (`Access-Control-Allow-Method`, `Acces-Control-Allow-Origin`), or a well-known wrong name (`Allow-Origin`,
    /// `X-Access-Control-Allow-Origin`, `Access-Control-Allowed-Origin`). Low; info where the right header stands beside
    /// it, and on third-party collectors. One finding for each host and name.
    ///
    /// Where the browser refused the same exchange for want of the header that was meant, the failure names the misspelt
    /// one as its probable cause. Silent: `Access-Control-Request-*` echoed in an answer, and headers of Private and Local
    /// Network Access.
    ///
    /// ## Why it matters
    /// Browsers ignore names that they do not know, without a word. Tutorials and test guides print the singular forms.
    ///
    /// ## Example
    /// ```text
    /// 204
    /// Access-Control-Allow-Origin: https://app.test
    /// Access-Control-Allow-Method: PUT
    /// ```
    ///
    /// ## Fix
    /// Correct the name.
    ///
    /// ## References
    /// - Fetch Standard, section 3.3.3, HTTP responses
    CorsHeaderMisspelled {
        id: "cors-header-misspelled", category: Hygiene, severity: Low, since: "0.1.0",
        title: "a response header that is nearly one of the CORS protocol"
    }
}

/// The response headers of the protocol that servers write.
const RIGHT: [&str; 6] = [
    ALLOW_ORIGIN,
    ALLOW_CREDENTIALS,
    ALLOW_METHODS,
    ALLOW_HEADERS,
    MAX_AGE,
    EXPOSE_HEADERS,
];

/// Right names that stand near those, so that they are no misspellings.
const OTHERS: [&str; 3] = [
    "access-control-allow-private-network",
    "access-control-allow-local-network",
    "timing-allow-origin",
];

/// Wrong names beyond the reach of two letters, and what was meant.
const KNOWN: [(&str, &str); 21] = [
    ("access-allow-control-credentials", ALLOW_CREDENTIALS),
    ("access-allow-control-headers", ALLOW_HEADERS),
    ("access-allow-control-methods", ALLOW_METHODS),
    ("access-allow-control-origin", ALLOW_ORIGIN),
    ("access-allow-origin", ALLOW_ORIGIN),
    ("access-control-allowed-credentials", ALLOW_CREDENTIALS),
    ("access-control-allowed-headers", ALLOW_HEADERS),
    ("access-control-allowed-methods", ALLOW_METHODS),
    ("access-control-allowed-origin", ALLOW_ORIGIN),
    ("access-control-allowed-origins", ALLOW_ORIGIN),
    ("access-control-credentials", ALLOW_CREDENTIALS),
    ("access-control-exposed-headers", EXPOSE_HEADERS),
    ("access-control-headers", ALLOW_HEADERS),
    ("access-control-methods", ALLOW_METHODS),
    ("access-control-origin", ALLOW_ORIGIN),
    ("allow-credentials", ALLOW_CREDENTIALS),
    ("allow-headers", ALLOW_HEADERS),
    ("allow-methods", ALLOW_METHODS),
    ("allow-origin", ALLOW_ORIGIN),
    ("cors-allow-origin", ALLOW_ORIGIN),
    ("expose-headers", EXPOSE_HEADERS),
];

/// Letters that may be wrong.
const DISTANCE: usize = 2;

/// A misspelt response header.
pub(super) struct Misspelt<'a> {
    /// As sent.
    pub(super) name: &'a [u8],
    /// Its value.
    pub(super) value: &'a [u8],
    /// What was meant.
    pub(super) meant: &'static str,
}

impl Rule for CorsHeaderMisspelled {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let exchange = |index: u32| view.capture.exchanges.get(index as usize);
        for hop in &view.judged.fetch.hops {
            let preflight = match hop.preflight {
                PreflightLink::Recorded(index) => exchange(index),
                _ => None,
            };
            for exchange in preflight.into_iter().chain(hop.exchange.and_then(exchange)) {
                let Some(response) = exchange.response() else {
                    continue;
                };
                for misspelt in misspelt(response) {
                    self.report(view, cx, out, exchange, response, &misspelt);
                }
            }
        }
    }
}

impl CorsHeaderMisspelled {
    fn report(
        &self,
        view: FetchView<'_>,
        cx: &Context,
        out: &mut Findings,
        exchange: &Exchange,
        response: &Response,
        misspelt: &Misspelt<'_>,
    ) {
        let severity = if response.headers.contains(misspelt.meant) {
            Severity::Info
        } else {
            Severity::Low
        };
        let name = misspelt.printed();
        out.report(Self::DECLARATION)
            .severity(severity.min(third_party_cap(cx, exchange)))
            .confidence(Certainty::Proven)
            .about(&name.to_ascii_lowercase())
            .whole_host()
            .phase(if exchange.is_preflight() { "preflight" } else { "actual" })
            .initiator(view.judged.fetch.initiator_origin.value.as_ref())
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let method = exchange.request.method.as_str();
                let place = if exchange.is_preflight() {
                    "preflight-response"
                } else {
                    "response"
                };
                Details {
                    message: format!(
                        "the answer of {method} {url} has {name}, which browsers ignore; {} was meant",
                        misspelt.meant
                    ),
                    status: Some(response.status),
                    evidence: vec![evidence(&name, misspelt.value, place)],
                    ..Details::default()
                }
            });
    }
}

impl Misspelt<'_> {
    /// The name, fit to print.
    pub(super) fn printed(&self) -> String {
        redact::text(&String::from_utf8_lossy(self.name)).into_owned()
    }
}

/// The misspelt headers of an answer.
pub(super) fn misspelt(response: &Response) -> impl Iterator<Item = Misspelt<'_>> {
    response
        .headers
        .iter()
        .filter_map(|(name, value)| meant_by(name).map(|meant| Misspelt { name, value, meant }))
}

/// What a header's name was meant to be, if it is nearly one of the protocol.
fn meant_by(name: &[u8]) -> Option<&'static str> {
    // Shorter than the shortest known wrong name, longer than the longest right one and its slips.
    if !(12..=40).contains(&name.len()) {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let is = |known: &str| known.eq_ignore_ascii_case(&name);
    if RIGHT.into_iter().chain(OTHERS).any(is) || name.starts_with("access-control-request-") {
        return None;
    }
    if let Some((_, meant)) = KNOWN.iter().find(|(wrong, _)| is(wrong)) {
        return Some(meant);
    }
    if let Some(rest) = name.strip_prefix("x-") {
        return RIGHT
            .into_iter()
            .find(|right| right.eq_ignore_ascii_case(rest));
    }
    // Two slips leave one of three words whole; the distance is asked of few names then.
    let whole = ["access", "control", "allow", "expose", "max-age"];
    if !whole.iter().any(|word| name.contains(word)) {
        return None;
    }
    RIGHT
        .into_iter()
        .filter(|right| right.len().abs_diff(name.len()) <= DISTANCE)
        .map(|right| {
            (
                strsim::osa_distance(&right.to_ascii_lowercase(), &name),
                right,
            )
        })
        .filter(|(distance, _)| *distance <= DISTANCE)
        .min()
        .map(|(_, right)| right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, meant) in [
            ("Access-Control-Allow-Method", Some(ALLOW_METHODS)),
            ("Access-Control-Allow-Header", Some(ALLOW_HEADERS)),
            ("Access-Control-Allow-Origins", Some(ALLOW_ORIGIN)),
            ("Acess-Contorl-Allow-Origin", Some(ALLOW_ORIGIN)),
            ("AccessControl-Allow-Origin", Some(ALLOW_ORIGIN)),
            ("Access-Control-Allow_Origin", Some(ALLOW_ORIGIN)),
            ("Access-Control-Expose-Header", Some(EXPOSE_HEADERS)),
            ("Access-Control-Maxage", Some(MAX_AGE)),
            ("X-Access-Control-Allow-Origin", Some(ALLOW_ORIGIN)),
            ("Access-Control-Allowed-Origin", Some(ALLOW_ORIGIN)),
            ("Access-Control-Allow-Credential", Some(ALLOW_CREDENTIALS)),
            ("Allow-Origin", Some(ALLOW_ORIGIN)),
            ("Access-Control-Allow-Origin", None),
            ("access-control-allow-methods", None),
            ("Access-Control-Max-Age", None),
            ("Access-Control-Request-Method", None),
            ("Access-Control-Request-Methods", None),
            ("Access-Control-Allow-Private-Network", None),
            ("Timing-Allow-Origin", None),
            ("Cross-Origin-Opener-Policy", None),
            ("Cross-Origin-Resource-Policy", None),
            ("Strict-Transport-Security", None),
            ("X-Content-Type-Options", None),
            ("Allow", None),
        ] {
            assert_eq!(meant_by(name.as_bytes()), meant, "{name}");
        }
    }
}
