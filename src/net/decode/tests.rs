//! Each encapsulation around one TCP segment, and what must not be read.

use super::super::craft::{ACK, ethernet, ipv4, ipv4_fragment, ipv6, tcp, udp};
use super::*;

mod cooked;
mod tunnels;

fn decode(link: LinkType, data: &[u8]) -> (Option<Vec<u8>>, Vec<&'static str>) {
    let mut decoder = Decoder::default();
    let stamp = Stamp {
        packet: 1,
        time_ns: 1,
    };
    let packet = Packet {
        stamp,
        link_type: link,
        data,
        original_len: data.len() as u32,
        interface: 0,
    };
    let payload = match decoder.decode(&packet) {
        Some(Transport::Tcp(segment)) => Some(segment.payload.to_vec()),
        Some(Transport::Udp(datagram)) => Some(datagram.payload.to_vec()),
        None => None,
    };
    (
        payload,
        decoder.oddities().iter().map(|s| s.oddity.name()).collect(),
    )
}

fn segment() -> Vec<u8> {
    tcp(1, 2, ACK, b"hello")
}

fn v4() -> Vec<u8> {
    ipv4(6, &segment())
}

fn v6() -> Vec<u8> {
    ipv6(6, &segment())
}

fn with(head: &[u8], rest: &[u8]) -> Vec<u8> {
    [head, rest].concat()
}

fn snap(ether_type: u16, rest: &[u8]) -> Vec<u8> {
    [
        &[0xaa, 0xaa, 3, 0, 0, 0][..],
        &ether_type.to_be_bytes(),
        rest,
    ]
    .concat()
}

/// No prefix of a packet and no wrong byte in it may make the decoder panic, or find a payload that is longer than the packet.
fn does_no_harm(link: LinkType, data: &[u8]) {
    for end in 0..data.len() {
        decode(link, &data[..end]);
    }
    let mut wrong = data.to_vec();
    for at in 0..data.len() {
        for byte in [0, 1, 0x40, 0x7f, 0x80, 0xff, data[at] ^ 1] {
            wrong[at] = byte;
            let (payload, _) = decode(link, &wrong);
            assert!(payload.is_none_or(|p| p.len() <= data.len()));
        }
        wrong[at] = data[at];
    }
}

