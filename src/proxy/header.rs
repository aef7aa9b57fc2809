//! The PROXY protocol (HAProxy, "The PROXY protocol", versions 1 and 2): a load balancer tells the server whom it speaks for.

/// Longest header of version 1, with its CRLF (section 2.1).
const LONGEST_TEXT: usize = 107;
/// Longest header of version 2 that is believed; real ones have some hundred bytes, of which a certificate's name is most.
const LONGEST_BINARY: usize = 4096;
/// How a header of version 2 begins (section 2.2).
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The signature, version and command, family, and the length of the rest.
const BINARY_HEAD: usize = SIGNATURE.len() + 4;

/// Whether the first bytes of a client are a PROXY header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// They are not.
    Absent,
    /// They may be the beginning of one.
    Partial,
    /// They are, up to there.
    Whole(usize),
}

/// Looks for a PROXY header at the beginning of `bytes`.
#[must_use]
pub fn header(bytes: &[u8]) -> Header {
    match bytes.first() {
        Some(b'P') => text(bytes),
        Some(b'\r') => binary(bytes),
        _ => Header::Absent,
    }
}

fn text(bytes: &[u8]) -> Header {
    let starts = [&b"PROXY TCP4 "[..], b"PROXY TCP6 ", b"PROXY UNKNOWN"];
    if !starts.iter().any(|start| is_begun(bytes, start)) {
        return Header::Absent;
    }
    let line = &bytes[..bytes.len().min(LONGEST_TEXT)];
    match line.iter().position(|&byte| byte == b'\n') {
        Some(end) if end > 0 && line[end - 1] == b'\r' => Header::Whole(end + 1),
        None if bytes.len() < LONGEST_TEXT => Header::Partial,
        _ => Header::Absent,
    }
}

fn binary(bytes: &[u8]) -> Header {
    if !is_begun(bytes, SIGNATURE) {
        return Header::Absent;
    }
    let Some(head) = bytes.first_chunk::<BINARY_HEAD>() else {
        return Header::Partial;
    };
    let [.., version_and_command, _, high, low] = *head;
    let len = BINARY_HEAD + usize::from(u16::from_be_bytes([high, low]));
    if version_and_command >> 4 != 2 || len > LONGEST_BINARY {
        Header::Absent
    } else if bytes.len() < len {
        Header::Partial
    } else {
        Header::Whole(len)
    }
}

/// Whether `bytes` start with `start`, as far as they go.
fn is_begun(bytes: &[u8], start: &[u8]) -> bool {
    let common = bytes.len().min(start.len());
    bytes[..common] == start[..common]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_where_they_say() {
        let line = b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
        let binary = [SIGNATURE, b"\x21\x11\0\x0c", &[7; 12]].concat();
        let local = [SIGNATURE, b"\x20\0\0\0"].concat();
        for whole in [&line[..], b"PROXY UNKNOWN\r\n", &binary, &local] {
            for len in 1..whole.len() {
                assert_eq!(header(&whole[..len]), Header::Partial, "{len}");
            }
            for behind in [&b""[..], b"GET / HTTP/1.1\r\n\r\n"] {
                let found = header(&[whole, behind].concat());
                assert_eq!(found, Header::Whole(whole.len()));
            }
        }
    }

    #[test]
    fn what_is_none() {
        let long = [b"PROXY TCP4 ", &[b'1'; 120][..]].concat();
        let huge = [SIGNATURE, b"\x21\x11\xff\xff"].concat();
        let version = [SIGNATURE, b"\x31\x11\0\0"].concat();
        for bytes in [
            &b""[..],
            b"PROXY /path HTTP/1.1\r\n",
            b"PROXY TCP4 1.2.3.4\n",
            b"POST / HTTP/1.1\r\n",
            b"\r\n\r\nGET / HTTP/1.1\r\n",
            &long,
            &huge,
            &version,
        ] {
            assert_eq!(header(bytes), Header::Absent, "{}", bytes.escape_ascii());
        }
    }
}
