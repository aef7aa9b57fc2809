//! Packets of a capture to ordered byte streams: link, IP and TCP layers, one per file.
//!
//! This layer knows nothing of TLS, HTTP or CORS. Below [`CaptureReader`], which reads blocks from any
//! `std::io::Read`, it takes `&[u8]` and gives values; it opens nothing.
//!
//! | step | file | takes | gives |
//! | --- | --- | --- | --- |
//! | blocks | `capture.rs` | `std::io::Read` | [`Item::Packet`], [`Item::Secrets`] |
//! | headers | `decode.rs`, `link.rs`, `cooked.rs`, `wlan.rs`, `ip.rs`, `tunnel.rs` | a packet | [`Transport`] |
//! | streams | `flows.rs`, `flow.rs`, `reassembly.rs` | a [`Segment`] | calls to a [`StreamHandler`] |
//! | QUIC | `quic.rs` | a [`Datagram`] | a count; HTTP/3 is not read yet |
//!
//! What was cut, unknown or damaged on the way is kept as [`Oddity`] with its first place and a count; all
//! bounds are in `limits.rs`.
//!
//! Gaps: TCP checksums are not verified (hosts capture them before the network card fills them in); VLAN ids do
//! not tell connections apart; bytes of a retransmission are compared only with bytes still waiting, not with
//! those already handed on.

mod bytes;
mod capture;
mod clock;
mod cooked;
mod decode;
mod flow;
mod flows;
mod fragment;
mod ip;
mod legacy;
mod limits;
mod link;
mod oddity;
mod pcapng;
mod quic;
mod reassembly;
mod segment;
mod stamp;
mod tunnel;
mod window;
mod wlan;

#[cfg(test)]
mod craft;

pub use capture::{CaptureError, CaptureReader, Item, Packet, may_hold_secrets, scan_secrets};
pub use decode::{Datagram, Decoder, Transport};
pub use flow::{Finish, FlowInfo, StreamHandler};
pub use flows::FlowTable;
pub use link::LinkType;
pub use oddity::{Oddities, Oddity, Sighting};
pub use quic::QuicFlows;
pub use segment::{Segment, TcpFlags};
pub use stamp::{Direction, Stamp};
