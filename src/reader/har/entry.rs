//! One entry of `log.entries` -> one exchange. Any member may be missing, null or of another type.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::piece::{Context, Piece};
use super::{conformance, time};
use crate::exchange::{
    Client, Exchange, Hints, Initiator, Locus, Method, Outcome, Request, ResourceType, Response,
};
use crate::header::HeaderListBuilder;
use crate::reader::bodies::{BodyScan, Found, RecordedBody, Side};
use crate::reader::json::{Json, Kind, Stop, Text};
use crate::reader::{retained, same_origin};
use crate::url::{OriginPool, Url};

/// What our own export says of a response that its capture does not hold; HAR 1.2 has no other place for it.
pub(crate) const NOT_RECORDED: &str = "not recorded";

/// What entries share: memory of the thread that reads them, nothing that shows in the exchanges.
#[derive(Debug, Default)]
pub(super) struct Pools {
    origins: OriginPool,
    texts: FxHashMap<Box<str>, Arc<str>>,
    builder: HeaderListBuilder,
}

/// Reads entries of one text; keeps the scratch lists from one to the next.
pub(super) struct EntryReader<'a, 'p> {
    pools: &'p mut Pools,
    request_lines: Vec<Line<'a>>,
    response_lines: Vec<Line<'a>>,
}

type Line<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The members of an entry as they come.
#[derive(Default)]
pub(super) struct Draft<'a> {
    is_object: bool,
    started: Option<Text<'a>>,
    time: Option<f64>,
    request: RequestDraft<'a>,
    response: ResponseDraft<'a>,
    error: Option<Text<'a>>,
    page: Option<Text<'a>>,
    connection_id: Option<Text<'a>>,
    connection: Option<Text<'a>>,
    server_ip: Option<Text<'a>>,
    resource_type: Option<Text<'a>>,
    fetch_type: Option<Text<'a>>,
    initiator_kind: Option<Text<'a>>,
    initiator_url: Option<Text<'a>>,
    from_cache: bool,
    cache_filled: bool,
    is_web_socket: bool,
}

#[derive(Default)]
struct RequestDraft<'a> {
    present: bool,
    method: Option<Text<'a>>,
    url: Option<Text<'a>>,
    cookies: bool,
    body_size: Option<f64>,
    body: Option<Text<'a>>,
    body_encoding: Option<Text<'a>>,
    has_body: bool,
}

#[derive(Default)]
struct ResponseDraft<'a> {
    present: bool,
    status: Option<Text<'a>>,
    cookies: bool,
    redirect: Option<Text<'a>>,
    error: Option<Text<'a>>,
    /// Whether `_error` is there at all, null on success.
    error_field: bool,
    failure: Option<Text<'a>>,
    via_service_worker: bool,
    service_worker_source: Option<Text<'a>>,
    size: Option<f64>,
    body: Option<Text<'a>>,
    body_encoding: Option<Text<'a>>,
    body_in_file: bool,
    /// An export from a capture that does not hold the response.
    not_recorded: bool,
}

impl<'a, 'p> EntryReader<'a, 'p> {
    pub(super) fn new(pools: &'p mut Pools) -> Self {
        Self {
            pools,
            request_lines: Vec::new(),
            response_lines: Vec::new(),
        }
    }

    /// Makes an exchange of a draft, or a notice.
    pub(super) fn commit<S: BodyScan>(
        &mut self,
        draft: Draft<'a>,
        source: &[u8],
        context: Context<'_, S>,
        piece: &mut Piece<S::Found>,
    ) {
        let index = piece.entries;
        piece.entries += 1;
        if !draft.is_object {
            let reason = "the entry is not an object; skipped";
            piece.notices.add("entry-unreadable", reason, Some(index));
            return;
        }
        if context.check {
            conformance::check(source, index, &mut piece.notices);
        }
        self.exchange(&draft, index, context.scan, piece);
    }

