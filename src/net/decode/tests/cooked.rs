//! Each header of a capturing system around one TCP segment, and what must not be read.

use super::*;

/// Bytes at places of a header that is otherwise zero.
fn header(len: usize, bytes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut out = vec![0; len];
    for (at, bytes) in bytes {
        out[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    out
}

fn pktap_1(link: u8) -> Vec<u8> {
    header(108, &[(0, &[108]), (4, &[1]), (8, &[link])])
}

fn pktap_2(link: u8) -> Vec<u8> {
    // The interface name is the one field behind the fixed ones.
    header(44, &[(0, &[44, 0, 0, 40]), (6, &[link]), (36, &[1, 0, 8])])
}

#[test]
fn headers_of_capturing_systems_lead_to_the_segment() {
    let frame = ethernet(0x0800, &v4());
    let tagged = |tag: &[u8]| [&[2; 12][..], tag, &[8, 0], &v4()].concat();
    let wlan = with(&header(24, &[(0, &[0x08, 0x01])]), &snap(0x0800, &v4()));
    let radiotap = with(&[0, 0, 8, 0, 0, 0, 0, 0], &wlan);
    let bridged = [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0];
    let cooked = |hardware: [u8; 2], rest: &[u8]| with(&header(16, &[(2, &hardware)]), rest);
    let cooked_2 = |hardware: [u8; 2], rest: &[u8]| with(&header(20, &[(8, &hardware)]), rest);
    let cases: Vec<(&str, u16, Vec<u8>)> = vec![
        (
            "pflog, OpenBSD",
            117,
            with(&header(100, &[(0, &[100, 24])]), &v6()),
        ),
        (
            "pflog, filled",
            117,
            with(&header(64, &[(0, &[61, 2])]), &v4()),
        ),
        (
            "pflog, FreeBSD",
            117,
            with(&header(72, &[(0, &[69, 28])]), &v6()),
        ),
        ("enc, little", 109, with(&header(12, &[(0, &[2])]), &v4())),
        ("enc, big", 109, with(&header(12, &[(3, &[24])]), &v6())),
        ("enc, OpenBSD", 13, with(&header(12, &[(0, &[24])]), &v6())),
        ("loop, OpenBSD", 12, with(&[0, 0, 0, 24], &v6())),
        ("ipnet", 226, with(&header(24, &[(0, &[2, 26])]), &v6())),
        ("PKTAP", 258, with(&pktap_1(1), &frame)),
        ("PKTAP, raw IP", 258, with(&pktap_1(12), &v6())),
        ("PKTAP, version 2", 258, with(&pktap_2(1), &frame)),
        ("PKTAP as USER2", 149, with(&pktap_1(1), &frame)),
        (
            "PKTAP, version 2, as USER2",
            149,
            with(&pktap_2(0), &with(&[30, 0, 0, 0], &v6())),
        ),
        ("cooked, radiotap", 113, cooked([3, 35], &radiotap)),
        (
            "cooked, Frame Relay",
            113,
            cooked([3, 2], &with(&[0x18, 0x41, 3, 0xcc], &v4())),
        ),
        ("cooked v2, radiotap", 276, cooked_2([3, 35], &radiotap)),
        (
            "Frame Relay, IPv4",
            107,
            with(&[0x18, 0x41, 3, 0xcc], &v4()),
        ),
        (
            "Frame Relay, IPv6, four bytes",
            107,
            with(&[0x18, 0x40, 0, 1, 3, 0x8e], &v6()),
        ),
        (
            "Frame Relay, SNAP",
            107,
            with(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &v4()),
        ),
        (
            "Frame Relay, bridged",
            107,
            with(&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &frame),
        ),
        (
            "Frame Relay, PPP",
            107,
            with(&[0x18, 0x41, 3, 0xcf, 0, 0x21], &v4()),
        ),
        ("Frame Relay, Cisco", 107, with(&[0x18, 0x41, 8, 0], &v4())),
        (
            "Frame Relay with direction",
            206,
            with(&[1, 0x18, 0x41, 3, 0xcc], &v4()),
        ),
        ("Cisco HDLC, NetBSD", 112, with(&[0x0f, 0, 8, 0], &v4())),
        (
            "Cisco HDLC with direction",
            205,
            with(&[1, 0x0f, 0, 8, 0], &v4()),
        ),
        ("pppd", 166, with(&[1, 3, 0, 0x21], &v4())),
        ("ATM", 100, snap(0x0800, &v4())),
        ("ATM, bridged", 100, with(&bridged, &frame)),
        (
            "FireWire",
            138,
            with(&header(18, &[(16, &[0x86, 0xdd])]), &v6()),
        ),
        ("MPLS", 219, with(&[0, 1, 1, 64], &v4())),
        (
            "mPacket, express",
            274,
            [&[0x55; 7][..], &[0xd5], &frame, &[9; 4]].concat(),
        ),
        (
            "mPacket, whole",
            274,
            [&[0x55; 7][..], &[0x4c], &frame, &[9; 4]].concat(),
        ),
        ("Broadcom tag", 281, tagged(&[0, 0, 0, 1])),
        ("Broadcom tag before", 282, with(&[0, 0, 0, 1], &frame)),
        ("Marvell tag", 284, tagged(&[0, 8, 0, 1])),
        (
            "Marvell long tag",
            285,
            tagged(&[0xda, 0xda, 0, 0, 0, 8, 0, 1]),
        ),
        (
            "TZSP",
            128,
            with(&[1, 0, 0, 1, 0, 60, 6, 1, 2, 3, 4, 5, 6, 1], &frame),
        ),
        (
            "TZSP, 802.11",
            128,
            with(&[1, 0, 0, 18, 17, 1, 0, 1], &wlan),
        ),
        (
            "ERF, Ethernet, extended twice",
            197,
            [
                &header(16, &[(8, &[0x82])])[..],
                &[0x80; 8],
                &[0; 8],
                &[0, 0],
                &frame,
            ]
            .concat(),
        ),
        (
            "ERF, PPP",
            197,
            [&header(16, &[(8, &[1])])[..], &[0xff, 3, 0, 0x21], &v4()].concat(),
        ),
        ("ERF, IPv6", 197, with(&header(16, &[(8, &[23])]), &v6())),
        (
            "Juniper Ethernet",
            178,
            with(b"MGC\x81\x00\x06\x01\x01\x05\x02\x01\x01", &frame),
        ),
        ("Juniper PPPoE", 167, with(b"MGC\x01", &frame)),
        ("Juniper PPP", 179, with(b"MGC\x00\xff\x03\x00\x21", &v4())),
        (
            "Juniper Frame Relay",
            180,
            with(b"MGC\x00\x18\x41\x03\xcc", &v4()),
        ),
        (
            "Juniper Cisco HDLC",
            181,
            with(b"MGC\x00\x0f\x00\x08\x00", &v4()),
        ),
        (
            "Juniper without link",
            178,
            with(b"MGC\x02\x02\x00\x00\x00", &v4()),
        ),
    ];
    for (desc, link, data) in cases {
        let got = decode(LinkType(link), &data);
        assert_eq!(got, (Some(b"hello".to_vec()), vec![]), "{desc}");
        does_no_harm(LinkType(link), &data);
    }
}

#[test]
fn headers_of_capturing_systems_that_carry_something_else() {
    let frame = ethernet(0x0800, &v4());
    let unknown = &["link-type-unknown"][..];
    let damaged = &["packet-header-damaged"][..];
    let cases: Vec<(&str, u16, Vec<u8>, &[&str])> = vec![
        (
            "pflog, Bluetooth",
            117,
            with(&header(64, &[(0, &[61, 36])]), &v4()),
            &[],
        ),
        (
            "pflog, too short",
            117,
            with(&header(64, &[(0, &[28, 2])]), &v4()),
            damaged,
        ),
        (
            "ipnet, neither",
            226,
            with(&header(24, &[(0, &[2, 1])]), &v4()),
            &[],
        ),
        (
            "PKTAP, no packet",
            258,
            header(108, &[(0, &[108]), (8, &[1])]),
            &[],
        ),
        (
            "PKTAP in PKTAP",
            258,
            with(&pktap_1(149), &pktap_1(1)),
            damaged,
        ),
        (
            "PKTAP, cut",
            258,
            pktap_1(1)[..90].to_vec(),
            &["packet-header-cut"],
        ),
        ("USER2, private", 149, with(&[1; 120], &frame), unknown),
        ("USER2, zeros", 149, vec![0; 120], unknown),
        (
            "USER2, nearly PKTAP",
            149,
            with(&pktap_1(1)[..90], &[]),
            unknown,
        ),
        (
            "cooked, netlink",
            113,
            with(&header(16, &[(2, &[3, 56]), (14, &[8, 0])]), &v4()),
            &[],
        ),
        (
            "Frame Relay, LMI",
            107,
            vec![0, 1, 3, 8, 0, 0x75, 1, 1, 0],
            &[],
        ),
        (
            "Frame Relay, signalling",
            107,
            vec![0, 1, 8, 0, 8, 1, 1, 5],
            &[],
        ),
        (
            "Frame Relay, XID",
            107,
            vec![0x18, 0x41, 0xaf, 0x82, 0x80],
            &[],
        ),
        ("Frame Relay, address without end", 107, vec![0; 20], &[]),
        (
            "mPacket, later part",
            274,
            [&[0x55; 6][..], &[0x61, 0xe6], &v4()].concat(),
            &[],
        ),
        ("TZSP, keep-alive", 128, vec![1, 4, 0, 0, 1], &[]),
        (
            "TZSP, bad checksum",
            128,
            with(&[1, 0, 0, 18, 17, 1, 1, 1], &[8; 40]),
            &["wlan-bad-checksum"],
        ),
        ("ERF, InfiniBand", 197, header(60, &[(8, &[21])]), &[]),
        (
            "Juniper, other magic",
            178,
            with(b"MGD\x00", &frame),
            damaged,
        ),
    ];
    for (desc, link, data, oddities) in cases {
        assert_eq!(
            decode(LinkType(link), &data),
            (None, oddities.to_vec()),
            "{desc}"
        );
    }
}
