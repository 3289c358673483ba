#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Mutex;

use masking::{Label, TokenKey, Transforms};
use sql::{
    Catalog,
    catalog::{Column, Function, Relation},
    lineage::{Allowed, Marking, Rules, Transform},
};

use super::{
    tests::{Lines, Open, answer, data_row, description, frame, text},
    *,
};

/// A catalog that may change.
pub(super) struct Shelf(pub(super) Mutex<Arc<Catalog>>);

impl Catalogs for Shelf {
    fn newest(&self) -> Option<Arc<Catalog>> {
        Some(Arc::clone(&self.0.lock().unwrap()))
    }
    fn may_get_newer(&self) -> bool {
        false
    }
}

pub(super) fn column(number: i16, name: &str, of: &str, category: char) -> Column {
    Column {
        number,
        name: name.into(),
        type_name: of.into(),
        base_type: of.into(),
        category,
        not_null: number == 1,
        ..Column::default()
    }
}

pub(super) fn catalog(version: u64) -> Catalog {
    let mut catalog = Catalog { version, path: vec!["public".into()], ..Catalog::default() };
    catalog.built_in.extend(["upper", "count", "text"].map(str::to_owned));
    let columns = vec![
        column(1, "id", "integer", 'N'),
        column(2, "email", "text", 'S'),
        column(3, "ssn", "character varying(11)", 'S'),
        column(4, "number", "bigint", 'N'),
    ];
    catalog.add(Relation {
        oid: 10,
        schema: "public".into(),
        name: "customers".into(),
        columns,
        ..Relation::default()
    });
    let columns = vec![column(1, "id", "integer", 'N'), column(2, "item", "text", 'S')];
    catalog.add(Relation { oid: 11, schema: "public".into(), name: "orders".into(), columns, ..Relation::default() });
    catalog
}

pub(super) fn marking(column: &str, label: &str, transform: Transform) -> Marking {
    Marking {
        schema: "public".into(),
        table: "customers".into(),
        column: column.into(),
        label: label.into(),
        transform,
        ..Marking::default()
    }
}

const KEY: &[u8] = b"a key for tests only, long";

/// A session whose customers' columns are masked by this transform.
fn strict(transform: Transform) -> (Filter, Lines) {
    let markings = [("email", "email"), ("ssn", "ssn"), ("number", "account")];
    let markings = markings.map(|(column, label)| marking(column, label, transform)).to_vec();
    let masker = Masker::new(&[Label::Card]).with_transforms(Transforms::new([], TokenKey::new(KEY)));
    let catalogs: Arc<dyn Catalogs> = Arc::new(Shelf(Mutex::new(Arc::new(catalog(1)))));
    let filter = Filter::new(Arc::new(masker), Arc::new(Open), Arc::default(), "app");
    let strict = Strict::new(Arc::clone(&catalogs), Rules { markings, ..Rules::default() }, false);
    (filter.with_catalogs(catalogs).strictly(Some(strict)), Lines::default())
}

/// What reaches the target of what the client sent. Whenever a newer catalog is asked for, there is none.
pub(super) fn send(filter: &mut Filter, journal: &Lines, frames: &[Vec<u8>]) -> String {
    let bytes = frames.concat();
    let (mut sent, mut at) = (String::new(), 0);
    while at < bytes.len() {
        let passed = filter.requests(&bytes[at..], journal).unwrap();
        sent += &text(&passed.edits.apply(&bytes[at..at + passed.bytes]));
        at += passed.bytes;
        if passed.refresh {
            filter.refreshed();
        }
    }
    sent
}

pub(super) fn query(text: &str) -> Vec<u8> {
    frame(b'Q', format!("{text}\0").as_bytes())
}

pub(super) fn parse(name: &str, text: &str) -> Vec<u8> {
    frame(b'P', format!("{name}\0{text}\0\0\0").as_bytes())
}

fn token(label: &str, value: &str) -> String {
    text(&TokenKey::new(KEY).unwrap().text(label, value.as_bytes()))
}

const EMAIL: &[u8] = b"ann@example.com";

