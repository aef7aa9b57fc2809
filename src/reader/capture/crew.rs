//! Shards read side by side: batches wait for their shard, and whoever has time reads them, one thread a shard at a time.
//!
//! ```text
//!  push --full?--> the pusher reads a batch itself, or waits for the one that is being read
//!    |
//!  queue of a shard --enough wait: called--> a thread of the pool: run until the queue is empty
//! ```
//!
//! No thread of the pool ever waits here but the one that pushes, and it waits only while another one reads: so this ends
//! with any number of threads, and however busy they are with other recordings.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rayon::Scope;

use super::batch::Batch;
use super::shard::Shard;
use crate::tls::KeyLog;

/// Batches of the usual size that may wait, over all shards: 2 MiB, enough that a thread that is away for a moment costs little.
const MOST_WAITING: usize = 16;

/// Batches of shards that nobody reads, upon which somebody is called: to wake a thread for each costs as much as to read it.
const CALLING: usize = 8;

/// Shards, and what waits for them.
pub(super) struct Crew {
    shards: Vec<Mutex<Shard>>,
    board: Mutex<Board>,
    /// Somebody finished a batch.
    finished: Condvar,
}

#[derive(Default)]
struct Board {
    queues: Vec<Queue>,
    /// Weight of the batches in queues or being read.
    unfinished: usize,
    /// Batches pushed since threads were called, for which nobody will come.
    uncalled: usize,
    /// The pusher waits for `finished`.
    is_awaited: bool,
    /// Somebody panicked: what is unfinished stays so, and nothing more is taken.
    is_broken: bool,
    spare: Vec<Batch>,
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<(Batch, Arc<KeyLog>)>,
    /// A thread reads the shard.
    is_read: bool,
    /// A thread was asked to, and will come.
    is_called: bool,
}

impl Crew {
    pub(super) fn new(shards: Vec<Shard>) -> Self {
        let queues = shards.iter().map(|_| Queue::default()).collect();
        Self {
            shards: shards.into_iter().map(Mutex::new).collect(),
            board: Mutex::new(Board {
                queues,
                ..Board::default()
            }),
            finished: Condvar::new(),
        }
    }

    /// Hands a batch to its shard and gives an empty one for it.
    pub(super) fn push<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        at: usize,
        batch: Batch,
        keylog: &Arc<KeyLog>,
    ) -> Batch {
        let weight = batch.weight();
        let mut board = self.lower(scope, MOST_WAITING.saturating_sub(weight));
        if board.is_broken {
            return Batch::default();
        }
        board.unfinished += weight;
        let queue = &mut board.queues[at];
        queue.batches.push_back((batch, Arc::clone(keylog)));
        if !queue.is_read && !queue.is_called {
            board.uncalled += 1;
            if board.uncalled >= CALLING {
                self.call(scope, &mut board);
            }
        }
        board.spare.pop().unwrap_or_default()
    }

    /// Returns when all batches are read.
    pub(super) fn settle<'scope>(&'scope self, scope: &Scope<'scope>) {
        self.call(scope, &mut self.board());
        drop(self.lower(scope, 0));
    }

    /// Calls a thread for each shard that needs one.
    fn call<'scope>(&'scope self, scope: &Scope<'scope>, board: &mut Board) {
        board.uncalled = 0;
        for (at, queue) in board.queues.iter_mut().enumerate() {
            if !queue.is_read && !queue.is_called && !queue.batches.is_empty() {
                queue.is_called = true;
                scope.spawn(move |_| self.run(at));
            }
        }
    }

    /// Reads until batches of no more than the weight `most` are unfinished.
    fn lower<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        most: usize,
    ) -> MutexGuard<'scope, Board> {
        let mut board = self.board();
        while board.unfinished > most && !board.is_broken {
            let longest = board
                .queues
                .iter()
                .enumerate()
                .filter(|(_, queue)| !queue.is_read && !queue.batches.is_empty())
                .max_by_key(|(_, queue)| queue.batches.len());
            if let Some((at, _)) = longest {
                board = self.read_one(board, at);
                board.queues[at].is_read = false;
                // Whoever was called may have come meanwhile, and gone because the shard was being read.
                self.call(scope, &mut board);
            } else {
                board.is_awaited = true;
                board = self
                    .finished
                    .wait(board)
                    .unwrap_or_else(PoisonError::into_inner);
                board.is_awaited = false;
            }
        }
        board
    }

    /// Reads what waits for a shard until nothing does, unless somebody is at it.
    fn run(&self, at: usize) {
        let mut board = self.board();
        board.queues[at].is_called = false;
        if board.queues[at].is_read {
            return;
        }
        while !board.queues[at].batches.is_empty() {
            board = self.read_one(board, at);
        }
        board.queues[at].is_read = false;
    }

    /// Reads the first batch of a shard that nobody else reads, and leaves it marked as being read.
    fn read_one<'c>(
        &'c self,
        mut board: MutexGuard<'c, Board>,
        at: usize,
    ) -> MutexGuard<'c, Board> {
        let queue = &mut board.queues[at];
        queue.is_read = true;
        let Some((mut batch, keylog)) = queue.batches.pop_front() else {
            return board;
        };
        drop(board);
        let weight = batch.weight();
        let alarm = Alarm(self);
        let mut shard = self.shards[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        batch.play(&mut shard, &keylog);
        drop((shard, keylog));
        std::mem::forget(alarm);
        let mut board = self.board();
        board.unfinished -= weight;
        board.spare.push(batch);
        if board.is_awaited {
            self.finished.notify_one();
        }
        board
    }

    /// The shards, in order.
    pub(super) fn into_shards(self) -> impl Iterator<Item = Shard> {
        let whole =
            |shard: Mutex<Shard>| shard.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.shards.into_iter().map(whole)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the pusher if the thread panics, for a panic goes on in it once the scope ends.
struct Alarm<'c>(&'c Crew);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.board().is_broken = true;
        self.0.finished.notify_one();
    }
}
