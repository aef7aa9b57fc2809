//! Which response answers which request (RFC 9112, section 9.3.2).
//!
//! Responses come in the order of the requests, so without holes the oldest waiting request is answered. A hole may
//! have hidden heads of either kind, and then counting would slip. What helps is that browsers do not pipeline: such
//! a client sends a request only when the response before it has ended, so a response answers the last request
//! sent before it. Whether the client is of that sort shows only afterwards, so that pair is held until the next
//! request proves it, and taken apart if a second response or an overlapping request disproves it. No pair is
//! better than a wrong one.

use std::collections::VecDeque;

use crate::http::limits;
use crate::http::message::{
    MessageId, MessageSink, RequestHead, ResponseHead, Transaction, Version, is_after,
};
use crate::http::oddity::Oddity;
use crate::net::{Direction, Stamp};

/// What a request means for reading its response.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) id: MessageId,
    pub(super) head: bool,
    pub(super) connect: bool,
    pub(super) upgrade_h2c: bool,
}

#[derive(Debug, Default)]
struct Exchange {
    transaction: Transaction,
    asked: Asked,
    request_ended: bool,
    /// The pair is a guess that later messages may disprove.
    tentative: bool,
    /// The guess had no rival.
    only_candidate: bool,
    /// Other packets lie between the rivals: acknowledgements of what the hole hid. A burst has none.
    rivals_apart: bool,
}

impl Exchange {
    fn request_first(&self) -> Stamp {
        self.transaction
            .request
            .as_ref()
            .map(|head| head.first)
            .unwrap_or_default()
    }

    fn request_last(&self) -> Stamp {
        self.transaction
            .request
            .as_ref()
            .map(|head| head.last)
            .unwrap_or_default()
    }

    fn response_last(&self) -> Stamp {
        self.transaction
            .response
            .as_ref()
            .map(|head| head.last)
            .unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Requests without a response, oldest first.
    queue: VecDeque<Exchange>,
    /// Bytes held by `queue`.
    queue_held: usize,
    /// The exchange whose response is being read.
    current: Option<Exchange>,
    /// An exchange whose response ended before its request.
    waiting: Option<Exchange>,
    /// A complete pair that the next message proves or disproves.
    unconfirmed: Option<Exchange>,
    /// Responses without a request, which may still come.
    held: VecDeque<Transaction>,
    /// A hole may have hidden heads of this direction.
    hidden: [bool; 2],
    /// The same since the newest request: with both, that may have been answered, and another one sent.
    hidden_since: [bool; 2],
    /// The client sent a request before the response to an earlier one had ended.
    pipelined: bool,
    /// The client was seen to wait for a response before it sent the next request.
    sequential: bool,
    last_response: Option<Stamp>,
}

impl Pairing {
    /// The recording starts behind heads of both directions.
    pub(super) fn start_inside(&mut self) {
        self.hidden = [true, true];
    }

    /// Takes a request head.
    pub(super) fn request(
        &mut self,
        version: Version,
        head: RequestHead,
        asked: Asked,
        sink: &mut impl MessageSink,
    ) {
        let first = head.first;
        self.hidden_since = [false, false];
        if let Some(pair) = self.unconfirmed.take() {
            if is_after(first, pair.response_last()) {
                self.confirm(pair, sink);
            } else {
                self.take_apart(pair, sink);
            }
        }
        // A request between the guessed one and its response is a rival that came late.
        if let Some(current) = self.current.take_if(|current| {
            current.tentative
                && current
                    .transaction
                    .response
                    .as_ref()
                    .is_some_and(|r| !is_after(first, r.first))
        }) {
            self.pipelined = true;
            let (request, response) = halves(current.transaction);
            sink.oddity(Oddity::PairingUncertain, first);
            sink.transaction(request);
            self.current = Some(Exchange {
                transaction: response,
                ..Exchange::default()
            });
        }
        let transaction = Transaction {
            version,
            request: Some(head),
            ..Transaction::default()
        };
        let mut exchange = Exchange {
            transaction,
            asked,
            ..Exchange::default()
        };
        while let Some(early) = self.held.pop_front() {
            let answers = early
                .response
                .as_ref()
                .is_some_and(|r| !is_after(first, r.first));
            if answers && self.queue.is_empty() && !self.uncertain() && self.waiting.is_none() {
                // The request was only read late.
                exchange.transaction.version = early.version;
                exchange.transaction.response = early.response;
                exchange.transaction.interim = early.interim;
                self.waiting = Some(exchange);
                return;
            }
            sink.transaction(early);
        }
        if self.queue.is_empty()
            && self.current.is_none()
            && self.last_response.is_some_and(|last| is_after(first, last))
        {
            self.sequential = true;
        }
        while self.queue.len() >= limits::PIPELINED || self.queue_held > limits::HELD_HEADS {
            sink.oddity(Oddity::TooManyPending, first);
            self.give_up_oldest(sink);
            // Its response may still come.
            self.hidden = [true, true];
        }
        self.queue_held += exchange.transaction.held();
        self.queue.push_back(exchange);
    }

