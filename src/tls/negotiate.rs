//! What handshake messages mean for the connection: who speaks what, and when keys change.

use super::half::{Epoch, Negotiated, Protection};
use super::handshake::{ClientHello, EncryptedExtensions, HandshakeType, Message, ServerHello};
use super::limits::{MAX_HELLOS, MAX_KEY_UPDATES};
use super::outcome::{EarlyData, OutcomeKind, PlaintextSink};
use super::session::{Context, Session};
use super::suite::ProtocolVersion;
use crate::net::{Direction, Stamp};

/// Whether the rest of the record still belongs to the same key.
#[derive(PartialEq, Eq)]
pub(super) enum Continue {
    SameKeys,
    NewKeys,
}

impl Session {
    pub(super) fn read_message<S: PlaintextSink>(
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
            (HandshakeType::SERVER_HELLO, false, None) if self.is_answered => {
                self.deferred_hello = Some(body.to_vec());
            }
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

    pub(super) fn read_client_hello<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        body: &[u8],
    ) {
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
        self.is_answered = false;
        if !is_retry && hello.early_data {
            self.info.early_data = EarlyData::Undecided;
        }
        self.info.client_random = Some(hello.random);
        self.info.offers_encrypted_client_hello = hello.encrypted_client_hello;
        if hello.server_name.is_some() {
            self.info.server_name = hello.server_name;
        }
        self.client_session_id = hello.session_id;
        if let Some(body) = self.deferred_hello.take() {
            self.read_server_hello(cx, &body);
        }
    }

    pub(super) fn read_server_hello<S: PlaintextSink>(
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
        let Some(client_random) = self.info.client_random else {
            return Continue::SameKeys;
        };
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
                    client_random,
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

    pub(super) fn expect_epoch(&mut self, direction: Direction, epoch: Epoch) {
        let half = &mut self.halves[direction.index()];
        half.protection = Protection::Pending(epoch);
        half.joiner.reset();
        half.is_deaf = false;
    }
}
