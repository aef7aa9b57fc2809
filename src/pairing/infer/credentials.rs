//! The credentials mode.

use super::author_headers::is_browser_authorization;
use super::recording::{Partition, Whole};
use super::{ObservedHop, sec_fetch_site};
use crate::cors::{CredentialsMode, Origin};
use crate::exchange::{Capture, Exchange, ResourceType};
use crate::fact::{Basis, Confidence, Fact};

/// Credentials mode of a fetch in mode cors.
///
/// `Access-Control-Allow-Credentials` is never evidence: servers send it unasked.
pub(in crate::pairing) fn credentials(
    capture: &Capture,
    whole: &Whole,
    hops: &[ObservedHop<'_>],
    origin: &Fact<Origin>,
) -> Fact<CredentialsMode> {
    // On a same-origin hop, mode same-origin sends cookies too.
    let cross_origin: Vec<&ObservedHop<'_>> = hops
        .iter()
        .filter(|hop| {
            let url_origin = hop.any().request.url.origin();
            origin
                .value
                .as_ref()
                .is_none_or(|origin| !origin.is_same_origin(url_origin))
        })
        .collect();
    let include = |confidence, basis| Fact::new(CredentialsMode::Include, confidence, basis);
    let not_include = |confidence, basis| Fact::new(CredentialsMode::SameOrigin, confidence, basis);

    // 1 to 4
    let mut script_authorization = false;
    for hop in &cross_origin {
        let Some(exchange) = hop.actual else { continue };
        let headers = &exchange.request.headers;
        if headers.contains("cookie") {
            return include(Confidence::Certain, Basis::CookieHeader);
        }
        if exchange.request.listed_cookies {
            return include(Confidence::High, Basis::HarCookies);
        }
        if headers.contains("sec-fetch-storage-access")
            && sec_fetch_site(exchange) == Some("cross-site")
        {
            return include(Confidence::High, Basis::StorageAccess);
        }
        if let Some(value) = headers.get("authorization") {
            let announced = hop.preflight.is_some_and(announces_authorization);
            if announced || !is_browser_authorization(&value) {
                script_authorization = true;
            } else if whole.has_preflights {
                return include(Confidence::Medium, Basis::AuthorizationWithoutPreflight);
            }
        }
    }
    // 5
    if let Some(first) = hops.first().map(ObservedHop::any) {
        let destination = first.request.headers.first("sec-fetch-dest");
        let kind = first.hints.resource_type;
        if matches!(kind, Some(ResourceType::Font | ResourceType::Manifest))
            || matches!(destination, Some("font" | "manifest"))
        {
            return not_include(Confidence::High, Basis::ResourceType);
        }
        if kind == Some(ResourceType::Ping) {
            return include(Confidence::High, Basis::ResourceType);
        }
    }
    // 6
    for hop in &cross_origin {
        match hop.actual.and_then(|exchange| whole.partition(exchange)) {
            Some(Partition::Uncredentialed) => {
                return not_include(Confidence::High, Basis::ConnectionPartition);
            }
            Some(Partition::Credentialed) => {
                return include(Confidence::Medium, Basis::ConnectionPartition);
            }
            None => {}
        }
    }
    // Chromium sends Sec-Fetch-Storage-Access with every credentialed cross-site request (542 of 542 first hops measured,
    // and with none of 847 others), so a browser that does send it elsewhere and not here did not include credentials. Both
    // headers go to potentially trustworthy URLs alone, to `http://localhost` too.
    if let Some(first) = cross_origin.first().and_then(|hop| hop.actual)
        && whole.sends_storage_access
        && first.request.headers_complete
        && sec_fetch_site(first) == Some("cross-site")
        && hops
            .first()
            .and_then(|hop| hop.actual)
            .is_some_and(|actual| std::ptr::eq(actual, first))
    {
        return not_include(Confidence::High, Basis::StorageAccess);
    }
    // 7
    let started = hops.first().and_then(|hop| hop.any().started);
    let unsent = cross_origin
        .iter()
        .filter_map(|hop| hop.actual)
        .any(|exchange| {
            exchange.request.headers_complete
                && exchange.request.url.scheme() == "https"
                && exchange
                    .request
                    .url
                    .origin()
                    .host()
                    .zip(started)
                    .is_some_and(|(host, started)| whole.cookies.has_portable_cookie(host, started))
        });
    if !capture.sanitized && unsent {
        return not_include(Confidence::Medium, Basis::JarCookieNotSent);
    }
    if script_authorization {
        return Fact {
            value: None,
            confidence: Confidence::Undetermined,
            basis: Basis::ScriptAuthorization,
        };
    }
    Fact::unknown()
}

fn announces_authorization(preflight: &Exchange) -> bool {
    preflight
        .request
        .headers
        .get("access-control-request-headers")
        .is_some_and(|list| {
            list.to_ascii_lowercase()
                .split(|b| *b == b',')
                .any(|name| crate::header::trim(name) == b"authorization")
        })
}
