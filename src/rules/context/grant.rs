//! What servers granted: by server, endpoint and origin that asked.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::endpoint_key::EndpointKey;
use crate::cors::Origin;
use crate::exchange::Time;
use crate::facts::{is_ip_host, is_shared_hosting_tenant, site_host};
use crate::few::Few;
use crate::finding::Sample;
use crate::flyweight::{FlyweightMap, Light};

/// What was seen of one server.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// How its endpoints answered cross-origin requests.
    pub endpoints: FlyweightMap<EndpointKey, Endpoint>,
    /// The grants by name, by the origin named.
    pub granted: BTreeMap<Origin, Grants>,
    /// A page of this origin was opened in a tab.
    pub is_document: bool,
    /// Answers whose body was known, preflights and blocked ones excluded.
    pub answers: u64,
    /// Those among them that are a beacon's receipt.
    pub receipts: u64,
    /// Answers with any grant at all.
    pub opted_in: u64,
    // Whether it is a third party's collector: judged once, when everything was observed and fetches ask.
    pub(super) is_collector: OnceLock<bool>,
}

/// What was seen of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// By the origin that asked.
    pub origins: Few<Origin, Answered>,
    // How widely it grants, judged once for all fetches that ask.
    pub(super) reflection: OnceLock<Option<Reflection>>,
}

/// How an endpoint answered one origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Named the origin, with ok status.
    pub echoed: bool,
    /// `*`.
    pub star: bool,
    /// Named another origin.
    pub denied: bool,
    /// No grant, with ok status.
    pub absent: bool,
}

/// Grants of a server to an origin that it named, with ok status.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// How many.
    pub times: u64,
    /// Those that allowed credentials.
    pub credentialed: u64,
    /// Reads of these that carried the user's credentials.
    pub authenticated: u64,
    /// The earliest.
    pub first: Option<Time>,
    /// The latest.
    pub last: Option<Time>,
    /// The first place in the recordings, by file name.
    pub place: Option<Sample>,
}

/// So many origins that asked one endpoint are few: what is known of it may be copied.
pub(super) const LIGHT: usize = 4;

/// How widely an endpoint grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reflection {
    /// Mutually unrelated sites that were granted.
    pub sites: usize,
    /// An origin was granted that no allow-list holds.
    pub implausible: bool,
}

impl Reflection {
    /// Whether the grants leave no other explanation.
    #[must_use]
    pub fn is_proven(self) -> bool {
        self.implausible || self.sites >= 3
    }
}

impl Endpoint {
    /// Whether any origin was refused: the endpoint consults a list.
    #[must_use]
    pub fn refused_any(&self) -> bool {
        self.origins
            .values()
            .any(|answered| answered.denied || (answered.absent && !answered.echoed))
    }

    pub(super) fn note(&mut self, origin: &Origin, answered: Answered) {
        self.reflection.take();
        self.origins.or_default(origin.clone()).merge(answered);
    }
}

impl Light for Endpoint {
    fn is_light(&self) -> bool {
        self.origins.len() <= LIGHT
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        // The rest follows from it.
        self.origins == other.origins
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.origins.hash(state);
    }
}

impl Target {
    /// On how many endpoints the origin was named.
    #[must_use]
    pub fn endpoints_granting(&self, origin: &Origin) -> u64 {
        let named = |endpoint: &&Endpoint| {
            let answered = endpoint.origins.get(origin);
            answered.is_some_and(|answered| answered.echoed)
        };
        self.endpoints.values().filter(named).count() as u64
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.is_collector.take();
        self.is_document |= other.is_document;
        self.answers += other.answers;
        self.receipts += other.receipts;
        self.opted_in += other.opted_in;
        self.endpoints.merge(other.endpoints, |known, endpoint| {
            for (origin, answered) in endpoint.origins.iter() {
                known.note(origin, *answered);
            }
        });
        for (origin, grants) in other.granted {
            self.granted.entry(origin).or_default().merge(grants);
        }
    }
}

impl Answered {
    fn merge(&mut self, other: Self) {
        self.echoed |= other.echoed;
        self.star |= other.star;
        self.denied |= other.denied;
        self.absent |= other.absent;
    }
}

impl Grants {
    /// Adds others to the same origin.
    pub(super) fn merge(&mut self, other: Self) {
        self.times += other.times;
        self.credentialed += other.credentialed;
        self.authenticated += other.authenticated;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.place = [self.place.take(), other.place].into_iter().flatten().min();
    }
}

/// An origin that no allow-list of a real server names.
pub(crate) fn is_implausible(origin: &Origin, target: &Origin, target_is_public: bool) -> bool {
    let (Some(scheme), Some(host)) = (origin.scheme(), origin.host()) else {
        return true;
    };
    if scheme == "moz-extension" {
        return true;
    }
    let local = is_ip_host(host) || host == "localhost" || host.ends_with(".localhost");
    let own = target.host().map_or("", site_host);
    (target_is_public && local && origin.port().is_some())
        || (is_shared_hosting_tenant(host) && site_host(host) != own)
}
