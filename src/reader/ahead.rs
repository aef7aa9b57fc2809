//! Reading ahead: a thread of its own fetches the next bytes while the last ones are taken apart.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Bytes fetched at a time: small enough to be in the processor's cache when they are read.
const CHUNK: usize = 256 << 10;

/// Chunks that may wait.
const AHEAD: usize = 4;

/// Reads from `R` in another thread; from this one where no thread can be started.
pub(super) enum ReadAhead<R> {
    Here(R),
    There(Chunks),
}

/// Chunks that the other thread fetches.
pub(super) struct Chunks {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: Sender<Vec<u8>>,
    current: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read + Send + 'static> ReadAhead<R> {
    pub(super) fn new(input: R) -> Self {
        let (full_in, full) = sync_channel(AHEAD);
        let (empty, empty_out) = channel();
        // The input moves into the thread only if there is one.
        let (hand_over, taken) = channel::<R>();
        let started = thread::Builder::new()
            .name("corsaudit-read".to_owned())
            .spawn(move || {
                if let Ok(input) = taken.recv() {
                    fetch(input, &full_in, &empty_out);
                }
            });
        if started.is_err() {
            return Self::Here(input);
        }
        match hand_over.send(input) {
            Ok(()) => Self::There(Chunks {
                full,
                empty,
                current: Vec::new(),
                at: 0,
                ended: false,
            }),
            Err(returned) => Self::Here(returned.0),
        }
    }
}

/// Fetches until the input ends, fails, or nobody listens any more.
fn fetch(mut input: impl Read, full: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut chunk = empty.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let read = match input.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let (message, is_last) = match read {
            Ok(len) => {
                chunk.truncate(len);
                (Ok(chunk), len == 0)
            }
            Err(error) => (Err(error), true),
        };
        if full.send(message).is_err() || is_last {
            return;
        }
    }
}

impl<R: Read> Read for ReadAhead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Here(input) => input.read(buffer),
            Self::There(chunks) => chunks.read(buffer),
        }
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.current.len() && !self.ended && !buffer.is_empty() {
            match self.full.recv() {
                Ok(Ok(chunk)) => {
                    self.ended = chunk.is_empty();
                    let used = std::mem::replace(&mut self.current, chunk);
                    self.at = 0;
                    // The thread may be gone.
                    let _ = self.empty.send(used);
                }
                Ok(Err(error)) => {
                    self.ended = true;
                    return Err(error);
                }
                // The thread died: it can only have run out of memory.
                Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let rest = &self.current[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives few bytes at a time, and an error at the end if it has one.
    struct Drip(Vec<u8>, usize, Option<io::ErrorKind>);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let left = &self.0[self.1..];
            let count = left.len().min(buffer.len()).min(1000);
            if count == 0
                && let Some(kind) = self.2.take()
            {
                return Err(kind.into());
            }
            buffer[..count].copy_from_slice(&left[..count]);
            self.1 += count;
            Ok(count)
        }
    }

    #[test]
    fn the_same_bytes() {
        let bytes: Vec<u8> = (0..3 * CHUNK + 17).map(|n| (n % 251) as u8).collect();
        for input in [
            Drip(bytes.clone(), 0, None),
            Drip(bytes.clone(), bytes.len() - 5, None),
        ] {
            let want = bytes[input.1..].to_vec();
            let mut got = Vec::new();
            let mut ahead = ReadAhead::new(input);
            ahead.read_to_end(&mut got).expect("no error");
            assert!(got == want);
            assert_eq!(ahead.read(&mut [0; 4]).expect("still the end"), 0);
        }
    }

    #[test]
    fn an_error_comes_behind_the_bytes() {
        let mut ahead = ReadAhead::new(Drip(vec![7; 2500], 0, Some(io::ErrorKind::BrokenPipe)));
        let mut got = Vec::new();
        let error = ahead.read_to_end(&mut got).expect_err("the error");
        assert_eq!((got.len(), error.kind()), (2500, io::ErrorKind::BrokenPipe));
    }
}
