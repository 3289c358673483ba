//! HTTP/1.1 clients. One request at a time, on the first lane of its session; both directions of an exchange run in the
//! connection's one task.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use proto::{Code, Ending};
use protocols::http::{
    Decoder, Fields, Frame, ResponseHead, Version,
    h1::{
        BodyReader, Framing, HeadReader, LAST_CHUNK, Length, Piece, RequestHead, chunk_header, put_response_head,
        put_trailers,
    },
    put_data, put_end,
};
use sockets::Scoop;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf},
    time::timeout,
};

use super::{
    client::{Client, Key},
    problem::Problem,
    request::{self, passes_back},
    route::route,
    websocket,
};
use crate::session::{Outgoing, Session, Turn};

/// What may arrive of the next request while one runs.
const EARLY: usize = 16 * 1024;
/// How long a client may stay silent between requests, or within one.
const SILENCE: Duration = Duration::from_secs(120);
/// Sessions that one client connection may have open.
const MAX_SESSIONS: usize = 8;
/// Content from this size on is written from where it lies, not copied behind the head.
const LARGE: usize = 8 * 1024;

/// Serves a client connection until its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(client: Client, stream: S, buffer: BytesMut) {
    let (reader, writer) = tokio::io::split(stream);
    let mut connection = Connection { client, reader, writer, buffer, sessions: Vec::new(), head_only: false };
    while let Next::Request = connection.request().await {}
    let _gone = timeout(Duration::from_secs(5), connection.writer.shutdown()).await;
    for open in connection.sessions {
        open.session.outgoing.close(Ending::new(Code::Done, "the client left")).await;
    }
}

struct Connection<S> {
    client: Client,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    buffer: BytesMut,
    sessions: Vec<Open>,
    /// Whether the request that runs wants no content.
    head_only: bool,
}

/// A session on its first lane.
struct Open {
    key: Key,
    session: Session,
    decoder: Decoder,
}

/// What follows a request.
pub(super) enum Next {
    Request,
    Close,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn request(&mut self) -> Next {
        self.head_only = false;
        let head = match self.head().await {
            Ok(Some(head)) => head,
            Ok(None) => return Next::Close,
            Err(problem) => return self.refuse_malformed(&problem, false).await,
        };
        let head = match RequestHead::parse(&head) {
            Ok(parsed) => Head { raw: &head, parsed },
            Err(rejection) => return self.refuse_malformed(&rejection.into(), false).await,
        };
        self.head_only = head.parsed.method == b"HEAD";
        // After a refusal the content of the request is not read: then the connection closes.
        let keep = head.parsed.keep_alive && head.parsed.length == Length::Exact(0) && !self.client.is_tiresome();
        match self.exchange(&head).await {
            Ok(next) => next,
            Err(Broken::Problem(problem)) => self.refuse(&problem, keep).await,
            Err(Broken::Malformed(problem)) => self.refuse_malformed(&problem, false).await,
            Err(Broken::Over(ending)) => self.refuse(&ending.into(), false).await,
            Err(Broken::Connection) => Next::Close,
        }
    }

    /// Waits for the head of the next request. `None` when the client is done.
    async fn head(&mut self) -> Result<Option<Bytes>, Problem> {
        let mut reader = HeadReader::default();
        let waiting = self.buffer.is_empty();
        if waiting && !self.idle().await {
            return Ok(None);
        }
        let deadline = tokio::time::Instant::now() + self.client.deadline();
        loop {
            if let Some(len) = reader.find(&self.buffer)? {
                return Ok(Some(self.buffer.split_to(len).freeze()));
            }
            let mut scoop = Scoop::default();
            match tokio::time::timeout_at(deadline, scoop.read(&mut self.reader, &mut self.buffer)).await {
                Ok(Ok(1..)) => {}
                Ok(_) => return Ok(None),
                Err(_) => {
                    return Err(proto::Refusal::new(Code::LoginTimeout, "the request took too long to arrive").into());
                }
            }
        }
    }

    /// Waits for the first byte of a request, while no request runs. False when there will be none.
    async fn idle(&mut self) -> bool {
        loop {
            let mut scoop = Scoop::default();
            let read = scoop.read(&mut self.reader, &mut self.buffer);
            let ended = async {
                // Sessions that have nothing to do still have events to hand over, and may be ended from elsewhere.
                let turns = self.sessions.iter_mut().map(|open| Box::pin(open.session.incoming.next()));
                match turns.len() {
                    0 => std::future::pending().await,
                    _ => futures::future::select_all(turns).await.1,
                }
            };
            let ended = tokio::select! {
                biased;
                read = timeout(SILENCE, read) => return matches!(read, Ok(Ok(1..))),
                ended = ended => ended,
            };
            // The next request opens a new session, or is told why it cannot.
            drop(self.sessions.remove(ended));
        }
    }

