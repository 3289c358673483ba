//! What no driver says: protocol 3.2, FunctionCall, direct TLS, GSS, pipelines with errors. Frame by frame, through and direct.

use e2e::{
    World, eventually_async,
    frames::{self, Frame, Frames, about, bind, execute, parse, query, sync},
    raw,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SCRATCH: &str = "shop-db/scratch";

async fn versioned(world: &World, version: u32, more: &[(&str, &str)]) -> Frames {
    let parameters = [&[("user", "alice"), ("database", "shop-db")], more].concat();
    Frames::log_in(Box::new(raw::postgres(world).await), &world.alice().ticket, version, &parameters).await
}

#[tokio::test(flavor = "multi_thread")]
async fn protocol_3_2_has_long_cancel_keys_that_work() {
    let world = World::shared();
    let mut client = versioned(world, frames::VERSION_3_2, &[]).await;
    assert!(client.greeting.iter().all(|frame| frame.tag != b'v'), "3.2 is spoken: nothing to negotiate");
    let (pid, key) = client.cancel_key();
    assert_eq!(key.len(), 32);
    let rows = client.ask(&query("SELECT 6 * 7"), 1).await;
    assert!(rows.iter().any(|frame| frame.tag == b'D' && frame.text().contains("42")));

    client.send(&query("SELECT pg_sleep(71)")).await;
    runs_at_the_target(world, "SELECT pg_sleep(71)").await;
    let mut wrong = key.clone();
    wrong[31] ^= 1;
    for (key, answers) in [(&wrong, false), (&key, true)] {
        let mut stream = raw::postgres(world).await;
        stream.write_all(&frames::cancel(pid, key)).await.unwrap();
        assert!(raw::read_to_close(&mut stream).await.is_empty(), "a cancel is answered with silence");
        if answers {
            let error = client.rest(1).await.into_iter().find(|frame| frame.tag == b'E').expect("an error");
            assert!(error.text().contains("57014"), "{}", error.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_protocol_and_unknown_options_are_negotiated_down() {
    let world = World::shared();
    let mut client = versioned(world, frames::VERSION_3_0 + 9, &[("_pq_.shiny", "on")]).await;
    let negotiated = client.greeting.iter().find(|frame| frame.tag == b'v').expect("NegotiateProtocolVersion");
    let version = u32::from_be_bytes(negotiated.body[..4].try_into().unwrap());
    assert!(version == 2 || version == frames::VERSION_3_2, "{version}");
    assert!(negotiated.text().contains("_pq_.shiny"), "{}", negotiated.text());
    assert_eq!(client.ask(&query("SELECT 1"), 1).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_called_and_the_call_is_recorded() {
    let world = World::shared();
    let (mut through, mut direct) = (Frames::through(world, SCRATCH).await, Frames::direct(world, "scratch").await);
    let oid = direct.ask(&query("SELECT 'pg_catalog.abs(int4)'::regprocedure::oid"), 1).await;
    let oid: u32 = String::from_utf8_lossy(&oid[1].body[6..]).parse().unwrap();
    let call = |value: i32| {
        let formats = [0, 1, 0, 1, 0, 1, 0, 0, 0, 4];
        let body = [&oid.to_be_bytes()[..], &formats, &value.to_be_bytes(), &[0, 1]].concat();
        frames::message(b'F', &body)
    };
    let answer = through.ask(&call(-77), 1).await;
    assert_eq!((answer[0].tag, &answer[0].body[4..]), (b'V', &77_i32.to_be_bytes()[..]));
    for value in [-77, 0, i32::MIN] {
        assert_eq!(through.ask(&call(value), 1).await, direct.ask(&call(value), 1).await, "{value}");
    }
    let mark = "SELECT 'mark-function-call'";
    assert_eq!(through.ask(&query(mark), 1).await, direct.ask(&query(mark), 1).await);
    drop(through);
    let shown = crate::recording::recorded(world, "shop-db", "show", "mark-function-call");
    assert!(shown.contains("function-call") && shown.contains(&oid.to_string()), "{shown}");
}

/// Batches whose answers are compared byte by byte. Each ends in the given number of ReadyForQuery.
fn batches() -> Vec<(&'static str, Vec<u8>, usize)> {
    let series = || parse("series", "SELECT g, 'row ' || g FROM generate_series(1, $1::int) g");
    vec![
        ("an empty query", query(""), 1),
        ("several statements with an error", query("SELECT 1; SELECT 1/0; SELECT 2"), 1),
        ("a syntax error", query("SELEC 1"), 1),
        ("notices", query("DO $$ BEGIN FOR i IN 1..50 LOOP RAISE NOTICE 'n %', i; END LOOP; END $$"), 1),
        ("a setting that is told", query("SET application_name = 'told'; RESET application_name"), 1),
        (
            "a portal read in pieces",
            [
                query("BEGIN"),
                series(),
                about(b'D', b'S', "series"),
                bind("walk", "series", &["25"], false),
                about(b'D', b'P', "walk"),
                execute("walk", 10),
                execute("walk", 10),
                execute("walk", 10),
                execute("walk", 10),
                about(b'C', b'P', "walk"),
                about(b'C', b'S', "series"),
                sync(),
                query("COMMIT"),
            ]
            .concat(),
            3,
        ),
        (
            "an error inside a pipeline skips to the next Sync",
            [
                parse("", "SELECT 1/$1::int"),
                bind("", "", &["0"], true),
                execute("", 0),
                parse("", "SELECT 'skipped'"),
                bind("", "", &[], false),
                execute("", 0),
                sync(),
                parse("", "SELECT 'after'"),
                bind("", "", &[], false),
                execute("", 0),
                sync(),
            ]
            .concat(),
            2,
        ),
        (
            "a pipeline of two hundred, half of them wrong",
            (0..200)
                .flat_map(|i| {
                    let divisor = if i % 2 == 0 { "1" } else { "0" };
                    [parse("", "SELECT $1::int / $2::int"), bind("", "", &["7", divisor], true), execute("", 0), sync()]
                        .concat()
                })
                .collect(),
            200,
        ),
        ("a statement that is not there", [bind("", "nowhere", &[], false), sync()].concat(), 1),
        ("binary rows of many types", typed(), 1),
        ("copy out", query("COPY (SELECT g, repeat('x', g) FROM generate_series(1, 300) g) TO STDOUT"), 1),
        (
            "copy in that the client breaks off",
            [
                query("CREATE TEMP TABLE t (a int)"),
                query("COPY t FROM STDIN"),
                frames::message(b'd', b"1\n2\n"),
                frames::message(b'f', b"no more\0"),
            ]
            .concat(),
            2,
        ),
        (
            "copy in whose data are wrong",
            [query("COPY t FROM STDIN"), frames::message(b'd', b"one\n"), frames::message(b'c', b"")].concat(),
            1,
        ),
        (
            "copy in that works",
            [
                query("COPY t FROM STDIN (FORMAT csv)"),
                frames::message(b'd', b"1\n2"),
                frames::message(b'd', b"2\n3\n"),
                frames::message(b'c', b""),
                query("SELECT sum(a) FROM t"),
            ]
            .concat(),
            2,
        ),
        ("an unknown message type in its frame", query("SELECT 'still here'"), 1),
    ]
}

fn typed() -> Vec<u8> {
    let text = "SELECT 1::int2, 2::int8, 1.5::float4, 2.5::float8, 12345.678::numeric, true, 'x'::bytea, '{1,2,NULL}'::int[], \
                '2020-02-29'::date, '2020-02-29 12:00'::timestamp, '1 day'::interval, 'a=>b'::text, NULL::int, \
                '192.0.2.0/24'::cidr, 'b0e7e2ae-91ab-4f4e-9b1f-3f1f8d8b5d1c'::uuid, '[1,5)'::int4range, '(1,2)'::point, \
                '{\"a\": [1]}'::jsonb, B'101'::bit(3)";
    [parse("", text), bind("", "", &[], true), about(b'D', b'P', ""), execute("", 0), sync()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_the_same_to_the_byte_as_direct() {
    let world = World::shared();
    let (mut through, mut direct) = (Frames::through(world, SCRATCH).await, Frames::direct(world, "scratch").await);
    let told = |client: &Frames| {
        let told = client.greeting.iter().filter(|frame| frame.tag == b'S').cloned();
        told.filter(|frame| !frame.body.starts_with(b"application_name")).collect::<Vec<Frame>>()
    };
    assert_eq!(told(&through), told(&direct), "what the server says about itself at login");
    for (name, batch, count) in batches() {
        assert_eq!(through.ask(&batch, count).await, direct.ask(&batch, count).await, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_can_begin_at_once_if_the_client_names_the_protocol() {
    let world = World::shared();
    let stream = raw::tls(world, world.site.ports.postgres, &["postgresql"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"postgresql"[..]));
    let parameters = [("user", "alice"), ("database", "shop-db")];
    let login = Frames::log_in(Box::new(stream), &world.alice().ticket, frames::VERSION_3_0, &parameters);
    assert_eq!(login.await.ask(&query("SELECT 1"), 1).await.len(), 4);

    let mut unnamed = raw::tls(world, world.site.ports.postgres, &[]).await;
    let _closed = unnamed.write_all(&raw::startup(&parameters)).await;
    assert!(raw::read_to_close(&mut unnamed).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn gss_encryption_is_declined_and_tls_goes_on() {
    let world = World::shared();
    let mut stream = raw::tcp(world.site.ports.postgres).await;
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 48]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'N');
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let stream = raw::secure(world, stream, &[]).await;
    let parameters = [("user", "alice"), ("database", "shop-db")];
    let login = Frames::log_in(Box::new(stream), &world.alice().ticket, frames::VERSION_3_0, &parameters);
    assert_eq!(login.await.ask(&query("SELECT 1"), 1).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_key_is_ours_and_reaches_its_own_session_only() {
    let world = World::shared();
    let mut ours = Frames::through(world, SCRATCH).await;
    let mut other = Frames::through(world, SCRATCH).await;
    let (pid, key) = ours.cancel_key();
    assert_ne!((pid, &key), (other.cancel_key().0, &other.cancel_key().1));
    for (client, statement) in [(&mut ours, "SELECT pg_sleep(73)"), (&mut other, "SELECT pg_sleep(4), 'whole'")] {
        client.send(&query(statement)).await;
        runs_at_the_target(world, statement).await;
    }
    // At the target this key opens nothing: it is not the target's.
    let mut target = tokio::net::TcpStream::connect(("127.0.0.1", world.site.postgres.port)).await.unwrap();
    target.write_all(&frames::cancel(pid, &key)).await.unwrap();
    let _silence = raw::read_to_close(&mut target).await;
    runs_at_the_target(world, "SELECT pg_sleep(73)").await;

    let mut stream = raw::postgres(world).await;
    stream.write_all(&frames::cancel(pid, &key)).await.unwrap();
    let _silence = raw::read_to_close(&mut stream).await;
    let answer = ours.rest(1).await;
    assert!(answer.iter().any(|frame| frame.tag == b'E' && frame.text().contains("57014")), "{answer:?}");
    let answer = other.rest(1).await;
    assert!(answer.iter().any(|frame| frame.tag == b'D' && frame.text().contains("whole")), "{answer:?}");
}

#[test]
fn psql_binds_its_proof_to_the_channel_and_never_sends_its_ticket() {
    let world = World::shared();
    let dsn = world.dsn(world.alice(), "shop-db");
    let _bound = e2e::Run::new("psql").args(["-X", "-c", "SELECT 1", &format!("{dsn} channel_binding=require")]).ok();
    // libpq refuses a server that asks for anything else than SCRAM.
    let only_scram = format!("{dsn} require_auth=scram-sha-256");
    let tried = e2e::Run::new("psql").args(["-X", "-c", "SELECT 1", &only_scram]).output();
    assert!(tried.status == 0 || tried.err.contains("invalid connection option"), "{}", tried.err);
}

/// Frames that make no sense after a login: each ends the session in words, and nothing of it reaches the target.
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_make_no_sense_end_the_session_and_nobody_elses() {
    let world = World::shared();
    let nonsense: [(&str, Vec<u8>); 5] = [
        ("an unknown type", [frames::message(b'~', b"x"), query("SELECT 'after-nonsense'")].concat()),
        ("a length below four", [&b"Q\0\0\0\x03"[..], &query("SELECT 'after-nonsense'")].concat()),
        ("a length beyond all bounds", b"Q\xff\xff\xff\xff".to_vec()),
        ("a query without its end", frames::message(b'Q', b"SELECT 'after-nonsense'")),
        ("a second login", [frames::message(b'p', b"secret\0"), query("SELECT 'after-nonsense'")].concat()),
    ];
    for (what, bytes) in nonsense {
        let mut client = Frames::through(world, SCRATCH).await;
        client.send(&bytes).await;
        let error = client.next().await;
        assert!(error.tag == b'E' && error.text().contains("SP-MALFORMED"), "{what}: {} {}", error.tag, error.text());
    }
    let log = world.direct_psql().args([
        "-At",
        "-c",
        "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'after-nonsense' AND pid <> pg_backend_pid()",
    ]);
    assert_eq!(log.ok().out, "0\n");
    let mut client = Frames::through(world, SCRATCH).await;
    assert_eq!(client.ask(&query("SELECT 1"), 1).await.len(), 4);
}

/// Frames that a driver would never send like this: all at once, out of order, with what is forbidden between what is not.
#[tokio::test(flavor = "multi_thread")]
async fn forbidden_frames_in_a_pipeline_never_reach_the_target_whatever_is_around_them() {
    let closed = r#"@id("no-orders") @reason("orders are closed") forbid (principal, action == Action::"Invoke", resource)
        when { context.reads.contains("public.orders") || context.writes.contains("public.orders") };"#;
    let world = World::start().await;
    let server = crate::verdicts::Server::start(&world).await;
    world.policy("orders", closed);
    e2e::eventually("the rule", || {
        world.psql().args(["-c", "SELECT 1 FROM orders"]).output().err.contains("orders are closed").then_some(())
    });
    let (bad, good) = ("DELETE FROM orders WHERE id = 1 -- piped-bad", "SELECT 'piped-good'");
    let run = |text: &str| [parse("", text), frames::bind("", "", &[], false), frames::execute("", 0)].concat();
    let pipelines = [
        [run(good), run(bad), run(good), frames::sync()].concat(),
        [parse("b", bad), frames::sync(), frames::bind("p", "b", &[], false), frames::execute("p", 0), frames::sync()]
            .concat(),
        [
            parse("b", bad),
            parse("b2", good),
            frames::bind("p", "b", &[], false),
            frames::execute("p", 1),
            frames::sync(),
        ]
        .concat(),
        [frames::execute("never", 0), frames::sync(), run(bad), frames::sync()].concat(),
        [query(bad), query(good), run(bad), frames::sync(), query(&format!("{good}; {bad}"))].concat(),
        [
            parse("b", good),
            frames::about(b'C', b'S', "b"),
            parse("b", bad),
            frames::bind("", "b", &[], false),
            frames::execute("", 0),
            frames::sync(),
        ]
        .concat(),
        [frames::sync(), frames::sync(), run(bad), run(bad), frames::sync(), query(bad)].concat(),
    ];
    for (number, bytes) in pipelines.iter().enumerate() {
        let mut client = Frames::through(&world, "shop-db").await;
        // In one piece, and byte by byte.
        client.send(bytes).await;
        let said = until(&mut client, bytes).await;
        assert!(said.contains("orders are closed"), "{number}: {said}");
        let mut slow = Frames::through(&world, "shop-db").await;
        for byte in bytes {
            slow.send(&[*byte]).await;
        }
        assert!(until(&mut slow, bytes).await.contains("orders are closed"), "{number}");
    }
    let log = server.has(&world, "all-pipelines-sent").await;
    assert!(log.contains("piped-good") && !log.contains("piped-bad"), "nothing forbidden arrives");
}

/// The texts of all errors until as many ReadyForQuery came as the bytes ask for.
async fn until(client: &mut Frames, bytes: &[u8]) -> String {
    let (mut rest, mut wanted) = (bytes, 0);
    while let [kind, a, b, c, d, ..] = rest {
        wanted += usize::from(matches!(kind, b'Q' | b'S'));
        rest = &rest[1 + u32::from_be_bytes([*a, *b, *c, *d]) as usize..];
    }
    let mut said = String::new();
    while wanted > 0 {
        let frame = client.next().await;
        match frame.tag {
            b'Z' => wanted -= 1,
            b'E' => said.push_str(&frame.text()),
            _ => {}
        }
    }
    said
}

/// Waits until the target runs exactly this statement.
pub(crate) async fn runs_at_the_target(world: &World, statement: &str) {
    let target = world.site.postgres.client().await.unwrap();
    eventually_async("the statement runs", || async {
        let active = "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'";
        (target.query_one(active, &[&statement]).await.unwrap().get::<_, i64>(0) == 1).then_some(())
    })
    .await;
}
