//! In what an `Access-Control-Allow-Origin` value misses the origin that asked.

use std::fmt;

use crate::cors::Origin;
use crate::facts::is_ip_host;

/// A near miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// Differs in upper and lower case.
    Case,
    /// Writes the scheme's default port.
    DefaultPort,
    /// Holds a path.
    Path,
    /// Another port.
    Port,
    /// Writes the host in Unicode.
    Punycode,
    /// Another scheme.
    Scheme,
    /// A slash behind the origin.
    TrailingSlash,
    /// `www.` on one side only.
    Www,
}

/// The near miss of a value against the origin that asked.
pub(super) fn near(value: &str, origin: &Origin) -> Option<Near> {
    let asked = origin.serialised();
    if origin.is_opaque() || value == asked {
        return None;
    }
    if value.strip_suffix('/') == Some(asked) {
        return Some(Near::TrailingSlash);
    }
    if value.eq_ignore_ascii_case(asked) {
        return Some(Near::Case);
    }
    if value
        .strip_prefix(asked)
        .is_some_and(|rest| rest.starts_with('/'))
    {
        return Some(Near::Path);
    }
    let url = ::url::Url::parse(value).ok()?;
    let named = Origin::of(&url);
    if named == *origin {
        return Some(if value.is_ascii() {
            Near::DefaultPort
        } else {
            Near::Punycode
        });
    }
    let (host, other) = (origin.host()?, named.host()?);
    let same_scheme = origin.scheme() == named.scheme();
    let same_port = origin.port() == named.port();
    if host == other {
        return Some(if same_scheme {
            Near::Port
        } else {
            Near::Scheme
        });
    }
    let www = !is_ip_host(host)
        && (host.strip_prefix("www.") == Some(other) || other.strip_prefix("www.") == Some(host));
    (www && same_scheme && same_port).then_some(Near::Www)
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Case => "the case differs",
            Self::DefaultPort => "the default port is written out",
            Self::Path => "a path follows the origin",
            Self::Port => "the port differs",
            Self::Punycode => "the host is not written in ASCII",
            Self::Scheme => "the scheme differs",
            Self::TrailingSlash => "a slash follows the origin",
            Self::Www => "`www.` stands on one side only",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses() {
        for (value, asked, expected) in [
            (
                "https://a.test/",
                "https://a.test",
                Some(Near::TrailingSlash),
            ),
            ("https://A.test", "https://a.test", Some(Near::Case)),
            ("https://a.test/app", "https://a.test", Some(Near::Path)),
            (
                "https://a.test:443",
                "https://a.test",
                Some(Near::DefaultPort),
            ),
            ("http://a.test", "https://a.test", Some(Near::Scheme)),
            (
                "http://localhost:3001",
                "http://localhost:3000",
                Some(Near::Port),
            ),
            ("https://www.a.test", "https://a.test", Some(Near::Www)),
            (
                "https://b\u{fc}cher.test",
                "https://xn--bcher-kva.test",
                Some(Near::Punycode),
            ),
            ("https://b.test", "https://a.test", None),
            ("https://yoursite.com", "http://localhost:3000", None),
            ("https://a.test", "null", None),
            ("*.a.test", "https://a.test", None),
        ] {
            let origin = Origin::parse(asked.as_bytes()).expect("an origin");
            assert_eq!(near(value, &origin), expected, "{value} {asked}");
        }
    }
}
