//! HTTP/2: streams, header blocks, upgrades, holes.

use corsaudit::http::{Protocol, Version};

use crate::Step::{Cgap, Sgap};
use crate::{Seen, Step, ask, c, check, h1, s};

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// A literal field; `how` is 0x40 (stored) or 0 (not stored).
pub(crate) fn literal(how: u8, name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![how, name.len() as u8];
    out.extend(name.bytes());
    out.push(value.len() as u8);
    out.extend(value.bytes());
    out
}

pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
pub(crate) const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// `GET` (`:method`, `:scheme` by index) of a path that is stored in the table.
pub(crate) fn h2_get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        1,
        5,
        stream,
        &join(&[b"\x82\x87", &literal(0x40, ":path", path)]),
    )
}

/// 200, ended by a `DATA` frame.
pub(crate) fn h2_ok(stream: u32, body: &[u8]) -> Vec<u8> {
    join(&[&frame(1, 4, stream, b"\x88"), &frame(0, 1, stream, body)])
}

/// A connection from its start, by ALPN and by prior knowledge.
pub(crate) fn h2(desc: &str, steps: &[Step], expected: &[&str]) -> Seen {
    let mut all = vec![c(PREFACE), s(SETTINGS)];
    all.extend_from_slice(steps);
    check(desc, Protocol::Http2, &all, expected);
    check(desc, Protocol::Unknown, &all, expected)
}

#[test]
fn streams() {
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
fn heads() {
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
fn after_upgrade() {
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
fn holes() {
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
