//! Packet captures -> exchanges: flows to streams, TLS taken off, HTTP read, tunnels looked into.
//!
//! | file | from | to |
//! | --- | --- | --- |
//! | `flow.rs` | one TCP connection | its stream |
//! | `stream.rs` | bytes of both directions | TLS, HTTP, or neither |
//! | `tls.rs` | TLS records | a stream's plaintext |
//! | `http.rs` | HTTP messages | transactions; tunnels are streams again |
//! | `transaction.rs` | a transaction | an exchange |
//! | `bodies.rs` | pieces of bodies | their beginnings, until they are looked into |
//! | `collector.rs`, `sightings.rs`, `words.rs` | everything that was met | exchanges in order, notices |
//!
//! One thread takes a capture apart. What grows with it are its exchanges; a connection's state goes when it ends.
//!
//! Gaps: HTTP/3 is counted, not read. Of bodies the beginning is held until the exchange is known, looked into where another
//! origin asked for it (`crate::content`), and dropped.

mod bodies;
mod collector;
mod flow;
mod http;
mod sightings;
mod stream;
mod tls;
mod transaction;
mod words;

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::Options;
use crate::error::ErrorKind;
use crate::net::{
    CaptureError, CaptureReader, Decoder, FlowTable, Item, QuicFlows, Transport, scan_secrets,
};
use crate::recording::Recording;
use crate::source::{Content, Source};
use collector::Collector;
use flow::{FlowReader, Shared};

/// Reads a packet capture.
///
/// # Errors
/// When the input cannot be read at all, or is no capture. Damage inside is a notice.
pub(super) fn read(
    reader: impl Read,
    source: &Source,
    name: &Arc<str>,
    options: &Options,
) -> Result<Recording, ErrorKind> {
    let shared = Rc::new(RefCell::new(Shared {
        keylog: Arc::clone(&options.keylog),
        collector: Collector::new(options.keeps_all, options.looks_inside),
    }));
    // Secrets may stand behind the packets that need them, so an input that can be read twice is.
    if let Some(again) = source.again()
        && let Content::Stream(first_pass) = again?.content
    {
        let mut shared = shared.borrow_mut();
        // Errors show again in the second pass.
        let _ = scan_secrets(first_pass, |text| {
            Arc::make_mut(&mut shared.keylog).add(text)
        });
    }
    let bytes = Cell::new(0);
    let mut reader = CaptureReader::new(Counted {
        reader,
        bytes: &bytes,
    })
    .map_err(error)?;
    let mut decoder = Decoder::default();
    let mut quic = QuicFlows::default();
    let mut flows = FlowTable::new(|info| FlowReader::new(*info, Rc::clone(&shared)));
    while let Some(item) = reader.next() {
        match item {
            Item::Secrets(text) => Arc::make_mut(&mut shared.borrow_mut().keylog).add(text),
            Item::Packet(packet) => match decoder.decode(&packet) {
                Some(Transport::Tcp(segment)) => flows.push(packet.stamp, &segment),
                Some(Transport::Udp(datagram)) => {
                    quic.push(packet.stamp, &datagram);
                }
                None => {}
            },
        }
    }
    flows.finish();
    let mut oddities = reader.oddities().clone();
    for other in [decoder.oddities(), flows.oddities(), quic.oddities()] {
        oddities.merge(other);
    }
    drop(flows);
    let collector = std::mem::take(&mut shared.borrow_mut().collector);
    Ok(collector.finish(name, &oddities, bytes.get()))
}

fn error(error: CaptureError) -> ErrorKind {
    match error {
        CaptureError::Empty => ErrorKind::Empty,
        CaptureError::UnknownFormat(_) => ErrorKind::UnknownFormat,
        CaptureError::Read(kind) => ErrorKind::Io(kind.into()),
        CaptureError::HeaderCut | CaptureError::Gzip => ErrorKind::Container(error.to_string()),
    }
}

/// Counts what is read.
struct Counted<'c, R> {
    reader: R,
    bytes: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}
