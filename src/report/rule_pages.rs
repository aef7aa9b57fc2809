//! Pages of `docs/rules/`: what `explain` tells, for readers of the repository.

use std::fmt::Write as _;

use super::explain::errors_of;
use crate::finding::Category;
use crate::rules::{self, Declaration};

/// The page of a rule, in Markdown.
#[must_use]
pub fn rule_page(rule: &Declaration) -> String {
    let mut page = format!(
        "# {}\n\n{}\n\n| category | severity | since |\n| --- | --- | --- |\n| {} | {} | {} |\n\n",
        rule.id,
        sentence(rule.title),
        rule.category,
        rule.severity,
        rule.since
    );
    let errors = errors_of(rule);
    if !errors.is_empty() {
        let names: Vec<String> = errors.iter().map(|name| format!("`{name}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(page, "Browsers call it {}.\n", names.join(", "));
    }
    let mut fenced = false;
    for line in rule.documentation().trim_end().lines() {
        fenced ^= line.starts_with("```");
        // Headings stand alone between empty lines, whatever the comment's spacing.
        let heads = !fenced && line.starts_with("## ");
        if heads && !page.ends_with("\n\n") {
            page.push('\n');
        }
        page.push_str(line.trim_end());
        page.push('\n');
        if heads {
            page.push('\n');
        }
        while page.ends_with("\n\n\n") {
            page.pop();
        }
    }
    page
}

/// The list of all pages, by category.
#[must_use]
pub fn rule_index() -> String {
    let mut index = String::from(
        "# Rules\n\nOne page a rule, the text of `corsaudit explain RULE`. The severity is the usual one; a finding may weigh less or \
         more.\n",
    );
    for category in Category::ALL {
        let mut rules: Vec<&Declaration> = rules::declarations()
            .filter(|rule| rule.category == *category)
            .collect();
        if rules.is_empty() {
            continue;
        }
        rules.sort_by_key(|rule| rule.id);
        let _ = writeln!(
            index,
            "\n## {category}\n\n| rule | severity | what is the matter |\n| --- | --- | --- |"
        );
        for rule in rules {
            let _ = writeln!(
                index,
                "| [{0}]({0}.md) | {1} | {2} |",
                rule.id,
                rule.severity,
                rule.title.replace('|', "\\|")
            );
        }
    }
    index
}

fn sentence(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        // A header's or a value's name keeps its case anyway.
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