#[test]
fn every_link_and_tunnel_leads_to_the_segment() {
    let eth = LinkType::ETHERNET;
    let frame = ethernet(0x0800, &v4());
    let mut wlan = vec![0x08, 0x01];
    wlan.resize(24, 0);
    let mut qos = vec![0x88, 0x03];
    qos.resize(32, 0);
    let mut padded_qos = vec![0x88, 0x01];
    padded_qos.resize(28, 0);
    let mut amsdu = vec![0x88, 0x01];
    amsdu.resize(24, 0);
    amsdu.extend([0x80, 0]);
    amsdu.extend([1; 12]);
    let part = snap(0x0800, &v4());
    amsdu.extend((part.len() as u16).to_be_bytes());
    let nflog_value = |len: [u8; 2], kind: [u8; 2]| {
        [
            &[2, 0, 0, 0, 5, 0, 1, 0, 9, 0, 0, 0][..],
            &len,
            &kind,
            &v4(),
        ]
        .concat()
    };
    let len = (v4().len() + 4) as u16;
    let cases: Vec<(&str, LinkType, Vec<u8>)> = vec![
        ("Ethernet, IPv4", eth, frame.clone()),
        ("Ethernet, padded", eth, with(&frame, &[0; 9])),
        ("Ethernet, IPv6", eth, ethernet(0x86dd, &v6())),
        ("VLAN", eth, ethernet(0x8100, &with(&[0, 5, 8, 0], &v4()))),
        (
            "QinQ",
            eth,
            ethernet(0x88a8, &with(&[0, 5, 0x81, 0, 0, 6, 0x86, 0xdd], &v6())),
        ),
        (
            "802.3 with SNAP",
            eth,
            ethernet((v4().len() + 8) as u16, &snap(0x0800, &v4())),
        ),
        (
            "PPPoE",
            eth,
            ethernet(0x8864, &with(&[0x11, 0, 0, 1, 0, 67, 0, 0x21], &v4())),
        ),
        (
            "MPLS",
            eth,
            ethernet(0x8847, &with(&[0, 1, 0, 64, 0, 1, 1, 64], &v4())),
        ),
        (
            "MPLS pseudowire",
            eth,
            ethernet(0x8847, &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &frame].concat()),
        ),
        ("raw 101", LinkType::RAW, v4()),
        ("raw 12", LinkType::RAW_BSD, v6()),
        ("raw 14", LinkType::RAW_OPENBSD, v4()),
        ("raw IPv4", LinkType::IPV4, v4()),
        ("raw IPv6", LinkType::IPV6, v6()),
        ("null, little", LinkType::NULL, with(&[2, 0, 0, 0], &v4())),
        ("null, big", LinkType::NULL, with(&[0, 0, 0, 30], &v6())),
        ("loop", LinkType::LOOP, with(&[0, 0, 0, 2], &v4())),
        (
            "cooked v1",
            LinkType::LINUX_SLL,
            with(&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &v4()),
        ),
        (
            "cooked v2",
            LinkType::LINUX_SLL2,
            with(
                &[
                    0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0,
                ],
                &v6(),
            ),
        ),
        ("PPP", LinkType::PPP, with(&[0xff, 3, 0, 0x21], &v4())),
        ("PPP, compressed", LinkType::PPP, with(&[0x57], &v6())),
        (
            "PPP in HDLC",
            LinkType::PPP_HDLC,
            with(&[0xff, 3, 0, 0x21], &v4()),
        ),
        (
            "Cisco HDLC",
            LinkType::PPP_HDLC,
            with(&[0x0f, 0, 8, 0], &v4()),
        ),
        (
            "PPPoE link",
            LinkType::PPP_ETHER,
            with(&[0x11, 0, 0, 1, 0, 67, 0, 0x21], &v4()),
        ),
        (
            "PPP with direction",
            LinkType::PPP_WITH_DIR,
            with(&[1, 0xff, 3, 0, 0x21], &v4()),
        ),
        (
            "NFLOG, little",
            LinkType::NFLOG,
            nflog_value(len.to_le_bytes(), [9, 0]),
        ),
        (
            "NFLOG, big",
            LinkType::NFLOG,
            [&[2, 0, 0, 0][..], &len.to_be_bytes(), &[0, 9], &v4()].concat(),
        ),
        ("802.11", LinkType::WLAN, with(&wlan, &snap(0x0800, &v4()))),
        (
            "802.11 QoS, four addresses",
            LinkType::WLAN,
            with(&qos, &snap(0x86dd, &v6())),
        ),
        ("802.11 A-MSDU", LinkType::WLAN, with(&amsdu, &part)),
        (
            "radiotap",
            LinkType::RADIOTAP,
            [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wlan, &snap(0x0800, &v4())].concat(),
        ),
        (
            "radiotap, time stamp, data pad, second presence word",
            LinkType::RADIOTAP,
            [
                &[
                    0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
                    0x20,
                ][..],
                &padded_qos,
                &snap(0x0800, &v4()),
            ]
            .concat(),
        ),
        (
            "PPI",
            LinkType::PPI,
            [&[0, 0, 8, 0, 105, 0, 0, 0][..], &wlan, &snap(0x0800, &v4())].concat(),
        ),
        (
            "PPI, Ethernet",
            LinkType::PPI,
            [&[0, 0, 8, 0, 1, 0, 0, 0][..], &frame].concat(),
        ),
        ("IP in IP", eth, ethernet(0x0800, &ipv4(4, &v4()))),
        ("IPv6 in IPv4", eth, ethernet(0x0800, &ipv4(41, &v6()))),
        ("IPv4 in IPv6", eth, ethernet(0x86dd, &ipv6(4, &v4()))),
        (
            "GRE",
            eth,
            ethernet(0x0800, &ipv4(47, &with(&[0, 0, 8, 0], &v4()))),
        ),
        (
            "GRE with all fields",
            eth,
            ethernet(
                0x0800,
                &ipv4(47, &[&[0xb0, 0, 0x65, 0x58][..], &[9; 12], &frame].concat()),
            ),
        ),
        (
            "PPTP",
            eth,
            ethernet(
                0x0800,
                &ipv4(
                    47,
                    &[
                        &[0x30, 0x81, 0x88, 0x0b][..],
                        &[9; 12],
                        &[0xff, 3, 0, 0x21],
                        &v4(),
                    ]
                    .concat(),
                ),
            ),
        ),
        (
            "ERSPAN II",
            eth,
            ethernet(
                0x0800,
                &ipv4(47, &[&[0x10, 0, 0x88, 0xbe][..], &[9; 12], &frame].concat()),
            ),
        ),
        (
            "VXLAN",
            eth,
            ethernet(
                0x0800,
                &ipv4(
                    17,
                    &udp(9, 4789, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &frame].concat()),
                ),
            ),
        ),
        (
            "VXLAN-GPE",
            eth,
            ethernet(
                0x0800,
                &ipv4(
                    17,
                    &udp(9, 4790, &[&[12, 0, 0, 1, 0, 0, 7, 0][..], &v4()].concat()),
                ),
            ),
        ),
        (
            "GENEVE with an option",
            eth,
            ethernet(
                0x0800,
                &ipv4(
                    17,
                    &udp(
                        9,
                        6081,
                        &[&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 4][..], &frame].concat(),
                    ),
                ),
            ),
        ),
        (
            "MPLS in UDP",
            eth,
            ethernet(
                0x0800,
                &ipv4(17, &udp(9, 6635, &with(&[0, 1, 1, 64], &v4()))),
            ),
        ),
        (
            "GTP with an extension",
            eth,
            ethernet(
                0x0800,
                &ipv4(
                    17,
                    &udp(
                        9,
                        2152,
                        &[
                            &[0x34, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0][..],
                            &v4(),
                        ]
                        .concat(),
                    ),
                ),
            ),
        ),
        (
            "hop-by-hop and destination options",
            eth,
            ethernet(
                0x86dd,
                &ipv6(
                    0,
                    &[&[60, 0, 1, 4, 0, 0, 0, 0, 6, 1][..], &[0; 14], &segment()].concat(),
                ),
            ),
        ),
        (
            "atomic fragment",
            eth,
            ethernet(
                0x86dd,
                &ipv6(44, &with(&[6, 0, 0, 0, 0, 0, 0, 1], &segment())),
            ),
        ),
        (
            "authentication header",
            eth,
            ethernet(
                0x0800,
                &ipv4(51, &[&[6, 4][..], &[0; 22], &segment()].concat()),
            ),
        ),
        (
            "VXLAN port, but not VXLAN",
            eth,
            ethernet(0x0800, &ipv4(17, &udp(9, 4789, b"hello"))),
        ),
    ];
    for (desc, link, data) in cases {
        assert_eq!(
            decode(link, &data),
            (Some(b"hello".to_vec()), vec![]),
            "{desc}"
        );
        does_no_harm(link, &data);
    }
}

