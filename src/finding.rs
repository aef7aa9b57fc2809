//! Findings: what an audit says.

use std::fmt;

use crate::exchange::Locus;

/// One finding: same rule, same endpoint, same variant, same reach; occurrences counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Hash of rule, host, endpoint template, variant and reach: stable across machines and runs.
    pub fingerprint: String,
    /// Rule id.
    pub rule: &'static str,
    /// Category of the rule.
    pub category: Category,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Certainty,
    /// The rule's title.
    pub title: &'static str,
    /// One sentence with real values, secrets replaced.
    pub message: String,
    /// Who can be the reader: `any-site`, `tenant`, `network`, `sibling`, `listed`; empty where it does not apply.
    pub reach: &'static str,
    /// Variant of the rule (`near`, `preflight` ...); empty without.
    pub variant: &'static str,
    /// `preflight`, `actual` or `redirect`; empty where it does not apply.
    pub phase: &'static str,
    /// Origins that asked, sorted.
    pub initiator_origins: Vec<String>,
    /// Origin of the server.
    pub target_origin: String,
    /// Path template.
    pub endpoint: String,
    /// Methods, sorted.
    pub methods: Vec<String>,
    /// Status of the first sample's response.
    pub status: Option<u16>,
    /// `Access-Control-Allow-Origin` of the first sample.
    pub allow_origin: Option<String>,
    /// `Access-Control-Allow-Credentials` of the first sample.
    pub allow_credentials: Option<String>,
    /// Error name in the browser whose rules decided.
    pub browser_error: Option<String>,
    /// How often.
    pub count: u64,
    /// Up to three places.
    pub samples: Vec<Sample>,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// Kinds of sensitive data seen.
    pub sensitive_kinds: Vec<&'static str>,
    /// What to change.
    pub fix: String,
    /// Standards, guides, weakness ids.
    pub references: Vec<&'static str>,
    /// Ids of the fetches, up to as many as samples.
    pub fetches: Vec<String>,
}

impl Finding {
    /// Host of the server, without scheme and port.
    #[must_use]
    pub fn target_host(&self) -> &str {
        let origin = &*self.target_origin;
        let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

/// A place in a recording.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The recording, by name.
    pub file: std::sync::Arc<str>,
    /// Where in it.
    pub locus: Locus,
}

/// A recorded value that a finding rests on, secrets replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Header or fact.
    pub name: String,
    /// Its value, or kind, length and keyed hash of it.
    pub value: String,
    /// `request`, `response`, `preflight-request`, `preflight-response`, `recording`; `browser` for a sentence that the
    /// browser prints.
    pub place: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing, no defect by itself.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A pattern only; hidden unless asked for.
    Hint,
    /// Exactly one clause was inferred.
    Likely,
    /// Every clause is in the recording.
    Proven,
}

/// Categories of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// What the browser blocked, and why.
    Failure,
    /// A policy that allows too much.
    Permissive,
    /// A signed-in user's data or actions are at risk.
    CredentialRisk,
    /// Shared caches and CORS.
    Cache,
    /// Useless or misspelt configuration.
    Hygiene,
    /// Needless round trips.
    Performance,
    /// Cross-origin exposure outside CORS.
    Exposure,
}

macro_rules! labels {
    ($type:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The value of a label.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }

            /// The label of reports and options.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

labels!(Severity { Info = "info", Low = "low", Medium = "medium", High = "high", Critical = "critical" });
labels!(Certainty { Hint = "hint", Likely = "likely", Proven = "proven" });
labels!(Category {
    Failure = "failure",
    Permissive = "permissive",
    CredentialRisk = "credential-risk",
    Cache = "cache",
    Hygiene = "hygiene",
    Performance = "performance",
    Exposure = "exposure",
});
