//! Content codings (RFC 9110, section 8.4.1; zstd by RFC 8878), removed from the beginning of a body.
//!
//! Output is bounded, input is what a caller held, and each step gives output or ends; so a body that expands without end
//! costs no more than one of the bound's length.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Codings one upon the other; more than two were never seen.
const MOST_CODINGS: usize = 3;

/// The largest window that a `zstd` content coding may ask for (RFC 9659, section 3).
const ZSTD_WINDOW: u64 = 8 << 20;

/// Bytes that the `br` decoder reads at a time.
const BROTLI_BUFFER: usize = 4 << 10;

/// A body without its codings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'b> {
    /// As much of it as could be decoded, `limit` bytes at most.
    pub bytes: Cow<'b, [u8]>,
    /// Whether the codings ended in order within the limit.
    pub is_whole: bool,
}

/// Removes the codings that the `Content-Encoding` lines list. Of an unknown coding nothing can be said: no bytes then.
pub fn decode<'b, 'l>(
    lines: impl IntoIterator<Item = &'l [u8]>,
    body: &'b [u8],
    limit: usize,
) -> Decoded<'b> {
    let codings: Vec<&[u8]> = lines
        .into_iter()
        .flat_map(|line| line.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
        .collect();
    let mut decoded = Decoded {
        bytes: Cow::Borrowed(body),
        is_whole: true,
    };
    if codings.len() > MOST_CODINGS {
        return nothing();
    }
    for coding in codings.iter().rev() {
        let Some(step) = remove(coding, &decoded.bytes, limit) else {
            return nothing();
        };
        decoded = Decoded {
            is_whole: decoded.is_whole && step.is_whole,
            bytes: step.bytes,
        };
    }
    decoded
}

fn nothing<'b>() -> Decoded<'b> {
    Decoded {
        bytes: Cow::Borrowed(b""),
        is_whole: false,
    }
}

fn remove(coding: &[u8], body: &[u8], limit: usize) -> Option<Decoded<'static>> {
    let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
    Some(if is("gzip") || is("x-gzip") {
        read(MultiGzDecoder::new(body), limit)
    } else if is("deflate") {
        // Servers disagree whether the zlib format is meant; its first two bytes tell.
        match body {
            [first, second, ..]
                if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0 =>
            {
                read(ZlibDecoder::new(body), limit)
            }
            _ => read(DeflateDecoder::new(body), limit),
        }
    } else if is("br") {
        read(
            brotli_decompressor::Decompressor::new(body, BROTLI_BUFFER),
            limit,
        )
    } else if is("zstd") {
        match ruzstd::decoding::StreamingDecoder::new_with_max_window_size(body, ZSTD_WINDOW) {
            Ok(decoder) => read(decoder, limit),
            Err(_) => nothing(),
        }
    } else {
        return None;
    })
}

/// Reads up to the limit, keeping what came before a defect.
fn read(mut decoder: impl Read, limit: usize) -> Decoded<'static> {
    let mut bytes = Vec::new();
    let outcome = decoder.by_ref().take(limit as u64).read_to_end(&mut bytes);
    // At the limit the next byte tells whether that was all.
    let is_whole =
        outcome.is_ok() && (bytes.len() < limit || matches!(decoder.read(&mut [0]), Ok(0)));
    Decoded {
        bytes: Cow::Owned(bytes),
        is_whole,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"email\":\"alice@example.com\"}";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn decoded<'b>(coding: &str, body: &'b [u8]) -> Decoded<'b> {
        decode([coding.as_bytes()], body, 1 << 16)
    }

    #[test]
    fn codings() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).expect("memory");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(TEXT).expect("memory");
        // Stored, as one meta-block; as one raw block.
        let brotli = [&[0x0b, 0x0e, 0x80][..], TEXT, &[0x03]].concat();
        let zstd = [
            &[
                0x28,
                0xb5,
                0x2f,
                0xfd,
                0x20,
                TEXT.len() as u8,
                (TEXT.len() as u8) << 3 | 1,
                0,
                0,
            ][..],
            TEXT,
        ]
        .concat();
        let whole = Decoded {
            bytes: Cow::Borrowed(TEXT),
            is_whole: true,
        };
        for (coding, body) in [
            ("gzip", gzip(TEXT)),
            ("X-GZIP", gzip(TEXT)),
            ("deflate", zlib.finish().expect("memory")),
            ("deflate", raw.finish().expect("memory")),
            ("br", brotli),
            ("zstd", zstd),
            ("gzip, gzip", gzip(&gzip(TEXT))),
            ("identity", TEXT.to_vec()),
            ("", TEXT.to_vec()),
        ] {
            assert_eq!(decoded(coding, &body), whole, "{coding}");
            // A body that breaks off is never whole, and no byte of it makes a panic.
            for end in 0..body.len() {
                let part = decoded(coding, &body[..end]);
                assert!(
                    !part.is_whole || matches!(coding, "identity" | ""),
                    "{coding} {end}"
                );
                assert!(TEXT.starts_with(&part.bytes), "{coding} {end}");
            }
        }
        assert_eq!(decoded("compress", TEXT), nothing());
        assert_eq!(decoded("gzip, gzip, gzip, gzip", TEXT), nothing());
    }

    #[test]
    fn bombs_and_garbage() {
        let bomb = gzip(&vec![b' '; 50 << 20]);
        let found = decode([&b"gzip"[..]], &bomb, 1 << 16);
        assert_eq!((found.bytes.len(), found.is_whole), (1 << 16, false));
        let twice = gzip(&bomb);
        let found = decode([&b"gzip"[..], b"gzip"], &twice, 1 << 16);
        assert!(found.bytes.len() <= 1 << 16 && !found.is_whole);
        let mut seed = 7_u64;
        let garbage: Vec<u8> = (0..4096)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) as u8
            })
            .collect();
        for coding in ["gzip", "deflate", "br", "zstd"] {
            for start in 0..200 {
                let found = decoded(coding, &garbage[start..]);
                assert!(found.bytes.len() <= 1 << 16, "{coding}");
            }
        }
        // A frame that asks for a window of a tebibyte.
        let greedy = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 1, 0, 0];
        assert_eq!(decoded("zstd", &greedy), nothing());
    }
}
