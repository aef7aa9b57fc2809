//! The pages in `docs/` say what the program does.
//!
//! `CORSAUDIT_ACCEPT=1 cargo test --test docs` writes `docs/rules/` anew from the rules' own documentation.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use corsaudit::report::{rule_index, rule_page};
use corsaudit::rules;

const RULES: &str = "docs/rules";

/// The pages as the rules tell them, by name.
fn pages() -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = rules::declarations()
        .map(|rule| (format!("{}.md", rule.id), rule_page(rule)))
        .collect();
    pages.insert("README.md".to_owned(), rule_index());
    pages
}

fn written() -> BTreeMap<String, String> {
    let Ok(folder) = fs::read_dir(RULES) else {
        return BTreeMap::new();
    };
    folder
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn rule_pages_are_those_of_the_rules() {
    let pages = pages();
    assert!(pages.len() > 30);
    if std::env::var_os("CORSAUDIT_ACCEPT").is_some() {
        fs::create_dir_all(RULES).unwrap();
        for name in written().keys().filter(|name| !pages.contains_key(*name)) {
            fs::remove_file(Path::new(RULES).join(name)).unwrap();
        }
        for (name, page) in &pages {
            fs::write(Path::new(RULES).join(name), page).unwrap();
        }
    }
    let written = written();
    let differing: Vec<&String> = pages
        .keys()
        .chain(written.keys())
        .filter(|name| pages.get(*name) != written.get(*name))
        .collect();
    assert!(
        differing.is_empty(),
        "{differing:?}: run CORSAUDIT_ACCEPT=1 cargo test --test docs"
    );
}

#[test]
fn rule_pages_have_their_sections() {
    for rule in rules::declarations() {
        let page = rule_page(rule);
        let mut at = 0;
        for section in corsaudit::rules::Declaration::SECTIONS {
            let heading = format!("\n## {section}\n\n");
            let found = page[at..].find(&heading);
            assert!(found.is_some(), "{}: {section}", rule.id);
            at += found.unwrap();
        }
        assert_eq!(page.matches("```").count() % 2, 0, "{}", rule.id);
    }
}

fn guides() -> Vec<PathBuf> {
    let mut guides: Vec<PathBuf> = fs::read_dir("docs")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    guides.push("README.md".into());
    guides.sort();
    assert!(guides.len() >= 4);
    guides
}

#[test]
fn links_lead_somewhere() {
    for guide in guides() {
        let text = fs::read_to_string(&guide).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = guide.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {target}", guide.display());
        }
    }
}

fn help(command: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_corsaudit"));
    if !command.is_empty() {
        program.arg(command);
    }
    let output = program.arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Every command line that a page quotes uses options that there are.
#[test]
fn quoted_command_lines_are_understood() {
    let commands = ["completions", "explain", "export", "man", "rules", "why"];
    let of_program = help("");
    let mut quoted = 0;
    for guide in guides() {
        let text = fs::read_to_string(&guide).unwrap();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("corsaudit ") {
            rest = &rest[at + "corsaudit ".len()..];
            let line = rest.split(['\n', '`', '|', '>']).next().unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            let options: Vec<&str> = words
                .iter()
                .filter(|word| word.starts_with("--") && word.len() > 2)
                .map(|word| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
                .collect();
            if options.is_empty() {
                continue;
            }
            let help = match words.first() {
                Some(first) if commands.contains(first) => help(first),
                _ => of_program.clone(),
            };
            for option in options {
                assert!(
                    help.contains(option),
                    "{}: {option}: {line}",
                    guide.display()
                );
                quoted += 1;
            }
        }
    }
    assert!(quoted > 10, "{quoted}");
}
