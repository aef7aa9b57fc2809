//! CORS-preflight fetch (Fetch Standard, section 4.8): whether one is needed, what it asks, whether its answer grants.

use super::cors_check::{code_in, cors_check};
use super::fetch::Answer;
use super::header::{ALLOW_HEADERS, ALLOW_METHODS, LOCATION, TokenList, items};
use super::origin::Origin;
use super::request::CredentialsMode;
use super::safelist::AuthorSet;
use super::trace::{Trace, Value};
use super::verdict::{Class, Code, Engine, Phase, Warning, Warnings};
use crate::exchange::Method;

/// What a preflight asks for, and in whose name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The `Origin` it carries.
    pub(super) origin: &'a Origin,
    /// `Access-Control-Request-Method`.
    pub(super) method: &'a Method,
    /// The names of `Access-Control-Request-Headers`.
    pub(super) names: Names<'a>,
    /// The credentials mode of the request that follows; the preflight itself carries none.
    pub(super) credentials: CredentialsMode,
}

/// Where the names come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names<'a> {
    /// Computed from what the page set.
    Author(AuthorSet<'a>),
    /// An `Access-Control-Request-Headers` value as recorded.
    Recorded(&'a [u8]),
}

impl<'a> Names<'a> {
    fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let (author, recorded) = match self {
            Self::Author(set) => (Some(set), &b""[..]),
            Self::Recorded(value) => (None, value),
        };
        author
            .into_iter()
            .flat_map(AuthorSet::unsafe_names)
            .chain(items(recorded))
    }
}

/// Judges the answer; `Err` holds a code of class blocked.
///
/// Our order of checks is Chromium's; WebKit and Firefox differ as [`Engine`]'s methods say.
pub(super) fn judge<T: Trace>(
    question: Question<'_>,
    answer: Option<&Answer<'_>>,
    engine: Engine,
    warnings: &mut Warnings,
    trace: &mut T,
) -> Result<(), Code> {
    trace.clause(
        "CORS-preflight fetch 6: a response arrived",
        "preflight",
        answer.map_or(Value::Absent, |a| Value::Number(a.status.into())),
        answer.is_some(),
    );
    let Some(answer) = answer else {
        return Err(Code::PreflightNetworkError);
    };
    // Everybody but Firefox refuses a redirect before the CORS check.
    if !engine.judges_preflight_origin_before_redirect() {
        no_redirect(answer, trace)?;
    }
    // Step 7, in one piece: WebKit asks for the status first (vector np-put), everybody else for the origin.
    if engine.judges_preflight_status_first() {
        ok_status(answer, trace)?;
    }
    let check = cors_check(answer, question.origin, question.credentials, trace);
    if check.class() == Class::Blocked {
        return Err(code_in(Phase::Preflight, check));
    }
    if engine.judges_preflight_origin_before_redirect() {
        no_redirect(answer, trace)?;
    }
    if !engine.judges_preflight_status_first() {
        ok_status(answer, trace)?;
    }
    // Steps 7.1 to 7.3. Firefox judges the method before it reads the other list (pf-method-vs-broken-headers).
    let methods = answer.headers.get(ALLOW_METHODS);
    let methods = token_list(ALLOW_METHODS, methods.as_deref(), trace)
        .ok_or(Code::PreflightAllowMethodsUnparsable)?;
    if engine.judges_method_before_reading_headers() {
        grants_method(question, methods, trace)?;
    }
    let names = answer.headers.get(ALLOW_HEADERS);
    let names = token_list(ALLOW_HEADERS, names.as_deref(), trace)
        .ok_or(Code::PreflightAllowHeadersUnparsable)?;
    if !engine.judges_method_before_reading_headers() {
        grants_method(question, methods, trace)?;
    }
    grants_headers(question, names, engine, warnings, trace)
}

