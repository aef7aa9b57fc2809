//! Connections from hand-made segments: a script of segments, and what their handler was told.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::super::{Direction, TcpFlags};
use super::*;

type Log = Rc<RefCell<Vec<String>>>;

struct Recorder {
    log: Log,
    number: u64,
}

impl StreamHandler for Recorder {
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]) {
        let arrow = if direction == Direction::ToServer {
            '>'
        } else {
            '<'
        };
        let text = String::from_utf8_lossy(bytes);
        self.log
            .borrow_mut()
            .push(format!("{}{arrow}{text}@{}", self.number, stamp.packet));
    }

    fn gap(&mut self, direction: Direction, stamp: Stamp, len: u64) {
        let arrow = if direction == Direction::ToServer {
            '>'
        } else {
            '<'
        };
        self.log
            .borrow_mut()
            .push(format!("{}{arrow}gap {len}@{}", self.number, stamp.packet));
    }

    fn finish(&mut self, how: Finish) {
        self.log
            .borrow_mut()
            .push(format!("{} {how:?}", self.number));
    }
}

/// Feeds segments written as from the client (40000) or the server (80).
struct Bench<F> {
    table: FlowTable<Recorder, F>,
    log: Log,
    packet: u64,
    second: i64,
}

fn bench() -> Bench<impl FnMut(&FlowInfo) -> Recorder> {
    let log = Log::default();
    let shared = Rc::clone(&log);
    let table = FlowTable::new(move |info: &FlowInfo| {
        let role = if info.client.port() == 40000 {
            ""
        } else {
            " roles reversed"
        };
        let syn = if info.opening_seen { " syn" } else { "" };
        shared
            .borrow_mut()
            .push(format!("{} open{syn}{role}", info.number));
        Recorder {
            log: Rc::clone(&shared),
            number: info.number,
        }
    });
    Bench {
        table,
        log,
        packet: 0,
        second: 1,
    }
}

const CLIENT: bool = true;
const SERVER: bool = false;

impl<F: FnMut(&FlowInfo) -> Recorder> Bench<F> {
    fn cut(&mut self, client: bool, flags: &str, seq: u32, ack: u32, payload: &[u8], missing: u32) {
        let ends: [SocketAddr; 2] = [
            "10.0.0.1:40000".parse().unwrap(),
            "10.0.0.2:80".parse().unwrap(),
        ];
        let (src, dst) = if client {
            (ends[0], ends[1])
        } else {
            (ends[1], ends[0])
        };
        let bits = flags.chars().map(|c| match c {
            'S' => 2,
            'F' => 1,
            'R' => 4,
            _ => 16,
        });
        self.packet += 1;
        let stamp = Stamp {
            packet: self.packet,
            time_ns: self.second * 1_000_000_000,
        };
        let wire_len = payload.len() as u32 + missing;
        let flags = TcpFlags(bits.fold(0, |a, b| a | b));
        self.table.push(
            stamp,
            &Segment {
                src,
                dst,
                seq,
                ack,
                flags,
                payload,
                wire_len,
            },
        );
    }

    fn c(&mut self, flags: &str, seq: u32, ack: u32, payload: &str) {
        self.cut(CLIENT, flags, seq, ack, payload.as_bytes(), 0);
    }

    fn s(&mut self, flags: &str, seq: u32, ack: u32, payload: &str) {
        self.cut(SERVER, flags, seq, ack, payload.as_bytes(), 0);
    }

    /// The opening: client data start at 101, server data at 501.
    fn handshake(&mut self) {
        self.c("S", 100, 0, "");
        self.s("SA", 500, 101, "");
        self.c("A", 101, 501, "");
    }

    fn log(&self) -> String {
        self.log.borrow().join("; ")
    }

    fn end(&mut self) -> String {
        self.table.finish();
        assert_eq!(self.table.waiting(), 0);
        self.log()
    }

    fn oddities(&self) -> Vec<&'static str> {
        self.table
            .oddities()
            .iter()
            .map(|s| s.oddity.name())
            .collect()
    }
}

