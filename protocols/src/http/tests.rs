#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::{frame::tag, *};

fn fields(pairs: &[(&'static str, &'static str)]) -> Fields {
    pairs
        .iter()
        .map(|(name, value)| (Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes())))
        .collect()
}

fn pairs(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.iter().map(|(name, value)| (&name[..], &value[..]))
}

fn write(frames: &[Frame]) -> BytesMut {
    let mut out = BytesMut::new();
    for frame in frames {
        match frame {
            Frame::Request(head) => {
                put_request(&mut out, &head.method, &head.target, head.version, head.upgrade, pairs(&head.fields))
                    .unwrap();
            }
            Frame::Response(head) => put_response(&mut out, head.status, pairs(&head.fields)).unwrap(),
            Frame::Data(data) => put_data(&mut out, data),
            Frame::End(trailers) => put_end(&mut out, pairs(trailers)).unwrap(),
            Frame::Abort(abort) => put_abort(&mut out, &abort.code, &abort.message),
        }
    }
    out
}

/// All frames of these pieces, with neighbouring data joined.
fn read(mut decoder: Decoder, pieces: &[Bytes]) -> Result<Vec<Frame>, RelayError> {
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece.clone());
        while let Some(frame) = decoder.frame()? {
            match (frames.last_mut(), frame) {
                (Some(Frame::Data(last)), Frame::Data(more)) => *last = [&last[..], &more[..]].concat().into(),
                (_, frame) => frames.push(frame),
            }
        }
    }
    Ok(frames)
}

fn request() -> RequestHead {
    RequestHead {
        method: Bytes::from_static(b"POST"),
        target: Bytes::from_static(b"/v1/items?x=1"),
        version: Version::Http11,
        upgrade: false,
        fields: fields(&[("content-type", "application/json"), ("accept", ""), ("x", "a\tb")]),
    }
}

fn exchange() -> Vec<Frame> {
    vec![
        Frame::Request(request()),
        Frame::Data(Bytes::from(vec![7; 300])),
        Frame::End(fields(&[("grpc-status", "0")])),
        Frame::Request(RequestHead { upgrade: true, version: Version::Http2, fields: Fields::new(), ..request() }),
        Frame::Abort(Abort { code: "SP-DONE".into(), message: "the client went away".into() }),
        Frame::Request(request()),
        Frame::End(Fields::new()),
    ]
}

proptest! {
    #[test]
    fn every_split_gives_the_same_frames(cuts in proptest::collection::vec(1usize..80, 1..60)) {
        let mut bytes = write(&exchange()).freeze();
        let mut pieces = Vec::new();
        for cut in cuts {
            pieces.push(bytes.split_to(cut.min(bytes.len())));
        }
        pieces.push(bytes);
        prop_assert_eq!(read(Decoder::requests(), &pieces).unwrap(), exchange());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), requests: bool) {
        let decoder = if requests { Decoder::requests() } else { Decoder::responses() };
        let _ = read(decoder, &[bytes.into()]);
    }

    #[test]
    fn no_changed_byte_makes_the_decoder_panic(at in 0usize..500, to: u8) {
        let mut bytes = write(&exchange());
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = read(Decoder::requests(), &[bytes.freeze()]);
    }
}

#[test]
fn responses_come_back_as_written_and_names_become_lower_case() {
    let mut out = BytesMut::new();
    put_response(&mut out, 200, [(&b"Content-Type"[..], &b"text/plain"[..])].into_iter()).unwrap();
    put_end(&mut out, std::iter::empty()).unwrap();
    let expected = vec![
        Frame::Response(ResponseHead { status: 200, fields: fields(&[("content-type", "text/plain")]) }),
        Frame::End(Fields::new()),
    ];
    assert_eq!(read(Decoder::responses(), &[out.freeze()]).unwrap(), expected);
}

#[test]
fn large_content_is_handed_on_without_a_copy() {
    let content = Bytes::from(vec![1; 100_000]);
    let mut head = BytesMut::new();
    put_response(&mut head, 200, std::iter::empty()).unwrap();
    head.extend_from_slice(&data_header(content.len()));
    let mut decoder = Decoder::responses();
    decoder.push(head.freeze());
    assert!(matches!(decoder.frame(), Ok(Some(Frame::Response(_)))));
    assert_eq!(decoder.frame(), Ok(None));
    decoder.push(content.clone());
    let Ok(Some(Frame::Data(data))) = decoder.frame() else { panic!("no data") };
    assert_eq!(data.as_ptr(), content.as_ptr());
}

#[test]
fn an_abort_may_come_without_a_head() {
    let abort = [Frame::Abort(Abort { code: "SP-TARGET-LOST".into(), message: "x".into() })];
    let bytes = write(&abort).freeze();
    assert_eq!(read(Decoder::responses(), std::slice::from_ref(&bytes)).unwrap(), abort);
    assert_eq!(read(Decoder::requests(), &[bytes]).unwrap(), abort);
}

fn raw(tag: u8, body: &[u8]) -> Bytes {
    let mut bytes = vec![tag];
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(body);
    bytes.into()
}

