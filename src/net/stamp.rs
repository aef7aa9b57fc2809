//! Where and when a byte of a capture was seen.

/// The packet that carried something, and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the packet in its file, counted from 1 as Wireshark does.
    pub packet: u64,
    /// Nanoseconds since the Unix epoch; 0 where the capture has no time (a Simple Packet Block).
    pub time_ns: i64,
}

/// One of the two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client (who opened the connection, as far as the capture tells) to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// The opposite direction.
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// 0 for [`Direction::ToServer`], 1 for [`Direction::ToClient`]: an index into a pair of states.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}