#[test]
fn a_statement_passes_as_the_same_over_masks() {
    let (mut filter, journal) = strict(Transform::Full);
    let sent = send(&mut filter, &journal, &[query("SELECT email FROM customers WHERE email LIKE 'a%'")]);
    assert!(sent.contains("'***'::text END AS \"email\"") && sent.contains("WHERE email LIKE"), "{sent}");
    assert_eq!(
        send(&mut filter, &journal, &[query("SELECT item FROM orders")]),
        text(&query("SELECT item FROM orders"))
    );
}

#[test]
fn what_would_store_a_mask_or_cannot_be_judged_never_reaches_the_target() {
    for refused in
        ["UPDATE orders SET item = email FROM customers", "DO $$ BEGIN EXECUTE 'x'; END $$", "SELECT odd(1, 2)"]
    {
        let (mut filter, journal) = strict(Transform::Full);
        let sent = send(&mut filter, &journal, &[query(refused)]);
        let probe = refused.starts_with("SELECT");
        assert_eq!(sent.contains(refused), probe, "the target only parses what it may know better: {sent}");
        assert!(journal.all().iter().any(|line| line.contains("refused SP-DENIED")), "{:?}", journal.all());
    }
}

#[test]
fn a_statement_that_runs_what_was_prepared_before_more_was_hidden_is_stale() {
    let (mut filter, journal) = strict(Transform::Full);
    send(&mut filter, &journal, &[parse("s", "SELECT email FROM customers"), frame(b'S', b"")]);
    answer(&mut filter, &journal, &[frame(b'1', b""), frame(b'Z', b"I")].concat(), &[64]).unwrap();
    let other = Shelf(Mutex::new(Arc::new({
        let mut catalog = catalog(2);
        catalog.relations.clear();
        let columns = vec![column(1, "id", "integer", 'N'), column(2, "email", "character varying(40)", 'S')];
        catalog.add(Relation {
            oid: 10,
            schema: "public".into(),
            name: "customers".into(),
            columns,
            ..Relation::default()
        });
        catalog
    })));
    let markings = vec![marking("email", "email", Transform::Full)];
    filter = filter.strictly(Some(Strict::new(Arc::new(other), Rules { markings, ..Rules::default() }, false)));
    let sent =
        send(&mut filter, &journal, &[frame(b'B', b"\0s\0\0\0\0\0\0\0"), frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")]);
    assert!(sent.contains("sallyport-refused"), "{sent}");
    let error = frame(b'E', b"SERROR\0VERROR\0C34000\0Mportal\0\0");
    let seen = answer(&mut filter, &journal, &[frame(b'2', b""), error, frame(b'Z', b"I")].concat(), &[64]).unwrap();
    assert!(text(&seen).contains("0A000") && text(&seen).contains("cached plan must not change"), "{}", text(&seen));
}

#[test]
fn a_column_that_is_only_returned_leaves_the_database_raw_and_reaches_the_client_as_a_token() {
    let replies = |format: u8| {
        let number: &[u8] = if format == 1 { &[0, 0, 0, 0, 0, 0, 0, 42] } else { b"42" };
        [
            description(&[("id", 23), ("email", 25), ("number", 20)], format),
            data_row(&[b"7777", EMAIL, number]),
            data_row(&[b"7778", b"Bob", number]),
            frame(b'C', b"SELECT 2\0"),
            frame(b'Z', b"I"),
        ]
        .concat()
    };
    for pieces in [1, 7, 4096] {
        let (mut filter, journal) = strict(Transform::Token);
        let sent = send(&mut filter, &journal, &[query("SELECT id, email, number FROM customers")]);
        assert!(sent.contains("\"email\", CASE WHEN \"ssn\""), "raw, and what is not returned is a constant: {sent}");
        let seen = answer(&mut filter, &journal, &replies(0), &[pieces]).unwrap();
        let shown = text(&seen);
        assert!(!shown.contains("ann@") && !shown.contains("Bob") && shown.contains("7777"), "{shown}");
        assert!(
            shown.contains(&token("email", "ann@example.com")) && shown.contains(&token("email", "Bob")),
            "{shown}"
        );
        assert_eq!(*journal.out.lock().unwrap(), seen, "what is written down is what the client saw");
        let lines = journal.all();
        assert!(lines.contains(&"1 masked public.customers.email email token 2".to_owned()), "{lines:?}");
    }
    let (mut filter, journal) = strict(Transform::Token);
    let bind = frame(b'B', b"\0s\0\0\0\0\0\0\x01\0\x01");
    let sent = send(
        &mut filter,
        &journal,
        &[parse("s", "SELECT id, email, number FROM customers"), bind, frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")],
    );
    assert!(sent.contains("\"email\", CASE WHEN \"ssn\""), "{sent}");
    // Nobody asked for a description: the formats of the Bind count.
    let described = description(&[("id", 23), ("email", 25), ("number", 20)], 1).len();
    let rows = [[frame(b'1', b""), frame(b'2', b"")].concat(), replies(1)[described..].to_vec()].concat();
    let seen = answer(&mut filter, &journal, &rows, &[5]).unwrap();
    let number = TokenKey::new(KEY).unwrap().number("account", b"42", u64::MAX).to_be_bytes();
    assert!(seen.windows(8).any(|bytes| bytes == number) && !text(&seen).contains("ann@"));
}

#[test]
fn wherever_else_a_column_is_used_the_statement_sees_a_constant() {
    for used in [
        "SELECT email FROM customers WHERE email = 'ann@example.com'",
        "SELECT email FROM customers ORDER BY email",
        "SELECT email AS e FROM customers ORDER BY e",
        "SELECT id, email FROM customers ORDER BY 2",
        "SELECT email, count(*) FROM customers GROUP BY email",
        "SELECT DISTINCT email FROM customers",
        "SELECT upper(email) FROM customers",
        "SELECT email::text FROM customers",
        "SELECT c FROM customers c",
        "SELECT (c).email FROM customers c",
        "SELECT email FROM customers UNION ALL SELECT 'ann@example.com'",
        "SELECT e FROM (SELECT email AS e FROM customers) s",
        "WITH w AS (SELECT email FROM customers) SELECT email FROM w",
        "SELECT a.email FROM customers a JOIN customers b ON a.email = b.email",
        "SELECT email FROM customers JOIN (SELECT 'x'::text AS email) v USING (email)",
        "SELECT email FROM customers FOR UPDATE",
        "SELECT *, email FROM customers JOIN orders ON true",
        "SELECT (NULL::orders).*, email FROM customers",
        "SELECT o.*, c.email FROM orders o, customers c",
        "SELECT email AS id FROM customers ORDER BY id",
        "SELECT email FROM customers c WHERE c IS NOT NULL",
        "SELECT email FROM customers; SELECT 1",
        "COPY (SELECT email FROM customers) TO STDOUT",
        "DECLARE c CURSOR FOR SELECT email FROM customers",
        "PREPARE p AS SELECT email FROM customers",
        "EXPLAIN (COSTS OFF) SELECT email FROM customers",
        "SELECT (SELECT email FROM customers LIMIT 1)",
    ] {
        let (mut filter, journal) = strict(Transform::Token);
        let sent = send(&mut filter, &journal, &[query(used)]);
        assert!(sent.contains("'***'::text END AS \"email\""), "{used}: {sent}");
    }
}

#[test]
fn a_star_over_the_masked_relation_alone_has_tokens() {
    for star in [
        "SELECT * FROM customers",
        "SELECT c.*, o.item FROM orders o JOIN customers c ON c.id = o.id",
        "TABLE customers",
    ] {
        let (mut filter, journal) = strict(Transform::Token);
        let sent = send(&mut filter, &journal, &[query(star)]);
        assert!(sent.contains("(SELECT \"id\", \"email\", \"ssn\", \"number\" FROM"), "{star}: {sent}");
    }
}

#[test]
fn sql_cannot_run_or_read_what_the_protocol_prepared_with_raw_columns() {
    for reading in [
        "EXECUTE s",
        "FETCH ALL FROM c",
        "CREATE TABLE t AS EXECUTE s",
        "MOVE ALL IN c",
        "EXPLAIN (COSTS OFF) EXECUTE s",
    ] {
        let (mut filter, journal) = strict(Transform::Token);
        // It was judged when nothing of that name was there.
        send(&mut filter, &journal, &[parse("early", reading), frame(b'S', b"")]);
        send(
            &mut filter,
            &journal,
            &[parse("s", "SELECT email FROM customers"), frame(b'B', b"c\0s\0\0\0\0\0\0\0"), frame(b'S', b"")],
        );
        let sent = send(&mut filter, &journal, &[query(reading)]);
        assert!(!sent.contains(reading), "{sent}");
        let run = [frame(b'B', b"\0early\0\0\0\0\0\0\0"), frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")];
        let sent = send(&mut filter, &journal, &run);
        assert!(sent.contains("sallyport-refused"), "{reading}: {sent}");
    }
}

#[test]
fn what_reads_a_cursor_that_it_did_not_open_is_refused_where_there_are_tokens() {
    let block = "DO $$ DECLARE c refcursor := ''; r record; BEGIN FETCH c INTO r; RAISE NOTICE '%', r; END $$";
    for (transform, passes) in [(Transform::Token, false), (Transform::Full, true)] {
        let (mut filter, journal) = strict(transform);
        assert_eq!(send(&mut filter, &journal, &[query(block)]).contains("FETCH"), passes);
    }
    let (mut filter, journal) = strict(Transform::Token);
    assert!(!send(&mut filter, &journal, &[query("SET client_encoding = 'latin1'")]).contains("latin1"));
}

#[test]
fn rows_that_are_not_what_was_planned_never_pass() {
    let described = |columns: &[(&str, u32)]| description(columns, 0);
    for replies in [
        [described(&[("email", 25), ("more", 25)]), data_row(&[EMAIL, b"x"])].concat(),
        [described(&[("email", 25)]), data_row(&[EMAIL, b"x"])].concat(),
        data_row(&[EMAIL]),
    ] {
        let (mut filter, journal) = strict(Transform::Token);
        send(&mut filter, &journal, &[query("SELECT email FROM customers")]);
        let refused = answer(&mut filter, &journal, &replies, &[4096]).unwrap_err();
        assert!(matches!(refused.code, Code::Uninspectable | Code::TargetProtocol), "{refused:?}");
        assert!(!text(&journal.out.lock().unwrap()).contains("ann@"));
    }
}

/// A session that may call `public.score` as long as its source is `allowed`, and is `now`.
fn scoring(allowed: &str, now: &str, language: &str) -> String {
    let mut catalog = catalog(1);
    catalog.add_function(Function {
        oid: 7,
        schema: "public".into(),
        name: "score".into(),
        language: language.into(),
        source: now.into(),
        ..Function::default()
    });
    let functions = vec![Allowed { schema: "public".into(), name: "score".into(), source: allowed.into() }];
    let rules = Rules { markings: vec![marking("email", "email", Transform::Full)], functions, ..Rules::default() };
    let catalogs: Arc<dyn Catalogs> = Arc::new(Shelf(Mutex::new(Arc::new(catalog))));
    let filter = Filter::new(Arc::new(Masker::new(&[])), Arc::new(Open), Arc::default(), "app");
    let mut filter = filter.with_catalogs(Arc::clone(&catalogs)).strictly(Some(Strict::new(catalogs, rules, false)));
    send(&mut filter, &Lines::default(), &[query("SELECT score(id) FROM customers")])
}

#[test]
fn a_function_that_cannot_be_judged_may_be_called_as_long_as_its_source_is_the_one_that_was_allowed() {
    assert!(scoring("aa", "aa", "plpython3u").contains("score(id)"));
    assert!(!scoring("aa", "bb", "plpython3u").contains("score(id)"), "it has changed");
    assert!(!scoring("aa", "aa", "c").contains("score(id)"), "its source is no text in the database");
    assert!(!scoring("", "", "plpython3u").contains("score(id)"), "its source is not known");
}

/// Allows each value up to `c`.
struct UpToC;

impl Lookups for UpToC {
    fn look_up(&self, label: &str, value: &[u8]) -> Result<String, String> {
        if value <= b"c".as_slice() { Ok(format!("for a test of {label}")) } else { Err("too many values".into()) }
    }
    fn may_collide(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn collide(&self, _: &str, _: &[u8]) -> Result<String, String> {
        Err("too many values".into())
    }
    fn undone(&self, _: &str, _: u32) {}
}

fn looking_up() -> (Filter, Lines) {
    let markings = vec![marking("email", "email", Transform::Full), marking("ssn", "ssn", Transform::Full)];
    let rules = Rules { markings, lookups: vec!["email".into()], ..Rules::default() };
    let catalogs: Arc<dyn Catalogs> = Arc::new(Shelf(Mutex::new(Arc::new(catalog(1)))));
    let filter = Filter::new(Arc::new(Masker::new(&[])), Arc::new(Open), Arc::default(), "app");
    let strict = Strict::new(Arc::clone(&catalogs), rules, false).counted_by(Arc::new(UpToC));
    (filter.with_catalogs(catalogs).strictly(Some(strict)), Lines::default())
}

fn looked_up(text: &str, value: &str) -> (String, Vec<String>) {
    let (mut filter, journal) = looking_up();
    let mut bind = b"\0\0\0\0\0\x01".to_vec();
    bind.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
    bind.extend_from_slice(value.as_bytes());
    bind.extend_from_slice(b"\0\0");
    let frames = [parse("", text), frame(b'B', &bind), frame(b'E', b"\0\0\0\0\0"), frame(b'S', b"")];
    (send(&mut filter, &journal, &frames), journal.all())
}

#[test]
fn a_column_is_compared_with_a_parameter_where_it_is_read_and_stays_masked() {
    for (text, test) in [
        ("SELECT id, email FROM customers WHERE email = $1", "\"email\" OPERATOR(pg_catalog.=) $1) AS"),
        ("SELECT c.id FROM customers c WHERE c.id > 0 AND $1 = c.email", "\"email\" OPERATOR(pg_catalog.=) $1) c"),
        (
            "SELECT * FROM public.customers WHERE public.customers.email = $1::text",
            "OPERATOR(pg_catalog.=) $1::text) AS",
        ),
        (
            "SELECT o.item FROM orders o JOIN customers c ON c.id = o.id WHERE c.email = $1",
            "OPERATOR(pg_catalog.=) $1) c",
        ),
    ] {
        let (sent, lines) = looked_up(text, "ann");
        assert!(sent.contains(test) && sent.contains("'***'::text END AS \"email\""), "{text}: {sent}");
        assert!(sent.contains("$1 =") || sent.contains("= $1"), "{sent}");
        assert!(!sent.contains("sallyport-refused"), "{sent}");
        let told = lines.iter().find(|line| line.contains("execute")).unwrap();
        assert!(
            told.contains("look-up=public.customers.email: for a test of email") && told.contains("$1=***"),
            "{told}"
        );
    }
}

#[test]
fn any_other_comparison_sees_a_mask() {
    for text in [
        "SELECT id FROM customers WHERE email LIKE $1",
        "SELECT id FROM customers WHERE email >= $1",
        "SELECT id FROM customers WHERE email = 'ann'",
        "SELECT id FROM customers WHERE email = $1 OR id = 3",
        "SELECT id FROM customers WHERE NOT email = $1",
        "SELECT id FROM customers WHERE email = ANY (ARRAY[$1])",
        "SELECT id FROM customers WHERE email IN ($1)",
        "SELECT id FROM customers WHERE email = upper($1)",
        "SELECT id FROM customers WHERE upper(email) = $1",
        "SELECT id FROM customers WHERE (email, id) = ($1, 3)",
        "SELECT id FROM customers WHERE ssn = $1",
        "SELECT email = $1 FROM customers",
        "SELECT id FROM customers ORDER BY email = $1",
        "SELECT o.item FROM orders o LEFT JOIN customers c ON c.id = o.id WHERE c.email = $1",
        "SELECT id FROM customers c WHERE EXISTS (SELECT FROM customers d WHERE d.email = $1)",
        "SELECT id FROM customers WHERE email = $1 UNION ALL SELECT 1",
        "SELECT a.id FROM customers a, customers b WHERE a.email = $1 AND b.email = $1",
        "WITH w AS (SELECT * FROM customers WHERE email = $1) SELECT id FROM w",
    ] {
        let (sent, _) = looked_up(text, "ann");
        assert!(!sent.contains("OPERATOR(pg_catalog.=)"), "{text}: {sent}");
    }
}

#[test]
fn values_of_marked_columns_are_not_written_down() {
    for (text, shown) in [
        ("SELECT id FROM customers WHERE ssn = $1", "WHERE ssn = $1"),
        ("SELECT id FROM customers WHERE $1 = lower(c.ssn::varchar(11)) AND id = 3", "varchar(11)) AND id = 3"),
        ("SELECT id FROM customers WHERE ssn IN ($1, 'canary')", "($1, '******')"),
        (
            "SELECT id FROM customers WHERE id = 77 AND ssn LIKE E'can\\'ary' OR ssn = $1",
            "id = 77 AND ssn LIKE E'********'",
        ),
        ("INSERT INTO customers (id, ssn) VALUES (77, $1), (78, 'canary')", "(77, $1), (78, '******')"),
        ("INSERT INTO customers VALUES (77, 'canary', $1)", "(77, '******', $1)"),
        ("INSERT INTO customers (id, ssn) SELECT 77, $1", "SELECT 77, $1"),
        ("UPDATE customers SET number = 77, ssn = $1 WHERE id = 3", "number = 77, ssn = $1 WHERE id = 3"),
        ("UPDATE customers SET (id, ssn) = (77, $1)", "(**, $1)"),
        ("SELECT id FROM customers WHERE ssn = $$canary$$ OR ssn = $1", "ssn = $$******$$"),
    ] {
        let text = text.replace("c.ssn", "ssn");
        let (sent, lines) = looked_up(&text, "canary-value");
        assert!(sent.contains("canary-value") || sent.contains("refused"), "{text}: {sent}");
        let all = lines.join("\n");
        assert!(!all.contains("canary"), "{text}: {all}");
        assert!(all.contains(shown) && all.contains("$1=***"), "{text}: {all}");
        assert!(sent.contains("refused") || all.contains("masked parameter $1 ssn 1"), "{text}: {all}");
    }
    let (_, lines) = looked_up("SELECT id FROM customers WHERE id = $1 AND ssn IS NOT NULL", "77");
    assert!(lines.iter().any(|line| line.contains("$1=77")), "{lines:?}");
}

#[test]
fn a_rewritten_text_is_written_down_without_values() {
    let (mut filter, journal) = looking_up();
    let filter_text = "SELECT email FROM customers WHERE ssn = 'canary' AND id = 77";
    let sent = send(&mut filter, &journal, &[query(filter_text)]);
    assert!(sent.contains("canary"), "{sent}");
    let all = journal.all().join("\n");
    assert!(all.contains("rewritten=") && !all.contains("canary") && all.contains("id = 77"), "{all}");
    assert!(all.contains("masked literal ssn 1"), "{all}");
}

#[test]
fn what_is_too_much_is_refused_and_sql_cannot_go_around_the_count() {
    let (sent, lines) = looked_up("SELECT id FROM customers WHERE email = $1", "zoe");
    assert!(sent.contains("sallyport-refused"), "{sent}");
    assert!(lines.iter().any(|line| line.contains("refused SP-DENIED")), "{lines:?}");
    let (mut filter, journal) = looking_up();
    send(&mut filter, &journal, &[parse("s", "SELECT id FROM customers WHERE email = $1"), frame(b'S', b"")]);
    assert!(!send(&mut filter, &journal, &[query("EXECUTE s ('zoe')")]).contains("EXECUTE s"));
}

#[test]
fn a_table_that_the_catalog_does_not_have_makes_it_old_once() {
    let (mut filter, journal) = strict(Transform::Full);
    let described = |oid: u32| {
        let mut columns = description(&[("item", 25)], 0);
        let at = columns.len() - 18;
        columns[at..at + 4].copy_from_slice(&oid.to_be_bytes());
        [columns, frame(b'C', b"SELECT 0\0"), frame(b'Z', b"I")].concat()
    };
    let mut refreshes = Vec::new();
    for oid in [11, 99_999, 99_999, 1259] {
        let asked = query("SELECT item FROM orders");
        let mut passed = filter.requests(&asked, &journal).unwrap();
        refreshes.push(passed.refresh);
        if passed.refresh {
            filter.refreshed();
            passed = filter.requests(&asked, &journal).unwrap();
        }
        assert_eq!(passed.bytes, asked.len());
        answer(&mut filter, &journal, &described(oid), &[64]).unwrap();
    }
    assert_eq!(refreshes, [false, false, true, false]);
}
