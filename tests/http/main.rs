//! HTTP/1 and HTTP/2 connections written by hand: each case lists what passes on the wire and what is to be seen.

mod http1;
mod http2;
mod losses;
mod properties;

use corsaudit::http::{
    Connection, HeaderLines, MessageId, MessageSink, Oddity, Protocol, Transaction, TunnelEvent,
    Wanted,
};
use corsaudit::net::{Direction, Stamp};

/// What happens on the wire; each step is one packet.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Bytes from the client.
    C(Vec<u8>),
    /// Bytes from the server.
    S(Vec<u8>),
    /// A hole in the client's bytes.
    Cgap(u64),
    /// A hole in the server's bytes.
    Sgap(u64),
    /// The server closes.
    Close,
}

use Step::{Cgap, Close, Sgap};

pub(crate) fn c(bytes: impl AsRef<[u8]>) -> Step {
    Step::C(bytes.as_ref().into())
}

pub(crate) fn s(bytes: impl AsRef<[u8]>) -> Step {
    Step::S(bytes.as_ref().into())
}

#[derive(Default)]
pub(crate) struct Seen {
    transactions: Vec<Transaction>,
    tunnel: Vec<String>,
    oddities: Vec<&'static str>,
    bodies: Vec<(MessageId, Direction, Vec<u8>)>,
}

impl MessageSink for Seen {
    fn transaction(&mut self, transaction: Transaction) {
        self.transactions.push(transaction);
    }

    fn tunnel(&mut self, _: MessageId, event: TunnelEvent<'_>) {
        self.tunnel.push(match event {
            TunnelEvent::Open(authority) => format!("open {}", authority.escape_ascii()),
            TunnelEvent::Bytes(direction, _, bytes) => {
                format!("{direction:?} {}", bytes.escape_ascii())
            }
            TunnelEvent::Gap(direction, _, len) => format!("{direction:?} gap {len}"),
            TunnelEvent::End(direction, _) => format!("{direction:?} end"),
        });
    }

    fn wants(&mut self, _: &HeaderLines) -> Wanted {
        Wanted::Everything
    }

    fn body(&mut self, id: MessageId, direction: Direction, _: Wanted, bytes: &[u8]) {
        match self.bodies.iter_mut().find(|body| body.0 == id) {
            Some(body) => body.2.extend_from_slice(bytes),
            None => self.bodies.push((id, direction, bytes.to_vec())),
        }
    }

    fn oddity(&mut self, oddity: Oddity, _: Stamp) {
        self.oddities.push(oddity.name());
    }
}

/// Runs the steps, pushing the bytes in pieces of `piece`.
pub(crate) fn run(protocol: Protocol, steps: &[Step], piece: usize) -> Seen {
    let mut seen = Seen::default();
    let mut connection = Connection::new(protocol);
    for (number, step) in steps.iter().enumerate() {
        let stamp = Stamp {
            packet: number as u64 + 1,
            time_ns: 0,
        };
        match step {
            Step::C(bytes) => bytes
                .chunks(piece)
                .for_each(|piece| connection.push(Direction::ToServer, stamp, piece, &mut seen)),
            Step::S(bytes) => bytes
                .chunks(piece)
                .for_each(|piece| connection.push(Direction::ToClient, stamp, piece, &mut seen)),
            Cgap(len) => connection.gap(Direction::ToServer, stamp, *len, &mut seen),
            Sgap(len) => connection.gap(Direction::ToClient, stamp, *len, &mut seen),
            Close => connection.end(Direction::ToClient, stamp, &mut seen),
        }
    }
    connection.finish(&mut seen);
    seen
}

/// `METHOD target [len] -> interim status [len]`; `~` marks header lines or a body that are not complete.
pub(crate) fn show(transaction: &Transaction) -> String {
    let mut out = String::new();
    if let Some(id) = transaction.stream_id {
        out += &format!("#{id} ");
    }
    match &transaction.request {
        Some(request) => {
            let text = |bytes: &Option<Box<[u8]>>| {
                bytes
                    .as_deref()
                    .map_or("?".into(), |bytes| bytes.escape_ascii().to_string())
            };
            out += &format!("{} {}", text(&request.method), text(&request.target));
            if !request.headers_complete {
                out.push('~');
            }
            if request.body_len > 0 {
                out += &format!(" [{}]", request.body_len);
            }
        }
        None => out.push('-'),
    }
    out += " ->";
    for interim in &transaction.interim {
        out += &format!(" {interim}");
    }
    match &transaction.response {
        Some(response) => {
            out += &response
                .status
                .map_or(" ?".into(), |status| format!(" {status}"));
            if !response.headers_complete {
                out.push('~');
            }
            let cut = if response.body_complete { "" } else { "~" };
            out += &format!(" [{}{cut}]", response.body_len);
        }
        None => out += " none",
    }
    if let Some(reset) = transaction.reset {
        out += &format!(" {:?} {}", reset.by, reset.code);
    }
    if let Some(switched) = transaction.switched {
        out += &format!(" switched {}/{}", switched.to_server, switched.to_client);
    }
    if transaction.pushed {
        out += " pushed";
    }
    out
}

/// Runs a case in several slicings, which must agree, and compares; then cut and with flipped bits, for panics.
pub(crate) fn check(desc: &str, protocol: Protocol, steps: &[Step], expected: &[&str]) -> Seen {
    let seen = run(protocol, steps, usize::MAX);
    let shown: Vec<String> = seen.transactions.iter().map(show).collect();
    assert_eq!(shown, expected, "{desc}; oddities {:?}", seen.oddities);
    for piece in [1, 2, 3, 7, 64] {
        let sliced = run(protocol, steps, piece);
        assert_eq!(sliced.transactions, seen.transactions, "{desc}, by {piece}");
        assert_eq!(sliced.bodies, seen.bodies, "{desc}, by {piece}");
    }
    for (at, step) in steps.iter().enumerate() {
        let (Step::C(bytes) | Step::S(bytes)) = step else {
            continue;
        };
        for cut in 0..bytes.len() {
            let mut broken = steps[..=at].to_vec();
            let (Step::C(bytes) | Step::S(bytes)) = &mut broken[at] else {
                continue;
            };
            bytes.truncate(cut);
            run(protocol, &broken, usize::MAX);
            let mut broken = steps.to_vec();
            let (Step::C(bytes) | Step::S(bytes)) = &mut broken[at] else {
                continue;
            };
            bytes[cut] ^= 1 << (cut % 8);
            run(protocol, &broken, usize::MAX);
        }
    }
    seen
}

pub(crate) fn h1(desc: &str, steps: &[Step], expected: &[&str]) -> Seen {
    check(desc, Protocol::Unknown, steps, expected)
}

pub(crate) fn get(target: &str) -> Step {
    c(format!(
        "GET {target} HTTP/1.1\r\nHost: a.example\r\nOrigin: https://b.example\r\n\r\n"
    ))
}

/// A request of these lines.
pub(crate) fn ask(lines: &str) -> Step {
    c(format!("{}\r\n\r\n", lines.replace('|', "\r\n")))
}

/// A response of these lines and this body.
pub(crate) fn answer(lines: &str, body: &str) -> Step {
    s(format!(
        "HTTP/1.1 {}\r\n\r\n{body}",
        lines.replace('|', "\r\n")
    ))
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
