//! What exchanges are found to hold: the same from a HAR and from a capture, nothing from damage, and never a panic.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use corsaudit::content::{Content, Kind, Place};
use corsaudit::exchange::{Capture, Exchange};
use corsaudit::reader::{Options, read};
use corsaudit::source::Source;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::json;

const ANSWER: &str = r#"{"user":{"email":"alice@example.com","iban":"DE89 3704 0044 0532 0130 00"},
 "cards":[{"number":"4111111111111111"},{"number":"5555 5555 5555 4444"}],"balance":{"amount":12},
 "session_id":"9f86d081884c7d659a2feaa0c55ad015","note":"caf\u00e9 \"quoted\" \/ slash"}"#;

const HEAD: [(&str, &str); 4] = [
    ("Host", "api.bank.test"),
    ("Origin", "http://shop.test"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "cross-site"),
];

fn open(name: &str, bytes: Vec<u8>) -> Capture {
    read(&Source::bytes(name, bytes), &Options::default()).unwrap()
}

fn content(exchange: &Exchange) -> Content {
    exchange.content.as_deref().cloned().unwrap_or_default()
}

/// The only exchange of a HAR with this answer.
fn from_har(content_type: &str, body: &str) -> Exchange {
    let lines: Vec<_> = HEAD
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let har = json!({"log": {"entries": [{
        "request": {"method": "GET", "url": "http://api.bank.test/me?cb=show", "headers": lines},
        "response": {"status": 200, "headers": [{"name": "Content-Type", "value": content_type}],
                     "content": {"mimeType": content_type, "text": body}},
    }]}});
    let mut capture = open("x.har", har.to_string().into_bytes());
    capture.exchanges.remove(0)
}

/// The only exchange of a capture with this answer, as the server wrote it; bytes `lost` of the response are missing.
fn from_capture(head: &str, body: &[u8], lost: std::ops::Range<usize>) -> Exchange {
    let mut request = "GET /me?cb=show HTTP/1.1\r\n".to_owned();
    for (name, value) in HEAD {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let mut response = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{head}\r\n",
        body.len()
    )
    .into_bytes();
    let body_at = response.len();
    response.extend_from_slice(body);
    let mut packets = vec![
        segment(true, 99, 0, 0x02, b""),
        segment(false, 499, 100, 0x12, b""),
        segment(true, 100, 500, 0x18, request.as_bytes()),
    ];
    for (index, part) in response.chunks(1000).enumerate() {
        let at = index * 1000;
        let is_lost = at >= body_at + lost.start && at < body_at + lost.end;
        if !is_lost {
            packets.push(segment(false, 500 + at as u32, 100, 0x18, part));
        }
    }
    let end = 500 + response.len() as u32;
    packets.push(segment(false, end, 100, 0x11, b""));
    let mut capture = open("x.pcap", pcap(&packets));
    capture.exchanges.remove(0)
}

