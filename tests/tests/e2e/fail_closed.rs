//! What must be there for a call is taken away while calls go on: they stop with a clear error, nothing that is not recorded arrives,
//! and all is well again afterwards.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use e2e::{
    Dialogue, World, eventually,
    world::{Wishes, everyone_may_enter},
};
use sallyport::demo::{ports::Ports, targets::Postgres};

use crate::verdicts::Server;

/// How long policies count at most that nobody can say are the newest: four seconds until the gateway no longer says so, two between its words,
/// and the agent's lease of fifteen; with time for a call.
const LONGEST: Duration = Duration::from_secs(25);

/// A small file system, gone with the test.
struct Volume(std::path::PathBuf);

impl Volume {
    /// `None` where nothing may be mounted.
    fn mount() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("sallyport-e2e-volume-").tempdir().unwrap().keep();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "none"]).arg(&folder).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        std::fs::remove_dir(&folder).unwrap();
        None
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
        let _empty = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_records_nothing_reaches_the_target() {
    // Where nothing may be mounted, the tests of the agent's spool have to do.
    let Some(volume) = Volume::mount() else { return };
    let spool = volume.0.join("spool");
    let agent = format!("\n[record]\nspool_dir = \"{}\"\nmin_free_mib = 8\n", spool.display());
    let world = World::start_with(Wishes { agent, ..Wishes::default() }).await;
    let server = Server::start(&world).await;
    let mut psql = Dialogue::psql(&world);
    psql.say("SELECT 'while-there-is-room';");
    eventually("the first answer", || psql.said("while-there-is-room"));
    let filler = volume.0.join("filler");
    std::fs::write(&filler, vec![0; 60 << 20]).unwrap();
    let told = eventually("a clear error", || {
        psql.say("SELECT 1;");
        psql.said("SP-")
    });
    assert!(told.contains("SP-SPOOL"), "{told}");
    psql.say("SELECT 'unrecorded-' || 'one';");
    for (what, said) in [
        ("psql", world.psql().args(["-c", "SELECT 'unrecorded-' || 'two'"]).output().err),
        ("ssh", world.ssh(&["echo unrecorded"]).output().err),
        ("curl", world.curl("/shop-api/customers/1", &["-i"]).output().out),
    ] {
        assert!(said.contains("SP-SPOOL"), "{what}: {said}");
    }
    let log = server.has(&world, "records-are-gone").await;
    assert!(log.contains("while-there-is-room") && !log.contains("unrecorded-"), "nothing unrecorded arrives");
    std::fs::remove_file(&filler).unwrap();
    eventually("all is well again", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_store_of_policies_calls_stop_when_its_last_word_is_too_old() {
    let _provider = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::Builder::new().prefix("sallyport-e2e-closed-").tempdir().unwrap();
    everyone_may_enter(folder.path());
    let port = Ports::free().unwrap().target_postgres;
    let mut store = Postgres::start(&folder.path().join("store"), port).await.unwrap();
    store.superuser("postgres").await.unwrap().batch_execute("CREATE DATABASE gateway OWNER shop_app").await.unwrap();
    let file = folder.path().join("store.url");
    std::fs::write(&file, format!("postgres://shop_app:{}@127.0.0.1:{port}/gateway", store.password)).unwrap();
    let gateway = format!("\n[store]\nurl = \"file:{}\"\n", file.display());
    let world = World::start_with(Wishes { gateway, ..Wishes::default() }).await;
    let server = Server::start(&world).await;
    let mut psql = Dialogue::psql(&world);
    psql.say("SELECT 'while-it-is-there';");
    eventually("the first answer", || psql.said("while-it-is-there"));
    store.pause();
    // Its refusal may be heard late, because records wait for the store as well; what counts is which call was the last to run.
    let (paused, mut last) = (Instant::now(), Instant::now());
    let told = eventually("a clear error", || {
        let asked = Instant::now();
        let told = psql.answer("SELECT 'still';", &["still", "SP-"]);
        let refused = told.contains("SP-");
        last = if refused { last } else { asked };
        refused.then_some(told)
    });
    assert!(last - paused < LONGEST, "{:?}", last - paused);
    assert!(told.contains("SP-NO-POLICY") || told.contains("no current policy"), "{told}");
    psql.say("SELECT 'undecided-' || 'one';");
    let said = world.psql().args(["-c", "SELECT 'undecided-' || 'two'"]).output().err;
    assert!(said.contains("SP-"), "{said}");
    let said = world.curl("/shop-api/customers/1", &["-i"]).output().out;
    assert!(said.contains("SP-") && !said.contains(" 200"), "{said}");
    let log = server.has(&world, "store-is-gone").await;
    assert!(log.contains("while-it-is-there") && !log.contains("undecided-"), "nothing undecided arrives");
    store.resume().await.unwrap();
    eventually("all is well again", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
}
