//! HTTP/2 clients. Requests run side by side, each on a lane of its session.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{FutureExt as _, Stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame as BodyFrame};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use proto::{Code, Ending};
use protocols::http::{Fields, Frame, ResponseHead, Version, is_method, is_trailer_forbidden, put_data, put_end};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::OnceCell,
};

use super::{
    client::{Client, Key},
    lanes::{Lease, MAX_LANES, Pool},
    problem::Problem,
    request::{self, passes_back},
    route::{Route, route},
};
use crate::session::Outgoing;

/// Sessions that one client connection may have open.
const MAX_SESSIONS: usize = 16;
const STREAM_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// What is collected of a request's content before it is sent, if the client is fast.
const BATCH: usize = 64 * 1024;

/// Serves a client connection until its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(client: Arc<Client>, stream: S) {
    let requests = Arc::new(Requests { client, pools: Mutex::default() });
    let service = service_fn(move |request| {
        let requests = Arc::clone(&requests);
        async move { Ok::<_, Infallible>(Box::pin(requests.answer(request)).await) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(u32::try_from(MAX_LANES).unwrap_or(100))
        .max_header_list_size(64 * 1024)
        .max_frame_size(64 * 1024)
        .max_send_buf_size(256 * 1024)
        // A client that opens and resets streams faster than they can be served is cut off (CVE-2023-44487).
        .max_pending_accept_reset_streams(50)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "HTTP/2 connection ended");
    }
}

type Answered = Response<Either<Full<Bytes>, Content>>;

/// A session that is opened once, by whoever needs it first.
type Opened = Arc<OnceCell<Arc<Pool>>>;

/// What the requests of one client connection share.
struct Requests {
    client: Arc<Client>,
    pools: Mutex<Vec<(Key, Opened)>>,
}

impl Requests {
    async fn answer(&self, request: Request<Incoming>) -> Answered {
        let head_only = request.method() == http::Method::HEAD;
        let exchanged = self.exchange(request).await;
        if let Err(problem) = &exchanged
            && problem.is_malformed()
        {
            self.client.record_malformed(problem).await;
        }
        match exchanged {
            Ok(answered) => answered,
            Err(problem) if head_only => refuse(&problem).map(|_| Either::Left(Full::new(Bytes::new()))),
            Err(problem) => refuse(&problem),
        }
    }

    async fn exchange(&self, request: Request<Incoming>) -> Result<Answered, Problem> {
        let (head, mut content) = request.into_parts();
        if !is_method(head.method.as_str().as_bytes()) {
            return Err(Problem::malformed("unsupported method"));
        }
        let host = host(&head)?;
        let target = head.uri.path_and_query().map(|target| Bytes::copy_from_slice(target.as_str().as_bytes()));
        let target = target.ok_or_else(|| Problem::malformed("no path"))?;
        let route = route(host.as_deref().map(str::as_bytes), &target, self.client.domain())?;
        let authorization = single(&head.headers, &header::AUTHORIZATION)?;
        single(&head.headers, &header::CONTENT_LENGTH)?;
        let agent = head.headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let pool = self.pool(authorization, &route, agent).await?;
        let within = |problem: Problem| problem.within(pool.id);
        let lease = pool.lease().await.map_err(within)?;

        let mut out = BytesMut::with_capacity(1024);
        let fields = head.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        request::put(&mut out, head.method.as_str().as_bytes(), &route, Version::Http2, false, fields, &[])?;
        let complete = take(&mut content, &mut out).map_err(|()| Problem::malformed("broken content"))?;
        let outgoing = lease.lane.outgoing.clone();
        let upload: Upload = Box::pin(upload(content, out, complete, outgoing));
        let exchange = Exchange { lease, upload: Some(upload), by_path: route.by_path };
        exchange.begin().await.map_err(within)
    }

