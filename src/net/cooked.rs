//! Headers of capturing systems: put before a packet instead of its link header, or before that.

use super::Oddity;
use super::bytes::{be16, be32, le16, le32};
use super::decode::{Layer, Peeled};
use super::link::LinkType;

/// Peels a Linux cooked header, either version: where it has the hardware type (`ARPHRD_`), the protocol, and its end. The
/// hardware type can say that the protocol means nothing (LINKTYPE_LINUX_SLL in the registry).
pub(super) fn linux(data: &[u8], hardware: usize, protocol: usize, len: usize) -> Peeled<'_> {
    let (Some(hardware), Some(protocol), Some(rest)) =
        (be16(data, hardware), be16(data, protocol), data.get(len..))
    else {
        return Peeled::CUT;
    };
    Peeled::Layer(match hardware {
        // Frame Relay (FRAD), and 802.11 of a monitor interface.
        770 => Layer::Link(LinkType::FRELAY, rest),
        803 => Layer::Link(LinkType::RADIOTAP, rest),
        // Netlink, whose protocols have numbers of their own.
        824 => return Peeled::Other,
        _ => Layer::EtherType(protocol, rest),
    })
}

fn is_ip(family: u32) -> bool {
    matches!(family, 2 | 10 | 23 | 24 | 28 | 30)
}

/// An address family in either byte order. Its number for IPv6 differs by system (10, 23, 24, 28, 30), so the version of
/// what follows decides, and the family only says that it is IP.
pub(super) fn loopback(data: &[u8]) -> Peeled<'_> {
    by_family(data, 4)
}

/// The header of OpenBSD's and FreeBSD's `enc` interfaces: address family in the byte order of the capturing machine,
/// security parameter index, flags.
pub(super) fn enc(data: &[u8]) -> Peeled<'_> {
    by_family(data, 12)
}

fn by_family(data: &[u8], len: usize) -> Peeled<'_> {
    let (Some(big), Some(little), Some(rest)) = (be32(data, 0), le32(data, 0), data.get(len..))
    else {
        return Peeled::CUT;
    };
    if is_ip(big) || is_ip(little) {
        Peeled::Layer(Layer::Ip(rest))
    } else {
        Peeled::Other
    }
}

/// Netfilter log: family, version, resource, then type-length-value in the byte order of the capturing machine. Type 9 is
/// the packet.
pub(super) fn nflog(data: &[u8]) -> Peeled<'_> {
    let mut rest = match data.get(4..) {
        Some(rest) => rest,
        None => return Peeled::CUT,
    };
    // Lengths are below 2^16 - 1; a first one that fits only big-endian tells the order.
    let fits = |len: Option<u16>| len.is_some_and(|l| (4..=rest.len()).contains(&usize::from(l)));
    let number = if !fits(le16(rest, 0)) && fits(be16(rest, 0)) {
        be16
    } else {
        le16
    };
    while let (Some(len), Some(kind)) = (number(rest, 0), number(rest, 2)) {
        let len = usize::from(len);
        if len < 4 {
            return Peeled::DAMAGED;
        }
        if kind & 0x7fff == 9 {
            let value = rest.get(4..len.min(rest.len())).unwrap_or_default();
            return Peeled::Layer(Layer::Ip(value));
        }
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Peeled::Other
}

/// Packet filter log (`struct pfloghdr`): its length, address family, and what differs by system and release. The length
/// may leave out the bytes that fill it to a multiple of four; 45 is that of the first systems that wrote one.
pub(super) fn pflog(data: &[u8]) -> Peeled<'_> {
    match *data {
        [..45, _, ..] => Peeled::DAMAGED,
        [len, family, ..] if is_ip(family.into()) => data
            .get(usize::from(len).next_multiple_of(4)..)
            .map_or(Peeled::CUT, |rest| Peeled::Layer(Layer::Ip(rest))),
        [_, _, ..] => Peeled::Other,
        _ => Peeled::CUT,
    }
}

/// Solaris `ipnet`: version, address family of Solaris, and 22 bytes of where the packet was seen.
pub(super) fn ipnet(data: &[u8]) -> Peeled<'_> {
    match (data.get(1), data.get(24..)) {
        (Some(2 | 26), Some(rest)) => Peeled::Layer(Layer::Ip(rest)),
        (Some(_), Some(_)) => Peeled::Other,
        _ => Peeled::CUT,
    }
}

