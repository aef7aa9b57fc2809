//! Real captures through the packet layers: what each stream carries, and what damage to a file must not do.
//!
//! The byte counts agree with what Wireshark's *Follow TCP Stream* shows for each stream.

use std::cell::RefCell;
use std::fmt::Write;
use std::path::PathBuf;
use std::rc::Rc;

use corsaudit::net::{
    CaptureReader, Decoder, Direction, Finish, FlowInfo, FlowTable, Item, LinkType, Oddities,
    Packet, QuicFlows, Stamp, StreamHandler, Transport,
};

const CASES: [(&str, &str); 19] = [
    (
        "big-endian-nanosecond.pcap",
        "0 -> :8000 78 'GET / HTTP/1.1' 1444 'HTTP/1.0 200 OK'",
    ),
    (
        "geneve.pcap",
        "0 -> :80 81 'GET /json HTTP/1.1' 577 'HTTP/1.1 200 OK'",
    ),
    (
        "h1-100-continue.pcap",
        "0 -> :80 2222 'POST / HTTP/1.1' 61102 'HTTP/1.1 100 Continue'",
    ),
    (
        "h1-chunked-gzip.pcap",
        "0 -> :8080 137 'GET / HTTP/1.1' 27044 'HTTP/1.1 200 OK'",
    ),
    (
        "h1-gap.pcap",
        "0 -> :8080 120 'GET /1 HTTP/1.0' 418-14 'HTTP/1.0 200 OK'; tcp-stream-gap 1",
    ),
    (
        "h1-keep-alive.pcap",
        "0 -> :80 53001 'HEAD /selfupdate/wuident.cab?1206262023 HTTP/1.1' 4960 'HTTP/1.1 200 OK'; \
         1 -> :80 6999 'POST /ReportingWebService/ReportingWebService.asmx HTTP/1.1' 636 'HTTP/1.1 200 OK'; \
         2 -> :80 6139 'POST /ReportingWebService/ReportingWebService.asmx HTTP/1.1' 636 'HTTP/1.1 200 OK'; \
         3 -> :80 54541 'HEAD /selfupdate/wuident.cab?1206262026 HTTP/1.1' 30031 'HTTP/1.1 200 OK'; \
         4 -> :80 59397 'HEAD /selfupdate/wuident.cab?1206262026 HTTP/1.1' 30012 'HTTP/1.1 200 OK'; \
         5 -> :80 4595 'POST /ReportingWebService/ReportingWebService.asmx HTTP/1.1' 636 'HTTP/1.1 200 OK'; \
         tcp-opening-not-captured 6",
    ),
    (
        "h1-origin-acao.pcap",
        "0 -> :80 9948 'POST /GetSearchMultipleSuggestions.ashx HTTP/1.1' 12444 'HTTP/1.1 200 OK'",
    ),
    (
        "h1-pipelined.pcap",
        "0 -> :80 2718 'GET /style/enhanced.css HTTP/1.1' 39644 'HTTP/1.1 200 OK'",
    ),
    (
        "h2-tls13-dsb-acao-star.pcapng",
        "0 -> :443 3311 '\\x16\\x03\\x01' 73163 '\\x16\\x03\\x03'; secrets 15262",
    ),
    (
        "h2c-continuation.pcap",
        "0 -> :8080 226 'PRI * HTTP/2.0' 154 '\\x00\\x00\\x1e'",
    ),
    (
        "h2c-upgrade.pcap",
        "0 -> :80 300 'GET /robots.txt HTTP/1.1' 473 'HTTP/1.1 101 Switching Protocols'; tcp-opening-not-captured 1",
    ),
    (
        "ipv6-raw.pcap",
        "0 -> :80 1106 'GET /style1.css HTTP/1.1' 5737 'HTTP/1.1 200 OK'",
    ),
    (
        "nflog.pcap",
        "0 -> :80 172 'GET / HTTP/1.1' 1167 'HTTP/1.1 301 Moved Permanently'",
    ),
    (
        "pppoe.pcap",
        "0 -> :80 77 'GET / HTTP/1.1' 15431 'HTTP/1.1 200 OK'",
    ),
    (
        "qinq.pcap",
        "0 -> :80 136 'GET /download/CHANGES.bro-aux.txt HTTP/1.1' 5007 'HTTP/1.1 200 OK'",
    ),
    (
        "radiotap-80211.pcap",
        "0 -> :80 4083 'GET / HTTP/1.1' 3945 'HTTP/1.1 200 OK'",
    ),
    ("sll2.pcap", "0 -> :80 82 'GET /testing HTTP/1.1' 0 ''"),
    (
        "vxlan.pcap",
        "0 -> :80 87 'GET /image/svg HTTP/1.1' 9212 'HTTP/1.1 200 OK'",
    ),
    (
        "ws-upgrade-origin.pcap",
        "0 -> :12345 548 'GET / HTTP/1.1' 336 'HTTP/1.1 101 Switching Protocols'",
    ),
];

