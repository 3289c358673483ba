#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ledger::chain::{self, Head};
use proto::event::{
    Closed, Completed, Data, Event, Field, Kind, Masked, Opened, Refused, Request, Resized, Stream, Truncated, encode,
};

use super::*;

const ID: &str = "0199b1a2-0000-7000-8000-000000000001";
const START: i64 = 1_790_000_000_000_000_000;
const MS: i64 = 1_000_000;

/// A gateway with one session.
struct Gateway {
    protocol: &'static str,
    records: Vec<Vec<u8>>,
    head: Head,
}

impl Gateway {
    fn with(protocol: &'static str, events: Vec<(i64, u64, Kind)>) -> Self {
        let mut gateway = Self { protocol, records: Vec::new(), head: Head::START };
        let opened = Opened {
            address: "10.0.0.5:5432".into(),
            target_login: "app".into(),
            detectors: vec!["card".into()],
            ..Opened::default()
        };
        gateway.push(0, 0, Kind::Opened(opened));
        events.into_iter().for_each(|(at, exchange, kind)| gateway.push(at, exchange, kind));
        gateway.push(9000, 0, Kind::Closed(Closed { code: "SP-DONE".into(), ..Closed::default() }));
        gateway
    }

    fn push(&mut self, at: i64, exchange: u64, kind: Kind) {
        let prev = Bytes::copy_from_slice(&self.head.link);
        let event = Event { seq: self.head.seq + 1, at_unix_ns: START + at * MS, prev, exchange, kind: Some(kind) };
        let record = encode(&event);
        self.head = Head { seq: event.seq, link: chain::link(&record) };
        self.records.push(record);
    }

    fn row(&self) -> serde_json::Value {
        serde_json::json!({
            "id": ID, "connection": "shop-db", "protocol": self.protocol, "subject": "alice", "method": "ticket",
            "source": "127.0.0.1:4000", "opened": "2026-09-21T14:13:20Z", "ended": "2026-09-21T14:13:29Z",
            "status": "closed", "code": "SP-DONE", "message": "", "requests": 2, "last_event": self.head.seq,
            "chain_head": hex::encode(self.head.link),
        })
    }
}

impl Api for Gateway {
    async fn post(&self, path: &str, _: serde_json::Value) -> anyhow::Result<()> {
        bail!("nothing is posted to {path}")
    }

    async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        let one = format!("/api/v1/sessions/{ID}");
        let records = format!("{one}/events?format=records");
        Ok(match path {
            "/api/v1/sessions?limit=50" => serde_json::to_vec(&[self.row()])?.into(),
            path if path == one => serde_json::to_vec(&self.row())?.into(),
            path if path == records => {
                let frame = |record: &Vec<u8>| [&(record.len() as u32).to_le_bytes()[..], record].concat();
                self.records.iter().flat_map(frame).collect::<Vec<_>>().into()
            }
            other => bail!("no such path: {other}"),
        })
    }
}

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

async fn sessions(gateway: &Gateway, words: &[&str]) -> anyhow::Result<String> {
    let line = <Line as clap::Parser>::try_parse_from(["sessions"].iter().chain(words))?;
    let mut out = Vec::new();
    run(line.args, gateway, &mut out).await?;
    Ok(String::from_utf8(out)?)
}

fn request(operation: &str, text: &str, fields: &[(&str, &str)]) -> Kind {
    let field = |(name, value): &(&str, &str)| Field { name: (*name).into(), value: (*value).into() };
    Kind::Request(Request {
        operation: operation.into(),
        text: text.into(),
        fields: fields.iter().map(field).collect(),
        ..Request::default()
    })
}

fn data(stream: Stream, bytes: impl Into<Vec<u8>>) -> Kind {
    Kind::Data(Data { stream: stream.into(), bytes: bytes.into().into() })
}

fn completed(outcome: &str, status: &str, rows: u64) -> Kind {
    let (duration_ns, bytes_out) = (1_234_567, 42);
    Kind::Completed(Completed {
        outcome: outcome.into(),
        status: status.into(),
        rows,
        duration_ns,
        bytes_out,
        ..Default::default()
    })
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
}

fn description(columns: &[(&str, i16)]) -> Vec<u8> {
    let column = |(name, format): &(&str, i16)| [name.as_bytes(), &[0; 17], &format.to_be_bytes()].concat();
    let body: Vec<u8> = columns.iter().flat_map(column).collect();
    message(b'T', &[&(columns.len() as u16).to_be_bytes()[..], &body].concat())
}

fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let value = |value: &Option<&[u8]>| match value {
        Some(value) => [&(value.len() as i32).to_be_bytes()[..], value].concat(),
        None => (-1_i32).to_be_bytes().to_vec(),
    };
    let body: Vec<u8> = values.iter().flat_map(value).collect();
    message(b'D', &[&(values.len() as u16).to_be_bytes()[..], &body].concat())
}

fn statements() -> Gateway {
    let rows = [
        description(&[("id", 0), ("card\x1b[2J", 0), ("raw", 1)]),
        row(&[Some(b"1"), Some(b"************1111"), Some(b"\x00\xff")]),
        row(&[Some(b"22"), None, Some(b"plain")]),
        message(b'C', b"SELECT 2\0"),
    ];
    let error = message(b'E', b"SERROR\0C42P01\0Mno such table\0\0");
    Gateway::with(
        "postgres",
        vec![
            (1000, 1, request("query", "select *\n  from customers", &[])),
            (1005, 1, data(Stream::Out, rows.concat())),
            (
                1005,
                1,
                Kind::Masked(Masked {
                    field: "card".into(),
                    label: "card".into(),
                    detector: "card".into(),
                    transform: "partial".into(),
                    count: 1,
                }),
            ),
            (1006, 1, completed("ok", "SELECT 2", 2)),
            (2000, 2, request("query", "select 1; drop\u{202e} table", &[("$1", "7")])),
            (
                2001,
                2,
                Kind::Refused(Refused {
                    code: "SP-DENIED".into(),
                    reason: "no drop".into(),
                    rule: "r1".into(),
                    ..Refused::default()
                }),
            ),
            (2001, 2, data(Stream::Out, error)),
            (
                2001,
                2,
                Kind::Truncated(Truncated {
                    stream: 1,
                    omitted_bytes: 5,
                    omitted_sha256: Bytes::from_static(&[0xab; 2]),
                }),
            ),
            (2002, 2, completed("error", "", 0)),
        ],
    )
}

const FACTS: &str = "\
session     0199b1a2-0000-7000-8000-000000000001
connection  shop-db (postgres)
target      10.0.0.5:5432 as app
masks       card
subject     alice by ticket from 127.0.0.1:4000
opened      2026-09-21T14:13:20Z
ended       2026-09-21T14:13:29Z
status      SP-DONE
events      11, chain verified
";

#[tokio::test]
async fn a_list_is_a_table_or_json() {
    let gateway = statements();
    assert_eq!(
        sessions(&gateway, &["list"]).await.unwrap(),
        "\
SESSION                               OPENED (UTC)         SUBJECT  CONNECTION  PROTOCOL  REQUESTS  STATUS
0199b1a2-0000-7000-8000-000000000001  2026-09-21 14:13:20  alice    shop-db     postgres  2         SP-DONE
"
    );
    let json: serde_json::Value =
        serde_json::from_str(&sessions(&gateway, &["list", "--format", "json"]).await.unwrap()).unwrap();
    assert_eq!(json[0], gateway.row());
}

#[tokio::test]
async fn statements_are_shown_with_times_masks_and_status() {
    let expected = "
#1 14:13:21.000 query
    select *
      from customers
   masked 1 x card in card (partial)
   ok, SELECT 2, 2 rows, 1.234 ms, 42 B out

#2 14:13:22.000 query  select 1; drop\\u{202e} table
   refused SP-DENIED: no drop
   5 bytes were not kept; their SHA-256 is abab
   error, 1.234 ms, 42 B out
";
    assert_eq!(sessions(&statements(), &["show", ID]).await.unwrap(), format!("{FACTS}{expected}"));
}

