//! HTTP/1 where packets are missing, stored in another order, or the capture began late.

use corsaudit::http::{Connection, Protocol};
use corsaudit::net::{Direction, Stamp};

use crate::Step::{Cgap, Close, Sgap};
use crate::{OK, Seen, Step, answer, ask, c, get, h1, s, show};

#[test]
fn holes() {
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
fn stored_out_of_order() {
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
fn from_the_middle() {
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
fn losses_of_unknown_length() {
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
