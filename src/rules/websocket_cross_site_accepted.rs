use super::context::{Handshake, is_implausible};
use super::exposed::is_own_application;
use super::words::{evidence, fact, input_certainty};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::exchange::Exchange;
use crate::facts::{host_network, site_host};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A WebSocket handshake from a page of another site that the server accepted (101, or 200 to an extended CONNECT)
    /// although it carried a cookie that may stand for a person.
    ///
    /// High and proven if at least two unrelated sites were accepted so, or one site and an origin that no list holds
    /// (`null`, a random extension, an address with a port), and nobody was refused; medium and likely for one site.
    /// Variant `cookies-unknown` (low, hint): the export holds no cookies. Variant `no-cookie` (info): several unrelated
    /// sites were accepted, none with a cookie. Variant `service` (info): the page loads a script of the server's site, so
    /// that both mean it; the same for third-party collectors.
    ///
    /// Silent: one site without cookies; cookies of load balancers, bot walls and analytics alone; sites named by
    /// `--first-party`; a server whose pages lead to the asking site; an endpoint that answered another origin 403. A token
    /// in the first message is not seen, therefore likely.
    ///
    /// ## Why it matters
    /// WebSockets are not under CORS: the browser sends the user's cookies and lets any page talk. A server that does not
    /// look at Origin hands the user's session to whoever gets that user to open a page.
    ///
    /// ## Example
    /// ```text
    /// GET wss://chat.test/socket
    /// Origin: https://evil.example
    /// Cookie: session=...
    /// Upgrade: websocket
    ///
    /// 101
    /// ```
    ///
    /// ## Fix
    /// Compare Origin with a list at the handshake, and demand a token of the session before anything is sent.
    ///
    /// ## References
    /// - CWE-1385
    /// - OWASP ASVS 5 4.4.2
    /// - OWASP WSTG-CLNT-10
    WebsocketCrossSiteAccepted {
        id: "websocket-cross-site-accepted", category: Exposure, severity: Medium, since: "0.1.0",
        title: "a WebSocket accepts the user's cookies from another site's page"
    }
}

impl Rule for WebsocketCrossSiteAccepted {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(handshake) = Handshake::of(view) else {
            return;
        };
        let Handshake {
            exchange, reader, ..
        } = handshake;
        let target = exchange.request.url.origin();
        let Some(host) = target.host() else {
            return;
        };
        if !handshake.accepted || !is_foreign(cx, reader, target) {
            return;
        }
        let Some(socket) = cx.exposure().socket(handshake) else {
            return;
        };
        if socket.refuses {
            return;
        }
        let accepted = |with_cookie: bool| {
            let mut sites: Vec<&str> = Vec::new();
            let mut implausible = false;
            for (origin, seen) in &socket.accepted {
                if with_cookie && !seen.with_cookie
                    || !is_foreign(cx, origin, target)
                    || is_service(cx, origin, host)
                {
                    continue;
                }
                implausible |= is_implausible(origin, target, host_network(host).is_public());
                if let Some(other) = origin.host()
                    && !sites.iter().any(|known| cx.are_related(known, other))
                {
                    sites.push(other);
                }
            }
            (sites.len(), implausible)
        };
        let stripped = view.capture.sanitized || !exchange.request.headers_complete;
        let (severity, confidence, variant) =
            if is_service(cx, reader, host) || handshake.with_cookie && cx.is_collector(target) {
                if !handshake.with_cookie {
                    return;
                }
                (Severity::Info, Certainty::Likely, "service")
            } else if handshake.with_cookie {
                match accepted(true) {
                    (sites, _) if sites >= 2 => (Severity::High, Certainty::Proven, ""),
                    (_, true) => (Severity::High, Certainty::Proven, ""),
                    _ => (Severity::Medium, Certainty::Likely, ""),
                }
            } else if stripped && !exchange.request.headers.contains("cookie") {
                if !is_own_application(cx, target) {
                    return;
                }
                (Severity::Low, Certainty::Hint, "cookies-unknown")
            } else if accepted(false).0 >= 2 {
                (Severity::Info, Certainty::Proven, "no-cookie")
            } else {
                return;
            };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence.min(input_certainty(view)))
            .variant(variant)
            .reach("any-site")
            .phase("actual")
            .initiator(Some(reader))
            .at(view, exchange, || {
                let (sites, _) = accepted(handshake.with_cookie);
                details(exchange, reader, variant, sites)
            });
    }
}

/// Another site that nothing connects with the server. Schemes are not compared: `wss` never equals `https`.
fn is_foreign(cx: &Context, reader: &Origin, target: &Origin) -> bool {
    let Some(to) = target.host() else {
        return false;
    };
    match reader.host() {
        _ if reader.is_opaque() => true,
        Some(from) => {
            matches!(reader.scheme(), Some("http" | "https"))
                && !cx.are_related(from, to)
                && !cx.leads_to(site_host(to), site_host(from))
        }
        None => false,
    }
}

fn is_service(cx: &Context, reader: &Origin, host: &str) -> bool {
    reader.host().is_some_and(|page| {
        cx.exposure()
            .embeds_script(site_host(page), site_host(host))
    })
}

fn details(exchange: &Exchange, reader: &Origin, variant: &str, sites: usize) -> Details {
    let url = redact::url(&exchange.request.url);
    let with = match variant {
        "cookies-unknown" => {
            "perhaps with the user's cookies (this export holds none; record a full one)"
        }
        "no-cookie" => "without cookies",
        _ => "with the user's cookies",
    };
    let why = match (variant, sites) {
        ("service", _) => "the page loads scripts of that server, so both sides mean it".to_owned(),
        (_, sites) if sites >= 2 => {
            format!("{sites} unrelated sites were accepted and nobody was refused")
        }
        _ => "WebSockets are not under CORS, and the server alone can refuse; ask with another Origin to prove that it \
              does not"
            .to_owned(),
    };
    let mut proof = Vec::new();
    for name in ["Origin", "Cookie"] {
        if let Some(value) = exchange.request.headers.get(name) {
            proof.push(evidence(name, &value, "request"));
        }
    }
    proof.push(fact("origins answered 403 by the endpoint", "none"));
    Details {
        message: format!(
            "a page on {} opened the WebSocket {url} {with}: {why}",
            reader.serialised()
        ),
        status: exchange.response().map(|response| response.status),
        evidence: proof,
        ..Details::default()
    }
}
