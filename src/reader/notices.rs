//! Collects notices while reading: equal ones are counted, the first place kept.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::exchange::Locus;
use crate::notice::Notice;

/// How many different notices of one recording are kept; more of them count into a last one.
const MOST: usize = 1000;

/// Notices of one recording, in the order of their first place.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    list: Vec<Entry>,
    known: FxHashMap<(&'static str, Box<str>), usize>,
}

#[derive(Debug)]
struct Entry {
    name: &'static str,
    message: Box<str>,
    entry: Option<u32>,
    count: u64,
}

impl Notices {
    /// Adds one, at an entry or about the whole recording.
    pub(crate) fn add(&mut self, name: &'static str, message: &str, entry: Option<u32>) {
        self.count(name, message, entry, 1);
    }

    fn count(&mut self, name: &'static str, message: &str, entry: Option<u32>, count: u64) {
        if let Some(&index) = self.known.get(&(name, Box::from(message))) {
            self.list[index].count += count;
            return;
        }
        self.known.insert((name, message.into()), self.list.len());
        self.list.push(Entry {
            name,
            message: message.into(),
            entry,
            count,
        });
    }

    /// Adds those of a piece whose entries are numbered from `first`.
    pub(crate) fn absorb(&mut self, piece: Self, first: u32) {
        for Entry {
            name,
            message,
            entry,
            count,
        } in piece.list
        {
            let message = if self.list.len() < MOST {
                &message
            } else {
                "and others like these"
            };
            self.count(
                name,
                message,
                entry.map(|index| first.saturating_add(index)),
                count,
            );
        }
    }

    /// The finished notices of a source.
    pub(crate) fn finish(self, source: &Arc<str>) -> Vec<Notice> {
        self.list
            .into_iter()
            .map(|entry| Notice {
                name: entry.name,
                message: entry.message.into(),
                file: Arc::clone(source),
                locus: entry.entry.map(Locus::Entry),
                count: entry.count,
            })
            .collect()
    }
}
