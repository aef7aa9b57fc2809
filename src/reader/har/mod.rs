//! HAR (HTTP Archive) -> exchanges. Reads what exporters really write: any version, members missing, null or of another
//! type, in any order; a bad entry is a notice and the rest is read.
//!
//! The text passes through memory in windows (`feed.rs`), the entries of one window are read on all cores (`list.rs`).
//! Bodies are measured, and looked into where another origin asked for them (`crate::content`); none is kept.

mod conformance;
mod convert;
mod document;
mod draft;
mod entry;
mod feed;
mod lines;
mod list;
mod piece;
mod time;

use std::io::{self, Read};
use std::sync::Arc;

use super::Options;
use super::json::{Json, Stop};
use crate::error::ErrorKind;
use crate::recording::Recording;
use document::Document;
pub(crate) use draft::NOT_RECORDED;
use feed::Feed;
use list::ListReader;
use piece::Context;

/// The largest entry that is read; what is longer is skipped with a notice.
const LONGEST_ENTRY: usize = 1 << 30;

/// Reads a HAR document.
///
/// # Errors
/// When the text is not JSON up to the entries, when there is no list of entries, or when the reader fails.
pub(super) fn read(
    reader: &mut (dyn Read + Send),
    source: &Arc<str>,
    options: &Options,
) -> Result<Recording, ErrorKind> {
    let mut reader = DocumentReader {
        feed: Feed::new(reader, options.window),
        document: Document::new(),
        options,
        saw_log: false,
        saw_entries: false,
    };
    let halt = reader.document().err();
    let failure = reader.feed.failure.take();
    let nothing_read = reader.document.entries() == 0;
    match failure {
        Some(error) if nothing_read || !is_damage(&error) => {
            return Err(if is_damage(&error) {
                ErrorKind::Container(error.to_string())
            } else {
                ErrorKind::Io(error)
            });
        }
        Some(error) => reader.document.notices.add(
            "container-damaged",
            &format!("{error}; what could be unpacked was read"),
            None,
        ),
        None => {}
    }
    match halt {
        Some(_) if reader.feed.bytes == 0 => return Err(ErrorKind::Empty),
        Some(halt) if !reader.saw_entries => return Err(reader.json_error(halt)),
        Some(Halt::End) => reader.document.notices.add(
            "recording-truncated",
            "the recording breaks off; the whole entries before that were read",
            None,
        ),
        Some(Halt::Syntax { expected, .. }) => reader.document.notices.add(
            "recording-damaged",
            &format!("{expected} expected behind what was read; the rest was not read"),
            None,
        ),
        None if reader.saw_entries => {}
        None if reader.saw_log => reader.document.notices.add(
            "entries-missing",
            "`log` holds no list `entries`; nothing to audit",
            None,
        ),
        None => return Err(ErrorKind::NotAHar("there is no list `entries`".into())),
    }
    let bytes = reader.feed.bytes;
    Ok(reader.document.finish(source, bytes))
}

/// Whether a reader failed because of what it reads, not because of the system.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}

/// Walks the document around the entries.
struct DocumentReader<'r, 's> {
    feed: Feed<'r>,
    document: Document,
    options: &'s Options,
    saw_log: bool,
    saw_entries: bool,
}

/// Why the walk ended early.
enum Halt {
    /// The source has no more bytes.
    End,
    /// Not JSON, at this offset of the text in memory.
    Syntax { at: usize, expected: &'static str },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Log,
}

impl DocumentReader<'_, '_> {
    fn document(&mut self) -> Result<(), Halt> {
        while self.feed.text().len() < 3 && self.feed.more() {}
        if self.feed.text().starts_with(b"\xEF\xBB\xBF") {
            self.feed.consume(3);
        }
        let wrapped = self.callback()?;
        if self.peek()? != b'{' {
            return self.skip();
        }
        self.feed.consume(1);
        self.members(Level::Top)?;
        self.trailer(wrapped);
        Ok(())
    }

    /// Skips what stands before the document in JSONP: a function's name and a parenthesis.
    fn callback(&mut self) -> Result<bool, Halt> {
        if !is_name_byte(self.peek()?) {
            return Ok(false);
        }
        loop {
            let text = self.feed.text();
            let name = text.iter().position(|byte| !is_name_byte(*byte));
            if let Some(length) = name {
                let mut json = Json::new(text, length);
                if let Ok(first) = json.peek() {
                    let behind = json.at() + 1;
                    if first == b'(' {
                        self.feed.consume(behind);
                    }
                    return Ok(first == b'(');
                }
            }
            if !self.feed.more() {
                return Err(Halt::End);
            }
        }
    }

