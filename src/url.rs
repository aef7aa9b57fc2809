//! URLs of requests: the serialisation without its fragment, and the origin, parsed once.

use std::fmt;

use bitcode::{Decode, Encode};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::cors::Origin;

/// A parsed absolute URL (URL Standard). The fragment, which never travels, is dropped.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Url {
    text: Box<str>,
    origin: Origin,
    has_userinfo: bool,
}

/// Origins seen so far, so that equal ones share one allocation.
#[derive(Debug, Default)]
pub struct OriginPool {
    known: FxHashMap<Box<str>, Origin>,
}

impl Url {
    /// Parses an absolute URL.
    ///
    /// # Errors
    /// What the URL Standard calls a failure, among it every relative URL.
    pub fn parse(text: &str) -> Result<Self, ::url::ParseError> {
        Self::parse_pooled(text, &mut OriginPool::default())
    }

    /// Parses an absolute URL, sharing its origin with those parsed before.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn parse_pooled(text: &str, pool: &mut OriginPool) -> Result<Self, ::url::ParseError> {
        if let Some(plain) = PlainUrl::of(text) {
            return Ok(Self {
                origin: pool.share_serialised(&text[..plain.origin]),
                text: plain.serialised(text),
                has_userinfo: false,
            });
        }
        Self::parse_slowly(text, pool)
    }

    /// Parses with the `url` crate, which knows all of the URL Standard.
    fn parse_slowly(text: &str, pool: &mut OriginPool) -> Result<Self, ::url::ParseError> {
        let mut url = ::url::Url::parse(text)?;
        url.set_fragment(None);
        let has_userinfo = !url.username().is_empty() || url.password().is_some();
        let origin = pool.share(Origin::of(&url));
        Ok(Self {
            text: String::from(url).into(),
            origin,
            has_userinfo,
        })
    }

    /// Resolves a reference, such as a `Location` value, against this URL. A missing fragment is not inherited.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, ::url::ParseError> {
        let base = ::url::Url::parse(&self.text)?;
        Self::parse(base.join(reference)?.as_str())
    }

    /// The serialisation without fragment. It may hold user information and secrets: reports print
    /// [`crate::redact`]ed forms.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL's origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The scheme, lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.text.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// Whether a user name or password stands before the host.
    #[must_use]
    pub fn has_userinfo(&self) -> bool {
        self.has_userinfo
    }

    /// Path and query, from the first `/` behind the authority; the whole rest for URLs without authority.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        let colon = self.text.bytes().position(|byte| byte == b':');
        let after_scheme = colon.map_or("", |at| &self.text[at + 1..]);
        match after_scheme.strip_prefix("//") {
            Some(rest) => memchr::memchr(b'/', rest.as_bytes()).map_or("", |at| &rest[at..]),
            None => after_scheme,
        }
    }

    /// The path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path_and_query();
        memchr::memchr(b'?', path.as_bytes()).map_or(path, |at| &path[..at])
    }
}

/// An http or https URL that the URL Standard's parser would leave as it is: most of those in a recording.
struct PlainUrl {
    /// Length of the origin, which starts the text.
    origin: usize,
    /// Length without fragment.
    length: usize,
}

impl PlainUrl {
    /// Recognises such URLs byte by byte, and declines whatever needs a second thought: user information, escapes and
    /// upper case in hosts, ports but plain ones, IP addresses, punycode, dot segments, and bytes that the parser
    /// would escape or drop. Earns its place in the reading benchmarks: four times as fast as a full parse.
    fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let origin = plain_origin(bytes)?;
        let rest = &bytes[origin..];
        let path = rest
            .iter()
            .position(|byte| PLAIN[usize::from(*byte)] & PATH == 0)
            .unwrap_or(rest.len());
        if has_dot_segment(&rest[..path]) {
            return None;
        }
        let query = match rest.get(path) {
            Some(b'?') => {
                let query = &rest[path + 1..];
                1 + query
                    .iter()
                    .position(|byte| PLAIN[usize::from(*byte)] & QUERY == 0)
                    .unwrap_or(query.len())
            }
            _ => 0,
        };
        let length = origin + path + query;
        match bytes.get(length) {
            // Even in a fragment a space or control at the end is stripped, but it is dropped here anyway.
            None | Some(b'#') => Some(Self { origin, length }),
            Some(_) => None,
        }
    }

    /// The serialisation: an empty path is `/`.
    fn serialised(&self, text: &str) -> Box<str> {
        let rest = &text[self.origin..self.length];
        if rest.starts_with('/') {
            return text[..self.length].into();
        }
        [&text[..self.origin], "/", rest].concat().into()
    }
}

/// Bytes that the path state keeps as they are. `.` is kept too, but see [`has_dot_segment`].
const PATH: u8 = 1;
/// Bytes that the query state keeps as they are, in special URLs.
const QUERY: u8 = 2;
/// Bytes of plain host names.
const HOST: u8 = 4;

