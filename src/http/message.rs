//! What a connection gives: transactions, and bodies in passing.

use super::header_lines::HeaderLines;
use super::oddity::Oddity;
use crate::net::{Direction, Stamp};

/// Names one message of a connection, request or response, while its body passes. Counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// The protocol an exchange used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0 (RFC 1945).
    Http10,
    /// HTTP/1.1 (RFC 9112).
    #[default]
    Http11,
    /// HTTP/2 (RFC 9113).
    Http2,
}

/// A request and what came back, as far as both were recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The version of the response, else of the request. An exchange that began as HTTP/1.1 with `Upgrade: h2c` and
    /// was answered on stream 1 is HTTP/2.
    pub version: Version,
    /// The HTTP/2 stream.
    pub stream_id: Option<u32>,
    /// The request; absent if it was not recorded or no recorded request can be named with certainty.
    pub request: Option<RequestHead>,
    /// The final response (or 101); absent if none was recorded or none can be named with certainty.
    pub response: Option<ResponseHead>,
    /// Status codes of interim responses, 101 before HTTP/2 included (RFC 9110, section 15.2).
    pub interim: Vec<u16>,
    /// How the exchange was broken off, if it was.
    pub reset: Option<Reset>,
    /// The request came in a `PUSH_PROMISE` (RFC 9113, section 8.4).
    pub pushed: bool,
    /// The connection left HTTP/1 behind this exchange: a WebSocket, another `Upgrade`, or a `CONNECT` tunnel.
    pub switched: Option<Switched>,
}

/// Bytes that followed a 101 or a 2xx to `CONNECT` on the same HTTP/1 connection, holes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switched {
    /// Bytes from client to server.
    pub to_server: u64,
    /// Bytes from server to client.
    pub to_client: u64,
}

/// Head and measured body of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// Names the body in [`MessageSink::body`].
    pub id: MessageId,
    /// The method, with its case. `None` only if HTTP/2 named it by an entry of the dynamic table that was not seen.
    pub method: Option<Box<[u8]>>,
    /// The request target as sent, in HTTP/2 `:path`. `None` if not seen, or for HTTP/2 `CONNECT`, which has none.
    pub target: Option<Box<[u8]>>,
    /// `:authority` of HTTP/2. HTTP/1 has it in `Host` or in an absolute target.
    pub authority: Option<Box<[u8]>>,
    /// `:scheme` of HTTP/2.
    pub scheme: Option<Box<[u8]>>,
    /// `:protocol` of an extended `CONNECT` (RFC 8441).
    pub protocol: Option<Box<[u8]>>,
    /// Header lines, pseudo-headers and trailers left out.
    pub headers: HeaderLines,
    /// Whether all header lines (and pseudo-headers) are known. If not, a missing one proves nothing.
    pub headers_complete: bool,
    /// Bytes of content, transfer coding removed; holes of known length count.
    pub body_len: u64,
    /// Whether the end of the content was seen.
    pub body_complete: bool,
    /// The first byte of the head.
    pub first: Stamp,
    /// The last recorded byte of the message.
    pub last: Stamp,
}

/// Head and measured body of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// Names the body in [`MessageSink::body`].
    pub id: MessageId,
    /// The status code. `None` only if HTTP/2 named it by an entry of the dynamic table that was not seen.
    pub status: Option<u16>,
    /// The reason phrase of HTTP/1; empty for HTTP/2.
    pub reason: Box<[u8]>,
    /// Header lines, pseudo-headers and trailers left out.
    pub headers: HeaderLines,
    /// Whether all header lines are known. If not, a missing one proves nothing.
    pub headers_complete: bool,
    /// Bytes of content, transfer coding removed; holes of known length count.
    pub body_len: u64,
    /// Whether the end of the content was seen.
    pub body_complete: bool,
    /// The first byte of the head.
    pub first: Stamp,
    /// The last recorded byte of the message.
    pub last: Stamp,
}

/// Who broke an exchange off, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// By which frame.
    pub by: ResetBy,
    /// The direction of that frame.
    pub direction: Direction,
    /// The error code (RFC 9113, section 7).
    pub code: u32,
    /// Where the frame began.
    pub at: Stamp,
}

/// The frame that broke an exchange off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetBy {
    /// `RST_STREAM` (RFC 9113, section 6.4).
    RstStream,
    /// `GOAWAY` whose last stream is below this one (RFC 9113, section 6.8).
    GoAway,
}

/// What happens in a `CONNECT` tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelEvent<'a> {
    /// The tunnel opens to this authority; empty if the request was not recorded.
    Open(&'a [u8]),
    /// Bytes inside the tunnel.
    Bytes(Direction, Stamp, &'a [u8]),
    /// A hole of known length inside the tunnel.
    Gap(Direction, Stamp, u64),
    /// One direction ends.
    End(Direction, Stamp),
}

/// What a sink wants of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    #[default]
    Nothing,
    /// Its first bytes, if they are text.
    Beginning,
    /// Its content, if its first piece is text.
    IfText,
    /// Its content.
    Everything,
}

/// Takes what a connection gives.
pub trait MessageSink {
    /// Says, by the header lines of a message, what is wanted of its content.
    fn wants(&mut self, headers: &HeaderLines) -> Wanted {
        let _ = headers;
        Wanted::Nothing
    }

    /// A transaction, complete or as far as known.
    fn transaction(&mut self, transaction: Transaction);

    /// Something in the tunnel that the `CONNECT` request `id` asked for (the response `id` if the request was not
    /// recorded). The bytes are the start of a connection of their own: TLS or HTTP.
    fn tunnel(&mut self, id: MessageId, event: TunnelEvent<'_>) {
        let _ = (id, event);
    }

    /// Content of the message `id`, piece by piece, transfer coding removed, content coding not. Only what is `wanted`
    /// is shown.
    fn body(&mut self, id: MessageId, direction: Direction, wanted: Wanted, bytes: &[u8]) {
        let _ = (id, direction, wanted, bytes);
    }

    /// A defect in the stream.
    fn oddity(&mut self, oddity: Oddity, at: Stamp) {
        let _ = (oddity, at);
    }
}

impl Transaction {
    /// Bytes of memory held, roughly.
    pub(crate) fn held(&self) -> usize {
        let request = self.request.as_ref().map_or(0, |head| head.headers.held());
        let response = self.response.as_ref().map_or(0, |head| head.headers.held());
        request + response + size_of::<Self>()
    }
}

/// Counts messages.
#[derive(Debug, Default)]
pub(crate) struct MessageIds(u64);

impl MessageIds {
    pub(crate) fn next(&mut self) -> MessageId {
        self.0 += 1;
        MessageId(self.0)
    }
}

/// Whether `stamp` is certainly later than `other`. Packets of two interfaces may be written out of order, so
/// the times must not contradict the packet numbers where there are times.
pub(crate) fn is_after(stamp: Stamp, other: Stamp) -> bool {
    stamp.packet > other.packet
        && (stamp.time_ns == 0 || other.time_ns == 0 || stamp.time_ns >= other.time_ns)
}
