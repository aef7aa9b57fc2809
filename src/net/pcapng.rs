//! pcapng blocks (draft-ietf-opsawg-pcapng).

use std::io::Read;

use pcap_parser::pcapng::{
    Block, InterfaceDescriptionBlock, SecretsType, parse_block_be, parse_block_le,
};
use pcap_parser::{OptionCode, PcapNGOption};

use super::capture::{Step, Tape};
use super::clock::Clock;
use super::limits::{MAX_BLOCK, MAX_INTERFACES};
use super::{LinkType, Oddities, Oddity, Stamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
/// Obsolete, section 4.8 and appendix A; `pcap-parser` does not know it.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
/// Types of the specification that begin no packet and no secrets.
const QUIET: [u32; 6] = [4, 5, 7, 8, 0xbad, 0x4000_0bad];
/// Type, total length and total length again.
const FRAME: usize = 12;
const BYTE_ORDER_MAGIC: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];
/// Longest block believed while looking for the next whole one: a packet, not a key log.
const MAX_FOUND: usize = 1 << 20;

/// One section: its byte order and interfaces.
#[derive(Default)]
pub(super) struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: LinkType,
    snapshot: u32,
    clock: Clock,
}

impl Section {
    /// The type of a Section Header Block, the same in both byte orders.
    pub(super) const MAGIC: [u8; 4] = SECTION_HEADER.to_le_bytes();

    /// Consumes one block.
    pub(super) fn step<R: Read>(&mut self, tape: &mut Tape<R>) -> Step {
        if !tape.window.fill(FRAME) {
            if !tape.window.data().is_empty() {
                tape.oddities.note(Oddity::CaptureCut, tape.stamp);
            }
            return Step::End;
        }
        let Some((kind, len, big_endian)) = self.frame(tape.window.data()) else {
            return self.resynchronise(tape, false);
        };
        if !tape.window.fill(len) {
            return self.resynchronise(tape, true);
        }
        let data = tape.window.data();
        if number(data, len - 4, big_endian) as usize != len {
            return self.resynchronise(tape, false);
        }
        if kind == SECTION_HEADER {
            *self = Self {
                big_endian,
                ..Self::default()
            };
        }
        if tape.secrets_only && kind != SECTION_HEADER && kind != DECRYPTION_SECRETS {
            tape.window.consume(len);
            return Step::Nothing;
        }
        let step = self.block(tape, kind, len);
        tape.window.consume(len);
        step
    }

