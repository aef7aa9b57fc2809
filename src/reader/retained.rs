//! Which header lines of a recording are kept, and which values are reduced. The whole policy stands here.
//!
//! A line is kept for its name, its place and its value; what no part of the audit reads is dropped while reading, so
//! that an exchange takes hundreds of bytes and secrets do not enter memory in the first place.
//!
//! | request line | kept |
//! | --- | --- |
//! | pseudo headers, `Accept-Encoding`, `Accept-Language`, `Connection`, `Content-Length`, `DNT`, `Host`, `Priority`, `Sec-CH-*`, `Sec-GPC` | nothing |
//! | `Cookie` | the cookies' names, joined with `; ` |
//! | `Authorization`, `Proxy-Authorization` | the scheme |
//! | `Referer` | the origin, and `/` |
//! | what the CORS protocol, mode inference or the preflight's arithmetic reads ([`REQUEST_VALUES`], `Access-Control-*`, `Sec-Fetch-*`) | all |
//! | any other | the name |
//!
//! | response line | kept |
//! | --- | --- |
//! | pseudo headers | nothing |
//! | `Set-Cookie` | name and attributes |
//! | `WWW-Authenticate`, `Proxy-Authenticate` | the scheme |
//! | names that hold `access`, `allow`, `cors` or `origin`, right or misspelt; `Cross-Origin-*`; [`RESPONSE_VALUES`] | all |
//! | any other | the name |

use std::borrow::Cow;

use crate::exchange::{Client, Method};

/// Request headers, beside `Access-Control-*` and `Sec-Fetch-*`, whose values are kept.
const REQUEST_VALUES: &[&str] = &[
    "accept",
    "cache-control",
    "content-language",
    "content-type",
    "origin",
    "pragma",
    "purpose",
    "range",
    "sec-purpose",
    "service-worker",
    "upgrade",
    "upgrade-insecure-requests",
    "x-requested-with",
];

/// Response headers, beside those matched by a part of the name, whose values are kept.
const RESPONSE_VALUES: &[&str] = &[
    "age",
    "cache-control",
    "cache-status",
    "cf-cache-status",
    "clear-site-data",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "non-authoritative-reason",
    "pragma",
    "referrer-policy",
    "server",
    "strict-transport-security",
    "vary",
    "via",
    "x-cache",
    "x-cache-status",
    "x-content-type-options",
    "x-frame-options",
    "x-nginx-cache",
    "x-powered-by",
    "x-proxy-cache",
    "x-vercel-cache",
];

/// Longest name that is looked up; longer ones are nobody's.
const LONGEST: usize = 48;

/// The value to keep of a line, or `None` for a line to drop: `policy` is [`request_value`] or [`response_value`]; where the
/// exchange `shrinks`, only [`is_kept_of_same_origin`] lines stay.
pub(crate) fn kept<'v>(
    name: &[u8],
    value: &'v [u8],
    policy: impl Fn(&[u8], &'v [u8]) -> Option<Cow<'v, [u8]>>,
    shrinks: bool,
) -> Option<Cow<'v, [u8]>> {
    if shrinks && !is_kept_of_same_origin(name) {
        return None;
    }
    policy(name, value)
}

/// The value to keep of a request line, or `None` for a line to drop.
pub(crate) fn request_value<'a>(name: &[u8], value: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let mut buffer = [0; LONGEST];
    let name = lower(name, &mut buffer);
    match name {
        [b':', ..]
        | b"accept-encoding"
        | b"accept-language"
        | b"connection"
        | b"content-length"
        | b"dnt"
        | b"host"
        | b"priority"
        | b"sec-gpc" => None,
        b"cookie" => Some(Cow::Owned(cookie_names(value))),
        b"authorization" | b"proxy-authorization" => Some(Cow::Borrowed(scheme(value))),
        b"referer" => Some(referer_origin(value)),
        _ if name.starts_with(b"sec-ch-") => None,
        _ if name.starts_with(b"sec-fetch-")
            || name.starts_with(b"access-control-")
            || is_listed(name, REQUEST_VALUES) =>
        {
            Some(Cow::Borrowed(value))
        }
        _ => Some(Cow::Borrowed(b"")),
    }
}

