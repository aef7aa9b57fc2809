use super::granted::{Named, Standing, imitated, is_foreign_tenant, reflects, standing};
use super::matrix::Reach;
use super::words::{evidence, grant_details, input_certainty};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::content::{Kind, Place};
use crate::cors::header::EXPOSE_HEADERS;
use crate::cors::{Class, CredentialsMode, is_readable};
use crate::facts::{AllowOrigin, Policy, network};
use crate::finding::Severity;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// An answer that a page of another origin could read carries a token in a response header, by the header's name
    /// (`Authorization`, `X-Auth-Token`, `X-CSRF-Token` ...) or by its value, and `Access-Control-Expose-Headers` opens that
    /// header to the page's scripts: by name, or by `*` on a request without credentials. A header that is listed and not
    /// sent is nothing.
    ///
    /// Low; medium with credentials where the endpoint grants any site, or a stranger's corner of a shared platform; info
    /// where the page is of the server's own site, or the server merely a service to the page under review. `Set-Cookie` is
    /// never readable, whatever the list says.
    ///
    /// ## Why it matters
    /// A token that a script can read is a token that every script of that page, and every page that gets the grant, can
    /// keep and send elsewhere.
    ///
    /// ## Example
    /// ```text
    /// Access-Control-Allow-Origin: https://partner.test
    /// Access-Control-Expose-Headers: X-Auth-Token
    /// X-Auth-Token: ...
    /// ```
    ///
    /// ## Fix
    /// Give tokens to the origins that own them alone, in the body of the answer that issues them, and take the header off
    /// the list.
    ///
    /// ## References
    /// - CWE-200
    /// - Fetch Standard, section 3.3.3, HTTP responses
    SensitiveHeadersExposed {
        id: "sensitive-headers-exposed", category: Permissive, severity: Low, since: "0.1.0",
        title: "a token in a response header is open to scripts"
    }
}

/// Headers that hold a token, in lower case.
const TOKEN_HEADERS: &[&[u8]] = &[
    b"authorization",
    b"x-access-token",
    b"x-amz-security-token",
    b"x-api-key",
    b"x-auth-token",
    b"x-csrf-token",
    b"x-id-token",
    b"x-jwt",
    b"x-jwt-token",
    b"x-refresh-token",
    b"x-session-token",
    b"x-xsrf-token",
];

impl Rule for SensitiveHeadersExposed {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let expose = policy.response.headers.get(EXPOSE_HEADERS);
        let readable = view.judged.verdict.class() == Class::Allowed
            && policy.is_cors(view)
            && policy.response.is_ok_status()
            && network(policy.exchange).is_known()
            && !cx.is_collector(policy.target);
        let Some(expose) = expose.filter(|_| readable) else {
            return;
        };
        // Unknown credentials: `*` may mean nothing.
        let credentials = view
            .judged
            .fetch
            .credentials
            .value
            .unwrap_or(CredentialsMode::Include);
        let Some((name, kind)) = exposed_token(view, &policy, credentials) else {
            return;
        };
        let reach = reach(cx, view, &policy);
        let severity = match (reach, standing(cx, &policy)) {
            (Reach::Sibling, _) | (_, Standing::Service) => Severity::Info,
            (Reach::AnySite | Reach::Tenant, _) if policy.allow_credentials => Severity::Medium,
            _ => Severity::Low,
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(input_certainty(view))
            .reach(reach.as_str())
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let reader = policy.reader.map_or("an unknown origin", |o| o.serialised());
                let mut details = grant_details(
                    &policy,
                    format!("scripts on {reader} can read the header {name} of {url}, which holds a token"),
                );
                details
                    .evidence
                    .push(evidence(EXPOSE_HEADERS, &expose, "response"));
                details.sensitive_kinds = vec![kind.as_str()];
                details
            });
    }
}

/// The first response header that holds a token and is open to the page.
fn exposed_token(
    view: FetchView<'_>,
    policy: &Policy<'_>,
    credentials: CredentialsMode,
) -> Option<(String, Kind)> {
    let headers = &policy.response.headers;
    let by_name = headers
        .iter()
        .find(|(name, _)| {
            TOKEN_HEADERS
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
                && is_readable(headers, name, credentials)
        })
        .map(|(name, _)| {
            let forgery = name
                .to_ascii_lowercase()
                .windows(3)
                .any(|part| part == b"srf");
            let kind = if forgery {
                Kind::CsrfToken
            } else {
                Kind::OauthToken
            };
            (String::from_utf8_lossy(name).into_owned(), kind)
        });
    by_name.or_else(|| {
        view.last()?
            .content
            .as_ref()?
            .at(Place::ResponseHeader)
            .find(|sighting| {
                matches!(
                    sighting.kind,
                    Kind::ApiKey | Kind::CsrfToken | Kind::Jwt | Kind::OauthToken | Kind::SessionId
                ) && headers.contains(&sighting.pointer)
                    && is_readable(headers, sighting.pointer.as_bytes(), credentials)
            })
            .map(|sighting| (sighting.pointer.to_string(), sighting.kind))
    })
}

fn reach(cx: &Context, view: FetchView<'_>, policy: &Policy<'_>) -> Reach {
    let own = policy.target.host().unwrap_or("");
    let reader = policy.reader.and_then(|reader| reader.host());
    if policy.allow_origin == AllowOrigin::Star || policy.grants_null() || reflects(cx, policy) {
        return Reach::AnySite;
    }
    if reader.is_some_and(|reader| cx.are_related(reader, own)) {
        return Reach::Sibling;
    }
    let Some(named) = Named::of(view, policy) else {
        return Reach::Listed;
    };
    if imitated(cx, policy, &named).is_some_and(|(found, _)| !found.is_plausible) {
        Reach::AnySite
    } else if is_foreign_tenant(policy, &named) {
        Reach::Tenant
    } else {
        Reach::Listed
    }
}
