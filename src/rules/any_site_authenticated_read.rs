use super::words::{
    any_site_severity, credentials_clause, fact, grant_details, input_certainty,
    is_authenticated_read,
};
use super::{Context, FetchView, Findings, Rule, Visit, declare_rule};
use crate::facts::{Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A page read an answer with the signed-in user's credentials (`Access-Control-Allow-Origin` equal to its origin,
    /// `Access-Control-Allow-Credentials: true`, a 2xx answer with data), and the page could have been anyone's:
    ///
    /// - *reflected*: the endpoint granted unrelated sites and refused nobody. Proven with three unrelated sites, or with
    ///   an origin that no allow-list holds (`null`, a Firefox extension's random origin, an address or localhost with a
    ///   port, a stranger's corner of a shared host); likely with two.
    /// - variant `stranger`: one origin alone was seen, which cannot tell reflection from a list. Yet the recording shows
    ///   what a list cannot excuse: the reader is a web page of another, unrelated site, opened in a tab of its own; the
    ///   server's own site was opened in a tab too, with a session; no page of the server's site ever asked, linked or
    ///   redirected to the reader's site; and no origin was refused there. Likely, and high if pages of the very same
    ///   origin were opened (the data belongs to an application that people sign in to), else medium. Never critical.
    ///
    /// Silent, and a row of `cors-trust-inventory` instead: a widget or API host whose site was never opened as a page;
    /// sites named by `--first-party`; a reader that the server's pages know; an endpoint that refused somebody; empty
    /// answers, beacons, public assets, bodies that were the same without credentials; tokens that only the page's script
    /// holds. Grants to `null` alone belong to `null-origin-allowed`.
    ///
    /// ## Why it matters
    /// Whoever gets a signed-in user to open a page reads that user's data, and where a method other than GET, HEAD and
    /// POST was granted, changes it. The parts of this finding (reflection, credentials, missing Vary) are evidence here
    /// and are not reported a second time.
    ///
    /// ## Example
    /// ```text
    /// GET https://bank.test/api/balance
    /// Origin: https://evil-songs.test
    /// Cookie: session=...
    ///
    /// 200
    /// Access-Control-Allow-Origin: https://evil-songs.test
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Compare Origin by exact string with a list of the origins that need the data, and send
    /// Access-Control-Allow-Credentials to those alone; if none needs it, send no CORS headers.
    ///
    /// ## References
    /// - CWE-942
    /// - CWE-346
    /// - OWASP API8:2023
    /// - OWASP ASVS 5 3.4.2
    /// - Fetch Standard, section 3.3, CORS protocol
    /// - Kettle 2016, Exploiting CORS misconfigurations for Bitcoins and bounties
    AnySiteAuthenticatedRead {
        id: "any-site-authenticated-read", category: CredentialRisk, severity: High, since: "0.1.0",
        title: "any web page can read the signed-in user's data"
    }
}

/// Why the reader could have been anyone.
enum Reach {
    Reflected { proven: bool, sites: usize },
    Stranger(Visit),
}

impl Rule for AnySiteAuthenticatedRead {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        if !is_authenticated_read(cx, view, &policy) {
            return;
        }
        let Some(reach) = reach(cx, &policy) else {
            return;
        };
        let collector = cx.is_collector(policy.target);
        let kinds = sensitive_kinds(view);
        let matrix = any_site_severity(cx, view, !kinds.is_empty());
        let (severity, variant) = match &reach {
            _ if collector => (Severity::Info, "third-party"),
            Reach::Reflected { proven: true, .. } => (matrix, ""),
            Reach::Reflected { proven: false, .. } => (matrix.min(Severity::High), ""),
            Reach::Stranger(Visit::Origin) => (matrix.min(Severity::High), "stranger"),
            Reach::Stranger(Visit::Site) => (matrix.min(Severity::Medium), "stranger"),
        };
        let sure = matches!(&reach, Reach::Reflected { proven: true, .. });
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence(view, sure))
            .variant(variant)
            .reach("any-site")
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let mut details = grant_details(&policy, message(view, &policy, &reach, &kinds));
                details.evidence.extend(proof(cx, &policy, &reach));
                details.sensitive_kinds = kinds;
                details
            });
    }
}

