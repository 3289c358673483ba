//! What happened is recorded as the client saw it, and can be listed, shown and replayed.

use e2e::{World, eventually};
use serde_json::Value;

/// The rendering of the newest session on `connection` that mentions `mark`, once it has been stored.
pub(crate) fn recorded(world: &World, connection: &str, verb: &str, mark: &str) -> String {
    eventually(&format!("a recording of {mark}"), || {
        world.session_ids(connection).iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", verb, id]).output().out;
            shown.contains(mark).then_some(shown)
        })
    })
}

#[test]
fn a_statement_is_recorded_with_its_masked_rows_and_status() {
    let world = World::shared();
    let one = world.customer(11);
    let query = "SELECT name, card FROM customers WHERE id = 11 /* mark-pg */";
    let seen = world.psql().args(["-At", "-c", query]).ok().out;
    let shown = recorded(world, "shop-db", "show", "mark-pg");
    assert!(shown.contains("SELECT 1") && shown.contains("masked"), "{shown}");
    let replayed = recorded(world, "shop-db", "replay", "mark-pg");
    assert!(replayed.contains(&one.name) && !replayed.contains(&one.card), "{replayed}");
    let masked = seen.trim().split('|').nth(1).unwrap();
    assert!(replayed.contains(masked), "the recording shows what the client saw: {masked}\n{replayed}");
}

#[test]
fn a_terminal_session_replays_as_it_looked() {
    let world = World::shared();
    let typed = "echo mark-$((40+2))-ssh; cat logs/support.log; exit\n";
    let _shell = world.ssh(&["-tt"]).input(typed).output();
    let replayed = recorded(world, "web-1", "replay", "mark-42-ssh");
    assert!(replayed.contains("#1843 printer on fire"), "{replayed}");
    assert!(!replayed.contains(&world.customer(2).card), "{replayed}");
}

#[test]
fn a_terminal_session_exports_as_an_asciicast() {
    let world = World::shared();
    let _shell = world.ssh(&["-tt"]).input("echo mark-cast; exit\n").output();
    let cast = eventually("an asciicast", || {
        world.session_ids("web-1").iter().find_map(|id| {
            let cast =
                world.sallyport(world.carol(), &["sessions", "replay", "--format", "asciicast", id]).output().out;
            cast.contains("mark-cast").then_some(cast)
        })
    });
    let header: Value = serde_json::from_str(cast.lines().next().unwrap()).unwrap();
    assert_eq!(header["version"], 3, "{header}");
    // Version 3 has the time since the event before, version 2 the time since the beginning.
    let id = eventually("the session", || {
        world.session_ids("web-1").into_iter().find(|id| {
            let replay = ["sessions", "replay", "--format", "asciicast2", id];
            world.sallyport(world.carol(), &replay).output().out.contains("mark-cast")
        })
    });
    let old = world.sallyport(world.carol(), &["sessions", "replay", "--format", "asciicast2", &id]).ok().out;
    let header_of = |cast: &str| serde_json::from_str::<Value>(cast.lines().next().unwrap()).unwrap();
    let (new, old_header) = (header_of(&cast), header_of(&old));
    assert_eq!((&new["version"], &old_header["version"]), (&3.into(), &2.into()));
    assert!(new["term"]["cols"].is_number() && old_header["width"].is_number(), "{new} {old_header}");
    let events = |cast: &str| -> Vec<(f64, String, String)> {
        let lines = cast.lines().skip(1).filter(|line| !line.trim().is_empty());
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (new, old) = (events(&cast), events(&old));
    let printed = |events: &[(f64, String, String)]| -> String {
        events.iter().filter(|(_, kind, _)| kind == "o").map(|(_, _, text)| text.as_str()).collect()
    };
    assert!(printed(&new).contains("mark-cast") && printed(&new) == printed(&old));
    assert!(old.iter().map(|(time, ..)| time).is_sorted(), "{old:?}");
    let whole: f64 = new.iter().map(|(time, ..)| time).sum();
    assert!((whole - old.last().unwrap().0).abs() < 1.0, "{whole} {old:?}");
}

#[test]
fn an_exchange_is_recorded_with_method_path_and_status() {
    let world = World::shared();
    let one = world.customer(21);
    let _answer = world.curl("/shop-api/customers/21?mark-http=1", &[]).ok();
    let shown = recorded(world, "shop-api", "show", "mark-http");
    assert!(shown.contains("GET") && shown.contains("200"), "{shown}");
    assert!(!shown.contains(&one.card) && !shown.contains(&one.ssn), "{shown}");
    assert!(!shown.contains(&world.alice().ticket), "{shown}");
}

#[test]
fn a_hundred_statements_are_recorded_once_each_and_in_order() {
    let world = World::shared();
    let script: String = (0..100).map(|number| format!("SELECT 'mark-order-{number}';\n")).collect();
    let _answers = world.psql().input(script).ok();
    let shown = eventually("the last statement", || {
        let shown = recorded(world, "shop-db", "show", "mark-order-0");
        shown.contains("mark-order-99").then_some(shown)
    });
    let places: Vec<usize> =
        (0..100).map(|number| shown.find(&format!("SELECT 'mark-order-{number}'")).unwrap()).collect();
    assert!(places.is_sorted());
    for number in 0..100 {
        assert_eq!(shown.matches(&format!("SELECT 'mark-order-{number}'")).count(), 1, "{number}");
    }
}

#[test]
fn others_may_not_look_at_recordings() {
    let world = World::shared();
    let dsn = world.dsn(world.caller("bob"), "shop-db");
    let _bobs = e2e::Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn]).ok();
    let of =
        |whose: &str, sessions: Value| sessions.as_array().unwrap().iter().any(|session| session["subject"] == whose);
    assert!(of("bob", world.api(world.carol(), "sessions?connection=shop-db&limit=1000")));
    assert!(!of("bob", world.api(world.alice(), "sessions?limit=1000")));
    let list = world.sallyport(world.carol(), &["sessions", "list", "--format", "json"]).ok().json();
    assert!(list.as_array().is_some_and(|list| !list.is_empty()), "{list}");
}