    /// Reads the members of one entry, keeping nothing of it in the piece.
    pub(super) fn draft(&mut self, json: &mut Json<'a>) -> Result<Draft<'a>, Stop> {
        let mut draft = Draft::default();
        self.request_lines.clear();
        self.response_lines.clear();
        draft.is_object = json.object(|json, key| {
            match key {
                b"startedDateTime" => draft.started = json.text()?,
                b"time" => draft.time = json.number()?,
                b"request" => draft.request = request(json, &mut self.request_lines)?,
                b"response" => draft.response = response(json, &mut self.response_lines)?,
                b"_error" => draft.error = json.text()?,
                b"pageref" => draft.page = json.scalar()?,
                b"_connectionId" => draft.connection_id = json.scalar()?,
                b"connection" => draft.connection = json.scalar()?,
                b"serverIPAddress" => draft.server_ip = json.text()?,
                b"_resourceType" => draft.resource_type = json.text()?,
                b"_fetchType" => draft.fetch_type = json.text()?,
                b"_initiator" => match json.kind()? {
                    Kind::Object => {
                        json.object(|json, key| {
                            match key {
                                b"type" => draft.initiator_kind = json.text()?,
                                b"url" => draft.initiator_url = json.text()?,
                                _ => json.skip()?,
                            }
                            Ok(())
                        })?;
                    }
                    _ => draft.initiator_url = json.text()?,
                },
                b"_initiator_type" => draft.initiator_kind = json.text()?,
                b"_fromCache" => draft.from_cache = json.is_filled()?,
                b"cache" => {
                    draft.cache_filled = false;
                    json.object(|json, key| {
                        let filled = json.is_filled()?;
                        draft.cache_filled |= filled && key == b"afterRequest";
                        Ok(())
                    })?;
                }
                b"_isWebSocket" | b"_webSocketMessages" => {
                    draft.is_web_socket |= json.is_filled()?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        Ok(draft)
    }

    fn exchange<S: BodyScan>(
        &mut self,
        draft: &Draft<'a>,
        index: u32,
        scan: &S,
        piece: &mut Piece<S::Found>,
    ) {
        let mut refuse = |reason: &str| piece.notices.add("entry-unreadable", reason, Some(index));
        let request = &draft.request;
        if !request.present {
            return refuse("request: missing; entry skipped");
        }
        let Some(url_text) = request.url else {
            return refuse("request.url: missing; entry skipped");
        };
        let url = match Url::parse_pooled(&url_text.decode(), &mut self.pools.origins) {
            Ok(url) => url,
            Err(error) => return refuse(&format!("request.url: {error}; entry skipped")),
        };
        if !self.is_utf8(draft) {
            piece.notices.add(
                "invalid-utf8",
                "bytes that are not UTF-8 were read as U+FFFD",
                Some(index),
            );
        }

        self.note_credentials(draft, &url, piece);
        let error = [draft.response.error, draft.response.failure, draft.error]
            .into_iter()
            .flatten()
            .find(|text| !text.raw().is_empty());
        let (status, odd) = status(&draft.response);
        if odd {
            piece.notices.add(
                "status-unreadable",
                "response.status: no HTTP status; the response counts as not recorded",
                Some(index),
            );
        }

        let method = request
            .method
            .map_or(Method::Get, |text| retained::method(&text.decode()));
        let headers_complete = self
            .request_lines
            .iter()
            .any(|(name, _)| retained::proves_complete(name));
        let client = self
            .request_header("user-agent")
            .map_or(Client::Unknown, |value| {
                retained::client(&String::from_utf8_lossy(value))
            });
        let shrinks = self.is_plainly_same_origin(draft, &url, headers_complete);
        let request_body_size =
            size(request.body_size).or_else(|| request.body.map(|text| text.decoded_len() as u64));
        let has_request_body = request.has_body || request_body_size.is_some_and(|size| size > 0);
        let outcome = match status {
            Some(status) if status > 0 => {
                self.add_redirect_line(draft.response.redirect);
                Outcome::Response(Response {
                    status,
                    headers: retained::keep(
                        &mut self.pools.builder,
                        slices(&self.response_lines),
                        retained::response_value,
                        shrinks,
                    ),
                    body_size: size(draft.response.size).or_else(|| {
                        let text = draft.response.body?;
                        Some(if is_base64(draft.response.body_encoding) {
                            text.raw().len() as u64 / 4 * 3
                        } else {
                            text.decoded_len() as u64
                        })
                    }),
                    body_recorded: draft.response.body_in_file
                        || draft
                            .response
                            .body
                            .is_some_and(|text| !text.raw().is_empty()),
                })
            }
            Some(_) if draft.response.not_recorded => Outcome::NotRecorded,
            Some(_) => Outcome::NoResponse,
            None if error.is_some() => Outcome::NoResponse,
            None => Outcome::NotRecorded,
        };
        let fetch_type = draft.fetch_type.map(Text::raw).unwrap_or_default();
        if draft.cache_filled {
            piece.cached.push(piece.exchanges.len());
        }
        let hints = Hints {
            page: draft.page.map(|text| piece.pages.symbol(&text.decode())),
            resource_type: draft
                .resource_type
                .and_then(|text| resource_type(&text.decode()))
                .or(draft.is_web_socket.then_some(ResourceType::WebSocket)),
            initiator: self.initiator(draft),
            error: error.map(|text| self.pools.text(&text.decode())),
            error_field: draft.response.error_field,
            from_cache: draft.from_cache || matches!(fetch_type, b"Memory Cache" | b"Disk Cache"),
            via_service_worker: draft.response.via_service_worker
                || fetch_type == b"Service Worker",
            service_worker_source: draft
                .response
                .service_worker_source
                .filter(|text| !text.raw().is_empty())
                .map(|text| self.pools.text(&text.decode())),
            connection: connection(draft, &url, piece),
            server_ip: draft.server_ip.and_then(|text| server_ip(&text.decode())),
            client,
            has_request_body,
        };
        for (text, encoding, side) in [
            (request.body, request.body_encoding, Side::Request),
            (
                draft.response.body,
                draft.response.body_encoding,
                Side::Response,
            ),
        ] {
            let Some(text) = text else { continue };
            let body = RecordedBody {
                json: text.raw(),
                base64: is_base64(encoding),
                side,
            };
            if let Some(what) = scan.scan(body) {
                piece.found.push(Found {
                    exchange: piece.exchanges.len(),
                    what,
                });
            }
        }
        piece.exchanges.push(Exchange {
            locus: Locus::Entry(index),
            started: draft.started.and_then(|text| time::parse(&text.decode())),
            duration_ms: draft
                .time
                .filter(|time| *time >= 0.0 && time.is_finite())
                .map(|time| time as f32),
            request: Request {
                method,
                url,
                headers: retained::keep(
                    &mut self.pools.builder,
                    slices(&self.request_lines),
                    retained::request_value,
                    shrinks,
                ),
                headers_complete,
                listed_cookies: request.cookies,
                body_size: request_body_size,
            },
            outcome,
            hints,
        });
    }

    /// Whether the exchange can shrink: by its lines, and by what the recorder says beside them.
    fn is_plainly_same_origin(&self, draft: &Draft<'a>, url: &Url, headers_complete: bool) -> bool {
        let response = &draft.response;
        let (status, false) = status(response) else {
            return false;
        };
        draft
            .resource_type
            .is_none_or(|kind| kind.raw() != b"document")
            && !response.via_service_worker
            && draft
                .fetch_type
                .is_none_or(|kind| kind.raw() != b"Service Worker")
            && response
                .redirect
                .is_none_or(|target| target.raw().is_empty())
            && same_origin::is_plain(
                url,
                headers_complete,
                status,
                |name| self.request_header(name),
                self.response_lines.iter().map(|(name, _)| &**name),
            )
    }

    /// The first request line of a name.
    fn request_header(&self, name: &str) -> Option<&[u8]> {
        self.request_lines
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.trim_ascii())
    }

    /// Some recorders know the target of a redirect (`response.redirectURL`) and still drop the header lines. Its target
    /// stands in for the missing `Location` line.
    fn add_redirect_line(&mut self, redirect: Option<Text<'a>>) {
        let Some(target) = redirect.filter(|text| !text.raw().is_empty()) else {
            return;
        };
        if !self
            .response_lines
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"location"))
        {
            self.response_lines
                .push((Cow::Borrowed(b"location"), into_bytes(target.decode())));
        }
    }

    /// Remembers what decides whether the whole export was stripped of credentials.
    fn note_credentials<F>(&self, draft: &Draft<'a>, url: &Url, piece: &mut Piece<F>) {
        let is_credential = |name: &[u8]| {
            [&b"cookie"[..], b"set-cookie", b"authorization"]
                .iter()
                .any(|credential| name.eq_ignore_ascii_case(credential))
        };
        piece.has_credentials |= draft.request.cookies
            || draft.response.cookies
            || self
                .request_lines
                .iter()
                .chain(&self.response_lines)
                .any(|(name, _)| is_credential(name));
        if url.scheme() == "https" && !piece.has_https_document {
            piece.has_https_document = match draft.resource_type {
                Some(kind) => kind.raw() == b"document",
                None => match self.request_header("sec-fetch-dest") {
                    Some(dest) => matches!(dest, b"document" | b"iframe" | b"frame"),
                    None => self
                        .request_header("accept")
                        .is_some_and(|accept| accept.starts_with(b"text/html")),
                },
            };
        }
    }

    fn is_utf8(&self, draft: &Draft<'a>) -> bool {
        draft.request.url.is_none_or(Text::is_utf8)
            && !self
                .request_lines
                .iter()
                .chain(&self.response_lines)
                .any(|(name, value)| {
                    std::str::from_utf8(name).is_err() || std::str::from_utf8(value).is_err()
                })
    }

    fn initiator(&mut self, draft: &Draft<'a>) -> Option<Initiator> {
        let url = draft.initiator_url.filter(|text| !text.raw().is_empty());
        let Some(kind) = draft.initiator_kind else {
            return url.map(|_| Initiator::Other);
        };
        Some(match (kind.raw(), url) {
            (b"parser", Some(url)) => Initiator::Parser(self.pools.text(&url.decode())),
            (b"script", _) => Initiator::Script,
            (b"preflight", _) => Initiator::Preflight,
            _ => Initiator::Other,
        })
    }
}

impl Pools {
    /// A shared copy of a text that repeats.
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(text.into(), Arc::clone(&shared));
        shared
    }
}

fn request<'a>(json: &mut Json<'a>, lines: &mut Vec<Line<'a>>) -> Result<RequestDraft<'a>, Stop> {
    lines.clear();
    let mut draft = RequestDraft::default();
    draft.present = json.object(|json, key| {
        match key {
            b"method" => draft.method = json.text()?,
            b"url" => draft.url = json.text()?,
            b"headers" => headers(json, lines)?,
            b"cookies" => draft.cookies = json.is_filled()?,
            b"bodySize" => draft.body_size = json.number()?,
            b"postData" => post_data(json, &mut draft)?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(draft)
}

fn post_data<'a>(json: &mut Json<'a>, draft: &mut RequestDraft<'a>) -> Result<(), Stop> {
    let mut params = false;
    let mut mime_type = false;
    draft.body = None;
    draft.body_encoding = None;
    json.object(|json, key| {
        match key {
            b"text" => draft.body = json.text()?,
            b"encoding" | b"_encoding" => draft.body_encoding = json.text()?,
            b"params" => params = json.is_filled()?,
            b"mimeType" => mime_type = json.is_filled()?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    // A type without a text is a body whose text was not kept; an empty text is no body.
    draft.has_body = params
        || match draft.body {
            Some(text) => !text.raw().is_empty(),
            None => mime_type,
        };
    Ok(())
}

fn response<'a>(json: &mut Json<'a>, lines: &mut Vec<Line<'a>>) -> Result<ResponseDraft<'a>, Stop> {
    lines.clear();
    let mut draft = ResponseDraft::default();
    draft.present = json.object(|json, key| {
        match key {
            b"status" => draft.status = json.scalar()?,
            b"headers" => headers(json, lines)?,
            b"cookies" => draft.cookies = json.is_filled()?,
            b"content" => content(json, &mut draft)?,
            b"redirectURL" => draft.redirect = json.text()?,
            b"_error" => {
                draft.error_field = true;
                draft.error = json.text()?;
            }
            b"_failureText" => draft.failure = json.text()?,
            b"_fetchedViaServiceWorker" => draft.via_service_worker = json.is_filled()?,
            b"_serviceWorkerResponseSource" => draft.service_worker_source = json.text()?,
            b"comment" => {
                let comment = json.text()?;
                draft.not_recorded =
                    comment.is_some_and(|text| text.raw() == NOT_RECORDED.as_bytes());
            }
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(draft)
}

fn content<'a>(json: &mut Json<'a>, draft: &mut ResponseDraft<'a>) -> Result<(), Stop> {
    draft.size = None;
    draft.body = None;
    draft.body_encoding = None;
    draft.body_in_file = false;
    json.object(|json, key| {
        match key {
            b"size" => draft.size = json.number()?,
            b"text" => draft.body = json.text()?,
            b"encoding" => draft.body_encoding = json.text()?,
            // Playwright stores bodies beside the HAR.
            b"_file" => draft.body_in_file = json.is_filled()?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

/// A header list: an array of `{name, value}`, or an object of names with a value or an array of them.
fn headers<'a>(json: &mut Json<'a>, lines: &mut Vec<Line<'a>>) -> Result<(), Stop> {
    lines.clear();
    if json.kind()? == Kind::Object {
        json.object(|json, key| {
            let first = lines.len();
            values(json, lines)?;
            for line in &mut lines[first..] {
                line.0 = Cow::Owned(key.to_vec());
            }
            Ok(())
        })?;
        return Ok(());
    }
    json.array(|json| {
        let first = lines.len();
        let mut name = None;
        json.object(|json, key| {
            match key {
                b"name" => name = json.text()?,
                b"value" => {
                    lines.truncate(first);
                    values(json, lines)?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        let Some(name) = name else {
            lines.truncate(first);
            return Ok(());
        };
        if lines.len() == first {
            lines.push((Cow::Borrowed(b""), Cow::Borrowed(b"")));
        }
        let name = into_bytes(name.decode());
        for line in &mut lines[first + 1..] {
            line.0.clone_from(&name);
        }
        lines[first].0 = name;
        Ok(())
    })?;
    Ok(())
}

/// The values of a header, as lines without name. A line feed inside a value separates lines: exporters join repeated headers
/// with it, and no header value can hold one.
fn values<'a>(json: &mut Json<'a>, lines: &mut Vec<Line<'a>>) -> Result<(), Stop> {
    if json.kind()? == Kind::Array {
        json.array(|json| value(json, lines))?;
        return Ok(());
    }
    value(json, lines)
}

fn value<'a>(json: &mut Json<'a>, lines: &mut Vec<Line<'a>>) -> Result<(), Stop> {
    let value = json.scalar()?.map(Text::decode).unwrap_or_default();
    if value.contains('\n') {
        for line in value.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            lines.push((Cow::Borrowed(b""), Cow::Owned(line.as_bytes().to_vec())));
        }
    } else {
        lines.push((Cow::Borrowed(b""), into_bytes(value)));
    }
    Ok(())
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn slices<'l>(lines: &'l [Line<'_>]) -> impl Iterator<Item = (&'l [u8], &'l [u8])> {
    lines.iter().map(|(name, value)| (&**name, &**value))
}

/// The status: 0 for every sign of no response, `None` when the recording does not hold one; and whether it is no HTTP status.
fn status(draft: &ResponseDraft<'_>) -> (Option<u16>, bool) {
    let Some(text) = draft.status.filter(|_| draft.present) else {
        return (None, false);
    };
    let decoded = text.decode();
    match decoded.trim().parse::<f64>() {
        Ok(number) if number <= 0.0 => (Some(0), false),
        Ok(number) if (100.0..1000.0).contains(&number) => (Some(number as u16), false),
        _ => (None, !decoded.is_empty()),
    }
}

/// A size, when it is one: -1 means unknown.
fn size(number: Option<f64>) -> Option<u64> {
    number
        .filter(|size| *size >= 0.0 && *size < 9e15)
        .map(|size| size as u64)
}

fn is_base64(encoding: Option<Text<'_>>) -> bool {
    encoding.is_some_and(|text| text.raw().eq_ignore_ascii_case(b"base64"))
}

/// The connection's identity. DevTools and Firefox write the remote port into `connection`, which is none.
fn connection<F>(draft: &Draft<'_>, url: &Url, piece: &mut Piece<F>) -> Option<u32> {
    let filled = |text: &Text<'_>| !matches!(text.raw(), b"" | b"0" | b"-1");
    if let Some(id) = draft.connection_id.filter(filled) {
        return Some(piece.connections.symbol(&format!("_{}", id.decode())));
    }
    let name = draft.connection.filter(filled)?.decode();
    if name.parse::<u16>().is_ok_and(|port| is_port(port, url)) {
        return None;
    }
    Some(piece.connections.symbol(&format!("={name}")))
}

fn is_port(port: u16, url: &Url) -> bool {
    matches!(port, 80 | 443) || url.origin().port() == Some(port)
}

fn server_ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or(text, |(inside, _)| inside);
    bare.parse().ok()
}

fn resource_type(name: &str) -> Option<ResourceType> {
    Some(match name.to_ascii_lowercase().as_str() {
        "" => return None,
        "document" => ResourceType::Document,
        "eventsource" => ResourceType::EventSource,
        "fetch" => ResourceType::Fetch,
        "font" => ResourceType::Font,
        "image" => ResourceType::Image,
        "manifest" => ResourceType::Manifest,
        "media" => ResourceType::Media,
        "ping" | "beacon" => ResourceType::Ping,
        "preflight" => ResourceType::Preflight,
        "script" => ResourceType::Script,
        "stylesheet" => ResourceType::Stylesheet,
        "texttrack" => ResourceType::TextTrack,
        "websocket" => ResourceType::WebSocket,
        "xhr" => ResourceType::Xhr,
        _ => ResourceType::Other,
    })
}
