//! Packet captures -> exchanges: flows to streams, TLS taken off, HTTP read, tunnels looked into.
//!
//! | file | from | to |
//! | --- | --- | --- |
//! | `secrets.rs` | the whole capture | the key logs in it |
//! | `relay.rs`, `shard.rs` | what the flow table hands on | the connections of one shard |
//! | `batch.rs`, `crew.rs` | the same, gathered | the same, in another thread |
//! | `flow.rs` | one TCP connection | its stream |
//! | `stream.rs` | bytes of both directions | TLS, HTTP, SOCKS, or none |
//! | `tls.rs` | TLS records | a stream's plaintext |
//! | `socks.rs` | what a SOCKS proxy and its client say first | a tunnel |
//! | `http.rs` | HTTP messages | transactions; tunnels are streams again |
//! | `transaction.rs` | a transaction | an exchange |
//! | `bodies.rs` | pieces of bodies | their beginnings, until they are looked into |
//! | `collector.rs`, `sightings.rs`, `words.rs` | everything that was met | exchanges in order, notices |
//!
//! One thread puts the packets of a capture together to the streams of its connections, because what it may hold is counted
//! over all of them. What is inside the streams is read by as many threads as there are. What grows with a capture are its
//! exchanges; a connection's state goes when it ends.
//!
//! Gaps: HTTP/3 is counted, not read. Of bodies the beginning is held until the exchange is known, looked into where another
//! origin asked for it (`crate::content`), and dropped.

mod batch;
mod bodies;
mod collector;
mod crew;
mod flow;
mod http;
mod relay;
mod secrets;
mod shard;
mod sightings;
mod socks;
mod stream;
mod tls;
mod transaction;
mod words;

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use super::Options;
use super::ahead::ReadAhead;
use crate::error::ErrorKind;
use crate::net::{
    CaptureError, CaptureReader, Decoder, FlowTable, Item, Oddities, QuicFlows, Transport,
};
use crate::recording::Recording;
use crate::source::Source;
use collector::Collector;
use crew::Crew;
use relay::{Relay, Sender};
use shard::{SHARDS, Shard};

/// Reads a packet capture.
///
/// # Errors
/// When the input cannot be read at all, or is no capture. Damage inside is a notice.
pub(super) fn read(
    reader: impl Read + Send + 'static,
    source: &Source,
    name: &Arc<str>,
    options: &Options,
) -> Result<Recording, ErrorKind> {
    let mut keylog = Arc::clone(&options.keylog);
    let reader = secrets::gather(reader, source, &mut keylog)?;
    let in_one_thread = rayon::current_num_threads() == 1;
    // Where there is other work for other threads, fetching the bytes in one of its own costs more than it gains.
    let reader: Box<dyn Read> = if in_one_thread {
        Box::new(ReadAhead::new(reader))
    } else {
        Box::new(reader)
    };
    let bytes = Cell::new(0);
    let reader = CaptureReader::new(Counted {
        reader,
        bytes: &bytes,
    })
    .map_err(error)?;
    let collector = || Collector::new(options.keeps_all, options.looks_inside);
    let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::new(collector())).collect();
    let oddities = if in_one_thread {
        follow(reader, Relay::here(&mut shards, keylog))
    } else {
        let crew = Crew::new(shards);
        let oddities =
            rayon::in_place_scope(|scope| follow(reader, Relay::apart(&crew, scope, keylog)));
        shards = crew.into_shards().collect();
        oddities
    };
    let shards = shards.into_iter().map(Shard::into_collector).collect();
    let all = collector().join(shards);
    Ok(all.finish(name, &oddities, bytes.get()))
}

/// Follows the connections of a capture to its end, and says what was odd about its packets.
fn follow(mut reader: CaptureReader<impl Read>, relay: Relay<'_, '_>) -> Oddities {
    let relay = Rc::new(RefCell::new(relay));
    let mut decoder = Decoder::default();
    let mut quic = QuicFlows::default();
    let mut flows = FlowTable::new(|info| Sender::new(info, &relay));
    while let Some(item) = reader.next() {
        match item {
            Item::Secrets(text) => relay.borrow_mut().add_secrets(text),
            Item::Packet(packet) => match decoder.decode(&packet) {
                Some(Transport::Tcp(segment)) => flows.push(packet.stamp, &segment),
                Some(Transport::Udp(datagram)) => {
                    quic.push(packet.stamp, &datagram);
                }
                None => {}
            },
        }
    }
    decoder.finish();
    flows.finish();
    relay.borrow_mut().settle();
    let mut oddities = reader.oddities().clone();
    for other in [decoder.oddities(), flows.oddities(), quic.oddities()] {
        oddities.merge(other);
    }
    oddities
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
