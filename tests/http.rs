//! HTTP/1 and HTTP/2 connections written by hand: each case lists what passes on the wire and what is to be seen.

use corsaudit::http::{
    Connection, HeaderLines, MessageId, MessageSink, Oddity, Protocol, Transaction, TunnelEvent,
    Version, Wanted, hpack, looks_like_h2_preface, looks_like_http1,
};
use corsaudit::net::{Direction, Stamp};
use proptest::prelude::*;

/// What happens on the wire; each step is one packet.
#[derive(Clone, Debug)]
enum Step {
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

fn c(bytes: impl AsRef<[u8]>) -> Step {
    Step::C(bytes.as_ref().into())
}

fn s(bytes: impl AsRef<[u8]>) -> Step {
    Step::S(bytes.as_ref().into())
}

#[derive(Default)]
struct Seen {
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
fn run(protocol: Protocol, steps: &[Step], piece: usize) -> Seen {
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
fn show(transaction: &Transaction) -> String {
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
fn check(desc: &str, protocol: Protocol, steps: &[Step], expected: &[&str]) -> Seen {
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

fn h1(desc: &str, steps: &[Step], expected: &[&str]) -> Seen {
    check(desc, Protocol::Unknown, steps, expected)
}

fn get(target: &str) -> Step {
    c(format!(
        "GET {target} HTTP/1.1\r\nHost: a.example\r\nOrigin: https://b.example\r\n\r\n"
    ))
}

/// A request of these lines.
fn ask(lines: &str) -> Step {
    c(format!("{}\r\n\r\n", lines.replace('|', "\r\n")))
}

/// A response of these lines and this body.
fn answer(lines: &str, body: &str) -> Step {
    s(format!(
        "HTTP/1.1 {}\r\n\r\n{body}",
        lines.replace('|', "\r\n")
    ))
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn http1_bodies() {
    h1(
        "keep-alive",
        &[get("/1"), s(OK), get("/2"), s(OK)],
        &["GET /1 -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    h1(
        "pipelined",
        &[
            c("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n"),
            get("/3"),
            s(OK),
            answer(
                "200 OK|Content-Length: 9",
                "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
            ),
        ],
        &[
            "GET /1 -> 200 [2]",
            "HEAD /2 -> 200 [0]",
            "GET /3 -> 404 [0]",
        ],
    );
    let seen = h1(
        "chunked with trailers",
        &[
            c("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            answer(
                "200 OK|Transfer-Encoding: gzip, chunked",
                "4;x=y\r\nwxyz\r\n1\r\n!\r\n0\r\nAccess-Control-Allow-Origin: *\r\n\r\n",
            ),
            get("/2"),
            s(OK),
        ],
        &["POST / [3] -> 200 [5]", "GET /2 -> 200 [2]"],
    );
    assert_eq!(seen.bodies[1].2, b"wxyz!");
    let response = seen.transactions[0].response.as_ref().expect("recorded");
    let trailers = response
        .headers
        .values(b"access-control-allow-origin")
        .count();
    assert_eq!(trailers, 0, "a trailer is no header");
    h1(
        "until close",
        &[get("/"), answer("200 OK", "abc"), s("def"), Close],
        &["GET / -> 200 [6]"],
    );
    h1(
        "until the end",
        &[get("/"), answer("200 OK", "abc")],
        &["GET / -> 200 [3~]"],
    );
    h1(
        "cut body",
        &[get("/"), answer("200 OK|Content-Length: 9", "abc")],
        &["GET / -> 200 [3~]"],
    );
    h1(
        "no body whatever the length says",
        &[
            ask("HEAD /1 HTTP/1.1"),
            answer("200 OK|Content-Length: 5", ""),
            get("/2"),
            answer("304 X|Content-Length: 5", ""),
            get("/3"),
            answer("204 X", ""),
            get("/4"),
            s(OK),
        ],
        &[
            "HEAD /1 -> 200 [0]",
            "GET /2 -> 304 [0]",
            "GET /3 -> 204 [0]",
            "GET /4 -> 200 [2]",
        ],
    );
    h1(
        "interim responses",
        &[
            ask("POST / HTTP/1.1|Expect: 100-continue|Content-Length: 3"),
            answer("100 Continue", ""),
            c("abc"),
            answer("103 Early Hints|Link: </x>", ""),
            s(OK),
        ],
        &["POST / [3] -> 100 103 200 [2]"],
    );
    let put = "PUT / HTTP/1.1|Expect: 100-continue|Content-Length: 3";
    h1(
        "body refused, and asked again",
        &[
            ask(put),
            answer("417 Expectation Failed|Content-Length: 0", ""),
            ask("PUT /again HTTP/1.1|Content-Length: 3"),
            c("abc"),
            s(OK),
        ],
        &["PUT / -> 417 [0]", "PUT /again [3] -> 200 [2]"],
    );
    h1(
        "body refused, and sent all the same",
        &[
            ask(put),
            answer("401 Unauthorized|Content-Length: 1", "x"),
            c("abcGET / HTTP/1.1\r\n\r\n"),
            s(OK),
        ],
        &["PUT / [3] -> 401 [1]", "GET / -> 200 [2]"],
    );
    h1(
        "response before the request's end",
        &[
            c("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"),
            s(OK),
            c("cd"),
            get("/2"),
            s(OK),
        ],
        &["POST / [4] -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    let seen = h1(
        "raw lines, HTTP/1.0, absolute form",
        &[
            c(b"\r\nGET http://a.example/x HTTP/1.0\r\noRIGIN: \xff\r\nX: 1\r\n 2\r\nx: 3\r\n\r\n"),
            s(OK),
        ],
        &["GET http://a.example/x -> 200 [2]"],
    );
    let request = seen.transactions[0].request.as_ref().expect("recorded");
    let lines: Vec<_> = request.headers.iter().collect();
    assert_eq!(
        lines,
        [(&b"oRIGIN"[..], &b"\xff"[..]), (b"X", b"1 2"), (b"x", b"3")]
    );
    assert_eq!(seen.oddities, ["http-header-line-folded"]);
}

#[test]
fn http1_one_sided() {
    let none = ["GET /1 -> none", "GET /2 -> none"];
    h1("requests alone", &[get("/1"), get("/2")], &none);
    h1(
        "responses alone",
        &[s(OK), s(OK)],
        &["- -> 200 [2]", "- -> 200 [2]"],
    );
    h1(
        "answers to HEAD alone",
        &[answer("200 OK|Content-Length: 5", ""), s(OK)],
        &["- -> 200 [0]", "- -> 200 [2]"],
    );
    h1(
        "a response to an unrecorded request",
        &[s(OK), get("/2"), s(OK)],
        &["- -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    h1(
        "a cut head",
        &[c("GET /1 HTTP/1.1\r\nA: b\r\nC: ")],
        &["GET /1~ -> none"],
    );
    let two = ["GET /1 -> 200 [2]", "GET /2 -> 200 [2]"];
    h1(
        "mid-stream start",
        &[
            s("tail of a body"),
            s(" and more"),
            get("/1"),
            s(OK),
            get("/2"),
            s(OK),
        ],
        &two,
    );
    h1(
        "garbage between",
        &[get("/1"), s(OK), s("excess "), get("/2"), s(OK)],
        &two,
    );
}

#[test]
fn http1_switches() {
    h1(
        "WebSocket",
        &[
            ask("GET /ws HTTP/1.1|Connection: Upgrade|Upgrade: websocket"),
            answer("101 Switching Protocols|Upgrade: websocket", "\x01\x02"),
            c("GET / HTTP/1.1\r\n\r\n"),
            Sgap(10),
        ],
        &["GET /ws -> 101 [0] switched 18/12"],
    );
    h1(
        "refused upgrade",
        &[
            ask("GET /1 HTTP/1.1|Upgrade: websocket"),
            ask("GET /2 HTTP/1.1"),
            s(OK),
            s(OK),
        ],
        &["GET /1 -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    let connect = || ask("CONNECT b:443 HTTP/1.1|Host: b:443");
    let seen = h1(
        "tunnel",
        &[
            connect(),
            answer("200 Connection Established|Content-Length: 5", ""),
            c("\x16\x03\x01"),
            s("\x16\x03\x03"),
            Cgap(7),
        ],
        &["CONNECT b:443 -> 200 [0] switched 10/3"],
    );
    assert_eq!(
        seen.tunnel,
        [
            "open b:443",
            "ToServer \\x16\\x03\\x01",
            "ToClient \\x16\\x03\\x03",
            "ToServer gap 7"
        ]
    );
    let seen = h1(
        "tunnel bytes read before the answer",
        &[connect(), c("\x16\x03\x01"), answer("200 OK", "")],
        &["CONNECT b:443 -> 200 [0] switched 3/0"],
    );
    assert_eq!(seen.tunnel.len(), 2);
    let seen = h1(
        "tunnel without an answer",
        &[connect(), c("\x16\x03\x01")],
        &["CONNECT b:443 -> none switched 3/0"],
    );
    assert_eq!(seen.tunnel.len(), 2);
    h1(
        "refused tunnel",
        &[
            connect(),
            answer("407 Auth|Content-Length: 1", "x"),
            connect(),
            answer("200 OK", ""),
        ],
        &[
            "CONNECT b:443 -> 407 [1]",
            "CONNECT b:443 -> 200 [0] switched 0/0",
        ],
    );
}

#[test]
fn http1_holes() {
    let long = || answer("200 OK|Content-Length: 100", "0123456789");
    h1(
        "in a body",
        &[get("/1"), long(), Sgap(85), s("56789"), get("/2"), s(OK)],
        &["GET /1 -> 200 [100]", "GET /2 -> 200 [2]"],
    );
    h1(
        "to a body's end",
        &[get("/1"), long(), Sgap(90), get("/2"), s(OK)],
        &["GET /1 -> 200 [100]", "GET /2 -> 200 [2]"],
    );
    h1(
        "over a body's end",
        &[
            get("/1"),
            long(),
            get("/2"),
            Sgap(150),
            get("/3"),
            s(OK),
            get("/4"),
            s(OK),
        ],
        &[
            "GET /1 -> 200 [100]",
            "GET /2 -> none",
            "GET /3 -> 200 [2]",
            "GET /4 -> 200 [2]",
        ],
    );
    h1(
        "a response lost",
        &[get("/1"), s(OK), get("/2"), Sgap(40), get("/3"), s(OK)],
        &["GET /1 -> 200 [2]", "GET /2 -> none", "GET /3 -> 200 [2]"],
    );
    h1(
        "a hole noticed late",
        &[
            get("/1"),
            s(OK),
            get("/2"),
            get("/3"),
            Sgap(40),
            s(OK),
            get("/4"),
            s(OK),
        ],
        &[
            "GET /1 -> 200 [2]",
            "GET /2 -> none",
            "GET /3 -> 200 [2]",
            "GET /4 -> 200 [2]",
        ],
    );
    h1(
        "a request lost",
        &[
            get("/1"),
            s(OK),
            Cgap(30),
            answer("404 No|Content-Length: 0", ""),
            get("/3"),
            s(OK),
        ],
        &["GET /1 -> 200 [2]", "- -> 404 [0]", "GET /3 -> 200 [2]"],
    );
    h1(
        "a response and the next request lost",
        &[get("/1"), Cgap(30), Sgap(40), s(OK), get("/3"), s(OK)],
        &["GET /1 -> none", "- -> 200 [2]", "GET /3 -> 200 [2]"],
    );
    h1(
        "a response and the end of two requests lost",
        &[
            c("GET /1 HTTP/1.1\r\nHost: a"),
            Sgap(40),
            Cgap(50),
            s(OK),
            get("/3"),
            s(OK),
        ],
        &["GET /1~ -> none", "- -> 200 [2]", "GET /3 -> 200 [2]"],
    );
    h1(
        "bytes lost behind a request alone",
        &[get("/1"), Cgap(30), s(OK), get("/2"), s(OK)],
        &["GET /1 -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    h1(
        "a response lost while pipelining",
        &[get("/1"), get("/2"), get("/3"), Sgap(41), s(OK), s(OK)],
        &[
            "GET /1 -> none",
            "GET /2 -> none",
            "GET /3 -> none",
            "- -> 200 [2]",
            "- -> 200 [2]",
        ],
    );
    h1(
        "a burst behind a polite start",
        &[
            get("/0"),
            s(OK),
            get("/1"),
            get("/2"),
            get("/3"),
            Sgap(41),
            s(OK),
        ],
        &[
            "GET /0 -> 200 [2]",
            "GET /1 -> none",
            "GET /2 -> none",
            "GET /3 -> none",
            "- -> 200 [2]",
        ],
    );
    h1(
        "a client that is known to pipeline",
        &[
            get("/1"),
            get("/2"),
            get("/3"),
            s(OK),
            Sgap(41),
            s(OK),
            get("/4"),
            s(OK),
        ],
        &[
            "GET /1 -> 200 [2]",
            "GET /2 -> none",
            "GET /3 -> none",
            "- -> 200 [2]",
            "GET /4 -> none",
            "- -> 200 [2]",
        ],
    );
    h1(
        "in a head",
        &[
            get("/1"),
            s("HTTP/1.1 200 OK\r\nA: b\r\nVary: Ori"),
            Sgap(50),
            s("xyz"),
            get("/2"),
            s(OK),
        ],
        &["GET /1 -> 200~ [0~]", "GET /2 -> 200 [2]"],
    );
    let chunked = || answer("200 OK|Transfer-Encoding: chunked", "10\r\nabcd");
    h1(
        "in a chunk",
        &[
            get("/1"),
            chunked(),
            Sgap(12),
            s("\r\n0\r\n\r\n"),
            get("/2"),
            s(OK),
        ],
        &["GET /1 -> 200 [16]", "GET /2 -> 200 [2]"],
    );
    h1(
        "over a chunk's end",
        &[
            get("/1"),
            chunked(),
            Sgap(20),
            s("abc\r\n0\r\n\r\n"),
            get("/2"),
            s(OK),
        ],
        &["GET /1 -> 200 [4~]", "GET /2 -> 200 [2]"],
    );
    h1(
        "in a request body",
        &[
            ask("POST / HTTP/1.1|Content-Length: 10"),
            Cgap(10),
            s(OK),
            get("/2"),
            s(OK),
        ],
        &["POST / [10] -> 200 [2]", "GET /2 -> 200 [2]"],
    );
    h1(
        "100 before a hole",
        &[
            ask("POST / HTTP/1.1|Content-Length: 1"),
            answer("100 C", ""),
            c("a"),
            Sgap(3),
            s(OK),
        ],
        &["POST / [1] -> 100 200 [2]"],
    );
}

/// Pushes one packet at a time, each with its place in the capture.
fn h1_stored(mut connection: Connection, packets: &[(u64, Step)]) -> Vec<String> {
    let mut seen = Seen::default();
    for (packet, step) in packets {
        let stamp = Stamp {
            packet: *packet,
            time_ns: 0,
        };
        match step {
            Step::C(bytes) => connection.push(Direction::ToServer, stamp, bytes, &mut seen),
            Step::S(bytes) => connection.push(Direction::ToClient, stamp, bytes, &mut seen),
            Cgap(_) => connection.lost(Direction::ToServer),
            Sgap(_) => connection.lost(Direction::ToClient),
            Close => {}
        }
    }
    connection.finish(&mut seen);
    seen.transactions.iter().map(show).collect()
}

#[test]
fn http1_stored_out_of_order() {
    let no = || answer("404 No|Content-Length: 0", "");
    let packets = [(2, get("/1")), (1, s(OK)), (3, get("/2")), (4, no())];
    assert_eq!(
        h1_stored(Connection::new(Protocol::Unknown), &packets),
        ["GET /1 -> 200 [2]", "GET /2 -> 404 [0]"]
    );
    // Behind a hole the order is all there is.
    let packets = [(1, get("/1")), (2, Sgap(1)), (4, get("/2")), (3, no())];
    assert_eq!(
        h1_stored(Connection::new(Protocol::Unknown), &packets),
        ["GET /1 -> none", "- -> 404 [0]", "GET /2 -> none"]
    );
}

#[test]
fn http1_from_the_middle() {
    let no = || answer("404 No|Content-Length: 0", "");
    let inside = || Connection::new(Protocol::Unknown).starting_inside();
    // Two answers to what came before the recording, and then one of a burst's.
    let packets = [(1, get("/3")), (2, get("/4")), (3, s(OK)), (4, no())];
    assert_eq!(
        h1_stored(inside(), &packets),
        [
            "GET /3 -> none",
            "GET /4 -> none",
            "- -> 200 [2]",
            "- -> 404 [0]"
        ]
    );
    let packets = [(1, get("/3")), (2, s(OK)), (3, get("/4")), (4, no())];
    assert_eq!(
        h1_stored(inside(), &packets),
        ["GET /3 -> 200 [2]", "GET /4 -> 404 [0]"]
    );
    // The rest of a body is no request, even if a request line comes later in its line.
    let body = c("more (of it)POST /2 HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let packets = [(1, body), (2, s(OK)), (3, get("/3")), (4, no())];
    assert_eq!(
        h1_stored(inside(), &packets),
        ["POST /2 -> 200 [2]", "GET /3 -> 404 [0]"]
    );
    let packets = [(1, s(OK)), (2, get("/4")), (3, no())];
    assert_eq!(
        h1_stored(inside(), &packets),
        ["- -> 200 [2]", "GET /4 -> 404 [0]"]
    );
}

#[test]
fn http1_losses_of_unknown_length() {
    let no = || answer("404 No|Content-Length: 0", "");
    let start = || Connection::new(Protocol::Http1);
    let packets = [
        (1, get("/1")),
        (2, Sgap(1)),
        (3, Cgap(1)),
        (4, no()),
        (5, get("/3")),
        (6, s(OK)),
    ];
    assert_eq!(
        h1_stored(start(), &packets),
        ["GET /1 -> none", "- -> 404 [0]", "GET /3 -> 200 [2]"]
    );
    let packets = [(1, get("/1")), (2, Cgap(1)), (3, no()), (4, get("/3"))];
    assert_eq!(
        h1_stored(start(), &packets),
        ["GET /1 -> 404 [0]", "GET /3 -> none"]
    );
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// A literal field; `how` is 0x40 (stored) or 0 (not stored).
fn literal(how: u8, name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![how, name.len() as u8];
    out.extend(name.bytes());
    out.push(value.len() as u8);
    out.extend(value.bytes());
    out
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// `GET` (`:method`, `:scheme` by index) of a path that is stored in the table.
fn h2_get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        1,
        5,
        stream,
        &join(&[b"\x82\x87", &literal(0x40, ":path", path)]),
    )
}

/// 200, ended by a `DATA` frame.
fn h2_ok(stream: u32, body: &[u8]) -> Vec<u8> {
    join(&[&frame(1, 4, stream, b"\x88"), &frame(0, 1, stream, body)])
}

/// A connection from its start, by ALPN and by prior knowledge.
fn h2(desc: &str, steps: &[Step], expected: &[&str]) -> Seen {
    let mut all = vec![c(PREFACE), s(SETTINGS)];
    all.extend_from_slice(steps);
    check(desc, Protocol::Http2, &all, expected);
    check(desc, Protocol::Unknown, &all, expected)
}

#[test]
fn http2_streams() {
    h2(
        "one",
        &[c(h2_get(1, "/a")), s(h2_ok(1, b"abc"))],
        &["#1 GET /a -> 200 [3]"],
    );
    h2(
        "interleaved, with a table",
        &[
            c(join(&[&h2_get(1, "/a"), &frame(1, 5, 3, b"\x82\x87\xbe")])),
            s(join(&[
                &frame(1, 4, 3, b"\x88"),
                &frame(1, 4, 1, b"\x8d"),
                &frame(0, 0, 1, b"xx"),
                &frame(0, 1, 3, b"y"),
                &frame(0, 1, 1, b"z"),
            ])),
        ],
        &["#3 GET /a -> 200 [1]", "#1 GET /a -> 404 [3]"],
    );
    h2(
        "push",
        &[
            c(h2_get(1, "/a")),
            s(join(&[
                &frame(5, 4, 1, b"\0\0\0\x02\x82\x87\x85"),
                &h2_ok(1, b"a"),
                &h2_ok(2, b"bc"),
            ])),
        ],
        &[
            "#1 GET /a -> 200 [1]",
            "#2 GET /index.html -> 200 [2] pushed",
        ],
    );
    h2(
        "reset by the client, late response ignored",
        &[
            c(h2_get(1, "/a")),
            c(frame(3, 0, 1, &8u32.to_be_bytes())),
            s(h2_ok(1, b"a")),
            c(h2_get(3, "/b")),
            s(h2_ok(3, b"b")),
        ],
        &["#1 GET /a -> none RstStream 8", "#3 GET /b -> 200 [1]"],
    );
    h2(
        "reset in the body",
        &[
            c(h2_get(1, "/a")),
            s(join(&[
                &frame(1, 4, 1, b"\x88"),
                &frame(0, 0, 1, b"ab"),
                &frame(3, 0, 1, b"\0\0\0\x02"),
            ])),
        ],
        &["#1 GET /a -> 200 [2~] RstStream 2"],
    );
    h2(
        "GOAWAY",
        &[
            c(h2_get(1, "/a")),
            c(h2_get(3, "/b")),
            s(frame(7, 0, 0, b"\0\0\0\x01\0\0\0\x07bye")),
            s(h2_ok(1, b"a")),
        ],
        &["#3 GET /b -> none GoAway 7", "#1 GET /a -> 200 [1]"],
    );
    h2(
        "requests alone",
        &[c(h2_get(1, "/a")), c(h2_get(3, "/b"))],
        &["#1 GET /a -> none", "#3 GET /b -> none"],
    );
    h2(
        "responses alone",
        &[s(h2_ok(1, b"a"))],
        &["#1 - -> 200 [1]"],
    );
    h2(
        "response read before its request",
        &[s(h2_ok(1, b"a")), c(h2_get(1, "/a"))],
        &["#1 GET /a -> 200 [1]"],
    );
    h2(
        "frames that do not matter",
        &[
            c(frame(0xfa, 3, 77, b"grease")),
            c(h2_get(1, "/a")),
            s(frame(4, 1, 0, b"")),
            s(frame(6, 0, 0, b"12345678")),
            s(h2_ok(1, b"")),
        ],
        &["#1 GET /a -> 200 [0]"],
    );
}

#[test]
fn http2_heads() {
    let path = literal(0, ":path", "/long");
    h2(
        "CONTINUATION, padding, priority",
        &[
            c(join(&[
                &frame(
                    1,
                    0x29,
                    1,
                    &join(&[b"\x02\0\0\0\0\x10\x82\x87", &path[..3], b"\0\0"]),
                ),
                &frame(9, 0, 1, &path[3..6]),
                &frame(9, 4, 1, &path[6..]),
            ])),
            s(join(&[
                &frame(1, 4, 1, b"\x88"),
                &frame(0, 9, 1, b"\x03abcd\0\0\0"),
            ])),
        ],
        &["#1 GET /long -> 200 [4]"],
    );
    let seen = h2(
        "trailers and interim responses",
        &[
            c(join(&[
                &frame(1, 4, 1, b"\x83\x87\x84"),
                &frame(0, 0, 1, b"up"),
                &frame(1, 5, 1, &literal(0, "t", "1")),
            ])),
            s(join(&[
                &frame(1, 4, 1, &literal(0, ":status", "103")),
                &frame(1, 4, 1, &join(&[b"\x88", &literal(0, "A", "b")])),
                &frame(0, 0, 1, b"down"),
                &frame(1, 5, 1, &literal(0, "access-control-allow-origin", "*")),
            ])),
        ],
        &["#1 POST / [2] -> 103 200 [4]"],
    );
    let response = seen.transactions[0].response.as_ref().expect("recorded");
    assert_eq!(
        response.headers.iter().collect::<Vec<_>>(),
        [(&b"A"[..], &b"b"[..])]
    );
    let connect = literal(0, ":method", "CONNECT");
    let protocol = literal(0, ":protocol", "websocket");
    let seen = h2(
        "extended CONNECT",
        &[
            s(frame(4, 0, 0, b"\0\x08\0\0\0\x01")),
            c(frame(1, 4, 1, &join(&[&connect, &protocol, b"\x87\x84"]))),
            s(frame(1, 4, 1, b"\x88")),
            c(frame(0, 0, 1, b"ws")),
            s(frame(0, 0, 1, b"w")),
        ],
        &["#1 CONNECT / [2] -> 200 [1~]"],
    );
    assert!(seen.tunnel.is_empty());
    let request = seen.transactions[0].request.as_ref().expect("recorded");
    assert_eq!(request.protocol.as_deref(), Some(&b"websocket"[..]));
    let seen = h2(
        "CONNECT",
        &[
            c(frame(
                1,
                4,
                1,
                &join(&[&connect, &literal(0, ":authority", "b:443")]),
            )),
            s(frame(1, 4, 1, b"\x88")),
            c(frame(0, 1, 1, b"ab")),
            s(frame(0, 1, 1, b"c")),
        ],
        &["#1 CONNECT ? [2] -> 200 [1]"],
    );
    let tunnel = [
        "open b:443",
        "ToServer ab",
        "ToServer end",
        "ToClient c",
        "ToClient end",
    ];
    assert_eq!(seen.tunnel, tunnel);
}

#[test]
fn http2_after_upgrade() {
    let upgrade = || ask("GET /1 HTTP/1.1|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c");
    let accept = join(&[b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", SETTINGS]);
    let rest = [s(h2_ok(1, b"a")), c(h2_get(3, "/b")), s(h2_ok(3, b"bc"))];
    let expected = ["#1 GET /1 -> 101 200 [1]", "#3 GET /b -> 200 [2]"];
    let mut steps = vec![upgrade(), s(&accept), c(PREFACE)];
    steps.extend_from_slice(&rest);
    let seen = h1("h2c", &steps, &expected);
    assert_eq!(seen.transactions[0].version, Version::Http2);
    let mut steps = vec![upgrade(), c(PREFACE), s(&accept)];
    steps.extend_from_slice(&rest);
    h1("preface read before the answer", &steps, &expected);
    h1(
        "answer not recorded",
        &[upgrade(), c(PREFACE), c(h2_get(3, "/b"))],
        &["#1 GET /1 -> none", "#3 GET /b -> none"],
    );
}

#[test]
fn http2_holes() {
    let body = frame(0, 1, 1, &[b'x'; 100]);
    let start = join(&[&frame(1, 4, 1, b"\x88"), &body[..20]]);
    h2(
        "in DATA",
        &[
            c(h2_get(1, "/a")),
            s(&start),
            Sgap(80),
            s(&body[100..]),
            c(h2_get(3, "/b")),
            s(h2_ok(3, b"b")),
        ],
        &["#1 GET /a -> 200 [100]", "#3 GET /b -> 200 [1]"],
    );
    let fields = join(&[b"\x88\xbe", &literal(0x40, "n", "v"), b"\xbe"]);
    let seen = h2(
        "over frames: found again, table unknown",
        &[
            c(h2_get(1, "/a")),
            c(h2_get(3, "/b")),
            c(h2_get(5, "/c")),
            s(&start),
            Sgap(1000),
            s(join(&[
                b"rest of DATA",
                &h2_ok(3, b"b"),
                &frame(1, 5, 5, &fields),
            ])),
        ],
        &[
            "#1 GET /a -> 200 [100]",
            "#3 GET /b -> 200 [1~]",
            "#5 GET /c -> 200~ [0~]",
        ],
    );
    let response = seen.transactions[2].response.as_ref().expect("recorded");
    assert_eq!(
        response.headers.iter().collect::<Vec<_>>(),
        [(&b"n"[..], &b"v"[..]); 2]
    );
    let request = h2_get(1, "/a");
    h2(
        "in a header block",
        &[
            c(&request[..12]),
            Cgap(request.len() as u64 - 12),
            c(frame(1, 5, 3, b"\x82\x87\xbe")),
            s(h2_ok(1, b"a")),
            s(h2_ok(3, b"b")),
        ],
        &["#1 GET ?~ -> 200 [1]", "#3 GET ?~ -> 200 [1]"],
    );
    check(
        "mid-connection start",
        Protocol::Unknown,
        &[
            c(join(&[
                &frame(8, 0, 0, b"\0\0\0\x01"),
                &frame(1, 5, 7, b"\x82\x87\xbe\xbf"),
                &h2_get(9, "/b"),
            ])),
            s(join(&[
                &frame(0, 1, 5, b"tail"),
                &h2_ok(7, b"a"),
                &h2_ok(9, b"b"),
            ])),
        ],
        &["#7 GET ?~ -> 200 [1]", "#9 GET /b -> 200 [1]"],
    );
}

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
