//! What would prove a finding that is not proven yet: requests for a person to send, and what to look for in the answers.
//!
//! corsaudit itself opens no connection. Hosts below `.example` belong to nobody (RFC 2606), so that no list of a real
//! server holds them.

use crate::facts::site_host;
use crate::finding::{Category, Certainty, Finding};

/// A request that would prove a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Method.
    pub method: String,
    /// URL, with the placeholders of the endpoint's template.
    pub url: String,
    /// Header lines beside those that every client sends.
    pub headers: Vec<(&'static str, String)>,
    /// The answer that proves it.
    pub look_for: String,
}

/// An origin that no server can have on a list.
const STRANGER: &str = "https://corsaudit-probe.example";
/// Another one.
const OTHER_STRANGER: &str = "https://corsaudit-second-probe.example";

/// The requests that would prove a finding; none where it is proven, or where no request of one's own would tell more.
#[must_use]
pub fn probes(finding: &Finding) -> Vec<Probe> {
    let by_request = matches!(
        finding.category,
        Category::Permissive | Category::CredentialRisk | Category::Cache | Category::Exposure
    );
    if finding.confidence == Certainty::Proven || !by_request {
        return Vec::new();
    }
    let host = finding.target_host();
    let asked = Asked {
        finding,
        method: finding
            .methods
            .iter()
            .find(|method| matches!(method.as_str(), "GET" | "HEAD"))
            .map_or("GET", |method| method),
    };
    match finding.rule {
        "any-site-authenticated-read" | "reflected-origin" => vec![
            asked.with_origin(STRANGER, &granted(finding, STRANGER)),
            asked.with_origin("null", &granted(finding, "null")),
        ],
        "null-origin-allowed" => vec![asked.with_origin("null", &granted(finding, "null"))],
        "any-subdomain-trusted" => {
            let sibling = format!("https://corsaudit-probe.{}", site_host(host));
            vec![asked.with_origin(&sibling, &granted(finding, &sibling))]
        }
        "lookalike-origin-accepted" => [
            format!("https://corsaudit-probe-{host}"),
            format!("https://{host}.corsaudit-probe.example"),
        ]
        .iter()
        .map(|origin| asked.with_origin(origin, &granted(finding, origin)))
        .collect(),
        "insecure-scheme-origin-trusted" => {
            let origin = format!("http://{host}");
            vec![asked.with_origin(&origin, &granted(finding, &origin))]
        }
        "loopback-or-intranet-origin-trusted" => {
            let origin = "http://localhost:3000";
            vec![asked.with_origin(origin, &granted(finding, origin))]
        }
        "shared-hosting-origin-trusted" => {
            let origin = "https://corsaudit-probe.github.io";
            vec![asked.with_origin(origin, &granted(finding, origin))]
        }
        "private-network-cors-grant" | "private-network-allow-header-broad" => {
            vec![asked.with_origin(STRANGER, &granted(finding, STRANGER))]
        }
        "acao-copied-from-other-input" => vec![Probe {
            look_for: format!(
                "with {STRANGER} in the parameter or header that the finding names: Access-Control-Allow-Origin: {STRANGER}"
            ),
            ..asked.with_origin(OTHER_STRANGER, "")
        }],
        "wildcard-on-sensitive-response" => {
            vec![asked.alone(
                "the same data, from a network and a browser that are not signed in anywhere",
            )]
        }
        "authenticated-cors-response-publicly-cacheable" => vec![asked.alone(
            "without cookies, soon after a signed-in request: Age above 0 and somebody's data",
        )],
        "vary-origin-missing" | "cached-grant-served-to-other-origin" => vec![
            asked.with_origin(
                STRANGER,
                "Access-Control-Allow-Origin, and no Origin in Vary",
            ),
            asked.with_origin(
                OTHER_STRANGER,
                "another Access-Control-Allow-Origin, or the first one again with Age above 0",
            ),
        ],
        "blocked-but-processed" => vec![Probe {
            method: "POST".to_owned(),
            headers: vec![
                ("Origin", STRANGER.to_owned()),
                ("Content-Type", "text/plain".to_owned()),
                ("Cookie", "(session of a test account)".to_owned()),
            ],
            look_for: "the change, made: read it back; never with a real account".to_owned(),
            ..asked.alone("")
        }],
        "preflight-bypass-content-type" => vec![Probe {
            method: "POST".to_owned(),
            headers: vec![("Content-Type", "text/plain".to_owned())],
            look_for: "with a JSON body: the answer that application/json gets, instead of 415"
                .to_owned(),
            ..asked.alone("")
        }],
        "websocket-cross-site-accepted" => vec![Probe {
            headers: vec![
                ("Origin", STRANGER.to_owned()),
                ("Connection", "Upgrade".to_owned()),
                ("Upgrade", "websocket".to_owned()),
                ("Sec-WebSocket-Version", "13".to_owned()),
                ("Sec-WebSocket-Key", "Y29yc2F1ZGl0LXByb2JlIQ==".to_owned()),
            ],
            look_for: "101 Switching Protocols".to_owned(),
            ..asked.alone("")
        }],
        "cross-site-script-inclusion" => vec![asked.alone(
            "once with the cookies of a test account and once without: two different bodies",
        )],
        _ => Vec::new(),
    }
}