#[test]
fn every_malformed_frame_is_refused() {
    use RelayError::{Leftover, Malformed, OutOfOrder, TooLarge, UnknownFrame};
    let head = |method: &[u8], version: u8, flags: u8, target: &[u8], rest: &[u8]| {
        let mut body = vec![u8::try_from(method.len()).unwrap()];
        body.extend_from_slice(method);
        body.extend_from_slice(&[version, flags]);
        body.extend_from_slice(&u16::try_from(target.len()).unwrap().to_be_bytes());
        body.extend_from_slice(target);
        body.extend_from_slice(rest);
        raw(tag::REQUEST, &body)
    };
    let none = &[0, 0][..];
    for (what, bytes, error) in [
        ("tag 0", raw(0, &[]), UnknownFrame),
        ("tag 9", raw(9, &[]), UnknownFrame),
        ("a response to the agent", raw(tag::RESPONSE, &[0, 200, 0, 0]), OutOfOrder),
        ("data first", raw(tag::DATA, &[1]), OutOfOrder),
        ("end first", raw(tag::END, none), OutOfOrder),
        (
            "a head of 128 KiB and more",
            [&[tag::REQUEST], &200_000u32.to_be_bytes()[..]].concat().into(),
            TooLarge("head"),
        ),
        ("an empty head", raw(tag::REQUEST, &[]), Malformed("method")),
        ("no method", head(b"", 11, 0, b"/", none), Malformed("method")),
        ("a lower-case method", head(b"get", 11, 0, b"/", none), Malformed("method")),
        ("CONNECT", head(b"CONNECT", 11, 0, b"/", none), Malformed("method")),
        ("HTTP/3", head(b"GET", 30, 0, b"/", none), Malformed("version")),
        ("an unknown flag", head(b"GET", 11, 2, b"/", none), Malformed("flags")),
        ("an absolute target", head(b"GET", 11, 0, b"http://x/", none), Malformed("target")),
        ("a dotted target", head(b"GET", 11, 0, b"/../x", none), Malformed("target")),
        ("no field count", head(b"GET", 11, 0, b"/", &[]), Malformed("field count")),
        ("too many fields", head(b"GET", 11, 0, b"/", &[9, 9]), TooLarge("field count")),
        ("a cut field", head(b"GET", 11, 0, b"/", &[0, 1, 0, 5, b'a']), Malformed("field name")),
        ("an empty name", head(b"GET", 11, 0, b"/", &[0, 1, 0, 0, 0, 0]), Malformed("field name")),
        ("an upper-case name", head(b"GET", 11, 0, b"/", &[0, 1, 0, 1, b'A', 0, 0]), Malformed("field name")),
        ("a line in a value", head(b"GET", 11, 0, b"/", &[0, 1, 0, 1, b'a', 0, 1, b'\n']), Malformed("field value")),
        ("leftovers", head(b"GET", 11, 0, b"/", &[0, 0, 0]), Leftover),
    ] {
        assert_eq!(read(Decoder::requests(), &[bytes]), Err(error), "{what}");
    }
    let begun = write(&[Frame::Request(request())]).freeze();
    for (what, bytes, error) in [
        ("a second head", begun.clone(), OutOfOrder),
        ("empty data", raw(tag::DATA, &[]), Malformed("data")),
        ("too much data", [&[tag::DATA], &u32::MAX.to_be_bytes()[..]].concat().into(), TooLarge("data")),
        ("an abort without text", raw(tag::ABORT, &[]), Malformed("code")),
        ("an abort that is no text", raw(tag::ABORT, &[0, 1, 0xff, 0, 0]), Malformed("code")),
    ] {
        assert_eq!(read(Decoder::requests(), &[begun.clone(), bytes]), Err(error), "{what}");
    }
    for status in [0u16, 100, 103, 199, 1000] {
        let bytes = raw(tag::RESPONSE, &[&status.to_be_bytes()[..], none].concat());
        assert_eq!(read(Decoder::responses(), &[bytes]), Err(Malformed("status")), "{status}");
    }
}

#[test]
fn after_an_error_a_decoder_gives_nothing_more() {
    let mut decoder = Decoder::requests();
    decoder.push(raw(0, &[]));
    assert!(decoder.frame().is_err());
    decoder.push(write(&exchange()).freeze());
    assert!(decoder.frame().is_err());
}

#[test]
fn heads_that_fit_no_frame_are_refused_and_leave_nothing_behind() {
    let mut out = BytesMut::from(&b"before"[..]);
    let long = vec![b'a'; 70_000];
    assert_eq!(put_response(&mut out, 200, [(&b"a"[..], &long[..])].into_iter()), Err(Oversize));
    let many = std::iter::repeat_n((&b"a"[..], &b"b"[..]), MAX_FIELDS + 1);
    assert_eq!(put_end(&mut out, many), Err(Oversize));
    assert_eq!(&out[..], b"before");
}

#[test]
fn identity_is_claimed_under_many_names() {
    for name in [
        "x-forwarded-for",
        "x-forwarded-user",
        "forwarded",
        "x-real-ip",
        "x-remote-user",
        "x_forwarded_for",
        "x-sallyport-subject",
        "content_length",
    ] {
        assert!(claims_identity(name.as_bytes()), "{name}");
    }
    for name in ["x-request-id", "traceparent", "content-type", "x-api-key", "idempotency_key"] {
        assert!(!claims_identity(name.as_bytes()), "{name}");
    }
}
