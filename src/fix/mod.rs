//! Ready server configuration for a finding: what the server that answered has to be told, in the words of nine
//! servers and frameworks.
//!
//! A [`Remedy`] is what a finding asks for; [`Remedy::configuration`] writes it for one [`Server`], one file each. Only
//! lists of exact origins are written, always with `Vary: Origin`: nothing here copies the request's `Origin`, and
//! nothing pairs `*` with credentials. What a recording names goes into configuration only as an
//! [`AllowedOrigin`] or a [`Word`], whose characters mean nothing inside the quotes of any of the languages.

mod apache;
mod aspnet;
mod django;
mod express;
mod fastapi;
mod go;
mod nginx;
mod remedy;
mod spring;
mod word;
mod worker;

pub use remedy::{AllowList, Basis, Remedy, ResourcePolicy};
pub use word::{AllowedOrigin, Word};

use std::fmt;

/// Seconds for which browsers may keep a preflight's answer: what Chromium keeps at most.
const MAX_AGE: u32 = 7200;

/// Servers and frameworks that a remedy is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// nginx.
    Nginx,
    /// Apache httpd 2.4.
    Apache,
    /// Express, with the `cors` middleware.
    Express,
    /// Spring, with Spring Security.
    Spring,
    /// Django, with `django-cors-headers`.
    Django,
    /// FastAPI, and Starlette below it.
    FastApi,
    /// Go, `net/http`.
    Go,
    /// ASP.NET Core.
    AspNet,
    /// A worker of a content delivery network, in the service worker style that Cloudflare and others run.
    Worker,
}

impl Server {
    /// Every server, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Nginx,
        Self::Apache,
        Self::Express,
        Self::Spring,
        Self::Django,
        Self::FastApi,
        Self::Go,
        Self::AspNet,
        Self::Worker,
    ];

    /// The name for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Express => "Express",
            Self::Spring => "Spring",
            Self::Django => "Django",
            Self::FastApi => "FastAPI",
            Self::Go => "Go",
            Self::AspNet => "ASP.NET Core",
            Self::Worker => "CDN worker",
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Remedy {
    /// The remedy in a server's own words, ending with a line end.
    #[must_use]
    pub fn configuration(&self, server: Server) -> String {
        match self {
            Self::Grant(list) => match server {
                Server::Nginx => nginx::grant(list),
                Server::Apache => apache::grant(list),
                Server::Express => express::grant(list),
                Server::Spring => spring::grant(list),
                Server::Django => django::grant(list),
                Server::FastApi => fastapi::grant(list),
                Server::Go => go::grant(list),
                Server::AspNet => aspnet::grant(list),
                Server::Worker => worker::grant(list),
            },
            Self::Share(policy) => {
                let value = policy.as_str();
                match server {
                    Server::Nginx => nginx::share(value),
                    Server::Apache => apache::share(value),
                    Server::Express => express::share(value),
                    Server::Spring => spring::share(value),
                    Server::Django => django::share(value),
                    Server::FastApi => fastapi::share(value),
                    Server::Go => go::share(value),
                    Server::AspNet => aspnet::share(value),
                    Server::Worker => worker::share(value),
                }
            }
        }
    }
}

/// Items in quotes, parted by comma and space.
fn quoted<T: AsRef<str>>(items: &[T], quote: char) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("{quote}{}{quote}", item.as_ref()))
        .collect();
    items.join(", ")
}

/// Items parted by comma and space, as header values list them.
fn listed<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests;