struct Asked<'f> {
    finding: &'f Finding,
    method: &'f str,
}

impl Asked<'_> {
    fn alone(&self, look_for: &str) -> Probe {
        let Finding {
            target_origin,
            endpoint,
            ..
        } = self.finding;
        // A finding about a whole server: any of its paths will do.
        let path = if endpoint.starts_with('/') {
            endpoint
        } else {
            "/"
        };
        Probe {
            method: self.method.to_owned(),
            url: format!("{target_origin}{path}"),
            headers: Vec::new(),
            look_for: look_for.to_owned(),
        }
    }

    fn with_origin(&self, origin: &str, look_for: &str) -> Probe {
        Probe {
            headers: vec![("Origin", origin.to_owned())],
            ..self.alone(look_for)
        }
    }
}

/// The grant that would prove it.
fn granted(finding: &Finding, origin: &str) -> String {
    let credentials = if finding.allow_credentials.as_deref() == Some("true") {
        ", and Access-Control-Allow-Credentials: true"
    } else {
        ""
    };
    format!("Access-Control-Allow-Origin: {origin}{credentials}")
}

impl Probe {
    /// The request as a command of curl, fit for a POSIX shell.
    #[must_use]
    pub fn curl(&self) -> String {
        let mut out = String::from("curl -sS -D - -o /dev/null");
        if self.method != "GET" {
            out.push_str(" -X ");
            out.push_str(&quoted(&self.method));
        }
        for (name, value) in &self.headers {
            out.push_str(" -H ");
            out.push_str(&quoted(&format!("{name}: {value}")));
        }
        // Braces of a template would be expanded by curl.
        out.push_str(" -g ");
        out.push_str(&quoted(&self.url));
        out
    }
}

/// A word of a POSIX shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn finding(rule: &'static str, confidence: Certainty) -> Finding {
        Finding {
            fingerprint: String::new(),
            rule,
            category: Category::Permissive,
            severity: Severity::Medium,
            confidence,
            title: "",
            message: String::new(),
            reach: "",
            variant: "",
            phase: "",
            initiator_origins: Vec::new(),
            target_origin: "https://api.bank.test:8443".to_owned(),
            endpoint: "/users/{id}'s".to_owned(),
            methods: vec!["GET".to_owned()],
            status: None,
            allow_origin: None,
            allow_credentials: Some("true".to_owned()),
            browser_error: None,
            count: 1,
            samples: Vec::new(),
            evidence: Vec::new(),
            sensitive_kinds: Vec::new(),
            fix: String::new(),
            references: Vec::new(),
            fetches: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_not_proven_is_probed() {
        assert_eq!(probes(&finding("reflected-origin", Certainty::Proven)), []);
        let likely = probes(&finding("reflected-origin", Certainty::Likely));
        assert_eq!(likely.len(), 2);
        assert_eq!(
            likely[0].look_for,
            "Access-Control-Allow-Origin: https://corsaudit-probe.example, and Access-Control-Allow-Credentials: true"
        );
        assert_eq!(
            likely[1].curl(),
            "curl -sS -D - -o /dev/null -H 'Origin: null' -g 'https://api.bank.test:8443/users/{id}'\\''s'"
        );
    }

    #[test]
    fn siblings_stand_below_the_registrable_domain() {
        let probe = &probes(&finding("any-subdomain-trusted", Certainty::Likely))[0];
        assert_eq!(
            probe.headers,
            [("Origin", "https://corsaudit-probe.bank.test".to_owned())]
        );
    }
}
