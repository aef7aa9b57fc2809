use std::fmt::Write as _;

use super::granted::{Standing, standing};
use super::words::fact;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::content::{Kind, Place, Sighting};
use crate::cors::Code;
use crate::exchange::Exchange;
use crate::facts::{Policy, Relation, is_known_collector, is_public_asset, relation};
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
    ///   identifier by its name alone (`session_id`, which analytics use for visits of their own) is a hint.
    /// - low within a site, and between sites declared with `--first-party`.
    ///
    /// Silent: navigations (signing in works that way) and WebSocket handshakes; keys by their vendor's prefix, which pages
    /// show by design; tokens against forgery; URLs signed for storage and delivery networks; images, media, scripts whose
    /// URL carries its own short-lived permission; tokens that their vendor calls public.
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
        let Some(initiator) = view.judged.fetch.initiator_origin.value.as_ref() else {
            return;
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
                        let weight = weigh(cx, view, exchange, sighting, relation)?;
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
                    .confidence(confidence)
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
    view: FetchView<'_>,
    exchange: &Exchange,
    sighting: &Sighting,
    relation: Relation,
) -> Option<(Severity, Certainty)> {
    if !matches!(
        sighting.kind,
        Kind::Jwt | Kind::OauthToken | Kind::SessionId
    ) {
        return None;
    }
    let host = exchange.request.url.origin().host()?;
    let initiator = view.judged.fetch.initiator_origin.value.as_ref()?;
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
    let url = exchange.request.url.as_str();
    let is_collector = is_known_collector(host);
    let carries_permission = is_signed(url)
        || is_public_token(url, &sighting.pointer)
        || exchange
            .response()
            .is_some_and(|response| is_public_asset(exchange, response));
    if carries_permission && !(is_collector && sighting.kind == Kind::Jwt) {
        return None;
    }
    if sighting.kind == Kind::SessionId && !is_server_session {
        // Collectors count visits of their own.
        return (!is_collector && !is_related).then_some((Severity::Low, Certainty::Hint));
    }
    let is_service =
        Policy::of(view).is_some_and(|policy| standing(cx, &policy) == Standing::Service);
    let severity = if is_related {
        Severity::Low
    } else if is_collector && sighting.kind == Kind::Jwt {
        Severity::High
    } else if is_service && sighting.kind == Kind::OauthToken {
        Severity::Low
    } else {
        Severity::Medium
    };
    Some((severity, Certainty::Proven))
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

/// Whether the value of the parameter says that it is public, as Mapbox's `pk.` does.
fn is_public_token(url: &str, name: &str) -> bool {
    let Some((_, query)) = url.split_once('?') else {
        return false;
    };
    query.split('&').any(|pair| {
        pair.split_once('=')
            .is_some_and(|(key, value)| key == name && value.starts_with("pk."))
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
