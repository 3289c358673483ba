//! The request's direction of one exchange: what the gateway sends is recorded, then goes to the target.

use std::sync::Arc;

use bytes::Bytes;
use masking::{StreamMasker, Syntax, Tally};
use proto::{Code, Ending, Refusal, event::Stream};
use protocols::http::Frame;
use tokio::sync::mpsc;

use super::{Inbox, Message, body::Part, outgoing};
use crate::{
    filter::http::{Side, Websocket},
    filter::masked::masked_lines,
    record::{Exchange, Recorder},
    target::Context,
};

/// The request's direction.
pub(super) struct Upload<'a> {
    pub(super) inbox: &'a mut Inbox,
    pub(super) record: Intake,
    /// Where content goes; `None` when all of it has gone, or nobody wants it.
    pub(super) parts: Option<mpsc::Sender<Part>>,
}

/// Why an exchange ends before its answer does.
pub(super) enum Interruption {
    /// The client does not want the answer any more.
    Cancelled,
    /// What the client sends cannot pass.
    Refused(Refusal),
    /// The lane is over.
    Over(Ending),
}

impl Upload<'_> {
    /// Passes content on until something interrupts the exchange. Goes on watching when the request is complete.
    pub(super) async fn run(mut self) -> Interruption {
        loop {
            match self.inbox.next().await {
                Ok(Message::Frame(frame)) => {
                    if let Err(interruption) = self.pass(frame).await {
                        return interruption;
                    }
                }
                Ok(Message::Cancel) => return Interruption::Cancelled,
                Err(ending) => return Interruption::Over(ending),
            }
        }
    }

    async fn pass(&mut self, frame: Frame) -> Result<(), Interruption> {
        let part = match frame {
            Frame::Data(content) => {
                self.record.content(&content).map_err(Interruption::Refused)?;
                self.record.commit().await.map_err(Interruption::Over)?;
                Part::Data(content)
            }
            Frame::End(fields) => {
                self.record.finish();
                Part::End(outgoing::trailers(&fields))
            }
            Frame::Abort(_) => return Err(Interruption::Cancelled),
            Frame::Request(_) | Frame::Response(_) => {
                return Err(Interruption::Over(Ending::new(Code::Internal, "relay: two requests at once")));
            }
        };
        let last = matches!(part, Part::End(_));
        if let Some(parts) = &self.parts {
            // If the target takes no more, its answer says why.
            let _unwanted = parts.send(part).await;
        }
        if last {
            self.parts = None;
        }
        Ok(())
    }
}

/// Records a request's content, masked. The target gets it as it is.
pub(super) struct Intake {
    recorder: Recorder,
    exchange: Exchange,
    reading: Reading,
    tally: Tally,
}

enum Reading {
    Clear,
    Masked(Box<StreamMasker>),
    Websocket(Box<Websocket>),
}

impl Intake {
    /// For a request's content, or for what a websocket's client sends.
    pub(super) fn new(context: &Context, exchange: Exchange, websocket: bool) -> Self {
        let reading = if websocket {
            Reading::Websocket(Box::new(Websocket::new(Arc::clone(&context.masker), Arc::default(), Side::Client)))
        } else if context.masker.is_off() {
            Reading::Clear
        } else {
            Reading::Masked(Box::new(context.masker.stream(Syntax::Text)))
        };
        Self { recorder: context.record.clone(), exchange, reading, tally: Tally::default() }
    }

    /// Records more of it.
    ///
    /// # Errors
    /// If it cannot be read, and so not recorded.
    pub(super) fn content(&mut self, content: &Bytes) -> Result<(), Refusal> {
        let mut masked = Vec::new();
        match &mut self.reading {
            Reading::Clear => {
                self.recorder.data(self.exchange, Stream::In, content);
                return Ok(());
            }
            Reading::Masked(stream) => stream.push(content, &mut masked, &mut self.tally),
            Reading::Websocket(socket) => {
                socket.pass(content, &mut masked)?;
                self.tally.merge(&socket.tally());
            }
        }
        self.keep(&masked);
        Ok(())
    }

    pub(super) fn finish(&mut self) {
        let mut masked = Vec::new();
        if let Reading::Masked(stream) = &mut self.reading {
            stream.finish(&mut masked, &mut self.tally);
        }
        self.keep(&masked);
        for line in masked_lines("request", std::mem::take(&mut self.tally)) {
            self.recorder.masked(self.exchange, line);
        }
    }

    fn keep(&self, masked: &[u8]) {
        if !masked.is_empty() {
            self.recorder.data(self.exchange, Stream::In, masked);
        }
    }

    pub(super) async fn commit(&self) -> Result<(), Ending> {
        self.recorder.commit().await
    }
}
