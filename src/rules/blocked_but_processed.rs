use super::words::{
    answer_details, credentials_clause, fact, has_safelisted_content_type, input_certainty,
};
use super::{Context, FetchView, Findings, Portability, Rule, declare_rule};
use crate::content::{Kind, Place};
use crate::cors::{Class, Code, Warning};
use crate::exchange::{Exchange, Method, ResourceType, Response};
use crate::facts::{Policy, Relation, authentication};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A cross-site POST that browsers send without asking first (a form's content type, plain text or none, no own
    /// headers), whose answer the browser hid from the page, and which the server executed all the same. High if the
    /// user's cookie was seen to travel and the answer shows a change (201, 202, `Location`, `Set-Cookie`, JSON that reports
    /// a deed done or a new id); medium if the answer is merely a success, or the cookie's travelling is inferred; low
    /// without credentials.
    ///
    /// A success that shows no change counts only if the page is a stranger to the server (see
    /// `any-site-authenticated-read`). Silent: GET and HEAD, requests behind a preflight, refusals (4xx, 5xx, a redirect
    /// to a login, JSON that reports an error), servers whose site nobody opened as a page (collectors, beacons), forms sent
    /// as navigations, and requests that carry a token against forgery in body, URL or header. Likely at most: that the
    /// deed was done is what the answer says.
    ///
    /// ## Why it matters
    /// CORS guards reading, not doing: a money transfer whose answer is blocked is still a money transfer.
    ///
    /// ## Example
    /// ```text
    /// POST https://bank.test/transfer
    /// Origin: https://evil-songs.test
    /// Content-Type: text/plain
    /// Cookie: session=...
    ///
    /// 200, no Access-Control-Allow-Origin
    /// ```
    ///
    /// ## Fix
    /// Before acting, refuse requests whose Origin or Sec-Fetch-Site is foreign, or demand a token bound to the session;
    /// set the session cookie `SameSite=Lax` or `Strict`.
    ///
    /// ## References
    /// - CWE-352
    /// - OWASP ASVS 5 3.5.1
    /// - OWASP ASVS 5 3.5.2
    /// - OWASP ASVS 5 3.5.3
    /// - OWASP WSTG-SESS-05
    BlockedButProcessed {
        id: "blocked-but-processed", category: CredentialRisk, severity: Medium, since: "0.1.0",
        title: "the browser hid the answer, but the server executed the request"
    }
}

/// Words in a redirect's target that say "sign in first".
const LOGIN_WORDS: [&str; 6] = ["login", "signin", "sign-in", "sso", "oauth", "auth"];

impl Rule for BlockedButProcessed {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let verdict = &view.judged.verdict;
        let Some((policy, effect, severity)) = processed(view, cx) else {
            return;
        };
        let request = &policy.exchange.request;
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(Certainty::Likely.min(input_certainty(view)))
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&request.url);
                let reader = policy.reader.map_or("an unknown origin", |o| o.serialised());
                let status = policy.response.status;
                let mut details = answer_details(
                    policy.exchange,
                    policy.response,
                    format!(
                        "POST {url} from {reader} went out {} without a preflight and was answered {status}{}; the browser \
                         hid the answer ({}), not the deed",
                        credentials_clause(view),
                        effect.clause(),
                        verdict.code
                    ),
                );
                let kind = request.headers.first("content-type").unwrap_or("none");
                details.evidence.push(fact("request Content-Type", kind));
                let content = policy.exchange.content.as_deref();
                if content.is_some_and(|content| content.request.is_json_object) {
                    details
                        .evidence
                        .push(fact("request body", "a JSON object"));
                }
                details
            });
    }
}

/// Whether the rule speaks of a fetch.
pub(super) fn applies(view: FetchView<'_>, cx: &Context) -> bool {
    processed(view, cx).is_some()
}

