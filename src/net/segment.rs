//! TCP segments (RFC 9293, section 3.1).

use std::net::SocketAddr;

/// The control bits of a TCP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// The acknowledgement number counts.
    pub const ACK: Self = Self(0x10);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A TCP segment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Who sent it.
    pub src: SocketAddr,
    /// To whom.
    pub dst: SocketAddr,
    /// Sequence number of the SYN or of the first payload byte.
    pub seq: u32,
    /// Next sequence number expected from the other end; counts if [`TcpFlags::ACK`] is set.
    pub ack: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// The payload as captured.
    pub payload: &'a [u8],
    /// Length of the payload on the wire, `payload.len() <= wire_len`.
    pub wire_len: u32,
}
