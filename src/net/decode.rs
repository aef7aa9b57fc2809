//! A packet's headers, peeled one by one until TCP or UDP.

use std::net::{IpAddr, SocketAddr};

use super::fragment::{Fragment, FragmentPool};
use super::limits::MAX_LAYERS;
use super::{LinkType, Oddities, Oddity, Packet, Segment, Stamp, ip, link, tunnel, wlan};

/// A UDP datagram of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub src: SocketAddr,
    /// To whom.
    pub dst: SocketAddr,
    /// The payload as captured.
    pub payload: &'a [u8],
}

/// What a packet carried in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A UDP datagram that is no tunnel known.
    Udp(Datagram<'a>),
}

/// The ends named by the innermost IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
}

/// A payload as captured, and its length on the wire (`data.len() <= wire`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) data: &'a [u8],
    pub(super) wire: usize,
}

impl<'a> Body<'a> {
    /// The body behind a header of `len` bytes.
    pub(super) fn after(self, len: usize) -> Option<Self> {
        Some(Self {
            data: self.data.get(len..)?,
            wire: self.wire.checked_sub(len)?,
        })
    }
}

/// The next header, and how it is known what it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    Link(LinkType, &'a [u8]),
    EtherType(u16, &'a [u8]),
    /// Logical Link Control, IEEE 802.2.
    Llc(&'a [u8]),
    Ppp(&'a [u8]),
    /// IPv4 or IPv6, by its version field.
    Ip(&'a [u8]),
    Protocol(u8, Route, Body<'a>),
}

/// What is inside a header.
pub(super) enum Peeled<'a> {
    Layer(Layer<'a>),
    Transport(Transport<'a>),
    Fragment(Fragment<'a>),
    /// Something that cannot carry HTTP (ARP, ICMP, a beacon): no oddity.
    Other,
    Odd(Oddity, u64),
}

impl Peeled<'_> {
    pub(super) const CUT: Self = Self::Odd(Oddity::HeaderCut, 0);
    pub(super) const DAMAGED: Self = Self::Odd(Oddity::HeaderDamaged, 0);
}

/// Decodes packets to TCP segments and UDP datagrams.
///
/// It keeps state only for IP fragments.
#[derive(Default)]
pub struct Decoder {
    oddities: Oddities,
    fragments: FragmentPool,
    /// A datagram put together, which the result borrows from; the second is for one inside the first.
    whole: [Vec<u8>; 2],
}

impl Decoder {
    /// Decodes one packet; `None` if it carries neither TCP nor UDP, or a fragment of a datagram not yet complete.
    #[inline]
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Option<Transport<'a>> {
        let stamp = packet.stamp;
        if packet.link_type == LinkType::ETHERNET
            && let Some(segment) = ip::fast(packet.data)
        {
            return Some(self.checked(Transport::Tcp(segment), stamp));
        }
        let Self {
            oddities,
            fragments,
            whole: [first, second],
        } = self;
        // Fragments inside fragments: two levels, then it is no network any more.
        let fragment = match peel(Layer::Link(packet.link_type, packet.data), stamp, oddities) {
            Ok(transport) => return transport.map(|t| note_cut(t, stamp, oddities)),
            Err(fragment) => fragment,
        };
        *first = fragments.add(&fragment, stamp, oddities)?;
        let body = Body {
            data: &*first,
            wire: first.len(),
        };
        let fragment = match peel(
            Layer::Protocol(fragment.protocol, fragment.route, body),
            stamp,
            oddities,
        ) {
            Ok(transport) => return transport.map(|t| note_cut(t, stamp, oddities)),
            Err(fragment) => fragment,
        };
        *second = fragments.add(&fragment, stamp, oddities)?;
        let body = Body {
            data: &*second,
            wire: second.len(),
        };
        match peel(
            Layer::Protocol(fragment.protocol, fragment.route, body),
            stamp,
            oddities,
        ) {
            Ok(transport) => transport.map(|t| note_cut(t, stamp, oddities)),
            Err(_) => {
                oddities.note(Oddity::NestedTooDeep, stamp);
                None
            }
        }
    }

    /// Counts the datagrams that never became complete; call it once, behind the last packet.
    pub fn finish(&mut self) {
        self.fragments.finish(&mut self.oddities);
    }

    /// What was odd about the packets so far.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    fn checked<'a>(&mut self, transport: Transport<'a>, stamp: Stamp) -> Transport<'a> {
        note_cut(transport, stamp, &mut self.oddities)
    }
}

#[inline]
fn note_cut<'a>(transport: Transport<'a>, stamp: Stamp, oddities: &mut Oddities) -> Transport<'a> {
    if let Transport::Tcp(segment) = &transport {
        let missing = u64::from(segment.wire_len).saturating_sub(segment.payload.len() as u64);
        if missing > 0 {
            oddities.note_value(Oddity::PacketCut, stamp, missing);
        }
    }
    transport
}

/// Peels headers from `layer` inwards, until a transport header or a fragment (`Err`).
fn peel<'a>(
    mut layer: Layer<'a>,
    stamp: Stamp,
    oddities: &mut Oddities,
) -> Result<Option<Transport<'a>>, Fragment<'a>> {
    for _ in 0..MAX_LAYERS {
        let peeled = match layer {
            Layer::Link(LinkType::WLAN, data) => wlan::frame(data, false, stamp, oddities),
            Layer::Link(LinkType::RADIOTAP, data) => wlan::radiotap(data, stamp, oddities),
            Layer::Link(LinkType::PRISM | LinkType::AVS, data) => {
                wlan::prism(data, stamp, oddities)
            }
            Layer::Link(LinkType::PPI, data) => wlan::ppi(data, stamp, oddities),
            Layer::Link(kind, data) => link::link(kind, data),
            Layer::EtherType(kind, data) => link::ether_type(kind, data),
            Layer::Llc(data) => link::llc(data),
            Layer::Ppp(data) => link::ppp(data),
            Layer::Ip(data) => ip::header(data),
            Layer::Protocol(protocol, route, body) => tunnel::protocol(protocol, route, body),
        };
        match peeled {
            Peeled::Layer(next) => layer = next,
            Peeled::Transport(transport) => return Ok(Some(transport)),
            Peeled::Fragment(fragment) => return Err(fragment),
            Peeled::Other => return Ok(None),
            Peeled::Odd(oddity, value) => {
                oddities.note_value(oddity, stamp, value);
                return Ok(None);
            }
        }
    }
    oddities.note(Oddity::NestedTooDeep, stamp);
    Ok(None)
}

#[cfg(test)]
mod tests;
