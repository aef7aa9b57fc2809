//! Bounds on what a recording may make this layer hold or do. They exist for safety, not for speed.

/// Longest HTTP/1 message head kept, start line included. Chrome refuses response heads above 256 KiB.
pub(crate) const HEAD: usize = 256 * 1024;

/// Longest HTTP/1 head accepted where reading starts anew after a hole. Every false start costs up to this many
/// bytes of parsing, so it is far below [`HEAD`].
pub(crate) const RESYNC_HEAD: usize = 16 * 1024;

/// Longest request line looked for after a hole: the usual limit of servers.
pub(crate) const RESYNC_LINE: usize = 8 * 1024;

/// Requests without a response held for one HTTP/1 connection. Browsers hold one; tools pipeline some dozens.
pub(crate) const PIPELINED: usize = 256;

/// Responses held for one HTTP/1 connection because the request may still come (another interface, a late segment).
pub(crate) const HELD_RESPONSES: usize = 64;

/// Interim responses kept for one exchange.
pub(crate) const INTERIM: usize = 16;

/// Bytes of heads held for one connection in unfinished exchanges, after which the oldest are given up.
pub(crate) const HELD_HEADS: usize = 8 * 1024 * 1024;

/// Bytes a client may send behind an `Upgrade` or `CONNECT` request before its answer is read. They wait for it.
pub(crate) const AWAITING_SWITCH: usize = 64 * 1024;

/// Longest HTTP/2 header block, still coded. Endpoints refuse less; the decoded list has its own bound.
pub(crate) const HEADER_BLOCK: usize = 256 * 1024;

/// Longest HTTP/2 `SETTINGS` payload read: the default frame size, thousands of settings of which ten are defined.
pub(crate) const SETTINGS: usize = 16 * 1024;

/// Decoded HTTP/2 header list: bytes of names and values and 32 per field, as `SETTINGS_MAX_HEADER_LIST_SIZE`
/// counts them. Chrome announces 256 KiB. A block of 20 kB could otherwise become 62 MB.
pub(crate) const HEADER_LIST: usize = 256 * 1024;

/// Largest HPACK dynamic table kept. Chrome and Firefox announce 64 KiB; what an encoder stores beyond this is
/// forgotten and its later uses are unknown, never wrong.
pub(crate) const DYNAMIC_TABLE: usize = 1024 * 1024;

/// Open HTTP/2 streams held. Servers allow 100 to 256 at once; streams whose end was lost stay here as well.
pub(crate) const STREAMS: usize = 1024;

/// Identifiers remembered of HTTP/2 streams that are done, so that late frames do not open them again.
pub(crate) const CLOSED_STREAMS: usize = 1024;

/// Longest HTTP/2 frame believed where frames are looked for after a hole (the default `SETTINGS_MAX_FRAME_SIZE`).
/// Bounds what has to be held to see the frames that follow.
pub(crate) const RESYNC_FRAME: usize = 16 * 1024;

/// Frame headers that have to follow one another before a boundary found after a hole is believed.
pub(crate) const RESYNC_CHAIN: usize = 3;

/// Bytes read of a connection whose protocol does not show, before it is searched for HTTP/1. More than
/// [`RESYNC_CHAIN`] frames take.
pub(crate) const SNIFFED: usize = 256 * 1024;
