//! What one recording holds: exchanges, pages, and who recorded them.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::Arc;

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::cors::RequestMode;
use crate::header::HeaderList;
use crate::notice::Notice;
use crate::url::Url;

/// One request and what came back, as recorded: compact, owned, bodies measured but not kept.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct Exchange {
    /// Where in the recording this stands.
    pub locus: Locus,
    /// When the request started; `None` when the recording does not say.
    pub started: Option<Time>,
    /// Milliseconds from the start until the response had arrived; `None` when the recording does not say.
    pub duration_ms: Option<f32>,
    /// The request.
    pub request: Request,
    /// What came back.
    pub outcome: Outcome,
    /// What the recorder knows beside the messages.
    pub hints: Hints,
    /// What bodies, URL and headers were found to hold; `None`: nothing, or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<Content>>,
}

/// Where an exchange stands in its recording.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Locus {
    /// Index into `log.entries` of a HAR file, from 0.
    Entry(u32),
    /// First and last packet (numbered from 1), and the stream: flow number, and HTTP/2 or HTTP/3 stream id.
    Packets {
        /// First packet.
        first: u64,
        /// Last packet.
        last: u64,
        /// Number of the flow in its capture; `None` where a notice is about no single one.
        flow: Option<u32>,
        /// HTTP/2 or HTTP/3 stream.
        stream: Option<u32>,
    },
}

/// Nanoseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
pub struct Time(pub i64);

/// A recorded request.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct Request {
    /// The method as sent, case kept.
    pub method: Method,
    /// The URL, without fragment.
    pub url: Url,
    /// Header lines; see `reader` for which are kept and which values are reduced (cookies to names, for instance).
    pub headers: HeaderList,
    /// Whether the headers are those of the wire. Where false (provisional headers), absence proves nothing.
    pub headers_complete: bool,
    /// Whether the recording lists cookies beside the header lines (`request.cookies` of a HAR).
    pub listed_cookies: bool,
    /// Bytes of the body, when known.
    pub body_size: Option<u64>,
}

/// A request method, byte-exact. Methods compare with case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub enum Method {
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// Any other.
    Other(Box<str>),
}

/// What came back.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A response head.
    Response(Response),
    /// The recorder says that no response arrived (status 0, -1, -2, no response object with an error).
    NoResponse,
    /// The recording does not hold the response (cut capture, one direction only).
    NotRecorded,
}

/// A recorded response.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header lines; see `reader` for which values are kept.
    pub headers: HeaderList,
    /// Bytes of the body after content decoding, when known; in a capture before it.
    pub body_size: Option<u64>,
    /// Whether the recorder delivers body bytes: proof that somebody received the body.
    pub body_recorded: bool,
    /// Digest of the recorded body, to tell equal bodies of one audit; `None` where none was recorded or nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<NonZeroU64>,
}

/// What a recorder knows beside the messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Encode, Decode)]
#[serde(default)]
pub struct Hints {
    /// Index into [`Capture::pages`]; `None` without `pageref`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The kind of load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ResourceType>,
    /// What started the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiator: Option<Initiator>,
    /// The recorder's error text (`net::ERR_FAILED`), never its mere presence with a null value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<str>>,
    /// Whether the recorder has a place for an error in this entry, so that none means success.
    #[serde(skip_serializing_if = "is_false")]
    pub error_field: bool,
    /// Answered by the HTTP cache.
    #[serde(skip_serializing_if = "is_false")]
    pub from_cache: bool,
    /// The entry's `cache` member is filled. Most recorders tell there what the cache held afterwards, whoever answered.
    #[serde(skip)]
    pub has_cache_member: bool,
    /// The response came out of a service worker.
    #[serde(skip_serializing_if = "is_false")]
    pub via_service_worker: bool,
    /// How the service worker answered (`_serviceWorkerResponseSource`): `network`, `fallback-code`, `cache-storage` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_worker_source: Option<Arc<str>>,
    /// Identity of the connection, unique within the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Over HTTP/2 or HTTP/3, where one connection carries requests side by side.
    #[serde(skip_serializing_if = "is_false")]
    pub is_multiplexed: bool,
    /// The request named no host (RFC 9112, section 3.3): its URL has the server's address in the place of one. Browsers
    /// always name it.
    #[serde(skip)]
    pub names_no_host: bool,
    /// Asked over HTTP/1.1 with `Upgrade: h2c`, and answered over HTTP/2 behind a 101 (RFC 7540, section 3.2).
    #[serde(skip)]
    pub is_upgraded: bool,
    /// The server's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ip: Option<IpAddr>,
    /// The client that sent the request, by its `User-Agent`.
    pub client: Client,
    /// Whether a body was declared by the recorder: `postData`, or a positive `bodySize`.
    #[serde(skip_serializing_if = "is_false")]
    pub has_request_body: bool,
}

