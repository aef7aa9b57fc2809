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
    /// Markdown with the sections of [`Declaration::SECTIONS`].
    pub docs: Cow<'static, str>,
}

impl Declaration {
    /// The sections of a rule's documentation, in order.
    pub const SECTIONS: [&'static str; 5] = [
        "What it finds",
        "Why it matters",
        "Example",
        "Fix",
        "References",
    ];

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

    /// The text of a section, without its heading; empty where the section is missing.
    #[must_use]
    pub fn section(&self, name: &str) -> &str {
        let Some(rest) = self
            .docs
            .split("## ")
            .find_map(|part| part.strip_prefix(name))
        else {
            return "";
        };
        rest.trim()
    }

    /// What to change, on one line.
    #[must_use]
    pub fn fix(&self) -> String {
        let mut out = String::new();
        for word in self.section("Fix").split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        out
    }

    /// Standards, guides, weakness ids: the items of the last section.
    #[must_use]
    pub fn references(&'static self) -> Vec<&'static str> {
        self.section("References")
            .lines()
            .map(|line| line.trim().trim_start_matches("- "))
            .filter(|line| !line.is_empty())
            .collect()
    }
}

/// Declares a rule: a unit struct, documented by the very text that `explain` prints.
///
/// ```ignore
/// declare_rule! {
///     /// ## What it finds
///     /// ...
///     NullOriginAllowed {
///         id: "null-origin-allowed", category: Permissive, severity: Medium, since: "0.1.0",
///         title: "the origin `null` is allowed"
///     }
/// }
/// ```
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        $name:ident {
            id: $id:literal, category: $category:ident, severity: $severity:ident, since: $since:literal,
            title: $title:literal $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub(crate) struct $name;

        impl $name {
            pub(crate) const DECLARATION: &'static crate::rules::Declaration = {
                static DECLARATION: crate::rules::Declaration = crate::rules::Declaration {
                    id: $id,
                    category: crate::finding::Category::$category,
                    severity: crate::finding::Severity::$severity,
                    title: $title,
                    since: $since,
                    docs: std::borrow::Cow::Borrowed(concat!($($doc, "\n"),+)),
                };
                &DECLARATION
            };
        }
    };
}

pub(crate) use declare_rule;
