//! HTTP/1 and HTTP/2 messages from ordered byte streams.
//!
//! [`Connection`] takes the ordered bytes of both directions of one connection (RFC 9112, RFC 9113, RFC 7541) and
//! gives [`Transaction`]s: message heads and measured bodies. It reads passively: it never answers, and it goes on
//! behind holes. Bodies pass through [`MessageSink::body`] and are not kept; [`decode`] removes the content coding of one
//! that somebody kept. Nothing is opened here.
//!
//! Gaps: HTTP/0.9 is not read; a response to a pipelined request is reported without
//! its request once a hole may have hidden a response head.

mod backlog;
mod coding;
mod connection;
mod h1;
mod h2;
mod header_lines;
pub mod huffman;
mod limits;
mod message;
mod oddity;
mod sniff;

pub use coding::{Decoded, decode};
pub use connection::{Connection, Protocol};
pub use h2::hpack;
pub use header_lines::HeaderLines;
pub use message::{
    MessageId, MessageSink, RequestHead, Reset, ResetBy, ResponseHead, Switched, Transaction,
    TunnelEvent, Version, Wanted,
};
pub use oddity::Oddity;
pub use sniff::{looks_like_h2_preface, looks_like_http1};