    /// Takes the end of the request `id`.
    pub(super) fn request_end(
        &mut self,
        id: MessageId,
        body: (u64, Stamp, bool),
        sink: &mut impl MessageSink,
    ) {
        let exchanges = [
            self.queue.back_mut(),
            self.current.as_mut(),
            self.waiting.as_mut(),
        ];
        for exchange in exchanges
            .into_iter()
            .flatten()
            .chain(self.unconfirmed.as_mut())
        {
            let Some(request) = &mut exchange.transaction.request else {
                continue;
            };
            if request.id == id {
                (request.body_len, request.last, request.body_complete) = body;
                exchange.request_ended = true;
            }
        }
        if let Some(done) = self.waiting.take_if(|exchange| exchange.request_ended) {
            sink.transaction(done.transaction);
        }
    }

    /// Whether the request `id` was answered, with anything but success, before its end.
    pub(super) fn is_refused(&self, id: MessageId) -> bool {
        let exchanges = [&self.current, &self.waiting, &self.unconfirmed];
        exchanges.into_iter().flatten().any(|exchange| {
            let transaction = &exchange.transaction;
            let is_it = |head: &RequestHead| head.id == id;
            let refuses = |head: &ResponseHead| head.status.is_some_and(|status| status >= 300);
            transaction.request.as_ref().is_some_and(is_it)
                && transaction.response.as_ref().is_some_and(refuses)
        })
    }

    /// Takes the first byte of a response head (interim ones too) and says which request it answers.
    pub(super) fn response(&mut self, first: Stamp, sink: &mut impl MessageSink) -> Option<Asked> {
        if let Some(current) = &self.current {
            // Interim responses came before.
            return current
                .transaction
                .request
                .is_some()
                .then_some(current.asked);
        }
        if let Some(pair) = self.unconfirmed.take() {
            self.take_apart(pair, sink);
        }
        let sent = self
            .queue
            .iter()
            .take_while(|exchange| !is_after(exchange.request_first(), first))
            .count();
        let exchange = if !self.uncertain() {
            // Whatever the stamps say: capture queues write packets out of order, and what is behind an answer waits for it.
            self.dequeue()
        } else if self.pipelined || self.hidden_since == [true, true] || sent < self.queue.len() {
            for _ in 0..sent {
                self.give_up_oldest(sink);
            }
            None
        } else {
            let mut rivals = self
                .queue
                .iter()
                .zip(self.queue.iter().skip(1))
                .take(sent.saturating_sub(1));
            let rivals_apart = rivals.all(|(one, next)| {
                next.request_first().packet > one.request_last().packet.saturating_add(1)
            });
            for _ in 1..sent {
                self.give_up_oldest(sink);
            }
            let guess = if sent > 0 { self.dequeue() } else { None };
            // All requests are known and one alone waits: nothing else can be answered.
            let certain = sent == 1 && !self.hidden[Direction::ToServer.index()];
            if certain {
                self.hidden = [false, false];
            }
            guess.map(|exchange| Exchange {
                tentative: !certain,
                only_candidate: sent == 1,
                rivals_apart,
                ..exchange
            })
        };
        if exchange.is_none() && self.uncertain() {
            sink.oddity(Oddity::PairingUncertain, first);
        }
        let asked = exchange
            .as_ref()
            .filter(|e| e.transaction.request.is_some())
            .map(|e| e.asked);
        self.current = Some(exchange.unwrap_or_default());
        asked
    }

    /// Takes an interim response.
    pub(super) fn interim(&mut self, status: u16) {
        if let Some(current) = &mut self.current
            && current.transaction.interim.len() < limits::INTERIM
        {
            current.transaction.interim.push(status);
        }
    }

    /// Takes the head of a final response.
    pub(super) fn response_head(&mut self, version: Version, head: ResponseHead) {
        if let Some(current) = &mut self.current {
            current.transaction.version = version;
            current.transaction.response = Some(head);
        }
    }

    /// Takes the end of a response.
    pub(super) fn response_end(&mut self, body: (u64, Stamp, bool), sink: &mut impl MessageSink) {
        let Some(mut exchange) = self.current.take() else {
            return;
        };
        let last = body.1;
        if let Some(response) = &mut exchange.transaction.response {
            (response.body_len, response.last, response.body_complete) = body;
        }
        let next = self.queue.front().map(Exchange::request_first);
        if exchange.transaction.request.is_none() {
            if self.uncertain() {
                sink.transaction(exchange.transaction);
            } else {
                self.hold(exchange.transaction, sink);
            }
        } else if exchange.tentative {
            match next {
                None => self.unconfirmed = Some(exchange),
                Some(next) if is_after(next, last) => self.confirm(exchange, sink),
                Some(_) => self.take_apart(exchange, sink),
            }
        } else {
            self.pipelined |= next.is_some_and(|next| is_after(last, next));
            self.finish_pair(exchange, sink);
        }
        self.last_response = Some(last);
    }

