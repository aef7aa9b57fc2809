//! What to change, and what would change the verdict: each found by judging the fetch again.

use std::io;

use crate::cors::{Class, Code, CredentialsMode, Evaluation, Origin, RequestMode};
use crate::judge::{Answered, Change, WhatIf};
use crate::pairing::PreflightLink;
use crate::redact;
use crate::report::wrap::Page;
use crate::rules::FetchView;

use super::{follows, section};

/// A site that is nobody's.
const STRANGER: &[u8] = b"https://unrelated.example";

/// Writes both sections; the first one only where something was refused.
pub(super) fn write(
    view: FetchView<'_>,
    what_if: &WhatIf<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let engine = view.judged.verdict.engine;
    let computed = what_if.run(engine, &[]);
    remedy(view, what_if, &computed, page)?;
    section("WHAT WOULD CHANGE THE VERDICT", page)?;
    let mut same = Vec::new();
    let mut changed = false;
    for (told, changes) in circumstances(view, what_if, &computed) {
        let other = what_if.run(engine, &changes);
        if other.code == computed.code {
            same.push(told);
            continue;
        }
        changed = true;
        page.labelled(2, "-", 2, &format!("{told}: {}", follows(&other)))?;
    }
    if !changed {
        page.text(2, "Nothing that was tried, with the messages as they are.")?;
    }
    if !same.is_empty() {
        page.text(
            2,
            &format!(
                "No difference, with the messages as they are: {}.",
                same.join("; ")
            ),
        )?;
    }
    Ok(())
}

/// The advice for the code, and the changes on the server after which the fetch passes.
fn remedy(
    view: FetchView<'_>,
    what_if: &WhatIf<'_>,
    computed: &Evaluation,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let verdict = &view.judged.verdict;
    let refused = matches!(verdict.class(), Class::Blocked | Class::Failed);
    let fix = verdict.code.fix_hint();
    let repairs = if refused || computed.class() == Class::Blocked {
        what_if.repairs(verdict.engine)
    } else {
        Vec::new()
    };
    if (fix.is_empty() || !refused) && repairs.is_empty() {
        return Ok(());
    }
    section("WHAT TO CHANGE", page)?;
    if refused && !fix.is_empty() {
        page.text(2, fix)?;
    }
    for (index, (change, then)) in repairs.iter().enumerate() {
        let step = format!("{}: then {}", instruction(view, change), follows(then));
        page.labelled(2, &format!("{}.", index + 1), 3, &step)?;
    }
    if repairs.iter().any(|(change, _)| grants_null(change)) {
        page.text(
            2,
            "Granting null lets every sandboxed page in. After a redirect to another origin, let the page ask for the \
             final URL directly instead.",
        )?;
    }
    if repairs.iter().any(|(change, _)| grants_origin(change)) {
        page.text(
            2,
            "Grant this only if that origin ought to read the answer; if not, the browser has done its work.",
        )?;
    }
    match repairs.last() {
        Some((_, then)) if then.class() == Class::Blocked => {
            page.text(2, "No header of the server changes what blocks then.")
        }
        Some(_) if repairs.len() > 1 => page.text(
            2,
            "Each step was tried on the recorded messages: the later ones are hidden behind the first until it is done.",
        ),
        Some(_) => page.text(2, "This was tried on the recorded messages."),
        None => Ok(()),
    }
}

fn grants_null(change: &Change) -> bool {
    matches!(change, Change::Header { name: "Access-Control-Allow-Origin", value: Some(value), .. } if value == "null")
}

fn grants_origin(change: &Change) -> bool {
    matches!(
        change,
        Change::Header {
            name: "Access-Control-Allow-Origin",
            ..
        }
    )
}

/// An answer, by what was asked.
fn answer(view: FetchView<'_>, hop: usize, of: Answered) -> String {
    let exchange = view.judged.fetch.hop_exchange(view.capture, hop);
    let url = exchange
        .map(|exchange| redact::url(&exchange.request.url))
        .unwrap_or_default();
    match of {
        Answered::Preflight => format!("the preflight (OPTIONS {url})"),
        Answered::Actual => url.into_owned(),
    }
}

/// A change of a header, as a condition.
fn condition(view: FetchView<'_>, change: &Change) -> String {
    match change {
        Change::Header {
            hop,
            of,
            name,
            value,
        } => {
            let whose = match of {
                Answered::Preflight => "the preflight's answer",
                Answered::Actual => "the answer",
            };
            let hop = if view.judged.fetch.hops.len() > 1 {
                format!(" of hop {}", hop + 1)
            } else {
                String::new()
            };
            match value {
                Some(value) => format!(
                    "if {whose}{hop} had {name}: {}",
                    redact::header_value(name, value.as_bytes())
                ),
                None => format!("if {whose}{hop} lacked {name}"),
            }
        }
        other => format!("if one were to {}", instruction(view, other)),
    }
}

