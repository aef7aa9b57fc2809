//! From a finding to what its server has to be told.

use std::collections::BTreeSet;

use super::word::{AllowedOrigin, Word};
use crate::cors::{Code, Origin};
use crate::facts::{Relation, relation};
use crate::finding::{Category, Finding, Severity};
use crate::pairing::Fetch;

/// Origins, methods and header names that one list holds.
const MOST: usize = 12;

/// Stands where the recording does not tell which origins need the data. A name that is reserved for examples.
const EXAMPLE: &str = "https://app.example.com";

/// What a server has to be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// These origins, and no others, may read.
    Grant(AllowList),
    /// Who may embed the response (`Cross-Origin-Resource-Policy`).
    Share(ResourcePolicy),
}

/// Exact origins with what they are granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowList {
    /// The origins; at least one.
    pub origins: Vec<AllowedOrigin>,
    /// Methods; at least one.
    pub methods: Vec<Word>,
    /// Request headers beyond those that need no grant.
    pub headers: Vec<Word>,
    /// Whether the user's credentials go along.
    pub credentials: bool,
    /// How the origins were come by.
    pub basis: Basis,
}

/// How the origins of an [`AllowList`] were come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Those that were refused, all of the server's own site.
    RefusedOwn,
    /// Those that were refused, strangers among them.
    Refused,
    /// Those of the server's own site that were granted.
    Own,
    /// None is known: an example stands for them.
    Example,
}

/// Values of `Cross-Origin-Resource-Policy` that let another origin embed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourcePolicy {
    /// Pages of the same site.
    SameSite,
    /// All pages.
    CrossOrigin,
}

impl ResourcePolicy {
    /// The header's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        }
    }
}

impl Remedy {
    /// What the server of a finding has to be told; `None` where no configuration of CORS helps. `fetch` is the first
    /// fetch of the finding, if it is known.
    #[must_use]
    pub fn of(finding: &Finding, fetch: Option<&Fetch>) -> Option<Self> {
        match finding.category {
            Category::Failure => {
                let code = Code::ALL
                    .iter()
                    .find(|code| code.as_str() == finding.rule)?;
                match code {
                    Code::CorpSameOrigin | Code::CorpSameSite | Code::CorpCoep => share(finding),
                    code if is_answered_by_grant(*code) => grant(finding, fetch),
                    _ => None,
                }
            }
            // Of what puts credentials at risk, grants alone have readers; the others are repaired elsewhere.
            Category::CredentialRisk if finding.reach.is_empty() => None,
            Category::Permissive | Category::CredentialRisk | Category::Cache => restrict(finding),
            Category::Hygiene | Category::Performance | Category::Exposure => None,
        }
    }

    /// What has to be looked at before the configuration is used.
    #[must_use]
    pub fn note(&self) -> &'static str {
        match self {
            Self::Grant(list) => match list.basis {
                Basis::RefusedOwn => {
                    "The origins are those that were refused, all of the server's own site."
                }
                Basis::Refused => {
                    "The origins are those that were refused. Keep only those that you know and that need the data: \
                     the recording cannot tell a partner from an attacker."
                }
                Basis::Own => {
                    "The origins are those of the server's own site that asked. All others are refused from now on; \
                     add the partners that need the data."
                }
                Basis::Example => {
                    "Put the origins of your own pages in place of https://app.example.com. All others are refused \
                     from now on; if no other origin needs the data, send no CORS headers instead."
                }
            },
            Self::Share(ResourcePolicy::SameSite) => {
                "Pages of the same site may embed the response, no others."
            }
            Self::Share(ResourcePolicy::CrossOrigin) => {
                "Every page may embed the response from now on: only for what is public."
            }
        }
    }
}

/// Whether a server's grant is what the browser missed.
fn is_answered_by_grant(code: Code) -> bool {
    matches!(
        code,
        Code::MissingAllowOrigin
            | Code::AllowOriginMismatch
            | Code::AllowOriginMultiple
            | Code::AllowOriginInvalid
            | Code::WildcardWithCredentials
            | Code::AllowCredentialsNotTrue
            | Code::PreflightMissingAllowOrigin
            | Code::PreflightAllowOriginMismatch
            | Code::PreflightAllowOriginMultiple
            | Code::PreflightAllowOriginInvalid
            | Code::PreflightWildcardWithCredentials
            | Code::PreflightAllowCredentialsNotTrue
            | Code::PreflightBadStatus
            | Code::PreflightRedirected
            | Code::PreflightAllowMethodsUnparsable
            | Code::PreflightAllowHeadersUnparsable
            | Code::PreflightMethodNotAllowed
            | Code::PreflightHeaderNotAllowed
            | Code::PreflightAuthorizationNotListed
    )
}

