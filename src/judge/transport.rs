//! What schemes, hosts and address spaces say of a request before CORS is asked.

use crate::cors::{Code, Origin};

/// Local Network Access asks for permission in secure contexts only (Local Network Access, section 3.2).
pub(super) fn local_network_code(origin: &Origin) -> Code {
    let loopback = origin.host().is_some_and(is_loopback_host);
    if origin.scheme() == Some("http") && !loopback {
        Code::LnaInsecureContext
    } else {
        Code::LnaPermissionDenied
    }
}

pub(super) fn is_privileged(scheme: &str) -> bool {
    matches!(
        scheme,
        "chrome-extension"
            | "moz-extension"
            | "safari-web-extension"
            | "chrome"
            | "devtools"
            | "resource"
    )
}

/// Whether a fetch from an https page to this URL is blocked as mixed content (Mixed Content, section 4.4): http to
/// a host that is not potentially trustworthy.
pub(super) fn is_mixed_content(origin: &Origin, url: &crate::url::Url) -> bool {
    origin.scheme() == Some("https")
        && url.scheme() == "http"
        && !url.origin().host().is_some_and(is_loopback_host)
}

pub(super) fn is_loopback_host(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.starts_with("127.")
}