    async fn exchange(&mut self, head: &Head<'_>) -> Result<Next, Broken> {
        let parsed = &head.parsed;
        let target = head.raw.slice_ref(parsed.target);
        let route = route(parsed.host, &target, self.client.domain()).map_err(Broken::Malformed)?;
        let open = self.session(parsed, &route.connection).await?;
        let mut out = BytesMut::with_capacity(head.raw.len() + 256);
        let fields = parsed.fields.iter().copied();
        let named = &parsed.connection_options;
        request::put(&mut out, parsed.method, &route, parsed.version, parsed.websocket, fields, named)?;
        if parsed.expects_continue && self.buffer.is_empty() && parsed.length != Length::Exact(0) {
            self.writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.map_err(|_| Broken::Connection)?;
            self.writer.flush().await.map_err(|_| Broken::Connection)?;
        }
        let Connection { reader, writer, buffer, sessions, .. } = self;
        let Some(Open { session, decoder, .. }) = sessions.get_mut(open) else { return Err(Broken::Connection) };
        let id = session.id;
        let answer = Answer {
            writer,
            out: BytesMut::with_capacity(2048),
            head_only: self.head_only,
            version: parsed.version,
            keep_alive: parsed.keep_alive,
            by_path: route.by_path,
            framing: None,
            begun: &AtomicBool::new(false),
        };
        if parsed.websocket {
            return websocket::exchange(session, decoder, answer, reader, buffer, out).await;
        }
        let mut upload = Upload {
            reader,
            scoop: Scoop::default(),
            buffer,
            body: BodyReader::new(parsed.length),
            outgoing: session.outgoing.clone(),
        };
        if parsed.length == Length::Chunked {
            // A request whose very first chunk is wrong never reaches the target.
            upload.first(&mut out).await?;
        }
        let mut complete = false;
        let begun = AtomicBool::new(false);
        let answer = Answer { begun: &begun, ..answer };
        let answered = tokio::select! {
            biased;
            answered = answer.run(&mut session.incoming, decoder) => answered,
            broken = upload.run(out, &mut complete) => Err(broken),
        };
        let keep = complete && parsed.keep_alive;
        match answered {
            Ok(keep) if keep && complete => Ok(Next::Request),
            // Part of an answer is out: nothing can be said any more.
            Err(_) if begun.load(Ordering::Relaxed) => Ok(Next::Close),
            Ok(_) | Err(Broken::Connection) => Ok(Next::Close),
            Err(Broken::Problem(problem)) => Ok(self.refuse(&problem.within(id), keep).await),
            Err(Broken::Malformed(problem)) => Ok(self.refuse_malformed(&problem.within(id), false).await),
            Err(Broken::Over(ending)) => {
                drop(self.sessions.remove(open));
                Ok(self.refuse(&Problem::from(ending).within(id), keep).await)
            }
        }
    }

