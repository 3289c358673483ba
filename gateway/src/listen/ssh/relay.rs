//! One logged-in connection: asks for the permit, opens the session, hands what the agent sends to the channels.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
};

use bytes::Bytes;
use proto::{Code, Ending, Protocol, Refusal};
use protocols::ssh::{Channel, Decoder, MAX_PAYLOAD, Message, OpenKind, WindowExceeded, split_payload};
use russh::{ChannelOpenFailure, server::Handle};

use super::{
    super::{Edge, opening},
    farewell,
    lane::{Inlet, Opening, Writer, writing_half},
    link::Link,
    login::Login,
};
use crate::session::{Outgoing, Session, Turn};

/// Relays a logged-in connection until its end.
pub(super) async fn run(edge: &Edge, source: SocketAddr, link: &Arc<Link>, handle: Handle, login: Login) {
    let opened = tokio::select! {
        opened = open(edge, source, link, login) => opened,
        () = link.gone.cancelled() => return,
    };
    let ending = match opened {
        Ok(session) => {
            let outgoing = session.outgoing.clone();
            let feeder = tokio::spawn(feed(Arc::clone(link), outgoing.clone()));
            let mut router = Router { link: Arc::clone(link), handle: handle.clone(), decoder: Decoder::new() };
            let ending = router.run(session).await;
            feeder.abort();
            outgoing.close(ending.clone()).await;
            ending
        }
        Err(refused) => refused,
    };
    link.end(ending.clone());
    farewell::hang_up(link, &handle, &ending).await;
}

async fn open(edge: &Edge, source: SocketAddr, link: &Arc<Link>, login: Login) -> Result<Session, Refusal> {
    let Login { identity, wanted } = login;
    let permit = match edge.auth.permit(&identity, &wanted.connection, Protocol::Ssh, source.ip()).await {
        Ok(permit) => permit,
        Err(refused) => {
            let reason = edge.auth.why_refused(&identity, &wanted.connection);
            let (auth, subject) = (&edge.auth, &identity.subject);
            auth.record_failure(Protocol::Ssh, source, subject, &wanted.connection, &refused, reason).await;
            return Err(refused);
        }
    };
    let client = link.state().client.clone();
    let requested = wanted.login.map(|login| ("login".to_owned(), login)).into_iter().collect::<BTreeMap<_, _>>();
    edge.sessions.open(permit, opening(&edge.auth, identity, source, client, requested)).await
}

/// Sends what the client wants to the agent: everything that waits, in payloads of bounded size.
async fn feed(link: Arc<Link>, outgoing: Outgoing) {
    loop {
        let mut frames = Bytes::from(link.state().outbox.take());
        if frames.is_empty() {
            link.wake.notified().await;
            continue;
        }
        while !frames.is_empty() {
            if outgoing.payload(split_payload(&mut frames, MAX_PAYLOAD)).await.is_err() {
                return;
            }
        }
        link.room.notify_one();
    }
}

struct Router {
    link: Arc<Link>,
    handle: Handle,
    decoder: Decoder,
}

impl Router {
    async fn run(&mut self, mut session: Session) -> Ending {
        let link = Arc::clone(&self.link);
        loop {
            let turn = tokio::select! {
                turn = session.incoming.next() => turn,
                () = link.gone.cancelled() => return Ending::new(Code::Done, "the client has left"),
            };
            match turn {
                Turn::Payload(payload) => {
                    if self.payload(payload).await.is_err() {
                        return Ending::new(Code::Internal, "the gateway and the agent do not understand each other");
                    }
                }
                Turn::Ended(ending) => return ending,
            }
        }
    }

    async fn payload(&mut self, payload: Bytes) -> Result<(), Confused> {
        self.decoder.feed(payload);
        while let Some(message) = self.decoder.next_message().map_err(|_| Confused)? {
            self.message(message).await?;
        }
        Ok(())
    }

