use std::fmt::Write as _;

use super::granted::{Standing, standing_of};
use super::words::fact;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::content::{Kind, Place, Sighting};
use crate::cors::{Code, Origin};
use crate::exchange::Exchange;
use crate::fact::Confidence;
use crate::facts::{Relation, is_known_collector, is_public_asset, relation};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A token that opens a session or an account, in the URL of a request to another origin (variant `url`), or in the
    /// `Referer` that tells such an origin the address of the page (variant `referer`).
    ///
    /// - `referer`: high to another site for a JSON Web Token or a server's session identifier, else medium.
    /// - `url`: medium; high for a JSON Web Token to a known collector, which it cannot be meant for; low for a token that is
    ///   one by its name alone, to a service of the page under review, for many such names hold public tokens. A session
    ///   identifier by a name that analytics use too (`session_id`) is likely, and a hint to such a service.
    /// - low within a site, and between sites declared with `--first-party`.
    ///
    /// Silent: navigations (signing in works that way) and WebSocket handshakes; keys and tokens that their vendor makes to
    /// stand in pages; tokens against forgery; URLs signed for storage and delivery networks; images, media, scripts whose
    /// URL carries its own short-lived permission; what known collectors call a session.
    ///
    /// ## Why it matters
    /// URLs are written down: in logs of servers and proxies, in histories, in the Referer of the next request. Whoever reads
    /// one of these is the user.
    ///
    /// ## Example
    /// ```text
    /// GET https://cdn.x.test/logo.png
    /// Referer: https://app.test/reset?token=eyJ...
    /// ```
    ///
    /// ## Fix
    /// Send tokens in a header or a body. Pages whose address holds one: take it out of the address once read, and send
    /// Referrer-Policy: strict-origin-when-cross-origin or stricter.
    ///
    /// ## References
    /// - CWE-598
    /// - CWE-200
    /// - OWASP ASVS 5 3.4.5
    SecretInCrossOriginUrl {
        id: "secret-in-cross-origin-url", category: CredentialRisk, severity: Medium, since: "0.1.0",
        title: "a token travels in a URL to another origin"
    }
}

/// Parameters that make a URL its own, short-lived permission.
const SIGNED: &[&str] = &[
    "X-Amz-Signature=",
    "X-Goog-Signature=",
    "x-oss-signature=",
    "Signature=",
    "Key-Pair-Id=",
    "hdnts=",
    "hdnea=",
    "__token__=",
    "se=",
    "Expires=",
];

/// Names of session identifiers that servers, not scripts, hand out; in lower case, without separators.
const SERVER_SESSIONS: &[&str] = &[
    "aspnetsessionid",
    "cfid",
    "cftoken",
    "jsessionid",
    "laravelsession",
    "phpsessid",
    "sessid",
];

impl Rule for SecretInCrossOriginUrl {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        if matches!(
            view.judged.verdict.code,
            Code::SameOrigin
                | Code::Navigation
                | Code::WebSocket
                | Code::LocalScheme
                | Code::NonBrowserClient
        ) {
            return;
        }
        let fact = &view.judged.fetch.initiator_origin;
        let Some(initiator) = fact.value.as_ref() else {
            return;
        };
        let known = match fact.confidence {
            Confidence::Certain | Confidence::High => Certainty::Proven,
            Confidence::Medium => Certainty::Likely,
            Confidence::Low | Confidence::Undetermined => Certainty::Hint,
        };
        for hop in &view.judged.fetch.hops {
            let exchange = hop
                .exchange
                .and_then(|index| view.capture.exchanges.get(index as usize));
            let Some((exchange, content)) =
                exchange.and_then(|exchange| Some((exchange, exchange.content.as_deref()?)))
            else {
                continue;
            };
            let relation = relation(initiator, exchange.request.url.origin());
            if relation == Relation::SameOrigin {
                continue;
            }
            for place in [Place::RequestUrl, Place::Referer] {
                let worst = content
                    .at(place)
                    .filter_map(|sighting| {
                        let weight = weigh(cx, initiator, exchange, sighting, relation)?;
                        Some((weight, sighting))
                    })
                    .max_by_key(|(weight, _)| *weight);
                let Some(((severity, confidence), sighting)) = worst else {
                    continue;
                };
                let variant = if place == Place::Referer {
                    "referer"
                } else {
                    "url"
                };
                out.report(Self::DECLARATION)
                    .severity(severity)
                    .confidence(confidence.min(known))
                    .variant(variant)
                    .phase("actual")
                    .initiator(Some(initiator))
                    .at(view, exchange, || {
                        details(exchange, sighting, relation, initiator.serialised())
                    });
            }
        }
    }
}

