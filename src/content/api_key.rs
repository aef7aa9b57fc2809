//! Keys by their vendors' prefixes, and private keys in PEM.

use super::{Kind, bytes};
use crate::redact;

/// How a private key in PEM begins; the algorithm may stand between.
pub(super) const PEM_START: &str = "-----BEGIN ";

/// Beginnings of keys that are made to stand in pages (publishable keys, keys bound to a site), or that open nothing.
const PUBLIC: &[&str] = &["AIza", "pk_live_", "sk_test_"];

/// Beginnings of access tokens of users.
const OF_USERS: &[&str] = &["EAAC", "ya29."];

/// Identifiers of keys, which are found in every signed URL behind `Credential=`.
pub(super) const IDENTIFIERS: &[&str] = &["AKIA", "ASIA"];

/// Longest key.
const LONGEST: usize = 256;

/// Random-looking characters behind a prefix, at least.
const SHORTEST_REST: usize = 16;

/// Beginnings worth looking at.
pub(super) fn prefixes() -> impl Iterator<Item = &'static str> {
    redact::TOKEN_PREFIXES
        .iter()
        .copied()
        .filter(|prefix| !PUBLIC.contains(prefix))
}

/// The key that begins at `at` with one of [`prefixes`], and its kind.
pub(super) fn key<'t>(text: &'t [u8], at: usize, prefix: &str) -> Option<(Kind, &'t [u8])> {
    if bytes::is_word_before(text, at) {
        return None;
    }
    let before = at.checked_sub(1).map(|index| text[index]);
    if matches!(before, Some(b'-' | b'.' | b'/' | b'%')) {
        return None;
    }
    if IDENTIFIERS.contains(&prefix) && before == Some(b'=') {
        return None;
    }
    let text = &text[at..];
    let end = text
        .iter()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        .count();
    let key = text[..end].trim_ascii_end();
    let key = key.strip_suffix(b".").unwrap_or(key);
    let rest = std::str::from_utf8(key.get(prefix.len()..)?).ok()?;
    let is_key = if IDENTIFIERS.contains(&prefix) {
        rest.len() == 16
            && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            // The example of the vendor's manuals.
            && !rest.ends_with("EXAMPLE")
    } else {
        redact::looks_random(rest, SHORTEST_REST)
    };
    let kind = if OF_USERS.contains(&prefix) {
        Kind::OauthToken
    } else {
        Kind::ApiKey
    };
    is_key.then_some((kind, key))
}

/// The first line of the private key that begins at `at`.
pub(super) fn private_key(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text.get(at + PEM_START.len()..)?;
    let label_end = memchr::memmem::find(&rest[..rest.len().min(40)], b"PRIVATE KEY-----")?;
    let body = &rest[label_end + b"PRIVATE KEY-----".len()..];
    // The line's end, escaped or not.
    let start = body
        .iter()
        .position(|byte| !matches!(byte, b'\\' | b'r' | b'n' | b'\r' | b'\n'))?;
    let body = &body[start..];
    let length = body
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .count();
    (length >= 32).then_some(&body[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Kind> {
        if let Some(at) = text.find(PEM_START) {
            return private_key(text.as_bytes(), at).map(|_| Kind::ApiKey);
        }
        prefixes().find_map(|prefix| {
            let at = text.find(prefix)?;
            key(text.as_bytes(), at, prefix).map(|(kind, _)| kind)
        })
    }

    #[test]
    fn keys() {
        let pem = format!(
            "-----BEGIN RSA PRIVATE KEY-----\\n{}\\n",
            "MIIEpAIBAAKCAQEA".repeat(3)
        );
        for (text, kind) in [
            (
                &format!("\"{}{}\"", "ghp", "_4fK9sLq2Zt8RwYgX3kQ9vLm2ZtaB1cD3eF5g"),
                Some(Kind::ApiKey),
            ),
            (
                &format!("{}{}", "sk", "_live_4fK9sLq2Zt8RwYgX3kQ9vLm2"),
                Some(Kind::ApiKey),
            ),
            (
                &format!("\"{}{}\"", "AKIA", "IOSF0D2NN7QX4MPL"),
                Some(Kind::ApiKey),
            ),
            (&"\"AKIAIOSFODNN7EXAMPLE\"".to_owned(), None),
            (
                &"X-Amz-Credential=AKIAIOSF0D2NN7QX4MPL/2026".to_owned(),
                None,
            ),
            (
                &"ya29.a0AfH6SMBx4fK9sLq2Zt8RwYgX3kQ9".to_owned(),
                Some(Kind::OauthToken),
            ),
            (&"task-list-item-of-the-page-header".to_owned(), None),
            (&"sk-loading-indicator-of-the-page".to_owned(), None),
            (&"MSG.4fK9sLq2Zt8RwYgX3kQ9vLm2".to_owned(), None),
            (&"npm_package_config_registry_name".to_owned(), None),
            (&"AIzaSyA4fK9sLq2Zt8RwYgX3kQ9vLm2Zt".to_owned(), None),
            (&pem, Some(Kind::ApiKey)),
            (&"-----BEGIN PRIVATE KEY-----\\n...".to_owned(), None),
            (
                &"-----BEGIN CERTIFICATE-----\\nMIIEpAIBAAKCAQEAMIIEpAIBAAKCAQEA".to_owned(),
                None,
            ),
        ] {
            assert_eq!(found(text), kind, "{text}");
        }
    }
}
