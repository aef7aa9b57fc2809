//! The CORS protocol as browsers apply it (Fetch Standard, sections 3.2, 4.1 to 4.10): pure functions, no I/O.

mod fetch;
mod origin;
mod request;
mod verdict;

pub use fetch::{
    AddressSpace, Answer, AuthorHeaders, CacheEntry, Fetch, Hop, LocalNetwork, Preflight,
};
pub use origin::Origin;
pub use request::{CredentialsMode, EmbedderPolicy, RedirectMode, RequestMode};
pub use verdict::{Class, Code, Engine, Phase, Verdict, Warning, Warnings};
