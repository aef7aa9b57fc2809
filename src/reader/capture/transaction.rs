//! A transaction of a capture -> an exchange.

use std::borrow::Cow;
use std::net::SocketAddr;

use super::bodies::Body;
use super::sightings::flow_number;
use super::stream::{Context, Place};
use crate::content::{self, BodyForm, RecordedBody, Seen, Subject};
use crate::exchange::{
    Client, Exchange, Hints, Locus, Method, Outcome, Request, ResourceType, Response, Time,
};
use crate::header::{HeaderList, HeaderListBuilder};
use crate::http::{self, Decoded, HeaderLines, RequestHead, ResponseHead, Transaction};
use crate::net::Stamp;
use crate::reader::beacon::beacon_or_fetch;
use crate::reader::{retained, same_origin};
use crate::url::Url;

/// The beginnings of the bodies of a transaction.
#[derive(Debug, Default)]
pub(super) struct Exchanged {
    pub(super) request: Option<Body>,
    pub(super) response: Option<Body>,
}

/// Makes an exchange of a transaction and leaves it with the collector; `is_over` says that an answer that is not here
/// was never sent.
pub(super) fn collect(
    transaction: &Transaction,
    bodies: &Exchanged,
    place: &Place,
    is_over: bool,
    context: &mut Context<'_>,
) {
    let flow = context.flow;
    context.collector.entries += 1;
    let Some(request) = &transaction.request else {
        let at = transaction
            .response
            .as_ref()
            .map_or(flow.start, |response| response.first);
        context
            .collector
            .meet("http-response-without-request", flow, at);
        return;
    };
    if transaction.pushed {
        // What no page asked for is no fetch, and browsers have given it up.
        context
            .collector
            .meet("h2-server-push", flow, request.first);
        return;
    }
    let Some(method) = request.method.as_deref() else {
        context
            .collector
            .meet("h2-request-unknown", flow, request.first);
        return;
    };
    let kind = Kind::of(request, method);
    let mut parse = |text: &str| Url::parse_pooled(text, &mut context.collector.origins).ok();
    let url = url(request, kind, place, flow.server, &mut parse);
    let Some((url, host)) = url else {
        context
            .collector
            .meet("http-url-unreadable", flow, request.first);
        return;
    };
    let response = transaction
        .response
        .as_ref()
        .filter(|response| response.status.is_some());
    if let Some(incomplete) = response.filter(|response| !response.headers_complete) {
        context
            .collector
            .meet("h2-response-incomplete", flow, incomplete.first);
    }
    // Of a head whose lines are not all known, no line can be said to be missing, and that is what verdicts rest on.
    let response = response.filter(|response| response.headers_complete);
    let shrinks = !context.collector.keeps_all && is_plainly_same_origin(request, response, &url);
    let line = |name: &str| first_value(&request.headers, name);
    let client = line("user-agent").map_or(Client::Unknown, |value| {
        retained::client(&String::from_utf8_lossy(value))
    });
    let beacon = beacon_or_fetch(client, method, &url, line, b"");
    let seen = if context.collector.looks_inside && !shrinks && kind != Kind::Tunnel {
        look(request, response, bodies, &url)
    } else {
        Seen::default()
    };
    // Not a path: as proxies are asked (RFC 9112, section 3.2).
    let is_asked_of_proxy = transaction.stream_id.is_none()
        && request
            .target
            .as_deref()
            .is_some_and(|target| !matches!(target.first(), None | Some(b'/' | b'*')));
    let builder = &mut context.collector.builder;
    let headers = keep(builder, &request.headers, retained::request_value, shrinks);
    let outcome = match response {
        Some(head) => Outcome::Response(Response {
            status: head.status.unwrap_or_default(),
            headers: keep(builder, &head.headers, retained::response_value, shrinks),
            body_size: Some(head.body_len),
            body_recorded: false,
            body_digest: seen.digest,
        }),
        None if transaction.response.is_some() => Outcome::NotRecorded,
        None if transaction.reset.is_some() || is_over => Outcome::NoResponse,
        None => Outcome::NotRecorded,
    };
    let (first, last) = span(request, transaction.response.as_ref());
    context.collector.push(Exchange {
        locus: Locus::Packets {
            first,
            last,
            flow: flow_number(flow),
            stream: transaction.stream_id,
        },
        started: time(request.first),
        duration_ms: transaction
            .response
            .as_ref()
            .and_then(|response| elapsed_ms(request.first, response.last)),
        request: Request {
            method: Method::from_bytes(method),
            url,
            headers,
            headers_complete: request.headers_complete,
            listed_cookies: false,
            body_size: Some(request.body_len),
        },
        outcome,
        hints: Hints {
            resource_type: match kind {
                Kind::WebSocket => Some(ResourceType::WebSocket),
                _ => beacon,
            },
            connection: flow_number(flow),
            is_multiplexed: transaction.stream_id.is_some(),
            names_no_host: host == Host::Address,
            is_upgraded: transaction.stream_id.is_some() && transaction.interim.contains(&101),
            // Behind a proxy it is not known.
            server_ip: (place.depth == 0 && !is_asked_of_proxy)
                .then(|| flow.server.ip().to_canonical()),
            client,
            has_request_body: request.body_len > 0,
            ..Hints::default()
        },
        content: seen.content,
    });
}

