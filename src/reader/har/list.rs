//! One window of `log.entries`, read on all cores.
//!
//! The window is cut where an entry probably begins, and the pieces are read side by side. A cut is a guess: the text from the
//! brace of the first entry to the end of its first key, met again. It is proven when the piece before ends exactly there; a
//! piece that began elsewhere is thrown away and read again from the true place. So the outcome is that of reading entry by entry,
//! for any number of threads and any window, and a wrong guess costs time only.

use std::sync::{Mutex, PoisonError};

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::entry::Pools;
use super::piece::{Context, End, Piece, read};
use crate::reader::json::{Json, skip_brackets};

/// Reads windows of one list.
#[derive(Debug)]
pub(super) struct ListReader {
    /// Where entries probably begin.
    opening: Option<Finder<'static>>,
    /// Wrong guesses less right ones; where they prevail, windows are no longer cut.
    wrong: usize,
    pools: Mutex<Vec<Pools>>,
}

/// What a window held.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) pieces: Vec<Piece>,
    /// Offset where the list goes on.
    pub(super) at: usize,
    /// Whether the list was closed there.
    pub(super) closed: bool,
    /// Whether a fault keeps everything behind from being read, unless more text shows where to go on.
    pub(super) lost: bool,
}

const WRONG_GUESSES: usize = 8;
const SMALLEST_PIECE: usize = 1 << 16;

impl ListReader {
    pub(super) fn new() -> Self {
        Self {
            opening: None,
            wrong: 0,
            pools: Mutex::default(),
        }
    }

    /// Learns from the first entry how entries begin. The text starts behind the bracket of the list; `false` when it is
    /// too short to tell.
    pub(super) fn learn(&mut self, text: &[u8]) -> bool {
        let mut json = Json::new(text, 0);
        let opening = json.peek().and_then(|_| {
            let start = json.at();
            if !json.take(b'{')? {
                return Ok(None);
            }
            json.key()?;
            Ok(Some(json.since(start)))
        });
        match opening {
            Ok(opening) => {
                self.opening = opening.map(|opening| Finder::new(opening).into_owned());
                true
            }
            Err(stop) => stop != crate::reader::json::Stop::Incomplete,
        }
    }

    /// Reads the elements of a window, which begins at an element or at the end of the list.
    pub(super) fn read(&mut self, text: &[u8], context: Context) -> Window {
        let starts = self.cuts(text);
        let mut guesses: Vec<Piece> = (0..starts.len())
            .into_par_iter()
            .map(|index| {
                let until = starts.get(index + 1).copied().unwrap_or(text.len());
                self.piece(text, starts[index], until, context)
            })
            .collect();
        guesses.reverse();

        let mut pieces = Vec::with_capacity(guesses.len());
        let mut at = 0;
        loop {
            while guesses.pop_if(|guess| guess.start < at).is_some() {
                self.wrong += 1;
            }
            let piece = match guesses.pop_if(|guess| guess.start == at) {
                Some(piece) => {
                    self.wrong = self.wrong.saturating_sub(1);
                    piece
                }
                None => {
                    let until = guesses.last().map_or(text.len(), |guess| guess.start);
                    self.piece(text, at, until, context)
                }
            };
            let end = piece.end;
            pieces.push(piece);
            let (closed, lost) = match end {
                End::Element(next) => {
                    at = next;
                    continue;
                }
                End::List(next) => {
                    at = next;
                    (true, false)
                }
                End::Incomplete(next) => {
                    at = next;
                    (false, false)
                }
                End::Broken {
                    at: fault,
                    expected,
                    in_element,
                } => match self.resume(text, fault, in_element) {
                    Some(next) => {
                        pieces.push(lost_piece(fault, expected, in_element));
                        at = next;
                        continue;
                    }
                    None => {
                        at = fault;
                        if context.at_end {
                            pieces.push(lost_piece(fault, expected, in_element));
                        }
                        (false, true)
                    }
                },
            };
            return Window {
                pieces,
                at,
                closed,
                lost,
            };
        }
    }

    fn piece(&self, text: &[u8], start: usize, until: usize, context: Context) -> Piece {
        let lock = || self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lock().pop();
        let mut pools = taken.unwrap_or_default();
        let piece = read(text, start, until, context, &mut pools);
        lock().push(pools);
        piece
    }

    /// Where to cut a window.
    fn cuts(&self, text: &[u8]) -> Vec<usize> {
        let mut starts = vec![0];
        let threads = rayon::current_num_threads();
        let Some(opening) = &self.opening else {
            return starts;
        };
        if threads < 2 || self.wrong > WRONG_GUESSES {
            return starts;
        }
        // Four pieces a thread, so that one with a long body does not keep the others waiting.
        let size = (text.len() / (threads * 4)).max(SMALLEST_PIECE);
        let mut from = size;
        while let Some(found) = text.get(from..).and_then(|rest| opening.find(rest)) {
            starts.push(from + found);
            from += found + size;
        }
        starts
    }

    /// Where to go on behind a fault: behind the element if its brackets match before the next opening, else at that
    /// opening.
    fn resume(&self, text: &[u8], fault: usize, in_element: bool) -> Option<usize> {
        let first = *text.get(fault)?;
        if !in_element && first == b'{' {
            return Some(fault);
        }
        let opening = self.opening.as_ref().and_then(|opening| {
            let rest = text.get(fault + 1..)?;
            Some(fault + 1 + opening.find(rest)?)
        });
        let before_opening = &text[..opening.unwrap_or(text.len())];
        if in_element
            && matches!(first, b'{' | b'[')
            && let Ok(end) = skip_brackets(before_opening, fault)
        {
            let mut json = Json::new(text, end);
            match json.peek() {
                Ok(b',') => return Some(json.at() + 1),
                Ok(b']') => return Some(json.at()),
                _ => {}
            }
        }
        opening
    }
}

/// Stands for a damaged element, or for damage between two.
fn lost_piece(fault: usize, expected: &str, in_element: bool) -> Piece {
    let mut piece = Piece::new(fault);
    if in_element {
        let reason = format!("not JSON, {expected} expected; entry skipped");
        piece.notices.add("entry-unreadable", &reason, Some(0));
        piece.entries = 1;
    } else {
        let reason =
            format!("{expected} expected behind an entry; reading goes on at the next one");
        piece.notices.add("list-damaged", &reason, Some(0));
    }
    piece
}
