//! How far an audit has come: counters that readers move on and others look at.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an audit has read so far. It never shows in the outcome.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: AtomicU64,
    inputs: AtomicU64,
}

impl Meter {
    /// Bytes read of the inputs as they are stored, compressed or not.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Inputs read and judged.
    #[must_use]
    pub fn inputs(&self) -> u64 {
        self.inputs.load(Ordering::Relaxed)
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn add_input(&self) {
        self.inputs.fetch_add(1, Ordering::Relaxed);
    }
}

/// A reader that moves a meter on, once for each read of a whole buffer.
pub(crate) struct Metered<R> {
    inner: R,
    meter: Arc<Meter>,
}

impl<R> Metered<R> {
    pub(crate) fn new(inner: R, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.meter.add_bytes(count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_move_the_meter_on() {
        let meter = Arc::new(Meter::default());
        let mut reader = Metered::new(&[7_u8; 1000][..], Arc::clone(&meter));
        let mut buffer = [0; 300];
        assert_eq!(reader.read(&mut buffer).ok(), Some(300));
        assert_eq!(meter.bytes(), 300);
        assert_eq!(io::copy(&mut reader, &mut io::sink()).ok(), Some(700));
        assert_eq!(meter.bytes(), 1000);
    }
}
