//! QUIC connections, counted: the place where reading HTTP/3 begins.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::bytes::be32;
use super::limits::MAX_QUIC_FLOWS;
use super::{Datagram, Oddities, Oddity, Stamp};

/// Counts the QUIC connections among UDP datagrams.
#[derive(Default)]
pub struct QuicFlows {
    seen: HashSet<(SocketAddr, SocketAddr)>,
    oddities: Oddities,
}

impl QuicFlows {
    /// Takes a datagram; true if it belongs to a connection that opened like QUIC.
    pub fn push(&mut self, stamp: Stamp, datagram: &Datagram<'_>) -> bool {
        let Datagram { src, dst, payload } = *datagram;
        let key = if src <= dst { (src, dst) } else { (dst, src) };
        if is_long_header(payload) {
            if self.seen.len() < MAX_QUIC_FLOWS && self.seen.insert(key) {
                self.oddities.note(Oddity::QuicNotRead, stamp);
            }
            return true;
        }
        // A short header tells nothing; only a connection seen to open, or port 443, says that it is one.
        let is_short = payload.first().is_some_and(|b| b & 0xc0 == 0x40);
        if !is_short || payload.len() < 21 {
            return false;
        }
        if self.seen.contains(&key) {
            return true;
        }
        if src.port() == 443 || dst.port() == 443 {
            if self.seen.len() < MAX_QUIC_FLOWS && self.seen.insert(key) {
                self.oddities.note(Oddity::QuicNotRead, stamp);
            }
            return true;
        }
        false
    }

    /// How many were met, and where first.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }
}

/// Whether a datagram starts with a long header (RFC 9000, section 17.2) of version 1, 2 or a draft.
fn is_long_header(payload: &[u8]) -> bool {
    let (Some(first), Some(version)) = (payload.first(), be32(payload, 1)) else {
        return false;
    };
    let known = version == 1 || version == 0x6b33_43cf || version >> 8 == 0x00ff_0000;
    let ids = payload.get(5).is_some_and(|len| *len <= 20);
    first & 0xc0 == 0xc0 && known && ids && payload.len() >= 21
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_once() {
        let mut flows = QuicFlows::default();
        let stamp = Stamp {
            packet: 4,
            time_ns: 0,
        };
        let client: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        let server: SocketAddr = "10.0.0.2:8443".parse().unwrap();
        let mut initial = vec![0xc3, 0, 0, 0, 1, 8];
        initial.resize(1200, 0);
        let short = [0x40; 30];
        let dns = [0x12; 30];
        assert!(!flows.push(
            stamp,
            &Datagram {
                src: client,
                dst: server,
                payload: &short
            }
        ));
        assert!(flows.push(
            stamp,
            &Datagram {
                src: client,
                dst: server,
                payload: &initial
            }
        ));
        assert!(flows.push(
            stamp,
            &Datagram {
                src: server,
                dst: client,
                payload: &short
            }
        ));
        assert!(flows.push(
            stamp,
            &Datagram {
                src: server,
                dst: client,
                payload: &initial
            }
        ));
        assert!(!flows.push(
            stamp,
            &Datagram {
                src: server,
                dst: client,
                payload: &dns
            }
        ));
        assert_eq!(flows.oddities().count(Oddity::QuicNotRead), 1);
    }
}
