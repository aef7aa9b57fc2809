//! What holds for any bytes.

use corsaudit::http::{Protocol, hpack, looks_like_h2_preface, looks_like_http1};
use proptest::prelude::*;

use crate::Step::{Cgap, Sgap};
use crate::http2::{PREFACE, SETTINGS, h2_get, h2_ok, join, literal};
use crate::{OK, Step, c, run, s};

#[test]
fn first_bytes() {
    assert!(looks_like_http1(b"OPTIONS * HTTP/1.1"));
    assert!(looks_like_h2_preface(PREFACE));
    assert!(!looks_like_http1(b"\x16\x03\x01"));
}

/// A piece of a connection by number.
fn piece_of(pick: usize, client: bool, noise: u8) -> Step {
    let stream = u32::from(noise % 4) * 2 + 1;
    let bytes = match pick {
        0 => b"GET /1 HTTP/1.1\r\nA: b\r\n\r\n".to_vec(),
        1 => b"POST /2 HTTP/1.1\r\nContent-Length: 5\r\n\r\n01234".to_vec(),
        2 => OK.into(),
        3 => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec(),
        4 => b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 30".to_vec(),
        5 => b"CONNECT a:1 HTTP/1.1\r\n\r\n".to_vec(),
        6 => b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n".to_vec(),
        7 => b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n".to_vec(),
        8 => PREFACE.to_vec(),
        9 => SETTINGS.to_vec(),
        10 => h2_get(stream, "/h2"),
        11 => h2_ok(stream, b"body"),
        12 => vec![noise; usize::from(noise % 16)],
        _ if client => return Cgap(noise.into()),
        _ => return Sgap(noise.into()),
    };
    if client {
        Step::C(bytes)
    } else {
        Step::S(bytes)
    }
}

/// A field of a header block, now and then a wrong one.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let text = || prop::sample::select(vec!["", "a", "origin", "https://www.example.com", "*"]);
    // RFC 7541, C.4.1: a string in Huffman code.
    let huffman = join(&[b"\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"]);
    prop_oneof![
        (0x81u8..0xc8).prop_map(|index| vec![index]),
        (prop::sample::select(vec![0x40u8, 0, 0x10]), text(), text())
            .prop_map(|(how, name, value)| literal(how, name, value)),
        (0x41u8..0x7f, text()).prop_map(|(index, value)| {
            let mut out = vec![index, value.len() as u8];
            out.extend(value.bytes());
            out
        }),
        Just(huffman),
        prop::collection::vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Pieces of messages, holes and noise in any order: no panic, and slicing changes nothing.
    #[test]
    fn slicing_changes_nothing(
        picks in prop::collection::vec((0usize..14, any::<bool>(), any::<u8>()), 1..12),
        piece in 1usize..40,
        hint in 0usize..3,
    ) {
        let protocol = [Protocol::Unknown, Protocol::Http1, Protocol::Http2][hint];
        let mut steps: Vec<Step> =
            picks.iter().map(|&(pick, client, noise)| piece_of(pick, client, noise)).collect();
        if protocol == Protocol::Unknown {
            // Where the protocol shows only after a number of bytes, the order of reading may differ.
            steps.insert(0, piece_of(picks[0].0 % 2 * 8, true, 0));
        }
        let mut whole = run(protocol, &steps, usize::MAX);
        let mut sliced = run(protocol, &steps, piece);
        // Bytes of the client that wait for an answer pass behind the packet with the answer, or inside it.
        whole.bodies.sort();
        sliced.bodies.sort();
        prop_assert_eq!(whole.transactions, sliced.transactions);
        prop_assert_eq!(whole.bodies, sliced.bodies);
    }

    /// Any bytes: no panic.
    #[test]
    fn noise(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        client: bool,
        hint in 0usize..3,
    ) {
        let protocol = [Protocol::Unknown, Protocol::Http1, Protocol::Http2][hint];
        let noise = if client { c(&bytes) } else { s(&bytes) };
        let opening = if client { c(PREFACE) } else { s(SETTINGS) };
        run(protocol, std::slice::from_ref(&noise), 5);
        run(protocol, &[opening, noise], usize::MAX);
    }

    /// A second decoder of header blocks agrees: all we accept, it accepts, with the same fields.
    #[test]
    fn header_blocks_against_an_oracle(
        blocks in prop::collection::vec(prop::collection::vec(fields(), 0..8), 1..6),
    ) {
        let mut ours = hpack::Decoder::new();
        let mut oracle = loona_hpack::Decoder::new();
        for block in blocks {
            // The oracle refuses a block that ends with a size update.
            let block = [block.concat(), vec![0x82]].concat();
            let mut seen = Vec::new();
            let result = ours.decode(&block, |name, value| seen.push((name.to_vec(), value.to_vec())));
            let Ok(decoded) = result else { break };
            prop_assert_eq!(decoded, hpack::Decoded::default());
            prop_assert_eq!(oracle.decode(&block).ok(), Some(seen));
        }
    }
}
