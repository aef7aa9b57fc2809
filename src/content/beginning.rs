//! How a body begins, as far as browsers decide by it whether an element gets the body (Opaque Response Blocking).
//!
//! Only bodies that begin as text are told apart. One that may be an image, sound or film by any browser's signatures
//! (MIME Sniffing Standard, sections 6.1 and 6.2) is none of these, and neither is anything binary: some formats have
//! no signature at its first bytes.

use bitcode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::format::is_text;

/// Bytes that browsers look at: 1024 in Chromium, 512 for most signatures in Firefox.
pub(crate) const SNIFFED: usize = 1024;

/// Bytes that tell text from everything else.
const TELLING: usize = 512;

/// How the body of a response begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Beginning {
    /// An HTML tag, behind white space and comments.
    Html,
    /// An XML declaration.
    Xml,
    /// A JSON object with a member.
    Json,
    /// A guard against being read as a script that is no script itself (`)]}'`).
    Guard,
    /// A guard that is a script without end (`for(;;);`).
    Loop,
    /// Other text.
    Text,
}

/// Tags that browsers take for HTML. Without `<!--`, which scripts may begin with.
const HTML: [&[u8]; 14] = [
    b"<!doctype html",
    b"<script",
    b"<html",
    b"<head",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<p",
];

const GUARDS: [&[u8]; 3] = [b")]}'", b"{}&&", b"{} &&"];

const LOOPS: [&[u8]; 4] = [b"for(;;);", b"while(1);", b"for (;;);", b"while (1);"];

/// Signatures of images, sound and film whose bytes may pass for text.
const SIGNATURES: [&[u8]; 8] = [
    b"GIF87a", b"GIF89a", b"BM", b"RIFF", b"OggS", b"ID3", b"fLaC", b"#EXTM3U",
];

impl Beginning {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Guard => "guard",
            Self::Loop => "loop",
            Self::Text => "text",
        }
    }

    /// How `body` begins; `is_whole`: nothing follows. `None`: empty, too short, or no text.
    pub(super) fn of(body: &[u8], is_whole: bool) -> Option<Self> {
        let body = &body[..body.len().min(SNIFFED)];
        if body.is_empty() || !(is_whole || body.len() >= TELLING) || may_be_media(body) {
            return None;
        }
        Some(if is_html(body) {
            Self::Html
        } else if body.trim_ascii_start().starts_with(b"<?xml") {
            Self::Xml
        } else if starts_with_any(body, &GUARDS) {
            Self::Guard
        } else if starts_with_any(body, &LOOPS) {
            Self::Loop
        } else if is_json_object(body) {
            Self::Json
        } else {
            Self::Text
        })
    }
}

/// Whether a sniffer of images, sound or film may find what it looks for. Frames of MPEG audio may begin anywhere, with
/// a byte that UTF-8 does not have.
fn may_be_media(body: &[u8]) -> bool {
    !is_text(body)
        || memchr::memchr(0xFF, body).is_some()
        || starts_with_any(body, &SIGNATURES)
        || body.get(4..8) == Some(b"ftyp")
}

fn starts_with_any(body: &[u8], signatures: &[&[u8]]) -> bool {
    signatures
        .iter()
        .any(|signature| body.starts_with(signature))
}

/// Whether the text begins with a tag of HTML. A comment counts up to the end of its last line, as scripts read it.
fn is_html(body: &[u8]) -> bool {
    let mut rest = body;
    loop {
        rest = rest.trim_ascii_start();
        let is_tag = |tag: &&[u8]| {
            rest.get(..tag.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        };
        if HTML.iter().any(is_tag) {
            return true;
        }
        let Some(comment) = rest.strip_prefix(b"<!--") else {
            return false;
        };
        let Some(end) = memchr::memmem::find(comment, b"-->") else {
            return false;
        };
        let Some(line) = memchr::memchr2(b'\n', b'\r', &comment[end..]) else {
            return false;
        };
        rest = &comment[end + line..];
    }
}

/// Whether the text begins with a brace, a string and a colon, which no script begins with.
fn is_json_object(body: &[u8]) -> bool {
    let Some(rest) = body.trim_ascii_start().strip_prefix(b"{") else {
        return false;
    };
    let Some(name) = rest.trim_ascii_start().strip_prefix(b"\"") else {
        return false;
    };
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return name[at + 1..].trim_ascii_start().first() == Some(&b':'),
            _ => at += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (body, found) in [
            (&b"<!DOCTYPE html><p>"[..], Some(Beginning::Html)),
            (b"\n <!-- a --> b\n<!---->\r\n<P>", Some(Beginning::Html)),
            // One line, so that all of it is a comment of a script.
            (b"<!-- a --><p>", Some(Beginning::Text)),
            (b"<!-- a", Some(Beginning::Text)),
            (b"<svg>", Some(Beginning::Text)),
            (b" <?xml version='1.0'?>", Some(Beginning::Xml)),
            (b" {\n\"a\\\"\" : 1}", Some(Beginning::Json)),
            (b"{\"a\"}", Some(Beginning::Text)),
            (b"{\"a\\", Some(Beginning::Text)),
            (b"{a: 1}", Some(Beginning::Text)),
            (b"[1]", Some(Beginning::Text)),
            (b")]}'\n[1]", Some(Beginning::Guard)),
            (b"for(;;);{}", Some(Beginning::Loop)),
            (b"0000", Some(Beginning::Text)),
            (b"", None),
            (b"GIF89a", None),
            (b"#EXTM3U\n", None),
            (b"....ftypmp42", None),
            (b"\x89PNG\r\n\x1a\n", None),
            (b"abc\xFF\xFBdef", None),
        ] {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(Beginning::of(body, true), found, "{shown}");
        }
    }

    #[test]
    fn cut() {
        assert_eq!(Beginning::of(b"<p>", false), None);
        let long = [b'a'; 2 * SNIFFED];
        assert_eq!(Beginning::of(&long, false), Some(Beginning::Text));
        // What stands behind the bytes that are looked at changes nothing.
        let mut behind = long;
        behind[SNIFFED] = 0xFF;
        assert_eq!(Beginning::of(&behind, true), Some(Beginning::Text));
        behind[SNIFFED - 1] = 0xFF;
        assert_eq!(Beginning::of(&behind, true), None);
    }
}
