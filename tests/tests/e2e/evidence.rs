//! What a recording is worth: whole, in order, with who and when and how it ended, there within seconds, and still there when the
//! target is not.

use std::{
    fs,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{
    Run, World, eventually,
    frames::{Frame, Frames, query},
};
use serde_json::Value;

const LONG: Duration = Duration::from_secs(240);

/// The events of a session, as a program exports them.
fn events_of(world: &World, id: &str) -> Vec<Value> {
    let out = world.sallyport(world.carol(), &["sessions", "replay", "--format", "json", id]).output().out;
    out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The events of the session on `connection` that has `mark` in a request, once `complete` of its requests are completed.
fn events(world: &World, connection: &str, mark: &str, complete: usize) -> Vec<Value> {
    eventually(&format!("{complete} completed requests of {mark}"), || {
        world.session_ids(connection).iter().find_map(|id| {
            let events = events_of(world, id);
            let has = events.iter().any(|event| event["text"].as_str().is_some_and(|text| text.contains(mark)));
            (has && of_kind(&events, "completed").len() >= complete).then_some(events)
        })
    })
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["kind"] == kind).collect()
}

/// What stands in the data events of a stream, as bytes.
fn data(events: &[Value], stream: &str) -> Vec<u8> {
    let pieces = of_kind(events, "data").into_iter().filter(|event| event["stream"] == stream);
    let bytes = |event: &Value| match event["base64"].as_str() {
        Some(text) => STANDARD.decode(text).unwrap(),
        None => event["text"].as_str().unwrap().as_bytes().to_vec(),
    };
    pieces.flat_map(bytes).collect()
}

#[test]
fn fifty_statements_are_fifty_entries_in_order_with_status_rows_and_duration() {
    let world = World::shared();
    let script: String = (0..50)
        .map(|number| match number % 5 {
            0 => format!("SELECT {number}, 'mark-fifty' FROM generate_series(1, {});\n", number + 1),
            1 => format!("CREATE TEMP TABLE t{number} AS SELECT generate_series(1, 7) n;\n"),
            2 => format!("UPDATE t{} SET n = n + 1 WHERE n > 2;\n", number - 1),
            3 => "SELECT 1/0;\n".to_owned(),
            _ => format!("SELECT count(*) FROM t{};\n", number - 3),
        })
        .collect();
    let psql = world.psql().args(["-v", "ON_ERROR_STOP=0"]).input(script.clone()).ok();
    assert_eq!(psql.err.matches("division by zero").count(), 10);
    let events = events(world, "shop-db", "mark-fifty", 50);
    let (asked, ended) = (of_kind(&events, "request"), of_kind(&events, "completed"));
    let texts: Vec<&str> = asked.iter().map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, script.lines().collect::<Vec<_>>());
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap");
    for (number, (asked, ended)) in asked.iter().zip(&ended).enumerate() {
        assert_eq!(asked["exchange"], ended["exchange"]);
        assert!(asked["at"].as_str().unwrap() <= ended["at"].as_str().unwrap());
        assert!(asked["at"].as_str().unwrap().ends_with('Z'), "a time with its zone");
        assert!(ended["duration_ns"].as_u64().unwrap() > 0);
        let (outcome, status, code, rows) = match number % 5 {
            0 => ("ok", format!("SELECT {}", number + 1), "", number + 1),
            1 => ("ok", "SELECT 7".to_owned(), "", 7),
            2 => ("ok", "UPDATE 5".to_owned(), "", 5),
            3 => ("error", String::new(), "22012", 0),
            _ => ("ok", "SELECT 1".to_owned(), "", 1),
        };
        assert_eq!(
            (&ended["outcome"], &ended["status"], &ended["code"]),
            (&outcome.into(), &status.into(), &code.into())
        );
        assert_eq!(ended["rows"], rows, "{asked}");
    }
    let id = events[0]["session"].as_str().unwrap();
    let shown = world.sallyport(world.carol(), &["sessions", "show", id]).ok().out;
    assert!(shown.contains("ok, UPDATE 5, 5 rows, ") && shown.contains(" ms"), "{shown}");
}

