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
    /// Raw IP, as numbered on most systems' files; on OpenBSD what [`Self::LOOP`] is elsewhere.
    pub const RAW_BSD: Self = Self(12);
    /// What [`Self::ENC`] is elsewhere, as numbered on OpenBSD.
    pub const ENC_OPENBSD: Self = Self(13);
    /// Raw IP, as numbered on OpenBSD.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing, or Cisco's.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets.
    pub const PPP_ETHER: Self = Self(51);
    /// 802.2 in ATM (RFC 2684).
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// 802.11 frames.
    pub const WLAN: Self = Self(105);
    /// Frame Relay (Q.922).
    pub const FRELAY: Self = Self(107);
    /// OpenBSD loopback: an address family in network order.
    pub const LOOP: Self = Self(108);
    /// Packets of IPsec before encryption or after decryption, on BSD.
    pub const ENC: Self = Self(109);
    /// Cisco HDLC, as numbered on NetBSD.
    pub const NETBSD_HDLC: Self = Self(112);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// Log of the packet filter of BSD.
    pub const PFLOG: Self = Self(117);
    /// 802.11 behind a Prism header.
    pub const PRISM: Self = Self(119);
    /// 802.11 behind radiotap.
    pub const RADIOTAP: Self = Self(127);
    /// A packet mirrored with TZSP, without the UDP it came in.
    pub const TZSP: Self = Self(128);
    /// IP over FireWire, on macOS.
    pub const APPLE_IP_OVER_IEEE1394: Self = Self(138);
    /// For private use; macOS and iOS write [`Self::PKTAP`] under it.
    pub const USER2: Self = Self(149);
    /// 802.11 behind an AVS header.
    pub const AVS: Self = Self(163);
    /// PPP whose HDLC address was replaced by the direction.
    pub const PPP_PPPD: Self = Self(166);
    /// Ethernet of a PPPoE interface, behind Juniper's header.
    pub const JUNIPER_PPPOE: Self = Self(167);
    /// Ethernet behind Juniper's header.
    pub const JUNIPER_ETHER: Self = Self(178);
    /// PPP behind Juniper's header.
    pub const JUNIPER_PPP: Self = Self(179);
    /// Frame Relay behind Juniper's header.
    pub const JUNIPER_FRELAY: Self = Self(180);
    /// Cisco HDLC behind Juniper's header.
    pub const JUNIPER_CHDLC: Self = Self(181);
    /// 802.11 or others behind a Per-Packet Information header.
    pub const PPI: Self = Self(192);
    /// Endace's extensible record format, with the type of what is in it.
    pub const ERF: Self = Self(197);
    /// PPP behind a byte that tells the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Cisco HDLC behind a byte that tells the direction.
    pub const C_HDLC_WITH_DIR: Self = Self(205);
    /// Frame Relay behind a byte that tells the direction.
    pub const FRELAY_WITH_DIR: Self = Self(206);
    /// MPLS.
    pub const MPLS: Self = Self(219);
    /// IP behind the header of Solaris' observability devices.
    pub const IPNET: Self = Self(226);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log.
    pub const NFLOG: Self = Self(239);
    /// Any link behind Apple's header, which names it.
    pub const PKTAP: Self = Self(258);
    /// Ethernet with its preamble, perhaps interrupted (IEEE 802.3, section 99.3).
    pub const ETHERNET_MPACKET: Self = Self(274);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
    /// Ethernet with the tag of a Broadcom switch inside.
    pub const DSA_TAG_BRCM: Self = Self(281);
    /// Ethernet behind the tag of a Broadcom switch.
    pub const DSA_TAG_BRCM_PREPEND: Self = Self(282);
    /// Ethernet with the tag of a Marvell switch inside.
    pub const DSA_TAG_DSA: Self = Self(284);
    /// Ethernet with the long tag of a Marvell switch inside.
    pub const DSA_TAG_EDSA: Self = Self(285);
}

/// IPv4 in Ethernet.
const IPV4: u16 = 0x0800;
/// Transparent Ethernet bridging: an Ethernet frame in GRE and others.
pub(super) const ETHERNET: u16 = 0x6558;
/// Network Service Header.
pub(super) const NSH: u16 = 0x894f;

