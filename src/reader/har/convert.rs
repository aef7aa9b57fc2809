//! The types of the `har` crate -> exchanges, for those who hold a parsed document.

use std::sync::Arc;

use super::document::{Document, creator, pages};
use super::entry::Pools;
use super::piece::{Context, read};
use crate::exchange::Capture;
use crate::reader::json::Json;

impl From<&har::Har> for Capture {
    /// Takes over a parsed document as if it had been read from a file. The types of the `har` crate do not hold the members
    /// that browsers add (`_initiator`, `_resourceType`, `_error` ...), so reading the file tells more.
    fn from(har: &har::Har) -> Self {
        let mut document = Document::new();
        match &har.log {
            har::Spec::V1_2(log) => take(
                &mut document,
                &serde_json::to_vec(&log.creator),
                &serde_json::to_vec(&log.pages),
                log.entries.iter().map(serde_json::to_vec),
            ),
            har::Spec::V1_3(log) => take(
                &mut document,
                &serde_json::to_vec(&log.creator),
                &serde_json::to_vec(&log.pages),
                log.entries.iter().map(serde_json::to_vec),
            ),
        }
        document.finish(&Arc::from("har"), 0).unpack()
    }
}

type Written = serde_json::Result<Vec<u8>>;

fn take(
    document: &mut Document,
    creator_json: &Written,
    pages_json: &Written,
    entries: impl Iterator<Item = Written>,
) {
    // Writing these types to memory does not fail; were it to, the member would be missing.
    if let Ok(json) = creator_json
        && let Ok(name) = creator(&mut Json::new(json, 0))
    {
        document.set_creator(&name);
    }
    if let Ok(json) = pages_json
        && let Ok(list) = pages(&mut Json::new(json, 0))
    {
        document.set_pages(list);
    }
    let context = Context {
        looks_inside: true,
        at_end: true,
        check: false,
    };
    let mut pools = Pools::default();
    for mut entry in entries.flatten() {
        entry.push(b']');
        document.absorb(read(&entry, 0, entry.len(), context, &mut pools));
    }
}
