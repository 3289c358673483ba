//! A policy marked `@incident` puts the whole session on hold (R46): every further call waits, in each protocol, on further lanes and
//! channels too, and no new session gets around it, until somebody else releases it.

use std::time::Duration;

use e2e::{Dialogue, Run, World, cable::Cable, eventually, world::Wishes};
use serde_json::Value;

const RULES: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("odd-table") @incident("true") @reason("nobody reads salaries") @approvers("security")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.reads.contains("public.salaries") };
@id("odd-request") @incident("true") @reason("nobody asks for 66") @approvers("security")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.paths.contains("/customers/66") };
@id("odd-command") @incident("true") @reason("nobody lists users") @approvers("security")
forbid (principal, action == Action::"Invoke", resource) when { context.commands.contains("getent") };
@id("much") @incident("true") @reason("that is unusually much") @approvers("security")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.session_rows > 500 };
"#;

async fn world() -> World {
    let world = World::start_with(Wishes { policy: Some(RULES.into()), ..Wishes::default() }).await;
    let _made = world.direct_psql().args(["-c", "CREATE TABLE salaries (amount int)"]).ok();
    world
}

/// The session on a connection that is on hold.
fn held(world: &World, connection: &str) -> String {
    let found = eventually("the session is on hold", || {
        let listed = world.api(world.carol(), &format!("sessions?status=held&connection={connection}"));
        Some(listed.as_array()?.first()?.clone())
    });
    assert_eq!((&found["subject"], &found["hold"]["incident"]), (&Value::from("alice"), &Value::from(1)), "{found}");
    found["id"].as_str().unwrap().to_owned()
}

/// The one incident on a connection, out of the audit log.
fn incident(world: &World, connection: &str, rule: &str) -> Value {
    let log = world.api(world.carol(), &format!("audit?kind=incident&connection={connection}"));
    let [event] = log.as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!((&event["reason"], &event["subject"]), (&Value::from(rule), &Value::from("alice")), "{event}");
    assert!(event["session"].is_string() && event["detail"]["facts"].is_object(), "{event}");
    event.clone()
}

