//! TLS sessions of real OpenSSL peers (`tests/captures/tls-*`, made by `tls-make.py`) must give the plaintext they
//! carried: whole, sliced, in any order of directions; and with losses or damage, all that can be read and no panic.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not see as tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

use corsaudit::net::{Direction, Stamp};
use corsaudit::tls::{
    EarlyData, KeyLog, Outcome, OutcomeKind, PlaintextSink, ProtocolVersion, Session,
};

const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// Collects what a session gives; a gap is noted in the text.
#[derive(Debug, Default, PartialEq)]
struct Collected {
    text: [Vec<u8>; 2],
    gaps: u32,
    outcomes: Vec<OutcomeKind>,
}

impl PlaintextSink for Collected {
    fn data(&mut self, direction: Direction, _stamp: Stamp, bytes: &[u8]) {
        self.text[direction.index()].extend_from_slice(bytes);
    }

    fn gap(&mut self, _direction: Direction, _stamp: Stamp, _len_estimate: u64) {
        self.gaps += 1;
    }

    fn outcome(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome.kind);
    }
}

struct Case {
    name: String,
    sent: [Vec<u8>; 2],
    text: [Vec<u8>; 2],
    keylog: KeyLog,
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn case(name: &str) -> Case {
    let folder = captures().join(format!("tls-{name}"));
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    let mut keylog = KeyLog::new();
    keylog.add(&read("keys.log"));
    Case {
        name: name.to_owned(),
        sent: [read("client.bin"), read("server.bin")],
        text: [read("client.txt"), read("server.txt")],
        keylog,
    }
}

fn all_cases() -> Vec<Case> {
    let mut names: Vec<String> = fs::read_dir(captures())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .strip_prefix("tls-")
                .map(str::to_owned)
        })
        .filter(|name| !name.ends_with(".py"))
        .collect();
    names.sort();
    assert!(names.len() > 20);
    names.iter().map(|name| case(name)).collect()
}

fn stamp(packet: u64) -> Stamp {
    Stamp { packet, time_ns: 0 }
}

/// A small generator, so that failures repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Pushes both directions in slices of at most `longest`, taking turns at random.
fn run_sliced(case: &Case, sent: [&[u8]; 2], longest: usize, seed: u64) -> (Collected, Session) {
    let (mut session, mut collected, mut random) =
        (Session::new(), Collected::default(), Random(seed));
    let mut left = sent;
    let mut packet = 0;
    while left.iter().any(|rest| !rest.is_empty()) {
        let direction = BOTH[random.below(2)];
        let rest = &mut left[direction.index()];
        let (head, tail) = rest.split_at((1 + random.below(longest)).min(rest.len()));
        *rest = tail;
        packet += 1;
        session.push(&case.keylog, direction, stamp(packet), head, &mut collected);
    }
    session.finish(&mut collected);
    (collected, session)
}

fn run(case: &Case, order: [Direction; 2], sent: [&[u8]; 2]) -> (Collected, Session) {
    let (mut session, mut collected) = (Session::new(), Collected::default());
    for direction in order {
        session.push(
            &case.keylog,
            direction,
            stamp(1),
            sent[direction.index()],
            &mut collected,
        );
    }
    session.finish(&mut collected);
    (collected, session)
}

fn whole(case: &Case) -> [&[u8]; 2] {
    [&case.sent[0], &case.sent[1]]
}

fn expected_outcomes(name: &str) -> Vec<&'static str> {
    match name {
        "12-camellia" => vec!["unsupported-cipher"],
        "12-renegotiation" => vec!["renegotiation"],
        "13-early-data-rejected" => vec!["early-data-not-read"],
        _ => vec![],
    }
}

#[test]
fn real_peers_give_their_plaintext() {
    for case in all_cases() {
        for order in [BOTH, [Direction::ToClient, Direction::ToServer]] {
            let (collected, session) = run(&case, order, whole(&case));
            let names: Vec<_> = collected.outcomes.iter().map(|kind| kind.name()).collect();
            assert_eq!(
                names,
                expected_outcomes(&case.name),
                "{} {order:?} {:?}",
                case.name,
                session.info()
            );
            if case.name != "12-camellia" {
                for direction in BOTH {
                    let (got, expected) = (
                        &collected.text[direction.index()],
                        &case.text[direction.index()],
                    );
                    assert!(
                        got == expected,
                        "{} {direction:?}: {:?}\n{:?}\n{:?}",
                        case.name,
                        String::from_utf8_lossy(got),
                        String::from_utf8_lossy(expected),
                        session.info(),
                    );
                }
            }
            assert_eq!(
                session.info().server_name.as_deref(),
                Some("shop.example"),
                "{}",
                case.name
            );
            assert_eq!(collected.gaps, 0, "{}", case.name);
        }
    }
}

