//! Rules: one file each, named as its id. A rule reads a fetch and its verdict and says what is wrong.
//!
//! Two passes. The first folds every recording and every fetch into one [`Context`], in any order, in as many parts as
//! there are cores. The second gives each fetch with the whole context to each rule ([`check`]), again in any order and
//! in parts ([`Findings::merge`]); [`conclude`] then lets rules speak that need no single fetch, and
//! [`Findings::finish`] folds, filters and orders. [`run`] does all of it on one thread.
//!
//! To add a rule: its file, a line in `REGISTRY`, a case file in `tests/rules/`.

mod context;
mod declaration;
mod exposed;
mod findings;
mod granted;
mod matrix;
mod reader;
mod selection;
mod words;

mod acao_copied_from_other_input;
mod any_site_authenticated_read;
mod any_subdomain_trusted;
mod authenticated_cors_response_publicly_cacheable;
mod authenticated_resource_embeddable;
mod avoidable_preflight;
mod blocked_but_processed;
mod blocked_response_set_cookie;
mod broad_preflight_grant_with_credentials;
mod cached_grant_served_to_other_origin;
mod cors_header_misspelled;
mod cors_headers_only_when_origin_sent;
mod cors_list_useless_entries;
mod cors_response_header_sent_in_request;
mod cors_trust_inventory;
mod cross_origin_isolation_incomplete;
mod cross_site_script_inclusion;
mod error_responses_lack_cors;
mod failure;
mod flash_silverlight_policy_wildcard;
mod insecure_scheme_origin_trusted;
mod lookalike_origin_accepted;
mod loopback_or_intranet_origin_trusted;
mod no_cors_fetch_of_api;
mod no_response_recorded;
mod non_web_origin_trusted;
mod null_origin_allowed;
mod placeholder_origin_configured;
mod preflight_auth_demanded;
mod preflight_bypass_content_type;
mod preflight_cache_ineffective;
mod preflight_passed_actual_blocked;
mod private_network_allow_header_broad;
mod private_network_cors_grant;
mod public_page_reaches_private_network;
mod redirect_origin_became_null;
mod redirect_target_not_cors;
mod reflected_origin;
mod response_header_not_exposed;
mod secret_in_cross_origin_url;
mod sensitive_headers_exposed;
mod shared_hosting_origin_trusted;
mod timing_allow_origin_on_private_data;
mod vary_origin_missing;
mod websocket_cross_site_accepted;
mod wildcard_on_sensitive_response;
mod wildcard_plus_allow_credentials;

pub use context::{
    Context, Dependence, Endpoint, EndpointKey, Family, Grants, Input, Portability, Reflection,
    Repetition, Site, Target, Trust, Visit,
};
pub(crate) use context::{LazyLoads, OpaqueLoads};
pub use declaration::Declaration;
pub(crate) use declaration::declare_rule;
pub use findings::{Details, Findings, Report};

use crate::audit::JudgedFetch;
use crate::exchange::{Capture, Exchange, Response};
use crate::finding::Finding;
use crate::nearest::nearest;
use crate::options::Options;

/// The rules, one line each. Failures, of which there is one for each code of a blocked verdict, register themselves.
static REGISTRY: &[&dyn Rule] = &[
    &acao_copied_from_other_input::AcaoCopiedFromOtherInput,
    &any_site_authenticated_read::AnySiteAuthenticatedRead,
    &any_subdomain_trusted::AnySubdomainTrusted,
    &authenticated_cors_response_publicly_cacheable::AuthenticatedCorsResponsePubliclyCacheable,
    &authenticated_resource_embeddable::AuthenticatedResourceEmbeddable,
    &avoidable_preflight::AvoidablePreflight,
    &blocked_but_processed::BlockedButProcessed,
    &blocked_response_set_cookie::BlockedResponseSetCookie,
    &broad_preflight_grant_with_credentials::BroadPreflightGrantWithCredentials,
    &cached_grant_served_to_other_origin::CachedGrantServedToOtherOrigin,
    &cors_header_misspelled::CorsHeaderMisspelled,
    &cors_headers_only_when_origin_sent::CorsHeadersOnlyWhenOriginSent,
    &cors_list_useless_entries::CorsListUselessEntries,
    &cors_response_header_sent_in_request::CorsResponseHeaderSentInRequest,
    &cors_trust_inventory::CorsTrustInventory,
    &cross_origin_isolation_incomplete::CrossOriginIsolationIncomplete,
    &cross_site_script_inclusion::CrossSiteScriptInclusion,
    &error_responses_lack_cors::ErrorResponsesLackCors,
    &flash_silverlight_policy_wildcard::FlashSilverlightPolicyWildcard,
    &insecure_scheme_origin_trusted::InsecureSchemeOriginTrusted,
    &lookalike_origin_accepted::LookalikeOriginAccepted,
    &loopback_or_intranet_origin_trusted::LoopbackOrIntranetOriginTrusted,
    &no_cors_fetch_of_api::NoCorsFetchOfApi,
    &no_response_recorded::NoResponseRecorded,
    &non_web_origin_trusted::NonWebOriginTrusted,
    &null_origin_allowed::NullOriginAllowed,
    &placeholder_origin_configured::PlaceholderOriginConfigured,
    &preflight_auth_demanded::PreflightAuthDemanded,
    &preflight_bypass_content_type::PreflightBypassContentType,
    &preflight_cache_ineffective::PreflightCacheIneffective,
    &preflight_passed_actual_blocked::PreflightPassedActualBlocked,
    &private_network_allow_header_broad::PrivateNetworkAllowHeaderBroad,
    &private_network_cors_grant::PrivateNetworkCorsGrant,
    &public_page_reaches_private_network::PublicPageReachesPrivateNetwork,
    &redirect_origin_became_null::RedirectOriginBecameNull,
    &redirect_target_not_cors::RedirectTargetNotCors,
    &reflected_origin::ReflectedOrigin,
    &response_header_not_exposed::ResponseHeaderNotExposed,
    &secret_in_cross_origin_url::SecretInCrossOriginUrl,
    &sensitive_headers_exposed::SensitiveHeadersExposed,
    &shared_hosting_origin_trusted::SharedHostingOriginTrusted,
    &timing_allow_origin_on_private_data::TimingAllowOriginOnPrivateData,
    &vary_origin_missing::VaryOriginMissing,
    &websocket_cross_site_accepted::WebsocketCrossSiteAccepted,
    &wildcard_on_sensitive_response::WildcardOnSensitiveResponse,
    &wildcard_plus_allow_credentials::WildcardPlusAllowCredentials,
];

