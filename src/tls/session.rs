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

use super::cipher::{Opened, Opener};
use super::handshake::{
    ClientHello, EncryptedExtensions, HandshakeType, Joiner, Message, ServerHello,
};
use super::key_schedule::{Secret, key_block, next_traffic_secret, traffic_keys};
use super::keylog::{KeyLog, SecretLabel};
use super::limits::{MAX_HELLOS, MAX_KEY_UPDATES, MAX_PASSED_OVER, MAX_TRIAL_BYTES};
use super::outcome::{EarlyData, Outcome, OutcomeKind, PlaintextSink, SessionInfo};
use super::record::{ContentType, RecordHeader};
use super::resync::{Loss, Search};
use super::suite::{Bulk, Hash, ProtocolVersion};
use super::waiting::{Full, Piece, Waiting};
use crate::net::{Direction, Stamp};

/// Decrypts one recorded connection.
pub struct Session {
    info: SessionInfo,
    /// The direction of the ClientHello, by which roles are told: a capture may have guessed the opener wrongly.
    pub(super) client: Option<Direction>,
    client_session_id: Vec<u8>,
    pub(super) negotiated: Option<Negotiated>,
    /// Whether the newest ClientHello has its ServerHello or HelloRetryRequest.
    is_answered: bool,
    hellos: u32,
    pub(super) halves: [Half; 2],
    pub(super) trial_bytes_left: u64,
}

/// What both hellos together decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Negotiated {
    pub(super) version: ProtocolVersion,
    bulk: Bulk,
    hash: Hash,
    server_random: [u8; 32],
    encrypt_then_mac: bool,
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
    secret: Option<Secret>,
    has_opened: bool,
    /// How many records may still fail before the first one opens.
    may_pass_over: u32,
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
    /// The record being collected, decrypted where it lies; while searching, up to two records.
    pub(super) buffer: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) protection: Protection,
    pub(super) joiner: Joiner,
    /// Handshake records are passed over: a loss took a message's start, and none that follow in the clear matter.
    pub(super) is_deaf: bool,
    waiting: Waiting,
    pub(super) loss: Loss,
    key_updates: u32,
    stamp: Stamp,
}

/// What goes along with each call: the caller's key log and sink, and where in the capture we are.
pub(super) struct Context<'a, S> {
    pub(super) keylog: &'a KeyLog,
    pub(super) stamp: Stamp,
    pub(super) sink: &'a mut S,
}

