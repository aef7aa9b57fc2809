//! Key logs inside a capture, gathered before its packets are looked at: they may stand behind the packets that need them.
//!
//! ```text
//!  a file:  read twice
//!  a pipe:  pcapng --copied while the key logs are looked for--> an unnamed temporary file, read then
//!           pcap   --> read as it comes, for it cannot hold any
//! ```

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use crate::error::ErrorKind;
use crate::net::{may_hold_secrets, scan_secrets};
use crate::source::{Content, Source};
use crate::tls::KeyLog;

/// Adds the key logs of a capture to `keylog`, and gives a reader of the whole capture.
///
/// # Errors
/// When the input cannot be opened again. What is wrong inside it shows when it is read.
pub(super) fn gather(
    reader: impl Read + Send + 'static,
    source: &Source,
    keylog: &mut Arc<KeyLog>,
) -> Result<Box<dyn Read + Send>, ErrorKind> {
    let mut add = |text: &[u8]| Arc::make_mut(keylog).add(text);
    if let Some(again) = source.again() {
        if let Content::Stream(first_pass) = again?.content {
            // Errors show again in the second pass.
            let _ = scan_secrets(first_pass, &mut add);
        }
        return Ok(Box::new(reader));
    }
    let mut reader = reader;
    let mut head = Vec::new();
    let failure = reader.by_ref().take(4).read_to_end(&mut head).err();
    let may_hold = may_hold_secrets(&head);
    let rest = Cursor::new(head).chain(Rest {
        reader,
        failure: failure.map(|error| error.kind()),
    });
    if !may_hold {
        return Ok(Box::new(rest));
    }
    let Ok(file) = tempfile::tempfile() else {
        return Ok(Box::new(rest));
    };
    let mut copying = Copying::new(rest, file);
    let _ = scan_secrets(&mut copying, &mut add);
    Ok(Box::new(copying.into_reader()))
}

/// Reads from `R`, and copies what it reads. Ends where the copy cannot be made.
struct Copying<R> {
    reader: R,
    copy: File,
    copied: u64,
    /// Read, but not copied: the disk is full.
    uncopied: Vec<u8>,
    failure: Option<io::ErrorKind>,
}

impl<R: Read> Copying<R> {
    fn new(reader: R, copy: File) -> Self {
        Self {
            reader,
            copy,
            copied: 0,
            uncopied: Vec::new(),
            failure: None,
        }
    }

    /// All of `R`: what was read before, and what was not.
    fn into_reader(mut self) -> impl Read {
        // A file that can be written can be read from its start; if not, what follows shows it.
        let failure = self.copy.seek(SeekFrom::Start(0)).err();
        let copy = Rest {
            reader: self.copy,
            failure: failure.map(|error| error.kind()),
        };
        let rest = Rest {
            reader: self.reader,
            failure: self.failure,
        };
        copy.take(self.copied)
            .chain(Cursor::new(self.uncopied))
            .chain(rest)
    }
}

impl<R: Read> Read for Copying<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.uncopied.is_empty() {
            return Ok(0);
        }
        let count = match self.reader.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.failure = Some(error.kind());
                return Err(error);
            }
            read => read?,
        };
        let bytes = &buffer[..count];
        if self.copy.write_all(bytes).is_ok() {
            self.copied += count as u64;
            return Ok(count);
        }
        self.uncopied = bytes.to_vec();
        Ok(0)
    }
}

/// Reads from `R`, unless that failed before: then it fails in the same way.
struct Rest<R> {
    reader: R,
    failure: Option<io::ErrorKind>,
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.failure.take() {
            Some(kind) => Err(kind.into()),
            None => self.reader.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives bytes, then fails once.
    struct Breaking(Cursor<Vec<u8>>, Option<io::ErrorKind>);

    impl Read for Breaking {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => self.1.take().map_or(Ok(0), |kind| Err(kind.into())),
                count => Ok(count),
            }
        }
    }

    fn breaking() -> Breaking {
        Breaking(
            Cursor::new((0..200).collect()),
            Some(io::ErrorKind::ConnectionReset),
        )
    }

    #[test]
    fn wherever_the_first_reading_ends_the_second_reads_all() {
        for first in [0, 1, 199, 200, 300] {
            let mut copying = Copying::new(breaking(), tempfile::tempfile().unwrap());
            let read = copying.by_ref().take(first).read_to_end(&mut Vec::new());
            assert_eq!(read.is_err(), first > 200);
            let mut all = Vec::new();
            let error = copying.into_reader().read_to_end(&mut all).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            assert!(all.into_iter().eq(0..200), "{first}");
        }
    }

    #[test]
    fn what_cannot_be_copied_is_read_nevertheless() {
        // Opened for reading alone.
        let full = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        let mut copying = Copying::new(breaking(), full);
        assert_eq!(copying.read(&mut [0; 50]).unwrap(), 0);
        let mut all = Vec::new();
        copying.into_reader().read_to_end(&mut all).unwrap_err();
        assert!(all.into_iter().eq(0..200));
    }
}
