//! Verdicts and their codes, in the order in which a browser meets the checks.

use std::fmt;

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::fact::Confidence;

/// What a browser did with a fetch, as computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Verdict {
    /// The exact outcome; its class follows from it.
    pub code: Code,
    /// How sure: the least sure input that changed the outcome.
    pub confidence: Confidence,
    /// Where it was decided.
    pub phase: Phase,
    /// Index of the hop that decided.
    pub hop: u16,
    /// Whose rules decided.
    pub engine: Engine,
    /// Remarks that never change the outcome.
    pub warnings: Warnings,
}

/// Classes of outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The page could read the response.
    Allowed,
    /// The browser refused for a CORS, CORP or local network reason.
    Blocked,
    /// A network reason.
    Failed,
    /// The page got an opaque response.
    Opaque,
    /// CORS did not apply.
    NotCors,
    /// The recording does not tell.
    Undetermined,
}

/// The part of a fetch that decided.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The preflight.
    Preflight,
    /// The actual request and its final response.
    Actual,
    /// A redirect response.
    Redirect,
}

/// Whose rules decide.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The Fetch Standard plus what all shipping engines do differently.
    Shipping,
    /// The Fetch Standard.
    Standard,
    /// Chromium.
    Chromium,
    /// Firefox.
    Firefox,
    /// WebKit.
    WebKit,
}

/// A set of [`Warning`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Warnings(u16);