    /// The session for this request, kept or new. Requests that come together wait for one session.
    async fn pool(&self, authorization: Option<&[u8]>, route: &Route, agent: &[u8]) -> Result<Arc<Pool>, Problem> {
        let identity = self.client.identify(authorization, &route.connection).await?;
        let key = Key { credential: identity.credential_id.clone(), connection: route.connection.clone() };
        let cell = self.cell(&key);
        let opened = cell
            .get_or_try_init(|| async { self.client.open(&identity, &route.connection, agent).await.map(Pool::new) });
        match opened.await {
            Ok(pool) => Ok(Arc::clone(pool)),
            Err(problem) => {
                self.forget(&key, &cell);
                Err(problem)
            }
        }
    }

    fn cell(&self, key: &Key) -> Opened {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|(_, cell)| cell.get().is_none_or(|pool| pool.ending().is_none()));
        if let Some((_, cell)) = pools.iter().find(|(known, _)| known == key) {
            return Arc::clone(cell);
        }
        if pools.len() >= MAX_SESSIONS {
            // Exchanges that still run keep their session until they are done.
            pools.remove(0);
        }
        let cell = Arc::new(OnceCell::new());
        pools.push((key.clone(), Arc::clone(&cell)));
        cell
    }

    fn forget(&self, key: &Key, cell: &Opened) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|(known, other)| known != key || !Arc::ptr_eq(other, cell) || other.initialized());
    }
}

fn host(head: &http::request::Parts) -> Result<Option<String>, Problem> {
    let field = single(&head.headers, &header::HOST)?;
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    if let (Some(field), Some(authority)) = (field, authority)
        && !field.eq_ignore_ascii_case(authority.as_bytes())
    {
        return Err(Problem::malformed("conflicting host"));
    }
    let host = authority.map(str::to_owned).or_else(|| field.map(|host| String::from_utf8_lossy(host).into_owned()));
    match host {
        Some(host) if host.contains('@') => Err(Problem::malformed("malformed host")),
        host => Ok(host),
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Problem> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(HeaderValue::as_bytes)),
        _ => Err(Problem::malformed(format!("conflicting {name}"))),
    }
}

/// Moves content that has arrived into `out`. Gives whether it is complete.
fn take(content: &mut Incoming, out: &mut BytesMut) -> Result<bool, ()> {
    loop {
        if content.is_end_stream() {
            return put_end(out, std::iter::empty()).map(|()| true).map_err(|_| ());
        }
        if out.len() >= BATCH {
            return Ok(false);
        }
        match content.frame().now_or_never() {
            None => return Ok(false),
            Some(next) => {
                if put(next, out)? {
                    return Ok(true);
                }
            }
        }
    }
}

/// Puts one step of the content. Gives whether it was the last.
fn put(next: Option<Result<BodyFrame<Bytes>, hyper::Error>>, out: &mut BytesMut) -> Result<bool, ()> {
    let Some(frame) = next else {
        return put_end(out, std::iter::empty()).map(|()| true).map_err(|_| ());
    };
    match frame.map_err(|_| ())?.into_data() {
        Ok(data) => {
            put_data(out, &data);
            Ok(false)
        }
        Err(frame) => {
            let trailers = frame.into_trailers().unwrap_or_default();
            let passing = trailers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
            let passing = passing.filter(|(name, _)| !is_trailer_forbidden(name));
            put_end(out, passing).map(|()| true).map_err(|_| ())
        }
    }
}

type Upload = Pin<Box<dyn Future<Output = Result<(), ()>> + Send>>;

/// Sends the head and the content. An error means that the client cut its request off.
async fn upload(mut content: Incoming, mut out: BytesMut, mut complete: bool, outgoing: Outgoing) -> Result<(), ()> {
    loop {
        if !out.is_empty() && outgoing.payload(out.split().freeze()).await.is_err() {
            // The answer's direction knows why.
            return std::future::pending().await;
        }
        if complete {
            return Ok(());
        }
        let next = content.frame().await;
        complete = put(next, &mut out)?;
        if !complete {
            complete = take(&mut content, &mut out)?;
        }
    }
}

/// One exchange on its lane. Dropping it cancels the exchange.
struct Exchange {
    lease: Lease,
    /// `None` when the request is complete.
    upload: Option<Upload>,
    by_path: bool,
}

