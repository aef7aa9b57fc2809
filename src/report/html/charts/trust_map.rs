//! Who was granted what: origins on the left, servers on the right, a line for each grant that a page made use of.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use crate::audit::Audit;
use crate::cors::{Class, Code};
use crate::redact;
use crate::report::html::shown::shown;

/// Lines that are drawn; the weightiest.
const LINES: usize = 40;
/// Rows of the table.
const ROWS: usize = 300;
/// Height of a row of the drawing.
const STEP: usize = 34;
/// Room above the first row, for the names of the columns.
const TOP: usize = 20;
/// Room between a name and its mark.
const GAP: usize = 14;
/// Length of the lines, from mark to mark.
const SPAN: usize = 240;
/// Width of a character of the drawing.
const CHARACTER: usize = 8;
/// Characters of a name that the drawing has room for.
const NAME: usize = 38;

/// The map.
#[derive(Template)]
#[template(path = "charts/trust_map.html")]
pub(in crate::report::html) struct TrustMap {
    origins: Vec<Node>,
    servers: Vec<Node>,
    lines: Vec<Line>,
    rows: Vec<Row>,
    /// Where the lines start and end.
    left: usize,
    right: usize,
    width: usize,
    height: usize,
    not_drawn: usize,
    not_listed: usize,
}

/// An origin or a server of the drawing.
struct Node {
    name: String,
    whole_name: String,
    y: usize,
    /// `anyone`, `null`, or nothing.
    kind: &'static str,
}

/// A grant of the drawing.
struct Line {
    path: String,
    credentials: bool,
    title: String,
}

/// A grant of the table.
struct Row {
    origin: String,
    server: String,
    credentials: bool,
    methods: String,
    count: u64,
}

/// Who was granted, in the order of the drawing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reader {
    /// `*`: whoever asks.
    Anyone,
    /// `null`.
    Null,
    /// An origin by name.
    Named(String),
}

#[derive(Default)]
struct Grant {
    credentials: bool,
    methods: BTreeSet<String>,
    count: u64,
}

impl Reader {
    fn name(&self) -> &str {
        match self {
            Self::Anyone => "any origin (*)",
            Self::Null => "null (sandboxed pages, files)",
            Self::Named(origin) => origin,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Null => "null",
            Self::Named(_) => "",
        }
    }
}

impl TrustMap {
    /// Draws the grants of all fetches that were allowed.
    pub(in crate::report::html) fn of(audit: &Audit) -> Self {
        let mut grants: Vec<((Reader, String), Grant)> = grants(audit).into_iter().collect();
        // The weightiest first: credentials, anyone, then by use. The order of the key breaks ties.
        grants.sort_by(|((a, _), x), ((b, _), y)| {
            let weight = |reader: &Reader, grant: &Grant| {
                (
                    grant.credentials,
                    reader < &Reader::Named(String::new()),
                    grant.count,
                )
            };
            weight(b, y).cmp(&weight(a, x))
        });
        let drawn = &grants[..grants.len().min(LINES)];
        let readers: BTreeSet<&Reader> = drawn.iter().map(|((reader, _), _)| reader).collect();
        let servers: BTreeSet<&str> = drawn.iter().map(|((_, server), _)| &**server).collect();
        let height = readers.len().max(servers.len()) * STEP + TOP;
        // The shorter side stands in the middle of the longer.
        let y_of = |at: usize, of: usize| (TOP + height) / 2 - of * STEP / 2 + at * STEP + STEP / 2;
        let reader_y: BTreeMap<&Reader, usize> = readers
            .iter()
            .enumerate()
            .map(|(at, reader)| (*reader, y_of(at, readers.len())))
            .collect();
        let server_y: BTreeMap<&str, usize> = servers
            .iter()
            .enumerate()
            .map(|(at, server)| (*server, y_of(at, servers.len())))
            .collect();
        let origins: Vec<Node> = reader_y
            .iter()
            .map(|(reader, y)| Node::new(reader.name(), *y, reader.kind()))
            .collect();
        let servers: Vec<Node> = server_y
            .iter()
            .map(|(server, y)| Node::new(server, *y, ""))
            .collect();
        let left = widest(&origins) + GAP;
        let right = left + SPAN;
        let mut lines: Vec<Line> = drawn
            .iter()
            .map(|((reader, server), grant)| {
                let (from, to) = (reader_y[reader], server_y[&**server]);
                let middle = (left + right) / 2;
                Line {
                    path: format!("M{left} {from}C{middle} {from} {middle} {to} {right} {to}"),
                    credentials: grant.credentials,
                    title: format!(
                        "{} reads {server}, {}, {}",
                        reader.name(),
                        with(grant.credentials),
                        times(grant.count)
                    ),
                }
            })
            .collect();
        // Those with credentials are drawn last, above the others.
        lines.reverse();
        Self {
            width: right + GAP + widest(&servers),
            origins,
            servers,
            left,
            right,
            lines,
            height,
            not_drawn: grants.len().saturating_sub(LINES),
            not_listed: grants.len().saturating_sub(ROWS),
            rows: grants
                .into_iter()
                .take(ROWS)
                .map(|((reader, server), grant)| Row {
                    origin: reader.name().to_owned(),
                    server,
                    credentials: grant.credentials,
                    methods: grant.methods.into_iter().collect::<Vec<_>>().join(", "),
                    count: grant.count,
                })
                .collect(),
        }
    }
}

fn grants(audit: &Audit) -> BTreeMap<(Reader, String), Grant> {
    let mut grants: BTreeMap<(Reader, String), Grant> = BTreeMap::new();
    for excerpt in audit.excerpts() {
        let view = excerpt.view();
        let code = view.judged.verdict.code;
        let (Class::Allowed, Some(last)) = (code.class(), view.last()) else {
            continue;
        };
        let reader = match code {
            Code::OkWildcard => Reader::Anyone,
            Code::OkNullOrigin | Code::OkNullOriginCredentials => Reader::Null,
            _ => match &view.judged.fetch.initiator_origin.value {
                Some(origin) if origin.is_opaque() => Reader::Null,
                Some(origin) => Reader::Named(shown(&redact::url_text(origin.serialised()))),
                None => continue,
            },
        };
        let server = shown(&redact::url_text(last.request.url.origin().serialised()));
        let grant = grants.entry((reader, server)).or_default();
        grant.credentials |= matches!(
            code,
            Code::OkOriginMatchCredentials | Code::OkNullOriginCredentials
        );
        grant.count += 1;
        let method = shown(&redact::text(last.request.method.as_str()));
        if grant.methods.len() < 8 {
            grant.methods.insert(method);
        }
    }
    grants
}

impl Node {
    fn new(name: &str, y: usize, kind: &'static str) -> Self {
        let short = match name.char_indices().nth(NAME) {
            // The end of a name tells whose it is.
            Some(_) => {
                let skip = name.chars().count() - (NAME - 1);
                format!("…{}", name.chars().skip(skip).collect::<String>())
            }
            None => name.to_owned(),
        };
        Self {
            name: short,
            whole_name: name.to_owned(),
            y,
            kind,
        }
    }
}

/// Room for the longest of the names, or for the name of the column.
fn widest(nodes: &[Node]) -> usize {
    let names = nodes.iter().map(|node| node.name.chars().count());
    names.max().unwrap_or(0).max(10) * CHARACTER
}

fn with(credentials: bool) -> &'static str {
    if credentials {
        "with credentials"
    } else {
        "without credentials"
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}
