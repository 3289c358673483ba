//! What two HTTP readers could understand differently is refused, and not one byte of it reaches the target.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    target::Sink,
    world::{Target, World, settings},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_smuggling_form_is_refused_and_nothing_is_forwarded() {
    let sink = Sink::default();
    let address = sink.start().await.to_string();
    let world = World::start(vec![Target { name: "t", address, settings: settings("{}"), masked: false }]).await;
    let head = format!("POST /t/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n", world.ticket);
    let with = |rest: &str| format!("{head}{rest}");
    for request in [
        with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        with("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        with("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        with("Content-Length: +5\r\n\r\nhello"),
        with("Content-Length : 5\r\n\r\nhello"),
        with("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        with("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        with("Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"),
        with("Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"),
        with("Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n"),
        with("Host: b\r\n\r\n"),
        with("Authorization: Bearer other\r\n\r\n"),
        with("A: b\r\n folded\r\n\r\n"),
        with("A: b\nC: d\r\n\r\n"),
        with("A: b\0\r\n\r\n"),
        with("A\u{e9}: b\r\n\r\n"),
        with("TE: gzip\r\n\r\n"),
        head.replace("POST /t/x", "POST http://b/t/x") + "\r\n",
        head.replace("POST /t/x", "CONNECT /t/x") + "\r\n",
        head.replace("/t/x", "/t/../t/x") + "\r\n",
        head.replace("/t/x", "/t\\x") + "\r\n",
        head.replace("/t/x", "/t/%00") + "\r\n",
        head.replace("HTTP/1.1", "HTTP/1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        head.replace("\r\n", "\n") + "\n",
    ] {
        let mut stream = TcpStream::connect(world.http).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
        let _reset = read.await.unwrap_or_else(|_| panic!("no answer to {request:?}"));
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("SP-MALFORMED"), "{request:?}: {answer}");
    }
    assert_eq!(sink.0.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_goes_wrong_later_ends_the_request_and_the_connection() {
    let sink = Sink::default();
    let address = sink.start().await.to_string();
    let world = World::start(vec![Target { name: "t", address, settings: settings("{}"), masked: false }]).await;
    let mut stream = TcpStream::connect(world.http).await.unwrap();
    let request = format!(
        "POST /t/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz",
        world.ticket
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _reset = tokio::time::timeout(Duration::from_secs(60), stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
