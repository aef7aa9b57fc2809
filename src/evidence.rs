//! Evidence: what rules read of recordings, carried from one run to the next.
//!
//! A rule that compares origins, users or times needs more than one session shows. Evidence holds each recording as far as
//! rules read it: exchanges without bodies, cookie values and tokens, and the verdicts. Every text has passed
//! [`crate::redact`], as if it were printed. An audit over evidence and new recordings finds what one audit over all
//! of the recordings finds.
//!
//! The file is JSON, a line each: a head, then one recording a line, ordered, none twice. So evidence can be joined in any
//! order, and twice, and stays the same.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::audit::JudgedFetch;
use crate::content::Content;
use crate::exchange::{Capture, Exchange, Initiator, Outcome};
use crate::facts::template;
use crate::header::{HeaderList, HeaderListBuilder};
use crate::redact;
use crate::url::Url;

/// Recordings, reduced to what rules read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    // One recording each, as JSON.
    lines: BTreeSet<String>,
}

/// A recording as evidence holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recording<C, F> {
    pub(crate) capture: C,
    pub(crate) fetches: F,
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    format: Cow<'a, str>,
    version: u32,
}

const FORMAT: &str = "corsaudit-evidence";
const VERSION: u32 = 1;

impl Evidence {
    /// Adds what a file of evidence holds.
    ///
    /// # Errors
    /// The reader's; [`io::ErrorKind::InvalidData`] for anything that is no evidence of a known version.
    pub fn read(&mut self, input: impl BufRead) -> io::Result<()> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut lines = input.lines();
        let head = lines.next().transpose()?.unwrap_or_default();
        let head: Head<'_> = serde_json::from_str(&head)
            .map_err(|_| invalid("not evidence of corsaudit".to_owned()))?;
        if head.format != FORMAT {
            return Err(invalid("not evidence of corsaudit".to_owned()));
        }
        if head.version != VERSION {
            let version = head.version;
            return Err(invalid(format!(
                "evidence of version {version}, of which nothing is known here; write it anew with --write-evidence"
            )));
        }
        for (index, line) in lines.enumerate() {
            let line = line?;
            // Told here, by line, rather than when it is used.
            parse(&line).map_err(|error| invalid(format!("line {}: {error}", index + 2)))?;
            self.lines.insert(line);
        }
        Ok(())
    }

    /// Writes everything.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        let head = Head {
            format: FORMAT.into(),
            version: VERSION,
        };
        serde_json::to_writer(&mut out, &head)?;
        out.write_all(b"\n")?;
        for line in &self.lines {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Evidence of one recording.
    pub(crate) fn of(capture: &Capture, fetches: &[&JudgedFetch]) -> Self {
        let recording = Recording {
            capture: reduced(capture),
            fetches,
        };
        let line = serde_json::to_string(&recording)
            .expect("what an audit holds has names for keys and no failing parts");
        Self {
            lines: BTreeSet::from([line]),
        }
    }

    /// The recordings that the other evidence does not hold.
    pub(crate) fn without(&self, other: &Self) -> Vec<Recording<Capture, Vec<JudgedFetch>>> {
        self.lines
            .difference(&other.lines)
            .filter_map(|line| parse(line).ok())
            .collect()
    }

    /// Joins.
    pub(crate) fn join(&mut self, other: &Self) {
        self.lines.extend(other.lines.iter().cloned());
    }
}

impl FromIterator<Self> for Evidence {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        Self {
            lines: parts.into_iter().flat_map(|part| part.lines).collect(),
        }
    }
}

impl FromParallelIterator<Self> for Evidence {
    fn from_par_iter<I: IntoParallelIterator<Item = Self>>(parts: I) -> Self {
        let parts: Vec<Self> = parts.into_par_iter().collect();
        parts.into_iter().collect()
    }
}

/// Reads a recording, and makes sure that its parts name each other rightly.
fn parse(line: &str) -> Result<Recording<Capture, Vec<JudgedFetch>>, String> {
    let recording: Recording<Capture, Vec<JudgedFetch>> =
        serde_json::from_str(line).map_err(|error| error.to_string())?;
    let exchanges = recording.capture.exchanges.len();
    let is_there = |index: u32| (index as usize) < exchanges;
    let holds = recording.fetches.iter().all(|judged| {
        let hops = &judged.fetch.hops;
        usize::from(judged.verdict.hop) < hops.len()
            && hops.iter().all(|hop| {
                let named = [hop.exchange, hop.preflight.exchange(), hop.stored];
                named.into_iter().flatten().all(is_there)
            })
    });
    if holds {
        Ok(recording)
    } else {
        Err("names an exchange that is not there".to_owned())
    }
}

/// A recording without what reports would not print.
fn reduced(capture: &Capture) -> Capture {
    Capture {
        source: capture.source.clone(),
        recorder: capture.recorder,
        pages: capture
            .pages
            .iter()
            .map(|page| {
                let mut page = page.clone();
                page.id = redact::text(&page.id).into();
                page.url = page.url.as_ref().map(reduced_url);
                page
            })
            .collect(),
        exchanges: capture.exchanges.iter().map(reduced_exchange).collect(),
        notices: Vec::new(),
        sanitized: capture.sanitized,
        bytes: capture.bytes,
        entries: capture.entries,
    }
}

fn reduced_exchange(exchange: &Exchange) -> Exchange {
    let mut out = exchange.clone();
    let url = &exchange.request.url;
    out.request.url = reduced_url(url);
    let path = template(url.path());
    if template(out.request.url.path()) != path {
        let content = out.content.get_or_insert_with(Box::<Content>::default);
        content.template = Some(path.into());
    }
    out.request.headers = reduced_headers(&exchange.request.headers);
    if let Outcome::Response(response) = &mut out.outcome {
        response.headers = reduced_headers(&response.headers);
    }
    if let Some(Initiator::Parser(url)) = &mut out.hints.initiator {
        *url = redact::url_text(url).into();
    }
    let hints = [&mut out.hints.error, &mut out.hints.service_worker_source];
    for text in hints.into_iter().flatten() {
        *text = redact::text(text).into();
    }
    out
}

fn reduced_url(url: &Url) -> Url {
    match redact::url(url) {
        Cow::Borrowed(_) => url.clone(),
        // A placeholder is legal wherever a secret was; should it not be, the origin is what is left.
        Cow::Owned(text) => Url::parse(&text)
            .or_else(|_| Url::parse(&format!("{}/", url.origin().serialised())))
            .unwrap_or_else(|_| url.clone()),
    }
}

/// Lines as reports print them. Where nothing is replaced the bytes stay, which may be no text. Of Authorization the
/// reader keeps no more than the scheme.
fn reduced_headers(headers: &HeaderList) -> HeaderList {
    let mut lines = HeaderListBuilder::new();
    for (name, value) in headers.iter() {
        let text = match std::str::from_utf8(value) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
        };
        let is_scheme = name.eq_ignore_ascii_case(b"authorization")
            || name.eq_ignore_ascii_case(b"proxy-authorization");
        let printed = redact::header_value(&String::from_utf8_lossy(name), value);
        if is_scheme || *text == *printed {
            lines.push(name, value);
        } else {
            lines.push(name, printed.as_bytes());
        }
    }
    lines.take()
}
