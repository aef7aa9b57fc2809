use super::exposed::is_own_application;
use super::words::fact;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::{Code, Phase, RequestMode, Warning};
use crate::exchange::Exchange;
use crate::facts::{Relation, network};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A cross-origin request in mode cors that failed before any answer that CORS could judge. The variant names what the
    /// recording gives as the reason: `mixed-content`, `content-security-policy`, `redirect-limit`, `redirect-target`,
    /// `url-credentials`; likely. So are `name-resolution`, `tls` and `connection` of a server that belongs to the page's
    /// site, or whose site was opened, or that answered another time; of others they are a hint, for resolvers that block
    /// advertising look the same. Where it gives none (`net::ERR_FAILED`), variant
    /// `unknown`, or `preflight` if it was the preflight that got no answer: a hint, with candidates. Variant
    /// `blocked-by-client` (info, hint): an extension or a policy of the recording's user.
    ///
    /// Silent: requests that the page gave up (`net::ERR_ABORTED`), a machine that was offline, third-party collectors,
    /// elements that no script reads, and a public page's calls into the local network, which are
    /// `public-page-reaches-private-network`.
    ///
    /// ## Why it matters
    /// Consoles and scripts show the same network error as for CORS. Searching for a header to add finds nothing.
    ///
    /// ## Example
    /// ```text
    /// page https://shop.test
    /// GET http://api.shop.test/cart      status 0, blocked as mixed content
    /// ```
    ///
    /// ## Fix
    /// Repair what the reason names: load from https, correct the certificate or the name, allow the host in connect-src.
    ///
    /// ## References
    /// - Fetch Standard, section 4.1, main fetch
    /// - MDN: CORSDidNotSucceed
    /// - Mixed Content, section 4.4
    NoResponseRecorded {
        id: "no-response-recorded", category: Failure, severity: Low, since: "0.1.0",
        title: "the request failed before any answer"
    }
}

/// Why no answer came, as far as the recording tells.
struct Reason {
    variant: &'static str,
    what: &'static str,
    is_told: bool,
    /// A resolver or a firewall that blocks advertising looks the same.
    may_be_blocking: bool,
}

impl Rule for NoResponseRecorded {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let fetch = &view.judged.fetch;
        let crosses = Relation::of(view).is_some_and(|relation| relation != Relation::SameOrigin)
            || fetch.hops.len() > 1;
        if fetch.mode.value != Some(RequestMode::Cors) || !crosses {
            return;
        }
        let Some(exchange) = view.deciding().or_else(|| view.last()) else {
            return;
        };
        let Some(reason) = reason(view, exchange) else {
            return;
        };
        if cx.is_collector(exchange.request.url.origin())
            || exchange.hints.via_service_worker
            || is_local(exchange) && !page_is_local(view)
        {
            return;
        }
        let by_client = reason.variant == "blocked-by-client";
        out.report(Self::DECLARATION)
            .severity(if by_client {
                Severity::Info
            } else {
                Severity::Low
            })
            .confidence(
                if reason.is_told && (!reason.may_be_blocking || is_wanted(view, cx, exchange)) {
                    Certainty::Likely
                } else {
                    Certainty::Hint
                },
            )
            .variant(reason.variant)
            .phase(view.judged.verdict.phase.as_str())
            .initiator(fetch.initiator_origin.value.as_ref())
            .at(view, exchange, || details(view, exchange, &reason));
    }
}

fn details(view: FetchView<'_>, exchange: &Exchange, reason: &Reason) -> Details {
    let url = redact::url(&exchange.request.url);
    let method = exchange.request.method.as_str();
    let page = view.judged.fetch.initiator_origin.value.as_ref();
    let page = page.map_or("an unknown origin", |origin| origin.serialised());
    let mut evidence = vec![fact("verdict", view.judged.verdict.code.as_str())];
    if let Some(error) = exchange.hints.error.as_deref() {
        evidence.push(fact("recorded error", redact::text(error)));
    }
    Details {
        message: format!("{method} {url} from {page} failed: {}", reason.what),
        status: exchange.response().map(|response| response.status),
        evidence,
        ..Details::default()
    }
}

fn reason(view: FetchView<'_>, exchange: &Exchange) -> Option<Reason> {
    let told = |variant, what| {
        Some(Reason {
            variant,
            what,
            is_told: true,
            may_be_blocking: false,
        })
    };
    let verdict = &view.judged.verdict;
    match verdict.code {
        Code::MixedContent if exchange.hints.error.is_some() => told(
            "mixed-content",
            "an https page may not load from http, not even behind a redirect (mixed content)",
        ),
        Code::MixedContent => Some(Reason {
            variant: "mixed-content",
            what: "an https page may not load from http (mixed content), and no other reason is recorded",
            // Nothing else stops such a request without a word, once the page is sure.
            is_told: verdict.confidence >= crate::fact::Confidence::Medium
                && view.judged.fetch.initiator_origin.confidence >= crate::fact::Confidence::Medium,
            may_be_blocking: false,
        }),
        Code::Csp => told(
            "content-security-policy",
            "the page's own Content-Security-Policy forbids it",
        ),
        Code::RedirectLimit => told("redirect-limit", "it was redirected more than 20 times"),
        Code::RedirectBadScheme => told(
            "redirect-target",
            "it was redirected to an address that is not http or https",
        ),
        Code::SubresourceCredentialsBlocked => told(
            "url-credentials",
            "the browser loads no address that holds a user name",
        ),
        Code::NetworkError => reason_of_error(exchange.hints.error.as_deref().unwrap_or(""))
            .or_else(|| silent_network(view, exchange)),
        Code::UndeterminedResponse if verdict.warnings.contains(Warning::ProbablyCorsBlocked) => {
            Some(Reason {
                variant: "unknown",
                what: "the recording gives no reason; candidates are a CORS check whose answer the recorder dropped, the name, TLS, \
                       mixed content, an extension, connect-src of the page's policy, the local network permission, a \
                       preflight without an answer",
                is_told: false,
                may_be_blocking: false,
            })
        }
        _ => None,
    }
}

