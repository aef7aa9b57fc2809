//! Whom servers trust, beyond single grants: families of granted origins, inputs that a grant was copied from, lists that
//! mirror what was asked; and what else decides about trust: where hosts stand, what they demand of browsers, which
//! answers are the same for everybody.
//!
//! Bounded by distinct servers, origins, hosts, addresses and URLs; sets of which only "several" matters keep their
//! smallest members, so that parts merge in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::FetchView;
use crate::cors::Origin;
use crate::exchange::{Exchange, Method};
use crate::facts::{AllowOrigin, Policy, is_public_content, network, site_host, write_endpoint};

/// Members kept of a set of which only "several" matters.
const SEVERAL: usize = 3;

/// Facts about trust over all recordings.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    servers: FxHashMap<Origin, Server>,
    hosts: FxHashMap<Box<str>, Place>,
    // Hosts that demand https of themselves and everything below.
    strict: FxHashSet<Box<str>>,
}

/// What was seen of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    // Origins that asked, by site.
    families: BTreeMap<Box<str>, Siblings>,
    // Hashes of `Access-Control-Request-Headers` that came back byte for byte.
    mirrored: BTreeSet<u64>,
    copied: BTreeMap<Input, BTreeSet<Origin>>,
    // Path templates that took JSON under its own name.
    json: BTreeSet<Box<str>>,
}

/// Origins of one site that asked.
#[derive(Clone, Debug, Default)]
struct Siblings {
    origins: BTreeMap<Origin, Answers>,
    // Judged once for all fetches that ask.
    family: OnceLock<Option<Family>>,
}

/// How one origin was answered.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    granted: bool,
    // Another origin was named.
    refused: bool,
    // Nothing was said; a refusal only if nothing ever was granted.
    absent: bool,
}

/// Where a host was seen to stand.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    public: bool,
    inside: bool,
    // The address last looked at: saves looking again, decides nothing.
    latest: Option<IpAddr>,
}

/// What else than Origin a grant was copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// A parameter of the query or the body.
    Parameter,
    /// `Referer`.
    Referer,
}

/// Sibling hosts of one registrable domain that a server grants without an exception.
#[derive(Clone, Debug)]
pub struct Family {
    /// How many origins; three hosts at least.
    pub count: usize,
    /// The first of them, for reports.
    pub shown: Vec<Origin>,
    /// One of them stands on a port that no list holds.
    pub is_implausible: bool,
    /// One of them came without encryption.
    pub has_http: bool,
    /// One of them, by its name, holds what users upload.
    pub has_uploads: bool,
}

impl Trust {
    /// Takes in an exchange, cross-origin or not.
    pub(super) fn observe_exchange(&mut self, exchange: &Exchange) {
        let Some(host) = exchange.request.url.origin().host() else {
            return;
        };
        if let Some(address) = exchange.hints.server_ip {
            self.note_address(host, address, exchange);
        }
        let Some(response) = exchange.response() else {
            return;
        };
        if exchange.request.url.scheme() == "https"
            && response
                .headers
                .first("strict-transport-security")
                .is_some_and(covers_subdomains)
            && !self.strict.contains(host)
        {
            self.strict.insert(host.into());
        }
    }

    fn note_address(&mut self, host: &str, address: IpAddr, exchange: &Exchange) {
        if self
            .hosts
            .get(host)
            .is_some_and(|place| place.latest == Some(address))
        {
            return;
        }
        let is_public = network(exchange).is_public();
        let place = self.hosts.entry(host.into()).or_default();
        place.latest = Some(address);
        place.public |= is_public;
        place.inside |= !is_public;
    }

    /// Takes in a preflight and its answer.
    pub(super) fn observe_preflight(&mut self, preflight: &Exchange) {
        let Some(asked) = mirrored_request(preflight) else {
            return;
        };
        let server = self
            .servers
            .entry(preflight.request.url.origin().clone())
            .or_default();
        server.mirrored.insert(hash(&*asked));
        while server.mirrored.len() > SEVERAL {
            server.mirrored.pop_last();
        }
    }

