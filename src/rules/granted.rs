//! The origin that an answer grants by name, and whether that grant matters: what the rules about single trusted origins
//! share.

use super::words::holds_data;
use super::{Context, FetchView};
use crate::cors::Origin;
use crate::facts::{
    AllowOrigin, Form, Imitation, Network, Policy, host_network, imitation, is_public_content,
    is_shared_hosting_tenant, network, runs_strangers_code, site_host,
};

/// An origin that an answer grants by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'p> {
    /// As the answer writes it.
    pub(crate) text: &'p str,
    /// Scheme.
    pub(crate) scheme: &'p str,
    /// Host; empty for `file://` and the like.
    pub(crate) host: &'p str,
    /// Whether it is the origin that asked; otherwise the answer says so to everybody.
    pub(crate) asked: bool,
}

/// Whose server it is, seen from the recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Of a site that was opened in a tab, that is one's own, or that the asking page belongs to.
    Own,
    /// A service to the page that was opened: whoever reviews that page cannot change what the service grants.
    Service,
    /// The recordings do not tell.
    Unknown,
}

impl<'p> Named<'p> {
    /// The origin that the answer to a request under the CORS protocol names, if its status is ok and it came from
    /// the server. `*`, `null`, and what is no single origin, name nobody.
    pub(crate) fn of(view: FetchView<'_>, policy: &'p Policy<'_>) -> Option<Self> {
        if !policy.is_cors(view)
            || !policy.response.is_ok_status()
            || policy.exchange.hints.via_service_worker
        {
            return None;
        }
        let asked = match policy.allow_origin {
            AllowOrigin::Echo => true,
            AllowOrigin::Other => false,
            AllowOrigin::Absent | AllowOrigin::Star | AllowOrigin::Null => return None,
        };
        let text = std::str::from_utf8(policy.value.as_deref()?).ok()?;
        // What is not written as browsers write it grants nobody.
        if !asked && Origin::parse(text.as_bytes()).is_none() {
            return None;
        }
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = !scheme.is_empty()
            && scheme.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
            });
        if !is_scheme || authority.contains(['/', ',', ' ', '@', '?', '#', '*']) {
            return None;
        }
        let host = match authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
            Some(end) => &authority[..end + 2],
            None => authority.split(':').next().unwrap_or(""),
        };
        Some(Self {
            text,
            scheme,
            host,
            asked,
        })
    }

    /// Whether the origin is one of the web, with a host.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self.scheme, "http" | "https") && !self.host.is_empty()
    }
}

/// Whether a single grant by name is worth a word: the answer holds data or belongs to a write, is not everybody's, and
/// neither the server's place nor its trade takes the point away (gates G1, G4, G6, G10).
pub(crate) fn matters(cx: &Context, policy: &Policy<'_>) -> bool {
    let writes = !policy.exchange.request.method.is_cors_safelisted();
    (writes || holds_data(cx, policy))
        && !is_for_all(cx, policy)
        && network(policy.exchange).is_known()
        && !cx.is_collector(policy.target)
}

/// Whether the endpoint grants whoever asks, so that a single grant says nothing of its own.
pub(crate) fn reflects(cx: &Context, policy: &Policy<'_>) -> bool {
    cx.endpoint(policy)
        .is_some_and(|endpoint| cx.reflection(endpoint, policy.target).is_some())
}

/// Gate G1: by kind and headers, or because the same body came with credentials and without.
pub(crate) fn is_for_all(cx: &Context, policy: &Policy<'_>) -> bool {
    is_public_content(policy.exchange, policy.response) || cx.is_proven_public(policy.exchange)
}

/// Whose server it is that a policy stands on.
pub(crate) fn standing(cx: &Context, policy: &Policy<'_>) -> Standing {
    standing_of(cx, policy.target, policy.reader)
}

/// Whose server it is that a page asked.
pub(crate) fn standing_of(cx: &Context, target: &Origin, reader: Option<&Origin>) -> Standing {
    let Some(host) = target.host() else {
        return Standing::Unknown;
    };
    let is_opened = |host: &str| cx.site(host).is_some_and(|site| site.is_document);
    let reader = reader.and_then(Origin::host);
    if is_opened(host)
        || cx.options().is_first_party(host)
        || cx.options().in_scope(host)
        || reader.is_some_and(|reader| cx.are_related(reader, host))
    {
        Standing::Own
    } else if reader.is_some_and(is_opened) {
        Standing::Service
    } else {
        Standing::Unknown
    }
}

/// The trusted host that a granted name imitates: the server's own, or another that the server grants. Silent for sites
/// of one organisation, and for sites that the server's pages know.
pub(crate) fn imitated(
    cx: &Context,
    policy: &Policy<'_>,
    named: &Named<'_>,
) -> Option<(Imitation, String)> {
    let own = policy.target.host()?;
    if !named.asked
        || !named.is_web()
        || cx.are_related(named.host, own)
        || cx.leads_to(site_host(own), site_host(named.host))
    {
        return None;
    }
    let of_server = imitation(named.host, own);
    if let Some(found) = of_server.filter(|found| !found.is_plausible) {
        return Some((found, imitated_name(found, own)));
    }
    let of_listed = cx
        .trust()
        .listed(policy.target)
        .into_iter()
        .filter_map(Origin::host)
        .filter(|listed| !cx.are_related(listed, named.host))
        // The other way round, the shorter of two names would imitate the longer.
        .filter_map(|listed| Some((imitation(named.host, listed)?, listed)))
        .find(|(found, _)| !found.is_plausible && found.form != Form::Substring);
    of_listed
        .or_else(|| of_server.map(|found| (found, own)))
        .map(|(found, trusted)| (found, imitated_name(found, trusted)))
}

/// The name that is imitated: a whole host where its dots are, else its registrable domain.
fn imitated_name(found: Imitation, trusted: &str) -> String {
    match found.form {
        Form::Edited => trusted,
        Form::Suffix | Form::Prefix | Form::Substring | Form::Odd => site_host(trusted),
        Form::LocalhostPrefix => "localhost",
    }
    .to_owned()
}

/// Whether a granted origin is a stranger's corner of a shared platform: not the server's own tenant, nor one that bears
/// the name of the server's owner.
pub(crate) fn is_foreign_tenant(policy: &Policy<'_>, named: &Named<'_>) -> bool {
    let Some(own) = policy.target.host() else {
        return false;
    };
    named.is_web()
        && runs_strangers_code(named.host)
        && site_host(named.host) != site_host(own)
        && !is_shared_hosting_tenant(own)
        && !bears_name_of(named.host, own)
}

/// Whether the first label of the granted site holds the first label of the server's site.
pub(crate) fn bears_name_of(tenant: &str, own: &str) -> bool {
    let first = |host| site_host(host).split('.').next().unwrap_or("");
    let (brand, corner) = (first(own), first(tenant));
    brand.len() >= 4 && corner.contains(brand)
}

/// Whether the server trusts a page that anyone on the path can rewrite: https grants http, and neither page nor server
/// stands on the user's machine. A public server that grants an internal name is another story.
pub(crate) fn is_insecure(policy: &Policy<'_>, named: &Named<'_>) -> bool {
    let (page, server) = (host_network(named.host), network(policy.exchange));
    policy.target.scheme() == Some("https")
        && named.scheme == "http"
        && !named.host.is_empty()
        && page != Network::Loopback
        && server != Network::Loopback
        && (page.is_public() || !server.is_public())
}
