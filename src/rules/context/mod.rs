//! What rules know beyond the fetch before them: one accumulator over every recording, merged in any order.
//!
//! Memory is bounded by the distinct (endpoint, origin) pairs, URLs and preflights, not by the number of fetches.
//!
//! | module | knows |
//! | --- | --- |
//! | `bodies` | whether a URL's body was the same for everybody |
//! | `cache` | how each URL was answered to whom |
//! | `endpoint_key` | endpoints as hashes |
//! | `errors` | which endpoints granted on success and not on errors |
//! | `exposure` | WebSocket handshakes, scripts that pages of other sites load, where servers stand |
//! | `grant` | what servers granted, by endpoint and origin |
//! | `isolation` | documents that ask for cross-origin isolation |
//! | `preflights` | which preflights were asked again and again |
//! | `site` | pages opened, sessions, cookies |
//! | `trust` | whom servers trust beyond single grants: families of hosts, copied inputs, mirrored lists |
//! | `url_key` | URLs as hashes |

mod bodies;
mod cache;
mod endpoint_key;
mod errors;
mod exposure;
mod grant;
mod isolation;
mod preflights;
mod site;
mod trust;
mod url_key;

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use cache::Dependence;
pub use endpoint_key::EndpointKey;
pub(crate) use errors::{Errors, GrantedOn};
pub(crate) use exposure::{Exposure, Handshake, Timing, is_script};
use grant::Answered;
pub(crate) use grant::is_implausible;
pub use grant::{Endpoint, Grants, Reflection, Target};
pub(crate) use isolation::{Isolation, IsolationDefect, LazyLoads, OpaqueLoads};
pub use preflights::Repetition;
pub use site::{Portability, Site, Visit};
pub use trust::{Family, Input, Trust};
pub(super) use trust::{inputs, mirrored_request};

use super::{FetchView, Options};
use crate::cors::{Class, Origin, Phase};
use crate::exchange::{Capture, Exchange, Method, ResourceType};
use crate::facts::{
    AllowOrigin, Policy, Relation, SameSite, authentication, host_network, is_known_collector,
    is_receipt, relation, same_site_of_cookie, site_host,
};
use crate::finding::Sample;
use crate::pairing::PreflightLink;

use bodies::Bodies;
use cache::CacheFacts;
use preflights::Preflights;

/// Facts over all recordings.
///
/// Built by [`Context::observe_capture`] and [`Context::observe`], in any order and in any number of parts that
/// [`Context::merge`] joins; then read by rules.
#[derive(Clone, Debug, Default)]
pub struct Context {
    options: Arc<Options>,
    targets: FxHashMap<Origin, Target>,
    sites: FxHashMap<Box<str>, Site>,
    // From a site to the sites that its pages or redirects led to.
    links: FxHashMap<Box<str>, FxHashSet<Box<str>>>,
    bodies: Bodies,
    cache: CacheFacts,
    preflights: Preflights,
    errors: Errors,
    exposure: Exposure,
    trust: Trust,
}

