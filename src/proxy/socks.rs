//! SOCKS 4, 4A (Y.-D. Lee) and 5 (RFC 1928, RFC 1929): what both sides say before the tunnel is open.
//!
//! Each direction is read by itself, since a capture may have the server's bytes first. What runs encrypted by the
//! proxy's own means (GSS-API) cannot be read.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::net::Direction;

/// Longest negotiation of one direction: a greeting of 255 methods, a name and a password of 255 bytes each, and a
/// request for a name of 255 bytes.
const LONGEST: usize = 2 + 255 + 3 + 255 + 255 + 5 + 255 + 2;
/// Longest user name or host name in SOCKS 4, where it runs to a NUL.
const LONGEST_TEXT: usize = 255;

const CONNECT: u8 = 1;
/// Methods of version 5 that leave the tunnel as it is.
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;

/// Whether the first bytes of a client begin SOCKS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// They do not.
    Absent,
    /// They may, but end early.
    Partial,
    /// They do.
    Begun,
}

/// Looks for SOCKS at the beginning of a client's `bytes`.
#[must_use]
pub fn greeting(bytes: &[u8]) -> Greeting {
    match *bytes {
        [5] | [4] => Greeting::Partial,
        [5, count, ref rest @ ..] => {
            let (methods, behind) = rest.split_at(rest.len().min(count.into()));
            // No authentication, GSS-API, a password, others of IANA's list, private ones.
            let is_known = |method: &u8| matches!(method, 0..=9 | 0x80..=0xfe);
            if count == 0
                || !methods.iter().all(is_known)
                || !matches!(behind.first(), None | Some(1 | 5))
            {
                Greeting::Absent
            } else if methods.len() < count.into() {
                Greeting::Partial
            } else {
                Greeting::Begun
            }
        }
        [4, CONNECT, ..] => match request_4(bytes) {
            Parsed::Whole(..) => Greeting::Begun,
            Parsed::Partial => Greeting::Partial,
            Parsed::Refused | Parsed::Wrong => Greeting::Absent,
        },
        _ => Greeting::Absent,
    }
}

/// What bytes of one direction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The negotiation goes on.
    More,
    /// The tunnel is open in this direction; what is behind the negotiation belongs to it.
    Open(Vec<u8>),
    /// The proxy refused: nothing follows.
    Refused,
    /// This is no SOCKS, or of a sort that cannot be followed. All bytes that were held come back.
    NotSocks(Vec<u8>),
}

/// A negotiation, until the tunnel is open in both directions.
#[derive(Debug)]
pub struct Negotiation {
    version: u8,
    /// What was read of each direction, while it negotiates.
    held: [Vec<u8>; 2],
    target: Option<Box<str>>,
}

/// The beginning of a direction's bytes.
#[derive(Debug)]
enum Parsed {
    /// The negotiation ends there, and asked for a host and port.
    Whole(usize, Option<Box<str>>),
    Partial,
    Refused,
    Wrong,
}

impl Negotiation {
    /// The negotiation that the client's first byte begins.
    #[must_use]
    pub fn new(version: u8) -> Self {
        Self {
            version,
            held: Default::default(),
            target: None,
        }
    }

    /// The host and port that the client asked for, as soon as it did.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Takes the next bytes of a direction that is not open yet.
    pub fn push(&mut self, direction: Direction, bytes: &[u8]) -> Step {
        let held = &mut self.held[direction.index()];
        held.extend_from_slice(bytes);
        let parsed = match (self.version, direction) {
            (4, Direction::ToServer) => request_4(held),
            (4, Direction::ToClient) => reply_4(held),
            (_, Direction::ToServer) => client_5(held).unwrap_or(Parsed::Partial),
            (_, Direction::ToClient) => server_5(held).unwrap_or(Parsed::Partial),
        };
        match parsed {
            Parsed::Whole(used, target) => {
                if target.is_some() {
                    self.target = target;
                }
                Step::Open(std::mem::take(held).split_off(used))
            }
            Parsed::Partial if held.len() <= LONGEST => Step::More,
            Parsed::Refused => Step::Refused,
            Parsed::Partial | Parsed::Wrong => Step::NotSocks(std::mem::take(held)),
        }
    }
}

