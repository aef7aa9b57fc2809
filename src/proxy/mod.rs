//! What proxies and load balancers put before the bytes of a connection.
//!
//! | file | what |
//! | --- | --- |
//! | `header.rs` | the PROXY protocol: one header of the client, then the connection as if it were not there |
//! | `socks.rs` | SOCKS 4 and 5: both sides negotiate, then the connection is a tunnel |
//!
//! `CONNECT` is HTTP and read there (`crate::http`). All this takes bytes and gives values.

mod header;
mod socks;

pub use header::{Header, header};
pub use socks::{Greeting, Negotiation, Step, greeting};
