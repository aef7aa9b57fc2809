//! The grant that an answer carries.

use std::borrow::Cow;

use crate::cors::{Code, Origin, RequestMode};
use crate::exchange::{Exchange, Response};
use crate::rules::FetchView;

/// What `Access-Control-Allow-Origin` says to the origin that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllowOrigin {
    /// Nothing.
    Absent,
    /// `*`
    Star,
    /// Byte-equal to the request's origin (also `null` to `null`).
    Echo,
    /// `null` to an origin that is not `null`.
    Null,
    /// Something else.
    Other,
}

/// The actual answer of a fetch's last hop, read as a grant.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// Its answer.
    pub response: &'a Response,
    /// Combined `Access-Control-Allow-Origin`.
    pub value: Option<Cow<'a, [u8]>>,
    /// The same against the origin that asked.
    pub allow_origin: AllowOrigin,
    /// Whether combined `Access-Control-Allow-Credentials` is exactly `true`.
    pub allow_credentials: bool,
    /// The origin that asked: from the wire where the request says it.
    pub reader: Option<&'a Origin>,
    /// The server's origin.
    pub target: &'a Origin,
}

impl<'a> Policy<'a> {
    /// The policy of the last hop's actual answer; `None` without one, and for exchanges to which CORS never applies:
    /// navigations, form posts, WebSockets, same-origin requests.
    #[must_use]
    pub fn of(view: FetchView<'a>) -> Option<Self> {
        let code = view.judged.verdict.code;
        if matches!(
            code,
            Code::SameOrigin | Code::Navigation | Code::WebSocket | Code::LocalScheme
        ) {
            return None;
        }
        let response = view.actual_response()?;
        let exchange = view.last()?;
        let target = exchange.request.url.origin();
        let reader = view.judged.fetch.initiator_origin.value.as_ref();
        if reader.is_some_and(|reader| reader.is_same_origin(target))
            && view.judged.fetch.hops.len() == 1
        {
            return None;
        }
        let value = response.headers.get("access-control-allow-origin");
        let allow_origin = match value.as_deref() {
            None => AllowOrigin::Absent,
            Some(b"*") => AllowOrigin::Star,
            Some(value) => {
                let wire = exchange.request.headers.get("origin");
                let asked = wire
                    .as_deref()
                    .or_else(|| reader.map(|origin| origin.serialised().as_bytes()));
                if asked == Some(value) {
                    AllowOrigin::Echo
                } else if value == b"null" {
                    AllowOrigin::Null
                } else {
                    AllowOrigin::Other
                }
            }
        };
        let allow_credentials = value.is_some()
            && response
                .headers
                .get("access-control-allow-credentials")
                .as_deref()
                == Some(b"true");
        Some(Self {
            exchange,
            response,
            value,
            allow_origin,
            allow_credentials,
            reader,
            target,
        })
    }

    /// Whether the request was one the CORS protocol governs: mode cors, or sent by a client that is no browser and
    /// plays one.
    #[must_use]
    pub fn is_cors(&self, view: FetchView<'_>) -> bool {
        view.judged.verdict.code == Code::NonBrowserClient
            || view.judged.fetch.mode.value == Some(RequestMode::Cors)
    }

    /// Whether the answer grants the literal `null`.
    #[must_use]
    pub fn grants_null(&self) -> bool {
        self.value.as_deref() == Some(b"null")
    }

    /// Whether the request itself came from an opaque origin.
    #[must_use]
    pub fn asked_by_null(&self) -> bool {
        match self.exchange.request.headers.get("origin") {
            Some(origin) => *origin == *b"null",
            None => self.reader.is_some_and(Origin::is_opaque),
        }
    }
}
