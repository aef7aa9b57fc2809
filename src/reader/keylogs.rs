//! Key log files that the user names.

use std::fs;
use std::path::PathBuf;

use crate::error::{Error, ErrorKind};
use crate::notice::Notice;
use crate::tls::KeyLog;

/// What key log files gave.
#[derive(Debug, Default)]
pub struct KeyLogs {
    /// The secrets of all that could be read.
    pub keylog: KeyLog,
    /// Files that could not be read.
    pub errors: Vec<Error>,
    /// Lines that are none of a key log, by file.
    pub notices: Vec<Notice>,
}

impl KeyLogs {
    /// Reads key log files (`SSLKEYLOGFILE`). Where two disagree about a secret, the later one counts.
    #[must_use]
    pub fn read(paths: &[PathBuf]) -> Self {
        let mut logs = Self::default();
        for path in paths {
            let name = path.to_string_lossy();
            let text = match fs::read(path) {
                Ok(text) => text,
                Err(error) => {
                    logs.errors.push(Error {
                        input: name.into_owned(),
                        kind: ErrorKind::Io(error),
                    });
                    continue;
                }
            };
            let (secrets, malformed) = (logs.keylog.len(), logs.keylog.malformed_lines());
            logs.keylog.add(&text);
            let mut notice = |name_, message: &str, count| {
                logs.notices.push(Notice {
                    name: name_,
                    message: message.to_owned(),
                    file: name.as_ref().into(),
                    locus: None,
                    count,
                });
            };
            let malformed = logs.keylog.malformed_lines() - malformed;
            if malformed > 0 {
                notice(
                    "keylog-line-unreadable",
                    "lines that are none of a key log were passed over",
                    malformed,
                );
            }
            if logs.keylog.len() == secrets {
                notice(
                    "keylog-without-secrets",
                    "the key log adds no secret; expected is the format of SSLKEYLOGFILE",
                    1,
                );
            }
        }
        logs
    }
}
