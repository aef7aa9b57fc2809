//! What is exposed beyond CORS: WebSocket handshakes, bodies that depend on cookies, addresses of pages, and what
//! documents say of themselves.
//!
//! Memory is bounded by the distinct endpoints, origins and URLs that are concerned, each with a handful of values.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::num::NonZeroU64;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::{FetchView, is_top_level_document};
use crate::content::Place;
use crate::cors::{Code, Origin, RequestMode};
use crate::exchange::{Capture, Exchange, Method, ResourceType, Response};
use crate::facts::{
    Network, carries_data, host_network, is_public_asset, network, sends_personal_cookie,
    site_host, template,
};
use crate::finding::Sample;

/// So many values of a kind are kept: the least, so that the order of merging does not matter.
const KEPT: usize = 5;
/// So many origins of a WebSocket endpoint are kept.
const READERS: usize = 64;

/// What was seen of exposure beyond CORS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposure {
    sockets: FxHashMap<Origin, BTreeMap<Box<str>, Socket>>,
    // Sites whose pages load a script of the other site.
    embeds: FxHashSet<(Box<str>, Box<str>)>,
    // Opaque answers by the hash of their URL.
    bodies: FxHashMap<u64, Bodies>,
    addresses: FxHashMap<Origin, Addresses>,
    // Sites of public names that a local address answered for.
    names: FxHashMap<IpAddr, BTreeSet<Box<str>>>,
    timings: BTreeMap<(Origin, Box<str>), Timing>,
    isolations: BTreeMap<(Origin, Box<str>, IsolationDefect), Isolation>,
    policy_files: BTreeMap<(Origin, Box<str>), Sample>,
}

/// A WebSocket endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Socket {
    /// The origins that it accepted; the least [`READERS`] of them.
    pub(crate) accepted: BTreeMap<Origin, Accepted>,
    /// It answered somebody 403.
    pub(crate) refuses: bool,
}

/// How a WebSocket endpoint accepted an origin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accepted {
    /// With a cookie that may stand for a person.
    pub(crate) with_cookie: bool,
}

/// A WebSocket handshake that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handshake<'a> {
    /// The exchange.
    pub(crate) exchange: &'a Exchange,
    /// The origin that asked.
    pub(crate) reader: &'a Origin,
    /// The server accepted.
    pub(crate) accepted: bool,
    /// A cookie that may stand for a person travelled.
    pub(crate) with_cookie: bool,
}

/// Bodies of one URL, with and without cookies.
#[derive(Clone, Debug, Default)]
struct Bodies {
    with_cookie: Digests,
    without: Digests,
}

/// Two different digests are as good as many.
#[derive(Clone, Debug, Default)]
struct Digests {
    least: BTreeSet<NonZeroU64>,
    times: u64,
}

/// Which addresses served an origin.
#[derive(Clone, Copy, Debug, Default)]
struct Addresses {
    public: bool,
    local: bool,
}

/// An answer of a person's data whose timing is open to every origin.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    /// Where.
    pub(crate) place: Sample,
    /// How often.
    pub(crate) times: u64,
    /// It holds data of a sensitive kind, or says that it is private.
    pub(crate) is_surely_private: bool,
    /// Kinds of sensitive data.
    pub(crate) kinds: BTreeSet<&'static str>,
}

/// What keeps a document from being cross-origin isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IsolationDefect {
    /// An embedder policy without `Cross-Origin-Opener-Policy: same-origin`.
    NoOpenerPolicy,
    /// `Cross-Origin-Opener-Policy: same-origin` and an embedder policy that only reports.
    ReportOnly,
    /// The embedder policy is not a known value.
    InvalidEmbedderPolicy,
    /// The opener policy is not a known value.
    InvalidOpenerPolicy,
}

/// A document that is not isolated, and what would fail if it were.
#[derive(Clone, Debug)]
pub(crate) struct Isolation {
    /// Where.
    pub(crate) place: Sample,
    /// How often.
    pub(crate) times: u64,
    /// `Cross-Origin-Opener-Policy`, raw; the least of those seen.
    pub(crate) opener: Vec<u8>,
    /// `Cross-Origin-Embedder-Policy`, or its reporting sister, raw; the least of those seen.
    pub(crate) embedder: Vec<u8>,
    /// Origins of subresources that `require-corp` refuses; the least few.
    pub(crate) refused: BTreeSet<Origin>,
}

