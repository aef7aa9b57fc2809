//! Charts, each a model and a template of inline SVG. Numbers stand beside every bar, and every drawing has its table,
//! so that nobody depends on colour or sight.

pub(super) mod severity;
pub(super) mod trust_map;
pub(super) mod verdicts;
pub(super) mod waterfall;
