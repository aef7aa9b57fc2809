//! What an IP protocol number or a UDP port names: transports, and tunnels that carry packets inside.

use std::net::SocketAddr;

use etherparse::IpNumber;

use super::bytes::be16;
use super::decode::{Body, Datagram, Layer, Peeled, Route, Transport};
use super::link::{self, LinkType};
use super::{Oddity, cooked, ip};

const MPLS_IN_IP: IpNumber = IpNumber(137);
const ETHER_IP: IpNumber = IpNumber(97);
const UDP_HEADER: usize = 8;

/// VXLAN (RFC 7348), and the port Linux used before it had one.
const VXLAN: [u16; 2] = [4789, 8472];
/// VXLAN with a protocol field (draft-ietf-nvo3-vxlan-gpe).
const VXLAN_GPE: u16 = 4790;
/// GENEVE (RFC 8926).
const GENEVE: u16 = 6081;
/// MPLS in UDP (RFC 7510).
const MPLS: u16 = 6635;
/// GTP user data (3GPP TS 29.281).
const GTP: u16 = 2152;
/// Mirrored packets (Tazmen Sniffer Protocol); the port Wireshark knows and MikroTik sends to.
const TZSP: u16 = 37008;
/// IPv6 through address translators (RFC 4380): a server's port, often a relay's as well.
const TEREDO: u16 = 3544;
/// IPv6 of a tunnel broker (draft-massar-v6ops-ayiya-02).
const AYIYA: u16 = 5072;
/// PPP of a remote access (RFC 2661).
const L2TP: u16 = 1701;

/// Peels what an IP protocol number names.
pub(super) fn protocol(protocol: u8, route: Route, body: Body<'_>) -> Peeled<'_> {
    match IpNumber(protocol) {
        IpNumber::TCP => ip::tcp(route, body),
        IpNumber::UDP => udp(route, body),
        IpNumber::IPV4 | IpNumber::IPV6 => Peeled::Layer(Layer::Ip(body.data)),
        IpNumber::GRE => gre(body.data),
        IpNumber::IPV6_HEADER_HOP_BY_HOP
        | IpNumber::IPV6_ROUTE_HEADER
        | IpNumber::IPV6_DESTINATION_OPTIONS
        | IpNumber::IPV6_FRAGMENTATION_HEADER
        | IpNumber::AUTHENTICATION_HEADER
        | IpNumber::MOBILITY_HEADER
        | IpNumber::HIP
        | IpNumber::SHIM6 => ip::extension(protocol, route, body),
        IpNumber::ENCAPSULATING_SECURITY_PAYLOAD => {
            Peeled::Odd(Oddity::EncryptedTunnel, u64::from(protocol))
        }
        MPLS_IN_IP => link::mpls(body.data),
        ETHER_IP => ethernet(body.data.get(2..)),
        _ => Peeled::Other,
    }
}

/// Peels UDP (RFC 768), and a tunnel in it if its port and its header agree.
fn udp(route: Route, body: Body<'_>) -> Peeled<'_> {
    let (Some(from), Some(to), Some(len)) =
        (be16(body.data, 0), be16(body.data, 2), be16(body.data, 4))
    else {
        return Peeled::CUT;
    };
    // 0 for jumbograms and segmentation left to the network card.
    let wire = match len {
        0 => body.wire,
        len => body.wire.min(usize::from(len)),
    };
    let end = body.data.len().min(wire);
    let Some(payload) = body.data.get(UDP_HEADER..end) else {
        return Peeled::DAMAGED;
    };
    let whole = Body {
        data: payload,
        wire: wire - UDP_HEADER,
    };
    // A mirror sends one way; the others answer from their port to wherever the client is.
    let either = |port: u16| from == port || to == port;
    let inner = match to {
        port if VXLAN.contains(&port) => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        MPLS => mpls(whole),
        GTP => gtp(payload),
        TZSP => cooked::tzsp(payload),
        _ if either(TEREDO) => teredo(whole),
        _ if either(AYIYA) => ayiya(whole),
        _ if either(L2TP) => l2tp(whole),
        _ => None,
    };
    inner.unwrap_or(Peeled::Transport(Transport::Udp(Datagram {
        src: SocketAddr::new(route.src, from),
        dst: SocketAddr::new(route.dst, to),
        payload,
    })))
}

/// GRE (RFC 2784, RFC 2890; version 1 for PPP is RFC 2637).
fn gre(data: &[u8]) -> Peeled<'_> {
    let (Some(flags), Some(kind)) = (be16(data, 0), be16(data, 2)) else {
        return Peeled::CUT;
    };
    let bit = |mask: u16| if flags & mask != 0 { 4 } else { 0 };
    let len = match flags & 7 {
        // Checksum or routing, key, sequence number.
        0 => 4 + bit(0x8000 | 0x4000) + bit(0x2000) + bit(0x1000),
        // Key always; sequence number, acknowledgement number.
        1 => 8 + bit(0x1000) + bit(0x0080),
        _ => return Peeled::DAMAGED,
    };
    let Some(rest) = data.get(len..) else {
        return Peeled::CUT;
    };
    match kind {
        0x880b => Peeled::Layer(Layer::Ppp(rest)),
        // WCCP: version 1 has no header of its own; that of version 2 has four bytes (draft-wilson-wrec-wccp-v2), and the
        // lower half of the first is zero, so that it cannot be that of IPv4.
        0x883e => match rest {
            [0x45..=0x4f, ..] => Peeled::Layer(Layer::Ip(rest)),
            [_, _, _, _, rest @ ..] => Peeled::Layer(Layer::Ip(rest)),
            _ => Peeled::CUT,
        },
        // ERSPAN: types I (no sequence number), II and III, each with Ethernet behind its own header.
        0x88be if flags & 0x1000 == 0 => ethernet(Some(rest)),
        0x88be => ethernet(rest.get(8..)),
        0x22eb => {
            let platform = rest.get(11).is_some_and(|b| b & 1 != 0);
            ethernet(rest.get(if platform { 20 } else { 12 }..))
        }
        _ => Peeled::Layer(Layer::EtherType(kind, rest)),
    }
}

fn vxlan(data: &[u8]) -> Option<Peeled<'_>> {
    // The I bit set; group policy (0x80 and the third byte) may be.
    (data.first()? & 0x7f == 0x08).then(|| ethernet(data.get(8..)))
}

