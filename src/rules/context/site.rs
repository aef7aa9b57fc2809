//! What was seen of sites: pages opened, sessions, cookies.

/// What was seen of one site.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site {
    /// A page of the site was opened in a tab.
    pub is_document: bool,
    /// Such a page set or was sent a cookie.
    pub has_session: bool,
    /// Such a page stands in a recording without cookies, which may hide a session.
    pub is_stripped: bool,
    /// A cookie was set that travels across sites.
    pub unbound_cookie: bool,
    /// A cookie was set that does not.
    pub bound_cookie: bool,
    /// A cookie was set without `SameSite`.
    pub unspecified_cookie: bool,
}

/// Whether the session cookie can travel across sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Portability {
    /// Every cookie seen is `Lax` or `Strict`.
    SiteBound,
    /// Not told.
    Unknown,
    /// A cookie with `SameSite=None; Secure` was set.
    Declared,
    /// It did.
    Proven,
}

/// How a user of the recording met a server that a stranger's page then asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visit {
    /// Pages of the same site were opened.
    Site,
    /// Pages of this very origin were opened.
    Origin,
}

impl Site {
    pub(super) fn merge(&mut self, other: Self) {
        self.is_document |= other.is_document;
        self.has_session |= other.has_session;
        self.is_stripped |= other.is_stripped;
        self.unbound_cookie |= other.unbound_cookie;
        self.bound_cookie |= other.bound_cookie;
        self.unspecified_cookie |= other.unspecified_cookie;
    }
}
