//! Connections and credentials that a scenario needs besides the demo's own.

use std::{
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use sallyport::demo::site::Caller;
use serde_json::{Value, json};

use crate::{Run, World};

/// How many credentials the scenarios of one world may bring.
const SECRETS: usize = 64;

impl World {
    /// Adds a connection that is like `model` except for its name and what `change` does to it.
    pub fn like(&self, model: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let exported = self.sallyport(self.carol(), &["export", "--format", "json"]).ok().json();
        let mut connection = exported["connections"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["name"] == model).cloned())
            .expect("the model is a connection");
        connection["name"] = json!(name);
        change(&mut connection);
        self.apply(&connection);
    }

    /// Adds or changes one connection, as an administrator would.
    pub fn apply(&self, connection: &Value) {
        let name = connection["name"].as_str().expect("a name");
        let file = self.scratch.join(format!("{name}.json"));
        std::fs::write(&file, json!({ "connections": [connection] }).to_string()).expect("a connection file");
        let _applied = self.sallyport(self.carol(), &["apply", "-f", file.to_str().expect("a path")]).ok();
    }

    /// A connection to a target of the scenario's own on this machine, open to the support group, masking everything.
    pub fn target(&self, name: &str, port: u16, settings: &Value, credentials: &Value) {
        self.apply(&json!({
            "name": name,
            "agent": sallyport::demo::site::AGENT,
            "address": format!("127.0.0.1:{port}"),
            "settings": settings,
            "credentials": credentials,
            "access": { "groups": ["support"] },
            "masking": { "labels": ["card", "ssn", "email", "secret"] },
        }));
    }

    /// Puts a credential where the agent may read it; the reference that a connection names.
    #[must_use]
    pub fn secret(&self, content: impl AsRef<[u8]>) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < SECRETS, "raise SECRETS");
        let file = self.scratch.join(secret_name(number));
        let mut open = std::fs::OpenOptions::new();
        let file = open.create_new(true).write(true).mode(0o600).open(&file).map(|mut opened| {
            std::io::Write::write_all(&mut opened, content.as_ref()).expect("a secret's file");
            file
        });
        format!("file:{}", file.expect("a secret's file").display())
    }

    /// The same person with a ticket of its own for one connection, and that ticket's id.
    #[must_use]
    pub fn with_ticket(&self, caller: &Caller, connection: &str, life: &str) -> (Caller, String) {
        let minted = self.sallyport(caller, &["ticket", connection, "--life", life, "--format", "json"]).ok().json();
        let text = |name: &str| minted[name].as_str().expect("a minted ticket").to_owned();
        (Caller { ticket: text("ticket"), ..caller.clone() }, text("id"))
    }

    /// Sends JSON to the gateway's API (`path` below `/api/v1/`).
    #[must_use]
    pub fn post(&self, caller: &Caller, path: &str, body: &Value) -> Run {
        self.api_curl(caller, path).args(["-X", "POST", "--json", &body.to_string()])
    }

    /// Deletes something through the gateway's API.
    #[must_use]
    pub fn delete(&self, caller: &Caller, path: &str) -> Run {
        self.api_curl(caller, path).args(["-X", "DELETE"])
    }
}

/// What the shared world's agent may use for targets that scenarios bring: the files of [`World::secret`].
pub(crate) fn any_local_target(scratch: &Path) -> String {
    let files: Vec<String> =
        (0..SECRETS).map(|number| format!("\"file:{}\"", scratch.join(secret_name(number)).display())).collect();
    format!("\n[[targets]]\naddress = \"127.0.0.1:*\"\ncredentials = [{}]\n", files.join(", "))
}

fn secret_name(number: usize) -> String {
    format!("secret-{number}")
}