    /// The session for this request, kept or new.
    async fn session(&mut self, head: &RequestHead<'_>, connection: &str) -> Result<usize, Broken> {
        let identity = match self.client.identify(head.authorization, connection).await {
            Ok(identity) => identity,
            Err(problem) => return Err(problem.into()),
        };
        let fits = |open: &Open| open.key.connection == connection && open.key.credential == identity.credential_id;
        if let Some(at) = self.sessions.iter().position(fits) {
            return Ok(at);
        }
        if self.sessions.len() >= MAX_SESSIONS {
            let oldest = self.sessions.remove(0);
            oldest.session.outgoing.close(Ending::new(Code::Done, "the client left")).await;
        }
        let agent = head.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"user-agent"));
        let agent = agent.map(|(_, value)| *value).unwrap_or_default();
        let key = Key { credential: identity.credential_id.clone(), connection: connection.to_owned() };
        let session = Box::pin(self.client.open(&identity, connection, agent)).await?;
        self.sessions.push(Open { key, session, decoder: Decoder::responses() });
        Ok(self.sessions.len() - 1)
    }

    /// Refuses what is no proper request, and writes that down: nothing else will.
    async fn refuse_malformed(&mut self, problem: &Problem, keep: bool) -> Next {
        self.client.record_malformed(problem).await;
        self.refuse(problem, keep).await
    }

    async fn refuse(&mut self, problem: &Problem, keep: bool) -> Next {
        // After something malformed nothing can be trusted to be where it seems.
        let keep = keep && problem.status != StatusCode::BAD_REQUEST;
        let document = problem.document();
        let length = document.len().to_string();
        let mut out = BytesMut::with_capacity(512);
        let fields = problem.fields().into_iter().chain([(&b"content-length"[..], length.as_bytes())]);
        put_response_head(&mut out, problem.status.as_u16(), fields, Framing::Length(document.len() as u64), keep);
        if !self.head_only {
            out.extend_from_slice(&document);
        }
        let written = async {
            self.writer.write_all(&out).await?;
            self.writer.flush().await
        };
        match timeout(Duration::from_secs(5), written).await {
            Ok(Ok(())) if keep => Next::Request,
            Ok(Ok(())) => {
                self.drain().await;
                Next::Close
            }
            _ => Next::Close,
        }
    }

    /// Reads a little of what the client still sends: a connection that is closed with unread bytes is reset, and the
    /// client would lose the answer.
    async fn drain(&mut self) {
        let _gone = self.writer.shutdown().await;
        let reading = async {
            let mut scoop = Scoop::default();
            for _ in 0..64 {
                self.buffer.clear();
                if !matches!(scoop.read(&mut self.reader, &mut self.buffer).await, Ok(1..)) {
                    return;
                }
            }
        };
        let _enough = timeout(Duration::from_secs(1), reading).await;
    }
}

struct Head<'a> {
    raw: &'a Bytes,
    parsed: RequestHead<'a>,
}

/// Why an exchange did not go through.
pub(super) enum Broken {
    /// The client can be told.
    Problem(Problem),
    /// The client sent what is no proper request; it can be told.
    Malformed(Problem),
    /// The session is over; the client can be told.
    Over(Ending),
    /// The client is gone, or has part of an answer already.
    Connection,
}

impl From<Problem> for Broken {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The request's direction.
struct Upload<'a, S> {
    reader: &'a mut ReadHalf<S>,
    scoop: Scoop,
    buffer: &'a mut BytesMut,
    body: BodyReader,
    outgoing: Outgoing,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Upload<'_, S> {
    /// Waits for the first piece of content.
    async fn first(&mut self, out: &mut BytesMut) -> Result<(), Broken> {
        let before = out.len();
        loop {
            self.take(out)?;
            if out.len() > before {
                return Ok(());
            }
            self.read().await?;
        }
    }

    /// Sends the head and the content; then watches for the client to leave. Sets `complete` when all is sent.
    async fn run(mut self, mut out: BytesMut, complete: &mut bool) -> Broken {
        loop {
            if let Err(broken) = self.take(&mut out) {
                return broken;
            }
            if !out.is_empty() && self.outgoing.payload(out.split().freeze()).await.is_err() {
                // The answer's direction knows why.
                return std::future::pending().await;
            }
            if self.body.is_done() {
                *complete = true;
                break;
            }
            if let Err(broken) = self.read().await {
                return broken;
            }
        }
        // The next request may arrive already; more than one buffer of it has to wait.
        while self.buffer.len() < EARLY {
            if !matches!(self.scoop.read(self.reader, self.buffer).await, Ok(1..)) {
                return Broken::Connection;
            }
        }
        std::future::pending().await
    }