/// The value of `Access-Control-Request-Headers` (step 5), empty when the header is not sent.
pub(super) fn access_control_request_headers(set: AuthorSet<'_>, engine: Engine) -> String {
    let mut names: Vec<String> = set
        .unsafe_names()
        .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    if !engine.repeats_header_names() {
        names.dedup();
    }
    names.join(",")
}

pub(super) fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// A redirect is a network error for preflights: their redirect mode is `error` (HTTP fetch, step 6).
fn no_redirect<T: Trace>(answer: &Answer<'_>, trace: &mut T) -> Result<(), Code> {
    if !(is_redirect_status(answer.status) && answer.headers.contains(LOCATION)) {
        return Ok(());
    }
    trace.clause(
        "HTTP fetch 6: preflights follow no redirect",
        "preflight status",
        Value::Number(answer.status.into()),
        false,
    );
    Err(Code::PreflightRedirected)
}

fn ok_status<T: Trace>(answer: &Answer<'_>, trace: &mut T) -> Result<(), Code> {
    let ok = (200..300).contains(&answer.status);
    trace.clause(
        "CORS-preflight fetch 7: ok status",
        "preflight status",
        Value::Number(answer.status.into()),
        ok,
    );
    ok.then_some(()).ok_or(Code::PreflightBadStatus)
}

/// Steps 7.1 to 7.4: extracting header list values; a failure is an error.
fn token_list<'v, T: Trace>(
    name: &str,
    value: Option<&'v [u8]>,
    trace: &mut T,
) -> Option<TokenList<'v>> {
    let list = TokenList::parse(value);
    trace.clause(
        "CORS-preflight fetch 7.3: a list of tokens",
        name,
        value.into(),
        list.is_ok(),
    );
    list.map_err(|bad| trace.refused(bad)).ok()
}

/// Step 7.5. Methods compare with case; `*` counts without credentials.
fn grants_method<T: Trace>(
    question: Question<'_>,
    methods: TokenList<'_>,
    trace: &mut T,
) -> Result<(), Code> {
    let method = question.method.as_str();
    let granted = question.method.is_cors_safelisted()
        || methods.contains(method.as_bytes())
        || (methods.has_wildcard() && !question.credentials.is_include());
    trace.clause(
        "CORS-preflight fetch 7.5: the method is granted",
        "Access-Control-Request-Method",
        Value::Text(method),
        granted,
    );
    if granted {
        return Ok(());
    }
    trace.refused(method.as_bytes());
    Err(Code::PreflightMethodNotAllowed)
}

/// Steps 7.6 and 7.7. Names compare without case; `*` counts without credentials, and by the standard never for
/// `Authorization`, which no shipping engine enforces (vector ph-auth-star).
fn grants_headers<T: Trace>(
    question: Question<'_>,
    names: TokenList<'_>,
    engine: Engine,
    warnings: &mut Warnings,
    trace: &mut T,
) -> Result<(), Code> {
    let wildcard = names.has_wildcard() && !question.credentials.is_include();
    let mut refused = None;
    for name in question.names.iter() {
        let listed = names.contains_ignore_case(name);
        let authorization = name.eq_ignore_ascii_case(b"authorization");
        let by_wildcard = wildcard && (!authorization || engine.wildcard_covers_authorization());
        trace.clause(
            if authorization {
                "CORS-preflight fetch 7.6: Authorization is granted by name"
            } else {
                "CORS-preflight fetch 7.7: the header is granted"
            },
            "Access-Control-Request-Headers",
            Value::Bytes(name),
            listed || by_wildcard,
        );
        if listed {
            continue;
        }
        if by_wildcard {
            if authorization {
                warnings.insert(Warning::AuthorizationCoveredByWildcard);
            }
            continue;
        }
        trace.refused(name);
        refused = Some(if wildcard {
            // Only Authorization is refused beside a `*` that counts.
            Code::PreflightAuthorizationNotListed
        } else {
            Code::PreflightHeaderNotAllowed
        });
    }
    refused.map_or(Ok(()), Err)
}
