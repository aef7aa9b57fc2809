//! Recordings -> [`Capture`]s. All input and decoding lives here.
//!
//! | format | recognised by |
//! | --- | --- |
//! | HAR, also JSONP, gzip, and zip as Playwright writes it | the first bytes |
//! | pcap, pcapng, also gzip | the first bytes |
//!
//! Which header lines are kept and which values are reduced stands in `retained.rs`, and nowhere else.

mod ahead;
mod beacon;
mod capture;
mod har;
mod json;
mod keylogs;
mod notices;
mod retained;
mod same_origin;

use std::sync::Arc;

use crate::error::Error;
use crate::exchange::Capture;
use crate::notice::Notice;
use crate::recording::Recording;
use crate::source::{Content, Format, Source};
use crate::tls::KeyLog;
use ahead::ReadAhead;

pub(crate) use har::NOT_RECORDED;
pub(crate) use json::unescape;
pub use keylogs::KeyLogs;

/// How recordings are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether to check each HAR entry against the format's definition, and report faults as notices.
    pub check_har: bool,
    /// Secrets for captures, beside those that a pcapng file embeds.
    pub keylog: Arc<KeyLog>,
    /// Of captures, keep all header lines of same-origin exchanges too. An audit does without most of them.
    pub keeps_all: bool,
    /// Look into bodies, URLs and headers for what [`crate::content`] tells.
    pub looks_inside: bool,
    /// Bytes read at a time. It bounds memory and never shows in the outcome.
    #[doc(hidden)]
    pub window: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            check_har: false,
            keylog: Arc::default(),
            keeps_all: false,
            looks_inside: true,
            window: 8 << 20,
        }
    }
}

/// Reads a recording, and takes all of its exchanges out of their rest.
///
/// # Errors
/// As [`read_recording`].
pub fn read(source: &Source, options: &Options) -> Result<Capture, Error> {
    read_recording(source, options).map(Recording::unpack)
}

/// Reads a recording.
///
/// # Errors
/// When it can't be opened, is of no known format, or holds nothing that can be read. Damage inside a recording is no error but
/// a notice of the recording.
pub fn read_recording(source: &Source, options: &Options) -> Result<Recording, Error> {
    let name: Arc<str> = source.name().into();
    let outcome = source.open().and_then(|opened| match opened.content {
        Content::Stream(reader) => match opened.format {
            Format::Har => har::read(&mut ReadAhead::new(reader), &name, options),
            Format::Pcap => capture::read(reader, source, &name, options),
        },
        Content::Archive(mut archive) => {
            let (member, others) = archive.har_member()?;
            let outcome = archive.with_member(member, |reader| har::read(reader, &name, options));
            outcome.map(|mut recording| {
                if others > 0 {
                    recording.head_mut().notices.push(Notice {
                        name: "archive-members-skipped",
                        message: "only the first .har of the archive was read".into(),
                        file: Arc::clone(&name),
                        locus: None,
                        count: others,
                    });
                }
                recording
            })
        }
    });
    outcome.map_err(|kind| Error {
        input: source.name().to_owned(),
        kind,
    })
}
