//! Defects of a recording that did not stop the audit. An audit never skips silently.

use std::sync::Arc;

use crate::exchange::Locus;

/// Something in a recording that was cut, unknown, broken or skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Kebab-case name, stable.
    pub name: &'static str,
    /// What happened, with real values, and what to do about it: lower case, no full stop.
    pub message: String,
    /// The recording, by name.
    pub file: Arc<str>,
    /// The first place where it happened.
    pub locus: Option<Locus>,
    /// How often it happened.
    pub count: u64,
}
