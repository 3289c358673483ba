#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use std::sync::Mutex;

use bytes::{Buf, BytesMut};
use masking::{Label, Masker};
use proptest::prelude::*;
use proto::event::{Completed, Masked, Refused, Request, Stream};
use protocols::pg::encode;

use super::*;
use crate::filter::guard::{Decision, Judged, Sent};

/// Keeps what is told, as lines.
#[derive(Default)]
pub(super) struct Lines {
    lines: Mutex<Vec<String>>,
    numbers: Mutex<u64>,
    pub(super) out: Mutex<Vec<u8>>,
}

impl Lines {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
    pub(super) fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Journal for Lines {
    fn begin(&self, request: Request) -> u64 {
        let mut numbers = self.numbers.lock().unwrap();
        *numbers += 1;
        let fields: String = request.fields.iter().map(|field| format!(" {}={}", field.name, field.value)).collect();
        self.add(format!("{numbers} {} {}{fields}", request.operation, request.text));
        *numbers
    }
    fn data(&self, _exchange: u64, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Out => self.out.lock().unwrap().extend_from_slice(bytes),
            _ => self.add(format!("in {}", String::from_utf8_lossy(bytes))),
        }
    }
    fn completed(&self, exchange: u64, completed: Completed) {
        let Completed { outcome, status, code, rows, .. } = completed;
        let line = format!("{exchange} {outcome} {status} {code} {rows}");
        self.add(line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    fn refused(&self, exchange: u64, refused: Refused) {
        self.add(format!("{exchange} refused {} {}", refused.code, refused.rule));
    }
    fn masked(&self, exchange: u64, masked: Masked) {
        let transform = if masked.transform == "full" { String::new() } else { format!(" {}", masked.transform) };
        self.add(format!("{exchange} masked {} {}{transform} {}", masked.field, masked.label, masked.count));
    }
}

fn filter() -> Filter {
    guarded(Arc::new(Open))
}

pub(super) fn guarded(guard: Arc<dyn Guard>) -> Filter {
    let masker = Arc::new(Masker::new(&[Label::Card, Label::Ssn, Label::Email]));
    Filter::new(masker, guard, Arc::default(), "app")
}

/// Lets everything pass.
pub(super) struct Open;

impl Guard for Open {
    fn decide(&self, _judged: &Arc<Judged>) -> Arc<Decision> {
        let verdict = policy::Verdict { outcome: policy::Outcome::Forward, ..policy::Verdict::refused("") };
        Arc::new(Decision::new(verdict, ""))
    }
    fn wants_arguments(&self) -> bool {
        false
    }
    fn wants_argument(&self, _name: &str) -> bool {
        false
    }
    fn wants_objects(&self) -> bool {
        false
    }
    fn next_byte(&self, _: u64, _: u64) -> Option<u64> {
        None
    }

    fn next_row(&self, _: u64, _: u64) -> Option<u64> {
        None
    }
    fn decide_again(&self, _: &Judged, _: Sent, _: Sent) -> Arc<Decision> {
        Arc::new(Decision::no_policy())
    }
    fn sent(&self, _rows: u64, _bytes: u64) {}
    fn masker(&self, _decision: &Decision) -> Arc<Masker> {
        Arc::new(Masker::new(&[]))
    }
}

pub(super) fn frame(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    encode::frame(&mut out, tag, |out| out.extend_from_slice(body));
    out.to_vec()
}

pub(super) fn description(columns: &[(&str, u32)], format: u8) -> Vec<u8> {
    let mut body = u16::try_from(columns.len()).unwrap().to_be_bytes().to_vec();
    for (name, oid) in columns {
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&[0; 7]);
        body.extend_from_slice(&oid.to_be_bytes());
        body.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, format]);
    }
    frame(b'T', &body)
}

pub(super) fn data_row(values: &[&[u8]]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value);
    }
    frame(b'D', &body)
}

/// Everything the client sends, at once.
fn ask(filter: &mut Filter, journal: &Lines, frames: &[Vec<u8>]) {
    let bytes = frames.concat();
    assert_eq!(filter.requests(&bytes, journal).unwrap().bytes, bytes.len());
}

