//! A run of entries read in one go, numbered from 0 until it is absorbed into its document.

use rustc_hash::FxHashMap;

use super::entry::{EntryReader, Pools};
use crate::exchange::Exchange;
use crate::reader::json::{Json, Stop};
use crate::reader::notices::Notices;

/// A run of entries.
#[derive(Debug)]
pub(super) struct Piece {
    /// Where the run began.
    pub(super) start: usize,
    /// Why it ended.
    pub(super) end: End,
    /// Elements met.
    pub(super) entries: u32,
    /// The readable ones. Pages and connections are symbols of the tables below.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) notices: Notices,
    pub(super) pages: Symbols,
    pub(super) connections: Symbols,
    pub(super) has_credentials: bool,
    pub(super) has_https_document: bool,
}

/// Why a run of entries ended. Offsets are those of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Another element begins here, at or behind the place where the run was to end.
    Element(usize),
    /// The list was closed; the document goes on here.
    List(usize),
    /// The text ends within the element that begins here.
    Incomplete(usize),
    /// What begins here is no element.
    Broken {
        at: usize,
        expected: &'static str,
        /// Whether the fault is inside an element, which is lost, or between two.
        in_element: bool,
    },
}

/// Numbers for texts, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    names: Vec<Box<str>>,
    known: FxHashMap<Box<str>, u32>,
}

/// What a run of entries needs beside the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) looks_inside: bool,
    /// Whether the text ends where the source ends.
    pub(super) at_end: bool,
    pub(super) check: bool,
}

impl Piece {
    pub(super) fn new(start: usize) -> Self {
        Self {
            start,
            end: End::Incomplete(start),
            entries: 0,
            exchanges: Vec::new(),
            notices: Notices::default(),
            pages: Symbols::default(),
            connections: Symbols::default(),
            has_credentials: false,
            has_https_document: false,
        }
    }
}

/// Reads entries from `start`, where one begins, until one begins at or behind `until`.
pub(super) fn read(
    text: &[u8],
    start: usize,
    until: usize,
    context: Context,
    pools: &mut Pools,
) -> Piece {
    let mut piece = Piece::new(start);
    let mut entries = EntryReader::new(pools);
    let mut json = Json::new(text, start);
    loop {
        let element = match json.peek() {
            Ok(b']') => {
                piece.end = End::List(json.at() + 1);
                return piece;
            }
            Ok(_) => json.at(),
            Err(_) => {
                piece.end = End::Incomplete(json.at());
                return piece;
            }
        };
        if element >= until {
            piece.end = End::Element(element);
            return piece;
        }
        let draft = match entries.draft(&mut json) {
            Ok(draft) => draft,
            Err(Stop::Incomplete) => {
                piece.end = End::Incomplete(element);
                return piece;
            }
            Err(Stop::Syntax { expected, .. }) => {
                piece.end = End::Broken {
                    at: element,
                    expected,
                    in_element: true,
                };
                return piece;
            }
        };
        let source = json.since(element);
        // An element counts once the byte behind it is known, so that it never matters where a window ends.
        let behind = json.peek();
        if behind.is_err() && !context.at_end {
            piece.end = End::Incomplete(element);
            return piece;
        }
        entries.commit(draft, source, context, &mut piece);
        piece.end = match behind {
            Ok(b',') => match json.take(b',') {
                Ok(_) => continue,
                Err(_) => End::Incomplete(json.at()),
            },
            Ok(b']') => End::List(json.at() + 1),
            Ok(_) => End::Broken {
                at: json.at(),
                expected: "`,` or `]`",
                in_element: false,
            },
            Err(_) => End::Incomplete(json.at()),
        };
        return piece;
    }
}

impl Symbols {
    /// The number of a text.
    pub(super) fn symbol(&mut self, name: &str) -> u32 {
        if let Some(&symbol) = self.known.get(name) {
            return symbol;
        }
        let symbol = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        self.known.insert(name.into(), symbol);
        symbol
    }

    /// The texts, by number.
    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }
}
