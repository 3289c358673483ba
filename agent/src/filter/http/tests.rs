#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, response::Parts};
use masking::{Label, Masker, Syntax};
use proto::Code;

use super::*;

fn on() -> Arc<Masker> {
    Arc::new(Masker::new(&[Label::Card]))
}

fn head(status: u16, fields: &[(&'static str, &'static str)]) -> Parts {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

fn names(answer: &mut Answer, headers: &HeaderMap) -> Vec<String> {
    answer.fields(headers).iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect()
}

#[test]
fn content_is_judged_by_its_label() {
    let judge = |label: &str| classify(Some(label.as_bytes()));
    for label in ["application/json", "application/vnd.api+json; charset=utf-8", "application/x-ndjson", "text/json"] {
        assert_eq!(judge(label), Content::Readable(Syntax::Json), "{label}");
    }
    for label in ["text/plain", "TEXT/HTML;charset=\"UTF-8\"", "text/event-stream", "application/xml", "image/svg+xml"]
    {
        assert_eq!(judge(label), Content::Readable(Syntax::Text), "{label}");
    }
    for label in ["image/png", "video/mp4", "application/zip", "application/grpc", "font/woff2"] {
        assert!(matches!(judge(label), Content::Opaque(_)), "{label}");
    }
    for label in ["application/octet-stream", "nonsense", "application/x-who-knows"] {
        assert_eq!(judge(label), Content::Unknown, "{label}");
    }
    assert_eq!(judge("text/plain; charset=utf-16"), Content::Unreadable("charset"));
    assert_eq!(classify(None), Content::Unknown);
}

#[test]
fn content_without_a_telling_label_is_judged_by_its_first_bytes() {
    assert_eq!(sniff(b" {\"a\": 1}"), Content::Readable(Syntax::Json));
    assert_eq!(sniff(b"hello"), Content::Readable(Syntax::Text));
    assert_eq!(sniff(b"\x89PNG\r\n\x1a\n\0\0"), Content::Opaque("binary"));
    assert_eq!(sniff(b"\x1f\x8b\x08"), Content::Opaque("compressed"));
    assert_eq!(sniff(b"\xff\xfeh\0i\0"), Content::Unreadable("charset"));
    assert_eq!(sniff(b"h\0i\0"), Content::Unreadable("charset"));
}

#[test]
fn coded_text_does_not_pass_where_something_is_masked() {
    let coded = head(200, &[("content-type", "application/json"), ("content-encoding", "gzip")]);
    let refused = Answer::new(on(), &Method::GET, &coded, None).err().unwrap();
    assert_eq!(refused.code, Code::Uninspectable);
    assert!(Answer::new(Arc::new(Masker::new(&[])), &Method::GET, &coded, None).is_ok());
    let image = head(200, &[("content-type", "image/png"), ("content-encoding", "gzip")]);
    assert!(Answer::new(on(), &Method::GET, &image, None).is_ok());
}

#[test]
fn text_that_is_something_else_does_not_pass() {
    let mut answer = Answer::new(on(), &Method::GET, &head(200, &[("content-type", "text/plain")]), None).unwrap();
    assert_eq!(answer.content(Bytes::from_static(b"\x1f\x8b\x08\0")).err().unwrap().code, Code::Uninspectable);
}

#[test]
fn fields_about_the_connection_and_of_ours_are_left_out() {
    let head = head(
        200,
        &[
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("keep-alive", "5"),
            ("transfer-encoding", "chunked"),
            ("x-sallyport-subject", "root"),
            ("alt-svc", "h3=\":443\""),
            ("content-type", "text/plain"),
            ("etag", "\"1\""),
            ("location", "/x"),
        ],
    );
    let mut answer = Answer::new(on(), &Method::GET, &head, None).unwrap();
    assert_eq!(names(&mut answer, &head.headers), ["content-type", "location"]);
    let mut untouched = Answer::new(Arc::new(Masker::new(&[])), &Method::GET, &head, None).unwrap();
    assert_eq!(names(&mut untouched, &head.headers), ["content-type", "etag", "location"]);
}

#[test]
fn a_range_is_cut_out_after_masking() {
    let head = head(200, &[("content-type", "text/plain"), ("content-length", "10")]);
    let mut answer = Answer::new(on(), &Method::GET, &head, Range::parse(b"bytes=3-5")).unwrap();
    assert_eq!(answer.status(), 206);
    let fields = answer.fields(&head.headers);
    assert!(fields.contains(&("content-range".into(), "bytes 3-5/10".into())));
    assert!(fields.contains(&("content-length".into(), "3".into())));
    let mut got = Vec::new();
    for piece in [&b"01"[..], b"234", b"56789"] {
        got.extend_from_slice(&answer.content(Bytes::from_static(piece)).unwrap());
    }
    got.extend_from_slice(&answer.finish());
    assert_eq!(got, b"345");
    assert!(answer.is_complete());
}

#[test]
fn ranges_are_read_as_the_standard_says() {
    assert_eq!(Range::parse(b"bytes=0-0"), Some(Range::FromTo(0, 0)));
    assert_eq!(Range::parse(b"bytes=5-"), Some(Range::From(5)));
    assert_eq!(Range::parse(b"bytes=-5"), Some(Range::Last(5)));
    for other in [&b"bytes=5-3"[..], b"bytes=1-2,4-5", b"lines=1-2", b"bytes=+1-2", b"bytes=-", b"bytes="] {
        assert_eq!(Range::parse(other), None);
    }
    assert_eq!(Range::Last(50).of(10).map(|cut| (cut.first, cut.last)), Some((0, 9)));
    assert_eq!(Range::From(10).of(10), None);
    assert_eq!(Range::Last(0).of(10), None);
    assert_eq!(Range::From(0).of(0), None);
}

#[test]
fn what_was_not_inspected_is_said_in_the_record() {
    let answer = Answer::new(on(), &Method::GET, &head(200, &[("content-type", "image/png")]), None).unwrap();
    let completed = answer.completed("ok");
    assert!(completed.fields.iter().any(|field| field.name == "inspected" && field.value == "no reason=media"));
}
