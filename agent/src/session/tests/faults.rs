//! Faults on purpose: a detector that panics, no policy, a database whose catalog cannot be read. The session ends in order with
//! a code that the client is told in its protocol, nothing raw has passed, and the next session is served.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use proto::{Code, Down, Ending, Grant, Settings, Up};
use protocols::{
    http::{Version, put_end, put_request},
    pg::{
        encode,
        frame::{Side, peek},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::site;
use crate::{filter::fault::TRIGGER, session::Sessions, target::pair};

fn frame(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    encode::frame(&mut out, tag, |out| out.extend_from_slice(body));
    out.to_vec()
}

fn row(value: &[u8]) -> Vec<u8> {
    let described = frame(b'T', b"\0\x01note\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0");
    let length = u32::try_from(value.len()).unwrap().to_be_bytes();
    let row = frame(b'D', &[b"\0\x01".as_slice(), &length, value].concat());
    [described, row, frame(b'C', b"SELECT 1\0"), frame(b'Z', b"I")].concat()
}

/// What the target was asked.
type Asked = Arc<Mutex<Vec<String>>>;

/// A PostgreSQL server that knows two values, and no catalog.
async fn postgres(mut stream: TcpStream, asked: Asked) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    stream.read_exact(&mut vec![0; usize::try_from(length).unwrap() - 4]).await.ok()?;
    let said = [("client_encoding", "UTF8"), ("standard_conforming_strings", "on"), ("search_path", "public")];
    let mut greeting = frame(b'R', &[0; 4]);
    said.iter().for_each(|(name, value)| greeting.extend(frame(b'S', format!("{name}\0{value}\0").as_bytes())));
    greeting.extend(frame(b'K', &[0; 8]));
    greeting.extend(frame(b'Z', b"I"));
    stream.write_all(&greeting).await.ok()?;
    let mut received = BytesMut::new();
    loop {
        while let Some(header) = peek(&received, Side::Front).unwrap().filter(|header| received.len() >= header.frame())
        {
            let frame_ = received.split_to(header.frame());
            let text = String::from_utf8_lossy(&frame_[5..]).into_owned();
            asked.lock().unwrap().push(text.clone());
            let answer = match header.tag {
                b'Q' if text.contains("BEGIN TRANSACTION") => {
                    [frame(b'E', b"SERROR\0C57014\0Mno catalog today\0\0"), frame(b'Z', b"I")].concat()
                }
                b'Q' if text.contains("REFUSED") => {
                    [frame(b'E', b"SERROR\0C42601\0Msyntax error\0\0"), frame(b'Z', b"I")].concat()
                }
                b'Q' if text.contains("bad") => row(TRIGGER),
                b'Q' => row(b"good"),
                _ => return None,
            };
            stream.write_all(&answer).await.ok()?;
        }
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    }
}

/// A web server with two pages.
async fn web(mut stream: TcpStream, asked: Asked) -> Option<()> {
    let mut received = BytesMut::new();
    loop {
        stream.read_buf(&mut received).await.ok().filter(|read| *read > 0)?;
        if let Some(end) = received.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received.split_to(end + 4)).into_owned();
            asked.lock().unwrap().push(head.clone());
            let body = if head.contains("bad") { TRIGGER } else { b"good" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
        }
    }
}

struct World {
    sessions: Sessions,
    grant: Grant,
    asked: Asked,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(settings: &str, has_policy: bool) -> Self {
        let settings: Settings = serde_json::from_str(settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap().to_string(), Asked::default());
        let (log, speaks) = (Arc::clone(&asked), settings.protocol());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                match speaks {
                    proto::Protocol::Postgres => tokio::spawn(postgres(stream, log)),
                    _ => tokio::spawn(web(stream, log)),
                };
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let (sessions, grant) = site(folder.path(), address, settings, BTreeMap::new(), has_policy);
        Self { sessions, grant, asked, _folder: folder }
    }

