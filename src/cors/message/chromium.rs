//! Chromium's sentences (`cors_error_string.cc` and Blink's loaders), as its console printed them.

use super::{BrowserMessage, LoadKind, Refusal};
use crate::cors::verdict::Code;

const PREFLIGHT: &str = "Response to preflight request doesn't pass access control check: ";
/// Only `fetch()` gets this advice.
const ADVICE: &str = " Have the server send the header with a valid value.";
const XHR_ADVICE: &str = " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the \
                          withCredentials attribute.";

pub(super) fn say(refusal: &Refusal<'_>) -> BrowserMessage {
    let code = refusal.evaluation.code;
    if let Some(message) = outside_the_policy(refusal, code) {
        return BrowserMessage {
            error: error_name(code)
                .filter(|_| code != Code::SchemeNotCorsEnabled)
                .map(Into::into),
            message,
        };
    }
    let url = &refusal.url;
    let first = refusal
        .redirected_from
        .as_ref()
        .map(|first| format!(" (redirected from '{first}')"))
        .unwrap_or_default();
    let kind = kind_name(refusal.kind);
    let origin = refusal.origin();
    BrowserMessage {
        error: error_name(code).map(Into::into),
        message: format!(
            "Access to {kind} at '{url}'{first} from origin '{origin}' has been blocked by CORS policy: {}",
            fragment(refusal, code)
        ),
    }
}

/// Sentences without the frame "Access to ... has been blocked by CORS policy".
fn outside_the_policy(refusal: &Refusal<'_>, code: Code) -> Option<String> {
    let url = &refusal.url;
    let net_error = |name: &str| Some(format!("Failed to load resource: net::{name}"));
    let first_hop = refusal.redirected_from.is_none();
    match code {
        Code::SameOriginMode if first_hop => Some(format!(
            "Fetch API cannot load {url}. Request mode is \"same-origin\" but the URL's origin is not same as the \
             request origin {}.",
            refusal.origin()
        )),
        Code::NoCorsRedirectMode => Some(format!(
            "Fetch API cannot load {url}. Request mode is \"no-cors\" but the redirect mode is not \"follow\"."
        )),
        Code::SchemeNotCorsEnabled if first_hop && refusal.kind == LoadKind::Fetch => {
            let scheme = url.split(':').next().unwrap_or_default();
            Some(format!(
                "Fetch API cannot load {url}. URL scheme \"{scheme}\" is not supported."
            ))
        }
        Code::SubresourceCredentialsBlocked => Some(
            "Subresource requests whose URLs contain embedded credentials (e.g. `https://user:pass@host/`) are \
             blocked. See https://www.chromestatus.com/feature/5669008342777856 for more details."
                .to_owned(),
        ),
        Code::PreflightNetworkError | Code::NetworkError | Code::RedirectModeError => {
            net_error("ERR_FAILED")
        }
        Code::RedirectBadScheme => net_error("ERR_UNSAFE_REDIRECT"),
        Code::RedirectLimit => net_error("ERR_TOO_MANY_REDIRECTS"),
        Code::CorpSameOrigin => net_error("ERR_BLOCKED_BY_RESPONSE.NotSameOrigin"),
        Code::CorpSameSite => net_error("ERR_BLOCKED_BY_RESPONSE.NotSameSite"),
        Code::CorpCoep => {
            net_error("ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep")
        }
        _ => None,
    }
}

/// The end of the sentence.
fn fragment(refusal: &Refusal<'_>, code: Code) -> String {
    let value = refusal.subject();
    let advice = if refusal.kind == LoadKind::Fetch {
        ADVICE
    } else {
        ""
    };
    let credentials_advice = if refusal.kind == LoadKind::Xhr {
        XHR_ADVICE
    } else {
        ""
    };
    if let Some(actual) = without_preflight(code) {
        return format!("{PREFLIGHT}{}", fragment(refusal, actual));
    }
    match code {
        Code::MissingAllowOrigin => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource.".to_owned()
        }
        Code::AllowOriginMismatch => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied \
             origin.{advice}"
        ),
        Code::AllowOriginMultiple => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is \
             allowed.{advice}"
        ),
        Code::AllowOriginInvalid => format!(
            "The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.{advice}"
        ),
        Code::WildcardWithCredentials => format!(
            "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when \
             the request's credentials mode is 'include'.{credentials_advice}"
        ),
        Code::AllowCredentialsNotTrue => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be \
             'true' when the request's credentials mode is 'include'.{credentials_advice}"
        ),
        Code::PreflightBadStatus => format!("{PREFLIGHT}It does not have HTTP ok status."),
        Code::PreflightRedirected => {
            format!("{PREFLIGHT}Redirect is not allowed for a preflight request.")
        }
        Code::PreflightAllowMethodsUnparsable => {
            "Cannot parse Access-Control-Allow-Methods response header field in preflight response.".to_owned()
        }
        Code::PreflightAllowHeadersUnparsable => {
            "Cannot parse Access-Control-Allow-Headers response header field in preflight response.".to_owned()
        }
        Code::PreflightMethodNotAllowed => format!(
            "Method {} is not allowed by Access-Control-Allow-Methods in preflight response.",
            refusal.method()
        ),
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => format!(
            "Request header field {} is not allowed by Access-Control-Allow-Headers in preflight response.",
            last_refused(refusal)
        ),
        Code::SchemeNotCorsEnabled => {
            "Cross origin requests are only supported for protocol schemes: chrome, \
             chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, \
             isolated-app."
                .to_owned()
        }
        // Chromium leaves the location empty.
        Code::RedirectWithCredentials => {
            "Redirect location '' contains a username and password, which is disallowed for cross-origin requests."
                .to_owned()
        }
        Code::SameOriginMode => "Cross origin requests are not allowed by request mode.".to_owned(),
        Code::LnaInsecureContext => format!(
            "The request client is not a secure context and the resource is in more-private address space `{}`.",
            target_space(refusal)
        ),
        Code::LnaPermissionDenied => format!(
            "Permission was denied for this request to access the `{}` address space.",
            target_space(refusal)
        ),
        other => other.as_str().to_owned(),
    }
}