#[tokio::test]
async fn statements_are_replayed_with_their_rows() {
    let expected = "
#1 14:13:21.000 query
    select *
      from customers
    id | card\\x1b[2J      | raw
   ----+------------------+--------
    1  | ************1111 | \\x00ff
    22 |                  | plain
   masked 1 x card in card (partial)
   ok, SELECT 2, 2 rows, 1.234 ms, 42 B out
";
    let replayed = sessions(&statements(), &["replay", ID, "--exchange", "1"]).await.unwrap();
    assert_eq!(replayed, format!("{FACTS}{expected}"));
    let second = sessions(&statements(), &["replay", ID, "--exchange", "2"]).await.unwrap();
    assert!(second.contains("   $1 = 7\n   ERROR 42P01: no such table\n"), "{second}");
}

#[tokio::test]
async fn many_rows_are_cut_unless_all_are_asked_for() {
    let rows: Vec<u8> = (0..50).flat_map(|n| row(&[Some(format!("{n} {}", "x".repeat(80)).as_bytes())])).collect();
    let copied: Vec<u8> = (0..30).flat_map(|n| message(b'd', format!("line {n}\n").as_bytes())).collect();
    let out = [description(&[("n", 0)]), rows, message(b'C', b"SELECT 50\0"), copied, vec![b'D', 0, 0, 1]].concat();
    let events = vec![(0, 1, request("query", "select", &[])), (1, 1, data(Stream::Out, out))];
    let gateway = Gateway::with("postgres", events);
    let first = sessions(&gateway, &["replay", ID]).await.unwrap();
    assert!(first.contains("... 30 more rows (--full)") && first.contains("... 10 more lines (--full)"), "{first}");
    assert!(first.contains("xxx...") && first.contains("its end is not recorded"));
    let full = sessions(&gateway, &["replay", ID, "--full"]).await.unwrap();
    assert!(full.contains(&format!("49 {}", "x".repeat(80))) && full.contains("line 29") && !full.contains("more"));
}

#[tokio::test]
async fn an_http_exchange_is_replayed_with_headers_and_bodies() {
    let gateway = Gateway::with(
        "http",
        vec![
            (0, 1, request("http", "POST /refunds?x=1", &[("content-type", "application/json")])),
            (0, 1, data(Stream::In, "{\"order\":\n7}")),
            (3, 1, data(Stream::Out, "{\"ok\":true}\x07")),
            (4, 1, completed("ok", "200", 0)),
        ],
    );
    let replayed = sessions(&gateway, &["replay", ID]).await.unwrap();
    let expected = "
#1 14:13:20.000 http  POST /refunds?x=1
   > content-type: application/json
   > {\"order\":
   > 7}
   < {\"ok\":true}\\x07
   ok, 200, 1.234 ms, 42 B out
";
    assert!(replayed.ends_with(expected), "{replayed}");
}

#[tokio::test]
async fn a_terminal_is_played_as_it_looked_in_its_own_time() {
    let gateway = Gateway::with(
        "ssh",
        vec![
            (0, 1, request("shell", "", &[("term", "xterm"), ("columns", "80"), ("rows", "24")])),
            (100, 1, data(Stream::Out, "$ ls\r\n")),
            (150, 2, data(Stream::Out, "another channel")),
            (200, 1, Kind::Resized(Resized { columns: 100, rows: 30 })),
            (3_600_000, 1, data(Stream::Out, "\x1b[1mbin\x1b[0m\r\n")),
        ],
    );
    let started = std::time::Instant::now();
    let played = sessions(&gateway, &["replay", ID, "--speed", "2", "--idle-limit", "0.2"]).await.unwrap();
    assert_eq!(played, "$ ls\r\n\x1b[1mbin\x1b[0m\r\n\x1b[?1049l\x1b[?25h\x1b[0m\r\n");
    // Twice as fast: half of 0.1 s, and of an hour no more than half of 0.2 s, or this would not end.
    assert!(started.elapsed().as_millis() >= 140);
    assert!(sessions(&gateway, &["replay", ID, "--speed", "0"]).await.is_err());
}

#[tokio::test]
async fn a_command_without_a_terminal_is_shown_with_its_streams() {
    let gateway = Gateway::with(
        "ssh",
        vec![
            (0, 1, request("exec", "make", &[])),
            (1, 1, data(Stream::Out, "built\x1b[0m\r\n")),
            (1, 1, data(Stream::Err, "warning\n")),
            (2, 1, completed("ok", "0", 0)),
        ],
    );
    let replayed = sessions(&gateway, &["replay", ID]).await.unwrap();
    assert!(replayed.contains("\n   | built\\x1b[0m\n   ! warning\n   ok, 0,"), "{replayed}");
}

#[tokio::test]
async fn a_recording_that_was_touched_is_not_shown() {
    for record in 0..11 {
        let mut gateway = statements();
        let last = gateway.records[record].len() - 1;
        gateway.records[record][last] ^= 1;
        assert!(sessions(&gateway, &["show", ID]).await.is_err(), "record {record}");
        let mut gateway = statements();
        gateway.records.remove(record);
        assert!(sessions(&gateway, &["show", ID]).await.is_err(), "without record {record}");
    }
}
