//! Facts about a fetch: a value, how sure we are, and what it rests on.

use std::fmt;

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// How sure a fact or verdict is, from sure to unsure (`verdict.md`, section 7).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Nothing in the recording decides.
    Undetermined,
    /// A guess that frames, workers or caches make wrong now and then.
    Low,
    /// Usually so.
    Medium,
    /// So in every case measured.
    High,
    /// On the wire, in bytes only a browser can write.
    Certain,
}

/// A fact: `None` when the recording does not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Fact<T> {
    /// The value.
    pub value: Option<T>,
    /// How sure.
    pub confidence: Confidence,
    /// What it rests on.
    pub basis: Basis,
}

/// What a fact rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Basis {
    /// Nothing in the recording.
    None,
    /// The `Origin` header.
    OriginHeader,
    /// The `Origin` of the paired preflight.
    PreflightOrigin,
    /// `Sec-Fetch-Site`.
    SecFetchSite,
    /// `Service-Worker: script`.
    ServiceWorkerScript,
    /// The document that the HTML parser worked on.
    InitiatorParser,
    /// The page that the entry refers to.
    PageUrl,
    /// `Referer`.
    Referer,
    /// The `Origin` of a later hop of the same fetch.
    LaterHop,
    /// `Sec-Fetch-Mode`.
    SecFetchMode,
    /// A paired preflight.
    PairedPreflight,
    /// A WebSocket handshake.
    WebSocketHandshake,
    /// Complete headers of a cross-origin request without `Origin`.
    NoOrigin,
    /// `Origin` on GET or HEAD.
    OriginOnGet,
    /// A Content-Type or header that neither forms nor no-cors requests can send.
    UnsafeForNoCors,
    /// Headers that browsers put on navigations.
    NavigationHeaders,
    /// The kind of load that the recorder names.
    ResourceType,
    /// A response that arrived without headers: Chromium emptied a no-cors answer (Opaque Response Blocking).
    EmptiedResponse,
    /// A `Cookie` header.
    CookieHeader,
    /// Cookies listed by the recorder.
    HarCookies,
    /// `Sec-Fetch-Storage-Access`.
    StorageAccess,
    /// Browser-managed Authorization that no preflight announced.
    AuthorizationWithoutPreflight,
    /// Authorization set by the script: says nothing about credentials.
    ScriptAuthorization,
    /// Which requests share the connection.
    ConnectionPartition,
    /// A usable cookie of the recording that was not sent.
    JarCookieNotSent,
    /// What the recorder says of the outcome.
    Outcome,
    /// The value follows from the verdict being the same for all values.
    SameEitherWay,
}

impl<T> Fact<T> {
    /// A known value.
    pub fn new(value: T, confidence: Confidence, basis: Basis) -> Self {
        Self {
            value: Some(value),
            confidence,
            basis,
        }
    }

    /// Nothing known.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            value: None,
            confidence: Confidence::Undetermined,
            basis: Basis::None,
        }
    }
}

impl Confidence {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undetermined => "undetermined",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Certain => "certain",
        }
    }
}

impl Basis {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OriginHeader => "origin-header",
            Self::PreflightOrigin => "preflight-origin",
            Self::SecFetchSite => "sec-fetch-site",
            Self::ServiceWorkerScript => "service-worker-script",
            Self::InitiatorParser => "initiator-parser",
            Self::PageUrl => "page-url",
            Self::Referer => "referer",
            Self::LaterHop => "later-hop",
            Self::SecFetchMode => "sec-fetch-mode",
            Self::PairedPreflight => "paired-preflight",
            Self::WebSocketHandshake => "websocket-handshake",
            Self::NoOrigin => "no-origin",
            Self::OriginOnGet => "origin-on-get",
            Self::UnsafeForNoCors => "unsafe-for-no-cors",
            Self::NavigationHeaders => "navigation-headers",
            Self::ResourceType => "resource-type",
            Self::EmptiedResponse => "emptied-response",
            Self::CookieHeader => "cookie-header",
            Self::HarCookies => "har-cookies",
            Self::StorageAccess => "storage-access",
            Self::AuthorizationWithoutPreflight => "authorization-without-preflight",
            Self::ScriptAuthorization => "script-authorization",
            Self::ConnectionPartition => "connection-partition",
            Self::JarCookieNotSent => "jar-cookie-not-sent",
            Self::Outcome => "outcome",
            Self::SameEitherWay => "same-either-way",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
