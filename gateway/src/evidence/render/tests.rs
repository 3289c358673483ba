#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use proto::event::{Closed, Completed, Data, Field, Kind, Masked, Opened, Request, Resized, Stream};

use super::*;

const SECOND: i64 = 1_000_000_000;

fn event(at: i64, exchange: u64, kind: Kind) -> Event {
    Event {
        seq: 1,
        at_unix_ns: 1_790_000_000 * SECOND + at,
        prev: Bytes::from_static(&[0; 2]),
        exchange,
        kind: Some(kind),
    }
}

fn data(stream: Stream, bytes: &'static [u8]) -> Kind {
    Kind::Data(Data { stream: stream.into(), bytes: Bytes::from_static(bytes) })
}

fn field(name: &str, value: &str) -> Field {
    Field { name: name.into(), value: value.into() }
}

fn shell() -> Vec<Event> {
    let pty = vec![field("term", "xterm"), field("columns", "100"), field("rows", "30")];
    vec![
        event(0, 0, Kind::Opened(Opened { connection: "web-1".into(), protocol: "ssh".into(), ..Default::default() })),
        event(
            0,
            1,
            Kind::Request(Request { operation: "exec".into(), text: "true".into(), fields: pty, ..Default::default() }),
        ),
        event(SECOND / 2, 1, data(Stream::Out, b"$ \x1b[1mcaf\xc3")),
        event(SECOND, 2, data(Stream::Out, b"another channel")),
        event(SECOND, 1, data(Stream::Out, b"\xa9\r\n")),
        event(2 * SECOND, 1, Kind::Resized(Resized { columns: 120, rows: 40 })),
        event(2 * SECOND, 1, data(Stream::In, b"typed")),
        event(3 * SECOND, 1, data(Stream::Err, b"\xff")),
        event(4 * SECOND, 1, Kind::Completed(Completed { status: "exit 3".into(), ..Default::default() })),
    ]
}

fn render(format: Format, exchange: Option<u64>, events: &[Event]) -> String {
    let mut renderer = Renderer::new(format, exchange);
    let mut out = Vec::new();
    for event in events {
        renderer.push(&proto::event::encode(event), event, &mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_terminal_becomes_asciicast_3_with_intervals() {
    assert_eq!(
        lines(&render(Format::Asciicast, None, &shell())),
        lines(
            r#"{"command":"true","term":{"cols":100,"rows":30,"type":"xterm"},"timestamp":1790000000,"version":3}
[0.500000,"o","$ \u001b[1mcaf"]
[0.500000,"o","é\r\n"]
[1.000000,"r","120x40"]
[1.000000,"o","�"]
[1.000000,"x","3"]
"#
        )
    );
}

#[test]
fn a_terminal_becomes_asciicast_2_with_times() {
    assert_eq!(
        lines(&render(Format::Asciicast2, None, &shell())),
        lines(
            r#"{"command":"true","env":{"TERM":"xterm"},"height":30,"timestamp":1790000000,"version":2,"width":100}
[0.500000,"o","$ \u001b[1mcaf"]
[1.000000,"o","é\r\n"]
[2.000000,"r","120x40"]
[3.000000,"o","�"]
"#
        )
    );
}

#[test]
fn an_event_becomes_one_line_of_json() {
    let events = [
        event(1000, 4, data(Stream::Out, b"caf\xc3\xa9\n")),
        event(1000, 4, data(Stream::In, b"\xff\x00")),
        event(
            1000,
            4,
            Kind::Masked(Masked { field: "card".into(), label: "card".into(), count: 2, ..Default::default() }),
        ),
        event(1000, 0, Kind::Closed(Closed { code: "SP-DONE".into(), requests: 4, ..Default::default() })),
    ];
    assert_eq!(
        lines(&render(Format::Ndjson, None, &events)),
        lines(
            r#"{"at":"2026-09-21T14:13:20.000001Z","exchange":4,"kind":"data","prev":"0000","seq":1,"stream":"out","text":"café\n"}
{"at":"2026-09-21T14:13:20.000001Z","base64":"/wA=","exchange":4,"kind":"data","prev":"0000","seq":1,"stream":"in"}
{"at":"2026-09-21T14:13:20.000001Z","count":2,"detector":"","exchange":4,"field":"card","kind":"masked","label":"card","prev":"0000","seq":1,"transform":""}
{"at":"2026-09-21T14:13:20.000001Z","bytes_in":0,"bytes_out":0,"code":"SP-DONE","exchange":0,"kind":"closed","message":"","prev":"0000","requests":4,"seq":1}
"#
        )
    );
}

#[test]
fn records_are_given_as_they_are() {
    let event = event(0, 1, data(Stream::Out, b"x"));
    let record = proto::event::encode(&event);
    let mut out = Vec::new();
    Renderer::new(Format::Records, None).push(&record, &event, &mut out);
    assert_eq!(out[..4], (record.len() as u32).to_le_bytes());
    assert_eq!(out[4..], record);
}

/// Lines of JSON; the order of members says nothing.
fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
