//! Why an input could not be audited. The run goes on with the next input and exits with 2.

use std::fmt;
use std::io;

/// An input could not be audited.
#[derive(Debug)]
pub struct Error {
    /// The input, by name.
    pub input: String,
    /// What went wrong.
    pub kind: ErrorKind,
}

/// What went wrong with an input.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused.
    Io(io::Error),
    /// Neither a HAR nor a capture, by its first bytes.
    UnknownFormat,
    /// The input holds no byte.
    Empty,
    /// Not JSON, at this place.
    Json {
        /// Line, from 1.
        line: u64,
        /// Column in bytes, from 1.
        column: u64,
        /// What the parser says.
        message: String,
    },
    /// JSON, but no HAR: there is no `entries` list.
    NotAHar(String),
    /// A damaged container (gzip, zip).
    Container(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.input, self.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::UnknownFormat => f.write_str("neither a HAR nor a packet capture (pcap, pcapng)"),
            Self::Empty => f.write_str("the input is empty"),
            Self::Json {
                line,
                column,
                message,
            } => write!(f, "line {line}, column {column}: not JSON: {message}"),
            Self::NotAHar(what) => write!(f, "JSON, but not a HAR: {what}"),
            Self::Container(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}