    /// Reads a whole block of `len` bytes at the start of the window.
    fn block<R: Read>(&mut self, tape: &mut Tape<R>, kind: u32, len: usize) -> Step {
        let Tape {
            window,
            oddities,
            stamp,
            ..
        } = tape;
        let Some(data) = window.data().get(..len) else {
            return Step::Nothing;
        };
        let parse = if self.big_endian {
            parse_block_be
        } else {
            parse_block_le
        };
        let is_packet = matches!(kind, PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
        let Ok((_, block)) = parse(data) else {
            oddities.note_value(Oddity::DamagedBlock, *stamp, len as u64);
            return if is_packet {
                Step::Uncounted
            } else {
                Step::Nothing
            };
        };
        match block {
            Block::EnhancedPacket(packet) => {
                let raw = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let captured = (packet.caplen as usize).min(packet.data.len());
                self.packet(
                    packet.if_id,
                    raw,
                    packet.origlen,
                    (len - 28, captured),
                    *stamp,
                    oddities,
                )
            }
            Block::SimplePacket(packet) => {
                let Some(interface) = self.interfaces.first() else {
                    oddities.note(Oddity::UnknownInterface, *stamp);
                    return Step::Uncounted;
                };
                // Section 4.4: the captured length is the smaller of original and snapshot length.
                let snapshot = if interface.snapshot == 0 {
                    u32::MAX
                } else {
                    interface.snapshot
                };
                let captured = packet.data.len().min(packet.origlen.min(snapshot) as usize);
                Step::Packet {
                    time_ns: 0,
                    link_type: interface.link_type,
                    original_len: packet.origlen,
                    interface: 0,
                    back: len - 12,
                    len: captured,
                }
            }
            Block::InterfaceDescription(description) => {
                self.describe(&description, *stamp, oddities);
                Step::Nothing
            }
            Block::DecryptionSecrets(secrets) if secrets.secrets_type == SecretsType::TlsKeyLog => {
                let wanted = secrets.secrets_len as usize;
                Step::Secrets {
                    back: len - 16,
                    len: wanted.min(secrets.data.len()),
                }
            }
            Block::DecryptionSecrets(secrets) => {
                oddities.note_value(
                    Oddity::UnknownSecrets,
                    *stamp,
                    u64::from(secrets.secrets_type.0),
                );
                Step::Nothing
            }
            // Wireshark numbers these as packets, so we do.
            Block::SystemdJournalExport(_) | Block::Custom(_) => Step::Uncounted,
            Block::Unknown(_) if kind == PACKET => self.obsolete(data, *stamp, oddities),
            Block::Unknown(_) if !QUIET.contains(&kind) => {
                oddities.note_value(Oddity::UnknownBlock, *stamp, u64::from(kind));
                Step::Nothing
            }
            _ => Step::Nothing,
        }
    }

    /// An obsolete Packet Block, section 4.8 of the specification's appendix.
    fn obsolete(&self, data: &[u8], stamp: Stamp, oddities: &mut Oddities) -> Step {
        let be = self.big_endian;
        let ids = number(data, 8, be);
        let interface = if be { ids >> 16 } else { ids & 0xffff };
        let raw = u64::from(number(data, 12, be)) << 32 | u64::from(number(data, 16, be));
        let captured = number(data, 20, be) as usize;
        if data.len() < 32 || captured > data.len() - 32 {
            oddities.note_value(Oddity::DamagedBlock, stamp, data.len() as u64);
            return Step::Uncounted;
        }
        self.packet(
            interface,
            raw,
            number(data, 24, be),
            (data.len() - 28, captured),
            stamp,
            oddities,
        )
    }

    /// A packet whose data are `(back, len)`.
    fn packet(
        &self,
        id: u32,
        raw: u64,
        original_len: u32,
        (back, len): (usize, usize),
        stamp: Stamp,
        oddities: &mut Oddities,
    ) -> Step {
        let Some(interface) = self.interfaces.get(id as usize) else {
            oddities.note_value(Oddity::UnknownInterface, stamp, u64::from(id));
            return Step::Uncounted;
        };
        let time_ns = interface.clock.nanoseconds(raw);
        Step::Packet {
            time_ns,
            link_type: interface.link_type,
            original_len,
            interface: id,
            back,
            len,
        }
    }

    fn describe(
        &mut self,
        description: &InterfaceDescriptionBlock<'_>,
        stamp: Stamp,
        oddities: &mut Oddities,
    ) {
        if self.interfaces.len() >= MAX_INTERFACES {
            oddities.note(Oddity::TooManyInterfaces, stamp);
            return;
        }
        // Not `description.if_tsoffset`: pcap-parser 0.17 reads it as little-endian in every section.
        let offset = option(&description.options, OptionCode::IfTsoffset)
            .and_then(|value| value.first_chunk().copied())
            .map_or(0, |bytes| {
                if self.big_endian {
                    i64::from_be_bytes(bytes)
                } else {
                    i64::from_le_bytes(bytes)
                }
            });
        let resolution = description.if_tsresol;
        let clock = Clock::new(resolution, offset).unwrap_or_else(|| {
            oddities.note_value(Oddity::UnknownResolution, stamp, u64::from(resolution));
            Clock::MICROSECONDS
        });
        let link_type = LinkType(description.linktype.0 as u16);
        self.interfaces.push(Interface {
            link_type,
            snapshot: description.snaplen,
            clock,
        });
    }

    /// Type, length and byte order of the block that starts with `data`; `None` if it cannot be one.
    fn frame(&self, data: &[u8]) -> Option<(u32, usize, bool)> {
        let big_endian = if data.starts_with(&Self::MAGIC) {
            let magic: [u8; 4] = *data.get(8..)?.first_chunk()?;
            let reversed = magic.iter().rev().eq(BYTE_ORDER_MAGIC.iter());
            if magic != BYTE_ORDER_MAGIC && !reversed {
                return None;
            }
            reversed
        } else {
            self.big_endian
        };
        let kind = number(data, 0, big_endian);
        let len = number(data, 4, big_endian) as usize;
        (FRAME..=MAX_BLOCK)
            .contains(&len)
            .then_some((kind, len, big_endian))
    }

    /// Looks for the next whole block behind a damaged one.
    fn resynchronise<R: Read>(&mut self, tape: &mut Tape<R>, cut: bool) -> Step {
        let is_packet = matches!(
            number(tape.window.data(), 0, self.big_endian),
            PACKET | SIMPLE_PACKET | ENHANCED_PACKET
        );
        let mut skipped = 0u64;
        while tape.window.fill(FRAME + 1) {
            tape.window.consume(1);
            skipped += 1;
            if self.is_plausible(tape) {
                tape.oddities
                    .note_value(Oddity::DamagedBlock, tape.stamp, skipped);
                return if is_packet {
                    Step::Uncounted
                } else {
                    Step::Nothing
                };
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

    fn is_plausible<R: Read>(&self, tape: &mut Tape<R>) -> bool {
        let Some((kind, len, big_endian)) = self.frame(tape.window.data()) else {
            return false;
        };
        let known = matches!(
            kind,
            SECTION_HEADER
                | INTERFACE_DESCRIPTION
                | PACKET
                | SIMPLE_PACKET
                | ENHANCED_PACKET
                | SYSTEMD_JOURNAL
                | DECRYPTION_SECRETS
        ) || QUIET.contains(&kind);
        known
            && len > FRAME
            && len % 4 == 0
            && len <= MAX_FOUND
            && tape.window.fill(len)
            && number(tape.window.data(), len - 4, big_endian) as usize == len
    }
}

fn option<'a>(options: &'a [PcapNGOption<'_>], code: OptionCode) -> Option<&'a [u8]> {
    options.iter().find(|o| o.code == code).map(|o| o.value())
}

/// The number at `at`; 0 where the data end before it.
fn number(data: &[u8], at: usize, big_endian: bool) -> u32 {
    let bytes = data
        .get(at..)
        .and_then(|d| d.first_chunk())
        .copied()
        .unwrap_or_default();
    if big_endian {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    }
}
