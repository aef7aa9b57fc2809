use super::granted::{Named, imitated, is_foreign_tenant, is_insecure};
use super::reader::{Cause, cause};
use super::words::{credentials_clause, fact, grant_details, input_certainty};
use super::{Context, FetchView, Findings, Rule, Visit, declare_rule};
use crate::facts::{Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Evidence, Severity};
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
    /// - variant `look-alike`: the reader's name imitates the server's, or that of another origin it grants, in a way
    ///   that only a careless comparison lets pass (see `lookalike-origin-accepted`). Likely, high at most.
    /// - reach `network`: an https server grants an http page, which anyone between the user and that page rewrites
    ///   (see `insecure-scheme-origin-trusted`). High with sensitive data, else medium; one step less where browsers know
    ///   that the page's host demands https.
    /// - reach `tenant`: the reader is somebody's corner of a shared platform (see `shared-hosting-origin-trusted`).
    ///   Likely; high with sensitive data, else medium.
    ///
    /// Severity is that of the matrix: who can be the reader, whether the session was seen or declared to travel across
    /// sites, whether the data is known to be sensitive. Session cookies bound to their site take it down.
    ///
    /// Silent, and a row of `cors-trust-inventory` instead: a widget or API host whose site was never opened as a page;
    /// sites named by `--first-party`; a reader that the server's pages know; an endpoint that refused somebody; empty
    /// answers, beacons, public assets; a URL that gave the same body without credentials; tokens that only the page's
    /// script holds. Grants to `null` alone belong to `null-origin-allowed`.
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

impl Rule for AnySiteAuthenticatedRead {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let Some(cause) = cause(cx, view, &policy) else {
            return;
        };
        let kinds = sensitive_kinds(view);
        let (severity, travels) = cause.severity(cx, view);
        let (severity, variant) = match &cause {
            _ if cx.is_collector(policy.target) => (Severity::Info, "third-party"),
            Cause::Stranger(_) => (severity, "stranger"),
            Cause::Imitated { .. } => (severity, "look-alike"),
            Cause::Reflected { .. } | Cause::Insecure { .. } | Cause::Tenant => (severity, ""),
        };
        out.report(Self::DECLARATION)
            .severity(severity)
            .confidence(confidence(view, cause.is_sure()).min(travels))
            .variant(variant)
            .reach(cause.reach().as_str())
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let mut details = grant_details(&policy, message(view, &policy, &cause, &kinds));
                details.evidence.extend(proof(cx, view, &policy, &cause));
                details.sensitive_kinds = kinds;
                details.title = title(&cause);
                details.fix = fix(&cause);
                details
            });
    }
}

/// What is the matter where it is not any web page that can read.
fn title(cause: &Cause) -> Option<&'static str> {
    match cause {
        Cause::Insecure { .. } => {
            Some("a page that anyone on the network can rewrite can read the signed-in user's data")
        }
        Cause::Tenant => {
            Some("a stranger's page on a shared platform can read the signed-in user's data")
        }
        Cause::Reflected { .. } | Cause::Imitated { .. } | Cause::Stranger(_) => None,
    }
}

fn fix(cause: &Cause) -> Option<String> {
    let fix = match cause {
        Cause::Insecure { .. } => "Grant https origins alone, and redirect the page to https.",
        Cause::Tenant => {
            "Serve the page from a domain of your own, and grant that one; or send no Access-Control-Allow-Credentials."
        }
        Cause::Reflected { .. } | Cause::Imitated { .. } | Cause::Stranger(_) => return None,
    };
    Some(fix.to_owned())
}

/// Each clause that is inferred takes a step.
fn confidence(view: FetchView<'_>, cause_is_sure: bool) -> Certainty {
    let inputs = input_certainty(view);
    let inferred_session = !authentication(view).is_seen()
        && view.judged.fetch.credentials.confidence < crate::fact::Confidence::High;
    let inferred = u8::from(!cause_is_sure)
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
    cause: &Cause,
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
    let why = match cause {
        Cause::Reflected { sites: 0 | 1, .. } => {
            "the endpoint grants whoever asks (also an origin that no list holds; nobody was refused)"
                .to_owned()
        }
        Cause::Reflected { proven: true, sites } => {
            format!("the endpoint grants whoever asks ({sites} unrelated sites, nobody refused)")
        }
        Cause::Reflected { sites, .. } => format!(
            "the endpoint granted {sites} unrelated sites and refused nobody: it seems to copy Origin"
        ),
        Cause::Imitated { form, trusted } => format!(
            "a name that imitates {trusted} ({}), which anyone could have registered: the comparison seems careless",
            form.as_str()
        ),
        Cause::Stranger(_) => {
            "an unrelated site that the server's pages never mention, so that every other site may be granted too; ask \
             with another Origin to prove it"
                .to_owned()
        }
        Cause::Insecure { strict } => format!(
            "a page without encryption, which anyone between it and the user can rewrite{}",
            if *strict {
                ", unless the browser knows that its host demands https"
            } else {
                ""
            }
        ),
        Cause::Tenant => {
            "somebody's corner of a shared platform, whose pages are not the server's".to_owned()
        }
    };
    format!("a page on {reader} {verb} the answer{what} of {method} {url} {credentials}: {why}")
}

fn proof(cx: &Context, view: FetchView<'_>, policy: &Policy<'_>, cause: &Cause) -> Vec<Evidence> {
    let mut proof = Vec::new();
    match cause {
        Cause::Reflected { .. } => {
            let granted: Vec<&str> = cx
                .endpoint(policy)
                .into_iter()
                .flat_map(|endpoint| endpoint.origins.iter())
                .filter(|(_, answered)| answered.echoed)
                .map(|(origin, _)| origin.serialised())
                .take(5)
                .collect();
            proof.push(fact("granted origins", granted.join(" ")));
        }
        Cause::Stranger(visit) => {
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
        Cause::Imitated { .. } | Cause::Insecure { .. } | Cause::Tenant => {}
    }
    proof.extend(parts(cx, view, policy));
    if !policy.response.headers.get("vary").is_some_and(|value| {
        String::from_utf8_lossy(&value)
            .to_ascii_lowercase()
            .contains("origin")
    }) {
        proof.push(fact("Vary", "does not name Origin"));
    }
    proof
}

/// The findings that are parts of this one and are not reported beside it.
fn parts(cx: &Context, view: FetchView<'_>, policy: &Policy<'_>) -> Vec<Evidence> {
    let Some(named) = Named::of(view, policy) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    if let Some((found, trusted)) = imitated(cx, policy, &named)
        && !found.is_plausible
    {
        parts.push(fact(
            "lookalike-origin-accepted",
            format!(
                "{} imitates {trusted} ({})",
                named.host,
                found.form.as_str()
            ),
        ));
    }
    if is_insecure(policy, &named) {
        parts.push(fact(
            "insecure-scheme-origin-trusted",
            "the reader's page came without encryption",
        ));
    }
    if is_foreign_tenant(policy, &named) {
        parts.push(fact(
            "shared-hosting-origin-trusted",
            "the reader is a corner of a shared platform",
        ));
    }
    parts
}
