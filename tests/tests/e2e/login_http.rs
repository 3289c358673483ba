//! How the agent proves itself to an HTTP target, and how it checks whom it talks to.

use e2e::{
    World,
    api::{Door, Guarded},
    pki::Authority,
};
use serde_json::{Value, json};

fn ask(world: &World, name: &str, port: u16, settings: Value, credentials: &Value) -> String {
    let mut settings = settings;
    settings["protocol"] = json!("http");
    world.target(name, port, &settings, credentials);
    world.curl(&format!("/{name}/"), &["-i"]).ok().out
}

#[tokio::test(flavor = "multi_thread")]
async fn bearer_basic_and_own_headers_open_the_target() {
    let world = World::shared();
    let door = |name, value: &str| -> Door { Some((name, value.to_owned())) };
    let doors = [
        ("bearer", json!("bearer"), "token", door("authorization", "Bearer s3cret-value"), "s3cret-value"),
        (
            "basic",
            json!({ "basic": { "user": "svc" } }),
            "password",
            door("authorization", "Basic c3ZjOnMzY3JldC12YWx1ZQ=="),
            "s3cret-value",
        ),
        (
            "header",
            json!({ "header": { "name": "X-Api-Key" } }),
            "header",
            door("x-api-key", "s3cret-value"),
            "s3cret-value",
        ),
    ];
    for (kind, auth, role, door, secret) in doors {
        let target = Guarded::start(None, door).await;
        let name = format!("open-{kind}");
        let settings = json!({ "auth": auth });
        let said = ask(world, &name, target.port, settings.clone(), &json!({ role: world.secret(secret) }));
        assert!(said.contains(" 200") && said.contains("in over"), "{kind}: {said}");
        let said = ask(world, &name, target.port, settings.clone(), &json!({ role: world.secret("another") }));
        assert!(said.contains(" 401") && said.contains("who are you?"), "{kind}: the target's own answer: {said}");
        let said = ask(world, &name, target.port, settings.clone(), &json!({}));
        assert!(said.contains("SP-CREDENTIAL"), "{kind}: {said}");
        let missing = json!({ role: "file:/nowhere/at/all" });
        let said = ask(world, &name, target.port, settings, &missing);
        assert!(said.contains("SP-TARGET-NOT-ALLOWED") || said.contains("SP-CREDENTIAL"), "{kind}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_to_the_target_is_verified_by_authority_name_or_pin() {
    let world = World::shared();
    let authority = Authority::new();
    let leaf = authority.server(&["127.0.0.1", "api.internal"]);
    for (alpn, version) in [(&["http/1.1"][..], "HTTP/1.1"), (&["h2", "http/1.1"][..], "HTTP/2")] {
        let target = Guarded::start(Some(leaf.listener(None, alpn)), None).await;
        let ask =
            |tls: Value| ask(world, "open-tls", target.port, json!({ "scheme": "https", "tls": tls }), &json!({}));
        for tls in [
            json!({ "mode": "verify-full", "ca_pem": authority.pem }),
            json!({ "mode": "verify-full", "ca_pem": authority.pem, "server_name": "api.internal" }),
            json!({ "mode": "verify-full", "pin_sha256": leaf.pin() }),
        ] {
            let said = ask(tls.clone());
            assert!(said.contains(&format!("in over {version}")), "{tls}: {said}");
        }
        let stranger = Authority::new();
        for tls in [
            json!({ "mode": "verify-full" }),
            json!({ "mode": "verify-full", "ca_pem": stranger.pem }),
            json!({ "mode": "verify-full", "ca_pem": authority.pem, "server_name": "other.internal" }),
            json!({ "mode": "verify-full", "pin_sha256": stranger.server(&["127.0.0.1"]).pin() }),
        ] {
            let said = ask(tls.clone());
            assert!(said.contains(" 502") && said.contains("SP-TARGET-IDENTITY"), "{tls}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_opens_the_target() {
    let world = World::shared();
    let (servers, clients) = (Authority::new(), Authority::new());
    let listener = servers.server(&["127.0.0.1"]).listener(Some(&clients), &["h2", "http/1.1"]);
    let target = Guarded::start(Some(listener), None).await;
    let settings = json!({ "scheme": "https", "tls": { "mode": "verify-full", "ca_pem": servers.pem } });
    let known = clients.client("sallyport");
    let credentials = json!({ "client_cert": world.secret(&known.pem), "client_key": world.secret(&known.key_pem) });
    let said = ask(world, "open-mtls", target.port, settings.clone(), &credentials);
    assert!(said.contains(" 200") && said.contains("in over"), "{said}");

    let unknown = Authority::new().client("sallyport");
    let wrong = json!({ "client_cert": world.secret(&unknown.pem), "client_key": world.secret(&unknown.key_pem) });
    for credentials in [wrong, json!({})] {
        let said = ask(world, "open-mtls", target.port, settings.clone(), &credentials);
        assert!(said.contains(" 502") && said.contains("SP-TARGET"), "{said}");
    }
}
