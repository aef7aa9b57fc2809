//! Which files an audit reads: arguments to a sorted list without doubles, folders unfolded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use walkdir::WalkDir;

use crate::audit::Audit;
use crate::error::{Error, ErrorKind};
use crate::notice::Notice;

/// What the arguments name.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Files and standard input, ordered by path.
    pub inputs: Vec<Input>,
    /// Arguments that name nothing readable.
    pub errors: Vec<Error>,
}

/// One file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The path as given, or found below a folder as given; `-` is standard input.
    pub path: PathBuf,
    /// The argument that is a folder above this file; `None` for a file that was named itself.
    pub folder: Option<PathBuf>,
}

impl Inputs {
    /// Collects what arguments name: a file, a folder with all below it, `-` for standard input. A file that is met
    /// twice, by whatever path, is taken once.
    #[must_use]
    pub fn collect<P: AsRef<Path>>(arguments: &[P]) -> Self {
        let mut found = Self::default();
        for argument in arguments {
            let path = argument.as_ref();
            if path.as_os_str() == "-" {
                found.inputs.push(Input {
                    path: path.to_owned(),
                    folder: None,
                });
                continue;
            }
            match fs::metadata(path) {
                Err(error) => found.errors.push(unreadable(path, error)),
                Ok(metadata) if metadata.is_dir() => found.unfold(path),
                Ok(_) => found.inputs.push(Input {
                    path: path.to_owned(),
                    folder: None,
                }),
            }
        }
        // A file named itself comes before the same file found below a folder, so that it is the one that stays.
        found
            .inputs
            .sort_by(|a, b| (a.folder.is_some(), a).cmp(&(b.folder.is_some(), b)));
        let mut seen = FxHashSet::default();
        found.inputs.retain(|input| {
            seen.insert(fs::canonicalize(&input.path).unwrap_or_else(|_| input.path.clone()))
        });
        found.inputs.sort();
        found.errors.sort_by(|a, b| a.input.cmp(&b.input));
        found.errors.dedup_by(|a, b| a.input == b.input);
        found
    }

    fn unfold(&mut self, folder: &Path) {
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => self.inputs.push(Input {
                    path: entry.into_path(),
                    folder: Some(folder.to_owned()),
                }),
                Ok(_) => {}
                // A link to a folder above: its files are met anyway.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    let error = error
                        .into_io_error()
                        .unwrap_or_else(|| io::Error::other("unreadable"));
                    self.errors.push(unreadable(&path, error));
                }
            }
        }
    }
}

/// Takes note of a failed input: an error of the audit, or, for a file that no one named and that is no recording, a
/// count in the notice `not-a-recording` of its folder.
pub fn record_failure(audit: &mut Audit, input: &Input, kind: ErrorKind) {
    let is_no_recording = matches!(
        kind,
        ErrorKind::UnknownFormat | ErrorKind::Empty | ErrorKind::NotAHar(_)
    );
    let (Some(folder), true) = (&input.folder, is_no_recording) else {
        audit.errors.push(Error {
            input: name(&input.path).to_string(),
            kind,
        });
        return;
    };
    let folder = name(folder);
    if let Some(notice) = audit
        .notices
        .iter_mut()
        .find(|notice| notice.name == NOT_A_RECORDING && notice.file == folder)
    {
        notice.count += 1;
        return;
    }
    audit.notices.push(Notice {
        name: NOT_A_RECORDING,
        message: format!(
            "files below this folder are no recordings and were left out, the first is {}",
            name(&input.path)
        ),
        file: folder,
        locus: None,
        count: 1,
    });
}

const NOT_A_RECORDING: &str = "not-a-recording";

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error {
        input: name(path).to_string(),
        kind: ErrorKind::Io(error),
    }
}

fn name(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}
