//! Progress of long audits, on a terminal that watches standard error and nowhere else.
//!
//! One line, drawn over itself: inputs and bytes done, rate, time left. It appears after two seconds and is gone before
//! anything else is said. A crate for bars
//! and spinners would be more than one line needs.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use corsaudit::inputs::Inputs;
use corsaudit::meter::Meter;

use crate::cli;

/// Shorter audits show nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time between two drawings.
const TICK: Duration = Duration::from_millis(200);

/// Erases the line and returns to its start.
const ERASE: &str = "\r\u{1b}[2K";

/// The progress of an audit, shown or not.
pub(crate) struct Progress {
    meter: Arc<Meter>,
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to watch an audit of these inputs.
    pub(crate) fn start(inputs: &Inputs, when: cli::Progress) -> Self {
        let meter = Arc::new(Meter::default());
        let draws = when == cli::Progress::Auto
            && io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let shown = draws
            .then(|| Shown::new(inputs, Arc::clone(&meter)).spawn())
            .flatten();
        Self { meter, shown }
    }

    /// What the audit moves on.
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Removes the line.
    pub(crate) fn finish(self) {
        if let Some((end, thread)) = self.shown {
            drop(end);
            // A thread that could not draw is no reason to fail.
            let _ = thread.join();
        }
    }
}

struct Shown {
    meter: Arc<Meter>,
    started: Instant,
    total: Total,
}

/// What there is to do.
#[derive(Clone, Copy)]
struct Total {
    inputs: u64,
    /// `None`: not known, as of standard input.
    bytes: Option<u64>,
}

impl Shown {
    fn new(inputs: &Inputs, meter: Arc<Meter>) -> Self {
        let size = |input: &corsaudit::inputs::Input| {
            let metadata = std::fs::metadata(&input.path).ok()?;
            metadata.is_file().then_some(metadata.len())
        };
        Self {
            meter,
            started: Instant::now(),
            total: Total {
                inputs: inputs.inputs.len() as u64,
                bytes: inputs.inputs.iter().map(size).sum(),
            },
        }
    }

    /// Draws until the sender is dropped. `None`: no thread could be started.
    fn spawn(self) -> Option<(Sender<()>, JoinHandle<()>)> {
        let (end, ended) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("progress".into())
            .spawn(move || {
                let mut wait = PATIENCE;
                while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    wait = TICK;
                    self.draw();
                }
                if wait == TICK {
                    erase();
                }
            });
        Some((end, thread.ok()?))
    }

    fn draw(&self) {
        let line = line(
            self.total,
            self.meter.inputs(),
            self.meter.bytes(),
            self.started.elapsed(),
        );
        // A line that wraps could not be erased; the last column stays free.
        let columns = terminal_size::terminal_size_of(io::stderr())
            .map_or(80, |(width, _)| usize::from(width.0))
            .saturating_sub(1);
        let line: String = line.chars().take(columns).collect();
        let mut stderr = io::stderr().lock();
        // A terminal that went away needs no progress.
        let _ = write!(stderr, "{ERASE}{line}").and_then(|()| stderr.flush());
    }
}

fn erase() {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{ERASE}").and_then(|()| stderr.flush());
}

fn line(total: Total, inputs: u64, bytes: u64, elapsed: Duration) -> String {
    let mut line = format!("corsaudit: {inputs} of {} inputs, ", total.inputs);
    let rate = bytes as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    match total.bytes {
        // Everything is read: what takes time now is judging.
        Some(all) if bytes >= all => line.push_str(&format!("{} read, judging", size(all))),
        Some(all) => {
            line.push_str(&format!(
                "{} of {}, {}/s",
                size(bytes),
                size(all),
                size(rate as u64)
            ));
            if rate >= 1.0 {
                line.push_str(&format!(", {} left", duration((all - bytes) as f64 / rate)));
            }
        }
        None => line.push_str(&format!("{}, {}/s", size(bytes), size(rate as u64))),
    }
    line
}

fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (1e3, "kB"),
        1_000_000..1_000_000_000 => (1e6, "MB"),
        _ => (1e9, "GB"),
    };
    format!("{:.1} {name}", bytes as f64 / unit)
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6_000 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_line_tells_what_is_done_and_what_is_left() {
        let total = Total {
            inputs: 12,
            bytes: Some(4_000_000_000),
        };
        assert_eq!(
            line(total, 3, 1_000_000_000, 4 * SECOND),
            "corsaudit: 3 of 12 inputs, 1.0 GB of 4.0 GB, 250.0 MB/s, 12 s left"
        );
        assert_eq!(
            line(total, 0, 0, 3 * SECOND),
            "corsaudit: 0 of 12 inputs, 0 B of 4.0 GB, 0 B/s"
        );
        assert_eq!(
            line(total, 11, 4_000_000_100, 9 * SECOND),
            "corsaudit: 11 of 12 inputs, 4.0 GB read, judging"
        );
        let unknown = Total {
            inputs: 1,
            bytes: None,
        };
        assert_eq!(
            line(unknown, 0, 30_000, 3 * SECOND),
            "corsaudit: 0 of 1 inputs, 30.0 kB, 10.0 kB/s"
        );
    }

    #[test]
    fn long_times_are_told_in_long_units() {
        for (seconds, told) in [
            (0.2, "1 s"),
            (99.0, "99 s"),
            (100.0, "2 min"),
            (7_201.0, "3 h"),
        ] {
            assert_eq!(duration(seconds), told);
        }
    }
}