fn processed<'a>(view: FetchView<'a>, cx: &Context) -> Option<(Policy<'a>, Effect, Severity)> {
    let verdict = &view.judged.verdict;
    if !is_hidden_answer(view) {
        return None;
    }
    let policy = Policy::of(view)?;
    let request = &policy.exchange.request;
    if request.method != Method::Post
        || !has_safelisted_content_type(request.headers.get("content-type").as_deref())
        || policy.exchange.hints.resource_type == Some(ResourceType::Ping)
        || policy.exchange.hints.via_service_worker
        || Relation::of(view) != Some(Relation::CrossSite)
        || !is_own_application(cx, &policy)
        || guards_against_forgery(policy.exchange)
    {
        return None;
    }
    let stranger = policy
        .reader
        .is_some_and(|reader| reader.is_opaque() || cx.stranger(reader, policy.target).is_some());
    let effect = effect(policy.exchange, policy.response)?;
    let ambient = authentication(view).is_ambient();
    let shown = effect != Effect::Success;
    if !stranger && (!shown || verdict.class() == Class::Opaque) || (!shown && !ambient) {
        return None;
    }
    let travels = cx.portability(view) >= Portability::Declared;
    let severity = match (ambient, shown && travels) {
        (true, true) => Severity::High,
        (true, false) => Severity::Medium,
        (false, _) => Severity::Low,
    };
    Some((policy, effect, severity))
}

/// What an answer says about the deed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Created,
    Reported,
    Cookie,
    Redirect,
    Success,
}

impl Effect {
    fn clause(self) -> &'static str {
        match self {
            Self::Created => ", which reports something made",
            Self::Reported => ", in JSON that reports the deed done",
            Self::Cookie => " with a cookie set",
            Self::Redirect => ", a redirect onwards as after a form",
            Self::Success => ", a success",
        }
    }
}

fn effect(exchange: &Exchange, response: &Response) -> Option<Effect> {
    let shape = exchange
        .content
        .as_ref()
        .map(|content| content.response)
        .unwrap_or_default();
    if response.is_redirect_status() {
        let location = response.headers.first("location")?.to_ascii_lowercase();
        let path = location.split(['?', '#']).next().unwrap_or("");
        let login = LOGIN_WORDS.iter().any(|word| path.contains(word));
        return (!login && matches!(response.status, 302 | 303)).then_some(Effect::Redirect);
    }
    if !response.is_ok_status() || shape.reports_error {
        return None;
    }
    Some(
        if matches!(response.status, 201 | 202) || response.headers.contains("location") {
            Effect::Created
        } else if shape.reports_success {
            Effect::Reported
        } else if response.headers.contains("set-cookie") {
            Effect::Cookie
        } else {
            Effect::Success
        },
    )
}

/// Whether the request carries a token against forgery: in the body, in its URL, or in a header of such a name.
fn guards_against_forgery(exchange: &Exchange) -> bool {
    let found = exchange.content.as_ref().is_some_and(|content| {
        content.request.has_anti_forgery_field
            || content
                .at(Place::RequestUrl)
                .chain(content.at(Place::RequestBody))
                .any(|sighting| sighting.kind == Kind::CsrfToken)
    });
    let names_forgery = |text: &[u8]| {
        text.to_ascii_lowercase()
            .windows(4)
            .any(|part| part == b"csrf" || part == b"xsrf")
    };
    let url = exchange.request.url.as_str();
    let query = url.split_once('?').map_or("", |(_, query)| query);
    found
        || query.split('&').any(|pair| {
            pair.split_once('=')
                .is_some_and(|(name, value)| !value.is_empty() && names_forgery(name.as_bytes()))
        })
        || exchange
            .request
            .headers
            .iter()
            .any(|(name, _)| names_forgery(name))
}

/// The page did not get the answer for a reason of CORS, and no preflight stood before the request.
fn is_hidden_answer(view: FetchView<'_>) -> bool {
    let verdict = &view.judged.verdict;
    let hidden = matches!(
        verdict.code,
        Code::MissingAllowOrigin
            | Code::AllowOriginMismatch
            | Code::AllowOriginMultiple
            | Code::AllowOriginInvalid
            | Code::WildcardWithCredentials
            | Code::AllowCredentialsNotTrue
            | Code::OpaqueNoCors
    );
    let asked_first = view
        .judged
        .fetch
        .hops
        .last()
        .is_none_or(|hop| hop.preflight.exchange().is_some());
    hidden
        && !asked_first
        && !verdict.warnings.contains(Warning::PreflightNotRecorded)
        && !verdict.warnings.contains(Warning::OutcomeConflict)
}

/// The server belongs to a site that the user opened, or that is one's own: not a collector's.
fn is_own_application(cx: &Context, policy: &Policy<'_>) -> bool {
    policy.target.host().is_some_and(|host| {
        cx.site(host).is_some_and(|site| site.is_document)
            || cx.options().is_first_party(host)
            || cx.options().in_scope(host)
    })
}
