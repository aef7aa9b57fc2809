//! The state of one direction of a connection.

use super::cipher::Opener;
use super::handshake::Joiner;
use super::key_schedule::Secret;
use super::keylog::ClientRandom;
use super::resync::{Loss, Search};
use super::suite::{Bulk, Hash, ProtocolVersion};
use super::waiting::Waiting;
use crate::net::Stamp;

/// What both hellos together decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Negotiated {
    pub(super) version: ProtocolVersion,
    pub(super) bulk: Bulk,
    pub(super) hash: Hash,
    /// Of the hello that was answered: `SessionInfo` has a newer one while a renegotiation is under way.
    pub(super) client_random: ClientRandom,
    pub(super) server_random: [u8; 32],
    pub(super) encrypt_then_mac: bool,
}

/// Which secret protects records; in TLS 1.2 there is only `Application`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    Early,
    Handshake,
    Application,
}

/// The read side of one key.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) epoch: Epoch,
    pub(super) opener: Opener,
    pub(super) sequence: u64,
    /// The traffic secret, for KeyUpdate; none in TLS 1.2.
    pub(super) secret: Option<Secret>,
    pub(super) has_opened: bool,
    /// How many records may still fail before the first one opens.
    pub(super) may_pass_over: u32,
}

/// How records of a direction are protected from here on.
#[derive(Debug)]
pub(super) enum Protection {
    Plain,
    /// Protected; the secret is looked up when the first such record comes.
    Pending(Epoch),
    Keyed(Box<Keys>),
}

/// Where in the record stream a direction stands.
#[derive(Debug)]
pub(super) enum Framing {
    /// The buffer starts at a record header.
    InStep,
    /// The buffer is empty; the record has a hole, and `left` of its `record_len` bytes are still to come.
    Skipping {
        left: u64,
        record_len: u64,
    },
    /// The buffer starts somewhere.
    Searching(Search),
    Stopped,
}

/// State of one direction.
#[derive(Debug)]
pub(super) struct Half {
    /// The record being collected, decrypted where it lies; while searching, a little more.
    pub(super) buffer: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) protection: Protection,
    pub(super) joiner: Joiner,
    /// Handshake records are passed over: a loss took a message's start, and none that follow in the clear matter.
    pub(super) is_deaf: bool,
    pub(super) waiting: Waiting,
    pub(super) loss: Loss,
    pub(super) key_updates: u32,
    pub(super) stamp: Stamp,
}

impl Half {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            framing: Framing::InStep,
            protection: Protection::Plain,
            joiner: Joiner::default(),
            is_deaf: false,
            waiting: Waiting::default(),
            loss: Loss::default(),
            key_updates: 0,
            stamp: Stamp::default(),
        }
    }

    /// Gives up the direction and its memory.
    pub(super) fn stop(&mut self) {
        self.framing = Framing::Stopped;
        self.buffer = Vec::new();
        self.waiting = Waiting::default();
        self.joiner = Joiner::default();
    }
}

impl Keys {
    pub(super) fn new(epoch: Epoch, opener: Opener, secret: Option<Secret>) -> Self {
        Self {
            epoch,
            opener,
            sequence: 0,
            secret,
            has_opened: false,
            may_pass_over: 0,
        }
    }

    /// Notes that the record with the current sequence number was opened.
    pub(super) fn advance(&mut self) {
        // A sequence number never wraps (RFC 8446 section 5.3), but a forged search result must not panic.
        self.sequence = self.sequence.wrapping_add(1);
        self.has_opened = true;
        self.may_pass_over = 0;
    }
}
