//! The request's direction of one exchange: what the gateway sends is recorded, then goes to the target.

use std::sync::Arc;

use bytes::Bytes;
use masking::{Masker, StreamMasker, Syntax, Tally};
use proto::{Code, Ending, Refusal, event::Stream};
use protocols::http::{Fields, Frame, RequestHead};
use tokio::sync::mpsc;

use super::{Inbox, Message, body::Part, outgoing};
use crate::{
    filter::guard::Decision,
    filter::http::{Format, Passage, Reader, Setup, Side, Unreadable, Websocket},
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
    /// Policy does not allow what runs any more.
    Stopped(Arc<Decision>),
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
            Frame::End(mut fields) => {
                self.record.finish();
                self.record.trailers(&mut fields);
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
    setup: Arc<Setup>,
    masker: Arc<Masker>,
}

enum Reading {
    Clear,
    Masked(Box<StreamMasker>),
    /// As the target reads it: decoded, and with what is marked in it masked.
    Read(Box<Reader>),
    Websocket(Box<Websocket>),
    /// It cannot be read, so it is not recorded.
    Unread,
}

impl Intake {
    /// For a request's content, or for what a websocket's client sends.
    pub(super) fn new(context: &Context, setup: &Arc<Setup>, exchange: Exchange, head: &RequestHead) -> Self {
        let (setup, masker) = (Arc::clone(setup), Arc::clone(&context.masker));
        let reading = Reading::of(&setup, &masker, head);
        Self { recorder: context.record.clone(), exchange, reading, tally: Tally::default(), setup, masker }
    }

    /// For a request that does not pass because its content cannot be read.
    pub(super) fn unread(mut self) -> Self {
        self.reading = Reading::Unread;
        self
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
            Reading::Read(reader) => {
                let (rules, masker) = (self.setup.parameters.reading(), &self.masker);
                let to = &mut Passage { rules, masker, out: &mut masked, tally: &mut self.tally };
                let read = reader.push(content, to);
                self.read(read, &mut masked);
            }
            Reading::Unread => {}
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
        match &mut self.reading {
            Reading::Masked(stream) => stream.finish(&mut masked, &mut self.tally),
            Reading::Read(reader) => {
                let (rules, masker) = (self.setup.parameters.reading(), &self.masker);
                let to = &mut Passage { rules, masker, out: &mut masked, tally: &mut self.tally };
                let read = reader.finish(to);
                self.read(read, &mut masked);
            }
            Reading::Clear | Reading::Websocket(_) | Reading::Unread => {}
        }
        self.keep(&masked);
        for line in masked_lines("request", std::mem::take(&mut self.tally)) {
            self.recorder.masked(self.exchange, line);
        }
    }

    /// What cannot be read is not recorded; the target gets it all the same.
    fn read(&mut self, read: Result<(), Unreadable>, masked: &mut Vec<u8>) {
        if read.is_err() {
            masked.clear();
            self.reading = Reading::Unread;
        }
    }

    /// Masks trailers as the head's fields.
    fn trailers(&self, fields: &mut Fields) {
        for line in self.setup.parameters.mask_trailers(&self.masker, fields) {
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

impl Reading {
    fn of(setup: &Setup, masker: &Arc<Masker>, head: &RequestHead) -> Self {
        let parameters = &setup.parameters;
        if head.upgrade {
            let rules = Arc::clone(parameters.reading());
            return Self::Websocket(Box::new(Websocket::new(Arc::clone(masker), rules, Side::Client)));
        }
        let values = |wanted: &'static [u8]| {
            head.fields.iter().filter(move |(name, _)| &name[..] == wanted).map(|(_, value)| value)
        };
        let coded = values(b"content-encoding").next().is_some();
        if masker.is_off() && !parameters.reads_content() {
            return Self::Clear;
        }
        let called = setup.api.grpc_method(&head.target);
        if !coded && !parameters.reads_content() && called.is_none() {
            return Self::Masked(Box::new(masker.stream(Syntax::Text)));
        }
        let label = values(b"content-type").next().map(|label| String::from_utf8_lossy(label).into_owned());
        let label = label.unwrap_or_default();
        // Nobody looks for marked fields between the parts of a message.
        let parts = parameters.reads_content() && label.trim_start().to_ascii_lowercase().starts_with("multipart/");
        match Reader::new(&label, values(b"content-encoding").map(|value| &value[..])) {
            Ok(reader) if !parts => {
                let encodings = values(b"grpc-encoding").map(|value| value.to_vec()).collect();
                let format = called.map(|method| Format { message: method.input(), encodings });
                Self::Read(Box::new(reader.of_messages(format)))
            }
            _ => Self::Unread,
        }
    }
}
