//! The NSS key log format: secrets of recorded connections, looked up by client random.
//!
//! The format is described in RFC 9850 ("The SSLKEYLOGFILE Format for TLS"); browsers write it to `SSLKEYLOGFILE`,
//! and pcapng carries it in Decryption Secrets Blocks of type `TLS Key Log`.

use std::collections::HashMap;
use std::fmt;

/// The random of a ClientHello, by which key logs name a connection (RFC 8446 section 4.1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRandom(pub [u8; 32]);

impl fmt::Display for ClientRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClientRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientRandom({self})")
    }
}

/// What a line of a key log holds (RFC 9850 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretLabel {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.0 to 1.2, extended or not (RFC 5246 section 8.1, RFC 7627).
    Master,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`: keys of 0-RTT data.
    ClientEarlyTraffic,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshakeTraffic,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshakeTraffic,
    /// `CLIENT_TRAFFIC_SECRET_0`.
    ClientTraffic0,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerTraffic0,
}

impl SecretLabel {
    const COUNT: usize = 6;

    fn from_bytes(label: &[u8]) -> Option<Self> {
        Some(match label {
            b"CLIENT_RANDOM" => Self::Master,
            b"CLIENT_EARLY_TRAFFIC_SECRET" => Self::ClientEarlyTraffic,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::ClientHandshakeTraffic,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::ServerHandshakeTraffic,
            b"CLIENT_TRAFFIC_SECRET_0" => Self::ClientTraffic0,
            b"SERVER_TRAFFIC_SECRET_0" => Self::ServerTraffic0,
            _ => return None,
        })
    }

    /// The master secret is always 48 bytes; a traffic secret is as long as the suite's hash (SHA-256 or SHA-384).
    fn fits(self, len: usize) -> bool {
        len == 48 || (len == 32 && self != Self::Master)
    }
}

/// Secrets by client random, merged from any number of key logs.
///
/// Holds each distinct secret once, in one buffer: about 280 bytes for a TLS 1.3 connection with four secrets.
/// Neither `Debug` nor any other output shows a secret.
#[derive(Clone)]
pub struct KeyLog {
    /// Each secret as one length byte and its bytes. Starts with one filler byte, so that offset 0 means "none".
    arena: Vec<u8>,
    offsets: HashMap<ClientRandom, [u32; SecretLabel::COUNT]>,
    secrets: usize,
    ignored: u64,
    rsa: u64,
    malformed: u64,
}

impl Default for KeyLog {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog")
            .field("connections", &self.offsets.len())
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}

impl KeyLog {
    /// An empty key log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arena: vec![0],
            offsets: HashMap::new(),
            secrets: 0,
            ignored: 0,
            rsa: 0,
            malformed: 0,
        }
    }

    /// Adds the lines of one key log file or secrets block. Call it as often as there are texts; a long text may be
    /// given in pieces that end at line ends. When two lines disagree about a secret, the later one counts.
    pub fn add(&mut self, text: &[u8]) {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            self.add_line(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    fn add_line(&mut self, line: &[u8]) {
        // Writers pad secrets blocks with zeros, some into the counted length.
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
        let mut fields = line.split(is_blank).filter(|field| !field.is_empty());
        let Some(label) = fields.next() else {
            return;
        };
        if label[0] == b'#' {
            return;
        }
        if label == b"RSA" {
            self.rsa += 1;
            return;
        }
        let (Some(random), Some(secret), None) = (fields.next(), fields.next(), fields.next())
        else {
            self.malformed += 1;
            return;
        };
        let mut client_random = [0; 32];
        let mut bytes = [0; 64];
        let decoded = (decode_hex(random, &mut client_random) == Some(32))
            .then(|| decode_hex(secret, &mut bytes))
            .flatten();
        match (SecretLabel::from_bytes(label), decoded) {
            (Some(label), Some(len)) if label.fits(len) => {
                self.insert(ClientRandom(client_random), label, &bytes[..len]);
            }
            (None, Some(_)) if is_label(label) => self.ignored += 1,
            _ => self.malformed += 1,
        }
    }

    fn insert(&mut self, random: ClientRandom, label: SecretLabel, secret: &[u8]) {
        if self.get(&random, label) == Some(secret) {
            return;
        }
        let Ok(offset) = u32::try_from(self.arena.len()) else {
            self.ignored += 1;
            return;
        };
        let slot = &mut self.offsets.entry(random).or_default()[label as usize];
        if *slot == 0 {
            self.secrets += 1;
        }
        *slot = offset;
        self.arena.push(secret.len() as u8);
        self.arena.extend_from_slice(secret);
    }

    /// The secret of a connection, if logged. Also serves QUIC, whose labels are the same (RFC 9850 section 2.2).
    #[must_use]
    pub fn get(&self, random: &ClientRandom, label: SecretLabel) -> Option<&[u8]> {
        let offset = self.offsets.get(random)?[label as usize] as usize;
        if offset == 0 {
            return None;
        }
        let (&len, rest) = self.arena.get(offset..)?.split_first()?;
        rest.get(..usize::from(len))
    }

    /// Whether anything is logged for a connection.
    #[must_use]
    pub fn knows(&self, random: &ClientRandom) -> bool {
        self.offsets.contains_key(random)
    }

    /// Secrets held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets
    }

    /// Whether no secret is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets == 0
    }

    /// Connections with at least one secret.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.offsets.len()
    }

    /// Well-formed lines with labels that decrypt no records (`EXPORTER_SECRET`, ECH and unknown labels).
    #[must_use]
    pub fn ignored_lines(&self) -> u64 {
        self.ignored
    }

    /// Lines with the label `RSA`: pre-master secrets named by their encryption, which browsers no longer write.
    #[must_use]
    pub fn rsa_lines(&self) -> u64 {
        self.rsa
    }

    /// Lines that are not of the format, or whose secret has an impossible length.
    #[must_use]
    pub fn malformed_lines(&self) -> u64 {
        self.malformed
    }
}

fn is_label(label: &[u8]) -> bool {
    label
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Decodes hexadecimal digits; the number of bytes, or `None` if `text` is not hexadecimal or does not fit in `out`.
fn decode_hex(text: &[u8], out: &mut [u8]) -> Option<usize> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > out.len() {
        return None;
    }
    for (byte, &[high, low]) in out.iter_mut().zip(pairs) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(pairs.len())
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(byte: u8, len: usize) -> String {
        format!("{byte:02x}").repeat(len)
    }

    #[test]
    fn merges_texts_and_counts_lines() {
        let (r1, r2, s32, s48) = (hex(1, 32), hex(2, 32), hex(0xaa, 32), hex(0xbb, 48));
        let mut log = KeyLog::new();
        log.add(
            format!(
                "\u{feff}# comment\r\nCLIENT_RANDOM {r1} {s48}\r\n\r\n  CLIENT_TRAFFIC_SECRET_0\t{r2} {s32}  \r\n\
                 EXPORTER_SECRET {r2} {s32}\r\nRSA 0011 2233\r\ngarbage\r\nCLIENT_RANDOM {r1} 00"
            )
            .as_bytes(),
        );
        log.add(
            format!(
                "SERVER_TRAFFIC_SECRET_0 {} {}\0\0",
                r2.to_uppercase(),
                s48.to_uppercase()
            )
            .as_bytes(),
        );
        log.add(format!("CLIENT_RANDOM {r1} {s48}\n").as_bytes());
        let random = |byte| ClientRandom([byte; 32]);
        assert_eq!(
            log.get(&random(1), SecretLabel::Master),
            Some(&[0xbb; 48][..])
        );
        assert_eq!(
            log.get(&random(2), SecretLabel::ClientTraffic0),
            Some(&[0xaa; 32][..])
        );
        assert_eq!(
            log.get(&random(2), SecretLabel::ServerTraffic0),
            Some(&[0xbb; 48][..])
        );
        assert_eq!(log.get(&random(2), SecretLabel::Master), None);
        assert!(log.knows(&random(2)) && !log.knows(&random(3)));
        assert_eq!(
            (log.len(), log.connections(), log.is_empty()),
            (3, 2, false)
        );
        assert_eq!(
            (log.ignored_lines(), log.rsa_lines(), log.malformed_lines()),
            (1, 1, 2)
        );
    }

    #[test]
    fn refuses_near_misses() {
        let (random, secret) = (hex(1, 32), hex(2, 32));
        let cases = [
            (
                "odd digits",
                format!("CLIENT_TRAFFIC_SECRET_0 {random} {secret}a"),
            ),
            (
                "not hexadecimal",
                format!("CLIENT_TRAFFIC_SECRET_0 {random} {}zz", hex(2, 31)),
            ),
            (
                "short random",
                format!("CLIENT_TRAFFIC_SECRET_0 {} {secret}", hex(1, 31)),
            ),
            (
                "four fields",
                format!("CLIENT_TRAFFIC_SECRET_0 {random} {secret} 00"),
            ),
            (
                "master of 32 bytes",
                format!("CLIENT_RANDOM {random} {secret}"),
            ),
            (
                "secret too long",
                format!("CLIENT_RANDOM {random} {}", hex(1, 65)),
            ),
            (
                "lower case label",
                format!("client_random {random} {secret}"),
            ),
        ];
        for (desc, line) in cases {
            let mut log = KeyLog::new();
            log.add(line.as_bytes());
            assert_eq!((log.len(), log.malformed_lines()), (0, 1), "{desc}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut log = KeyLog::new();
        log.add(format!("CLIENT_RANDOM {} {}", hex(1, 32), hex(0xbb, 48)).as_bytes());
        assert_eq!(
            format!("{log:?}"),
            "KeyLog { connections: 1, secrets: 1, .. }"
        );
    }
}
