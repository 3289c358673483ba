#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::pg::encode::{GSSENC_REQUEST, SSL_REQUEST, VERSION_3_2};

fn packet(code: u32, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    out.extend_from_slice(&(u32::try_from(body.len()).unwrap() + 8).to_be_bytes());
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn run(transport: Transport, packets: &[BytesMut]) -> (Result<Step, AcceptError>, BytesMut) {
    let mut buffer: BytesMut = packets.iter().flat_map(|packet| packet.to_vec()).collect();
    let mut out = BytesMut::new();
    let step = Accept::new(transport, None).step(&mut buffer, &mut out);
    (step, out)
}

const USER: &[u8] = b"user\0alice\0\0";

#[test]
fn encryption_requests_are_answered() {
    let (step, out) = run(Transport::Plain, &[packet(GSSENC_REQUEST, b""), packet(SSL_REQUEST, b"")]);
    assert!(matches!(step, Ok(Step::More)));
    assert_eq!(&out[..], b"NN");
    let (step, out) = run(Transport::UntilTls, &[packet(GSSENC_REQUEST, b""), packet(SSL_REQUEST, b"")]);
    assert!(matches!(step, Ok(Step::Upgrade)));
    assert_eq!(&out[..], b"NS");
}

#[test]
fn bytes_before_tls_are_refused() {
    let (step, _) = run(Transport::UntilTls, &[packet(SSL_REQUEST, b""), packet(VERSION_3_2, USER)]);
    assert!(matches!(step, Err(AcceptError::EarlyBytes)));
}

#[test]
fn a_startup_in_clear_is_refused_where_tls_is_required() {
    assert!(matches!(run(Transport::UntilTls, &[packet(VERSION_3_2, USER)]).0, Err(AcceptError::TlsRequired)));
}

#[test]
fn encryption_requests_cannot_be_repeated() {
    for code in [SSL_REQUEST, GSSENC_REQUEST] {
        let (step, _) = run(Transport::Plain, &[packet(code, b""), packet(code, b"")]);
        assert!(matches!(step, Err(AcceptError::Malformed(_))));
    }
    assert!(run(Transport::Tls, &[packet(SSL_REQUEST, b"")]).0.is_err(), "TLS within TLS");
}

#[test]
fn a_second_startup_is_refused() {
    let mut accept = Accept::new(Transport::Plain, None);
    let mut out = BytesMut::new();
    assert!(matches!(accept.step(&mut packet(VERSION_3_2, USER), &mut out), Ok(Step::Login(_))));
    accept.challenge("nonce".into(), vec![1], 4096, &mut out);
    assert!(accept.step(&mut packet(VERSION_3_2, b"user\0root\0\0"), &mut out).is_err());
    assert!(accept.step(&mut packet(VERSION_3_2, b"user\0root\0\0"), &mut out).is_err(), "and it stays refused");
}

#[test]
fn a_replication_startup_is_refused() {
    let (step, _) = run(Transport::Plain, &[packet(VERSION_3_2, b"user\0a\0replication\0true\0\0")]);
    assert!(matches!(step, Err(AcceptError::Replication)));
}

#[test]
fn an_unknown_minor_version_is_negotiated() {
    let (step, out) = run(Transport::Plain, &[packet(VERSION_3_2 + 1, b"user\0a\0_pq_.x\0y\0\0")]);
    assert!(matches!(step, Ok(Step::Login(_))));
    assert_eq!(&out[..], b"v\0\0\0\x13\0\x03\0\x02\0\0\0\x01_pq_.x\0");
}

#[test]
fn each_malformed_login_message_is_refused() {
    let broken: [&[u8]; 6] = [
        b"Q\0\0\0\x05\0",
        b"p\0\0\xff\xff",
        b"p\0\0\0\x08none",
        b"p\0\0\0\x12SCRAM-SHA-256\0",
        b"p\0\0\0\x16SCRAM-SHA-256\0\0\0\0\x05",
        b"p\0\0\0\x17SCRAM-SHA-256\0\0\0\0\x01\xff",
    ];
    for message in broken {
        let mut accept = Accept::new(Transport::Plain, None);
        let mut out = BytesMut::new();
        accept.step(&mut packet(VERSION_3_2, USER), &mut out).ok().unwrap();
        accept.challenge("nonce".into(), vec![1], 4096, &mut out);
        assert!(accept.step(&mut BytesMut::from(message), &mut out).is_err(), "{message:?}");
    }
}