/// Peels a link header that is not 802.11.
pub(super) fn link(kind: LinkType, data: &[u8]) -> Peeled<'_> {
    let layer = match kind {
        LinkType::ETHERNET => typed(data, 12),
        // Four or eight bytes of tag behind the addresses, or four before them.
        LinkType::DSA_TAG_BRCM | LinkType::DSA_TAG_DSA => typed(data, 16),
        LinkType::DSA_TAG_EDSA => typed(data, 20),
        LinkType::DSA_TAG_BRCM_PREPEND => data.get(4..).map(ethernet),
        LinkType::ETHERNET_MPACKET => return mpacket(data),
        // OpenBSD's loopback: a family below 256, and no version of IP is 0.
        LinkType::RAW_BSD if data.starts_with(&[0; 3]) => return cooked::loopback(data),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Some(Layer::Ip(data)),
        LinkType::NULL | LinkType::LOOP => return cooked::loopback(data),
        LinkType::LINUX_SLL => return cooked::linux(data, 2, 14, 16),
        LinkType::LINUX_SLL2 => return cooked::linux(data, 8, 0, 20),
        LinkType::PPP => Some(Layer::Ppp(data)),
        LinkType::PPP_WITH_DIR => data.get(1..).map(Layer::Ppp),
        // The direction, then the control byte of HDLC.
        LinkType::PPP_PPPD => data.get(2..).map(Layer::Ppp),
        LinkType::PPP_HDLC if matches!(data.first(), Some(0x0f | 0x8f)) => typed(data, 2),
        LinkType::PPP_HDLC => Some(Layer::Ppp(data)),
        LinkType::PPP_ETHER => data.get(6..).map(Layer::Ppp),
        LinkType::C_HDLC | LinkType::NETBSD_HDLC => typed(data, 2),
        LinkType::C_HDLC_WITH_DIR => typed(data, 3),
        LinkType::FRELAY => return frame_relay(data),
        LinkType::FRELAY_WITH_DIR => data
            .get(1..)
            .map(|rest| Layer::Link(LinkType::FRELAY, rest)),
        LinkType::ATM_RFC1483 => Some(Layer::Llc(data)),
        LinkType::APPLE_IP_OVER_IEEE1394 => typed(data, 16),
        LinkType::MPLS => return mpls(data),
        LinkType::NFLOG => return cooked::nflog(data),
        LinkType::PFLOG => return cooked::pflog(data),
        LinkType::ENC | LinkType::ENC_OPENBSD => return cooked::enc(data),
        LinkType::IPNET => return cooked::ipnet(data),
        LinkType::TZSP => return cooked::tzsp_link(data),
        LinkType::ERF => return cooked::erf(data),
        LinkType::JUNIPER_ETHER
        | LinkType::JUNIPER_PPPOE
        | LinkType::JUNIPER_PPP
        | LinkType::JUNIPER_FRELAY
        | LinkType::JUNIPER_CHDLC => return cooked::juniper(kind, data),
        LinkType::PKTAP => return cooked::pktap(data),
        LinkType::USER2 => {
            return match cooked::pktap(data) {
                Peeled::Odd(..) => unknown(kind),
                peeled => peeled,
            };
        }
        _ => return unknown(kind),
    };
    layer.map_or(Peeled::CUT, Peeled::Layer)
}

/// Peels what an EtherType names (IEEE 802 numbers; below 0x0600 it is a length).
pub(super) fn ether_type(kind: u16, data: &[u8]) -> Peeled<'_> {
    let layer = match kind {
        IPV4 | 0x86dd => Some(Layer::Ip(data)),
        // VLAN tags: 802.1Q, 802.1ad, and two numbers from before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => typed(data, 2),
        // Tags of four and of six bytes: Cisco's VN-Tag; 802.1BR E-tag, and Cisco metadata with one security group.
        0x8926 => typed(data, 4),
        0x893f | 0x8909 => typed(data, 6),
        // Whole frames behind four and two bytes: provider backbone bridges (802.1ah) and Cisco FabricPath.
        0x88e7 => data.get(4..).map(ethernet),
        0x8903 => data.get(2..).map(ethernet),
        NSH => return nsh(data),
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
        // ATM puts two bytes before a bridged frame (RFC 2684, section 5.2).
        [0xaa, 0xaa, 0x03, rest @ ..] => snap(rest, 2),
        [0x06, 0x06, 0x03, rest @ ..] => Peeled::Layer(Layer::Ip(rest)),
        _ => Peeled::Other,
    }
}

