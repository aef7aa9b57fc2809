//! Damaged recordings: never a panic, never a silent loss.

use std::path::{Path, PathBuf};

use corsaudit::exchange::Capture;
use corsaudit::reader::{self, Options};
use corsaudit::source::Source;

fn samples(largest: u64) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/har_files");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file"))
        .filter(|file| file.metadata().expect("metadata").len() <= largest)
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end != "md"))
        .map(|path| {
            let bytes = std::fs::read(&path).expect("a file");
            (path, bytes)
        })
        .collect();
    samples.sort();
    samples
}

fn read(bytes: &[u8]) -> Option<Capture> {
    reader::read(&Source::bytes("damaged", bytes), &Options::default()).ok()
}

#[test]
fn cut_at_each_byte() {
    for (path, bytes) in samples(7_000) {
        let whole = read(&bytes).expect("a capture");
        for length in 0..bytes.trim_ascii_end().len() {
            let Some(cut) = read(&bytes[..length]) else {
                continue;
            };
            let place = format!("{} cut at {length}", path.display());
            assert!(cut.exchanges.len() <= whole.exchanges.len(), "{place}");
            assert!(!cut.notices.is_empty(), "{place}");
        }
    }
}

#[test]
fn flipped_bits() {
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for (_, bytes) in samples(50_000) {
        for _ in 0..150 {
            let mut damaged = bytes.clone();
            for _ in 0..=random(4) {
                let at = random(damaged.len());
                damaged[at] ^= 1 << random(8);
            }
            // Some cut and some doubled.
            match random(4) {
                0 => damaged.truncate(random(bytes.len())),
                1 => damaged.extend_from_within(..random(bytes.len())),
                _ => {}
            }
            read(&damaged);
        }
    }
}

/// One damaged entry costs that entry, wherever the damage is.
#[test]
fn a_damaged_entry_costs_itself() {
    const ENTRY: &str = r#"{"startedDateTime":"2026-03-01T10:00:00Z","request":{"method":"GET","url":"https://a.test/","headers":[{"name":"Origin","value":"x"}]},"response":{"status":200}}"#;
    for at in 1..ENTRY.len() {
        for damage in ["\"", "{", "}", "[", "]", ",", "\\", "\0", "x"] {
            let broken = format!("{}{damage}{}", &ENTRY[..at], &ENTRY[at + 1..]);
            let text = format!(r#"{{"log":{{"entries":[{ENTRY},{broken},{ENTRY},{ENTRY}]}}}}"#);
            let capture = read(text.as_bytes()).expect("a capture");
            assert!(
                capture.exchanges.len() >= 3,
                "{at} {damage:?}: {} exchanges, {:?}",
                capture.exchanges.len(),
                capture.notices
            );
        }
    }
}
