//! Values on their way into marked columns.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Mutex;

use masking::{Label, TokenKey, Transforms};
use sql::lineage::{Marking, Mode, Rules, Transform};

use super::{
    tests::{Lines, Open, frame, text},
    tests_strict::{Shelf, catalog, marking, parse, query, send},
    *,
};
use crate::filter::guard::{Decision, Judged, Sent};

const KEY: &[u8] = b"a key for tests only, long";

/// Lets everything pass, and some labels be sent.
#[derive(Clone)]
struct Sends(Arc<Mutex<&'static [&'static str]>>);

impl Guard for Sends {
    fn decide(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        Open.decide(judged)
    }
    fn wants_arguments(&self) -> bool {
        false
    }
    fn next_row(&self, rows: u64, earlier: u64) -> Option<u64> {
        Open.next_row(rows, earlier)
    }
    fn next_byte(&self, bytes: u64, earlier: u64) -> Option<u64> {
        Open.next_byte(bytes, earlier)
    }
    fn decide_again(&self, judged: &Judged, sent: Sent, earlier: Sent) -> Arc<Decision> {
        Open.decide_again(judged, sent, earlier)
    }
    fn sent(&self, _rows: u64, _bytes: u64) {}
    fn may_send_raw(&self) -> bool {
        !self.0.lock().unwrap().is_empty()
    }
    fn sends_raw(&self, _judged: &Judged) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|label| (*label).to_owned()).collect()
    }
    fn masker(&self, decision: &Decision) -> Arc<Masker> {
        Open.masker(decision)
    }
}

/// Customers whose numbers become tokens, and whose addresses only their last letters.
fn carrying(sends: &'static [&'static str]) -> (Filter, Lines) {
    guarded(Sends(Arc::new(Mutex::new(sends))))
}

fn guarded(sends: Sends) -> (Filter, Lines) {
    let modes = [
        ("ssn", Mode::Token, Transform::Full),
        ("number", Mode::Token, Transform::Full),
        ("email", Mode::InFlight, Transform::Partial),
    ];
    let markings =
        modes.map(|(column, mode, transform)| Marking { mode, ..marking(column, column, transform) }).to_vec();
    let masker = Masker::new(&[Label::Card]).with_transforms(Transforms::new([], TokenKey::new(KEY)));
    let catalogs: Arc<dyn Catalogs> = Arc::new(Shelf(Mutex::new(Arc::new(catalog(1)))));
    let filter = Filter::new(Arc::new(masker), Arc::new(sends), Arc::default(), "app");
    let strict = Strict::new(Arc::clone(&catalogs), Rules { markings, ..Rules::default() }, false);
    (filter.with_catalogs(catalogs).strictly(Some(strict)), Lines::default())
}

/// A Bind of the unnamed statement; formats and values.
fn bind(values: &[(u8, Option<&[u8]>)]) -> Vec<u8> {
    let count = u16::try_from(values.len()).unwrap().to_be_bytes();
    let mut body = [&[0, 0][..], &count].concat();
    values.iter().for_each(|(format, _)| body.extend_from_slice(&[0, *format]));
    body.extend_from_slice(&count);
    for (_, value) in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.unwrap_or_default());
    }
    frame(b'B', &[&body[..], &[0, 1, 0, 1]].concat())
}

