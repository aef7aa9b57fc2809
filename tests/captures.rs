//! Packet captures read end to end: their exchanges, their verdicts beside those of HARs of the same run, and what damage
//! does to them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use corsaudit::audit::judge_capture;
use corsaudit::exchange::{Capture, Exchange, Locus, Outcome, Response};
use corsaudit::har_export;
use corsaudit::judge::EngineChoice;
use corsaudit::reader::{KeyLogs, Options, read};
use corsaudit::source::Source;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Files of a folder and those one level below, sorted, whose names pass.
fn files(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if wanted(&path.file_name().unwrap().to_string_lossy()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn inputs() -> Vec<PathBuf> {
    files("tests/captures", |name| name.starts_with("input.pcap"))
}

fn options(capture: &Path) -> Options {
    let keys = capture.with_file_name("keys.log");
    let keys: Vec<PathBuf> = keys.exists().then_some(keys).into_iter().collect();
    let logs = KeyLogs::read(&keys);
    assert!(logs.errors.is_empty());
    Options {
        keylog: logs.keylog.into(),
        ..Options::default()
    }
}

fn open(path: &Path) -> Capture {
    read(&Source::path(path), &options(path)).unwrap()
}

fn open_bytes(name: &Path, bytes: Vec<u8>) -> Option<Capture> {
    let name_ = name.to_string_lossy();
    read(&Source::bytes(&name_, bytes), &options(name)).ok()
}

/// One line an exchange, then one a notice.
fn show(capture: &Capture) -> String {
    let mut out = String::new();
    for exchange in &capture.exchanges {
        let status = match &exchange.outcome {
            Outcome::Response(response) => response.status.to_string(),
            Outcome::NoResponse => "no response".to_owned(),
            Outcome::NotRecorded => "not recorded".to_owned(),
        };
        let Locus::Packets {
            first,
            last,
            flow,
            stream,
        } = exchange.locus
        else {
            panic!("a capture's exchanges stand in packets");
        };
        let flow = flow.map_or("?".into(), |flow| flow.to_string());
        let stream = stream.map_or(String::new(), |stream| format!(" stream {stream}"));
        let request = &exchange.request;
        writeln!(
            out,
            "{} {} -> {status} (packets {first}-{last}, flow {flow}{stream})",
            request.method.as_str(),
            request.url
        )
        .unwrap();
    }
    for notice in &capture.notices {
        writeln!(
            out,
            "! {} x{}: {}",
            notice.name, notice.count, notice.message
        )
        .unwrap();
    }
    out
}

/// `CORSAUDIT_ACCEPT=1` writes what is expected anew.
#[test]
fn exchanges_of_every_capture() {
    for path in inputs() {
        let shown = show(&open(&path));
        let expected = path.with_file_name("exchanges.txt");
        if std::env::var_os("CORSAUDIT_ACCEPT").is_some() {
            std::fs::write(&expected, &shown).unwrap();
        }
        let expected = std::fs::read_to_string(expected).unwrap_or_default();
        assert_eq!(shown, expected, "{}", path.display());
    }
}

fn verdicts(capture: &Capture) -> Vec<String> {
    judge_capture(capture, EngineChoice::Auto)
        .iter()
        .filter_map(|judged| {
            let first = judged.fetch.first(capture)?;
            let is_row = !matches!(judged.verdict.code.as_str(), "navigation" | "same-origin");
            is_row.then(|| format!("{} {}", first.request.url, judged.verdict.code.as_str()))
        })
        .collect()
}

/// What only the HAR tells: DevTools marks failed loads, so that a load without mark settles the credentials mode. On the
/// wire nothing does where no cookie is at stake.
const UNDETERMINED_ON_THE_WIRE: [&str; 3] = ["bank-star-omit", "hello-exact", "hello-star"];

#[test]
fn captures_and_hars_of_one_run_agree() {
    let samples = files("samples", |name| name.ends_with(".pcapng"));
    assert_eq!(samples.len(), 14);
    for path in samples {
        let of_capture = verdicts(&open(&path));
        assert!(!of_capture.is_empty(), "{}", path.display());
        let story = path.file_stem().unwrap().to_string_lossy();
        if UNDETERMINED_ON_THE_WIRE.contains(&&*story) {
            let all = of_capture.iter();
            assert!(
                all.clone()
                    .all(|line| line.ends_with("undetermined-credentials")),
                "{story}"
            );
        } else if story == "bank-null-sandbox" {
            // DevTools writes no entry for the sandboxed frame's request.
            assert_eq!(of_capture.len(), 1, "{story}");
        } else {
            let of_har = verdicts(&open(&path.with_extension("har")));
            assert_eq!(of_capture, of_har, "{story}");
        }
    }
}

#[test]
fn exported_hars_give_the_same_verdicts() {
    let mut paths = inputs();
    paths.extend(files("samples", |name| name.ends_with(".pcapng")));
    for path in paths {
        for keeps_all in [false, true] {
            let options = Options {
                keeps_all,
                ..options(&path)
            };
            let capture = read(&Source::path(&path), &options).unwrap();
            let mut text = Vec::new();
            har_export::write(&capture, &mut text).unwrap();
            let har = har::from_slice(&text).unwrap();
            let har::Spec::V1_2(log) = har.log else {
                panic!("HAR 1.2 was written");
            };
            let upgraded = capture.exchanges.iter().filter(|e| e.hints.is_upgraded);
            assert_eq!(
                log.entries.len(),
                capture.exchanges.len() + upgraded.count()
            );
            assert!(
                log.entries
                    .iter()
                    .all(|entry| entry.connection.is_some() && !entry.started_date_time.is_empty())
            );
            // Behind a SOCKS proxy nobody knows it.
            let addresses = log.entries.iter().filter(|e| e.server_ip_address.is_some());
            let hidden = if path.parent().unwrap().ends_with("behind-proxies") {
                3
            } else {
                0
            };
            assert_eq!(addresses.count(), log.entries.len() - hidden);
            let mut again = read(&Source::bytes("again.har", text), &Options::default()).unwrap();
            // The switch to HTTP/2 is no answer.
            let is_switch = |e: &Exchange| {
                let upgrade = |r: &Response| r.status == 101 && r.headers.contains("upgrade");
                e.response().is_some_and(upgrade) && e.request.url.scheme() == "http"
            };
            again.exchanges.retain(|exchange| !is_switch(exchange));
            let judge = |capture: &Capture| {
                let judged = judge_capture(capture, EngineChoice::Auto);
                let verdicts = judged.into_iter().map(|judged| judged.verdict);
                verdicts.collect::<Vec<_>>()
            };
            assert_eq!(judge(&capture), judge(&again), "{}", path.display());
            let loaded: Vec<_> = again
                .exchanges
                .iter()
                .map(|e| (e.started, e.hints.client, e.hints.names_no_host))
                .collect();
            let kept: Vec<_> = capture
                .exchanges
                .iter()
                .map(|e| (e.started, e.hints.client, e.hints.names_no_host))
                .collect();
            assert_eq!(loaded, kept, "{}", path.display());
        }
    }
}

fn exported(capture: &str) -> Vec<har::v1_2::Entries> {
    let mut text = Vec::new();
    har_export::write(&open(&root(capture)), &mut text).unwrap();
    match har::from_slice(&text).unwrap().log {
        har::Spec::V1_2(log) => log.entries,
        har::Spec::V1_3(_) => panic!("HAR 1.2 was written"),
    }
}

#[test]
fn exports_say_what_the_wire_said() {
    let without_host = exported("tests/captures/h1-gap/input.pcap");
    let urls: Vec<&str> = without_host.iter().map(|e| &*e.request.url).collect();
    assert_eq!(urls, ["http:///1", "http:///2", "http:///3"]);
    for entry in &without_host {
        assert_eq!(entry.server_ip_address.as_deref(), Some("127.0.0.1"));
        assert!(entry.request.headers.iter().all(|line| line.name != "Host"));
    }
    let upgraded: Vec<_> = exported("tests/captures/h2c-upgrade/input.pcap")
        .into_iter()
        .map(|e| (e.request.url, e.request.http_version, e.response.status))
        .collect();
    let robots = "http://nghttp2.org/robots.txt";
    let want = [
        (robots, "HTTP/1.1", 101),
        (robots, "h2", 200),
        ("http://nghttp2.org/humans.txt", "h2", 404),
    ];
    let upgraded = upgraded.iter().map(|(u, v, s)| (&**u, &**v, *s));
    assert!(upgraded.eq(want));
}

#[test]
fn secrets_come_from_key_logs_or_the_file() {
    let path = root("samples/bank-safe.pcapng");
    let bytes = std::fs::read(&path).unwrap();
    let without: Vec<u8> = blocks(&bytes)
        .into_iter()
        .filter(|block| block[..4] != [0x0a, 0, 0, 0])
        .flatten()
        .copied()
        .collect();
    let capture = open_bytes(&path, without).unwrap();
    assert_eq!(capture.exchanges.len(), 0);
    let names: Vec<_> = capture.notices.iter().map(|notice| notice.name).collect();
    assert!(
        names.contains(&"tls-without-secrets") && names.contains(&"tls-not-decrypted"),
        "{names:?}"
    );
    assert!(
        capture
            .notices
            .iter()
            .any(|notice| notice.message.contains("bank.test"))
    );
    assert!(open(&path).exchanges.len() > 1);
}

/// The packets of a little-endian pcap file with its header before them, each with its own.
fn packets(bytes: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let (header, mut rest) = bytes.split_at(24);
    let mut packets = Vec::new();
    while let Some(length) = rest.get(8..12) {
        let length = 16 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        packets.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    (header, packets)
}

fn notices(capture: &Capture) -> Vec<(&str, u64)> {
    let notices = capture.notices.iter();
    notices.map(|notice| (notice.name, notice.count)).collect()
}

#[test]
fn handshakes_given_up_are_silent_and_connections_used_are_not() {
    let path = root("tests/captures/closed-early/input.pcap");
    assert_eq!(notices(&open(&path)), []);
    // With the secrets of handshakes alone, the connection that the client used is told.
    let keys = std::fs::read_to_string(path.with_file_name("keys.log")).unwrap();
    let handshakes = keys.lines().filter(|line| line.contains("_HANDSHAKE_"));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for line in handshakes {
        writeln!(file, "{line}").unwrap();
    }
    let options = Options {
        keylog: KeyLogs::read(&[file.path().to_owned()]).keylog.into(),
        ..Options::default()
    };
    let capture = read(&Source::path(&path), &options).unwrap();
    let expected = [("tls-not-decrypted", 1), ("tls-without-secrets", 1)];
    assert_eq!(notices(&capture), expected);
    // Without any, both are: what the client sent may be a request.
    let capture = read(&Source::path(&path), &Options::default()).unwrap();
    assert_eq!(notices(&capture)[0], ("tls-not-decrypted", 2));
}

#[test]
fn a_record_is_missed_unless_its_sender_broke_it_off() {
    /// Bytes of the last record that were never sent.
    const UNSENT: u32 = 10;
    let path = root("tests/captures/closed-early/input.pcap");
    let bytes = std::fs::read(&path).unwrap();
    let (header, mut packets) = packets(&bytes);
    // The server's last record but one, number 22, behind a pcap header of 16 bytes: lengths there, and in IP.
    let cut = &mut packets[21];
    cut.truncate(cut.len() - UNSENT as usize);
    let length = (cut.len() - 16) as u32;
    cut[8..12].copy_from_slice(&length.to_le_bytes());
    cut[12..16].copy_from_slice(&length.to_le_bytes());
    cut[32..34].copy_from_slice(&(length as u16 - 14).to_be_bytes());
    // The client's FIN, number 24, acknowledges what came: behind Ethernet, IP, ports and sequence number.
    for packet in [22, 23] {
        let acknowledged: &mut [u8; 4] = (&mut packets[packet][58..62]).try_into().unwrap();
        *acknowledged = (u32::from_be_bytes(*acknowledged) - UNSENT).to_be_bytes();
    }
    let capture = |packets: Vec<&Vec<u8>>| {
        let packets: Vec<u8> = packets.into_iter().flatten().copied().collect();
        open_bytes(&path, [header, &packets].concat()).unwrap()
    };
    // The capture ends there: more may have followed.
    let cut = capture(packets[..23].iter().collect());
    assert!(notices(&cut).contains(&("tls-truncated-record", 1)));
    // FIN and RST of the client follow: this was all.
    let broken = capture(packets[..24].iter().chain(&packets[25..]).collect());
    assert!(!notices(&broken).contains(&("tls-truncated-record", 1)));
    assert_eq!(broken.exchanges.len(), cut.exchanges.len());
}

#[test]
fn unreadable_key_logs_are_errors() {
    let missing = PathBuf::from("no/such/keys.log");
    let logs = KeyLogs::read(&[missing, root("Cargo.toml")]);
    assert_eq!(logs.errors.len(), 1);
    assert_eq!(logs.errors[0].input, "no/such/keys.log");
    assert!(
        logs.notices
            .iter()
            .any(|notice| notice.name == "keylog-without-secrets")
    );
}

/// The blocks of a little-endian pcapng file, or the whole file as one.
fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    let mut rest = bytes;
    if !bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        return vec![bytes];
    }
    while let Some(length) = rest.get(4..8) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        if length < 12 || length > rest.len() {
            break;
        }
        let (block, after) = rest.split_at(length);
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// Reads damaged bytes: no panic, and in time.
fn survives(path: &Path, bytes: Vec<u8>, what: &str) {
    let began = Instant::now();
    if let Some(capture) = open_bytes(path, bytes) {
        let _ = judge_capture(&capture, EngineChoice::Auto);
    }
    let took = began.elapsed();
    assert!(
        took < Duration::from_secs(2),
        "{} {what}: {took:?}",
        path.display()
    );
}

#[test]
fn damage_is_survived() {
    let mut paths = inputs();
    paths.extend(files("samples", |name| name.ends_with(".pcapng")));
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        for cut in 1..=50 {
            survives(&path, bytes[..bytes.len() * cut / 51].to_vec(), "cut");
        }
        // A fixed generator (xorshift), so that a failure can be had again.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below.max(1) as u64) as usize
        };
        for _ in 0..20 {
            let mut flipped = bytes.clone();
            for _ in 0..1 + bytes.len() / 2000 {
                let at = next(flipped.len());
                flipped[at] ^= 1 << next(8);
            }
            survives(&path, flipped, "bits flipped");
        }
        let whole = blocks(&bytes);
        for round in 0..10 {
            let mut shuffled = whole.clone();
            // The section and its interfaces stay in front.
            let fixed = shuffled.iter().take_while(|block| block[0] != 6).count();
            for at in fixed..shuffled.len() {
                let other = fixed + next(whole.len() - fixed);
                shuffled.swap(at, other);
            }
            shuffled.truncate(shuffled.len().max(10) - round % 5);
            survives(&path, shuffled.concat(), "shuffled");
            let dropped: Vec<&[u8]> = whole
                .iter()
                .enumerate()
                .filter(|(at, _)| *at < fixed || next(10) > round)
                .map(|(_, block)| *block)
                .collect();
            survives(&path, dropped.concat(), "packets dropped");
        }
    }
}