/// A rule: stateless, shared between threads.
pub trait Rule: Sync {
    /// What the rule says of itself.
    fn declaration(&self) -> &'static Declaration;

    /// Looks at one fetch.
    fn check(&self, fetch: FetchView<'_>, cx: &Context, out: &mut Findings);

    /// Speaks after all fetches, from the context alone.
    fn conclude(&self, cx: &Context, out: &mut Findings) {
        let _ = (cx, out);
    }
}

/// A judged fetch with its recording: what rules and reports read.
#[derive(Clone, Copy, Debug)]
pub struct FetchView<'a> {
    /// The recording.
    pub capture: &'a Capture,
    /// The fetch and its verdict.
    pub judged: &'a JudgedFetch,
}

/// Every rule: failures in the order of their checks, then the others by id.
pub fn all() -> impl Iterator<Item = &'static dyn Rule> {
    failure::all().chain(REGISTRY.iter().copied())
}

/// What the rules say of themselves, in the order of [`all`].
pub fn declarations() -> impl Iterator<Item = &'static Declaration> {
    all().map(Rule::declaration)
}

/// The rule of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Rule> {
    all().find(|rule| rule.declaration().id == id)
}

/// Accepts the id of a rule.
///
/// # Errors
/// What is wrong with any other name, with the id that is probably meant.
pub fn check_id(name: &str) -> Result<(), String> {
    let ids = || declarations().map(|declaration| declaration.id);
    if ids().any(|id| id == name) {
        return Ok(());
    }
    Err(match nearest(name, ids()) {
        Some(id) => format!("no rule has this id; did you mean {id}?"),
        None => "no rule has this id; `corsaudit rules` lists them".to_owned(),
    })
}

/// Gives one fetch to every rule. `index` is the fetch's place in the audit's list.
pub fn check(view: FetchView<'_>, index: u32, cx: &Context, out: &mut Findings) {
    out.begin(Some(index));
    if let Some(rule) = failure::of(view.judged.verdict.code) {
        rule.check(view, cx, out);
    }
    for rule in REGISTRY {
        rule.check(view, cx, out);
    }
}

/// Lets every rule speak once after all fetches.
pub fn conclude(cx: &Context, out: &mut Findings) {
    out.begin(None);
    for rule in all() {
        rule.conclude(cx, out);
    }
}

/// Audits judged fetches on this thread.
#[must_use]
pub fn run(captures: &[Capture], fetches: &[JudgedFetch], options: &Options) -> Vec<Finding> {
    let mut cx = Context::new(options);
    for capture in captures {
        cx.observe_capture(capture);
    }
    for view in views(captures, fetches).map(|(_, view)| view) {
        cx.observe(view);
    }
    let mut out = Findings::new();
    for (index, view) in views(captures, fetches) {
        check(view, index, &cx, &mut out);
    }
    conclude(&cx, &mut out);
    out.finish(options, fetches.len(), |index, out| {
        let judged = &fetches[index as usize];
        let capture = &captures[judged.capture as usize];
        check(FetchView { capture, judged }, index, &cx, out);
    })
}

fn views<'a>(
    captures: &'a [Capture],
    fetches: &'a [JudgedFetch],
) -> impl Iterator<Item = (u32, FetchView<'a>)> {
    (0..).zip(fetches).filter_map(|(index, judged)| {
        let capture = captures.get(judged.capture as usize)?;
        Some((index, FetchView { capture, judged }))
    })
}

impl<'a> FetchView<'a> {
    /// The exchange whose answer the page could, or could not, read: the one of the last recorded hop.
    #[must_use]
    pub fn last(&self) -> Option<&'a Exchange> {
        self.judged.fetch.last(self.capture)
    }

    /// The answer to the actual request of the last hop; never a preflight's.
    #[must_use]
    pub fn actual_response(&self) -> Option<&'a Response> {
        let hop = self.judged.fetch.hops.last()?;
        self.capture
            .exchanges
            .get(hop.exchange? as usize)?
            .response()
    }

    /// The exchange that decided the verdict: the deciding hop's preflight or actual exchange.
    #[must_use]
    pub fn deciding(&self) -> Option<&'a Exchange> {
        let verdict = &self.judged.verdict;
        let hop = self.judged.fetch.hops.get(usize::from(verdict.hop))?;
        let index = match verdict.phase {
            crate::cors::Phase::Preflight => hop.preflight.exchange().or(hop.exchange),
            _ => hop.exchange.or(hop.preflight.exchange()),
        };
        self.capture.exchanges.get(index? as usize)
    }
}
