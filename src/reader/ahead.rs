//! Reading ahead: a thread of its own fetches the next bytes while the last ones are taken apart.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Bytes fetched at a time: small enough to be in the processor's cache when they are read.
const CHUNK: usize = 256 << 10;

/// Chunks that may wait.
const AHEAD: usize = 5;

/// Who asks for as much at once reads windows, and reads them ahead by itself: the bytes go straight there, as one more copy
/// of each would cost more than the thread gains.
const WINDOW: usize = 1 << 20;

/// Reads from `R` in another thread; from this one where no thread can be started, or windows are read.
pub(super) struct ReadAhead<R> {
    /// Who holds it reads the next bytes. Chunks are handed over before it is let go, so that they keep their order.
    input: Arc<Mutex<R>>,
    full: Receiver<io::Result<Vec<u8>>>,
    /// `None` once no more chunks are wanted.
    empty: Option<Sender<Vec<u8>>>,
    current: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read + Send + 'static> ReadAhead<R> {
    pub(super) fn new(input: R) -> Self {
        let input = Arc::new(Mutex::new(input));
        let (full_in, full) = channel();
        let (empty, empty_out) = channel();
        for _ in 0..AHEAD {
            // The other end is still here.
            let _ = empty.send(Vec::new());
        }
        let shared = Arc::clone(&input);
        let started = thread::Builder::new()
            .name("corsaudit-read".to_owned())
            .spawn(move || fetch(&shared, &full_in, &empty_out));
        Self {
            input,
            full,
            empty: started.is_ok().then_some(empty),
            current: Vec::new(),
            at: 0,
            ended: false,
        }
    }
}

/// Fetches until the input ends, fails, or nobody gives chunks any more.
fn fetch(input: &Mutex<impl Read>, full: &Sender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    while let Ok(mut chunk) = empty.recv() {
        chunk.resize(CHUNK, 0);
        let mut input = lock(input);
        let read = loop {
            match input.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
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

fn lock<R>(input: &Mutex<R>) -> MutexGuard<'_, R> {
    input.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read> Read for ReadAhead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.current.len() && !self.ended && !buffer.is_empty() {
            if buffer.len() >= WINDOW {
                self.empty = None;
            }
            if self.empty.is_some() {
                let Ok(message) = self.full.recv() else {
                    // The thread died: it can only have run out of memory.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                };
                self.take(message)?;
                continue;
            }
            // What was fetched before comes first, also what is being fetched now.
            let mut input = lock(&self.input);
            match self.full.try_recv() {
                Ok(message) => {
                    drop(input);
                    self.take(message)?;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    let read = input.read(buffer);
                    self.ended = match &read {
                        Ok(count) => *count == 0,
                        Err(error) => error.kind() != io::ErrorKind::Interrupted,
                    };
                    return read;
                }
            }
        }
        let rest = &self.current[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl<R> ReadAhead<R> {
    /// Goes on to the next chunk, and gives the last one back.
    fn take(&mut self, message: io::Result<Vec<u8>>) -> io::Result<()> {
        self.ended = !matches!(&message, Ok(chunk) if !chunk.is_empty());
        let used = std::mem::replace(&mut self.current, message?);
        self.at = 0;
        if let Some(empty) = &self.empty {
            // The thread may be gone.
            let _ = empty.send(used);
        }
        Ok(())
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
    fn windows_go_on_where_chunks_end() {
        let bytes: Vec<u8> = (0..8 * WINDOW + 17).map(|n| (n % 251) as u8).collect();
        for first in [0, 1, CHUNK - 1, CHUNK, CHUNK * 7] {
            for size in [WINDOW, WINDOW * 3] {
                let mut ahead = ReadAhead::new(io::Cursor::new(bytes.clone()));
                let mut got = vec![0; first];
                ahead.read_exact(&mut got).expect("as many bytes");
                let mut window = vec![0; size];
                loop {
                    let count = ahead.read(&mut window).expect("no error");
                    if count == 0 {
                        break;
                    }
                    got.extend_from_slice(&window[..count]);
                    // A short read among the windows.
                    let count = ahead.read(&mut window[..10]).expect("no error");
                    got.extend_from_slice(&window[..count]);
                }
                assert!(got == bytes, "{first} {size}");
                assert_eq!(ahead.read(&mut window).expect("still the end"), 0);
            }
        }
        let mut ahead = ReadAhead::new(Drip(vec![7; 2500], 0, Some(io::ErrorKind::BrokenPipe)));
        let mut window = vec![0; WINDOW];
        let mut count = 0;
        let error = loop {
            match ahead.read(&mut window) {
                Ok(more) => count += more,
                Err(error) => break error,
            }
        };
        assert_eq!((count, error.kind()), (2500, io::ErrorKind::BrokenPipe));
        assert_eq!(ahead.read(&mut window).expect("ended"), 0);
    }

    #[test]
    fn an_error_comes_behind_the_bytes() {
        let mut ahead = ReadAhead::new(Drip(vec![7; 2500], 0, Some(io::ErrorKind::BrokenPipe)));
        let mut got = Vec::new();
        let error = ahead.read_to_end(&mut got).expect_err("the error");
        assert_eq!((got.len(), error.kind()), (2500, io::ErrorKind::BrokenPipe));
    }
}
