//! The CORS protocol as browsers apply it (Fetch Standard, sections 3.2, 4.1 to 4.10): pure functions, no I/O.
//!
//! [`evaluate`] replays a [`Fetch`] under the rules of an [`Engine`] and says what came of it. A [`Trace`] listens to
//! the clauses as they are decided.

mod catalogue;
mod cors_check;
mod engine;
mod fetch;
pub mod header;
mod local_network;
mod message;
mod origin;
mod preflight;
mod preflight_cache;
mod procedure;
mod redirect;
mod request;
mod resource_policy;
mod response_headers;
mod safelist;
mod trace;
mod verdict;

pub use catalogue::{Explanation, explain};
pub use fetch::{
    AddressSpace, Answer, AuthorHeaders, CacheEntry, Fetch, Hop, LocalNetwork, Preflight,
};
pub use message::{BrowserMessage, BrowserReport, Load, LoadKind, browser_report};
pub use origin::Origin;
pub use preflight_cache::max_age_seconds;
pub use procedure::{Evaluation, evaluate};
pub use request::{CredentialsMode, EmbedderPolicy, RedirectMode, RequestMode};
pub use resource_policy::{is_same_site, is_schemelessly_same_site, site};
pub use response_headers::{is_readable, is_timing_allowed};
pub use safelist::{is_forbidden, is_safelisted};
pub use trace::{Clause, Clauses, NoTrace, Trace, Value};
pub use verdict::{Class, Code, Engine, Phase, Verdict, Warning, Warnings};
