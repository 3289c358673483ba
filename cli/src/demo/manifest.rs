//! `demo.json`: everything another program needs to drive the demo. Version 1.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{process::write_private, site::Site, targets::postgres};

/// Writes `demo.json` into the demo's folder.
///
/// # Errors
/// If the file cannot be written.
pub fn write(site: &Site) -> Result<()> {
    let text = serde_json::to_string_pretty(&render(site))?;
    write_private(&site.folder.join("demo.json"), text.as_bytes())?;
    Ok(())
}

/// What `demo.json` says.
#[must_use]
pub fn render(site: &Site) -> Value {
    let ports = site.ports;
    let people: Map<String, Value> = site
        .callers
        .iter()
        .map(|caller| {
            let value = json!({
                "subject": caller.subject, "groups": caller.groups, "ticket": caller.ticket, "ssh_key": caller.ssh_key,
            });
            (caller.subject.clone(), value)
        })
        .collect();
    let host = "127.0.0.1";
    json!({
        "version": 1,
        "ca_file": site.ca_file(),
        "console_url": site.console_url(),
        "api_url": format!("{}/api", site.console_url()),
        "pids": { "gateway": site.gateway.pid(), "agent": site.agent.pid() },
        "people": people,
        "connections": {
            "shop-db": {
                "protocol": "postgres", "host": host, "port": ports.postgres, "database": "shop-db", "user": "alice",
                "sslmode": "verify-full",
            },
            "web-1": { "protocol": "ssh", "host": host, "port": ports.ssh, "user": "web-1" },
            "shop-api": { "protocol": "http", "base_url": format!("https://{host}:{}/shop-api", ports.http) },
        },
        "targets": {
            "shop-db": {
                "host": host, "port": site.postgres.port, "database": postgres::DATABASE, "user": postgres::ROLE,
                "password": site.postgres.password,
            },
            "web-1": { "host": host, "port": site.sshd.port, "user": site.sshd.login, "key": site.sshd.key },
            "shop-api": { "base_url": format!("http://{host}:{}", site.api.direct_port) },
        },
    })
}
