//! From logged secrets to record keys: HKDF in TLS 1.3 (RFC 8446 section 7), the PRF before (RFC 5246 section 5).

use std::fmt;

use ring::{hkdf, hmac};

use super::md5::hmac_md5;
use super::suite::{Bulk, Hash, ProtocolVersion};

/// Longest secret: the output of SHA-384, and the master secret of TLS 1.2.
const MAX_SECRET: usize = 48;

/// A traffic secret or master secret. `Debug` shows its length only.
#[derive(Clone)]
pub(super) struct Secret {
    bytes: [u8; MAX_SECRET],
    len: u8,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len)
    }
}

impl Secret {
    /// Copies a secret; `None` if it is longer than any TLS secret.
    pub(super) fn new(secret: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_SECRET];
        bytes.get_mut(..secret.len())?.copy_from_slice(secret);
        Some(Self {
            bytes,
            len: secret.len() as u8,
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Key and IV of one direction, ready for the record cipher. `Debug` shows neither.
pub(super) struct KeyMaterial {
    /// The MAC key of a CBC suite; empty otherwise.
    pub(super) mac_key: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// TLS 1.3 and ChaCha20: 12 bytes; GCM in TLS 1.2: the 4-byte salt; CBC: 16 bytes in TLS 1.0, else empty.
    pub(super) iv: Vec<u8>,
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").finish_non_exhaustive()
    }
}

struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1); `hash` is never SHA-1 in TLS 1.3.
fn expand_label(hash: Hash, secret: &[u8], label: &[u8], out: &mut [u8]) {
    let algorithm = match hash {
        Hash::Sha1 | Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
    };
    let len = (out.len() as u16).to_be_bytes();
    let label_len = [b"tls13 ".len() as u8 + label.len() as u8];
    let info: [&[u8]; 5] = [&len, &label_len, b"tls13 ", label, &[0]];
    hkdf::Prk::new_less_safe(algorithm, secret)
        .expand(&info, Len(out.len()))
        .and_then(|okm| okm.fill(out))
        .expect("keys, IVs and secrets are shorter than 255 hash outputs");
}

/// Traffic keys from a traffic secret (RFC 8446 section 7.3).
pub(super) fn traffic_keys(bulk: Bulk, hash: Hash, secret: &Secret) -> KeyMaterial {
    let (mut key, mut iv) = (vec![0; bulk.key_len()], vec![0; 12]);
    expand_label(hash, secret.as_bytes(), b"key", &mut key);
    expand_label(hash, secret.as_bytes(), b"iv", &mut iv);
    KeyMaterial {
        mac_key: Vec::new(),
        key,
        iv,
    }
}

/// The traffic secret after a KeyUpdate (RFC 8446 section 7.2).
pub(super) fn next_traffic_secret(hash: Hash, secret: &Secret) -> Secret {
    let mut next = secret.clone();
    expand_label(
        hash,
        secret.as_bytes(),
        b"traffic upd",
        &mut next.bytes[..usize::from(secret.len)],
    );
    next
}

/// Keys of the client's and the server's direction from a master secret (RFC 5246 section 6.3).
pub(super) fn key_block(
    version: ProtocolVersion,
    bulk: Bulk,
    hash: Hash,
    master: &[u8],
    client_random: &[u8; 32],
    server_random: &[u8; 32],
) -> [KeyMaterial; 2] {
    let (mac_len, iv_len) = match bulk {
        Bulk::Aes128Gcm | Bulk::Aes256Gcm => (0, 4),
        Bulk::ChaCha20Poly1305 => (0, 12),
        Bulk::Aes128Cbc(mac) | Bulk::Aes256Cbc(mac) => (
            mac.output_len(),
            if version <= ProtocolVersion::TLS_1_0 {
                16
            } else {
                0
            },
        ),
    };
    let key_len = bulk.key_len();
    let mut block = vec![0; 2 * (mac_len + key_len + iv_len)];
    let seed: [&[u8]; 3] = [b"key expansion", server_random, client_random];
    if version >= ProtocolVersion::TLS_1_2 {
        prf(hash, master, &seed, &mut block);
    } else {
        prf_before_tls12(master, &seed, &mut block);
    }
    let (mac_keys, rest) = block.split_at(2 * mac_len);
    let (keys, ivs) = rest.split_at(2 * key_len);
    [0, 1].map(|side| KeyMaterial {
        mac_key: mac_keys[side * mac_len..][..mac_len].to_vec(),
        key: keys[side * key_len..][..key_len].to_vec(),
        iv: ivs[side * iv_len..][..iv_len].to_vec(),
    })
}

/// The PRF of TLS 1.2 (RFC 5246 section 5); `seed` starts with the label.
fn prf(hash: Hash, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let key = hmac::Key::new(hash.hmac(), secret);
    let mac = |parts: &[&[u8]]| {
        let mut context = hmac::Context::with_key(&key);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    };
    p_hash(|parts| mac(parts).as_ref().to_vec(), seed, out);
}

/// The PRF of TLS 1.0 and 1.1 (RFC 2246 section 5): P_MD5 of one half of the secret, xor P_SHA1 of the other.
fn prf_before_tls12(secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let half = secret.len().div_ceil(2);
    prf(Hash::Sha1, &secret[secret.len() - half..], seed, out);
    let mut md5 = vec![0; out.len()];
    p_hash(
        |parts| hmac_md5(&secret[..half], parts).to_vec(),
        seed,
        &mut md5,
    );
    for (byte, mask) in out.iter_mut().zip(md5) {
        *byte ^= mask;
    }
}

/// P_hash (RFC 5246 section 5) over any HMAC.
fn p_hash(mac: impl Fn(&[&[u8]]) -> Vec<u8>, seed: &[&[u8]], out: &mut [u8]) {
    let seed = seed.concat();
    let mut a = mac(&[&seed]);
    for chunk in out.chunks_mut(a.len()) {
        let block = mac(&[&a, &seed]);
        chunk.copy_from_slice(&block[..chunk.len()]);
        a = mac(&[&a]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 8448 section 3: write traffic keys of server handshake, server application and client application data.
    #[test]
    fn rfc8448_traffic_keys() {
        let cases = [
            (
                "b6 7b 7d 69 0c c1 6c 4e 75 e5 42 13 cb 2d 37 b4 e9 c9 12 bc de d9 10 5d 42 be fd 59 d3 91 ad 38",
                "3f ce 51 60 09 c2 17 27 d0 f2 e4 e8 6e e4 03 bc",
                "5d 31 3e b2 67 12 76 ee 13 00 0b 30",
            ),
            (
                "a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43",
                "9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56",
                "cf 78 2b 88 dd 83 54 9a ad f1 e9 84",
            ),
            (
                "9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5",
                "17 42 2d da 59 6e d5 d9 ac d8 90 e3 c6 3f 50 51",
                "5b 78 92 3d ee 08 57 90 33 e5 23 d9",
            ),
        ];
        for (secret, key, iv) in cases {
            let secret = Secret::new(&unhex(secret)).unwrap();
            let keys = traffic_keys(Bulk::Aes128Gcm, Hash::Sha256, &secret);
            assert_eq!((keys.key, keys.iv), (unhex(key), unhex(iv)));
        }
    }

    /// The TLS 1.2 PRF vectors that the working group's list agreed on (mailarchive, tls, 2009: "TLS 1.2 test vectors").
    #[test]
    fn tls12_prf_vectors() {
        let mut out = vec![0; 100];
        prf(
            Hash::Sha256,
            &unhex("9b be 43 6b a9 40 f0 17 b1 76 52 84 9a 71 db 35"),
            &[
                b"test label",
                &unhex("a0 ba 9f 93 6c da 31 18 27 a6 f7 96 ff d5 19 8c"),
            ],
            &mut out,
        );
        assert_eq!(
            out,
            unhex(
                "e3 f2 29 ba 72 7b e1 7b 8d 12 26 20 55 7c d4 53 c2 aa b2 1d 07 c3 d4 95 32 9b 52 d4 e6 1e db 5a
                 6b 30 17 91 e9 0d 35 c9 c9 a4 6b 4e 14 ba f9 af 0f a0 22 f7 07 7d ef 17 ab fd 37 97 c0 56 4b ab
                 4f bc 91 66 6e 9d ef 9b 97 fc e3 4f 79 67 89 ba a4 80 82 d1 22 ee 42 c5 a7 2e 5a 51 10 ff f7 01
                 87 34 7b 66"
            )
        );
        let mut out = vec![0; 148];
        prf(
            Hash::Sha384,
            &unhex("b8 0b 73 3d 6c ee fc dc 71 56 6e a4 8e 55 67 df"),
            &[
                b"test label",
                &unhex("cd 66 5c f6 a8 44 7d d6 ff 8b 27 55 5e db 74 65"),
            ],
            &mut out,
        );
        assert_eq!(
            out[..16],
            unhex("7b 0c 18 e9 ce d4 10 ed 18 04 f2 cf a3 4a 33 6a")
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = Secret::new(&[0xab; 32]).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(32 bytes)");
        let keys = traffic_keys(Bulk::Aes128Gcm, Hash::Sha256, &secret);
        assert_eq!(format!("{keys:?}"), "KeyMaterial { .. }");
    }
}
