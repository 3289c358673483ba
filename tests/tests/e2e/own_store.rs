//! The whole product with PostgreSQL as the gateway's own store.

use e2e::{
    Run, World, eventually,
    world::{Wishes, everyone_may_enter},
};
use sallyport::demo::{ports::Ports, targets::Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_with_postgresql_as_the_store() {
    let _provider = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::Builder::new().prefix("sallyport-e2e-store-").tempdir().unwrap();
    everyone_may_enter(folder.path());
    let port = Ports::free().unwrap().target_postgres;
    let store = Postgres::start(&folder.path().join("store"), port).await.unwrap();
    let admin = store.superuser("postgres").await.unwrap();
    admin.batch_execute("CREATE DATABASE gateway OWNER shop_app").await.unwrap();
    let url = format!("postgres://shop_app:{}@127.0.0.1:{port}/gateway", store.password);
    let file = folder.path().join("store.url");
    std::fs::write(&file, url).unwrap();
    let gateway = format!("\n[store]\nurl = \"file:{}\"\n", file.display());
    let mut world = World::start_with(Wishes { gateway, ..Wishes::default() }).await;

    use_it(&world, "first");
    let minted = world.with_ticket(world.alice(), "shop-db", "1h").0;
    world.site.restart_gateway().await.unwrap();
    eventually("the agent is back", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
    let _kept = Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(&minted, "shop-db")]).ok();
    use_it(&world, "second");
    assert!(!world.site.folder.join("gateway/gateway.db").exists(), "nothing is kept in SQLite");
    let inside = store.superuser("gateway").await.unwrap();
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert!(inside.query_one(tables, &[]).await.unwrap().get::<_, i64>(0) > 5);
}

/// Every protocol, a refusal, and what was recorded of it.
fn use_it(world: &World, mark: &str) {
    let query = format!("SELECT card, '{mark}' FROM customers WHERE id = 1");
    world.psql().args(["-c", &query]).ok().hides(&[&world.customer(1).card]);
    assert_eq!(world.ssh(&["echo in"]).ok().out, "in\n");
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
    let refused = Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(world.alice(), "nowhere")]).refused();
    assert!(refused.contains("SP-NO-ACCESS"), "{refused}");
    eventually("the recording", || {
        world.session_ids("shop-db").iter().find_map(|id| {
            let shown = world.sallyport(world.carol(), &["sessions", "show", id]).output().out;
            shown.contains(&format!("'{mark}'")).then_some(())
        })
    });
    eventually("the audit log", || {
        let log = world.api(world.carol(), "audit?kind=login.failed").to_string();
        log.contains("nowhere").then_some(())
    });
    let export = world.sallyport(world.carol(), &["export"]).ok().out;
    assert!(export.contains("shop-db"), "{export}");
}
