//! The documentation of failures, one page for each code: the catalogue's words, and what the rule adds to them.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::default_severity;
use crate::cors::Code;
use crate::finding::Category;
use crate::rules::Declaration;

/// The declaration of a code's rule.
pub(super) fn declaration(code: Code) -> Declaration {
    let words = code.explanation();
    let mut docs = format!(
        "## What it finds\n{}{}\n\n## Why it matters\n{} The page sees a network error.\n\n## Example\n```text\n",
        words.meaning,
        variants(code),
        words.why,
    );
    for line in words.example {
        writeln!(docs, "{line}").expect("a String takes every write");
    }
    write!(docs, "```\n\n## Fix\n{}\n\n## References\n", words.fix)
        .expect("a String takes every write");
    for reference in words.references() {
        writeln!(docs, "- {reference}").expect("a String takes every write");
    }
    Declaration {
        id: code.as_str(),
        category: Category::Failure,
        severity: default_severity(code),
        title: words.title,
        since: "0.1.0",
        docs: Cow::Owned(docs),
    }
}

/// What the rule says beside the code.
fn variants(code: Code) -> &'static str {
    match code {
        Code::MissingAllowOrigin | Code::PreflightMissingAllowOrigin => {
            " Variant `granted-elsewhere` (high): other answers of the endpoint granted this origin. Variant `protected` \
             (info): a page of an unrelated site tried to read (GET, HEAD, or anything stopped at the preflight), perhaps \
             with the user's credentials, from a server that the user had \
             opened in a tab of its own, that does not know the page, and that answered nobody with a grant; the browser \
             protected the user and nothing needs repair. Variant `third-party` (info): a collector that the reviewer \
             cannot change."
        }
        Code::AllowOriginMismatch | Code::PreflightAllowOriginMismatch => {
            " Variant `near`: the value misses by scheme, port, `www.`, a slash, case, default port, path or script. Variant \
             `own-origin`: the server names itself; it sent CORS headers and thereby meant to grant something, so this \
             stays a failure even if the page is a stranger."
        }
        Code::PreflightBadStatus => {
            " An answer that demands authentication is `preflight-auth-demanded` instead."
        }
        Code::PreflightMethodNotAllowed | Code::PreflightHeaderNotAllowed => {
            " Variant `wildcard`: the list holds `*`, which covers nothing when credentials are included."
        }
        Code::RedirectWithCredentials => " Variant `password` (high): `Location` tells a password.",
        _ => "",
    }
}