/// Kinds of load, as DevTools (`_resourceType`) and others name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceType {
    /// A document, in a frame or not.
    Document,
    /// `EventSource`.
    EventSource,
    /// `fetch()`.
    Fetch,
    /// A font.
    Font,
    /// An image.
    Image,
    /// A web application manifest.
    Manifest,
    /// Audio or video.
    Media,
    /// Something else; preloads among it.
    Other,
    /// `sendBeacon`, `<a ping>`.
    Ping,
    /// A CORS-preflight.
    Preflight,
    /// A script; the recorder does not say whether classic or module.
    Script,
    /// A style sheet.
    Stylesheet,
    /// A text track.
    TextTrack,
    /// A WebSocket handshake.
    WebSocket,
    /// `XMLHttpRequest`.
    Xhr,
}

/// What started a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Initiator {
    /// The HTML parser, working on the document at this URL.
    Parser(Arc<str>),
    /// A script; its URL is where the code came from, which says nothing about the page's origin.
    Script,
    /// A preflight.
    Preflight,
    /// Preload, user, unknown.
    Other,
}

/// The program that sent a request.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Encode,
    Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// A browser on Chromium.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, or another browser on WebKit.
    WebKit,
    /// curl, an SDK, a server: no browser.
    NotABrowser,
    /// Not known.
    #[default]
    Unknown,
}

/// One recording, read.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capture {
    /// Name of the source as the user gave it.
    pub source: Arc<str>,
    /// Who recorded.
    pub recorder: Recorder,
    /// Pages, in file order.
    pub pages: Arc<[Page]>,
    /// Exchanges, in file order.
    pub exchanges: Vec<Exchange>,
    /// What was cut, unknown or broken.
    #[serde(skip)]
    pub notices: Vec<Notice>,
    /// Whether the export was stripped of cookies and Authorization: none in the whole file although it has documents
    /// over https.
    pub sanitized: bool,
    /// Bytes read.
    pub bytes: u64,
    /// Entries or messages met, readable or not.
    pub entries: u64,
}

/// A page of a HAR file.
#[derive(Clone, Debug, Serialize, Deserialize, Encode, Decode)]
pub struct Page {
    /// The page's id, as `pageref` names it.
    pub id: Box<str>,
    /// The page's URL where the recorder tells (Chrome and WebKit write it into `title`).
    pub url: Option<Url>,
}

/// Programs that write recordings, as far as they differ.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum Recorder {
    /// Chrome DevTools (`WebInspector`), and tools on the DevTools protocol that keep its fields.
    DevTools,
    /// Playwright's `recordHar`: drops preflights and the headers of blocked responses.
    Playwright,
    /// Firefox's network monitor.
    Firefox,
    /// Safari's Web Inspector (`WebKit Web Inspector`).
    WebKit,
    /// mitmproxy.
    Mitmproxy,
    /// A packet capture.
    Packets,
    /// Anything else.
    #[default]
    Other,
}

impl Method {
    /// The method of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match bytes {
            b"DELETE" => Self::Delete,
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"OPTIONS" => Self::Options,
            b"PATCH" => Self::Patch,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            other => Self::Other(String::from_utf8_lossy(other).into()),
        }
    }

    /// The method's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Other(text) => text,
        }
    }

    /// CORS-safelisted method (Fetch Standard, section 2.2.1).
    #[must_use]
    pub fn is_cors_safelisted(&self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Post)
    }
}

impl Exchange {
    /// The response, if one was recorded.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Response(response) => Some(response),
            Outcome::NoResponse | Outcome::NotRecorded => None,
        }
    }

    /// Whether this is a CORS-preflight request (Fetch Standard, section 4.8): `OPTIONS`, `Origin` and
    /// `Access-Control-Request-Method`, which scripts cannot send together.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.request.method == Method::Options
            && self
                .request
                .headers
                .contains("access-control-request-method")
            && self.request.headers.contains("origin")
    }

    /// Whether this is a redirect that the browser made itself (HSTS, DNS upgrade): an entry of DevTools, no server's
    /// policy.
    #[must_use]
    pub fn is_synthetic_redirect(&self) -> bool {
        self.response().is_some_and(|response| {
            response.is_redirect_status() && response.headers.contains("non-authoritative-reason")
        })
    }

    /// `Sec-Fetch-Mode`, if sent.
    #[must_use]
    pub fn sec_fetch_mode(&self) -> Option<RequestMode> {
        self.request
            .headers
            .get("sec-fetch-mode")
            .and_then(|value| RequestMode::from_name(&value))
    }
}

impl Response {
    /// Redirect status (Fetch Standard, section 2.2.3).
    #[must_use]
    pub fn is_redirect_status(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// Ok status: 200 to 299.
    #[must_use]
    pub fn is_ok_status(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Time {
    /// RFC 3339 in UTC with six decimals, so that texts of one report order like the times.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => format!("{timestamp:.6}"),
            Err(_) => String::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Serialize for Method {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::from_bytes(text.as_bytes()))
    }
}
