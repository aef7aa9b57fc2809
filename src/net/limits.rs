//! Every bound of the capture reader, each with its reason.
//!
//! A capture is hostile input: its lengths and counts are checked against these before anything is allocated.
//! They come from safety; no recording that a browser's traffic can make should reach one.

/// Bytes the input window holds at first: several packets of the largest usual size, and small enough for a
/// second-level cache.
pub(super) const WINDOW: usize = 256 << 10;

/// Longest block or record read whole. A packet is at most 64 KiB, a few hundred KiB with segmentation offload;
/// only an embedded key log is longer, and 16 MiB of one holds about 90 000 TLS 1.2 sessions.
pub(super) const MAX_BLOCK: usize = 16 << 20;

/// Longest record of a classic pcap file whose header states a smaller snapshot length or none. Wireshark's
/// `WTAP_MAX_PACKET_SIZE_STANDARD`: beyond it a length is damage.
pub(super) const MAX_RECORD: usize = 256 << 10;

/// Interfaces of one pcapng section. Real files have a handful; the number is read from the blocks, so it needs
/// a bound. 4096 of them take 160 KiB.
pub(super) const MAX_INTERFACES: usize = 4096;

/// Seconds between neighbouring records that still look like one capture while looking for the next whole record
/// behind a damaged one. A day: captures pause over night.
pub(super) const MAX_RECORD_STEP: u64 = 86_400;

/// Headers peeled from one packet, IPv6 extension headers included: link, two VLAN tags, outer IP, UDP, VXLAN, inner Ethernet, inner IP and TCP are nine; twice
/// that leaves room for real stacks and none for a loop.
pub(super) const MAX_LAYERS: usize = 24;

/// IP datagrams put together from fragments at one time; each is at most 64 KiB, so the pool stays below 4 MiB.
pub(super) const MAX_FRAGMENTED: usize = 64;

/// Capture time after which an unfinished fragmented datagram is dropped: 60 seconds in RFC 8200, section 4.5.
pub(super) const FRAGMENT_TIMEOUT_NS: i64 = 60_000_000_000;

/// Connections followed at one time, finished ones that linger included. A browser opens some hundred; a busy
/// proxy some ten thousand.
pub(super) const MAX_FLOWS: usize = 65_536;

/// Bytes of one connection kept waiting for a hole to fill. Linux lets a receive window grow to 6 MiB
/// (`tcp_rmem`), and that much may follow one lost segment.
pub(super) const MAX_FLOW_WAITING: usize = 8 << 20;

/// Bytes of all connections kept waiting together.
pub(super) const MAX_WAITING: usize = 128 << 20;

/// What a waiting piece costs beside its bytes (tree node, allocation), so that a million one-byte pieces are
/// counted for what they are.
pub(super) const PIECE_COST: usize = 96;

/// Packets of a connection to wait after a hole was acknowledged, before it counts as a hole. An acknowledgement
/// proves that the bytes passed; captures from several queues or interfaces may store it before them.
pub(super) const HOLE_GRACE_PACKETS: u32 = 64;

/// Capture time to wait for the same reason.
pub(super) const HOLE_GRACE_NS: i64 = 2_000_000_000;

/// How far ahead of the next expected byte a segment may lie: the largest TCP window, RFC 7323, section 2.3.
pub(super) const MAX_AHEAD: i64 = 1 << 30;

/// Consecutive segments outside the window after which a connection counts as replaced by another one of the same
/// addresses whose opening was not captured.
pub(super) const MAX_STRAYS: u32 = 4;

/// How far the first segment seen may lie behind what its peer acknowledged, for the bytes between to be waited for.
/// Twice an initial window of ten segments (RFC 6928) with a scaled one on top.
pub(super) const MAX_START_HOLE: u32 = 64 << 10;

/// Capture time without packets after which a connection is finished. Chrome closes idle sockets after five
/// minutes, Firefox after two, and WebSockets are pinged within one; thrice the longest is on the safe side.
pub(super) const IDLE_NS: i64 = 15 * 60 * 1_000_000_000;

/// Capture time a closed connection stays known, so that late retransmissions do not look like a new one: a minute,
/// the usual TIME-WAIT.
pub(super) const LINGER_NS: i64 = 60_000_000_000;

/// Closed connections that stay known at one time. A busy proxy closes two thousand in a second, within which most late
/// retransmissions come.
pub(super) const MAX_LINGERING: usize = 2_048;

/// Different QUIC connections counted one by one; more are counted as datagrams only.
pub(super) const MAX_QUIC_FLOWS: usize = 65_536;
