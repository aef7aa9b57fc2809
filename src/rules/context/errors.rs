//! Successes beside errors: what an endpoint answers when all goes well, to know what its errors lack.

use rustc_hash::FxHashMap;

use super::FetchView;
use super::endpoint_key::EndpointKey;
use super::grant::LIGHT;
use crate::cors::{Class, Origin, RequestMode};
use crate::exchange::Exchange;
use crate::facts::authentication;
use crate::few::Few;
use crate::flyweight::{FlyweightMap, Light};

/// Successful answers to requests in mode cors, by server and endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors {
    servers: FxHashMap<Origin, Server>,
}

/// The successes of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    endpoints: FlyweightMap<EndpointKey, Successes>,
    // Those of all endpoints together.
    by_reader: Few<Origin, Readability>,
}

/// The successes of one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Successes {
    by_reader: Few<Origin, Readability>,
    // One of them answered a request with credentials of any kind.
    authenticated: bool,
}

/// Whether a page could read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Readability {
    granted: bool,
    blocked: bool,
}

/// Where successes were granted to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantedOn {
    /// On this very endpoint.
    Endpoint,
    /// On other endpoints of the server only; this one was never seen to succeed.
    Server,
}

impl Errors {
    pub(super) fn observe(&mut self, view: FetchView<'_>) {
        let Some(response) = view.actual_response().filter(|r| r.is_ok_status()) else {
            return;
        };
        let Some(exchange) = view.last() else {
            return;
        };
        let class = view.judged.verdict.class();
        let by_cors = view.judged.fetch.mode.value == Some(RequestMode::Cors);
        if !by_cors && class != Class::NotCors || response.status == 304 {
            return;
        }
        let headers = &exchange.request.headers;
        let authenticated = authentication(view).is_seen() || headers.contains("authorization");
        let reader = view.judged.fetch.initiator_origin.value.as_ref();
        // After a cross-origin redirect `null` was granted or refused, not the page.
        let reader = reader.filter(|reader| {
            by_cors
                && headers
                    .get("origin")
                    .is_none_or(|sent| *sent == *reader.serialised().as_bytes())
        });
        if reader.is_none() && !authenticated {
            return;
        }
        let server = self
            .servers
            .entry(exchange.request.url.origin().clone())
            .or_default();
        let key = EndpointKey::of(exchange);
        let seen = Readability {
            granted: class == Class::Allowed,
            blocked: class == Class::Blocked,
        };
        server.endpoints.update(key, |successes| {
            successes.authenticated |= authenticated;
            if let Some(reader) = reader {
                successes.by_reader.or_default(reader.clone()).merge(seen);
            }
        });
        if let Some(reader) = reader {
            server.by_reader.or_default(reader.clone()).merge(seen);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (origin, server) in other.servers {
            let known = self.servers.entry(origin).or_default();
            merge_readers(&mut known.by_reader, &server.by_reader);
            known.endpoints.merge(server.endpoints, |known, successes| {
                known.authenticated |= successes.authenticated;
                merge_readers(&mut known.by_reader, &successes.by_reader);
            });
        }
    }

    /// Where this server let the origin read its successes. `None` where it never did, or where a success of the
    /// endpoint (of the server, if the endpoint never succeeded) was blocked too, so that errors are not special.
    pub(crate) fn granted_on(&self, exchange: &Exchange, reader: &Origin) -> Option<GrantedOn> {
        let server = self.servers.get(exchange.request.url.origin())?;
        let here = server
            .endpoints
            .get(&EndpointKey::of(exchange))
            .and_then(|successes| successes.by_reader.get(reader));
        let (known, on) = match here {
            Some(here) => (here, GrantedOn::Endpoint),
            None => (server.by_reader.get(reader)?, GrantedOn::Server),
        };
        (known.granted && !known.blocked).then_some(on)
    }

    /// Whether the endpoint of this exchange, whatever the method, served a request that carried credentials.
    pub(crate) fn served_authenticated(&self, exchange: &Exchange) -> bool {
        let Some(server) = self.servers.get(exchange.request.url.origin()) else {
            return false;
        };
        EndpointKey::both_of(exchange).iter().any(|key| {
            server
                .endpoints
                .get(key)
                .is_some_and(|successes| successes.authenticated)
        })
    }
}

impl Readability {
    fn merge(&mut self, other: Self) {
        self.granted |= other.granted;
        self.blocked |= other.blocked;
    }
}

impl Light for Successes {
    fn is_light(&self) -> bool {
        self.by_reader.len() <= LIGHT
    }
}

fn merge_readers(known: &mut Few<Origin, Readability>, readers: &Few<Origin, Readability>) {
    for (reader, readability) in readers.iter() {
        known.or_default(reader.clone()).merge(*readability);
    }
}