fn vxlan_gpe(data: &[u8]) -> Option<Peeled<'_>> {
    let head: &[u8; 8] = data.first_chunk()?;
    let rest = data.get(8..)?;
    // The I and P bits set, version 0 and reserved bits that are zero.
    if head[0] & 0xfc != 0x0c {
        return None;
    }
    Some(match head[3] {
        1 | 2 => Peeled::Layer(Layer::Ip(rest)),
        3 => ethernet(Some(rest)),
        4 => Peeled::Layer(Layer::EtherType(link::NSH, rest)),
        _ => Peeled::Other,
    })
}

/// Labels alone tell nothing, so what is below them has to fit: IP that ends with the datagram, or a pseudowire's control
/// word with its reserved bits zero (RFC 4448, section 4.6).
fn mpls(body: Body<'_>) -> Option<Peeled<'_>> {
    let peeled = link::mpls(body.data);
    let (Peeled::Layer(Layer::Ip(rest)) | Peeled::Layer(Layer::Link(_, rest))) = peeled else {
        return None;
    };
    let inner = body.after(body.data.len() - rest.len())?;
    let fits = match peeled {
        Peeled::Layer(Layer::Ip(_)) => ip::fills(inner),
        _ => be16(body.data, body.data.len() - rest.len() - 4) == Some(0),
    };
    fits.then_some(peeled)
}

fn geneve(data: &[u8]) -> Option<Peeled<'_>> {
    let [first, second, ..] = *data else {
        return None;
    };
    // Version 0, and reserved bits that are zero.
    if first >> 6 != 0 || second & 0x3f != 0 {
        return None;
    }
    let kind = be16(data, 2)?;
    let rest = data.get(8 + usize::from(first & 0x3f) * 4..)?;
    Some(Peeled::Layer(Layer::EtherType(kind, rest)))
}