/// What a request asks for, as far as its URL depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// A WebSocket handshake: `Upgrade` in HTTP/1 (RFC 6455), an extended `CONNECT` in HTTP/2 (RFC 8441).
    WebSocket,
    /// A tunnel (RFC 9110, section 9.3.6).
    Tunnel,
}

/// Who named the host of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// The request, or TLS around it.
    Client,
    /// Nobody: the connection's address stands in for it.
    Address,
}

impl Kind {
    fn of(request: &RequestHead, method: &[u8]) -> Self {
        let upgrades = || {
            request
                .headers
                .values(b"upgrade")
                .any(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"))
        };
        match request.protocol.as_deref() {
            Some(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => Self::WebSocket,
            Some(_) => Self::Plain,
            None if method == b"CONNECT" => Self::Tunnel,
            None if method == b"GET" && upgrades() => Self::WebSocket,
            None => Self::Plain,
        }
    }
}

/// The first of the texts that may be the URL, the likeliest first, that is one: a `Host` may hold anything, and then the
/// connection's own address stands in for it.
fn url(
    request: &RequestHead,
    kind: Kind,
    place: &Place,
    server: SocketAddr,
    parse: &mut impl FnMut(&str) -> Option<Url>,
) -> Option<(Url, Host)> {
    let target = request.target.as_deref().map(String::from_utf8_lossy);
    let authority = request.authority.as_deref().map(String::from_utf8_lossy);
    let host = first_value(&request.headers, "host").map(String::from_utf8_lossy);
    if kind == Kind::Tunnel {
        // It has no scheme; one whose default port is another keeps the port visible.
        let authority = authority.or(target).or(host)?;
        let scheme = if authority.ends_with(":80") {
            "https"
        } else {
            "http"
        };
        return Some((parse(&format!("{scheme}://{authority}/"))?, Host::Client));
    }
    // Without it the request line, or the `:path`, is not known.
    let target = target?;
    let mut target = &*target;
    let scheme = match (kind, place.is_secure) {
        (Kind::WebSocket, true) => "wss",
        (Kind::WebSocket, false) => "ws",
        (_, true) => "https",
        (_, false) => "http",
    };
    let mut slash = "";
    match target.split_once("://") {
        // Absolute form (RFC 9112, section 3.2.2), as proxies are asked.
        Some((given, rest)) if is_scheme(given) => {
            let scheme = if kind == Kind::WebSocket {
                scheme
            } else {
                given
            };
            if let Some(url) = parse(&format!("{scheme}://{rest}")) {
                return Some((url, Host::Client));
            }
            target = rest.find('/').map_or("/", |at| &rest[at..]);
        }
        _ if target == "*" => target = "/",
        _ if target.starts_with('/') => {}
        _ => slash = "/",
    }
    let mut at = |authority: &str| {
        let authority = authority.trim();
        // What would end the authority early, or name a user, is no host.
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\']) {
            return None;
        }
        parse(&[scheme, "://", authority, slash, target].concat())
    };
    let named = [authority.as_deref(), host.as_deref(), place.host.as_deref()];
    let found = named.into_iter().flatten().find_map(&mut at);
    found.map(|url| (url, Host::Client)).or_else(|| {
        let url = at(&canonical(server).to_string())?;
        Some((url, Host::Address))
    })
}

fn is_scheme(text: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"]
        .iter()
        .any(|known| text.eq_ignore_ascii_case(known))
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn first_value<'h>(headers: &'h HeaderLines, name: &str) -> Option<&'h [u8]> {
    headers
        .iter()
        .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value.trim_ascii())
}

