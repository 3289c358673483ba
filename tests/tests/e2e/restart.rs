//! Gateway or agent go away and come back.

use std::{fs, time::Duration};

use e2e::{Output, World, cable::Cable, eventually, eventually_async};

use crate::ending::{Running, connections};

/// psql, ssh and curl as Alice in the middle of something, on connections of their own.
fn busy(world: &World, name: &str) -> Running {
    let names = connections(world, name);
    Running::start(world, &names, &[(); 3].map(|()| world.alice().clone()))
}

/// Starts a long statement and waits until the target runs it.
fn long_statement(world: &World) -> std::process::Child {
    // One of its own: a statement whose agent was killed goes on at the target.
    let statement = format!("SELECT pg_sleep(120), {}", rand::random::<u32>());
    let psql = world.psql().args(["-c", &statement]).start();
    eventually("the statement runs", || {
        let running = format!("SELECT 1 FROM pg_stat_activity WHERE query = '{statement}' AND state = 'active'");
        (world.direct_psql().args(["-At", "-c", &running]).output().out.trim() == "1").then_some(())
    });
    psql
}

/// What a client said when it ended, which must be soon.
fn ended(mut client: std::process::Child) -> String {
    let began = std::time::Instant::now();
    eventually("the client ends", || client.try_wait().unwrap());
    assert!(began.elapsed() < Duration::from_secs(10));
    let output = client.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn works_again(world: &World) {
    let tries: [&dyn Fn() -> Output; 3] =
        [&|| world.psql().args(["-c", "SELECT 1"]).output(), &|| world.ssh(&["true"]).output(), &|| {
            world.curl("/shop-api/customers/1", &["--fail"]).output()
        }];
    for attempt in tries {
        eventually("a new session works", || (attempt().status == 0).then_some(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_ends_sessions_clearly_and_comes_back() {
    let mut world = World::start().await;
    let psql = long_statement(&world);
    world.site.agent.kill();
    let said = ended(psql);
    assert!(said.contains("SP-AGENT-LOST"), "{said}");
    let refused = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(refused.contains("SP-AGENT-OFFLINE"), "{refused}");
    let refused = world.curl("/shop-api/customers/1", &["-i"]).ok().out;
    assert!(refused.contains(" 503") && refused.contains("SP-AGENT-OFFLINE"), "{refused}");
    let refused = world.ssh(&["true"]).refused();
    assert!(refused.contains("SP-AGENT-OFFLINE"), "{refused}");
    world.site.restart_agent().unwrap();
    works_again(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_comes_back_and_the_agent_finds_it() {
    let mut world = World::start().await;
    let psql = long_statement(&world);
    world.site.gateway.kill();
    let _said = ended(psql);
    // The target's side is closed as well: nobody keeps the statement running.
    let target = world.site.postgres.client().await.unwrap();
    eventually_async("the statement ends at the target", || async {
        let active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(120)%'";
        (target.query_one(active, &[]).await.unwrap().get::<_, i64>(0) <= 1).then_some(())
    })
    .await;
    world.site.restart_gateway().await.unwrap();
    works_again(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_told_to_stop_says_so_to_its_sessions() {
    let mut world = World::start_with(e2e::world::Wishes {
        gateway: "\n[limits]\ndrain_seconds = 1\n".into(),
        ..Default::default()
    })
    .await;
    let psql = long_statement(&world);
    world.site.gateway.signal(rustix::process::Signal::TERM);
    let said = ended(psql);
    assert!(said.contains("SP-DRAINING"), "{said}");
    world.site.restart_gateway().await.unwrap();
    works_again(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_says_why_when_the_agent_dies_or_is_told_to_stop() {
    let mut world = World::start().await;
    let running = busy(&world, "dies");
    world.site.agent.kill();
    let began = std::time::Instant::now();
    running.ended().says("SP-AGENT-LOST", "");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    world.site.restart_agent().unwrap();
    works_again(&world);

    let running = busy(&world, "stops");
    world.site.agent.signal(rustix::process::Signal::TERM);
    running.ended().says("SP-DRAINING", "shutting down");
    world.site.restart_agent().unwrap();
    works_again(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_says_why_when_the_gateway_is_told_to_stop() {
    let gateway = "\n[limits]\ndrain_seconds = 1\n".into();
    let mut world = World::start_with(e2e::world::Wishes { gateway, ..Default::default() }).await;
    let running = busy(&world, "drained");
    world.site.gateway.signal(rustix::process::Signal::TERM);
    running.ended().says("SP-DRAINING", "shutting down");
    world.site.restart_gateway().await.unwrap();
    works_again(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_away_ends_sessions_clearly_and_new_ones_work_once_it_is_back() {
    let mut world = World::start().await;
    let cable = Cable::start(world.site.ports.tunnel).await;
    dial_through(&world, cable.port);
    world.site.restart_agent().unwrap();
    works_again(&world);

    let running = busy(&world, "cut");
    cable.cut();
    let began = std::time::Instant::now();
    running.ended().says("SP-AGENT-LOST", "");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    cable.mend();
    works_again(&world);
}

/// Lets the agent reach the gateway by another port.
pub fn dial_through(world: &World, port: u16) {
    let file = world.site.folder.join("agent.toml");
    let text = fs::read_to_string(&file).unwrap();
    let old = format!("gateways = [\"127.0.0.1:{}\"]", world.site.ports.tunnel);
    assert!(text.contains(&old), "{text}");
    fs::write(&file, text.replace(&old, &format!("gateways = [\"127.0.0.1:{port}\"]"))).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_recorded_is_lost_or_doubled_by_kill_9() {
    let mut world = World::start().await;
    for (round, victim) in ["agent", "gateway"].into_iter().enumerate() {
        let script: String = (0..50).map(|number| format!("SELECT 'survives-{round}-{number}';\n")).collect();
        let _answers = world.psql().input(script).ok();
        for number in 0..4 {
            let _out = world.ssh(&[&format!("echo survives-{round}-ssh-{number}-")]).ok();
            let _answer =
                world.curl(&format!("/shop-api/customers/1?survives-{round}-http-{number}-"), &["--fail"]).ok();
        }
        let psql = long_statement(&world);
        if victim == "agent" {
            world.site.agent.kill();
            world.site.restart_agent().unwrap();
        } else {
            world.site.gateway.kill();
            world.site.restart_gateway().await.unwrap();
        }
        let _said = ended(psql);
        works_again(&world);
        let (first, last) = (format!("survives-{round}-0'"), format!("survives-{round}-49'"));
        let shown = eventually("the whole recording", || {
            recordings(&world, "shop-db", &first).filter(|shown| shown.contains(&last))
        });
        for number in 0..50 {
            assert_eq!(shown.matches(&format!("SELECT 'survives-{round}-{number}'")).count(), 1, "{victim}, {number}");
        }
        for (connection, kind) in [("web-1", "ssh"), ("shop-api", "http")] {
            for number in 0..4 {
                let mark = format!("survives-{round}-{kind}-{number}-");
                let shown = eventually(&mark, || recordings(&world, connection, &mark));
                assert_eq!(shown.matches(&mark).count(), 1, "{victim}: {shown}");
            }
        }
    }
}

/// What is shown of the sessions on a connection that have the mark; each should be in one.
fn recordings(world: &World, connection: &str, mark: &str) -> Option<String> {
    let ids = world.session_ids(connection).into_iter();
    let shown = ids.map(|id| world.sallyport(world.carol(), &["sessions", "show", &id]).output().out);
    let shown: String = shown.filter(|shown| shown.contains(mark)).collect();
    (!shown.is_empty()).then_some(shown)
}