/// Everything the target says, in pieces; gives what the client sees.
pub(super) fn answer(filter: &mut Filter, journal: &Lines, bytes: &[u8], pieces: &[usize]) -> Result<Vec<u8>, Refusal> {
    let (mut buffer, mut seen, mut at, mut turn) = (BytesMut::new(), Vec::new(), 0, 0);
    while at < bytes.len() {
        let end = (at + pieces[turn % pieces.len()]).min(bytes.len());
        buffer.extend_from_slice(&bytes[at..end]);
        (at, turn) = (end, turn + 1);
        let passed = filter.replies(&mut buffer, journal)?;
        seen.extend_from_slice(&passed.edits.apply(&buffer[..passed.bytes]));
        buffer.advance(passed.bytes);
    }
    assert!(buffer.is_empty(), "{} bytes are kept back", buffer.len());
    Ok(seen)
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const CARD: &[u8] = b"4111 1111 1111 1111";

#[test]
fn rows_are_masked_by_their_columns_and_both_sides_are_written_down() {
    let (mut filter, journal) = (filter(), Lines::default());
    ask(&mut filter, &journal, &[frame(b'Q', b"select 'ann@example.com'\0")]);
    let replies = [
        description(&[("id", 23), ("card", 25), ("amount", 20)], 0),
        data_row(&[b"4111111111111111", CARD, b"4111111111111111"]),
        frame(b'C', b"SELECT 1\0"),
        frame(b'Z', b"I"),
    ]
    .concat();
    let seen = answer(&mut filter, &journal, &replies, &[usize::MAX]).unwrap();
    assert_eq!(seen.len(), replies.len());
    let row = text(&seen);
    assert!(!row.contains("4111 1111"), "{row}");
    assert!(row.contains("4111111111111111"), "an int4 is left alone, whatever the server puts there: {row}");
    let lines = journal.all();
    assert!(!lines[0].contains("ann@"), "{lines:?}");
    assert!(
        lines.contains(&"1 masked card card 1".to_owned()) && lines.contains(&"1 masked amount card 1".to_owned()),
        "{lines:?}"
    );
    assert_eq!(lines.last().unwrap(), "1 ok SELECT 1 1");
    assert_eq!(*journal.out.lock().unwrap(), seen, "what is written down is what the client saw");
}

#[test]
fn an_extended_query_is_one_request_with_its_parameters() {
    let (mut filter, journal) = (filter(), Lines::default());
    let bind = b"\0s\0\0\x02\0\0\0\x01\0\x02\0\0\0\x02ab\0\0\0\x01\x07\0\0";
    ask(
        &mut filter,
        &journal,
        &[
            frame(b'P', b"s\0select $1\0\0\0"),
            frame(b'B', bind),
            frame(b'D', b"P\0"),
            frame(b'E', b"\0\0\0\0\0"),
            frame(b'S', b""),
        ],
    );
    let replies = [
        frame(b'1', b""),
        frame(b'2', b""),
        description(&[("note", 25)], 1),
        data_row(&[CARD]),
        frame(b'C', b"SELECT 1\0"),
        frame(b'Z', b"I"),
    ]
    .concat();
    let seen = answer(&mut filter, &journal, &replies, &[7]).unwrap();
    assert!(!text(&seen).contains("4111"));
    let wanted = ["1 execute select $1 $1=ab $2=<binary 1 bytes>", "1 masked note card 1", "1 ok SELECT 1 1"];
    assert_eq!(journal.all(), wanted);
}

#[test]
fn a_statement_prepared_earlier_is_known_by_its_name_and_its_types() {
    let (mut filter, journal) = (filter(), Lines::default());
    ask(&mut filter, &journal, &[frame(b'P', b"s\0select n\0\0\0"), frame(b'D', b"Ss\0"), frame(b'S', b"")]);
    let replies = [frame(b'1', b""), frame(b't', &[0, 0]), description(&[("n", 23)], 0), frame(b'Z', b"I")].concat();
    answer(&mut filter, &journal, &replies, &[1]).unwrap();
    // Binary results this time: the types are those of the statement, the formats those of the Bind.
    ask(
        &mut filter,
        &journal,
        &[frame(b'B', b"\0s\0\0\0\0\0\0\x01\0\x01"), frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")],
    );
    let replies = [frame(b'2', b""), data_row(&[b"4111111111111111"]), frame(b'C', b"SELECT 1\0"), frame(b'Z', b"I")];
    let seen = answer(&mut filter, &journal, &replies.concat(), &[64]).unwrap();
    assert_eq!(seen, replies.concat(), "an int4 is left alone");
    let wanted = ["1 parse select n statement=s", "1 ok 0", "2 execute select n", "2 ok SELECT 1 1"];
    assert_eq!(journal.all(), wanted);
}

#[test]
fn a_parse_that_is_refused_does_not_rename_what_runs() {
    let (mut filter, journal) = (filter(), Lines::default());
    ask(&mut filter, &journal, &[frame(b'P', b"s\0delete\0\0\0"), frame(b'S', b"")]);
    answer(&mut filter, &journal, &[frame(b'1', b""), frame(b'Z', b"I")].concat(), &[64]).unwrap();
    // The name is taken, so the second Parse fails; the Bind behind the Sync still means the first.
    let bind = frame(b'B', b"\0s\0\0\0\0\0\0\0");
    let execute = frame(b'E', b"\0\0\0\0\0");
    let sync = frame(b'S', b"");
    ask(
        &mut filter,
        &journal,
        &[frame(b'P', b"s\0select\0\0\0"), sync.clone(), bind.clone(), execute.clone(), sync.clone()],
    );
    let executed = journal.all().into_iter().find(|line| line.contains("execute")).unwrap();
    assert!(executed.contains("select") && executed.contains("delete"), "both meanings are told: {executed}");
    let replies =
        [frame(b'E', b"SERROR\0C42P05\0Mtaken\0\0"), frame(b'Z', b"I"), frame(b'2', b""), frame(b'C', b"DELETE 3\0")];
    answer(&mut filter, &journal, &replies.concat(), &[64]).unwrap();
    ask(&mut filter, &journal, &[bind, execute, sync]);
    let executed = journal.all().into_iter().rfind(|line| line.contains("execute")).unwrap();
    assert!(executed.ends_with("execute delete"), "{executed}");
}

#[test]
fn an_error_blames_the_request_and_aborts_those_behind_it() {
    let (mut filter, journal) = (filter(), Lines::default());
    let run = [frame(b'P', b"\0boom\0\0\0"), frame(b'B', b"\0\0\0\0\0\0\0\0"), frame(b'E', b"\0\0\0\0\0")].concat();
    ask(&mut filter, &journal, &[run.clone(), run, frame(b'S', b"")]);
    let replies = [frame(b'1', b""), frame(b'E', b"SERROR\0C22012\0Mcard 4111111111111111\0\0"), frame(b'Z', b"E")];
    let seen = answer(&mut filter, &journal, &replies.concat(), &[3]).unwrap();
    assert!(!text(&seen).contains("4111"), "errors quote values");
    assert_eq!(journal.all()[2..], ["0 masked message card 1", "1 error 22012 0", "2 aborted 0"]);
}

#[test]
fn copy_data_is_masked_each_way() {
    let (mut filter, journal) = (filter(), Lines::default());
    ask(&mut filter, &journal, &[frame(b'Q', b"copy t to stdout\0")]);
    let out = [
        frame(b'H', &[0, 0, 1, 0, 0]),
        frame(b'd', b"1\t4111111111111111\n"),
        frame(b'd', b"2\t41111111"),
        frame(b'd', b"11111111\n"),
        frame(b'c', b""),
        frame(b'C', b"COPY 2\0"),
        frame(b'Z', b"I"),
    ]
    .concat();
    for pieces in [&[1][..], &[usize::MAX], &[30, 2]] {
        let seen = answer(&mut filter, &journal, &out, pieces).unwrap();
        assert!(!text(&seen).contains("41111"), "{}", text(&seen));
        assert_eq!(seen.len(), out.len());
        ask(&mut filter, &journal, &[frame(b'Q', b"copy t to stdout\0")]);
    }
    answer(&mut filter, &journal, &[frame(b'G', &[0, 0, 1, 0, 0])].concat(), &[64]).unwrap();
    ask(&mut filter, &journal, &[frame(b'd', b"3\t41111111"), frame(b'd', b"11111111\n"), frame(b'c', b"")]);
    let told: String =
        journal.all().into_iter().filter_map(|line| line.strip_prefix("in ").map(str::to_owned)).collect();
    assert!(told.starts_with("3\t") && told.ends_with('\n') && !told.contains("41111"), "{told}");
}

#[test]
fn large_rows_and_requests_pass_in_pieces() {
    let (mut filter, journal) = (filter(), Lines::default());
    let mut query = b"select '".to_vec();
    query.resize(18_400_000, b'x');
    query.extend_from_slice(b"'\0");
    let query = frame(b'Q', &query);
    let mut kept = BytesMut::new();
    let mut passed = 0;
    for piece in query.chunks(50_000) {
        kept.extend_from_slice(piece);
        let now = filter.requests(&kept, &journal).unwrap().bytes;
        kept.advance(now);
        passed += now;
        assert!(kept.len() <= 128 * 1024, "memory stays flat");
    }
    assert_eq!(passed, query.len());
    assert!(journal.all()[0].len() < 80_000);

    let mut value = vec![b'x'; 300_000];
    value.extend_from_slice(b" 4111111111111111 ");
    value.resize(600_000, b'y');
    let replies =
        [description(&[("a", 23), ("b", 25)], 0), data_row(&[b"1", &value]), data_row(&[b"1", CARD])].concat();
    let seen = answer(&mut filter, &journal, &replies, &[8191]).unwrap();
    assert_eq!(seen.len(), replies.len());
    assert!(!text(&seen).contains("4111"));
}

#[test]
fn a_large_value_is_masked_in_pieces_exactly_as_it_would_be_whole() {
    let words =
        ["4111111111111111", "4111 1111 1111 1111", "ann@example.com", "521-35-1234", "x", "\u{e9}", "\"", "1234", "-"];
    let mut value = String::new();
    let mut number = 7_usize;
    while value.len() < 400_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        value += words[(number >> 33) % words.len()];
        value.push([' ', '\n', ',', ';'][(number >> 40) % 4]);
    }
    let mut whole = value.clone().into_bytes();
    Masker::new(&[Label::Card, Label::Ssn, Label::Email]).mask(
        &mut whole,
        masking::Syntax::Text,
        &mut masking::Tally::default(),
    );
    assert!(whole != value.as_bytes());
    let replies = [description(&[("b", 25)], 0), data_row(&[value.as_bytes()])].concat();
    let expected = [description(&[("b", 25)], 0), data_row(&[&whole])].concat();
    for size in [1000, 4093, 8191, 65_537, 1_000_000] {
        let (mut filter, journal) = (filter(), Lines::default());
        ask(&mut filter, &journal, &[frame(b'Q', b"SELECT b FROM t\0")]);
        let seen = answer(&mut filter, &journal, &replies, &[size]).unwrap();
        assert!(seen == expected, "pieces of {size}");
    }
}

#[test]
fn a_large_row_with_values_that_cannot_be_read_in_pieces_waits_and_a_larger_one_never_passes() {
    let long = vec![b'x'; 300_000];
    let card = 4_111_111_111_111_111_i64.to_be_bytes();
    for size in [4093, 65_537] {
        let (mut filter, journal) = (filter(), Lines::default());
        ask(&mut filter, &journal, &[frame(b'Q', b"SELECT a, b FROM t\0")]);
        let replies = [description(&[("a", 20), ("b", 25)], 1), data_row(&[&card, &long])].concat();
        let seen = answer(&mut filter, &journal, &replies, &[size]).unwrap();
        assert_eq!(seen.len(), replies.len());
        assert!(!seen.windows(8).any(|part| part == card));
    }
    let (mut filter, journal) = (filter(), Lines::default());
    ask(&mut filter, &journal, &[frame(b'Q', b"SELECT a FROM t\0")]);
    let mut head = data_row(&[b"x"]);
    head[1..5].copy_from_slice(&(65_u32 * 1024 * 1024).to_be_bytes());
    let replies = [description(&[("a", 1016)], 1), head].concat();
    let refused = answer(&mut filter, &journal, &replies, &[4096]).unwrap_err();
    assert_eq!(refused.code, Code::Uninspectable);
}

#[test]
fn a_reply_that_nobody_asked_for_ends_the_session() {
    for reply in
        [data_row(&[b"x"]), frame(b'C', b"SELECT 1\0"), frame(b'W', &[0, 0, 0]), frame(b'R', &[0; 4]), b"!".to_vec()]
    {
        let refusal = answer(&mut filter(), &Lines::default(), &reply, &[64]).unwrap_err();
        assert_eq!(refusal.code, Code::TargetProtocol);
    }
}

#[test]
fn a_client_that_speaks_no_postgresql_is_refused() {
    for request in
        [&b"!"[..], b"p\0\0\0\x05x", b"B\0\0\0\x05x", b"Q\0\0\0\x05x", b"D\0\0\0\x06Xx", b"S\xff\xff\xff\xff"]
    {
        let refusal = filter().requests(request, &Lines::default()).unwrap_err();
        assert_eq!(refusal.code, Code::Malformed, "{request:?}");
    }
}

#[test]
fn nothing_behind_a_goodbye_counts() {
    let (mut filter, journal) = (filter(), Lines::default());
    let bytes = [frame(b'X', b""), frame(b'Q', b"drop\0")].concat();
    let passed = filter.requests(&bytes, &journal).unwrap();
    assert_eq!((passed.bytes, passed.over), (5, true));
    assert!(journal.all().is_empty());
}

#[test]
fn endless_notices_keep_nothing() {
    let (mut filter, journal) = (filter(), Lines::default());
    let notice = frame(b'N', b"SNOTICE\0C00000\0Mhello\0\0");
    for _ in 0..1000 {
        assert_eq!(answer(&mut filter, &journal, &notice, &[64]).unwrap(), notice);
    }
    assert_eq!(filter.waiting(), 0);
}

proptest! {
    #[test]
    fn every_split_of_the_target_gives_the_same_bytes(
        values in prop::collection::vec("[a-z @.0-9]{0,30}|4111 1111 1111 1111|ann@example.com", 1..40),
        pieces in prop::collection::vec(1_usize..90, 1..12),
    ) {
        let mut replies = description(&[("n", 25)], 0);
        for value in &values {
            replies.extend(data_row(&[value.as_bytes()]));
        }
        replies.extend([frame(b'C', b"SELECT 1\0"), frame(b'Z', b"I")].concat());
        let once = |pieces: &[usize]| {
            let (mut filter, journal) = (filter(), Lines::default());
            ask(&mut filter, &journal, &[frame(b'Q', b"select\0")]);
            let seen = answer(&mut filter, &journal, &replies, pieces).unwrap();
            (seen, journal.all())
        };
        prop_assert_eq!(once(&pieces), once(&[usize::MAX]));
    }

    #[test]
    fn every_split_of_the_client_is_written_down_alike(pieces in prop::collection::vec(1_usize..40, 1..12)) {
        let bytes = [
            frame(b'Q', b"select 1\0"),
            frame(b'P', b"s\0select $1\0\0\0"),
            frame(b'S', b""),
            frame(b'd', b"data"),
            frame(b'c', b""),
            frame(b'Q', b"select 2\0"),
        ]
        .concat();
        let (mut filter, journal) = (filter(), Lines::default());
        let (mut kept, mut passed, mut at, mut turn) = (BytesMut::new(), Vec::new(), 0, 0);
        while at < bytes.len() {
            let end = (at + pieces[turn % pieces.len()]).min(bytes.len());
            kept.extend_from_slice(&bytes[at..end]);
            (at, turn) = (end, turn + 1);
            let now = filter.requests(&kept, &journal).unwrap().bytes;
            passed.extend_from_slice(&kept[..now]);
            kept.advance(now);
        }
        prop_assert_eq!(passed, bytes);
        let told: Vec<_> = journal.all().into_iter().filter(|line| !line.starts_with("in ")).collect();
        prop_assert_eq!(told, ["1 query select 1", "2 parse select $1 statement=s", "3 query select 2"]);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), tags in "[QPBEDCSXFdcfHTZNASEVGIKRnst123]{1,20}") {
        let (mut filter, journal) = (filter(), Lines::default());
        for tag in tags.bytes() {
            let framed = frame(tag, &bytes);
            let _any = filter.requests(&framed, &journal);
            let _any = filter.replies(&mut framed.clone(), &journal);
        }
        let _any = filter.replies(&mut bytes.clone(), &journal);
    }
}