#[test]
fn slicing_changes_nothing() {
    for case in all_cases() {
        let (expected, _) = run(&case, BOTH, whole(&case));
        for (seed, longest) in [(1, 1), (2, 7), (3, 100), (4, 1460), (5, 20_000)] {
            let (collected, _) = run_sliced(&case, whole(&case), longest, seed);
            assert!(
                collected == expected,
                "{} in slices of {longest}",
                case.name
            );
        }
    }
}

#[test]
fn handshake_facts() {
    let info = |name: &str| {
        let case = case(name);
        run(&case, BOTH, whole(&case)).1.info().clone()
    };
    let tls13 = info("13-aes256gcm");
    assert_eq!(tls13.alpn.as_deref(), Some(&b"h2"[..]));
    assert_eq!(tls13.version, Some(ProtocolVersion::TLS_1_3));
    assert_eq!(
        tls13.cipher_suite.unwrap().name(),
        Some("TLS_AES_256_GCM_SHA384")
    );
    assert!(
        !tls13.is_resumed && !tls13.client_certificate_requested && !tls13.client_certificate_sent
    );
    let tls12 = info("12-aes128gcm");
    assert_eq!(tls12.alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(tls12.version, Some(ProtocolVersion::TLS_1_2));
    assert!(tls12.has_extended_master_secret && !tls12.is_resumed);
    assert!(info("13-hello-retry").has_hello_retry_request);
    assert!(info("13-resumed").is_resumed && info("12-aes256gcm-resumed").is_resumed);
    assert!(
        info("12-aes128cbc-sha1-etm").has_encrypt_then_mac
            && !info("12-aes128cbc-sha1").has_encrypt_then_mac
    );
    for name in ["13-client-certificate", "12-client-certificate"] {
        assert!(
            info(name).client_certificate_requested && info(name).client_certificate_sent,
            "{name}"
        );
    }
    assert_eq!(info("13-early-data").early_data, EarlyData::Accepted);
    assert_eq!(
        info("13-early-data-rejected").early_data,
        EarlyData::NotAccepted
    );
}

#[test]
fn swapped_directions_are_told_by_the_hello() {
    let case = case("13-aes256gcm");
    let (collected, _) = run(&case, BOTH, [&case.sent[1], &case.sent[0]]);
    assert!(collected.text[0] == case.text[1] && collected.text[1] == case.text[0]);
}

#[test]
fn no_secrets_is_said_once_with_the_name() {
    for name in ["13-aes256gcm", "12-aes128gcm", "12-aes128cbc-sha1-etm"] {
        let mut case = case(name);
        case.keylog = KeyLog::new();
        let (collected, session) = run(&case, BOTH, whole(&case));
        assert_eq!(collected.outcomes, [OutcomeKind::NoSecrets], "{name}");
        assert!(session.info().client_random.is_some() && session.info().cipher_suite.is_some());
    }
}

#[test]
fn secrets_of_one_direction_or_without_the_handshake() {
    let case = case("13-aes256gcm");
    let text = fs::read_to_string(captures().join("tls-13-aes256gcm/keys.log")).unwrap();
    let mut keylog = KeyLog::new();
    for line in text
        .lines()
        .filter(|line| line.starts_with("SERVER_TRAFFIC_SECRET_0"))
    {
        keylog.add(line.as_bytes());
    }
    let (collected, _) = run(
        &Case { keylog, ..case },
        BOTH,
        [&whole_of("client"), &whole_of("server")],
    );
    assert_eq!(collected.outcomes, [OutcomeKind::NoSecrets]);
    assert!(collected.text[0].is_empty());
    assert_eq!(
        collected.text[1],
        fs::read(captures().join("tls-13-aes256gcm/server.txt")).unwrap()
    );
}

fn whole_of(side: &str) -> Vec<u8> {
    fs::read(captures().join(format!("tls-13-aes256gcm/{side}.bin"))).unwrap()
}

#[test]
fn recording_that_starts_late() {
    let case = case("13-aes256gcm");
    let records = record_starts(&case.sent[1]);
    let (collected, _) = run(&case, BOTH, [&[], &case.sent[1][records[3]..]]);
    assert_eq!(collected.outcomes, [OutcomeKind::HandshakeNotRecorded]);
    let (collected, _) = run(&case, BOTH, [&[], &case.sent[1]]);
    assert_eq!(collected.outcomes, [OutcomeKind::HandshakeNotRecorded]);
    let (collected, _) = run(&case, BOTH, [b"GET / HTTP/1.1\r\n", b""]);
    assert_eq!(collected.outcomes, [OutcomeKind::NotTls]);
}

fn record_starts(bytes: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 0);
    while let Some(header) = bytes.get(at..at + 5) {
        starts.push(at);
        at += 5 + usize::from(u16::from_be_bytes([header[3], header[4]]));
    }
    starts
}

