//! HTTP/1.0 and HTTP/1.1 (RFC 9112), read passively.

mod chunked;
mod connection;
mod head;
mod lane;
mod pairing;
mod resync;
mod switch;

pub(super) use connection::Connection;
pub(super) use switch::SwitchToH2;
