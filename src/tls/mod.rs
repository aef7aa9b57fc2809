//! TLS records of recorded connections to plaintext, by a key log (RFC 5246, RFC 8446, NSS key log format).
//!
//! A [`Session`] is passive: it takes the bytes of both directions as they were captured, gaps included, and gives
//! application data to a [`PlaintextSink`]. It opens nothing and keeps no more than an unfinished record per direction.
//!
//! Read: TLS 1.2 and 1.3 with AES-GCM and ChaCha20-Poly1305; TLS 1.0 to 1.2 with AES-CBC, mac-then-encrypt or
//! encrypt-then-mac; resumption, early data, HelloRetryRequest, KeyUpdate, renegotiation. Not read, and reported as an
//! [`Outcome`]: other suites, SSL 3.0, compression, DTLS, and connections known only by their `RSA` key log line.

mod cipher;
mod half;
mod handshake;
mod key_schedule;
mod keylog;
mod keys;
mod limits;
mod md5;
mod negotiate;
mod outcome;
mod record;
mod resync;
mod session;
mod suite;
#[cfg(test)]
mod tests;
mod waiting;

pub use handshake::InvalidMessage;
pub use keylog::{ClientRandom, KeyLog, SecretLabel};
pub use outcome::{EarlyData, Outcome, OutcomeKind, PlaintextSink, SessionInfo};
pub use record::looks_like_tls;
pub use session::Session;
pub use suite::{CipherSuite, ProtocolVersion};
