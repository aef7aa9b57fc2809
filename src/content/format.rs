//! What a body is written in, by its first bytes and its content type.

/// Formats, as far as they differ for what may be found in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Comma-separated values, or other delimiters.
    Csv,
    /// Pairs as forms send them.
    Form,
    /// HTML, XML.
    Markup,
    /// JSON, also behind a guard such as `)]}'`.
    Json,
    /// A call of a function with JSON.
    Jsonp,
    /// Parts of a form.
    Multipart,
    /// JavaScript.
    Script,
    /// Anything else that is text.
    Text,
}

/// Content types whose bodies are never looked into: pictures, fonts, sound, styles, machine code, archives.
pub(crate) fn is_media(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    // What most answers to scripts are, and what nobody knows better.
    let usual = [&b"application/json"[..], b"application/octet-stream"];
    if usual
        .iter()
        .any(|usual| essence.eq_ignore_ascii_case(usual))
    {
        return false;
    }
    let starts = |prefix: &[u8]| {
        essence
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let holds = |part: &[u8]| {
        essence
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part))
    };
    [&b"image/"[..], b"font/", b"audio/", b"video/", b"text/css"]
        .iter()
        .any(|prefix| starts(prefix))
        || starts(b"application/")
            && [
                &b"font"[..],
                b"wasm",
                b"zip",
                b"pdf",
                b"grpc",
                b"protobuf",
                b"mpegurl",
                b"dash+xml",
            ]
            .iter()
            .any(|part| holds(part))
}

/// Content types of those whose first bytes browsers compare with signatures: images, sound and film.
pub(crate) fn has_signature(content_type: &[u8]) -> bool {
    [&b"image/"[..], b"audio/", b"video/"].iter().any(|prefix| {
        content_type
            .trim_ascii_start()
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

/// Whether a body begins like text: without the control characters that no text has.
pub(crate) fn is_text(body: &[u8]) -> bool {
    // All of them, without a way out in the middle: the compiler makes vector code of it.
    !body[..body.len().min(512)]
        .iter()
        .fold(false, |found, &byte| {
            let stands_in_text =
                (byte == b'\t') | (byte == b'\n') | (byte == 12) | (byte == b'\r') | (byte == 27);
            found | (byte < 32) & !stands_in_text
        })
}

impl Format {
    /// The format of a text; `None` for what is no text.
    pub(super) fn of(text: &[u8], content_type: &[u8]) -> Option<Self> {
        if !is_text(text) {
            return None;
        }
        let holds = |part: &[u8]| {
            content_type
                .windows(part.len())
                .any(|window| window.eq_ignore_ascii_case(part))
        };
        let start = body_start(text);
        let rest = &text[start..];
        Some(match rest {
            [b'{' | b'[', ..] if !holds(b"javascript") || closes(text) => Self::Json,
            [b'<', ..] => Self::Markup,
            _ if is_guarded_json(rest) => Self::Json,
            _ if holds(b"javascript") || holds(b"ecmascript") => Self::Script,
            _ if holds(b"multipart/") => Self::Multipart,
            _ if holds(b"urlencoded") || is_form(rest) => Self::Form,
            _ if holds(b"csv") || holds(b"tab-separated") => Self::Csv,
            _ if holds(b"html") => Self::Markup,
            _ => Self::Text,
        })
    }

    /// Whether values stand in it for themselves, so that one that is all of a string is a datum and no mention.
    pub(super) fn is_data(self) -> bool {
        matches!(self, Self::Csv | Self::Json | Self::Jsonp)
    }
}

/// Where the text begins: behind a byte-order mark and white space, escaped or not.
pub(super) fn body_start(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match &text[at..] {
            [b' ' | b'\t' | b'\n' | b'\r', ..] => at += 1,
            [b'\\', b'n' | b'r' | b't', ..] => at += 2,
            [0xEF, 0xBB, 0xBF, ..] => at += 3,
            [b'\\', b'u', b'f', b'e', b'f', b'f', ..] => at += 6,
            _ => return at,
        }
    }
}

/// Whether the last byte that is no white space closes a bracket.
pub(super) fn closes(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] | [rest @ .., b'\\', b'n' | b'r' | b't'] => {
                rest
            }
            [.., b'}' | b']'] => return true,
            _ => return false,
        };
    }
}

/// JSON behind what keeps it from running as a script.
fn is_guarded_json(text: &[u8]) -> bool {
    [
        &b")]}'"[..],
        b"for(;;);",
        b"for (;;);",
        b"while(1);",
        b"while (1);",
        b"/*-secure-",
    ]
    .iter()
    .any(|guard| text.starts_with(guard))
}

/// A name, `=`, and no line that goes on like text.
fn is_form(text: &[u8]) -> bool {
    let head = &text[..text.len().min(512)];
    let Some(equals) = memchr::memchr(b'=', head) else {
        return false;
    };
    equals > 0
        && head[..equals].iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'%')
        })
        && !head
            .iter()
            .any(|byte| matches!(byte, b' ' | b'<' | b'"' | b'\n' | b'\\' | b'{' | b'('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (text, content_type, format) in [
            ("{\"a\":1}", "", Some(Format::Json)),
            (" \\n\\t[1]", "text/plain", Some(Format::Json)),
            ("\u{feff}{}", "", Some(Format::Json)),
            (")]}',\n{\"a\":1}", "application/json", Some(Format::Json)),
            ("{var a=1}a()", "text/javascript", Some(Format::Script)),
            (
                "!function(){}",
                "application/javascript; charset=utf-8",
                Some(Format::Script),
            ),
            ("<!doctype html>", "application/json", Some(Format::Markup)),
            ("a,b\n1,2", "text/csv", Some(Format::Csv)),
            ("access_token=x&scope=y", "text/plain", Some(Format::Form)),
            (
                "--x\r\n",
                "multipart/form-data; boundary=x",
                Some(Format::Multipart),
            ),
            ("a = 1; // text", "text/plain", Some(Format::Text)),
            ("", "", Some(Format::Text)),
            ("\0\u{1}", "application/octet-stream", None),
        ] {
            assert_eq!(
                Format::of(text.as_bytes(), content_type.as_bytes()),
                format,
                "{text}"
            );
        }
        for byte in 0..=255 {
            let is_control = matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31);
            assert_eq!(is_text(&[b'a', byte]), !is_control, "{byte}");
        }
        assert!(is_media(b"Image/PNG"));
        assert!(is_media(b"application/font-woff2"));
        assert!(!is_media(b"application/json; x=font"));
    }
}
