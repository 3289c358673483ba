//! HTTP targets. A lane carries one exchange after another; each is inspected and recorded by `filter::http`, and sent over
//! a connection of the target's pool. HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113) towards the target.

mod answer;
mod auth;
mod body;
mod exchange;
mod in_clear;
mod in_flight;
mod judge;
mod outgoing;
mod pool;
mod raw;
mod upload;
mod upstream;

use std::sync::Arc;

use bytes::Bytes;
use proto::{Code, Down, Ending, HttpSettings};
use protocols::http::{Decoder, Frame, RequestHead};

pub use self::pool::Pools;
use self::pool::Target;
use crate::target::{Context, FromGateway, Link, ToGateway};

/// Serves one lane: sends an empty greeting, then serves exchanges. Never panics; every end is told.
/// Before `to_gateway.ready(..)` the returned ending reaches the client as a refused login.
pub async fn serve(context: Context, settings: HttpSettings, link: Link) -> Ending {
    let target = match context.http.target(&context.grant, &settings) {
        Ok(target) => target,
        Err(refusal) => return refusal,
    };
    if let Err(refusal) = target.authorization(&context).await {
        return refusal;
    }
    if link.to_gateway.ready(Bytes::new()).await.is_err() {
        return gateway_lost();
    }
    let inbox = Inbox { from: link.from_gateway, decoder: Decoder::requests(), open: false };
    let mut lane = Lane { context, target, inbox, to: link.to_gateway };
    loop {
        let head = match lane.inbox.head().await {
            Ok(head) => head,
            Err(ending) => return ending,
        };
        if let Err(ending) = Box::pin(exchange::serve(&mut lane, head)).await {
            return ending;
        }
    }
}

struct Lane {
    context: Context,
    target: Arc<Target>,
    inbox: Inbox,
    to: ToGateway,
}

/// What the gateway sends on this lane.
struct Inbox {
    from: FromGateway,
    decoder: Decoder,
    /// Whether the gateway has begun a request and not ended it.
    open: bool,
}

/// Something from the gateway.
enum Message {
    Frame(Frame),
    Cancel,
}

impl Inbox {
    /// The next frame that has already arrived.
    fn ready(&mut self) -> Result<Option<Frame>, Ending> {
        let frame = self.decoder.frame().map_err(|error| Ending::new(Code::Internal, format!("relay: {error}")))?;
        match &frame {
            Some(Frame::Request(_)) => self.open = true,
            Some(Frame::End(_) | Frame::Abort(_)) => self.open = false,
            _ => {}
        }
        Ok(frame)
    }

    /// The next frame or cancellation. Cancel-safe.
    async fn next(&mut self) -> Result<Message, Ending> {
        loop {
            if let Some(frame) = self.ready()? {
                return Ok(Message::Frame(frame));
            }
            match self.from.next().await {
                Some(Down::Payload(payload)) => self.decoder.push(payload),
                Some(Down::Cancel) => return Ok(Message::Cancel),
                Some(Down::Close(ending)) => return Err(ending),
                Some(Down::Ack { .. }) => {}
                None => return Err(gateway_lost()),
            }
        }
    }

    /// The head of the next request. What is left of the one before it, whose answer is over, is dropped.
    async fn head(&mut self) -> Result<RequestHead, Ending> {
        loop {
            if let Message::Frame(Frame::Request(head)) = self.next().await? {
                return Ok(head);
            }
        }
    }
}

fn gateway_lost() -> Ending {
    Ending::new(Code::GatewayLost, "the gateway was lost")
}
