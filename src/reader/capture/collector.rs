//! Gathers what the flows of a shard, and then those of a capture, leave: exchanges, and everything that was odd.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcode::{Decode, Encode};

use super::sightings::{Met, TlsSightings};
use super::words;
use crate::exchange::{Capture, Exchange, Locus, Recorder};
use crate::header::HeaderListBuilder;
use crate::http;
use crate::net::{self, FlowInfo, Stamp};
use crate::notice::Notice;
use crate::recording::{Packed, Recording};
use crate::url::OriginPool;

/// What a capture, or a shard of one, gave so far.
#[derive(Default)]
pub(super) struct Collector {
    /// Which event of the capture is under way: of two things met in different shards it tells the earlier.
    pub(super) turn: u64,
    exchanges: Packed<Exchange>,
    // Where each of them began, by place.
    begins: Packed<Begin>,
    /// Messages met, readable or not.
    pub(super) entries: u64,
    /// Keep lines of same-origin exchanges that an audit has no use for.
    pub(super) keeps_all: bool,
    /// Hold beginnings of bodies and look into them.
    pub(super) looks_inside: bool,
    /// Bytes of bodies held at present, over all connections of the shard.
    pub(super) held: usize,
    pub(super) origins: OriginPool,
    pub(super) builder: HeaderListBuilder,
    pub(super) tls: TlsSightings,
    http: BTreeMap<http::Oddity, Met>,
    other: BTreeMap<&'static str, Met>,
}

/// Where an exchange began, for its order in the recording: the first packet, and the HTTP/2 stream, since a packet may
/// begin several.
#[derive(Clone, Copy, Debug, Encode, Decode)]
struct Begin {
    packet: u64,
    stream: Option<u32>,
}

impl Begin {
    fn of(locus: Locus) -> Self {
        match locus {
            Locus::Packets { first, stream, .. } => Self {
                packet: first,
                stream,
            },
            Locus::Entry(index) => Self {
                packet: index.into(),
                stream: None,
            },
        }
    }

    /// What orders it, in little room.
    fn key(&self) -> [u32; 3] {
        let (high, low) = ((self.packet >> 32) as u32, self.packet as u32);
        [high, low, self.stream.unwrap_or(0)]
    }
}

impl Collector {
    pub(super) fn new(keeps_all: bool, looks_inside: bool) -> Self {
        Self {
            keeps_all,
            looks_inside,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, exchange: Exchange) {
        self.begins.push(Begin::of(exchange.locus));
        self.exchanges.push(exchange);
    }

    /// Notes something by the name of its notice; [`words::other`] has its text.
    pub(super) fn meet(&mut self, name: &'static str, flow: &FlowInfo, stamp: Stamp) {
        self.other.entry(name).or_default().meet(flow, stamp);
    }

    pub(super) fn http_oddity(
        &mut self,
        oddity: http::Oddity,
        flow: &FlowInfo,
        stamp: Stamp,
        count: u64,
    ) {
        let met = self.http.entry(oddity).or_default();
        met.meet_often(flow, stamp, count);
    }

    /// What the shards of a capture left, together.
    pub(super) fn join(self, shards: Vec<Self>) -> Self {
        let mut all = self;
        for shard in shards {
            all.absorb(shard);
        }
        all
    }

    /// Adds what another shard of the same capture left.
    fn absorb(&mut self, other: Self) {
        // Lists of equal length: both put full blocks first, wherever they are from.
        self.begins.append(other.begins);
        self.exchanges.append(other.exchanges);
        self.entries += other.entries;
        self.tls.absorb(other.tls);
        for (oddity, met) in other.http {
            self.http.entry(oddity).or_default().absorb(met);
        }
        for (name, met) in other.other {
            self.other.entry(name).or_default().absorb(met);
        }
    }

    /// The finished recording: exchanges in the order of their first packets; what one packet began, in the order in which
    /// it ended.
    pub(super) fn finish(
        mut self,
        source: &Arc<str>,
        oddities: &net::Oddities,
        bytes: u64,
    ) -> Recording {
        let mut begins: Vec<[u32; 3]> = Vec::with_capacity(self.begins.len());
        for block in 0..self.begins.blocks() {
            begins.extend(self.begins.block(block).iter().map(Begin::key));
        }
        let mut places: Vec<u32> = (0..begins.len() as u32).collect();
        places.sort_unstable_by_key(|&place| (begins[place as usize], place));
        drop(begins);
        self.tls.shorten();
        let head = Capture {
            source: Arc::clone(source),
            recorder: Recorder::Packets,
            notices: self.notices(source, oddities),
            bytes,
            entries: self.entries,
            ..Capture::default()
        };
        Recording::packets(head, self.exchanges, places)
    }

    fn notices(&self, source: &Arc<str>, oddities: &net::Oddities) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut add = |name, message, locus: Option<Locus>, count| {
            notices.push(Notice {
                name,
                message,
                file: Arc::clone(source),
                locus,
                count,
            });
        };
        for sighting in oddities.iter() {
            let packet = sighting.first.packet;
            let locus = (packet > 0).then_some(Locus::Packets {
                first: packet,
                last: packet,
                flow: None,
                stream: None,
            });
            let message = words::net(sighting.oddity, sighting.value);
            add(sighting.oddity.name(), message, locus, sighting.count);
        }
        let tls = &self.tls;
        if tls.unread.count > 0 {
            let message = format!(
                "{} of {} TLS connections could not be decrypted",
                tls.unread.count, tls.connections
            );
            add(
                "tls-not-decrypted",
                message,
                tls.unread.locus(),
                tls.unread.count,
            );
        }
        for (server, (_, met)) in &tls.by_server {
            let message = format!("TLS with {server} without secrets; pass --keylog FILE");
            add("tls-without-secrets", message, met.locus(), met.count);
        }
        if tls.more_servers.count > 0 {
            let message = "TLS with further servers without secrets; pass --keylog FILE".to_owned();
            let met = tls.more_servers;
            add("tls-without-secrets", message, met.locus(), met.count);
        }
        for (name, (_, met, message)) in &tls.by_kind {
            add(name, message.clone(), met.locus(), met.count);
        }
        for (oddity, met) in &self.http {
            let message = words::http(*oddity).to_owned();
            add(oddity.name(), message, met.locus(), met.count);
        }
        for (name, met) in &self.other {
            add(name, words::other(name).to_owned(), met.locus(), met.count);
        }
        notices
    }
}
