//! What script may read of an allowed response (Fetch Standard, sections 2.2.2 and 2.2.6; Resource Timing).

use super::header::{EXPOSE_HEADERS, TIMING_ALLOW_ORIGIN, TokenList, split_quoted};
use super::origin::Origin;
use super::request::CredentialsMode;
use crate::header::HeaderList;

/// CORS-safelisted response-header names that need no mention.
const SAFELISTED: [&[u8]; 7] = [
    b"cache-control",
    b"content-language",
    b"content-length",
    b"content-type",
    b"expires",
    b"last-modified",
    b"pragma",
];

/// CORS-safelisted response-header name: safelisted, or exposed by `Access-Control-Expose-Headers`.
///
/// One bad item spoils the whole list; `*` means every name when credentials are not included; `Set-Cookie` never is
/// readable.
#[must_use]
pub fn is_readable(headers: &HeaderList, name: &[u8], credentials: CredentialsMode) -> bool {
    if is_forbidden_response_header(name) {
        return false;
    }
    if SAFELISTED
        .iter()
        .any(|safe| name.eq_ignore_ascii_case(safe))
    {
        return true;
    }
    let Some(value) = headers.get(EXPOSE_HEADERS) else {
        return false;
    };
    TokenList::parse(Some(&value)).is_ok_and(|list| {
        list.contains_ignore_case(name) || (list.has_wildcard() && !credentials.is_include())
    })
}

/// TAO check (Fetch Standard, section 4.11): a list with `*` or the origin as an item, byte-exact.
#[must_use]
pub fn is_timing_allowed(headers: &HeaderList, origin: &Origin) -> bool {
    headers.get(TIMING_ALLOW_ORIGIN).is_some_and(|value| {
        split_quoted(&value).any(|item| item == b"*" || item == origin.serialised().as_bytes())
    })
}

fn is_forbidden_response_header(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"set-cookie") || name.eq_ignore_ascii_case(b"set-cookie2")
}
