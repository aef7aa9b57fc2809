//! What of a recording may stand in configuration.

use crate::cors::Origin;

/// Longest origin: a host name has at most 253 bytes.
const LONGEST_ORIGIN: usize = 280;
/// Longest method or header name.
const LONGEST_WORD: usize = 64;

/// An origin with a scheme of the web and a host of letters, digits, `-`, `.`, `_` (or an IPv6 address): none of its
/// characters ends a string or means anything inside one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowedOrigin(String);

/// A method or header name of letters, digits and `-`. Tokens of HTTP may hold more (`'`, `$`, a grave accent); such
/// names are left out of configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(String);

impl AllowedOrigin {
    /// The origin, if it is one that may be written into configuration; `null` never is.
    #[must_use]
    pub fn new(serialised: &str) -> Option<Self> {
        let origin = Origin::parse(serialised.as_bytes())?;
        let host = origin.host()?;
        let is_plain = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(address) => address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
            None => host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b)),
        };
        (matches!(origin.scheme(), Some("http" | "https"))
            && is_plain
            && serialised.len() <= LONGEST_ORIGIN)
            .then(|| Self(serialised.to_owned()))
    }
}

impl Word {
    /// The method or name, if it may be written into configuration.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (is_plain && !text.is_empty() && text.len() <= LONGEST_WORD).then(|| Self(text.to_owned()))
    }
}

impl AsRef<str> for AllowedOrigin {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for good in [
            "https://shop.test",
            "http://localhost:3000",
            "https://xn--bcher-kva.test",
            "http://[::1]:8080",
            "http://127.0.0.1",
            "https://my_app.test",
        ] {
            assert_eq!(AllowedOrigin::new(good).map(|o| o.0).as_deref(), Some(good));
        }
        for bad in [
            "null",
            "*",
            "https://shop.test/",
            "HTTPS://shop.test",
            "https://shop.test:443",
            "https://sh'op.test",
            "https://sh\"op.test",
            "https://sh;op.test",
            "https://sh$op.test",
            "https://sh{op}.test",
            "https://sh`op`.test",
            "https://sh\nop.test",
            "chrome-extension://abcdef",
            "ftp://shop.test",
            "https://user@shop.test",
            "https://",
        ] {
            assert_eq!(AllowedOrigin::new(bad), None, "{bad}");
        }
        let long = format!("https://{}.test", "a.".repeat(200));
        assert_eq!(AllowedOrigin::new(&long), None);
    }

    #[test]
    fn words() {
        for good in ["GET", "patch", "X-CSRF-Token", "content-type"] {
            assert!(Word::new(good).is_some(), "{good}");
        }
        for bad in ["", "a b", "a'b", "a\"", "a$b", "a`", "a\r\nb", "ü", "a,b"] {
            assert_eq!(Word::new(bad), None, "{bad}");
        }
    }
}
