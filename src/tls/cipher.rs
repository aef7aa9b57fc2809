//! Opening protected records: AEAD (RFC 8446 section 5.2, RFC 5246 section 6.2.3.3) and CBC with HMAC (section 6.2.3.2,
//! RFC 7366 for encrypt-then-mac).

use std::fmt;
use std::ops::Range;

use aes::cipher::{Array, BlockModeDecrypt, InnerIvInit, KeyInit};
use aes::{Aes128Dec, Aes256Dec};
use ring::{aead, hmac};

use super::key_schedule::KeyMaterial;
use super::record::{ContentType, RecordHeader};
use super::suite::{Bulk, ProtocolVersion};

const TAG_LEN: usize = 16;
const BLOCK_LEN: usize = 16;
/// The part of a GCM nonce that TLS 1.2 sends with each record (RFC 5288 section 3).
const EXPLICIT_NONCE_LEN: usize = 8;

/// The record did not authenticate, or its shape is impossible for the cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAuthentic;

/// An opened record: what it carries, and where in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) content_type: ContentType,
    pub(super) content: Range<usize>,
}

/// The read side of a record cipher, for one key. `Debug` shows the kind only.
pub(super) enum Opener {
    /// TLS 1.3, any AEAD.
    Tls13 {
        key: aead::LessSafeKey,
        iv: [u8; 12],
    },
    /// AES-GCM in TLS 1.2 (RFC 5288): four bytes of salt, eight sent with the record.
    Gcm12 {
        key: aead::LessSafeKey,
        salt: [u8; 4],
    },
    /// ChaCha20-Poly1305 in TLS 1.2 (RFC 7905).
    ChaCha12 {
        key: aead::LessSafeKey,
        iv: [u8; 12],
    },
    /// AES-CBC with HMAC.
    Cbc(Box<Cbc>),
}

/// State of a CBC suite.
pub(super) struct Cbc {
    cipher: AesDec,
    mac: hmac::Key,
    mac_len: usize,
    encrypt_then_mac: bool,
    /// TLS 1.0: the last ciphertext block is the next record's IV (RFC 2246 section 6.2.3.2). `None`: sent explicitly.
    chained_iv: Option<[u8; BLOCK_LEN]>,
}

#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "lives in the box of `Opener::Cbc`; another would cost a pointer chase per record"
)]
enum AesDec {
    Aes128(Aes128Dec),
    Aes256(Aes256Dec),
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls13 { .. } => "Tls13",
            Self::Gcm12 { .. } => "Gcm12",
            Self::ChaCha12 { .. } => "ChaCha12",
            Self::Cbc(_) => "Cbc",
        })
    }
}

impl Opener {
    /// Sets up a cipher; `None` if the key material has the wrong lengths.
    pub(super) fn new(
        version: ProtocolVersion,
        bulk: Bulk,
        encrypt_then_mac: bool,
        keys: &KeyMaterial,
    ) -> Option<Self> {
        let aead_key = |algorithm| {
            Some(aead::LessSafeKey::new(
                aead::UnboundKey::new(algorithm, &keys.key).ok()?,
            ))
        };
        let (algorithm, mac) = match bulk {
            Bulk::Aes128Gcm => (&aead::AES_128_GCM, None),
            Bulk::Aes256Gcm => (&aead::AES_256_GCM, None),
            Bulk::ChaCha20Poly1305 => (&aead::CHACHA20_POLY1305, None),
            Bulk::Aes128Cbc(hash) | Bulk::Aes256Cbc(hash) => (&aead::AES_128_GCM, Some(hash)),
        };
        if let Some(hash) = mac {
            let cipher = match bulk {
                Bulk::Aes256Cbc(_) => AesDec::Aes256(Aes256Dec::new_from_slice(&keys.key).ok()?),
                _ => AesDec::Aes128(Aes128Dec::new_from_slice(&keys.key).ok()?),
            };
            let chained_iv = match version {
                ProtocolVersion::TLS_1_0 => Some(*keys.iv.first_chunk()?),
                _ => None,
            };
            return Some(Self::Cbc(Box::new(Cbc {
                cipher,
                mac: hmac::Key::new(hash.hmac(), &keys.mac_key),
                mac_len: hash.output_len(),
                encrypt_then_mac,
                chained_iv,
            })));
        }
        let key = aead_key(algorithm)?;
        Some(match (version, bulk) {
            (ProtocolVersion::TLS_1_3, _) => Self::Tls13 {
                key,
                iv: *keys.iv.first_chunk()?,
            },
            (_, Bulk::ChaCha20Poly1305) => Self::ChaCha12 {
                key,
                iv: *keys.iv.first_chunk()?,
            },
            _ => Self::Gcm12 {
                key,
                salt: *keys.iv.first_chunk()?,
            },
        })
    }

