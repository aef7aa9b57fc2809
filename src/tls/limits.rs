//! Every bound of the TLS layer, with its reason. Lengths from the wire are checked against these before use.

/// Longest plaintext of one record (RFC 8446 section 5.1, RFC 5246 section 6.2.1).
pub(super) const MAX_PLAINTEXT: usize = 1 << 14;

/// Longest body of one record on the wire: TLS 1.2 allows 2048 bytes of expansion (RFC 5246 section 6.2.3), TLS 1.3
/// only 256. The larger one serves both, because the version is not known when the first header is read.
pub(super) const MAX_RECORD_BODY: usize = MAX_PLAINTEXT + 2048;

/// Longest handshake message whose content is kept. Hellos with post-quantum shares and many tickets stay below
/// 10 KiB; certificates are larger but only their length is used.
pub(super) const MAX_KEPT_MESSAGE: usize = 128 * 1024;

/// Bytes one direction may queue while it waits for the other direction's hello. Clients send little before the
/// ServerHello (early data is 14-16 KiB by default), but a capture may hand over one direction long before the other.
pub(super) const MAX_WAITING_BYTES: usize = 1 << 20;

/// Pieces one direction may queue while it waits; keeps one-byte segments from costing more than their bytes.
pub(super) const MAX_WAITING_PIECES: usize = 1 << 14;

/// Bytes looked through behind a gap before the direction is given up. A record starts at least every
/// [`MAX_RECORD_BODY`] bytes, so a search that goes on this long has the wrong keys or the wrong sequence window.
pub(super) const MAX_SEARCH_BYTES: u64 = 1 << 18;

/// Bytes decrypted on trial per session while searching: about 30 ms of AES-GCM. Bounds what a hostile capture can
/// cost by placing many plausible record headers behind many gaps.
pub(super) const MAX_TRIAL_BYTES: u64 = 64 << 20;

/// Records that may fail to open before the first one does, where that is expected: rejected early data, or
/// handshake records whose secret is not logged.
pub(super) const MAX_PASSED_OVER: u32 = 1 << 12;

/// KeyUpdates followed in one direction. Each costs microseconds, and real peers send one per many gigabytes.
pub(super) const MAX_KEY_UPDATES: u32 = 1 << 16;

/// Longest host name kept (RFC 1035 section 2.3.4 allows 253 visible characters; RFC 6066 names no bound).
pub(super) const MAX_SERVER_NAME: usize = 255;

/// ClientHellos read per session. A retry and a renegotiation or two are real; each makes the client's queue move, so
/// a hostile capture must not have them without end.
pub(super) const MAX_HELLOS: u32 = 32;

/// Bytes a search takes at a time while it has no plausible header. It then holds no more than one record and this.
pub(super) const SEARCH_STEP: usize = 64;