fn keep(
    builder: &mut HeaderListBuilder,
    lines: &HeaderLines,
    policy: impl for<'v> Fn(&[u8], &'v [u8]) -> Option<Cow<'v, [u8]>>,
    shrinks: bool,
) -> HeaderList {
    for (name, value) in lines.iter() {
        if let Some(value) = retained::kept(name, value, &policy, shrinks) {
            builder.push(name, &value);
        }
    }
    builder.take()
}

/// Looks inside a transaction where another origin may have a part in it.
fn look(
    request: &RequestHead,
    response: Option<&ResponseHead>,
    bodies: &Exchanged,
    url: &Url,
) -> Seen {
    let line = |name: &str| first_value(&request.headers, name);
    if same_origin::is_said(url, request.headers_complete, line)
        || line("access-control-request-method").is_some()
    {
        return Seen::default();
    }
    let is_navigation = same_origin::is_navigation(line);
    let request_type = line("content-type").unwrap_or_default();
    let response_type = response
        .and_then(|head| first_value(&head.headers, "content-type"))
        .unwrap_or_default();
    let request_body = bodies.request.as_ref().and_then(|body| {
        let is_whole = request.body_complete && body.is_all(request.body_len);
        decoded(body, is_whole, &request.headers, request_type)
    });
    // A body with a hole may begin behind it.
    let is_sniffed =
        response.is_some_and(|head| head.body_complete) && same_origin::is_by_element(line);
    let is_looked_at = is_sniffed || !content::is_media(response_type);
    let response_body = response
        .zip(bodies.response.as_ref().filter(|_| is_looked_at))
        .and_then(|(head, body)| {
            let is_whole = head.body_complete && body.is_all(head.body_len);
            decoded(body, is_whole, &head.headers, response_type)
        });
    let subject = Subject {
        url,
        origin: line("origin"),
        referer: line("referer"),
        request_type,
        request_body: request_body.as_ref().map(plain),
        parameters: &[],
        status: response.and_then(|head| head.status).unwrap_or(0),
        response_type,
        response_body: response_body.as_ref().filter(|_| !is_navigation).map(plain),
        is_sniffed,
    };
    let lines = response.into_iter().flat_map(|head| head.headers.iter());
    content::look(&subject, lines)
}

/// A body without its content coding; one of a medium is not worth it.
fn decoded<'b>(
    body: &'b Body,
    is_whole: bool,
    headers: &HeaderLines,
    content_type: &[u8],
) -> Option<Decoded<'b>> {
    let is_coded = headers.values(b"content-encoding").next().is_some();
    if is_coded && content::is_media(content_type) {
        return None;
    }
    let mut decoded = http::decode(
        headers.values(b"content-encoding"),
        body.bytes(),
        content::SCANNED,
    );
    decoded.is_whole &= is_whole;
    Some(decoded)
}

fn plain<'b>(body: &'b Decoded<'_>) -> RecordedBody<'b> {
    RecordedBody {
        bytes: &body.bytes,
        form: BodyForm::Plain,
        is_whole: body.is_whole,
    }
}

fn is_plainly_same_origin(
    request: &RequestHead,
    response: Option<&ResponseHead>,
    url: &Url,
) -> bool {
    let Some(response) = response else {
        return false;
    };
    same_origin::is_plain(
        url,
        request.headers_complete,
        response.status,
        |name| first_value(&request.headers, name),
        response.headers.iter().map(|(name, _)| name),
    )
}

/// First and last packet.
fn span(request: &RequestHead, response: Option<&ResponseHead>) -> (u64, u64) {
    let mut first = request.first.packet;
    let mut last = request.last.packet;
    if let Some(response) = response {
        first = first.min(response.first.packet);
        last = last.max(response.last.packet);
    }
    (first, last.max(first))
}

/// The time of a packet; captures without times have 0.
fn time(stamp: Stamp) -> Option<Time> {
    (stamp.time_ns != 0).then_some(Time(stamp.time_ns))
}

fn elapsed_ms(from: Stamp, to: Stamp) -> Option<f32> {
    let (Time(from), Time(to)) = (time(from)?, time(to)?);
    Some((to.saturating_sub(from).max(0) as f64 / 1e6) as f32)
}
