//! One entry of `log.entries` -> one exchange. Any member may be missing, null or of another type.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::draft::{Draft, ResponseDraft};
use super::lines::Lines;
use super::piece::{Context, Piece};
use super::{conformance, time};
use crate::content::{self, BodyForm, RecordedBody, Seen, Subject};
use crate::exchange::{
    Client, Exchange, Hints, Initiator, Locus, Method, Outcome, Request, ResourceType, Response,
};
use crate::header::{HeaderList, HeaderListBuilder};
use crate::reader::beacon::beacon_or_fetch;
use crate::reader::json::{Json, Stop, Text};
use crate::reader::{retained, same_origin};
use crate::url::{OriginPool, Url};

/// What entries share: memory of the thread that reads them, nothing that shows in the exchanges.
#[derive(Debug, Default)]
pub(super) struct Pools {
    origins: OriginPool,
    texts: FxHashMap<Box<str>, Arc<str>>,
    builder: HeaderListBuilder,
    last_client: (Vec<u8>, Client),
}

/// How many texts are remembered for sharing.
const MOST_TEXTS: usize = 4096;

/// Reads entries of one text; keeps the scratch lists from one to the next.
pub(super) struct EntryReader<'a, 'p> {
    pools: &'p mut Pools,
    request_lines: Lines<'a>,
    response_lines: Lines<'a>,
}

impl<'a, 'p> EntryReader<'a, 'p> {
    pub(super) fn new(pools: &'p mut Pools) -> Self {
        Self {
            pools,
            request_lines: Lines::default(),
            response_lines: Lines::default(),
        }
    }

    /// Reads the members of one entry, keeping nothing of it in the piece.
    pub(super) fn draft(&mut self, json: &mut Json<'a>) -> Result<Draft<'a>, Stop> {
        Draft::read(json, &mut self.request_lines, &mut self.response_lines)
    }

    /// Makes an exchange of a draft, or a notice.
    pub(super) fn commit(
        &mut self,
        draft: Draft<'a>,
        source: &[u8],
        context: Context,
        piece: &mut Piece,
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
        self.exchange(&draft, index, context, piece);
    }

    fn exchange(&mut self, draft: &Draft<'a>, index: u32, context: Context, piece: &mut Piece) {
        let mut refuse = |reason: &str| piece.notices.add("entry-unreadable", reason, Some(index));
        let request = &draft.request;
        if !request.present {
            return refuse("request: missing; entry skipped");
        }
        let Some(url_text) = request.url else {
            return refuse("request.url: missing; entry skipped");
        };
        let server = draft.server_ip.and_then(|text| server_ip(&text.decode()));
        let decoded = url_text.decode();
        let without_host = with_address(&decoded, server);
        let names_no_host = without_host.is_some();
        let url = match Url::parse_pooled(
            without_host.as_deref().unwrap_or(&decoded),
            &mut self.pools.origins,
        ) {
            Ok(url) => url,
            Err(error) => return refuse(&format!("request.url: {error}; entry skipped")),
        };
        let mut replaced = !url_text.is_utf8();

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

        let method = match request.method {
            Some(text) => retained::method(&text.decode()),
            None => {
                let reason = "request.method: missing; read as GET";
                piece.notices.add("method-missing", reason, Some(index));
                Method::Get
            }
        };
        let headers_complete = self
            .request_lines
            .iter()
            .any(|(name, _)| retained::proves_complete(name));
        let client = self.client();
        let shrinks = self.is_plainly_same_origin(draft, &url, headers_complete);
        let request_body_size =
            size(request.body_size).or_else(|| request.body.map(|text| text.decoded_len() as u64));
        let has_request_body = request.has_body || request_body_size.is_some_and(|size| size > 0);
        let seen = if context.looks_inside && !shrinks {
            self.look(draft, &url, headers_complete, status.unwrap_or(0))
        } else {
            Seen::default()
        };
        let outcome = match status {
            Some(status) if status > 0 => {
                self.add_redirect_line(draft.response.redirect);
                Outcome::Response(Response {
                    status,
                    headers: build(
                        &mut self.pools.builder,
                        &self.response_lines,
                        retained::response_value,
                        shrinks,
                        &mut replaced,
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
                    body_digest: seen.digest,
                })
            }
            Some(_) if draft.response.not_recorded => Outcome::NotRecorded,
            Some(_) => Outcome::NoResponse,
            None if error.is_some() => Outcome::NoResponse,
            None => Outcome::NotRecorded,
        };
        let fetch_type = draft.fetch_type.map(Text::raw).unwrap_or_default();
        let hints = Hints {
            page: draft.page.map(|text| piece.pages.symbol(&text.decode())),
            resource_type: draft
                .resource_type
                .and_then(|text| resource_type(&text.decode()))
                .or(draft.is_web_socket.then_some(ResourceType::WebSocket))
                .or_else(|| {
                    let priority = draft.priority.map(Text::raw).unwrap_or_default();
                    let line = |name: &str| self.request_lines.first(name);
                    beacon_or_fetch(client, method.as_str().as_bytes(), &url, line, priority)
                }),
            initiator: self.initiator(draft),
            error: error.map(|text| self.pools.text(&text.decode())),
            error_field: draft.response.error_field,
            from_cache: draft.from_cache || matches!(fetch_type, b"Memory Cache" | b"Disk Cache"),
            has_cache_member: draft.cache_filled,
            via_service_worker: draft.response.via_service_worker
                || fetch_type == b"Service Worker",
            service_worker_source: draft
                .response
                .service_worker_source
                .filter(|text| !text.raw().is_empty())
                .map(|text| self.pools.text(&text.decode())),
            connection: connection(draft, &url, piece),
            is_multiplexed: request
                .http_version
                .is_some_and(|version| is_multiplexed(version.raw())),
            names_no_host,
            is_upgraded: false,
            server_ip: server,
            client,
            has_request_body,
        };
        let headers = build(
            &mut self.pools.builder,
            &self.request_lines,
            retained::request_value,
            shrinks,
            &mut replaced,
        );
        if replaced {
            let reason = "bytes that are not UTF-8 were read as U+FFFD";
            piece.notices.add("invalid-utf8", reason, Some(index));
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
                headers,
                headers_complete,
                listed_cookies: request.cookies,
                body_size: request_body_size,
            },
            outcome,
            hints,
            content: seen.content,
        });
    }