/// A change, as an instruction.
fn instruction(view: FetchView<'_>, change: &Change) -> String {
    match change {
        Change::Header {
            hop,
            of,
            name,
            value: Some(value),
        } => format!(
            "answer {} with {name}: {}",
            answer(view, *hop, *of),
            redact::header_value(name, value.as_bytes())
        ),
        Change::Header {
            hop,
            of,
            name,
            value: None,
        } => {
            format!("answer {} without {name}", answer(view, *hop, *of))
        }
        Change::PreflightStatus { hop, status } => {
            format!(
                "answer {} with status {status}",
                answer(view, *hop, Answered::Preflight)
            )
        }
        Change::Origin(origin) => format!("ask from {}", redact::url_text(origin.serialised())),
        Change::Mode(mode) => format!("ask in mode {mode}"),
        Change::Credentials(credentials) => format!("ask with credentials mode {credentials}"),
    }
}

/// The credentials mode on the other side of the one line that CORS draws.
pub(super) fn other_credentials(credentials: CredentialsMode) -> CredentialsMode {
    if credentials.is_include() {
        CredentialsMode::SameOrigin
    } else {
        CredentialsMode::Include
    }
}

/// Circumstances to try, as clauses that end in what follows.
fn circumstances(
    view: FetchView<'_>,
    what_if: &WhatIf<'_>,
    computed: &Evaluation,
) -> Vec<(String, Vec<Change>)> {
    let assumed = what_if.assumed();
    let mut list: Vec<(String, Vec<Change>)> = Vec::new();
    let by_script = match assumed.mode {
        RequestMode::Cors | RequestMode::NoCors => assumed.mode,
        _ => RequestMode::Cors,
    };
    // A navigation is compared with what a script would get.
    let base: Vec<Change> = if by_script == assumed.mode {
        Vec::new()
    } else {
        list.push((
            "if a script had asked for it in mode cors".to_owned(),
            vec![Change::Mode(by_script)],
        ));
        vec![Change::Mode(by_script)]
    };
    let mut add = |told: String, change: Change| {
        let mut changes = base.clone();
        changes.push(change);
        list.push((told, changes));
    };
    if by_script == RequestMode::Cors {
        let other = other_credentials(assumed.credentials);
        let told = if other.is_include() {
            "with credentials (mode include)"
        } else {
            "without credentials (mode omit or same-origin)"
        };
        add(told.to_owned(), Change::Credentials(other));
        add(
            "in mode no-cors".to_owned(),
            Change::Mode(RequestMode::NoCors),
        );
    } else {
        add("in mode cors".to_owned(), Change::Mode(RequestMode::Cors));
    }
    origins(view, &assumed.origin, &mut add);
    headers(view, computed, &mut add);
    list
}

/// Other pages that could have asked. Their answers might differ from the recorded ones, which the words say.
fn origins(view: FetchView<'_>, asked: &Origin, add: &mut impl FnMut(String, Change)) {
    if let Some(first) = view.judged.fetch.first(view.capture) {
        let own = first.request.url.origin();
        if !own.is_opaque() && !own.is_same_origin(asked) {
            add(
                format!(
                    "if a page of {} itself had asked",
                    redact::url_text(own.serialised())
                ),
                Change::Origin(own.clone()),
            );
        }
    }
    if let Some(stranger) = Origin::parse(STRANGER) {
        add(
            format!("if {stranger} had asked and got the same answers"),
            Change::Origin(stranger),
        );
    }
    if !asked.is_opaque() {
        add(
            "if a sandboxed page (origin null) had asked and got the same answers".to_owned(),
            Change::Origin(Origin::OPAQUE),
        );
    }
}

/// Headers that granted something, taken away.
fn headers(view: FetchView<'_>, computed: &Evaluation, add: &mut impl FnMut(String, Change)) {
    if computed.class() != Class::Allowed && computed.code != Code::OpaqueNoCors {
        return;
    }
    let at = |index: u32| view.capture.exchanges.get(index as usize);
    for (number, hop) in view.judged.fetch.hops.iter().enumerate() {
        let preflight = match hop.preflight {
            PreflightLink::Recorded(index) => at(index),
            PreflightLink::Cached(_) | PreflightLink::None => None,
        };
        for (exchange, of) in [
            (preflight, Answered::Preflight),
            (hop.exchange.and_then(at), Answered::Actual),
        ] {
            let Some(response) = exchange.and_then(|exchange| exchange.response()) else {
                continue;
            };
            for name in [
                "Access-Control-Allow-Origin",
                "Access-Control-Allow-Credentials",
                "Access-Control-Allow-Methods",
                "Access-Control-Allow-Headers",
                "Cross-Origin-Resource-Policy",
            ] {
                let means_nothing = of == Answered::Actual
                    && matches!(
                        name,
                        "Access-Control-Allow-Methods" | "Access-Control-Allow-Headers"
                    );
                if response.headers.contains(name) && !means_nothing {
                    let change = Change::Header {
                        hop: number,
                        of,
                        name,
                        value: None,
                    };
                    add(condition(view, &change), change);
                }
            }
            if of == Answered::Actual && response.headers.contains("access-control-allow-origin") {
                let change = Change::Header {
                    hop: number,
                    of,
                    name: "Access-Control-Allow-Origin",
                    value: Some("*".to_owned()),
                };
                add(condition(view, &change), change);
            }
        }
    }
}