#[test]
fn a_whole_connection() {
    let mut b = bench();
    b.handshake();
    b.c("A", 101, 501, "GET");
    b.s("A", 501, 104, "200");
    b.c("FA", 104, 504, "");
    b.s("FA", 504, 105, "");
    b.c("A", 105, 505, "");
    assert_eq!(b.log(), "0 open syn; 0>GET@4; 0<200@5; 0 Closed");
    // What trickles in late makes no new connection.
    b.s("A", 501, 104, "200");
    b.second += 100;
    assert_eq!(b.table.count(), 1);
    assert_eq!(b.oddities(), [""; 0]);
}

#[test]
fn order_retransmission_and_overlap() {
    let mut b = bench();
    b.handshake();
    b.c("A", 104, 501, "def");
    b.c("A", 106, 501, "fgh");
    b.c("A", 104, 501, "dXf");
    b.c("A", 101, 501, "abcd");
    b.c("A", 101, 501, "abc");
    b.c("A", 107, 501, "ghij");
    assert_eq!(
        b.end(),
        "0 open syn; 0>abc@7; 0>def@4; 0>gh@5; 0>ij@9; 0 EndOfCapture"
    );
    assert_eq!(b.oddities(), ["tcp-overlap-differs"]);
}

#[test]
fn a_response_waits_for_its_request() {
    let mut b = bench();
    b.handshake();
    b.s("A", 501, 107, "200");
    b.c("A", 104, 501, "def");
    b.c("A", 101, 501, "abc");
    assert_eq!(b.log(), "0 open syn; 0>abc@6; 0>def@5; 0<200@4");
    // Unless the request never comes.
    b.s("A", 504, 117, "404");
    for _ in 0..HOLE_GRACE_PACKETS + 1 {
        b.s("A", 507, 117, "");
    }
    assert!(b.log().ends_with("0<404@7"), "{}", b.log());
}

use super::super::limits::{HOLE_GRACE_NS, HOLE_GRACE_PACKETS, MAX_FLOW_WAITING};

#[test]
fn a_hole_is_one_when_proved() {
    for by_time in [false, true] {
        let mut b = bench();
        b.handshake();
        b.s("A", 501, 101, "ab");
        b.s("A", 506, 101, "fg");
        b.c("A", 101, 508, "");
        assert_eq!(b.log(), "0 open syn; 0<ab@4");
        if by_time {
            b.second += 1 + HOLE_GRACE_NS / 1_000_000_000;
            b.c("A", 101, 508, "");
        } else {
            for _ in 0..HOLE_GRACE_PACKETS {
                b.c("A", 101, 508, "");
            }
        }
        b.s("A", 508, 101, "hi");
        let at = b.packet;
        assert_eq!(
            b.log(),
            format!("0 open syn; 0<ab@4; 0<gap 3@5; 0<fg@5; 0<hi@{at}")
        );
        assert_eq!(b.oddities(), ["tcp-stream-gap"]);
    }
}

#[test]
fn holes_at_the_end_and_in_cut_packets() {
    let mut b = bench();
    b.handshake();
    b.cut(SERVER, "A", 501, 101, b"ab", 3);
    b.s("A", 506, 101, "fg");
    b.c("A", 101, 518, "");
    assert_eq!(
        b.end(),
        "0 open syn; 0<ab@4; 0<gap 3@5; 0<fg@5; 0<gap 10@6; 0 EndOfCapture"
    );
    // A FIN that was not captured is not a missing byte.
    let mut b = bench();
    b.handshake();
    b.s("A", 501, 101, "ab");
    b.c("A", 101, 504, "");
    assert_eq!(b.end(), "0 open syn; 0<ab@4; 0 EndOfCapture");
}

#[test]
fn unproved_holes_wait_until_too_much_does() {
    let mut b = bench();
    b.c("S", 100, 0, "");
    let chunk = [b'x'; 60_000];
    let mut seq = 200u32;
    for _ in 0..2 + MAX_FLOW_WAITING / chunk.len() {
        b.cut(CLIENT, "A", seq, 0, &chunk, 0);
        seq += chunk.len() as u32;
        assert!(b.table.waiting() <= MAX_FLOW_WAITING + chunk.len() + 100);
    }
    assert!(b.log().starts_with("0 open syn; 0>gap 99@2; 0>xxx"));
    assert_eq!(b.oddities(), ["tcp-stream-gap", "tcp-flow-buffer-full"]);
}

