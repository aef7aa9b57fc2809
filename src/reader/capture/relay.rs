//! What the flow table hands on -> the shards, in this thread or in others.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rayon::Scope;

use super::batch::Batch;
use super::crew::Crew;
use super::flow::Event;
use super::shard::{SHARDS, Seat, Shard};
use crate::net::{Direction, Finish, FlowInfo, Stamp, StreamHandler};
use crate::tls::KeyLog;

/// Deals connections out to shards.
pub(super) struct Relay<'s, 'scope> {
    way: Way<'s, 'scope>,
    keylog: Arc<KeyLog>,
    /// Events so far.
    turn: u64,
    /// Places of each shard that connections left.
    free: [Vec<u32>; SHARDS],
    /// Places of each shard that were ever taken.
    taken: [u32; SHARDS],
}

/// Where shards are read.
enum Way<'s, 'scope> {
    Here(&'s mut [Shard]),
    /// In other threads: what happens is gathered in batches first.
    Apart {
        crew: &'scope Crew,
        scope: &'s Scope<'scope>,
        batches: Vec<Batch>,
    },
}

impl<'s, 'scope> Relay<'s, 'scope> {
    /// Reads in this thread.
    pub(super) fn here(shards: &'s mut [Shard], keylog: Arc<KeyLog>) -> Self {
        Self::new(Way::Here(shards), keylog)
    }

    /// Reads in the threads of a scope.
    pub(super) fn apart(crew: &'scope Crew, scope: &'s Scope<'scope>, keylog: Arc<KeyLog>) -> Self {
        let way = Way::Apart {
            crew,
            scope,
            batches: (0..SHARDS).map(|_| Batch::default()).collect(),
        };
        Self::new(way, keylog)
    }

    fn new(way: Way<'s, 'scope>, keylog: Arc<KeyLog>) -> Self {
        Self {
            way,
            keylog,
            turn: 0,
            free: Default::default(),
            taken: [0; SHARDS],
        }
    }

    /// Adds secrets for what comes from here on.
    pub(super) fn add_secrets(&mut self, text: &[u8]) {
        self.settle();
        // Nobody reads with the old ones any more, so this copies at most once.
        Arc::make_mut(&mut self.keylog).add(text);
    }

    /// Waits until everything that happened was read.
    pub(super) fn settle(&mut self) {
        if let Way::Apart {
            crew,
            scope,
            batches,
        } = &mut self.way
        {
            for (at, batch) in batches.iter_mut().enumerate() {
                if !batch.is_empty() {
                    let full = std::mem::take(batch);
                    *batch = crew.push(scope, at, full, &self.keylog);
                }
            }
            crew.settle(scope);
        }
    }

    fn open(&mut self, info: FlowInfo) -> Seat {
        let shard = (info.number % SHARDS as u64) as usize;
        let place = self.free[shard].pop().unwrap_or_else(|| {
            self.taken[shard] += 1;
            self.taken[shard] - 1
        });
        match &mut self.way {
            Way::Here(shards) => shards[shard].open(place, info),
            Way::Apart { batches, .. } => batches[shard].open(place, info),
        }
        Seat { shard, place }
    }

    fn pass(&mut self, Seat { shard, place }: Seat, event: Event<'_>) {
        self.turn += 1;
        match &mut self.way {
            Way::Here(shards) => shards[shard].take(self.turn, place, event, &self.keylog),
            Way::Apart {
                crew,
                scope,
                batches,
            } => {
                let batch = &mut batches[shard];
                batch.add(self.turn, place, event);
                if batch.is_full() {
                    let full = std::mem::take(batch);
                    *batch = crew.push(scope, shard, full, &self.keylog);
                }
            }
        }
        if matches!(event, Event::Finish(_)) {
            self.free[shard].push(place);
        }
    }
}

/// The end of a connection at the flow table.
pub(super) struct Sender<'s, 'scope> {
    relay: Rc<RefCell<Relay<'s, 'scope>>>,
    seat: Seat,
}

impl<'s, 'scope> Sender<'s, 'scope> {
    pub(super) fn new(info: &FlowInfo, relay: &Rc<RefCell<Relay<'s, 'scope>>>) -> Self {
        Self {
            seat: relay.borrow_mut().open(*info),
            relay: Rc::clone(relay),
        }
    }

