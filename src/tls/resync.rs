//! Behind a loss: finding the next record and its sequence number.
//!
//! A record's number is not on the wire, but authentication proves it. Between the last record that was read and a
//! plausible header lie N bytes of whole records, each no shorter than the cipher's smallest and no longer than the
//! largest, which bounds the number; every number in the window is tried, then the same under the key that would follow
//! (a Finished or KeyUpdate may be among what was lost). A record that opens is the right one: a wrong guess
//! authenticates with probability 2^-128.

use std::mem;
use std::ops::RangeInclusive;

use super::cipher::Opened;
use super::half::{Epoch, Framing, Keys, Protection};
use super::limits::{MAX_RECORD_BODY, MAX_SEARCH_BYTES, SEARCH_STEP};
use super::outcome::{OutcomeKind, PlaintextSink};
use super::record::{ContentType, RecordHeader};
use super::session::{Context, Session};
use super::suite::ProtocolVersion;
use crate::net::Direction;

/// A search for the next record.
#[derive(Debug)]
pub(super) struct Search {
    /// Bytes between the end of the last record with a known number and the buffer's start.
    unplaced: u64,
    /// Bytes looked through since the loss.
    scanned: u64,
    /// The keys after those in force, once asked for.
    successor: Option<Option<Box<Keys>>>,
    /// A record is decrypted here, because a failed attempt destroys it.
    trial: Vec<u8>,
}

/// Ciphertext that gave no plaintext, since the last record that did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loss {
    pub(super) bytes: u64,
}

/// What a plausible record turned out to be.
enum Trial {
    /// It opened; `records` at least were lost before it.
    Opened {
        opened: Opened,
        records: u64,
    },
    /// A ChangeCipherSpec, which shows itself.
    NewKeys,
    Failed,
}