/// The value to keep of a response line, or `None` for a line to drop.
pub(crate) fn response_value<'a>(name: &[u8], value: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let mut buffer = [0; LONGEST];
    let name = lower(name, &mut buffer);
    match name {
        [b':', ..] => None,
        b"set-cookie" => Some(Cow::Owned(set_cookie_attributes(value))),
        b"www-authenticate" | b"proxy-authenticate" => Some(Cow::Borrowed(scheme(value))),
        _ if is_listed(name, RESPONSE_VALUES) || is_about_origins(name) => {
            Some(Cow::Borrowed(value))
        }
        _ => Some(Cow::Borrowed(b"")),
    }
}

/// Whether a request line with this name proves that the recorder saw the headers of the wire (`verdict.md`, section 7).
pub(crate) fn proves_complete(name: &[u8]) -> bool {
    const PREFIX: &[u8] = b"sec-fetch-";
    name.eq_ignore_ascii_case(b"host")
        || name.eq_ignore_ascii_case(b":authority")
        || name.eq_ignore_ascii_case(b"accept-encoding")
        || name
            .get(..PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// The lines of a same-origin exchange that pairing and inference still need: cookies tell of credentials, `Location`
/// links hops, `Origin`, `Referer` and `Sec-Fetch-*` say what the exchange was, and two `Access-Control-Request-*` lines a preflight.
pub(crate) fn is_kept_of_same_origin(name: &[u8]) -> bool {
    let mut buffer = [0; LONGEST];
    let name = lower(name, &mut buffer);
    matches!(
        name,
        b"authorization"
            | b"cookie"
            | b"location"
            | b"origin"
            | b"referer"
            | b"set-cookie"
            | b"upgrade"
    ) || name.starts_with(b"sec-fetch-")
        || name.starts_with(b"access-control-")
}

/// Whether a response line speaks to other origins, so that its exchange is kept whole: its name holds `access`, `allow`,
/// `cors` or `origin`.
pub(crate) fn is_about_origins(name: &[u8]) -> bool {
    const STARTS: [u32; 4] = [
        u32::from_le_bytes(*b"acce"),
        u32::from_le_bytes(*b"allo"),
        u32::from_le_bytes(*b"cors"),
        u32::from_le_bytes(*b"orig"),
    ];
    const ENDS: [&[u8]; 4] = [b"ss", b"w", b"", b"in"];
    name.windows(4).enumerate().any(|(index, window)| {
        let Some(start) = window.first_chunk() else {
            return false;
        };
        // Lower case, where it is a letter at all.
        let start = u32::from_le_bytes(*start) | 0x2020_2020;
        STARTS.iter().zip(ENDS).any(|(known, end)| {
            start == *known
                && name[index + 4..]
                    .get(..end.len())
                    .is_some_and(|rest| rest.eq_ignore_ascii_case(end))
        })
    })
}

/// The client that writes such a `User-Agent`.
pub(crate) fn client(user_agent: &str) -> Client {
    let has = |part: &str| user_agent.contains(part);
    if !user_agent.starts_with("Mozilla/") && !user_agent.starts_with("Opera/") {
        return if user_agent.is_empty() {
            Client::Unknown
        } else {
            Client::NotABrowser
        };
    }
    if has("Chrome/") || has("Chromium/") || has("HeadlessChrome/") {
        Client::Chromium
    } else if has("Firefox/") || has("FxiOS/") && !has("AppleWebKit/") {
        Client::Firefox
    } else if has("AppleWebKit/") {
        // Every browser of iOS is WebKit, whatever it calls itself.
        Client::WebKit
    } else {
        Client::Unknown
    }
}

/// The method of a recorded name.
pub(crate) fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes())
}

/// The name in lower case, or nothing when it is longer than any known one.
fn lower<'b>(name: &[u8], buffer: &'b mut [u8; LONGEST]) -> &'b [u8] {
    let Some(buffer) = buffer.get_mut(..name.len()) else {
        return b"";
    };
    for (to, from) in buffer.iter_mut().zip(name) {
        *to = from.to_ascii_lowercase();
    }
    buffer
}

fn is_listed(name: &[u8], list: &[&str]) -> bool {
    list.iter().any(|listed| listed.as_bytes() == name)
}