    /// Opens a record in place. On failure the body's content is unspecified.
    pub(super) fn open(
        &mut self,
        sequence: u64,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, NotAuthentic> {
        match self {
            Self::Tls13 { key, iv } => {
                let nonce = aead::Nonce::assume_unique_for_key(xor_sequence(iv, sequence));
                let inner = key
                    .open_in_place(nonce, aead::Aad::from(header.to_bytes()), body)
                    .map_err(|ring::error::Unspecified| NotAuthentic)?;
                // RFC 8446 section 5.4: content, its type, zeros.
                let end = inner
                    .iter()
                    .rposition(|&byte| byte != 0)
                    .ok_or(NotAuthentic)?;
                Ok(Opened {
                    content_type: ContentType(inner[end]),
                    content: 0..end,
                })
            }
            Self::Gcm12 { key, salt } => {
                let explicit: [u8; EXPLICIT_NONCE_LEN] = *body.first_chunk().ok_or(NotAuthentic)?;
                let mut nonce = [0; 12];
                nonce[..4].copy_from_slice(salt);
                nonce[4..].copy_from_slice(&explicit);
                open_tls12(key, nonce, sequence, header, body, EXPLICIT_NONCE_LEN)
            }
            Self::ChaCha12 { key, iv } => {
                open_tls12(key, xor_sequence(iv, sequence), sequence, header, body, 0)
            }
            Self::Cbc(cbc) => cbc.open(sequence, header, body),
        }
    }

    /// Shortest body of a protected record.
    pub(super) fn min_body_len(&self) -> usize {
        match self {
            // The inner content type is always there.
            Self::Tls13 { .. } => TAG_LEN + 1,
            Self::Gcm12 { .. } => EXPLICIT_NONCE_LEN + TAG_LEN,
            Self::ChaCha12 { .. } => TAG_LEN,
            Self::Cbc(cbc) => cbc.min_body_len(),
        }
    }

    /// Whether a record can be opened without the one before it.
    pub(super) fn survives_gaps(&self) -> bool {
        !matches!(self, Self::Cbc(cbc) if cbc.chained_iv.is_some())
    }
}

/// The per-record nonce of TLS 1.3 (RFC 8446 section 5.3) and of ChaCha20 in TLS 1.2 (RFC 7905 section 2).
fn xor_sequence(iv: &[u8; 12], sequence: u64) -> [u8; 12] {
    let mut nonce = *iv;
    for (byte, mask) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
        *byte ^= mask;
    }
    nonce
}

/// The additional data of TLS 1.2, also what its MAC starts with (RFC 5246 sections 6.2.3.1 and 6.2.3.3).
fn tls12_additional_data(sequence: u64, header: RecordHeader, len: usize) -> [u8; 13] {
    let mut data = [0; 13];
    data[..8].copy_from_slice(&sequence.to_be_bytes());
    data[8..].copy_from_slice(
        &RecordHeader {
            body_len: len as u16,
            ..header
        }
        .to_bytes(),
    );
    data
}

