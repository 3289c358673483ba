//! The files a demo writes: both configurations, the connections, the people's keys.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    idp::CLIENT_ID,
    process::{Launch, write_public},
    site::{AGENT, Plan},
    targets::{api, postgres},
};

/// Makes the demo's folder and those in it. Only credentials are hidden from others: the account that runs
/// PostgreSQL has to pass through.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    for (name, mode) in [("", 0o755), ("credentials", 0o700), ("keys", 0o700)] {
        let folder = folder.join(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    Ok(())
}

/// gateway.toml
pub(super) fn write_gateway(plan: &Plan) -> Result<()> {
    let ports = plan.ports;
    let text = format!(
        r#"# Written by `sallyport demo`. Development mode: not for production.
mode = "development"
state_dir = "{folder}/gateway"
public_url = "https://127.0.0.1:{api}"
names = ["localhost", "127.0.0.1", "*.sallyport.localhost"]

[listen]
console = "{bind}:{api}"
tunnel = "{bind}:{tunnel}"
postgres = "{bind}:{postgres}"
ssh = "{bind}:{ssh}"
http = "{bind}:{http}"
http_domain = "sallyport.localhost"

[oidc]
issuer = "http://127.0.0.1:{idp}"
client_id = "{CLIENT_ID}"

[roles]
admin_groups = ["admin"]
auditor_groups = ["auditor"]
{extra}"#,
        folder = plan.folder.display(),
        bind = plan.bind,
        api = ports.api,
        tunnel = ports.tunnel,
        postgres = ports.postgres,
        ssh = ports.ssh,
        http = ports.http,
        idp = ports.idp,
        extra = plan.gateway_extra,
    );
    write(&plan.folder.join("gateway.toml"), &text)
}

/// agent.toml
pub(super) fn write_agent(plan: &Plan) -> Result<()> {
    let folder = plan.folder.display();
    let mut text = format!(
        "# Written by `sallyport demo`.\n\
         gateways = [\"127.0.0.1:{tunnel}\"]\n\
         state_dir = \"{folder}/agent\"\n\
         join_token = \"file:{folder}/credentials/join.token\"\n",
        tunnel = plan.ports.tunnel,
    );
    for target in targets(plan) {
        text.push_str(&format!(
            "\n[[targets]]\naddress = \"{}\"\ncredentials = [\"{}\"]\n",
            target.address, target.reference
        ));
    }
    text.push_str(&plan.agent_extra);
    write(&plan.folder.join("agent.toml"), &text)
}

struct Target {
    address: String,
    reference: String,
}

/// Addresses and credential references: what connections name and what the agent's own list allows.
fn targets(plan: &Plan) -> [Target; 3] {
    let ports = plan.ports;
    let folder = plan.folder.display();
    let target = |port: u16, file: &str| Target {
        address: format!("127.0.0.1:{port}"),
        reference: format!("file:{folder}/credentials/{file}"),
    };
    [
        target(ports.target_postgres, "shop-db.password"),
        target(ports.target_ssh, "web-1.key"),
        target(ports.target_api, "shop-api.token"),
    ]
}

/// connections.yaml, for `sallyport apply`.
pub(super) fn write_connections(plan: &Plan, login: &str, host_key: &str) -> Result<PathBuf> {
    let [database, shell, api] = targets(plan);
    let masking = json!({ "labels": ["card", "ssn", "email", "secret"] });
    let connection = |name: &str, target: &Target, settings: Value, role: &str| {
        json!({
            "name": name,
            "agent": AGENT,
            "address": target.address,
            "settings": settings,
            "credentials": { role: target.reference },
            "access": { "groups": ["support"] },
            "masking": masking,
        })
    };
    let postgres = json!({
        "protocol": "postgres", "login": postgres::ROLE, "database": postgres::DATABASE, "any_database": true,
    });
    let ssh = json!({ "protocol": "ssh", "login": login, "host_keys": [host_key] });
    let http = json!({ "protocol": "http", "auth": "bearer", "openapi": api::document().to_string() });
    let document = json!({ "connections": [
        connection("shop-db", &database, postgres, "password"),
        connection("web-1", &shell, ssh, "key"),
        connection("shop-api", &api, http, "token"),
    ] });
    let file = plan.folder.join("connections.yaml");
    write(&file, &serde_yaml_ng::to_string(&document)?)?;
    Ok(file)
}

/// A key pair for a person, made once; the private half's path.
pub(super) fn make_ssh_key(folder: &Path, subject: &str) -> Result<PathBuf> {
    let file = folder.join("keys").join(subject);
    if !file.exists() {
        Launch::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", subject, "-f"]).arg(&file).run()?;
    }
    Ok(file)
}

fn write(file: &Path, text: &str) -> Result<()> {
    write_public(file, text.as_bytes()).with_context(|| format!("writing {}", file.display()))
}
