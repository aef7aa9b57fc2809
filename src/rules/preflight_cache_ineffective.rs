use super::words::{add_lines, third_party_cap};
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::exchange::Exchange;
use crate::finding::{Certainty, Evidence, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A page asked the same preflight (origin, URL, method, header names, credentials) at least three times in one
    /// recording, each time after the last answer had run out and while a browser could still have known it. Each spared
    /// preflight is one occurrence. Info; low from 20 spared preflights or one second of waiting in all.
    ///
    /// Variants by `Access-Control-Max-Age` of the answers: `none` (browsers keep such answers for 5 seconds), `short`,
    /// `zero` (0 or negative: kept not at all), `invalid` (no number).
    ///
    /// Silent: URLs that differ from call to call, for browsers keep answers by URL; preflights sent side by side; pauses
    /// longer than any value would bridge (Chromium keeps 2 hours, Firefox 24, WebKit 10 minutes); answers that still
    /// served, so that the browser had another reason to ask; recordings made with caches switched off; captures behind a
    /// proxy, where one connection carries many users.
    ///
    /// ## Why it matters
    /// Every preflight is a round trip in which the page waits.
    ///
    /// ## Example
    /// ```text
    /// OPTIONS /api/cart   204, no Access-Control-Max-Age
    /// OPTIONS /api/cart   204, half a minute later
    /// OPTIONS /api/cart   204, another minute later
    /// ```
    ///
    /// ## Fix
    /// Send `Access-Control-Max-Age: 7200` with answers to preflights.
    ///
    /// ## References
    /// - Fetch Standard, section 4.9, CORS-preflight cache
    /// - MDN, Access-Control-Max-Age
    PreflightCacheIneffective {
        id: "preflight-cache-ineffective", category: Performance, severity: Info, since: "0.1.0",
        title: "the same preflight is asked again and again"
    }
}

/// From so many spared preflights on it is low.
const MANY: u64 = 20;
/// From so much waiting on it is low.
const LONG_MS: u64 = 1000;

impl Rule for PreflightCacheIneffective {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        for hop in &view.judged.fetch.hops {
            let Some(repetition) = cx.repetition(view, hop).filter(|found| found.spared >= 2)
            else {
                continue;
            };
            let Some(preflight) = hop
                .preflight
                .exchange()
                .and_then(|index| view.capture.exchanges.get(index as usize))
            else {
                continue;
            };
            let severity = if repetition.spared >= MANY || repetition.waited_ms >= LONG_MS {
                Severity::Low
            } else {
                Severity::Info
            };
            let (variant, kept) = life(preflight);
            out.report(Self::DECLARATION)
                .severity(severity.min(third_party_cap(cx, preflight)))
                .confidence(Certainty::Proven)
                .variant(variant)
                .phase("preflight")
                .initiator(view.judged.fetch.initiator_origin.value.as_ref())
                .at(view, preflight, || {
                    let url = redact::url(&preflight.request.url);
                    let mut details = Details {
                        message: format!(
                            "the preflight of {} {url} was asked {} times, and {kept}: a longer life had spared {}{} of \
                             them, {} ms of waiting",
                            asked(preflight, "access-control-request-method"),
                            repetition.asked,
                            if repetition.is_all { "" } else { "at least " },
                            repetition.spared,
                            repetition.waited_ms
                        ),
                        status: preflight.response().map(|response| response.status),
                        ..Details::default()
                    };
                    for name in [
                        "Origin",
                        "Access-Control-Request-Method",
                        "Access-Control-Request-Headers",
                    ] {
                        if let Some(value) = preflight.request.headers.get(name) {
                            details.evidence.push(Evidence {
                                name: name.to_owned(),
                                value: redact::header_value(name, &value),
                                place: "preflight-request",
                            });
                        }
                    }
                    add_lines(&mut details, preflight, &["Access-Control-Max-Age"]);
                    details
                });
        }
    }
}

fn asked(preflight: &Exchange, name: &str) -> String {
    preflight
        .request
        .headers
        .get(name)
        .map_or_else(String::new, |value| redact::header_value(name, &value))
}

/// What the answer says of its life, as a variant and as a clause.
fn life(preflight: &Exchange) -> (&'static str, String) {
    let value = preflight
        .response()
        .and_then(|response| response.headers.get("access-control-max-age"));
    let Some(value) = value else {
        return (
            "none",
            "no Access-Control-Max-Age says how long the answer serves".to_owned(),
        );
    };
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let variant = match value.strip_prefix(b"-") {
        Some(digits) if is_number(digits) => "zero",
        _ if !is_number(&value) => "invalid",
        _ if value.iter().all(|digit| *digit == b'0') => "zero",
        _ => "short",
    };
    let printed = redact::header_value("Access-Control-Max-Age", &value);
    (variant, format!("Access-Control-Max-Age is `{printed}`"))
}