/// Ten thousand events in a row: whoever reads them misses no field.
#[test]
fn ten_thousand_events_have_all_their_fields() {
    const STATEMENTS: usize = 3400;
    let world = World::shared();
    world.like("shop-db", "many-events", |_| {});
    let script: String = (0..STATEMENTS).map(|number| format!("SELECT {number} AS mark_many;\n")).collect();
    let dsn = world.dsn(world.alice(), "many-events");
    let _done = Run::new("psql").args(["-X", "-q", "-At", "-o", "/dev/null", &dsn]).input(script).patience(LONG).ok();
    let events = events(world, "many-events", "mark_many", STATEMENTS);
    assert!(events.len() > 10_000, "{}", events.len());
    let text = |event: &Value, name: &str| event[name].as_str().is_some_and(|text| !text.is_empty());
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], number as u64 + 1);
        assert!(
            text(event, "at") && text(event, "kind") && text(event, "prev") && event["exchange"].is_u64(),
            "{event}"
        );
    }
    for name in
        ["session", "connection", "protocol", "address", "subject", "issuer", "method", "credential_id", "source"]
    {
        assert!(text(&events[0], name), "{name}: {}", events[0]);
    }
    for (asked, ended) in of_kind(&events, "request").iter().zip(of_kind(&events, "completed")) {
        assert!(text(asked, "operation") && text(asked, "text") && text(asked, "digest"), "{asked}");
        assert!(text(ended, "outcome") && ended["duration_ns"].as_u64() > Some(0), "{ended}");
    }
}

