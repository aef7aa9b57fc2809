//! How much is looked at. Every number bounds time or memory on hostile input; none is a tuning knob of the outcome.

/// Bytes of a body, as they stand in the recording, that are looked at. Data that matters stands at the beginning of an
/// answer, and what an hour of scrolling appends repeats its kinds.
pub(crate) const SCANNED: usize = 1 << 20;

/// Largest answer that may be the report of a deed (`{"ok":true}`); what is larger is data.
pub(super) const REPORT: usize = 16 << 10;

/// Largest request body that is parsed as JSON.
pub(super) const PARSED_REQUEST: usize = 256 << 10;

/// Largest policy file of Flash or Silverlight.
pub(super) const POLICY_FILE: usize = 64 << 10;

/// Different values of one kind that are told apart; more count as so many.
pub(super) const MOST_VALUES: usize = 10_000;

/// Longest value that is looked at: longer tokens do not fit into a request's head.
pub(super) const LONGEST_VALUE: usize = 8 << 10;

/// Longest member name that can mean something.
pub(super) const LONGEST_NAME: usize = 40;

/// Parameters of one query or form that are looked at.
pub(super) const MOST_PARAMETERS: usize = 1_000;

/// Origins kept of one request's parameters.
pub(super) const MOST_ORIGINS: usize = 8;

/// Longest pointer that is kept.
pub(super) const LONGEST_POINTER: usize = 200;

/// Possible card numbers that wait for the end of their body.
pub(super) const MOST_DOUBTFUL: usize = 1_000;
