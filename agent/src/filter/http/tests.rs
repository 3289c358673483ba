#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, response::Parts};
use masking::{Label, Masker};

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
    let mut answer = Answer::new(on(), Arc::default(), &Method::GET, &head, None).unwrap();
    assert_eq!(names(&mut answer, &head.headers), ["content-type", "location"]);
    let mut untouched = Answer::new(Arc::new(Masker::new(&[])), Arc::default(), &Method::GET, &head, None).unwrap();
    assert_eq!(names(&mut untouched, &head.headers), ["content-type", "etag", "location"]);
}

#[test]
fn a_range_is_cut_out_after_masking() {
    let head = head(200, &[("content-type", "text/plain"), ("content-length", "10")]);
    let mut answer = Answer::new(on(), Arc::default(), &Method::GET, &head, Range::parse(b"bytes=3-5")).unwrap();
    assert!(answer.is_undecided());
    let mut got = Vec::new();
    for piece in [&b"01"[..], b"234", b"56789"] {
        got.extend_from_slice(&answer.content(Bytes::from_static(piece)).unwrap());
    }
    got.extend_from_slice(&answer.finish().unwrap());
    assert_eq!(answer.status(), 206);
    let fields = answer.fields(&head.headers);
    assert!(fields.contains(&("content-range".into(), "bytes 3-5/10".into())));
    assert!(fields.contains(&("content-length".into(), "3".into())));
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
fn a_picture_is_looked_at_while_it_passes_so_the_record_does_not_say_otherwise() {
    let answer =
        Answer::new(on(), Arc::default(), &Method::GET, &head(200, &[("content-type", "image/png")]), None).unwrap();
    let completed = answer.completed("ok");
    assert!(completed.fields.iter().all(|field| field.name != "inspected"), "{:?}", completed.fields.len());
}

#[test]
fn decoded_content_loses_the_labels_of_its_old_form() {
    let head = head(
        200,
        &[
            ("content-type", "application/json; charset=utf-16"),
            ("content-encoding", "identity"),
            ("content-length", "20"),
        ],
    );
    let mut answer = Answer::new(on(), Arc::default(), &Method::GET, &head, None).unwrap();
    let wide: Vec<u8> = "{\"a\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut got = answer.content(wide.into()).unwrap().to_vec();
    got.extend_from_slice(&answer.finish().unwrap());
    assert_eq!(got, b"{\"a\": 1}");
    let fields = answer.fields(&head.headers);
    assert_eq!(fields, [("content-type".into(), "application/json; charset=utf-8".into())]);
}

#[test]
fn a_field_that_is_marked_or_named_like_a_value_does_not_pass_in_clear() {
    let head = head(204, &[("x-ssn", "anything"), ("x-4111111111111111", "1"), ("x-note", "4111111111111111")]);
    let rules = Rules { headers: vec![("x-ssn".into(), Some(Label::Ssn))], ..Rules::default() };
    let mut answer = Answer::new(on(), Arc::new(rules), &Method::GET, &head, None).unwrap();
    let fields = answer.fields(&head.headers);
    assert_eq!(fields, [("x-ssn".into(), "********".into()), ("x-note".into(), "****************".into())]);
}