fn run() -> Vec<u8> {
    [frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")].concat()
}

fn token(label: &str, value: &str) -> String {
    text(&TokenKey::new(KEY).unwrap().text(label, value.as_bytes()))
}

const SSN: &str = "536-90-4399";
const INSERT: &str = "INSERT INTO customers (id, ssn, number, email) VALUES ($1, $2, $3, $4)";

#[test]
fn what_is_bound_reaches_the_database_as_its_token_or_mask_in_either_format() {
    let number = TokenKey::new(KEY).unwrap().number("number", b"88120017", u64::MAX).to_string();
    let eight = 88_120_017_i64.to_be_bytes();
    for (format, given) in [(0, &b"88120017"[..]), (1, &eight)] {
        let (mut filter, journal) = carrying(&[]);
        let one = 7_i32.to_be_bytes();
        let values = bind(&[
            (1, Some(&one)),
            (format, Some(SSN.as_bytes())),
            (format, Some(given)),
            (format, Some(b"ann.lee@example.com")),
        ]);
        let sent = send(&mut filter, &journal, &[parse("", INSERT), values, run()]);
        let wanted = bind(&[
            (1, Some(&one)),
            (0, Some(token("ssn", SSN).as_bytes())),
            (0, Some(number.as_bytes())),
            (0, Some(b"***.com")),
        ]);
        assert!(sent.contains(&text(&wanted)), "{format}: {sent:?}");
        let lines = journal.all().join("\n");
        assert!(!sent.contains(SSN) && !lines.contains(SSN) && !lines.contains("88120017"), "{lines}");
        assert!(lines.contains("masked parameter $2 ssn token 1"), "{lines}");
        assert!(lines.contains("masked parameter $4 email partial 1"), "{lines}");
    }
}

#[test]
fn nothing_stays_nothing_and_what_has_no_mask_becomes_nothing_and_does_not_run() {
    let (mut filter, journal) = carrying(&[]);
    let sent =
        send(&mut filter, &journal, &[parse("", INSERT), bind(&[(0, None), (0, None), (0, None), (0, None)]), run()]);
    assert!(!sent.contains("sallyport-refused"), "{sent:?}");
    for number in [&b"no number"[..], b"12 or so"] {
        let (mut filter, journal) = carrying(&[]);
        let values = bind(&[(0, Some(b"1")), (0, Some(SSN.as_bytes())), (0, Some(number)), (0, None)]);
        let sent = send(&mut filter, &journal, &[parse("", INSERT), values, run()]);
        assert!(sent.contains("sallyport-refused") && !sent.contains(&text(number)) && !sent.contains(SSN), "{sent:?}");
        let lines = journal.all().join("\n");
        assert!(lines.contains("refused SP-DENIED"), "{lines}");
    }
}

#[test]
fn literals_reach_the_database_as_tokens_and_masks() {
    let (mut filter, journal) = carrying(&[]);
    let insert =
        "INSERT INTO customers (id, ssn, number, email) VALUES (1, '536-90-4399', 88120017, 'o''neil@example.com')";
    let sent = send(&mut filter, &journal, &[query(insert)]);
    let number = TokenKey::new(KEY).unwrap().number("number", b"88120017", u64::MAX);
    let wanted = format!("VALUES (1, '{}', '{number}', '***.com')", token("ssn", SSN));
    assert!(sent.contains(&wanted), "{sent}");
    let lines = journal.all().join("\n");
    assert!(!lines.contains(SSN) && !lines.contains("neil") && lines.contains("masked literal ssn token 1"), "{lines}");
    let sent = send(
        &mut filter,
        &journal,
        &[query("SELECT id FROM customers WHERE ssn = '536-90-4399' OR email = 'x@example.com'")],
    );
    assert!(sent.contains(&format!("= '{}' OR email = NULL", token("ssn", SSN))), "{sent}");
}

#[test]
fn who_may_send_a_label_sends_its_values_and_no_others() {
    let (mut filter, journal) = carrying(&["ssn"]);
    let values = bind(&[(0, Some(b"1")), (0, Some(SSN.as_bytes())), (0, Some(b"88120017")), (0, None)]);
    let sent = send(&mut filter, &journal, &[parse("", INSERT), values, run()]);
    assert!(sent.contains(SSN) && !sent.contains("88120017"), "{sent:?}");
    let sent = send(
        &mut filter,
        &journal,
        &[query("UPDATE customers SET ssn = '536-90-4399', number = 88120017 WHERE id = 1")],
    );
    assert!(sent.contains(SSN) && !sent.contains("88120017"), "{sent:?}");
    assert!(!journal.all().join("\n").contains(SSN), "the record never has it");
}

#[test]
fn what_was_prepared_to_send_values_gets_none_when_they_must_not_be_sent_any_more() {
    let sends = Sends(Arc::new(Mutex::new(&["ssn"])));
    let (mut filter, journal) = guarded(sends.clone());
    let values = || bind(&[(0, Some(b"1")), (0, Some(SSN.as_bytes())), (0, Some(b"88120017")), (0, None)]);
    let sent = send(&mut filter, &journal, &[parse("", INSERT), values(), frame(b'H', b"")]);
    assert!(sent.contains(SSN), "{sent}");
    *sends.0.lock().unwrap() = &[];
    let sent = send(&mut filter, &journal, &[values(), run()]);
    assert!(!sent.contains(SSN) && !sent.contains("88120017"), "{sent}");
}

#[test]
fn sql_must_not_run_what_the_protocol_prepared_with_values_to_mask() {
    let (mut filter, journal) = carrying(&[]);
    send(&mut filter, &journal, &[parse("p", INSERT), frame(b'S', b"")]);
    let sent = send(&mut filter, &journal, &[query("EXECUTE p (1, '536-90-4399', 88120017, 'x')")]);
    assert!(!sent.contains(SSN), "{sent}");
}

#[test]
fn a_long_insert_whose_rows_were_not_all_read_does_not_pass() {
    let (mut filter, journal) = carrying(&[]);
    let rows = vec!["(1, '536-90-4399')"; 6000].join(", ");
    let sent = send(&mut filter, &journal, &[query(&format!("INSERT INTO customers (id, ssn) VALUES {rows}"))]);
    assert!(!sent.contains(SSN), "{}", &sent[..200.min(sent.len())]);
}

#[test]
fn a_large_bind_is_masked_whole() {
    let (mut filter, journal) = carrying(&[]);
    let long = vec![b'x'; 400_000];
    let insert = "INSERT INTO customers (id, ssn, email) VALUES ($1, $2, $3)";
    let values = bind(&[(0, Some(b"1")), (0, Some(SSN.as_bytes())), (0, Some(&long))]);
    let sent = send(&mut filter, &journal, &[parse("", insert), values, run()]);
    assert!(!sent.contains(SSN) && sent.contains(&token("ssn", SSN)) && sent.len() < 1000, "{}", sent.len());
}

#[test]
fn a_parameter_whose_type_is_too_narrow_for_its_token_has_none_at_the_database() {
    let (mut filter, journal) = carrying(&[]);
    let insert = "INSERT INTO customers (id, number) VALUES ($1, $2)";
    let typed = |first: u32, second: u32| {
        let types = [&[0, 2][..], &first.to_be_bytes(), &second.to_be_bytes()].concat();
        frame(b'P', &[&[0][..], insert.as_bytes(), &[0], &types].concat())
    };
    let (one, number) = (7_i32.to_be_bytes(), 88_120_017_i32.to_be_bytes());
    let sent = send(&mut filter, &journal, &[typed(23, 23), bind(&[(1, Some(&one)), (1, Some(&number))]), run()]);
    let token = TokenKey::new(KEY).unwrap().number("number", b"88120017", u64::MAX).to_string();
    let wanted = [typed(23, 0), bind(&[(1, Some(&one)), (0, Some(token.as_bytes()))]), run()].concat();
    assert_eq!(sent, text(&wanted));
}

#[test]
fn not_even_the_parser_sees_a_value_in_a_text_that_cannot_be_read() {
    for broken in [
        "INSERT INTO customers (ssn) VALUES ('536-90-4399'",
        "INSERT INTO customers (id, ssn) VALUES (nosuch(1), '536-90-4399')",
    ] {
        for frames in [vec![query(broken)], vec![parse("", broken), frame(b'S', b"")]] {
            let (mut filter, journal) = carrying(&[]);
            let sent = send(&mut filter, &journal, &frames);
            assert!(!sent.contains(SSN), "{sent}");
            assert!(journal.all().join("\n").contains("refused SP-DENIED"), "{:?}", journal.all());
        }
    }
}