fn load(file: &str) -> Vec<u8> {
    let (case, extension) = file.split_once('.').expect("a case has an extension");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/captures")
        .join(case);
    std::fs::read(folder.join(format!("input.{extension}"))).expect("a readable capture")
}

/// One connection, as told to its handler.
#[derive(Default)]
struct Told {
    flow: String,
    start: [Vec<u8>; 2],
    bytes: [u64; 2],
    gaps: [u64; 2],
    finished: bool,
}

struct Recorder {
    at: usize,
    all: Rc<RefCell<Vec<Told>>>,
}

impl StreamHandler for Recorder {
    fn data(&mut self, direction: Direction, _: Stamp, bytes: &[u8]) {
        let told = &mut self.all.borrow_mut()[self.at];
        assert!(!bytes.is_empty() && !told.finished);
        told.bytes[direction.index()] += bytes.len() as u64;
        let start = &mut told.start[direction.index()];
        let room = 80usize.saturating_sub(start.len()).min(bytes.len());
        start.extend(&bytes[..room]);
    }

    fn gap(&mut self, direction: Direction, _: Stamp, len: u64) {
        let told = &mut self.all.borrow_mut()[self.at];
        assert!(len > 0 && !told.finished);
        told.gaps[direction.index()] += len;
    }

    fn finish(&mut self, _: Finish) {
        let told = &mut self.all.borrow_mut()[self.at];
        assert!(!told.finished);
        told.finished = true;
    }
}

/// A packet of its own.
struct Owned {
    time_ns: i64,
    link_type: LinkType,
    data: Vec<u8>,
}

/// Reads a file to packets, with the length of its key logs.
fn packets(file: &[u8]) -> (Vec<Owned>, usize, Oddities) {
    let mut out = Vec::new();
    let mut secrets = 0;
    let Ok(mut reader) = CaptureReader::new(file) else {
        return (out, 0, Oddities::default());
    };
    while let Some(item) = reader.next() {
        match item {
            Item::Packet(Packet {
                stamp,
                link_type,
                data,
                ..
            }) => {
                out.push(Owned {
                    time_ns: stamp.time_ns,
                    link_type,
                    data: data.to_vec(),
                });
            }
            Item::Secrets(text) => secrets += text.len(),
        }
    }
    (out, secrets, reader.oddities().clone())
}

/// Follows the connections of some packets.
fn follow<'a>(packets: impl Iterator<Item = &'a Owned>) -> (Vec<Told>, Oddities) {
    let all = Rc::<RefCell<Vec<Told>>>::default();
    let shared = Rc::clone(&all);
    let mut table = FlowTable::new(move |info: &FlowInfo| {
        let flow = format!("{} -> :{}", info.number, info.server.port());
        let mut all = shared.borrow_mut();
        all.push(Told {
            flow,
            ..Told::default()
        });
        Recorder {
            at: all.len() - 1,
            all: Rc::clone(&shared),
        }
    });
    let mut decoder = Decoder::default();
    let mut quic = QuicFlows::default();
    for (
        n,
        Owned {
            time_ns,
            link_type,
            data,
        },
    ) in packets.enumerate()
    {
        let stamp = Stamp {
            packet: n as u64 + 1,
            time_ns: *time_ns,
        };
        let packet = Packet {
            stamp,
            link_type: *link_type,
            data,
            original_len: data.len() as u32,
            interface: 0,
        };
        match decoder.decode(&packet) {
            Some(Transport::Tcp(segment)) => table.push(stamp, &segment),
            Some(Transport::Udp(datagram)) => {
                quic.push(stamp, &datagram);
            }
            None => {}
        }
    }
    decoder.finish();
    table.finish();
    assert_eq!(table.waiting(), 0);
    let mut oddities = decoder.oddities().clone();
    oddities.merge(table.oddities());
    oddities.merge(quic.oddities());
    drop(table);
    let all = Rc::into_inner(all).expect("the table held the others");
    (all.into_inner(), oddities)
}

fn first_line(start: &[u8]) -> String {
    let end = start
        .iter()
        .position(|b| *b == b'\r')
        .unwrap_or(start.len());
    let line = &start[..end];
    if line.iter().all(u8::is_ascii_graphic) || line.is_ascii() && line.iter().all(|b| *b >= b' ') {
        line.escape_ascii().to_string()
    } else {
        line[..3].escape_ascii().to_string()
    }
}

