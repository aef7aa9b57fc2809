use super::exposed::raises_severity;
use super::words::{fact, input_certainty};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::{Class, Code, Origin};
use crate::exchange::{Exchange, Method};
use crate::facts::{Network, carries_data, host_network, is_ip_host, network};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A page of the public internet that asks a server on a private, loopback or link-local address. Variant `allowed`: the
    /// page could read the answer, or talks through a WebSocket; `sent`: the server answered, the page could not read it;
    /// `no-answer`: nobody answered, as when a page looks for open ports. Requests that the browser's local network check
    /// stopped are reported as `lna-permission-denied` and its kin.
    ///
    /// Medium if the page read data, or a request that changes something was answered; else low. Info between hosts of one
    /// site or of `--first-party`, and from one's own page to this very machine. Proven where both addresses are known,
    /// likely where the page is public by its name alone, or a public name leads to a local address.
    ///
    /// Silent: pages on private addresses or plain names; public names behind a local address, unless the page's own address
    /// is recorded and public, and that local address answers for no other site (else it is a proxy, or a resolver that
    /// blocks); carrier-grade addresses.
    ///
    /// ## Why it matters
    /// Routers, printers and local services trust whoever can reach them. Through the user's browser every web page can.
    ///
    /// ## Example
    /// ```text
    /// page https://news.test, public address
    /// GET http://192.168.0.1/status      200
    /// ```
    ///
    /// ## Fix
    /// Remove the call, or use a documented local agent that checks Origin and demands a token.
    ///
    /// ## References
    /// - WICG, Local Network Access
    /// - CWE-352
    PublicPageReachesPrivateNetwork {
        id: "public-page-reaches-private-network", category: Exposure, severity: Low, since: "0.1.0",
        title: "a public page talks to the local network"
    }
}

impl Rule for PublicPageReachesPrivateNetwork {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let verdict = &view.judged.verdict;
        if is_local_network_code(verdict.code) || verdict.code == Code::NonBrowserClient {
            return;
        }
        let page = view.judged.fetch.initiator_origin.value.as_ref();
        let Some((page, page_host)) = page.and_then(|page| Some((page, page.host()?))) else {
            return;
        };
        let local = view
            .judged
            .fetch
            .hops
            .iter()
            .filter_map(|hop| view.capture.exchanges.get(hop.exchange? as usize))
            .find(|exchange| is_local(network(exchange)));
        let Some(exchange) = local.filter(|exchange| !exchange.hints.via_service_worker) else {
            return;
        };
        let Some(page_is_sure) = is_public_page(cx, page, page_host) else {
            return;
        };
        let Some(target_is_sure) = is_really_local(cx, exchange, page_is_sure) else {
            return;
        };
        let confidence = match (page_is_sure, target_is_sure) {
            (true, true) => Certainty::Proven,
            (true, false) | (false, true) => Certainty::Likely,
            (false, false) => Certainty::Hint,
        };
        let target_host = exchange.request.url.origin().host().unwrap_or("");
        let own = cx.options().is_first_party(page_host) || cx.options().in_scope(page_host);
        let excused =
            cx.are_related(page_host, target_host) || own && network(exchange) == Network::Loopback;
        let variant = variant(view, exchange);
        let changes = !matches!(
            exchange.request.method,
            Method::Get | Method::Head | Method::Options
        );
        let read = variant == "allowed"
            && exchange
                .response()
                .is_some_and(|response| carries_data(response, true));
        let grave = read || variant != "no-answer" && (changes || raises_severity(view));
        let severity = match (excused, grave) {
            (true, _) => Severity::Info,
            (false, true) => Severity::Medium,
            (false, false) => Severity::Low,
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence.min(input_certainty(view)))
            .variant(variant)
            .phase("actual")
            .initiator(Some(page))
            .at(view, exchange, || {
                details(view, exchange, page, variant, page_is_sure)
            });
    }
}

/// Codes whose own rules say the same.
fn is_local_network_code(code: Code) -> bool {
    matches!(
        code,
        Code::LnaInsecureContext
            | Code::LnaPermissionDenied
            | Code::LnaAddressSpaceMismatch
            | Code::PnaPreflightMissingAllow
            | Code::PnaPreflightInvalidAllow
    )
}

fn is_local(network: Network) -> bool {
    matches!(
        network,
        Network::Private | Network::Loopback | Network::LinkLocal
    )
}

/// Whether the page is public for sure (by address) or by its name; `None` if it is not, or nobody knows.
fn is_public_page(cx: &Context, page: &Origin, host: &str) -> Option<bool> {
    if !matches!(page.scheme(), Some("http" | "https")) {
        return None;
    }
    if is_ip_host(host) {
        return host_network(host).is_public().then_some(true);
    }
    match cx.exposure().is_public_by_address(page) {
        Some(true) => Some(true),
        Some(false) => None,
        None => (page.scheme() == Some("https") && host_network(host) == Network::PublicName)
            .then_some(false),
    }
}

/// Whether the server is local for sure (by address, or as this machine) or by its name; `None` if something else stands
/// at that address for it.
fn is_really_local(cx: &Context, exchange: &Exchange, page_is_sure: bool) -> Option<bool> {
    let host = exchange.request.url.origin().host()?;
    let by_name = host_network(host);
    if is_ip_host(host) || by_name == Network::Loopback {
        return is_local(by_name).then_some(true);
    }
    let Some(address) = exchange.hints.server_ip else {
        return Some(false);
    };
    if by_name != Network::PublicName {
        return Some(true);
    }
    let genuine = page_is_sure
        && exchange.response().is_some()
        && !address.is_unspecified()
        && !cx.exposure().is_stand_in(address);
    // A proxy for this one site would look the same.
    genuine.then_some(false)
}

fn variant(view: FetchView<'_>, exchange: &Exchange) -> &'static str {
    let Some(response) = exchange.response() else {
        return "no-answer";
    };
    let socket = view.judged.verdict.code == Code::WebSocket && response.status == 101;
    if socket || view.judged.verdict.class() == Class::Allowed {
        "allowed"
    } else {
        "sent"
    }
}

fn details(
    view: FetchView<'_>,
    exchange: &Exchange,
    page: &Origin,
    variant: &str,
    page_is_sure: bool,
) -> Details {
    let url = redact::url(&exchange.request.url);
    let method = exchange.request.method.as_str();
    let place = match network(exchange) {
        Network::Loopback => "on this very machine",
        Network::LinkLocal => "on a link-local address",
        _ => "in the private network",
    };
    let what = match variant {
        "allowed" => "and could read the answer",
        "sent" => "which answered, though the page could not read it",
        _ => "and got no answer",
    };
    let mut proof = vec![fact(
        "page",
        if page_is_sure {
            "public by its address"
        } else {
            "public by its name"
        },
    )];
    if let Some(address) = exchange.hints.server_ip {
        proof.push(fact("server address", address.to_string()));
    }
    proof.push(fact("verdict", view.judged.verdict.code.as_str()));
    Details {
        message: format!("the public page {page} sent {method} to {url} {place}, {what}"),
        status: exchange.response().map(|response| response.status),
        evidence: proof,
        ..Details::default()
    }
}
