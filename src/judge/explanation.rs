//! What a report tells of a verdict: the clauses of the decision, and what browsers say.

use crate::rules::FetchView;

/// Why a verdict is what it is.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The clauses of the procedure in order, enough to redo the decision by hand.
    pub clauses: Vec<ReportedClause>,
    /// What Chromium says of a blocked fetch.
    pub chromium: Option<BrowserSentence>,
    /// What Firefox says of a blocked fetch.
    pub firefox: Option<BrowserSentence>,
    /// What WebKit says of a blocked fetch.
    pub webkit: Option<BrowserSentence>,
}

/// One clause of a decision.
#[derive(Clone, Debug)]
pub struct ReportedClause {
    /// Step of the standard, or of our inference.
    pub step: String,
    /// The header or fact it read.
    pub reads: String,
    /// Its value, secrets replaced.
    pub value: String,
    /// Whether the clause holds.
    pub holds: bool,
}

/// A browser's error name and console sentence.
#[derive(Clone, Debug)]
pub struct BrowserSentence {
    /// Name of the error, where the browser has one.
    pub error: Option<String>,
    /// The sentence.
    pub message: String,
}

/// Explains the verdict of a fetch.
#[must_use]
pub fn explain(_view: FetchView<'_>) -> Explanation {
    Explanation::default()
}
