//! A decoded header list to a message head (RFC 9113, section 8.3).

use super::hpack::Decoder;
use crate::http::HeaderLines;
use crate::http::message::MessageSink;
use crate::http::oddity::Oddity;
use crate::net::Stamp;

/// Pseudo-headers and lines of one header block.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: Option<Box<[u8]>>,
    pub(super) path: Option<Box<[u8]>>,
    pub(super) authority: Option<Box<[u8]>>,
    pub(super) scheme: Option<Box<[u8]>>,
    pub(super) protocol: Option<Box<[u8]>>,
    pub(super) status: Option<u16>,
    pub(super) headers: HeaderLines,
    pub(super) complete: bool,
}

impl Head {
    /// Decodes `block`; `whole` says whether all of it was recorded.
    pub(super) fn decode(
        decoder: &mut Decoder,
        block: &[u8],
        whole: bool,
        at: Stamp,
        sink: &mut impl MessageSink,
    ) -> Self {
        let mut head = Self {
            headers: HeaderLines::with_capacity(16, block.len() * 2),
            complete: whole,
            ..Self::default()
        };
        let mut malformed = false;
        let result = decoder.decode(block, |name, value| {
            if name.first() == Some(&b':') {
                malformed |= !head.pseudo(name, value);
            } else {
                head.headers.push(name, value);
            }
        });
        if malformed {
            sink.oddity(Oddity::PseudoHeaderMalformed, at);
        }
        match result {
            Ok(decoded) => {
                if decoded.unknown_fields > 0 {
                    head.complete = false;
                    sink.oddity(Oddity::HeaderFieldsUnknown, at);
                }
                if decoded.too_long {
                    head.complete = false;
                    sink.oddity(Oddity::HeaderListTooLong, at);
                }
            }
            Err(_) => {
                head.complete = false;
                if whole {
                    sink.oddity(Oddity::HeaderBlockMalformed, at);
                }
            }
        }
        if !whole {
            decoder.forget_table();
            sink.oddity(Oddity::HeadCut, at);
        }
        head
    }

    /// Whether nothing says that this is more than trailers.
    pub(super) fn is_trailers(&self) -> bool {
        self.method.is_none()
            && self.path.is_none()
            && self.authority.is_none()
            && self.scheme.is_none()
            && self.status.is_none()
    }

    /// Keeps a pseudo-header; false if it has no place here. The first of several counts.
    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> bool {
        if name == b":status" {
            let status = match value {
                &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
                }
                _ => None,
            };
            let fits = self.status.is_none() && status.is_some() && self.headers.is_empty();
            self.status = self.status.or(status);
            return fits;
        }
        let slot = match name {
            b":method" => &mut self.method,
            b":path" => &mut self.path,
            b":authority" => &mut self.authority,
            b":scheme" => &mut self.scheme,
            b":protocol" => &mut self.protocol,
            _ => return false,
        };
        let fits = slot.is_none() && self.headers.is_empty();
        if slot.is_none() {
            *slot = Some(value.into());
        }
        fits
    }
}
