//! Nothing passes unrecorded: where the agent cannot write down a request, its client is told and its target is not asked (I5).

use std::fs;

use e2e::{
    World, eventually,
    frames::{Frames, query},
    world::Wishes,
};

/// psql, ssh and curl are refused with this code.
fn all_are_refused(world: &World) {
    let said = world.psql().args(["-c", "CREATE TABLE unrecorded (n int)"]).refused();
    assert!(said.contains("SP-SPOOL"), "{said}");
    let said = world.ssh(&["touch unrecorded"]).refused();
    assert!(said.contains("SP-SPOOL"), "{said}");
    let said = world.curl("/shop-api/customers/1", &["-i"]).ok().out;
    assert!(said.contains(" 503") && said.contains("SP-SPOOL"), "{said}");
    assert!(!world.site.sshd.home.join("unrecorded").exists());
    nothing_was_made(world);
}

fn nothing_was_made(world: &World) {
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'unrecorded'";
    assert_eq!(world.direct_psql().args(["-At", "-c", made]).ok().out, "0\n");
}

/// What `sallyport sessions show` says of every session there is.
fn all_shown(world: &World) -> String {
    let sessions = world.api(world.carol(), "sessions?limit=1000");
    let ids = sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    ids.map(|id| world.sallyport(world.carol(), &["sessions", "show", id]).output().out).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_lets_nobody_in() {
    let agent = "\n[record]\nmin_free_mib = 1000000000\n".into();
    let world = World::start_with(Wishes { agent, ..Wishes::default() }).await;
    all_are_refused(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_fails_ends_the_session_before_the_target_is_asked() {
    let world = World::start().await;
    let mut client = Frames::through(&world, "shop-db").await;
    assert_eq!(client.ask(&query("SELECT 1"), 1).await.len(), 4);
    let (spool, away) = (world.site.folder.join("agent/spool"), world.site.folder.join("agent/spool-away"));
    // An idle session has no open file that would go with the folder.
    let open =
        |link: fs::DirEntry| fs::read_link(link.path()).is_ok_and(|to| to.extension().is_some_and(|of| of == "spool"));
    eventually("the session is idle", || {
        let mut links = fs::read_dir(format!("/proc/{}/fd", world.site.agent.pid())).unwrap().flatten();
        (!links.any(open)).then_some(())
    });
    fs::rename(&spool, &away).unwrap();
    fs::write(&spool, "no folder").unwrap();
    client.send(&query("CREATE TABLE unrecorded (n int)")).await;
    let error = client.next().await;
    assert!(error.tag == b'E' && error.text().contains("SP-SPOOL"), "{}", error.text());
    all_are_refused(&world);

    fs::remove_file(&spool).unwrap();
    fs::rename(&away, &spool).unwrap();
    eventually("it goes on when the spool is back", || {
        (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_ends_sessions_until_the_gateway_stores_again() {
    let agent = "\n[record]\nquota_mib = 1\nmin_free_mib = 0\n".into();
    let world = World::start_with(Wishes { agent, ..Wishes::default() }).await;
    let (store, away) =
        (world.site.folder.join("gateway/recordings"), world.site.folder.join("gateway/recordings-away"));
    let _in = world.psql().args(["-c", "SELECT 1"]).ok();
    assert!(store.is_dir());
    // The gateway stores nothing and so acknowledges nothing.
    fs::rename(&store, &away).unwrap();
    fs::write(&store, "no folder").unwrap();
    let many = "SELECT repeat(md5(n::text), 10) FROM generate_series(1, 10000) n";
    let said = world.psql().args(["-o", "/dev/null", "-c", many]).refused();
    assert!(said.contains("SP-SPOOL"), "{said}");
    // What is left has room for some small sessions.
    let last = (0..200).find(|number| {
        let made = world.psql().args(["-c", &format!("CREATE TABLE full_{number} (n int)")]).output();
        made.status != 0 && made.err.contains("SP-SPOOL")
    });
    let last = last.expect("it is full");

    fs::remove_file(&store).unwrap();
    fs::rename(&away, &store).unwrap();
    eventually("there is room again", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
    // Whatever the target was asked is in the record.
    let made = "SELECT relname FROM pg_class WHERE relname ~ '^full_'";
    let made = world.direct_psql().args(["-At", "-c", made]).ok().out;
    assert!(made.lines().count() == last || made.lines().count() == last + 1, "{last}: {made}");
    eventually("all of it is stored", || {
        let shown = all_shown(&world);
        made.lines().all(|table| shown.contains(&format!("CREATE TABLE {table} "))).then_some(())
    });
}
