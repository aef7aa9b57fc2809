//! One TCP connection of a capture.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::collector::Collector;
use super::stream::{Context, Stream};
use crate::net::{Direction, Finish, FlowInfo, Stamp, StreamHandler};
use crate::tls::KeyLog;

/// What the flows of a capture share.
pub(super) struct Shared {
    pub(super) keylog: Arc<KeyLog>,
    pub(super) collector: Collector,
}

/// Reads one connection and leaves its exchanges with the collector.
pub(super) struct FlowReader {
    info: FlowInfo,
    shared: Rc<RefCell<Shared>>,
    stream: Stream,
    last: Stamp,
}

impl FlowReader {
    pub(super) fn new(info: FlowInfo, shared: Rc<RefCell<Shared>>) -> Self {
        Self {
            info,
            shared,
            stream: Stream::default(),
            last: info.start,
        }
    }

    fn with(&mut self, how: Option<Finish>, run: impl FnOnce(&mut Stream, &mut Context<'_>)) {
        let mut shared = self.shared.borrow_mut();
        let Shared { keylog, collector } = &mut *shared;
        let mut context = Context {
            flow: &self.info,
            how,
            keylog,
            collector,
        };
        run(&mut self.stream, &mut context);
    }
}

impl StreamHandler for FlowReader {
    fn data(&mut self, direction: Direction, stamp: Stamp, bytes: &[u8]) {
        self.last = stamp;
        self.with(None, |stream, context| {
            stream.data(direction, stamp, bytes, context);
        });
    }

    fn gap(&mut self, direction: Direction, stamp: Stamp, len: u64) {
        self.last = stamp;
        self.with(None, |stream, context| {
            stream.gap(direction, stamp, len, context);
        });
    }

    fn finish(&mut self, how: Finish) {
        let last = self.last;
        self.with(Some(how), |stream, context| {
            if how == Finish::Closed {
                for direction in [Direction::ToServer, Direction::ToClient] {
                    stream.end(direction, last, context);
                }
            }
            stream.finish(last, context);
        });
    }
}