/// Version, command, port, address, user, and in version 4A a name instead of the address.
fn request_4(bytes: &[u8]) -> Parsed {
    let &[version, command, high, low, a, b, c, d, ref texts @ ..] = bytes else {
        return Parsed::Partial;
    };
    let port = u16::from_be_bytes([high, low]);
    if version != 4 || command != CONNECT || port == 0 {
        return Parsed::Wrong;
    }
    let user_end = match text_end(texts) {
        Ok(end) => end,
        Err(parsed) => return parsed,
    };
    if [a, b, c] != [0; 3] || d == 0 {
        let host = Ipv4Addr::new(a, b, c, d);
        return Parsed::Whole(8 + user_end + 1, Some(format!("{host}:{port}").into()));
    }
    let name = &texts[user_end + 1..];
    match text_end(name) {
        Ok(end) => {
            let host = String::from_utf8_lossy(&name[..end]);
            Parsed::Whole(
                8 + user_end + 1 + end + 1,
                Some(format!("{host}:{port}").into()),
            )
        }
        Err(parsed) => parsed,
    }
}

/// Where a text ends that runs to a NUL.
fn text_end(bytes: &[u8]) -> Result<usize, Parsed> {
    let text = &bytes[..bytes.len().min(LONGEST_TEXT + 1)];
    let end = text.iter().position(|&byte| byte == 0);
    end.ok_or(if bytes.len() > LONGEST_TEXT {
        Parsed::Wrong
    } else {
        Parsed::Partial
    })
}

fn reply_4(bytes: &[u8]) -> Parsed {
    match *bytes {
        [0, 90, ..] if bytes.len() >= 8 => Parsed::Whole(8, None),
        [] | [0] | [0, 90, ..] => Parsed::Partial,
        [0, 91..=93, ..] => Parsed::Refused,
        _ => Parsed::Wrong,
    }
}

/// Methods, a name and password if that was agreed on, then the request. `None`: the bytes end early.
fn client_5(bytes: &[u8]) -> Option<Parsed> {
    let mut rest = Cursor(bytes);
    rest.byte()?;
    rest.counted()?;
    if rest.0.first() == Some(&1) {
        rest.byte()?;
        rest.counted()?;
        rest.counted()?;
    }
    let [5, CONNECT, _] = *rest.array::<3>()? else {
        return Some(Parsed::Wrong);
    };
    let Some(target) = rest.target()? else {
        return Some(Parsed::Wrong);
    };
    Some(Parsed::Whole(bytes.len() - rest.0.len(), Some(target)))
}

/// The method chosen, whether the password is right, then the reply. `None`: the bytes end early.
fn server_5(bytes: &[u8]) -> Option<Parsed> {
    let mut rest = Cursor(bytes);
    match *rest.array::<2>()? {
        [5, NO_AUTHENTICATION | PASSWORD] => {}
        [5, 0xff] => return Some(Parsed::Refused),
        _ => return Some(Parsed::Wrong),
    }
    if rest.0.first() == Some(&1) {
        let [_, 0] = *rest.array::<2>()? else {
            return Some(Parsed::Refused);
        };
    }
    match *rest.array::<3>()? {
        [5, 0, _] => {}
        [5, ..] => return Some(Parsed::Refused),
        _ => return Some(Parsed::Wrong),
    }
    if rest.target()?.is_none() {
        return Some(Parsed::Wrong);
    }
    Some(Parsed::Whole(bytes.len() - rest.0.len(), None))
}

