//! HTTP/1: messages, one direction alone, tunnels and other protocols.

use crate::Step::{Cgap, Close, Sgap};
use crate::{OK, answer, ask, c, get, h1, s};

#[test]
fn bodies() {
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
fn one_sided() {
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
fn switches() {
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
