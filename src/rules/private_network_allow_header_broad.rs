use super::words::{answer_details, evidence, printed};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::exchange::{Exchange, Response};
use crate::facts::{Network, Policy, host_network, network};
use crate::finding::{Certainty, Severity};
use crate::pairing::PreflightLink;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A preflight's answer with `Access-Control-Allow-Private-Network: true` beside `Access-Control-Allow-Origin: *`, or
    /// beside the origin of a public page on an endpoint that grants whoever asks. Medium on a private, loopback or
    /// link-local address, else low. Where a single public origin was named and nothing else is known, a list looks the
    /// same: a hint.
    ///
    /// Silent: the header absent or not `true`; an origin of the same network; servers whose network is not known.
    ///
    /// ## Why it matters
    /// The header was the way of a device to say that public pages may reach it. Chromium has replaced it by asking the user,
    /// so the grant is latent: older browsers act on it, and it says what the server thinks of Origin.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS http://10.0.0.5/config
    /// Origin: https://news.test
    /// Access-Control-Request-Private-Network: true
    ///
    /// 204
    /// Access-Control-Allow-Origin: *
    /// Access-Control-Allow-Private-Network: true
    /// ```
    ///
    /// ## Fix
    /// Send the header from devices that need it alone, and to listed origins alone.
    ///
    /// ## References
    /// - GHSA-hxwh-jpp2-84pm
    /// - WICG, Local Network Access
    /// - CWE-942
    PrivateNetworkAllowHeaderBroad {
        id: "private-network-allow-header-broad", category: Exposure, severity: Low, since: "0.1.0",
        title: "any public page may reach this private server"
    }
}

impl Rule for PrivateNetworkAllowHeaderBroad {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        for hop in &view.judged.fetch.hops {
            let PreflightLink::Recorded(index) = hop.preflight else {
                continue;
            };
            let Some(preflight) = view.capture.exchanges.get(index as usize) else {
                continue;
            };
            if let Some(response) = preflight.response() {
                look_at(view, cx, preflight, response, out);
            }
        }
    }
}

fn look_at(
    view: FetchView<'_>,
    cx: &Context,
    preflight: &Exchange,
    response: &Response,
    out: &mut Findings,
) {
    let headers = &response.headers;
    let allows = headers.get("access-control-allow-private-network");
    if allows.as_deref() != Some(b"true") || !response.is_ok_status() {
        return;
    }
    let value = headers.get("access-control-allow-origin");
    let asked = preflight.request.headers.get("origin");
    let star = value.as_deref() == Some(b"*");
    let echo = !star && value.is_some() && value == asked;
    let asking = asked.as_deref().and_then(Origin::parse);
    let by_public_page = asking
        .as_ref()
        .and_then(|origin| origin.host())
        .is_some_and(|host| host_network(host).is_public());
    let broad = star || echo && by_public_page;
    if !broad {
        return;
    }
    let network = network(preflight);
    if !network.is_known() || network.is_public() && cx.is_collector(preflight.request.url.origin())
    {
        return;
    }
    let local = matches!(
        network,
        Network::Private | Network::Loopback | Network::LinkLocal
    );
    let reflects = || {
        Policy::of(view).is_some_and(|policy| {
            cx.endpoint(&policy)
                .is_some_and(|endpoint| cx.reflection(endpoint, policy.target).is_some())
        })
    };
    let confidence = if star {
        Certainty::Proven
    } else if reflects() {
        Certainty::Likely
    } else {
        Certainty::Hint
    };
    out.report(PrivateNetworkAllowHeaderBroad::DECLARATION)
        .severity(if local {
            Severity::Medium
        } else {
            Severity::Low
        })
        .confidence(confidence)
        .variant(if star { "" } else { "echo" })
        .reach("any-site")
        .phase("preflight")
        .initiator(view.judged.fetch.initiator_origin.value.as_ref())
        .at(view, preflight, || {
            let url = redact::url(&preflight.request.url);
            let origin = printed(response, "Access-Control-Allow-Origin").unwrap_or_default();
            let mut details = answer_details(
                preflight,
                response,
                format!(
                    "the preflight of {url} was answered with Access-Control-Allow-Private-Network `true` and \
                     Access-Control-Allow-Origin `{origin}`: {}",
                    if star {
                        "every public page may reach it"
                    } else {
                        "a public page may reach it"
                    }
                ),
            );
            if let Some(value) = &allows {
                details.evidence.push(evidence(
                    "Access-Control-Allow-Private-Network",
                    value,
                    "preflight-response",
                ));
            }
            details
        });
}
