use super::words::{add_lines, credentials_clause, fact, grant_details, third_party_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::content::Place;
use crate::exchange::{Method, Response};
use crate::facts::{
    Authentication, Caching, Directives, Hit, Policy, authentication, carries_data,
    is_public_content, sensitive_kinds, varies_by,
};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A signed-in user's data, open to other origins, that shared caches may give to the next user: a 2xx answer to a GET
    /// with the user's cookie, browser-managed credentials or a script's token, which says `public` or `s-maxage`, or says
    /// nothing and was stored by a shared cache all the same.
    ///
    /// Proven where sensitive data was found in the answer (likely for addresses and telephone numbers alone, which may be
    /// meant for everybody): medium, high if a shared cache is known to stand on the way. Likely, medium, where the path
    /// says that the data is the user's own (`/me`, `/account`, `/orders` ...) or the URL gave another body without
    /// credentials. A hint, low, in all other cases: cookies and keys travel with requests for public data too.
    ///
    /// Silent: fonts, scripts, styles, images; bodies that were the same without credentials; answers that `Vary` keeps
    /// apart by what the user was known by; answers without data. Info on third-party collectors.
    ///
    /// ## Why it matters
    /// A shared cache knows URLs, not users: the first user's answer is the second user's.
    ///
    /// ## Example
    /// ```text
    /// GET /me
    /// Cookie: session=...
    ///
    /// 200
    /// Access-Control-Allow-Origin: https://app.test
    /// Access-Control-Allow-Credentials: true
    /// Cache-Control: public, s-maxage=60
    /// ```
    ///
    /// ## Fix
    /// Send `Cache-Control: private, no-store` with everything that depends on the user.
    ///
    /// ## References
    /// - CWE-525
    /// - CWE-524
    /// - RFC 9111, section 3.5, Storing Responses to Authenticated Requests
    AuthenticatedCorsResponsePubliclyCacheable {
        id: "authenticated-cors-response-publicly-cacheable", category: Cache, severity: Medium, since: "0.1.0",
        title: "shared caches may store a signed-in user's data"
    }
}

impl Rule for AuthenticatedCorsResponsePubliclyCacheable {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let (exchange, response) = (policy.exchange, policy.response);
        if policy.value.is_none() || exchange.request.method != Method::Get {
            return;
        }
        let known_by = authentication(view);
        let caching = Caching::of(exchange, response);
        let Some(why) = why_stored(response, caching) else {
            return;
        };
        if caching.hit == Some(Hit::Browser)
            || exchange.hints.via_service_worker
            || !carries_data(response, true)
            || is_public_content(exchange, response)
            || cx.is_proven_public(exchange)
        {
            return;
        }
        let told_apart = match known_by {
            Authentication::Cookie => varies_by(response, "cookie"),
            Authentication::Browser | Authentication::ScriptToken => {
                varies_by(response, "authorization")
            }
            _ => return,
        };
        if told_apart {
            return;
        }
        let kinds = sensitive_kinds(view);
        let severity = if caching.passed_shared {
            Severity::High
        } else {
            Severity::Medium
        };
        let (severity, confidence) = match evidence_of_a_user(view, &kinds) {
            UserData::Personal => (severity, Certainty::Proven),
            UserData::Contacts => (severity, Certainty::Likely),
            UserData::None
                if is_own_by_path(exchange.request.url.path())
                    || cx.changes_with_credentials(exchange) =>
            {
                (Severity::Medium, Certainty::Likely)
            }
            UserData::None => (Severity::Low, Certainty::Hint),
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(third_party_cap(cx, exchange)))
            .confidence(confidence)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let what = if kinds.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", kinds.join(", "))
                };
                let mut details = grant_details(
                    &policy,
                    format!(
                        "{url} was answered {}{what}, and {why}: the next user may get this one's answer",
                        credentials_clause(view)
                    ),
                );
                add_lines(
                    &mut details,
                    exchange,
                    &["Cache-Control", "Age", "Cache-Status", "CF-Cache-Status", "X-Cache"],
                );
                if caching.passed_shared {
                    details.evidence.push(fact("shared cache on the way", "yes"));
                }
                details.sensitive_kinds = kinds;
                details
            });
    }
}

/// What the body says about whose data it is.
enum UserData {
    Personal,
    Contacts,
    None,
}

/// One address alone says nothing: every page has somebody to write to.
fn evidence_of_a_user(view: FetchView<'_>, kinds: &[&'static str]) -> UserData {
    let is_contact = |kind: &&str| matches!(*kind, "email" | "phone");
    if kinds.iter().any(|kind| !is_contact(kind)) {
        return UserData::Personal;
    }
    let count: u32 = view
        .last()
        .and_then(|exchange| exchange.content.as_deref())
        .into_iter()
        .flat_map(|content| content.at(Place::ResponseBody))
        .map(|sighting| sighting.count)
        .fold(0, u32::saturating_add);
    if kinds.is_empty() || count < 2 {
        UserData::None
    } else {
        UserData::Contacts
    }
}

/// Path segments that name what belongs to whoever is signed in, sorted.
const OWN: &[&str] = &[
    "account",
    "accounts",
    "balance",
    "basket",
    "cart",
    "dashboard",
    "inbox",
    "invoices",
    "me",
    "messages",
    "my",
    "notifications",
    "orders",
    "payments",
    "profile",
    "self",
    "session",
    "sessions",
    "settings",
    "statement",
    "statements",
    "transactions",
    "user",
    "userinfo",
    "wallet",
    "whoami",
];

fn is_own_by_path(path: &str) -> bool {
    path.split('/').any(|segment| {
        let stem = segment.strip_suffix(".json").unwrap_or(segment);
        OWN.binary_search(&stem.to_ascii_lowercase().as_str())
            .is_ok()
    })
}

/// Why a shared cache may store the answer whoever asked for it.
fn why_stored(response: &Response, caching: Caching) -> Option<&'static str> {
    let says = Directives::of(&response.headers);
    if says.no_store || says.private || says.no_cache {
        return None;
    }
    match says.s_maxage {
        Some(0) => None,
        Some(_) => Some("`s-maxage` lets shared caches store it"),
        None if says.public && says.max_age != Some(0) => {
            Some("`public` lets shared caches store it")
        }
        None if !says.any && caching.hit == Some(Hit::Shared) => {
            Some("a shared cache gave it, for nothing tells it not to")
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(OWN.is_sorted());
        assert!(is_own_by_path("/api/v1/Me") && is_own_by_path("/me.json"));
        assert!(!is_own_by_path("/api/menu") && !is_own_by_path("/"));
    }
}