/// Servers of opaque loads that say nothing of Cross-Origin-Resource-Policy, by the page or the origin that loaded them;
/// the least few of each.
#[derive(Debug, Default)]
struct OpaqueLoads {
    by_page: FxHashMap<u32, BTreeSet<Origin>>,
    by_referer: FxHashMap<Origin, BTreeSet<Origin>>,
}

impl<'a> Handshake<'a> {
    /// The handshake of a fetch; `None` for other fetches and unanswered handshakes.
    pub(crate) fn of(view: FetchView<'a>) -> Option<Self> {
        if view.judged.verdict.code != Code::WebSocket {
            return None;
        }
        let exchange = view.last()?;
        let response = exchange.response()?;
        // HTTP/2 and HTTP/3 open sockets with an extended CONNECT, answered 200 (RFC 8441, RFC 9220).
        let connect = exchange.request.method.as_str() == "CONNECT" && response.is_ok_status();
        Some(Self {
            exchange,
            reader: view.judged.fetch.initiator_origin.value.as_ref()?,
            accepted: response.status == 101 || connect,
            with_cookie: sends_personal_cookie(exchange),
        })
    }
}

impl Exposure {
    pub(super) fn observe_capture(&mut self, capture: &Capture) {
        let mut loads = None;
        for exchange in &capture.exchanges {
            if let Some(address) = exchange.hints.server_ip {
                self.note_address(exchange, address);
            }
            let Some(response) = exchange.response() else {
                continue;
            };
            if !response.is_ok_status() {
                continue;
            }
            self.note_timing(capture, exchange, response);
            self.note_policy_file(capture, exchange);
            if is_top_level_document(exchange) {
                self.note_isolation(capture, exchange, response, &mut loads);
            }
        }
    }

    fn note_address(&mut self, exchange: &Exchange, address: IpAddr) {
        let origin = exchange.request.url.origin();
        let known = match self.addresses.get_mut(origin) {
            Some(known) => known,
            None => self.addresses.entry(origin.clone()).or_default(),
        };
        if network(exchange).is_public() {
            known.public = true;
            return;
        }
        known.local = true;
        if let Some(host) = origin.host()
            && host_network(host) == Network::PublicName
        {
            keep(
                self.names.entry(address).or_default(),
                site_host(host).into(),
            );
        }
    }

    fn note_timing(&mut self, capture: &Capture, exchange: &Exchange, response: &Response) {
        if response.headers.first("timing-allow-origin") != Some("*")
            || is_public_asset(exchange, response)
            || !carries_data(response, true)
        {
            return;
        }
        let kinds: BTreeSet<&'static str> = exchange
            .content
            .iter()
            .flat_map(|content| {
                content
                    .at(Place::ResponseBody)
                    .chain(content.at(Place::ResponseHeader))
            })
            .filter(|sighting| !sighting.kind.is_hint())
            .map(|sighting| sighting.kind.as_str())
            .collect();
        let cookie = sends_personal_cookie(exchange);
        if kinds.is_empty() && (!cookie || says(response, &["public", "s-maxage"])) {
            return;
        }
        let timing = Timing {
            place: place(capture, exchange),
            times: 1,
            is_surely_private: !kinds.is_empty() || says(response, &["private", "no-store"]),
            kinds,
        };
        let key = key(exchange);
        match self.timings.get_mut(&key) {
            Some(known) => known.merge(timing),
            None => {
                self.timings.insert(key, timing);
            }
        }
    }

    fn note_policy_file(&mut self, capture: &Capture, exchange: &Exchange) {
        let open = exchange
            .content
            .as_ref()
            .is_some_and(|content| content.response.is_open_policy_file);
        let path = exchange.request.url.path();
        let name = path.rsplit('/').next().unwrap_or(path);
        if !open || !["crossdomain.xml", "clientaccesspolicy.xml"].contains(&name) {
            return;
        }
        let place = place(capture, exchange);
        self.policy_files
            .entry(key(exchange))
            .and_modify(|known| *known = known.clone().min(place.clone()))
            .or_insert(place);
    }

