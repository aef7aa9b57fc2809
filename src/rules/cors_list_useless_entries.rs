use super::words::{add_lines, few};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::header::{
    ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, EXPOSE_HEADERS, MAX_AGE, TokenList,
};
use crate::cors::{Code, CredentialsMode, is_forbidden, is_readable};
use crate::exchange::{Exchange, Method, Response};
use crate::fact::Confidence;
use crate::finding::Certainty;
use crate::header::HeaderList;
use crate::pairing::PreflightLink;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// Header values that can never matter, one finding for each host and kind:
    ///
    /// - variant `credentials-false`: `Access-Control-Allow-Credentials: false`; only `true` means anything.
    /// - variant `forbidden-request-header`: `Access-Control-Allow-Headers` lists names that no script can send (`Origin`,
    ///   `Host`, `Cookie`, `Sec-*` ...).
    /// - variant `exposed-needlessly`: `Access-Control-Expose-Headers` lists `Set-Cookie`, which browsers never show, or
    ///   names that they always show (`Content-Type`, `Cache-Control` ...).
    /// - variant `wildcard-with-credentials`: `*` in a list of an answer to a request that included credentials, where it
    ///   is the name of a method or header and stands for nothing else.
    /// - variant `preflight-headers`: `Access-Control-Allow-Methods`, `-Allow-Headers` or `-Max-Age` on an answer that is
    ///   none to a preflight.
    ///
    /// Silent: methods that need no mention (`GET`, `POST`), which are harmless and common; third-party collectors.
    ///
    /// ## Why it matters
    /// Nothing breaks. Such entries show what somebody believed the configuration to do.
    ///
    /// ## Example
    /// ```text
    /// Access-Control-Allow-Credentials: false
    /// Access-Control-Allow-Headers: Origin, Content-Type
    /// Access-Control-Expose-Headers: Set-Cookie
    /// ```
    ///
    /// ## Fix
    /// Remove them.
    ///
    /// ## References
    /// - Fetch Standard, section 2.2.2, forbidden request-header, CORS-safelisted response-header name
    /// - Fetch Standard, section 3.3.3, HTTP responses
    CorsListUselessEntries {
        id: "cors-list-useless-entries", category: Hygiene, severity: Info, since: "0.1.0",
        title: "entries in CORS headers that can never matter"
    }
}

/// Something useless: which kind, in which header, and a clause that tells.
struct Useless {
    variant: &'static str,
    headers: &'static [&'static str],
    clause: String,
}

impl Rule for CorsListUselessEntries {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let fetch = &view.judged.fetch;
        // Where it blocked the fetch, the failure tells.
        let blocked = matches!(
            view.judged.verdict.code,
            Code::PreflightMethodNotAllowed | Code::PreflightHeaderNotAllowed
        );
        let credentialed = !blocked
            && fetch.credentials.value == Some(CredentialsMode::Include)
            && fetch.credentials.confidence >= Confidence::High;
        let exchange = |index: u32| view.capture.exchanges.get(index as usize);
        for hop in &fetch.hops {
            let preflight = match hop.preflight {
                PreflightLink::Recorded(index) => exchange(index),
                _ => None,
            };
            for exchange in preflight.into_iter().chain(hop.exchange.and_then(exchange)) {
                let Some(response) = exchange.response() else {
                    continue;
                };
                // Without a grant the others are as useless, and another rule's matter.
                if !response.headers.contains("access-control-allow-origin")
                    || cx.is_collector(exchange.request.url.origin())
                {
                    continue;
                }
                for useless in useless(exchange, response, credentialed) {
                    report(view, out, exchange, response, &useless);
                }
            }
        }
    }
}

