//! The request mode.

use super::{ObservedHop, author_headers, sec_fetch_site};
use crate::cors::{Origin, RequestMode};
use crate::exchange::{Exchange, Method, ResourceType};
use crate::fact::{Basis, Confidence, Fact};

/// Request mode of a fetch.
pub(in crate::pairing) fn mode(
    hops: &[ObservedHop<'_>],
    origin: &Fact<Origin>,
) -> Fact<RequestMode> {
    // Rung 1 and 2 hold for any hop: the mode never changes on the way.
    if let Some(mode) = hops
        .iter()
        .find_map(|hop| hop.actual.and_then(Exchange::sec_fetch_mode))
    {
        return Fact::new(mode, Confidence::Certain, Basis::SecFetchMode);
    }
    if hops.iter().any(|hop| hop.preflight.is_some()) {
        return Fact::new(
            RequestMode::Cors,
            Confidence::Certain,
            Basis::PairedPreflight,
        );
    }
    let fact = hops
        .iter()
        .map(|hop| mode_of(hop.any(), origin))
        .max_by_key(|fact| fact.confidence);
    fact.unwrap_or_else(Fact::unknown)
}

fn mode_of(exchange: &Exchange, origin: &Fact<Origin>) -> Fact<RequestMode> {
    let headers = &exchange.request.headers;
    let resource_type = exchange.hints.resource_type;
    // 3
    let scheme = exchange.request.url.scheme();
    let upgrades = headers
        .get("upgrade")
        .is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"));
    if matches!(scheme, "ws" | "wss") || upgrades || resource_type == Some(ResourceType::WebSocket)
    {
        return Fact::new(
            RequestMode::WebSocket,
            Confidence::Certain,
            Basis::WebSocketHandshake,
        );
    }
    let navigates = resource_type == Some(ResourceType::Document)
        || headers.contains("upgrade-insecure-requests")
        || headers
            .get("accept")
            .is_some_and(|value| value.starts_with(b"text/html"));
    // 4: a cross-origin cors request always has Origin.
    let sent_origin = headers.contains("origin");
    if exchange.request.headers_complete && !sent_origin && is_cross_origin(exchange, origin) {
        let mode = if navigates {
            RequestMode::Navigate
        } else {
            RequestMode::NoCors
        };
        return Fact::new(mode, Confidence::High, Basis::NoOrigin);
    }
    // The same headers mark a navigation whose origin nothing tells: the first page of a recording has no referrer.
    if exchange.request.headers_complete && !sent_origin && navigates {
        return Fact::new(
            RequestMode::Navigate,
            Confidence::High,
            Basis::NavigationHeaders,
        );
    }
    // 5
    if sent_origin && matches!(exchange.request.method, Method::Get | Method::Head) {
        return Fact::new(RequestMode::Cors, Confidence::High, Basis::OriginOnGet);
    }
    // 6
    if sent_origin {
        if exchange.request.method != Method::Post
            || !author_headers(exchange, None).unsafe_names.is_empty()
        {
            return Fact::new(RequestMode::Cors, Confidence::High, Basis::UnsafeForNoCors);
        }
        if navigates {
            return Fact::new(
                RequestMode::Navigate,
                Confidence::High,
                Basis::NavigationHeaders,
            );
        }
    }
    if !exchange.request.headers_complete && is_emptied(exchange) {
        return Fact::new(
            RequestMode::NoCors,
            Confidence::Medium,
            Basis::EmptiedResponse,
        );
    }
    // 7
    let Some(mode) = mode_of_resource(exchange) else {
        return Fact::unknown();
    };
    let sure = match mode {
        RequestMode::NoCors if !exchange.request.headers_complete => Confidence::Low,
        _ => Confidence::Medium,
    };
    Fact::new(mode, sure, Basis::ResourceType)
}

/// Whether a response arrived without a single header although the request left: Chromium empties no-cors answers
/// that Opaque Response Blocking withholds, header list included. A cors answer without headers would be blocked.
fn is_emptied(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| {
        response.headers.is_empty()
            && response.body_size.unwrap_or(0) == 0
            && (200..400).contains(&response.status)
    }) && !exchange.hints.from_cache
        && matches!(
            exchange.hints.resource_type,
            Some(
                ResourceType::Fetch | ResourceType::Xhr | ResourceType::Other | ResourceType::Ping
            )
        )
}

fn is_cross_origin(exchange: &Exchange, origin: &Fact<Origin>) -> bool {
    match sec_fetch_site(exchange) {
        Some("cross-site" | "same-site") => true,
        Some(_) => false,
        None => origin
            .value
            .as_ref()
            .is_some_and(|origin| !origin.is_same_origin(exchange.request.url.origin())),
    }
}

/// Mode by kind of load, as recorders name it or `Sec-Fetch-Dest` tells (Fetch Standard, section 2.2.5, table of
/// destinations).
fn mode_of_resource(exchange: &Exchange) -> Option<RequestMode> {
    let by_type = exchange.hints.resource_type.and_then(|kind| {
        Some(match kind {
            ResourceType::Fetch
            | ResourceType::Xhr
            | ResourceType::EventSource
            | ResourceType::Font
            | ResourceType::Manifest
            | ResourceType::Preflight => RequestMode::Cors,
            ResourceType::Document => RequestMode::Navigate,
            ResourceType::Image
            | ResourceType::Media
            | ResourceType::Script
            | ResourceType::Stylesheet
            | ResourceType::TextTrack
            | ResourceType::Ping => RequestMode::NoCors,
            ResourceType::WebSocket => RequestMode::WebSocket,
            ResourceType::Other => return None,
        })
    });
    by_type.or_else(|| match exchange.request.headers.first("sec-fetch-dest")? {
        "document" | "iframe" | "frame" | "embed" | "object" | "fencedframe" => {
            Some(RequestMode::Navigate)
        }
        "font" | "manifest" => Some(RequestMode::Cors),
        "image" | "audio" | "video" | "track" | "script" | "style" => Some(RequestMode::NoCors),
        _ => None,
    })
}
