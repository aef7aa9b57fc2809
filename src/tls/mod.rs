//! TLS records of recorded connections to plaintext, by a key log (RFC 5246, RFC 8446, NSS key log format).
