//! A fetch as recorded, laid out as the procedure reads it.

use std::borrow::Cow;

use crate::cors::{
    self, Answer, AuthorHeaders, CredentialsMode, EmbedderPolicy, LocalNetwork, Origin, Preflight,
    RedirectMode, RequestMode,
};
use crate::exchange::{Capture, Exchange, Method, Outcome, Recorder, Response};
use crate::header::{HeaderList, HeaderListBuilder};
use crate::pairing::{Fetch, PreflightLink, author_headers, origin_header, requested_method};

/// Status of the error page with which a proxy answers when the server fails it (RFC 9110, section 15.6.3).
const BAD_GATEWAY: u16 = 502;

/// Everything of a recorded fetch that the procedure borrows.
pub(super) struct Case<'c> {
    recorder: Recorder,
    /// The header list of a proxy's own error page: nothing that grants anything.
    no_headers: HeaderList,
    hops: Vec<CaseHop<'c>>,
    unsafe_names: Vec<String>,
    local_network: Option<LocalNetwork>,
}

struct CaseHop<'c> {
    exchange: &'c Exchange,
    /// Whether the exchange is the actual one, not a preflight standing alone.
    is_actual: bool,
    method: Cow<'c, Method>,
    wire_origin: Option<Origin>,
    preflight: Option<CasePreflight<'c>>,
    headers: Option<Cow<'c, HeaderList>>,
    /// Status of the stored response, where one stands behind the exchange.
    stored_status: Option<u16>,
}

struct CasePreflight<'c> {
    exchange: &'c Exchange,
    origin: Option<Origin>,
    method: Method,
    headers: Option<Cow<'c, [u8]>>,
}

impl<'c> Case<'c> {
    /// Lays out a fetch. `None` for a fetch whose hops name no exchange of the capture.
    pub(super) fn new(
        capture: &'c Capture,
        fetch: &Fetch,
        local_network: Option<LocalNetwork>,
    ) -> Option<Self> {
        let at = |index: u32| capture.exchanges.get(index as usize);
        let mut hops = Vec::with_capacity(fetch.hops.len());
        for hop in &fetch.hops {
            let recorded = match hop.preflight {
                PreflightLink::Recorded(index) => at(index),
                PreflightLink::None | PreflightLink::Cached(_) => None,
            };
            let actual = hop.exchange.and_then(at);
            let exchange = actual.or(recorded)?;
            let preflight = recorded.map(|exchange| CasePreflight {
                exchange,
                origin: origin_header(exchange),
                method: requested_method(exchange).unwrap_or_else(|| {
                    actual.map_or(Method::Get, |actual| actual.request.method.clone())
                }),
                headers: exchange
                    .request
                    .headers
                    .get("access-control-request-headers"),
            });
            let method = match (actual, &preflight) {
                (None, Some(preflight)) => Cow::Owned(preflight.method.clone()),
                _ => Cow::Borrowed(&exchange.request.method),
            };
            let response = actual.and_then(Exchange::response);
            let stored = hop.stored.and_then(at).and_then(Exchange::response);
            hops.push(CaseHop {
                exchange,
                is_actual: actual.is_some(),
                method,
                wire_origin: actual.and_then(origin_header),
                preflight,
                headers: match (response, stored) {
                    (Some(response), Some(stored)) => Some(Cow::Owned(refresh(stored, response))),
                    (Some(response), None) | (None, Some(response)) => {
                        Some(Cow::Borrowed(&response.headers))
                    }
                    (None, None) => None,
                },
                stored_status: stored.map(|stored| stored.status),
            });
        }
        let first = hops.first()?;
        let preflight = first.preflight.as_ref().map(|preflight| preflight.exchange);
        let unsafe_names = author_headers(first.exchange, preflight).unsafe_names;
        Some(Self {
            recorder: capture.recorder,
            no_headers: HeaderList::default(),
            hops,
            unsafe_names,
            local_network,
        })
    }

    /// Runs the procedure's view of this case, with the given values for what recordings seldom tell.
    pub(super) fn with<R>(
        &self,
        origin: &Origin,
        mode: RequestMode,
        credentials: CredentialsMode,
        run: impl FnOnce(&cors::Fetch<'_>) -> R,
    ) -> R {
        let names: Vec<&str> = self.unsafe_names.iter().map(String::as_str).collect();
        let hops: Vec<cors::Hop<'_>> = self
            .hops
            .iter()
            .map(|hop| cors::Hop {
                url: &hop.exchange.request.url,
                method: Some(&hop.method),
                wire_origin: hop.wire_origin.as_ref(),
                preflight: hop
                    .preflight
                    .as_ref()
                    .map_or(Preflight::NotRecorded, |preflight| Preflight::Recorded {
                        origin: preflight.origin.as_ref(),
                        method: &preflight.method,
                        headers: preflight.headers.as_deref(),
                        response: match preflight.exchange.response() {
                            Some(response) => Some(Answer {
                                status: response.status,
                                headers: &response.headers,
                            }),
                            None => self.proxy_answer(preflight.exchange),
                        },
                    }),
                response: self.answer(hop),
            })
            .collect();
        let fetch = cors::Fetch {
            origin,
            method: &self.hops[0].method,
            mode,
            credentials,
            redirect: RedirectMode::Follow,
            author_headers: AuthorHeaders::UnsafeNames(&names),
            force_preflight: false,
            embedder_policy: EmbedderPolicy::UnsafeNone,
            local_network: self.local_network,
            hops: &hops,
        };
        run(&fetch)
    }

    fn answer<'s>(&'s self, hop: &'s CaseHop<'c>) -> Option<Answer<'s>> {
        if !hop.is_actual {
            return None;
        }
        match hop.exchange.response() {
            Some(response) => Some(Answer {
                status: response.status,
                headers: hop.headers.as_deref()?,
            }),
            None => match (&hop.headers, hop.stored_status) {
                (Some(headers), Some(status)) => Some(Answer { status, headers }),
                _ => self.proxy_answer(hop.exchange),
            },
        }
    }

    /// mitmproxy records a failed server as status 0 with a reason, and answers the browser with an error page of its
    /// own.
    fn proxy_answer(&self, exchange: &Exchange) -> Option<Answer<'_>> {
        let failed = self.recorder == Recorder::Mitmproxy
            && matches!(exchange.outcome, Outcome::NoResponse)
            && exchange
                .hints
                .error
                .as_deref()
                .is_some_and(|reason| !reason.to_ascii_lowercase().contains("client"));
        failed.then_some(Answer {
            status: BAD_GATEWAY,
            headers: &self.no_headers,
        })
    }
}

/// A stored response refreshed by a 304 (RFC 9111, section 4.3.4): its headers, those of the 304 in their place.
fn refresh(stored: &Response, not_modified: &Response) -> HeaderList {
    let mut lines = HeaderListBuilder::new();
    for (name, value) in stored.headers.iter() {
        let replaced = not_modified
            .headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name));
        if !replaced {
            lines.push(name, value);
        }
    }
    for (name, value) in not_modified.headers.iter() {
        lines.push(name, value);
    }
    lines.take()
}
