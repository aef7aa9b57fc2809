//! Beacons known by their priority, where the recorder does not name the kind of load.
//!
//! Browsers give `sendBeacon` and `<a ping>` a priority that no `fetch()` has: Chromium `u=4` (its fetches have `u=0` to
//! `u=3`), Firefox `u=6`, which its recorder also writes as `_priority: Lowest`. Measured on recorded runs of both.

use crate::exchange::Client;

/// Whether a request is a beacon, by what its lines say.
pub(super) fn is_beacon<'a>(
    client: Client,
    method: &[u8],
    line: impl Fn(&str) -> Option<&'a [u8]>,
    recorded_priority: &[u8],
) -> bool {
    if method != b"POST" || line("sec-fetch-dest") != Some(b"empty") {
        return false;
    }
    let urgency = line("priority").map(|value| value.split(|byte| *byte == b',').next());
    match client {
        Client::Chromium => urgency == Some(Some(b"u=4")),
        Client::Firefox => urgency == Some(Some(b"u=6")) || recorded_priority == b"Lowest",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beacons_and_fetches() {
        let check = |client, method: &[u8], dest: &'static str, priority, recorded: &[u8]| {
            let lines: [(&str, &[u8]); 2] =
                [("sec-fetch-dest", dest.as_bytes()), ("priority", priority)];
            let line = |name: &str| lines.iter().find(|line| line.0 == name).map(|line| line.1);
            is_beacon(client, method, line, recorded)
        };
        assert!(check(Client::Chromium, b"POST", "empty", b"u=4, i", b""));
        assert!(check(Client::Firefox, b"POST", "empty", b"u=6", b""));
        assert!(check(Client::Firefox, b"POST", "empty", b"", b"Lowest"));
        assert!(!check(Client::Chromium, b"POST", "empty", b"u=1, i", b""));
        assert!(!check(
            Client::Chromium,
            b"POST",
            "empty",
            b"u=3",
            b"Lowest"
        ));
        assert!(!check(Client::Firefox, b"POST", "empty", b"u=4", b"Normal"));
        assert!(!check(Client::Chromium, b"GET", "empty", b"u=4, i", b""));
        assert!(!check(Client::Chromium, b"POST", "image", b"u=4, i", b""));
        assert!(!check(Client::WebKit, b"POST", "empty", b"u=4, i", b""));
    }
}
