//! Which fetch is meant.

use std::fmt;

use crate::audit::JudgedFetch;
use crate::exchange::{Capture, Exchange, Locus};
use crate::pairing::PreflightLink;
use crate::redact;
use crate::report::text;

/// Matches that are listed; the others are counted.
const LISTED: usize = 20;

/// How a fetch is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// By an entry of a HAR, counted from 0.
    Entry(u32),
    /// By a packet of a capture, counted from 1.
    Packet(u64),
    /// By a part of a URL.
    Url(String),
}

/// No fetch, or several, are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotOne {
    message: String,
    /// A line for each match.
    pub matches: Vec<String>,
}

impl fmt::Display for NotOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotOne {}

/// The one fetch that is named.
///
/// # Errors
/// When none is, or several are; the latter come with a way to name each.
pub fn select<'f>(
    capture: &Capture,
    fetches: &'f [JudgedFetch],
    wanted: &Wanted,
) -> Result<&'f JudgedFetch, NotOne> {
    let found: Vec<&JudgedFetch> = fetches
        .iter()
        .filter(|judged| own_exchanges(capture, judged).any(|exchange| wanted.names(exchange)))
        .collect();
    match found[..] {
        [only] => Ok(only),
        [] => Err(NotOne {
            message: wanted.nothing(capture),
            matches: Vec::new(),
        }),
        _ => Err(NotOne {
            message: wanted.several(capture, found.len()),
            matches: found
                .iter()
                .take(LISTED)
                .map(|judged| line(capture, judged))
                .chain((found.len() > LISTED).then(|| format!("and {} more", found.len() - LISTED)))
                .collect(),
        }),
    }
}

/// The exchanges of a fetch, without a preflight of an earlier one whose answer served it from the cache.
fn own_exchanges<'c>(
    capture: &'c Capture,
    judged: &'c JudgedFetch,
) -> impl Iterator<Item = &'c Exchange> {
    judged
        .fetch
        .hops
        .iter()
        .flat_map(|hop| {
            let preflight = match hop.preflight {
                PreflightLink::Recorded(index) => Some(index),
                PreflightLink::Cached(_) | PreflightLink::None => None,
            };
            [preflight, hop.exchange]
        })
        .flatten()
        .filter_map(|index| capture.exchanges.get(index as usize))
}

fn line(capture: &Capture, judged: &JudgedFetch) -> String {
    let Some(first) = judged.fetch.first(capture) else {
        return "a fetch without exchanges".to_owned();
    };
    let option = match first.locus {
        Locus::Entry(entry) => format!("--entry {entry}"),
        Locus::Packets { first, .. } => format!("--packet {first}"),
    };
    format!(
        "{option}  {} {}  {} [{}]",
        redact::text(first.request.method.as_str()),
        redact::url(&first.request.url),
        judged.verdict.class().as_str(),
        judged.verdict.code
    )
}

impl Wanted {
    fn names(&self, exchange: &Exchange) -> bool {
        match (self, exchange.locus) {
            (Self::Entry(wanted), Locus::Entry(entry)) => *wanted == entry,
            (Self::Packet(wanted), Locus::Packets { first, last, .. }) => {
                (first..=last).contains(wanted)
            }
            (Self::Url(part), _) => exchange.request.url.as_str().contains(part.as_str()),
            _ => false,
        }
    }

    fn nothing(&self, capture: &Capture) -> String {
        let is_har = capture
            .exchanges
            .iter()
            .any(|exchange| matches!(exchange.locus, Locus::Entry(_)));
        let file = &capture.source;
        match self {
            _ if capture.exchanges.is_empty() => {
                format!("{file}: the recording holds no exchange that could be read")
            }
            Self::Entry(_) if !is_har => {
                format!("{file}: a capture has packets, no entries; use --packet N or --url PART")
            }
            Self::Packet(_) if is_har => {
                format!("{file}: a HAR has entries, no packets; use --entry N or --url PART")
            }
            Self::Entry(entry) if u64::from(*entry) >= capture.entries => format!(
                "{file}: there is no entry {entry}; entries are counted from 0 to {}",
                capture.entries.saturating_sub(1)
            ),
            Self::Entry(entry) => format!(
                "{file}: entry {entry} belongs to no fetch: it could not be read, or a service worker answered it"
            ),
            Self::Packet(packet) => {
                format!(
                    "{file}: no HTTP message that could be read has its place in packet {packet}"
                )
            }
            Self::Url(part) => format!(
                "{file}: no URL of {} holds {}",
                text::counted(capture.exchanges.len() as u64, "exchange", "exchanges"),
                redact::url_text(part)
            ),
        }
    }

    fn several(&self, capture: &Capture, count: usize) -> String {
        let (what, how) = match self {
            Self::Entry(entry) => (
                format!("entry {entry}"),
                "name one by its URL with --url PART",
            ),
            Self::Packet(packet) => (
                format!("packet {packet}"),
                "name one by a packet of its own",
            ),
            Self::Url(part) => (redact::url_text(part).into_owned(), "name one"),
        };
        format!(
            "{}: {count} fetches match {what}; {how}, for instance:",
            capture.source
        )
    }
}
