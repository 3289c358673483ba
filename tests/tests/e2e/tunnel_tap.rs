//! I1 and I2 on the wire between agent and gateway: a relay that holds the keys of both reads everything that the tunnel carries
//! in clear, while the real gateway and the real agent talk through it.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use e2e::{
    World, eventually,
    middleman::{Middleman, Prelude, Sides},
};
use gateway::tunnel::Authority;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;

use crate::secrets::{absent, target_secrets, use_everything};

#[tokio::test(flavor = "multi_thread")]
async fn the_tunnel_carries_no_target_secret_and_nothing_unmasked() {
    let mut world = World::start().await;
    let folder = world.site.folder.clone();
    let middleman = Middleman::start(Sides {
        accept: Arc::new(as_gateway(&folder.join("gateway"))),
        connect: Arc::new(as_agent(&folder.join("agent"))),
        port: world.site.ports.tunnel,
        prelude: Prelude::None,
    })
    .await;
    dial_instead(&folder, world.site.ports.tunnel, middleman.port);
    world.site.restart_agent().unwrap();
    eventually("the agent is back", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));

    use_everything(&world);
    let _marked = world.psql().args(["-c", "SELECT card, 'mark-of-the-tap' FROM customers WHERE id = 2"]).ok();
    let _refused = world.psql().args(["-c", "SELECT 1/0"]).refused();
    let carried = eventually("the tunnel carried all of it", || {
        let carried = bodies(&middleman.seen());
        let has = |text: &str| carried.iter().any(|body| memchr::memmem::find(body, text.as_bytes()).is_some());
        // That the tap sees requests, rows, shell output and JSON; and references, which are no secrets.
        let all = ["mark-of-the-tap", "printer on fire", "\"customers\"", "division by zero", "shop-db.password"];
        all.iter().all(|text| has(text)).then_some(carried)
    });
    let clear = [1, 2, 3].map(|id| world.customer(id));
    let clear = clear.iter().flat_map(|one| [&one.card, &one.ssn, &one.email]).map(|text| text.clone().into_bytes());
    let unwanted: Vec<Vec<u8>> = target_secrets(&world).into_iter().chain(clear).collect();
    for body in &carried {
        absent("what the tunnel carried", body, &unwanted);
    }
}

fn as_gateway(state: &Path) -> rustls::ServerConfig {
    let identity = Authority::load_or_create(state).unwrap().server_identity(&["127.0.0.1".into()]).unwrap();
    let builder = rustls::ServerConfig::builder().with_no_client_auth();
    let mut config = builder.with_single_cert(identity.chain, identity.key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn as_agent(state: &Path) -> rustls::ClientConfig {
    let stored: Value = serde_json::from_slice(&fs::read(state.join("identity.json")).unwrap()).unwrap();
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(bytes(&stored["root"]))).unwrap();
    let chain = stored["chain"].as_array().unwrap().iter().map(|one| CertificateDer::from(bytes(one))).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(bytes(&stored["key"])));
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    let mut config = builder.with_client_auth_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

fn dial_instead(folder: &Path, gateway: u16, relay: u16) {
    let file = folder.join("agent.toml");
    let text = fs::read_to_string(&file).unwrap();
    let (old, new) = (format!("gateways = [\"127.0.0.1:{gateway}\"]"), format!("gateways = [\"127.0.0.1:{relay}\"]"));
    assert!(text.contains(&old), "{text}");
    fs::write(&file, text.replace(&old, &new)).unwrap();
}

/// The bodies of all HTTP/2 streams (RFC 9113, section 4.1), each without the frames that cut it, and everything as it was.
fn bodies(directions: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = directions.to_vec();
    for direction in directions {
        let mut rest = direction.strip_prefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap_or(direction);
        let mut streams: BTreeMap<[u8; 4], Vec<u8>> = BTreeMap::new();
        while let [a, b, c, kind, flags, s1, s2, s3, s4, after @ ..] = rest {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let Some((payload, next)) = after.split_at_checked(length) else { break };
            if *kind == 0 {
                assert_eq!(flags & 8, 0, "padding would have to be cut off");
                streams.entry([*s1, *s2, *s3, *s4]).or_default().extend_from_slice(payload);
            }
            rest = next;
        }
        all.extend(streams.into_values());
    }
    all
}
