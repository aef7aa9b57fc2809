use super::granted::{Named, imitated, is_for_all, reflects};
use super::matrix::Reach;
use super::reader::cause;
use super::words::{fact, grant_details, input_certainty, permissive_cap};
use super::{Context, FetchView, Findings, Rule, declare_rule};
use crate::facts::{Authentication, Form, Policy, authentication, sensitive_kinds};
use crate::finding::{Certainty, Severity};
use crate::redact;

declare_rule! {
    /// ## What it finds
    /// A server granted an origin whose name imitates its own domain, or that of another origin it grants. The variants
    /// name the careless comparison that lets it pass:
    ///
    /// - `suffix`: `notbank.test` ends with `bank.test`;
    /// - `prefix`: `bank.test.evil.example` and `bank.testevil.example` start with it;
    /// - `substring`: `ank.test` is part of it, compared the wrong way round;
    /// - `edited`: `apixbank.test`, where a pattern's dot means any character of `api.bank.test`;
    /// - `odd`: a host with bytes that no real name holds, where a pattern stops reading;
    /// - `localhost-prefix`: `localhost.evil.example` starts with `localhost`.
    ///
    /// High with `Access-Control-Allow-Credentials: true` (medium if only a token that the page's script holds opens the
    /// data), else medium; info on public assets, empty and error answers, collectors. Likely: that the name was granted is
    /// on record, that nobody listed it is inferred. A name that the same company may well own (`getbank.test`,
    /// `my-bank.test`), or that is like a short one by chance (`dropbox.com`, `box.com`), is a hint. Where a signed-in user's data was read, `any-site-authenticated-read` speaks instead.
    ///
    /// Silent: names refused; hosts of the server's own site; sites declared with `--first-party`; sites that the server's
    /// pages ask, link or redirect to; trusted names of fewer than six characters.
    ///
    /// ## Why it matters
    /// Anyone can register such a name, and the page there reads whatever the list's authors meant for themselves.
    ///
    /// ## Example
    /// ```text
    /// GET https://api.bank.test/account
    /// Origin: https://notbank.test
    ///
    /// Access-Control-Allow-Origin: https://notbank.test
    /// Access-Control-Allow-Credentials: true
    /// ```
    ///
    /// ## Fix
    /// Parse Origin, then compare scheme, host and port exactly, or the host's end from a dot on; anchor patterns at both
    /// ends and escape their dots.
    ///
    /// ## References
    /// - CWE-346
    /// - CWE-185
    /// - CWE-942
    /// - OWASP WSTG-CLNT-07
    /// - Chen et al. 2018, We Still Don't Have Secure Cross-Domain Requests
    LookalikeOriginAccepted {
        id: "lookalike-origin-accepted", category: Permissive, severity: Medium, since: "0.1.0",
        title: "an origin with a look-alike name is granted"
    }
}

impl Rule for LookalikeOriginAccepted {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, view: FetchView<'_>, cx: &Context, out: &mut Findings) {
        let Some(policy) = Policy::of(view) else {
            return;
        };
        let Some(named) = Named::of(view, &policy) else {
            return;
        };
        // Whoever grants every origin compares nothing.
        if reflects(cx, &policy) {
            return;
        }
        let Some((found, trusted)) = imitated(cx, &policy, &named) else {
            return;
        };
        if cause(cx, view, &policy).is_some() {
            return;
        }
        let severity = if is_for_all(cx, &policy) {
            Severity::Info
        } else if policy.allow_credentials && authentication(view) != Authentication::ScriptToken {
            Severity::High
        } else {
            Severity::Medium
        };
        let confidence = if found.is_plausible {
            Certainty::Hint
        } else {
            Certainty::Likely
        };
        out.report(Self::DECLARATION)
            .severity(severity.min(permissive_cap(cx, &policy)))
            .confidence(confidence.min(input_certainty(view)))
            .variant(found.form.as_str())
            .reach(Reach::AnySite.as_str())
            .phase("actual")
            .initiator(policy.reader)
            .at(view, policy.exchange, || {
                let url = redact::url(&policy.exchange.request.url);
                let origin = redact::text(named.text);
                let with = if policy.allow_credentials {
                    " with credentials"
                } else {
                    ""
                };
                let how = match found.form {
                    Form::Suffix => "it ends with that name, no dot before it",
                    Form::Prefix => "it holds that name, and more behind it",
                    Form::Substring => "it is a part of that name",
                    Form::Edited => "other characters stand where that name has dots",
                    Form::Odd => "it holds bytes that no real name holds",
                    Form::LocalhostPrefix => "it starts with that name",
                };
                let mut details = grant_details(
                    &policy,
                    format!("{url} grants {origin}{with}, which imitates {trusted}: {how}"),
                );
                details.evidence.push(fact("imitated name", trusted));
                details.sensitive_kinds = sensitive_kinds(view);
                details
            });
    }
}
