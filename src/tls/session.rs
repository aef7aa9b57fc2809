//! One recorded connection: which keys are in force in which direction, and what each record means.
//!
//! ```text
//! TLS 1.3, each direction    Plain -> Pending(Handshake) -> Keyed(Handshake) -> Pending(Application) -> Keyed(Application)
//!                                                 on Finished: ^              KeyUpdate: next secret, sequence 0
//!   client, early data       Plain -> Pending(Early) -> Keyed(Early) -> (EndOfEarlyData) Pending(Handshake) -> ...
//! TLS 1.2, each direction    Plain -> (ChangeCipherSpec) Keyed(Application); renegotiation: the same again
//! ```
//!
//! A direction waits, with a bounded queue, while its next bytes cannot be understood without the other direction: the
//! server until there is a ClientHello; the client, after its hello, until the server answered it and, where there is
//! early data, until EncryptedExtensions accepted or rejected it. So captures may hand over the directions in any order.

use std::fmt;
use std::mem;

use super::cipher::Opened;
use super::half::{Epoch, Framing, Half, Negotiated, Protection};
use super::handshake::HandshakeType;
use super::keylog::KeyLog;
use super::limits::MAX_TRIAL_BYTES;
use super::negotiate::Continue;
use super::outcome::{EarlyData, Outcome, OutcomeKind, PlaintextSink, SessionInfo};
use super::record::{ContentType, RecordHeader};
use super::suite::ProtocolVersion;
use super::waiting::{Full, Piece};
use crate::net::{Direction, Stamp};

/// Decrypts one recorded connection.
pub struct Session {
    pub(super) info: SessionInfo,
    /// The direction of the ClientHello, by which roles are told: a capture may have guessed the opener wrongly.
    pub(super) client: Option<Direction>,
    pub(super) client_session_id: Vec<u8>,
    pub(super) negotiated: Option<Negotiated>,
    /// Whether the newest ClientHello has its ServerHello or HelloRetryRequest.
    pub(super) is_answered: bool,
    /// A ServerHello whose ClientHello was not read yet: after a HelloRetryRequest, or of a renegotiation.
    pub(super) deferred_hello: Option<Vec<u8>>,
    pub(super) hellos: u32,
    pub(super) halves: [Half; 2],
    pub(super) trial_bytes_left: u64,
}