/// Remarks that never change a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Warning {
    /// `Access-Control-Allow-Headers: *` covered `Authorization`, which the standard does not grant.
    AuthorizationCoveredByWildcard,
    /// A preflight was needed and is not in the recording.
    PreflightNotRecorded,
    /// A preflight was recorded that the computation does not ask for.
    PreflightSuperfluous,
    /// The recorder says otherwise.
    OutcomeConflict,
    /// Headers pass, the load failed, the address is private: perhaps Local Network Access.
    MaybeLna,
    /// The response came from the HTTP cache and grants another origin: `Vary: Origin` is missing.
    CacheWithoutVary,
    /// Engines differ on this fetch.
    EngineDiffers,
    /// Nothing but `net::ERR_FAILED` was recorded of a cors fetch.
    ProbablyCorsBlocked,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $class:ident;)*) => {
        /// One variant for each outcome that browsers tell apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kebab-case name, stable.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The class of the outcome.
            #[must_use]
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

codes! {
    /// `*` and credentials not included.
    OkWildcard = "ok-wildcard", Allowed;
    /// The origin is named.
    OkOriginMatch = "ok-origin-match", Allowed;
    /// The origin is named and credentials are allowed.
    OkOriginMatchCredentials = "ok-origin-match-credentials", Allowed;
    /// `null` matched an opaque or tainted origin.
    OkNullOrigin = "ok-null-origin", Allowed;
    /// `null` matched, with credentials.
    OkNullOriginCredentials = "ok-null-origin-credentials", Allowed;
    /// A beacon or ping in mode no-cors: sent and answered, and the answer is read by nobody.
    BeaconDelivered = "beacon-delivered", Allowed;
    /// Same origin throughout.
    SameOrigin = "same-origin", NotCors;
    /// A navigation.
    Navigation = "navigation", NotCors;
    /// A WebSocket handshake.
    WebSocket = "websocket", NotCors;
    /// `data:`, `about:`, `blob:` of the page.
    LocalScheme = "local-scheme", NotCors;
    /// The client is no browser.
    NonBrowserClient = "non-browser-client", NotCors;
    /// A cross-origin response in mode no-cors.
    OpaqueNoCors = "opaque-no-cors", Opaque;
    /// A redirect in redirect mode manual.
    OpaqueRedirect = "opaque-redirect", Opaque;
    /// Fetch, CORS check, step 2.
    MissingAllowOrigin = "missing-allow-origin", Blocked;
    /// Fetch, CORS check, step 4: another origin.
    AllowOriginMismatch = "allow-origin-mismatch", Blocked;
    /// Fetch, CORS check, step 4: several values.
    AllowOriginMultiple = "allow-origin-multiple", Blocked;
    /// Fetch, CORS check, step 4: not an origin.
    AllowOriginInvalid = "allow-origin-invalid", Blocked;
    /// Fetch, CORS check, step 3 and 4: `*` with credentials.
    WildcardWithCredentials = "wildcard-with-credentials", Blocked;
    /// Fetch, CORS check, step 7.
    AllowCredentialsNotTrue = "allow-credentials-not-true", Blocked;
    /// As [`Code::MissingAllowOrigin`], on the preflight.
    PreflightMissingAllowOrigin = "preflight-missing-allow-origin", Blocked;
    /// As [`Code::AllowOriginMismatch`], on the preflight.
    PreflightAllowOriginMismatch = "preflight-allow-origin-mismatch", Blocked;
    /// As [`Code::AllowOriginMultiple`], on the preflight.
    PreflightAllowOriginMultiple = "preflight-allow-origin-multiple", Blocked;
    /// As [`Code::AllowOriginInvalid`], on the preflight.
    PreflightAllowOriginInvalid = "preflight-allow-origin-invalid", Blocked;
    /// As [`Code::WildcardWithCredentials`], on the preflight.
    PreflightWildcardWithCredentials = "preflight-wildcard-with-credentials", Blocked;
    /// As [`Code::AllowCredentialsNotTrue`], on the preflight.
    PreflightAllowCredentialsNotTrue = "preflight-allow-credentials-not-true", Blocked;
    /// The preflight's status is not 200 to 299.
    PreflightBadStatus = "preflight-bad-status", Blocked;
    /// The preflight was redirected.
    PreflightRedirected = "preflight-redirected", Blocked;
    /// The preflight got no response.
    PreflightNetworkError = "preflight-network-error", Blocked;
    /// `Access-Control-Allow-Methods` is not a list of tokens.
    PreflightAllowMethodsUnparsable = "preflight-allow-methods-unparsable", Blocked;
    /// `Access-Control-Allow-Headers` is not a list of tokens.
    PreflightAllowHeadersUnparsable = "preflight-allow-headers-unparsable", Blocked;
    /// The method is not granted.
    PreflightMethodNotAllowed = "preflight-method-not-allowed", Blocked;
    /// A request header is not granted.
    PreflightHeaderNotAllowed = "preflight-header-not-allowed", Blocked;
    /// Standard only: `*` does not cover `Authorization`.
    PreflightAuthorizationNotListed = "preflight-authorization-not-listed", Blocked;
    /// Mode same-origin across origins.
    SameOriginMode = "same-origin-mode", Blocked;
    /// Not http or https.
    SchemeNotCorsEnabled = "scheme-not-cors-enabled", Blocked;
    /// Mode no-cors with a redirect mode other than follow.
    NoCorsRedirectMode = "no-cors-redirect-mode", Blocked;
    /// A redirect in redirect mode error.
    RedirectModeError = "redirect-mode-error", Blocked;
    /// `Location` with user name or password.
    RedirectWithCredentials = "redirect-with-credentials", Blocked;
    /// `Location` unparsable or not http(s).
    RedirectBadScheme = "redirect-bad-scheme", Failed;
    /// The 21st redirect.
    RedirectLimit = "redirect-limit", Failed;
    /// Chromium: a subresource URL with user name or password.
    SubresourceCredentialsBlocked = "subresource-credentials-blocked", Failed;
    /// No response.
    NetworkError = "network-error", Failed;
    /// An https page loads from http.
    MixedContent = "mixed-content", Failed;
    /// The page's Content-Security-Policy refused.
    Csp = "csp", Failed;
    /// Opaque Response Blocking: the answer is not what the element asked for.
    OrbBlocked = "orb-blocked", Failed;
    /// Cross-Origin-Resource-Policy: same-origin.
    CorpSameOrigin = "corp-same-origin", Blocked;
    /// Cross-Origin-Resource-Policy: same-site.
    CorpSameSite = "corp-same-site", Blocked;
    /// Cross-Origin-Embedder-Policy and no CORP.
    CorpCoep = "corp-coep", Blocked;
    /// Local Network Access from an insecure context.
    LnaInsecureContext = "lna-insecure-context", Blocked;
    /// Local Network Access without permission.
    LnaPermissionDenied = "lna-permission-denied", Blocked;
    /// The declared address space was another.
    LnaAddressSpaceMismatch = "lna-address-space-mismatch", Blocked;
    /// Older Chromium: the private network preflight lacked its grant.
    PnaPreflightMissingAllow = "pna-preflight-missing-allow", Blocked;
    /// Older Chromium: the private network grant was not `true`.
    PnaPreflightInvalidAllow = "pna-preflight-invalid-allow", Blocked;
    /// Firefox: CORS disabled by preference.
    CorsDisabled = "cors-disabled", Blocked;
    /// Firefox: an extension could not add Origin.
    OriginHeaderNotAdded = "origin-header-not-added", Blocked;
    /// A service worker gave an opaque response to a cors request.
    SwOpaqueForCors = "sw-opaque-for-cors", Blocked;
    /// The initiator's origin is unknown.
    UndeterminedOrigin = "undetermined-origin", Undetermined;
    /// The request mode is unknown.
    UndeterminedMode = "undetermined-mode", Undetermined;
    /// The credentials mode is unknown.
    UndeterminedCredentials = "undetermined-credentials", Undetermined;
    /// Mode no-cors, and either `sendBeacon`, whose answer nobody reads, or `fetch()`, from which it is hidden.
    UndeterminedInitiatorType = "undetermined-initiator-type", Undetermined;
    /// The response is not in the recording.
    UndeterminedResponse = "undetermined-response", Undetermined;
    /// A 304 whose stored response is not in the recording.
    Undetermined304 = "undetermined-304", Undetermined;
    /// A service worker answered.
    UndeterminedServiceWorker = "undetermined-service-worker", Undetermined;
    /// An extension or another privileged origin.
    UndeterminedPrivileged = "undetermined-privileged", Undetermined;
}

impl Class {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Opaque => "opaque",
            Self::NotCors => "not-cors",
            Self::Undetermined => "undetermined",
        }
    }
}