#[test]
fn what_is_not_read_is_named() {
    let eth = LinkType::ETHERNET;
    let mut encrypted = vec![0x08, 0x41];
    encrypted.resize(60, 0);
    let mut part = vec![0x08, 0x05];
    part.resize(60, 0);
    let mut nested = v4();
    for _ in 0..30 {
        nested = ipv4(4, &nested);
    }
    let cases: Vec<(&str, LinkType, Vec<u8>, &[&str])> = vec![
        ("USB", LinkType(220), vec![0; 64], &["link-type-unknown"]),
        ("ARP", eth, ethernet(0x0806, &[0; 28]), &[]),
        ("ICMP", eth, ethernet(0x0800, &ipv4(1, &[0; 8])), &[]),
        ("beacon", LinkType::WLAN, vec![0x80; 60], &[]),
        (
            "encrypted 802.11",
            LinkType::WLAN,
            encrypted,
            &["wlan-frame-encrypted"],
        ),
        (
            "802.11 fragment",
            LinkType::WLAN,
            part,
            &["wlan-frame-fragment"],
        ),
        (
            "bad checksum",
            LinkType::RADIOTAP,
            vec![0, 0, 9, 0, 2, 0, 0, 0, 0x40, 8, 1, 0, 0, 0],
            &["wlan-bad-checksum"],
        ),
        (
            "ESP",
            eth,
            ethernet(0x0800, &ipv4(50, &[0; 40])),
            &["tunnel-encrypted"],
        ),
        (
            "a Russian doll",
            LinkType::RAW,
            nested,
            &["packet-nested-too-deep"],
        ),
        (
            "TCP cut",
            eth,
            ethernet(0x0800, &v4())[..50].to_vec(),
            &["packet-header-cut"],
        ),
        (
            "IPv4 header length",
            eth,
            ethernet(0x0800, &with(&[0x41], &v4()[1..])),
            &["packet-header-damaged"],
        ),
    ];
    for (desc, link, data, oddities) in cases {
        assert_eq!(decode(link, &data), (None, oddities.to_vec()), "{desc}");
    }
}

