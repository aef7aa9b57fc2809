//! Opaque Response Blocking, as far as headers and the shape of the body decide it.

use crate::cors::Engine;
use crate::exchange::Exchange;

/// Whether Opaque Response Blocking withholds a response from an element: by `nosniff` and a type that no element loads,
/// by JSON that says it is JSON and is, or because a style sheet of another origin has no other type than `text/css`.
/// What else it finds in bodies is not seen here, and scripts' own no-cors fetches end otherwise.
pub(super) fn is_blocked_by_type(exchange: &Exchange, engine: Engine) -> bool {
    let destination = exchange.request.headers.first("sec-fetch-dest");
    let is_style = destination == Some("style");
    let by_element = is_style
        || matches!(
            destination,
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
    let is_json =
        matches!(&*essence, "application/json" | "text/json") || essence.ends_with("+json");
    let is_xml = essence != "image/svg+xml"
        && (matches!(&*essence, "text/xml" | "application/xml") || essence.ends_with("+xml"));
    let is_text = matches!(&*essence, "text/html" | "text/plain");
    let holds_json = exchange
        .content
        .as_ref()
        .is_some_and(|content| content.response.is_json);
    let has_body = response.is_ok_status() && response.body_size != Some(0);
    (is_nosniff && (is_text || is_json || is_xml))
        || (is_json && holds_json)
        || (is_style && has_body && (is_json || is_xml || essence == "text/html"))
}