fn open_tls12(
    key: &aead::LessSafeKey,
    nonce: [u8; 12],
    sequence: u64,
    header: RecordHeader,
    body: &mut [u8],
    start: usize,
) -> Result<Opened, NotAuthentic> {
    let len = body
        .len()
        .checked_sub(start + TAG_LEN)
        .ok_or(NotAuthentic)?;
    let aad = aead::Aad::from(tls12_additional_data(sequence, header, len));
    key.open_in_place(
        aead::Nonce::assume_unique_for_key(nonce),
        aad,
        &mut body[start..],
    )
    .map_err(|ring::error::Unspecified| NotAuthentic)?;
    Ok(Opened {
        content_type: header.content_type,
        content: start..start + len,
    })
}

impl Cbc {
    fn min_body_len(&self) -> usize {
        let iv = if self.chained_iv.is_some() {
            0
        } else {
            BLOCK_LEN
        };
        if self.encrypt_then_mac {
            iv + BLOCK_LEN + self.mac_len
        } else {
            iv + (self.mac_len + 1).next_multiple_of(BLOCK_LEN)
        }
    }

    fn open(
        &mut self,
        sequence: u64,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, NotAuthentic> {
        if body.len() < self.min_body_len() {
            return Err(NotAuthentic);
        }
        let mac_len = self.mac_len;
        let encrypted_len = body.len() - if self.encrypt_then_mac { mac_len } else { 0 };
        let (encrypted, mac) = body.split_at_mut(encrypted_len);
        if self.encrypt_then_mac {
            // RFC 7366 section 3: the MAC covers the IV and the ciphertext.
            self.check_mac(sequence, header, encrypted, mac)?;
        }
        let (iv, start) = match self.chained_iv {
            Some(iv) => (iv, 0),
            None => (*encrypted.first_chunk().ok_or(NotAuthentic)?, BLOCK_LEN),
        };
        let last_block = *encrypted.last_chunk().ok_or(NotAuthentic)?;
        self.cipher.decrypt(&iv, &mut encrypted[start..])?;
        // RFC 5246 section 6.2.3.2: every padding byte holds the padding's length.
        let pad = usize::from(encrypted[encrypted_len - 1]);
        let tail = if self.encrypt_then_mac { 0 } else { mac_len };
        let end = (encrypted_len - start)
            .checked_sub(pad + 1 + tail)
            .ok_or(NotAuthentic)?
            + start;
        if encrypted[end + tail..]
            .iter()
            .any(|&byte| usize::from(byte) != pad)
        {
            return Err(NotAuthentic);
        }
        if !self.encrypt_then_mac {
            self.check_mac(
                sequence,
                header,
                &encrypted[start..end],
                &encrypted[end..end + mac_len],
            )?;
        }
        if let Some(iv) = &mut self.chained_iv {
            *iv = last_block;
        }
        Ok(Opened {
            content_type: header.content_type,
            content: start..end,
        })
    }

    fn check_mac(
        &self,
        sequence: u64,
        header: RecordHeader,
        data: &[u8],
        mac: &[u8],
    ) -> Result<(), NotAuthentic> {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(&tls12_additional_data(sequence, header, data.len()));
        context.update(data);
        // The reader is passive and offline: no one can time this comparison.
        if context.sign().as_ref() == mac {
            Ok(())
        } else {
            Err(NotAuthentic)
        }
    }
}

impl AesDec {
    fn decrypt(&self, iv: &[u8; BLOCK_LEN], data: &mut [u8]) -> Result<(), NotAuthentic> {
        let (blocks, rest) = Array::slice_as_chunks_mut(data);
        if !rest.is_empty() || blocks.is_empty() {
            return Err(NotAuthentic);
        }
        match self {
            Self::Aes128(key) => {
                cbc::Decryptor::inner_iv_init(key.clone(), iv.into()).decrypt_blocks(blocks)
            }
            Self::Aes256(key) => {
                cbc::Decryptor::inner_iv_init(key.clone(), iv.into()).decrypt_blocks(blocks)
            }
        }
        Ok(())
    }
}
