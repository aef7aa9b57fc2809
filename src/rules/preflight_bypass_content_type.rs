use super::granted::{Standing, standing};
use super::words::{
    answer_details, credentials_clause, evidence, fact, has_safelisted_content_type,
    input_certainty,
};
use super::{Context, FetchView, Findings, Portability, Rule, declare_rule};
use crate::content::{Content, Kind, Place};
use crate::exchange::{Method, ResourceType};
use crate::facts::{Authentication, Policy, Relation, authentication, content_type};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A cross-origin POST whose body is a JSON object under a content type that browsers send without asking first (plain
    /// text, a form's, or none), and which the server took: an ok status and a JSON answer that reports no error.
    ///
    /// High where the user's cookies or browser-managed credentials travelled across sites; medium within a site, or where
    /// the recordings do not tell; low without credentials. Where the recordings do not show whose server it is, medium at
    /// most. One step more, up to high, if the same endpoint takes `application/json` as well: it reads JSON whatever it is
    /// called. Likely: that the body was taken is on record, that a stranger's would be is inferred.
    ///
    /// Silent: services of others that merely serve the page under review, and collectors (many take plain text on purpose);
    /// `sendBeacon`; answers that are no JSON; requests behind a preflight; a token against forgery in the body; a key or
    /// token that the page's script put into the URL or the body.
    ///
    /// Where the browser hid the answer, `blocked-but-processed` speaks instead, if it does.
    ///
    /// ## Why it matters
    /// The preflight that JSON causes is what keeps other sites from sending it. A server that also takes JSON as plain text
    /// gives that up: any page can send the request with the user's cookies, whatever the CORS headers say.
    ///
    /// ## Example
    /// ```text
    /// POST https://bank.test/transfer
    /// Origin: https://evil-songs.test
    /// Content-Type: text/plain
    ///
    /// {"amount":5}
    ///
    /// 200
    /// Content-Type: application/json
    /// ```
    ///
    /// ## Fix
    /// Demand `Content-Type: application/json`, and answer 415 to everything else.
    ///
    /// ## References
    /// - CWE-352
    /// - OWASP ASVS 5 3.5.2
    PreflightBypassContentType {
        id: "preflight-bypass-content-type", category: CredentialRisk, severity: Medium, since: "0.1.0",
        title: "JSON is accepted under a type that needs no preflight"
    }
}

impl Rule for PreflightBypassContentType {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let Some(content) = policy.exchange.content.as_deref() else {
            return;
        };
        // What was executed behind a blocked answer is told by the rule of that name, the JSON with it.
        if !takes_json_unasked(view, &policy, content)
            || cx.is_collector(policy.target)
            || super::blocked_but_processed::applies(view, cx)
        {
            return;
        }
        let crosses = Relation::of(view) == Some(Relation::CrossSite);
        let severity = match authentication(view) {
            Authentication::ScriptToken => return,
            auth if auth.is_ambient() => {
                if crosses && cx.portability(view) != Portability::SiteBound {
                    Severity::High
                } else {
                    Severity::Medium
                }
            }
            _ if holds_key(content) => return,
            Authentication::None => Severity::Low,
            _ => Severity::Medium,
        };
        let also = cx.trust().takes_json(policy.exchange);
        let severity = match standing(cx, &policy) {
            Standing::Service => return,
            Standing::Unknown => severity.min(Severity::Medium),
            Standing::Own if also => super::matrix::raise(severity).min(Severity::High),
            Standing::Own => severity,
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(Certainty::Likely.min(input_certainty(view)))
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let kind = policy.exchange.request.headers.get("content-type");
                let called = kind
                    .as_deref()
                    .map_or_else(|| "no content type".to_owned(), |kind| {
                        redact::header_value("Content-Type", kind)
                    });
                let reader = policy.reader.map_or("an unknown origin", |o| o.serialised());
                let mut details = answer_details(
                    policy.exchange,
                    policy.response,
                    format!(
                        "POST {url} from {reader} took a JSON object under {called}, {}, and answered {} with JSON: no \
                         preflight guards it",
                        credentials_clause(view),
                        policy.response.status
                    ),
                );
                if let Some(kind) = &kind {
                    details
                        .evidence
                        .insert(0, evidence("Content-Type", kind, "request"));
                }
                details
                    .evidence
                    .push(fact("request body", "a JSON object"));
                if also {
                    details
                        .evidence
                        .push(fact("the endpoint also takes", "application/json"));
                }
                details
            });
    }
}

/// A JSON object went out under a type that needs no preflight, without one, and came back answered.
fn takes_json_unasked(view: FetchView<'_>, policy: &Policy<'_>, content: &Content) -> bool {
    let request = &policy.exchange.request;
    let asked_first = view
        .judged
        .fetch
        .hops
        .last()
        .is_none_or(|hop| hop.preflight.exchange().is_some());
    let answered = content.response.is_json
        || content_type(policy.response)
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    request.method == Method::Post
        && content.request.is_json_object
        && !content.request.has_anti_forgery_field
        && has_safelisted_content_type(request.headers.get("content-type").as_deref())
        && !asked_first
        && policy.exchange.hints.resource_type != Some(ResourceType::Ping)
        && !policy.exchange.hints.via_service_worker
        && policy.response.is_ok_status()
        && policy.response.body_size != Some(0)
        && answered
        && !content.response.reports_error
}

/// A secret that the page's script put into the URL or the body authenticates the request: a stranger's page has none.
fn holds_key(content: &Content) -> bool {
    content
        .at(Place::RequestUrl)
        .chain(content.at(Place::RequestBody))
        .any(|sighting| {
            matches!(
                sighting.kind,
                Kind::ApiKey | Kind::CsrfToken | Kind::Jwt | Kind::OauthToken | Kind::SessionId
            )
        })
}
