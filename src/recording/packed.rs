//! Values at rest: blocks of them, columns beside columns, compressed.

use bitcode::{DecodeOwned, Encode};
use lz4_flex::block::{compress_into, decompress_size_prepended, get_maximum_output_size};

/// Values in a block: enough for likeness to pay, few enough that one value is soon at hand.
pub(crate) const BLOCK: usize = 128;

/// A list of values that are seldom looked at. What is said again and again, as header lines are, takes next to no
/// room.
#[derive(Debug)]
pub(crate) struct Packed<T> {
    blocks: Vec<Block>,
    // The last values, fewer than a block holds; in a block of their own once the list is closed.
    open: Vec<T>,
    len: usize,
}

/// [`BLOCK`] values, packed; the last ones of a list may be fewer.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Box<[u8]>,
    is_compressed: bool,
}

/// The most bytes that are compressed: beyond, which takes header lines of many megabytes, the format's size fields end.
const COMPRESSED: usize = 1 << 30;

impl<T> Default for Packed<T> {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            open: Vec::new(),
            len: 0,
        }
    }
}

impl Block {
    pub(crate) fn of<T: Encode>(values: &[T]) -> Self {
        Self::within(values, COMPRESSED)
    }

    fn within<T: Encode>(values: &[T], most: usize) -> Self {
        let bytes = bitcode::encode(values);
        let is_compressed = bytes.len() <= most;
        Self {
            bytes: if is_compressed {
                compressed(&bytes)
            } else {
                bytes.into()
            },
            is_compressed,
        }
    }

    fn unpack<T: DecodeOwned>(&self) -> Vec<T> {
        let values = if self.is_compressed {
            decompress_size_prepended(&self.bytes)
                .ok()
                .and_then(|bytes| bitcode::decode(&bytes).ok())
        } else {
            bitcode::decode(&self.bytes).ok()
        };
        values.expect("a block holds what was packed into it")
    }
}

/// Bytes behind their number, compressed. They lie in an allocation of their own, and not at the head of one that had room
/// for the worst: blocks stay, and what is left between them is lost to larger things.
fn compressed(bytes: &[u8]) -> Box<[u8]> {
    let mut room = vec![0; SIZE + get_maximum_output_size(bytes.len())];
    let (size, rest) = room.split_at_mut(SIZE);
    size.copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    let len = compress_into(bytes, rest).expect("there is room for the worst");
    Box::from(&room[..SIZE + len])
}

/// Bytes of the number that `decompress_size_prepended` reads.
const SIZE: usize = 4;

impl<T: Encode + DecodeOwned> Packed<T> {
    /// How many values.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, value: T) {
        self.len += 1;
        self.open.push(value);
        if self.open.len() == BLOCK {
            self.blocks.push(Block::of(&self.open));
            self.open.clear();
        }
    }

    /// Adds values, whose full blocks `pack_all` packs.
    pub(crate) fn extend(
        &mut self,
        values: impl IntoIterator<Item = T>,
        pack_all: impl FnOnce(&[T]) -> Vec<Block>,
    ) {
        self.open.extend(values);
        self.len = self.blocks.len() * BLOCK + self.open.len();
        let full = self.open.len() / BLOCK * BLOCK;
        self.blocks.extend(pack_all(&self.open[..full]));
        self.open.drain(..full);
    }

    /// Adds another list: its full blocks behind those of this one, its last values behind the last.
    pub(crate) fn append(&mut self, other: Self) {
        self.len += other.blocks.len() * BLOCK;
        self.blocks.extend(other.blocks);
        for value in other.open {
            self.push(value);
        }
    }

    /// Packs the last values too. Nothing can be added any more.
    pub(crate) fn close(&mut self) {
        if !self.open.is_empty() {
            self.blocks.push(Block::of(&self.open));
            self.open = Vec::new();
        }
    }

    /// The block of the value at a place, and its place there.
    pub(crate) fn locate(place: u32) -> (usize, usize) {
        (place as usize / BLOCK, place as usize % BLOCK)
    }

    /// How many blocks, the last perhaps not full.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len() + usize::from(!self.open.is_empty())
    }

    /// The values of a block.
    pub(crate) fn block(&self, index: usize) -> Vec<T>
    where
        T: Clone,
    {
        match self.blocks.get(index) {
            Some(block) => block.unpack(),
            None => self.open.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_order() {
        let texts = |range: std::ops::Range<usize>| range.map(|n| format!("text {}", n % 7));
        let mut packed = Packed::default();
        for text in texts(0..10) {
            packed.push(text);
        }
        packed.extend(texts(10..300), |full| {
            full.chunks(BLOCK).map(Block::of).collect()
        });
        for text in texts(300..330) {
            packed.push(text);
        }
        let blocks = 330_usize.div_ceil(BLOCK);
        assert_eq!((packed.len(), packed.blocks()), (330, blocks));
        packed.close();
        assert_eq!((packed.len(), packed.blocks()), (330, blocks));
        let back: Vec<String> = (0..packed.blocks())
            .flat_map(|block| packed.block(block))
            .collect();
        assert!(texts(0..330).eq(back));
        for (place, text) in texts(0..330).enumerate() {
            let (block, at) = Packed::<String>::locate(place as u32);
            assert_eq!(packed.block(block)[at], text);
        }
    }

    #[test]
    fn full_blocks_come_first_in_joined_lists() {
        let list = |numbers: std::ops::Range<u32>| {
            let mut list = Packed::default();
            numbers.for_each(|n| list.push(n));
            list
        };
        let block = BLOCK as u32;
        let mut joined = list(0..block + 60);
        joined.append(list(1000..1000 + block + 10));
        let expected = [
            0..block,
            1000..1000 + block,
            block..block + 60,
            1000 + block..1000 + block + 10,
        ];
        assert_eq!(joined.len(), 2 * BLOCK + 70);
        let found: Vec<u32> = (0..joined.blocks())
            .flat_map(|at| joined.block(at))
            .collect();
        assert!(found.into_iter().eq(expected.into_iter().flatten()));
    }

    #[test]
    fn what_is_said_again_takes_no_room() {
        let values: Vec<String> = (0..BLOCK).map(|_| "x".repeat(1000)).collect();
        let block = Block::of(&values);
        assert!(block.bytes.len() < 1500);
        assert_eq!(block.unpack::<String>(), values);
    }

    #[test]
    fn what_is_too_large_to_compress_rests_as_it_is() {
        let values = [String::from("a"), "b".repeat(100)];
        let block = Block::within(&values, 50);
        assert!(!block.is_compressed);
        assert_eq!(block.unpack::<String>(), values);
    }
}
