//! HTTP targets: one that answers in every way, and one that only counts what reaches it.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{io::AsyncReadExt as _, net::TcpListener, sync::Semaphore};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Speaks HTTP/1.1 and HTTP/2 in plain text.
pub async fn versatile() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let asked = asked.clone();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(|request| {
                    let asked = asked.clone();
                    async move { Ok::<_, Infallible>(answer(request, &asked).await) }
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                let _gone = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address.to_string()
}

/// How many more events `/next` has asked of `/sse`.
#[derive(Clone)]
struct Asked(Arc<Semaphore>);

impl Default for Asked {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

async fn answer(request: Request<Incoming>, asked: &Asked) -> Response<Body> {
    let head_only = request.method() == http::Method::HEAD;
    let response = full_answer(request, asked).await;
    if head_only { response.map(|_| http_body_util::Empty::new().boxed_unsync()) } else { response }
}

async fn full_answer(request: Request<Incoming>, asked: &Asked) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    match path.as_str() {
        "/headers" => {
            let mut lines: Vec<String> = vec![format!("{} {}", request.method(), request.uri())];
            for (name, value) in request.headers() {
                lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
            }
            text("text/plain", lines.join("\n"))
        }
        "/card" => text("application/json", r#"{"id":7,"card":"4111111111111111","n":1e400}"#.into()),
        "/slowcard" => slow("text/plain", vec!["card 41111111", "11111111 end"]),
        "/sse" => events(asked.clone()),
        "/next" => {
            asked.0.add_permits(1);
            text("text/plain", String::new())
        }
        "/big" => {
            let count: usize = query.parse().unwrap();
            let piece = Bytes::from(vec![0u8; 65536]);
            let pieces = futures::stream::iter((0..count / 65536).map(move |_| Ok(Frame::data(piece.clone()))));
            let mut response = stream(pieces);
            response.headers_mut().insert("content-type", "application/octet-stream".parse().unwrap());
            response.headers_mut().insert("content-length", (count / 65536 * 65536).into());
            response
        }
        "/count" => {
            let mut body = request.into_body();
            let mut count = 0;
            while let Some(Ok(frame)) = body.frame().await {
                count += frame.data_ref().map_or(0, Bytes::len);
            }
            text("text/plain", count.to_string())
        }
        "/echo" => {
            let content_type = request.headers().get("content-type").cloned();
            let body = request.into_body();
            let frames = futures::stream::unfold(body, |mut body| async move {
                let frame = body.frame().await?.ok()?;
                Some((Ok(frame), body))
            });
            let mut response = stream(frames);
            if let Some(content_type) = content_type {
                response.headers_mut().insert("content-type", content_type);
            }
            response
        }
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().unwrap());
            let frames = vec![Ok(Frame::data(Bytes::from_static(b"body"))), Ok(Frame::trailers(trailers))];
            let mut response = stream(futures::stream::iter(frames));
            response.headers_mut().insert("trailer", "grpc-status".parse().unwrap());
            response
        }
        "/odd" => {
            let mut response = text("text/plain", "odd".into());
            for (name, value) in [
                ("connection", "x-hop"),
                ("x-hop", "one connection's own"),
                ("keep-alive", "timeout=5"),
                ("proxy-authenticate", "Basic"),
                ("proxy-connection", "keep-alive"),
                ("upgrade", "h9"),
                ("te", "gzip"),
                ("x-own", "kept"),
            ] {
                response.headers_mut().append(name, value.parse().unwrap());
            }
            response
        }
        "/cookie" => {
            let mut response = text("text/plain", "x".into());
            response.headers_mut().insert("set-cookie", "a=b".parse().unwrap());
            response
        }
        "/gzip" => {
            let mut response = text("application/json", "not gzip really".into());
            response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            response
        }
        "/forever" => std::future::pending().await,
        "/redirect" => {
            let mut response = text("text/plain", String::new());
            *response.status_mut() = http::StatusCode::FOUND;
            response.headers_mut().insert("location", "/x?card=4111111111111111".parse().unwrap());
            response
        }
        _ => {
            let mut response = text("text/plain", "nothing here".into());
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            response
        }
    }
}

/// Three events; each but the first when it is asked for.
fn events(asked: Asked) -> Response<Body> {
    let pieces = ["data: one\n\n", "data: 41111111\n\n", "data: three\n\n"];
    let frames = futures::stream::iter(pieces.into_iter().enumerate()).then(move |(number, piece)| {
        let asked = asked.clone();
        async move {
            if number > 0 {
                asked.0.acquire().await.unwrap().forget();
            }
            Ok(Frame::data(Bytes::from_static(piece.as_bytes())))
        }
    });
    let mut response = stream(frames);
    response.headers_mut().insert("content-type", "text/event-stream".parse().unwrap());
    response
}

fn text(content_type: &'static str, content: String) -> Response<Body> {
    let length = content.len();
    let mut response = stream(futures::stream::iter([Ok(Frame::data(Bytes::from(content)))]));
    response.headers_mut().insert("content-type", content_type.parse().unwrap());
    response.headers_mut().insert("content-length", length.into());
    response
}

fn slow(content_type: &'static str, pieces: Vec<&'static str>) -> Response<Body> {
    let pieces = futures::stream::iter(pieces).then(|piece| async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(Frame::data(Bytes::from_static(piece.as_bytes())))
    });
    let mut response = stream(pieces);
    response.headers_mut().insert("content-type", content_type.parse().unwrap());
    response
}

fn stream(frames: impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + 'static) -> Response<Body> {
    Response::new(StreamBody::new(frames).boxed_unsync())
}

/// Counts connections and bytes; answers nothing.
#[derive(Clone, Default)]
pub struct Sink(pub Arc<AtomicUsize>);

impl Sink {
    pub async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::clone(&self.0);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        count.fetch_add(read, Ordering::SeqCst);
                    }
                });
            }
        });
        address
    }
}