/// How bad a sighting is and how sure; `None` where it is no secret, or no other origin's business.
fn weigh(
    cx: &Context,
    initiator: &Origin,
    exchange: &Exchange,
    sighting: &Sighting,
    relation: Relation,
) -> Option<(Severity, Certainty)> {
    if !matches!(
        sighting.kind,
        Kind::ApiKey | Kind::Jwt | Kind::OauthToken | Kind::SessionId
    ) {
        return None;
    }
    let target = exchange.request.url.origin();
    let host = target.host()?;
    let is_related = relation == Relation::SameSite
        || initiator
            .host()
            .is_some_and(|page| cx.are_related(page, host));
    let is_server_session =
        sighting.kind == Kind::SessionId && is_server_session(&sighting.pointer);
    if sighting.place == Place::Referer {
        let severity = if is_related {
            Severity::Low
        } else if sighting.kind == Kind::Jwt || is_server_session {
            Severity::High
        } else {
            Severity::Medium
        };
        return Some((severity, Certainty::Proven));
    }
    let is_collector = is_known_collector(host);
    let carries_permission = is_signed(exchange.request.url.as_str())
        || exchange
            .response()
            .is_some_and(|response| is_public_asset(exchange, response));
    if carries_permission && !(is_collector && sighting.kind == Kind::Jwt) {
        return None;
    }
    let is_service = standing_of(cx, target, Some(initiator)) == Standing::Service;
    let (severity, certainty) = match sighting.kind {
        Kind::SessionId if !is_server_session => match (is_collector, is_service) {
            // Collectors count visits of their own, and so may other services.
            (true, _) => return None,
            (false, true) => (Severity::Low, Certainty::Hint),
            (false, false) => (Severity::Medium, Certainty::Likely),
        },
        Kind::Jwt if is_collector => (Severity::High, Certainty::Proven),
        Kind::OauthToken if is_service => (Severity::Low, Certainty::Proven),
        _ => (Severity::Medium, Certainty::Proven),
    };
    Some(if is_related {
        (Severity::Low, certainty)
    } else {
        (severity, certainty)
    })
}

fn is_server_session(name: &str) -> bool {
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SERVER_SESSIONS.contains(&letters.as_str()) || letters.starts_with("aspsessionid")
}

/// Whether the URL is signed: a parameter of [`SIGNED`] stands in its query.
fn is_signed(url: &str) -> bool {
    let Some((_, query)) = url.split_once('?') else {
        return false;
    };
    query.split('&').any(|pair| {
        SIGNED.iter().any(|name| {
            pair.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        })
    })
}

fn details(exchange: &Exchange, sighting: &Sighting, relation: Relation, page: &str) -> Details {
    let url = redact::url(&exchange.request.url);
    let method = exchange.request.method.as_str();
    let kind = sighting.kind.as_str();
    let message = if sighting.place == Place::Referer {
        format!(
            "{method} {url} tells that server ({}) the address of a page on {page}, which holds a token ({kind})",
            relation.as_str()
        )
    } else {
        format!(
            "{method} {url} from {page} ({}) carries a token ({kind}) in its address",
            relation.as_str()
        )
    };
    let mut what = kind.to_owned();
    if !sighting.pointer.is_empty() {
        let _ = write!(what, " in {}", redact::text(&sighting.pointer));
    }
    if let Some(hash) = sighting.hash {
        let _ = write!(what, ", hash {:02x}{:02x}{:02x}", hash[0], hash[1], hash[2]);
    }
    Details {
        message,
        status: exchange.response().map(|response| response.status),
        evidence: vec![fact(sighting.place.as_str(), what)],
        sensitive_kinds: vec![kind],
        ..Details::default()
    }
}
