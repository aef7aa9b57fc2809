//! Long lists in pieces.

use std::ops::{Index, IndexMut};

/// Bytes of a piece: as much as the memory gives, that other things of usual size have just left. A list in one piece would
/// come on top of it, twice while it grows.
const PIECE_BYTES: usize = 32 << 10;

/// A list that grows without being copied.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<T> {
    // All but the last are full.
    pieces: Vec<Vec<T>>,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T> Pieces<T> {
    /// Values in a piece.
    const PIECE: usize = {
        assert!(size_of::<T>() > 0 && size_of::<T>() <= PIECE_BYTES);
        PIECE_BYTES / size_of::<T>()
    };

    pub(crate) fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < Self::PIECE => piece.push(value),
            Some(_) => {
                let mut piece = Vec::with_capacity(Self::PIECE);
                piece.push(value);
                self.pieces.push(piece);
            }
            // Most lists are short, and end before a piece is full.
            None => self.pieces.push(vec![value]),
        }
    }

    pub(crate) fn len(&self) -> usize {
        let Some((last, full)) = self.pieces.split_last() else {
            return 0;
        };
        full.len() * Self::PIECE + last.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.pieces.iter_mut().flatten()
    }
}

impl<T: Copy> Pieces<T> {
    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        let value = self[a];
        self[a] = self[b];
        self[b] = value;
    }
}

impl<T> Index<usize> for Pieces<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.pieces[index / Self::PIECE][index % Self::PIECE]
    }
}

impl<T> IndexMut<usize> for Pieces<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.pieces[index / Self::PIECE][index % Self::PIECE]
    }
}

impl<T> Extend<T> for Pieces<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.push(value);
        }
    }
}

impl<T> FromIterator<T> for Pieces<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut all = Self::default();
        all.extend(values);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_many_pieces_is_a_list() {
        let count = Pieces::<u64>::PIECE * 2 + 3;
        let mut list: Pieces<u64> = (0..count as u64).collect();
        assert_eq!(list.len(), count);
        assert!(list.iter().copied().eq(0..count as u64));
        list.swap(1, count - 1);
        assert_eq!((list[1], list[count - 1]), (count as u64 - 1, 1));
        for value in list.iter_mut() {
            *value += 1;
        }
        assert_eq!(list[Pieces::<u64>::PIECE], Pieces::<u64>::PIECE as u64 + 1);
        assert_eq!(Pieces::<u64>::default().len(), 0);
    }
}
