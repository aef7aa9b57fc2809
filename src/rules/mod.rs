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
mod findings;
mod granted;
mod matrix;
mod reader;
mod selection;
mod words;

mod acao_copied_from_other_input;
mod any_site_authenticated_read;
mod any_subdomain_trusted;
mod blocked_but_processed;
mod blocked_response_set_cookie;
mod broad_preflight_grant_with_credentials;
mod cors_trust_inventory;
mod failure;
mod insecure_scheme_origin_trusted;
mod lookalike_origin_accepted;
mod loopback_or_intranet_origin_trusted;
mod non_web_origin_trusted;
mod null_origin_allowed;
mod placeholder_origin_configured;
mod preflight_bypass_content_type;
mod private_network_cors_grant;
mod reflected_origin;
mod secret_in_cross_origin_url;
mod sensitive_headers_exposed;
mod shared_hosting_origin_trusted;
mod wildcard_on_sensitive_response;
mod wildcard_plus_allow_credentials;

pub use context::{
    Context, Endpoint, Family, Grant, Input, Portability, Reflection, Site, Target, Trust, Visit,
};
pub use declaration::Declaration;
pub(crate) use declaration::declare_rule;
pub use findings::{Details, Findings, Report};

use crate::audit::JudgedFetch;
use crate::exchange::{Capture, Exchange, Response};
use crate::finding::Finding;
use crate::options::Options;

/// The rules, one line each. Failures, of which there is one for each code of a blocked verdict, register themselves.
static REGISTRY: &[&dyn Rule] = &[
    &acao_copied_from_other_input::AcaoCopiedFromOtherInput,
    &any_site_authenticated_read::AnySiteAuthenticatedRead,
    &any_subdomain_trusted::AnySubdomainTrusted,
    &blocked_but_processed::BlockedButProcessed,
    &blocked_response_set_cookie::BlockedResponseSetCookie,
    &broad_preflight_grant_with_credentials::BroadPreflightGrantWithCredentials,
    &cors_trust_inventory::CorsTrustInventory,
    &insecure_scheme_origin_trusted::InsecureSchemeOriginTrusted,
    &lookalike_origin_accepted::LookalikeOriginAccepted,
    &loopback_or_intranet_origin_trusted::LoopbackOrIntranetOriginTrusted,
    &non_web_origin_trusted::NonWebOriginTrusted,
    &null_origin_allowed::NullOriginAllowed,
    &placeholder_origin_configured::PlaceholderOriginConfigured,
    &preflight_bypass_content_type::PreflightBypassContentType,
    &private_network_cors_grant::PrivateNetworkCorsGrant,
    &reflected_origin::ReflectedOrigin,
    &secret_in_cross_origin_url::SecretInCrossOriginUrl,
    &sensitive_headers_exposed::SensitiveHeadersExposed,
    &shared_hosting_origin_trusted::SharedHostingOriginTrusted,
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
    out.finish(options)
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