    /// One session in which the client sends one message: what it got, and how it ended.
    async fn session(&self, message: Vec<u8>) -> (Vec<u8>, Ending) {
        let (link, down, mut up) = pair(64);
        let (sessions, grant) = (self.sessions.clone(), self.grant.clone());
        let id = proto::SessionId::generate();
        let served = tokio::spawn(async move { sessions.serve(id, grant, link).await });
        let (mut got, mut ending) = (Vec::new(), None);
        while let Ok(Some(said)) = tokio::time::timeout(Duration::from_secs(20), up.recv()).await {
            match said {
                Up::Ready(_) => down.send(Down::Payload(Bytes::from(message.clone()))).await.unwrap(),
                Up::Payload(bytes) => {
                    got.extend_from_slice(&bytes);
                    if got.windows(4).any(|part| part == b"good") || got.windows(3).any(|part| part == b"SP-") {
                        down.send(Down::Close(Ending::new(Code::Done, "enough"))).await.unwrap();
                    }
                }
                Up::Events(records) => {
                    assert!(!records.iter().any(|record| record.windows(16).any(|part| part == &TRIGGER[..16])));
                    let _later = down.send(Down::Ack { seq: u64::MAX }).await;
                }
                Up::Closed(said) | Up::Refused(said) => {
                    ending = Some(said);
                    break;
                }
                Up::Open(_) => {}
            }
        }
        drop(down);
        served.await.expect("the task of a session never panics");
        (got, ending.expect("a session has an end"))
    }
}

fn query(text: &str) -> Vec<u8> {
    frame(b'Q', format!("{text}\0").as_bytes())
}

fn get(path: &str) -> Vec<u8> {
    let mut out = BytesMut::new();
    put_request(&mut out, b"GET", path.as_bytes(), Version::Http11, false, std::iter::empty()).unwrap();
    put_end(&mut out, std::iter::empty()).unwrap();
    out.to_vec()
}

const POSTGRES: &str = r#"{"protocol": "postgres", "login": "app", "database": "shop"}"#;
const HTTP: &str = r#"{"protocol": "http"}"#;

#[tokio::test]
async fn a_detector_that_panics_ends_its_session_in_order_and_no_other() {
    for (settings, bad, good) in
        [(POSTGRES, query("SELECT bad"), query("SELECT wanted")), (HTTP, get("/bad"), get("/wanted"))]
    {
        let world = World::new(settings, true).await;
        for _ in 0..2 {
            let (got, ending) = world.session(bad.clone()).await;
            assert_eq!(ending.code, Code::Internal, "{ending:?}");
            assert!(!got.windows(16).any(|part| part == &TRIGGER[..16]), "{}", String::from_utf8_lossy(&got));
            let (got, ending) = world.session(good.clone()).await;
            assert!(got.windows(4).any(|part| part == b"good"), "{ending:?}: {}", String::from_utf8_lossy(&got));
        }
        assert_eq!(world.sessions.count(), 0);
    }
}

#[tokio::test]
async fn without_a_policy_the_target_is_asked_nothing_and_the_client_is_told() {
    for (settings, message) in [(POSTGRES, query("SELECT wanted")), (HTTP, get("/wanted"))] {
        let world = World::new(settings, false).await;
        let (got, _) = world.session(message).await;
        assert!(got.windows(3).any(|part| part == b"SP-"), "{}", String::from_utf8_lossy(&got));
        assert!(!world.asked.lock().unwrap().iter().any(|text| text.contains("wanted")), "{:?}", world.asked);
    }
}

#[tokio::test]
async fn where_the_catalog_cannot_be_read_nothing_is_masked_strictly_so_nobody_gets_in() {
    let strict = r#"{"protocol": "postgres", "login": "app", "database": "shop",
        "masking": {"columns": {"public.customers.email": "email"}}}"#;
    let world = World::new(strict, true).await;
    let (got, ending) = world.session(query("SELECT wanted")).await;
    assert_eq!(ending.code, Code::TargetProtocol, "{ending:?}");
    assert!(ending.message.contains("catalog") && got.is_empty());
    assert!(!world.asked.lock().unwrap().iter().any(|text| text.contains("wanted")));
}
