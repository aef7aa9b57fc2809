//! What an answer is: a public asset, a beacon's receipt, or data.

use crate::content::{Kind, Place};
use crate::exchange::{Exchange, Method, ResourceType, Response};
use crate::rules::FetchView;

/// The largest body that counts as a receipt and not as data.
const BEACON_BODY: u64 = 64;

/// The essence of an answer's content type, as sent.
#[must_use]
pub fn content_type(response: &Response) -> Option<&str> {
    let value = response.headers.first("content-type")?;
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Whether an answer to a GET or POST is a beacon's receipt: 204, 205, no body, a pixel. A small text or JSON is none: a
/// real interface may answer so.
#[must_use]
pub fn is_receipt(exchange: &Exchange, response: &Response) -> bool {
    if !matches!(exchange.request.method, Method::Get | Method::Post) {
        return false;
    }
    let pixel = response.body_size.is_some_and(|size| size <= BEACON_BODY)
        && content_type(response).is_some_and(|kind| contains_ignore_case(kind, "image/"));
    matches!(response.status, 204 | 205) || response.body_size == Some(0) || pixel
}

/// Whether the answer holds data. Small structured answers count only where `small_counts`: `{"ok":1}` is data of an
/// application that people sign in to, and a receipt of a collector.
#[must_use]
pub fn carries_data(response: &Response, small_counts: bool) -> bool {
    if !response.is_ok_status() || matches!(response.status, 204 | 205) {
        return false;
    }
    let kind = content_type(response).unwrap_or("");
    let starts = |prefix: &str| {
        kind.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts("image/") || starts("font/") || starts("audio/") || starts("video/") {
        return false;
    }
    let structured = ["json", "xml", "csv", "text/html", "text/plain"]
        .iter()
        .any(|part| contains_ignore_case(kind, part));
    match response.body_size {
        Some(0) => false,
        Some(size) if size <= BEACON_BODY => small_counts && structured,
        Some(_) => true,
        None => structured || response.body_recorded,
    }
}

/// Whether the content type alone says that the answer is a public asset: font, style, script, image, media, manifest,
/// module, source map.
#[must_use]
pub fn is_public_asset(exchange: &Exchange, response: &Response) -> bool {
    let by_destination = matches!(
        exchange.request.headers.first("sec-fetch-dest"),
        Some(
            "font"
                | "style"
                | "script"
                | "image"
                | "audio"
                | "video"
                | "track"
                | "manifest"
                | "worker"
                | "sharedworker"
        )
    );
    let by_hint = matches!(
        exchange.hints.resource_type,
        Some(
            ResourceType::Font
                | ResourceType::Image
                | ResourceType::Manifest
                | ResourceType::Media
                | ResourceType::Script
                | ResourceType::Stylesheet
                | ResourceType::TextTrack
        )
    );
    if by_destination || by_hint {
        return true;
    }
    let kind = content_type(response).unwrap_or("");
    let prefixes = ["font/", "image/", "audio/", "video/"];
    let parts = [
        "text/css",
        "javascript",
        "ecmascript",
        "font-",
        "/wasm",
        "manifest+json",
        "vnd.apple.mpegurl",
        "dash+xml",
    ];
    let path = exchange.request.url.path();
    prefixes.iter().any(|prefix| {
        kind.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }) || parts.iter().any(|part| contains_ignore_case(kind, part))
        || [
            ".woff", ".woff2", ".ttf", ".otf", ".eot", ".css", ".js", ".mjs", ".map", ".wasm",
            ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".mp4", ".webm",
            ".m3u8", ".ts", ".mp3",
        ]
        .iter()
        .any(|suffix| path.ends_with(suffix))
}

/// Gate G1, "presumed": anyone could have fetched this with the same result, by its kind and its headers.
#[must_use]
pub fn is_public_content(exchange: &Exchange, response: &Response) -> bool {
    matches!(exchange.request.method, Method::Get | Method::Head)
        && is_public_asset(exchange, response)
        && !response.headers.contains("set-cookie")
        && !response.headers.get("cache-control").is_some_and(|value| {
            let text = String::from_utf8_lossy(&value);
            contains_ignore_case(&text, "private") || contains_ignore_case(&text, "no-store")
        })
}

/// Kinds of sensitive data that the answer was found to hold, in its body or its headers, sorted and distinct. Kinds that
/// alone say little ([`Kind::is_hint`]) are left out.
#[must_use]
pub fn sensitive_kinds(view: FetchView<'_>) -> Vec<&'static str> {
    let mut kinds = sensitive(view);
    kinds.retain(|kind| !kind.is_hint());
    kinds.into_iter().map(Kind::as_str).collect()
}

/// Every kind of sensitive data in the answer, sorted and distinct.
#[must_use]
pub fn sensitive(view: FetchView<'_>) -> Vec<Kind> {
    let Some(exchange) = view.last().filter(|exchange| !exchange.is_preflight()) else {
        return Vec::new();
    };
    let Some(response) = exchange.response() else {
        return Vec::new();
    };
    let mut kinds: Vec<Kind> = exchange
        .content
        .iter()
        .flat_map(|content| {
            content
                .at(Place::ResponseBody)
                .chain(content.at(Place::ResponseHeader))
        })
        .map(|sighting| sighting.kind)
        .collect();
    let token = response.headers.iter().any(|(name, _)| {
        [
            &b"authorization"[..],
            b"x-auth-token",
            b"x-access-token",
            b"x-refresh-token",
            b"x-amz-security-token",
        ]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
    });
    if token {
        kinds.push(Kind::OauthToken);
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn contains_ignore_case(text: &str, part: &str) -> bool {
    text.as_bytes()
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::HeaderList;

    #[test]
    fn data_and_receipts() {
        let answer = |status, kind: &str, size| Response {
            status,
            headers: HeaderList::from_lines([("Content-Type", kind)]),
            body_size: size,
            body_recorded: false,
            body_digest: None,
        };
        for (status, kind, size, small, data) in [
            (200, "application/json", Some(36), true, true),
            (200, "application/json", Some(36), false, false),
            (200, "application/json", Some(800), false, true),
            (200, "application/json; charset=utf-8", None, false, true),
            (204, "application/json", None, true, false),
            (200, "image/gif", Some(4300), true, false),
            (200, "application/json", Some(0), true, false),
            (404, "application/json", Some(900), true, false),
            (200, "application/octet-stream", Some(20), true, false),
        ] {
            assert_eq!(
                carries_data(&answer(status, kind, size), small),
                data,
                "{status} {kind} {size:?} {small}"
            );
        }
    }
}