fn reach(cx: &Context, policy: &Policy<'_>) -> Option<Reach> {
    let endpoint = cx.endpoint(policy)?;
    if let Some(reflection) = cx.reflection(endpoint, policy.target) {
        return Some(Reach::Reflected {
            proven: reflection.is_proven(),
            sites: reflection.sites,
        });
    }
    if endpoint.refused_any() {
        return None;
    }
    cx.stranger(policy.reader?, policy.target)
        .map(Reach::Stranger)
}

/// Each clause that is inferred takes a step.
fn confidence(view: FetchView<'_>, reach_is_sure: bool) -> Certainty {
    let inputs = input_certainty(view);
    let inferred_session = !authentication(view).is_seen()
        && view.judged.fetch.credentials.confidence < crate::fact::Confidence::High;
    let inferred = u8::from(!reach_is_sure)
        + u8::from(inferred_session)
        + u8::from(inputs == Certainty::Likely);
    match inferred {
        _ if inputs == Certainty::Hint => Certainty::Hint,
        0 if authentication(view).is_seen() => Certainty::Proven,
        0 | 1 => Certainty::Likely,
        _ => Certainty::Hint,
    }
}

fn message(
    view: FetchView<'_>,
    policy: &Policy<'_>,
    reach: &Reach,
    kinds: &[&'static str],
) -> String {
    let reader = policy.reader.map_or("null", |origin| origin.serialised());
    let verb = if policy.exchange.request.method.is_cors_safelisted() {
        "read"
    } else {
        "changed and read"
    };
    let what = if kinds.is_empty() {
        String::new()
    } else {
        format!(" ({})", kinds.join(", "))
    };
    let url = redact::url(&policy.exchange.request.url);
    let method = policy.exchange.request.method.as_str();
    let credentials = credentials_clause(view);
    let why = match reach {
        Reach::Reflected { sites: 0 | 1, .. } => {
            "the endpoint grants whoever asks (also an origin that no list holds; nobody was refused)"
                .to_owned()
        }
        Reach::Reflected { proven: true, sites } => {
            format!("the endpoint grants whoever asks ({sites} unrelated sites, nobody refused)")
        }
        Reach::Reflected { sites, .. } => format!(
            "the endpoint granted {sites} unrelated sites and refused nobody: it seems to copy Origin"
        ),
        Reach::Stranger(_) => {
            "an unrelated site that the server's pages never mention, so that every other site may be granted too; ask \
             with another Origin to prove it"
                .to_owned()
        }
    };
    format!("a page on {reader} {verb} the answer{what} of {method} {url} {credentials}: {why}")
}

fn proof(cx: &Context, policy: &Policy<'_>, reach: &Reach) -> Vec<crate::finding::Evidence> {
    let mut proof = Vec::new();
    match reach {
        Reach::Reflected { .. } => {
            let granted: Vec<&str> = cx
                .endpoint(policy)
                .into_iter()
                .flat_map(|endpoint| &endpoint.origins)
                .filter(|(_, grant)| grant.echoed > 0)
                .map(|(origin, _)| origin.serialised())
                .take(5)
                .collect();
            proof.push(fact("granted origins", granted.join(" ")));
        }
        Reach::Stranger(visit) => {
            let host = policy.target.host().unwrap_or("");
            proof.push(fact(
                "opened as a page",
                match visit {
                    Visit::Origin => policy.target.serialised().to_owned(),
                    Visit::Site => format!("another host of {}", crate::facts::site_host(host)),
                },
            ));
            let seen = cx.site(host).is_some_and(|site| site.has_session);
            proof.push(fact(
                "session on that page",
                if seen {
                    "cookie set or sent"
                } else {
                    "unknown: the export holds no cookies"
                },
            ));
            proof.push(fact(
                "requests, links, redirects from there to the reader",
                "none",
            ));
            proof.push(fact("origins refused by the endpoint", "none"));
        }
    }
    if !policy.response.headers.get("vary").is_some_and(|value| {
        String::from_utf8_lossy(&value)
            .to_ascii_lowercase()
            .contains("origin")
    }) {
        proof.push(fact("Vary", "does not name Origin"));
    }
    proof
}
