//! Addresses of persons.

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

/// The bounds of what may be an address around the sign at `at`.
pub(super) fn bounds(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let local = text[..at]
        .iter()
        .rev()
        .take(LONGEST_LOCAL + 1)
        .take_while(|byte| is_local(**byte))
        .count();
    let domain = text[at + 1..]
        .iter()
        .take(LONGEST_DOMAIN + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        .count();
    let fits = (1..=LONGEST_LOCAL).contains(&local) && (4..=LONGEST_DOMAIN).contains(&domain);
    fits.then_some((at - local, at + 1 + domain))
}

/// Whether a text is the address of a person.
pub(super) fn is_personal(address: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', address) else {
        return false;
    };
    let (local, domain) = (&address[..at], &address[at + 1..]);
    let Some(dot) = memchr::memrchr(b'.', domain) else {
        return false;
    };
    let (host, top) = (&domain[..dot], &domain[dot + 1..]);
    let one_of = |list: &[&str], text: &[u8]| {
        let mut lower = [0; LONGEST_LOCAL];
        lower.get_mut(..text.len()).is_some_and(|lower| {
            lower.copy_from_slice(text);
            lower.make_ascii_lowercase();
            let found = list.binary_search_by_key(&&*lower, |known| known.as_bytes());
            found.is_ok()
        })
    };
    // What follows a plus is the person's own sorting.
    let base = local.split(|byte| *byte == b'+').next().unwrap_or(local);
    !local.is_empty()
        && local.len() <= LONGEST_LOCAL
        && domain.len() <= LONGEST_DOMAIN
        && local.iter().all(|byte| is_local(*byte))
        && !matches!(
            (local.first(), local.last()),
            (Some(b'.'), _) | (_, Some(b'.'))
        )
        && !one_of(ROLES, base)
        && !is_machine(local)
        && host.first().is_some_and(u8::is_ascii_alphanumeric)
        && host
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && memchr::memmem::find(domain, b"..").is_none()
        && top.len() >= 2
        && top.iter().all(u8::is_ascii_alphabetic)
        && !one_of(FILES, top)
        && is_top_level(domain, top)
        && !MACHINES.iter().any(|machine| {
            domain.len() >= machine.len()
                && domain[domain.len() - machine.len()..].eq_ignore_ascii_case(machine.as_bytes())
        })
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
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
    fn bounds_of_an_address() {
        let text = b"\"alice@example.com\"";
        assert_eq!(bounds(text, 6), Some((1, 18)));
        assert_eq!(bounds(b"@media", 0), None);
        assert_eq!(bounds(b"a@", 1), None);
    }
}
