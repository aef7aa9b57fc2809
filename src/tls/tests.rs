//! Sessions between forged peers, where every byte and every loss is known, and the record traces of RFC 8448.

use ring::aead;

use super::cipher::{Opened, Opener};
use super::key_schedule::{Secret, next_traffic_secret, traffic_keys};
use super::record::{ContentType, RecordHeader};
use super::suite::{Bulk, Hash};
use super::*;
use crate::net::{Direction, Stamp};

fn unhex(text: &str) -> Vec<u8> {
    text.split_ascii_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// RFC 8448 sections 3 and 4: secret, sequence number, record, content.
#[test]
fn rfc8448_records() {
    let cases = [
        (
            "client application data",
            "9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5",
            0,
            "17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19
             a8 a5 b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69 49
             15 e4",
            (0..50).collect(),
        ),
        (
            "server application data",
            "a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43",
            1,
            "17 03 03 00 43 2e 93 7e 11 ef 4a c7 40 e5 38 ad 36 00 5f c4 a4 69 32 fc 32 25 d0 5f 82 aa 1b 36 e3 0e fa
             f9 7d 90 e6 df fc 60 2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00 47 c2 ab f3 32 54 0d d0 32 e1 67 c2
             95 5d",
            (0..50).collect(),
        ),
        (
            "early data",
            "3f bb e6 a6 0d eb 66 c3 0a 32 79 5a ba 0e ff 7e aa 10 10 55 86 e7 be 5c 09 67 8d 63 b6 ca ab 62",
            0,
            "17 03 03 00 17 ab 1d f4 20 e7 5c 45 7a 7c c5 d2 84 4f 76 d5 ae e4 b4 ed bf 04 9b e0",
            b"ABCDEF".to_vec(),
        ),
    ];
    for (desc, secret, sequence, record, content) in cases {
        let keys = traffic_keys(
            Bulk::Aes128Gcm,
            Hash::Sha256,
            &Secret::new(&unhex(secret)).unwrap(),
        );
        let mut opener =
            Opener::new(ProtocolVersion::TLS_1_3, Bulk::Aes128Gcm, false, &keys).unwrap();
        let mut record = unhex(record);
        let header = RecordHeader::parse(&record).unwrap();
        let opened = opener.open(sequence, header, &mut record[5..]);
        let expected = Opened {
            content_type: ContentType::APPLICATION_DATA,
            content: 0..content.len(),
        };
        assert_eq!(opened, Ok(expected), "{desc}");
        assert_eq!(record[5..5 + content.len()], content, "{desc}");
    }
}

/// The server's writing side of a forged TLS 1.3 connection.
struct Writer {
    bulk: Bulk,
    hash: Hash,
    secret: Secret,
    sequence: u64,
}

impl Writer {
    fn seal(&mut self, content_type: u8, content: &[u8], padding: usize) -> Vec<u8> {
        let keys = traffic_keys(self.bulk, self.hash, &self.secret);
        let algorithm = match self.bulk {
            Bulk::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
            _ => &aead::AES_128_GCM,
        };
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, &keys.key).unwrap());
        let mut nonce: [u8; 12] = keys.iv.try_into().unwrap();
        for (byte, mask) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= mask;
        }
        self.sequence += 1;
        let mut body = content.to_vec();
        body.push(content_type);
        body.resize(body.len() + padding, 0);
        let len = (body.len() + 16) as u16;
        let header = [23, 3, 3, (len >> 8) as u8, len as u8];
        key.seal_in_place_append_tag(
            aead::Nonce::assume_unique_for_key(nonce),
            aead::Aad::from(header),
            &mut body,
        )
        .unwrap();
        [&header[..], &body].concat()
    }

    fn key_update(&mut self) -> Vec<u8> {
        let record = self.seal(22, &[24, 0, 0, 1, 0], 0);
        self.secret = next_traffic_secret(self.hash, &self.secret);
        self.sequence = 0;
        record
    }
}

