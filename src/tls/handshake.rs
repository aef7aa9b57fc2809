//! Handshake messages: joining them from records, and reading those that decide how records are protected
//! (RFC 8446 section 4, RFC 5246 section 7.4).

use super::keylog::ClientRandom;
use super::limits::{MAX_KEPT_MESSAGE, MAX_SERVER_NAME};
use super::suite::{CipherSuite, ProtocolVersion};

/// The type byte of a handshake message (IANA "TLS HandshakeType").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HandshakeType(pub(super) u8);

impl HandshakeType {
    pub(super) const CLIENT_HELLO: Self = Self(1);
    pub(super) const SERVER_HELLO: Self = Self(2);
    pub(super) const END_OF_EARLY_DATA: Self = Self(5);
    pub(super) const ENCRYPTED_EXTENSIONS: Self = Self(8);
    pub(super) const CERTIFICATE: Self = Self(11);
    pub(super) const CERTIFICATE_REQUEST: Self = Self(13);
    pub(super) const FINISHED: Self = Self(20);
    pub(super) const KEY_UPDATE: Self = Self(24);

    /// Whether the content is read; of the others only type and length matter.
    fn is_kept(self) -> bool {
        matches!(
            self,
            Self::CLIENT_HELLO | Self::SERVER_HELLO | Self::ENCRYPTED_EXTENSIONS
        )
    }
}

/// A handshake message that cannot be read; names the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// The ClientHello ends early, or a length in it is impossible.
    ClientHello,
    /// The ServerHello or HelloRetryRequest ends early, or a length in it is impossible.
    ServerHello,
    /// A message whose content is needed is longer than any real one.
    TooLong,
}

/// A complete handshake message, as far as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) message_type: HandshakeType,
    pub(super) len: usize,
}

/// Joins handshake messages that span records, and splits records that hold several (RFC 8446 section 5.1).
///
/// Invariant: `missing` is the number of body bytes still to come once all four header bytes are there.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    header: [u8; 4],
    header_len: usize,
    missing: usize,
    body: Vec<u8>,
}

impl Joiner {
    /// Takes bytes from `input` until one message is complete; `None` when the input is used up first.
    pub(super) fn take(&mut self, input: &mut &[u8]) -> Result<Option<Message>, InvalidMessage> {
        if self.header_len < 4 {
            if self.header_len == 0 {
                self.body.clear();
            }
            let count = input.len().min(4 - self.header_len);
            let (head, rest) = input.split_at(count);
            self.header[self.header_len..][..count].copy_from_slice(head);
            self.header_len += count;
            *input = rest;
            if self.header_len < 4 {
                return Ok(None);
            }
            self.missing = self.len();
        }
        let message = Message {
            message_type: HandshakeType(self.header[0]),
            len: self.len(),
        };
        if message.message_type.is_kept() && message.len > MAX_KEPT_MESSAGE {
            return Err(InvalidMessage::TooLong);
        }
        let (head, rest) = input.split_at(input.len().min(self.missing));
        if message.message_type.is_kept() {
            self.body.extend_from_slice(head);
        }
        *input = rest;
        self.missing -= head.len();
        if self.missing > 0 {
            return Ok(None);
        }
        self.header_len = 0;
        Ok(Some(message))
    }

    fn len(&self) -> usize {
        let [_, high, mid, low] = self.header;
        usize::from(high) << 16 | usize::from(mid) << 8 | usize::from(low)
    }

    /// The content of the message just completed, if its type is kept.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Forgets the message in progress, after a loss or when keys change.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// What a ClientHello says (RFC 8446 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) random: ClientRandom,
    pub(super) session_id: Vec<u8>,
    /// RFC 6066 section 3.
    pub(super) server_name: Option<Box<str>>,
    /// RFC 8446 section 4.2.10.
    pub(super) early_data: bool,
    /// RFC 9849 section 5: offered, or a GREASE value; an observer cannot tell.
    pub(super) encrypted_client_hello: bool,
}

/// What a ServerHello or HelloRetryRequest says (RFC 8446 sections 4.1.3 and 4.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) version: ProtocolVersion,
    pub(super) cipher_suite: CipherSuite,
    pub(super) compression: u8,
    pub(super) alpn: Option<Box<[u8]>>,
    /// RFC 7366.
    pub(super) encrypt_then_mac: bool,
    /// RFC 7627.
    pub(super) extended_master_secret: bool,
    /// Whether one of the offered pre-shared keys was taken (RFC 8446 section 4.2.11).
    pub(super) pre_shared_key: bool,
}

