//! Header names of the CORS protocol, and the lists in their values (Fetch Standard, sections 2.2.2 and 3.3.3).

/// `Access-Control-Allow-Credentials`.
pub const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
/// `Access-Control-Allow-Headers`.
pub const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";
/// `Access-Control-Allow-Methods`.
pub const ALLOW_METHODS: &str = "Access-Control-Allow-Methods";
/// `Access-Control-Allow-Origin`.
pub const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
/// `Access-Control-Expose-Headers`.
pub const EXPOSE_HEADERS: &str = "Access-Control-Expose-Headers";
/// `Access-Control-Max-Age`.
pub const MAX_AGE: &str = "Access-Control-Max-Age";
/// `Cross-Origin-Resource-Policy`.
pub const RESOURCE_POLICY: &str = "Cross-Origin-Resource-Policy";
/// `Location`.
pub const LOCATION: &str = "Location";
/// `Timing-Allow-Origin`.
pub const TIMING_ALLOW_ORIGIN: &str = "Timing-Allow-Origin";

/// Whether a byte may stand in a token (RFC 9110, section 5.6.2).
const TOKEN_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let punctuation = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < punctuation.len() {
        table[punctuation[at] as usize] = true;
        at += 1;
    }
    table
};

/// Whether the bytes are a token: not empty, and nothing but token bytes.
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| TOKEN_BYTE[usize::from(*byte)])
}

/// The value of a header that is a comma-separated list of tokens, already found to be one.
///
/// *Extract header list values* (Fetch Standard, section 2.2.2) fails as a whole on one bad item, so a `TokenList`
/// holds only values without any.
#[derive(Clone, Copy, Debug)]
pub struct TokenList<'a>(&'a [u8]);

impl<'a> TokenList<'a> {
    /// Reads a combined value. An absent header and an empty one are both the empty list.
    ///
    /// # Errors
    /// The first item that is no token, as sent.
    pub fn parse(value: Option<&'a [u8]>) -> Result<Self, &'a [u8]> {
        let value = value.unwrap_or_default();
        match items(value).find(|item| !is_token(item)) {
            Some(bad) => Err(bad),
            None => Ok(Self(value)),
        }
    }

    /// The items in order.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        items(self.0)
    }

    /// Whether an item equals the bytes, case included.
    #[must_use]
    pub fn contains(self, token: &[u8]) -> bool {
        self.iter().any(|item| item == token)
    }

    /// Whether an item equals the bytes without regard to ASCII case.
    #[must_use]
    pub fn contains_ignore_case(self, token: &[u8]) -> bool {
        self.iter().any(|item| item.eq_ignore_ascii_case(token))
    }

    /// Whether `*` is an item.
    #[must_use]
    pub fn has_wildcard(self) -> bool {
        self.contains(b"*")
    }
}

/// The items between commas, trimmed of spaces and tabs, empty ones dropped.
pub fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(trim_optional_whitespace)
        .filter(|item| !item.is_empty())
}

/// The items of a value split at commas outside quoted strings (*get, decode, and split*), trimmed, empty ones kept.
pub fn split_quoted(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |byte| {
            if escaped {
                escaped = false;
                return false;
            }
            match byte {
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => {}
            }
            *byte == b',' && !quoted
        })
        .map(trim_optional_whitespace)
}

fn trim_optional_whitespace(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_item_spoils_the_list() {
        let list = TokenList::parse(Some(b" PUT,,\tdelete ,* ")).expect("tokens");
        assert!(list.contains(b"PUT") && !list.contains(b"put") && list.has_wildcard());
        assert!(list.contains_ignore_case(b"DELETE"));
        assert_eq!(
            TokenList::parse(Some(b"PUT, PUT DELETE")).err(),
            Some(&b"PUT DELETE"[..])
        );
        assert!(TokenList::parse(None).is_ok_and(|list| list.iter().next().is_none()));
        assert!(TokenList::parse(Some("x-ä".as_bytes())).is_err());
    }

    #[test]
    fn quoted_commas_do_not_split() {
        let parts: Vec<_> = split_quoted(br#"a, "b,\",c", d"#).collect();
        assert_eq!(parts, [&b"a"[..], br#""b,\",c""#, b"d"]);
    }
}
