//! The texts of notices about captures.

use crate::http::Oddity as Http;
use crate::net::Oddity as Net;
use crate::tls::OutcomeKind;

/// What a defect below TLS means; `value` is the number that belongs to the first.
pub(super) fn net(oddity: Net, value: u64) -> String {
    match oddity {
        Net::CaptureCut => "the file ends inside a packet or block; what came before was read",
        Net::DamagedBlock => {
            return format!(
                "packets or blocks whose lengths contradict themselves; reading went on behind them, {value} bytes on at the first"
            );
        }
        Net::ReadFailed => "reading the input failed; what came before was read",
        Net::GzipDamaged => "the gzip layer is cut or damaged; what came before was read",
        Net::UnknownBlock => {
            return format!("pcapng blocks of unknown type were passed over, the first is {value:#x}");
        }
        Net::UnknownInterface => {
            return format!("packets of an interface that no block describes, the first names {value}");
        }
        Net::TooManyInterfaces => "more interfaces in a section than are kept",
        Net::UnknownResolution => {
            return format!("if_tsresol {value} cannot be represented; microseconds were assumed");
        }
        Net::UnknownSecrets => {
            return format!("secrets that are no TLS key log, the first of type {value:#x}");
        }
        Net::UnknownLinkType => {
            return format!("packets of link type {value}, which is not decoded, were left out");
        }
        Net::HeaderCut => "packets that end inside a header were left out",
        Net::HeaderDamaged => "packets whose headers contradict themselves were left out",
        Net::NestedTooDeep => "packets with more headers inside each other than are peeled",
        Net::PacketCut => {
            return format!(
                "packets cut by the snapshot length, {value} bytes of the first; capture with a longer one (-s 0)"
            );
        }
        Net::WlanEncrypted => "encrypted 802.11 frames; capture above the radio, or decrypt first",
        Net::WlanFragment => "fragments of 802.11 frames are not put together",
        Net::WlanAggregate => "aggregated 802.11 frames were read in part only",
        Net::WlanBadChecksum => "802.11 frames received with a wrong checksum were left out",
        Net::EncryptedTunnel => "packets inside MACsec or IPsec cannot be read; capture inside the tunnel",
        Net::FragmentsMissing => "IP datagrams of which fragments are missing",
        Net::FragmentDamaged => "IP fragments that contradict others of their datagram",
        Net::MidStream => "connections whose opening was not captured; begin the capture before the page loads",
        Net::BeforeStart => "segments before the first known byte of a connection",
        Net::OutOfWindow => "segments outside any possible window were left out",
        Net::OverlapDiffers => "retransmissions with other bytes than the first copy, which was kept",
        Net::StreamGap => {
            return format!("bytes that the capture does not have, {value} in the first hole; packets were dropped");
        }
        Net::FlowFull => "more bytes of one connection waited for a hole to fill than are kept",
        Net::TableFull => "more bytes of all connections waited for holes to fill than are kept",
        Net::FlowEvicted => "connections were given up early because too many were open",
        Net::QuicNotRead => "QUIC connections; HTTP/3 is not read, so their exchanges are missing here",
    }
    .to_owned()
}

