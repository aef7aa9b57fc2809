//! Where one direction of an HTTP/1 connection stands.

use super::chunked::{Chunked, Step};
use super::head::Framing;
use super::pairing::Asked;
use crate::http::backlog::Window;
use crate::http::message::{MessageId, MessageSink, Wanted};
use crate::net::{Direction, Stamp};

/// ```text
///  Start --head--> Peek, Body, Chunked, UntilClose --end--> Start
///    |               | hole over the end
///    +--garbage------+--> Lost --plausible head--> Body ...
///  Start --CONNECT or Upgrade--> AwaitSwitch --2xx or 101--> Switched
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// At a message boundary; the head's end is not in the first `scanned` bytes.
    Start { scanned: usize },
    /// Behind a head that a body may follow or not: of a response to a request that is not known (was it `HEAD`?), or of a
    /// request that waits for `100 Continue` before its body.
    Peek(Body),
    /// In a body.
    Body(Body),
    /// No message boundary is known.
    Lost,
    /// Behind a request that may turn the connection into something else.
    AwaitSwitch(Asked),
    /// No longer HTTP/1.
    Switched,
}

/// How the end of a body is found (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

impl Body {
    /// The body of a request.
    pub(super) fn of_request(framing: Framing) -> Self {
        if framing.chunked {
            Self::Chunked(Chunked::START)
        } else {
            Self::Length(framing.content_length.unwrap_or(0))
        }
    }

    /// The body of a final response to `asked`.
    pub(super) fn of_response(status: u16, framing: Framing, asked: Option<Asked>) -> Self {
        if matches!(status, 204 | 304) || asked.is_some_and(|asked| asked.head) {
            Self::Length(0)
        } else if framing.chunked {
            Self::Chunked(Chunked::START)
        } else if framing.other_coding {
            Self::UntilClose
        } else {
            framing
                .content_length
                .map_or(Self::UntilClose, Self::Length)
        }
    }
}

/// The message whose body is being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Message {
    pub(super) id: MessageId,
    pub(super) wanted: Wanted,
    pub(super) body_len: u64,
    pub(super) last: Stamp,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) state: State,
    pub(super) message: Message,
    /// A request that may turn the connection into something else, while its body is read.
    pub(super) may_switch: Option<Asked>,
    /// Bytes at the end of the window that a search for a head has to see again.
    pub(super) kept: usize,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            state: State::Start { scanned: 0 },
            message: Message::default(),
            may_switch: None,
            kept: 0,
        }
    }

    /// Reads on in `body`.
    pub(super) fn read_body(
        &mut self,
        direction: Direction,
        mut body: Body,
        window: &Window<'_>,
        at: usize,
        sink: &mut impl MessageSink,
    ) -> Read {
        let rest = &window.bytes[at..];
        let (used, is_content, ended) = match &mut body {
            Body::Length(left) => {
                let take = (*left).min(rest.len() as u64);
                *left -= take;
                (take as usize, true, *left == 0)
            }
            Body::UntilClose => (rest.len(), true, false),
            Body::Chunked(chunked) => match chunked.step(rest) {
                Step::Framing(used) => (used, false, false),
                Step::Content(used) => (used, true, false),
                Step::End(used) => (used, false, true),
                Step::Malformed => return Read::Malformed,
            },
        };
        self.state = State::Body(body);
        if used > 0 {
            self.message.last = window.stamp(at + used - 1);
        }
        if is_content {
            self.message.body_len += used as u64;
            if self.message.wanted != Wanted::Nothing {
                let Message { id, wanted, .. } = self.message;
                sink.body(id, direction, wanted, &rest[..used]);
            }
        }
        if ended {
            Read::End(used)
        } else {
            Read::On(used)
        }
    }

    /// Skips a hole of `len` bytes in `body`.
    pub(super) fn skip_body(&mut self, mut body: Body, len: u64) -> Skipped {
        let (counted, ended) = match &mut body {
            Body::Length(left) => {
                let take = len.min(*left);
                *left -= take;
                (take, (*left == 0).then_some(true))
            }
            Body::UntilClose => (len, None),
            Body::Chunked(chunked) => {
                if chunked.gap(len) {
                    (len, None)
                } else {
                    (0, Some(false))
                }
            }
        };
        self.state = State::Body(body);
        self.message.body_len += counted;
        Skipped {
            rest: len - counted,
            ended,
        }
    }
}

/// What reading a body came to.
pub(super) enum Read {
    /// So many bytes were used, and more belong to the body.
    On(usize),
    /// So many bytes were used, and the body ends.
    End(usize),
    Malformed,
}

/// What skipping in a body came to.
pub(super) struct Skipped {
    /// Bytes of the hole that are not known to be content.
    pub(super) rest: u64,
    /// The body ended; with whether its end is known.
    pub(super) ended: Option<bool>,
}
