//! The clients that scenarios drive, ready to take arguments: through the gateway as a person, or straight to the target.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sallyport::demo::{site::Caller, targets::postgres};

use crate::{Run, World};

const SSH_OPTIONS: [&str; 6] =
    ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];

impl World {
    /// libpq's connection string through the gateway; the password is in it.
    #[must_use]
    pub fn dsn(&self, caller: &Caller, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} dbname={database} user={} password={} sslmode=verify-full sslrootcert={}",
            self.site.ports.postgres,
            caller.subject,
            caller.ticket,
            self.site.ca_file().display()
        )
    }

    /// libpq's connection string straight to the target.
    #[must_use]
    pub fn direct_dsn(&self, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} dbname={database} user={} password={} sslmode=disable",
            self.site.postgres.port,
            postgres::ROLE,
            self.site.postgres.password
        )
    }

    /// psql on `shop-db` as Alice, without the user's own settings.
    #[must_use]
    pub fn psql(&self) -> Run {
        psql(&self.dsn(self.alice(), "shop-db"))
    }

    /// psql straight to the shop database.
    #[must_use]
    pub fn direct_psql(&self) -> Run {
        psql(&self.direct_dsn(postgres::DATABASE))
    }

    /// Any program of PostgreSQL (`pg_dump`, `pgbench` ...) with a connection string as its database.
    #[must_use]
    pub fn pg_program(&self, name: &str) -> Run {
        let places: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
            .unwrap_or_default();
        Run::new(sallyport::demo::process::find_program(name, &places, "postgresql").unwrap())
    }

    /// Options that make an OpenSSH program use only this person's key and trust the test's host key.
    #[must_use]
    pub fn ssh_options(&self, caller: &Caller) -> Vec<String> {
        let mut options: Vec<String> = SSH_OPTIONS.map(str::to_owned).to_vec();
        options.extend(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i"].map(str::to_owned));
        options.push(caller.ssh_key.display().to_string());
        options
    }

    /// ssh to `web-1` as Alice; options and the command follow.
    #[must_use]
    pub fn ssh(&self, arguments: &[&str]) -> Run {
        self.ssh_to("web-1", self.alice(), arguments)
    }

    /// ssh to `place` (`connection` or `login@connection`) as somebody.
    #[must_use]
    pub fn ssh_to(&self, place: &str, caller: &Caller, arguments: &[&str]) -> Run {
        Run::new("ssh")
            .args(self.ssh_options(caller))
            .args(["-p", &self.site.ports.ssh.to_string()])
            .arg(format!("{place}@127.0.0.1"))
            .args(arguments)
    }

    /// ssh straight to the target.
    #[must_use]
    pub fn direct_ssh(&self, arguments: &[&str]) -> Run {
        Run::new("ssh")
            .args(SSH_OPTIONS)
            .args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i"])
            .arg(&self.site.sshd.key)
            .args(["-p", &self.site.sshd.port.to_string()])
            .arg(format!("{}@127.0.0.1", self.site.sshd.login))
            .args(arguments)
    }

    /// ssh with a ticket typed at the prompt instead of a key; options and the command follow.
    #[must_use]
    pub fn ssh_with_ticket(&self, place: &str, ticket: &str, arguments: &[&str]) -> Run {
        let askpass = self.scratch.join(format!("askpass-{}", &ticket[ticket.len().saturating_sub(8)..]));
        fs::write(&askpass, format!("#!/bin/sh\necho '{ticket}'\n")).unwrap();
        fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
        Run::new("ssh")
            .env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .args(SSH_OPTIONS)
            .args(["-F", "none", "-o", "PreferredAuthentications=keyboard-interactive"])
            .args(["-o", "NumberOfPasswordPrompts=1", "-p", &self.site.ports.ssh.to_string()])
            .arg(format!("{place}@127.0.0.1"))
            .args(arguments)
    }

    /// The `ssh` command line (for rsync -e and `GIT_SSH_COMMAND`).
    #[must_use]
    pub fn ssh_command_line(&self) -> String {
        format!("ssh {} -p {}", self.ssh_options(self.alice()).join(" "), self.site.ports.ssh)
    }

    /// curl with Alice's ticket; options follow.
    #[must_use]
    pub fn curl(&self, path: &str, options: &[&str]) -> Run {
        self.curl_as(&self.alice().ticket, path, options)
    }

    /// curl with any ticket. `path` starts with the connection: `/shop-api/...`.
    #[must_use]
    pub fn curl_as(&self, ticket: &str, path: &str, options: &[&str]) -> Run {
        Run::new("curl")
            .args(["-sS", "--cacert"])
            .arg(self.site.ca_file())
            .args(["-H", &format!("Authorization: Bearer {ticket}")])
            .args(options)
            .arg(format!("https://127.0.0.1:{}{path}", self.site.ports.http))
    }

    /// curl straight to the API's side door.
    #[must_use]
    pub fn direct_curl(&self, path: &str, options: &[&str]) -> Run {
        Run::new("curl").arg("-sS").args(options).arg(format!("http://127.0.0.1:{}{path}", self.site.api.direct_port))
    }

    /// Our own command line as somebody, against this world's gateway.
    #[must_use]
    pub fn sallyport(&self, caller: &Caller, arguments: &[&str]) -> Run {
        Run::new(self.program())
            .args(arguments)
            .env("SALLYPORT_URL", self.site.console_url())
            .env("SALLYPORT_CA", self.site.ca_file())
            .env("SALLYPORT_TICKET", &caller.ticket)
            .env("HOME", &self.scratch)
    }

    /// What the gateway's API answers to `path` (below `/api/v1/`) for somebody.
    #[must_use]
    pub fn api(&self, caller: &Caller, path: &str) -> serde_json::Value {
        self.api_curl(caller, path).ok().json()
    }

    /// curl on the gateway's API (`path` below `/api/v1/`) as somebody; options follow.
    #[must_use]
    pub fn api_curl(&self, caller: &Caller, path: &str) -> Run {
        Run::new("curl")
            .args(["-sS", "--fail-with-body", "--cacert"])
            .arg(self.site.ca_file())
            .args(["-H", &format!("Authorization: Bearer {}", caller.ticket)])
            .arg(format!("{}/api/v1/{path}", self.site.console_url()))
    }

    /// The ids of the newest sessions on a connection, as an auditor sees them.
    #[must_use]
    pub fn session_ids(&self, connection: &str) -> Vec<String> {
        let sessions = self.api(self.carol(), &format!("sessions?limit=30&connection={connection}"));
        sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
    }

    /// A Python client of `tests/python`, run by the pinned environment.
    #[must_use]
    pub fn python(&self, script: &str, arguments: &[&str]) -> Run {
        let home = here("python");
        let python = home.join(".venv/bin/python");
        assert!(python.exists(), "the Python clients are not installed: run deploy/setup.sh test");
        Run::new(python).arg(home.join(script)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// A program on a terminal of its own, with the steps of a person in front of it (see `terminal.py`).
    #[must_use]
    pub fn at_a_terminal(&self, program: &[&str], steps: &serde_json::Value) -> Run {
        self.python("terminal.py", program).input(steps.to_string())
    }

    /// A Node.js client of `tests/node`.
    #[must_use]
    pub fn node(&self, script: &str, arguments: &[&str]) -> Run {
        let home = here("node");
        assert!(home.join("node_modules").exists(), "the Node.js clients are not installed: run deploy/setup.sh test");
        Run::new("node").arg(home.join(script)).args(arguments)
    }
}

fn psql(dsn: &str) -> Run {
    Run::new("psql").args(["-X", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", dsn]).env("PGCONNECT_TIMEOUT", "20")
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
