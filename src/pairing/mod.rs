//! Exchanges to fetches: redirect hops, their preflights, and the facts the procedure needs.

mod fetch;

pub use fetch::{Fetch, Hop, PreflightLink};
