//! What a session tells its caller besides plaintext.

use std::fmt;

use super::handshake::InvalidMessage;
use super::keylog::ClientRandom;
use super::suite::{CipherSuite, ProtocolVersion};
use crate::net::{Direction, Stamp};

/// Takes what comes out of a [`Session`](super::Session): per direction, data and gaps come in stream order.
pub trait PlaintextSink {
    /// Plaintext of one record of application data. `stamp` is the packet that completed the record.
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]);

    /// Application data was lost here; `len_estimate` is the most that can have been, 0 if only other records were.
    fn gap(&mut self, direction: Direction, stamp: Stamp, len_estimate: u64);

    /// Bytes of this direction were lost; what can be read behind them will say how much that was.
    fn lost(&mut self, direction: Direction) {
        let _ = direction;
    }

    /// Something to report. Never called for ordinary records.
    fn outcome(&mut self, outcome: Outcome);
}

/// Something that a session met: why plaintext is missing, or what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What happened.
    pub kind: OutcomeKind,
    /// The direction concerned; `None` if it is the whole session.
    pub direction: Option<Direction>,
    /// The packet at which it was noticed.
    pub stamp: Stamp,
    /// The host name that the client asked for, if its hello was seen and named one.
    pub server_name: Option<Box<str>>,
    /// What a key log would have to name, if the client's hello was seen.
    pub client_random: Option<ClientRandom>,
}

/// The kinds of [`Outcome`]. Each has a name for reports, see [`OutcomeKind::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The peer sent a fatal alert (RFC 8446 section 6).
    Alert {
        /// AlertDescription, e.g. 48 for an unknown certificate authority.
        description: u8,
    },
    /// The client's early data was not accepted, or not known to be; the client sends it again (RFC 8446 section 4.2.10).
    EarlyDataNotRead,
    /// Bytes were lost, and no later record could be placed. The direction ends here.
    GapNotResynchronised {
        /// Bytes of ciphertext that were lost or could not be placed.
        bytes: u64,
    },
    /// The recording lacks a ClientHello or ServerHello of this connection. The session ends here.
    HandshakeNotRecorded,
    /// A handshake message cannot be read. The session ends here.
    InvalidMessage(InvalidMessage),
    /// The key log has no secret for this connection, or none for this direction, which then ends here.
    NoSecrets,
    /// The bytes are not TLS records. The direction ends here.
    NotTls,
    /// The first record under a new key does not authenticate: the logged secret belongs elsewhere, or the recording is
    /// damaged. The direction ends here.
    RecordNotAuthentic,
    /// The peers negotiated again inside the connection (RFC 5246 section 7.4.1.1). Decryption goes on if the new
    /// secret is logged.
    Renegotiation,
    /// Bytes were lost or damaged; decryption goes on behind them.
    Resynchronised {
        /// Bytes of ciphertext without plaintext, record headers included.
        bytes: u64,
        /// Records they belonged to, where sequence numbers tell.
        records: u64,
    },
    /// The stream ends inside a record.
    Truncated {
        /// Bytes of the unfinished record that were there.
        bytes: u64,
    },
    /// This crate cannot read the cipher suite. The session ends here.
    UnsupportedCipher(CipherSuite),
    /// Records are compressed (RFC 3749), which no browser offers. The session ends here.
    UnsupportedCompression(u8),
    /// This crate cannot read the protocol version. The session ends here.
    UnsupportedVersion(ProtocolVersion),
}

impl OutcomeKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Alert { .. } => "tls-alert",
            Self::EarlyDataNotRead => "early-data-not-read",
            Self::GapNotResynchronised { .. } => "gap-not-resynchronised",
            Self::HandshakeNotRecorded => "handshake-not-recorded",
            Self::InvalidMessage(_) => "invalid-handshake-message",
            Self::NoSecrets => "no-secrets",
            Self::NotTls => "not-tls",
            Self::RecordNotAuthentic => "record-not-authentic",
            Self::Renegotiation => "renegotiation",
            Self::Resynchronised { .. } => "resynchronised",
            Self::Truncated { .. } => "truncated-record",
            Self::UnsupportedCipher(_) => "unsupported-cipher",
            Self::UnsupportedCompression(_) => "unsupported-compression",
            Self::UnsupportedVersion(_) => "unsupported-version",
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert { description } => write!(f, "the peer sent the fatal alert {description}"),
            Self::EarlyDataNotRead => f.write_str("early data was not accepted"),
            Self::GapNotResynchronised { bytes } => {
                write!(
                    f,
                    "{bytes} bytes were lost, and no later record could be placed"
                )
            }
            Self::HandshakeNotRecorded => f.write_str("the handshake is not in the recording"),
            Self::InvalidMessage(part) => write!(f, "unreadable handshake message: {part}"),
            Self::NoSecrets => {
                f.write_str("TLS records from a session without secrets; pass --keylog FILE")
            }
            Self::NotTls => f.write_str("bytes that are not TLS records"),
            Self::RecordNotAuthentic => {
                f.write_str("a record does not authenticate with the logged secret")
            }
            Self::Renegotiation => f.write_str("the peers negotiated again inside the connection"),
            Self::Resynchronised { bytes, records } => {
                write!(
                    f,
                    "{bytes} bytes of {records} records were lost; reading went on behind them"
                )
            }
            Self::Truncated { bytes } => write!(f, "the stream ends {bytes} bytes into a record"),
            Self::UnsupportedCipher(suite) => write!(f, "no support for {suite}"),
            Self::UnsupportedCompression(method) => {
                write!(f, "no support for TLS compression method {method}")
            }
            Self::UnsupportedVersion(version) => write!(f, "no support for {version}"),
        }
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientHello => "client hello",
            Self::ServerHello => "server hello",
            Self::TooLong => "longer than any real one",
        })
    }
}

/// What became of early data (RFC 8446 section 4.2.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyData {
    /// The ClientHello does not announce any.
    #[default]
    NotOffered,
    /// Announced; the server's answer was not reached yet.
    Undecided,
    /// Announced and accepted; its plaintext was given to the sink.
    Accepted,
    /// Announced and rejected, or the answer could not be read.
    NotAccepted,
}

/// What a session's handshake said, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionInfo {
    /// The host name of the ClientHello (RFC 6066 section 3). With Encrypted Client Hello, the public name.
    pub server_name: Option<Box<str>>,
    /// The protocol the server selected (RFC 7301); in TLS 1.3 known only when decrypted.
    pub alpn: Option<Box<[u8]>>,
    /// The negotiated version.
    pub version: Option<ProtocolVersion>,
    /// The negotiated cipher suite.
    pub cipher_suite: Option<CipherSuite>,
    /// The random of the ClientHello.
    pub client_random: Option<ClientRandom>,
    /// An earlier session was resumed: by pre-shared key, session id or ticket.
    pub is_resumed: bool,
    /// The server asked for another ClientHello (RFC 8446 section 4.1.4).
    pub has_hello_retry_request: bool,
    /// RFC 7627; always so in TLS 1.3, where this stays false.
    pub has_extended_master_secret: bool,
    /// RFC 7366.
    pub has_encrypt_then_mac: bool,
    /// The ClientHello has the extension of RFC 9849, real or GREASE.
    pub offers_encrypted_client_hello: bool,
    /// What became of early data.
    pub early_data: EarlyData,
    /// The server asked for a client certificate; in TLS 1.3 known only when decrypted.
    pub client_certificate_requested: bool,
    /// The client sent a certificate that is not empty; in TLS 1.3 known only when decrypted.
    pub client_certificate_sent: bool,
}
