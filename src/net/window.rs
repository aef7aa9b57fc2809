//! A sliding window over the input: the bytes not yet consumed, refilled from any `Read`, gzip taken off.

use std::io::{self, Chain, Cursor, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use super::limits::WINDOW;

type Prefixed<R> = Chain<Cursor<Vec<u8>>, R>;

enum Input<R> {
    Plain(Prefixed<R>),
    Gzip(Box<MultiGzDecoder<Prefixed<R>>>),
}

/// Why the input ended before it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Read(ErrorKind),
    Gzip,
}

pub(super) struct Window<R> {
    input: Input<R>,
    /// `start <= end <= buffer.len()`; the bytes between are unread.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    failure: Option<Failure>,
}

impl<R: Read> Window<R> {
    /// A window over `input`, which is unpacked if its first bytes are those of gzip (RFC 1952, section 2.3.1).
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(2);
        input.by_ref().take(2).read_to_end(&mut magic)?;
        let gzip = magic == [0x1f, 0x8b];
        let input = Cursor::new(magic).chain(input);
        let input = if gzip {
            Input::Gzip(Box::new(MultiGzDecoder::new(input)))
        } else {
            Input::Plain(input)
        };
        Ok(Self {
            input,
            buffer: vec![0; WINDOW],
            start: 0,
            end: 0,
            ended: false,
            failure: None,
        })
    }

    /// Reads on until `len` bytes are there; false if the input ends before.
    pub(super) fn fill(&mut self, len: usize) -> bool {
        if self.end - self.start >= len {
            return true;
        }
        if self.start + len > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            // Twice the need, so that moving a long block costs no more than reading it did.
            if self.buffer.len() < len * 2 {
                self.buffer.resize(len * 2, 0);
            }
        }
        while self.end - self.start < len && !self.ended {
            self.read();
        }
        self.end - self.start >= len
    }

    /// The unread bytes that are here already.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Drops the first `len` unread bytes.
    pub(super) fn consume(&mut self, len: usize) {
        self.start = (self.start + len).min(self.end);
    }

    /// Bytes consumed just now: `len` of them, `back` bytes before the unread ones. They stay until the next
    /// [`Window::fill`].
    pub(super) fn behind(&self, back: usize, len: usize) -> &[u8] {
        let from = self.start.saturating_sub(back);
        self.buffer.get(from..from + len).unwrap_or_default()
    }

    /// Why the input ended, if not because it was read to its end.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    fn read(&mut self) {
        let space = &mut self.buffer[self.end..];
        let (result, gzip) = match &mut self.input {
            Input::Plain(input) => (input.read(space), false),
            Input::Gzip(input) => (input.read(space), true),
        };
        match result {
            Ok(0) => self.ended = true,
            Ok(n) => self.end += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => {
                self.ended = true;
                let packed = matches!(
                    e.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
                );
                self.failure = Some(if gzip && packed {
                    Failure::Gzip
                } else {
                    Failure::Read(e.kind())
                });
            }
        }
    }
}
