//! The page about one rule, verdict code or browser error.

use std::fmt;
use std::io::{self, Write};

use anstyle::Style as Ansi;

use super::wrap::Page;
use super::{Style, text};
use crate::cors::Code;
use crate::nearest::nearest;
use crate::rules::{self, Declaration};

/// A name that is neither a rule, nor a verdict code, nor a browser's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// A known name that is near.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: no rule, verdict code or browser error has this name",
            self.name.escape_debug()
        )?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => f.write_str("; `corsaudit rules` lists the rules"),
        }
    }
}

impl std::error::Error for Unknown {}

/// Names that browsers gave in the past, and slugs of MDN's pages, beside those that the catalogue holds.
const FORMER_NAMES: &[(&str, Code)] = &[
    ("InsecurePrivateNetwork", Code::LnaInsecureContext),
    ("InvalidPrivateNetworkAccess", Code::LnaAddressSpaceMismatch),
    (
        "PreflightMissingAllowPrivateNetwork",
        Code::PnaPreflightMissingAllow,
    ),
    (
        "PreflightInvalidAllowPrivateNetwork",
        Code::PnaPreflightInvalidAllow,
    ),
    (
        "CORSAllowHeaderFromPreflightDeprecation",
        Code::PreflightAuthorizationNotListed,
    ),
    (
        "CORSAllowOriginNotMatchingOrigin",
        Code::AllowOriginMultiple,
    ),
    (
        "CORSAllowOriginNotMatchingOrigin",
        Code::PreflightAllowOriginMultiple,
    ),
];

/// Every name that a browser has for a code, with the code.
fn browser_errors() -> impl Iterator<Item = (&'static str, Code)> {
    Code::ALL
        .iter()
        .flat_map(|code| {
            let names = [
                code.chromium_error(),
                code.firefox_error(),
                code.explanation().mdn,
            ];
            names.into_iter().flatten().map(move |name| (name, *code))
        })
        .chain(FORMER_NAMES.iter().copied())
}

/// What browsers call the failure that a rule reports.
pub(super) fn errors_of(rule: &Declaration) -> Vec<&'static str> {
    let mut errors: Vec<&str> = browser_errors()
        .filter(|(_, code)| code.as_str() == rule.id)
        .map(|(error, _)| error)
        .collect();
    errors.sort_unstable();
    errors.dedup();
    errors
}

/// Writes the page about a rule id, a verdict code, or a browser's error name, of which case and the `k` of Chromium's
/// enumeration or the closing digit of Firefox's do not matter.
///
/// # Errors
/// [`Unknown`] inside the first, those of the writer inside the second.
pub fn explain(name: &str, style: &Style, out: &mut dyn Write) -> Result<io::Result<()>, Unknown> {
    let mut page = Page::new(out, style.width, style.color);
    if let Some(rule) = rule(name) {
        return Ok(write_rule(rule, &mut page));
    }
    if let Some(code) = Code::ALL
        .iter()
        .find(|code| code.as_str().eq_ignore_ascii_case(name))
    {
        return Ok(write_code(*code, &mut page));
    }
    if let Some((error, codes)) = browser_error(name) {
        return Ok(write_error(error, &codes, &mut page));
    }
    let known = rules::declarations()
        .map(|declaration| declaration.id)
        .chain(Code::ALL.iter().map(|code| code.as_str()))
        .chain(browser_errors().map(|(name, _)| name));
    Err(Unknown {
        name: name.to_owned(),
        nearest: nearest(name, known),
    })
}

fn rule(id: &str) -> Option<&'static Declaration> {
    rules::declarations().find(|declaration| declaration.id.eq_ignore_ascii_case(id))
}

fn browser_error(name: &str) -> Option<(&'static str, Vec<Code>)> {
    let stem = |name: &str| {
        name.trim_end_matches(|c: char| c.is_ascii_digit())
            .to_ascii_lowercase()
    };
    let asked = stem(name);
    let matches =
        |error: &str| stem(error) == asked || asked.strip_prefix('k') == Some(&stem(error));
    let mut found = browser_errors().filter(|(error, _)| matches(error));
    let (error, code) = found.next()?;
    let mut codes = vec![code];
    for (_, code) in found {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    Some((error, codes))
}

fn write_rule(rule: &Declaration, page: &mut Page<'_>) -> io::Result<()> {
    page.styled(0, rule.id, Ansi::new().bold())?;
    page.text(0, rule.title)?;
    page.text(
        0,
        &format!(
            "category {}, severity {}, since {}",
            rule.category, rule.severity, rule.since
        ),
    )?;
    let errors = errors_of(rule);
    if !errors.is_empty() {
        page.text(0, &format!("browsers call it {}", errors.join(", ")))?;
    }
    markdown(&rule.documentation(), page)
}

fn write_code(code: Code, page: &mut Page<'_>) -> io::Result<()> {
    page.styled(0, code.as_str(), Ansi::new().bold())?;
    page.text(
        0,
        &format!(
            "a verdict of class {}; no rule reports it",
            code.class().as_str()
        ),
    )?;
    let told = code.explanation();
    for text in [told.title, told.meaning, told.why] {
        if !text.is_empty() {
            page.gap()?;
            page.text(0, text)?;
        }
    }
    if let Some(advice) = text::advice(code) {
        page.gap()?;
        page.text(0, advice)?;
    }
    Ok(())
}

fn write_error(error: &str, codes: &[Code], page: &mut Page<'_>) -> io::Result<()> {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    page.text(
        0,
        &format!("{error} is a browser's name for {}", names.join(", ")),
    )?;
    page.gap()?;
    match codes.first() {
        Some(code) => match rule(code.as_str()) {
            Some(rule) => write_rule(rule, page),
            None => write_code(*code, page),
        },
        None => Ok(()),
    }
}

/// Headings, paragraphs, lists, and code, which stays as it is.
fn markdown(source: &str, page: &mut Page<'_>) -> io::Result<()> {
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in source.lines() {
        let is_code = fenced || line.starts_with("    ");
        let fence = line.trim_start().starts_with("```");
        let starts_item = line.starts_with("- ") || line.starts_with("* ");
        if is_code || fence || line.starts_with('#') || line.trim().is_empty() || starts_item {
            flush(&mut paragraph, page)?;
        }
        if fence {
            fenced = !fenced;
        } else if is_code {
            page.verbatim(4, line.strip_prefix("    ").unwrap_or(line))?;
        } else if let Some(heading) = line.strip_prefix('#') {
            page.gap()?;
            page.styled(
                0,
                heading.trim_start_matches('#').trim(),
                Ansi::new().bold(),
            )?;
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut paragraph, page)
}

fn flush(paragraph: &mut String, page: &mut Page<'_>) -> io::Result<()> {
    if !paragraph.is_empty() {
        match paragraph.strip_prefix("- ") {
            Some(item) => page.labelled(2, "-", 2, item)?,
            None => page.text(2, paragraph)?,
        }
        paragraph.clear();
    }
    Ok(())
}
