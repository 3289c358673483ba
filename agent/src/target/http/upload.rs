//! The request's direction of one exchange: what the gateway sends is recorded, then goes to the target.

use bytes::Bytes;
use masking::{StreamMasker, Syntax, Tally};
use proto::{Code, Ending, event::Stream};
use protocols::http::Frame;
use tokio::sync::mpsc;

use super::{Inbox, Message, body::Part, outgoing};
use crate::{
    record::{Exchange, Recorder},
    session::Context,
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
                self.record.content(&content);
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
    masker: Option<StreamMasker>,
    tally: Tally,
}

impl Intake {
    pub(super) fn new(context: &Context, exchange: Exchange) -> Self {
        let masker = (!context.masker.is_off()).then(|| context.masker.stream(Syntax::Text));
        Self { recorder: context.record.clone(), exchange, masker, tally: Tally::default() }
    }

    pub(super) fn content(&mut self, content: &Bytes) {
        match &mut self.masker {
            None => self.recorder.data(self.exchange, Stream::In, content),
            Some(masker) => {
                let mut masked = Vec::with_capacity(content.len());
                masker.push(content, &mut masked, &mut self.tally);
                self.recorder.data(self.exchange, Stream::In, &masked);
            }
        }
    }

    pub(super) fn finish(&mut self) {
        if let Some(masker) = &mut self.masker {
            let mut masked = Vec::new();
            masker.finish(&mut masked, &mut self.tally);
            if !masked.is_empty() {
                self.recorder.data(self.exchange, Stream::In, &masked);
            }
        }
    }

    pub(super) async fn commit(&self) -> Result<(), Ending> {
        self.recorder.commit().await
    }
}
