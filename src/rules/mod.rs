//! Rules: one file each, named as its id. A rule reads a fetch and its verdict and says what is wrong.

mod declaration;

pub use declaration::{Declaration, declarations};

use crate::audit::JudgedFetch;
use crate::exchange::{Capture, Exchange, Response};

/// A judged fetch with its recording: what rules and reports read.
#[derive(Clone, Copy, Debug)]
pub struct FetchView<'a> {
    /// The recording.
    pub capture: &'a Capture,
    /// The fetch and its verdict.
    pub judged: &'a JudgedFetch,
}

impl<'a> FetchView<'a> {
    /// The exchange whose answer the page could, or could not, read: the one of the last recorded hop.
    #[must_use]
    pub fn last(&self) -> Option<&'a Exchange> {
        self.judged.fetch.last(self.capture)
    }

    /// The answer to the actual request of the last hop; never a preflight's.
    #[must_use]
    pub fn actual_response(&self) -> Option<&'a Response> {
        let hop = self.judged.fetch.hops.last()?;
        self.capture
            .exchanges
            .get(hop.exchange? as usize)?
            .response()
    }
}
