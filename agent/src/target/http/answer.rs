//! The answer's direction of one exchange: the target's answer is inspected, masked, recorded, and then goes to the gateway.

use std::{pin::Pin, sync::Arc, task::Poll, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, response::Parts};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use masking::Masker;
use proto::{Code, Ending, Refusal, event::Stream};
use protocols::http::{Fields, MAX_DATA, RequestHead, data_header, put_data, put_end, put_response};
use tokio::sync::mpsc;

use super::{
    body::{Part, RequestBody},
    exchange::want,
    gateway_lost,
    outgoing::{self, Form},
    pool::Target,
    raw,
    upstream::Upstream,
};
use crate::{
    filter::guard::{Decision, Guard as _, Judged},
    filter::http::{Answer, Range, Rules, Websocket},
    filter::masked::masked_lines,
    record::Exchange,
    target::{Context, ToGateway},
};

/// How long a target may take until the head of its answer.
const FIRST_BYTE: Duration = Duration::from_secs(300);
/// How long content may wait for what follows it.
const HOLD: Duration = Duration::from_millis(150);
/// What is collected before it is sent, if the target is fast.
const BATCH: usize = 64 * 1024;
/// Content at least this long is sent where it lies instead of being copied behind what else is sent, in bytes.
const SHARED: usize = 16 * 1024;

/// The answer's direction.
pub(super) struct Reply<'a> {
    pub(super) context: &'a Context,
    pub(super) target: &'a Arc<Target>,
    pub(super) to: &'a ToGateway,
    pub(super) exchange: Exchange,
    pub(super) range: Option<Range>,
    /// Hides what this caller may not see of this answer.
    pub(super) masker: Arc<Masker>,
    /// How it is read; without the markings of what this caller may see.
    pub(super) rules: Arc<Rules>,
    pub(super) head: RequestHead,
    pub(super) begun: bool,
    /// What the request does, if that is known, and how much content the client was sent.
    pub(super) judged: Option<Arc<Judged>>,
    pub(super) sent: u64,
    pub(super) out: BytesMut,
}

