//! Facts about a whole recording that the ladders weigh single exchanges against.

use rustc_hash::FxHashMap;

use super::cookie_jar::CookieJar;
use crate::cors::RequestMode;
use crate::exchange::{Client, Exchange};
use crate::pairing::mark::Role;

/// What a recording as a whole tells, gathered from its exchanges in any order.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// Whether any preflight was recorded; if not, the recorder may hide them.
    pub(in crate::pairing) has_preflights: bool,
    /// Whether its browser sends `Sec-Fetch-Storage-Access` at all.
    pub(in crate::pairing) sends_storage_access: bool,
    pub(in crate::pairing) cookies: CookieJar,
    connections: FxHashMap<u32, Pool>,
}

/// What a connection has carried. Browsers keep credentialed and uncredentialed requests on different connections
/// (measured over HTTP/1.1 and HTTP/2 in Chromium: of 64 connections none carried both).
#[derive(Clone, Copy, Debug, Default)]
struct Pool {
    credentialed: bool,
    preflight: bool,
}

impl Pool {
    fn add(&mut self, other: Self) {
        self.credentialed |= other.credentialed;
        self.preflight |= other.preflight;
    }
}

/// The side of the partition that a connection belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pairing) enum Partition {
    Credentialed,
    Uncredentialed,
}

impl Whole {
    /// Gathers what exchanges tell.
    pub(crate) fn observe(&mut self, exchanges: &[Exchange]) {
        for exchange in exchanges {
            self.observe_one(exchange);
        }
    }

    fn observe_one(&mut self, exchange: &Exchange) {
        let role = Role::of(exchange);
        self.has_preflights |= role == Role::Preflight;
        self.sends_storage_access |= exchange
            .request
            .headers
            .contains("sec-fetch-storage-access");
        if role == Role::Actual {
            self.cookies.observe(exchange);
        }
        if let Some(connection) = exchange.hints.connection {
            let pool = self.connections.entry(connection).or_default();
            pool.add(Pool {
                credentialed: role == Role::Actual && is_surely_credentialed(exchange),
                preflight: role == Role::Preflight,
            });
        }
    }

    /// Joins what another part of the recording told.
    pub(crate) fn merge(&mut self, other: Self) {
        self.has_preflights |= other.has_preflights;
        self.sends_storage_access |= other.sends_storage_access;
        self.cookies.merge(other.cookies);
        #[expect(clippy::iter_over_hash_type, reason = "every step commutes")]
        for (connection, pool) in other.connections {
            self.connections.entry(connection).or_default().add(pool);
        }
    }

    /// Which requests the exchange's connection carries; `None` when unknown or contradictory.
    pub(in crate::pairing) fn partition(&self, exchange: &Exchange) -> Option<Partition> {
        if shares_connections(exchange) {
            return None;
        }
        let pool = self.connections.get(&exchange.hints.connection?)?;
        match (pool.credentialed, pool.preflight) {
            (true, false) => Some(Partition::Credentialed),
            (false, true) => Some(Partition::Uncredentialed),
            _ => None,
        }
    }
}

/// Firefox sends both kinds over one HTTP/2 connection (measured: one carried 225 preflights, 106 requests with credentials
/// and 212 without); over HTTP/1 it keeps them apart.
fn shares_connections(exchange: &Exchange) -> bool {
    exchange.hints.client == Client::Firefox && exchange.hints.is_multiplexed
}

/// A navigation, an element's plain load, or a request with a cookie: credentialed without doubt. A script's no-cors
/// fetch (`Sec-Fetch-Dest: empty`) is not.
fn is_surely_credentialed(exchange: &Exchange) -> bool {
    if exchange.request.headers.contains("cookie") || exchange.request.listed_cookies {
        return true;
    }
    let destination = exchange.request.headers.first("sec-fetch-dest");
    match exchange.sec_fetch_mode() {
        Some(RequestMode::Navigate) => true,
        Some(RequestMode::NoCors) => destination.is_some_and(|destination| destination != "empty"),
        _ => exchange
            .request
            .headers
            .contains("sec-fetch-storage-access"),
    }
}
