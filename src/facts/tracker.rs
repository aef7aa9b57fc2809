//! Well-known third-party collectors: analytics, advertising, error reporting. Whoever reviews a site cannot change
//! their policy, so rules about permissive grants stay at info there.

use super::site::site_host;

/// Registrable domains (or hosts below a platform's private suffix), sorted.
const COLLECTORS: &[&str] = &[
    "adnxs.com",
    "adsrvr.org",
    "amazon-adsystem.com",
    "amplitude.com",
    "bluekai.com",
    "branch.io",
    "casalemedia.com",
    "chartbeat.net",
    "clarity.ms",
    "cloudflareinsights.com",
    "contentsquare.net",
    "criteo.com",
    "criteo.net",
    "crwdcntrl.net",
    "demdex.net",
    "doubleclick.net",
    "facebook.net",
    "fullstory.com",
    "google-analytics.com",
    "googlesyndication.com",
    "googletagmanager.com",
    "heapanalytics.com",
    "hotjar.com",
    "hotjar.io",
    "id5-sync.com",
    "imrworldwide.com",
    "krxd.net",
    "matomo.cloud",
    "mixpanel.com",
    "mouseflow.com",
    "newrelic.com",
    "nr-data.net",
    "omtrdc.net",
    "openx.net",
    "optimizely.com",
    "outbrain.com",
    "permutive.com",
    "plausible.io",
    "pubmatic.com",
    "quantserve.com",
    "rlcdn.com",
    "rubiconproject.com",
    "scorecardresearch.com",
    "segment.io",
    "sentry.io",
    "snowplowanalytics.com",
    "taboola.com",
    "tealiumiq.com",
];

/// Whether the host belongs to a well-known collector.
#[must_use]
pub fn is_known_collector(host: &str) -> bool {
    COLLECTORS.binary_search(&site_host(host)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_sites() {
        assert!(COLLECTORS.is_sorted());
        assert!(COLLECTORS.iter().all(|site| site_host(site) == *site));
        assert!(is_known_collector("stats.g.doubleclick.net"));
        assert!(!is_known_collector("bank.test"));
    }
}
