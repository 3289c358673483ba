//! How the agent proves itself to an SSH target, and how it checks whom it talks to.

use std::{fs, io::Write, path::PathBuf};

use e2e::{
    Run, World,
    host::{Asks, Host},
};
use serde_json::{Value, json};

/// Makes a key; the private half's path.
fn key(world: &World, folder: &str, kind: &[&str], passphrase: &str) -> PathBuf {
    let file = world.folder(folder).join("key");
    let _made = Run::new("ssh-keygen").args(["-q", "-N", passphrase, "-C", folder, "-f"]).arg(&file).args(kind).ok();
    file
}

/// Lets whoever holds what stands in the line log in at the demo's sshd.
fn authorize(world: &World, options: &str, public: &str) {
    let file = world.site.folder.join("sshd/authorized_keys");
    let mut file = fs::OpenOptions::new().append(true).open(file).unwrap();
    writeln!(file, "{options}{}", public.trim()).unwrap();
}

fn ask(world: &World, name: &str, settings: Value, credentials: &Value) -> Run {
    let mut settings = settings;
    settings["protocol"] = json!("ssh");
    if settings["login"].is_null() {
        settings["login"] = json!(world.site.sshd.login);
    }
    if settings["host_keys"].is_null() && settings["known_hosts"].is_null() {
        settings["host_keys"] = json!([world.site.sshd.host_key]);
    }
    world.target(name, world.site.sshd.port, &settings, credentials);
    world.ssh_to(name, world.alice(), &["echo in"])
}

#[test]
fn rsa_ecdsa_and_encrypted_keys_open_the_target() {
    let world = World::shared();
    for (name, kind, passphrase) in [
        ("key-rsa", &["-t", "rsa", "-b", "2048"][..], ""),
        ("key-ecdsa", &["-t", "ecdsa"][..], ""),
        ("key-locked", &["-t", "ed25519"][..], "open up"),
    ] {
        let file = key(world, name, kind, passphrase);
        let mut credentials = json!({ "key": world.secret(fs::read(&file).unwrap()) });
        if !passphrase.is_empty() {
            credentials["key_passphrase"] = json!(world.secret(passphrase));
        }
        let refused = ask(world, name, json!({}), &credentials).refused();
        assert!(refused.contains("SP-TARGET-LOGIN"), "{name}, before the target knows the key: {refused}");
        authorize(world, "", &fs::read_to_string(file.with_extension("pub")).unwrap());
        assert_eq!(ask(world, name, json!({}), &credentials).ok().out, "in\n", "{name}");
    }
}

#[test]
fn a_certificate_opens_the_target_and_an_expired_one_does_not() {
    let world = World::shared();
    let authority = key(world, "cert-authority", &["-t", "ed25519"], "");
    let login = &world.site.sshd.login;
    let line = fs::read_to_string(authority.with_extension("pub")).unwrap();
    authorize(world, &format!("cert-authority,principals=\"{login}\" "), &line);
    let file = key(world, "cert-user", &["-t", "ed25519"], "");
    let certificate = |validity: &str| {
        let sign = Run::new("ssh-keygen").args(["-q", "-s"]).arg(&authority);
        let _signed = sign.args(["-I", "agent", "-n", login, "-V", validity]).arg(file.with_extension("pub")).ok();
        let signed = fs::read(file.with_file_name("key-cert.pub")).unwrap();
        json!({ "key": world.secret(fs::read(&file).unwrap()), "certificate": world.secret(signed) })
    };
    let good = certificate("-5m:+1h");
    assert_eq!(ask(world, "with-cert", json!({}), &good).ok().out, "in\n");
    let refused = ask(world, "with-cert", json!({}), &json!({ "key": good["key"] })).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "the key alone: {refused}");
    let refused = ask(world, "with-cert", json!({}), &certificate("20200101:20200102")).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_opens_the_target_by_either_method() {
    let world = World::shared();
    for (name, asks) in [("pw-method", Asks::Password), ("pw-prompt", Asks::Prompt)] {
        let host = Host::start(asks, "correct horse").await;
        let settings = json!({ "protocol": "ssh", "login": "svc", "host_keys": [host.fingerprint] });
        let try_with = |password: &str| {
            world.target(name, host.port, &settings, &json!({ "password": world.secret(password) }));
            world.ssh_to(name, world.alice(), &["true"])
        };
        assert_eq!(try_with("correct horse").ok().out, "in\n", "{name}");
        let refused = try_with("battery staple").refused();
        assert!(refused.contains("SP-TARGET-LOGIN"), "{name}: {refused}");
    }
}

#[test]
fn the_host_key_is_pinned_by_line_fingerprint_or_known_hosts() {
    let world = World::shared();
    let folder = world.folder("pins");
    let credentials = json!({ "key": format!("file:{}", world.site.folder.join("credentials/web-1.key").display()) });
    let public = folder.join("host.pub");
    fs::write(&public, &world.site.sshd.host_key).unwrap();
    let printed = Run::new("ssh-keygen").arg("-lf").arg(&public).ok().out;
    let fingerprint = printed.split(' ').nth(1).unwrap();
    let known = |name: &str, place: &str, key: &str| {
        let file = folder.join(name);
        fs::write(&file, format!("{place} {key}\n")).unwrap();
        json!({ "known_hosts": file })
    };
    let (port, right) = (world.site.sshd.port, &world.site.sshd.host_key);
    let good = [
        json!({ "host_keys": [right] }),
        json!({ "host_keys": [fingerprint] }),
        known("right", &format!("[127.0.0.1]:{port}"), right),
    ];
    for settings in good {
        assert_eq!(ask(world, "pinned", settings.clone(), &credentials).ok().out, "in\n", "{settings}");
    }
    let other = fs::read_to_string(key(world, "other-host", &["-t", "ed25519"], "").with_extension("pub")).unwrap();
    let bad = [
        json!({ "host_keys": [other.trim()] }),
        json!({ "host_keys": ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] }),
        known("wrong", &format!("[127.0.0.1]:{port}"), other.trim()),
        known("elsewhere", "[192.0.2.1]:22", right),
        known("revoked", &format!("@revoked [127.0.0.1]:{port}"), right),
        json!({ "known_hosts": "/nowhere/known_hosts" }),
    ];
    for settings in bad {
        let refused = ask(world, "pinned", settings.clone(), &credentials).refused();
        assert!(refused.contains("SP-TARGET-IDENTITY"), "{settings}: {refused}");
    }
}
