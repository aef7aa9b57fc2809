//! What an IP protocol number or a UDP port names: transports, and tunnels that carry packets inside.

use std::net::SocketAddr;

use etherparse::IpNumber;

use super::bytes::be16;
use super::decode::{Body, Datagram, Layer, Peeled, Route, Transport};
use super::link::{self, LinkType};
use super::{Oddity, ip};

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
    let inner = match to {
        port if VXLAN.contains(&port) => vxlan(payload),
        VXLAN_GPE => vxlan_gpe(payload),
        GENEVE => geneve(payload),
        MPLS => mpls(whole),
        GTP => gtp(payload),
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

fn ethernet(frame: Option<&[u8]>) -> Peeled<'_> {
    frame.map_or(Peeled::CUT, |f| {
        Peeled::Layer(Layer::Link(LinkType::ETHERNET, f))
    })
}
