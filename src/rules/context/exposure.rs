//! What is exposed beyond CORS: WebSocket handshakes, bodies that depend on cookies, addresses of pages, and what
//! documents say of themselves.
//!
//! Memory is bounded by the distinct endpoints, origins and URLs that are concerned, each with a handful of values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::FetchView;
use super::isolation::{Isolations, LazyLoads};
use crate::content::Place;
use crate::cors::{Code, Origin, RequestMode};
use crate::exchange::{Capture, Exchange, ResourceType, Response};
use crate::facts::{
    Network, carries_data, host_network, is_public_asset, network, sends_personal_cookie,
    site_host, write_endpoint,
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
    addresses: FxHashMap<Origin, Addresses>,
    // Sites of public names that a local address answered for.
    names: FxHashMap<IpAddr, BTreeSet<Box<str>>>,
    timings: BTreeMap<(Origin, Box<str>), Timing>,
    isolations: Isolations,
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
    pub(super) fn observe_exchanges(
        &mut self,
        capture: &Capture,
        exchanges: &[Exchange],
        loads: &LazyLoads<'_>,
    ) {
        self.isolations.observe_exchanges(capture, exchanges, loads);
        for exchange in exchanges {
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
        self.isolations.merge(other.isolations);
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

    /// Documents that are not isolated although they ask for it.
    pub(crate) fn isolations(&self) -> &Isolations {
        &self.isolations
    }

    /// Policy files for plug-ins that let every domain in, by server and endpoint.
    pub(crate) fn policy_files(&self) -> impl Iterator<Item = (&Origin, &str, &Sample)> {
        self.policy_files
            .iter()
            .map(|((origin, path), place)| (origin, &**path, place))
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

impl Timing {
    fn merge(&mut self, other: Self) {
        self.place = self.place.clone().min(other.place);
        self.times += other.times;
        self.is_surely_private |= other.is_surely_private;
        self.kinds.extend(other.kinds);
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
pub(super) fn keep<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    set.insert(value);
    if set.len() > KEPT {
        set.pop_last();
    }
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

pub(super) fn place(capture: &Capture, exchange: &Exchange) -> Sample {
    Sample {
        file: capture.source.clone(),
        locus: exchange.locus,
    }
}

pub(super) fn key(exchange: &Exchange) -> (Origin, Box<str>) {
    let mut template = String::new();
    write_endpoint(exchange, &mut template);
    (exchange.request.url.origin().clone(), template.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_does_not_depend_on_the_order() {
        let (mut up, mut down) = (BTreeSet::new(), BTreeSet::new());
        for value in 0..20 {
            keep(&mut up, value);
            keep(&mut down, 19 - value);
        }
        assert_eq!(up, down);
        assert_eq!(up.len(), KEPT);
    }

    #[test]
    fn many_origins_of_a_socket_are_bounded_and_merge_in_any_order() {
        let accepted = |number: u32| {
            let origin = Origin::parse(format!("https://s{number:03}.test").as_bytes());
            (
                origin.expect("an origin"),
                Accepted {
                    with_cookie: number.is_multiple_of(2),
                },
            )
        };
        let (mut one, mut two, mut all) = (Socket::default(), Socket::default(), Socket::default());
        for number in 0..200 {
            let (origin, how) = accepted(number);
            all.note(origin.clone(), how);
            let part = if number.is_multiple_of(3) {
                &mut one
            } else {
                &mut two
            };
            part.note(origin, how);
        }
        for (origin, how) in two.accepted {
            one.note(origin, how);
        }
        assert_eq!(all.accepted.len(), READERS);
        let flat = |socket: &Socket| -> Vec<(Origin, bool)> {
            let of = |(origin, how): (&Origin, &Accepted)| (origin.clone(), how.with_cookie);
            socket.accepted.iter().map(of).collect()
        };
        assert_eq!(flat(&one), flat(&all));
    }
}
