//! Sites: registrable domains by the Public Suffix List, its private section included (HTML Standard, "obtain a site").

use std::net::IpAddr;

use crate::cors::Origin;
use crate::rules::FetchView;

/// How the asking page stands to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Same scheme, host and port.
    SameOrigin,
    /// Same scheme and registrable domain.
    SameSite,
    /// Neither; also every opaque origin.
    CrossSite,
}

/// Suffixes of the list's private section under which names are registered as under a country's: whoever has one owns it,
/// pages and all. Sorted.
const REGISTRIES: &[&str] = &[
    "ae.org", "br.com", "cn.com", "co.com", "co.nl", "co.no", "com.de", "com.se", "de.com",
    "eu.com", "gb.net", "gr.com", "hu.net", "in.net", "jp.net", "jpn.com", "mex.com", "ru.com",
    "sa.com", "se.net", "uk.com", "uk.net", "us.com", "us.org", "za.bz", "za.com",
];

/// Domains that run code of whoever comes, and are no public suffixes. Sorted.
const PLAYGROUNDS: &[&str] = &[
    "cdpn.io",
    "codepen.io",
    "codesandbox.io",
    "csb.app",
    "glitch.me",
    "jsbin.com",
    "jsfiddle.net",
    "jshell.net",
    "observableusercontent.com",
    "playcode.io",
    "plnkr.co",
    "repl.co",
    "replit.app",
    "replit.dev",
    "stackblitz.io",
    "webcontainer.io",
];

/// The registrable domain of a host; the host itself for IP addresses, single labels and public suffixes.
#[must_use]
pub fn site_host(host: &str) -> &str {
    if is_ip_host(host) || !host.contains('.') {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Whether a host, as origins serialise it, is an IP address.
#[must_use]
pub fn is_ip_host(host: &str) -> bool {
    host.starts_with('[')
        || (host.ends_with(|c: char| c.is_ascii_digit()) && host.parse::<IpAddr>().is_ok())
}

/// Whether the host is somebody's corner of a public platform: below a suffix of the list's private section.
#[must_use]
pub fn is_shared_hosting_tenant(host: &str) -> bool {
    if is_ip_host(host) || !host.contains('.') {
        return false;
    }
    psl::suffix(host.as_bytes()).is_some_and(|suffix| {
        suffix.typ() == Some(psl::Type::Private)
            && suffix.as_bytes().len() < host.len()
            && !std::str::from_utf8(suffix.as_bytes())
                .is_ok_and(|suffix| REGISTRIES.binary_search(&suffix).is_ok())
    })
}

/// Whether pages of the host are a stranger's: a tenant of a public platform, or a playground for code.
#[must_use]
pub fn runs_strangers_code(host: &str) -> bool {
    is_shared_hosting_tenant(host)
        || PLAYGROUNDS.iter().any(|known| {
            host.strip_suffix(known)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// How two origins stand to each other. Opaque origins are never known to be the same as anything.
#[must_use]
pub fn relation(one: &Origin, other: &Origin) -> Relation {
    if one.is_same_origin(other) {
        return Relation::SameOrigin;
    }
    match (one.host(), other.host()) {
        (Some(a), Some(b)) if site_host(a) == site_host(b) && one.scheme() == other.scheme() => {
            Relation::SameSite
        }
        _ => Relation::CrossSite,
    }
}

impl Relation {
    /// How the page that asked stands to the server that answered last; what the browser itself wrote decides.
    #[must_use]
    pub fn of(view: FetchView<'_>) -> Option<Self> {
        let exchange = view.last()?;
        let written = exchange.request.headers.first("sec-fetch-site");
        match written {
            Some("same-origin") => return Some(Self::SameOrigin),
            Some("same-site") => return Some(Self::SameSite),
            Some("cross-site") => return Some(Self::CrossSite),
            _ => {}
        }
        let origin = view.judged.fetch.initiator_origin.value.as_ref()?;
        Some(relation(origin, exchange.request.url.origin()))
    }

    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites() {
        for (host, site) in [
            ("a.b.example.co.uk", "example.co.uk"),
            ("bank.test", "bank.test"),
            ("api.bank.test", "bank.test"),
            ("acme.github.io", "acme.github.io"),
            ("x.acme.github.io", "acme.github.io"),
            ("github.io", "github.io"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(site_host(host), site, "{host}");
        }
        assert!(is_shared_hosting_tenant("acme.github.io"));
        assert!(!is_shared_hosting_tenant("github.io"));
        assert!(!is_shared_hosting_tenant("shop.example.com"));
        assert!(!is_shared_hosting_tenant("shop.uk.com"));
        assert!(REGISTRIES.is_sorted() && PLAYGROUNDS.is_sorted());
        assert!(runs_strangers_code("fiddle.jshell.net") && runs_strangers_code("acme.github.io"));
        assert!(!runs_strangers_code("notjsbin.com"));
    }

    #[test]
    fn relations() {
        let origin = |text: &str| Origin::parse(text.as_bytes()).expect("an origin");
        for (a, b, expected) in [
            ("https://a.test", "https://a.test", Relation::SameOrigin),
            ("https://a.test", "https://x.a.test", Relation::SameSite),
            ("https://a.test", "http://a.test", Relation::CrossSite),
            (
                "http://localhost:3000",
                "http://localhost:8000",
                Relation::SameSite,
            ),
            ("https://a.test", "https://b.test", Relation::CrossSite),
            ("null", "https://b.test", Relation::CrossSite),
            ("http://10.0.0.1", "http://10.0.0.2", Relation::CrossSite),
        ] {
            assert_eq!(relation(&origin(a), &origin(b)), expected, "{a} {b}");
        }
    }
}
