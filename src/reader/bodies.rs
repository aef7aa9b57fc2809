//! The place where recorded bodies pass by: they are measured and skipped, and whoever needs to look at them looks here.

use std::convert::Infallible;

/// Which message a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The request.
    Request,
    /// The response.
    Response,
}

/// A recorded body, as it stands in the recording.
#[derive(Clone, Copy, Debug)]
pub struct RecordedBody<'a> {
    /// The bytes between the quotes of the JSON string, escapes as they stand.
    pub json: &'a [u8],
    /// Whether the string holds base64.
    pub base64: bool,
    /// Whose body it is.
    pub side: Side,
}

/// Looks at bodies as they pass. `()` looks at none.
pub trait BodyScan: Sync {
    /// What a look may bring to light.
    type Found: Send;

    /// Looks at one body. Called from several threads, in no order.
    fn scan(&self, body: RecordedBody<'_>) -> Option<Self::Found>;
}

impl BodyScan for () {
    type Found = Infallible;

    fn scan(&self, _: RecordedBody<'_>) -> Option<Infallible> {
        None
    }
}

/// What a look at a body brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<F> {
    /// Index into [`crate::exchange::Capture::exchanges`].
    pub exchange: usize,
    /// What it is.
    pub what: F,
}
