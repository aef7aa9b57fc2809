//! Headers of capturing systems: put before a packet instead of its link header, or before that.

use super::bytes::{be16, be32, le16, le32};
use super::decode::{Layer, Peeled};

/// An address family in either byte order. Its number for IPv6 differs by system (10, 23, 24, 28, 30), so the version of
/// what follows decides, and the family only says that it is IP.
pub(super) fn loopback(data: &[u8]) -> Peeled<'_> {
    let (Some(big), Some(little), Some(rest)) = (be32(data, 0), le32(data, 0), data.get(4..))
    else {
        return Peeled::CUT;
    };
    let is_ip = |family: u32| matches!(family, 2 | 10 | 23 | 24 | 28 | 30);
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
