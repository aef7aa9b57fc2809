//! What the procedure reads: one fetch with every input known.
//!
//! Recordings seldom tell every input. `judge` builds one of these for each possible value of what is unknown.

use super::origin::Origin;
use super::request::{CredentialsMode, EmbedderPolicy, RedirectMode, RequestMode};
use crate::exchange::Method;
use crate::header::HeaderList;
use crate::url::Url;

/// One fetch, all inputs known.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    /// The initiator's origin.
    pub origin: &'a Origin,
    /// The method of the first hop, as sent.
    pub method: &'a Method,
    /// Request mode.
    pub mode: RequestMode,
    /// Credentials mode.
    pub credentials: CredentialsMode,
    /// Redirect mode.
    pub redirect: RedirectMode,
    /// What the page itself set, for the first hop.
    pub author_headers: AuthorHeaders<'a>,
    /// A preflight is forced (upload listener, streaming body).
    pub force_preflight: bool,
    /// The requesting document's embedder policy.
    pub embedder_policy: EmbedderPolicy,
    /// Local Network Access inputs, where known.
    pub local_network: Option<LocalNetwork>,
    /// The hops in order; at least one. Hop 0 answers the first URL; each but the last is a redirect response.
    pub hops: &'a [Hop<'a>],
}

/// Request headers the page itself set.
#[derive(Clone, Copy, Debug)]
pub enum AuthorHeaders<'a> {
    /// Names and values.
    Lines(&'a [(&'a [u8], &'a [u8])]),
    /// Only that the CORS-unsafe request-header names are these, lower case, sorted: an
    /// `Access-Control-Request-Headers` value or an inference.
    UnsafeNames(&'a [&'a str]),
}

/// One URL of the URL list and what answered.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// The URL.
    pub url: &'a Url,
    /// The method of this hop as recorded; `None`: by the rules of HTTP-redirect fetch.
    pub method: Option<&'a Method>,
    /// The serialised origin seen on the wire of this hop; `None`: computed.
    pub wire_origin: Option<&'a Origin>,
    /// What is known of this hop's preflight.
    pub preflight: Preflight<'a>,
    /// The answer; `None`: no response arrived.
    pub response: Option<Answer<'a>>,
}

/// What is known of a hop's preflight.
#[derive(Clone, Copy, Debug)]
pub enum Preflight<'a> {
    /// Nothing. If one is needed, the answer is judged and the verdict warns `preflight-not-recorded`.
    NotRecorded,
    /// One was sent; it is judged whether or not the computation asks for one.
    Recorded {
        /// The `Origin` it carried.
        origin: Option<&'a Origin>,
        /// `Access-Control-Request-Method`.
        method: &'a Method,
        /// `Access-Control-Request-Headers`, as sent.
        headers: Option<&'a [u8]>,
        /// Its answer; `None`: no response arrived.
        response: Option<Answer<'a>>,
    },
    /// What the server would answer if asked (test vectors); read only if a preflight is needed and not cached.
    WouldAnswer {
        /// The answer; `None`: a network error.
        response: Option<Answer<'a>>,
        /// A preflight cache entry present when the request starts.
        cached: Option<CacheEntry<'a>>,
    },
}

/// A response as the procedure reads it.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: &'a HeaderList,
}

/// A CORS-preflight cache entry (Fetch Standard, section 4.9).
#[derive(Clone, Copy, Debug)]
pub struct CacheEntry<'a> {
    /// Serialised origin of the key.
    pub origin: &'a Origin,
    /// URL of the key.
    pub url: &'a Url,
    /// Credentials flag of the key.
    pub credentials: bool,
    /// The answer's `Access-Control-Allow-Methods`.
    pub allow_methods: Option<&'a [u8]>,
    /// The answer's `Access-Control-Allow-Headers`.
    pub allow_headers: Option<&'a [u8]>,
    /// The answer's `Access-Control-Max-Age`.
    pub max_age: Option<&'a [u8]>,
    /// Seconds since the answer.
    pub age_seconds: u64,
}

/// Inputs of a Local Network Access check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNetwork {
    /// Address space of the page.
    pub client: AddressSpace,
    /// Address space of the connected address.
    pub target: AddressSpace,
    /// Whether the page is a secure context.
    pub secure_context: bool,
    /// Whether permission was granted; `None`: unknown, taken as granted.
    pub permission: Option<bool>,
}

/// Address spaces, from less to more public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressSpace {
    /// 127/8, `::1` and so on.
    Loopback,
    /// Private addresses.
    Local,
    /// The rest.
    Public,
}
