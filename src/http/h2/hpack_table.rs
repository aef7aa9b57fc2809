//! The tables of HPACK (RFC 7541, section 2.3).

use std::collections::VecDeque;

use crate::http::limits;

/// Fixed cost of an entry beside its bytes (RFC 7541, section 4.1).
pub(super) const OVERHEAD: usize = 32;

/// A name with its value, in one buffer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    bytes: Box<[u8]>,
    name_len: usize,
}

impl Entry {
    pub(super) fn new(name: &[u8], value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(name.len() + value.len());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
        Self {
            bytes: bytes.into(),
            name_len: name.len(),
        }
    }

    pub(super) fn name(&self) -> &[u8] {
        &self.bytes[..self.name_len]
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.bytes[self.name_len..]
    }

    fn size(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }
}

/// What an index of the dynamic table refers to.
pub(super) enum Lookup<'a> {
    Known(&'a Entry),
    /// Stored in a part of the connection that was not seen.
    Unknown,
    /// There is no such entry.
    Absent,
}

/// The dynamic table, newest entry first.
///
/// A reader that did not see the connection's start, or lost a header block, knows the newest entries only. It still
/// names them rightly: indices count from the newest, and an encoder never refers to what it evicted, so here
/// nothing is evicted before memory asks for it.
#[derive(Debug)]
pub(super) struct DynamicTable {
    /// `None`: stored, but with a name that is not known.
    entries: VecDeque<Option<Entry>>,
    size: usize,
    max_size: usize,
    /// Whether `entries` is the whole table.
    complete: bool,
}

impl DynamicTable {
    pub(super) fn new(max_size: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            max_size,
            complete: true,
        }
    }

    /// Forgets everything: entries may have been added unseen.
    pub(super) fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
        self.complete = false;
    }

    /// `index` 0 is the newest entry.
    pub(super) fn entry(&self, index: usize) -> Lookup<'_> {
        match self.entries.get(index) {
            Some(Some(entry)) => Lookup::Known(entry),
            Some(None) => Lookup::Unknown,
            None if self.complete => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    pub(super) fn insert(&mut self, entry: Option<Entry>) {
        if entry.is_none() {
            // Its size is unknown, so what it evicts is unknown as well.
            self.complete = false;
        }
        let size = entry.as_ref().map_or(OVERHEAD, Entry::size);
        self.evict(size);
        // An entry larger than the table empties it and is not stored (RFC 7541, section 4.4).
        if size <= self.max_size || !self.complete {
            self.size += size;
            self.entries.push_front(entry);
        }
    }

    /// A size update (RFC 7541, section 6.3).
    pub(super) fn resize(&mut self, max_size: usize) {
        self.max_size = max_size;
        if max_size == 0 {
            // Whatever was unknown is gone.
            self.entries.clear();
            self.size = 0;
            self.complete = true;
        } else {
            self.evict(0);
        }
    }

    /// Makes room for `size` bytes.
    fn evict(&mut self, size: usize) {
        let room = if self.complete && self.max_size <= limits::DYNAMIC_TABLE {
            self.max_size
        } else {
            limits::DYNAMIC_TABLE
        };
        while self.size + size > room {
            let Some(oldest) = self.entries.pop_back() else {
                break;
            };
            self.size -= oldest.as_ref().map_or(OVERHEAD, Entry::size);
            if self.max_size > limits::DYNAMIC_TABLE {
                self.complete = false;
            }
        }
    }
}

/// Name and value.
pub(super) type StaticEntry = (&'static [u8], &'static [u8]);

/// The static table (RFC 7541, appendix A); index 1 is first.
pub(super) static STATIC_TABLE: [StaticEntry; 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];
