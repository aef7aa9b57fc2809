//! IP fragments to whole datagrams (RFC 791, section 3.2; RFC 8200, section 4.5).
//!
//! `etherparse` puts the pieces together; its own pool is not bounded, so this one is.

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber};

use super::decode::Route;
use super::limits::{FRAGMENT_TIMEOUT_NS, MAX_FRAGMENTED};
use super::{Oddities, Oddity, Stamp};

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) route: Route,
    pub(super) protocol: u8,
    pub(super) id: u32,
    /// In units of eight bytes, `0 <= offset < 2^13`.
    pub(super) offset: u16,
    pub(super) more: bool,
    pub(super) data: &'a [u8],
}

/// Datagrams of which fragments are missing, oldest first.
#[derive(Default)]
pub(super) struct FragmentPool {
    parts: Vec<Part>,
}

struct Part {
    route: Route,
    protocol: u8,
    id: u32,
    first: Stamp,
    buffer: IpDefragBuf,
}

impl FragmentPool {
    /// Adds a fragment; gives the payload of its datagram if that is complete now.
    pub(super) fn add(
        &mut self,
        fragment: &Fragment<'_>,
        stamp: Stamp,
        oddities: &mut Oddities,
    ) -> Option<Vec<u8>> {
        self.parts.retain(|part| {
            let fresh = stamp.time_ns.saturating_sub(part.first.time_ns) <= FRAGMENT_TIMEOUT_NS;
            if !fresh {
                oddities.note(Oddity::FragmentsMissing, part.first);
            }
            fresh
        });
        let same = |part: &Part| {
            part.id == fragment.id
                && part.protocol == fragment.protocol
                && part.route == fragment.route
        };
        let at = self.parts.iter().position(same).unwrap_or_else(|| {
            if self.parts.len() >= MAX_FRAGMENTED {
                let oldest = self.parts.remove(0);
                oddities.note(Oddity::FragmentsMissing, oldest.first);
            }
            let buffer = IpDefragBuf::new(IpNumber(fragment.protocol), Vec::new(), Vec::new());
            let Fragment {
                route,
                protocol,
                id,
                ..
            } = *fragment;
            self.parts.push(Part {
                route,
                protocol,
                id,
                first: stamp,
                buffer,
            });
            self.parts.len() - 1
        });
        let part = &mut self.parts[at];
        let added = IpFragOffset::try_new(fragment.offset).is_ok_and(|offset| {
            part.buffer
                .add(offset, fragment.more, fragment.data)
                .is_ok()
        });
        if !added {
            oddities.note(Oddity::FragmentDamaged, stamp);
            return None;
        }
        if !part.buffer.is_complete() {
            return None;
        }
        let (data, _) = self.parts.remove(at).buffer.take_bufs();
        Some(data)
    }

    /// Counts the datagrams that are left, and drops them.
    pub(super) fn finish(&mut self, oddities: &mut Oddities) {
        for part in self.parts.drain(..) {
            oddities.note(Oddity::FragmentsMissing, part.first);
        }
    }
}
