//! What lies behind a blocked verdict. A code names the check that failed; some failures have a better name.

use super::{is_certain_enough, is_excused, is_protected};
use crate::cors::{Class, Code, Phase, Warning};
use crate::exchange::{Exchange, Response};
use crate::facts::{content_type, is_public_asset};
use crate::pairing::PreflightLink;
use crate::rules::context::GrantedOn;
use crate::rules::{Context, FetchView};

/// The one cause under which a blocked fetch is reported. See the module above for the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The failed check says it all: the rule of the verdict's code.
    Check,
    /// Authentication stands before the preflight. Whether the endpoint is known to serve signed-in requests.
    AuthDemanded {
        /// It served a request with credentials.
        served: bool,
    },
    /// The fetch was redirected to something that takes no part in CORS.
    RedirectTarget(NotCors),
    /// A redirect turned Origin into `null`. Whether the target would have granted the page itself.
    OriginBecameNull {
        /// The target names the page's origin.
        names_page: bool,
    },
    /// Only errors lack the grant.
    ErrorAnswer(ErrorAnswer),
    /// The preflight granted, the answer does not.
    PreflightPassed,
}

/// What a redirect led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotCors {
    /// A page to sign in.
    Login,
    /// Another HTML page.
    Page,
    /// Something else, though the endpoint itself grants the page.
    Elsewhere,
}

/// How it is known that errors alone lack the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorAnswer {
    /// By successes of the server.
    Beside(GrantedOn),
    /// By the preflight, which the application answered; a gateway before it reports that it got no answer.
    Gateway,
}

/// A blocked fetch that is to be reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocked<'a> {
    /// The exchange that decided.
    pub(crate) exchange: &'a Exchange,
    /// Why.
    pub(crate) cause: Cause,
}

/// The blocked fetch and its cause; `None` where nothing was blocked, or nothing is to be said of it.
pub(crate) fn blocked<'a>(view: FetchView<'a>, cx: &Context) -> Option<Blocked<'a>> {
    if view.judged.verdict.class() != Class::Blocked || !is_certain_enough(view) {
        return None;
    }
    let exchange = view.deciding()?;
    if is_excused(view, exchange) {
        return None;
    }
    let cause =
        if cx.is_collector(exchange.request.url.origin()) || is_protected(view, exchange, cx) {
            Cause::Check
        } else {
            auth_demanded(view, exchange, cx)
                .or_else(|| redirect(view, exchange, cx))
                .or_else(|| error_answer(view, exchange, cx))
                .or_else(|| preflight_passed(view).filter(|_| exchange.response().is_some()))
                .unwrap_or(Cause::Check)
        };
    Some(Blocked { exchange, cause })
}

/// Engines differ in whether they meet the missing grant or the status first; the cause is the same.
fn auth_demanded(view: FetchView<'_>, exchange: &Exchange, cx: &Context) -> Option<Cause> {
    let met = matches!(
        view.judged.verdict.code,
        Code::PreflightBadStatus | Code::PreflightMissingAllowOrigin
    );
    let response = exchange.response()?;
    let demanded = matches!(response.status, 401 | 407)
        || response.status == 403 && response.headers.contains("www-authenticate");
    (met && demanded).then(|| Cause::AuthDemanded {
        served: cx.errors().served_authenticated(exchange),
    })
}

fn redirect(view: FetchView<'_>, exchange: &Exchange, cx: &Context) -> Option<Cause> {
    let judged = view.judged;
    if judged.verdict.hop == 0 || judged.verdict.phase == Phase::Redirect {
        return None;
    }
    let response = exchange.response()?;
    let missing = matches!(
        judged.verdict.code,
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin
    );
    let page = judged.fetch.initiator_origin.value.as_ref();
    let by_script = exchange
        .request
        .headers
        .first("sec-fetch-dest")
        .is_none_or(|destination| destination == "empty")
        && !is_public_asset(exchange, response);
    if missing && by_script {
        let target = if is_login_path(exchange.request.url.path()) {
            Some(NotCors::Login)
        } else if is_html(response) {
            Some(NotCors::Page)
        } else {
            let first = judged.fetch.first(view.capture)?;
            page.and_then(|page| cx.errors().granted_on(first, page))
                .filter(|granted| *granted == GrantedOn::Endpoint)
                .map(|_| NotCors::Elsewhere)
        };
        if let Some(target) = target {
            return Some(Cause::RedirectTarget(target));
        }
    }
    let mismatch = matches!(
        judged.verdict.code,
        Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch
    );
    let page = page.filter(|page| !page.is_opaque())?;
    let sent_null = exchange.request.headers.get("origin").as_deref() == Some(b"null");
    if !(missing || mismatch) || !sent_null {
        return None;
    }
    let names_page = response
        .headers
        .get("access-control-allow-origin")
        .is_some_and(|value| *value == *page.serialised().as_bytes());
    Some(Cause::OriginBecameNull { names_page })
}

fn error_answer(view: FetchView<'_>, exchange: &Exchange, cx: &Context) -> Option<Cause> {
    let verdict = &view.judged.verdict;
    let status = exchange.response()?.status;
    if verdict.code != Code::MissingAllowOrigin || status < 400 {
        return None;
    }
    let page = view.judged.fetch.initiator_origin.value.as_ref()?;
    if let Some(granted) = cx.errors().granted_on(exchange, page) {
        return Some(Cause::ErrorAnswer(ErrorAnswer::Beside(granted)));
    }
    let by_gateway = matches!(status, 502..=504) && preflight_passed(view).is_some();
    by_gateway.then_some(Cause::ErrorAnswer(ErrorAnswer::Gateway))
}

/// The verdict fell behind a recorded preflight, which therefore granted.
fn preflight_passed(view: FetchView<'_>) -> Option<Cause> {
    let verdict = &view.judged.verdict;
    let by_check = matches!(
        verdict.code,
        Code::MissingAllowOrigin
            | Code::AllowOriginMismatch
            | Code::AllowOriginMultiple
            | Code::AllowOriginInvalid
            | Code::WildcardWithCredentials
            | Code::AllowCredentialsNotTrue
    );
    let hop = view.judged.fetch.hops.get(usize::from(verdict.hop))?;
    let asked = matches!(hop.preflight, PreflightLink::Recorded(_))
        && !verdict.warnings.contains(Warning::PreflightSuperfluous);
    (by_check && asked && verdict.phase == Phase::Actual).then_some(Cause::PreflightPassed)
}

fn is_html(response: &Response) -> bool {
    content_type(response).is_some_and(|kind| {
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// Whether a path names a page to sign in: by whole words of its segments.
fn is_login_path(path: &str) -> bool {
    const WORDS: [&str; 12] = [
        "authorize",
        "idp",
        "log-in",
        "login",
        "logon",
        "oauth",
        "oauth2",
        "saml",
        "saml2",
        "sign-in",
        "signin",
        "sso",
    ];
    path.split('/').any(|segment| {
        let stem = segment.split('.').next().unwrap_or(segment);
        WORDS.iter().any(|word| stem.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_paths() {
        for (path, expected) in [
            ("/login", true),
            ("/Account/LogOn", true),
            ("/realms/x/protocol/openid-connect/auth", false),
            ("/oauth2/authorize", true),
            ("/login.aspx", true),
            ("/blog/logins-explained", false),
            ("/authors/list", false),
            ("/", false),
        ] {
            assert_eq!(is_login_path(path), expected, "{path}");
        }
    }
}