    /// Takes in the answer to a request under the CORS protocol.
    pub(super) fn observe_policy(
        &mut self,
        view: FetchView<'_>,
        policy: &Policy<'_>,
        reader: &Origin,
    ) {
        let response = policy.response;
        let ok = response.is_ok_status();
        let is_public = is_public_content(policy.exchange, response);
        let answers = Answers {
            granted: ok && policy.allow_origin == AllowOrigin::Echo,
            refused: matches!(policy.allow_origin, AllowOrigin::Null | AllowOrigin::Other),
            absent: ok && policy.allow_origin == AllowOrigin::Absent,
        };
        if !is_public
            && (answers.granted || answers.refused || answers.absent)
            && let Some(host) = reader.host()
        {
            let server = self.server_mut(policy.target);
            let site = site_host(host);
            if !server.families.contains_key(site) {
                server.families.insert(site.into(), Siblings::default());
            }
            let siblings = server.families.get_mut(site).expect("inserted above");
            siblings.family.take();
            siblings
                .origins
                .entry(reader.clone())
                .or_default()
                .merge(answers);
        }
        if !ok {
            return;
        }
        for input in inputs(view, policy) {
            let value = policy.value.as_deref().and_then(Origin::parse);
            let copies = self
                .server_mut(policy.target)
                .copied
                .entry(input)
                .or_default();
            copies.extend(value);
            while copies.len() > SEVERAL {
                copies.pop_last();
            }
        }
        let request = &policy.exchange.request;
        if request.method == Method::Post
            && request
                .headers
                .first("content-type")
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
            && !policy
                .exchange
                .content
                .as_ref()
                .is_some_and(|content| content.response.reports_error)
        {
            let mut template = String::new();
            write_endpoint(policy.exchange, &mut template);
            let json = &mut self.server_mut(policy.target).json;
            if !json.contains(template.as_str()) {
                json.insert(template.into());
            }
        }
    }

    fn server_mut(&mut self, target: &Origin) -> &mut Server {
        if !self.servers.contains_key(target) {
            self.servers.insert(target.clone(), Server::default());
        }
        self.servers.get_mut(target).expect("inserted above")
    }

    /// Joins what another part has seen.
    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (origin, server) in other.servers {
            self.servers.entry(origin).or_default().merge(server);
        }
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (host, place) in other.hosts {
            let known = self.hosts.entry(host).or_default();
            known.public |= place.public;
            known.inside |= place.inside;
        }
        self.strict.extend(other.strict);
    }

    /// The family of an origin: its siblings and itself, if the server grants three hosts of the site or more, one of
    /// which no short list would hold, and refused none of them. The server's own host does not count.
    #[must_use]
    pub fn family(&self, target: &Origin, reader: &Origin) -> Option<&Family> {
        let site = site_host(reader.host()?);
        let siblings = self.servers.get(target)?.families.get(site)?;
        siblings
            .family
            .get_or_init(|| judge_family(&siblings.origins, target, site))
            .as_ref()
    }

    /// Origins of other sites that the server grants by name, if they are so few that somebody may have listed them.
    #[must_use]
    pub fn listed(&self, target: &Origin) -> Vec<&Origin> {
        let granted: Vec<&Origin> = self
            .servers
            .get(target)
            .into_iter()
            .flat_map(|server| server.families.values())
            .flat_map(|siblings| &siblings.origins)
            .take(MOST_LOOKED_AT)
            .filter(|(_, answers)| answers.granted)
            .map(|(origin, _)| origin)
            .take(LONGEST_LIST + 1)
            .collect();
        if granted.len() > LONGEST_LIST {
            return Vec::new();
        }
        granted
    }

    /// How many different header lists a server gave back byte for byte; more than three count as three.
    #[must_use]
    pub fn mirrored_lists(&self, target: &Origin) -> usize {
        self.servers
            .get(target)
            .map_or(0, |server| server.mirrored.len())
    }

    /// The different origins that a server copied from this input, at most three.
    #[must_use]
    pub fn copied(&self, target: &Origin, input: Input) -> Option<&BTreeSet<Origin>> {
        self.servers.get(target)?.copied.get(&input)
    }

    /// Whether the endpoint of a request took JSON under its own name.
    #[must_use]
    pub fn takes_json(&self, exchange: &Exchange) -> bool {
        let mut template = String::new();
        write_endpoint(exchange, &mut template);
        self.servers
            .get(exchange.request.url.origin())
            .is_some_and(|server| server.json.contains(template.as_str()))
    }

    /// Whether a host was seen at a public address, and never at another; `None` where no address was recorded.
    #[must_use]
    pub fn is_public_host(&self, host: &str) -> Option<bool> {
        let place = self.hosts.get(host)?;
        Some(place.public && !place.inside)
    }

    /// Whether a host was ever seen at a public address.
    #[must_use]
    pub fn is_seen_public(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|place| place.public)
    }

    /// Whether a browser that knows the host would refuse to load it without encryption.
    #[must_use]
    pub fn is_strict(&self, host: &str) -> bool {
        if self.strict.is_empty() {
            return false;
        }
        let mut rest = Some(host);
        while let Some(name) = rest {
            if self.strict.contains(name) {
                return true;
            }
            rest = name.split_once('.').map(|(_, parent)| parent);
        }
        false
    }
}

