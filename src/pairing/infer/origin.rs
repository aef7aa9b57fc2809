//! The initiator's origin.

use super::{ObservedHop, page_url, sec_fetch_site};
use crate::cors::Origin;
use crate::exchange::{Capture, Initiator, ResourceType};
use crate::fact::{Basis, Confidence, Fact};
use crate::pairing::origin_header;
use crate::url::Url;

/// Origin of the page or worker that asked.
pub(in crate::pairing) fn initiator_origin(
    capture: &Capture,
    hops: &[ObservedHop<'_>],
) -> Fact<Origin> {
    let Some(first) = hops.first() else {
        return Fact::unknown();
    };
    let exchange = first.any();
    // 1: the very string that the check uses.
    if let Some(origin) = first.actual.and_then(origin_header) {
        return Fact::new(origin, Confidence::Certain, Basis::OriginHeader);
    }
    // 2: provisional headers; the preflight kept it.
    if let Some(origin) = first.preflight.and_then(origin_header) {
        // A preflight that stands alone is the request itself.
        let (confidence, basis) = match first.actual {
            Some(_) => (Confidence::High, Basis::PreflightOrigin),
            None => (Confidence::Certain, Basis::OriginHeader),
        };
        return Fact::new(origin, confidence, basis);
    }
    // 3
    if sec_fetch_site(exchange) == Some("same-origin") && !exchange.request.url.origin().is_opaque()
    {
        return Fact::new(
            exchange.request.url.origin().clone(),
            Confidence::Certain,
            Basis::SecFetchSite,
        );
    }
    // A service worker's script is same-origin with its page (Service Workers, Update).
    if exchange.request.headers.first("service-worker") == Some("script") {
        return Fact::new(
            exchange.request.url.origin().clone(),
            Confidence::High,
            Basis::ServiceWorkerScript,
        );
    }
    // A later hop still carries the page's origin, unless taint has made it `null`.
    let later = hops[1..].iter().find_map(|hop| {
        hop.actual
            .and_then(origin_header)
            .or_else(|| hop.preflight.and_then(origin_header))
            .filter(|o| !o.is_opaque())
    });
    if let Some(origin) = later {
        return Fact::new(origin, Confidence::High, Basis::LaterHop);
    }
    // 4: parser-inserted elements. A stylesheet's own loads name the style sheet, but those are of type script or other.
    if let Some(Initiator::Parser(document)) = &exchange.hints.initiator
        && exchange.hints.resource_type != Some(ResourceType::Document)
        && let Ok(document) = Url::parse(document)
        && !document.origin().is_opaque()
        && document.path().rsplit('.').next() != Some("css")
    {
        return Fact::new(
            document.origin().clone(),
            Confidence::Medium,
            Basis::InitiatorParser,
        );
    }
    // 5: names the top page; frames and workers differ, and DevTools leaves their `pageref` out.
    if let Some(page) = page_url(capture, exchange).filter(|page| !page.origin().is_opaque()) {
        return Fact::new(page.origin().clone(), Confidence::Low, Basis::PageUrl);
    }
    // 6
    if let Some(referer) = exchange
        .request
        .headers
        .first("referer")
        .and_then(|text| Url::parse(text).ok())
        && !referer.origin().is_opaque()
    {
        return Fact::new(referer.origin().clone(), Confidence::Low, Basis::Referer);
    }
    Fact::unknown()
}
