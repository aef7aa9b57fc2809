//! Whether a signed-in user's credentials travelled, and whether they can travel across sites.

use crate::cors::CredentialsMode;
use crate::fact::{Basis, Confidence};
use crate::header::trim;
use crate::rules::FetchView;

/// How the server could know the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// A cookie was sent: on the wire.
    Cookie,
    /// Authentication that the browser manages (Basic, Digest, Negotiate, NTLM).
    Browser,
    /// The request included credentials; the export holds no cookies, so whether one travelled is unknown.
    Included(Confidence),
    /// Only a token that the page's own script holds: another site's page does not own it.
    ScriptToken,
    /// Nothing of the kind was sent.
    None,
    /// The recording does not tell.
    Unknown,
}

impl Authentication {
    /// Whether the browser attached, or by all signs attached, the user's credentials by itself.
    #[must_use]
    pub fn is_ambient(self) -> bool {
        match self {
            Self::Cookie | Self::Browser => true,
            Self::Included(confidence) => confidence >= Confidence::Medium,
            Self::ScriptToken | Self::None | Self::Unknown => false,
        }
    }

    /// Whether that is on the wire rather than inferred.
    #[must_use]
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Cookie | Self::Browser)
    }
}

/// How the server could know the user on the last hop.
#[must_use]
pub fn authentication(view: FetchView<'_>) -> Authentication {
    let Some(exchange) = view.last().filter(|exchange| !exchange.is_preflight()) else {
        return Authentication::Unknown;
    };
    let request = &exchange.request;
    if request.listed_cookies || request.headers.contains("cookie") {
        return Authentication::Cookie;
    }
    let credentials = &view.judged.fetch.credentials;
    if credentials.basis == Basis::AuthorizationWithoutPreflight {
        return Authentication::Browser;
    }
    let stripped = view.capture.sanitized || !request.headers_complete;
    match credentials.value {
        Some(CredentialsMode::Include) if stripped => {
            Authentication::Included(credentials.confidence)
        }
        _ if request.headers.contains("authorization") => Authentication::ScriptToken,
        None if stripped => Authentication::Unknown,
        _ => Authentication::None,
    }
}

/// `SameSite` of a cookie, as far as rules need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// `None` with `Secure`: travels across sites.
    Unbound,
    /// `Lax` or `Strict`.
    Bound,
    /// No attribute, or one that browsers ignore.
    Unspecified,
}

/// `SameSite` of a `Set-Cookie` line.
#[must_use]
pub fn same_site_of_cookie(line: &[u8]) -> SameSite {
    let mut same_site = SameSite::Unspecified;
    let mut secure = false;
    for attribute in line.split(|byte| *byte == b';').skip(1) {
        let attribute = trim(attribute);
        let (name, value) = match attribute.iter().position(|byte| *byte == b'=') {
            Some(at) => (trim(&attribute[..at]), trim(&attribute[at + 1..])),
            None => (attribute, &b""[..]),
        };
        if name.eq_ignore_ascii_case(b"secure") {
            secure = true;
        } else if name.eq_ignore_ascii_case(b"samesite") {
            same_site = if value.eq_ignore_ascii_case(b"none") {
                SameSite::Unbound
            } else if value.eq_ignore_ascii_case(b"lax") || value.eq_ignore_ascii_case(b"strict") {
                SameSite::Bound
            } else {
                SameSite::Unspecified
            };
        }
    }
    if same_site == SameSite::Unbound && !secure {
        return SameSite::Unspecified;
    }
    same_site
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_site() {
        for (line, expected) in [
            ("s=; Path=/; Secure; SameSite=None", SameSite::Unbound),
            ("s=; samesite=none;secure", SameSite::Unbound),
            ("s=; SameSite=None", SameSite::Unspecified),
            ("s=; SameSite=Lax", SameSite::Bound),
            ("s=; SameSite=strict; Secure", SameSite::Bound),
            ("s=; Secure", SameSite::Unspecified),
            ("SameSite=None", SameSite::Unspecified),
        ] {
            assert_eq!(same_site_of_cookie(line.as_bytes()), expected, "{line}");
        }
    }
}