fn plain_record(content: &[u8]) -> Vec<u8> {
    let len = content.len() as u16;
    [&[22, 3, 3, (len >> 8) as u8, len as u8], content].concat()
}

fn message(message_type: u8, body: &[u8]) -> Vec<u8> {
    let [_, high, mid, low] = (body.len() as u32).to_be_bytes();
    [&[message_type, high, mid, low], body].concat()
}

/// A client hello, a key log, and a server that has sent its whole handshake.
fn forged(bulk: Bulk) -> (Vec<u8>, KeyLog, Vec<u8>, Writer) {
    let (suite, hash) = match bulk {
        Bulk::ChaCha20Poly1305 => (0x1303_u16, Hash::Sha256),
        _ => (0x1301, Hash::Sha256),
    };
    let client_hello = [
        &[3, 3][..],
        &[7; 32],
        &[0, 0, 2],
        &suite.to_be_bytes(),
        &[1, 0, 0, 0],
    ]
    .concat();
    let extensions = [0, 43, 0, 2, 3, 4];
    let server_hello = [
        &[3, 3][..],
        &[8; 32],
        &[0],
        &suite.to_be_bytes(),
        &[0, 0, 6],
        &extensions,
    ]
    .concat();
    let mut keylog = KeyLog::new();
    let hex = |byte: u8| format!("{byte:02x}").repeat(32);
    for (label, byte) in [
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", 1),
        ("SERVER_TRAFFIC_SECRET_0", 2),
    ] {
        keylog.add(format!("{label} {} {}", hex(7), hex(byte)).as_bytes());
    }
    let mut writer = Writer {
        bulk,
        hash,
        secret: Secret::new(&[1; 32]).unwrap(),
        sequence: 0,
    };
    let mut sent = plain_record(&message(2, &server_hello));
    let flight = [
        message(8, &[0, 0]),
        message(11, &[0; 900]),
        message(20, &[0; 32]),
    ]
    .concat();
    for part in flight.chunks(300) {
        sent.extend(writer.seal(22, part, 0));
    }
    writer.secret = Secret::new(&[2; 32]).unwrap();
    writer.sequence = 0;
    (
        plain_record(&message(1, &client_hello)),
        keylog,
        sent,
        writer,
    )
}

#[derive(Default)]
struct Collected {
    text: Vec<u8>,
    gaps: Vec<u64>,
    outcomes: Vec<OutcomeKind>,
}

impl PlaintextSink for Collected {
    fn data(&mut self, _direction: Direction, _stamp: Stamp, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    fn gap(&mut self, _direction: Direction, _stamp: Stamp, len_estimate: u64) {
        self.gaps.push(len_estimate);
    }

    fn outcome(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome.kind);
    }
}

/// Gives a session the client's hello and the server's pieces; `None` is a gap of that length.
fn run(hello: &[u8], keylog: &KeyLog, pieces: &[Result<&[u8], u64>]) -> Collected {
    let (mut session, mut collected) = (Session::new(), Collected::default());
    let stamp = Stamp::default();
    session.push(keylog, Direction::ToServer, stamp, hello, &mut collected);
    for piece in pieces {
        match *piece {
            Ok(bytes) => session.push(keylog, Direction::ToClient, stamp, bytes, &mut collected),
            Err(len) => session.gap(Direction::ToClient, stamp, len, &mut collected),
        }
    }
    session.finish(&mut collected);
    collected
}

#[test]
fn padding_and_empty_records() {
    let (hello, keylog, mut sent, mut writer) = forged(Bulk::Aes128Gcm);
    for (text, padding) in [("one", 0), ("two", 700), ("", 0), ("", 90), ("three", 1)] {
        sent.extend(writer.seal(23, text.as_bytes(), padding));
    }
    let collected = run(&hello, &keylog, &[Ok(&sent)]);
    assert_eq!(String::from_utf8(collected.text).unwrap(), "onetwothree");
    assert!(collected.outcomes.is_empty() && collected.gaps.is_empty());
}

