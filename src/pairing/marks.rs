//! The marks of a recording.

use std::ops::{Index, IndexMut};

use super::mark::Mark;

/// Marks in a piece: as much as the memory gives, that reading has just left in pieces of that size. In one large piece
/// they would come on top of it.
const PIECE: usize = 1024;

/// The marks of many exchanges, in pieces.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    // All but the last are full.
    pieces: Vec<Vec<Mark>>,
}

impl Marks {
    pub(crate) fn push(&mut self, mark: Mark) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(mark),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(mark);
                self.pieces.push(piece);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        let Some((last, full)) = self.pieces.split_last() else {
            return 0;
        };
        full.len() * PIECE + last.len()
    }

    pub(crate) fn swap(&mut self, a: usize, b: usize) {
        let mark = self[a];
        self[a] = self[b];
        self[b] = mark;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.pieces.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Mark> {
        self.pieces.iter_mut().flatten()
    }
}

impl Index<usize> for Marks {
    type Output = Mark;

    fn index(&self, index: usize) -> &Mark {
        &self.pieces[index / PIECE][index % PIECE]
    }
}

impl IndexMut<usize> for Marks {
    fn index_mut(&mut self, index: usize) -> &mut Mark {
        &mut self.pieces[index / PIECE][index % PIECE]
    }
}

impl Extend<Mark> for Marks {
    fn extend<I: IntoIterator<Item = Mark>>(&mut self, marks: I) {
        for mark in marks {
            self.push(mark);
        }
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let mut all = Self::default();
        all.extend(marks);
        all
    }
}