const PLAIN: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        let mut kept = PATH | QUERY;
        match byte {
            b'#' => kept = 0,
            b'?' => kept = QUERY,
            b'"' | b'<' | b'>' => kept = 0,
            b'\'' => kept = PATH,
            b'\\' | b'^' | b'`' | b'{' | b'}' => kept = QUERY,
            _ => {}
        }
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.' {
            kept |= HOST;
        }
        table[byte as usize] = kept;
        byte += 1;
    }
    table
};

/// Whether a text is all of an http or https origin, in a form that the parser would leave as it is.
pub(crate) fn is_plain_origin(text: &str) -> bool {
    plain_origin(text.as_bytes()) == Some(text.len())
}

/// The length of the http or https origin that a text begins with, if the parser would leave it as it is.
fn plain_origin(bytes: &[u8]) -> Option<usize> {
    let (authority_start, default_port) = if bytes.starts_with(b"https://") {
        (8, &b"443"[..])
    } else if bytes.starts_with(b"http://") {
        (7, &b"80"[..])
    } else {
        return None;
    };
    Some(authority_start + plain_authority(&bytes[authority_start..], default_port)?)
}

/// The length of host and port if both are as the parser would leave them.
fn plain_authority(bytes: &[u8], default_port: &[u8]) -> Option<usize> {
    let host_length = bytes
        .iter()
        .position(|byte| PLAIN[usize::from(*byte)] & HOST == 0)
        .unwrap_or(bytes.len());
    let host = &bytes[..host_length];
    // Labels beginning with `xn--` are checked, and a number at the end makes an IPv4 address of the host.
    let mut last = &host[..0];
    for label in host.split(|byte| *byte == b'.') {
        if label.is_empty() || label.starts_with(b"xn--") {
            return None;
        }
        last = label;
    }
    if last.last()?.is_ascii_digit() || last.starts_with(b"0x") {
        return None;
    }
    let mut length = host_length;
    if bytes.get(length) == Some(&b':') {
        let digits = bytes[length + 1..]
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(bytes.len() - length - 1);
        let port = &bytes[length + 1..length + 1 + digits];
        // Five digits may be too many; they are rare enough for the full parser unless surely below 65536.
        let plain = match port {
            [b'1'..=b'9', ..] => port.len() <= 4 || (port.len() == 5 && port[0] <= b'5'),
            _ => false,
        };
        if !plain || port == default_port {
            return None;
        }
        length += 1 + digits;
    }
    matches!(bytes.get(length), None | Some(b'/' | b'?' | b'#')).then_some(length)
}

/// Whether a path segment might be `.` or `..`, escaped or not.
fn has_dot_segment(path: &[u8]) -> bool {
    path.windows(2)
        .any(|pair| pair[0] == b'/' && (pair[1] == b'.' || pair[1] == b'%'))
}

impl OriginPool {
    /// The origin of this serialisation, known or new.
    fn share_serialised(&mut self, serialised: &str) -> Origin {
        if let Some(known) = self.known.get(serialised) {
            return known.clone();
        }
        let origin = Origin::from_serialised(serialised);
        self.known.insert(serialised.into(), origin.clone());
        origin
    }

    /// The known origin equal to the given one, which is remembered otherwise.
    pub fn share(&mut self, origin: Origin) -> Origin {
        if origin.is_opaque() {
            return origin;
        }
        if let Some(known) = self.known.get(origin.serialised()) {
            return known.clone();
        }
        self.known
            .insert(origin.serialised().into(), origin.clone());
        origin
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_parse_as_the_full_parser_would() {
        for (text, plain) in [
            ("https://app.example", true),
            ("https://app.example?a=b#c", true),
            ("http://localhost:3000/a/b.c?d=%20'", false),
            ("http://localhost:3000/a/b.c?d=%20&e={}", true),
            ("https://app.example:443/", false),
            ("https://app.example:0443/", false),
            ("https://app.example:65536/", false),
            ("https://App.example/", false),
            ("https://u:p@app.example/", false),
            ("https://app.example/a/../b", false),
            ("https://app.example/a/%2E%2e/b", false),
            ("https://app.example/a b", false),
            ("https://1.2.3.4/", false),
            ("https://a.0x7f/", false),
            ("https://xn--bcher-kva.example/", false),
            ("https://app.example./", false),
            ("https://app.example\\x", false),
            ("data:text/plain,hi", false),
        ] {
            assert_eq!(PlainUrl::of(text).is_some(), plain, "{text}");
            let fast = Url::parse(text);
            let slow = Url::parse_slowly(text, &mut OriginPool::default());
            assert_eq!(fast, slow, "{text}");
        }
    }
}