    /// Takes out the exchange whose response says that the connection leaves HTTP/1.
    pub(super) fn take_current(&mut self) -> Transaction {
        self.current.take().unwrap_or_default().transaction
    }

    /// Takes out the newest request, which waits for leave to switch.
    pub(super) fn take_request(&mut self, id: MessageId) -> Transaction {
        match self.queue.pop_back_if(|exchange| exchange.asked.id == id) {
            Some(exchange) => {
                self.queue_held = self.queue_held.saturating_sub(exchange.transaction.held());
                exchange.transaction
            }
            None => Transaction::default(),
        }
    }

    /// Takes out the newest request if it asked for HTTP/2.
    pub(super) fn take_h2c(&mut self) -> Option<Transaction> {
        let newest = self
            .queue
            .back()
            .filter(|exchange| exchange.asked.upgrade_h2c)?
            .asked
            .id;
        Some(self.take_request(newest))
    }

    /// Notes a hole that may have hidden heads of `direction`. The response in progress must have been ended.
    pub(super) fn hide(&mut self, direction: Direction, sink: &mut impl MessageSink) {
        self.settle(sink);
        self.doubt(direction);
        if direction == Direction::ToClient {
            // Interim responses alone: the final one may be in the hole, or behind it.
            if let Some(current) = self.current.take_if(|e| e.transaction.request.is_some()) {
                self.queue_held += current.transaction.held();
                self.queue.push_front(Exchange {
                    tentative: false,
                    ..current
                });
            }
        }
        for transaction in self.held.drain(..) {
            sink.transaction(transaction);
        }
    }

    /// Notes that heads of `direction` may be missing here. Nothing is settled, for the hole may lie in a body.
    pub(super) fn doubt(&mut self, direction: Direction) {
        self.hidden[direction.index()] = true;
        self.hidden_since[direction.index()] = true;
    }

    /// The directions that lack something since the newest request.
    pub(super) fn doubts(&self) -> impl Iterator<Item = Direction> + use<> {
        let hidden = self.hidden_since;
        [Direction::ToServer, Direction::ToClient]
            .into_iter()
            .filter(move |direction| hidden[direction.index()])
    }

    /// Gives out all that is left.
    pub(super) fn finish(&mut self, sink: &mut impl MessageSink) {
        self.settle(sink);
        for exchange in [self.waiting.take(), self.current.take()]
            .into_iter()
            .flatten()
        {
            sink.transaction(exchange.transaction);
        }
        for transaction in self.held.drain(..) {
            sink.transaction(transaction);
        }
        for exchange in self.queue.drain(..) {
            sink.transaction(exchange.transaction);
        }
        self.queue_held = 0;
    }

    fn uncertain(&self) -> bool {
        self.hidden != [false, false]
    }

    fn dequeue(&mut self) -> Option<Exchange> {
        let exchange = self.queue.pop_front()?;
        self.queue_held = self.queue_held.saturating_sub(exchange.transaction.held());
        Some(exchange)
    }

    fn give_up_oldest(&mut self, sink: &mut impl MessageSink) {
        if let Some(exchange) = self.dequeue() {
            sink.transaction(exchange.transaction);
        }
    }

    fn hold(&mut self, transaction: Transaction, sink: &mut impl MessageSink) {
        if self.held.len() >= limits::HELD_RESPONSES
            && let Some(oldest) = self.held.pop_front()
        {
            sink.transaction(oldest);
        }
        self.held.push_back(transaction);
    }

    fn finish_pair(&mut self, exchange: Exchange, sink: &mut impl MessageSink) {
        if exchange.request_ended {
            sink.transaction(exchange.transaction);
        } else if let Some(earlier) = self.waiting.replace(exchange) {
            sink.transaction(earlier.transaction);
        }
    }

    /// The client waited for this response before it went on: counting may start anew.
    fn confirm(&mut self, pair: Exchange, sink: &mut impl MessageSink) {
        self.hidden = [false, false];
        self.sequential = true;
        self.finish_pair(pair, sink);
    }

    fn take_apart(&mut self, pair: Exchange, sink: &mut impl MessageSink) {
        self.pipelined = true;
        sink.oddity(Oddity::PairingUncertain, pair.request_first());
        let (request, response) = halves(pair.transaction);
        sink.transaction(request);
        sink.transaction(response);
    }

    /// Decides about a guess that nothing more will be learnt about.
    fn settle(&mut self, sink: &mut impl MessageSink) {
        if let Some(pair) = self.unconfirmed.take() {
            if !self.pipelined && (pair.only_candidate || self.sequential && pair.rivals_apart) {
                self.finish_pair(pair, sink);
            } else {
                self.take_apart(pair, sink);
            }
        }
    }
}

/// The request without the response, and the reverse.
fn halves(mut whole: Transaction) -> (Transaction, Transaction) {
    let response = Transaction {
        version: whole.version,
        response: whole.response.take(),
        interim: std::mem::take(&mut whole.interim),
        ..Transaction::default()
    };
    (whole, response)
}
