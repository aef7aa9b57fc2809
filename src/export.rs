//! `corsaudit export`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corsaudit::exchange::Recorder;
use corsaudit::exit::Exit;
use corsaudit::har_export;
use corsaudit::reader::{self, KeyLogs};
use corsaudit::redact;
use corsaudit::source::Source;

use crate::output::Output;
use crate::terminal::{complain, tell};

/// Writes a capture as HAR. An unreadable key log does not keep the rest from being exported.
pub(crate) fn export(capture: &Path, keylogs: &[PathBuf], output: Option<&Path>) -> Exit {
    let KeyLogs {
        keylog,
        errors,
        mut notices,
    } = KeyLogs::read(keylogs);
    let mut exit = Exit::Clean;
    for error in &errors {
        exit = complain(&error.to_string());
    }
    let options = reader::Options {
        keylog: Arc::new(keylog),
        keeps_all: true,
        ..reader::Options::default()
    };
    let mut read = match reader::read(&Source::path(capture), &options) {
        Ok(read) if read.recorder == Recorder::Packets => read,
        Ok(_) => {
            let name = capture.display();
            return complain(&format!(
                "{name}: a HAR already; export reads packet captures"
            ));
        }
        Err(error) => return complain(&redact::text(&error.to_string())),
    };
    notices.append(&mut read.notices);
    for notice in &notices {
        tell(&format!(
            "{}: {}: {} (x{})",
            notice.file, notice.name, notice.message, notice.count
        ));
    }
    let written = match output {
        Some(path) => Output::file(path)
            .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
        None => Ok(Output::stdout(io::stdout())),
    }
    .and_then(|mut out| har_export::write(&read, &mut out).and_then(|()| out.finish()));
    crate::ended(written, exit)
}
