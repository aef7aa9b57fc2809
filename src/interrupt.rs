//! An interrupted run leaves no temporary file behind.
//!
//! Whoever writes a file holds its place in [`Unfinished`]. A signal that ends the program removes the file first, then ends it
//! as the signal would have: a shell that runs a loop sees that it was interrupted.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A temporary file that a signal removes.
pub(crate) struct Unfinished(NamedTempFile);

impl Unfinished {
    /// Makes a file.
    pub(crate) fn new(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        signals::watch()?;
        let mut places = signals::places();
        let file = make()?;
        places.push(file.path().to_owned());
        Ok(Self(file))
    }

    /// Renames the file to its target, complete.
    pub(crate) fn persist(self, target: &Path) -> io::Result<()> {
        // Behind the lock a signal waits, and finds either both names or none to remove.
        let mut places = signals::places();
        places.retain(|place| place != self.0.path());
        self.0.persist(target)?;
        Ok(())
    }
}

impl io::Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

mod signals {
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    static PLACES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

    /// Files to remove.
    pub(super) fn places() -> MutexGuard<'static, Vec<PathBuf>> {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to listen, once.
    #[cfg(unix)]
    pub(super) fn watch() -> std::io::Result<()> {
        use std::sync::OnceLock;

        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;

        static WATCHING: OnceLock<()> = OnceLock::new();
        if WATCHING.get().is_some() {
            return Ok(());
        }
        // Who started the program with a signal ignored (nohup, a job in the background) wants it ignored.
        let ignored = ignored();
        let wanted = [SIGHUP, SIGINT, SIGTERM];
        let heeded = wanted
            .iter()
            .filter(|signal| ignored & (1 << (**signal - 1)) == 0);
        let mut signals = Signals::new(heeded)?;
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    // The lock is kept: nothing is written or renamed any more.
                    let places = places();
                    for place in places.iter() {
                        // A file that is gone needs no removal, and nobody is left to be told of another failure.
                        let _ = std::fs::remove_file(place);
                    }
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            })?;
        let _ = WATCHING.set(());
        Ok(())
    }

    /// Elsewhere a temporary file may stay behind.
    #[cfg(not(unix))]
    pub(super) fn watch() -> std::io::Result<()> {
        Ok(())
    }

    /// The mask of ignored signals, where the system tells.
    #[cfg(unix)]
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .unwrap_or(0)
    }
}
