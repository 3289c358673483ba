#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::*;
use crate::http::Version;

/// Reads one request as a server does; gives its content, and how many bytes are left over.
fn read(bytes: &[u8]) -> Result<(Vec<u8>, usize), Rejection> {
    let mut buffer = BytesMut::from(bytes);
    let Some(len) = HeadReader::default().find(&buffer)? else { return Err(Rejection::Malformed("unfinished")) };
    let head = buffer.split_to(len);
    let mut body = BodyReader::new(RequestHead::parse(&head)?.length);
    let mut content = Vec::new();
    loop {
        match body.next(&mut buffer)? {
            Some(Piece::Data(data)) => content.extend_from_slice(&data),
            Some(Piece::End(_)) => return Ok((content, buffer.len())),
            None => return Err(Rejection::Malformed("unfinished")),
        }
    }
}

fn with(fields: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[test]
fn every_smuggling_form_is_refused() {
    for request in [
        // Two lengths.
        with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
        with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
        with("Content-Length: 1\r\nContent-Length: 2\r\n"),
        with("Content-Length: 1\r\nContent-Length: 1\r\n"),
        with("Content-Length: 1, 1\r\n"),
        // Lengths that are none.
        with("Content-Length: +1\r\n"),
        with("Content-Length: -1\r\n"),
        with("Content-Length: 0x1\r\n"),
        with("Content-Length: 1 1\r\n"),
        with("Content-Length:\r\n"),
        with("Content-Length: 99999999999999999999\r\n"),
        with("Content_Length: 1\r\n"),
        // Codings.
        with("Transfer-Encoding: gzip, chunked\r\n"),
        with("Transfer-Encoding: chunked, chunked\r\n"),
        with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        with("Transfer-Encoding: xchunked\r\n"),
        with("Transfer-Encoding: identity\r\n"),
        with("Transfer-Encoding: \u{b}chunked\r\n"),
        with("Transfer-Encoding : chunked\r\n"),
        with("Transfer_Encoding: chunked\r\n"),
        with("TE: gzip\r\n"),
        "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
        // Lines.
        with("A: b\nC: d\r\n"),
        with("A: b\rC: d\r\n"),
        with("A: b\r\n folded\r\n"),
        with("A: b\r\n\tfolded\r\n"),
        with("A: b\0\r\n"),
        with("A b\r\n"),
        with(": b\r\n"),
        with("A\u{e9}: b\r\n"),
        "GET / HTTP/1.1\nHost: a\n\n".into(),
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n".into(),
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        // Request lines.
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n".into(),
        "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n".into(),
        "GET / http/1.1\r\nHost: a\r\n\r\n".into(),
        "GET /\r\n\r\n".into(),
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "get / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        // Said twice, or not at all.
        "GET / HTTP/1.1\r\n\r\n".into(),
        with("Host: a\r\n"),
        with("Host: b\r\n"),
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n".into(),
        with("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        with("Expect: 200-ok\r\n"),
        with("Connection: upgrade\r\nUpgrade: websocket\r\n"),
    ] {
        assert!(
            matches!(read(request.as_bytes()), Err(error) if error != Rejection::Malformed("unfinished")),
            "{request:?}"
        );
    }
}

#[test]
fn every_bad_chunk_is_refused() {
    for body in [
        "x\r\n",
        "\r\n",
        " 1\r\na\r\n",
        "-1\r\n",
        "+1\r\n",
        "0x1\r\na\r\n",
        "1 \r\na\r\n",
        "1\na\n0\n\n",
        "1\r\na0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na\n0\r\n\r\n",
        "1;\u{b}\r\na\r\n",
        "1;a\nb\r\n",
        "fffffffffffffffff\r\n",
        "1\r\r\na\r\n",
        "0\r\nA b\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\n folded: b\r\n\r\n",
        "0\r\nA : b\r\n\r\n",
    ] {
        let request = format!("{}{body}", with("Transfer-Encoding: chunked\r\n"));
        assert!(
            matches!(read(request.as_bytes()), Err(error) if error != Rejection::Malformed("unfinished")),
            "{body:?}"
        );
    }
}

#[test]
fn ordinary_requests_are_read_and_what_follows_is_left_alone() {
    let head = with("Content-Length: 3\r\n");
    assert_eq!(read(format!("{head}abcNEXT").as_bytes()), Ok((b"abc".to_vec(), 4)));
    let head = with("Transfer-Encoding: Chunked\r\n");
    let chunks = "3;ext=\"v\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\nNEXT";
    assert_eq!(read(format!("{head}{chunks}").as_bytes()), Ok((b"abc0123456789".to_vec(), 4)));
    assert_eq!(read(b"GET /a?b HTTP/1.0\r\n\r\n"), Ok((vec![], 0)));
}

#[test]
fn what_a_head_says_is_understood() {
    let head = b"GET http://A:8/x?y HTTP/1.1\r\nHost: a:8\r\nConnection: Upgrade, X-Private\r\nUpgrade: WebSocket\r\n\
        Authorization:  Bearer t \r\nTE: trailers\r\n\r\n";
    let head = RequestHead::parse(head).unwrap();
    assert_eq!((head.method, head.target, head.version), (&b"GET"[..], &b"/x?y"[..], Version::Http11));
    assert!(head.websocket && head.takes_trailers && head.keep_alive);
    assert_eq!(head.authorization, Some(&b"Bearer t"[..]));
    assert_eq!(head.connection_options, [&b"Upgrade"[..], &b"X-Private"[..]]);
    let keeps = |text: &str| RequestHead::parse(text.as_bytes()).unwrap().keep_alive;
    assert!(!keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert!(!keeps("GET / HTTP/1.0\r\n\r\n"));
    assert!(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

#[test]
fn heads_have_an_end() {
    let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(MAX_HEAD_BYTES));
    assert_eq!(HeadReader::default().find(long.as_bytes()), Err(Rejection::TooLarge("head")));
    let many = with(&"A: b\r\n".repeat(300));
    assert_eq!(read(many.as_bytes()), Err(Rejection::TooLarge("header count")));
    let size = format!("{}1;{}", with("Transfer-Encoding: chunked\r\n"), "a".repeat(300));
    assert_eq!(read(size.as_bytes()), Err(Rejection::TooLarge("chunk size")));
    let trailers = format!("{}0\r\nA: {}", with("Transfer-Encoding: chunked\r\n"), "a".repeat(20_000));
    assert_eq!(read(trailers.as_bytes()), Err(Rejection::TooLarge("trailers")));
}

proptest! {
    #[test]
    fn every_split_gives_the_same_content(cuts in proptest::collection::vec(1usize..40, 1..40)) {
        let request = format!("{}5\r\nhello\r\n1e\r\n{}\r\n0\r\nx: y\r\n\r\n", with("Transfer-Encoding: chunked\r\n"), "z".repeat(30));
        let mut bytes = Bytes::from(request);
        let mut pieces: Vec<Bytes> = cuts.iter().map(|cut| bytes.split_to((*cut).min(bytes.len()))).collect();
        pieces.push(bytes);
        let (mut buffer, mut finder, mut body) = (BytesMut::new(), HeadReader::default(), None);
        let (mut content, mut trailers) = (Vec::new(), None);
        for piece in pieces {
            buffer.extend_from_slice(&piece);
            if body.is_none() && let Some(len) = finder.find(&buffer).unwrap() {
                let head = buffer.split_to(len);
                body = Some(BodyReader::new(RequestHead::parse(&head).unwrap().length));
            }
            let Some(body) = &mut body else { continue };
            while let Some(piece) = body.next(&mut buffer).unwrap() {
                match piece {
                    Piece::Data(data) => content.extend_from_slice(&data),
                    Piece::End(fields) => trailers = Some(fields.len()),
                }
            }
        }
        prop_assert_eq!(content, format!("hello{}", "z".repeat(30)).into_bytes());
        prop_assert_eq!(trailers, Some(1));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = read(&bytes);
        let _ = read(&[with("Transfer-Encoding: chunked\r\n").as_bytes(), &bytes].concat());
    }
}

#[test]
fn responses_are_written_with_the_asked_framing() {
    let mut out = BytesMut::new();
    put_response_head(&mut out, 200, [(&b"a"[..], &b"b"[..])].into_iter(), Framing::Chunked, true);
    chunk_header(&mut out, 0x1f3);
    chunk_header(&mut out, 1);
    assert_eq!(&out[..], b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n1f3\r\n1\r\n");
    let mut out = BytesMut::new();
    put_response_head(&mut out, 599, std::iter::empty(), Framing::Close, false);
    assert_eq!(&out[..], b"HTTP/1.1 599 \r\nconnection: close\r\n\r\n");
}
