//! Facts that rules read: computed from a fetch on demand, nothing stored, nothing decided.
//!
//! | module | answers |
//! | --- | --- |
//! | `site` | same origin, same site, cross-site; who shares a registrable domain |
//! | `imitation` | names made to pass a careless comparison |
//! | `network` | public, private, loopback: where the server stands |
//! | `policy` | which grant the answer carries |
//! | `session` | whether a signed-in user's credentials travelled, and whether they can travel across sites |
//! | `resource` | public asset, beacon, data; kinds of sensitive data |
//! | `endpoint` | path templates |
//! | `cookie` | cookies that may stand for a person, by their names |
//! | `tracker` | well-known third-party collectors |
//! | `caching` | which caches may use an answer again, and whether one answered |

mod caching;
mod cookie;
mod endpoint;
mod imitation;
mod network;
mod policy;
mod resource;
mod session;
mod site;
mod tracker;

pub use caching::{Caching, Directives, Hit, Storage, varies_by};
pub use cookie::sends_personal_cookie;
pub use endpoint::{template, write_endpoint, write_template};
pub use imitation::{Form, Imitation, imitation};
pub use network::{Network, host_network, network};
pub use policy::{AllowOrigin, Policy};
pub use resource::{
    carries_data, content_type, is_public_asset, is_public_content, is_receipt, sensitive,
    sensitive_kinds,
};
pub use session::{Authentication, SameSite, authentication, same_site_of_cookie};
pub use site::{
    Relation, is_ip_host, is_shared_hosting_tenant, relation, runs_strangers_code, site_host,
};
pub use tracker::is_known_collector;
