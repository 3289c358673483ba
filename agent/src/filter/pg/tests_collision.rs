#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use sql::{
    Catalog,
    catalog::{Constraint, ConstraintKind, Relation},
    lineage::{Rules, Transform},
};

use super::{
    tests::{Lines, Open, answer, frame, text},
    tests_strict::{Shelf, catalog, marking, parse, query, send},
    *,
};

/// Lets two errors pass, and what was taken back three times.
#[derive(Default)]
struct Two(Mutex<Vec<Vec<u8>>>, AtomicU32);

impl Lookups for Two {
    fn look_up(&self, _: &str, _: &[u8]) -> Result<String, String> {
        Err("no".into())
    }
    fn may_collide(&self, label: &str) -> Result<(), String> {
        if self.0.lock().unwrap().len() < 2 && self.1.load(Relaxed) < 3 {
            Ok(())
        } else {
            Err(format!("enough of {label}"))
        }
    }
    fn collide(&self, label: &str, what: &[u8]) -> Result<String, String> {
        let mut seen = self.0.lock().unwrap();
        if !seen.iter().any(|known| known == what) {
            if seen.len() == 2 {
                return Err(format!("enough of {label}"));
            }
            seen.push(what.to_vec());
        }
        Ok(format!("value {} of 2", seen.len()))
    }
    fn undone(&self, label: &str, tries: u32) {
        self.1.fetch_add(if label == "email" { tries } else { 0 }, Relaxed);
    }
}

/// A session whose customers have unique and masked addresses.
fn session() -> (Filter, Lines) {
    let mut catalog = catalog(1);
    let key = ("public".to_owned(), "customers".to_owned());
    let mut customers = Relation::clone(&catalog.relations[&key]);
    let unique = |name: &str, column| Constraint { name: name.into(), columns: vec![column], ..Constraint::default() };
    customers.constraints = vec![
        unique("customers_pkey", 1),
        unique("customers_email_key", 2),
        Constraint {
            name: "customers_check".into(),
            kind: ConstraintKind::Check,
            columns: vec![1, 4],
            ..Constraint::default()
        },
    ];
    catalog.add(customers);
    let rules = Rules {
        markings: vec![marking("email", "email", Transform::Full), marking("number", "account", Transform::Full)],
        ..Rules::default()
    };
    let catalogs: Arc<dyn Catalogs> = Arc::new(Shelf(Mutex::new(Arc::new(catalog))));
    let filter = Filter::new(Arc::new(Masker::new(&[])), Arc::new(Open), Arc::default(), "app");
    let strict = Strict::new(Arc::clone(&catalogs), rules, false).counted_by(Arc::new(Two::default()));
    (filter.with_catalogs(catalogs).strictly(Some(strict)), Lines::default())
}

fn report(tag: u8, fields: &[(char, &str)]) -> Vec<u8> {
    let fields: String = fields.iter().map(|(kind, text)| format!("{kind}{text}\0")).collect();
    frame(tag, format!("{fields}\0").as_bytes())
}

fn collision(state: &str, constraint: &str, detail: &str) -> Vec<u8> {
    report(
        b'E',
        &[
            ('S', "ERROR"),
            ('C', state),
            ('M', "no"),
            ('D', detail),
            ('s', "public"),
            ('t', "customers"),
            ('n', constraint),
        ],
    )
}

const INSERT: &str = "INSERT INTO customers (id, email) VALUES (1, 'x')";

#[test]
fn errors_that_tell_whether_a_value_is_there_are_counted_and_one_too_many_is_not_told() {
    let (mut filter, journal) = session();
    let ready = frame(b'Z', b"E");
    let update = "UPDATE customers SET id = 2";
    for (text_sent, state, constraint, detail, counts) in [
        (INSERT, "23505", "customers_pkey", "1", false),
        (INSERT, "23505", "customers_email_key", "Key (email)=(a)", true),
        (INSERT, "23505", "customers_email_key", "Key (email)=(a)", true),
        (INSERT, "23514", "customers_check", "Failing row", false),
        (update, "23514", "customers_check", "Failing row", true),
    ] {
        assert!(send(&mut filter, &journal, &[query(text_sent)]).contains(text_sent));
        let before = journal.all().len();
        let error = [collision(state, constraint, detail), ready.clone()].concat();
        let got = text(&answer(&mut filter, &journal, &error, &[4096]).unwrap());
        assert!(got.contains(state) && !got.contains(detail), "{got}");
        let told = journal.all()[before..].iter().any(|line| line.contains("masked public.customers."));
        assert_eq!(told, counts, "{constraint}: {:?}", journal.all());
    }
    let refused = send(&mut filter, &journal, &[query(INSERT)]);
    assert!(refused.contains("SALLYPORT REFUSED"), "{refused}");
    let other = send(&mut filter, &journal, &[query("UPDATE customers SET ssn = '1' WHERE id = 2")]);
    assert!(other.contains("UPDATE"), "what cannot collide still passes: {other}");
}

