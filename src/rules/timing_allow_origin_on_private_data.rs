use super::context::Timing;
use super::exposed::is_own_application;
use super::words::fact;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::finding::{Certainty, Evidence};

declare_rule! {
    /// ## What it finds
    /// `Timing-Allow-Origin: *` on an answer that belongs to a person: it holds data of a sensitive kind, or it answers a
    /// request with a cookie that may stand for a person and is not an asset or declared `public`. Proven if the answer
    /// holds such data or says `private` or `no-store`, else likely.
    ///
    /// Only on servers whose site was opened as a page, or that are one's own: nobody can change the others. Silent: fonts,
    /// scripts, images and other assets; requests without cookies, or with those of load balancers, bot walls and analytics
    /// alone; a header that names one origin, which is a list.
    ///
    /// ## Why it matters
    /// Every page that loads the address learns how large the answer is and how long each phase took: enough to tell whether
    /// an inbox is empty, or a name exists.
    ///
    /// ## Example
    /// ```text
    /// GET https://mail.test/inbox
    /// Cookie: session=...
    ///
    /// 200
    /// Timing-Allow-Origin: *
    /// ```
    ///
    /// ## Fix
    /// Send Timing-Allow-Origin on public assets only.
    ///
    /// ## References
    /// - Fetch Standard, section 4.11, TAO check
    /// - XS-Leaks Wiki, Timing attacks
    /// - CWE-203
    TimingAllowOriginOnPrivateData {
        id: "timing-allow-origin-on-private-data", category: Exposure, severity: Low, since: "0.1.0",
        title: "timing details of private answers are open to every origin"
    }
}

impl Rule for TimingAllowOriginOnPrivateData {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, _: FetchView<'_>, _: &Context, _: &mut Findings) {}

    fn conclude(&self, cx: &Context, out: &mut Findings) {
        for (target, endpoint, timing) in cx.exposure().timings() {
            if cx.is_collector(target) || !is_own_application(cx, target) {
                continue;
            }
            out.report(Self::DECLARATION)
                .confidence(if timing.is_surely_private {
                    Certainty::Proven
                } else {
                    Certainty::Likely
                })
                .reach("any-site")
                .times(timing.times)
                .at_endpoint(target, endpoint, timing.place.clone(), || {
                    let private = if timing.kinds.is_empty() {
                        "that carry the user's cookies"
                    } else {
                        "that are given personal data"
                    };
                    Details {
                        message: format!(
                            "{target}{endpoint} answers requests {private} with Timing-Allow-Origin `*`: every page learns the \
                             timing and size"
                        ),
                        evidence: proof(timing),
                        sensitive_kinds: timing.kinds.iter().copied().collect(),
                        ..Details::default()
                    }
                });
        }
    }
}

fn proof(timing: &Timing) -> Vec<Evidence> {
    vec![
        Evidence {
            name: "Timing-Allow-Origin".to_owned(),
            value: "*".to_owned(),
            place: "response",
        },
        fact("answers", timing.times.to_string()),
    ]
}
