//! Clocks of capture files: raw time stamps to nanoseconds since the Unix epoch.

const NS: u64 = 1_000_000_000;

/// How the time stamps of one interface count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to add: `if_tsoffset`.
    offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Times(u64),
    /// So many per nanosecond.
    Per(u64),
    /// 2^-n seconds, `0 <= n <= 127`.
    Binary(u32),
}

impl Clock {
    /// Microseconds, the default of pcapng.
    pub(super) const MICROSECONDS: Self = Self {
        unit: Unit::Times(1_000),
        offset: 0,
    };

    /// A clock from the interface options `if_tsresol` and `if_tsoffset`
    /// (draft-ietf-opsawg-pcapng, section 4.2). `None`: finer than 10^-27 seconds, which no clock counts.
    ///
    /// Not pcap-parser's `build_ts_resolution`: that refuses every power of two.
    pub(super) fn new(resolution: u8, offset: i64) -> Option<Self> {
        let power = u32::from(resolution & 0x7f);
        let unit = if resolution & 0x80 != 0 {
            Unit::Binary(power)
        } else if power <= 9 {
            Unit::Times(10u64.pow(9 - power))
        } else if power <= 27 {
            Unit::Per(10u64.pow(power - 9))
        } else {
            return None;
        };
        Some(Self { unit, offset })
    }

    /// Nanoseconds since the epoch; times beyond the year 2262 become the last one that can be told.
    pub(super) fn nanoseconds(self, raw: u64) -> i64 {
        let ns = match self.unit {
            Unit::Times(n) => raw.saturating_mul(n),
            Unit::Per(n) => raw / n,
            Unit::Binary(bits) => {
                let ns = u128::from(raw) * u128::from(NS);
                u64::try_from(ns.checked_shr(bits).unwrap_or(0)).unwrap_or(u64::MAX)
            }
        };
        let offset = self.offset.saturating_mul(NS as i64);
        i64::try_from(ns).unwrap_or(i64::MAX).saturating_add(offset)
    }
}

/// Nanoseconds of a classic pcap time stamp: seconds, and a fraction in units of `unit` nanoseconds.
pub(super) fn legacy_nanoseconds(seconds: u32, fraction: u32, unit: u32) -> i64 {
    i64::from(seconds) * NS as i64 + i64::from(fraction) * i64::from(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions() {
        let cases = [
            (
                "microseconds",
                6,
                0,
                1_700_000_000_123_456,
                1_700_000_000_123_456_000,
            ),
            (
                "nanoseconds",
                9,
                0,
                1_700_000_000_123_456_789,
                1_700_000_000_123_456_789,
            ),
            ("picoseconds", 12, 0, 5_000_123, 5_000),
            ("seconds", 0, 0, 12, 12_000_000_000),
            (
                "binary fractions",
                0x80 | 32,
                0,
                (7 << 32) | (1 << 31),
                7_500_000_000,
            ),
            ("offset", 6, 100, 1, 100_000_001_000),
            ("offset into the past", 6, -100, 1, -99_999_999_000),
            ("beyond the representable", 0, 0, u64::MAX, i64::MAX),
        ];
        for (desc, resolution, offset, raw, ns) in cases {
            let clock = Clock::new(resolution, offset).expect(desc);
            assert_eq!(clock.nanoseconds(raw), ns, "{desc}");
        }
        assert_eq!(Clock::new(28, 0), None);
    }
}