#[test]
fn one_call_says_who_with_what_from_where_when_and_what() {
    let world = World::shared();
    let (caller, ticket) = world.with_ticket(world.alice(), "shop-api", "1h");
    let _answer = world.curl_as(&caller.ticket, "/shop-api/customers/31?mark-who=1", &["--fail"]).ok();
    let events = events(world, "shop-api", "mark-who", 1);
    let opened = &events[0];
    assert_eq!(opened["kind"], "opened");
    for (field, value) in [
        ("subject", "alice"),
        ("issuer", &format!("http://127.0.0.1:{}", world.site.ports.idp)),
        ("credential_id", &format!("ticket:{ticket}")),
        ("method", "ticket"),
        ("connection", "shop-api"),
        ("protocol", "http"),
        ("address", &format!("127.0.0.1:{}", world.site.ports.target_api)),
    ] {
        assert_eq!(opened[field], value, "{field}");
    }
    assert!(opened["source"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(opened["client"].as_str().unwrap().starts_with("curl/"));
    let asked = of_kind(&events, "request")[0];
    assert!(asked["text"].as_str().unwrap().starts_with("GET /customers/31"));
    assert!(asked["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_what_the_client_saw_to_the_byte() {
    let world = World::shared();
    let mut client = Frames::through(world, "shop-db").await;
    let statement = "SELECT id, card, ssn, note, profile FROM customers WHERE id < 60 /* mark-bytes */";
    let frames = client.ask(&query(statement), 1).await;
    drop(client);
    let bytes = |frame: &Frame| [&[frame.tag][..], &(frame.body.len() as u32 + 4).to_be_bytes(), &frame.body].concat();
    let saw: Vec<u8> = frames.iter().flat_map(bytes).collect();
    assert!(saw.len() > 5000);
    assert!(data(&events(world, "shop-db", "mark-bytes", 1), "out") == saw, "rows are recorded as they were seen");

    let command = "cat logs/support.log export.csv; cat shop.conf >&2; : mark-bytes-ssh";
    let saw = world.ssh(&[command]).ok();
    let recorded = events(world, "web-1", "mark-bytes-ssh", 1);
    assert!(data(&recorded, "out") == saw.bytes, "{}", String::from_utf8_lossy(&data(&recorded, "out")));
    assert_eq!(String::from_utf8_lossy(&data(&recorded, "err")), saw.err);

    let saw = world.curl("/shop-api/exports/customers?mark-bytes-http", &["--fail"]).ok();
    assert!(data(&events(world, "shop-api", "mark-bytes-http", 1), "out") == saw.bytes);
}

#[test]
fn errors_refusals_cancels_time_outs_and_lost_clients_have_their_outcome() {
    let world = World::shared();
    world.like("shop-db", "outcomes", |_| {});
    let dsn = world.dsn(world.alice(), "outcomes");
    let psql = |statement: &str| Run::new("psql").args(["-X", "-c", statement, &dsn]);
    let ends_with = |mark: &str, outcome: &str, code: &str| {
        let events = events(world, "outcomes", mark, 1);
        let ended = of_kind(&events, "completed")[0].clone();
        assert_eq!((&ended["outcome"], &ended["code"]), (&outcome.into(), &code.into()), "{mark}");
        events
    };
    let _error = psql("SELECT 1/0 /* mark-error */").refused();
    ends_with("mark-error", "error", "22012");
    let _late = psql("SELECT pg_sleep(60) /* mark-late */").env("PGOPTIONS", "-c statement_timeout=300").refused();
    ends_with("mark-late", "cancelled", "57014");

    let mut child = psql("SELECT pg_sleep(60) /* mark-lost */").start();
    eventually("the statement runs", || {
        let running = "SELECT 1 FROM pg_stat_activity WHERE query ~ 'mark-lost' AND pid <> pg_backend_pid()";
        (world.direct_psql().args(["-At", "-c", running]).ok().out.trim() == "1").then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    ends_with("mark-lost", "aborted", "");

    let rule = r#"@id("no-mark") forbid (principal, action == Action::"Invoke", resource in Connection::"outcomes")
        when { context.columns.contains("public.customers.phone") };"#;
    world.policy("outcomes", rule);
    eventually("the rule is known", || {
        let said = psql("SELECT phone FROM customers /* mark-refused */").output();
        said.err.contains("no-mark").then_some(())
    });
    let events = ends_with("mark-refused", "error", "42501");
    assert_eq!(of_kind(&events, "refused")[0]["rule"], "no-mark");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_there_within_two_seconds_and_survives_the_gateway() {
    let mut world = World::start().await;
    let mut client = Frames::through(&world, "shop-db").await;
    let _answer = client.ask(&query("SELECT 'mark-live'"), 1).await;
    let began = Instant::now();
    let id = world.session_ids("shop-db").remove(0);
    let seen = || events_of(&world, &id).iter().any(|event| event["kind"] == "completed");
    eventually("the event is seen", || seen().then_some(()));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}, while the session goes on", began.elapsed());

    // The gateway dies as soon as the target has executed.
    client.send(&query("CREATE TABLE mark_last AS SELECT 1 AS n")).await;
    eventually("the target has executed", || {
        let there = "SELECT count(*) FROM pg_class WHERE relname = 'mark_last'";
        (world.direct_psql().args(["-At", "-c", there]).ok().out == "1\n").then_some(())
    });
    world.site.gateway.kill();
    world.site.restart_gateway().await.unwrap();
    let events = eventually("the last event", || {
        let events = events_of(&world, &id);
        events
            .iter()
            .any(|event| event["text"].as_str().is_some_and(|text| text.contains("mark_last")))
            .then_some(events)
    });
    assert_eq!(of_kind(&events, "request").len(), 2, "once each");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_outlives_its_target_and_its_agent() {
    let mut world = World::start().await;
    let _rows = world.psql().args(["-c", "SELECT 'mark-outlives' FROM customers WHERE id < 9"]).ok();
    let id = events(&world, "shop-db", "mark-outlives", 1)[0]["session"].as_str().unwrap().to_owned();
    let replay = || world.sallyport(world.carol(), &["sessions", "replay", &id]).ok().out;
    let before = replay();
    world.site.agent.kill();
    world.site.postgres.pause();
    fs::remove_dir_all(world.site.folder.join("postgres")).unwrap();
    fs::remove_dir_all(world.site.folder.join("agent")).unwrap();
    assert!(before.contains("mark-outlives"));
    assert_eq!(world.sallyport(world.carol(), &["sessions", "replay", &id]).ok().out, before);
}
