//! Many at once: bad logins, several people on one target's credential.

use std::collections::BTreeSet;

use e2e::{Run, World, eventually};
use serde_json::Value;

/// How many failed logins are written down for a connection of that name.
fn failures(world: &World, connection: &str) -> Vec<Value> {
    let log = world.api(world.carol(), "audit?kind=login.failed&limit=1000");
    log.as_array().unwrap().iter().filter(|event| event["connection"] == connection).cloned().collect()
}

#[test]
fn ten_bad_logins_are_ten_records_in_every_protocol() {
    let world = World::shared();
    let wrong = format!("sp_{}", "A".repeat(43));
    let stranger =
        sallyport::demo::site::Caller { subject: "mallory".into(), ticket: wrong.clone(), ..world.alice().clone() };
    let attempts: [(&str, &str, &(dyn Fn() -> Run + Sync)); 3] = [
        ("bad-pg", "SP-LOGIN", &|| Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(&stranger, "bad-pg")])),
        ("bad-ssh", "SP-LOGIN", &|| world.ssh_with_ticket("bad-ssh", &wrong, &["true"])),
        ("bad-http", "SP-LOGIN", &|| world.curl_as(&wrong, "/bad-http/x", &["--fail"])),
    ];
    std::thread::scope(|scope| {
        for (_, _, attempt) in &attempts {
            scope.spawn(|| {
                for _ in 0..10 {
                    let said = attempt().refused();
                    assert!(!said.contains("exist") && !said.contains("unknown connection"), "{said}");
                }
            });
        }
    });
    for (connection, code, _) in attempts {
        let events = eventually(&format!("ten records of {connection}"), || {
            let events = failures(world, connection);
            (events.len() >= 10).then_some(events)
        });
        assert_eq!(events.len(), 10, "{connection}");
        for event in events {
            assert_eq!(event["code"], code, "{event}");
            assert!(event["source"].as_str().unwrap().starts_with("127.0.0.1:"), "{event}");
            assert!(!event.to_string().contains(&wrong), "{event}");
        }
    }
}

#[test]
fn ten_people_at_once_on_one_credential_each_have_their_own_record() {
    let world = World::shared();
    world.like("shop-db", "crowd-db", |_| {});
    let people = ["alice", "bob", "carol"];
    std::thread::scope(|scope| {
        for number in 0..10 {
            scope.spawn(move || {
                let person = world.caller(people[number % 3]);
                let query = format!("SELECT pg_sleep(1), current_user, 'by-{}-{number}'", person.subject);
                let dsn = world.dsn(person, "crowd-db");
                let out = Run::new("psql").args(["-X", "-At", "-c", &query, &dsn]).ok().out;
                assert!(out.contains(sallyport::demo::targets::postgres::ROLE), "one role at the target: {out}");
            });
        }
    });
    let sessions = world.api(world.carol(), "sessions?connection=crowd-db&limit=100");
    let sessions = sessions.as_array().unwrap();
    assert_eq!(sessions.len(), 10);
    let mut seen = BTreeSet::new();
    for session in sessions {
        let (id, subject) = (session["id"].as_str().unwrap(), session["subject"].as_str().unwrap());
        let shown = eventually("the record", || {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            shown.contains("'by-").then_some(shown)
        });
        let who = shown.split("'by-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(who.starts_with(&format!("{subject}-")), "{subject} is not {who}");
        seen.insert(who);
    }
    assert_eq!(seen.len(), 10);
}
