//! How the agent proves itself to a PostgreSQL target, and how it checks whom it talks to.

use std::sync::Arc;

use e2e::{
    Run, World, eventually_async,
    middleman::{Middleman, Prelude, Sides},
    pki::{self, Authority},
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

const PASSWORD: &str = "pw-of-the-login-roles";

/// Roles that log in by trust, password, md5, SCRAM without TLS, and by SCRAM or a certificate only with TLS.
async fn roles(world: &World) -> &'static Authority {
    static READY: OnceCell<Authority> = OnceCell::const_new();
    READY.get_or_init(|| prepare(world)).await
}

async fn prepare(world: &World) -> Authority {
    let clients = Authority::new();
    let ca = world.scratch.join("login-clients.pem");
    std::fs::write(&ca, &clients.pem).unwrap();
    let server = world.site.postgres.superuser("postgres").await.unwrap();
    let role = |name: &str| format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}';");
    let begun: std::time::SystemTime = server.query_one("SELECT clock_timestamp()", &[]).await.unwrap().get(0);
    let sql = format!(
        "SET password_encryption = 'md5'; {} SET password_encryption = 'scram-sha-256'; {} {} {} {} {}",
        role("in_md5"),
        role("in_trust"),
        role("in_password"),
        role("in_scram"),
        role("in_tls"),
        role("in_cert"),
    );
    server.batch_execute(&sql).await.unwrap();
    server.execute(&format!("ALTER SYSTEM SET ssl_ca_file = '{}'", ca.display()), &[]).await.unwrap();
    let file: String = server.query_one("SHOW hba_file", &[]).await.unwrap().get(0);
    let rules = [
        "host all in_trust all trust",
        "host all in_password all password",
        "host all in_md5 all md5",
        "host all in_scram all scram-sha-256",
        "hostssl all in_tls all scram-sha-256",
        "hostssl all in_cert all cert",
        "host all in_tls,in_cert all reject",
    ];
    let old = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{}\n{old}", rules.join("\n"))).unwrap();
    server.execute("SELECT pg_reload_conf()", &[]).await.unwrap();
    eventually_async("the rules are read", || async {
        let fresh = world.site.postgres.superuser("postgres").await.ok()?;
        let loaded = "SELECT pg_conf_load_time() > $1 AND current_setting('ssl_ca_file') <> ''";
        fresh.query_one(loaded, &[&begun]).await.unwrap().get::<_, bool>(0).then_some(())
    })
    .await;
    clients
}

fn connect(world: &World, name: &str, port: u16, login: &str, tls: &Value, credentials: &Value) -> Run {
    let settings = json!({ "protocol": "postgres", "login": login, "database": "scratch", "tls": tls });
    world.target(name, port, &settings, credentials);
    let who = "SELECT current_user || CASE WHEN ssl THEN ' over TLS' ELSE '' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    Run::new("psql").args(["-X", "-At", "-c", who, &world.dsn(world.alice(), name)])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_logs_in_by_trust_password_md5_and_scram() {
    let world = World::shared();
    let _ready = roles(world).await;
    let port = world.site.postgres.port;
    let password = json!({ "password": world.secret(PASSWORD) });
    let wrong = json!({ "password": world.secret("not it") });
    let plain = json!({ "mode": "disable" });
    let trusted = connect(world, "in-trust", port, "in_trust", &plain, &json!({})).ok();
    assert_eq!(trusted.out, "in_trust\n");
    for login in ["in_password", "in_md5", "in_scram"] {
        let name = login.replace('_', "-");
        assert_eq!(connect(world, &name, port, login, &plain, &password).ok().out, format!("{login}\n"));
        let refused = connect(world, &name, port, login, &plain, &wrong).refused();
        assert!(refused.contains("SP-TARGET-LOGIN") && !refused.contains(login), "{refused}");
        let refused = connect(world, &name, port, login, &plain, &json!({})).refused();
        assert!(refused.contains("SP-TARGET-LOGIN"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_to_the_target_is_verified_by_authority_name_or_pin() {
    let world = World::shared();
    let _ready = roles(world).await;
    let port = world.site.postgres.port;
    let own = world.site.postgres.certificate_pem.clone();
    let password = json!({ "password": world.secret(PASSWORD) });
    let try_tls = |tls: Value| connect(world, "in-tls", port, "in_tls", &tls, &password);
    let good = [
        json!({ "mode": "verify-full", "ca_pem": own }),
        json!({ "mode": "verify-full", "ca_pem": own, "server_name": "localhost" }),
        json!({ "mode": "verify-full", "pin_sha256": pki::pin(&own) }),
    ];
    for tls in good {
        assert_eq!(try_tls(tls).ok().out, "in_tls over TLS\n");
    }
    let stranger = Authority::new();
    let bad = [
        json!({ "mode": "verify-full" }),
        json!({ "mode": "verify-full", "ca_pem": stranger.pem }),
        json!({ "mode": "verify-full", "ca_pem": own, "server_name": "db.example" }),
        json!({ "mode": "verify-full", "pin_sha256": pki::pin(&stranger.pem) }),
    ];
    for tls in bad {
        let refused = try_tls(tls.clone()).refused();
        assert!(refused.contains("SP-TARGET-IDENTITY"), "{tls}: {refused}");
    }
    let refused = try_tls(json!({ "mode": "disable" })).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "this role gets in over TLS only: {refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_a_credential() {
    let world = World::shared();
    let clients = roles(world).await;
    let tls = json!({ "mode": "verify-full", "ca_pem": world.site.postgres.certificate_pem });
    let port = world.site.postgres.port;
    let credentials =
        |leaf: &pki::Leaf| json!({ "client_cert": world.secret(&leaf.pem), "client_key": world.secret(&leaf.key_pem) });
    let run = connect(world, "in-cert", port, "in_cert", &tls, &credentials(&clients.client("in_cert")));
    assert_eq!(run.ok().out, "in_cert over TLS\n");
    let refused =
        connect(world, "in-cert", port, "in_cert", &tls, &credentials(&clients.client("somebody_else"))).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scram_is_bound_to_the_channel_so_that_a_relay_cannot_pass_it_on() {
    let world = World::shared();
    let _ready = roles(world).await;
    let authority = Authority::new();
    let relay = authority.server(&["127.0.0.1"]);
    let mut roots = rustls::RootCertStore::empty();
    let own = &world.site.postgres.certificate_pem;
    roots.add(CertificateDer::from_pem_slice(own.as_bytes()).unwrap()).unwrap();
    let middleman = Middleman::start(Sides {
        accept: Arc::new(relay.listener(None, &["postgresql"])),
        connect: Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()),
        port: world.site.postgres.port,
        prelude: Prelude::Postgres,
    })
    .await;
    let password = json!({ "password": world.secret(PASSWORD) });
    let tls = json!({ "mode": "verify-full", "ca_pem": authority.pem });
    let refused = connect(world, "in-relay", middleman.port, "in_tls", &tls, &password).refused();
    assert!(refused.contains("SP-TARGET-LOGIN") || refused.contains("SP-TARGET-PROTOCOL"), "{refused}");
    let text = middleman.seen().concat();
    assert!(memchr::memmem::find(&text, b"SCRAM-SHA-256-PLUS\0").is_some(), "the agent picked the bound kind");
    assert!(memchr::memmem::find(&text, PASSWORD.as_bytes()).is_none());
}
