use super::context::{Isolation, IsolationDefect};
use super::words::evidence;
use super::{Context, Details, FetchView, Findings, Rule, declare_rule};
use crate::cors::Origin;
use crate::finding::Certainty;
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A page opened in a tab that asks for cross-origin isolation and does not get it. Variant `no-opener-policy`:
    /// `Cross-Origin-Embedder-Policy: require-corp` or `credentialless` without
    /// `Cross-Origin-Opener-Policy: same-origin`. Variant `report-only`: the opener policy stands, the embedder policy only
    /// reports. Variants `invalid-embedder-policy` and `invalid-opener-policy`: a value that browsers do not know, such as
    /// the same header sent twice, and therefore ignore. With `require-corp`, the servers of subresources that would fail
    /// are listed.
    ///
    /// Silent: pages with neither header; an opener policy alone, which is a good of its own; documents in frames.
    ///
    /// ## Why it matters
    /// Without both, the page shares its process with others, and `SharedArrayBuffer` and exact timers stay off; the effort
    /// of the one header brings nothing.
    ///
    /// ## Example
    /// ```text
    /// GET https://app.test/
    ///
    /// 200
    /// Cross-Origin-Embedder-Policy: require-corp
    /// ```
    ///
    /// ## Fix
    /// Send both headers, `Cross-Origin-Opener-Policy: same-origin` and
    /// `Cross-Origin-Embedder-Policy: require-corp` (or credentialless), once each, and give the listed servers'
    /// resources `Cross-Origin-Resource-Policy: cross-origin` or load them with `crossorigin`.
    ///
    /// ## References
    /// - HTML Standard, section 7.1.3, Cross-origin opener policies
    /// - HTML Standard, section 7.1.4, Cross-origin embedder policies
    /// - OWASP ASVS 5 3.4.8
    CrossOriginIsolationIncomplete {
        id: "cross-origin-isolation-incomplete", category: Exposure, severity: Info, since: "0.1.0",
        title: "the page asks for cross-origin isolation and does not get it"
    }
}

impl Rule for CrossOriginIsolationIncomplete {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, _: FetchView<'_>, _: &Context, _: &mut Findings) {}

    fn conclude(&self, cx: &Context, out: &mut Findings) {
        for (target, endpoint, defect, isolation) in cx.exposure().isolations().iter() {
            out.report(Self::DECLARATION)
                .confidence(Certainty::Proven)
                .variant(variant(defect))
                .times(isolation.times)
                .at_endpoint(target, endpoint, isolation.place.clone(), || {
                    details(target, endpoint, defect, isolation)
                });
        }
    }
}

fn variant(defect: IsolationDefect) -> &'static str {
    match defect {
        IsolationDefect::NoOpenerPolicy => "no-opener-policy",
        IsolationDefect::ReportOnly => "report-only",
        IsolationDefect::InvalidEmbedderPolicy => "invalid-embedder-policy",
        IsolationDefect::InvalidOpenerPolicy => "invalid-opener-policy",
    }
}

fn details(
    target: &Origin,
    endpoint: &str,
    defect: IsolationDefect,
    isolation: &Isolation,
) -> Details {
    let printed = |name: &str, value: &[u8]| {
        if value.is_empty() {
            "absent".to_owned()
        } else {
            format!("`{}`", redact::header_value(name, value))
        }
    };
    let embedder_name = if defect == IsolationDefect::ReportOnly {
        "Cross-Origin-Embedder-Policy-Report-Only"
    } else {
        "Cross-Origin-Embedder-Policy"
    };
    let opener = printed("Cross-Origin-Opener-Policy", &isolation.opener);
    let embedder = printed(embedder_name, &isolation.embedder);
    let why = match defect {
        IsolationDefect::NoOpenerPolicy => "isolation needs both",
        IsolationDefect::ReportOnly => "a policy that only reports isolates nothing",
        IsolationDefect::InvalidEmbedderPolicy | IsolationDefect::InvalidOpenerPolicy => {
            "browsers ignore a value they do not know"
        }
    };
    let refused: Vec<&str> = isolation
        .refused
        .iter()
        .map(|origin| origin.serialised())
        .collect();
    let fails = if refused.is_empty() {
        String::new()
    } else {
        format!(
            "; without a resource policy of their own: {}",
            refused.join(", ")
        )
    };
    let mut proof = Vec::new();
    for (name, value) in [
        ("Cross-Origin-Opener-Policy", &isolation.opener),
        (embedder_name, &isolation.embedder),
    ] {
        if !value.is_empty() {
            proof.push(evidence(name, value, "response"));
        }
    }
    Details {
        message: format!(
            "{target}{endpoint} is not isolated: {embedder_name} is {embedder} and Cross-Origin-Opener-Policy is {opener}; \
             {why}{fails}"
        ),
        evidence: proof,
        ..Details::default()
    }
}