#[test]
fn streams_of_real_captures() {
    for (file, want) in CASES {
        let (packets, secrets, mut oddities) = packets(&load(file));
        let (told, met) = follow(packets.iter());
        oddities.merge(&met);
        let mut got: Vec<String> = Vec::new();
        for told in &told {
            let mut line = told.flow.clone();
            for side in [0, 1] {
                write!(line, " {}", told.bytes[side]).unwrap();
                if told.gaps[side] > 0 {
                    write!(line, "-{}", told.gaps[side]).unwrap();
                }
                write!(line, " '{}'", first_line(&told.start[side])).unwrap();
            }
            got.push(line);
        }
        if secrets > 0 {
            got.push(format!("secrets {secrets}"));
        }
        got.extend(oddities.iter().map(|s| format!("{} {}", s.oddity, s.count)));
        assert_eq!(got.join("; "), want, "{file}");
    }
}

/// Numbers that look random and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

/// Reads and follows a file; no more can come out than went in.
fn survive(file: &[u8]) {
    let (packets, secrets, _) = packets(file);
    let captured: usize = packets.iter().map(|p| p.data.len()).sum();
    assert!(captured + secrets <= file.len());
    let (told, _) = follow(packets.iter());
    let bytes: u64 = told.iter().flat_map(|t| t.bytes).sum();
    assert!(bytes <= captured as u64);
    assert!(told.iter().all(|t| t.finished));
}

#[test]
fn cut_anywhere() {
    for (file, _) in CASES {
        let whole = load(file);
        let step = (whole.len() / 60).max(1);
        for end in (0..whole.len())
            .step_by(step)
            .chain(0..whole.len().min(120))
        {
            survive(&whole[..end]);
        }
    }
}

#[test]
fn bits_flipped() {
    let mut dice = Dice(0x00c0_ffee);
    for (file, _) in CASES {
        let whole = load(file);
        for round in 0..40 {
            let mut file = whole.clone();
            // Few flips leave most of the file readable, many do not.
            for _ in 0..1 << (round % 8) {
                let at = dice.roll(file.len());
                file[at] ^= 1 << dice.roll(8);
            }
            survive(&file);
            // Headers stand at the start, where random flips seldom fall.
            let mut file = whole.clone();
            let at = dice.roll(file.len().min(400));
            file[at] = dice.roll(256) as u8;
            survive(&file);
        }
    }
}

#[test]
fn packets_shuffled_dropped_and_repeated() {
    let mut dice = Dice(0x0bad_cafe);
    for (file, _) in CASES {
        let (packets, _, _) = packets(&load(file));
        let sum = |told: &[Told]| told.iter().flat_map(|t| t.bytes).sum::<u64>();
        let (whole, _) = follow(packets.iter());
        for _ in 0..20 {
            let mut order: Vec<usize> = (0..packets.len()).collect();
            for n in (1..order.len()).rev() {
                order.swap(n, dice.roll(n + 1));
            }
            follow(order.iter().map(|n| &packets[*n]));

            let kept: Vec<usize> = (0..packets.len()).filter(|_| dice.roll(10) > 0).collect();
            let (told, _) = follow(kept.iter().map(|n| &packets[*n]));
            assert!(sum(&told) <= sum(&whole), "{file}");

            let twice = (0..packets.len()).flat_map(|n| [n, n.saturating_sub(dice.roll(4))]);
            let twice: Vec<usize> = twice.collect();
            let (told, _) = follow(twice.iter().map(|n| &packets[*n]));
            assert_eq!(
                sum(&told),
                sum(&whole),
                "{file}: every packet at least once, in order"
            );
        }
    }
}

/// Neighbours that change places, as a network does it, must not change what is read.
#[test]
fn neighbours_swapped() {
    let mut dice = Dice(0x5eed);
    for (file, _) in CASES {
        let (packets, _, _) = packets(&load(file));
        let (whole, _) = follow(packets.iter());
        // Mid-stream captures lose what comes before their first packet, so that one stays.
        let opening = 3;
        for _ in 0..20 {
            let mut order: Vec<usize> = (0..packets.len()).collect();
            for n in opening..order.len().saturating_sub(1) {
                if dice.roll(5) == 0 {
                    order.swap(n, n + 1);
                }
            }
            let (told, _) = follow(order.iter().map(|n| &packets[*n]));
            // Its connections all start in the middle, so swaps at their first packets lose bytes.
            if file == "h1-keep-alive.pcap" {
                continue;
            }
            assert_eq!(whole.len(), told.len(), "{file}");
            for (a, b) in whole.iter().zip(&told) {
                assert_eq!(
                    (a.bytes, a.gaps, &a.start),
                    (b.bytes, b.gaps, &b.start),
                    "{file}: {order:?}"
                );
            }
        }
    }
}