fn gtp(data: &[u8]) -> Option<Peeled<'_>> {
    let [flags, 0xff, ..] = *data else {
        return None;
    };
    if flags >> 4 != 3 {
        return None;
    }
    let mut at = 8;
    if flags & 7 != 0 {
        // Sequence, N-PDU and next extension type, then extensions: length in fours, content, next type.
        let mut next = *data.get(11)?;
        at = 12;
        while next != 0 {
            let len = usize::from(*data.get(at)?) * 4;
            if len == 0 {
                return None;
            }
            at += len;
            next = *data.get(at - 1)?;
        }
    }
    Some(Peeled::Layer(Layer::Ip(data.get(at..)?)))
}

/// Teredo (RFC 4380, section 5.1.1): perhaps an authentication, perhaps an origin, then IPv6 with an address of Teredo at
/// one end. Bytes behind it may be trailers (RFC 6081, section 4).
fn teredo(mut body: Body<'_>) -> Option<Peeled<'_>> {
    const PREFIX: [u8; 4] = [0x20, 0x01, 0, 0];
    if let [0, 1, id, value, ..] = *body.data {
        // Lengths; identifier, value; nonce, confirmation.
        body = body.after(4 + usize::from(id) + usize::from(value) + 9)?;
    }
    if let [0, 0, ..] = body.data {
        body = body.after(8)?;
    }
    let head: &[u8; 40] = body.data.first_chunk()?;
    let len = 40 + usize::from(u16::from_be_bytes([head[4], head[5]]));
    let is_teredo = head[8..12] == PREFIX || head[24..28] == PREFIX;
    (head[0] >> 4 == 6 && len <= body.wire && is_teredo)
        .then_some(Peeled::Layer(Layer::Ip(body.data)))
}

/// AYIYA (draft-massar-v6ops-ayiya-02): lengths of identity and signature, operation, protocol, time.
fn ayiya(body: Body<'_>) -> Option<Peeled<'_>> {
    let &[identity, signature, operation, protocol, ..] = body.data.first_chunk::<8>()?;
    let identity = 1 << (identity >> 4);
    let signature = usize::from(signature >> 4) * 4;
    // To be forwarded, the second with an echo.
    if !matches!(operation & 0x0f, 1 | 3)
        || !matches!(IpNumber(protocol), IpNumber::IPV4 | IpNumber::IPV6)
    {
        return None;
    }
    let inner = body.after(8 + identity + signature)?;
    ip::fills(inner).then_some(Peeled::Layer(Layer::Ip(inner.data)))
}

/// A data message of L2TP version 2 (RFC 2661, section 3.1): flags, length, tunnel, session, sequence numbers, offset, then
/// PPP. Control messages stay datagrams.
fn l2tp(body: Body<'_>) -> Option<Peeled<'_>> {
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    const PRIORITY: u16 = 0x0100;
    const VERSION: u16 = 2;
    let data = body.data;
    let flags = be16(data, 0)?;
    if flags & !(LENGTH | SEQUENCE | OFFSET | PRIORITY) != VERSION {
        return None;
    }
    let mut at = 2;
    if flags & LENGTH != 0 {
        if usize::from(be16(data, at)?) != body.wire {
            return None;
        }
        at += 2;
    }
    if be16(data, at)? == 0 || be16(data, at + 2)? == 0 {
        return None;
    }
    at += 4;
    if flags & SEQUENCE != 0 {
        at += 4;
    }
    if flags & OFFSET != 0 {
        at += 2 + usize::from(be16(data, at)?);
    }
    let ppp = data.get(at..)?;
    // Without a length too few bits are fixed, so the start of PPP has to be known: its HDLC address, or IP.
    let starts = matches!(
        ppp,
        [0xff, 0x03, ..]
            | [0, 0x21 | 0x57, 0x45..=0x4f | 0x60..=0x6f, ..]
            | [0x21 | 0x57, 0x45..=0x4f | 0x60..=0x6f, ..]
    );
    (flags & LENGTH != 0 || starts).then_some(Peeled::Layer(Layer::Ppp(ppp)))
}

fn ethernet(frame: Option<&[u8]>) -> Peeled<'_> {
    frame.map_or(Peeled::CUT, |f| {
        Peeled::Layer(Layer::Link(LinkType::ETHERNET, f))
    })
}
