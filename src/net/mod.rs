//! Packets of a capture to ordered byte streams: link, IP and TCP layers, one per file.
//!
//! This layer knows nothing of TLS, HTTP or CORS. It takes `&[u8]` and gives values; it opens nothing.

mod stamp;

pub use stamp::{Direction, Stamp};