/// Whether the rest of the record still belongs to the same key.
#[derive(PartialEq, Eq)]
enum Continue {
    SameKeys,
    NewKeys,
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
        let half = || Half {
            buffer: Vec::new(),
            framing: Framing::InStep,
            protection: Protection::Plain,
            joiner: Joiner::default(),
            is_deaf: false,
            waiting: Waiting::default(),
            loss: Loss::default(),
            key_updates: 0,
            stamp: Stamp::default(),
        };
        Self {
            info: SessionInfo::default(),
            client: None,
            client_session_id: Vec::new(),
            negotiated: None,
            is_answered: false,
            hellos: 0,
            halves: [half(), half()],
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

    fn is_waiting(&self, direction: Direction) -> bool {
        match self.client {
            None => true,
            Some(client) if client == direction => {
                let has_hello = self.info.client_random.is_some();
                has_hello && (!self.is_answered || self.info.early_data == EarlyData::Undecided)
            }
            Some(_) => self.info.client_random.is_none(),
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

    fn read_message<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
        message: Message,
        body: &[u8],
    ) -> Continue {
        let is_client = self.client == Some(direction);
        let is_tls13 = self
            .negotiated
            .is_some_and(|negotiated| negotiated.version == ProtocolVersion::TLS_1_3);
        let epoch = match &self.halves[direction.index()].protection {
            Protection::Keyed(keys) if is_tls13 => Some(keys.epoch),
            _ => None,
        };
        match (message.message_type, is_client, epoch) {
            (HandshakeType::CLIENT_HELLO, true, None) => self.read_client_hello(cx, body),
            (HandshakeType::SERVER_HELLO, false, None) => return self.read_server_hello(cx, body),
            (HandshakeType::ENCRYPTED_EXTENSIONS, false, Some(Epoch::Handshake)) => {
                let extensions = EncryptedExtensions::parse(body);
                self.info.alpn = extensions.alpn;
                self.decide_early_data(extensions.early_data, cx.stamp, cx.sink);
            }
            (HandshakeType::CERTIFICATE_REQUEST, false, _) => {
                self.info.client_certificate_requested = true
            }
            (HandshakeType::CERTIFICATE, true, _) => {
                // An empty list is 3 bytes long; TLS 1.3 puts a context of up to 255 bytes before it, empty here.
                self.info.client_certificate_sent |= message.len > 4;
            }
            (HandshakeType::END_OF_EARLY_DATA, true, Some(Epoch::Early)) => {
                self.expect_epoch(direction, Epoch::Handshake);
                return Continue::NewKeys;
            }
            (HandshakeType::FINISHED, _, Some(Epoch::Handshake)) => {
                if !is_client {
                    self.decide_early_data(false, cx.stamp, cx.sink);
                }
                self.expect_epoch(direction, Epoch::Application);
                return Continue::NewKeys;
            }
            (HandshakeType::KEY_UPDATE, _, Some(Epoch::Application)) => {
                let half = &mut self.halves[direction.index()];
                half.key_updates += 1;
                if half.key_updates > MAX_KEY_UPDATES {
                    self.stop(
                        OutcomeKind::RecordNotAuthentic,
                        direction,
                        cx.stamp,
                        cx.sink,
                    );
                } else if let Some(keys) = self.next_generation(direction) {
                    self.halves[direction.index()].protection = Protection::Keyed(Box::new(keys));
                }
                return Continue::NewKeys;
            }
            _ => {}
        }
        Continue::SameKeys
    }

    fn read_client_hello<S: PlaintextSink>(&mut self, cx: &mut Context<'_, S>, body: &[u8]) {
        let hello = match ClientHello::parse(body) {
            Ok(hello) => hello,
            Err(invalid) => {
                return self.stop_session(OutcomeKind::InvalidMessage(invalid), cx.stamp, cx.sink);
            }
        };
        self.hellos += 1;
        if self.hellos > MAX_HELLOS {
            return self.stop_session(OutcomeKind::HandshakeNotRecorded, cx.stamp, cx.sink);
        }
        let is_retry = self.info.client_random == Some(hello.random);
        if self.info.client_random.is_some() && !is_retry {
            self.report(OutcomeKind::Renegotiation, None, cx.stamp, cx.sink);
        }
        self.is_answered = is_retry && self.negotiated.is_some();
        if !is_retry && hello.early_data {
            self.info.early_data = EarlyData::Undecided;
        }
        self.info.client_random = Some(hello.random);
        self.info.offers_encrypted_client_hello = hello.encrypted_client_hello;
        if hello.server_name.is_some() {
            self.info.server_name = hello.server_name;
        }
        self.client_session_id = hello.session_id;
    }

    fn read_server_hello<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        body: &[u8],
    ) -> Continue {
        let hello = match ServerHello::parse(body) {
            Ok(hello) => hello,
            Err(invalid) => {
                self.stop_session(OutcomeKind::InvalidMessage(invalid), cx.stamp, cx.sink);
                return Continue::NewKeys;
            }
        };
        if hello.is_hello_retry_request() {
            if !self.info.has_hello_retry_request && self.negotiated.is_none() {
                self.info.has_hello_retry_request = true;
                self.is_answered = true;
                self.decide_early_data(false, cx.stamp, cx.sink);
            }
            return Continue::SameKeys;
        }
        let is_tls13 = hello.version == ProtocolVersion::TLS_1_3;
        self.is_answered = true;
        self.info.version = Some(hello.version);
        self.info.cipher_suite = Some(hello.cipher_suite);
        self.info.has_encrypt_then_mac = hello.encrypt_then_mac;
        self.info.has_extended_master_secret = hello.extended_master_secret;
        self.info.is_resumed = if is_tls13 {
            hello.pre_shared_key
        } else {
            !hello.session_id.is_empty() && hello.session_id == self.client_session_id
        };
        if !is_tls13 {
            self.info.alpn = hello.alpn;
        }
        if !is_tls13 || !hello.pre_shared_key {
            self.decide_early_data(false, cx.stamp, cx.sink);
        }
        let kind =
            if !(ProtocolVersion::TLS_1_0..=ProtocolVersion::TLS_1_3).contains(&hello.version) {
                OutcomeKind::UnsupportedVersion(hello.version)
            } else if hello.compression != 0 {
                OutcomeKind::UnsupportedCompression(hello.compression)
            } else if let Some((bulk, hash)) = hello.cipher_suite.protection(hello.version) {
                self.negotiated = Some(Negotiated {
                    version: hello.version,
                    bulk,
                    hash,
                    server_random: hello.random,
                    encrypt_then_mac: hello.encrypt_then_mac,
                });
                if !is_tls13 {
                    return Continue::SameKeys;
                }
                for direction in [Direction::ToServer, Direction::ToClient] {
                    self.expect_epoch(direction, Epoch::Handshake);
                }
                return Continue::NewKeys;
            } else {
                OutcomeKind::UnsupportedCipher(hello.cipher_suite)
            };
        self.stop_session(kind, cx.stamp, cx.sink);
        Continue::NewKeys
    }

    pub(super) fn decide_early_data<S: PlaintextSink>(
        &mut self,
        is_accepted: bool,
        stamp: Stamp,
        sink: &mut S,
    ) {
        if self.info.early_data != EarlyData::Undecided {
            return;
        }
        self.info.early_data = if is_accepted {
            EarlyData::Accepted
        } else {
            EarlyData::NotAccepted
        };
        match self.client {
            Some(client) if is_accepted => self.expect_epoch(client, Epoch::Early),
            client => self.report(OutcomeKind::EarlyDataNotRead, client, stamp, sink),
        }
    }

    fn expect_epoch(&mut self, direction: Direction, epoch: Epoch) {
        let half = &mut self.halves[direction.index()];
        half.protection = Protection::Pending(epoch);
        half.joiner.reset();
        half.is_deaf = false;
    }

    pub(super) fn change_cipher_spec<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) {
        match self.negotiated {
            Some(negotiated) if negotiated.version < ProtocolVersion::TLS_1_3 => {
                if let Some(keys) = self.tls12_keys(cx, direction) {
                    let half = &mut self.halves[direction.index()];
                    half.protection = Protection::Keyed(Box::new(keys));
                    half.joiner.reset();
                    half.is_deaf = false;
                }
            }
            // Sent around a HelloRetryRequest for the sake of middleboxes.
            _ => {}
        }
    }

