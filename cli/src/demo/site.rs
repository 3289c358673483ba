//! Everything that a demo runs: targets and identity provider in this process, gateway and agent as processes of their
//! own, exactly as in production. The end-to-end tests start the same.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{
    control::Control,
    files,
    idp::Idp,
    people::PEOPLE,
    ports::Ports,
    process::{Launch, Process, write_private},
    targets::{Api, Postgres, Sshd},
    token,
};

/// The agent's name.
pub const AGENT: &str = "demo";
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(30);

/// What to start and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Which ports to use.
    pub ports: Ports,
    /// Where gateway and identity provider listen: this machine only, or everywhere inside a container.
    pub bind: IpAddr,
    /// The `sallyport` program that becomes gateway and agent.
    pub program: PathBuf,
    /// Lines put at the end of gateway.toml.
    pub gateway_extra: String,
    /// Lines put at the end of agent.toml.
    pub agent_extra: String,
    /// Told what happens next.
    pub progress: fn(&str),
}

/// A person, ready to call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The subject.
    pub subject: String,
    /// Their groups.
    pub groups: Vec<String>,
    /// A ticket for every connection they may use.
    pub ticket: String,
    /// A private key whose public half is registered to them.
    pub ssh_key: PathBuf,
}

/// A running demo. Stops when dropped: agent and gateway first, then targets.
#[derive(Debug)]
pub struct Site {
    /// The agent's process.
    pub agent: Process,
    /// The gateway's process.
    pub gateway: Process,
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Which ports are used.
    pub ports: Ports,
    /// The people, by the order of [`PEOPLE`].
    pub callers: Vec<Caller>,
    /// The PostgreSQL target.
    pub postgres: Postgres,
    /// The sshd target.
    pub sshd: Sshd,
    /// The API target.
    pub api: Api,
    /// The identity provider.
    pub idp: Idp,
    plan: Plan,
}

impl Site {
    /// Starts everything, enrols the agent, applies the connections and signs the people in.
    ///
    /// # Errors
    /// If anything does not start; the error says what and shows the end of its log.
    pub async fn start(plan: Plan) -> Result<Self> {
        if let Some(port) = plan.ports.taken() {
            bail!("port {port} is in use; choose another --port-base");
        }
        files::make_folder(&plan.folder)?;
        let folder = plan.folder.canonicalize()?;
        let plan = Plan { folder: folder.clone(), ..plan };
        (plan.progress)("starting PostgreSQL, sshd, the shop's API and the identity provider");
        let postgres = Postgres::start(&folder.join("postgres"), plan.ports.target_postgres).await?;
        let sshd = Sshd::start(&folder.join("sshd"), plan.ports.target_ssh).await?;
        let api_token = keep(&folder.join("credentials/shop-api.token"), token)?;
        let api = Api::start(plan.ports.target_api, plan.ports.target_api_direct, api_token).await?;
        let idp = Idp::start(plan.bind, plan.ports.idp).await?;
        write_private(&folder.join("credentials/shop-db.password"), postgres.password.as_bytes())?;
        std::fs::copy(&sshd.key, folder.join("credentials/web-1.key"))?;

        (plan.progress)("starting the gateway");
        files::write_gateway(&plan)?;
        let mut gateway = launch(&plan, "gateway")?;
        wait_for_port(&mut gateway, plan.ports.api).await?;
        let control = Control::sign_in(&plan, "carol").await?;

        (plan.progress)("enrolling and starting the agent");
        let join_token = control.join_token(AGENT).await?;
        write_private(&folder.join("credentials/join.token"), join_token.as_bytes())?;
        files::write_agent(&plan)?;
        let agent = launch(&plan, "agent")?;
        control.apply(&files::write_connections(&plan, &sshd.login, &sshd.host_key)?).await?;
        let mut site =
            Self { agent, gateway, folder, ports: plan.ports, callers: vec![], postgres, sshd, api, idp, plan };
        site.wait_for_agent(&control).await?;
        (site.plan.progress)("signing Alice, Bob and Carol in");
        site.callers = sign_everyone_in(&site.plan).await?;
        Ok(site)
    }

    /// The authority that signed the gateway's certificates (PEM).
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        ca_file(&self.folder)
    }

    /// The console's and API's address.
    #[must_use]
    pub fn console_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api)
    }

    /// Starts the gateway again after it was stopped or killed.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart_gateway(&mut self) -> Result<()> {
        self.gateway.stop();
        self.gateway = launch(&self.plan, "gateway")?;
        wait_for_port(&mut self.gateway, self.ports.api).await
    }

    /// Starts the agent again after it was stopped or killed.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn restart_agent(&mut self) -> Result<()> {
        self.agent.stop();
        self.agent = launch(&self.plan, "agent")?;
        Ok(())
    }

    /// The admin's hands.
    ///
    /// # Errors
    /// If signing in fails.
    pub async fn control(&self, person: &str) -> Result<Control> {
        Control::sign_in(&self.plan, person).await
    }

    async fn wait_for_agent(&mut self, control: &Control) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !control.agent_is_online(AGENT).await? {
            self.agent.check_running()?;
            if Instant::now() > deadline {
                bail!("the agent did not connect within {} s:\n{}", PATIENCE.as_secs(), self.agent.log_tail());
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }
}

/// Signs each person in, registers a key and mints a ticket for them.
pub(super) async fn sign_everyone_in(plan: &Plan) -> Result<Vec<Caller>> {
    let mut callers = vec![];
    for person in PEOPLE {
        let control = Control::sign_in(plan, person.subject).await?;
        let ssh_key = files::make_ssh_key(&plan.folder, person.subject)?;
        control.register_ssh_key(&std::fs::read_to_string(ssh_key.with_extension("pub"))?).await?;
        callers.push(Caller {
            subject: person.subject.to_owned(),
            groups: person.groups.iter().map(|group| (*group).to_owned()).collect(),
            ticket: control.ticket(None).await?,
            ssh_key,
        });
    }
    Ok(callers)
}

/// The gateway's own authority, in its state folder.
pub(super) fn ca_file(folder: &Path) -> PathBuf {
    folder.join("gateway/server-ca.pem")
}

fn launch(plan: &Plan, role: &str) -> Result<Process> {
    Launch::new(&plan.program)
        .arg(role)
        .arg("--config")
        .arg(plan.folder.join(format!("{role}.toml")))
        .log(&plan.folder.join(format!("{role}.log")))
        .spawn()
}

async fn wait_for_port(process: &mut Process, port: u16) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        process.check_running()?;
        if Instant::now() > deadline {
            bail!("nothing listens on port {port} after {} s:\n{}", PATIENCE.as_secs(), process.log_tail());
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// The file's content, or a new one that is written there.
pub(super) fn keep(file: &Path, make: fn() -> String) -> Result<String> {
    if let Ok(content) = std::fs::read_to_string(file) {
        return Ok(content);
    }
    let content = make();
    write_private(file, content.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
    Ok(content)
}