fn cookie_names(value: &[u8]) -> Vec<u8> {
    let mut names = Vec::new();
    for pair in value.split(|&byte| byte == b';') {
        // A pair without `=` is a value without a name.
        let Some(equals) = memchr::memchr(b'=', pair) else {
            continue;
        };
        if !names.is_empty() {
            names.extend_from_slice(b"; ");
        }
        names.extend_from_slice(pair[..equals].trim_ascii());
    }
    names
}

fn set_cookie_attributes(value: &[u8]) -> Vec<u8> {
    let pair_end = memchr::memchr(b';', value).unwrap_or(value.len());
    let (pair, attributes) = value.split_at(pair_end);
    let name_end = memchr::memchr(b'=', pair).unwrap_or(0);
    [pair[..name_end].trim_ascii(), b"=", attributes].concat()
}

/// The authentication scheme: the first word, if more follows it or it is a scheme that needs nothing more.
fn scheme(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    let end = value
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(value.len());
    let word = &value[..end];
    let stands_alone = ["basic", "bearer", "digest", "negotiate", "ntlm"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    let is_scheme = end < value.len()
        && word.len() <= 24
        && word
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if stands_alone || is_scheme { word } else { b"" }
}

fn referer_origin(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(authority) = memchr::memmem::find(value, b"://").map(|at| at + 3) else {
        return Cow::Borrowed(b"");
    };
    let end = value[authority..]
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
        .map_or(value.len(), |length| authority + length);
    let host =
        memchr::memrchr(b'@', &value[authority..end]).map_or(authority, |at| authority + at + 1);
    if host == authority && value.get(end) == Some(&b'/') {
        return Cow::Borrowed(&value[..=end]);
    }
    Cow::Owned([&value[..authority], &value[host..end], b"/"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (name, value, kept) in [
            ("Cookie", "sid=secret; theme=dark; bare", Some("sid; theme")),
            ("cookie", "bare", Some("")),
            ("Authorization", "Bearer abc.def", Some("Bearer")),
            ("Authorization", "abcdefgh", Some("")),
            ("authorization", "Negotiate", Some("Negotiate")),
            (
                "Referer",
                "https://u:p@a.test/x?token=1",
                Some("https://a.test/"),
            ),
            ("Referer", "https://a.test", Some("https://a.test/")),
            ("Referer", "https://a.test/x", Some("https://a.test/")),
            ("Host", "a.test", None),
            (":path", "/", None),
            ("Sec-CH-UA", "x", None),
            ("Sec-Fetch-Mode", "cors", Some("cors")),
            ("Origin", "null", Some("null")),
            ("X-Api-Key", "secret", Some("")),
        ] {
            let found = request_value(name.as_bytes(), value.as_bytes());
            assert_eq!(found.as_deref(), kept.map(str::as_bytes), "{name}: {value}");
        }
        for (name, value, kept) in [
            (
                "Set-Cookie",
                "sid=secret; Path=/; Secure",
                Some("sid=; Path=/; Secure"),
            ),
            ("Set-Cookie", "bare", Some("=")),
            ("Access-Controll-Alow-Origin", "*", Some("*")),
            ("allow-origin", "*", Some("*")),
            ("X-CORS", "1", Some("1")),
            ("Timing-Allow-Origin", "*", Some("*")),
            ("Cache-Status", "edge; hit", Some("edge; hit")),
            ("X-Vercel-Cache", "HIT", Some("HIT")),
            ("WWW-Authenticate", "Basic realm=\"x\"", Some("Basic")),
            ("Content-Security-Policy", "default-src x", Some("")),
            (":status", "200", None),
        ] {
            let found = response_value(name.as_bytes(), value.as_bytes());
            assert_eq!(found.as_deref(), kept.map(str::as_bytes), "{name}: {value}");
        }
    }

    #[test]
    fn clients() {
        for (user_agent, found) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
                Client::Chromium,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Client::Firefox,
            ),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                Client::WebKit,
            ),
            (
                "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/130.0 Mobile Safari/605.1.15",
                Client::WebKit,
            ),
            ("curl/8.5.0", Client::NotABrowser),
            ("python-requests/2.31", Client::NotABrowser),
            ("Mozilla/4.0 (compatible; MSIE 8.0)", Client::Unknown),
            ("", Client::Unknown),
        ] {
            assert_eq!(client(user_agent), found, "{user_agent}");
        }
    }
}
