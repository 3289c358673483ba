//! Where names without a schema are looked up, through everything that changes it and everything that takes a change back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use sql::{Session, Status};

/// A step of a session.
enum Step<'a> {
    /// Ran, and the server is ready in this status.
    Ran(&'a str, Status),
    /// Failed.
    Failed(&'a str, Status),
    /// Ran as one of several that the server answers together.
    Part(&'a str),
    /// Sent, and it is not known whether it ran.
    Sent(&'a str),
    Ready(Status),
}
use Status::{Idle, Open};
use Step::{Failed, Part, Ran, Ready, Sent};

/// The first schemas of all paths that may be in force; nothing: any.
fn after(steps: &[Step<'_>]) -> Vec<String> {
    let mut session = Session::new("app");
    session.begin_with("public", "none");
    for step in steps {
        match step {
            Ran(text, status) => {
                session.ran(&session.read(text, None));
                session.ready(*status);
            }
            Failed(text, status) => {
                let reading = session.read(text, None);
                session.failed();
                if reading.statements.len() > 1 {
                    session.may_have_run(&reading);
                }
                session.ready(*status);
            }
            Part(text) => session.ran(&session.read(text, None)),
            Sent(text) => session.may_have_run(&session.read(text, None)),
            Ready(status) => session.ready(*status),
        }
    }
    let mut first: Vec<String> = session.schemas().iter().map(|path| path[2..].join(",")).collect();
    first.sort();
    first
}

#[test]
fn what_is_set_stays_until_it_is_set_again_or_taken_back() {
    let set = |text| Ran(text, Idle);
    for (steps, wanted) in [
        (vec![], "public"),
        (vec![set("SET search_path TO tenant_7")], "tenant_7"),
        (vec![set("SET search_path TO tenant_7, public")], "tenant_7,public"),
        (vec![set("SET search_path TO tenant_7"), set("RESET search_path")], "public"),
        (vec![set("SET search_path TO tenant_7"), set("RESET ALL")], "public"),
        (vec![set("SET search_path TO tenant_7"), set("DISCARD ALL")], "public"),
        (vec![set("SET search_path TO tenant_7"), set("SET search_path TO DEFAULT")], "public"),
        (vec![set("SELECT pg_catalog.set_config('search_path', 'a, \"B\"', false)")], "a,B"),
        (vec![Ran("BEGIN", Open), Ran("SET search_path TO a", Open), Ran("ROLLBACK", Idle)], "public"),
        (vec![Ran("BEGIN", Open), Ran("SET search_path TO a", Open), Ran("COMMIT", Idle)], "a"),
        (vec![Ran("BEGIN", Open), Ran("SET LOCAL search_path TO a", Open)], "a"),
        (vec![Ran("BEGIN", Open), Ran("SET LOCAL search_path TO a", Open), Ran("COMMIT", Idle)], "public"),
        (
            vec![
                Ran("BEGIN", Open),
                Ran("SET LOCAL search_path TO a", Open),
                Ran("SET search_path TO b", Open),
                Ran("COMMIT", Idle),
            ],
            "b",
        ),
        (
            vec![
                Ran("BEGIN", Open),
                Ran("SET search_path TO b", Open),
                Ran("SET LOCAL search_path TO a", Open),
                Ran("COMMIT", Idle),
            ],
            "b",
        ),
        (
            vec![
                set("SET search_path TO a"),
                Ran("BEGIN", Open),
                Ran("SET LOCAL search_path TO DEFAULT", Open),
                Ran("COMMIT", Idle),
            ],
            "a",
        ),
        (vec![set("SET LOCAL ROLE bob"), set("SET search_path TO \"$user\", x")], "app,x bob,x"),
        (
            vec![
                set("SET ROLE bob"),
                set("SET search_path TO \"$user\", x"),
                set("RESET ALL"),
                set("SET search_path TO \"$user\""),
            ],
            "bob",
        ),
        (vec![set("SET ROLE bob"), set("SET search_path TO \"$user\", x"), set("RESET ROLE")], "app,x"),
    ] {
        assert_eq!(after(&steps).join(" "), wanted);
    }
}

#[test]
fn savepoints_give_back_the_path_that_they_saw() {
    let open = |text| Ran(text, Open);
    let begin = || vec![open("BEGIN"), open("SET search_path TO a"), open("SAVEPOINT s"), open("SET search_path TO b")];
    let then =
        |more: &[&'static str]| begin().into_iter().chain(more.iter().map(|text| Ran(text, Open))).collect::<Vec<_>>();
    for (steps, wanted) in [
        (then(&[]), "b"),
        (then(&["ROLLBACK TO s"]), "a"),
        (then(&["ROLLBACK TO SAVEPOINT s", "RELEASE s"]), "a"),
        (then(&["RELEASE s"]), "b"),
        (then(&["SAVEPOINT s", "SET search_path TO c", "ROLLBACK TO s"]), "b"),
        (then(&["SAVEPOINT s", "SET search_path TO c", "ROLLBACK TO s", "RELEASE s", "ROLLBACK TO s"]), "a"),
        (then(&["SAVEPOINT t", "SET LOCAL search_path TO c", "ROLLBACK TO t"]), "b"),
        // What is not known to be a savepoint may stand for any.
        (then(&["ROLLBACK TO other"]), ""),
    ] {
        assert_eq!(after(&steps).join(" "), wanted);
    }
    // Sent in one go with what follows, as drivers do that protect each statement by one.
    let mut steps = vec![open("BEGIN"), open("SET search_path TO a"), Sent("SAVEPOINT auto"), open("SAVEPOINT auto")];
    steps.extend([Failed("SELECT 1/0", Status::Failed), open("ROLLBACK TO auto")]);
    assert_eq!(after(&steps), ["a"]);
}

#[test]
fn what_may_not_have_happened_leaves_both_open() {
    for (steps, wanted) in [
        (vec![Sent("SET search_path TO a")], "a public"),
        (vec![Sent("SET search_path TO a"), Ran("SET search_path TO a", Idle)], "a"),
        (vec![Failed("SET search_path TO a; SELECT 1/0", Idle)], "a public"),
        (vec![Failed("SET search_path TO a; SELECT 1/0", Idle), Ran("RESET search_path", Idle)], "public"),
        // A pipeline is one transaction: what failed takes back what ran before it.
        (vec![Part("SET search_path TO a"), Failed("SELECT 1/0", Idle)], "a public"),
        (vec![Part("SET search_path TO a"), Ready(Idle), Failed("SELECT 1/0", Idle)], "a"),
        (
            vec![
                Part("SET search_path TO a"),
                Part("BEGIN"),
                Failed("SELECT 1/0", Status::Failed),
                Ran("ROLLBACK", Idle),
            ],
            "public",
        ),
        // A call happens only if its row does.
        (vec![Ran("SELECT set_config('search_path', 'a', false) WHERE false", Idle)], "a public"),
        (vec![Ran("SELECT CASE WHEN 1 = 2 THEN set_config('search_path', 'a', false) END", Idle)], "a public"),
        (
            vec![
                Ran("SELECT set_config('role', 'bob', false) FROM t", Idle),
                Ran("SET search_path TO \"$user\"", Idle),
            ],
            "app bob",
        ),
        (vec![Ran("EXPLAIN SELECT set_config('search_path', 'a', false)", Idle)], "a public"),
        (vec![Ran("SELECT set_config('search_path', $1, false)", Idle)], ""),
    ] {
        assert_eq!(after(&steps).join(" "), wanted);
    }
}

#[test]
fn each_statement_of_a_text_has_its_own_path() {
    let mut session = Session::new("app");
    session.begin_with("public", "none");
    let reading = session.read("SELECT 1; SET search_path TO a; SELECT 2; RESET search_path; SELECT 3", None);
    let paths: Vec<&str> = reading.statements.iter().map(|one| one.schemas()[0][2].as_str()).collect();
    assert_eq!(paths, ["public", "public", "a", "a", "public"]);
}
