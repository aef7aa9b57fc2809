//! Addresses of persons.

use std::borrow::Cow;

/// Local parts that name a role or a placeholder and no person; sorted, as a list of people asks for them in every line.
const ROLES: &[&str] = &[
    "abuse",
    "accounts",
    "admin",
    "administrator",
    "advertising",
    "billing",
    "booking",
    "bookings",
    "bot",
    "career",
    "careers",
    "contact",
    "contactus",
    "copyright",
    "customercare",
    "customerservice",
    "dev",
    "developer",
    "developers",
    "do-not-reply",
    "donotreply",
    "dpo",
    "editor",
    "email",
    "enquiries",
    "events",
    "example",
    "feedback",
    "finance",
    "foo",
    "gdpr",
    "git",
    "hello",
    "help",
    "helpdesk",
    "hi",
    "hostmaster",
    "hr",
    "info",
    "inquiries",
    "it",
    "jobs",
    "legal",
    "mail",
    "mailer-daemon",
    "marketing",
    "me",
    "media",
    "name",
    "newsletter",
    "no-reply",
    "no_reply",
    "noc",
    "noreply",
    "notification",
    "notifications",
    "npm",
    "office",
    "opensource",
    "orders",
    "partners",
    "partnerships",
    "postmaster",
    "pr",
    "press",
    "privacy",
    "recruiting",
    "reply",
    "root",
    "sales",
    "security",
    "service",
    "shop",
    "someone",
    "spam",
    "subscribe",
    "support",
    "team",
    "tech",
    "test",
    "unsubscribe",
    "user",
    "username",
    "web",
    "webmaster",
    "you",
    "your-email",
    "your.name",
    "youremail",
    "yourname",
];

/// Top-level names that are rather the ends of files; sorted.
const FILES: &[&str] = &[
    "avif", "bmp", "css", "csv", "gif", "gz", "htm", "html", "ico", "jpeg", "jpg", "js", "json",
    "jsx", "less", "map", "mjs", "mp4", "pdf", "php", "png", "scss", "svg", "ts", "tsx", "ttf",
    "txt", "vue", "webm", "webp", "woff", "woff2", "xml", "yaml", "yml", "zip",
];

/// Domains whose addresses are made by machines.
const MACHINES: &[&str] = &[
    "calendar.google.com",
    "gserviceaccount.com",
    "ingest.sentry.io",
    "mail.gmail.com",
    "noreply.github.com",
    "sentry.io",
];

/// Longest local part (RFC 5321).
const LONGEST_LOCAL: usize = 64;
/// Longest domain.
const LONGEST_DOMAIN: usize = 253;

/// Bytes of local parts.
static IS_LOCAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = value.is_ascii_alphanumeric()
            || matches!(value, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'');
        byte += 1;
    }
    table
};

/// Bytes of domains.
static IS_DOMAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.');
        byte += 1;
    }
    table
};

/// The bounds of what may be an address around the sign at `at`.
pub(super) fn bounds(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let local = text[..at]
        .iter()
        .rev()
        .take(LONGEST_LOCAL + 1)
        .take_while(|byte| IS_LOCAL[usize::from(**byte)])
        .count();
    let domain = text[at + 1..]
        .iter()
        .take(LONGEST_DOMAIN + 1)
        .take_while(|byte| IS_DOMAIN[usize::from(**byte)])
        .count();
    let fits = (1..=LONGEST_LOCAL).contains(&local) && (4..=LONGEST_DOMAIN).contains(&domain);
    fits.then_some((at - local, at + 1 + domain))
}

/// Tells addresses of persons, and remembers the last domain: in a list of people it is mostly the same.
#[derive(Debug, Default)]
pub(super) struct Persons<'t> {
    last: Option<(&'t [u8], bool)>,
}

impl<'t> Persons<'t> {
    /// Whether a text is the address of a person.
    pub(super) fn have(&mut self, address: &'t [u8]) -> bool {
        let Some(at) = memchr::memrchr(b'@', address) else {
            return false;
        };
        let (local, domain) = (&address[..at], &address[at + 1..]);
        if !is_person(local) {
            return false;
        }
        if let Some((known, has_persons)) = self.last
            && known == domain
        {
            return has_persons;
        }
        let has_persons = has_persons(domain);
        self.last = Some((domain, has_persons));
        has_persons
    }
}

/// Whether a text is the address of a person.
pub(super) fn is_personal(address: &[u8]) -> bool {
    Persons::default().have(address)
}

/// An address in lower case.
pub(super) fn folded(address: &[u8]) -> Cow<'_, [u8]> {
    if address.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(address.to_ascii_lowercase())
    } else {
        Cow::Borrowed(address)
    }
}

/// Whether a local part is that of a person.
fn is_person(local: &[u8]) -> bool {
    // What follows a plus is the person's own sorting.
    let base = match memchr::memchr(b'+', local) {
        Some(plus) => &local[..plus],
        None => local,
    };
    !local.is_empty()
        && local.len() <= LONGEST_LOCAL
        && local.iter().all(|byte| IS_LOCAL[usize::from(*byte)])
        && !matches!(
            (local.first(), local.last()),
            (Some(b'.'), _) | (_, Some(b'.'))
        )
        && !is_role(base)
        && !is_machine(local)
}

