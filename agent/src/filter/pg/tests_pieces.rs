//! Limits of rows where the rows come in pieces, and of rows that are large.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{
    tests::{answer, data_row, description, frame, text},
    tests_policy::{error, send, strict},
};

fn execute(rows: u8) -> Vec<u8> {
    frame(b'E', &[0, 0, 0, 0, rows])
}

#[test]
fn a_portal_that_is_read_in_bites_meets_the_limit_of_its_statement() {
    // Each bite waited for, and all of them at once.
    for together in [false, true] {
        let (mut filter, journal) = strict(3);
        let open = [frame(b'P', b"\0SELECT name FROM t\0\0\0"), frame(b'B', b"\0\0\0\0\0\0\0\0")];
        let mut asks = vec![[open.concat(), execute(2)].concat(), execute(2), [execute(2), frame(b'S', b"")].concat()];
        let bite = |rows: [&[u8]; 2]| [rows.map(|name| data_row(&[name])).concat(), frame(b's', b"")].concat();
        let first = [frame(b'1', b""), frame(b'2', b""), bite([b"one", b"two"])].concat();
        let mut answers = vec![first, bite([b"six", b"ten"]), [bite([b"leo", b"mia"]), frame(b'Z', b"T")].concat()];
        if together {
            (asks, answers) = (vec![asks.concat()], vec![answers.concat()]);
        }
        let mut seen = String::new();
        for (ask, replies) in asks.into_iter().zip(answers) {
            let _sent = send(&mut filter, &journal, &[ask]);
            seen += &text(&answer(&mut filter, &journal, &replies, &[5]).unwrap());
        }
        assert!(seen.contains("two") && seen.contains("six"), "{seen}");
        assert!(!seen.contains("ten") && !seen.contains("leo") && !seen.contains("mia"), "{seen}");
        assert!(seen.contains("hold-bulk"), "{seen}");
    }
}

#[test]
fn a_portal_that_is_bound_again_begins_anew() {
    let (mut filter, journal) = strict(2);
    for _ in 0..2 {
        let asks = [
            frame(b'P', b"\0SELECT name FROM t\0\0\0"),
            frame(b'B', b"\0\0\0\0\0\0\0\0"),
            execute(0),
            frame(b'S', b""),
        ];
        let _sent = send(&mut filter, &journal, &asks);
        let rows = [b"one", b"two"].map(|name| data_row(&[name])).concat();
        let replies =
            [frame(b'1', b""), frame(b'2', b""), rows, frame(b'C', b"SELECT 2\0"), frame(b'Z', b"I")].concat();
        let seen = text(&answer(&mut filter, &journal, &replies, &[usize::MAX]).unwrap());
        assert!(seen.contains("two") && !seen.contains("hold-bulk"), "{seen}");
    }
}

/// One query and its answer.
fn query(
    (filter, journal): &mut (super::Filter, super::tests::Lines),
    sql: &str,
    rows: &[&[u8]],
    tag: &str,
    status: &[u8],
) -> String {
    let _sent = send(filter, journal, &[frame(b'Q', format!("{sql}\0").as_bytes())]);
    let rows: Vec<u8> = rows.iter().flat_map(|name| data_row(&[name])).collect();
    let described = if rows.is_empty() { Vec::new() } else { description(&[("name", 25)], 0) };
    let end = if tag.is_empty() { error("42P03") } else { frame(b'C', format!("{tag}\0").as_bytes()) };
    let replies = [described, rows, end, frame(b'Z', status)].concat();
    text(&answer(filter, journal, &replies, &[11]).unwrap())
}

#[test]
fn a_cursor_that_is_read_in_bites_meets_the_limit_of_its_query() {
    let mut session = strict(3);
    query(&mut session, "BEGIN", &[], "BEGIN", b"T");
    query(&mut session, "DECLARE c CURSOR FOR SELECT name FROM t", &[], "DECLARE CURSOR", b"T");
    let first = query(&mut session, "FETCH 2 FROM c", &[b"one", b"two"], "FETCH 2", b"T");
    assert!(first.contains("two"), "{first}");
    // Neither a cursor beside it nor an attempt to declare it again makes it forget.
    query(&mut session, "DECLARE d CURSOR FOR SELECT name FROM t", &[], "DECLARE CURSOR", b"T");
    query(&mut session, "SAVEPOINT s", &[], "SAVEPOINT", b"T");
    query(&mut session, "DECLARE c CURSOR FOR SELECT name FROM t", &[], "", b"E");
    query(&mut session, "ROLLBACK TO s", &[], "ROLLBACK", b"T");
    let second = query(&mut session, "FETCH 2 FROM c", &[b"six", b"ten"], "FETCH 2", b"T");
    assert!(second.contains("six") && !second.contains("ten") && second.contains("hold-bulk"), "{second}");
    // Another cursor is another query.
    let other = query(&mut session, "FETCH 2 FROM d", &[b"leo", b"mia"], "FETCH 2", b"T");
    assert!(other.contains("mia"), "{other}");
}

#[test]
fn a_cursor_that_is_declared_again_begins_anew() {
    let mut session = strict(2);
    for _ in 0..2 {
        query(&mut session, "BEGIN", &[], "BEGIN", b"T");
        query(&mut session, "DECLARE c CURSOR FOR SELECT name FROM t", &[], "DECLARE CURSOR", b"T");
        let seen = query(&mut session, "FETCH 2 FROM c", &[b"one", b"two"], "FETCH 2", b"T");
        assert!(seen.contains("two") && !seen.contains("hold-bulk"), "{seen}");
        query(&mut session, "COMMIT", &[], "COMMIT", b"I");
    }
}

#[test]
fn large_rows_are_limited_like_small_ones() {
    for (first, copies) in [(frame(b'H', &[0, 0, 1, 0, 0]), true), (description(&[("name", 25)], 0), false)] {
        let (mut filter, journal) = strict(2);
        let sql = if copies { &b"COPY t TO STDOUT\0"[..] } else { b"SELECT name FROM t\0" };
        let _sent = send(&mut filter, &journal, &[frame(b'Q', sql)]);
        let rows = [b'a', b'b', b'c', b'd'].map(|letter| {
            let value = [vec![letter; 300_000], b"\n".to_vec()].concat();
            if copies { frame(b'd', &value) } else { data_row(&[&value]) }
        });
        let replies = [first, rows.concat(), error("57014"), frame(b'Z', b"I")].concat();
        let seen = answer(&mut filter, &journal, &replies, &[50_000]).unwrap();
        assert_eq!(
            ["a", "b", "c", "d"].map(|letter| text(&seen).matches(&letter.repeat(300_000)).count()),
            [1, 1, 0, 0]
        );
        assert!(seen.len() < 601_000 && text(&seen).contains("hold-bulk"), "{}", seen.len());
    }
}
