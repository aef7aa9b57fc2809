//! Cookies that may stand for a person, told from those of load balancers, bot walls, analytics and consent banners.

use crate::exchange::Exchange;

/// Beginnings of names of cookies that know a browser, a machine or a choice, but no signed-in user; lower case.
const IMPERSONAL: &[&str] = &[
    "_abck",
    "__cf",
    "_cfuvid",
    "_clck",
    "_clsk",
    "_dd_s",
    "_fbc",
    "_fbp",
    "_ga",
    "_gcl_",
    "_gid",
    "_hj",
    "_pk_",
    "_rdt_uuid",
    "_scid",
    "_tt_enable",
    "_ttp",
    "_uet",
    "_vwo",
    "__gads",
    "__gpi",
    "__hs",
    "__utm",
    "ajs_anonymous",
    "ak_bmsc",
    "amp_",
    "amplitude_id",
    "applicationgatewayaffinity",
    "arraffinity",
    "awsalb",
    "bigipserver",
    "bm_",
    "cf_clearance",
    "cf_ob_info",
    "consent",
    "cookieconsent",
    "cookie_consent",
    "datadome",
    "euconsent",
    "hubspotutk",
    "incap_ses",
    "lang",
    "locale",
    "mp_",
    "nlbi_",
    "optanon",
    "optimizely",
    "pll_language",
    "reese84",
    "route",
    "serverid",
    "theme",
    "timezone",
    "tz",
    "visid_incap",
    "wp-settings",
];

/// Whether a request carried a cookie that may stand for a person. A recording that lists cookies without naming them
/// in the header counts.
#[must_use]
pub fn sends_personal_cookie(exchange: &Exchange) -> bool {
    let mut named = false;
    for line in exchange.request.headers.lines("cookie") {
        for pair in line.split(|byte| *byte == b';') {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or(pair);
            let name = crate::header::trim(name);
            if !name.is_empty() {
                named = true;
                if !is_impersonal(name) {
                    return true;
                }
            }
        }
    }
    !named && exchange.request.listed_cookies
}

fn is_impersonal(name: &[u8]) -> bool {
    IMPERSONAL.iter().any(|start| {
        name.get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, impersonal) in [
            ("__cf_bm", true),
            ("_ga_ABC123", true),
            ("AWSALBCORS", true),
            ("OptanonConsent", true),
            ("session", false),
            ("PHPSESSID", false),
            ("__Host-sid", false),
            ("JSESSIONID", false),
            ("auth", false),
        ] {
            assert_eq!(is_impersonal(name.as_bytes()), impersonal, "{name}");
        }
    }
}