/// Apple's PKTAP, little-endian in all files known. A flag at the same place in both versions tells them apart.
pub(super) fn pktap(data: &[u8]) -> Peeled<'_> {
    const VERSION_2: u32 = 0x0008_0000;
    let (Some(&[first, offsets @ .., _, _]), Some(flags), Some(link)) =
        (data.first_chunk::<8>(), le32(data, 36), le16(data, 6))
    else {
        return Peeled::CUT;
    };
    let (len, record, link) = if flags & VERSION_2 != 0 {
        // Fields behind the fixed ones are told by where they are, or 0.
        let within = |at: u8| at == 0 || (40..first).contains(&at);
        if !offsets.into_iter().all(within) {
            return Peeled::DAMAGED;
        }
        (u32::from(first), 1, u32::from(link))
    } else {
        let (Some(len @ 108..), Some(record @ 0..=1), Some(link)) =
            (le32(data, 0), le32(data, 4), le32(data, 8))
        else {
            return Peeled::DAMAGED;
        };
        (len, record, link)
    };
    let (40.., Ok(link)) = (len, u16::try_from(link)) else {
        return Peeled::DAMAGED;
    };
    // One PKTAP inside another is no capture.
    match (data.get(len as usize..), LinkType(link)) {
        (_, LinkType::PKTAP | LinkType::USER2) => Peeled::DAMAGED,
        (None, _) => Peeled::CUT,
        (Some(_), _) if record == 0 => Peeled::Other,
        (Some(rest), link) => Peeled::Layer(Layer::Link(link, rest)),
    }
}

/// Juniper's header: magic, flags, and perhaps extensions behind their length. The flag for a link header left out means
/// four bytes of another kind, then IP by its version.
pub(super) fn juniper(kind: LinkType, data: &[u8]) -> Peeled<'_> {
    const NO_LINK: u8 = 0x02;
    const EXTENSIONS: u8 = 0x80;
    let flags = match *data {
        [b'M', b'G', b'C', flags, ..] => flags,
        [_, _, _, _, ..] => return Peeled::DAMAGED,
        _ => return Peeled::CUT,
    };
    let mut at = 4;
    if flags & EXTENSIONS != 0 {
        let Some(len) = be16(data, 4) else {
            return Peeled::CUT;
        };
        at += 2 + usize::from(len);
    }
    if flags & NO_LINK != 0 {
        return match data.get(at + 4..) {
            Some(rest @ [0x45..=0x4f | 0x60..=0x6f, ..]) => Peeled::Layer(Layer::Ip(rest)),
            Some([_, ..]) => Peeled::Other,
            _ => Peeled::CUT,
        };
    }
    let link = match kind {
        LinkType::JUNIPER_PPP => LinkType::PPP,
        LinkType::JUNIPER_FRELAY => LinkType::FRELAY,
        LinkType::JUNIPER_CHDLC => LinkType::C_HDLC,
        _ => LinkType::ETHERNET,
    };
    data.get(at..)
        .map_or(Peeled::CUT, |rest| Peeled::Layer(Layer::Link(link, rest)))
}

/// Endace's record header: sixteen bytes, with the type in the ninth; extensions of eight follow it and each other where the
/// highest bit of the type is set.
pub(super) fn erf(data: &[u8]) -> Peeled<'_> {
    const MORE: u8 = 0x80;
    let (Some(&first), Some(mut rest)) = (data.get(8), data.get(16..)) else {
        return Peeled::CUT;
    };
    let mut kind = first;
    while kind & MORE != 0 {
        let (Some(&next), Some(behind)) = (rest.first(), rest.get(8..)) else {
            return Peeled::CUT;
        };
        (kind, rest) = (next, behind);
    }
    let layer = match first & !MORE {
        // Packets over SONET: HDLC framing, plain, coloured, filtered, hashed.
        1 | 10 | 15 | 19 => Some(Layer::Link(LinkType::PPP_HDLC, rest)),
        // Ethernet of the same kinds, behind an offset and a byte to fill.
        2 | 11 | 16 | 20 => rest
            .get(2..)
            .map(|frame| Layer::Link(LinkType::ETHERNET, frame)),
        22 | 23 => Some(Layer::Ip(rest)),
        _ => return Peeled::Other,
    };
    layer.map_or(Peeled::CUT, Peeled::Layer)
}

/// TZSP as the link header: what is known to carry no packet is not damage.
pub(super) fn tzsp_link(data: &[u8]) -> Peeled<'_> {
    match data {
        // Configuration, keep-alive, port opener.
        [_, 2..=5, ..] => Peeled::Other,
        _ => tzsp(data).unwrap_or(Peeled::DAMAGED),
    }
}

/// Tazmen Sniffer Protocol, which access points and routers mirror packets with: version, type, link type in numbers of its
/// own, then fields up to an end mark. `None` if it is none.
pub(super) fn tzsp(data: &[u8]) -> Option<Peeled<'_>> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    const BAD_CHECKSUM: u8 = 17;
    // Received, or to be sent.
    let [1, 0 | 1, 0, link, ..] = *data else {
        return None;
    };
    let link = match link {
        1 => LinkType::ETHERNET,
        18 => LinkType::WLAN,
        119 => LinkType::PRISM,
        127 => LinkType::AVS,
        _ => return None,
    };
    let mut bad_checksum = false;
    let mut at = 4;
    loop {
        match *data.get(at)? {
            END => break,
            PADDING => at += 1,
            field => {
                let len = usize::from(*data.get(at + 1)?);
                bad_checksum |= field == BAD_CHECKSUM && data.get(at + 2).is_some_and(|b| *b != 0);
                at += 2 + len;
            }
        }
    }
    Some(if bad_checksum {
        Peeled::Odd(Oddity::WlanBadChecksum, 0)
    } else {
        Peeled::Layer(Layer::Link(link, data.get(at + 1..)?))
    })
}