    /// Looks inside the exchange where another origin may have a part in it.
    fn look(&self, draft: &Draft<'a>, url: &Url, headers_complete: bool, status: u16) -> Seen {
        let line = |name: &str| self.request_lines.first(name);
        if same_origin::is_said(url, headers_complete, line)
            || line("access-control-request-method").is_some()
        {
            return Seen::default();
        }
        let is_navigation = same_origin::is_navigation(line)
            || draft
                .resource_type
                .is_some_and(|kind| kind.raw() == b"document");
        let (request, response) = (&draft.request, &draft.response);
        let body = |text: Option<Text<'a>>, encoding| {
            text.map(|text| RecordedBody {
                bytes: text.raw(),
                form: if is_base64(encoding) {
                    BodyForm::Base64
                } else {
                    BodyForm::Quoted
                },
                is_whole: true,
            })
        };
        let content_type = |line: Option<&'_ [u8]>, member: Option<Text<'_>>| -> Vec<u8> {
            line.or(member.map(Text::raw)).unwrap_or_default().to_vec()
        };
        let subject = Subject {
            url,
            origin: line("origin"),
            referer: line("referer"),
            request_type: &content_type(line("content-type"), request.body_type),
            request_body: body(request.body, request.body_encoding),
            parameters: &match request.body {
                Some(text) if !text.raw().is_empty() => Vec::new(),
                _ => parameters(request.body_parameters),
            },
            status,
            response_type: &content_type(
                self.response_lines.first("content-type"),
                response.body_type,
            ),
            response_body: body(response.body, response.body_encoding).filter(|_| !is_navigation),
            is_sniffed: same_origin::is_by_element(line) && is_all_of_body(response),
        };
        content::look(
            &subject,
            self.response_lines
                .iter()
                .map(|(name, value)| (&**name, &**value)),
        )
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
                |name| self.request_lines.first(name),
                self.response_lines.iter().map(|(name, _)| &**name),
            )
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
            self.response_lines.push("location", target.unescape());
        }
    }

    /// Remembers what decides whether the whole export was stripped of credentials.
    fn note_credentials(&self, draft: &Draft<'a>, url: &Url, piece: &mut Piece) {
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
                .chain(self.response_lines.iter())
                .any(|(name, _)| is_credential(name));
        if url.scheme() == "https" && !piece.has_https_document {
            piece.has_https_document = match draft.resource_type {
                Some(kind) => kind.raw() == b"document",
                None => match self.request_lines.first("sec-fetch-dest") {
                    Some(dest) => matches!(dest, b"document" | b"iframe" | b"frame"),
                    None => self
                        .request_lines
                        .first("accept")
                        .is_some_and(|accept| accept.starts_with(b"text/html")),
                },
            };
        }
    }

    /// The client, by its `User-Agent`, which seldom changes from one entry to the next.
    fn client(&mut self) -> Client {
        let Some(user_agent) = self.request_lines.first("user-agent") else {
            return Client::Unknown;
        };
        let (known, client) = &mut self.pools.last_client;
        if known != user_agent {
            *client = retained::client(&String::from_utf8_lossy(user_agent));
            known.clear();
            known.extend_from_slice(user_agent);
        }
        *client
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
        if self.texts.len() == MOST_TEXTS {
            self.texts.clear();
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(text.into(), Arc::clone(&shared));
        shared
    }
}

