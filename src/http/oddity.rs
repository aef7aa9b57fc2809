//! What was wrong or missing in a stream without stopping its reading.

macro_rules! oddities {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// A defect met while reading a connection. Reported each time, with the stamp of the bytes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Oddity { $($(#[$doc])* $variant,)* }

        impl Oddity {
            /// The kebab-case name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

oddities! {
    /// The recording starts inside a message or a connection.
    MidStreamStart => "http-mid-stream-start",
    /// A hole in the stream hid message boundaries; reading goes on at the next plausible one.
    SynchronisationLost => "http-synchronisation-lost",
    /// A message boundary was found again.
    Resynchronised => "http-resynchronised",
    /// Bytes between messages that are no message.
    Garbage => "http-garbage-between-messages",
    /// A hole or the end of the recording cut a message head.
    HeadCut => "http-head-cut",
    /// A message head longer than this tool reads.
    HeadTooLong => "http-head-too-long",
    /// A header line without a name or a colon.
    HeaderLineMalformed => "http-header-line-malformed",
    /// A header value continued on the next line (RFC 9112, section 5.2).
    HeaderLineFolded => "http-header-line-folded",
    /// `Content-Length` is no number.
    ContentLengthInvalid => "http-content-length-invalid",
    /// Several `Content-Length` values that differ; the first was used.
    ContentLengthConflict => "http-content-length-conflict",
    /// A chunk size or chunk end that is none (RFC 9112, section 7.1).
    ChunkMalformed => "http-chunk-malformed",
    /// A response that several requests could claim, or none; it was reported without one.
    PairingUncertain => "http-pairing-uncertain",
    /// More unfinished exchanges than are held; the oldest were reported as far as known.
    TooManyPending => "http-too-many-pending",
    /// Bytes behind an upgrade or `CONNECT` request whose answer is not in the recording.
    SwitchUnanswered => "http-switch-unanswered",
    /// An HTTP/2 frame whose length, padding or stream is against RFC 9113.
    FrameMalformed => "h2-frame-malformed",
    /// An HTTP/2 frame longer than its receiver allowed.
    FrameTooLong => "h2-frame-too-long",
    /// A header block that breaks RFC 7541. Later blocks of that direction may lack fields.
    HeaderBlockMalformed => "h2-header-block-malformed",
    /// A header block that could not be kept for its length.
    HeaderBlockTooLong => "h2-header-block-too-long",
    /// Fields of a header block refer to a part of the dynamic table that was not recorded.
    HeaderFieldsUnknown => "h2-header-fields-unknown",
    /// A decoded header list beyond the limit; its rest was dropped.
    HeaderListTooLong => "h2-header-list-too-long",
    /// A pseudo-header that is repeated, unknown, or behind an ordinary field (RFC 9113, section 8.3).
    PseudoHeaderMalformed => "h2-pseudo-header-malformed",
    /// `:protocol` without the server's `SETTINGS_ENABLE_CONNECT_PROTOCOL` (RFC 8441, section 3).
    ConnectProtocolNotEnabled => "h2-connect-protocol-not-enabled",
}

#[cfg(test)]
mod tests {
    use super::Oddity;

    #[test]
    fn names_are_kebab_case() {
        assert_eq!(Oddity::MidStreamStart.name(), "http-mid-stream-start");
    }
}