impl Code {
    /// The code of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl Verdict {
    /// The class of the outcome.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.class()
    }
}

impl Phase {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
            Self::Redirect => "redirect",
        }
    }
}

impl Engine {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Standard => "standard",
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }
}

impl Warning {
    /// Every warning.
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCoveredByWildcard,
        Self::PreflightNotRecorded,
        Self::PreflightSuperfluous,
        Self::OutcomeConflict,
        Self::MaybeLna,
        Self::CacheWithoutVary,
        Self::EngineDiffers,
        Self::ProbablyCorsBlocked,
    ];

    /// The kebab-case name, stable.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCoveredByWildcard => "authorization-covered-by-wildcard",
            Self::PreflightNotRecorded => "preflight-not-recorded",
            Self::PreflightSuperfluous => "preflight-superfluous",
            Self::OutcomeConflict => "outcome-conflict",
            Self::MaybeLna => "maybe-lna",
            Self::CacheWithoutVary => "cache-without-vary",
            Self::EngineDiffers => "engine-differs",
            Self::ProbablyCorsBlocked => "probably-cors-blocked",
        }
    }
}

impl Warnings {
    /// Adds a warning.
    pub fn insert(&mut self, warning: Warning) {
        self.0 |= 1 << warning as u8;
    }

    /// Removes a warning.
    pub fn remove(&mut self, warning: Warning) {
        self.0 &= !(1 << warning as u8);
    }

    /// Whether the warning is set.
    #[must_use]
    pub fn contains(self, warning: Warning) -> bool {
        self.0 & (1 << warning as u8) != 0
    }

    /// The warnings that are set.
    pub fn iter(self) -> impl Iterator<Item = Warning> {
        Warning::ALL
            .into_iter()
            .filter(move |warning| self.contains(*warning))
    }

    /// Both sets.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom("unknown verdict code"))
    }
}

impl Serialize for Warnings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Warning::as_str))
    }
}

impl<'de> Deserialize<'de> for Warnings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut warnings = Self::default();
        for name in Vec::<String>::deserialize(deserializer)? {
            let known = Warning::ALL
                .into_iter()
                .find(|known| known.as_str() == name);
            warnings.insert(known.ok_or_else(|| serde::de::Error::custom("unknown warning"))?);
        }
        Ok(warnings)
    }
}
