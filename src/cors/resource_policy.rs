//! Cross-Origin-Resource-Policy (Fetch Standard, section 3.8) and sites (HTML Standard, section 7.1.1).

use std::net::Ipv4Addr;

use super::fetch::Answer;
use super::header::RESOURCE_POLICY;
use super::origin::Origin;
use super::request::EmbedderPolicy;
use super::trace::{Trace, Value};
use super::verdict::Code;

/// Cross-origin resource policy check of a no-cors response; `Err` holds a code of class blocked.
///
/// One exact value counts; lists, other cases and unknown values are as good as none (vectors corp-case, corp-list,
/// corp-two).
pub(super) fn resource_policy_check<T: Trace>(
    answer: &Answer<'_>,
    origin: &Origin,
    url_origin: &Origin,
    embedder: EmbedderPolicy,
    trace: &mut T,
) -> Result<(), Code> {
    let header = answer.headers.get(RESOURCE_POLICY);
    let same_origin = origin.is_same_origin(url_origin);
    let (code, holds) = match header.as_deref() {
        Some(b"same-origin") => (Code::CorpSameOrigin, same_origin),
        Some(b"same-site") => (
            Code::CorpSameSite,
            is_schemelessly_same_site(origin, url_origin)
                && (origin.scheme() == Some("https") || url_origin.scheme() != Some("https")),
        ),
        Some(b"cross-origin") => return Ok(()),
        // Under `credentialless` such requests carry no credentials (Fetch, "Cross-Origin-Embedder-Policy allows
        // credentials"), so only `require-corp` puts same-origin in the place of a missing policy.
        _ => match embedder {
            EmbedderPolicy::RequireCorp => (Code::CorpCoep, same_origin),
            EmbedderPolicy::UnsafeNone | EmbedderPolicy::Credentialless => return Ok(()),
        },
    };
    trace.clause(
        "cross-origin resource policy check 6",
        RESOURCE_POLICY,
        Value::from(header.as_deref()),
        holds,
    );
    holds.then_some(()).ok_or(code)
}

/// Same site: equal schemes and registrable domains.
#[must_use]
pub fn is_same_site(a: &Origin, b: &Origin) -> bool {
    a.scheme() == b.scheme() && is_schemelessly_same_site(a, b)
}

/// Schemelessly same site: equal registrable domains, or equal hosts where there is none. Opaque origins never are.
#[must_use]
pub fn is_schemelessly_same_site(a: &Origin, b: &Origin) -> bool {
    match (site(a), site(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// The registrable domain by the Public Suffix List, private section included; the host itself for IP addresses and
/// public suffixes. `None` for opaque origins.
#[must_use]
pub fn site(origin: &Origin) -> Option<&str> {
    let host = origin.host()?;
    if host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok() {
        return Some(host);
    }
    Some(psl::domain_str(host).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites() {
        for (origin, expected) in [
            ("https://cdn.app.example", "app.example"),
            ("https://a.github.io", "a.github.io"),
            ("https://github.io", "github.io"),
            ("http://localhost:3000", "localhost"),
            ("http://192.168.1.20", "192.168.1.20"),
            ("http://[::1]:80", "[::1]"),
        ] {
            let origin = Origin::of(&::url::Url::parse(origin).expect("a URL"));
            assert_eq!(site(&origin), Some(expected));
        }
        assert_eq!(site(&Origin::OPAQUE), None);
    }
}
