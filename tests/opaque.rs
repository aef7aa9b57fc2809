//! Answers that no script reads: of beacons, and those that browsers withhold from elements. The same exchanges as a HAR and
//! as a capture.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use corsaudit::audit::{JudgedFetch, judge_capture};
use corsaudit::cors::{Code, Engine};
use corsaudit::exchange::Capture;
use corsaudit::judge::{EngineChoice, explain};
use corsaudit::reader::{Options, read};
use corsaudit::rules::FetchView;
use corsaudit::source::Source;
use serde_json::json;

type Lines<'a> = &'a [(&'a str, &'a str)];

struct Exchange<'a> {
    method: &'a str,
    request: Lines<'a>,
    response: Lines<'a>,
    body: &'a [u8],
}

const PAGE: Lines = &[
    ("Host", "localhost:8000"),
    ("Origin", "http://localhost:3000"),
    ("Referer", "http://localhost:3000/"),
    ("Sec-Fetch-Site", "same-site"),
    ("Sec-Fetch-Mode", "no-cors"),
];

impl Exchange<'_> {
    fn request_lines(&self) -> Vec<(&str, &str)> {
        PAGE.iter().chain(self.request).copied().collect()
    }

    /// The codes of a HAR and of a capture.
    fn codes(&self, engine: Engine) -> [Code; 2] {
        [
            code(&self.har(), engine),
            code(&self.capture(self.body.len()), engine),
        ]
    }

    fn har(&self) -> Vec<u8> {
        let lines = |lines: &[(&str, &str)]| -> Vec<_> {
            let lines = lines.iter();
            lines
                .map(|(name, value)| json!({"name": name, "value": value}))
                .collect()
        };
        let text = String::from_utf8_lossy(self.body);
        let entry = json!({
            "startedDateTime": "2026-11-22T10:00:30.000Z", "time": 5, "cache": {}, "timings": {},
            "request": {"method": self.method, "url": "http://localhost:8000/x", "headers": lines(&self.request_lines())},
            "response": {"status": 200, "headers": lines(self.response), "content": {"size": self.body.len(), "text": text}},
        });
        let log = json!({"version": "1.2", "creator": {"name": "mitmproxy"}, "entries": [entry]});
        json!({"log": log}).to_string().into_bytes()
    }

    /// A capture that holds `kept` bytes of the body, and a hole behind them.
    fn capture(&self, kept: usize) -> Vec<u8> {
        let head = |first: String, lines: &[(&str, &str)]| {
            let lines: String = lines
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            format!("{first}\r\n{lines}").into_bytes()
        };
        let mut request = head(
            format!("{} /x HTTP/1.1", self.method),
            &self.request_lines(),
        );
        request.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        let mut response = head("HTTP/1.1 200 OK".to_owned(), self.response);
        response
            .extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
        response.extend_from_slice(&self.body[..kept]);
        let mut file = [0xA1B2_C3D4_u32.to_le_bytes(), [2, 0, 4, 0]].concat();
        for word in [0_u32, 0, 65_535, 101] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        let packets = [(40_000, 8_000, request), (8_000, 40_000, response)];
        for (from, to, payload) in packets {
            let packet = packet(from, to, &payload);
            let length = packet.len() as u32;
            for word in [1_795_000_000, 0, length, length] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(&packet);
        }
        file
    }
}

/// An IPv4 packet with a TCP segment at sequence number 1.
fn packet(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend_from_slice(&(40 + payload.len() as u16).to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 0, 64, 6, 0, 0]);
    packet.extend_from_slice(&[127, 0, 0, 1, 127, 0, 0, 1]);
    packet.extend_from_slice(&from.to_be_bytes());
    packet.extend_from_slice(&to.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
    packet.extend_from_slice(payload);
    packet
}

fn code(recording: &[u8], engine: Engine) -> Code {
    let capture = read(&Source::bytes("x", recording.to_vec()), &Options::default()).unwrap();
    let judged = judge_capture(&capture, EngineChoice::Fixed(engine));
    assert_eq!(judged.len(), 1, "{:?}", capture.notices);
    judged[0].verdict.code
}

const CHROMIUM: (&str, &str) = (
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
);

#[test]
fn elements() {
    for (destination, kind, body, chromium, firefox) in [
        (
            "image",
            "text/html",
            &b"<!doctype html><p>not found"[..],
            Code::OrbBlocked,
            Code::OrbBlocked,
        ),
        (
            "image",
            "image/png",
            b"\n<html>",
            Code::OrbBlocked,
            Code::OrbBlocked,
        ),
        (
            "image",
            "image/gif",
            b"GIF89a",
            Code::OpaqueNoCors,
            Code::OpaqueNoCors,
        ),
        (
            "video",
            "video/mp4",
            b"0000",
            Code::OpaqueNoCors,
            Code::OrbBlocked,
        ),
        (
            "video",
            "video/mp4",
            b"",
            Code::OpaqueNoCors,
            Code::OpaqueNoCors,
        ),
        (
            "script",
            "text/javascript",
            b"{\"a\": 1}",
            Code::OrbBlocked,
            Code::OpaqueNoCors,
        ),
        (
            "script",
            "text/javascript",
            b"f({\"a\": 1})",
            Code::OpaqueNoCors,
            Code::OpaqueNoCors,
        ),
    ] {
        let exchange = Exchange {
            method: "GET",
            request: &[CHROMIUM, ("Sec-Fetch-Dest", destination)],
            response: &[("Content-Type", kind)],
            body,
        };
        let shown = format!("{destination} {kind} {}", String::from_utf8_lossy(body));
        assert_eq!(exchange.codes(Engine::Chromium), [chromium; 2], "{shown}");
        assert_eq!(exchange.codes(Engine::Firefox), [firefox; 2], "{shown}");
    }
}

