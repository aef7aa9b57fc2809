//! Oddities: what was cut, unknown or damaged in a capture, by kind, with a first place and a count.

use std::fmt;

use super::Stamp;

macro_rules! oddities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One kind of defect that did not stop the reader.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Oddity { $($(#[$doc])* $variant,)* }

        impl Oddity {
            /// All kinds, in the order of the layers that meet them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kebab-case name used in every report.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

oddities! {
    /// The file ends inside a block or record.
    CaptureCut = "capture-cut",
    /// A block or record whose lengths contradict themselves; reading went on at the next whole one. Value: bytes skipped.
    DamagedBlock = "capture-block-damaged",
    /// Reading the input failed; what came before is kept.
    ReadFailed = "capture-read-failed",
    /// The gzip layer ends early or is damaged; what came before is kept.
    GzipDamaged = "gzip-damaged",
    /// A pcapng block of a type without a published meaning. Value: block type.
    UnknownBlock = "pcapng-block-unknown",
    /// A packet of an interface that no block described. Value: interface number.
    UnknownInterface = "pcapng-interface-unknown",
    /// More interfaces in a section than are kept.
    TooManyInterfaces = "pcapng-interfaces-too-many",
    /// A time resolution that cannot be represented; microseconds were assumed. Value: `if_tsresol`.
    UnknownResolution = "pcapng-time-resolution-unknown",
    /// Secrets that are not a TLS key log. Value: secrets type.
    UnknownSecrets = "pcapng-secrets-unknown",
    /// A link type that is not decoded. Value: link type.
    UnknownLinkType = "link-type-unknown",
    /// A packet that ends inside a header.
    HeaderCut = "packet-header-cut",
    /// A header whose lengths or versions contradict themselves.
    HeaderDamaged = "packet-header-damaged",
    /// More headers inside each other than are peeled.
    NestedTooDeep = "packet-nested-too-deep",
    /// TCP payload that the snapshot length cut off. Value: bytes missing in the first.
    PacketCut = "packet-cut-by-snapshot-length",
    /// An encrypted 802.11 frame.
    WlanEncrypted = "wlan-frame-encrypted",
    /// A fragment of an 802.11 frame; such frames are not put together.
    WlanFragment = "wlan-frame-fragment",
    /// An aggregated 802.11 frame (A-MSDU), of which only the first part is read.
    WlanAggregate = "wlan-aggregate-partly-read",
    /// An 802.11 frame received with a wrong checksum, left out.
    WlanBadChecksum = "wlan-bad-checksum",
    /// A packet inside encrypted MACsec or IPsec (ESP).
    EncryptedTunnel = "tunnel-encrypted",
    /// An IP datagram of which fragments are missing.
    FragmentsMissing = "ip-fragments-missing",
    /// A fragment that contradicts the others of its datagram.
    FragmentDamaged = "ip-fragment-damaged",
    /// A connection whose opening was not captured.
    MidStream = "tcp-opening-not-captured",
    /// A segment before the first byte known of a connection.
    BeforeStart = "tcp-segment-before-start",
    /// A segment outside any possible window.
    OutOfWindow = "tcp-segment-out-of-window",
    /// A retransmission with other bytes than the first copy, which was kept.
    OverlapDiffers = "tcp-overlap-differs",
    /// Bytes that the capture does not have. Value: length of the first such hole.
    StreamGap = "tcp-stream-gap",
    /// A connection had more bytes waiting for a hole to fill than are kept.
    FlowFull = "tcp-flow-buffer-full",
    /// All connections together had more bytes waiting than are kept.
    TableFull = "tcp-buffers-full",
    /// A connection finished early because too many were open.
    FlowEvicted = "tcp-flow-evicted",
    /// A QUIC connection; HTTP/3 is not read.
    QuicNotRead = "quic-not-read",
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often and where an oddity was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What was met.
    pub oddity: Oddity,
    /// The packet where it was met first; packet 0 is before the first.
    pub first: Stamp,
    /// How often it was met.
    pub count: u64,
    /// The number that belongs to the first, where the kind names one; else 0.
    pub value: u64,
}

/// Oddities by kind: a fixed size, whatever the capture holds.
#[derive(Clone, Debug)]
pub struct Oddities {
    kinds: [Option<Sighting>; Oddity::ALL.len()],
}

impl Default for Oddities {
    fn default() -> Self {
        Self {
            kinds: [None; Oddity::ALL.len()],
        }
    }
}

impl Oddities {
    /// Counts one more of `oddity`.
    pub fn note(&mut self, oddity: Oddity, stamp: Stamp) {
        self.note_value(oddity, stamp, 0);
    }

    /// Counts one more of `oddity`, with the number that belongs to it.
    pub fn note_value(&mut self, oddity: Oddity, stamp: Stamp, value: u64) {
        self.add(Sighting {
            oddity,
            first: stamp,
            count: 1,
            value,
        });
    }

    /// Adds the oddities of another part of the same capture.
    pub fn merge(&mut self, other: &Self) {
        for sighting in other.iter() {
            self.add(sighting);
        }
    }

    /// What was met, in the order of [`Oddity::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Sighting> + '_ {
        self.kinds.iter().flatten().copied()
    }

    /// How often `oddity` was met.
    #[must_use]
    pub fn count(&self, oddity: Oddity) -> u64 {
        self.kinds[oddity as usize].map_or(0, |s| s.count)
    }

    fn add(&mut self, new: Sighting) {
        let kind = &mut self.kinds[new.oddity as usize];
        match kind {
            Some(old) => {
                old.count = old.count.saturating_add(new.count);
                if new.first.packet < old.first.packet {
                    old.first = new.first;
                    old.value = new.value;
                }
            }
            None => *kind = Some(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_kind_and_keeps_the_first_place() {
        let mut a = Oddities::default();
        let mut b = Oddities::default();
        a.note_value(
            Oddity::StreamGap,
            Stamp {
                packet: 7,
                time_ns: 0,
            },
            70,
        );
        b.note_value(
            Oddity::StreamGap,
            Stamp {
                packet: 3,
                time_ns: 0,
            },
            30,
        );
        b.note(Oddity::CaptureCut, Stamp::default());
        a.merge(&b);
        let all: Vec<_> = a
            .iter()
            .map(|s| (s.oddity.name(), s.first.packet, s.count, s.value))
            .collect();
        assert_eq!(
            all,
            [("capture-cut", 0, 1, 0), ("tcp-stream-gap", 3, 2, 30)]
        );
    }
}