impl Context {
    /// An empty context.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            options: Arc::new(options.clone()),
            ..Self::default()
        }
    }

    /// What is reported, and what counts as one's own.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Takes in what a recording says outside fetches: pages opened, cookies set, which site led to which.
    pub fn observe_capture(&mut self, capture: &Capture) {
        let loads = LazyLoads::new(Box::new(|| {
            let mut loads = OpaqueLoads::default();
            loads.observe(&capture.exchanges);
            loads
        }));
        self.observe_pages(capture);
        self.observe_exchanges(capture, &capture.exchanges, &loads);
    }

    /// Takes in the pages that a recording lists.
    pub(crate) fn observe_pages(&mut self, capture: &Capture) {
        for page in &*capture.pages {
            if let Some(url) = &page.url {
                self.note_document(url.origin(), false, capture.sanitized);
            }
        }
    }

    /// Takes in exchanges of a recording, of which `capture` tells what stands around them.
    pub(crate) fn observe_exchanges(
        &mut self,
        capture: &Capture,
        exchanges: &[Exchange],
        loads: &LazyLoads<'_>,
    ) {
        for exchange in exchanges {
            self.bodies.observe_exchange(capture, exchange);
            self.observe_exchange(capture, exchange);
        }
        self.exposure.observe_exchanges(capture, exchanges, loads);
    }

    fn observe_exchange(&mut self, capture: &Capture, exchange: &Exchange) {
        self.trust.observe_exchange(exchange);
        let origin = exchange.request.url.origin();
        let Some(host) = origin.host() else {
            return;
        };
        let headers = &exchange.request.headers;
        if let Some(from) = headers.first("origin").or_else(|| headers.first("referer")) {
            self.note_link(host_of(from), host);
        }
        let Some(response) = exchange.response() else {
            return;
        };
        if is_top_level_document(exchange) {
            let session = exchange.request.listed_cookies
                || headers.contains("cookie")
                || response.headers.contains("set-cookie");
            self.note_document(origin, session, capture.sanitized);
        }
        if response.is_redirect_status()
            && let Some(location) = response.headers.first("location")
            && location.contains("://")
        {
            self.note_link(host, host_of(location));
        }
        for line in response.headers.lines("set-cookie") {
            let site = self.site_mut(host);
            match same_site_of_cookie(line) {
                SameSite::Unbound => site.unbound_cookie = true,
                SameSite::Bound => site.bound_cookie = true,
                SameSite::Unspecified => site.unspecified_cookie = true,
            }
        }
    }

    fn note_document(&mut self, origin: &Origin, session: bool, sanitized: bool) {
        let Some(host) = origin.host() else {
            return;
        };
        let site = self.site_mut(host);
        site.is_document = true;
        site.has_session |= session;
        site.is_stripped |= sanitized;
        self.target_mut(origin).is_document = true;
    }

    fn note_link(&mut self, from: &str, to: &str) {
        if from == to || from.is_empty() {
            return;
        }
        let (from, to) = (site_host(from), site_host(to));
        if from == to || self.leads_to(from, to) {
            return;
        }
        self.links.entry(from.into()).or_default().insert(to.into());
    }

    /// Takes in one judged fetch.
    pub fn observe(&mut self, view: FetchView<'_>) {
        self.cache.observe(view);
        self.preflights.observe(view);
        self.errors.observe(view);
        self.exposure.observe(view);
        for hop in &view.judged.fetch.hops {
            if let PreflightLink::Recorded(index) = hop.preflight
                && let Some(preflight) = view.capture.exchanges.get(index as usize)
            {
                self.trust.observe_preflight(preflight);
            }
        }
        let verdict = &view.judged.verdict;
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let was_read = verdict.class() != Class::Blocked && verdict.class() != Class::Failed;
        let receipt = is_receipt(policy.exchange, policy.response);
        let known = was_read
            && policy.response.is_ok_status()
            && policy.response.body_size.is_some()
            && policy.exchange.request.method != Method::Head;
        let cors = policy.is_cors(view) && verdict.phase != Phase::Preflight;
        let target = self.target_mut(policy.target);
        target.is_collector.take();
        target.answers += u64::from(known);
        target.receipts += u64::from(known && receipt);
        target.opted_in += u64::from(policy.value.is_some());
        let Some(reader) = policy.reader.filter(|_| cors) else {
            return;
        };
        self.trust.observe_policy(view, &policy, reader);
        let ambient = authentication(view).is_ambient();
        let readable = matches!(verdict.class(), Class::Allowed | Class::NotCors);
        let ok = policy.response.is_ok_status();
        let mut answered = Answered::default();
        match policy.allow_origin {
            AllowOrigin::Star => answered.star = true,
            AllowOrigin::Echo => answered.echoed = ok,
            AllowOrigin::Null | AllowOrigin::Other => answered.denied = true,
            AllowOrigin::Absent => answered.absent = ok,
        }
        let target = self.target_mut(policy.target);
        let key = EndpointKey::of(policy.exchange);
        target
            .endpoints
            .update(key, |endpoint| endpoint.note(reader, answered));
        if answered.echoed {
            let credentialed = policy.allow_credentials;
            let grants = target.granted.entry(reader.clone()).or_default();
            grants.merge(Grants {
                times: 1,
                credentialed: u64::from(credentialed),
                authenticated: u64::from(credentialed && ambient && readable),
                first: policy.exchange.started,
                last: policy.exchange.started,
                place: Some(Sample {
                    file: view.capture.source.clone(),
                    locus: policy.exchange.locus,
                }),
            });
        }
    }

    /// Joins what another part has seen.
    pub fn merge(&mut self, other: Self) {
        self.bodies.merge(other.bodies);
        self.cache.merge(other.cache);
        self.preflights.merge(other.preflights);
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (origin, target) in other.targets {
            self.targets.entry(origin).or_default().merge(target);
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (host, site) in other.sites {
            self.sites.entry(host).or_default().merge(site);
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (from, to) in other.links {
            self.links.entry(from).or_default().extend(to);
        }
        self.errors.merge(other.errors);
        self.exposure.merge(other.exposure);
        self.trust.merge(other.trust);
    }

    /// Successes beside errors.
    pub(crate) fn errors(&self) -> &Errors {
        &self.errors
    }

    /// What was seen of exposure beyond CORS.
    pub(crate) fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// Whom servers trust, beyond single grants.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Every server seen, ordered.
    #[must_use]
    pub fn targets(&self) -> Vec<(&Origin, &Target)> {
        let mut targets: Vec<_> = self.targets.iter().collect();
        targets.sort_unstable_by_key(|(origin, _)| *origin);
        targets
    }

    /// What was seen of a server.
    #[must_use]
    pub fn target(&self, origin: &Origin) -> Option<&Target> {
        self.targets.get(origin)
    }

    /// What was seen of a host's site.
    #[must_use]
    pub fn site(&self, host: &str) -> Option<&Site> {
        self.sites.get(site_host(host))
    }

    /// What was seen of the endpoint that a policy stands on.
    #[must_use]
    pub fn endpoint(&self, policy: &Policy<'_>) -> Option<&Endpoint> {
        let key = EndpointKey::of(policy.exchange);
        self.targets.get(policy.target)?.endpoints.get(&key)
    }

    /// Whether a page of one site led to the other: by a request, a link or a redirect. Both are registrable domains.
    #[must_use]
    pub fn leads_to(&self, from: &str, to: &str) -> bool {
        self.links.get(from).is_some_and(|sites| sites.contains(to))
    }

    /// Gate G10: a third party's collector. Its site was never opened in a tab, it is not one's own, and it is a known
    /// collector or gave nothing but receipts.
    #[must_use]
    pub fn is_collector(&self, target: &Origin) -> bool {
        match self.targets.get(target) {
            Some(seen) => *seen
                .is_collector
                .get_or_init(|| self.judge_collector(target, Some(seen))),
            None => self.judge_collector(target, None),
        }
    }

    fn judge_collector(&self, target: &Origin, seen: Option<&Target>) -> bool {
        let Some(host) = target.host() else {
            return false;
        };
        if self.site(host).is_some_and(|site| site.is_document)
            || self.options.is_first_party(host)
            || self.options.in_scope(host)
        {
            return false;
        }
        is_known_collector(host)
            || seen.is_some_and(|seen| seen.answers > 0 && seen.answers == seen.receipts)
    }

    /// Whether two sites are known to be one organisation's: equal, or both first-party.
    #[must_use]
    pub fn are_related(&self, one: &str, other: &str) -> bool {
        site_host(one) == site_host(other)
            || (self.options.is_first_party(one) && self.options.is_first_party(other))
    }

    /// Whether the page that asks is a stranger to the server, and how the recording's user met that server.
    ///
    /// A stranger's page stands on a web origin of another, unrelated site that was opened in a tab of its own; the
    /// server's site was opened in a tab too, with a session (or in a recording whose cookies were stripped); and
    /// nothing shows that the server's site knows the page's: none of its pages asked it, linked or redirected to it.
    #[must_use]
    pub fn stranger(&self, reader: &Origin, target: &Origin) -> Option<Visit> {
        let (from, to) = (reader.host()?, target.host()?);
        if !matches!(reader.scheme(), Some("http" | "https"))
            || relation(reader, target) != Relation::CrossSite
            || self.are_related(from, to)
        {
            return None;
        }
        let site = self.site(to)?;
        if !site.is_document
            || !(site.has_session || site.is_stripped)
            || !self.site(from)?.is_document
            || self.leads_to(site_host(to), site_host(from))
        {
            return None;
        }
        let here = self
            .targets
            .get(target)
            .is_some_and(|target| target.is_document);
        Some(if here { Visit::Origin } else { Visit::Site })
    }

    /// Whether an endpoint grants whoever asks, as far as the recordings show. `None` where fewer than two unrelated
    /// sites were granted, or where anyone was refused.
    #[must_use]
    pub fn reflection(&self, endpoint: &Endpoint, target: &Origin) -> Option<Reflection> {
        *endpoint
            .reflection
            .get_or_init(|| self.judge_reflection(endpoint, target))
    }

    fn judge_reflection(&self, endpoint: &Endpoint, target: &Origin) -> Option<Reflection> {
        if endpoint.refused_any() {
            return None;
        }
        let own = target.host()?;
        let public = host_network(own).is_public();
        // Sites of one organisation stand for one: under the empty name, if they are one's own.
        let mut unrelated: BTreeSet<&str> = BTreeSet::new();
        let mut granted = 0;
        let mut implausible = false;
        for (origin, answered) in endpoint.origins.iter() {
            if !answered.echoed {
                continue;
            }
            granted += 1;
            implausible |= is_implausible(origin, target, public);
            let Some(host) = origin.host() else {
                continue;
            };
            if !self.are_related(host, own) {
                let is_own = self.options.is_first_party(host);
                unrelated.insert(if is_own { "" } else { site_host(host) });
            }
        }
        let sites = unrelated.len();
        (sites >= 2 || (granted >= 2 && implausible)).then_some(Reflection { sites, implausible })
    }

    /// Whether the cookies of a host's site can travel across sites, unless this request already shows it.
    #[must_use]
    pub fn portability(&self, view: FetchView<'_>) -> Portability {
        let cross = Relation::of(view) == Some(Relation::CrossSite);
        if cross && authentication(view).is_seen() {
            return Portability::Proven;
        }
        let site = view
            .last()
            .and_then(|exchange| exchange.request.url.origin().host())
            .and_then(|host| self.site(host));
        match site {
            Some(site) if site.unbound_cookie => Portability::Declared,
            Some(site) if site.bound_cookie && !site.unspecified_cookie => Portability::SiteBound,
            _ => Portability::Unknown,
        }
    }

    fn site_mut(&mut self, host: &str) -> &mut Site {
        let site = site_host(host);
        if !self.sites.contains_key(site) {
            self.sites.insert(site.into(), Site::default());
        }
        self.sites.get_mut(site).expect("inserted above")
    }

    fn target_mut(&mut self, origin: &Origin) -> &mut Target {
        self.targets.entry(origin.clone()).or_default()
    }
}

/// A page opened in a tab.
fn is_top_level_document(exchange: &Exchange) -> bool {
    let headers = &exchange.request.headers;
    match headers.first("sec-fetch-dest") {
        Some(destination) => destination == "document",
        // Older recordings: a frame's document has a Referer, a tab's first page none.
        None => {
            exchange.hints.resource_type == Some(ResourceType::Document)
                && !headers.contains("referer")
        }
    }
}

fn host_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else {
        return "";
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let authority = authority.rsplit('@').next().unwrap_or("");
    if authority.starts_with('[') {
        return authority
            .find(']')
            .map_or(authority, |end| &authority[..=end]);
    }
    authority.split(':').next().unwrap_or("")
}