fn report(
    view: FetchView<'_>,
    out: &mut Findings,
    exchange: &Exchange,
    response: &Response,
    useless: &Useless,
) {
    out.report(CorsListUselessEntries::DECLARATION)
        .confidence(Certainty::Proven)
        .variant(useless.variant)
        .whole_host()
        .phase(if exchange.is_preflight() {
            "preflight"
        } else {
            "actual"
        })
        .initiator(view.judged.fetch.initiator_origin.value.as_ref())
        .at(view, exchange, || {
            let url = redact::url(&exchange.request.url);
            let method = exchange.request.method.as_str();
            let mut details = Details {
                message: format!("the answer of {method} {url} {}", useless.clause),
                status: Some(response.status),
                ..Details::default()
            };
            add_lines(&mut details, exchange, useless.headers);
            details
        });
}

fn useless(exchange: &Exchange, response: &Response, credentialed: bool) -> Vec<Useless> {
    let headers = &response.headers;
    let mut found = Vec::new();
    if headers
        .get(ALLOW_CREDENTIALS)
        .is_some_and(|value| value.eq_ignore_ascii_case(b"false"))
    {
        found.push(Useless {
            variant: "credentials-false",
            headers: &[ALLOW_CREDENTIALS],
            clause: "says Access-Control-Allow-Credentials: false, which is the same as nothing"
                .into(),
        });
    }
    if exchange.is_preflight() {
        let forbidden = listed(headers, ALLOW_HEADERS, |name| is_forbidden(name, b""));
        if !forbidden.is_empty() {
            found.push(Useless {
                variant: "forbidden-request-header",
                headers: &[ALLOW_HEADERS],
                clause: format!("allows {forbidden}, which no script can send"),
            });
        }
    } else {
        let exposed = listed(headers, EXPOSE_HEADERS, is_exposed_in_vain);
        if !exposed.is_empty() {
            found.push(Useless {
                variant: "exposed-needlessly",
                headers: &[EXPOSE_HEADERS],
                clause: format!("exposes {exposed}, which browsers show always or never"),
            });
        }
        let of_preflights: Vec<&str> = [ALLOW_METHODS, ALLOW_HEADERS, MAX_AGE]
            .into_iter()
            .filter(|name| headers.contains(name))
            .collect();
        if !of_preflights.is_empty() && exchange.request.method != Method::Options {
            found.push(Useless {
                variant: "preflight-headers",
                headers: &[ALLOW_METHODS, ALLOW_HEADERS, MAX_AGE],
                clause: format!(
                    "has {}, which browsers read in answers to preflights alone",
                    of_preflights.join(", ")
                ),
            });
        }
    }
    let lists: &'static [&'static str] = if exchange.is_preflight() {
        &[ALLOW_METHODS, ALLOW_HEADERS]
    } else {
        &[EXPOSE_HEADERS]
    };
    let starred: Vec<&str> = lists
        .iter()
        .copied()
        .filter(|name| !listed(headers, name, |item| item == b"*").is_empty())
        .collect();
    if credentialed && !starred.is_empty() {
        found.push(Useless {
            variant: "wildcard-with-credentials",
            headers: lists,
            clause: format!(
                "has `*` in {}, which stands for nothing where credentials are included",
                starred.join(", ")
            ),
        });
    }
    found
}

/// The items of a list that are so, fit to print; empty where the whole list is refused.
fn listed(headers: &HeaderList, name: &str, is: impl Fn(&[u8]) -> bool) -> String {
    let value = headers.get(name);
    let Ok(list) = TokenList::parse(value.as_deref()) else {
        return String::new();
    };
    few(list
        .iter()
        .filter(|item| is(item))
        .map(|item| redact::header_value(name, item))
        .collect())
}

/// `Set-Cookie`, and CORS-safelisted response-header names (Fetch Standard, section 2.2.2).
fn is_exposed_in_vain(name: &[u8]) -> bool {
    let nothing = HeaderList::default();
    is_readable(&nothing, name, CredentialsMode::Omit)
        || name.eq_ignore_ascii_case(b"set-cookie")
        || name.eq_ignore_ascii_case(b"set-cookie2")
}
