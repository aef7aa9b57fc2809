use super::granted::{Standing, standing};
use super::words::{answer_details, evidence};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::cors::{Class, CredentialsMode, Engine, Phase, Warning};
use crate::facts::{Policy, Relation, SameSite, same_site_of_cookie};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// The browser hid an answer from the page, yet stored the cookies that came with it: the request included credentials,
    /// and the answer carries `Set-Cookie`. Low; medium if the cookie's name is that of a session and it was not merely
    /// deleted, for then a stranger's page may sign a user in as somebody else. Info where the server merely serves the
    /// page under review.
    ///
    /// Proven where the credentials were on the wire; a hint where they are inferred. Across sites browsers store a cookie
    /// with `SameSite=None; Secure` alone; one without the attribute is a hint in Chromium, which takes it for `Lax`, and
    /// likely elsewhere. Silent: requests without credentials; cookies bound to their site, across sites; cookies that
    /// balancers and bot filters set on every answer; preflights; collectors.
    ///
    /// ## Why it matters
    /// Cookies are stored before the CORS check. A blocked request that signs somebody in, or out, or changes a setting
    /// kept in a cookie, has done so.
    ///
    /// ## Example
    /// ```text
    /// POST https://shop.test/session
    /// Origin: https://evil.test
    /// Cookie: ...
    ///
    /// 200, no Access-Control-Allow-Origin
    /// Set-Cookie: sid=...; Secure; SameSite=None
    /// ```
    ///
    /// ## Fix
    /// Check Origin or Sec-Fetch-Site before a cookie is set, and give session cookies `SameSite=Lax` or `Strict`.
    ///
    /// ## References
    /// - CWE-352
    /// - CWE-384
    /// - Fetch Standard, section 4.7, HTTP-network fetch
    BlockedResponseSetCookie {
        id: "blocked-response-set-cookie", category: CredentialRisk, severity: Low, since: "0.1.0",
        title: "a blocked answer changed the user's cookies"
    }
}

/// Beginnings of the names of cookies that balancers, delivery networks and bot filters set, in lower case.
const INFRASTRUCTURE: &[&str] = &[
    "__cf",
    "_abck",
    "ak_",
    "akaalb",
    "alb",
    "apigw",
    "arraffinity",
    "aws",
    "bigip",
    "bm_",
    "cf_",
    "datadome",
    "incap_",
    "nlbi_",
    "reese84",
    "route",
    "serverid",
    "srv",
    "ts0",
    "visid_incap",
];

/// Parts of the names of session cookies, in lower case.
const SESSION_WORDS: &[&str] = &["auth", "jwt", "login", "sess", "token"];

impl Rule for BlockedResponseSetCookie {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let verdict = &view.judged.verdict;
        if verdict.class() != Class::Blocked
            || verdict.phase != Phase::Actual
            || verdict.warnings.contains(Warning::OutcomeConflict)
            || view.judged.fetch.credentials.value != Some(CredentialsMode::Include)
        {
            return;
        }
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let hints = &policy.exchange.hints;
        if hints.via_service_worker || hints.from_cache || cx.is_collector(policy.target) {
            return;
        }
        let crosses = Relation::of(view) != Some(Relation::SameSite);
        let Some(cookie) = worst_cookie(&policy, crosses, verdict.engine) else {
            return;
        };
        let severity = if standing(cx, &policy) == Standing::Service {
            Severity::Info
        } else if cookie.is_session {
            Severity::Medium
        } else {
            Severity::Low
        };
        let on_record = view.judged.fetch.credentials.confidence >= crate::fact::Confidence::High;
        let confidence = if on_record {
            cookie.certainty
        } else {
            Certainty::Hint
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence)
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let reader = policy.reader.map_or("an unknown origin", |o| o.serialised());
                let method = policy.exchange.request.method.as_str();
                let what = if cookie.is_session {
                    "the session cookie"
                } else {
                    "the cookie"
                };
                let line = redact::header_value("Set-Cookie", cookie.line);
                let name = line.split('=').next().unwrap_or("").to_owned();
                let mut details = answer_details(
                    policy.exchange,
                    policy.response,
                    format!(
                        "{method} {url} from {reader} was blocked ({}), but {what} `{name}` of its answer was stored",
                        verdict.code
                    ),
                );
                details
                    .evidence
                    .push(evidence("Set-Cookie", cookie.line, "response"));
                details
            });
    }
}

struct Cookie<'a> {
    line: &'a [u8],
    is_session: bool,
    certainty: Certainty,
}

/// The cookie that tells most: a session's before another's, then the one that was stored most surely.
fn worst_cookie<'a>(policy: &Policy<'a>, crosses: bool, engine: Engine) -> Option<Cookie<'a>> {
    let mut worst: Option<Cookie<'a>> = None;
    for line in policy.response.headers.lines("set-cookie") {
        let name_end = line.iter().position(|byte| *byte == b'=').unwrap_or(0);
        let name = String::from_utf8_lossy(&line[..name_end]).to_ascii_lowercase();
        if INFRASTRUCTURE.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let certainty = match same_site_of_cookie(line) {
            _ if !crosses => Certainty::Proven,
            SameSite::Unbound => Certainty::Proven,
            SameSite::Bound => continue,
            SameSite::Unspecified if engine == Engine::Chromium => Certainty::Hint,
            SameSite::Unspecified => Certainty::Likely,
        };
        let is_session = is_session_name(&name) && !is_deletion(line);
        if worst
            .as_ref()
            .is_none_or(|known| (is_session, certainty) > (known.is_session, known.certainty))
        {
            worst = Some(Cookie {
                line,
                is_session,
                certainty,
            });
        }
    }
    worst
}

fn is_session_name(name: &str) -> bool {
    // A token against forgery opens nothing; an author is no authentication.
    if name.contains("csrf") || name.contains("xsrf") || name.contains("author") {
        return false;
    }
    SESSION_WORDS.iter().any(|word| name.contains(word))
        || name
            .split(['-', '_', '.'])
            .any(|word| matches!(word, "sid" | "connect"))
        || name.ends_with("sessid")
}

/// Whether the line takes a cookie away: an age of nothing, or an end at the beginning of time.
fn is_deletion(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    line.split(';').skip(1).any(|attribute| {
        let attribute = attribute.trim();
        attribute
            .strip_prefix("max-age=")
            .is_some_and(|age| age == "0" || age.starts_with('-'))
            || attribute
                .strip_prefix("expires=")
                .is_some_and(|date| date.contains("1970"))
    })
}