#[test]
fn key_update_in_a_gap() {
    for bulk in [Bulk::Aes128Gcm, Bulk::ChaCha20Poly1305] {
        let (hello, keylog, mut sent, mut writer) = forged(bulk);
        sent.extend(writer.seal(23, b"before ", 0));
        let mut lost = writer.seal(23, &[b'x'; 2000], 0);
        lost.extend(writer.key_update());
        lost.extend(writer.seal(23, &[b'y'; 500], 0));
        let mut after = writer.seal(23, b"after ", 0);
        after.extend(writer.key_update());
        after.extend(writer.seal(23, b"end", 0));
        let len = lost.len() as u64;
        let collected = run(&hello, &keylog, &[Ok(&sent), Err(len), Ok(&after)]);
        assert_eq!(
            String::from_utf8(collected.text).unwrap(),
            "before after end",
            "{bulk:?}"
        );
        assert!(
            matches!(collected.outcomes[..], [OutcomeKind::Resynchronised { bytes, .. }] if bytes == len)
        );
    }
}

#[test]
fn finished_in_a_gap() {
    let (hello, keylog, sent, mut writer) = forged(Bulk::Aes128Gcm);
    let text = [writer.seal(23, b"one ", 0), writer.seal(23, b"two", 0)].concat();
    // Behind the ServerHello, so that both keys are still to come.
    let cut = RecordHeader::parse(&sent).unwrap().record_len();
    let lost = (sent.len() - cut) as u64;
    let collected = run(&hello, &keylog, &[Ok(&sent[..cut]), Err(lost), Ok(&text)]);
    assert_eq!(String::from_utf8(collected.text).unwrap(), "one two");
    assert_eq!(collected.gaps.len(), 1);
}

/// Many records lost, of sizes that leave the number open.
#[test]
fn long_gaps() {
    for (bulk, count, size) in [
        (Bulk::Aes128Gcm, 3000, 1300),
        (Bulk::Aes128Gcm, 200, 16384),
        (Bulk::ChaCha20Poly1305, 400, 1300),
    ] {
        let (hello, keylog, mut sent, mut writer) = forged(bulk);
        sent.extend(writer.seal(23, b"before ", 0));
        let record_len = writer.seal(23, &vec![b'x'; size], 0).len() as u64;
        writer.sequence += count - 1;
        let after = writer.seal(23, b"after", 0);
        let collected = run(
            &hello,
            &keylog,
            &[Ok(&sent), Err(count * record_len), Ok(&after)],
        );
        assert_eq!(
            String::from_utf8(collected.text).unwrap(),
            "before after",
            "{count} of {size}"
        );
        let expected = OutcomeKind::Resynchronised {
            bytes: count * record_len,
            records: count,
        };
        assert_eq!(collected.outcomes, [expected]);
        assert_eq!(collected.gaps, [count * size as u64]);
    }
}

/// Endless plausible headers behind a gap: the search ends within its bounds, and says so.
#[test]
fn hopeless_search_ends() {
    let (hello, keylog, mut sent, mut writer) = forged(Bulk::Aes128Gcm);
    sent.extend(writer.seal(23, b"before", 0));
    let noise = [23, 3, 3, 0, 40].repeat(400_000);
    let collected = run(&hello, &keylog, &[Ok(&sent), Err(1 << 40), Ok(&noise)]);
    assert_eq!(collected.text, b"before");
    assert!(matches!(
        collected.outcomes[..],
        [OutcomeKind::GapNotResynchronised { .. }]
    ));
}

#[test]
fn wrong_secret_is_named() {
    let (hello, _, mut sent, mut writer) = forged(Bulk::Aes128Gcm);
    sent.extend(writer.seal(23, b"text", 0));
    let mut keylog = KeyLog::new();
    let hex = |byte: u8| format!("{byte:02x}").repeat(32);
    keylog.add(format!("SERVER_HANDSHAKE_TRAFFIC_SECRET {} {}", hex(7), hex(9)).as_bytes());
    let collected = run(&hello, &keylog, &[Ok(&sent)]);
    assert_eq!(collected.outcomes, [OutcomeKind::RecordNotAuthentic]);
}
