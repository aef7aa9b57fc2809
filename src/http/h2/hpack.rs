//! Header blocks of HTTP/2 (HPACK, RFC 7541).

use super::hpack_table::{DynamicTable, Entry, Lookup, OVERHEAD, STATIC_TABLE, StaticEntry};
use crate::http::huffman::{self, HuffmanError};
use crate::http::limits;

/// A header block that breaks RFC 7541. Fields before the fault were given out already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HpackError {
    /// The block ends inside a field.
    Truncated,
    /// An integer beyond what an index or a length may be (section 5.1).
    IntegerOverflow,
    /// Index 0, or beyond both tables (sections 2.3.3 and 6.1).
    InvalidIndex,
    /// A string with a wrong Huffman code (section 5.2).
    Huffman(HuffmanError),
    /// A size update behind a field (section 4.2).
    SizeUpdateMisplaced,
    /// A size update above what the receiver allowed (section 6.3).
    SizeUpdateTooLarge,
}

/// What a decoded block lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Fields that refer to entries of the dynamic table which were not seen; they were left out.
    pub unknown_fields: u32,
    /// The list was longer than is kept (256 KiB); its rest was left out.
    pub too_long: bool,
}

/// A decoder of one direction.
#[derive(Debug)]
pub struct Decoder {
    table: DynamicTable,
    size_limit: usize,
    name: Vec<u8>,
    value: Vec<u8>,
}

/// Where the name of a literal field is.
enum Name {
    InBuffer,
    Unknown,
}

impl Decoder {
    /// A decoder at the start of a connection: an empty table of 4096 bytes.
    #[must_use]
    pub fn new() -> Self {
        const DEFAULT: usize = 4096;
        Self {
            table: DynamicTable::new(DEFAULT),
            size_limit: DEFAULT,
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Sets the largest size the encoder may choose: the receiver's `SETTINGS_HEADER_TABLE_SIZE`.
    pub fn set_size_limit(&mut self, limit: usize) {
        self.size_limit = limit;
    }

    /// Notes that header blocks were missed. Static and literal fields stay certain, and what they add from here on.
    pub fn forget_table(&mut self) {
        self.table.forget();
    }

    /// Decodes one whole header block, giving (name, value) in order.
    ///
    /// # Errors
    /// The block breaks RFC 7541; the table is then unknown, and [`Decoder::forget_table`] has been done.
    pub fn decode(
        &mut self,
        block: &[u8],
        mut field: impl FnMut(&[u8], &[u8]),
    ) -> Result<Decoded, HpackError> {
        let result = self.fields(block, &mut field);
        if result.is_err() {
            self.table.forget();
        }
        result
    }

    fn fields(
        &mut self,
        block: &[u8],
        field: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<Decoded, HpackError> {
        let mut input = Input { bytes: block };
        let mut decoded = Decoded::default();
        let mut list_size = 0;
        let mut only_updates = true;
        let mut give = |decoded: &mut Decoded, name: &[u8], value: &[u8]| {
            list_size += name.len() + value.len() + OVERHEAD;
            if list_size > limits::HEADER_LIST {
                decoded.too_long = true;
            } else {
                field(name, value);
            }
        };
        while let Some(&first) = input.bytes.first() {
            // Size updates come before all fields only (section 4.2).
            if first & 0xe0 == 0x20 {
                let size = input.integer(5)?;
                if !only_updates {
                    return Err(HpackError::SizeUpdateMisplaced);
                }
                if size > self.size_limit {
                    return Err(HpackError::SizeUpdateTooLarge);
                }
                self.table.resize(size);
                continue;
            }
            only_updates = false;
            if first & 0x80 != 0 {
                // Section 6.1: an indexed field.
                let index = input.integer(7)?;
                if let Some((name, value)) = static_entry(index)? {
                    give(&mut decoded, name, value);
                } else {
                    match self.table.entry(index - STATIC_TABLE.len() - 1) {
                        Lookup::Known(entry) => give(&mut decoded, entry.name(), entry.value()),
                        Lookup::Unknown => decoded.unknown_fields += 1,
                        Lookup::Absent => return Err(HpackError::InvalidIndex),
                    }
                }
                continue;
            }
            // Sections 6.2.1 to 6.2.3: a literal field, stored in the table or not.
            let stored = first & 0x40 != 0;
            let index = input.integer(if stored { 6 } else { 4 })?;
            self.name.clear();
            let name = if index == 0 {
                input.string(&mut self.name)?;
                Name::InBuffer
            } else if let Some((name, _)) = static_entry(index)? {
                self.name.extend_from_slice(name);
                Name::InBuffer
            } else {
                match self.table.entry(index - STATIC_TABLE.len() - 1) {
                    Lookup::Known(entry) => {
                        self.name.extend_from_slice(entry.name());
                        Name::InBuffer
                    }
                    Lookup::Unknown => Name::Unknown,
                    Lookup::Absent => return Err(HpackError::InvalidIndex),
                }
            };
            self.value.clear();
            input.string(&mut self.value)?;
            let known = match name {
                Name::InBuffer => {
                    give(&mut decoded, &self.name, &self.value);
                    true
                }
                Name::Unknown => {
                    decoded.unknown_fields += 1;
                    false
                }
            };
            if stored {
                self.table
                    .insert(known.then(|| Entry::new(&self.name, &self.value)));
            }
        }
        Ok(decoded)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The static entry at `index`; `None` if the index is one of the dynamic table.
fn static_entry(index: usize) -> Result<Option<StaticEntry>, HpackError> {
    let at = index.checked_sub(1).ok_or(HpackError::InvalidIndex)?;
    Ok(STATIC_TABLE.get(at).copied())
}

struct Input<'a> {
    bytes: &'a [u8],
}

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, HpackError> {
        let (&first, rest) = self.bytes.split_first().ok_or(HpackError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    /// An integer in the low `prefix` bits of the next byte and those behind it (section 5.1).
    fn integer(&mut self, prefix: u32) -> Result<usize, HpackError> {
        let mask = (1u8 << prefix) - 1;
        let mut value = u64::from(self.byte()? & mask);
        if value < u64::from(mask) {
            return Ok(value as usize);
        }
        // Five bytes reach 2^35; nothing counted here comes near, and zeros without end are refused too.
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value += u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value)
                    .map(|value| value as usize)
                    .map_err(|_| HpackError::IntegerOverflow);
            }
        }
        Err(HpackError::IntegerOverflow)
    }

    /// A string (section 5.2), appended to `out`.
    fn string(&mut self, out: &mut Vec<u8>) -> Result<(), HpackError> {
        let coded = self.bytes.first().is_some_and(|first| first & 0x80 != 0);
        let length = self.integer(7)?;
        let (string, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(HpackError::Truncated)?;
        self.bytes = rest;
        if coded {
            huffman::decode(string, out).map_err(HpackError::Huffman)
        } else {
            out.extend_from_slice(string);
            Ok(())
        }
    }
}

#[cfg(test)]
#[path = "hpack_tests.rs"]
mod tests;
