//! Frame headers (RFC 9113, section 4.1).

/// Bytes of a frame header.
pub(crate) const HEADER: usize = 9;

/// A frame type (RFC 9113, section 6). Unknown ones survive, for extensions are to be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameType(pub(crate) u8);

impl FrameType {
    pub(crate) const DATA: Self = Self(0);
    pub(crate) const HEADERS: Self = Self(1);
    pub(crate) const PRIORITY: Self = Self(2);
    pub(crate) const RST_STREAM: Self = Self(3);
    pub(crate) const SETTINGS: Self = Self(4);
    pub(crate) const PUSH_PROMISE: Self = Self(5);
    pub(crate) const PING: Self = Self(6);
    pub(crate) const GOAWAY: Self = Self(7);
    pub(crate) const WINDOW_UPDATE: Self = Self(8);
    pub(crate) const CONTINUATION: Self = Self(9);
    /// RFC 7838, RFC 8336 and RFC 9218: the extensions a browser may meet.
    const ALTSVC: Self = Self(10);
    const ORIGIN: Self = Self(12);
    const PRIORITY_UPDATE: Self = Self(16);
}

/// Flags of frame headers; `END_STREAM` and `ACK` share a bit.
pub(crate) const END_STREAM: u8 = 0x01;
pub(crate) const ACK: u8 = 0x01;
pub(crate) const END_HEADERS: u8 = 0x04;
pub(crate) const PADDED: u8 = 0x08;
pub(crate) const PRIORITY: u8 = 0x20;

/// A setting (RFC 9113, section 6.5.2; RFC 8441, section 3).
pub(crate) const SETTINGS_HEADER_TABLE_SIZE: u16 = 1;
pub(crate) const SETTINGS_MAX_FRAME_SIZE: u16 = 5;
pub(crate) const SETTINGS_ENABLE_CONNECT_PROTOCOL: u16 = 8;

/// The fixed start of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// 0 <= length < 2^24
    pub(crate) length: u32,
    pub(crate) kind: FrameType,
    pub(crate) flags: u8,
    /// 0 <= stream_id < 2^31; the reserved bit is dropped
    pub(crate) stream_id: u32,
    reserved: bool,
}

impl FrameHeader {
    /// `None`: more bytes are needed.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, kind, flags, ref stream @ ..] = bytes.first_chunk::<HEADER>()?;
        let stream = u32::from_be_bytes(*stream);
        Some(Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: FrameType(kind),
            flags,
            stream_id: stream & 0x7fff_ffff,
            reserved: stream >> 31 == 1,
        })
    }

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether length and stream fit the type (RFC 9113, section 6).
    pub(crate) fn is_well_formed(&self) -> bool {
        let on_stream = self.stream_id != 0;
        match self.kind {
            FrameType::DATA | FrameType::CONTINUATION => on_stream,
            FrameType::HEADERS => on_stream,
            FrameType::PRIORITY => on_stream && self.length == 5,
            FrameType::RST_STREAM => on_stream && self.length == 4,
            FrameType::SETTINGS => {
                !on_stream && self.length.is_multiple_of(6) && (!self.has(ACK) || self.length == 0)
            }
            FrameType::PUSH_PROMISE => on_stream && self.length >= 4,
            FrameType::PING => !on_stream && self.length == 8,
            FrameType::GOAWAY => !on_stream && self.length >= 8,
            FrameType::WINDOW_UPDATE => self.length == 4,
            _ => true,
        }
    }

    /// Whether these nine bytes, met behind a hole, may be a frame header: known type, defined flags only, nothing
    /// reserved, a length inside the default limit, and a stream no higher than `highest` can explain.
    pub(crate) fn is_plausible(&self, highest: u32) -> bool {
        let flags = match self.kind {
            FrameType::DATA => END_STREAM | PADDED,
            FrameType::HEADERS => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            FrameType::SETTINGS | FrameType::PING => ACK,
            FrameType::PUSH_PROMISE => END_HEADERS | PADDED,
            FrameType::CONTINUATION => END_HEADERS,
            FrameType::PRIORITY
            | FrameType::RST_STREAM
            | FrameType::GOAWAY
            | FrameType::WINDOW_UPDATE
            | FrameType::ALTSVC
            | FrameType::ORIGIN
            | FrameType::PRIORITY_UPDATE => 0,
            _ => return false,
        };
        !self.reserved
            && self.flags & !flags == 0
            && self.length as usize <= super::super::limits::RESYNC_FRAME
            && self.stream_id <= highest
            && self.is_well_formed()
    }
}

/// The part of a payload left between padding (RFC 9113, section 6.1). `None`: more padding than payload.
pub(crate) fn strip_padding(header: FrameHeader, payload: &[u8]) -> Option<&[u8]> {
    if !header.has(PADDED) {
        return Some(payload);
    }
    let (&padding, rest) = payload.split_first()?;
    rest.get(..rest.len().checked_sub(usize::from(padding))?)
}
