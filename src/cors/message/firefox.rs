//! Firefox's sentences (`security.properties`) and their console categories, as its console printed them.
//!
//! A failed preflight is followed by a second line, `CORSDidNotSucceed2`; the first line is the one given here.

use super::{BrowserMessage, Refusal};
use crate::cors::header::ALLOW_ORIGIN;
use crate::cors::verdict::{Code, Phase};

pub(super) fn say(refusal: &Refusal<'_>) -> BrowserMessage {
    let code = refusal.evaluation.code;
    let url = &refusal.url;
    let blocked = |reason: String| {
        format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. \
             (Reason: {reason})."
        )
    };
    let header = |name: &str| format!("‘Access-Control-Allow-{name}’");
    let value = refusal.subject();
    let status = refusal.status();
    let message = match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => format!(
            "{} Status code: {status}.",
            blocked(format!("CORS header {} missing", header("Origin")))
        ),
        Code::AllowOriginMultiple | Code::PreflightAllowOriginMultiple
            if has_several_lines(refusal) =>
        {
            blocked(format!(
                "Multiple CORS header {} not allowed",
                header("Origin")
            ))
        }
        Code::AllowOriginMismatch
        | Code::AllowOriginMultiple
        | Code::AllowOriginInvalid
        | Code::PreflightAllowOriginMismatch
        | Code::PreflightAllowOriginMultiple
        | Code::PreflightAllowOriginInvalid => blocked(format!(
            "CORS header {} does not match ‘{value}’",
            header("Origin")
        )),
        Code::WildcardWithCredentials | Code::PreflightWildcardWithCredentials => format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at ‘{url}’. \
             (Reason: Credential is not supported if the CORS header {} is ‘*’).",
            header("Origin")
        ),
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => blocked(format!(
            "expected ‘true’ in CORS header {}",
            header("Credentials")
        )),
        Code::PreflightBadStatus => format!(
            "{} Status code: {status}.",
            blocked("CORS preflight response did not succeed".to_owned())
        ),
        Code::PreflightRedirected => {
            blocked("CORS request external redirect not allowed".to_owned())
        }
        Code::PreflightAllowMethodsUnparsable => blocked(format!(
            "invalid token ‘{value}’ in CORS header {}",
            header("Methods")
        )),
        Code::PreflightAllowHeadersUnparsable => blocked(format!(
            "invalid token ‘{value}’ in CORS header {}",
            header("Headers")
        )),
        Code::PreflightMethodNotAllowed => blocked(format!(
            "Did not find method in CORS header {}",
            header("Methods")
        )),
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => {
            blocked(format!(
                "header ‘{}’ is not allowed according to header {} from CORS preflight response",
                first_sorted(refusal),
                header("Headers")
            ))
        }
        Code::SchemeNotCorsEnabled => blocked("CORS request not http".to_owned()),
        Code::SameOriginMode => format!(
            "Security Error: Content at {} may not load data from {url}.",
            refusal.origin()
        ),
        Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => format!(
            "The resource at “{url}” was blocked due to its Cross-Origin-Resource-Policy header (or lack thereof). \
             See https://developer.mozilla.org/docs/Web/HTTP/Cross-Origin_Resource_Policy_(CORP)#"
        ),
        // Firefox prints nothing; the script sees this. Its CORS listener refuses user information without a word.
        Code::RedirectModeError | Code::NoCorsRedirectMode | Code::RedirectWithCredentials => {
            "NetworkError when attempting to fetch resource.".to_owned()
        }
        _ => format!(
            "{} Status code: (null).",
            blocked("CORS request did not succeed".to_owned())
        ),
    };
    BrowserMessage {
        error: error_name(refusal, code).map(Into::into),
        message,
    }
}

/// The console category.
fn error_name(refusal: &Refusal<'_>, code: Code) -> Option<&'static str> {
    match code {
        Code::AllowOriginMultiple | Code::PreflightAllowOriginMultiple
            if !has_several_lines(refusal) =>
        {
            Some("CORSAllowOriginNotMatchingOrigin")
        }
        _ => category(code),
    }
}

/// The console category of a code, where a list in `Access-Control-Allow-Origin` stands on several lines.
pub(in crate::cors) fn category(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => "CORSMissingAllowOrigin2",
        Code::AllowOriginMultiple | Code::PreflightAllowOriginMultiple => {
            "CORSMultipleAllowOriginNotAllowed"
        }
        Code::AllowOriginMismatch
        | Code::AllowOriginInvalid
        | Code::PreflightAllowOriginMismatch
        | Code::PreflightAllowOriginInvalid => "CORSAllowOriginNotMatchingOrigin",
        Code::WildcardWithCredentials | Code::PreflightWildcardWithCredentials => {
            "CORSNotSupportingCredentials"
        }
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => {
            "CORSMissingAllowCredentials"
        }
        Code::PreflightBadStatus => "CORSPreflightDidNotSucceed3",
        Code::PreflightRedirected => "CORSExternalRedirectNotAllowed",
        Code::PreflightAllowMethodsUnparsable => "CORSInvalidAllowMethod",
        Code::PreflightAllowHeadersUnparsable => "CORSInvalidAllowHeader",
        Code::PreflightMethodNotAllowed => "CORSMethodNotFound",
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => {
            "CORSMissingAllowHeaderFromPreflight2"
        }
        Code::SchemeNotCorsEnabled => "CORSRequestNotHttp",
        Code::SameOriginMode => "SOP",
        Code::PreflightNetworkError | Code::NetworkError => "CORSDidNotSucceed2",
        Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => "COEP",
        Code::CorsDisabled => "CORSDisabled",
        Code::OriginHeaderNotAdded => "CORSOriginHeaderNotAdded",
        _ => return None,
    })
}

/// Firefox counts header lines as sent, empty ones too (`aol-star-empty`), where it still sees lines.
fn has_several_lines(refusal: &Refusal<'_>) -> bool {
    refusal.http1
        && refusal
            .answer()
            .is_some_and(|answer| answer.headers.lines(ALLOW_ORIGIN).nth(1).is_some())
}

/// Firefox asks for header names in their sorted order.
fn first_sorted(refusal: &Refusal<'_>) -> String {
    debug_assert_eq!(refusal.evaluation.phase, Phase::Preflight);
    refusal
        .subjects
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .min()
        .unwrap_or_default()
}
