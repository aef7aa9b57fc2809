//! URLs of requests: the serialisation without its fragment, and the origin, parsed once.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::cors::Origin;

/// A parsed absolute URL (URL Standard). The fragment, which never travels, is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: Box<str>,
    origin: Origin,
    has_userinfo: bool,
}

/// Origins seen so far, so that equal ones share one allocation.
#[derive(Debug, Default)]
pub struct OriginPool {
    known: FxHashMap<Box<str>, Origin>,
}

impl Url {
    /// Parses an absolute URL.
    ///
    /// # Errors
    /// What the URL Standard calls a failure, among it every relative URL.
    pub fn parse(text: &str) -> Result<Self, ::url::ParseError> {
        Self::parse_pooled(text, &mut OriginPool::default())
    }

    /// Parses an absolute URL, sharing its origin with those parsed before.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn parse_pooled(text: &str, pool: &mut OriginPool) -> Result<Self, ::url::ParseError> {
        let mut url = ::url::Url::parse(text)?;
        url.set_fragment(None);
        let has_userinfo = !url.username().is_empty() || url.password().is_some();
        let origin = pool.share(Origin::of(&url));
        Ok(Self {
            text: String::from(url).into(),
            origin,
            has_userinfo,
        })
    }

    /// Resolves a reference, such as a `Location` value, against this URL. A missing fragment is not inherited.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, ::url::ParseError> {
        let base = ::url::Url::parse(&self.text)?;
        Self::parse(base.join(reference)?.as_str())
    }

    /// The serialisation without fragment. It may hold user information and secrets: reports print
    /// [`crate::redact`]ed forms.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL's origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The scheme, lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.text.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// Whether a user name or password stands before the host.
    #[must_use]
    pub fn has_userinfo(&self) -> bool {
        self.has_userinfo
    }

    /// Path and query, from the first `/` behind the authority; the whole rest for URLs without authority.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        let after_scheme = self.text.split_once(':').map_or("", |(_, rest)| rest);
        match after_scheme.strip_prefix("//") {
            Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
            None => after_scheme,
        }
    }

    /// The path without query.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path_and_query();
        path.split_once('?').map_or(path, |(path, _)| path)
    }
}

impl OriginPool {
    /// The known origin equal to the given one, which is remembered otherwise.
    pub fn share(&mut self, origin: Origin) -> Origin {
        if origin.is_opaque() {
            return origin;
        }
        if let Some(known) = self.known.get(origin.serialised()) {
            return known.clone();
        }
        self.known
            .insert(origin.serialised().into(), origin.clone());
        origin
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