    /// The members of an object, behind its brace.
    fn members(&mut self, level: Level) -> Result<(), Halt> {
        loop {
            if self.take(b'}')? {
                return Ok(());
            }
            let key = self.attempt(|json| Ok(json.key()?.decode().into_owned()))?;
            let first = self.peek()?;
            match (&*key, level) {
                ("log", Level::Top) => {
                    self.saw_log = true;
                    if first == b'{' {
                        self.feed.consume(1);
                        self.members(Level::Log)?;
                    } else {
                        self.skip()?;
                    }
                }
                ("entries", _) if first == b'[' => {
                    self.feed.consume(1);
                    self.entries()?;
                }
                ("creator", _) => {
                    let name = self.attempt(document::creator)?;
                    self.document.set_creator(&name);
                }
                ("pages", _) => {
                    let pages = self.attempt(document::pages)?;
                    self.document.set_pages(pages);
                }
                _ => self.skip()?,
            }
            if !self.take(b',')? {
                if !self.take(b'}')? {
                    return Err(Halt::Syntax {
                        at: 0,
                        expected: "`,` or `}`",
                    });
                }
                return Ok(());
            }
        }
    }

    /// The elements of the list of entries, behind its bracket.
    fn entries(&mut self) -> Result<(), Halt> {
        self.saw_entries = true;
        let mut list = ListReader::new();
        while !list.learn(self.feed.text()) && self.feed.more() {}
        loop {
            let at_end = self.feed.ended;
            let context = Context {
                looks_inside: self.options.looks_inside,
                at_end,
                check: self.options.check_har,
            };
            let window = self.feed.advance(|text, _| {
                let window = list.read(text, context);
                (window.at, window)
            });
            for piece in window.pieces {
                self.document.absorb(piece);
            }
            if window.closed {
                return Ok(());
            }
            if at_end {
                if window.lost {
                    return Err(Halt::Syntax {
                        at: 0,
                        expected: "an entry",
                    });
                }
                return Err(Halt::End);
            }
            if self.feed.text().len() > LONGEST_ENTRY {
                self.document.notices.add(
                    "entry-too-long",
                    "the entry is longer than 1 GiB; skipped",
                    Some(self.document.entries()),
                );
                self.document.count_lost_entry();
                self.skip_long()?;
                if !self.take(b',')? {
                    if self.take(b']')? {
                        return Ok(());
                    }
                    return Err(Halt::Syntax {
                        at: 0,
                        expected: "`,` or `]`",
                    });
                }
            }
        }
    }

    /// What may follow the document: the end of the JSONP call.
    fn trailer(&mut self, wrapped: bool) {
        if wrapped {
            let _ = self.take(b')');
            let _ = self.take(b';');
        }
        if self.peek().is_ok() {
            self.document.notices.add(
                "trailing-garbage",
                "text follows the document; it was not read",
                None,
            );
        }
    }

    /// Skips white space and shows the next byte.
    fn peek(&mut self) -> Result<u8, Halt> {
        self.attempt(|json| json.peek())
    }

    fn take(&mut self, byte: u8) -> Result<bool, Halt> {
        self.attempt(|json| json.take(byte))
    }

    /// Skips a value of any length.
    fn skip(&mut self) -> Result<(), Halt> {
        let mut json = Json::new(self.feed.text(), 0);
        match json.skip() {
            Ok(()) => {
                let done = json.at();
                self.feed.consume(done);
                Ok(())
            }
            Err(Stop::Syntax { at, expected }) => Err(Halt::Syntax { at, expected }),
            Err(Stop::Incomplete) if self.feed.text().len() > self.options.window * 4 => {
                self.skip_long()
            }
            Err(Stop::Incomplete) => {
                if !self.feed.more() {
                    return Err(Halt::End);
                }
                self.skip()
            }
        }
    }

    /// Skips a value by its brackets and quotes alone, keeping nothing of it in memory.
    fn skip_long(&mut self) -> Result<(), Halt> {
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        loop {
            let end = self.feed.text().iter().position(|&byte| {
                if in_string {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_string = false,
                        _ => {}
                    }
                    return false;
                }
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' | b',' if depth == 0 => return true,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                false
            });
            let done = end.unwrap_or(self.feed.text().len());
            self.feed.consume(done);
            if end.is_some() {
                return Ok(());
            }
            if !self.feed.more() {
                return Err(Halt::End);
            }
        }
    }

    /// Reads a value that fits into memory, reading on until it is whole.
    fn attempt<T>(
        &mut self,
        read: impl for<'a> Fn(&mut Json<'a>) -> Result<T, Stop>,
    ) -> Result<T, Halt> {
        loop {
            let mut json = Json::new(self.feed.text(), 0);
            match read(&mut json) {
                Ok(value) => {
                    let done = json.at();
                    self.feed.consume(done);
                    return Ok(value);
                }
                Err(Stop::Syntax { at, expected }) => return Err(Halt::Syntax { at, expected }),
                Err(Stop::Incomplete) => {
                    if self.feed.text().len() > LONGEST_ENTRY || !self.feed.more() {
                        return Err(Halt::End);
                    }
                }
            }
        }
    }

    fn json_error(&self, halt: Halt) -> ErrorKind {
        let (at, message) = match halt {
            Halt::End => (self.feed.text().len(), "the text ends too early".into()),
            Halt::Syntax { at, expected } => (at, format!("{expected} expected")),
        };
        let (line, column) = self.feed.place_of(at);
        ErrorKind::Json {
            line,
            column,
            message,
        }
    }
}

/// Whether a byte may stand in a function's name before JSONP.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.')
}
