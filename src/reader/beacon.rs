//! Beacons, told from what `fetch()` sends, where the recorder does not name the kind of load.
//!
//! Browsers give `sendBeacon` and `<a ping>` a priority that no `fetch()` has: Chromium `u=4` (its fetches have `u=0` to
//! `u=3`), Firefox `u=6`, which its recorder also writes as `_priority: Lowest`. Measured on recorded runs of both.
//! Over HTTP/1 Chromium sends no priority. Then only a request without credentials tells: beacons include them
//! (Beacon, section 3.2). All other lines of a beacon and of a `fetch()` in mode no-cors are equal.

use crate::exchange::{Client, ResourceType};
use crate::url::Url;

/// The first Chromium that sends `Sec-Fetch-Storage-Access` with every cross-site request that includes credentials.
const STORAGE_ACCESS_SINCE: u32 = 133;

/// [`ResourceType::Ping`] for a beacon, [`ResourceType::Fetch`] for what would else pass for one, and `None` for
/// everything else and for what may be either.
pub(super) fn beacon_or_fetch<'a>(
    client: Client,
    method: &[u8],
    url: &Url,
    line: impl Fn(&str) -> Option<&'a [u8]>,
    recorded_priority: &[u8],
) -> Option<ResourceType> {
    if method != b"POST" || line("sec-fetch-dest") != Some(b"empty") {
        return None;
    }
    // Hyperlink auditing (HTML Standard, section 4.6.6) alone sends this type.
    if line("content-type").is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/ping")) {
        return Some(ResourceType::Ping);
    }
    let is_no_cors = line("sec-fetch-mode") == Some(b"no-cors");
    let urgency = line("priority").and_then(|value| value.split(|byte| *byte == b',').next());
    let is_beacon = match client {
        Client::Chromium => urgency.map(|urgency| urgency == b"u=4"),
        Client::Firefox if recorded_priority.is_empty() => urgency.map(|urgency| urgency == b"u=6"),
        Client::Firefox => Some(recorded_priority == b"Lowest" || urgency == Some(b"u=6")),
        _ => None,
    };
    match is_beacon {
        Some(true) => Some(ResourceType::Ping),
        Some(false) if is_no_cors => Some(ResourceType::Fetch),
        None if is_no_cors && client == Client::Chromium && lacks_credentials(url, &line) => {
            Some(ResourceType::Fetch)
        }
        _ => None,
    }
}

/// Whether a request of Chromium surely includes no credentials.
fn lacks_credentials<'a>(url: &Url, line: &impl Fn(&str) -> Option<&'a [u8]>) -> bool {
    url.scheme() == "https"
        && line("sec-fetch-site") == Some(b"cross-site")
        && line("sec-fetch-storage-access").is_none()
        && line("cookie").is_none()
        && line("user-agent")
            .and_then(chromium_version)
            .is_some_and(|version| version >= STORAGE_ACCESS_SINCE)
}

/// The major version in `Chrome/133.0.0.0`.
fn chromium_version(user_agent: &[u8]) -> Option<u32> {
    let at = memchr::memmem::find(user_agent, b"Chrome/")? + b"Chrome/".len();
    let digits = user_agent[at..].split(|byte| *byte == b'.').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(
        client: Client,
        method: &str,
        url: &str,
        lines: &[(&str, &'static str)],
        recorded: &str,
    ) -> Option<ResourceType> {
        let url = Url::parse(url).expect("a URL");
        let line = |name: &str| {
            let found = lines.iter().find(|line| line.0 == name);
            found.map(|line| line.1.as_bytes())
        };
        beacon_or_fetch(client, method.as_bytes(), &url, line, recorded.as_bytes())
    }

    const URL: &str = "https://api.test/log";

    #[test]
    fn by_priority() {
        let check = |client, method, dest, mode, priority: &'static str, recorded| {
            let mut lines = vec![("sec-fetch-dest", dest), ("sec-fetch-mode", mode)];
            if !priority.is_empty() {
                lines.push(("priority", priority));
            }
            kind(client, method, URL, &lines, recorded)
        };
        const PING: Option<ResourceType> = Some(ResourceType::Ping);
        const FETCH: Option<ResourceType> = Some(ResourceType::Fetch);
        for (client, method, dest, mode, priority, recorded, found) in [
            (
                Client::Chromium,
                "POST",
                "empty",
                "no-cors",
                "u=4, i",
                "",
                PING,
            ),
            (
                Client::Chromium,
                "POST",
                "empty",
                "cors",
                "u=4, i",
                "",
                PING,
            ),
            (
                Client::Chromium,
                "POST",
                "empty",
                "no-cors",
                "u=1, i",
                "",
                FETCH,
            ),
            (
                Client::Chromium,
                "POST",
                "empty",
                "cors",
                "u=1, i",
                "",
                None,
            ),
            (
                Client::Chromium,
                "POST",
                "empty",
                "no-cors",
                "u=3",
                "Lowest",
                FETCH,
            ),
            (Client::Chromium, "POST", "empty", "no-cors", "", "", None),
            (
                Client::Chromium,
                "GET",
                "empty",
                "no-cors",
                "u=4, i",
                "",
                None,
            ),
            (
                Client::Chromium,
                "POST",
                "image",
                "no-cors",
                "u=4, i",
                "",
                None,
            ),
            (Client::Firefox, "POST", "empty", "no-cors", "u=6", "", PING),
            (
                Client::Firefox,
                "POST",
                "empty",
                "no-cors",
                "",
                "Lowest",
                PING,
            ),
            (
                Client::Firefox,
                "POST",
                "empty",
                "no-cors",
                "u=4",
                "Normal",
                FETCH,
            ),
            (Client::Firefox, "POST", "empty", "no-cors", "", "", None),
            (
                Client::WebKit,
                "POST",
                "empty",
                "no-cors",
                "u=4, i",
                "",
                None,
            ),
        ] {
            let shown = format!("{client:?} {method} {dest} {mode} {priority} {recorded}");
            assert_eq!(
                check(client, method, dest, mode, priority, recorded),
                found,
                "{shown}"
            );
        }
    }

    #[test]
    fn by_credentials() {
        const PLAIN: &[(&str, &str)] = &[
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-site", "cross-site"),
        ];
        let check = |url, more: &[(&'static str, &'static str)]| {
            kind(Client::Chromium, "POST", url, &[PLAIN, more].concat(), "")
        };
        const FETCH: Option<ResourceType> = Some(ResourceType::Fetch);
        let new = ("user-agent", "Mozilla/5.0 Chrome/156.0.0.0 Safari/537.36");
        let old = ("user-agent", "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36");
        assert_eq!(check(URL, &[new]), FETCH);
        assert_eq!(check(URL, &[old]), None);
        assert_eq!(check("http://api.test/log", &[new]), None);
        assert_eq!(check(URL, &[new, ("cookie", "a=b")]), None);
        assert_eq!(
            check(URL, &[new, ("sec-fetch-storage-access", "none")]),
            None
        );
        let ping = ("content-type", "text/ping");
        assert_eq!(check(URL, &[old, ping]), Some(ResourceType::Ping));
    }
}