/// QUIC may run on any port, from any port; the first byte of its packets has bit 6 set.
#[test]
fn quic_on_the_port_of_a_tunnel_stays_a_datagram() {
    let ports = [1701, 2152, 3544, 4789, 4790, 5072, 6081, 6635, 8472, 37008];
    // Bytes that look random and are the same every time (xorshift).
    let mut state = 0x2545_f491_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    for round in 0..20_000 {
        let mut payload: Vec<u8> = (0..64).map(|_| random()).collect();
        if round % 2 == 0 {
            payload[0] |= 0xc0;
            payload[1..6].copy_from_slice(&[0, 0, 0, 1, 8]);
        } else {
            payload[0] = payload[0] & 0x3f | 0x40;
        }
        let port = ports[round / 2 % ports.len()];
        for (from, to) in [(port, 40_000), (40_000, port)] {
            let data = ethernet(0x0800, &ipv4(17, &udp(from, to, &payload)));
            let got = decode(LinkType::ETHERNET, &data);
            assert_eq!(got, (Some(payload.clone()), vec![]), "port {port}");
        }
    }
}

#[test]
fn snapshot_length_and_offload() {
    let mut decoder = Decoder::default();
    let frame = ethernet(0x0800, &v4());
    let mut lengthless = frame.clone();
    lengthless[16..18].fill(0);
    for (data, payload, wire) in [
        (&frame[..], &b"hello"[..], 5),
        (&frame[..56], b"he", 5),
        (&lengthless, b"hello", 5),
    ] {
        let stamp = Stamp::default();
        let packet = Packet {
            stamp,
            link_type: LinkType::ETHERNET,
            data,
            original_len: 59,
            interface: 0,
        };
        let Some(Transport::Tcp(segment)) = decoder.decode(&packet) else {
            panic!("no segment")
        };
        assert_eq!((segment.payload, segment.wire_len), (payload, wire));
        assert_eq!(
            (segment.seq, segment.ack, segment.flags),
            (1, 2, crate::net::TcpFlags::ACK)
        );
        assert_eq!(segment.dst, "10.0.0.2:80".parse().unwrap());
    }
    let met: Vec<_> = decoder
        .oddities()
        .iter()
        .map(|s| (s.oddity.name(), s.count, s.value))
        .collect();
    assert_eq!(met, [("packet-cut-by-snapshot-length", 1, 3)]);
}

#[test]
fn fragments_in_any_order_also_inside_a_tunnel() {
    let whole = tcp(1, 2, ACK, b"0123456789abcdefghij");
    let inner = ipv4(6, &whole);
    // Fragments of IPv4 fragments: the tunnel's packet and the tunnelled one are both cut.
    let inner_parts = [
        ipv4_fragment(6, 0x2000, &whole[..16]),
        ipv4_fragment(6, 2, &whole[16..]),
    ];
    let mut packets = Vec::new();
    for part in &inner_parts {
        let (a, b) = part.split_at(24);
        packets.push(ipv4_fragment(4, 3, b));
        packets.push(ipv4_fragment(4, 0x2000, a));
    }
    packets.push(ipv6(
        44,
        &[&[6, 0, 0, 16, 0, 0, 0, 9][..], &inner[36..]].concat(),
    ));
    packets.push(ipv6(
        44,
        &[&[6, 0, 0, 1, 0, 0, 0, 9][..], &whole[..16]].concat(),
    ));
    packets.push(ipv4_fragment(6, 0x2000, &whole[..16]));
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    for (n, data) in packets.iter().enumerate() {
        let stamp = Stamp {
            packet: n as u64 + 1,
            time_ns: 1,
        };
        let packet = Packet {
            stamp,
            link_type: LinkType::RAW,
            data,
            original_len: 0,
            interface: 0,
        };
        if let Some(Transport::Tcp(segment)) = decoder.decode(&packet) {
            seen.push((stamp.packet, segment.payload.to_vec()));
        }
    }
    let want = b"0123456789abcdefghij".to_vec();
    assert_eq!(seen, [(4, want.clone()), (6, want)]);
    decoder.finish();
    assert_eq!(decoder.oddities().count(Oddity::FragmentsMissing), 1);
}

#[test]
fn agrees_with_etherparse() {
    for data in [
        ethernet(0x0800, &v4()),
        ethernet(0x86dd, &v6()),
        ethernet(0x8100, &with(&[0, 5, 8, 0], &v4())),
    ] {
        let theirs = etherparse::SlicedPacket::from_ethernet(&data).unwrap();
        let Some(etherparse::TransportSlice::Tcp(tcp)) = theirs.transport else {
            panic!("no TCP")
        };
        let (ours, _) = decode(LinkType::ETHERNET, &data);
        assert_eq!(ours.unwrap(), tcp.payload());
    }
}