/// What a defect of HTTP means.
pub(super) fn http(oddity: Http) -> &'static str {
    match oddity {
        Http::MidStreamStart => {
            "connections whose start is not in the capture; reading began at the first message found"
        }
        Http::SynchronisationLost => "holes hid where messages begin",
        Http::Resynchronised => "the next message behind a hole was found",
        Http::Garbage => "bytes between messages that are no message",
        Http::HeadCut => "message heads cut by a hole or by the end of the capture",
        Http::HeadTooLong => "message heads longer than are read",
        Http::HeaderLineMalformed => "header lines without name or colon",
        Http::HeaderLineFolded => "header values continued on the next line",
        Http::ContentLengthInvalid => "Content-Length that is no number",
        Http::ContentLengthConflict => {
            "several Content-Length values that differ; the first was used"
        }
        Http::ChunkMalformed => "chunks whose size or end is none",
        Http::PairingUncertain => "responses that several requests could claim, or none",
        Http::TooManyPending => "more unfinished exchanges on a connection than are held",
        Http::SwitchUnanswered => {
            "bytes behind an upgrade or CONNECT whose answer is not in the capture"
        }
        Http::FrameMalformed => "HTTP/2 frames against RFC 9113",
        Http::FrameTooLong => "HTTP/2 frames longer than their receiver allowed",
        Http::HeaderBlockMalformed => {
            "HTTP/2 header blocks that break RFC 7541; later ones may lack fields"
        }
        Http::HeaderBlockTooLong => "HTTP/2 header blocks too long to be kept",
        Http::HeaderFieldsUnknown => {
            "HTTP/2 header fields that refer to a part of the connection before the capture"
        }
        Http::HeaderListTooLong => "HTTP/2 header lists beyond the limit; their rest was dropped",
        Http::PseudoHeaderMalformed => {
            "HTTP/2 pseudo-headers that are repeated, unknown or misplaced"
        }
        Http::ConnectProtocolNotEnabled => {
            ":protocol without the server's SETTINGS_ENABLE_CONNECT_PROTOCOL"
        }
    }
}

/// The notice of something a TLS session met.
pub(super) fn tls_name(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Alert { .. } => "tls-alert",
        OutcomeKind::EarlyDataNotRead => "tls-early-data-not-read",
        OutcomeKind::GapNotResynchronised { .. } => "tls-gap-not-resynchronised",
        OutcomeKind::HandshakeNotRecorded => "tls-handshake-not-recorded",
        OutcomeKind::InvalidMessage(_) => "tls-invalid-handshake-message",
        OutcomeKind::NoSecrets => "tls-without-secrets",
        OutcomeKind::NotTls => "tls-not-tls",
        OutcomeKind::RecordNotAuthentic => "tls-record-not-authentic",
        OutcomeKind::Renegotiation => "tls-renegotiation",
        OutcomeKind::Resynchronised { .. } => "tls-resynchronised",
        OutcomeKind::Truncated { .. } => "tls-truncated-record",
        OutcomeKind::UnsupportedCipher(_) => "tls-unsupported-cipher",
        OutcomeKind::UnsupportedCompression(_) => "tls-unsupported-compression",
        OutcomeKind::UnsupportedVersion(_) => "tls-unsupported-version",
    }
}

/// Whether an outcome keeps a whole connection, or one direction from its start, from being read.
pub(super) fn keeps_plaintext(kind: OutcomeKind) -> bool {
    matches!(
        kind,
        OutcomeKind::HandshakeNotRecorded
            | OutcomeKind::InvalidMessage(_)
            | OutcomeKind::NoSecrets
            | OutcomeKind::NotTls
            | OutcomeKind::RecordNotAuthentic
            | OutcomeKind::UnsupportedCipher(_)
            | OutcomeKind::UnsupportedCompression(_)
            | OutcomeKind::UnsupportedVersion(_)
    )
}

/// What the names mean that the reader of captures gives itself.
pub(super) fn other(name: &str) -> &'static str {
    match name {
        "h2-request-unknown" => {
            "HTTP/2 requests whose method was named before the capture began were left out"
        }
        "h2-response-incomplete" => {
            "HTTP/2 responses of which some header lines are unknown count as not recorded"
        }
        "h2-server-push" => {
            "responses that a server pushed unasked are no fetches and were left out"
        }
        "http-response-without-request" => {
            "responses whose requests are not in the capture were left out"
        }
        "http-url-unreadable" => "requests whose URL cannot be told were left out",
        "not-http" => "connections that carry neither TLS nor HTTP were passed over",
        "tunnel-too-deep" => "tunnels inside more tunnels than are looked into",
        _ => "met",
    }
}
