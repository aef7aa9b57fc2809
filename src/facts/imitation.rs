//! Names that pass a careless comparison with a trusted name: what somebody registers to be taken for another.

use super::site::{is_ip_host, site_host};

/// Trusted names shorter than this resemble too much by chance.
const SHORTEST: usize = 6;

/// First labels shorter than this end many longer names by chance.
const SHORTEST_LABEL: usize = 4;

/// Words that a company puts before its own name when it registers a second domain.
const OWN_WORDS: &[&str] = &[
    "about", "account", "accounts", "app", "apps", "assets", "beta", "blog", "buy", "careers",
    "cdn", "cloud", "content", "data", "demo", "dev", "docs", "e", "express", "free", "get",
    "global", "go", "hello", "help", "hey", "i", "images", "img", "inside", "intl", "jobs", "join",
    "live", "login", "m", "mail", "media", "meet", "mobile", "my", "new", "news", "on", "online",
    "open", "partner", "pay", "play", "portal", "pre", "pro", "prod", "qa", "secure", "shop",
    "sso", "stage", "staging", "static", "status", "stg", "store", "support", "team", "test",
    "the", "top", "travel", "try", "uat", "up", "use", "visit", "we", "web", "with", "www", "your",
];

/// A name that imitates another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imitation {
    /// How.
    pub form: Form,
    /// The owner of the trusted name may well own this one too (`getbank.test`), or the likeness be chance (`dropbox.com`,
    /// `box.com`): a pattern, no evidence.
    pub is_plausible: bool,
}

/// The comparison that a name gets past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// "Ends with", without a dot before: `evilbank.test`.
    Suffix,
    /// "Starts with" or "contains": `bank.test.evil.example`, `bank.testevil.example`.
    Prefix,
    /// The wrong way round, "the trusted name contains it": `ank.test`.
    Substring,
    /// A pattern in which the dot means any character: `apixbank.test`.
    Edited,
    /// Bytes that no real name holds, past which a pattern stops reading: ``bank.test`.evil.example``.
    Odd,
    /// "Starts with localhost": `localhost.evil.example`.
    LocalhostPrefix,
}

impl Form {
    /// The label of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suffix => "suffix",
            Self::Prefix => "prefix",
            Self::Substring => "substring",
            Self::Edited => "edited",
            Self::Odd => "odd",
            Self::LocalhostPrefix => "localhost-prefix",
        }
    }
}

/// How a host imitates a trusted host, if it does. Hosts of one site never do.
#[must_use]
pub fn imitation(host: &str, trusted: &str) -> Option<Imitation> {
    if is_ip_host(host) || is_ip_host(trusted) || !host.contains('.') {
        return None;
    }
    let (site, own) = (site_host(host), site_host(trusted));
    if site == own {
        return None;
    }
    let certain = |form| {
        Some(Imitation {
            form,
            is_plausible: false,
        })
    };
    if host.starts_with("localhost.") && host != "localhost.localdomain" {
        return certain(Form::LocalhostPrefix);
    }
    let is_ordinary = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !host.bytes().all(is_ordinary) {
        return certain(Form::Odd);
    }
    if own.len() < SHORTEST || !own.contains('.') {
        return None;
    }
    contained(host, site, own)
        .or_else(|| edited(host, trusted))
        .or_else(|| {
            let before = site
                .strip_suffix(own)
                .filter(|before| !before.ends_with('.'))?;
            Some(Imitation {
                form: Form::Suffix,
                is_plausible: is_own_word(before) || is_short(own),
            })
        })
        .or_else(|| {
            let cut = own.strip_suffix(site).filter(|cut| !cut.ends_with('.'))?;
            (site.len() >= SHORTEST).then(|| Imitation {
                form: Form::Substring,
                is_plausible: is_own_word(cut) || (is_short(site) && cut.len() > 1),
            })
        })
}

