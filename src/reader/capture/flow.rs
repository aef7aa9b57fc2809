//! One TCP connection of a capture.

use super::collector::Collector;
use super::stream::{Context, Stream};
use crate::net::{Direction, Finish, FlowInfo, Stamp};
use crate::tls::KeyLog;

/// Reads one connection and leaves its exchanges with the collector.
pub(super) struct FlowReader {
    info: FlowInfo,
    stream: Stream,
    last: Stamp,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'b> {
    /// The next bytes of one direction.
    Data(Direction, Stamp, &'b [u8]),
    /// So many bytes of one direction are not in the capture.
    Gap(Direction, Stamp, u64),
    /// Nothing more will come.
    Finish(Finish),
}

impl FlowReader {
    pub(super) fn new(info: FlowInfo) -> Self {
        Self {
            info,
            stream: Stream::default(),
            last: info.start,
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, keylog: &KeyLog, collector: &mut Collector) {
        let context = &mut Context {
            flow: &self.info,
            how: None,
            keylog,
            collector,
        };
        match event {
            Event::Data(direction, stamp, bytes) => {
                self.last = stamp;
                self.stream.data(direction, stamp, bytes, context);
            }
            Event::Gap(direction, stamp, len) => {
                self.last = stamp;
                self.stream.gap(direction, stamp, len, context);
            }
            Event::Finish(how) => {
                context.how = Some(how);
                if how == Finish::Closed {
                    for direction in [Direction::ToServer, Direction::ToClient] {
                        self.stream.end(direction, self.last, context);
                    }
                }
                self.stream.finish(self.last, context);
            }
        }
    }
}
