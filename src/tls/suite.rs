//! Protocol versions and the cipher suites that can be read (IANA "TLS Cipher Suites").

use std::fmt;

/// A protocol version as negotiated (RFC 8446 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// TLS 1.0 (RFC 2246).
    pub const TLS_1_0: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346).
    pub const TLS_1_1: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS_1_2: Self = Self(0x0303);
    /// TLS 1.3 (RFC 8446).
    pub const TLS_1_3: Self = Self(0x0304);
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0300 => f.write_str("SSL 3.0"),
            0x0301..=0x0304 => write!(f, "TLS 1.{}", self.0 - 0x0301),
            other => write!(f, "version 0x{other:04x}"),
        }
    }
}

/// A cipher suite by its number on the wire; unknown numbers survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// The IANA name, for suites that this crate reads.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.find().map(|suite| suite.name)
    }

    /// How the suite protects records in `version`; `None` if that cannot be read, or if the pair is impossible.
    pub(super) fn protection(self, version: ProtocolVersion) -> Option<(Bulk, Hash)> {
        let suite = self.find()?;
        let is_tls13_suite = self.0 >> 8 == 0x13;
        let is_cbc = matches!(suite.bulk, Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_));
        let is_possible = match version {
            ProtocolVersion::TLS_1_3 => is_tls13_suite,
            ProtocolVersion::TLS_1_2 => !is_tls13_suite,
            _ => is_cbc,
        };
        is_possible.then_some((suite.bulk, suite.hash))
    }

    fn find(self) -> Option<&'static Suite> {
        let index = SUITES.binary_search_by_key(&self, |suite| suite.id).ok()?;
        SUITES.get(index)
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "cipher suite 0x{:04x}", self.0),
        }
    }
}

/// The hash of a suite: of its HKDF or PRF, or of its record MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    pub(super) fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    pub(super) fn hmac(self) -> ring::hmac::Algorithm {
        match self {
            Self::Sha1 => ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => ring::hmac::HMAC_SHA256,
            Self::Sha384 => ring::hmac::HMAC_SHA384,
        }
    }
}

/// The bulk cipher of a suite; block ciphers with the hash of their MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Cbc(Hash),
    Aes256Cbc(Hash),
}

impl Bulk {
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc(_) => 16,
            Self::Aes256Gcm | Self::Aes256Cbc(_) | Self::ChaCha20Poly1305 => 32,
        }
    }
}

struct Suite {
    id: CipherSuite,
    name: &'static str,
    bulk: Bulk,
    hash: Hash,
}

const fn suite(id: u16, name: &'static str, bulk: Bulk, hash: Hash) -> Suite {
    Suite {
        id: CipherSuite(id),
        name,
        bulk,
        hash,
    }
}

/// In ascending order, for the binary search. CCM, ARIA, Camellia, RC4, 3DES and NULL suites are left out: browsers do
/// not offer them.
// One suite a line, as in the registry.
#[rustfmt::skip]
const SUITES: &[Suite] = &[
    suite(0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0036, "TLS_DH_DSS_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0037, "TLS_DH_RSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x003e, "TLS_DH_DSS_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x003f, "TLS_DH_RSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x0068, "TLS_DH_DSS_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x0069, "TLS_DH_RSA_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x006a, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", Bulk::Aes256Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x0095, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00a0, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00a1, "TLS_DH_RSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00a4, "TLS_DH_DSS_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00a5, "TLS_DH_DSS_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00ab, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00ac, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x00ad, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x00af, "TLS_PSK_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0x00b2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x00b3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0x00b6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0x00b7, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0x1301, "TLS_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0x1302, "TLS_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0x1303, "TLS_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc00f, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0xc025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0xc026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0xc029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0xc02a, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0xc02d, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0xc02e, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0xc031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0xc032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
    suite(0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", Bulk::Aes128Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA", Bulk::Aes256Cbc(Hash::Sha1), Hash::Sha256),
    suite(0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", Bulk::Aes128Cbc(Hash::Sha256), Hash::Sha256),
    suite(0xc038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", Bulk::Aes256Cbc(Hash::Sha384), Hash::Sha384),
    suite(0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xccad, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", Bulk::ChaCha20Poly1305, Hash::Sha256),
    suite(0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", Bulk::Aes128Gcm, Hash::Sha256),
    suite(0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384", Bulk::Aes256Gcm, Hash::Sha384),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_found() {
        assert!(SUITES.is_sorted_by_key(|suite| suite.id));
        assert_eq!(
            CipherSuite(0xc02f).name(),
            Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        );
        assert_eq!(
            CipherSuite(0xc028).name(),
            Some("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384")
        );
        assert_eq!(CipherSuite(0x0a0a).to_string(), "cipher suite 0x0a0a");
    }

    #[test]
    fn suites_belong_to_versions() {
        assert!(
            CipherSuite(0x1301)
                .protection(ProtocolVersion::TLS_1_3)
                .is_some()
        );
        assert!(
            CipherSuite(0x1301)
                .protection(ProtocolVersion::TLS_1_2)
                .is_none()
        );
        assert!(
            CipherSuite(0xc02f)
                .protection(ProtocolVersion::TLS_1_3)
                .is_none()
        );
        assert!(
            CipherSuite(0xc02f)
                .protection(ProtocolVersion::TLS_1_0)
                .is_none()
        );
        assert!(
            CipherSuite(0xc013)
                .protection(ProtocolVersion::TLS_1_0)
                .is_some()
        );
    }
}