impl Exchange {
    async fn next(&mut self) -> Result<Frame, Ending> {
        loop {
            let Some(upload) = &mut self.upload else { return self.lease.next().await };
            tokio::select! {
                biased;
                sent = upload => match sent {
                    Ok(()) => self.upload = None,
                    Err(()) => return Err(Ending::new(Code::Done, "the client cut its request off")),
                },
                frame = self.lease.next() => return frame,
            }
        }
    }

    /// Waits for the head of the answer.
    async fn begin(mut self) -> Result<Answered, Problem> {
        match self.next().await? {
            Frame::Response(head) => {
                let mut answered = respond(&head, self.by_path)?;
                match self.lease.arrived() {
                    // An answer that is over with its head is told as one frame: gRPC clients insist on it.
                    Some(Frame::End(trailers)) if trailers.is_empty() => {
                        if self.upload.is_none() {
                            self.lease.finish();
                        }
                    }
                    first => *answered.body_mut() = Either::Right(Content::new(self, first)),
                }
                Ok(answered)
            }
            Frame::Abort(abort) => {
                let refusal = Ending::new(abort.code.parse().unwrap_or(Code::Internal), abort.message);
                if self.upload.is_none() {
                    self.lease.finish();
                }
                Err(refusal.into())
            }
            _ => Err(Ending::new(Code::Internal, "relay: no head").into()),
        }
    }
}

fn respond(head: &ResponseHead, by_path: bool) -> Result<Answered, Problem> {
    let fault = || Problem::from(Ending::new(Code::TargetProtocol, "the target's answer cannot be passed on"));
    let mut answered = Response::new(Either::Left(Full::new(Bytes::new())));
    *answered.status_mut() = StatusCode::from_u16(head.status).map_err(|_| fault())?;
    let passing = head.fields.iter().filter(|(name, _)| passes_back(name, by_path));
    for (name, value) in passing {
        let name = HeaderName::from_bytes(name).map_err(|_| fault())?;
        let value = HeaderValue::from_maybe_shared(value.clone()).map_err(|_| fault())?;
        answered.headers_mut().append(name, value);
    }
    Ok(answered)
}

fn refuse(problem: &Problem) -> Answered {
    let mut answered = Response::new(Either::Left(Full::new(problem.document())));
    *answered.status_mut() = problem.status;
    for (name, value) in problem.fields() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            answered.headers_mut().insert(name, value);
        }
    }
    answered
}

type Step = Result<BodyFrame<Bytes>, Lost>;

/// The content of an answer.
struct Content(Pin<Box<dyn Stream<Item = Step> + Send>>);

/// The answer breaks off.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off: {0}")]
struct Lost(Code);

impl Content {
    /// The content of an exchange, of which `first` was taken already.
    fn new(exchange: Exchange, first: Option<Frame>) -> Self {
        Self(Box::pin(futures::stream::unfold((Some(exchange), first), step)))
    }
}

type State = (Option<Exchange>, Option<Frame>);

async fn step((exchange, first): State) -> Option<(Step, State)> {
    let mut exchange = exchange?;
    let next = match first {
        Some(first) => Ok(first),
        None => exchange.next().await,
    };
    match next {
        Ok(Frame::Data(data)) => Some((Ok(BodyFrame::data(data)), (Some(exchange), None))),
        Ok(Frame::End(trailers)) => {
            if exchange.upload.is_none() {
                exchange.lease.finish();
            }
            (!trailers.is_empty()).then(|| (Ok(BodyFrame::trailers(map(&trailers))), (None, None)))
        }
        Ok(Frame::Abort(abort)) => Some((Err(Lost(abort.code.parse().unwrap_or(Code::Internal))), (None, None))),
        Ok(_) => Some((Err(Lost(Code::Internal)), (None, None))),
        Err(ending) => Some((Err(Lost(ending.code)), (None, None))),
    }
}

fn map(fields: &Fields) -> HeaderMap {
    let pair = |(name, value): &(Bytes, Bytes)| {
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_maybe_shared(value.clone()).ok()?))
    };
    fields.iter().filter_map(pair).collect()
}

impl Body for Content {
    type Data = Bytes;
    type Error = Lost;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        self.0.as_mut().poll_next(cx)
    }
}
