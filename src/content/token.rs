//! Tokens that let their holder in: JSON Web Tokens, and what stands under the name of a token and looks random.

use serde::Deserialize;

use super::{base64, bytes, limits};
use crate::redact;

/// How a JSON Web Token begins: `{"` in base64url.
pub(super) const JWT_START: &str = "eyJ";

/// Fewest characters of a random-looking session identifier or anti-forgery token: 64 bits in hexadecimal.
const SHORTEST_IDENTIFIER: usize = 16;

/// Fewest characters of an access token.
const SHORTEST_TOKEN: usize = 16;

/// Largest part of a token that is decoded.
const DECODED_PART: usize = 4 << 10;

/// The JSON Web Token (RFC 7519) that begins at `at`: three parts of base64url or more, the first of which is a JOSE header.
/// Tokens made for everybody, as hosted databases have them for visitors without account (`"role":"anon"`), are none.
pub(super) fn jwt(text: &[u8], at: usize) -> Option<&[u8]> {
    let before = at.checked_sub(1).map(|index| text[index]);
    if bytes::is_word_before(text, at) || matches!(before, Some(b'.' | b'-')) {
        return None;
    }
    let text = &text[at..];
    let text = &text[..text.len().min(limits::LONGEST_VALUE)];
    let end = text
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')))
        .unwrap_or(text.len());
    let token = &text[..end];
    let token = token.strip_suffix(b".").unwrap_or(token);
    let mut parts = token.split(|byte| *byte == b'.');
    let (header, payload, third) = (parts.next()?, parts.next()?, parts.next()?);
    // A signature, or the key of an encrypted token; the shortest of either has ten characters.
    if payload.is_empty() || third.len() < 10 {
        return None;
    }
    let header: Header = serde_json::from_slice(&base64::decode(header, DECODED_PART)).ok()?;
    if header.alg.is_empty() {
        return None;
    }
    let payload = base64::decode(payload, DECODED_PART);
    let is_for_everybody = memchr::memmem::find(&payload, br#""role":"anon""#).is_some();
    (!is_for_everybody).then_some(token)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// Whether the value under a name such as `access_token` is a token. Keys that are made to stand in pages are none.
pub(super) fn is_oauth(value: &[u8]) -> bool {
    const PUBLIC: [&str; 4] = ["pk.", "pk_live_", "pk_test_", "AIza"];
    text(value).is_some_and(|value| {
        !PUBLIC.iter().any(|prefix| value.starts_with(prefix))
            && (redact::looks_random(value, SHORTEST_TOKEN) || is_uuid(value))
    })
}

/// Whether the value under a name such as `session_id` or `csrf_token` is one: 64 random bits at least.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    text(value)
        .is_some_and(|value| redact::looks_random(value, SHORTEST_IDENTIFIER) || is_uuid(value))
}

/// Whether a session identifier opens a session, and does not only count visits: analytics number their visits by UUIDs
/// and times.
pub(super) fn is_session_of_user(value: &[u8]) -> bool {
    is_identifier(value) && !text(value).is_some_and(is_uuid)
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

/// Eight, four, four, four and twelve hexadecimal digits, not all the same.
fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
        && value.bytes().any(|byte| !matches!(byte, b'0' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";

    #[test]
    fn json_web_tokens() {
        let visitor = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
        for (text, found) in [
            (SIGNED.to_owned(), true),
            (format!("\"{SIGNED}\""), true),
            (format!("Bearer {SIGNED}."), true),
            (format!("\\n{SIGNED}\\n"), true),
            (format!("a{SIGNED}"), false),
            (format!("pk.{SIGNED}"), false),
            // Two parts; a header without `alg`; an object in base64.
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0".to_owned(), false),
            (
                "eyJ1IjoieCJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N".to_owned(),
                false,
            ),
            ("eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbXX0=".to_owned(), false),
            ("eyJ.a.b".to_owned(), false),
            ("eyJhbGciOiJIUzI1NiJ9..".to_owned(), false),
            (visitor.to_owned(), false),
        ] {
            let at = text.find(JWT_START).expect("a start");
            assert_eq!(jwt(text.as_bytes(), at).is_some(), found, "{text}");
        }
    }

    #[test]
    fn tokens_by_name() {
        for (value, oauth, identifier, session) in [
            ("gX3kQ9vLm2Zt8RwY", true, true, true),
            ("9f86d081884c7d659a2feaa0c55ad015", true, true, true),
            ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", true, true, false),
            ("00000000-0000-0000-0000-000000000000", false, false, false),
            ("authenticated_session_value", false, false, false),
            ("1712345678", false, false, false),
            ("1712345678901234", false, false, false),
            ("pk.eyJ1IjoibWFwYm94In0x9Zq3", false, true, true),
            ("expired", false, false, false),
            ("", false, false, false),
        ] {
            let value = value.as_bytes();
            let found = (
                is_oauth(value),
                is_identifier(value),
                is_session_of_user(value),
            );
            assert_eq!(
                found,
                (oauth, identifier, session),
                "{}",
                value.escape_ascii()
            );
        }
    }
}
