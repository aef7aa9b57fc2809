//! JSON pointers (RFC 6901) of places in a text, without values.
//!
//! Indices of arrays are folded to `-`. So are member names that are no names but data: objects keyed by ids, addresses or
//! tokens; such a name could be the secret itself.

use std::fmt::Write;

use super::limits;
use crate::redact;

/// Depth up to which members are named.
const DEEPEST: usize = 32;

/// The pointers of ascending offsets into a JSON text.
pub(super) fn pointers(text: &[u8], offsets: &[usize]) -> Vec<Box<str>> {
    let mut walk = Walk {
        text,
        at: text
            .iter()
            .position(|byte| matches!(byte, b'{' | b'['))
            .unwrap_or(text.len()),
        open: Vec::new(),
        depth: 0,
        awaits_name: false,
    };
    offsets
        .iter()
        .map(|offset| {
            walk.until(*offset);
            walk.pointer()
        })
        .collect()
}

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    /// The open brackets, outermost first: the name of the member of an object, `None` in an array.
    open: Vec<Option<&'t [u8]>>,
    /// Open brackets, also those too deep to be held.
    depth: usize,
    awaits_name: bool,
}

impl<'t> Walk<'t> {
    fn until(&mut self, offset: usize) {
        while self.at < offset.min(self.text.len()) {
            match self.text[self.at] {
                b'{' => {
                    self.push(Some(b""));
                    self.awaits_name = true;
                }
                b'[' => {
                    self.push(None);
                    self.awaits_name = false;
                }
                b'}' | b']' => {
                    if self.depth <= DEEPEST {
                        self.open.pop();
                    }
                    self.depth = self.depth.saturating_sub(1);
                    self.awaits_name = false;
                }
                b',' => self.awaits_name = matches!(self.innermost(), Some(Some(_))),
                b':' => self.awaits_name = false,
                b'"' => {
                    let end = string_end(self.text, self.at + 1);
                    if end >= offset {
                        // Inside this string; it is looked at again for the next offset.
                        return;
                    }
                    if self.awaits_name {
                        let name = &self.text[self.at + 1..end];
                        if let Some(Some(slot)) = self.innermost() {
                            *slot = name;
                        }
                    }
                    self.at = end;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn push(&mut self, bracket: Option<&'t [u8]>) {
        self.depth += 1;
        if self.depth <= DEEPEST {
            self.open.push(bracket);
        }
    }

    fn innermost(&mut self) -> Option<&mut Option<&'t [u8]>> {
        if self.depth > DEEPEST {
            return None;
        }
        self.open.last_mut()
    }

    fn pointer(&self) -> Box<str> {
        let mut out = String::new();
        for name in &self.open {
            if out.len() > limits::LONGEST_POINTER {
                break;
            }
            let name = name.and_then(|name| std::str::from_utf8(name).ok());
            match name.filter(|name| is_name(name)) {
                // Writing to a string does not fail.
                Some(name) => {
                    let _ = write!(out, "/{name}");
                }
                None => out.push_str("/-"),
            }
        }
        out.into()
    }
}

/// Whether a member's name is a name that a programmer chose. None of these characters needs an escape in a pointer.
pub(super) fn is_name(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (1..=limits::LONGEST_NAME).contains(&name.len())
        && digits <= 2
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b'$' | b':')
        })
        && !redact::is_secret_segment(name)
}

/// The name of a parameter or header as a pointer; folded when it is no name.
pub(super) fn of_name(name: &str) -> &str {
    let bare = name.trim_end_matches(['[', ']']);
    if is_name(&bare.replace(['[', ']'], "")) {
        name
    } else {
        "-"
    }
}

/// Where the string that begins at `from` ends.
fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at.min(text.len())..]) {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let text = r#")]}',{"a":{"b":[1,{"c":"X"}]},"d e":"Y","alice@example.com":"Z","4711001":["W"],"f\"g":"V"}"#;
        for (mark, pointer) in [
            ("X", "/a/b/-/c"),
            ("Y", "/d e"),
            ("Z", "/-"),
            ("W", "/-/-"),
            ("V", "/-"),
        ] {
            let at = text.find(mark).expect("a mark");
            assert_eq!(&*pointers(text.as_bytes(), &[at])[0], pointer, "{mark}");
        }
        let offsets: Vec<usize> = ["X", "Y", "W"]
            .iter()
            .filter_map(|mark| text.find(mark))
            .collect();
        let found = pointers(text.as_bytes(), &offsets);
        assert_eq!(
            found,
            ["/a/b/-/c".into(), "/d e".into(), Box::<str>::from("/-/-")]
        );
    }

    #[test]
    fn hostile_texts() {
        let deep = format!("{}1", "{\"a\":[".repeat(10_000));
        let found = pointers(deep.as_bytes(), &[deep.len() - 1, usize::MAX]);
        assert_eq!(found[0].matches("/a").count(), DEEPEST / 2);
        for text in ["", "}}}]]]", "\"", "{\"", "{\"a\\", "[[[", "{:,}", "x"] {
            assert_eq!(
                pointers(text.as_bytes(), &[0, 1, 2, 100]).len(),
                4,
                "{text}"
            );
        }
    }
}