/// What was refused, granted.
fn grant(finding: &Finding, fetch: Option<&Fetch>) -> Option<Remedy> {
    // There the browser protected somebody, or the server is somebody else's.
    if matches!(finding.variant, "protected" | "third-party") {
        return None;
    }
    let origins: Vec<AllowedOrigin> = finding
        .initiator_origins
        .iter()
        .filter_map(|origin| AllowedOrigin::new(origin))
        .take(MOST)
        .collect();
    if origins.is_empty() {
        return None;
    }
    let basis = if origins.iter().all(|origin| is_own(finding, origin)) {
        Basis::RefusedOwn
    } else {
        Basis::Refused
    };
    let credentials = fetch
        .and_then(|fetch| fetch.credentials.value)
        .is_some_and(|mode| mode.is_include());
    let mut methods = words(finding.methods.iter().map(String::as_str));
    methods.retain(|method| method.as_ref() != "OPTIONS");
    methods.extend(evidence(finding, "access-control-request-method"));
    Some(Remedy::Grant(AllowList {
        origins,
        methods: or_get(methods),
        headers: asked_headers(finding),
        credentials,
        basis,
    }))
}

/// What was granted to too many, granted to few.
fn restrict(finding: &Finding) -> Option<Remedy> {
    // Without a grant there is nothing to restrict, and what is merely worth knowing needs no change.
    let credentials = finding.allow_credentials.as_deref() == Some("true");
    if finding.allow_origin.is_none() || finding.severity == Severity::Info {
        return None;
    }
    // Where a sibling is the danger, no sibling is trusted unasked.
    let own: Vec<AllowedOrigin> = finding
        .initiator_origins
        .iter()
        .filter_map(|origin| AllowedOrigin::new(origin))
        .filter(|origin| finding.reach != "sibling" && is_own(finding, origin))
        .take(MOST)
        .collect();
    let (origins, basis) = if own.is_empty() {
        (vec![AllowedOrigin::new(EXAMPLE)?], Basis::Example)
    } else {
        (own, Basis::Own)
    };
    let mut methods = words(finding.methods.iter().map(String::as_str));
    methods.retain(|method| method.as_ref() != "OPTIONS");
    Some(Remedy::Grant(AllowList {
        origins,
        methods: or_get(methods),
        headers: asked_headers(finding),
        credentials,
        basis,
    }))
}

fn share(finding: &Finding) -> Option<Remedy> {
    let mut origins = finding.initiator_origins.iter().peekable();
    origins.peek()?;
    let all_own = origins
        .all(|origin| AllowedOrigin::new(origin).is_some_and(|origin| is_own(finding, &origin)));
    Some(Remedy::Share(if all_own {
        ResourcePolicy::SameSite
    } else {
        ResourcePolicy::CrossOrigin
    }))
}

/// Whether an origin is of the server's own site.
fn is_own(finding: &Finding, origin: &AllowedOrigin) -> bool {
    let parse = |text: &str| Origin::parse(text.as_bytes());
    parse(&finding.target_origin)
        .zip(parse(origin.as_ref()))
        .is_some_and(|(target, origin)| relation(&target, &origin) != Relation::CrossSite)
}

fn words<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<Word> {
    texts.filter_map(|text| Word::new(text.trim())).collect()
}

/// The words of a header that lists them, from what proves the finding.
fn evidence(finding: &Finding, name: &str) -> BTreeSet<Word> {
    let values = finding
        .evidence
        .iter()
        .filter(|evidence| evidence.name.eq_ignore_ascii_case(name))
        .flat_map(|evidence| evidence.value.split(','));
    words(values)
}

fn asked_headers(finding: &Finding) -> Vec<Word> {
    evidence(finding, "access-control-request-headers")
        .into_iter()
        .take(MOST)
        .collect()
}

fn or_get(methods: BTreeSet<Word>) -> Vec<Word> {
    let methods: Vec<Word> = methods.into_iter().take(MOST).collect();
    if methods.is_empty() {
        Word::new("GET").into_iter().collect()
    } else {
        methods
    }
}