#[test]
fn starts_in_the_middle() {
    for (desc, bytes, log) in [
        ("by port", "zzz", "0 open; 0<zzz@1; 0 EndOfCapture"),
        (
            "by content against the port",
            "GET / HTTP/1.1",
            "0 open roles reversed; 0>GET / HTTP/1.1@1; 0 EndOfCapture",
        ),
    ] {
        let mut b = bench();
        b.s("A", 9000, 70, bytes);
        assert_eq!(b.end(), log, "{desc}");
        assert_eq!(b.oddities(), ["tcp-opening-not-captured"]);
    }
    // The first segment captured comes behind one that its peer still waited for.
    let mut b = bench();
    b.c("A", 70, 9000, "GET");
    b.s("A", 9003, 73, "def");
    b.s("A", 9000, 73, "abc");
    assert_eq!(b.end(), "0 open; 0>GET@1; 0<abc@3; 0<def@2; 0 EndOfCapture");
    // A keep-alive probe, with or without its byte, lies before the first that counts.
    for probe in ["", "\0"] {
        let mut b = bench();
        b.c("A", 69, 9000, probe);
        b.s("A", 9000, 70, "");
        b.c("A", 70, 9000, "GET");
        b.s("A", 9000, 73, "200");
        assert_eq!(b.end(), "0 open; 0>GET@3; 0<200@4; 0 EndOfCapture");
    }
    // Only the answer to a SYN was captured.
    let mut b = bench();
    b.s("SA", 500, 101, "");
    b.c("A", 101, 501, "GET");
    assert_eq!(b.end(), "0 open syn; 0>GET@2; 0 EndOfCapture");
}

#[test]
fn one_direction_only() {
    let mut b = bench();
    b.c("S", 100, 0, "");
    b.c("A", 101, 501, "GET 1");
    b.c("A", 106, 900, "GET 2");
    assert_eq!(b.end(), "0 open syn; 0>GET 1@2; 0>GET 2@3; 0 EndOfCapture");
    assert_eq!(b.oddities(), [""; 0]);
}

#[test]
fn a_lost_request_is_told_before_its_response() {
    let mut b = bench();
    b.handshake();
    b.c("A", 101, 501, "one");
    // "two" and the answer to "one" are not in the capture.
    b.s("A", 504, 107, "TWO");
    b.c("A", 107, 507, "six");
    assert_eq!(
        b.end(),
        "0 open syn; 0>one@4; 0<gap 3@5; 0>gap 3@5; 0<TWO@5; 0>six@6; 0 EndOfCapture"
    );
    // One byte that the snapshot length cut off is missing; one that nobody sent may be a FIN.
    for (missing, expected) in [
        (1, "0>one@4; 0>gap 1@5; 0<ONE@5; 0 EndOfCapture"),
        (0, "0>one@4; 0<ONE@5; 0 EndOfCapture"),
    ] {
        let mut b = bench();
        b.handshake();
        b.cut(CLIENT, "A", 101, 501, b"one", missing);
        b.s("A", 501, 105, "ONE");
        assert_eq!(b.end(), format!("0 open syn; {expected}"));
    }
}

#[test]
fn an_opening_stored_late() {
    let mut b = bench();
    b.c("S", 100, 0, "");
    b.c("A", 104, 504, "");
    b.s("SA", 500, 101, "");
    b.s("A", 501, 104, "ONE");
    b.c("A", 101, 501, "one");
    assert_eq!(b.end(), "0 open syn; 0>one@5; 0<ONE@4; 0 EndOfCapture");
}

#[test]
fn ports_are_used_again() {
    let mut b = bench();
    b.handshake();
    b.c("A", 101, 501, "one");
    b.c("S", 100, 0, "");
    b.c("S", 7000, 0, "");
    b.s("SA", 8000, 7001, "");
    b.c("A", 7001, 8001, "two");
    assert_eq!(
        b.end(),
        "0 open syn; 0>one@4; 0 Replaced; 1 open syn; 1>two@8; 1 EndOfCapture"
    );
    // Without a SYN: some strays are noise, more are another connection.
    let mut b = bench();
    b.handshake();
    b.c("A", 101, 501, "one");
    for _ in 0..MAX_STRAYS {
        b.c("A", 101 + (1 << 31), 1, "two");
    }
    assert_eq!(
        b.end(),
        "0 open syn; 0>one@4; 0 Replaced; 1 open; 1>two@8; 1 EndOfCapture"
    );
}

