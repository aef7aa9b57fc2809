//! Which exchanges are no business of other origins.

use super::retained;
use crate::cors::Origin;
use crate::url::Url;

/// Whether an exchange is no business of other origins, so that its header lines can shrink to those of
/// [`retained::is_kept_of_same_origin`]. Most exchanges of a recording are such, and memory grows with the others only.
///
/// Careful on purpose: whole stay documents (their embedder policies matter to others), redirects (they may leave the
/// origin), preflights, failures, answers that speak to other origins, and everything whose headers are provisional and
/// lack `Sec-Fetch-Site`.
///
/// `request` gives the first request line of a name, trimmed; `response` the names of the response's lines.
pub(crate) fn is_plain<'l>(
    url: &Url,
    headers_complete: bool,
    status: Option<u16>,
    request: impl Fn(&str) -> Option<&'l [u8]>,
    mut response: impl Iterator<Item = &'l [u8]>,
) -> bool {
    if !is_said(url, headers_complete, &request)
        || request("origin").is_some_and(|value| !starts_with_origin(value, url.origin()))
        || request("access-control-request-method").is_some()
    {
        return false;
    }
    let is_document = match request("sec-fetch-dest") {
        Some(dest) => matches!(
            dest,
            b"document" | b"iframe" | b"frame" | b"embed" | b"object"
        ),
        None => {
            request("upgrade-insecure-requests").is_some()
                || request("accept").is_some_and(|accept| accept.starts_with(b"text/html"))
        }
    };
    matches!(status, Some(200..=299 | 304 | 400..=599))
        && !is_document
        && !response.any(retained::is_about_origins)
}

/// Whether the request itself says that it is of the origin it goes to, so that no other origin comes to read what it
/// carries.
pub(crate) fn is_said<'l>(
    url: &Url,
    headers_complete: bool,
    request: impl Fn(&str) -> Option<&'l [u8]>,
) -> bool {
    match request("sec-fetch-site") {
        Some(site) => site.eq_ignore_ascii_case(b"same-origin"),
        None => {
            headers_complete
                && request("origin")
                    .or_else(|| request("referer"))
                    .is_some_and(|value| starts_with_origin(value, url.origin()))
        }
    }
}

/// Whether an element asked without CORS, so that the browser decides by what the answer is whether the element gets it.
pub(crate) fn is_by_element<'l>(request: impl Fn(&str) -> Option<&'l [u8]>) -> bool {
    request("sec-fetch-mode") == Some(b"no-cors")
        && matches!(
            request("sec-fetch-dest"),
            Some(b"audio" | b"image" | b"script" | b"style" | b"track" | b"video")
        )
}

/// Whether a request is a navigation: its answer is shown, and no script of the page that asked reads it.
pub(crate) fn is_navigation<'l>(request: impl Fn(&str) -> Option<&'l [u8]>) -> bool {
    match request("sec-fetch-mode") {
        Some(mode) => mode.eq_ignore_ascii_case(b"navigate"),
        None => request("upgrade-insecure-requests").is_some(),
    }
}

/// Whether a value, an origin or a URL, is of the origin.
fn starts_with_origin(value: &[u8], origin: &Origin) -> bool {
    !origin.is_opaque()
        && value
            .strip_prefix(origin.serialised().as_bytes())
            .is_some_and(|rest| matches!(rest, [] | [b'/' | b'?' | b'#', ..]))
}
