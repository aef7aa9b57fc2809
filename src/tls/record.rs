//! The record layer's framing (RFC 8446 section 5.1, RFC 5246 section 6.2).

use super::limits::MAX_RECORD_BODY;

/// The type byte of a record (IANA "TLS ContentType").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentType(pub(super) u8);

impl ContentType {
    pub(super) const CHANGE_CIPHER_SPEC: Self = Self(20);
    pub(super) const ALERT: Self = Self(21);
    pub(super) const HANDSHAKE: Self = Self(22);
    pub(super) const APPLICATION_DATA: Self = Self(23);
    const HEARTBEAT: Self = Self(24);
}

/// The five bytes before a record's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) content_type: ContentType,
    /// The record version on the wire; 0x0303 in TLS 1.2 and 1.3, sometimes 0x0301 before the ServerHello.
    pub(super) version: u16,
    pub(super) body_len: u16,
}

impl RecordHeader {
    pub(super) const LEN: usize = 5;

    /// Reads the header at the start of `bytes`; `None` asks for more bytes.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[content_type, major, minor, high, low] = bytes.first_chunk()?;
        Some(Self {
            content_type: ContentType(content_type),
            version: u16::from_be_bytes([major, minor]),
            body_len: u16::from_be_bytes([high, low]),
        })
    }

    /// The header as sent: the additional data of TLS 1.3 records.
    pub(super) fn to_bytes(self) -> [u8; Self::LEN] {
        let ([major, minor], [high, low]) =
            (self.version.to_be_bytes(), self.body_len.to_be_bytes());
        [self.content_type.0, major, minor, high, low]
    }

    /// Whether any version of TLS could have sent this header.
    pub(super) fn is_plausible(self) -> bool {
        (ContentType::CHANGE_CIPHER_SPEC.0..=ContentType::HEARTBEAT.0)
            .contains(&self.content_type.0)
            && (0x0300..=0x0304).contains(&self.version)
            && usize::from(self.body_len) <= MAX_RECORD_BODY
    }

    /// Length of header and body.
    pub(super) fn record_len(self) -> usize {
        Self::LEN + usize::from(self.body_len)
    }
}

/// Tells whether a stream's first bytes, of either direction, look like TLS records.
///
/// True for a hello, and for any other record, so that a recording that starts inside a connection is recognised too.
/// Fewer than three bytes are not enough to tell.
#[must_use]
pub fn looks_like_tls(bytes: &[u8]) -> bool {
    let Some(&[content_type, 3, minor @ 0..=4]) = bytes.first_chunk() else {
        return false;
    };
    let Some(header) = RecordHeader::parse(bytes) else {
        return (20..=23).contains(&content_type);
    };
    let len = header.body_len;
    header.is_plausible()
        && match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC => len == 1 || len >= 16,
            ContentType::ALERT => len == 2 || len >= 16,
            ContentType::HANDSHAKE => len >= 4 || minor >= 1 && len > 0,
            ContentType::APPLICATION_DATA => len > 16 && minor >= 1,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_first_bytes() {
        let cases: [(&str, &[u8], bool); 9] = [
            (
                "client hello",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
                true,
            ),
            ("server hello", b"\x16\x03\x03\x00\x7a\x02", true),
            ("inside a connection", b"\x17\x03\x03\x40\x11", true),
            ("three bytes", b"\x16\x03\x01", true),
            ("two bytes", b"\x16\x03", false),
            ("HTTP", b"GET / HTTP/1.1\r\n", false),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n", false),
            ("record too long", b"\x17\x03\x03\x48\x01", false),
            ("SSL 2 hello", b"\x80\x2e\x01\x03\x01", false),
        ];
        for (desc, bytes, expected) in cases {
            assert_eq!(looks_like_tls(bytes), expected, "{desc}");
        }
    }
}