#[test]
fn numbers_wrap_in_a_stream() {
    let mut b = bench();
    b.c("S", u32::MAX - 3, 0, "");
    b.c("A", 3, 1, "ghi");
    b.c("A", u32::MAX - 2, 1, "abcdef");
    assert_eq!(b.end(), "0 open syn; 0>abcdef@3; 0>ghi@2; 0 EndOfCapture");
}

#[test]
fn reset_idle_and_lingering() {
    let mut b = bench();
    b.handshake();
    b.c("A", 101, 501, "GET");
    b.s("R", 501, 0, "");
    b.c("A", 104, 501, " late");
    assert_eq!(b.log(), "0 open syn; 0>GET@4; 0> late@6");
    b.second += 1 + LINGER_NS / 1_000_000_000;
    b.c("A", 109, 501, "x");
    b.second += 1 + IDLE_NS / 1_000_000_000;
    b.c("S", 1, 0, "");
    assert_eq!(
        b.log(),
        "0 open syn; 0>GET@4; 0> late@6; 0 Reset; 1 open; 1>x@7; 1 Idle"
    );
}

#[test]
fn a_forged_reset_ends_nothing() {
    let mut b = bench();
    b.handshake();
    b.s("R", 501, 0, "");
    b.s("A", 501, 101, "one");
    b.second += 1 + LINGER_NS / 1_000_000_000;
    b.s("A", 504, 101, "two");
    assert_eq!(b.end(), "0 open syn; 0<one@5; 0<two@6; 0 EndOfCapture");
}

/// A segment of the client of this number.
fn push_from<F: FnMut(&FlowInfo) -> Recorder>(
    table: &mut FlowTable<Recorder, F>,
    client: u32,
    flags: TcpFlags,
    seq: u32,
    payload: &[u8],
) {
    let ip = std::net::Ipv4Addr::from(0x0b00_0000 + client);
    let stamp = Stamp {
        packet: u64::from(client) + 1,
        time_ns: 1,
    };
    table.push(
        stamp,
        &Segment {
            src: SocketAddr::new(ip.into(), 5000),
            dst: "10.0.0.2:80".parse().unwrap(),
            seq,
            ack: 0,
            flags,
            payload,
            wire_len: payload.len() as u32,
        },
    );
}

#[test]
fn of_many_closed_connections_the_first_are_forgotten() {
    let opened = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&opened);
    let mut table = FlowTable::new(move |info: &FlowInfo| {
        seen.borrow_mut().push(info.client.ip().to_string());
        Recorder {
            log: Log::default(),
            number: info.number,
        }
    });
    let last = MAX_LINGERING as u32 + 1;
    for client in 0..=last {
        push_from(&mut table, client, TcpFlags::SYN, 0, &[]);
        push_from(&mut table, client, TcpFlags::ACK, 1, b"GET");
        push_from(&mut table, client, TcpFlags::RST, 4, &[]);
    }
    // Each tells that time is over for the first ones, and is late itself.
    for client in [last, 0] {
        push_from(&mut table, client, TcpFlags::ACK, 1, b"GET");
    }
    let opened = opened.borrow();
    assert_eq!(opened.len(), MAX_LINGERING + 3);
    assert_eq!(opened[MAX_LINGERING + 2], "11.0.0.0");
}

#[test]
fn the_table_stays_bounded() {
    let log = Log::default();
    let shared = Rc::clone(&log);
    let mut table = FlowTable::new(move |info: &FlowInfo| Recorder {
        log: Rc::clone(&shared),
        number: info.number,
    });
    for n in 0..MAX_FLOWS as u32 + 10 {
        // Every flow has a hole and 4 KiB behind it: 256 MiB in all.
        push_from(&mut table, n, TcpFlags::SYN, 0, &[]);
        push_from(&mut table, n, TcpFlags::ACK, 2, &[1; 4096]);
        assert!(table.waiting() <= MAX_WAITING + 5000);
    }
    let met: Vec<_> = table
        .oddities()
        .iter()
        .map(|s| (s.oddity.name(), s.count))
        .collect();
    assert!(met.contains(&("tcp-flow-evicted", 10)), "{met:?}");
    assert!(table.oddities().count(Oddity::TableFull) > 0);
    table.finish();
    assert_eq!(table.waiting(), 0);
    assert_eq!(
        table.oddities().count(Oddity::StreamGap),
        MAX_FLOWS as u64 + 10
    );
}
