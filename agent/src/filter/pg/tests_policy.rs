#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use policy::{Outcome, Verdict};
use protocols::pg::encode;

use super::{
    tests::{Lines, answer, data_row, description, frame, guarded, text},
    *,
};
use crate::filter::guard::{Decision, Judged, Sent};

/// Refuses DROP, holds what is not filtered, and lets nobody have more than `rows` rows.
struct Strict {
    rows: u64,
}

impl Strict {
    fn verdict(&self, judged: &Judged, rows: u64) -> Arc<Decision> {
        let facts = &judged.facts;
        let (outcome, rule) = if facts.verbs.contains("drop") || facts.unknown.is_some() {
            (Outcome::Refuse, "no-drop")
        } else if !facts.filtered {
            (Outcome::Hold, "hold-unfiltered")
        } else if rows > self.rows {
            (Outcome::Hold, "hold-bulk")
        } else {
            (Outcome::Forward, "all")
        };
        let rules = vec![rule.to_owned()];
        Arc::new(Decision::new(Verdict { outcome, rules, ..Verdict::refused("a reason") }, "https://gw"))
    }
}

impl Guard for Strict {
    fn decide(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        self.verdict(judged, 0)
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

    fn next_row(&self, rows: u64, earlier: u64) -> Option<u64> {
        [self.rows, self.rows + 1].into_iter().find(|mark| *mark > rows + earlier).map(|mark| mark - earlier)
    }
    fn decide_again(&self, judged: &Judged, sent: Sent, earlier: Sent) -> Arc<Decision> {
        self.verdict(judged, sent.plus(earlier).rows)
    }
    fn sent(&self, _rows: u64, _bytes: u64) {}
    fn masker(&self, _decision: &Decision) -> Arc<Masker> {
        Arc::new(Masker::new(&[]))
    }
}

pub(super) fn strict(rows: u64) -> (Filter, Lines) {
    (guarded(Arc::new(Strict { rows })), Lines::default())
}

/// What reaches the target of what the client sent.
pub(super) fn send(filter: &mut Filter, journal: &Lines, frames: &[Vec<u8>]) -> String {
    let bytes = frames.concat();
    let passed = filter.requests(&bytes, journal).unwrap();
    assert_eq!(passed.bytes, bytes.len());
    text(&passed.edits.apply(&bytes))
}

pub(super) fn error(sqlstate: &str) -> Vec<u8> {
    frame(b'E', format!("SERROR\0VERROR\0C{sqlstate}\0Mthe target's words\0\0").as_bytes())
}

#[test]
fn a_refused_query_never_reaches_the_target_and_the_session_lives_on() {
    let (mut filter, journal) = strict(10);
    let sent = send(&mut filter, &journal, &[frame(b'Q', b"DROP TABLE customers\0"), frame(b'Q', b"SELECT 1\0")]);
    assert!(!sent.contains("customers") && sent.contains("SELECT 1"), "{sent}");
    let replies = [error("42601"), frame(b'Z', b"I"), frame(b'C', b"SELECT 1\0"), frame(b'Z', b"I")].concat();
    let seen = text(&answer(&mut filter, &journal, &replies, &[3]).unwrap());
    assert!(seen.contains("42501") && seen.contains("no-drop") && seen.contains("SP-DENIED"), "{seen}");
    assert!(seen.contains("https://gw/rules/no-drop") && !seen.contains("the target's words"), "{seen}");
    assert_eq!(text(&journal.out.lock().unwrap()), seen, "what is written down is what the client saw");
    let lines = journal.all();
    assert!(lines.contains(&"1 refused SP-DENIED no-drop".to_owned()), "{lines:?}");
    assert!(lines.contains(&"1 error 42501 0".to_owned()), "{lines:?}");
    assert!(lines.contains(&"2 ok SELECT 1 1".to_owned()), "{lines:?}");
}

#[test]
fn one_forbidden_statement_refuses_the_whole_string() {
    let (mut filter, journal) = strict(10);
    let sent = send(&mut filter, &journal, &[frame(b'Q', b"SELECT 1; /* x */ dRoP/**/TABLE customers; SELECT 2\0")]);
    assert!(!sent.contains("SELECT 1") && !sent.contains("customers"), "{sent}");
}

#[test]
fn a_refused_parse_fails_its_pipeline_as_a_server_would() {
    let (mut filter, journal) = strict(10);
    let sent = send(
        &mut filter,
        &journal,
        &[
            frame(b'P', b"\0DROP TABLE customers\0\0\0"),
            frame(b'B', b"\0\0\0\0\0\0\0\0"),
            frame(b'E', b"\0\0\0\0\0"),
            frame(b'S', b""),
        ],
    );
    assert!(!sent.contains("customers"), "{sent}");
    let replies = [error("42601"), frame(b'Z', b"I")].concat();
    let seen = text(&answer(&mut filter, &journal, &replies, &[usize::MAX]).unwrap());
    assert!(seen.contains("42501") && seen.contains("no-drop"), "{seen}");
    assert!(journal.all().iter().any(|line| line.contains("refused SP-DENIED")), "{:?}", journal.all());
}

#[test]
fn what_is_held_is_parsed_but_not_executed() {
    let (mut filter, journal) = strict(10);
    let sent = send(
        &mut filter,
        &journal,
        &[
            frame(b'P', b"s\0DELETE FROM orders\0\0\0"),
            frame(b'B', b"\0s\0\0\0\0\0\0\0"),
            frame(b'E', b"\0\0\0\0\0"),
            frame(b'S', b""),
        ],
    );
    assert!(sent.contains("DELETE FROM orders") && sent.contains("sallyport-refused"), "{sent}");
    let replies = [frame(b'1', b""), frame(b'2', b""), error("34000"), frame(b'Z', b"I")].concat();
    let seen = text(&answer(&mut filter, &journal, &replies, &[usize::MAX]).unwrap());
    assert!(seen.contains("needs approval") && seen.contains("SP-NEEDS-APPROVAL"), "{seen}");
}

#[test]
fn rows_beyond_a_limit_are_not_sent_and_the_run_is_cancelled() {
    for pieces in [&[usize::MAX][..], &[1], &[7, 3]] {
        let (mut filter, journal) = strict(2);
        let _sent = send(&mut filter, &journal, &[frame(b'Q', b"SELECT name FROM t\0")]);
        let rows = [b"one", b"two", b"six", b"ten"].map(|name| data_row(&[name]));
        let replies = [description(&[("name", 25)], 0), rows.concat(), error("57014"), frame(b'Z', b"I")].concat();
        let seen = text(&answer(&mut filter, &journal, &replies, pieces).unwrap());
        assert!(seen.contains("one") && seen.contains("two"), "{seen}");
        assert!(!seen.contains("six") && !seen.contains("ten") && !seen.contains("the target's words"), "{seen}");
        assert_eq!(seen.matches("hold-bulk").count(), 2, "detail and hint of one error: {seen}");
        assert_eq!(text(&journal.out.lock().unwrap()), seen);
        assert!(journal.all().contains(&"1 refused SP-NEEDS-APPROVAL hold-bulk".to_owned()), "{:?}", journal.all());
    }
}

#[test]
fn a_stopped_query_that_ended_well_after_all_still_is_one_error() {
    let (mut filter, journal) = strict(1);
    let _sent = send(&mut filter, &journal, &[frame(b'Q', b"SELECT 1; SELECT 2\0")]);
    let replies = [
        description(&[("n", 25)], 0),
        data_row(&[b"one"]),
        data_row(&[b"two"]),
        frame(b'C', b"SELECT 2\0"),
        description(&[("n", 25)], 0),
        data_row(&[b"six"]),
        frame(b'C', b"SELECT 1\0"),
        frame(b'Z', b"I"),
    ]
    .concat();
    let seen = answer(&mut filter, &journal, &replies, &[5]).unwrap();
    assert!(seen.contains(&b'E'));
    let seen = text(&seen);
    assert!(seen.contains("one") && !seen.contains("two") && !seen.contains("six"), "{seen}");
    assert!(!seen.contains("SELECT"), "no command tag after the error: {seen}");
    assert!(seen.ends_with("Z\0\0\0\u{5}I"), "{seen:?}");
}

#[test]
fn a_copy_out_is_limited_like_rows() {
    let (mut filter, journal) = strict(2);
    let _sent = send(&mut filter, &journal, &[frame(b'Q', b"COPY t TO STDOUT\0")]);
    let lines = [&b"one\n"[..], b"two\n", b"six\n"].map(|line| frame(b'd', line));
    let replies =
        [frame(b'H', &[0, 0, 1, 0, 0]), lines.concat(), frame(b'c', b""), frame(b'C', b"COPY 3\0"), frame(b'Z', b"I")]
            .concat();
    let seen = text(&answer(&mut filter, &journal, &replies, &[4]).unwrap());
    assert!(seen.contains("two") && !seen.contains("six") && !seen.contains("COPY 3"), "{seen}");
}

#[test]
fn a_portal_of_ours_cannot_be_made_by_a_client() {
    let (mut filter, journal) = strict(2);
    let bind = frame(b'B', b"sallyport-refused\0\0\0\0\0\0\0\0");
    assert_eq!(filter.requests(&bind, &journal).unwrap_err().code, Code::Malformed);
}

#[test]
fn a_statement_that_is_too_long_to_judge_is_refused_and_none_of_it_passes() {
    let (mut filter, journal) = strict(2);
    let long = format!("SELECT '{}'\0", "x".repeat(17 * 1024 * 1024));
    let mut out = bytes::BytesMut::new();
    encode::frame(&mut out, b'Q', |out| out.extend_from_slice(long.as_bytes()));
    let (mut kept, mut sent) = (Vec::new(), Vec::new());
    for piece in out.chunks(64 * 1024) {
        kept.extend_from_slice(piece);
        let passed = filter.requests(&kept, &journal).unwrap();
        sent.extend_from_slice(&passed.edits.apply(&kept[..passed.bytes]));
        kept.drain(..passed.bytes);
    }
    assert!(kept.is_empty() && sent.len() < 100, "{} bytes passed", sent.len());
    let replies = [error("42601"), frame(b'Z', b"I")].concat();
    let seen = text(&answer(&mut filter, &journal, &replies, &[usize::MAX]).unwrap());
    assert!(seen.contains("no-drop"), "{seen}");
}

#[test]
fn a_bulk_insert_of_megabytes_passes_byte_for_byte() {
    let (mut filter, journal) = strict(2);
    let rows = vec!["(1, 'O''Neil', NULL, -2.5)"; 200_000].join(",");
    let frames = [frame(b'Q', format!("INSERT INTO t VALUES {rows}\0").as_bytes())];
    assert!(frames[0].len() > 5_000_000);
    assert!(send(&mut filter, &journal, &frames) == text(&frames[0]));
    let hidden = [frame(b'Q', format!("INSERT INTO t VALUES {rows}; DROP TABLE t\0").as_bytes())];
    assert!(send(&mut filter, &journal, &hidden).len() < 100);
}