/// Members of a family that reports name.
const SHOWN: usize = 5;

/// Labels of hosts that hold what users upload.
const UPLOADS: &[&str] = &[
    "sandbox",
    "upload",
    "uploads",
    "user-content",
    "usercontent",
    "users",
];

/// Ports that operating systems hand out for a moment (RFC 6335, section 6).
const FIRST_EPHEMERAL_PORT: u16 = 49_152;

/// Origins of one server that are looked at for each fetch: whoever makes a recording of a million does not make this
/// program slow.
const MOST_LOOKED_AT: usize = 512;

/// Origins of a list that a person writes; a server that grants more answers whoever asks.
const LONGEST_LIST: usize = 12;

impl Server {
    fn merge(&mut self, other: Self) {
        for (site, siblings) in other.families {
            let known = self.families.entry(site).or_default();
            known.family.take();
            for (origin, answers) in siblings.origins {
                known.origins.entry(origin).or_default().merge(answers);
            }
        }
        self.mirrored.extend(other.mirrored);
        while self.mirrored.len() > SEVERAL {
            self.mirrored.pop_last();
        }
        for (input, origins) in other.copied {
            let known = self.copied.entry(input).or_default();
            for origin in origins {
                keep_several(known, origin);
            }
        }
        self.json.extend(other.json);
    }
}

impl Answers {
    fn is_refusal(self) -> bool {
        self.refused || (self.absent && !self.granted)
    }

    fn merge(&mut self, other: Self) {
        self.granted |= other.granted;
        self.refused |= other.refused;
        self.absent |= other.absent;
    }
}

/// The inputs beside Origin that hold the very origin which the answer names. None where the answer names the asker
/// or the server itself, and behind a redirect, which may have turned a listed page's Origin into `null`.
pub(crate) fn inputs(view: FetchView<'_>, policy: &Policy<'_>) -> Vec<Input> {
    let mut found = Vec::new();
    if policy.allow_origin != AllowOrigin::Other || view.judged.fetch.hops.len() > 1 {
        return found;
    }
    let Some(named) = policy.value.as_deref().and_then(Origin::parse) else {
        return found;
    };
    if named == *policy.target || policy.reader == Some(&named) {
        return found;
    }
    let exchange = policy.exchange;
    let query = exchange
        .request
        .url
        .as_str()
        .split_once('?')
        .map_or("", |(_, query)| query);
    let in_query = query.contains('=')
        && ::url::form_urlencoded::parse(query.as_bytes())
            .any(|(_, value)| is_origin_of(&named, &value));
    let in_body = exchange
        .content
        .as_ref()
        .is_some_and(|content| content.request.origins.contains(&named));
    if in_query || in_body {
        found.push(Input::Parameter);
    }
    let referer = exchange.request.headers.first("referer");
    if referer.is_some_and(|referer| is_origin_of(&named, referer)) {
        found.push(Input::Referer);
    }
    found
}

fn is_origin_of(named: &Origin, url: &str) -> bool {
    url.contains("://") && ::url::Url::parse(url).is_ok_and(|url| Origin::of(&url) == *named)
}