impl Session {
    /// Takes note of a gap of `len` bytes.
    pub(super) fn lose<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        len: u64,
    ) {
        if self.negotiated.is_none() {
            self.stop_session(OutcomeKind::HandshakeNotRecorded, cx.stamp, cx.sink);
            return;
        }
        let half = &mut self.halves[direction.index()];
        if !matches!(half.framing, Framing::Stopped) {
            cx.sink.lost(direction);
        }
        half.joiner.reset();
        let collected = half.buffer.len() as u64;
        let (left, record_len) = match &mut half.framing {
            Framing::Stopped => return,
            Framing::Searching(search) => {
                search.unplaced = search.unplaced.saturating_add(len + collected);
                search.scanned = 0;
                half.loss.bytes = half.loss.bytes.saturating_add(len + collected);
                half.buffer.clear();
                return;
            }
            Framing::Skipping { left, record_len } => (*left, *record_len),
            Framing::InStep => {
                let Some(header) = RecordHeader::parse(&half.buffer) else {
                    half.buffer.clear();
                    self.begin_search(
                        cx,
                        direction,
                        len.saturating_add(collected),
                        len.saturating_add(collected),
                    );
                    return;
                };
                let record_len = header.record_len() as u64;
                half.loss.bytes = half.loss.bytes.saturating_add(record_len);
                half.buffer.clear();
                (record_len - collected, record_len)
            }
        };
        if len < left {
            half.framing = Framing::Skipping {
                left: left - len,
                record_len,
            };
            return;
        }
        self.resume_behind_hole(cx, direction, record_len);
        let beyond = len - left;
        let half = &mut self.halves[direction.index()];
        match &mut half.framing {
            _ if beyond == 0 => {}
            Framing::Searching(search) => {
                search.unplaced = search.unplaced.saturating_add(beyond);
                half.loss.bytes = half.loss.bytes.saturating_add(beyond);
            }
            Framing::Stopped => {}
            _ => self.begin_search(cx, direction, beyond, beyond),
        }
    }

    /// The record with a hole is over, and a header follows.
    pub(super) fn resume_behind_hole<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        record_len: u64,
    ) {
        let half = &mut self.halves[direction.index()];
        if matches!(half.protection, Protection::Plain) {
            // With both hellos read, nothing else in the clear matters, and the next header is where it must be.
            half.is_deaf = true;
            half.framing = Framing::InStep;
            self.report_loss(cx, direction, 1);
        } else {
            self.begin_search(cx, direction, record_len, 0);
        }
    }

    /// A record in step did not authenticate: it counts as lost.
    pub(super) fn lose_record<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        len: u64,
    ) {
        self.halves[direction.index()].joiner.reset();
        self.begin_search(cx, direction, len, len);
    }

    /// The buffer starts with what cannot be a header.
    pub(super) fn fall_out_of_step<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) {
        if self.negotiated.is_some() {
            self.begin_search(cx, direction, 0, 0);
        } else {
            self.stop_session(OutcomeKind::NotTls, cx.stamp, cx.sink);
        }
    }

    fn begin_search<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        unplaced: u64,
        lost: u64,
    ) {
        cx.sink.lost(direction);
        let half = &mut self.halves[direction.index()];
        half.loss.bytes = half.loss.bytes.saturating_add(lost);
        if let Protection::Keyed(keys) = &half.protection
            && !keys.opener.survives_gaps()
        {
            let bytes = half.loss.bytes;
            self.stop(
                OutcomeKind::GapNotResynchronised { bytes },
                direction,
                cx.stamp,
                cx.sink,
            );
            return;
        }
        half.is_deaf = matches!(half.protection, Protection::Plain);
        half.framing = Framing::Searching(Search {
            unplaced,
            scanned: 0,
            successor: None,
            trial: Vec::new(),
        });
    }

    /// Looks for a record in the buffer and `input`. Gives the number of bytes taken from `input` and, if a record was
    /// found, the bytes behind it.
    pub(super) fn search<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        input: &[u8],
    ) -> (usize, Option<Vec<u8>>) {
        if !self.ensure_keys(cx, direction) {
            return (input.len(), None);
        }
        let half = &mut self.halves[direction.index()];
        // No more than it takes to go on, so that little has to be given back.
        let wanted = match RecordHeader::parse(&half.buffer) {
            Some(header) if header.is_plausible() => header.record_len(),
            _ => 0,
        };
        let missing = wanted.saturating_sub(half.buffer.len()).max(SEARCH_STEP);
        let used = input.len().min(missing);
        half.buffer.extend_from_slice(&input[..used]);
        let mut buffer = mem::take(&mut half.buffer);
        let Framing::Searching(mut search) = mem::replace(&mut half.framing, Framing::InStep)
        else {
            return (used, None);
        };
        let mut at = 0;
        let (trial, len) = loop {
            let Some(header) = RecordHeader::parse(&buffer[at..]) else {
                break (Trial::Failed, 0);
            };
            if self.is_candidate(header, direction) {
                let Some(body) = buffer[at..].get(RecordHeader::LEN..header.record_len()) else {
                    break (Trial::Failed, 0);
                };
                match self.try_record(cx, direction, &mut search, at as u64, header, body) {
                    Trial::Failed => {}
                    trial => break (trial, header.record_len()),
                }
                if matches!(self.halves[direction.index()].framing, Framing::Stopped) {
                    return (input.len(), None);
                }
            }
            at += 1;
        };
        let half = &mut self.halves[direction.index()];
        half.loss.bytes = half.loss.bytes.saturating_add(at as u64);
        match trial {
            Trial::Opened { opened, records } => {
                self.report_loss(cx, direction, records);
                self.read_opened(cx, direction, &opened, &search.trial);
            }
            Trial::NewKeys => self.report_loss(cx, direction, 0),
            Trial::Failed => {
                buffer.drain(..at);
                search.unplaced = search.unplaced.saturating_add(at as u64);
                search.scanned += at as u64;
                let is_over = search.scanned > MAX_SEARCH_BYTES
                    || self.trial_bytes_left < (RecordHeader::LEN + MAX_RECORD_BODY) as u64;
                half.buffer = buffer;
                half.framing = Framing::Searching(search);
                if is_over {
                    let bytes = half.loss.bytes + half.buffer.len() as u64;
                    self.stop(
                        OutcomeKind::GapNotResynchronised { bytes },
                        direction,
                        cx.stamp,
                        cx.sink,
                    );
                }
                return (used, None);
            }
        }
        let rest = buffer.split_off(at + len);
        (used, (!rest.is_empty()).then_some(rest))
    }

    /// Whether a record with this header could be read next.
    fn is_candidate(&self, header: RecordHeader, direction: Direction) -> bool {
        let Some(negotiated) = self.negotiated else {
            return false;
        };
        let min_body_len = match &self.halves[direction.index()].protection {
            Protection::Keyed(keys) => keys.opener.min_body_len(),
            _ => 1,
        };
        if !header.is_plausible() || usize::from(header.body_len) < min_body_len {
            return false;
        }
        match negotiated.version {
            ProtocolVersion::TLS_1_3 => {
                header.content_type == ContentType::APPLICATION_DATA && header.version == 0x0303
            }
            version => header.version == version.0,
        }
    }

    fn try_record<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        search: &mut Search,
        at: u64,
        header: RecordHeader,
        body: &[u8],
    ) -> Trial {
        let between = search.unplaced.saturating_add(at);
        let mut fewest = between.div_ceil((RecordHeader::LEN + MAX_RECORD_BODY) as u64);
        let index = direction.index();
        if let Protection::Plain = self.halves[index].protection {
            if header.content_type == ContentType::CHANGE_CIPHER_SPEC && body == [1] {
                self.change_cipher_spec(cx, direction);
                return Trial::NewKeys;
            }
            if search.successor.is_none() {
                search.successor = Some(self.tls12_keys(cx, direction).map(Box::new));
            }
            fewest = 0;
        }
        let most = |keys: &Keys| between / (RecordHeader::LEN + keys.opener.min_body_len()) as u64;
        let budget = &mut self.trial_bytes_left;
        if let Protection::Keyed(keys) = &mut self.halves[index].protection {
            let (base, most) = (keys.sequence, most(keys));
            let window = base.saturating_add(fewest)..=base.saturating_add(most);
            if let Some(opened) = attempt(keys, window, header, body, &mut search.trial, budget) {
                return Trial::Opened {
                    opened,
                    records: keys.sequence - 1 - base,
                };
            }
        }
        if search.successor.is_none() {
            search.successor = Some(self.next_keys(cx.keylog, direction).map(Box::new));
        }
        if let Some(Some(keys)) = &mut search.successor {
            let most = most(keys);
            if let Some(opened) = attempt(
                keys,
                0..=most,
                header,
                body,
                &mut search.trial,
                &mut self.trial_bytes_left,
            ) {
                let records = fewest.max(keys.sequence - 1);
                if let Some(Some(keys)) = search.successor.take() {
                    self.halves[index].protection = Protection::Keyed(keys);
                    self.halves[index].is_deaf = false;
                }
                if self.client != Some(direction) {
                    self.decide_early_data(false, cx.stamp, cx.sink);
                }
                return Trial::Opened { opened, records };
            }
        }
        Trial::Failed
    }

    /// Tells the sink about the loss that is now behind.
    fn report_loss<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        records: u64,
    ) {
        let half = &mut self.halves[direction.index()];
        let bytes = mem::take(&mut half.loss).bytes;
        if bytes == 0 {
            return;
        }
        if let Protection::Keyed(keys) = &half.protection {
            let overhead = (RecordHeader::LEN + keys.opener.min_body_len()) as u64;
            let len = match keys.epoch {
                Epoch::Handshake => 0,
                _ => bytes.saturating_sub(records.saturating_mul(overhead)),
            };
            cx.sink.gap(direction, cx.stamp, len);
        }
        self.report(
            OutcomeKind::Resynchronised { bytes, records },
            Some(direction),
            cx.stamp,
            cx.sink,
        );
    }
}

/// Opens a copy of the record's body under each of some sequence numbers, until one fits or the budget is used up.
fn attempt(
    keys: &mut Keys,
    numbers: RangeInclusive<u64>,
    header: RecordHeader,
    body: &[u8],
    trial: &mut Vec<u8>,
    budget: &mut u64,
) -> Option<Opened> {
    for number in numbers {
        *budget = budget.checked_sub(header.record_len() as u64)?;
        trial.clear();
        trial.extend_from_slice(body);
        if let Ok(opened) = keys.opener.open(number, header, trial) {
            keys.sequence = number;
            keys.advance();
            return Some(opened);
        }
    }
    None
}
