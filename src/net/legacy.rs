//! Classic pcap records (draft-ietf-opsawg-pcap). `pcap-parser` reads the header of a file; the four numbers of a record are
//! read here, as looking for the next record behind a damaged one needs them one by one.

use std::io::Read;

use pcap_parser::{PcapHeader, parse_pcap_header};

use super::capture::{Step, Tape};
use super::clock::legacy_nanoseconds;
use super::limits::{MAX_BLOCK, MAX_RECORD, MAX_RECORD_STEP};
use super::window::Window;
use super::{LinkType, Oddity};

const FILE_HEADER: usize = 24;

/// A classic pcap file after its header.
pub(super) struct Legacy {
    header: PcapHeader,
    /// Longest record that is not damage.
    longest: usize,
    /// Seconds of the last record, to tell the next from noise.
    seconds: Option<u32>,
}

/// The lengths and time of a record header.
struct Record {
    seconds: u32,
    fraction: u32,
    captured: usize,
    original: u32,
}

impl Legacy {
    /// Whether a file that starts so is pcap: micro- or nanoseconds in both byte orders, and Kuznetzov's variant.
    pub(super) fn is_magic(magic: [u8; 4]) -> bool {
        matches!(
            u32::from_be_bytes(magic),
            0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1 | 0x34cd_b2a1
        )
    }

    /// Consumes the file header; `None` if it is cut.
    pub(super) fn open<R: Read>(window: &mut Window<R>) -> Option<Self> {
        window.fill(FILE_HEADER);
        let (_, header) = parse_pcap_header(window.data()).ok()?;
        window.consume(FILE_HEADER);
        let longest = MAX_RECORD.max((header.snaplen as usize).min(MAX_BLOCK));
        Some(Self {
            header,
            longest,
            seconds: None,
        })
    }

    /// Consumes one record.
    pub(super) fn step<R: Read>(&mut self, tape: &mut Tape<R>) -> Step {
        let head = self.head();
        if !tape.window.fill(head) {
            if !tape.window.data().is_empty() {
                tape.oddities.note(Oddity::CaptureCut, tape.stamp);
            }
            return Step::End;
        }
        let record = self.record(tape.window.data());
        if let Some(next) = self.joined(tape) {
            *self = next;
            return Step::Nothing;
        }
        let len = head + record.captured;
        if record.captured > self.longest || !tape.window.fill(len) {
            let cut = record.captured <= self.longest;
            return self.resynchronise(tape, cut);
        }
        let unit = if self.header.is_nanosecond_precision() {
            1
        } else {
            1_000
        };
        let time_ns = legacy_nanoseconds(record.seconds, record.fraction, unit);
        self.seconds = Some(record.seconds);
        tape.window.consume(len);
        // The upper bits of the field tell the length of a frame check sequence, which the IP length cuts off.
        let link_type = LinkType(self.header.network.0 as u16);
        Step::Packet {
            time_ns,
            link_type,
            original_len: record.original,
            interface: 0,
            back: record.captured,
            len: record.captured,
        }
    }

    /// A second file header where a record should be, as `cat a.pcap b.pcap` writes it.
    fn joined<R: Read>(&self, tape: &mut Tape<R>) -> Option<Self> {
        let magic = *tape.window.data().first_chunk()?;
        if !Self::is_magic(magic) || !tape.window.fill(FILE_HEADER) {
            return None;
        }
        let (_, header) = parse_pcap_header(tape.window.data()).ok()?;
        // As a record: versions for a fraction, and no length.
        if (header.version_major, header.version_minor, header.thiszone) != (2, 4, 0) {
            return None;
        }
        Self::open(&mut tape.window)
    }

    /// Looks for the next whole record behind a damaged one.
    fn resynchronise<R: Read>(&mut self, tape: &mut Tape<R>, cut: bool) -> Step {
        let mut skipped = 0u64;
        while tape.window.fill(self.head() + 1) {
            tape.window.consume(1);
            skipped += 1;
            if self.is_plausible(tape) {
                tape.oddities
                    .note_value(Oddity::DamagedBlock, tape.stamp, skipped);
                return Step::Uncounted;
            }
        }
        let oddity = if cut {
            Oddity::CaptureCut
        } else {
            Oddity::DamagedBlock
        };
        tape.oddities.note(oddity, tape.stamp);
        Step::End
    }

    /// Whether a record starts here that fits what came before and what follows.
    fn is_plausible<R: Read>(&self, tape: &mut Tape<R>) -> bool {
        let head = self.head();
        if !tape.window.fill(head) || !self.is_record(tape.window.data()) {
            return false;
        }
        let record = self.record(tape.window.data());
        let next = head + record.captured;
        if tape.window.fill(next + head) {
            tape.window
                .data()
                .get(next..)
                .is_some_and(|d| self.is_record(d))
        } else {
            tape.window.data().len() == next
        }
    }

    fn is_record(&self, data: &[u8]) -> bool {
        let record = self.record(data);
        let fractions = if self.header.is_nanosecond_precision() {
            1_000_000_000
        } else {
            1_000_000
        };
        let near = self
            .seconds
            .is_none_or(|s| u64::from(s.abs_diff(record.seconds)) <= MAX_RECORD_STEP);
        near && record.fraction < fractions
            && record.captured > 0
            && record.captured <= self.longest
            && record.original as usize >= record.captured
            && record.original as usize <= MAX_BLOCK
    }

    fn head(&self) -> usize {
        if self.header.is_modified_format() {
            24
        } else {
            16
        }
    }

    fn record(&self, data: &[u8]) -> Record {
        let number = |at: usize| {
            let bytes = data
                .get(at..)
                .and_then(|d| d.first_chunk())
                .copied()
                .unwrap_or_default();
            if self.header.is_bigendian() {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            }
        };
        Record {
            seconds: number(0),
            fraction: number(4),
            captured: number(8) as usize,
            original: number(12),
        }
    }
}