/// Whether people may have addresses at a domain.
fn has_persons(domain: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', domain) else {
        return false;
    };
    let (host, top) = (&domain[..dot], &domain[dot + 1..]);
    domain.len() <= LONGEST_DOMAIN
        && host.first().is_some_and(u8::is_ascii_alphanumeric)
        && host.iter().all(|byte| IS_DOMAIN[usize::from(*byte)])
        && memchr::memmem::find(domain, b"..").is_none()
        && top.len() >= 2
        && top.iter().all(u8::is_ascii_alphabetic)
        && !is_one_of(FILES, top)
        && is_top_level(domain, top)
        && !MACHINES.iter().any(|machine| {
            domain.len() >= machine.len()
                && domain[domain.len() - machine.len()..].eq_ignore_ascii_case(machine.as_bytes())
        })
}

/// Whether a text in any case is one of a sorted list.
fn is_one_of(list: &[&str], text: &[u8]) -> bool {
    let mut lower = [0; LONGEST_LOCAL];
    lower.get_mut(..text.len()).is_some_and(|lower| {
        lower.copy_from_slice(text);
        lower.make_ascii_lowercase();
        let found = list.binary_search_by_key(&&*lower, |known| known.as_bytes());
        found.is_ok()
    })
}

/// For each letter, the lengths of the roles that begin with it, a bit each.
static ROLE_LENGTHS: [u32; 26] = {
    let mut table = [0; 26];
    let mut index = 0;
    while index < ROLES.len() {
        let role = ROLES[index].as_bytes();
        assert!(role.len() < 32 && role[0].is_ascii_lowercase());
        table[(role[0] - b'a') as usize] |= 1 << role.len();
        index += 1;
    }
    table
};

fn is_role(base: &[u8]) -> bool {
    may_be_role(base) && is_one_of(ROLES, base)
}

/// Whether a role begins so and is as long: most names of people are told by that.
fn may_be_role(base: &[u8]) -> bool {
    let Some(first) = base.first() else {
        return false;
    };
    let letter = first.to_ascii_lowercase().wrapping_sub(b'a');
    base.len() < 32
        && ROLE_LENGTHS
            .get(usize::from(letter))
            .is_some_and(|lengths| lengths >> base.len() & 1 == 1)
}

/// A name made by a machine: many digits and letters mixed, as in message ids.
fn is_machine(local: &[u8]) -> bool {
    local.len() >= 20
        && local
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
        && local.iter().any(u8::is_ascii_digit)
}

/// Whether the name ends in a public suffix, or in one that is reserved for tests and so stands in every test's recording.
fn is_top_level(domain: &[u8], top: &[u8]) -> bool {
    top.eq_ignore_ascii_case(b"example")
        || top.eq_ignore_ascii_case(b"test")
        || psl::suffix(&domain.to_ascii_lowercase()).is_some_and(|suffix| suffix.is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(ROLES.is_sorted() && FILES.is_sorted());
    }

    #[test]
    fn addresses() {
        for (address, personal) in [
            ("alice@example.com", true),
            ("alice.b+shop@mail.example.co.uk", true),
            ("u123@bank.test", true),
            ("o'neil@example.org", true),
            ("info@example.com", false),
            ("Support@example.com", false),
            ("support+tag@example.com", false),
            ("no-reply@example.com", false),
            ("react@18.2.0", false),
            ("pkg@1.2", false),
            ("icon@2x.png", false),
            ("main@abc.js", false),
            ("wght@400", false),
            ("user@localhost", false),
            ("x@nosuchtoplevelname.qqqq", false),
            (
                "d41d8cd98f00b204e9800998ecf8427e@o1.ingest.sentry.io",
                false,
            ),
            ("d41d8cd98f00b204e9800998ecf8427e@example.com", false),
            ("robot@project.iam.gserviceaccount.com", false),
            (".alice@example.com", false),
            ("alice@example..com", false),
            ("@example.com", false),
            ("alice@", false),
        ] {
            assert_eq!(is_personal(address.as_bytes()), personal, "{address}");
        }
    }

    #[test]
    fn roles_are_never_persons() {
        for role in ROLES {
            for local in [
                (*role).to_owned(),
                role.to_ascii_uppercase(),
                format!("{role}+x"),
            ] {
                assert!(!is_person(local.as_bytes()), "{local}");
            }
            let longer = format!("{role}a");
            assert!(is_person(longer.as_bytes()) != ROLES.contains(&longer.as_str()));
        }
    }

    #[test]
    fn a_remembered_domain_changes_nothing() {
        let mut persons = Persons::default();
        for address in [
            "alice@example.com",
            "bob@example.com",
            "info@example.com",
            "bob@icon.png",
            "carol@icon.png",
            "carol@EXAMPLE.com",
            "carol@example.com",
        ] {
            let address = address.as_bytes();
            assert_eq!(persons.have(address), is_personal(address));
        }
        assert_eq!(&*folded(b"A.b@X.test"), b"a.b@x.test");
    }

    #[test]
    fn bounds_of_an_address() {
        let text = b"\"alice@example.com\"";
        assert_eq!(bounds(text, 6), Some((1, 18)));
        assert_eq!(bounds(b"@media", 0), None);
        assert_eq!(bounds(b"a@", 1), None);
    }
}
