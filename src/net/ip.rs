//! IPv4 (RFC 791), IPv6 (RFC 8200) and TCP (RFC 9293) headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::IpNumber;

use super::bytes::{be16, be32};
use super::decode::{Body, Layer, Peeled, Route, Transport};
use super::fragment::Fragment;
use super::{Segment, TcpFlags};

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const TCP_HEADER: usize = 20;

/// TCP over whole IPv4 in plain Ethernet, which is nearly every packet: the same answer as the general path in a third
/// of its time. `None` for anything else.
#[inline]
pub(super) fn fast(frame: &[u8]) -> Option<Segment<'_>> {
    let head: &[u8; 14 + IPV4_HEADER] = frame.first_chunk()?;
    let unfragmented = head[20] & 0x3f == 0 && head[21] == 0;
    if head[12] != 8
        || head[13] != 0
        || head[14] != 0x45
        || head[23] != IpNumber::TCP.0
        || !unfragmented
    {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([head[16], head[17]]));
    let packet = frame.get(14..14 + total)?;
    let body = packet.get(IPV4_HEADER..)?;
    let route = Route {
        src: IpAddr::V4(Ipv4Addr::new(head[26], head[27], head[28], head[29])),
        dst: IpAddr::V4(Ipv4Addr::new(head[30], head[31], head[32], head[33])),
    };
    segment(
        route,
        Body {
            data: body,
            wire: body.len(),
        },
    )
}

/// Peels an IP header of either version.
pub(super) fn header(data: &[u8]) -> Peeled<'_> {
    match data.first().map(|b| b >> 4) {
        Some(4) => ipv4(data),
        Some(6) => ipv6(data),
        Some(_) => Peeled::DAMAGED,
        None => Peeled::CUT,
    }
}

/// Whether an IP packet starts here and is as long as `body`: what tells a tunnel from other datagrams where its own header
/// says too little.
pub(super) fn fills(body: Body<'_>) -> bool {
    let field = |at: usize| be16(body.data, at).map(usize::from);
    match body.data.first() {
        Some(0x45..=0x4f) => field(2) == Some(body.wire),
        Some(0x60..=0x6f) => field(4).map(|len| len + IPV6_HEADER) == Some(body.wire),
        _ => false,
    }
}

fn ipv4(data: &[u8]) -> Peeled<'_> {
    let Some(head) = data.first_chunk::<IPV4_HEADER>() else {
        return Peeled::CUT;
    };
    let header = usize::from(head[0] & 0x0f) * 4;
    // 0 stands where segmentation is left to the network card: as long as captured.
    let total = match u16::from_be_bytes([head[2], head[3]]) {
        0 => data.len(),
        total => usize::from(total),
    };
    if header < IPV4_HEADER || total < header {
        return Peeled::DAMAGED;
    }
    let Some(rest) = data.get(header..total.min(data.len())) else {
        return Peeled::CUT;
    };
    let route = Route {
        src: IpAddr::V4(Ipv4Addr::new(head[12], head[13], head[14], head[15])),
        dst: IpAddr::V4(Ipv4Addr::new(head[16], head[17], head[18], head[19])),
    };
    let protocol = head[9];
    let field = u16::from_be_bytes([head[6], head[7]]);
    let (more, offset) = (field & 0x2000 != 0, field & 0x1fff);
    if more || offset != 0 {
        let id = u32::from(u16::from_be_bytes([head[4], head[5]]));
        if rest.len() < total - header {
            return Peeled::CUT;
        }
        return Peeled::Fragment(Fragment {
            route,
            protocol,
            id,
            offset,
            more,
            data: rest,
        });
    }
    Peeled::Layer(Layer::Protocol(
        protocol,
        route,
        Body {
            data: rest,
            wire: total - header,
        },
    ))
}

fn ipv6(data: &[u8]) -> Peeled<'_> {
    let Some(head) = data.first_chunk::<IPV6_HEADER>() else {
        return Peeled::CUT;
    };
    let address = |at: usize| {
        let bytes = data
            .get(at..)
            .and_then(|d| d.first_chunk::<16>())
            .copied()
            .unwrap_or_default();
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    let route = Route {
        src: address(8),
        dst: address(24),
    };
    let captured = data.len() - IPV6_HEADER;
    // 0 for jumbograms (RFC 2675) and segmentation left to the network card: as long as captured.
    let wire = match u16::from_be_bytes([head[4], head[5]]) {
        0 => captured,
        len => usize::from(len),
    };
    let Some(rest) = data.get(IPV6_HEADER..IPV6_HEADER + wire.min(captured)) else {
        return Peeled::CUT;
    };
    Peeled::Layer(Layer::Protocol(head[6], route, Body { data: rest, wire }))
}

/// Peels an extension header of IPv6, or the authentication header of either version (RFC 4302).
pub(super) fn extension(protocol: u8, route: Route, body: Body<'_>) -> Peeled<'_> {
    let (Some(&next), Some(&len)) = (body.data.first(), body.data.get(1)) else {
        return Peeled::CUT;
    };
    let len = match IpNumber(protocol) {
        IpNumber::AUTHENTICATION_HEADER => (usize::from(len) + 2) * 4,
        IpNumber::IPV6_FRAGMENTATION_HEADER => 8,
        _ => (usize::from(len) + 1) * 8,
    };
    let Some(rest) = body.after(len) else {
        return Peeled::CUT;
    };
    if IpNumber(protocol) == IpNumber::IPV6_FRAGMENTATION_HEADER {
        let (Some(field), Some(id)) = (be16(body.data, 2), be32(body.data, 4)) else {
            return Peeled::CUT;
        };
        let (more, offset) = (field & 1 != 0, field >> 3);
        if more || offset != 0 {
            if rest.data.len() < rest.wire {
                return Peeled::CUT;
            }
            return Peeled::Fragment(Fragment {
                route,
                protocol: next,
                id,
                offset,
                more,
                data: rest.data,
            });
        }
    }
    Peeled::Layer(Layer::Protocol(next, route, rest))
}

/// Peels a TCP header.
pub(super) fn tcp(route: Route, body: Body<'_>) -> Peeled<'_> {
    match segment(route, body) {
        Some(segment) => Peeled::Transport(Transport::Tcp(segment)),
        None if body.data.len() < TCP_HEADER => Peeled::CUT,
        None => Peeled::DAMAGED,
    }
}

#[inline]
fn segment(route: Route, body: Body<'_>) -> Option<Segment<'_>> {
    let head = body.data.first_chunk::<TCP_HEADER>()?;
    let header = usize::from(head[12] >> 4) * 4;
    if header < TCP_HEADER {
        return None;
    }
    let wire = body.wire.checked_sub(header)?;
    Some(Segment {
        src: SocketAddr::new(route.src, u16::from_be_bytes([head[0], head[1]])),
        dst: SocketAddr::new(route.dst, u16::from_be_bytes([head[2], head[3]])),
        seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        ack: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        flags: TcpFlags(head[13]),
        // Options may be cut off with the payload behind them.
        payload: body.data.get(header..).unwrap_or_default(),
        wire_len: u32::try_from(wire).ok()?,
    })
}
