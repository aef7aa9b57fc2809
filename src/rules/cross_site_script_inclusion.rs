use super::context::is_script;
use super::exposed::{is_own_application, raises_severity};
use super::words::{answer_details, credentials_clause, fact, input_certainty};
use super::{Context, FetchView, Findings, Portability, Rule, declare_rule};
use crate::content::Kind;
use crate::cors::Code;
use crate::exchange::Response;
use crate::facts::{
    Authentication, Policy, Relation, authentication, content_type, is_public_content,
    sends_personal_cookie, sensitive,
};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A script of another origin, loaded with the user's cookie as any page may load it, that holds the user's data.
    /// Variant `jsonp`: the body calls a function whose name stands in the query. Variant `user-script`: the answer is
    /// JavaScript and holds data of a sensitive kind.
    ///
    /// Medium; high if the data is of a sensitive kind and the cookie travels across sites; low if the cookie stays inside
    /// the site, so that a foothold there is needed. Proven if the body was another one without the cookie, else likely. A
    /// hint where nothing but the call and the cookie speaks for it, on a server whose pages were opened.
    ///
    /// Silent: scripts without a cookie, or with those of load balancers, bot walls and analytics alone; the same body with
    /// and without cookies; JSONP in which no user data was found (maps, fonts, advertising); bundles that hold keys,
    /// tokens or addresses of mail and are cached as public assets; modules and scripts loaded in mode cors.
    ///
    /// ## Why it matters
    /// Scripts are exempt from the same-origin policy: the page that includes one reads everything the script defines or
    /// calls. CORS is never asked.
    ///
    /// ## Example
    /// ```text
    /// GET https://shop.test/me?callback=cb
    /// Cookie: session=...
    /// Sec-Fetch-Dest: script
    ///
    /// cb({"email": "..."})
    /// ```
    ///
    /// ## Fix
    /// Serve user data as JSON with CORS; send `X-Content-Type-Options: nosniff` and
    /// `Cross-Origin-Resource-Policy: same-origin`.
    ///
    /// ## References
    /// - OWASP WSTG-CLNT-13
    /// - OWASP ASVS 5 3.5.6
    /// - OWASP ASVS 5 3.5.7
    /// - CWE-829
    CrossSiteScriptInclusion {
        id: "cross-site-script-inclusion", category: Exposure, severity: Medium, since: "0.1.0",
        title: "user data is served as a script that any page can include"
    }
}

impl Rule for CrossSiteScriptInclusion {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        if view.judged.verdict.code != Code::OpaqueNoCors {
            return;
        }
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let (exchange, response) = (policy.exchange, policy.response);
        let relation = Relation::of(view);
        if !response.is_ok_status()
            || !is_script(exchange)
            || relation.is_none_or(|relation| relation == Relation::SameOrigin)
            || exchange.hints.via_service_worker
            || cx.is_collector(policy.target)
            || cx.is_same_for_all(exchange)
        {
            return;
        }
        let authenticated = match authentication(view) {
            Authentication::Cookie => sends_personal_cookie(exchange),
            other => other.is_ambient(),
        };
        // Exports without cookies: whether one was sent is unknown.
        let unknown = !authenticated && authentication(view) == Authentication::Unknown;
        if !authenticated && !unknown {
            return;
        }
        let changes = cx.depends_on_credentials(exchange);
        let calls_back = exchange
            .content
            .as_ref()
            .is_some_and(|content| content.response.calls_back);
        let mut kinds = sensitive(view);
        kinds.retain(|kind| !kind.is_hint());
        let variant = if calls_back {
            "jsonp"
        } else if is_javascript(response) {
            // Bundles carry addresses of their authors and keys that are public by design.
            if is_public_content(exchange, response) && !changes {
                kinds.retain(|kind| !matches!(kind, Kind::ApiKey | Kind::Email | Kind::Jwt));
            }
            if kinds.is_empty() {
                return;
            }
            "user-script"
        } else {
            return;
        };
        let bare = kinds.is_empty() && !changes;
        if bare && !is_own_application(cx, policy.target) {
            return;
        }
        let travels = cx.portability(view);
        let severity = if travels == Portability::SiteBound {
            Severity::Low
        } else if !kinds.is_empty() && raises_severity(view) && travels >= Portability::Declared {
            Severity::High
        } else {
            Severity::Medium
        };
        let confidence = if bare || unknown {
            Certainty::Hint
        } else if changes && authentication(view).is_seen() {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        let kinds: Vec<&'static str> = kinds.into_iter().map(Kind::as_str).collect();
        out.report(Self::DECLARATION)
            .severity(severity)
            // Who included it matters little: anybody can.
            .confidence(confidence.min(input_certainty(view).max(Certainty::Likely)))
            .variant(variant)
            .reach("any-site")
            .phase("actual")
            .initiator(policy.reader)
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let how = if calls_back {
                    "calls the function that the query names"
                } else {
                    "is JavaScript"
                };
                let what = match (kinds.is_empty(), changes) {
                    (false, _) => format!("holds {}", kinds.join(", ")),
                    (true, true) => "is another one without the cookie".to_owned(),
                    (true, false) => "may hold the user's data".to_owned(),
                };
                let mut details = answer_details(
                    exchange,
                    response,
                    format!(
                        "{url} was loaded as a script {} and its body {how} and {what}: any page can include it",
                        credentials_clause(view)
                    ),
                );
                if changes {
                    details.evidence.push(fact(
                        "bodies of this URL",
                        "one with cookies, another one without",
                    ));
                }
                details.sensitive_kinds = kinds;
                details
            });
    }
}

fn is_javascript(response: &Response) -> bool {
    content_type(response).is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.ends_with("javascript") || kind.ends_with("ecmascript")
    })
}