impl ServerHello {
    /// Whether this is a HelloRetryRequest: SHA-256 of those words as the random (RFC 8446 section 4.1.3).
    pub(super) fn is_hello_retry_request(&self) -> bool {
        const RANDOM: [u8; 32] = [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65,
            0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2,
            0xc8, 0xa8, 0x33, 0x9c,
        ];
        self.random == RANDOM
    }
}

/// What EncryptedExtensions says (RFC 8446 section 4.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EncryptedExtensions {
    pub(super) alpn: Option<Box<[u8]>>,
    pub(super) early_data: bool,
}

/// Extension numbers (IANA "TLS ExtensionType Values").
mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const ALPN: u16 = 16;
    pub(super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(super) const PRE_SHARED_KEY: u16 = 41;
    pub(super) const EARLY_DATA: u16 = 42;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// A cursor over a message; every read is bounds-checked.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.bytes(usize::from(len))
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.bytes(usize::from(len))
    }

    /// The list of extensions at the end of a hello; absent in the oldest ones.
    fn extensions(&mut self) -> Option<Vec<(u16, &'a [u8])>> {
        let mut list = Vec::new();
        if self.0.is_empty() {
            return Some(list);
        }
        let mut extensions = Reader(self.vector16()?);
        while !extensions.0.is_empty() {
            list.push((extensions.u16()?, extensions.vector16()?));
        }
        Some(list)
    }
}

impl ClientHello {
    pub(super) fn parse(body: &[u8]) -> Result<Self, InvalidMessage> {
        Self::read(&mut Reader(body)).ok_or(InvalidMessage::ClientHello)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let _legacy_version = reader.u16()?;
        let random = ClientRandom(reader.array()?);
        let session_id = reader.vector8()?.to_vec();
        let _cipher_suites = reader.vector16()?;
        let _compression_methods = reader.vector8()?;
        let mut hello = Self {
            random,
            session_id,
            server_name: None,
            early_data: false,
            encrypted_client_hello: false,
        };
        for (number, data) in reader.extensions()? {
            match number {
                extension::SERVER_NAME => hello.server_name = server_name(data),
                extension::EARLY_DATA => hello.early_data = true,
                extension::ENCRYPTED_CLIENT_HELLO => hello.encrypted_client_hello = true,
                _ => {}
            }
        }
        Some(hello)
    }
}

impl ServerHello {
    pub(super) fn parse(body: &[u8]) -> Result<Self, InvalidMessage> {
        Self::read(&mut Reader(body)).ok_or(InvalidMessage::ServerHello)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let legacy_version = reader.u16()?;
        let mut hello = Self {
            random: reader.array()?,
            session_id: reader.vector8()?.to_vec(),
            cipher_suite: CipherSuite(reader.u16()?),
            compression: reader.u8()?,
            version: ProtocolVersion(legacy_version),
            alpn: None,
            encrypt_then_mac: false,
            extended_master_secret: false,
            pre_shared_key: false,
        };
        for (number, data) in reader.extensions()? {
            match number {
                extension::ALPN => hello.alpn = alpn(data),
                extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
                extension::EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
                extension::PRE_SHARED_KEY => hello.pre_shared_key = true,
                extension::SUPPORTED_VERSIONS => {
                    hello.version = ProtocolVersion(Reader(data).u16()?)
                }
                _ => {}
            }
        }
        Some(hello)
    }
}

impl EncryptedExtensions {
    /// An unreadable list counts as an empty one: nothing that follows depends on it but the names of protocols.
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut parsed = Self::default();
        for (number, data) in Reader(body).extensions().unwrap_or_default() {
            match number {
                extension::ALPN => parsed.alpn = alpn(data),
                extension::EARLY_DATA => parsed.early_data = true,
                _ => {}
            }
        }
        parsed
    }
}

/// The host name of a ServerNameList (RFC 6066 section 3). Not more than visible ASCII is taken from it, so that it
/// can be shown.
fn server_name(data: &[u8]) -> Option<Box<str>> {
    let mut list = Reader(Reader(data).vector16()?);
    loop {
        let (name_type, name) = (list.u8()?, list.vector16()?);
        if name_type == 0 {
            let is_shown = name.len() <= MAX_SERVER_NAME && name.iter().all(u8::is_ascii_graphic);
            return is_shown
                .then(|| std::str::from_utf8(name).ok())
                .flatten()
                .map(Box::from);
        }
    }
}

/// The one protocol that a server selected (RFC 7301 section 3.1).
fn alpn(data: &[u8]) -> Option<Box<[u8]>> {
    let mut list = Reader(Reader(data).vector16()?);
    list.vector8().map(Box::from)
}