    /// Moves what has arrived into `out`.
    fn take(&mut self, out: &mut BytesMut) -> Result<(), Broken> {
        while let Some(piece) = self.body.next(self.buffer).map_err(|rejection| Broken::Malformed(rejection.into()))? {
            match piece {
                Piece::Data(data) => put_data(out, &data),
                Piece::End(trailers) => put_end(out, pairs(&trailers)).map_err(|_| Broken::Connection)?,
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), Broken> {
        match timeout(SILENCE, self.scoop.read(self.reader, self.buffer)).await {
            Ok(Ok(1..)) => Ok(()),
            _ => Err(Broken::Connection),
        }
    }
}

/// The answer's direction.
pub(super) struct Answer<'a, S> {
    pub(super) writer: &'a mut WriteHalf<S>,
    pub(super) out: BytesMut,
    head_only: bool,
    version: Version,
    keep_alive: bool,
    by_path: bool,
    framing: Option<Framing>,
    /// Set when something of the answer may have reached the client.
    begun: &'a AtomicBool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answer<'_, S> {
    /// Passes the answer on. Gives whether the connection can serve another request.
    pub(super) async fn run(
        mut self,
        incoming: &mut crate::session::Incoming,
        decoder: &mut Decoder,
    ) -> Result<bool, Broken> {
        let must_end = incoming.must_end();
        let passing = async {
            loop {
                while let Some(frame) = decoder.frame().map_err(|error| Broken::Over(relay_fault(error)))? {
                    if let Some(keep) = self.pass(frame).await? {
                        self.flush(&Bytes::new()).await?;
                        return Ok(keep);
                    }
                }
                self.flush(&Bytes::new()).await?;
                match incoming.next().await {
                    Turn::Payload(payload) => decoder.push(payload),
                    Turn::Ended(ending) => return Err(Broken::Over(ending)),
                }
            }
        };
        tokio::select! {
            biased;
            passed = passing => passed,
            // Only a client that reads slowly gets here.
            _ending = must_end.wait() => Err(Broken::Connection),
        }
    }

    /// Takes one frame; gives whether to keep the connection when the answer is complete.
    pub(super) async fn pass(&mut self, frame: Frame) -> Result<Option<bool>, Broken> {
        match (frame, self.framing) {
            (Frame::Response(head), None) => {
                self.head(&head)?;
                Ok(None)
            }
            (Frame::Data(data), Some(framing)) => {
                self.data(data, framing).await?;
                Ok(None)
            }
            (Frame::End(trailers), Some(framing)) => self.end(&trailers, framing).map(Some),
            (Frame::Abort(abort), _) => {
                let code = abort.code.parse().unwrap_or(Code::Internal);
                Err(Problem::from(Ending::new(code, abort.message)).into())
            }
            _ => Err(Broken::Connection),
        }
    }

    fn head(&mut self, head: &ResponseHead) -> Result<(), Broken> {
        let length = head.fields.iter().find(|(name, _)| &name[..] == b"content-length").map(|(_, value)| value);
        let length = length.map(|value| std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok()));
        let framing = match (head.status, length) {
            (204 | 304, _) => Framing::None,
            _ if self.head_only => Framing::None,
            (_, Some(Some(length))) => Framing::Length(length),
            (_, Some(None)) => {
                let ending = Ending::new(Code::TargetProtocol, "the target's answer has no valid length");
                return Err(Problem::from(ending).into());
            }
            _ if self.version == Version::Http11 => Framing::Chunked,
            _ => Framing::Close,
        };
        self.keep_alive &= framing != Framing::Close;
        self.framing = Some(framing);
        let by_path = self.by_path;
        let fields = pairs(&head.fields).filter(|(name, _)| passes_back(name, by_path));
        put_response_head(&mut self.out, head.status, fields, framing, self.keep_alive);
        Ok(())
    }

    async fn data(&mut self, data: Bytes, framing: Framing) -> Result<(), Broken> {
        match framing {
            Framing::None => return Ok(()),
            Framing::Length(left) => {
                let left = left.checked_sub(data.len() as u64).ok_or(Broken::Connection)?;
                self.framing = Some(Framing::Length(left));
            }
            Framing::Chunked => chunk_header(&mut self.out, data.len()),
            Framing::Close => {}
        }
        if data.len() < LARGE {
            self.out.extend_from_slice(&data);
        } else {
            self.flush(&data).await?;
        }
        if framing == Framing::Chunked {
            self.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    fn end(&mut self, trailers: &Fields, framing: Framing) -> Result<bool, Broken> {
        match framing {
            // The client was promised more.
            Framing::Length(1..) => return Err(Broken::Connection),
            Framing::Chunked if trailers.is_empty() => self.out.extend_from_slice(LAST_CHUNK),
            Framing::Chunked => put_trailers(&mut self.out, pairs(trailers)),
            Framing::None | Framing::Length(0) | Framing::Close => {}
        }
        Ok(self.keep_alive)
    }

    /// Writes what was put, and `data` behind it.
    pub(super) async fn flush(&mut self, data: &Bytes) -> Result<(), Broken> {
        if self.out.is_empty() && data.is_empty() {
            return Ok(());
        }
        self.begun.store(true, Ordering::Relaxed);
        let mut all = Buf::chain(&self.out[..], &data[..]);
        self.writer.write_all_buf(&mut all).await.map_err(|_| Broken::Connection)?;
        self.writer.flush().await.map_err(|_| Broken::Connection)?;
        self.out.clear();
        Ok(())
    }
}

pub(super) fn relay_fault(error: protocols::http::RelayError) -> Ending {
    Ending::new(Code::Internal, format!("relay: {error}"))
}

pub(super) fn pairs(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.iter().map(|(name, value)| (&name[..], &value[..]))
}