/// Why there is no (whole) answer.
pub(super) enum Fault {
    /// This exchange ends.
    Refused(Refusal),
    /// Policy ends it in mid-stream.
    Stopped(Arc<Decision>),
    /// The lane ends.
    Over(Ending),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Reply<'_> {
    /// Sends the request and passes the answer on.
    pub(super) async fn run(mut self, body: RequestBody, raw: Option<mpsc::Receiver<Part>>) -> Result<(), Fault> {
        let (mut upstream, response) = self.send(body).await?;
        let (head, content) = response.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(upstream, &head, raw).await;
        }
        let method = Method::from_bytes(&self.head.method).unwrap_or_default();
        let mut answer = self.answer(&method, &head, self.range)?;
        let whole = self.content(&mut upstream, &mut answer, &head, content).await?;
        self.complete(&mut answer, "ok");
        self.flush().await?;
        if whole {
            self.target.keep(upstream).await;
        }
        Ok(())
    }

    fn answer(&self, method: &Method, head: &Parts, range: Option<Range>) -> Result<Answer, Refusal> {
        let (masker, rules) = (Arc::clone(&self.masker), Arc::clone(&self.rules));
        let called = self.target.setup.api.grpc_method(&self.head.target);
        let answer = Answer::new(masker, rules, method, head, range)?;
        Ok(answer.of_messages(head, called.map(|method| method.output())))
    }

    async fn send(&self, body: RequestBody) -> Result<(Upstream, Response<Incoming>), Fault> {
        let credential = self.target.authorization(self.context).await?;
        let mut upstream = self.target.connection(self.context, want(&self.head)).await?;
        let form = Form { h2: upstream.is_h2(), readable: !self.rules.is_off(&self.masker) };
        let request = outgoing::build(self.target, &self.head, credential, &form, body)?;
        match self.within(upstream.send(request)).await? {
            Ok(response) => Ok((upstream, response)),
            Err(failed) => match failed.unsent {
                // The target closed a kept connection: nothing was sent, so it may be sent again.
                Some(request) if !form.h2 => self.again(request).await,
                _ => Err(lost(&failed.error).into()),
            },
        }
    }

    async fn again(&self, request: Request<RequestBody>) -> Result<(Upstream, Response<Incoming>), Fault> {
        let mut upstream = self.target.fresh(self.context).await?;
        match self.within(upstream.send(request)).await? {
            Ok(response) => Ok((upstream, response)),
            Err(failed) => Err(lost(&failed.error).into()),
        }
    }

    async fn within<F: Future>(&self, answered: F) -> Result<F::Output, Refusal> {
        let late = |_| Refusal::new(Code::TargetTimeout, "the target did not answer in time");
        tokio::time::timeout(FIRST_BYTE, answered).await.map_err(late)
    }

    /// Passes the content on. Gives whether the target has told all of it, so that its connection can be used again.
    async fn content(
        &mut self,
        upstream: &mut Upstream,
        answer: &mut Answer,
        head: &Parts,
        mut content: Incoming,
    ) -> Result<bool, Fault> {
        loop {
            if !answer.is_undecided() {
                self.begin(answer, head)?;
            }
            // Whatever is here goes out together; only when the target pauses is it sent.
            let next = if self.out.is_empty() && !answer.holds() {
                Some(upstream.drive(next(&mut content)).await)
            } else {
                match upstream.drive(now(&mut content)).await {
                    None => {
                        self.flush().await?;
                        self.wait(upstream, answer, &mut content).await
                    }
                    here => here,
                }
            };
            match next {
                None => {
                    let rest = answer.pause()?;
                    self.begin(answer, head)?;
                    self.data(&rest).await?;
                    self.flush().await?;
                }
                Some(None) => return self.end(answer, head, None).await.map(|()| true),
                Some(Some(Err(error))) => return Err(lost(&error).into()),
                Some(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        let data = answer.content(data)?;
                        if !answer.is_undecided() {
                            self.begin(answer, head)?;
                            self.data(&data).await?;
                        }
                    }
                    Err(frame) => {
                        let trailers = frame.into_trailers().ok();
                        return self.end(answer, head, trailers.as_ref()).await.map(|()| true);
                    }
                },
            }
            if answer.is_complete() {
                return self.end(answer, head, None).await.map(|()| false);
            }
            if self.out.len() >= BATCH {
                self.flush().await?;
            }
        }
    }

    /// Waits for more content; not for long, if something waits for it.
    async fn wait(&self, upstream: &mut Upstream, answer: &Answer, content: &mut Incoming) -> Option<Next> {
        let next = upstream.drive(next(content));
        if answer.holds() { tokio::time::timeout(HOLD, next).await.ok() } else { Some(next.await) }
    }

    /// Puts the head, once.
    fn begin(&mut self, answer: &mut Answer, head: &Parts) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let fields = answer.fields(&head.headers);
        put_response(&mut self.out, answer.status().as_u16(), pairs(&fields)).map_err(|_| oversize())
    }

    async fn data(&mut self, content: &Bytes) -> Result<(), Fault> {
        if content.is_empty() {
            return Ok(());
        }
        let bytes = content.len() as u64;
        let ask = |judged: &Arc<Judged>| self.context.rights.sending(judged, self.sent, bytes);
        if let Some(stopped) = self.judged.as_ref().and_then(ask) {
            // What is recorded as sent is sent.
            self.flush().await?;
            return Err(Fault::Stopped(stopped));
        }
        self.sent = self.sent.saturating_add(bytes);
        self.context.record.data(self.exchange, Stream::Out, content);
        if content.len() < SHARED || content.len() > MAX_DATA {
            put_data(&mut self.out, content);
            return Ok(());
        }
        self.out.extend_from_slice(&data_header(content.len()));
        self.flush().await?;
        self.payload(content.clone()).await
    }

    async fn end(&mut self, answer: &mut Answer, head: &Parts, trailers: Option<&HeaderMap>) -> Result<(), Fault> {
        let rest = answer.finish()?;
        self.begin(answer, head)?;
        self.data(&rest).await?;
        let trailers = trailers.map(|trailers| answer.trailers(trailers)).unwrap_or_default();
        put_end(&mut self.out, pairs(&trailers)).map_err(|_| oversize().into())
    }

    fn complete(&self, answer: &mut Answer, outcome: &str) {
        for masked in answer.masked() {
            self.context.record.masked(self.exchange, masked);
        }
        self.context.record.completed(self.exchange, answer.completed(outcome));
    }

    /// Sends what was put, once it is recorded.
    async fn flush(&mut self) -> Result<(), Fault> {
        self.context.record.commit().await.map_err(Fault::Over)?;
        if self.out.is_empty() {
            return Ok(());
        }
        let out = self.out.split().freeze();
        self.payload(out).await
    }

    async fn payload(&self, bytes: Bytes) -> Result<(), Fault> {
        self.to.payload(bytes).await.map_err(|_| Fault::Over(gateway_lost()))
    }

    /// The target switched to the protocol that the client asked for.
    async fn switch(
        mut self,
        upstream: Upstream,
        head: &Parts,
        raw: Option<mpsc::Receiver<Part>>,
    ) -> Result<(), Fault> {
        let (Upstream::H1(h1), Some(parts)) = (upstream, raw) else {
            return Err(Refusal::new(Code::TargetProtocol, "the target switched protocols unasked").into());
        };
        let mut answer = self.answer(&Method::HEAD, head, None)?;
        let mut fields = answer.fields(&head.headers);
        fields.retain(|(name, _)| &name[..] != b"sec-websocket-extensions");
        fields.push((Bytes::from_static(b"upgrade"), Bytes::from_static(b"websocket")));
        put_response(&mut self.out, 101, pairs(&fields)).map_err(|_| oversize())?;
        self.flush().await?;
        let (io, read) = h1.into_stream().await;
        raw::relay(&mut self, io, read, parts).await?;
        put_end(&mut self.out, std::iter::empty()).map_err(|_| oversize())?;
        self.complete(&mut answer, "ok");
        self.flush().await
    }

    /// Masks, records and sends bytes of a switched protocol.
    pub(super) async fn raw(&mut self, socket: &mut Websocket, bytes: &[u8]) -> Result<(), Fault> {
        let mut content = Vec::with_capacity(bytes.len());
        socket.pass(bytes, &mut content)?;
        for masked in masked_lines("response", socket.tally()) {
            self.context.record.masked(self.exchange, masked);
        }
        self.data(&content.into()).await?;
        self.flush().await
    }
}

type Next = Option<Result<Frame<Bytes>, hyper::Error>>;

async fn next(content: &mut Incoming) -> Next {
    std::future::poll_fn(|cx| Pin::new(&mut *content).poll_frame(cx)).await
}

/// What is there without waiting. The first look lets the connection read on, so the second one decides.
async fn now(content: &mut Incoming) -> Option<Next> {
    let mut looked = false;
    std::future::poll_fn(|cx| match Pin::new(&mut *content).poll_frame(cx) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending if std::mem::replace(&mut looked, true) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

fn pairs(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.iter().map(|(name, value)| (&name[..], &value[..]))
}

fn lost(error: &hyper::Error) -> Refusal {
    if error.is_parse() {
        return Refusal::new(Code::TargetProtocol, "the target's answer is not HTTP");
    }
    Refusal::new(Code::TargetLost, "the target broke off")
}

fn oversize() -> Refusal {
    Refusal::new(Code::TargetProtocol, "the target's answer has too many or too long header fields")
}
