//! HTTP-redirect fetch (Fetch Standard, section 4.4): which redirects are followed, and what changes on the way.

use std::borrow::Cow;

use super::fetch::Fetch;
use super::origin::Origin;
use super::preflight::is_redirect_status;
use super::request::RequestMode;
use super::safelist::Dropped;
use super::trace::{Trace, Value};
use super::verdict::{Code, Engine};
use crate::exchange::Method;
use crate::header::HeaderList;
use crate::url::Url;

/// Most redirects of one fetch (step 6).
const MAX_REDIRECTS: usize = 20;

/// Where a redirect response leads.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    /// Nowhere: no redirect status, or no `Location`. The response is final.
    Final,
    /// A `Location` that is no URL.
    Unparsable,
    /// A URL; the next hop's where the recording has it.
    Url(Cow<'a, Url>),
}

/// A redirect about to be followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    /// Index of the redirecting hop, which is also the count of redirects followed so far.
    pub(super) hop: usize,
    /// Where it leads.
    pub(super) target: &'a Url,
    /// Whether the response tainting is `cors`.
    pub(super) cors_tainted: bool,
}

/// Reads where a response leads. The next recorded hop says it best; `Location` is resolved only without one.
pub(super) fn target<'a>(
    fetch: &Fetch<'a>,
    hop: usize,
    status: u16,
    headers: &HeaderList,
) -> Target<'a> {
    if let Some(next) = fetch.hops.get(hop + 1) {
        return Target::Url(Cow::Borrowed(next.url));
    }
    if !is_redirect_status(status) {
        return Target::Final;
    }
    let Some(location) = headers.get(super::header::LOCATION) else {
        return Target::Final;
    };
    match fetch.hops[hop]
        .url
        .join(&String::from_utf8_lossy(&location))
    {
        Ok(url) => Target::Url(Cow::Owned(url)),
        Err(_) => Target::Unparsable,
    }
}

/// Steps 4 to 8: whether the redirect may be followed.
pub(super) fn may_follow<T: Trace>(
    fetch: &Fetch<'_>,
    step: Step<'_>,
    engine: Engine,
    trace: &mut T,
) -> Result<(), Code> {
    let Step { target, .. } = step;
    let cors = fetch.mode == RequestMode::Cors;
    // Step 5: not an HTTP(S) scheme.
    let scheme = target.scheme();
    let http = matches!(scheme, "http" | "https");
    trace.clause(
        "HTTP-redirect fetch 5: Location is http or https",
        "Location",
        Value::Text(target.as_str()),
        http,
    );
    if !http {
        // Measured in both: Chromium reports CorsDisabledScheme and Firefox CORSRequestNotHttp for ftp, while data:
        // and blob: (rd-data, rd-blob) fail in the network layer.
        let hierarchical = target.as_str()[scheme.len()..].starts_with("://");
        return Err(
            if cors && hierarchical && scheme != "file" && engine.follows_to_other_schemes() {
                Code::SchemeNotCorsEnabled
            } else {
                Code::RedirectBadScheme
            },
        );
    }
    // Step 6.
    let within = step.hop < MAX_REDIRECTS;
    trace.clause(
        "HTTP-redirect fetch 6: at most 20 redirects",
        "redirects before",
        Value::Number(step.hop as u64),
        within,
    );
    if !within {
        return Err(Code::RedirectLimit);
    }
    // Steps 8 and 9.
    let userinfo = target.has_userinfo();
    let cross_origin = !fetch.origin.is_same_origin(target.origin());
    if userinfo {
        let refused = step.cors_tainted || (cors && cross_origin);
        trace.clause(
            "HTTP-redirect fetch 8, 9: no user name or password in Location",
            "Location",
            Value::Text(target.as_str()),
            !refused,
        );
        if refused {
            return Err(Code::RedirectWithCredentials);
        }
    }
    Ok(())
}

/// Step 12: 301 and 302 turn POST into GET, 303 turns everything but GET and HEAD into GET.
pub(super) fn becomes_get(status: u16, method: &Method) -> bool {
    match status {
        301 | 302 => *method == Method::Post,
        303 => !matches!(method, Method::Get | Method::Head),
        _ => false,
    }
}

/// Steps 12 and 13: which author headers the next request no longer carries.
pub(super) fn drop_headers(dropped: &mut Dropped, becomes_get: bool, from: &Url, to: &Url) {
    dropped.body_headers |= becomes_get;
    dropped.authorization |= !from.origin().is_same_origin(to.origin());
}

/// Redirect-taint (Fetch Standard, section 2.2.5) of one step: the next URL has another origin than this one, and
/// this one another than the request.
pub(super) fn taints(origin: &Origin, from: &Url, to: &Url) -> bool {
    !to.origin().is_same_origin(from.origin()) && !origin.is_same_origin(from.origin())
}
