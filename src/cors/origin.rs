//! Origins (HTML Standard, section 7.1.1; serialisation as the `Origin` header carries it).

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bitcode::{Decode, Encode};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::url::is_plain_origin;

/// An origin: opaque, or the tuple scheme, host, port, held as its ASCII serialisation.
///
/// Two opaque origins of a recording are never known to be the same, so [`Origin::is_same_origin`] is false for them,
/// while `==` compares serialisations, as the CORS check does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Origin(Option<Arc<str>>);

impl Origin {
    /// The opaque origin, serialised `null`.
    pub const OPAQUE: Self = Self(None);

    /// Reads a serialised origin as an `Origin` header carries it: `null`, or `scheme://host[:port]` in exactly the
    /// form a browser writes (lower case, no default port, no path). Anything else is `None`.
    #[must_use]
    pub fn parse(serialised: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(serialised).ok()?;
        if text == "null" {
            return Some(Self::OPAQUE);
        }
        if is_plain_origin(text) {
            return Some(Self(Some(recent(text))));
        }
        Self::parse_any(text)
    }

    /// Reads a serialised tuple origin of whatever form, by a full parse of the URL.
    fn parse_any(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) || scheme.is_empty() {
            return None;
        }
        match scheme {
            "http" | "https" | "ws" | "wss" | "ftp" => {
                let url = ::url::Url::parse(text).ok()?;
                let origin = Self::of(&url);
                (origin.serialised() == text).then_some(origin)
            }
            // Extension and application schemes are opaque to the URL Standard, yet browsers send them as tuples.
            _ if scheme
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b)) =>
            {
                Some(Self(Some(text.into())))
            }
            _ => None,
        }
    }

    /// The origin of a URL (URL Standard, section 4.7).
    #[must_use]
    pub fn of(url: &::url::Url) -> Self {
        match url.origin() {
            ::url::Origin::Opaque(_) => Self::OPAQUE,
            tuple @ ::url::Origin::Tuple(..) => Self(Some(tuple.ascii_serialization().into())),
        }
    }

    /// Builds a tuple origin from an already serialised form; the caller vouches for the form.
    #[must_use]
    pub(crate) fn from_serialised(text: &str) -> Self {
        Self(Some(text.into()))
    }

    /// The serialisation: `null` for an opaque origin.
    #[must_use]
    pub fn serialised(&self) -> &str {
        self.0.as_deref().unwrap_or("null")
    }

    /// Whether this is an opaque origin.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.0.is_none()
    }

    /// Same origin (HTML Standard): equal tuples. Opaque origins are never known to be the same.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.0.is_some() && self == other
    }

    /// The scheme of a tuple origin.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        Some(self.parts()?.0)
    }

    /// The scheme, and what stands behind `://`.
    fn parts(&self) -> Option<(&str, &str)> {
        let text = self.0.as_deref()?;
        let colon = text.bytes().position(|byte| byte == b':')?;
        Some((&text[..colon], text.get(colon + 3..)?))
    }

    /// The host of a tuple origin, IPv6 addresses in brackets.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let authority = self.parts()?.1;
        if authority.starts_with('[') {
            let end = authority.find(']')?;
            return Some(&authority[..=end]);
        }
        Some(
            authority
                .split_once(':')
                .map_or(authority, |(host, _)| host),
        )
    }

    /// The port of a tuple origin when it is not the scheme's default.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let authority = self.parts()?.1;
        let after_host = &authority[self.host()?.len()..];
        after_host.strip_prefix(':')?.parse().ok()
    }
}

thread_local! {
    static RECENT: RefCell<[Option<Arc<str>>; RECENT_TEXTS]> = const { RefCell::new([const { None }; RECENT_TEXTS]) };
}

/// Texts that a thread remembers.
const RECENT_TEXTS: usize = 32;

/// A serialised origin, the same allocation for equal ones of late: recordings name few origins, each in thousands of
/// requests, and what is known of URLs and endpoints holds on to them.
fn recent(text: &str) -> Arc<str> {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    let place = hasher.finish() as usize % RECENT_TEXTS;
    RECENT.with_borrow_mut(|texts| match &texts[place] {
        Some(known) if **known == *text => Arc::clone(known),
        _ => Arc::clone(texts[place].insert(text.into())),
    })
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.serialised())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.serialised())
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.serialised())
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).ok_or_else(|| serde::de::Error::custom("not an origin"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_origins_are_what_a_full_parse_says() {
        let pieces = [
            "http://",
            "https://",
            "a",
            "b.test",
            "xn--bcher-kva",
            ".",
            "..",
            "-",
            "1",
            "0x1f",
            "127.0.0.1",
            "[::1]",
            "A",
            ":",
            ":80",
            ":443",
            ":8443",
            ":65536",
            ":080",
            "/",
            "?",
            "#",
            "@",
            " ",
            "%41",
            "\u{e9}",
            "_",
        ];
        let mut plain = 0;
        for first in ["http://", "https://", "HTTP://", "ftp://", "a+b://"] {
            for second in pieces {
                for third in pieces {
                    for fourth in pieces {
                        let text = [first, second, third, fourth].concat();
                        let is_plain = is_plain_origin(&text);
                        plain += u32::from(is_plain);
                        assert!(
                            !is_plain
                                || Origin::parse_any(&text).is_some_and(|o| o.serialised() == text),
                            "{text}"
                        );
                        assert_eq!(
                            Origin::parse(text.as_bytes()),
                            Origin::parse_any(&text),
                            "{text}"
                        );
                    }
                }
            }
        }
        assert!(plain > 500, "{plain}");
    }
}