    async fn message(&self, message: Message) -> Result<(), Confused> {
        match message {
            Message::Open { channel, kind: OpenKind::ForwardedTcpip { to, from }, window }
                if !channel.is_gateways() =>
            {
                let taking = take(Arc::clone(&self.link), self.handle.clone(), channel, (to, from), window);
                self.link.writers.spawn(taking);
                Ok(())
            }
            Message::Open { .. } => Err(Confused),
            Message::OpenConfirm { channel, window } => {
                self.confirmed(channel, window).await;
                Ok(())
            }
            Message::OpenFailure { channel, reason, text } => {
                self.not_opened(channel, reason, text).await;
                Ok(())
            }
            Message::WindowAdjust { channel, bytes } => {
                self.link.state().outbox.grant(channel, bytes);
                self.link.wake.notify_one();
                self.link.room.notify_one();
                Ok(())
            }
            Message::ForwardSuccess { port } => self.answer(Ok(port)),
            Message::ForwardFailure { text } => self.answer(Err(text)),
            Message::Forward(_) | Message::CancelForward(_) => Err(Confused),
            Message::Data { channel, .. }
            | Message::ExtendedData { channel, .. }
            | Message::Eof(channel)
            | Message::Close(channel)
            | Message::Success(channel)
            | Message::Failure(channel)
            | Message::Request { channel, .. } => {
                let state = self.link.state();
                // What comes for a channel that is already closed here has crossed our close on the way.
                let Some(lane) = state.lanes.get(&channel) else { return Ok(()) };
                lane.inlet.push(message).map_err(|WindowExceeded| Confused)
            }
        }
    }

    /// The target opened a channel: data may flow, and a forwarded connection is told so.
    async fn confirmed(&self, channel: Channel, window: u32) {
        let lane = {
            let mut state = self.link.state();
            state.outbox.grant(channel, window);
            state.lanes.get(&channel).cloned()
        };
        self.link.wake.notify_one();
        let Some((lane, Opening { reply, write })) = lane.and_then(|lane| Some((lane.clone(), lane.take_opening()?)))
        else {
            return;
        };
        reply.accept().await;
        let (link, handle) = (Arc::clone(&self.link), self.handle.clone());
        let writer = Writer { link, channel, lane, write, handle, speaks: false, ended: AtomicBool::default() };
        self.link.writers.spawn(writer.run());
    }

    async fn not_opened(&self, channel: Channel, reason: u32, text: String) {
        let lane = self.link.state().lanes.get(&channel).cloned();
        let Some(lane) = lane else { return };
        match lane.take_opening() {
            Some(Opening { reply, write }) => {
                reply.reject(ChannelOpenFailure::Other { code: reason, reason: text }).await;
                self.link.forget(write.id(), channel);
            }
            None => {
                lane.inlet.notice(text.trim_start_matches("sallyport: ").to_owned());
                let _own = lane.inlet.push(Message::Request {
                    channel,
                    want_reply: false,
                    request: protocols::ssh::Request::ExitStatus(255),
                });
                let _own = lane.inlet.push(Message::Close(channel));
            }
        }
    }

    fn answer(&self, answer: Result<u32, String>) -> Result<(), Confused> {
        let asked = self.link.state().forwards.pop_front().ok_or(Confused)?;
        let _gone = asked.send(answer);
        Ok(())
    }
}

/// Offers the client a connection that came to a port it listens on at the target.
async fn take(
    link: Arc<Link>,
    handle: Handle,
    channel: Channel,
    (to, from): (protocols::ssh::Address, protocols::ssh::Address),
    window: u32,
) {
    let offered = handle.channel_open_forwarded_tcpip(to.host, to.port, from.host, from.port);
    let taken = tokio::select! {
        taken = offered => taken,
        () = link.over.cancelled() => return,
        () = link.gone.cancelled() => return,
    };
    let Ok(ssh) = taken else {
        return link.send(Message::OpenFailure { channel, reason: 2, text: "the client did not take it".to_owned() });
    };
    let write = writing_half(ssh);
    let lane = link.register(write.id(), channel, window, &Arc::new(Inlet::default()));
    Writer { link, channel, lane, write, handle, speaks: false, ended: AtomicBool::default() }.run().await;
}

/// The agent does not speak the relay form as it should.
struct Confused;
