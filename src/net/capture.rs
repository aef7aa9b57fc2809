//! Capture files: pcap and pcapng, gzip around either, to packets and TLS secrets.
//!
//! Blocks are parsed by `pcap-parser` over a window of our own rather than its readers, which (1) read only once
//! before they judge the file, so that a slow pipe fails, (2) cannot pass over a block longer than their buffer,
//! and (3) stop at the first damaged block. Here a damaged block is noted and reading goes on at the next whole one.

use std::fmt;
use std::io::{ErrorKind, Read};

use super::legacy::Legacy;
use super::pcapng::Section;
use super::window::{Failure, Window};
use super::{LinkType, Oddities, Oddity, Stamp};

/// Something a capture file holds.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A captured packet.
    Packet(Packet<'a>),
    /// The text of a TLS key log embedded in the file (pcapng Decryption Secrets Block), padding cut off. It may
    /// stand behind the packets that need it: see [`scan_secrets`].
    Secrets(&'a [u8]),
}

/// A captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its number and time.
    pub stamp: Stamp,
    /// What its first header is.
    pub link_type: LinkType,
    /// The bytes captured.
    pub data: &'a [u8],
    /// Its length on the wire.
    pub original_len: u32,
    /// Index of its interface in the section; 0 for pcap.
    pub interface: u32,
}

/// Why a file could not be read as a capture at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file has no bytes.
    Empty,
    /// The file ends inside its header.
    HeaderCut,
    /// The file starts like no capture that is known; its first four bytes.
    UnknownFormat([u8; 4]),
    /// The gzip layer is damaged in its first bytes.
    Gzip,
    /// Reading failed.
    Read(ErrorKind),
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty file"),
            Self::HeaderCut => f.write_str("file ends inside the capture header"),
            Self::UnknownFormat([a, b, c, d]) => {
                write!(
                    f,
                    "neither pcap nor pcapng: starts with {a:02x} {b:02x} {c:02x} {d:02x}"
                )
            }
            Self::Gzip => f.write_str("damaged gzip data"),
            Self::Read(kind) => write!(f, "{kind}"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// What one block or record was; data lies `back` bytes behind the window's position.
pub(super) enum Step {
    Packet {
        time_ns: i64,
        link_type: LinkType,
        original_len: u32,
        interface: u32,
        back: usize,
        len: usize,
    },
    Secrets {
        back: usize,
        len: usize,
    },
    /// A frame that counts as a packet but has no readable bytes.
    Uncounted,
    Nothing,
    End,
}

/// What a reader of one format needs at each step.
pub(super) struct Tape<R> {
    pub(super) window: Window<R>,
    pub(super) oddities: Oddities,
    /// The last packet read.
    pub(super) stamp: Stamp,
    /// Pass over packets without looking at them.
    pub(super) secrets_only: bool,
}

enum Format {
    Legacy(Legacy),
    Next(Section),
}

/// Reads a capture file front to back, in memory that does not grow with it.
///
/// ```
/// use corsaudit::net::{CaptureReader, Item};
///
/// // A pcap file header, and no packets.
/// let file = b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0";
/// let mut reader = CaptureReader::new(&file[..])?;
/// while let Some(item) = reader.next() {
///     if let Item::Packet(packet) = item {
///         println!("packet {}: {} bytes", packet.stamp.packet, packet.data.len());
///     }
/// }
/// assert_eq!(reader.oddities().iter().count(), 0);
/// # Ok::<(), corsaudit::net::CaptureError>(())
/// ```
pub struct CaptureReader<R> {
    tape: Tape<R>,
    format: Format,
}

impl<R: Read> CaptureReader<R> {
    /// Reads the start of a capture and finds its format.
    ///
    /// # Errors
    ///
    /// The input is empty, cannot be read, or is no capture.
    pub fn new(input: R) -> Result<Self, CaptureError> {
        let mut window = Window::new(input).map_err(|e| CaptureError::Read(e.kind()))?;
        if !window.fill(4) {
            return Err(match window.failure() {
                Some(Failure::Gzip) => CaptureError::Gzip,
                Some(Failure::Read(kind)) => CaptureError::Read(kind),
                None if window.data().is_empty() => CaptureError::Empty,
                None => CaptureError::HeaderCut,
            });
        }
        let magic: [u8; 4] = window.data().first_chunk().copied().unwrap_or_default();
        let format = if magic == Section::MAGIC {
            Format::Next(Section::default())
        } else if Legacy::is_magic(magic) {
            Format::Legacy(Legacy::open(&mut window).ok_or(CaptureError::HeaderCut)?)
        } else {
            return Err(CaptureError::UnknownFormat(magic));
        };
        let tape = Tape {
            window,
            oddities: Oddities::default(),
            stamp: Stamp::default(),
            secrets_only: false,
        };
        Ok(Self { tape, format })
    }

    /// The next packet or key log; `None` at the end of the file.
    #[expect(
        clippy::should_implement_trait,
        reason = "an item borrows from the reader"
    )]
    pub fn next(&mut self) -> Option<Item<'_>> {
        loop {
            let step = match &mut self.format {
                Format::Legacy(_) if self.tape.secrets_only => return None,
                Format::Legacy(legacy) => legacy.step(&mut self.tape),
                Format::Next(section) => section.step(&mut self.tape),
            };
            match step {
                Step::Packet {
                    time_ns,
                    link_type,
                    original_len,
                    interface,
                    back,
                    len,
                } => {
                    let stamp = Stamp {
                        packet: self.tape.stamp.packet + 1,
                        time_ns,
                    };
                    self.tape.stamp = stamp;
                    let data = self.tape.window.behind(back, len);
                    return Some(Item::Packet(Packet {
                        stamp,
                        link_type,
                        data,
                        original_len,
                        interface,
                    }));
                }
                Step::Secrets { back, len } => {
                    return Some(Item::Secrets(self.tape.window.behind(back, len)));
                }
                Step::Uncounted => self.tape.stamp.packet += 1,
                Step::Nothing => {}
                Step::End => {
                    let oddity = match self.tape.window.failure() {
                        Some(Failure::Gzip) => Some(Oddity::GzipDamaged),
                        Some(Failure::Read(_)) => Some(Oddity::ReadFailed),
                        None => None,
                    };
                    if let Some(oddity) = oddity.filter(|o| self.tape.oddities.count(*o) == 0) {
                        self.tape.oddities.note(oddity, self.tape.stamp);
                    }
                    return None;
                }
            }
        }
    }

    /// What was odd about the file so far.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.tape.oddities
    }
}