    fn pass(&self, event: Event<'_>) {
        self.relay.borrow_mut().pass(self.seat, event);
    }
}

impl StreamHandler for Sender<'_, '_> {
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]) {
        self.pass(Event::Data(direction, stamp, bytes));
    }

    fn gap(&mut self, direction: Direction, stamp: Stamp, len: u64) {
        self.pass(Event::Gap(direction, stamp, len));
    }

    fn finish(&mut self, how: Finish) {
        self.pass(Event::Finish(how));
    }
}

#[cfg(test)]
mod tests {
    use super::super::collector::Collector;
    use super::*;
    use crate::net::Oddities;

    fn shards() -> Vec<Shard> {
        let shard = |_| Shard::new(Collector::new(true, true));
        (0..SHARDS).map(shard).collect()
    }

    /// Some hundred connections that take turns, more than may wait.
    fn play(relay: Relay<'_, '_>) {
        let relay = Rc::new(RefCell::new(relay));
        let mut packet = 0;
        for round in 0..20 {
            let mut senders: Vec<_> = (0..30)
                .map(|number| {
                    let info = FlowInfo {
                        number: round * 30 + number,
                        client: ([10, 0, 0, 1], 4000).into(),
                        server: ([10, 0, 0, 2], 80).into(),
                        start: Stamp::default(),
                        opening_seen: true,
                    };
                    Sender::new(&info, &relay)
                })
                .collect();
            for part in 0..12 {
                for (at, sender) in senders.iter_mut().enumerate() {
                    packet += 1;
                    let stamp = Stamp { packet, time_ns: 0 };
                    match part {
                        0 => sender.data(
                            Direction::ToServer,
                            stamp,
                            b"GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n",
                        ),
                        1 => sender.data(
                            Direction::ToClient,
                            stamp,
                            b"HTTP/1.1 200 OK\r\nContent-Length: 13000\r\n\r\n",
                        ),
                        _ if at % 7 == 3 && part == 5 => {
                            sender.gap(Direction::ToClient, stamp, 1300);
                        }
                        _ => sender.data(Direction::ToClient, stamp, &[b'x'; 1300]),
                    }
                }
            }
            relay.borrow_mut().add_secrets(b"# none\n");
            for (at, sender) in senders.iter_mut().enumerate() {
                sender.finish([Finish::Closed, Finish::Idle][at % 2]);
            }
        }
        relay.borrow_mut().settle();
    }

    fn outcome(shards: impl IntoIterator<Item = Shard>) -> String {
        let collectors = shards.into_iter().map(Shard::into_collector);
        let each = collectors.map(|collector| {
            assert_eq!(collector.held, 0);
            let entries = collector.entries;
            let oddities = Oddities::default();
            let recording = collector.finish(&Arc::from("test"), &oddities, 0);
            format!("{entries} {:?}\n", recording.unpack().exchanges)
        });
        each.collect()
    }

    /// In a pool of one thread nobody ever comes, and in a small one threads come late.
    #[test]
    fn the_same_here_and_apart() {
        let mut here = shards();
        play(Relay::here(&mut here, Arc::default()));
        let want = outcome(here);
        assert!(want.starts_with("75 [") && want.matches("body_size: Some(13000)").count() == 600);
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("a pool");
            let crew = Crew::new(shards());
            pool.install(|| {
                rayon::in_place_scope(|scope| play(Relay::apart(&crew, scope, Arc::default())));
            });
            assert!(outcome(crew.into_shards()) == want, "{threads}");
        }
    }
}