fn release(world: &World, session: &str) {
    let arguments = ["sessions", "release", session, "--reason", "it was a drill"];
    // Alice may not at all; Carol may, as it is not hers.
    assert!(world.sallyport(world.alice(), &arguments).refused().contains("role"));
    let _released = world.sallyport(world.carol(), &arguments).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_in_psql_holds_every_further_statement_until_somebody_else_releases_it() {
    let world = world().await;
    let mut psql = Dialogue::psql(&world);
    psql.ask("SELECT 'before';", "before");
    let first = psql.ask("SELECT amount FROM salaries;", "DETAIL");
    assert!(first.contains("needs approval by security: nobody reads salaries"), "{first}");
    let next = psql.ask("SELECT 'innocent';", "DETAIL");
    assert!(next.contains("needs approval by security: this session is on hold: nobody reads salaries"), "{next}");
    assert!(next.contains("SP-NEEDS-APPROVAL, rule odd-table") && !next.contains("innocent"), "{next}");

    let session = held(&world, "shop-db");
    let event = incident(&world, "shop-db", "odd-table");
    assert_eq!(event["session"], session.as_str());
    assert_eq!(event["detail"]["facts"]["reads"][0], "public.salaries", "{event}");
    let listed = world.sallyport(world.carol(), &["sessions", "list", "--status", "held"]).ok().out;
    assert!(listed.contains(&session) && listed.contains("held"), "{listed}");
    let shown = world.sallyport(world.carol(), &["sessions", "show", &session]).ok().out;
    assert!(shown.contains("on hold     since") && shown.contains("by odd-table"), "{shown}");

    // A new session is no way around it, for her; others are not concerned.
    let again = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(again.contains("nobody reads salaries") && again.contains(&session), "{again}");
    let dsn = world.dsn(world.carol(), "shop-db");
    assert_eq!(Run::new("psql").args(["-X", "-tAc", "SELECT 'carol'", &dsn]).ok().out.trim(), "carol");
    assert!(world.curl("/shop-api/customers/1", &["--fail"]).ok().out.contains("\"id\""));

    release(&world, &session);
    eventually("the session goes on", || {
        psql.say("SELECT 'after' || 'wards';");
        psql.said("afterwards")
    });
    assert_eq!(world.psql().args(["-tAc", "SELECT 'new'"]).ok().out.trim(), "new");
    let log = world.api(world.carol(), "audit?kind=session.released");
    assert_eq!((&log[0]["subject"], &log[0]["session"]), (&Value::from("carol"), &Value::from(session.as_str())));
    assert_eq!(log[0]["detail"]["what"]["reason"], "it was a drill");
    eventually("the recording tells it", || {
        let shown = world.sallyport(world.carol(), &["sessions", "show", &session]).ok().out;
        shown.contains("released    by carol: it was a drill").then_some(())
    });
    // The same again is an incident again.
    psql.ask("SELECT amount FROM salaries;", "nobody reads salaries");
    psql.ask("SELECT 'innocent';", "on hold");
    let again = world.sallyport(world.carol(), &["sessions", "kill", &session, "--reason", "enough"]).ok();
    assert!(again.out.contains("is over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_was_used_up_is_renewed_by_the_release() {
    let world = world().await;
    let mut psql = Dialogue::psql(&world);
    let read = "SELECT a.id FROM customers a, customers b, orders c LIMIT 400;";
    psql.ask(read, "\n");
    psql.ask(read, "that is unusually much");
    psql.ask("SELECT 'innocent';", "this session is on hold: that is unusually much");
    release(&world, &held(&world, "shop-db"));
    eventually("the session goes on", || {
        psql.say("SELECT 'after' || 'wards';");
        psql.said("afterwards")
    });
    let _log = incident(&world, "shop-db", "much");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_over_http_holds_further_lanes_and_connections() {
    let world = world().await;
    let url = |path: &str| format!("https://127.0.0.1:{}/shop-api{path}", world.site.ports.http);
    let (odd, fine) = (url("/customers/66"), url("/customers/2"));
    // One connection, one session; each request of HTTP/2 on a lane.
    let run = world.curl("/shop-api/customers/1", &["--http2", "-i", &odd, &fine, &fine]).ok().out;
    assert_eq!(run.matches("HTTP/2 403").count(), 4, "{run}");
    assert_eq!(run.matches("this session is on hold: nobody asks for 66").count(), 3, "{run}");
    let session = held(&world, "shop-api");
    let _log = incident(&world, "shop-api", "odd-request");
    for version in ["--http1.1", "--http2"] {
        let again = world.curl("/shop-api/customers/1", &["-i", version]).ok().out;
        assert!(again.contains(" 403") && again.contains(&session) && again.contains("nobody asks for 66"), "{again}");
    }
    release(&world, &session);
    assert!(world.curl("/shop-api/customers/1", &["--fail"]).ok().out.contains("\"id\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_over_ssh_holds_further_channels_and_ends_what_runs() {
    let world = world().await;
    let control = format!("ControlPath={}/%C", world.folder("hold").display());
    let ssh = |arguments: &[&str]| {
        Run::new("ssh")
            .args(world.ssh_options(world.alice()))
            .args(["-o", control.as_str(), "-o", "ControlMaster=auto", "-o", "ControlPersist=60"])
            .args(["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1"])
            .args(arguments)
    };
    assert_eq!(ssh(&["echo first"]).ok().out, "first\n");
    let mut running = Dialogue::start(ssh(&["cat"]));
    running.ask("here", "here");
    let odd = ssh(&["getent passwd root"]).output();
    assert!(odd.status == 77 && odd.err.contains("nobody lists users"), "{}", odd.err);
    let next = ssh(&["echo innocent"]).output();
    assert!(next.status == 77 && next.err.contains("this session is on hold: nobody lists users"), "{}", next.err);
    eventually("what runs is ended", || running.said("this session is on hold"));
    let session = held(&world, "web-1");
    let event = incident(&world, "web-1", "odd-command");
    assert_eq!(event["code"], "SP-DENIED");
    assert!(world.ssh(&["echo another"]).refused().contains("nobody lists users"));
    release(&world, &session);
    let goes_on = || {
        std::thread::sleep(Duration::from_millis(100));
        (ssh(&["echo after"]).output().out == "after\n").then_some(())
    };
    eventually("the same session goes on", goes_on);
    let listed = world.api(world.carol(), "sessions?connection=web-1");
    let open: Vec<&Value> =
        listed.as_array().unwrap().iter().filter(|session| session["status"] == "open").map(|one| &one["id"]).collect();
    assert!(open.contains(&&Value::from(session.as_str())), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_away_ends_no_hold_and_a_release_meanwhile_counts_once_it_is_back() {
    let mut world = world().await;
    let cable = Cable::start(world.site.ports.tunnel).await;
    crate::restart::dial_through(&world, cable.port);
    world.site.restart_agent().unwrap();
    let new = || world.psql().args(["-tAc", "SELECT 'new'"]).output();
    let works = || (new().out.trim() == "new").then_some(());
    eventually("the tunnel is up", works);
    let mut sessions = Vec::new();
    for released_while_away in [false, true] {
        let mut psql = Dialogue::psql(&world);
        psql.ask("SELECT amount FROM salaries;", "nobody reads salaries");
        let listed = eventually("the session is on hold", || {
            let listed = world.api(world.carol(), "sessions?status=held&connection=shop-db");
            Some(listed.as_array()?.first()?["id"].as_str()?.to_owned())
        });
        cable.cut();
        psql.say("SELECT 'innocent';");
        eventually("the session ends", || psql.said("SP-AGENT-LOST"));
        if released_while_away {
            release(&world, &listed);
        }
        cable.mend();
        if !released_while_away {
            eventually("it is held still", || new().err.contains("nobody reads salaries").then_some(()));
            release(&world, &listed);
        }
        eventually("new sessions work", works);
        sessions.push(listed);
    }
    assert_ne!(sessions[0], sessions[1]);
}
