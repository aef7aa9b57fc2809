//! Hand-built packets and files for the tests of this module.

/// A byte order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, n: u16) -> [u8; 2] {
        if self == Self::Little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    }

    pub(super) fn u32(self, n: u32) -> [u8; 4] {
        if self == Self::Little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    }
}

pub(super) fn pcap(order: Order, nano: bool, link: u32, packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(order.u32(if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }));
    out.extend(order.u16(2));
    out.extend(order.u16(4));
    for n in [0, 0, 65_535, link] {
        out.extend(order.u32(n));
    }
    for (seconds, fraction, data) in packets {
        for n in [*seconds, *fraction, data.len() as u32, data.len() as u32] {
            out.extend(order.u32(n));
        }
        out.extend(*data);
    }
    out
}

pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let pad = body.len().next_multiple_of(4) - body.len();
    let len = order.u32((12 + body.len() + pad) as u32);
    [&order.u32(kind)[..], &len, body, &[0; 3][..pad], &len].concat()
}

pub(super) fn section(order: Order) -> Vec<u8> {
    let body = [
        &order.u32(0x1a2b_3c4d)[..],
        &order.u16(1),
        &order.u16(0),
        &[0xff; 8],
    ]
    .concat();
    block(order, 0x0a0d_0d0a, &body)
}

pub(super) fn interface(order: Order, link: u16, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [&order.u16(link)[..], &order.u16(0), &order.u32(0)].concat();
    for (code, value) in options {
        body.extend(order.u16(*code));
        body.extend(order.u16(value.len() as u16));
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(order, 1, &body)
}

pub(super) fn enhanced(order: Order, interface: u32, raw: u64, data: &[u8]) -> Vec<u8> {
    let len = order.u32(data.len() as u32);
    let body = [
        &order.u32(interface)[..],
        &order.u32((raw >> 32) as u32),
        &order.u32(raw as u32),
        &len,
        &len,
        data,
    ]
    .concat();
    block(order, 6, &body)
}

pub(super) const ACK: u8 = 16;

/// A TCP header and payload from port 40000 to port 80.
pub(super) fn tcp(seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x9c, 0x40, 0, 80];
    out.extend(seq.to_be_bytes());
    out.extend(ack.to_be_bytes());
    out.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
    out.extend(payload);
    out
}

pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for n in [source, destination, 8 + payload.len() as u16, 0] {
        out.extend(n.to_be_bytes());
    }
    out.extend(payload);
    out
}

pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_fragment(protocol, 0, payload)
}

/// `fragment` is the field of flags and offset.
pub(super) fn ipv4_fragment(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x45, 0];
    out.extend((20 + payload.len() as u16).to_be_bytes());
    out.extend([0, 1]);
    out.extend(fragment.to_be_bytes());
    out.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    out.extend(payload);
    out
}

pub(super) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next, 64]);
    for last in [1, 2] {
        out.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    out.extend(payload);
    out
}

pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![2; 12];
    out.extend(ether_type.to_be_bytes());
    out.extend(payload);
    out
}
