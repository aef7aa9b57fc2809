//! Opaque Response Blocking, as far as headers alone decide it.

use crate::cors::Engine;
use crate::exchange::Exchange;

/// Whether Opaque Response Blocking withholds a response from an element by its headers alone: `nosniff` and a type
/// that no element loads. What it finds in bodies is not seen here, and scripts' own no-cors fetches end otherwise.
pub(super) fn is_blocked_by_type(exchange: &Exchange, engine: Engine) -> bool {
    let by_element = matches!(
        exchange.request.headers.first("sec-fetch-dest"),
        Some("image" | "audio" | "video" | "script" | "track")
    );
    let Some(response) = exchange
        .response()
        .filter(|_| by_element && engine != Engine::WebKit)
    else {
        return false;
    };
    let is_nosniff = response
        .headers
        .first("x-content-type-options")
        .is_some_and(|value| {
            value
                .split(',')
                .next()
                .is_some_and(|first| first.trim().eq_ignore_ascii_case("nosniff"))
        });
    let content_type = response.headers.first("content-type").unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    is_nosniff
        && (matches!(
            &*essence,
            "text/html" | "text/plain" | "application/json" | "text/json"
        ) || essence.ends_with("+json")
            || (essence != "image/svg+xml"
                && (matches!(&*essence, "text/xml" | "application/xml")
                    || essence.ends_with("+xml"))))
}
