//! WebKit's sentences (`CrossOriginAccessControl.cpp`, `NetworkLoadChecker.cpp`). It names no errors.

use super::{BrowserMessage, Refusal};
use crate::cors::header::{ALLOW_HEADERS, ALLOW_METHODS};
use crate::cors::verdict::Code;

pub(super) fn say(refusal: &Refusal<'_>) -> BrowserMessage {
    BrowserMessage {
        error: None,
        message: sentence(refusal),
    }
}

fn sentence(refusal: &Refusal<'_>) -> String {
    let url = &refusal.url;
    let value = refusal.subject();
    let status = refusal.status();
    let target = refusal.target.as_ref().unwrap_or(url);
    let redirection = |reason: String| {
        format!(
            "Cross-origin redirection to {target} denied by Cross-Origin Resource Sharing policy: {reason}"
        )
    };
    let header = |name: &str| {
        let value = refusal
            .answer()
            .and_then(|answer| answer.headers.get(name).map(|v| super::printable(&v)));
        format!(
            "Header {name} has an invalid value: {}",
            value.unwrap_or_default()
        )
    };
    match refusal.evaluation.code {
        Code::AllowOriginMultiple | Code::PreflightAllowOriginMultiple if value.contains(',') => {
            "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
        }
        Code::MissingAllowOrigin
        | Code::AllowOriginMismatch
        | Code::AllowOriginMultiple
        | Code::AllowOriginInvalid
        | Code::PreflightMissingAllowOrigin
        | Code::PreflightAllowOriginMismatch
        | Code::PreflightAllowOriginMultiple
        | Code::PreflightAllowOriginInvalid => format!(
            "Origin {} is not allowed by Access-Control-Allow-Origin. Status code: {status}",
            refusal.evaluation.origin
        ),
        Code::WildcardWithCredentials | Code::PreflightWildcardWithCredentials => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
                .to_owned()
        }
        Code::AllowCredentialsNotTrue | Code::PreflightAllowCredentialsNotTrue => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\"."
                .to_owned()
        }
        Code::PreflightBadStatus | Code::PreflightRedirected => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        Code::PreflightAllowMethodsUnparsable => header(ALLOW_METHODS),
        Code::PreflightAllowHeadersUnparsable => header(ALLOW_HEADERS),
        Code::PreflightMethodNotAllowed => format!(
            "Method {} is not allowed by Access-Control-Allow-Methods.",
            refusal.method()
        ),
        Code::PreflightHeaderNotAllowed | Code::PreflightAuthorizationNotListed => {
            format!("Request header field {value} is not allowed by Access-Control-Allow-Headers.")
        }
        Code::SameOriginMode => format!(
            "Unsafe attempt to load URL {url} from origin {}. Domains, protocols and ports must match.",
            refusal.origin()
        ),
        Code::SchemeNotCorsEnabled => {
            "Cross origin requests are only supported for HTTP.".to_owned()
        }
        Code::RedirectWithCredentials => {
            redirection(format!("redirection URL {target} has credentials"))
        }
        Code::RedirectBadScheme => redirection(
            "not allowed to follow a cross-origin CORS redirection with non CORS scheme".to_owned(),
        ),
        Code::RedirectLimit => "Load cannot follow more than 20 redirections".to_owned(),
        Code::RedirectModeError => {
            format!("Not allowed to follow a redirection while loading {url}")
        }
        Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => format!(
            "Cancelled load to {url} because it violates the resource's Cross-Origin-Resource-Policy response header."
        ),
        _ => format!("Fetch API cannot load {url} due to access control checks."),
    }
}