/// Bytes not read yet; `None` wherever they end early.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn array<const N: usize>(&mut self) -> Option<&'b [u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|&[byte]| byte)
    }

    /// So many bytes as the first says.
    fn counted(&mut self) -> Option<&'b [u8]> {
        let count = self.byte()?.into();
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// An address and port as in a URL; `Some(None)`: the address is of no known type.
    fn target(&mut self) -> Option<Option<Box<str>>> {
        let host = match self.byte()? {
            1 => Ipv4Addr::from(*self.array::<4>()?).to_string(),
            3 => String::from_utf8_lossy(self.counted()?).into_owned(),
            4 => format!("[{}]", Ipv6Addr::from(*self.array::<16>()?)),
            _ => return Some(None),
        };
        let port = u16::from_be_bytes(*self.array()?);
        Some(Some(format!("{host}:{port}").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};

    /// What both sides say before `behind`, and what was asked for.
    fn negotiations() -> Vec<([Vec<u8>; 2], &'static str)> {
        let v6 = [&b"\x05\x01\0\x05\x01\0\x04"[..], &[0; 15], b"\x01\x01\xbb"].concat();
        [
            (
                &b"\x05\x01\0\x05\x01\0\x03\x06a.test\0\x50"[..],
                &b"\x05\0\x05\0\0\x01\x7f\0\0\x01\x12\x34"[..],
                "a.test:80",
            ),
            (&v6, b"\x05\0\x05\0\0\x01\0\0\0\0\0\0", "[::1]:443"),
            (
                b"\x05\x03\0\x01\x02\x01\x01u\x02pw\x05\x01\0\x01\x0a\0\0\x01\x1f\x90",
                b"\x05\x02\x01\0\x05\0\0\x03\x01p\0\0",
                "10.0.0.1:8080",
            ),
            (
                b"\x04\x01\0\x50\x0a\0\0\x01me\0",
                b"\0\x5a\0\0\0\0\0\0",
                "10.0.0.1:80",
            ),
            (
                b"\x04\x01\x01\xbb\0\0\0\x01\0a.test\0",
                b"\0\x5a\0\0\0\0\0\0",
                "a.test:443",
            ),
        ]
        .map(|(client, server, target)| ([client.to_vec(), server.to_vec()], target))
        .to_vec()
    }

    #[test]
    fn tunnels_open_behind_both_sides() {
        for (sides, target) in negotiations() {
            assert_eq!(greeting(&sides[0]), Greeting::Begun, "{target}");
            for behind in [&b""[..], b"GET"] {
                for piece in [1, 3, 1000] {
                    let mut negotiation = Negotiation::new(sides[0][0]);
                    for direction in [ToClient, ToServer] {
                        let said = &sides[direction.index()];
                        let all = [&said[..], behind].concat();
                        let mut at = 0;
                        let rest = loop {
                            let end = all.len().min(at + piece);
                            match negotiation.push(direction, &all[at..end]) {
                                Step::More => at = end,
                                Step::Open(rest) => break [&rest, &all[end..]].concat(),
                                other => panic!("{target}: {other:?} at {at}"),
                            }
                        };
                        assert_eq!(rest, behind, "{target}");
                    }
                    assert_eq!(negotiation.target(), Some(target));
                }
            }
        }
    }

    #[test]
    fn refusals_and_others() {
        for (version, server, step) in [
            (5, &b"\x05\xff"[..], Step::Refused),
            (5, b"\x05\x02\x01\x01", Step::Refused),
            (5, b"\x05\0\x05\x04\0", Step::Refused),
            (4, b"\0\x5b\0\0\0\0\0\0", Step::Refused),
            (5, b"HTTP/1.1", Step::NotSocks(b"HTTP/1.1".to_vec())),
            (5, b"\x05\x01\x01", Step::NotSocks(b"\x05\x01\x01".to_vec())),
            (4, b"\x01", Step::NotSocks(b"\x01".to_vec())),
        ] {
            assert_eq!(Negotiation::new(version).push(ToClient, server), step);
        }
        // Not CONNECT but BIND; and an address of no type.
        for client in [b"\x05\x01\0\x05\x02\0\x01", b"\x05\x01\0\x05\x01\0\x09"] {
            let step = Negotiation::new(5).push(ToServer, client);
            assert_eq!(step, Step::NotSocks(client.to_vec()));
        }
        // Nothing is held for ever.
        let long = [&b"\x04\x01\0\x50\x0a\0\0\x01"[..], &[b'u'; 300]].concat();
        let step = Negotiation::new(4).push(ToServer, &long);
        assert_eq!(step, Step::NotSocks(long));
    }

    #[test]
    fn greetings() {
        for (bytes, found) in [
            (&b"\x05"[..], Greeting::Partial),
            (b"\x05\x02\0", Greeting::Partial),
            (b"\x05\x02\0\x02", Greeting::Begun),
            (b"\x05\x01\0\x05\x01", Greeting::Begun),
            (b"\x05\x01\0GET", Greeting::Absent),
            (b"\x05\0\x05", Greeting::Absent),
            (b"\x05\x01\x50", Greeting::Absent),
            (b"\x04\x02\0\x50", Greeting::Absent),
            (b"\x04\x01\0\x50\x0a", Greeting::Partial),
            (b"\x16\x03\x01", Greeting::Absent),
            (b"GET /", Greeting::Absent),
            (b"", Greeting::Absent),
        ] {
            assert_eq!(greeting(bytes), found, "{}", bytes.escape_ascii());
        }
    }
}
