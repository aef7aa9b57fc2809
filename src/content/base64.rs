//! Base64 of either alphabet (RFC 4648), read leniently: what is no digit of it is passed over, as exporters break lines
//! and escape the solidus.

/// Decodes at most `limit` bytes.
pub(crate) fn decode(text: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(limit.min(text.len() / 4 * 3 + 3));
    let mut held = 0_u32;
    let mut bits = 0;
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            // An escape of JSON: the solidus stands for itself, everything else for white space.
            b'\\' => match bytes.as_slice().first() {
                Some(b'/') => continue,
                _ => {
                    bytes.next();
                    continue;
                }
            },
            _ => continue,
        };
        held = held << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            if out.len() == limit {
                break;
            }
            // The upper bits have been written before.
            out.push((held >> bits) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, decoded) in [
            ("aGVsbG8h", &b"hello!"[..]),
            ("aGVsbG8=", b"hello"),
            ("aGVsbG8", b"hello"),
            ("aGVs\\r\\nbG8h", b"hello!"),
            ("Pz8/Pz8_", b"??????"),
            ("Pz8\\/", b"???"),
            ("!!!", b""),
            ("a", b""),
            ("", b""),
            ("\\", b""),
        ] {
            assert_eq!(decode(text.as_bytes(), 100), decoded, "{text}");
        }
        assert_eq!(decode(b"aGVsbG8h", 2), b"he");
    }
}
