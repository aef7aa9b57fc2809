//! Successes beside errors: what an endpoint answers when all goes well, to know what its errors lack.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{FetchView, write_key};
use crate::cors::{Class, Origin, RequestMode};
use crate::exchange::Exchange;
use crate::facts::{authentication, write_template};

/// Successful answers to requests in mode cors, by server and endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors {
    servers: FxHashMap<Origin, BTreeMap<Box<str>, Successes>>,
}

/// The successes of one endpoint.
#[derive(Clone, Debug, Default)]
struct Successes {
    by_reader: BTreeMap<Origin, Readability>,
    // One of them answered a request with credentials of any kind.
    authenticated: bool,
}

/// Whether a page could read them.
#[derive(Clone, Copy, Debug, Default)]
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
        let mut key = String::new();
        write_key(exchange, &mut key);
        let successes = self
            .servers
            .entry(exchange.request.url.origin().clone())
            .or_default()
            .entry(key.into())
            .or_default();
        successes.authenticated |= authenticated;
        if let Some(reader) = reader {
            let known = successes.by_reader.entry(reader.clone()).or_default();
            known.granted |= class == Class::Allowed;
            known.blocked |= class == Class::Blocked;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (server, endpoints) in other.servers {
            let known = self.servers.entry(server).or_default();
            for (key, successes) in endpoints {
                let known = known.entry(key).or_default();
                known.authenticated |= successes.authenticated;
                for (reader, readability) in successes.by_reader {
                    let known = known.by_reader.entry(reader).or_default();
                    known.granted |= readability.granted;
                    known.blocked |= readability.blocked;
                }
            }
        }
    }

    /// Where this server let the origin read its successes. `None` where it never did, or where a success of the
    /// endpoint (of the server, if the endpoint never succeeded) was blocked too, so that errors are not special.
    pub(crate) fn granted_on(&self, exchange: &Exchange, reader: &Origin) -> Option<GrantedOn> {
        let endpoints = self.servers.get(exchange.request.url.origin())?;
        let mut key = String::new();
        write_key(exchange, &mut key);
        let here = endpoints
            .get(key.as_str())
            .and_then(|successes| successes.by_reader.get(reader));
        if let Some(here) = here {
            return (here.granted && !here.blocked).then_some(GrantedOn::Endpoint);
        }
        let mut granted = false;
        for successes in endpoints.values() {
            let Some(known) = successes.by_reader.get(reader) else {
                continue;
            };
            if known.blocked {
                return None;
            }
            granted |= known.granted;
        }
        granted.then_some(GrantedOn::Server)
    }

    /// Whether the endpoint of this exchange, whatever the method, served a request that carried credentials.
    pub(crate) fn served_authenticated(&self, exchange: &Exchange) -> bool {
        let Some(endpoints) = self.servers.get(exchange.request.url.origin()) else {
            return false;
        };
        ["r", "w"].into_iter().any(|class| {
            let mut key = class.to_owned();
            write_template(exchange.request.url.path(), &mut key);
            endpoints
                .get(key.as_str())
                .is_some_and(|successes| successes.authenticated)
        })
    }
}