#[test]
fn writes_that_are_taken_back_are_counted_and_those_that_stay_are_not() {
    let done = |tag: &str| frame(b'C', format!("{tag}\0").as_bytes());
    let ready = |status: &str| frame(b'Z', status.as_bytes());
    let insert = || [done("INSERT 0 1"), ready("T")].concat();
    // Each: what is sent and answered, and how often that may be done before it is refused.
    type Said<'a> = &'a [(&'a str, Vec<u8>)];
    let exchanges: [(Said<'_>, u32); 6] = [
        (&[(INSERT, [done("INSERT 0 1"), ready("I")].concat())], 9),
        (
            &[
                ("BEGIN", [done("BEGIN"), ready("T")].concat()),
                (INSERT, insert()),
                ("COMMIT", [done("COMMIT"), ready("I")].concat()),
            ],
            9,
        ),
        (&[(INSERT, insert()), ("ROLLBACK", [done("ROLLBACK"), ready("I")].concat())], 3),
        (&[(INSERT, insert()), ("ROLLBACK TO a", [done("ROLLBACK"), ready("T")].concat())], 3),
        (
            &[
                (INSERT, insert()),
                ("SELECT 1/0", [report(b'E', &[('S', "ERROR"), ('C', "22012")]), ready("E")].concat()),
            ],
            3,
        ),
        (
            &[(
                "BEGIN; INSERT INTO customers (id, email) VALUES (1, 'x'); ROLLBACK",
                [done("BEGIN"), done("INSERT 0 1"), done("ROLLBACK"), ready("I")].concat(),
            )],
            3,
        ),
    ];
    for (exchange, allowed) in exchanges {
        let (mut filter, journal) = session();
        let mut passed = 0;
        while passed < 9 {
            let mut refused = false;
            for (sent, said) in exchange {
                let got = send(&mut filter, &journal, &[query(sent)]);
                refused |= got.contains("SALLYPORT REFUSED");
                if refused {
                    break;
                }
                answer(&mut filter, &journal, said, &[4096]).unwrap();
            }
            if refused {
                break;
            }
            passed += 1;
        }
        assert_eq!(passed, allowed, "{:?}", exchange[0].0);
    }
}

#[test]
fn what_is_on_its_way_when_it_is_enough_ends_the_session_untold() {
    let (mut filter, journal) = session();
    let sent = send(&mut filter, &journal, &[query(INSERT), query(INSERT), query(INSERT)]);
    assert_eq!(sent.matches("INSERT").count(), 3);
    let errors: Vec<u8> = ["a", "b", "c"]
        .iter()
        .flat_map(|detail| [collision("23505", "customers_email_key", detail), frame(b'Z', b"I")].concat())
        .collect();
    let refused = answer(&mut filter, &journal, &errors, &[4096]).unwrap_err();
    assert_eq!(refused.code, Code::Denied);
}

#[test]
fn a_message_of_the_databases_own_code_is_not_shown() {
    let raised = [('S', "ERROR"), ('V', "ERROR"), ('C', "P0001"), ('M', "canary"), ('R', "exec_stmt_raise")];
    let ran = [('S', "NOTICE"), ('C', "22P02"), ('M', "canary"), ('W', "PL/pgSQL function f() line 3 at IF")];
    let copied = [('S', "ERROR"), ('C', "22P02"), ('M', "plain"), ('W', "COPY customers, line 1, column id: canary")];
    for (tag, fields, shown) in [(b'E', &raised[..], "P0001"), (b'N', &ran, "22P02"), (b'E', &copied, "plain")] {
        let (mut filter, journal) = session();
        send(&mut filter, &journal, &[query("UPDATE customers SET ssn = '1' WHERE id = 2")]);
        let got = text(&answer(&mut filter, &journal, &report(tag, fields), &[4096]).unwrap());
        assert!(got.contains(shown) && !got.contains("canary"), "{got}");
        send(&mut filter, &journal, &[query("SELECT 1")]);
    }
    let (mut filter, journal) = session();
    send(&mut filter, &journal, &[query("UPDATE orders SET item = '1'")]);
    let got = text(&answer(&mut filter, &journal, &report(b'E', &raised), &[4096]).unwrap());
    assert!(got.contains("canary"), "nothing marked is touched: {got}");
}

#[test]
fn errors_of_what_was_put_off_to_the_end_of_a_transaction_lose_their_detail() {
    let done = |tag: &str| frame(b'C', format!("{tag}\0").as_bytes());
    let deferred =
        report(b'E', &[('S', "ERROR"), ('C', "P0001"), ('M', "canary"), ('D', "canary"), ('W', "PL/pgSQL function")]);
    for write in ["UPDATE customers SET ssn = '1' WHERE id = 2", "UPDATE orders SET item = 'x'"] {
        let (mut filter, journal) = session();
        send(&mut filter, &journal, &[query("BEGIN"), query(write), query("COMMIT")]);
        let replies =
            [done("BEGIN"), frame(b'Z', b"T"), done("UPDATE 1"), frame(b'Z', b"T"), deferred.clone()].concat();
        let got = text(&answer(&mut filter, &journal, &replies, &[4096]).unwrap());
        assert_eq!(got.contains("canary"), write.contains("orders"), "{write}: {got}");
    }
    let (mut filter, journal) = session();
    let run = [
        parse("", "UPDATE customers SET ssn = '1'"),
        frame(b'B', b"\0\0\0\0\0\0\0\0"),
        frame(b'E', b"\0\0\0\0\0"),
        frame(b'S', b""),
    ];
    send(&mut filter, &journal, &run);
    let replies = [frame(b'1', b""), frame(b'2', b""), done("UPDATE 1"), deferred.clone(), frame(b'Z', b"I")].concat();
    let got = text(&answer(&mut filter, &journal, &replies, &[4096]).unwrap());
    assert!(got.contains("P0001") && !got.contains("canary"), "{got}");
}

/// A catalog that is not read again.
struct Stuck(Arc<Catalog>, Mutex<CatalogReadings>, Age);

impl Catalogs for Stuck {
    fn newest(&self) -> Option<Arc<Catalog>> {
        Some(Arc::clone(&self.0))
    }
    fn may_get_newer(&self) -> bool {
        true
    }
    fn readings(&self) -> CatalogReadings {
        *self.1.lock().unwrap()
    }
    fn age(&self) -> Age {
        self.2
    }
}

fn stuck(age: Age) -> (Filter, Arc<Stuck>, Lines) {
    let stuck = Arc::new(Stuck(Arc::new(catalog(1)), Mutex::new(CatalogReadings { begun: 1, newest: 1 }), age));
    let rules = Rules { markings: vec![marking("email", "email", Transform::Full)], ..Rules::default() };
    let catalogs: Arc<dyn Catalogs> = stuck.clone();
    let filter = Filter::new(Arc::new(Masker::new(&[])), Arc::new(Open), Arc::default(), "app");
    (
        filter.with_catalogs(Arc::clone(&catalogs)).strictly(Some(Strict::new(catalogs, rules, false))),
        stuck,
        Lines::default(),
    )
}

#[test]
fn definitions_that_changed_count_only_when_the_catalog_has_been_read_since() {
    let (mut filter, stuck, journal) = stuck(Age::Young);
    let done = |tag: &str, state: &[u8]| [frame(b'C', format!("{tag}\0").as_bytes()), frame(b'Z', state)].concat();
    assert!(
        send(&mut filter, &journal, &[query("BEGIN"), query("CREATE TABLE fresh (id int)")]).contains("CREATE TABLE")
    );
    let replies = [done("BEGIN", b"T"), done("CREATE TABLE", b"T")].concat();
    answer(&mut filter, &journal, &replies, &[4096]).unwrap();
    // Its own lock may keep the catalog from being read.
    assert!(send(&mut filter, &journal, &[query("SELECT id FROM customers"), query("COMMIT")]).contains("COMMIT"));
    let replies = [done("SELECT 0", b"T"), done("COMMIT", b"I")].concat();
    answer(&mut filter, &journal, &replies, &[4096]).unwrap();
    assert!(send(&mut filter, &journal, &[query("SELECT id FROM customers")]).contains("SALLYPORT REFUSED"));
    *stuck.1.lock().unwrap() = CatalogReadings { begun: 2, newest: 2 };
    assert!(send(&mut filter, &journal, &[query("SELECT id FROM customers")]).contains("SELECT id FROM customers"));
}

#[test]
fn by_a_catalog_that_could_not_be_read_for_long_nothing_is_judged() {
    for (age, passes) in [(Age::Young, true), (Age::Old, true), (Age::TooOld, false)] {
        let (mut filter, _, journal) = stuck(age);
        let sent = send(&mut filter, &journal, &[query("SELECT id FROM customers")]);
        assert_eq!(sent.contains("SELECT id"), passes, "{age:?}: {sent}");
    }
}

#[test]
fn a_function_is_not_called_by_its_number() {
    let (mut filter, journal) = session();
    let sent = send(&mut filter, &journal, &[frame(b'F', &[0, 0, 0, 7, 0, 0, 0, 0, 0, 0])]);
    assert!(!sent.contains('\u{7}'), "{sent:?}");
    assert!(journal.all().iter().any(|line| line.contains("refused SP-DENIED")), "{:?}", journal.all());
}
