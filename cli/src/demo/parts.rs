//! The demo in pieces, one per container, that share a network and a folder (docker-compose.yml). Each piece waits for the
//! files that another one writes.

use std::{
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    net::TcpStream,
    signal::unix::{SignalKind, signal},
};

use super::{
    control::Control,
    files,
    idp::Idp,
    paste,
    ports::Ports,
    process::{write_private, write_public},
    run::say,
    site::{AGENT, Plan, keep, sign_everyone_in},
    targets::{Api, Postgres, Sshd},
    token,
};

const GLANCE: Duration = Duration::from_millis(100);

/// One piece.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Part {
    /// The PostgreSQL target
    Postgres,
    /// The sshd target
    Sshd,
    /// The API target and the identity provider
    Api,
    /// The gateway
    Gateway,
    /// The agent
    Agent,
    /// Sets everything up, says what to paste, and stays for `docker compose exec client`
    Client,
}

/// Runs one piece until it is told to stop.
///
/// # Errors
/// If it does not start.
pub(super) async fn run(part: Part, folder: PathBuf, ports: Ports) -> Result<()> {
    files::make_folder(&folder)?;
    let folder = folder.canonicalize()?;
    let program = std::env::current_exe().context("finding our own program")?;
    let plan = Plan {
        folder: folder.clone(),
        ports,
        bind: [0, 0, 0, 0].into(),
        program,
        gateway_extra: String::new(),
        agent_extra: String::new(),
        progress: |line| say(&format!("  {line}")),
    };
    match part {
        Part::Postgres => {
            let server = Postgres::start(&folder.join("postgres"), ports.target_postgres).await?;
            write_private(&folder.join("credentials/shop-db.password"), server.password.as_bytes())?;
            told_to_stop().await
        }
        Part::Sshd => {
            let server = Sshd::start(&folder.join("sshd"), ports.target_ssh).await?;
            std::fs::copy(&server.key, folder.join("credentials/web-1.key"))?;
            write_public(&folder.join("sshd/login"), server.login.as_bytes())?;
            told_to_stop().await
        }
        Part::Api => {
            let token = keep(&folder.join("credentials/shop-api.token"), token)?;
            let _api = Api::start(ports.target_api, ports.target_api_direct, token).await?;
            let _idp = Idp::start(plan.bind, ports.idp).await?;
            told_to_stop().await
        }
        Part::Gateway => {
            answers(ports.idp).await;
            files::write_gateway(&plan)?;
            become_server(&plan, "gateway")
        }
        Part::Agent => {
            written(&folder.join("agent.toml")).await;
            become_server(&plan, "agent")
        }
        Part::Client => client(&plan).await,
    }
}

async fn client(plan: &Plan) -> Result<()> {
    (plan.progress)("waiting for the targets and the gateway");
    let ports = plan.ports;
    for port in [ports.target_postgres, ports.target_ssh, ports.target_api, ports.api] {
        answers(port).await;
    }
    // A target may answer before what its part has to tell the others is written.
    let told = ["credentials/shop-db.password", "credentials/shop-api.token", "credentials/web-1.key", "sshd/login"];
    for file in told {
        written(&plan.folder.join(file)).await;
    }
    let login = std::fs::read_to_string(plan.folder.join("sshd/login"))?;
    let host_key = std::fs::read_to_string(plan.folder.join("sshd/host_key.pub"))?;
    let host_key = host_key.split(' ').take(2).collect::<Vec<_>>().join(" ");

    (plan.progress)("enrolling the agent");
    let control = Control::sign_in(plan, "carol").await?;
    let join_token = control.join_token(AGENT).await?;
    write_private(&plan.folder.join("credentials/join.token"), join_token.as_bytes())?;
    files::write_agent(plan)?;
    control.apply(&files::write_connections(plan, &login, &host_key)?).await?;
    while !control.agent_is_online(AGENT).await? {
        tokio::time::sleep(GLANCE).await;
    }
    let callers = sign_everyone_in(plan).await?;
    say(&paste::lines(&plan.folder, ports, &callers, "docker compose exec client "));
    say(&format!("Console, and where to click: https://127.0.0.1:{}", ports.api));
    told_to_stop().await
}

/// Becomes the server, so that signals reach it and not us.
fn become_server(plan: &Plan, role: &str) -> Result<()> {
    let config = plan.folder.join(format!("{role}.toml"));
    let error = Command::new(&plan.program).arg(role).arg("--config").arg(config).exec();
    Err(error).with_context(|| format!("starting the {role}"))
}

async fn written(file: &Path) {
    while !file.exists() {
        tokio::time::sleep(GLANCE).await;
    }
}

async fn answers(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(GLANCE).await;
    }
}

async fn told_to_stop() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
