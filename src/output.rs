//! Where a report goes: standard output, or a file that appears when it is complete.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::interrupt::Unfinished;

/// Where a report goes.
pub(crate) enum Output {
    /// Standard output, colours translated or removed as the terminal needs.
    Stdout(BufWriter<Box<dyn Write>>),
    /// A file beside the target, renamed to it at the end.
    File(BufWriter<Unfinished>, PathBuf),
}

impl Output {
    /// Standard output.
    pub(crate) fn stdout(out: impl Write + 'static) -> Self {
        Self::Stdout(BufWriter::with_capacity(1 << 16, Box::new(out)))
    }

    /// A file. What is no regular file (a pipe, a terminal) is written to directly, as nothing can be renamed to it.
    pub(crate) fn file(target: &Path) -> io::Result<Self> {
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            let file = fs::OpenOptions::new().write(true).open(&target)?;
            return Ok(Self::stdout(file));
        }
        if target.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".corsaudit-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&target)
                .map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        Ok(Self::File(
            BufWriter::with_capacity(1 << 16, Unfinished::new(|| builder.tempfile_in(folder))?),
            target,
        ))
    }

    /// Ends the report.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::File(out, target) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(&target)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out, _) => out.flush(),
        }
    }
}