/// Whether a capture that starts so may hold key logs: a pcap file cannot.
#[must_use]
pub fn may_hold_secrets(head: &[u8]) -> bool {
    head.starts_with(&Section::MAGIC)
}

/// Reads only the key logs of a capture, for a first pass over an input that can be read twice. A pcap file ends the
/// pass at once: it cannot hold any. Oddities are left for the second pass.
///
/// # Errors
///
/// As [`CaptureReader::new`].
pub fn scan_secrets<R: Read>(input: R, mut each: impl FnMut(&[u8])) -> Result<(), CaptureError> {
    let mut reader = CaptureReader::new(input)?;
    reader.tape.secrets_only = true;
    while let Some(item) = reader.next() {
        if let Item::Secrets(text) = item {
            each(text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::craft::{Order, block, enhanced, interface, pcap, section};
    use super::*;
    use std::io::Write;

    /// Gives one byte at a time, as a slow pipe does.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(buf.len()).min(1);
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(input: impl Read) -> (Vec<String>, Vec<(&'static str, u64)>) {
        let mut reader = CaptureReader::new(input).unwrap();
        let mut items = Vec::new();
        while let Some(item) = reader.next() {
            items.push(match item {
                Item::Packet(p) => format!(
                    "{} {} link {} if {} {:?} of {}",
                    p.stamp.packet,
                    p.stamp.time_ns,
                    p.link_type.0,
                    p.interface,
                    String::from_utf8_lossy(p.data),
                    p.original_len
                ),
                Item::Secrets(text) => format!("secrets {:?}", String::from_utf8_lossy(text)),
            });
        }
        (
            items,
            reader
                .oddities()
                .iter()
                .map(|s| (s.oddity.name(), s.count))
                .collect(),
        )
    }

    #[test]
    fn pcap_in_both_orders_and_resolutions() {
        for order in [Order::Little, Order::Big] {
            for (nano, ns) in [(false, 5_000_007_000_i64), (true, 5_000_000_007)] {
                let file = pcap(order, nano, 1, &[(5, 7, b"abc"), (5, 7, b"")]);
                let want = vec![
                    format!("1 {ns} link 1 if 0 \"abc\" of 3"),
                    format!("2 {ns} link 1 if 0 \"\" of 0"),
                ];
                assert_eq!(read(&file[..]), (want.clone(), vec![]));
                assert_eq!(read(Drip(&file)), (want, vec![]));
            }
        }
    }

    #[test]
    fn pcapng_sections_interfaces_and_late_secrets() {
        for order in [Order::Little, Order::Big] {
            let other = if order == Order::Little {
                Order::Big
            } else {
                Order::Little
            };
            let mut offset = 10i64.to_le_bytes();
            if order == Order::Big {
                offset.reverse();
            }
            let mut file = section(order);
            file.extend(interface(order, 1, &[]));
            file.extend(interface(order, 101, &[(9, &[9]), (14, &offset)]));
            file.extend(enhanced(order, 1, 5, b"abcde"));
            file.extend(enhanced(order, 0, 5, b"f"));
            // An obsolete Packet Block, a Simple Packet Block, a key log with padding, and a packet of nowhere.
            file.extend(block(
                order,
                2,
                &[
                    &order.u16(0)[..],
                    &order.u16(0),
                    &order.u32(0),
                    &order.u32(9),
                    &order.u32(2),
                    &order.u32(2),
                    b"pb\0\0",
                ]
                .concat(),
            ));
            file.extend(block(order, 3, &[&order.u32(3)[..], b"spb\0"].concat()));
            file.extend(block(
                order,
                10,
                &[&order.u32(0x544c_534b)[..], &order.u32(5), b"KEY 1\0\0\0"].concat(),
            ));
            file.extend(enhanced(order, 7, 5, b"lost"));
            // Custom and journal blocks take a number, as in Wireshark; unknown ones do not.
            file.extend(block(order, 0xbad, &[0; 8]));
            file.extend(block(order, 9, b"MESSAGE=a\n"));
            file.extend(block(order, 0x999, &[0; 8]));
            file.extend(section(other));
            file.extend(interface(other, 113, &[]));
            file.extend(enhanced(other, 0, 6, b"z"));
            let want = [
                "1 10000000005 link 101 if 1 \"abcde\" of 5",
                "2 5000 link 1 if 0 \"f\" of 1",
                "3 9000 link 1 if 0 \"pb\" of 2",
                "4 0 link 1 if 0 \"spb\" of 3",
                "secrets \"KEY 1\"",
                "8 6000 link 113 if 0 \"z\" of 1",
            ];
            let (items, oddities) = read(&file[..]);
            assert_eq!(items, want);
            assert_eq!(
                oddities,
                [("pcapng-block-unknown", 1), ("pcapng-interface-unknown", 1)]
            );
            assert_eq!(read(Drip(&file)).0, want);
            let mut keys = Vec::new();
            scan_secrets(&file[..], |text| keys.push(text.to_vec())).unwrap();
            assert_eq!(keys, [b"KEY 1"]);
        }
    }

    #[test]
    fn gzip_is_taken_off_and_its_damage_noted() {
        let file = pcap(Order::Little, false, 1, &[(5, 7, b"abc"), (5, 7, b"def")]);
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&file).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(read(&packed[..]).0.len(), 2);
        assert_eq!(read(&packed[..]).1, []);
        let (_, oddities) = read(&packed[..packed.len() - 6]);
        assert_eq!(oddities, [("gzip-damaged", 1)]);
    }

    #[test]
    fn reading_goes_on_behind_damage() {
        let le = Order::Little;
        let packets: Vec<(u32, u32, &[u8])> = vec![
            (5, 7, b"abc"),
            (5, 8, b"defghijklmnop"),
            (6, 1, b"q"),
            (6, 2, b"rs"),
        ];
        let mut file = pcap(le, false, 1, &packets);
        file[24 + 8 + 3] = 0x7f; // captured length of the first record
        let (items, oddities) = read(&file[..]);
        assert_eq!(items.len(), 3, "{items:?}");
        assert_eq!(oddities, [("capture-block-damaged", 1)]);

        let mut file = section(le);
        file.extend(interface(le, 1, &[]));
        let at = file.len();
        file.extend(enhanced(le, 0, 5, b"abcde"));
        file.extend(enhanced(le, 0, 6, b"fg"));
        for value in [0xff, 0x01, 0x24] {
            file[at + 5] = value; // total length of the first packet block
            let (items, oddities) = read(&file[..]);
            assert_eq!(items.len(), 1, "{items:?}");
            assert!(items[0].contains("fg"));
            assert_eq!(oddities, [("capture-block-damaged", 1)]);
        }
    }

    #[test]
    fn cut_and_foreign_files() {
        let file = pcap(Order::Little, false, 1, &[(5, 7, b"abc"), (5, 7, b"def")]);
        let (items, oddities) = read(&file[..file.len() - 1]);
        assert_eq!((items.len(), oddities), (1, vec![("capture-cut", 1)]));
        let mut next = section(Order::Big);
        next.extend(interface(Order::Big, 1, &[]));
        next.extend(enhanced(Order::Big, 0, 1, b"abc"));
        let (items, oddities) = read(&next[..next.len() - 1]);
        assert_eq!((items.len(), oddities), (0, vec![("capture-cut", 1)]));
        let error = |bytes: &[u8]| CaptureReader::new(bytes).err();
        assert_eq!(error(b""), Some(CaptureError::Empty));
        assert_eq!(error(&file[..20]), Some(CaptureError::HeaderCut));
        assert_eq!(
            error(b"PK\x03\x04rest"),
            Some(CaptureError::UnknownFormat(*b"PK\x03\x04"))
        );
        assert_eq!(error(b"\x1f\x8b\x08nonsense"), Some(CaptureError::Gzip));
    }

    #[test]
    fn joined_pcap_files_read_as_one() {
        let mut file = pcap(Order::Little, false, 1, &[(5, 7, b"abc")]);
        file.extend(pcap(Order::Big, true, 101, &[(5, 7, b"def")]));
        let (items, oddities) = read(&file[..]);
        assert_eq!(
            items,
            [
                "1 5000007000 link 1 if 0 \"abc\" of 3",
                "2 5000000007 link 101 if 0 \"def\" of 3"
            ]
        );
        assert_eq!(oddities, []);
    }
}
