//! 802.11 data frames (IEEE 802.11-2020, section 9.2), and the headers that capture drivers put before them.

use super::bytes::{be16, be32, le16, le32};
use super::decode::{Layer, Peeled};
use super::{LinkType, Oddities, Oddity, Stamp};

/// Peels an 802.11 frame; `padded` if its header is filled to a multiple of four bytes.
pub(super) fn frame<'a>(
    data: &'a [u8],
    padded: bool,
    stamp: Stamp,
    oddities: &mut Oddities,
) -> Peeled<'a> {
    let [control, flags, ..] = *data else {
        return Peeled::CUT;
    };
    let subtype = control >> 4;
    // Version 0, type 2 (data); subtypes with bit 2 carry none.
    if control & 0x0f != 0x08 || subtype & 4 != 0 {
        return Peeled::Other;
    }
    if flags & 0x40 != 0 {
        return Peeled::Odd(Oddity::WlanEncrypted, 0);
    }
    let mut len = if flags & 0x03 == 0x03 { 30 } else { 24 };
    let mut aggregate = false;
    if subtype & 8 != 0 {
        aggregate = data.get(len).is_some_and(|qos| qos & 0x80 != 0);
        // QoS control, and HT control if the order bit is set.
        len += if flags & 0x80 != 0 { 6 } else { 2 };
    }
    let Some(sequence) = le16(data, 22) else {
        return Peeled::CUT;
    };
    if flags & 0x04 != 0 || sequence & 0x0f != 0 {
        return Peeled::Odd(Oddity::WlanFragment, 0);
    }
    if padded {
        len = len.next_multiple_of(4);
    }
    let Some(body) = data.get(len..) else {
        return Peeled::CUT;
    };
    if !aggregate {
        return Peeled::Layer(Layer::Llc(body));
    }
    // A-MSDU, section 9.3.2.2.2: destination, source, length, then the part, filled to a multiple of four.
    let Some(part) = be16(body, 12).map(usize::from) else {
        return Peeled::CUT;
    };
    let rest = body.get(14..).unwrap_or_default();
    // A frame check sequence of four bytes may follow the only part.
    if (14 + part).next_multiple_of(4) + 4 < body.len() {
        oddities.note(Oddity::WlanAggregate, stamp);
    }
    Peeled::Layer(Layer::Llc(rest.get(..part).unwrap_or(rest)))
}

/// Peels radiotap (radiotap.org): version, length, presence words, fields each aligned to its size.
pub(super) fn radiotap<'a>(data: &'a [u8], stamp: Stamp, oddities: &mut Oddities) -> Peeled<'a> {
    const TSFT: u32 = 1 << 0;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    const DATA_PAD: u8 = 0x20;
    const BAD_CHECKSUM: u8 = 0x40;
    let (Some(0), Some(len)) = (data.first(), le16(data, 2)) else {
        return Peeled::CUT;
    };
    let Some((header, rest)) = data.split_at_checked(usize::from(len)) else {
        return Peeled::CUT;
    };
    let Some(present) = le32(header, 4) else {
        return Peeled::DAMAGED;
    };
    let mut at = 8;
    let mut word = present;
    while word & MORE != 0 {
        let Some(next) = le32(header, at) else {
            return Peeled::DAMAGED;
        };
        word = next;
        at += 4;
    }
    let mut flags = 0;
    if present & FLAGS != 0 {
        if present & TSFT != 0 {
            at = at.next_multiple_of(8) + 8;
        }
        flags = header.get(at).copied().unwrap_or(0);
    }
    if flags & BAD_CHECKSUM != 0 {
        return Peeled::Odd(Oddity::WlanBadChecksum, 0);
    }
    frame(rest, flags & DATA_PAD != 0, stamp, oddities)
}

/// Peels a Prism or AVS header. Both number spaces were used for either: AVS starts with its magic, version and length.
pub(super) fn prism<'a>(data: &'a [u8], stamp: Stamp, oddities: &mut Oddities) -> Peeled<'a> {
    let (Some(magic), Some(avs), Some(prism)) = (be32(data, 0), be32(data, 4), le32(data, 4))
    else {
        return Peeled::CUT;
    };
    let len = match magic {
        0x8021_1001 | 0x8021_1002 => avs,
        // A Prism header is 144 bytes, its length in host order.
        _ if prism == 144 || avs == 144 => 144,
        _ => 0,
    };
    match data.get(len as usize..) {
        Some(rest) => frame(rest, false, stamp, oddities),
        None => Peeled::CUT,
    }
}

/// Peels a Per-Packet Information header: version, flags, length, link type.
pub(super) fn ppi<'a>(data: &'a [u8], stamp: Stamp, oddities: &mut Oddities) -> Peeled<'a> {
    let (Some(len), Some(kind)) = (le16(data, 2), le32(data, 4)) else {
        return Peeled::CUT;
    };
    let Some((header, rest)) = data.split_at_checked(usize::from(len)) else {
        return Peeled::CUT;
    };
    match LinkType(kind as u16) {
        LinkType::WLAN => {}
        // One PPI inside another is no capture.
        LinkType::PPI => return Peeled::DAMAGED,
        other => return Peeled::Layer(Layer::Link(other, rest)),
    }
    // Fields: type, length, value. Type 2 (802.11 common) has flags behind its time stamp: 4 is a bad checksum.
    let mut at = 8;
    while let (Some(kind), Some(len)) = (le16(header, at), le16(header, at + 2)) {
        if kind == 2 && le16(header, at + 12).is_some_and(|flags| flags & 4 != 0) {
            return Peeled::Odd(Oddity::WlanBadChecksum, 0);
        }
        at += 4 + usize::from(len);
    }
    frame(rest, false, stamp, oddities)
}