    fn note_isolation(
        &mut self,
        capture: &Capture,
        document: &Exchange,
        response: &Response,
        loads: &mut Option<OpaqueLoads>,
    ) {
        const OPENER: &str = "cross-origin-opener-policy";
        const EMBEDDER: &str = "cross-origin-embedder-policy";
        let headers = &response.headers;
        let reporting = headers.get("cross-origin-embedder-policy-report-only");
        let (opener, embedder) = (headers.get(OPENER), headers.get(EMBEDDER));
        let opener_token = opener.as_deref().map(token);
        let embedder_token = embedder.as_deref().map(token);
        let isolates =
            |token: Option<&[u8]>| matches!(token, Some(b"require-corp") | Some(b"credentialless"));
        let invalid_embedder =
            embedder_token.is_some_and(|token| !isolates(Some(token)) && token != b"unsafe-none");
        let invalid_opener = opener_token.is_some_and(|token| {
            !matches!(
                token,
                b"same-origin"
                    | b"same-origin-allow-popups"
                    | b"noopener-allow-popups"
                    | b"unsafe-none"
            )
        });
        let only_reports = embedder.is_none() && isolates(reporting.as_deref().map(token));
        let defect = if invalid_embedder {
            IsolationDefect::InvalidEmbedderPolicy
        } else if invalid_opener {
            IsolationDefect::InvalidOpenerPolicy
        } else if isolates(embedder_token) && opener_token != Some(b"same-origin") {
            IsolationDefect::NoOpenerPolicy
        } else if only_reports && opener_token == Some(b"same-origin") {
            IsolationDefect::ReportOnly
        } else {
            return;
        };
        let demanded = embedder.or(reporting).unwrap_or_default();
        let refused = if token(&demanded) == b"require-corp" {
            loads
                .get_or_insert_with(|| OpaqueLoads::of(capture))
                .of_document(document)
        } else {
            BTreeSet::new()
        };
        let isolation = Isolation {
            place: place(capture, document),
            times: 1,
            opener: opener.unwrap_or_default().into_owned(),
            embedder: demanded.into_owned(),
            refused,
        };
        let (origin, template) = key(document);
        match self.isolations.entry((origin, template, defect)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(isolation);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.get_mut().merge(isolation);
            }
        }
    }

    pub(super) fn observe(&mut self, view: FetchView<'_>) {
        if let Some(handshake) = Handshake::of(view) {
            let (target, path) = key(handshake.exchange);
            let socket = self
                .sockets
                .entry(target)
                .or_default()
                .entry(path)
                .or_default();
            if handshake.accepted {
                let with_cookie = handshake.with_cookie;
                socket.note(handshake.reader.clone(), Accepted { with_cookie });
            }
            let status = handshake
                .exchange
                .response()
                .map(|response| response.status);
            socket.refuses |= status == Some(403);
            return;
        }
        if view.judged.fetch.mode.value != Some(RequestMode::NoCors) {
            return;
        }
        let Some((exchange, response)) = view.last().zip(view.actual_response()) else {
            return;
        };
        self.note_embedding(view, exchange, response);
        if let Some(digest) = response.body_digest
            && exchange.request.method == Method::Get
            && response.is_ok_status()
            && !view.capture.sanitized
            && exchange.request.headers_complete
        {
            let bodies = self.bodies.entry(url_hash(exchange)).or_default();
            let headers = &exchange.request.headers;
            let cookie = exchange.request.listed_cookies || headers.contains("cookie");
            let digests = if cookie {
                &mut bodies.with_cookie
            } else {
                &mut bodies.without
            };
            digests.note(digest, 1);
        }
    }

    fn note_embedding(&mut self, view: FetchView<'_>, exchange: &Exchange, response: &Response) {
        let page = view.judged.fetch.initiator_origin.value.as_ref();
        let (Some(page), Some(host)) = (
            page.and_then(Origin::host),
            exchange.request.url.origin().host(),
        ) else {
            return;
        };
        let (page, host) = (site_host(page), site_host(host));
        // What calls back may be an attack on the server; a library is a contract with it.
        if page != host && is_script(exchange) && !calls_back(exchange) && response.is_ok_status() {
            let pair = (page.into(), host.into());
            self.embeds.insert(pair);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (target, endpoints) in other.sockets {
            let known = self.sockets.entry(target).or_default();
            for (path, socket) in endpoints {
                let known = known.entry(path).or_default();
                known.refuses |= socket.refuses;
                for (reader, accepted) in socket.accepted {
                    known.note(reader, accepted);
                }
            }
        }
        self.embeds.extend(other.embeds);
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (url, bodies) in other.bodies {
            let known = self.bodies.entry(url).or_default();
            known.with_cookie.merge(bodies.with_cookie);
            known.without.merge(bodies.without);
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (origin, addresses) in other.addresses {
            let known = self.addresses.entry(origin).or_default();
            known.public |= addresses.public;
            known.local |= addresses.local;
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (address, sites) in other.names {
            let known = self.names.entry(address).or_default();
            for site in sites {
                keep(known, site);
            }
        }
        for (key, timing) in other.timings {
            match self.timings.get_mut(&key) {
                Some(known) => known.merge(timing),
                None => {
                    self.timings.insert(key, timing);
                }
            }
        }
        for (key, isolation) in other.isolations {
            match self.isolations.get_mut(&key) {
                Some(known) => known.merge(isolation),
                None => {
                    self.isolations.insert(key, isolation);
                }
            }
        }
        for (key, place) in other.policy_files {
            self.policy_files
                .entry(key)
                .and_modify(|known| *known = known.clone().min(place.clone()))
                .or_insert(place);
        }
    }

    /// The WebSocket endpoint of a handshake.
    pub(crate) fn socket(&self, handshake: Handshake<'_>) -> Option<&Socket> {
        let (target, path) = key(handshake.exchange);
        self.sockets.get(&target)?.get(&path)
    }

    /// Whether pages of one site load a script of the other, and thereby cooperate with it. Both are registrable domains.
    pub(crate) fn embeds_script(&self, page: &str, host: &str) -> bool {
        self.embeds.contains(&(page.into(), host.into()))
    }

    /// Whether this URL gave the same body with cookies and without: gate G1, proven.
    pub(crate) fn is_same_for_all(&self, exchange: &Exchange) -> bool {
        self.bodies.get(&url_hash(exchange)).is_some_and(|bodies| {
            bodies.with_cookie.least.len() == 1 && bodies.with_cookie.least == bodies.without.least
        })
    }

    /// Whether this URL gave one body with cookies and another one without, each time it was asked, and one of them
    /// twice: a body that changes by itself is none.
    pub(crate) fn depends_on_cookie(&self, exchange: &Exchange) -> bool {
        self.bodies.get(&url_hash(exchange)).is_some_and(|bodies| {
            let (with, without) = (&bodies.with_cookie, &bodies.without);
            with.least.len() == 1
                && without.least.len() == 1
                && with.least != without.least
                && with.times.max(without.times) >= 2
        })
    }

    /// Whether every recorded address of this origin is public; `None` where none is recorded.
    pub(crate) fn is_public_by_address(&self, origin: &Origin) -> Option<bool> {
        let known = self.addresses.get(origin)?;
        Some(known.public && !known.local)
    }

    /// Whether a local address answered for public names of several sites: a proxy, or a resolver that blocks.
    pub(crate) fn is_stand_in(&self, address: IpAddr) -> bool {
        self.names
            .get(&address)
            .is_some_and(|sites| sites.len() > 1)
    }

    /// Private answers whose timing is open to every origin, by server and endpoint.
    pub(crate) fn timings(&self) -> impl Iterator<Item = (&Origin, &str, &Timing)> {
        self.timings
            .iter()
            .map(|((origin, path), timing)| (origin, &**path, timing))
    }

    /// Documents that are not isolated although they ask for it, by server, endpoint and defect.
    pub(crate) fn isolations(
        &self,
    ) -> impl Iterator<Item = (&Origin, &str, IsolationDefect, &Isolation)> {
        self.isolations
            .iter()
            .map(|((origin, path, defect), isolation)| (origin, &**path, *defect, isolation))
    }

    /// Policy files for plug-ins that let every domain in, by server and endpoint.
    pub(crate) fn policy_files(&self) -> impl Iterator<Item = (&Origin, &str, &Sample)> {
        self.policy_files
            .iter()
            .map(|((origin, path), place)| (origin, &**path, place))
    }
}

impl OpaqueLoads {
    fn of(capture: &Capture) -> Self {
        let mut loads = Self::default();
        for exchange in &capture.exchanges {
            let headers = &exchange.request.headers;
            let silent = exchange
                .response()
                .is_some_and(|response| !response.headers.contains("cross-origin-resource-policy"));
            if headers.first("sec-fetch-mode") != Some("no-cors") || !silent {
                continue;
            }
            let origin = exchange.request.url.origin();
            if let Some(page) = exchange.hints.page {
                keep(loads.by_page.entry(page).or_default(), origin.clone());
            }
            // Readers leave the origin and a slash of it.
            if let Some(page) = headers
                .first("referer")
                .and_then(|referer| Origin::parse(referer.trim_end_matches('/').as_bytes()))
            {
                keep(loads.by_referer.entry(page).or_default(), origin.clone());
            }
        }
        loads
    }

    /// Those of a document that are not of its own origin.
    fn of_document(&self, document: &Exchange) -> BTreeSet<Origin> {
        let own = document.request.url.origin();
        let loads = match document.hints.page {
            Some(page) => self.by_page.get(&page),
            None => self.by_referer.get(own),
        };
        loads
            .into_iter()
            .flatten()
            .filter(|origin| !origin.is_same_origin(own))
            .cloned()
            .collect()
    }
}

impl Socket {
    fn note(&mut self, reader: Origin, accepted: Accepted) {
        self.accepted.entry(reader).or_default().with_cookie |= accepted.with_cookie;
        if self.accepted.len() > READERS {
            self.accepted.pop_last();
        }
    }
}

impl Digests {
    fn note(&mut self, digest: NonZeroU64, times: u64) {
        self.least.insert(digest);
        if self.least.len() > 2 {
            self.least.pop_last();
        }
        self.times += times;
    }

    fn merge(&mut self, other: Self) {
        for digest in other.least {
            self.note(digest, 0);
        }
        self.times += other.times;
    }
}

impl Timing {
    fn merge(&mut self, other: Self) {
        self.place = self.place.clone().min(other.place);
        self.times += other.times;
        self.is_surely_private |= other.is_surely_private;
        self.kinds.extend(other.kinds);
    }
}

impl Isolation {
    fn merge(&mut self, other: Self) {
        if other.place < self.place {
            self.place = other.place;
        }
        self.times += other.times;
        if other.opener < self.opener {
            self.opener = other.opener;
        }
        if other.embedder < self.embedder {
            self.embedder = other.embedder;
        }
        for origin in other.refused {
            keep(&mut self.refused, origin);
        }
    }
}

/// Whether an exchange loads a classic script or a module: by destination, else by the recorder's word.
pub(crate) fn is_script(exchange: &Exchange) -> bool {
    match exchange.request.headers.first("sec-fetch-dest") {
        Some(destination) => destination == "script",
        None => exchange.hints.resource_type == Some(ResourceType::Script),
    }
}

fn calls_back(exchange: &Exchange) -> bool {
    exchange
        .content
        .as_ref()
        .is_some_and(|content| content.response.calls_back)
}

/// Keeps the least few of a set.
fn keep<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    set.insert(value);
    if set.len() > KEPT {
        set.pop_last();
    }
}

/// The token of a structured item: what stands before its parameters.
fn token(value: &[u8]) -> &[u8] {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    crate::header::trim(&value[..end])
}

/// Whether Cache-Control names one of these directives.
fn says(response: &Response, directives: &[&str]) -> bool {
    response.headers.get("cache-control").is_some_and(|value| {
        let text = String::from_utf8_lossy(&value).to_ascii_lowercase();
        text.split(',').any(|directive| {
            let name = directive.split('=').next().unwrap_or("").trim();
            directives.contains(&name)
        })
    })
}

fn place(capture: &Capture, exchange: &Exchange) -> Sample {
    Sample {
        file: capture.source.clone(),
        locus: exchange.locus,
    }
}

fn key(exchange: &Exchange) -> (Origin, Box<str>) {
    let url = &exchange.request.url;
    (url.origin().clone(), template(url.path()).into())
}

fn url_hash(exchange: &Exchange) -> u64 {
    let mut hasher = FxHasher::default();
    exchange.request.url.as_str().hash(&mut hasher);
    hasher.finish()
}
