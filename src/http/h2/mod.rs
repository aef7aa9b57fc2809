//! HTTP/2 (RFC 9113), read passively.

mod connection;
pub(super) mod frame;
mod head;
mod holes;
pub mod hpack;
mod hpack_table;
mod lane;
mod resync;
mod streams;

pub(super) use connection::Connection;
pub(super) use resync::looks_like_frames;
