//! References of exchanges that only the end of a HAR file resolves: pages, connections, caches.

use crate::exchange::Exchange;

/// What stands behind the numbers that exchanges were given while their file was read.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// For each name of a page, its place in the list of pages.
    pub(crate) pages: Vec<Option<u32>>,
    /// For each name of a connection, whether it tells one connection from another.
    pub(crate) connections: Vec<bool>,
    /// Whether a filled `cache` member says that the HTTP cache answered.
    pub(crate) cache_member_tells: bool,
}

impl References {
    /// Puts what is referred to in place of the numbers.
    pub(crate) fn resolve(&self, exchange: &mut Exchange) {
        let hints = &mut exchange.hints;
        hints.page = hints
            .page
            .and_then(|name| self.pages.get(name as usize).copied()?);
        hints.connection = hints
            .connection
            .filter(|name| self.connections.get(*name as usize) == Some(&true));
        hints.from_cache |= self.cache_member_tells && hints.has_cache_member;
    }
}