/// The header names that a preflight asked for, where its answer grants the same bytes, with credentials, and they are no
/// everyday pair: a list of a server's own would not be spelt like that.
pub(crate) fn mirrored_request(preflight: &Exchange) -> Option<std::borrow::Cow<'_, [u8]>> {
    let response = preflight.response()?;
    let asked = preflight
        .request
        .headers
        .get("access-control-request-headers")?;
    let granted = response.headers.get("access-control-allow-headers")?;
    let credentials = response.headers.get("access-control-allow-credentials");
    let everyday = [&b"content-type"[..], b"authorization"]
        .iter()
        .any(|name| asked.eq_ignore_ascii_case(name));
    (asked == granted
        && !everyday
        && *asked != *b"*"
        && !asked.is_empty()
        && response.is_ok_status()
        && credentials.as_deref() == Some(b"true"))
    .then_some(asked)
}

fn judge_family(
    siblings: &BTreeMap<Origin, Answers>,
    target: &Origin,
    site: &str,
) -> Option<Family> {
    if siblings.values().any(|answers| answers.is_refusal()) {
        return None;
    }
    let granted: Vec<&Origin> = siblings
        .iter()
        .filter(|(origin, answers)| answers.granted && origin.host() != target.host())
        .map(|(origin, _)| origin)
        .collect();
    let hosts: BTreeSet<&str> = granted.iter().filter_map(|origin| origin.host()).collect();
    if hosts.len() < 3 || !hosts.iter().any(|host| is_remote_corner(host, site)) {
        return None;
    }
    Some(Family {
        count: granted.len(),
        shown: granted
            .iter()
            .take(SHOWN)
            .map(|origin| (*origin).clone())
            .collect(),
        is_implausible: granted.iter().any(|origin| {
            origin
                .port()
                .is_some_and(|port| port >= FIRST_EPHEMERAL_PORT)
        }),
        has_http: granted.iter().any(|origin| origin.scheme() == Some("http")),
        has_uploads: hosts
            .iter()
            .any(|host| host.split('.').any(|label| UPLOADS.contains(&label))),
    })
}

/// A host far from what one writes into a list: two labels and more below the site, or a label with a random look.
fn is_remote_corner(host: &str, site: &str) -> bool {
    let Some(labels) = host
        .strip_suffix(site)
        .and_then(|rest| rest.strip_suffix('.'))
    else {
        return false;
    };
    labels.contains('.') || labels.split('-').any(is_random)
}

/// Five characters or more, letters and digits mixed: `b9f3a`, `3fa9c1`, not `app2` nor `api2024`.
fn is_random(part: &str) -> bool {
    let classes: Vec<bool> = part.bytes().map(|byte| byte.is_ascii_digit()).collect();
    part.len() >= 5 && classes.windows(2).filter(|pair| pair[0] != pair[1]).count() >= 2
}

fn covers_subdomains(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let lasts = value.split(';').any(|directive| {
        directive
            .trim()
            .strip_prefix("max-age=")
            .and_then(|age| age.trim_matches('"').parse::<u64>().ok())
            .is_some_and(|age| age > 0)
    });
    lasts
        && value
            .split(';')
            .any(|directive| directive.trim() == "includesubdomains")
}

fn keep_several<T: Ord>(set: &mut BTreeSet<T>, member: T) {
    set.insert(member);
    if set.len() > SEVERAL {
        set.pop_last();
    }
}

/// A hash without a seed: the same in every run.
fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners() {
        for (host, expected) in [
            ("a.x.test", false),
            ("b9f3.preview.x.test", true),
            ("pr-3fa9c1.x.test", true),
            ("app2.x.test", false),
            ("api2024.x.test", false),
            ("x.test", false),
        ] {
            assert_eq!(is_remote_corner(host, "x.test"), expected, "{host}");
        }
    }

    #[test]
    fn strict_transport_security() {
        assert!(covers_subdomains(
            "max-age=31536000; includeSubDomains; preload"
        ));
        assert!(!covers_subdomains("max-age=0; includeSubDomains"));
        assert!(!covers_subdomains("max-age=600"));
    }
}
