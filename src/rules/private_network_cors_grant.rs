use super::granted::{is_for_all, reflects};
use super::matrix::Reach;
use super::words::{fact, grant_details, input_certainty, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{
    AllowOrigin, Network, Policy, host_network, is_ip_host, network, sensitive_kinds, site_host,
};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A server in a private network, or on the user's own machine, that opens data to public websites: it answers `*`, or
    /// names a public site. High for `*` and where it names whoever asks; for one public site by name medium in a network
    /// and low on the user's machine, where a program that belongs to that site is the likely reason. Low for public assets,
    /// info for empty and error answers.
    ///
    /// With `*` to a page that stands inside as well: info for a server in the network, silent for one on the same machine,
    /// which is a developer's. Likely instead of proven where the server's address is private under a public name, or
    /// nothing shows where the page stands. Silent where one private address answers for several public sites: that is a
    /// proxy, and tells nothing of the server.
    ///
    /// ## Why it matters
    /// Nothing but the network guards such a server. A browser inside the network asks on behalf of any public page that its
    /// user opens, and hands the answer over.
    ///
    /// ## Example
    /// ```text
    /// GET http://192.168.1.10/config.json
    /// Origin: https://news.test
    ///
    /// Access-Control-Allow-Origin: *
    /// ```
    ///
    /// ## Fix
    /// Send no `*` from inside; list the origins that need the data, and check Host too, against rebinding of names.
    ///
    /// ## References
    /// - CWE-942
    /// - Fetch Standard, section 3.3.4, Basic safe CORS protocol setup
    /// - WICG Local Network Access
    PrivateNetworkCorsGrant {
        id: "private-network-cors-grant", category: Permissive, severity: High, since: "0.1.0",
        title: "a server inside the network is open to public websites"
    }
}

/// Where the page that asked stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    Public { seen: bool },
    Inside,
    Unknown,
}

impl Rule for PrivateNetworkCorsGrant {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if !policy.is_cors(view)
            || !policy.response.is_ok_status()
            || policy.exchange.hints.via_service_worker
        {
            return;
        }
        let page = page(cx, &policy);
        let Some((place, is_sure)) = inside(cx, &policy, &page) else {
            return;
        };
        let machine = place == Network::Loopback;
        let severity = match (policy.allow_origin, page) {
            (AllowOrigin::Star, Page::Public { .. } | Page::Unknown) => Severity::High,
            (AllowOrigin::Star, Page::Inside) if !machine => Severity::Info,
            (AllowOrigin::Echo, Page::Public { .. }) => match (reflects(cx, &policy), machine) {
                (true, _) => Severity::High,
                (false, false) => Severity::Medium,
                (false, true) => Severity::Low,
            },
            _ => return,
        };
        let severity = if is_for_all(cx, &policy) {
            severity.min(Severity::Low)
        } else {
            severity
        };
        let confidence = match page {
            Page::Unknown => Certainty::Hint,
            Page::Public { seen: false } => Certainty::Likely,
            _ if !is_sure => Certainty::Likely,
            _ => Certainty::Proven,
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(permissive_cap(cx, &policy)))
            .confidence(confidence.min(input_certainty(view)))
            .reach(match policy.allow_origin {
                AllowOrigin::Star => Reach::AnySite.as_str(),
                _ if reflects(cx, &policy) => Reach::AnySite.as_str(),
                _ => Reach::Listed.as_str(),
            })
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let whose = match place {
                    Network::Loopback => "on the user's machine",
                    _ => "in a private network",
                };
                let reader = policy
                    .reader
                    .map_or("an unknown origin", |o| o.serialised());
                let whom = match policy.allow_origin {
                    AllowOrigin::Star => "every website (`*`)",
                    _ => reader,
                };
                let mut details = grant_details(
                    &policy,
                    format!("{url} stands {whose} and opens its data to {whom}; {reader} asked"),
                );
                if let Some(address) = policy.exchange.hints.server_ip {
                    details
                        .evidence
                        .push(fact("server address", address.to_string()));
                }
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}

/// Where a server that is not public stands, by an address on record, and whether its name agrees.
fn inside(cx: &Context, policy: &Policy<'_>, page: &Page) -> Option<(Network, bool)> {
    let place = network(policy.exchange);
    if !place.is_known() || place.is_public() {
        return None;
    }
    let host = policy.target.host()?;
    if is_ip_host(host) || !host_network(host).is_public() {
        return Some((place, true));
    }
    // A public name: the address may be a proxy's or a resolver's that blocks, or differ from where other users are sent.
    // A page at a public address shows that the recording sees real ones.
    let address = policy.exchange.hints.server_ip?;
    let genuine = matches!(page, Page::Public { seen: true })
        && !cx.exposure().is_stand_in(address)
        && !cx.trust().is_seen_public(host);
    genuine.then_some((place, false))
}

fn page(cx: &Context, policy: &Policy<'_>) -> Page {
    let Some(reader) = policy.reader else {
        return Page::Unknown;
    };
    let Some(host) = reader
        .host()
        .filter(|_| matches!(reader.scheme(), Some("http" | "https")))
    else {
        // `null`, extensions, applications: anywhere.
        return Page::Unknown;
    };
    let of_server = policy.target.host().map(site_host);
    if !host_network(host).is_public() || Some(site_host(host)) == of_server {
        return Page::Inside;
    }
    match cx.trust().is_public_host(host) {
        Some(true) => Page::Public { seen: true },
        Some(false) => Page::Inside,
        None => Page::Public { seen: false },
    }
}
