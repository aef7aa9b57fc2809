//! Why a verdict came out as it did: the clauses of the procedure in the order in which they were decided.

use std::fmt;

/// Receives each clause as it is decided. [`NoTrace`] costs nothing.
pub trait Trace {
    /// One clause of the procedure: which step, what it read, the value found, and whether it held.
    fn clause(&mut self, step: &'static str, reads: &str, value: Value<'_>, holds: bool);

    /// What a failed clause refused: a header name, a method, a value. Chromium calls it the failed parameter.
    fn refused(&mut self, _subject: &[u8]) {}
}

/// The value a clause read; formatted only if somebody listens.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// No such header, no such fact.
    Absent,
    /// Bytes of a header value.
    Bytes(&'a [u8]),
    /// A number: status, count, seconds.
    Number(u64),
    /// Text.
    Text(&'a str),
}

/// Drops every clause.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrace;

/// One clause, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Section and step of the standard, or the browser's own rule.
    pub step: &'static str,
    /// The header or fact that was read.
    pub reads: String,
    /// Its value; `(absent)` without one.
    pub value: String,
    /// Whether the clause held.
    pub holds: bool,
}

/// Keeps every clause, in order.
#[derive(Clone, Debug, Default)]
pub struct Clauses {
    /// The clauses.
    pub list: Vec<Clause>,
}

impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        value.map_or(Self::Absent, Self::Bytes)
    }
}

impl Trace for NoTrace {
    #[inline]
    fn clause(&mut self, _: &'static str, _: &str, _: Value<'_>, _: bool) {}
}

impl Trace for Clauses {
    fn clause(&mut self, step: &'static str, reads: &str, value: Value<'_>, holds: bool) {
        self.list.push(Clause {
            step,
            reads: reads.to_owned(),
            value: value.to_string(),
            holds,
        });
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("(absent)"),
            Self::Bytes(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds" } else { "fails" };
        write!(
            f,
            "{}: {} = {:?} {holds}",
            self.step, self.reads, self.value
        )
    }
}
