//! Bytes of one direction that cannot be read before the other direction's hello.

use std::collections::VecDeque;

use super::limits::{MAX_WAITING_BYTES, MAX_WAITING_PIECES};
use crate::net::Stamp;

/// What arrived while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(usize),
    Gap(u64),
}

/// A bounded queue of pieces in stream order.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    bytes: Vec<u8>,
    pieces: VecDeque<(Stamp, Piece)>,
}

/// The queue's bound was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The first bytes, to recognise a hello by; empty if a gap comes first.
    pub(super) fn peek(&self) -> &[u8] {
        match self.pieces.front() {
            Some((_, Piece::Bytes(_))) => &self.bytes,
            _ => &[],
        }
    }

    pub(super) fn push(&mut self, stamp: Stamp, bytes: &[u8]) -> Result<(), Full> {
        if bytes.len() > MAX_WAITING_BYTES - self.bytes.len() {
            return Err(Full);
        }
        self.bytes.extend_from_slice(bytes);
        self.push_piece(stamp, Piece::Bytes(bytes.len()))
    }

    pub(super) fn push_gap(&mut self, stamp: Stamp, len: u64) -> Result<(), Full> {
        self.push_piece(stamp, Piece::Gap(len))
    }

    fn push_piece(&mut self, stamp: Stamp, piece: Piece) -> Result<(), Full> {
        if self.pieces.len() == MAX_WAITING_PIECES {
            return Err(Full);
        }
        self.pieces.push_back((stamp, piece));
        Ok(())
    }

    /// The pieces with their bytes, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Stamp, Piece, &[u8])> {
        let mut rest = &self.bytes[..];
        self.pieces.iter().map(move |&(stamp, piece)| {
            let len = match piece {
                Piece::Bytes(len) => len,
                Piece::Gap(_) => 0,
            };
            let (head, tail) = rest.split_at(len);
            rest = tail;
            (stamp, piece, head)
        })
    }
}