/// The trusted name stands whole inside the host, at the start of a label, and is not what the host is registered under.
fn contained(host: &str, site: &str, own: &str) -> Option<Imitation> {
    let registered = host.len() - site.len();
    let start = host
        .match_indices(own)
        .map(|(at, _)| at)
        .find(|at| *at < registered && (*at == 0 || host.as_bytes()[at - 1] == b'.'))?;
    let end = start + own.len();
    let next = *host.as_bytes().get(end)?;
    // `bank.com.br` is a registration of its own; `bank.com.evil.example` is none.
    if next == b'.' && end >= registered {
        return None;
    }
    // `acme.contentful.com` is Acme's corner there, and only looks like `acme.co`.
    let top = own.rsplit('.').next().unwrap_or("");
    Some(Imitation {
        form: if next == b'_' {
            Form::Odd
        } else {
            Form::Prefix
        },
        is_plausible: next.is_ascii_alphanumeric() && top.len() <= 3,
    })
}

/// Equal but for characters where the trusted host has dots.
fn edited(host: &str, trusted: &str) -> Option<Imitation> {
    if host.len() != trusted.len() {
        return None;
    }
    let mut other = None;
    for (ours, theirs) in trusted.bytes().zip(host.bytes()) {
        if ours != theirs {
            if ours != b'.' {
                return None;
            }
            other = Some(theirs);
        }
    }
    Some(Imitation {
        form: Form::Edited,
        is_plausible: other? == b'-',
    })
}

/// Whether many names end in this one by chance, as `dropbox.com` does in `box.com`.
fn is_short(site: &str) -> bool {
    site.find('.').is_some_and(|label| label < SHORTEST_LABEL)
}

fn is_own_word(text: &str) -> bool {
    OWN_WORDS.binary_search(&text.trim_end_matches('-')).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imitations() {
        assert!(OWN_WORDS.is_sorted());
        for (host, trusted, expected) in [
            ("notbank.test", "api.bank.test", Some((Form::Suffix, false))),
            ("x.evilbank.test", "bank.test", Some((Form::Suffix, false))),
            ("getbank.test", "bank.test", Some((Form::Suffix, true))),
            ("my-bank.test", "bank.test", Some((Form::Suffix, true))),
            (
                "bank.test.evil.example",
                "api.bank.test",
                Some((Form::Prefix, false)),
            ),
            (
                "www.bank.test.evil.example",
                "bank.test",
                Some((Form::Prefix, false)),
            ),
            (
                "bank.testevil.example",
                "bank.test",
                Some((Form::Prefix, false)),
            ),
            (
                "bank.test_.evil.example",
                "bank.test",
                Some((Form::Odd, false)),
            ),
            (
                "bank.test`.evil.example",
                "bank.test",
                Some((Form::Odd, false)),
            ),
            ("acme.contentful.com", "acme.co", Some((Form::Prefix, true))),
            ("ank.test", "bank.test", Some((Form::Substring, false))),
            (
                "nkofall.test",
                "bankofall.test",
                Some((Form::Substring, false)),
            ),
            (
                "bankofall.test",
                "mybankofall.test",
                Some((Form::Substring, true)),
            ),
            (
                "apixbank.test",
                "api.bank.test",
                Some((Form::Edited, false)),
            ),
            ("shopxco.uk", "shop.co.uk", Some((Form::Edited, false))),
            (
                "localhost.evil.example",
                "bank.test",
                Some((Form::LocalhostPrefix, false)),
            ),
            ("dropbox.com", "api.box.com", Some((Form::Suffix, true))),
            ("some.github.io", "me.github.io", Some((Form::Suffix, true))),
            // Near misses.
            ("app.bank.test", "bank.test", None),
            ("bank.test", "api.bank.test", None),
            ("bank.com.br", "bank.com", None),
            ("bank.co.uk", "bank.com", None),
            ("bankstatic.test", "bank.test", None),
            ("partner.example", "bank.test", None),
            ("localhost", "bank.test", None),
            ("localhost.bank.test", "bank.test", None),
            ("a.io", "xa.io", None),
            ("foo.com", "foo.co", None),
            ("acme.com.s3.amazonaws.com", "acme.com", None),
            ("10.0.0.1", "bank.test", None),
            ("my_app.partner.example", "bank.test", None),
        ] {
            let found = imitation(host, trusted).map(|found| (found.form, found.is_plausible));
            assert_eq!(found, expected, "{host} {trusted}");
        }
    }
}
