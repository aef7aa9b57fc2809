//! One HAR document -> one recording: gathers entries, pages and the creator in whatever order they come.

use std::sync::Arc;

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use super::piece::{Piece, Symbols};
use crate::exchange::{Capture, Exchange, Locus, Page, Recorder};
use crate::reader::json::{Json, Kind, Stop};
use crate::reader::notices::Notices;
use crate::recording::{BLOCK, Block, Packed, Recording, References};
use crate::url::Url;

/// A document as far as it is read.
#[derive(Debug)]
pub(super) struct Document {
    head: Capture,
    exchanges: Packed<Exchange>,
    entries: u32,
    pages: Symbols,
    connections: Symbols,
    has_credentials: bool,
    has_https_document: bool,
    pub(super) notices: Notices,
}

impl Document {
    pub(super) fn new() -> Self {
        Self {
            head: Capture::default(),
            exchanges: Packed::default(),
            entries: 0,
            pages: Symbols::default(),
            connections: Symbols::default(),
            has_credentials: false,
            has_https_document: false,
            notices: Notices::default(),
        }
    }

    /// Elements of the list met so far.
    pub(super) fn entries(&self) -> u32 {
        self.entries
    }

    /// Counts an element of which nothing was read.
    pub(super) fn count_lost_entry(&mut self) {
        self.entries = self.entries.saturating_add(1);
    }

    /// Adds a run of entries, the next ones of the list.
    pub(super) fn absorb(&mut self, piece: Piece) {
        let first = self.entries;
        self.entries = first.saturating_add(piece.entries);
        let pages = renumber(&piece.pages, &mut self.pages);
        let connections = renumber(&piece.connections, &mut self.connections);
        let exchanges = piece.exchanges.into_iter().map(|mut exchange| {
            if let Locus::Entry(index) = &mut exchange.locus {
                *index = index.saturating_add(first);
            }
            let hints = &mut exchange.hints;
            hints.page = hints
                .page
                .and_then(|symbol| pages.get(symbol as usize).copied());
            hints.connection = hints
                .connection
                .and_then(|symbol| connections.get(symbol as usize).copied());
            exchange
        });
        self.exchanges.extend(exchanges, |full| {
            full.par_chunks(BLOCK).map(Block::of).collect()
        });
        self.has_credentials |= piece.has_credentials;
        self.has_https_document |= piece.has_https_document;
        self.notices.absorb(piece.notices, first);
    }

    /// Who recorded, by `log.creator`: an object with a name, or the name.
    pub(super) fn set_creator(&mut self, name: &str) {
        self.head.recorder = recorder(name);
    }

    pub(super) fn set_pages(&mut self, pages: Vec<Page>) {
        self.head.pages = pages.into();
    }

    /// The recording.
    pub(super) fn finish(mut self, source: &Arc<str>, bytes: u64) -> Recording {
        let mut head = self.head;
        // What these two write into `connection` is the remote port, even behind a proxy.
        let writes_ports = matches!(head.recorder, Recorder::DevTools | Recorder::Firefox);
        let references = References {
            pages: self
                .pages
                .names()
                .iter()
                .map(|name| {
                    let at = head.pages.iter().position(|page| page.id == *name)?;
                    u32::try_from(at).ok()
                })
                .collect(),
            connections: self
                .connections
                .names()
                .iter()
                .map(|name| name.starts_with('_') || !writes_ports)
                .collect(),
            cache_member_tells: head.recorder == Recorder::Firefox,
        };
        head.source = Arc::clone(source);
        head.sanitized = self.has_https_document && !self.has_credentials;
        head.bytes = bytes;
        head.entries = u64::from(self.entries);
        if head.sanitized {
            self.notices
                .add("credentials-unknown", CREDENTIALS_UNKNOWN, None);
        }
        head.notices = self.notices.finish(source);
        Recording::har(head, self.exchanges, references)
    }
}

const CREDENTIALS_UNKNOWN: &str = "pages were opened over https, and not one cookie or Authorization is in the file: most \
     exports leave them out, so what travelled is unknown, not absent; export a HAR with sensitive data, or capture \
     packets with a key log";

/// For each symbol of a piece the symbol of the document.
fn renumber(piece: &Symbols, document: &mut Symbols) -> Vec<u32> {
    piece
        .names()
        .iter()
        .map(|name| document.symbol(name))
        .collect()
}

fn recorder(creator: &str) -> Recorder {
    let name = creator.to_ascii_lowercase();
    if name.contains("webkit web inspector") {
        Recorder::WebKit
    } else if ["webinspector", "chrome har capturer", "chromedp"]
        .iter()
        .any(|known| name.contains(known))
    {
        Recorder::DevTools
    } else if name.contains("playwright") {
        Recorder::Playwright
    } else if name.contains("firefox") {
        Recorder::Firefox
    } else if name.contains("mitmproxy") {
        Recorder::Mitmproxy
    } else if name == "corsaudit" {
        // Our own export.
        Recorder::Packets
    } else {
        Recorder::Other
    }
}

/// The name in `log.creator`: an object with a name, or the name itself.
pub(super) fn creator(json: &mut Json<'_>) -> Result<String, Stop> {
    let mut name = None;
    if json.kind()? == Kind::String {
        name = json.text()?;
    } else {
        json.object(|json, key| {
            if key == b"name" {
                name = json.text()?;
                return Ok(());
            }
            json.skip()
        })?;
    }
    Ok(name
        .map(|text| text.decode().into_owned())
        .unwrap_or_default())
}

/// The list `log.pages`. An element that is no object keeps its place without an id.
pub(super) fn pages(json: &mut Json<'_>) -> Result<Vec<Page>, Stop> {
    let mut pages = Vec::new();
    json.array(|json| {
        let mut id = None;
        let mut title = None;
        let mut url = None;
        json.object(|json, key| {
            match key {
                b"id" => id = json.scalar()?,
                b"title" => title = json.text()?,
                b"_url" | b"_URL" => url = json.text()?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        pages.push(Page {
            id: id.map(|text| text.decode()).unwrap_or_default().into(),
            url: [title, url].into_iter().flatten().find_map(|text| {
                let url = Url::parse(&text.decode()).ok()?;
                matches!(url.scheme(), "http" | "https").then_some(url)
            }),
        });
        Ok(())
    })?;
    Ok(pages)
}