/// Peels SNAP behind 802.2 or Frame Relay: an organisation, then its number for the protocol. That of IEEE 802.1 numbers
/// bridged frames: 1 is Ethernet with its checksum, 7 without. `pad` bytes stand before such a frame.
fn snap(data: &[u8], pad: usize) -> Peeled<'_> {
    let layer = match data {
        [0x00, 0x80, 0xc2, 0, 1 | 7, ..] => data.get(5 + pad..).map(ethernet),
        _ => typed(data, 3),
    };
    layer.map_or(Peeled::CUT, Peeled::Layer)
}

/// Peels Frame Relay (Q.922, section 2) with what RFC 2427 puts in it, or Cisco's EtherType.
fn frame_relay(data: &[u8]) -> Peeled<'_> {
    // Addresses have two to four bytes, the lowest bit of the last one set.
    let last = data.iter().take(4).position(|byte| byte & 1 == 1);
    let rest = match last {
        Some(last @ 1..) => &data[last + 1..],
        None if data.len() < 4 => return Peeled::CUT,
        _ => return Peeled::Other,
    };
    // Unnumbered information, perhaps filled to an even length; then a number of ISO/IEC TR 9577 (for PPP, RFC 1973).
    let Some(rest) = rest.strip_prefix(&[0x03]) else {
        // Whether a circuit uses Cisco's way is not recorded, but circuit 0 signals with numbered frames, which may look
        // the same, and elsewhere none but XID is usual, whose control byte starts no EtherType known here.
        let signals = data[0] & 0xfc == 0 && data[1] & 0xf0 == 0;
        return match typed(rest, 0) {
            Some(layer @ Layer::EtherType(0x0600.., _)) if !signals => Peeled::Layer(layer),
            Some(_) => Peeled::Other,
            None => Peeled::CUT,
        };
    };
    match rest.strip_prefix(&[0x00]).unwrap_or(rest) {
        [0xcc | 0x8e, rest @ ..] => Peeled::Layer(Layer::Ip(rest)),
        [0x80, rest @ ..] => snap(rest, 0),
        [0xcf, rest @ ..] => Peeled::Layer(Layer::Ppp(rest)),
        [] => Peeled::CUT,
        _ => Peeled::Other,
    }
}

/// Peels the preamble of an mPacket (IEEE 802.3, section 99.3): bytes 0x55, as many as the receiver saw, then what kind it is.
/// The later parts of an interrupted frame are left out; the first is seen to be cut by the length in its IP header.
fn mpacket(data: &[u8]) -> Peeled<'_> {
    let preamble = data.iter().take_while(|byte| **byte == 0x55).count();
    match data.get(preamble..) {
        // Express, or the start of a frame that may be interrupted.
        Some([0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3, rest @ ..]) => Peeled::Layer(ethernet(rest)),
        Some([]) | None => Peeled::CUT,
        Some(_) => Peeled::Other,
    }
}

/// Peels a Network Service Header (RFC 8300, section 2.2): version, length in fours, and what is inside.
fn nsh(data: &[u8]) -> Peeled<'_> {
    let Some(&[first, second, _, inside]) = data.first_chunk::<4>() else {
        return Peeled::CUT;
    };
    let len = usize::from(second & 0x3f) * 4;
    if first >> 6 != 0 || len < 8 {
        return Peeled::DAMAGED;
    }
    let Some(rest) = data.get(len..) else {
        return Peeled::CUT;
    };
    match inside {
        1 | 2 => Peeled::Layer(Layer::Ip(rest)),
        3 => Peeled::Layer(ethernet(rest)),
        4 => Peeled::Layer(Layer::EtherType(NSH, rest)),
        5 => mpls(rest),
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

fn unknown<'a>(kind: LinkType) -> Peeled<'a> {
    Peeled::Odd(Oddity::UnknownLinkType, u64::from(kind.0))
}

fn ethernet(frame: &[u8]) -> Layer<'_> {
    Layer::Link(LinkType::ETHERNET, frame)
}

/// An EtherType at `at` and what follows it.
pub(super) fn typed(data: &[u8], at: usize) -> Option<Layer<'_>> {
    Some(Layer::EtherType(be16(data, at)?, data.get(at + 2..)?))
}
