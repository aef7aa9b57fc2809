//! Link layers: from the first header of a packet to IP.

use super::Oddity;
use super::bytes::be16;
use super::cooked;
use super::decode::{Layer, Peeled};

/// A link type of a capture file (the LINKTYPE registry of draft-ietf-opsawg-pcaplinktype).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: an address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without the HDLC address.
    pub const PPP: Self = Self(9);
    /// Raw IP, as numbered on most systems' files.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP, as numbered on OpenBSD.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing, or Cisco's.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// 802.11 frames.
    pub const WLAN: Self = Self(105);
    /// OpenBSD loopback: an address family in network order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// 802.11 behind a Prism header.
    pub const PRISM: Self = Self(119);
    /// 802.11 behind radiotap.
    pub const RADIOTAP: Self = Self(127);
    /// 802.11 behind an AVS header.
    pub const AVS: Self = Self(163);
    /// 802.11 or others behind a Per-Packet Information header.
    pub const PPI: Self = Self(192);
    /// PPP behind a byte that tells the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log.
    pub const NFLOG: Self = Self(239);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// IPv4 in Ethernet.
const IPV4: u16 = 0x0800;
/// Transparent Ethernet bridging: an Ethernet frame in GRE and others.
pub(super) const ETHERNET: u16 = 0x6558;

/// Peels a link header that is not 802.11.
pub(super) fn link(kind: LinkType, data: &[u8]) -> Peeled<'_> {
    let layer = match kind {
        LinkType::ETHERNET => typed(data, 12),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Some(Layer::Ip(data)),
        LinkType::NULL | LinkType::LOOP => return cooked::loopback(data),
        LinkType::LINUX_SLL => typed(data, 14),
        LinkType::LINUX_SLL2 => be16(data, 0)
            .zip(data.get(20..))
            .map(|(t, rest)| Layer::EtherType(t, rest)),
        LinkType::PPP => Some(Layer::Ppp(data)),
        LinkType::PPP_WITH_DIR => data.get(1..).map(Layer::Ppp),
        LinkType::PPP_HDLC if matches!(data.first(), Some(0x0f | 0x8f)) => typed(data, 2),
        LinkType::PPP_HDLC => Some(Layer::Ppp(data)),
        LinkType::PPP_ETHER => data.get(6..).map(Layer::Ppp),
        LinkType::C_HDLC => typed(data, 2),
        LinkType::NFLOG => return cooked::nflog(data),
        LinkType(other) => return Peeled::Odd(Oddity::UnknownLinkType, u64::from(other)),
    };
    layer.map_or(Peeled::CUT, Peeled::Layer)
}

/// Peels what an EtherType names (IEEE 802 numbers; below 0x0600 it is a length).
pub(super) fn ether_type(kind: u16, data: &[u8]) -> Peeled<'_> {
    let layer = match kind {
        IPV4 | 0x86dd => Some(Layer::Ip(data)),
        // VLAN tags: 802.1Q, 802.1ad, and two numbers from before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => typed(data, 2),
        // PPPoE session, RFC 2516, section 4: version and type, code, session, length.
        0x8864 => data.get(6..).map(Layer::Ppp),
        0x8847 | 0x8848 => return mpls(data),
        ETHERNET => Some(Layer::Link(LinkType::ETHERNET, data)),
        // MACsec without encryption (E bit clear) still has the type behind its tag, IEEE 802.1AE, section 9.3.
        0x88e5 => match data.first() {
            Some(control) if control & 0x08 != 0 => return Peeled::Odd(Oddity::EncryptedTunnel, 0),
            Some(control) if control & 0x20 != 0 => typed(data, 13),
            Some(_) => typed(data, 5),
            None => None,
        },
        // Linux cooked: 802.2; its 802.3 "novell" frames (1) carry no IP.
        0x0004 => Some(Layer::Llc(data)),
        0x0006..0x0600 => data
            .get(..data.len().min(usize::from(kind)))
            .map(Layer::Llc),
        _ => return Peeled::Other,
    };
    layer.map_or(Peeled::CUT, Peeled::Layer)
}

/// Peels an 802.2 header; with SNAP it names an EtherType (RFC 1042).
pub(super) fn llc(data: &[u8]) -> Peeled<'_> {
    match data {
        [0xaa, 0xaa, 0x03, ..] => typed(data, 6).map_or(Peeled::CUT, Peeled::Layer),
        [0x06, 0x06, 0x03, rest @ ..] => Peeled::Layer(Layer::Ip(rest)),
        _ => Peeled::Other,
    }
}

/// Peels PPP (RFC 1661, section 2; RFC 1662, section 3.1), fields compressed or not.
pub(super) fn ppp(data: &[u8]) -> Peeled<'_> {
    let data = data.strip_prefix(&[0xff, 0x03]).unwrap_or(data);
    let (protocol, rest) = match data {
        [low, rest @ ..] if low & 1 == 1 => (u16::from(*low), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Peeled::CUT,
    };
    match protocol {
        0x0021 | 0x0057 => Peeled::Layer(Layer::Ip(rest)),
        0x0281 | 0x0283 => mpls(rest),
        0x0053 | 0x00fd => Peeled::Odd(Oddity::EncryptedTunnel, u64::from(protocol)),
        _ => Peeled::Other,
    }
}

/// Peels an MPLS label stack (RFC 3032). Nothing names what is inside: IP by its version, else a pseudowire's control word and
/// Ethernet (RFC 4448), for a first nibble of 0.
pub(super) fn mpls(data: &[u8]) -> Peeled<'_> {
    for (at, label) in data.chunks_exact(4).enumerate() {
        if label[2] & 1 == 1 {
            let rest = data.get(at * 4 + 4..).unwrap_or_default();
            return match rest.first().map(|b| b >> 4) {
                Some(4 | 6) => Peeled::Layer(Layer::Ip(rest)),
                Some(0) => rest.get(4..).map_or(Peeled::CUT, |r| {
                    Peeled::Layer(Layer::Link(LinkType::ETHERNET, r))
                }),
                _ => Peeled::Other,
            };
        }
    }
    Peeled::CUT
}

/// An EtherType at `at` and what follows it.
pub(super) fn typed(data: &[u8], at: usize) -> Option<Layer<'_>> {
    Some(Layer::EtherType(be16(data, at)?, data.get(at + 2..)?))
}