/// Chromium keeps headers in a hash map and names the first it meets; on every recorded console that was the last set.
fn last_refused(refusal: &Refusal<'_>) -> String {
    refusal
        .subjects
        .last()
        .map(|name| name.to_ascii_lowercase())
        .unwrap_or_default()
}

fn target_space(refusal: &Refusal<'_>) -> &'static str {
    refusal
        .fetch
        .local_network
        .map_or("unknown", |inputs| inputs.target.as_str())
}

/// The code of the same fault on the actual response.
fn without_preflight(code: Code) -> Option<Code> {
    Some(match code {
        Code::PreflightMissingAllowOrigin => Code::MissingAllowOrigin,
        Code::PreflightAllowOriginMismatch => Code::AllowOriginMismatch,
        Code::PreflightAllowOriginMultiple => Code::AllowOriginMultiple,
        Code::PreflightAllowOriginInvalid => Code::AllowOriginInvalid,
        Code::PreflightWildcardWithCredentials => Code::WildcardWithCredentials,
        Code::PreflightAllowCredentialsNotTrue => Code::AllowCredentialsNotTrue,
        _ => return None,
    })
}

/// CDP `Network.CorsError`.
pub(in crate::cors) fn error_name(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MissingAllowOrigin => "MissingAllowOriginHeader",
        Code::AllowOriginMismatch => "AllowOriginMismatch",
        Code::AllowOriginMultiple => "MultipleAllowOriginValues",
        Code::AllowOriginInvalid => "InvalidAllowOriginValue",
        Code::WildcardWithCredentials => "WildcardOriginNotAllowed",
        Code::AllowCredentialsNotTrue => "InvalidAllowCredentials",
        Code::PreflightMissingAllowOrigin => "PreflightMissingAllowOriginHeader",
        Code::PreflightAllowOriginMismatch => "PreflightAllowOriginMismatch",
        Code::PreflightAllowOriginMultiple => "PreflightMultipleAllowOriginValues",
        Code::PreflightAllowOriginInvalid => "PreflightInvalidAllowOriginValue",
        Code::PreflightWildcardWithCredentials => "PreflightWildcardOriginNotAllowed",
        Code::PreflightAllowCredentialsNotTrue => "PreflightInvalidAllowCredentials",
        Code::PreflightBadStatus => "PreflightInvalidStatus",
        Code::PreflightRedirected => "PreflightDisallowedRedirect",
        Code::PreflightAllowMethodsUnparsable => "InvalidAllowMethodsPreflightResponse",
        Code::PreflightAllowHeadersUnparsable => "InvalidAllowHeadersPreflightResponse",
        Code::PreflightMethodNotAllowed => "MethodDisallowedByPreflightResponse",
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => {
            "HeaderDisallowedByPreflightResponse"
        }
        Code::SameOriginMode => "DisallowedByMode",
        Code::SchemeNotCorsEnabled => "CorsDisabledScheme",
        Code::NoCorsRedirectMode => "NoCorsRedirectModeNotFollow",
        Code::RedirectWithCredentials => "RedirectContainsCredentials",
        Code::LnaInsecureContext => "InsecureLocalNetwork",
        Code::LnaAddressSpaceMismatch => "InvalidLocalNetworkAccess",
        Code::LnaPermissionDenied => "LocalNetworkAccessPermissionDenied",
        Code::PnaPreflightMissingAllow => "PreflightMissingAllowPrivateNetwork",
        Code::PnaPreflightInvalidAllow => "PreflightInvalidAllowPrivateNetwork",
        _ => return None,
    })
}

fn kind_name(kind: LoadKind) -> &'static str {
    match kind {
        LoadKind::Fetch => "fetch",
        LoadKind::Xhr => "XMLHttpRequest",
        LoadKind::Script => "script",
        LoadKind::Font => "font",
        LoadKind::Image => "image",
        LoadKind::Stylesheet => "CSS stylesheet",
        LoadKind::Manifest => "manifest",
        LoadKind::Audio => "audio",
        LoadKind::Video => "video",
        LoadKind::Preload => "link element resource",
        LoadKind::TextTrack => "text track",
        LoadKind::EventSource | LoadKind::Beacon | LoadKind::Other => "resource",
    }
}