/// The clause that decided.
fn last_clause(capture: &Capture, judged: &JudgedFetch) -> String {
    let explanation = explain(FetchView { capture, judged });
    let clause = explanation.clauses.last().unwrap();
    assert!(!clause.holds);
    format!("{}: {}", clause.step, clause.value)
}

#[test]
fn what_was_withheld_is_told_by_its_beginning() {
    let exchange = Exchange {
        method: "GET",
        request: &[CHROMIUM, ("Sec-Fetch-Dest", "image")],
        response: &[("Content-Type", "image/png")],
        body: b"<!doctype html><p>not found",
    };
    let recording = exchange.capture(exchange.body.len());
    let capture = read(&Source::bytes("x", recording), &Options::default()).unwrap();
    let judged = judge_capture(&capture, EngineChoice::Auto);
    assert_eq!(
        last_clause(&capture, &judged[0]),
        "Opaque Response Blocking: the element can use the answer: image/png; html"
    );
}

#[test]
fn what_the_capture_does_not_hold_decides_nothing() {
    let exchange = Exchange {
        method: "GET",
        request: &[CHROMIUM, ("Sec-Fetch-Dest", "video")],
        response: &[("Content-Type", "video/mp4")],
        body: b"0000",
    };
    for kept in 0..4 {
        let code = code(&exchange.capture(kept), Engine::Firefox);
        assert_eq!(code, Code::OpaqueNoCors, "{kept}");
    }
}

#[test]
fn a_word_in_place_of_the_body_decides_nothing() {
    let exchange = Exchange {
        method: "GET",
        request: &[CHROMIUM, ("Sec-Fetch-Dest", "video")],
        response: &[("Content-Type", "video/mp4")],
        body: b"[binary]",
    };
    let har = String::from_utf8(exchange.har()).unwrap();
    assert_eq!(code(har.as_bytes(), Engine::Firefox), Code::OrbBlocked);
    let (stated, longer) = ("\"size\":8", "\"size\":80000");
    assert!(har.contains(stated));
    let har = har.replace(stated, longer);
    assert_eq!(code(har.as_bytes(), Engine::Firefox), Code::OpaqueNoCors);
}

#[test]
fn beacons() {
    let empty = ("Sec-Fetch-Dest", "empty");
    let verdict = |more: Lines, method| {
        let request = [&[CHROMIUM, empty][..], more].concat();
        let exchange = Exchange {
            method,
            request: &request,
            response: &[("Content-Type", "application/json")],
            body: b"{\"a\": 1}",
        };
        let codes = exchange.codes(Engine::Chromium);
        assert_eq!(codes[0], codes[1], "{more:?}");
        codes[0]
    };
    let text = ("Content-Type", "text/plain;charset=UTF-8");
    // Over HTTP/1 both look alike, with or without a cookie.
    assert_eq!(verdict(&[text], "POST"), Code::UndeterminedInitiatorType);
    assert_eq!(
        verdict(&[text, ("Cookie", "a=b")], "POST"),
        Code::UndeterminedInitiatorType
    );
    assert_eq!(
        verdict(&[text, ("Priority", "u=4, i")], "POST"),
        Code::BeaconDelivered
    );
    assert_eq!(
        verdict(&[text, ("Priority", "u=1, i")], "POST"),
        Code::OpaqueNoCors
    );
    assert_eq!(
        verdict(&[("Content-Type", "text/ping")], "POST"),
        Code::BeaconDelivered
    );
    assert_eq!(verdict(&[], "GET"), Code::OpaqueNoCors);
}

#[test]
fn an_undetermined_beacon_names_both() {
    let exchange = Exchange {
        method: "POST",
        request: &[CHROMIUM, ("Sec-Fetch-Dest", "empty")],
        response: &[],
        body: b"",
    };
    let recording = exchange.capture(0);
    let capture = read(&Source::bytes("x", recording), &Options::default()).unwrap();
    let judged = judge_capture(&capture, EngineChoice::Auto);
    let alternatives: Vec<Code> = judged[0]
        .alternatives
        .iter()
        .map(|verdict| verdict.code)
        .collect();
    assert_eq!(alternatives, [Code::OpaqueNoCors, Code::BeaconDelivered]);
    assert_eq!(
        last_clause(&capture, &judged[0]),
        "initiator type: fetch or beacon: (unknown)"
    );
}
