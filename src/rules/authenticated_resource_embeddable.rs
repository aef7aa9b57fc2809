use super::exposed::{is_own_application, raises_severity};
use super::words::{answer_details, evidence, fact, input_certainty};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::content::Kind;
use crate::cors::Code;
use crate::exchange::{Exchange, Method, Response};
use crate::facts::{
    Policy, Relation, content_type, is_receipt, sends_personal_cookie, sensitive_kinds,
};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A private image, document, film or data file that a page of another site loaded with the user's cookie, without a
    /// `Cross-Origin-Resource-Policy` to stop it. Private means: it holds data of a sensitive kind, or its body was another
    /// one without the cookie, or it says `private` or `no-store` and stands on a server whose site was opened as a page.
    /// Low; medium if it holds data of a sensitive kind.
    ///
    /// Observed, not theoretical: a mere absence of the header is never reported. Silent: scripts, styles and fonts;
    /// receipts and pixels; third-party collectors; the same body with and without cookies; cookies of load balancers, bot
    /// walls and analytics alone; sites named by `--first-party`.
    ///
    /// ## Why it matters
    /// The other page cannot read it by script, but it can show it, measure it, tell by success or failure who the user is,
    /// and bring it into its own process, where side channels read memory.
    ///
    /// ## Example
    /// ```text
    /// page https://evil.example
    /// GET https://album.test/private/7.jpg
    /// Cookie: session=...
    /// Sec-Fetch-Mode: no-cors
    ///
    /// 200
    /// Cache-Control: private
    /// ```
    ///
    /// ## Fix
    /// Send `Cross-Origin-Resource-Policy: same-site` (or same-origin), and set the session cookie `SameSite=Lax`.
    ///
    /// ## References
    /// - OWASP ASVS 5 3.5.8
    /// - CWE-693
    /// - Fetch Standard, section 3.8, Cross-Origin-Resource-Policy
    AuthenticatedResourceEmbeddable {
        id: "authenticated-resource-embeddable", category: Exposure, severity: Low, since: "0.1.0",
        title: "another site's page loads a private resource with the user's cookie"
    }
}

impl Rule for AuthenticatedResourceEmbeddable {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        if view.judged.verdict.code != Code::OpaqueNoCors
            || Relation::of(view) != Some(Relation::CrossSite)
        {
            return;
        }
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let (exchange, response) = (policy.exchange, policy.response);
        let related = policy
            .reader
            .and_then(|reader| reader.host())
            .zip(policy.target.host())
            .is_some_and(|(from, to)| cx.are_related(from, to));
        if exchange.request.method != Method::Get
            || !response.is_ok_status()
            || response.headers.contains("cross-origin-resource-policy")
            || !sends_personal_cookie(exchange)
            || exchange.hints.via_service_worker
            || related
            || !is_shown(exchange, response)
            || is_receipt(exchange, response)
            || cx.is_collector(policy.target)
            || cx.is_same_for_all(exchange)
        {
            return;
        }
        let mut kinds = sensitive_kinds(view);
        // Keys and tokens in pictures are chance.
        if is_media(response) {
            kinds.retain(|kind| *kind != Kind::ApiKey.as_str() && *kind != Kind::Jwt.as_str());
        }
        let changes = cx.depends_on_credentials(exchange);
        let declared = says_private(response) && is_own_application(cx, policy.target);
        if kinds.is_empty() && !changes && !declared {
            return;
        }
        let severity = if !kinds.is_empty() && raises_severity(view) {
            Severity::Medium
        } else {
            Severity::Low
        };
        let confidence = if changes || !kinds.is_empty() {
            Certainty::Proven
        } else {
            Certainty::Likely
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence.min(input_certainty(view).max(Certainty::Likely)))
            .reach("any-site")
            .phase("actual")
            .initiator(policy.reader)
            .at(view, exchange, || {
                let url = redact::url(&exchange.request.url);
                let page = policy
                    .reader
                    .map_or("an unknown origin", |reader| reader.serialised());
                let why = match (kinds.is_empty(), changes) {
                    (false, _) => format!("it holds {}", kinds.join(", ")),
                    (true, true) => "its body is another one without the cookie".to_owned(),
                    (true, false) => "it says that it is private".to_owned(),
                };
                let mut details = answer_details(
                    exchange,
                    response,
                    format!(
                        "a page on {page}, another site, loaded {url} with the user's cookies: {why}, and no \
                         Cross-Origin-Resource-Policy keeps it"
                    ),
                );
                if let Some(value) = response.headers.get("cache-control") {
                    details
                        .evidence
                        .push(evidence("Cache-Control", &value, "response"));
                }
                details
                    .evidence
                    .push(fact("Cross-Origin-Resource-Policy", "absent"));
                details.sensitive_kinds = kinds;
                details
            });
    }
}

fn is_media(response: &Response) -> bool {
    let kind = content_type(response).unwrap_or("").to_ascii_lowercase();
    ["image/", "audio/", "video/"]
        .iter()
        .any(|start| kind.starts_with(start))
}

/// What a page shows or measures: no script, style or font.
fn is_shown(exchange: &Exchange, response: &Response) -> bool {
    let by_destination = matches!(
        exchange.request.headers.first("sec-fetch-dest"),
        None | Some("image" | "audio" | "video" | "track" | "empty" | "object" | "embed")
    );
    let kind = content_type(response).unwrap_or("").to_ascii_lowercase();
    by_destination
        && (is_media(response) && !kind.starts_with("image/x-icon")
            || kind == "application/pdf"
            || kind.ends_with("json")
            || kind.ends_with("/csv"))
}

fn says_private(response: &Response) -> bool {
    response.headers.get("cache-control").is_some_and(|value| {
        let text = String::from_utf8_lossy(&value).to_ascii_lowercase();
        text.split(',').any(|directive| {
            matches!(
                directive.split('=').next().unwrap_or("").trim(),
                "private" | "no-store"
            )
        })
    })
}