/// A TCP segment in an IPv4 packet.
fn segment(to_server: bool, sequence: u32, acknowledged: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let length = (40 + data.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    let (from, to, ports) = match to_server {
        true => (client, server, [40_000_u16, 80]),
        false => (server, client, [80, 40_000]),
    };
    packet.extend(from);
    packet.extend(to);
    packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    packet.extend(sequence.to_be_bytes());
    packet.extend(acknowledged.to_be_bytes());
    packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(data);
    packet
}

fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    const RAW_IP: u32 = 101;
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    for number in [0, 0, 65_535, RAW_IP] {
        file.extend(number.to_le_bytes());
    }
    for (index, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        for number in [1_800_000_000 + index as u32, 0, length, length] {
            file.extend(number.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const GZIP: &str = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";

#[test]
fn har_and_capture_tell_the_same() {
    let expected = from_har("application/json", ANSWER);
    let found: Vec<_> = content(&expected)
        .sightings
        .iter()
        .map(|found| (found.kind, found.pointer.to_string(), found.count))
        .collect();
    let expected_kinds = [
        (Kind::AccountData, "/balance", 1),
        (Kind::Email, "/user/email", 1),
        (Kind::Iban, "/user/iban", 1),
        (Kind::Pan, "/cards/-/number", 2),
        (Kind::SessionId, "/session_id", 1),
    ];
    assert_eq!(
        found,
        expected_kinds.map(|(kind, pointer, count)| (kind, pointer.to_owned(), count))
    );
    assert!(content(&expected).response.is_json);
    let plain = "Content-Type: application/json\r\n";
    for exchange in [
        from_capture(plain, ANSWER.as_bytes(), 0..0),
        from_capture(GZIP, &gzip(ANSWER.as_bytes()), 0..0),
    ] {
        assert_eq!(content(&exchange), content(&expected));
        assert!(exchange.response().unwrap().body_digest.is_some());
    }
    for (content_type, body) in [
        ("text/javascript", "show({\"email\":\"alice@example.com\"})"),
        (
            "text/html",
            "<p>alice@example.com</p><script>x={\"access_token\":\"gX3kQ9vLm2Zt8RwY\"}</script>",
        ),
        ("text/csv", "id,mail\r\n1,alice@example.com\r\n"),
        ("text/plain", "pay to DE89 3704 0044 0532 0130 00\n"),
    ] {
        let head = format!("Content-Type: {content_type}\r\n");
        let found = content(&from_capture(&head, body.as_bytes(), 0..0));
        assert!(!found.sightings.is_empty(), "{body}");
        assert_eq!(found, content(&from_har(content_type, body)), "{body}");
    }
}

#[test]
fn samples_tell_the_same_twice() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut compared = 0;
    for file in std::fs::read_dir(&samples).unwrap() {
        let har = file.unwrap().path();
        let pcap = har.with_extension("pcapng");
        if har.extension().is_none_or(|extension| extension != "har") || !pcap.exists() {
            continue;
        }
        let har = read(&Source::path(&har), &Options::default()).unwrap();
        let pcap = read(&Source::path(&pcap), &Options::default()).unwrap();
        // Of a blocked answer DevTools keep no body, so there is nothing to compare.
        let recorded = har.exchanges.iter().filter(|exchange| {
            exchange
                .response()
                .is_some_and(|response| response.body_recorded)
        });
        for exchange in recorded {
            let twin = pcap.exchanges.iter().find(|twin| {
                twin.request.url.as_str() == exchange.request.url.as_str()
                    && twin.request.method == exchange.request.method
            });
            if let Some(twin) = twin {
                assert_eq!(
                    content(exchange),
                    content(twin),
                    "{}",
                    exchange.request.url.path()
                );
                compared += usize::from(exchange.content.is_some());
            }
        }
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn holes_and_bombs() {
    // Behind a hole nothing is known; what stood before it is.
    let long = format!("{}{}", ANSWER, " ".repeat(9000));
    let plain = "Content-Type: application/json\r\n";
    let whole = content(&from_capture(plain, long.as_bytes(), 0..0));
    let torn = from_capture(plain, long.as_bytes(), 2000..4000);
    assert_eq!(content(&torn).sightings, whole.sightings);
    assert!(whole.response.is_json && !content(&torn).response.is_json);
    assert_eq!(torn.response().unwrap().body_digest, None);
    let late = format!("{}{}", " ".repeat(9000), ANSWER);
    let torn = from_capture(plain, late.as_bytes(), 2000..4000);
    assert!(content(&torn).at(Place::ResponseBody).next().is_none());

    let mut bomb = ANSWER.as_bytes().to_vec();
    bomb.resize(100 << 20, b' ');
    let bomb = gzip(&bomb);
    let begun = Instant::now();
    let found = content(&from_capture(GZIP, &bomb, 0..0));
    assert_eq!(found.sightings, whole.sightings);
    assert!(!found.response.is_json);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn no_value_is_kept() {
    let shown = format!("{:?}", content(&from_har("application/json", ANSWER)));
    for value in ["alice", "DE89", "4111", "4444", "9f86d081"] {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
    let keyed =
        r#"{"alice@example.com":{"email":"bob@example.com"},"eyJhbGciOiJIUzI1NiJ9":{"balance":1}}"#;
    let shown = format!("{:?}", content(&from_har("application/json", keyed)));
    assert!(
        shown.contains("/-/balance") && !shown.contains("alice") && !shown.contains("eyJ"),
        "{shown}"
    );
}

/// Text near what detectors look for.
fn body() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\\"",
        "\":",
        "\"email\":\"",
        "alice@example.com",
        "@",
        ".",
        "\"balance\":",
        "{\"amount\":",
        "1",
        "4111111111111111",
        "4111 1111 ",
        "1111-1111",
        "DE89",
        "37040044 ",
        "0532013000",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9",
        ".e30.",
        "\"access_token\":\"",
        "gX3kQ9vLm2Zt8RwY",
        "sk_live_",
        "ghp_",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "\\u00",
        "\\ud800",
        "\u{feff}",
        "é",
        "\u{1f600}",
        "\0",
        " ",
        "\n",
        "show(",
        "/*",
        "*/",
        "typeof ",
        "&&",
        "<",
        "<!--",
        "-->",
        "name=\"",
        "form-data; name=\"",
        "\r\n",
        "=",
        "&",
        "%",
        "%40",
        "+49151",
        "\"phone\":\"",
        "\"cpf\":\"529.982.247-25\"",
        "\"lat\":52.123456",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_body_is_taken(
        body in body(),
        content_type in prop::sample::select(vec![
            "", "application/json", "text/html", "text/csv", "text/javascript", "text/plain",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        ]),
        base64 in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let encoding = if base64 { "base64" } else { "" };
        let har = json!({"log": {"entries": [{
            "request": {"method": "POST", "url": format!("https://api.test/{body}?q={body}&cb=show"), "headers": [
                {"name": "Origin", "value": "https://a.test"},
                {"name": "Referer", "value": format!("https://a.test/{body}")},
            ], "postData": {"mimeType": content_type, "text": body}},
            "response": {"status": 200, "headers": [{"name": "X-Auth-Token", "value": body}],
                         "content": {"mimeType": content_type, "text": body, "encoding": encoding}},
        }]}}).to_string();
        let capture = open("x.har", har.into_bytes());
        for exchange in &capture.exchanges {
            let found = content(exchange);
            prop_assert!(found.sightings.is_sorted());
            prop_assert!(found.sightings.iter().all(|found| found.count > 0 && found.pointer.len() < 300));
        }
        // Bytes of a capture need not be characters.
        let bytes = &body.as_bytes()[..cut.index(body.len() + 1)];
        let head = format!("Content-Type: {content_type}\r\n");
        let found = content(&from_capture(&head, bytes, 0..0));
        prop_assert!(found.sightings.is_sorted());
    }
}
