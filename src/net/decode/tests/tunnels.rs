//! Tags of bridges and tunnels around one TCP segment, and datagrams that only use their ports.

use super::*;

/// IPv6 from an address of Teredo.
fn teredo_v6() -> Vec<u8> {
    let mut packet = v6();
    packet[8..16].copy_from_slice(&[0x20, 1, 0, 0, 192, 0, 2, 1]);
    packet
}

fn in_udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(17, &udp(from, to, payload)))
}

fn ayiya() -> Vec<u8> {
    // An identity of 16 bytes, a signature of 20, forward, IPv6.
    [&[0x41, 0x52, 0x11, 41, 0, 0, 0, 1][..], &[7; 36], &v6()].concat()
}

fn l2tp(flags: u16, fields: &[u8], ppp: &[u8]) -> Vec<u8> {
    let mut out = flags.to_be_bytes().to_vec();
    if flags & 0x4000 != 0 {
        out.extend((4 + fields.len() as u16 + ppp.len() as u16).to_be_bytes());
    }
    [&out[..], fields, ppp].concat()
}

#[test]
fn tags_and_tunnels_lead_to_the_segment() {
    let frame = ethernet(0x0800, &v4());
    let tagged = |kind: u16, tag: &[u8], rest: &[u8]| ethernet(kind, &with(tag, rest));
    let gre = |head: &[u8], rest: &[u8]| ethernet(0x0800, &ipv4(47, &with(head, rest)));
    let ppp = with(&[0xff, 3, 0, 0x21], &v4());
    let authentication = [0, 1, 2, 1, 5, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    let origin = [0, 0, 0x63, 0xbf, 0x3f, 0xff, 0xfd, 0xfe];
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("VN-Tag", tagged(0x8926, &[0x80, 1, 0, 2, 8, 0], &v4())),
        (
            "VN-Tag, VLAN",
            tagged(0x8926, &[0, 1, 0, 2, 0x81, 0, 0, 5, 0x86, 0xdd], &v6()),
        ),
        ("provider backbone", tagged(0x88e7, &[0, 0, 0, 9], &frame)),
        (
            "provider backbone in a VLAN",
            tagged(0x88a8, &[0, 5, 0x88, 0xe7, 0, 0, 0, 9], &frame),
        ),
        ("E-tag", tagged(0x893f, &[0, 1, 0, 2, 0, 0, 8, 0], &v4())),
        (
            "Cisco metadata",
            tagged(0x8909, &[1, 1, 0, 1, 0, 9, 8, 0], &v4()),
        ),
        ("FabricPath", tagged(0x8903, &[0, 0x60], &frame)),
        (
            "NSH of fixed length, IPv4",
            tagged(0x894f, &with(&[0x0f, 0xc6, 1, 1], &[0; 20]), &v4()),
        ),
        (
            "NSH, Ethernet",
            tagged(0x894f, &[0x0f, 0xc2, 2, 3, 0, 0, 1, 255], &frame),
        ),
        (
            "NSH in VXLAN-GPE, IPv6",
            in_udp(
                9,
                4790,
                &[
                    &[12, 0, 0, 4, 0, 0, 7, 0, 0x0f, 0xc2, 2, 2, 0, 0, 1, 255][..],
                    &v6(),
                ]
                .concat(),
            ),
        ),
        ("WCCP 1", gre(&[0, 0, 0x88, 0x3e], &v4())),
        ("WCCP 2", gre(&[0, 0, 0x88, 0x3e, 0x80, 0x33, 0, 5], &v4())),
        (
            "WCCP 2, alternative bucket",
            gre(&[0, 0, 0x88, 0x3e, 0x40, 0, 6, 5], &v4()),
        ),
        ("Teredo", in_udp(50_000, 3544, &teredo_v6())),
        ("Teredo, answer", in_udp(3544, 50_000, &teredo_v6())),
        (
            "Teredo, origin",
            in_udp(3544, 50_000, &with(&origin, &teredo_v6())),
        ),
        (
            "Teredo, authentication and origin",
            in_udp(
                9,
                3544,
                &[&authentication[..], &origin, &teredo_v6()].concat(),
            ),
        ),
        (
            "Teredo, trailer",
            in_udp(9, 3544, &[&teredo_v6()[..], &[1, 4, 0, 0, 0, 1]].concat()),
        ),
        ("AYIYA", in_udp(50_000, 5072, &ayiya())),
        ("AYIYA, answer", in_udp(5072, 50_000, &ayiya())),
        (
            "L2TP",
            in_udp(1701, 1701, &l2tp(0x0002, &[0, 1, 0, 2], &ppp)),
        ),
        (
            "L2TP, length",
            in_udp(1701, 50_000, &l2tp(0x4002, &[0, 1, 0, 2], &ppp)),
        ),
        (
            "L2TP, all fields",
            in_udp(
                9,
                1701,
                &l2tp(0x4b02, &[0, 1, 0, 2, 0, 3, 0, 4, 0, 2, 0, 0], &ppp),
            ),
        ),
        (
            "L2TP, compressed PPP",
            in_udp(9, 1701, &l2tp(0x0002, &[0, 1, 0, 2], &with(&[0x57], &v6()))),
        ),
        (
            "TZSP",
            in_udp(9, 37008, &with(&[1, 0, 0, 1, 0, 10, 1, 200, 1], &frame)),
        ),
    ];
    for (desc, data) in cases {
        let got = decode(LinkType::ETHERNET, &data);
        assert_eq!(got, (Some(b"hello".to_vec()), vec![]), "{desc}");
        does_no_harm(LinkType::ETHERNET, &data);
    }
}

#[test]
fn a_port_proves_nothing() {
    let ppp = with(&[0xff, 3, 0, 0x21], &v4());
    let mut long = teredo_v6();
    long[5] += 1;
    let mut echo = ayiya();
    echo[2] = 0x12;
    let mut version_3 = l2tp(0x0002, &[0, 1, 0, 2], &ppp);
    version_3[1] = 3;
    let mut short = l2tp(0x4002, &[0, 1, 0, 2], &ppp);
    short[3] -= 1;
    let cases: Vec<(&str, u16, Vec<u8>)> = vec![
        ("Teredo, longer than the datagram", 3544, long),
        ("Teredo, other addresses", 3544, v6()),
        ("Teredo, no IPv6", 3544, v4()),
        ("AYIYA, echo only", 5072, echo),
        ("AYIYA, padded", 5072, with(&ayiya(), &[0])),
        (
            "L2TP, control",
            1701,
            l2tp(0xc802, &[0, 1, 0, 0, 0, 1, 0, 1], &[]),
        ),
        ("L2TP, version 3", 1701, version_3),
        ("L2TP, other length", 1701, short),
        ("L2TP, no tunnel", 1701, l2tp(0x4002, &[0, 0, 0, 2], &ppp)),
        (
            "L2TP, neither length nor PPP",
            1701,
            l2tp(0x0002, &[0, 1, 0, 2], &[0xc0, 0x21, 1]),
        ),
        ("TZSP, USB", 37008, vec![1, 0, 0, 99, 1, 0]),
        ("TZSP without end", 37008, vec![1, 0, 0, 1, 0, 0, 0]),
        (
            "MPLS, IPv4 of another length",
            6635,
            with(&[0, 1, 1, 64], &with(&v4(), &[0])),
        ),
    ];
    for (desc, port, payload) in cases {
        for data in [in_udp(9, port, &payload), in_udp(port, 9, &payload)] {
            let got = decode(LinkType::ETHERNET, &data);
            assert_eq!(got, (Some(payload.clone()), vec![]), "{desc}");
        }
    }
}
