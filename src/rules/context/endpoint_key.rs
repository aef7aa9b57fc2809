//! Endpoints as keys: a hash, for a server may have as many as it has answers.

use super::url_key::hash_of;
use crate::exchange::{Exchange, Method};
use crate::facts::write_endpoint;

/// Stands for an endpoint of a server: whether the method only reads, and the path template.
///
/// 64 bits, as many as of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointKey(u64);

impl EndpointKey {
    /// The endpoint of an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let reads = matches!(
            exchange.request.method,
            Method::Get | Method::Head | Method::Options
        );
        Self::with(exchange, reads)
    }

    /// The exchange's endpoint for methods that only read, and the one for those that do not.
    pub(super) fn both_of(exchange: &Exchange) -> [Self; 2] {
        [true, false].map(|reads| Self::with(exchange, reads))
    }

    fn with(exchange: &Exchange, reads: bool) -> Self {
        let mut template = String::new();
        write_endpoint(exchange, &mut template);
        Self(hash_of(&(reads, template)))
    }
}
