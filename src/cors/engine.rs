//! Where shipping engines leave the standard (`--engine`). Every difference of verdicts is one method here; the
//! conformance vector that proves it is named beside it.

use super::verdict::Engine;

/// How an engine keeps CORS-preflight cache entries (Fetch Standard, section 4.9).
#[derive(Clone, Copy, Debug)]
pub(super) struct CacheProfile {
    /// Longest life of an entry, in seconds; `None`: no limit. Vectors `pc-cap-*`.
    pub(super) cap: Option<u64>,
    /// Whether a cached `*` answers for every method and header. Firefox keeps it as a literal: `pc-star-method`.
    pub(super) wildcard: bool,
    /// Whether a cached `*` answers for `Authorization` too.
    pub(super) wildcard_covers_authorization: bool,
    /// Whether an entry serves requests of its own credentials flag only. Firefox: `pc-cred-for-noncred`.
    pub(super) keyed_by_credentials: bool,
    /// Whether an unreadable `Access-Control-Max-Age` keeps the answer out of the cache. Firefox: `pc-float`.
    pub(super) bad_max_age_stores_nothing: bool,
    /// Whether a negative `Access-Control-Max-Age` counts as 0 rather than as absent.
    pub(super) negative_max_age_is_zero: bool,
    /// Whether a forced preflight asks for a safelisted method in the cache. Standard only: `pc-forced`.
    pub(super) forced_needs_method: bool,
    /// Whether HEAD has to be listed. Firefox.
    pub(super) head_needs_method: bool,
}

impl Engine {
    /// `Access-Control-Allow-Headers: *` covers `Authorization`: every shipping engine, against the standard
    /// (`ph-auth-star`).
    pub(super) fn wildcard_covers_authorization(self) -> bool {
        self != Self::Standard
    }

    /// The preflight's status is judged before its CORS check: WebKit (`np-put`).
    pub(super) fn judges_preflight_status_first(self) -> bool {
        self == Self::WebKit
    }

    /// A redirected preflight is judged by its CORS check first, and refused as a redirect after: Firefox, measured.
    pub(super) fn judges_preflight_origin_before_redirect(self) -> bool {
        self == Self::Firefox
    }

    /// The preflight's method is judged before `Access-Control-Allow-Headers` is read: Firefox
    /// (`pf-method-vs-broken-headers`).
    pub(super) fn judges_method_before_reading_headers(self) -> bool {
        self == Self::Firefox
    }

    /// The preflight of a redirect-tainted hop carries the page's origin, the request itself `null`: Firefox
    /// (`rd-pf-second-origin`).
    pub(super) fn preflights_with_page_origin(self) -> bool {
        self == Self::Firefox
    }

    /// Once preflighted, every later cross-origin hop is: Firefox (`rd-auth-dropped`, `rd-put-303`).
    pub(super) fn keeps_preflighting(self) -> bool {
        self == Self::Firefox
    }

    /// A name that the script set twice stands twice in `Access-Control-Request-Headers`: Firefox, WebKit.
    pub(super) fn repeats_header_names(self) -> bool {
        matches!(self, Self::Firefox | Self::WebKit)
    }

    /// Lines of one name are joined before they are judged. The standard judges each (`total-1024`).
    pub(super) fn joins_author_lines(self) -> bool {
        matches!(self, Self::Chromium | Self::Firefox | Self::WebKit)
    }

    /// A script-set `User-Agent` is dropped without a word: Chromium (`np-user-agent`).
    pub(super) fn drops_user_agent(self) -> bool {
        self == Self::Chromium
    }

    /// Client hints with well-formed values are safelisted: Chromium (`np-save-data`, `np-width`, `np-ect`).
    pub(super) fn safelists_client_hints(self) -> bool {
        self == Self::Chromium
    }

    /// `Accept` with bytes from 0x80 is unsafe: Firefox.
    pub(super) fn refuses_non_ascii_accept(self) -> bool {
        self == Self::Firefox
    }

    /// The first number of a `Range` that is not safelisted any more: Chromium saturates signed, Firefox unsigned
    /// 64 bit numbers (`range-27`, `range-28`).
    pub(super) fn range_limit(self) -> Option<u128> {
        match self {
            Self::Chromium => Some(i64::MAX as u128),
            Self::Firefox => Some(u64::MAX as u128 + 1),
            Self::Shipping | Self::Standard | Self::WebKit => None,
        }
    }

    /// Subresource URLs with user name or password are refused: Chromium (`rd-userinfo-same`).
    pub(super) fn refuses_userinfo(self) -> bool {
        self == Self::Chromium
    }

    /// The scheme is judged before mode same-origin: Chromium.
    pub(super) fn judges_scheme_first(self) -> bool {
        self == Self::Chromium
    }

    /// A redirect to a hierarchical scheme such as ftp is followed and then refused by CORS, while `data:` and
    /// `blob:` fail in the network layer (`rd-data`): Chromium and Firefox, both measured.
    pub(super) fn follows_to_other_schemes(self) -> bool {
        matches!(self, Self::Chromium | Self::Firefox)
    }

    /// Local Network Access is enforced: the specification (taken into the standard profile) and Chromium
    /// (`lna-public-local-denied`).
    pub(super) fn checks_local_network(self) -> bool {
        matches!(self, Self::Standard | Self::Chromium)
    }

    /// Local Network Access concerns public pages only: Chromium (`lna-local-loopback-denied`).
    pub(super) fn checks_public_pages_only(self) -> bool {
        self == Self::Chromium
    }

    /// How the engine keeps preflight answers.
    pub(super) fn preflight_cache(self) -> CacheProfile {
        let standard = CacheProfile {
            cap: None,
            wildcard: true,
            wildcard_covers_authorization: false,
            keyed_by_credentials: false,
            bad_max_age_stores_nothing: false,
            negative_max_age_is_zero: false,
            forced_needs_method: true,
            head_needs_method: false,
        };
        match self {
            Self::Standard => standard,
            Self::Shipping => CacheProfile {
                forced_needs_method: false,
                ..standard
            },
            Self::Chromium => CacheProfile {
                cap: Some(7200),
                negative_max_age_is_zero: true,
                forced_needs_method: false,
                ..standard
            },
            Self::Firefox => CacheProfile {
                cap: Some(86_400),
                wildcard: false,
                keyed_by_credentials: true,
                bad_max_age_stores_nothing: true,
                forced_needs_method: false,
                head_needs_method: true,
                ..standard
            },
            Self::WebKit => CacheProfile {
                cap: Some(600),
                wildcard_covers_authorization: true,
                negative_max_age_is_zero: true,
                forced_needs_method: false,
                ..standard
            },
        }
    }
}