/// What goes along with each call: the caller's key log and sink, and where in the capture we are.
pub(super) struct Context<'a, S> {
    pub(super) keylog: &'a KeyLog,
    pub(super) stamp: Stamp,
    pub(super) sink: &'a mut S,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            info: SessionInfo::default(),
            client: None,
            client_session_id: Vec::new(),
            negotiated: None,
            is_answered: false,
            deferred_hello: None,
            hellos: 0,
            halves: [Half::new(), Half::new()],
            trial_bytes_left: MAX_TRIAL_BYTES,
        }
    }

    /// What the handshake said so far.
    #[must_use]
    pub fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// Takes the next bytes of one direction. Secrets are looked up in `keylog` when a record first needs them.
    pub fn push(
        &mut self,
        keylog: &KeyLog,
        direction: Direction,
        stamp: Stamp,
        bytes: &[u8],
        sink: &mut impl PlaintextSink,
    ) {
        if bytes.is_empty() {
            return;
        }
        let mut cx = Context {
            keylog,
            stamp,
            sink,
        };
        self.accept(&mut cx, direction, Piece::Bytes(bytes.len()), bytes);
        if self.client.is_none() {
            self.identify_client(&mut cx);
        }
        while let Some(direction) = self.released() {
            let waiting = mem::take(&mut self.halves[direction.index()].waiting);
            for (stamp, piece, bytes) in waiting.iter() {
                cx.stamp = stamp;
                self.accept(&mut cx, direction, piece, bytes);
            }
        }
    }

    /// Says that `len` bytes of one direction are not in the capture.
    pub fn gap(
        &mut self,
        direction: Direction,
        stamp: Stamp,
        len: u64,
        sink: &mut impl PlaintextSink,
    ) {
        if len == 0 {
            return;
        }
        // A gap needs no secrets: what it takes to go on is looked up when bytes follow.
        let mut cx = Context {
            keylog: &KeyLog::new(),
            stamp,
            sink,
        };
        self.accept(&mut cx, direction, Piece::Gap(len), &[]);
        if self.client.is_none() {
            self.identify_client(&mut cx);
        }
    }

    /// Says that the capture has no more bytes, and reports what is unfinished.
    pub fn finish(&mut self, sink: &mut impl PlaintextSink) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let half = &self.halves[direction.index()];
            let (stamp, left) = (half.stamp, half.buffer.len() as u64);
            let kind = match half.framing {
                Framing::Stopped => continue,
                _ if !half.waiting.is_empty() => {
                    self.stop_session(OutcomeKind::HandshakeNotRecorded, stamp, sink);
                    return;
                }
                Framing::InStep if left == 0 => continue,
                Framing::InStep => OutcomeKind::Truncated { bytes: left },
                Framing::Searching(_) if left + half.loss.bytes == 0 => continue,
                Framing::Skipping { .. } | Framing::Searching(_) => {
                    OutcomeKind::GapNotResynchronised {
                        bytes: half.loss.bytes + left,
                    }
                }
            };
            self.stop(kind, direction, stamp, sink);
        }
    }

    /// Whether nothing more can be read in either direction; the caller may then drop the session's bytes unread.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.halves
            .iter()
            .all(|half| matches!(half.framing, Framing::Stopped))
    }

    /// Whether the client sent nothing under keys, and all that it sent is there: it gave up in the handshake, so no secret
    /// would show anything of HTTP.
    #[must_use]
    pub fn is_client_silent(&self) -> bool {
        self.client.is_some_and(|client| {
            let half = &self.halves[client.index()];
            matches!(half.framing, Framing::InStep)
                && !matches!(half.protection, Protection::Keyed(_))
                && half.buffer.is_empty()
                && half.waiting.is_empty()
                && half.loss.bytes == 0
        })
    }

    /// Whether the handshake is over in both directions.
    fn is_established(&self) -> bool {
        self.halves.iter().all(|half| match &half.protection {
            Protection::Plain => false,
            Protection::Pending(epoch) => *epoch == Epoch::Application,
            Protection::Keyed(keys) => keys.epoch == Epoch::Application,
        })
    }

    fn is_waiting(&self, direction: Direction) -> bool {
        match self.client {
            None => true,
            Some(client) if client == direction => {
                let has_hello = self.info.client_random.is_some();
                has_hello && (!self.is_answered || self.info.early_data == EarlyData::Undecided)
            }
            Some(_) => self.info.client_random.is_none() || self.deferred_hello.is_some(),
        }
    }

    /// A direction with queued bytes that need not wait any more.
    fn released(&self) -> Option<Direction> {
        [Direction::ToServer, Direction::ToClient]
            .into_iter()
            .find(|&direction| {
                !self.halves[direction.index()].waiting.is_empty() && !self.is_waiting(direction)
            })
    }

    fn accept<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        piece: Piece,
        bytes: &[u8],
    ) {
        let is_waiting = self.is_waiting(direction);
        let half = &mut self.halves[direction.index()];
        half.stamp = cx.stamp;
        if matches!(half.framing, Framing::Stopped) {
            return;
        }
        if is_waiting || !half.waiting.is_empty() {
            let queued = match piece {
                Piece::Bytes(_) => half.waiting.push(cx.stamp, bytes),
                Piece::Gap(len) => half.waiting.push_gap(cx.stamp, len),
            };
            if let Err(Full) = queued {
                self.stop_session(OutcomeKind::HandshakeNotRecorded, cx.stamp, cx.sink);
            }
            return;
        }
        match piece {
            Piece::Bytes(_) => self.feed(cx, direction, bytes),
            Piece::Gap(len) => self.lose(cx, direction, len),
        }
    }

    /// Finds the direction of the ClientHello, or that the recording starts later than it.
    fn identify_client<S: PlaintextSink>(&mut self, cx: &mut Context<'_, S>) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let waiting = &self.halves[direction.index()].waiting;
            if waiting.is_empty() {
                continue;
            }
            let first = waiting.peek();
            let Some(header) = RecordHeader::parse(first) else {
                if first.is_empty() {
                    self.stop_session(OutcomeKind::HandshakeNotRecorded, cx.stamp, cx.sink);
                    return;
                }
                continue;
            };
            let kind = match (header.content_type, first.get(RecordHeader::LEN)) {
                _ if !header.is_plausible() => OutcomeKind::NotTls,
                (ContentType::HANDSHAKE, Some(&message))
                    if message == HandshakeType::CLIENT_HELLO.0 =>
                {
                    self.client = Some(direction);
                    return;
                }
                // The other direction's hello may still come.
                (ContentType::HANDSHAKE, Some(&message))
                    if message == HandshakeType::SERVER_HELLO.0 =>
                {
                    continue;
                }
                (ContentType::HANDSHAKE, None) | (ContentType::ALERT, _) => continue,
                _ => OutcomeKind::HandshakeNotRecorded,
            };
            self.stop_session(kind, cx.stamp, cx.sink);
            return;
        }
    }

    fn feed<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        mut input: &[u8],
    ) {
        // Bytes that a search looked at, and that come before `input`.
        let mut carried = Vec::new();
        loop {
            if carried.is_empty() && input.is_empty() {
                return;
            }
            let source = if carried.is_empty() {
                input
            } else {
                &carried[..]
            };
            let mut found = None;
            let half = &mut self.halves[direction.index()];
            let used = match &mut half.framing {
                Framing::Stopped => return,
                Framing::Skipping { left, record_len } => {
                    let count = source
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= count as u64;
                    if *left == 0 {
                        let record_len = *record_len;
                        self.resume_behind_hole(cx, direction, record_len);
                    }
                    count
                }
                Framing::Searching(_) => {
                    let (used, rest) = self.search(cx, direction, source);
                    found = rest;
                    used
                }
                Framing::InStep => self.collect(cx, direction, source),
            };
            if carried.is_empty() {
                input = &input[used..];
                carried = found.unwrap_or_default();
            } else if let Some(mut rest) = found {
                rest.extend_from_slice(&carried[used..]);
                carried = rest;
            } else {
                carried.drain(..used);
            }
            if self.is_waiting(direction) {
                for bytes in [&carried[..], input] {
                    if !bytes.is_empty() {
                        self.accept(cx, direction, Piece::Bytes(bytes.len()), bytes);
                    }
                }
                return;
            }
        }
    }

    /// Collects one record and reads it; the number of bytes taken.
    fn collect<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        input: &[u8],
    ) -> usize {
        let half = &mut self.halves[direction.index()];
        let mut used = input
            .len()
            .min(RecordHeader::LEN.saturating_sub(half.buffer.len()));
        half.buffer.extend_from_slice(&input[..used]);
        let Some(header) = RecordHeader::parse(&half.buffer) else {
            return used;
        };
        if !header.is_plausible() {
            self.fall_out_of_step(cx, direction);
            return used;
        }
        let count = (header.record_len() - half.buffer.len()).min(input.len() - used);
        half.buffer.reserve(header.record_len() - half.buffer.len());
        half.buffer.extend_from_slice(&input[used..used + count]);
        used += count;
        if half.buffer.len() == header.record_len() {
            let mut buffer = mem::take(&mut half.buffer);
            self.read_record(cx, direction, header, &mut buffer[RecordHeader::LEN..]);
            let half = &mut self.halves[direction.index()];
            if !matches!(half.framing, Framing::Stopped) {
                buffer.clear();
                half.buffer = buffer;
            }
        }
        used
    }

    fn read_record<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        header: RecordHeader,
        body: &mut [u8],
    ) {
        let half = &mut self.halves[direction.index()];
        if matches!(half.protection, Protection::Plain) {
            self.read_plain(cx, direction, header.content_type, body);
            return;
        }
        if self.is_unprotected_in_tls13(header) {
            // RFC 8446 appendix D.4: ChangeCipherSpec for the sake of middleboxes means nothing.
            if header.content_type == ContentType::ALERT {
                self.read_alert(cx, direction, body);
            }
            return;
        }
        if !self.ensure_keys(cx, direction) {
            return;
        }
        let Protection::Keyed(keys) = &mut self.halves[direction.index()].protection else {
            return;
        };
        match keys.opener.open(keys.sequence, header, body) {
            Ok(opened) => {
                keys.advance();
                self.read_opened(cx, direction, &opened, body);
            }
            Err(_) if keys.may_pass_over > 0 => keys.may_pass_over -= 1,
            Err(_) if !keys.has_opened => self.stop(
                OutcomeKind::RecordNotAuthentic,
                direction,
                cx.stamp,
                cx.sink,
            ),
            Err(_) => self.lose_record(cx, direction, header.record_len() as u64),
        }
    }

    /// Records that TLS 1.3 sends in the clear though keys are in force (RFC 8446 section 5).
    pub(super) fn is_unprotected_in_tls13(&self, header: RecordHeader) -> bool {
        self.negotiated
            .is_some_and(|negotiated| negotiated.version == ProtocolVersion::TLS_1_3)
            && match header.content_type {
                ContentType::CHANGE_CIPHER_SPEC => header.body_len == 1,
                ContentType::ALERT => header.body_len == 2,
                _ => false,
            }
    }

    fn read_plain<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        content_type: ContentType,
        body: &[u8],
    ) {
        match content_type {
            ContentType::CHANGE_CIPHER_SPEC => self.change_cipher_spec(cx, direction),
            ContentType::ALERT => self.read_alert(cx, direction, body),
            ContentType::HANDSHAKE => self.read_handshake(cx, direction, body),
            // Early data that a HelloRetryRequest rejects comes before the second ClientHello.
            ContentType::APPLICATION_DATA
                if self.negotiated.is_none() && self.info.has_hello_retry_request => {}
            ContentType::APPLICATION_DATA => {
                self.stop_session(OutcomeKind::HandshakeNotRecorded, cx.stamp, cx.sink);
            }
            _ => {}
        }
    }

    /// Reads the content of a record that was opened.
    pub(super) fn read_opened<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        opened: &Opened,
        body: &[u8],
    ) {
        let content = &body[opened.content.clone()];
        match opened.content_type {
            ContentType::APPLICATION_DATA if !content.is_empty() => {
                cx.sink.data(direction, cx.stamp, content)
            }
            ContentType::HANDSHAKE => self.read_handshake(cx, direction, content),
            ContentType::ALERT => self.read_alert(cx, direction, content),
            ContentType::CHANGE_CIPHER_SPEC => self.change_cipher_spec(cx, direction),
            _ => {}
        }
    }

    fn read_alert<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        body: &[u8],
    ) {
        // OpenSSL 3 calls it a decode_error that its peer closed without close_notify, as many do when all is said.
        if body == [2, 50] && self.is_established() {
            return;
        }
        // Level 2 is fatal. In TLS 1.3 the level means nothing: all but close_notify and user_canceled are fatal.
        if let &[2, description] = body
            && !matches!(description, 0 | 90)
        {
            self.report(
                OutcomeKind::Alert { description },
                Some(direction),
                cx.stamp,
                cx.sink,
            );
        }
    }

    fn read_handshake<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        mut input: &[u8],
    ) {
        loop {
            let half = &mut self.halves[direction.index()];
            if half.is_deaf || matches!(half.framing, Framing::Stopped) {
                return;
            }
            match half.joiner.take(&mut input) {
                Ok(None) => return,
                Ok(Some(message)) => {
                    let joiner = mem::take(&mut half.joiner);
                    // RFC 8446 section 5.1: no message follows in the same record when keys change.
                    if self.read_message(cx, direction, message, joiner.body()) == Continue::NewKeys
                    {
                        return;
                    }
                    self.halves[direction.index()].joiner = joiner;
                }
                Err(invalid) => {
                    self.stop_session(OutcomeKind::InvalidMessage(invalid), cx.stamp, cx.sink);
                    return;
                }
            }
        }
    }

    pub(super) fn stop<S: PlaintextSink>(
        &mut self,
        kind: OutcomeKind,
        direction: Direction,
        stamp: Stamp,
        sink: &mut S,
    ) {
        self.halves[direction.index()].stop();
        self.report(kind, Some(direction), stamp, sink);
        if self.negotiated.is_none() {
            // Neither direction can be read without both hellos.
            self.halves.iter_mut().for_each(Half::stop);
        } else if self.client != Some(direction) {
            self.decide_early_data(false, stamp, sink);
        }
    }

    pub(super) fn stop_session<S: PlaintextSink>(
        &mut self,
        kind: OutcomeKind,
        stamp: Stamp,
        sink: &mut S,
    ) {
        self.halves.iter_mut().for_each(Half::stop);
        self.report(kind, None, stamp, sink);
    }

    pub(super) fn report<S: PlaintextSink>(
        &self,
        kind: OutcomeKind,
        direction: Option<Direction>,
        stamp: Stamp,
        sink: &mut S,
    ) {
        sink.outcome(Outcome {
            kind,
            direction,
            stamp,
            server_name: self.info.server_name.clone(),
            client_random: self.info.client_random,
        });
    }
}
