//! The exchanges of a recording in time order, with their roles and an index by URL.

use rustc_hash::FxHashMap;

use crate::cors::Origin;
use crate::exchange::{Capture, Exchange, Recorder, ResourceType};

/// How many other exchanges of its URL an exchange is compared with. A URL polled ten thousand times would cost a
/// square otherwise.
pub(super) const LOOK_BACK: usize = 256;

/// What an exchange is to the pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A CORS-preflight.
    Preflight,
    /// An actual request.
    Actual,
    /// The page's side of a request that a service worker passed on to the network; the worker's own exchange is
    /// recorded too and stands for both.
    ServedByWorker,
    /// A `CONNECT` to a proxy: the browser's own business, no page's.
    Tunnel,
}

/// A recording, ready for pairing.
pub(super) struct Timeline<'c> {
    pub(super) capture: &'c Capture,
    /// Indices of exchanges by effective start time, then file order.
    pub(super) order: Vec<u32>,
    /// Role of each exchange.
    pub(super) roles: Vec<Role>,
    /// Effective start, nanoseconds; an exchange without time takes the one before it in the file.
    starts: Vec<i64>,
    by_url: FxHashMap<&'c str, Vec<u32>>,
    /// Page sides of service worker requests, with the worker's own exchange.
    pub(super) worker_pairs: Vec<(u32, u32)>,
}

impl<'c> Timeline<'c> {
    pub(super) fn new(capture: &'c Capture) -> Self {
        let mut starts = Vec::with_capacity(capture.exchanges.len());
        let mut last = i64::MIN;
        for exchange in &capture.exchanges {
            last = exchange.started.map_or(last, |time| time.0);
            starts.push(last);
        }
        let mut order: Vec<u32> = (0..capture.exchanges.len() as u32).collect();
        order.sort_by_key(|&index| (starts[index as usize], index));
        let mut by_url: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        for &index in &order {
            by_url
                .entry(capture.exchanges[index as usize].request.url.as_str())
                .or_default()
                .push(index);
        }
        let roles = capture.exchanges.iter().map(role_alone).collect();
        let mut timeline = Self {
            capture,
            order,
            roles,
            starts,
            by_url,
            worker_pairs: Vec::new(),
        };
        timeline.find_worker_pairs();
        timeline
    }

    pub(super) fn exchange(&self, index: u32) -> &'c Exchange {
        &self.capture.exchanges[index as usize]
    }

    pub(super) fn role(&self, index: u32) -> Role {
        self.roles[index as usize]
    }

    /// Start in nanoseconds.
    pub(super) fn start(&self, index: u32) -> i64 {
        self.starts[index as usize]
    }

    /// End in nanoseconds; the start where the duration is unknown.
    pub(super) fn end(&self, index: u32) -> i64 {
        let duration = self
            .exchange(index)
            .duration_ms
            .filter(|ms| ms.is_finite() && *ms > 0.0)
            .unwrap_or(0.0);
        self.start(index)
            .saturating_add((f64::from(duration) * 1e6) as i64)
    }

    /// Exchanges of a URL, in time order.
    pub(super) fn of_url(&self, url: &str) -> &[u32] {
        self.by_url.get(url).map_or(&[], Vec::as_slice)
    }

    /// Exchanges of a URL that start within a span of time, in time order.
    pub(super) fn of_url_within(&self, url: &str, from: i64, until: i64) -> &[u32] {
        let of_url = self.of_url(url);
        let first = of_url.partition_point(|&other| self.start(other) < from);
        let count = of_url[first..].partition_point(|&other| self.start(other) <= until);
        &of_url[first..first + count]
    }

    /// Exchanges of the same URL before this one, latest first, as far back as [`LOOK_BACK`].
    pub(super) fn before(&self, index: u32) -> impl Iterator<Item = u32> {
        let of_url = self.of_url(self.exchange(index).request.url.as_str());
        let here = of_url
            .partition_point(|&other| (self.start(other), other) < (self.start(index), index));
        of_url[..here].iter().rev().take(LOOK_BACK).copied()
    }

    /// Marks the page's side of requests that a service worker sent on: the worker's own exchange of the same URL
    /// and method starts within the page's, belongs to no page, and went to the network.
    fn find_worker_pairs(&mut self) {
        for page_side in self.order.clone() {
            let exchange = self.exchange(page_side);
            if self.role(page_side) != Role::Actual
                || !may_be_served_by_worker(self.capture, exchange)
            {
                continue;
            }
            let (from, until) = (self.start(page_side), self.end(page_side));
            let worker_side = self
                .of_url_within(exchange.request.url.as_str(), from, until.max(from))
                .iter()
                .copied()
                .take(LOOK_BACK)
                .find(|&other| {
                    let candidate = self.exchange(other);
                    other != page_side
                        && self.role(other) == Role::Actual
                        && candidate.hints.page.is_none()
                        && !candidate.hints.via_service_worker
                        && candidate.request.method == exchange.request.method
                });
            if let Some(worker_side) = worker_side {
                self.roles[page_side as usize] = Role::ServedByWorker;
                self.worker_pairs.push((page_side, worker_side));
            }
        }
    }
}

/// The `Origin` header of a request. Browsers write one; chrome-har lists it twice with equal values.
pub(crate) fn origin_header(exchange: &Exchange) -> Option<Origin> {
    let first = exchange.request.headers.lines("origin").next()?;
    Origin::parse(first)
}

fn role_alone(exchange: &Exchange) -> Role {
    if exchange.request.method.as_str() == "CONNECT"
        && !matches!(exchange.request.url.scheme(), "ws" | "wss")
    {
        return Role::Tunnel;
    }
    let marked = exchange.hints.resource_type == Some(ResourceType::Preflight)
        && exchange.request.method == crate::exchange::Method::Options;
    if exchange.is_preflight() || marked {
        Role::Preflight
    } else {
        Role::Actual
    }
}

/// Whether an exchange may be the page's side of a service worker pair: marked, or without `Origin` and connection
/// in a recorder that does not mark it or where the worker's fetch failed.
fn may_be_served_by_worker(capture: &Capture, exchange: &Exchange) -> bool {
    if exchange.hints.via_service_worker {
        return true;
    }
    matches!(capture.recorder, Recorder::Playwright | Recorder::DevTools)
        && !exchange.request.headers_complete
        && exchange.hints.page.is_some()
        && exchange.hints.server_ip.is_none()
        && exchange.hints.connection.is_none()
        && !exchange.request.headers.contains("origin")
}