/// The lines to keep as a header list. What is not UTF-8 becomes U+FFFD and sets `replaced`.
fn build(
    builder: &mut HeaderListBuilder,
    lines: &Lines<'_>,
    policy: impl for<'v> Fn(&[u8], &'v [u8]) -> Option<Cow<'v, [u8]>>,
    shrinks: bool,
    replaced: &mut bool,
) -> HeaderList {
    for (name, value) in lines.iter() {
        if let Some(value) = retained::kept(name, value, &policy, shrinks) {
            builder.push(&as_utf8(name, replaced), &as_utf8(&value, replaced));
        }
    }
    builder.take()
}

fn as_utf8<'v>(bytes: &'v [u8], replaced: &mut bool) -> Cow<'v, [u8]> {
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    *replaced = true;
    Cow::Owned(String::from_utf8_lossy(bytes).into_owned().into_bytes())
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

/// Whether the recorded text can be all of the body: some exporters write a word such as `[binary]` in place of it.
fn is_all_of_body(response: &ResponseDraft<'_>) -> bool {
    let recorded = response.body.map_or(0, |text| text.raw().len() as u64);
    let recorded = if is_base64(response.body_encoding) {
        recorded / 4 * 3
    } else {
        recorded
    };
    size(response.size).is_none_or(|size| size <= recorded)
}

fn is_base64(encoding: Option<Text<'_>>) -> bool {
    encoding.is_some_and(|text| text.raw().eq_ignore_ascii_case(b"base64"))
}

/// Names and values of `postData.params`.
fn parameters(list: &[u8]) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut parameters = Vec::new();
    // The list was read before and is whole.
    let _ = Json::new(list, 0).array(|json| {
        let (mut name, mut value) = (Cow::default(), Cow::default());
        json.object(|json, key| {
            match key {
                b"name" => name = json.text()?.map(Text::decode).unwrap_or_default(),
                b"value" => value = json.text()?.map(Text::decode).unwrap_or_default(),
                _ => json.skip()?,
            }
            Ok(())
        })?;
        parameters.push((name, value));
        Ok(())
    });
    parameters
}

/// The connection's identity. DevTools and Firefox write the remote port into `connection`, which is none.
fn connection(draft: &Draft<'_>, url: &Url, piece: &mut Piece) -> Option<u32> {
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

/// `h2`, `HTTP/2`, `http/2.0`, `h3`, `h3-29` ...
fn is_multiplexed(version: &[u8]) -> bool {
    let version = version.to_ascii_lowercase();
    let number = version
        .strip_prefix(b"http/")
        .or_else(|| version.strip_prefix(b"h"));
    matches!(number, Some([b'2' | b'3', ..]))
}

fn is_port(port: u16, url: &Url) -> bool {
    matches!(port, 80 | 443) || url.origin().port() == Some(port)
}

/// A URL without host, as an export of a capture has it whose request named none, with the server's address in its place.
/// A URL parser would take the first segment of the path for the host.
fn with_address(url: &str, server: Option<IpAddr>) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let path = rest.strip_prefix('/')?;
    if !matches!(scheme, "http" | "https" | "ws" | "wss") {
        return None;
    }
    let host = match server? {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    Some(format!("{scheme}://{host}/{path}"))
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