/// The client whole, then the server with bytes `from..to` missing.
fn run_with_hole(case: &Case, from: usize, to: usize) -> Collected {
    let (mut session, mut collected) = (Session::new(), Collected::default());
    let keylog = &case.keylog;
    session.push(
        keylog,
        Direction::ToServer,
        stamp(1),
        &case.sent[0],
        &mut collected,
    );
    session.push(
        keylog,
        Direction::ToClient,
        stamp(2),
        &case.sent[1][..from],
        &mut collected,
    );
    session.gap(
        Direction::ToClient,
        stamp(3),
        (to - from) as u64,
        &mut collected,
    );
    session.push(
        keylog,
        Direction::ToClient,
        stamp(4),
        &case.sent[1][to..],
        &mut collected,
    );
    session.finish(&mut collected);
    collected
}

/// Holes of many shapes: text after them must be the end of the true text, and the loss must be named.
#[test]
fn reading_goes_on_behind_a_hole() {
    for name in [
        "13-aes256gcm",
        "12-aes128gcm",
        "13-chacha20",
        "12-chacha20",
        "12-aes128cbc-sha256",
        "12-aes256cbc-sha384-etm",
    ] {
        let case = case(name);
        let (server, text) = (&case.sent[1], &case.text[1]);
        let starts = record_starts(server);
        let first = if name.starts_with("13") {
            starts[1]
        } else {
            starts[2]
        };
        // From behind the ServerHello to the last record with application data.
        let last = *starts
            .iter()
            .rfind(|&&start| server[start] == 23 && server.len() - start > 40)
            .unwrap();
        let mut random = Random(9);
        let mut resumed = 0;
        for _ in 0..300 {
            let from = first + random.below(last - first);
            let to = (from + 1 + random.below(last - from)).min(last);
            let collected = run_with_hole(&case, from, to);
            let got = &collected.text[1];
            let prefix = got
                .iter()
                .zip(text.iter())
                .take_while(|(a, b)| a == b)
                .count();
            assert!(
                text.ends_with(&got[prefix.min(got.len())..]),
                "{name} {from}..{to} {:?}",
                collected.outcomes
            );
            assert!(!collected.outcomes.is_empty(), "{name} {from}..{to}");
            resumed += usize::from(matches!(
                collected.outcomes[0],
                OutcomeKind::Resynchronised { .. }
            ));
        }
        assert!(resumed == 300, "{name}: {resumed} of 300 went on");
    }
}

#[test]
fn hole_between_records_is_counted() {
    let case = case("13-aes256gcm");
    let starts = record_starts(&case.sent[1]);
    let data: Vec<usize> = starts
        .into_iter()
        .filter(|&start| case.sent[1][start] == 23)
        .collect();
    let (from, to) = (data[data.len() - 4], data[data.len() - 2]);
    let collected = run_with_hole(&case, from, to);
    assert_eq!(
        collected.outcomes,
        [OutcomeKind::Resynchronised {
            bytes: (to - from) as u64,
            records: 2
        }]
    );
    assert_eq!(collected.gaps, 1);
}

#[test]
fn chained_iv_cannot_go_on() {
    let case = case("10-aes256cbc");
    let len = case.sent[1].len();
    let collected = run_with_hole(&case, len - 700, len - 600);
    assert!(matches!(
        collected.outcomes[..],
        [OutcomeKind::GapNotResynchronised { .. }]
    ));
}

/// Every cut: no panic, and what comes out is the start of the true text.
#[test]
fn cut_at_each_byte() {
    for case in all_cases() {
        let step = if case.sent[1].len() > 10_000 { 97 } else { 3 };
        for end in (0..case.sent[1].len()).step_by(step) {
            let (collected, _) = run(&case, BOTH, [&case.sent[0], &case.sent[1][..end]]);
            assert!(
                case.text[1].starts_with(&collected.text[1]),
                "{} cut at {end}",
                case.name
            );
        }
        for end in 0..case.sent[0].len() {
            let (collected, _) = run(&case, BOTH, [&case.sent[0][..end], &case.sent[1]]);
            assert!(
                case.text[0].starts_with(&collected.text[0]),
                "{} cut at {end}",
                case.name
            );
        }
    }
}

/// Flipped bits: no panic, and no byte that was not sent.
#[test]
fn flipped_bits() {
    let mut random = Random(5);
    for case in all_cases() {
        for round in 0..150 {
            let mut sent = case.sent.clone();
            for _ in 0..=round % 3 {
                let side = random.below(2);
                let at = random.below(sent[side].len());
                sent[side][at] ^= 1 << random.below(8);
            }
            let (collected, _) = run(&case, BOTH, [&sent[0], &sent[1]]);
            for side in 0..2 {
                assert!(
                    collected.text[side].len() <= case.text[side].len() + 64,
                    "{}",
                    case.name
                );
            }
        }
    }
}
