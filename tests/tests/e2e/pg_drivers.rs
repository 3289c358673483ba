//! Drivers through the gateway and direct: each walks through what it does and must see the same.

use std::time::Duration;

use e2e::{Run, World, eventually_async, raw};
use futures::TryStreamExt;
use sallyport::demo::targets::postgres;
use tokio_postgres::{NoTls, config::SslMode};

fn compare(through: Run, direct: Run) {
    assert_eq!(through.ok().json(), direct.ok().json());
}

/// `HOST PORT USER PASSWORD DATABASE CA`, through the gateway and direct.
fn coordinates(world: &World) -> [Vec<String>; 2] {
    let (alice, site) = (world.alice(), &world.site);
    let through = [
        "127.0.0.1",
        &site.ports.postgres.to_string(),
        &alice.subject,
        &alice.ticket,
        "shop-db/scratch",
        &site.ca_file().display().to_string(),
    ]
    .map(str::to_owned);
    let direct =
        ["127.0.0.1", &site.postgres.port.to_string(), postgres::ROLE, &site.postgres.password, "scratch", "-"]
            .map(str::to_owned);
    [through.to_vec(), direct.to_vec()]
}

#[test]
fn psycopg_sees_no_difference_in_text_or_binary() {
    let world = World::shared();
    let (through, direct) = (world.dsn(world.alice(), "shop-db/scratch"), world.direct_dsn("scratch"));
    compare(
        world.python("psycopg_tour.py", &[&through, "psycopg_through"]),
        world.python("psycopg_tour.py", &[&direct, "psycopg_direct"]),
    );
}

#[test]
fn asyncpg_sees_no_difference() {
    let world = World::shared();
    let [through, direct] = coordinates(world);
    compare(
        world.python("asyncpg_tour.py", &[]).args(through).arg("asyncpg_through"),
        world.python("asyncpg_tour.py", &[]).args(direct).arg("asyncpg_direct"),
    );
}

#[test]
fn node_postgres_sees_no_difference() {
    let world = World::shared();
    let [through, direct] = coordinates(world);
    compare(
        world.node("pg_tour.mjs", &[]).args(through).arg("node_through"),
        world.node("pg_tour.mjs", &[]).args(direct).arg("node_direct"),
    );
}

#[test]
fn a_value_of_two_hundred_megabytes_arrives_whole() {
    let world = World::shared();
    let through = world.python("big_value.py", &[&world.dsn(world.alice(), "shop-db/scratch"), "200"]);
    let direct = world.python("big_value.py", &[&world.direct_dsn("scratch"), "200"]);
    assert_eq!(through.patience(Duration::from_secs(240)).ok().out, direct.ok().out);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokio_postgres_pipelines_portals_and_cancels() {
    let world = World::shared();
    let mut config = tokio_postgres::Config::new();
    config.user("alice").password(&world.alice().ticket).dbname("shop-db").ssl_mode(SslMode::Disable);
    // TLS is below: the stream is already encrypted when the driver gets it.
    let stream = raw::postgres(world).await;
    let (mut client, connection) = config.connect_raw(stream, NoTls).await.unwrap();
    let running = tokio::spawn(connection);

    let statement = client.prepare("SELECT $1::int8 + 1").await.unwrap();
    let answers = futures::future::try_join_all((0..100_i64).map(|number| {
        let (client, statement) = (&client, &statement);
        async move { client.query_one(statement, &[&number]).await.map(|row| row.get::<_, i64>(0)) }
    }));
    assert_eq!(answers.await.unwrap(), (1..=100).collect::<Vec<i64>>());

    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT generate_series(1, 10)", &[]).await.unwrap();
    assert_eq!(transaction.query_portal(&portal, 4).await.unwrap().len(), 4);
    assert_eq!(transaction.query_portal(&portal, 4).await.unwrap().len(), 4);
    transaction.rollback().await.unwrap();

    // All of them: a stream that is not read to its end keeps this driver from reading anything else.
    let rows = client.query_raw("SELECT card FROM customers ORDER BY id", Vec::<i32>::new()).await.unwrap();
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    assert_ne!(rows[0].get::<_, String>(0), world.customer(1).card);

    let cancel = client.cancel_token();
    let slow = client.batch_execute("SELECT pg_sleep(60)");
    let stop = async {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'";
        let target = world.site.postgres.client().await.unwrap();
        eventually_async("the statement runs", || async {
            (target.query_one(running, &[]).await.unwrap().get::<_, i64>(0) > 0).then_some(())
        })
        .await;
        cancel.cancel_query_raw(raw::postgres(world).await, NoTls).await.unwrap();
    };
    let (slow, ()) = tokio::join!(slow, stop);
    assert_eq!(slow.unwrap_err().code(), Some(&tokio_postgres::error::SqlState::QUERY_CANCELED));
    drop(client);
    running.await.unwrap().unwrap();
}
