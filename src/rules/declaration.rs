//! What a rule says of itself.

use std::borrow::Cow;

use crate::finding::{Category, Severity};

/// What a rule says of itself. The doc comment of its declaration is its documentation.
#[derive(Debug)]
pub struct Declaration {
    /// Kebab-case id, stable: names the pattern, not the remedy.
    pub id: &'static str,
    /// Category.
    pub category: Category,
    /// Severity unless the rule says otherwise for an occurrence.
    pub severity: Severity,
    /// One clause: what is the matter.
    pub title: &'static str,
    /// The release that brought the rule.
    pub since: &'static str,
    /// Markdown: what it finds, why it matters, an example, the fix, references.
    pub docs: Cow<'static, str>,
}

impl Declaration {
    /// The documentation, as `explain` prints it: Markdown without the comment's indentation.
    #[must_use]
    pub fn documentation(&self) -> String {
        let mut out = String::with_capacity(self.docs.len());
        for line in self.docs.lines() {
            out.push_str(line.strip_prefix(' ').unwrap_or(line));
            out.push('\n');
        }
        out
    }
}

/// What the rules say of themselves, in the order of the registry.
pub fn declarations() -> impl Iterator<Item = &'static Declaration> {
    DECLARATIONS.iter()
}

static DECLARATIONS: &[Declaration] = &[
    Declaration {
        id: "missing-allow-origin",
        category: Category::Failure,
        severity: Severity::Medium,
        title: "the response lacks Access-Control-Allow-Origin",
        since: "0.1.0",
        docs: Cow::Borrowed(
            "## What it finds\nA cross-origin response in mode cors without `Access-Control-Allow-Origin`.\n\
             ## Why it matters\nThe browser got the response and keeps it from the page.\n\
             ## Example\n    GET /cart\n    Origin: https://shop.test\n\n    200 OK\n\
             ## Fix\nSend the header on every response, errors and redirects too.\n\
             ## References\n- https://fetch.spec.whatwg.org/#cors-check\n",
        ),
    },
    Declaration {
        id: "null-origin-allowed",
        category: Category::Permissive,
        severity: Severity::Medium,
        title: "the origin `null` is allowed",
        since: "0.1.0",
        docs: Cow::Borrowed(
            "## What it finds\n`Access-Control-Allow-Origin: null` on a successful response.\n\
             ## Why it matters\nEvery page in a sandboxed frame has the origin `null`.\n\
             ## Example\n    Origin: null\n\n    Access-Control-Allow-Origin: null\n\
             ## Fix\nNever list `null`.\n## References\n- CWE-346\n",
        ),
    },
];
