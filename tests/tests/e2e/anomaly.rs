//! Suspicious calls are halted (R46): rules about how much, what and when stop a session's calls before they reach the target, in
//! each protocol, and the audit log tells it.

use e2e::{World, eventually, world::Wishes};

/// Too much in one session; a table that nobody reads usually; changes at an hour when nobody works.
fn rules(hour: u8) -> String {
    let next = (hour + 1) % 24;
    format!(
        r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when {{ principal in resource.access }};
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("much-in-one-session") @reason("the session has read unusually much") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource) when {{ context.session_rows > 500 }};
@id("unusual-table") @reason("this table is not read here") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource)
when {{ resource.connection.protocol == "postgres" && !["public.customers", "public.orders"].containsAll(context.reads) }};
@id("outside-hours") @reason("nobody works at this hour") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource)
when {{ context.effect != "read" && [{hour}, {next}].contains(context.hour) }};
"#
    )
}

async fn world() -> World {
    let hour = time::OffsetDateTime::now_utc().hour();
    World::start_with(Wishes { policy: Some(rules(hour)), ..Wishes::default() }).await
}

/// Too many calls in a minute.
const OFTEN: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("too-often") @reason("that is unusually often") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.recent_calls > 20 };
"#;

fn incident(world: &World, rule: &str, connection: &str) {
    eventually("the incident in the audit log", || {
        let log = world.api(world.carol(), "audit?kind=call.held");
        let told = log.as_array()?.iter().find(|event| event["reason"] == rule && event["connection"] == connection)?;
        let session = told["session"].as_str()?;
        (told["subject"] == "alice" && told["code"] == "SP-NEEDS-APPROVAL" && !session.is_empty()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_reads_too_much_is_halted_from_there_on_and_others_go_on() {
    let world = world().await;
    let read = "SELECT a.id FROM customers a, customers b, orders c LIMIT 500";
    let run = world
        .psql()
        .args(["-v", "ON_ERROR_STOP=0", "-tA", "-c", read, "-c", "SELECT 'one'", "-c", "SELECT 'two'"])
        .output();
    assert_eq!(run.out.lines().count(), 500, "{}", run.err);
    assert_eq!(run.err.matches("the session has read unusually much").count(), 2, "{}", run.err);
    assert!(run.err.contains("SP-NEEDS-APPROVAL, rule much-in-one-session"), "{}", run.err);
    assert_eq!(world.psql().args(["-tAc", "SELECT 'other'"]).ok().out.trim(), "other");
    incident(&world, "much-in-one-session", "shop-db");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_not_usual_is_halted_and_the_session_lives_on() {
    let world = world().await;
    let _made = world.direct_psql().args(["-c", "CREATE TABLE salaries (amount int)"]).ok();
    let run = world
        .psql()
        .args([
            "-v",
            "ON_ERROR_STOP=0",
            "-tA",
            "-c",
            "SELECT amount FROM salaries",
            "-c",
            "SELECT min(id) FROM customers",
        ])
        .output();
    assert!(run.err.contains("this table is not read here"), "{}", run.err);
    assert_eq!(run.out.trim(), "1");
    incident(&world, "unusual-table", "shop-db");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_an_unusual_hour_are_halted_in_every_protocol() {
    let world = world().await;
    let before = world.direct_psql().args(["-tAc", "SELECT count(*) FROM customers WHERE name = 'x'"]).ok().out;
    let run = world.psql().args(["-c", "UPDATE customers SET name = 'x' WHERE id = 1"]).output();
    assert!(run.err.contains("nobody works at this hour"), "{}", run.err);
    assert_eq!(world.direct_psql().args(["-tAc", "SELECT count(*) FROM customers WHERE name = 'x'"]).ok().out, before);
    let body = r#"{"order_id": 1, "amount_cents": 100}"#;
    let held = world.curl("/shop-api/refunds", &["-i", "-H", "Content-Type: application/json", "-d", body]).ok().out;
    assert!(held.contains(" 403") && held.contains("nobody works at this hour"), "{held}");
    assert!(world.curl("/shop-api/customers/1", &["--fail"]).ok().out.contains("\"id\""));
    let file = world.folder("halted").join("made");
    let touched = world.ssh(&[&format!("touch {}", file.display())]).output();
    assert!(touched.err.contains("nobody works at this hour") && touched.status != 0, "{}", touched.err);
    assert!(!file.exists());
    assert_eq!(world.ssh(&["echo fine"]).ok().out.trim(), "fine");
    for connection in ["shop-db", "shop-api", "web-1"] {
        incident(&world, "outside-hours", connection);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_calls_too_often_is_halted_in_new_sessions_too_and_others_are_not() {
    let world = World::start_with(Wishes { policy: Some(OFTEN.into()), ..Wishes::default() }).await;
    let script: String = (0..40).map(|number| format!("SELECT 'call-{number}';\n")).collect();
    let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA"]).input(script).output();
    let answered = run.out.matches("call-").count();
    assert!((10..=20).contains(&answered), "{answered}: {}", run.err);
    assert!(run.err.contains("that is unusually often") && run.err.contains("rule too-often"), "{}", run.err);
    // Another session of the same person is no way around it, and another person is not concerned.
    let again = world.psql().args(["-tAc", "SELECT 'again'"]).output();
    assert!(again.err.contains("that is unusually often"), "{}{}", again.out, again.err);
    let dsn = world.dsn(world.carol(), "shop-db");
    assert_eq!(e2e::Run::new("psql").args(["-X", "-tAc", "SELECT 'carol'", &dsn]).ok().out.trim(), "carol");
    incident(&world, "too-often", "shop-db");
    // Each request of HTTP may have a session of its own.
    let asked = |_| world.curl("/shop-api/customers/1", &["-i"]).ok().out;
    let answers: Vec<String> = (0..30).map(asked).collect();
    assert!(answers[0].contains(" 200") && answers[29].contains("that is unusually often"), "{}", answers[29]);
    incident(&world, "too-often", "shop-api");
}
