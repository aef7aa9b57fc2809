//! Runs `tests/rules/<id>.md`: recordings written by hand (`case`), and the findings they must give, no more and no fewer.

mod case;

use std::collections::BTreeSet;
use std::path::Path;

use corsaudit::cors::Code;
use corsaudit::finding::Finding;
use corsaudit::rules::{self, Context, Declaration, FetchView, Findings};

use crate::case::cases;

const INVENTORY: &str = "cors-trust-inventory";

fn line_of(finding: &Finding) -> String {
    let mut line = format!(
        "{} {} {}",
        finding.rule, finding.severity, finding.confidence
    );
    for (key, value) in [("reach", finding.reach), ("variant", finding.variant)] {
        if !value.is_empty() {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    if finding.count > 1 {
        line.push_str(&format!(" count={}", finding.count));
    }
    line
}

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the folder of case files")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let id = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (id, std::fs::read_to_string(&path).expect("a case file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn case_files() {
    let mut wrong = Vec::new();
    for (id, text) in files() {
        let (mut fires, mut silent) = (false, false);
        for case in cases(&text) {
            let found = rules::run(
                std::slice::from_ref(&case.capture),
                &case.fetches,
                &case.options,
            );
            for finding in &found {
                let messages = [&finding.message, &finding.fix, &finding.fingerprint];
                assert!(
                    messages.iter().all(|text| !text.is_empty()),
                    "{id}: {}: {finding:?}",
                    case.name
                );
                assert!(
                    !finding.references.is_empty() && !finding.samples.is_empty(),
                    "{id}"
                );
            }
            let mut lines: Vec<String> = found
                .iter()
                .filter(|finding| id == INVENTORY || finding.rule != INVENTORY)
                .map(line_of)
                .collect();
            lines.sort();
            let mut expected = case.expected.clone();
            expected.sort();
            if lines != expected {
                wrong.push(format!(
                    "{id}: {}\n  expected {expected:?}\n  found    {lines:?}",
                    case.name
                ));
            }
            let own = lines.iter().any(|line| line.split(' ').next() == Some(&id));
            fires |= own;
            silent |= !own;
        }
        if !(fires && silent) {
            wrong.push(format!(
                "{id}: needs a case in which it fires and one in which it is silent"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Registry, documentation and case files list the same rules; the registry can be searched; ids are unique.
#[test]
fn every_rule_is_registered_documented_and_tested() {
    let registered: Vec<&str> = rules::all().map(|rule| rule.declaration().id).collect();
    let unique: BTreeSet<&str> = registered.iter().copied().collect();
    assert_eq!(registered.len(), unique.len());
    let tested: Vec<String> = files().into_iter().map(|(id, _)| id).collect();
    assert_eq!(unique.iter().copied().collect::<Vec<_>>(), tested);
    for rule in rules::all() {
        let declaration = rule.declaration();
        assert_eq!(
            rules::find(declaration.id)
                .expect("registered")
                .declaration()
                .id,
            declaration.id
        );
        assert!(!declaration.title.is_empty(), "{}", declaration.id);
        assert!(!declaration.references().is_empty(), "{}", declaration.id);
        for section in Declaration::SECTIONS {
            assert!(
                !declaration.section(section).is_empty(),
                "{}: {section}",
                declaration.id
            );
        }
    }
    for code in Code::ALL {
        let blocked = code.class() == corsaudit::cors::Class::Blocked;
        assert_eq!(rules::find(code.as_str()).is_some(), blocked, "{code}");
    }
}

/// Any order, any split: the same findings to the last byte.
#[test]
fn order_and_split_do_not_matter() {
    for (id, text) in files() {
        for case in cases(&text) {
            let captures = std::slice::from_ref(&case.capture);
            let straight = rules::run(captures, &case.fetches, &case.options);
            let mut context = Context::new(&case.options);
            for judged in case.fetches.iter().rev() {
                let mut part = Context::new(&case.options);
                part.observe(FetchView {
                    capture: &case.capture,
                    judged,
                });
                part.merge(context);
                context = part;
            }
            let mut pages = Context::new(&case.options);
            pages.observe_capture(&case.capture);
            context.merge(pages);
            let mut found = Findings::new();
            rules::conclude(&context, &mut found);
            for (index, judged) in case.fetches.iter().enumerate().rev() {
                let mut part = Findings::new();
                let view = FetchView {
                    capture: &case.capture,
                    judged,
                };
                rules::check(
                    view,
                    u32::try_from(index).expect("few fetches"),
                    &context,
                    &mut part,
                );
                part.merge(found);
                found = part;
            }
            let findings = found.finish(&case.options, case.fetches.len(), |index, out| {
                let view = FetchView {
                    capture: &case.capture,
                    judged: &case.fetches[index as usize],
                };
                rules::check(view, index, &context, out);
            });
            assert_eq!(findings, straight, "{id}: {}", case.name);
        }
    }
}

/// A failure names the misspelt header beside it, if that is the one that was missing.
#[test]
fn a_misspelt_header_is_named_as_the_cause() {
    for (name, named) in [
        ("Access-Control-Alow-Origin", true),
        ("Access-Control-Allow-Method", false),
    ] {
        let text = format!(
            "## one\n```fetch\nverdict: missing-allow-origin\norigin: https://shop.test\n> GET https://api.test/\n> Origin: https://shop.test\n< 200 0\n< {name}: *\n```\n"
        );
        let case = cases(&text).remove(0);
        let found = rules::run(
            std::slice::from_ref(&case.capture),
            &case.fetches,
            &case.options,
        );
        let failure = found
            .iter()
            .find(|finding| finding.rule == "missing-allow-origin")
            .expect("the failure");
        assert_eq!(failure.message.contains(name), named, "{}", failure.message);
        assert_eq!(failure.evidence.iter().any(|line| line.name == name), named);
    }
}

/// The same cause on five endpoints of a host is one finding of the host.
#[test]
fn five_endpoints_fold_into_one_host() {
    let mut text = String::from("## many\n");
    for path in ["a", "b", "c", "d", "e"] {
        text.push_str(&format!(
            "```fetch\nverdict: missing-allow-origin\norigin: https://shop.test\n> GET https://api.test/{path}\n> Origin: https://shop.test\n< 200 0\n```\n"
        ));
        let case = cases(&text).remove(0);
        let found = rules::run(
            std::slice::from_ref(&case.capture),
            &case.fetches,
            &case.options,
        );
        let folded = path == "e";
        assert_eq!(found.len(), if folded { 1 } else { case.fetches.len() });
        if folded {
            assert_eq!((found[0].endpoint.as_str(), found[0].count), ("*", 5));
            assert_eq!(found[0].samples.len(), 3);
        }
    }
}
