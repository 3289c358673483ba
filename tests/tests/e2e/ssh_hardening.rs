//! What the SSH endpoint insists on: strict key exchange, current algorithms, few attempts; and signals, which OpenSSH's client
//! does not send.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

use e2e::{
    Run, World, eventually,
    host::{Asks, Host},
    raw,
};
use russh::{
    ChannelMsg, Sig,
    client::{self, Handler},
    keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key},
};
use serde_json::json;

fn ssh(world: &World, options: &[&str]) -> Run {
    world.ssh_to("web-1", world.alice(), &[]).args(options).arg("echo in")
}

#[test]
fn key_exchange_is_strict_and_old_algorithms_are_refused() {
    let world = World::shared();
    let said = ssh(world, &["-vvv"]).ok().err;
    assert!(said.contains("will use strict KEX ordering"), "{said}");
    for old in [
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "KexAlgorithms=diffie-hellman-group1-sha1",
        "KexAlgorithms=diffie-hellman-group-exchange-sha256",
        "Ciphers=aes128-cbc",
        "Ciphers=3des-cbc",
        "Ciphers=aes256-ctr",
        "HostKeyAlgorithms=ssh-rsa",
        "HostKeyAlgorithms=ssh-dss",
    ] {
        let refused = ssh(world, &["-v", "-o", old]).refused();
        assert!(refused.contains("no matching") || refused.contains("Bad key types"), "{old}: {refused}");
    }
    for current in
        ["KexAlgorithms=curve25519-sha256", "Ciphers=chacha20-poly1305@openssh.com", "Ciphers=aes256-gcm@openssh.com"]
    {
        assert_eq!(ssh(world, &["-o", current]).ok().out, "in\n", "{current}");
    }
}

#[test]
fn the_host_key_can_be_learned_in_advance() {
    let world = World::shared();
    let port = world.site.ports.ssh.to_string();
    let scanned = Run::new("ssh-keyscan").args(["-t", "ed25519", "-p", &port, "127.0.0.1"]).ok().out;
    assert!(scanned.contains(" ssh-ed25519 "), "{scanned}");
    let known = world.folder("keyscan").join("known_hosts");
    fs::write(&known, scanned).unwrap();
    let known = format!("UserKnownHostsFile={}", known.display());
    let ssh = Run::new("ssh").args([
        "-o",
        &known,
        "-o",
        "StrictHostKeyChecking=yes",
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-i",
    ]);
    let ssh = ssh.arg(&world.alice().ssh_key).args(["-p", &port, "web-1@127.0.0.1", "echo in"]);
    assert_eq!(ssh.ok().out, "in\n");
}

/// A client that can do everything but strict key exchange.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_logs_in_without_strict_key_exchange() {
    let world = World::shared();
    let mut config = client::Config::default();
    let offered = config.preferred.kex.iter().filter(|name| !name.as_ref().starts_with("kex-strict"));
    config.preferred.kex = offered.cloned().collect::<Vec<_>>().into();
    let stream = raw::tcp(world.site.ports.ssh).await;
    let source = stream.local_addr().unwrap().to_string();
    let mut session = client::connect_stream(Arc::new(config), stream, Trusting).await.unwrap();
    let key = Arc::new(load_secret_key(&world.alice().ssh_key, None).unwrap());
    let known = session.authenticate_publickey("web-1", PrivateKeyWithHashAlg::new(key, None)).await;
    assert!(!known.is_ok_and(|known| known.success()));
    eventually("it is written down", || {
        let log = world.api(world.carol(), "audit?kind=login.failed&limit=1000");
        let mut events = log.as_array().unwrap().iter();
        events.any(|event| event["source"] == source.as_str() && event["code"] == "SP-MALFORMED").then_some(())
    });
}

#[test]
fn a_connection_has_few_attempts_and_each_is_written_down() {
    let world = World::shared();
    let folder = world.folder("attempts");
    let (askpass, asked) = (folder.join("askpass"), folder.join("asked"));
    fs::write(&askpass, format!("#!/bin/sh\necho x >> {}\necho sp_wrong\n", asked.display())).unwrap();
    fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Run::new("ssh")
        .env("SSH_ASKPASS", &askpass)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=50"])
        .args(["-p", &world.site.ports.ssh.to_string(), "many-attempts@127.0.0.1", "true"])
        .refused();
    let asked = fs::read_to_string(&asked).unwrap().lines().count();
    assert!((3..=7).contains(&asked), "{asked} prompts: {refused}");
    let events = eventually("each attempt is written down", || {
        let log = world.api(world.carol(), "audit?kind=login.failed&connection=many-attempts");
        let count = log.as_array().unwrap().len();
        (count >= asked).then_some(count)
    });
    assert_eq!(events, asked);
}

#[test]
fn a_drawer_full_of_keys_opens_nothing() {
    let world = World::shared();
    let folder = world.folder("drawer");
    let keys: Vec<String> = (0..9).map(|number| folder.join(format!("key-{number}")).display().to_string()).collect();
    for key in &keys {
        let _made = Run::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", key]).ok();
    }
    let identities = keys.iter().flat_map(|key| ["-i", key.as_str()]);
    let refused = Run::new("ssh")
        .args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"])
        .args(identities)
        .args(["-p", &world.site.ports.ssh.to_string(), "drawer-host@127.0.0.1", "true"])
        .refused();
    assert!(!refused.contains("exist"), "{refused}");
    eventually("it is written down once", || {
        let log = world.api(world.carol(), "audit?kind=login.failed&connection=drawer-host");
        (log.as_array().unwrap().len() == 1 && log[0]["code"] == "SP-LOGIN").then_some(())
    });
}

struct Trusting;

impl Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_reaches_the_command() {
    let world = World::shared();
    // A target of our own: sshd passes signals on only where it is not root's.
    let host = Host::start(Asks::Password, "open").await;
    let settings = json!({ "protocol": "ssh", "login": "svc", "host_keys": [host.fingerprint] });
    world.target("signalled", host.port, &settings, &json!({ "password": world.secret("open") }));
    let address = ("127.0.0.1", world.site.ports.ssh);
    let mut session = client::connect(Arc::default(), address, Trusting).await.unwrap();
    let key = Arc::new(load_secret_key(&world.alice().ssh_key, None).unwrap());
    let known = session.authenticate_publickey("signalled", PrivateKeyWithHashAlg::new(key, None)).await.unwrap();
    assert!(known.success());
    let mut channel = session.channel_open_session().await.unwrap();
    channel.exec(true, "wait").await.unwrap();
    let (mut said, mut status) = (String::new(), None);
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => {
                said.push_str(&String::from_utf8_lossy(&data));
                if said == "waiting\n" {
                    channel.signal(Sig::INT).await.unwrap();
                }
            }
            ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
            _ => {}
        }
    }
    assert_eq!((said.as_str(), status), ("waiting\ncaught INT\n", Some(3)));
}