/// A connection that ended without an answer, or an error that says nothing.
fn silent_network(view: FetchView<'_>, exchange: &Exchange) -> Option<Reason> {
    let error = exchange.hints.error.as_deref().unwrap_or("");
    if is_nobodys_fault(error) {
        return None;
    }
    if view.judged.verdict.phase == Phase::Preflight || exchange.is_preflight() {
        return Some(Reason {
            variant: "preflight",
            what: "its preflight was not answered",
            is_told: false,
            may_be_blocking: false,
        });
    }
    Some(Reason {
        variant: "unknown",
        what: "the connection ended, and the recording gives no reason",
        is_told: false,
        may_be_blocking: false,
    })
}

/// What a browser's error name says. `None` for names that say nothing.
fn reason_of_error(error: &str) -> Option<Reason> {
    let name = error.trim().trim_start_matches("net::");
    if is_nobodys_fault(name) {
        return None;
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let (variant, what) = if starts(&["ERR_BLOCKED_BY_CLIENT", "ERR_BLOCKED_BY_ADMINISTRATOR"]) {
        return Some(Reason {
            variant: "blocked-by-client",
            what: "an extension or a policy of this browser blocked it",
            is_told: false,
            may_be_blocking: false,
        });
    } else if starts(&["ERR_NAME_", "ERR_DNS_", "NS_ERROR_UNKNOWN_HOST"]) {
        ("name-resolution", "the server's name could not be resolved")
    } else if starts(&[
        "ERR_CERT_",
        "ERR_SSL_",
        "ERR_TLS_",
        "ERR_BAD_SSL_",
        "ERR_INSECURE_RESPONSE",
        "ERR_ECH_",
        "NS_ERROR_NET_INADEQUATE_SECURITY",
    ]) {
        ("tls", "the certificate or the TLS handshake was refused")
    } else if starts(&[
        "ERR_CONNECTION_",
        "ERR_ADDRESS_",
        "ERR_EMPTY_RESPONSE",
        "ERR_TIMED_OUT",
        "ERR_HTTP2_",
        "ERR_QUIC_",
        "ERR_INVALID_HTTP_RESPONSE",
        "ERR_INCOMPLETE_",
        "ERR_CONTENT_LENGTH_MISMATCH",
        "ERR_RESPONSE_HEADERS_",
        "NS_ERROR_CONNECTION_REFUSED",
        "NS_ERROR_NET_",
    ]) {
        ("connection", "the connection failed or broke off")
    } else {
        return None;
    };
    Some(Reason {
        variant,
        what,
        is_told: true,
        may_be_blocking: true,
    })
}

/// The page left, or the machine that recorded was offline.
fn is_nobodys_fault(error: &str) -> bool {
    [
        "ERR_ABORTED",
        "ERR_CACHE_MISS",
        "ERR_INTERNET_DISCONNECTED",
        "ERR_NETWORK_CHANGED",
        "ERR_NETWORK_IO_SUSPENDED",
        "NS_BINDING_ABORTED",
        "NS_ERROR_ABORT",
        "NS_ERROR_OFFLINE",
    ]
    .iter()
    .any(|name| error.contains(name))
}

/// Whether somebody surely meant to reach this server: it is of the page's site, or its site was opened, or it answered
/// another time.
fn is_wanted(view: FetchView<'_>, cx: &Context, exchange: &Exchange) -> bool {
    let target = exchange.request.url.origin();
    let page = view.judged.fetch.initiator_origin.value.as_ref();
    let related = page
        .and_then(|page| page.host())
        .zip(target.host())
        .is_some_and(|(from, to)| cx.are_related(from, to));
    related
        || is_own_application(cx, target)
        || cx.target(target).is_some_and(|seen| seen.answers > 0)
}

fn is_local(exchange: &Exchange) -> bool {
    let network = network(exchange);
    network.is_known() && !network.is_public()
}

fn page_is_local(view: FetchView<'_>) -> bool {
    let page = view.judged.fetch.initiator_origin.value.as_ref();
    page.and_then(|page| page.host())
        .is_none_or(|host| !crate::facts::host_network(host).is_public())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names() {
        for (error, variant) in [
            ("net::ERR_NAME_NOT_RESOLVED", Some("name-resolution")),
            ("net::ERR_CERT_DATE_INVALID", Some("tls")),
            ("net::ERR_CONNECTION_REFUSED", Some("connection")),
            ("NS_ERROR_NET_TIMEOUT", Some("connection")),
            ("net::ERR_BLOCKED_BY_CLIENT", Some("blocked-by-client")),
            ("net::ERR_ABORTED", None),
            ("net::ERR_INTERNET_DISCONNECTED", None),
            ("", None),
        ] {
            assert_eq!(
                reason_of_error(error).map(|reason| reason.variant),
                variant,
                "{error}"
            );
        }
    }
}