    /// Keys of TLS 1.2 and before; reports and stops when there is no secret.
    pub(super) fn tls12_keys<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) -> Option<Keys> {
        let (negotiated, random) = (self.negotiated?, self.info.client_random?);
        let Some(master) = cx.keylog.get(&random, SecretLabel::Master) else {
            self.stop_session(OutcomeKind::NoSecrets, cx.stamp, cx.sink);
            return None;
        };
        let Negotiated {
            version,
            bulk,
            hash,
            server_random,
            encrypt_then_mac,
        } = negotiated;
        let [client, server] = key_block(version, bulk, hash, master, &random.0, &server_random);
        let material = if self.client == Some(direction) {
            client
        } else {
            server
        };
        let opener = Opener::new(version, bulk, encrypt_then_mac, &material)?;
        Some(Keys::new(Epoch::Application, opener, None))
    }

    /// Turns [`Protection::Pending`] into keys; false if the direction had to be stopped.
    pub(super) fn ensure_keys<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) -> bool {
        let Protection::Pending(epoch) = self.halves[direction.index()].protection else {
            return true;
        };
        let is_client = self.client == Some(direction);
        let mut keys = self.tls13_keys(cx.keylog, direction, epoch);
        if keys.is_none() && epoch == Epoch::Early {
            self.report(
                OutcomeKind::EarlyDataNotRead,
                Some(direction),
                cx.stamp,
                cx.sink,
            );
            keys = self.tls13_keys(cx.keylog, direction, Epoch::Handshake);
        }
        if keys.is_none() && epoch != Epoch::Application {
            // Without its secret the rest of the handshake fails to open, and is passed over.
            keys = self.tls13_keys(cx.keylog, direction, Epoch::Application);
        }
        let Some(mut keys) = keys else {
            if self
                .info
                .client_random
                .is_some_and(|random| cx.keylog.knows(&random))
            {
                self.stop(OutcomeKind::NoSecrets, direction, cx.stamp, cx.sink);
            } else {
                self.stop_session(OutcomeKind::NoSecrets, cx.stamp, cx.sink);
            }
            return false;
        };
        let has_rejected_data = is_client && self.info.early_data == EarlyData::NotAccepted;
        if keys.epoch != epoch || (epoch == Epoch::Handshake && has_rejected_data) {
            keys.may_pass_over = MAX_PASSED_OVER;
        }
        if !is_client && keys.epoch == Epoch::Application {
            self.decide_early_data(false, cx.stamp, cx.sink);
        }
        self.halves[direction.index()].protection = Protection::Keyed(Box::new(keys));
        true
    }

    fn tls13_keys(&self, keylog: &KeyLog, direction: Direction, epoch: Epoch) -> Option<Keys> {
        let label = match (self.client == Some(direction), epoch) {
            (true, Epoch::Early) => SecretLabel::ClientEarlyTraffic,
            (true, Epoch::Handshake) => SecretLabel::ClientHandshakeTraffic,
            (true, Epoch::Application) => SecretLabel::ClientTraffic0,
            (false, Epoch::Application) => SecretLabel::ServerTraffic0,
            (false, _) => SecretLabel::ServerHandshakeTraffic,
        };
        let secret = Secret::new(keylog.get(&self.info.client_random?, label)?)?;
        self.keys_of_secret(epoch, secret)
    }

    /// The keys after the ones in force: of the next epoch, or after a KeyUpdate.
    pub(super) fn next_keys(&self, keylog: &KeyLog, direction: Direction) -> Option<Keys> {
        match &self.halves[direction.index()].protection {
            Protection::Keyed(keys) => match keys.epoch {
                Epoch::Early => self.tls13_keys(keylog, direction, Epoch::Handshake),
                Epoch::Handshake => self.tls13_keys(keylog, direction, Epoch::Application),
                Epoch::Application => self.next_generation(direction),
            },
            _ => None,
        }
    }

    /// The keys after a KeyUpdate (RFC 8446 section 4.6.3).
    fn next_generation(&self, direction: Direction) -> Option<Keys> {
        let Protection::Keyed(keys) = &self.halves[direction.index()].protection else {
            return None;
        };
        let secret = next_traffic_secret(self.negotiated?.hash, keys.secret.as_ref()?);
        self.keys_of_secret(keys.epoch, secret)
    }

    fn keys_of_secret(&self, epoch: Epoch, secret: Secret) -> Option<Keys> {
        let Negotiated {
            version,
            bulk,
            hash,
            ..
        } = self.negotiated?;
        let opener = Opener::new(version, bulk, false, &traffic_keys(bulk, hash, &secret))?;
        Some(Keys::new(epoch, opener, Some(secret)))
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

impl Half {
    /// Gives up the direction and its memory.
    fn stop(&mut self) {
        self.framing = Framing::Stopped;
        self.buffer = Vec::new();
        self.waiting = Waiting::default();
        self.joiner = Joiner::default();
    }
}

impl Keys {
    fn new(epoch: Epoch, opener: Opener, secret: Option<Secret>) -> Self {
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
