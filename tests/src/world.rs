//! A running world: the demo's site in a temporary folder on free ports.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
};

use sallyport::demo::{
    Plan, Site,
    ports::Ports,
    shop::{self, Customer},
    site::Caller,
};

use crate::declare::any_local_target;

/// A site and what scenarios need to know about it. Stops and vanishes when dropped.
#[derive(Debug)]
pub struct World {
    /// The running site.
    pub site: Site,
    /// A folder for files of scenarios.
    pub scratch: PathBuf,
    _folder: Option<tempfile::TempDir>,
}

/// What is special about a world.
#[derive(Debug, Default)]
pub struct Wishes {
    /// Lines for the end of gateway.toml.
    pub gateway: String,
    /// Lines for the end of agent.toml.
    pub agent: String,
    /// The policy document of the world. When absent, those who may connect may do everything, so that scenarios about
    /// other things are not about policy.
    pub policy: Option<String>,
}

/// Whoever may connect may do everything.
const OPEN: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource)
  when { principal in resource.connection.access };
"#;

/// Every person may do everything where they may connect: what rules of a test are put beside.
pub const RULED: &str = r#"
@id("connect") permit (principal is Person, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal is Person, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"#;

impl World {
    /// One in which every person may do everything but what these rules say.
    pub async fn ruled(rules: &str) -> Self {
        Self::start_with(Wishes { policy: Some(format!("{RULED}{rules}")), ..Wishes::default() }).await
    }

    /// The world that most scenarios share. Started by the first who asks; ends with the test process.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<World, String>> = OnceLock::new();
        match SHARED.get_or_init(start_shared) {
            Ok(world) => world,
            Err(reason) => panic!("the shared world did not start: {reason}"),
        }
    }

    /// A world of one's own. Needs a multi-threaded runtime, because scenarios block on client programs.
    pub async fn start() -> Self {
        Self::start_with(Wishes::default()).await
    }

    /// A world of one's own with wishes.
    pub async fn start_with(wishes: Wishes) -> Self {
        let folder = tempfile::Builder::new().prefix("sallyport-e2e-own-").tempdir().expect("a temporary folder");
        let policy = wishes.policy.clone();
        let site = start_site(folder.path(), wishes).await.unwrap_or_else(|error| panic!("{error:#}"));
        let world = Self { scratch: scratch(folder.path()), site, _folder: Some(folder) };
        world.policy("default", policy.as_deref().unwrap_or(OPEN));
        world
    }

    /// Alice (support).
    #[must_use]
    pub fn alice(&self) -> &Caller {
        self.caller("alice")
    }

    /// Carol (admin, auditor).
    #[must_use]
    pub fn carol(&self) -> &Caller {
        self.caller("carol")
    }

    /// The person of that name.
    #[must_use]
    pub fn caller(&self, subject: &str) -> &Caller {
        self.site.callers.iter().find(|caller| caller.subject == subject).expect("a person of the demo")
    }

    /// A customer of the shop, in clear.
    #[must_use]
    pub fn customer(&self, id: u32) -> Customer {
        shop::customer(id)
    }

    /// An empty folder for one scenario.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.scratch.join(name);
        let _old = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a scratch folder");
        folder
    }

    /// Adds a connection to a target on this machine, for the support group. `settings` is YAML.
    pub fn connect(&self, name: &str, port: u16, settings: &str) {
        let file = self.scratch.join(format!("{name}.yaml"));
        let text = format!(
            "connections:\n  - name: {name}\n    agent: {}\n    address: 127.0.0.1:{port}\n    settings:\n      {settings}\n    access:\n      groups: [support]\n",
            sallyport::demo::site::AGENT
        );
        fs::write(&file, text).expect("a connection file");
        let _applied = self.sallyport(self.carol(), &["apply", "-f", file.to_str().expect("a path")]).ok();
    }

    /// Writes a policy document; the agent decides by it from now on.
    pub fn policy(&self, name: &str, text: &str) {
        let file = self.scratch.join(format!("policy-{name}.json"));
        let document = serde_json::json!({ "policies": [{ "name": name, "text": text }] });
        fs::write(&file, document.to_string()).expect("a policy file");
        let _applied = self.sallyport(self.carol(), &["apply", "-f", file.to_str().expect("a path")]).ok();
    }

    /// The `sallyport` program under test.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        program()
    }
}

fn start_shared() -> Result<World, String> {
    sweep();
    let (sender, receiver) = std::sync::mpsc::channel();
    // Children live as long as the thread that started them, so it stays.
    thread::Builder::new()
        .name("world".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let folder = std::env::temp_dir().join(format!("sallyport-e2e-{}", std::process::id()));
                let _made = fs::create_dir_all(&folder);
                // Scenarios bring targets of their own to the shared world.
                let wishes = Wishes { agent: any_local_target(&scratch(&folder)), ..Wishes::default() };
                let site = start_site(&folder, wishes).await.map_err(|error| format!("{error:#}"));
                let world = site.map(|site| World { scratch: scratch(&folder), site, _folder: None });
                if let Ok(world) = &world {
                    world.policy("default", OPEN);
                }
                let _sent = sender.send(world);
                std::future::pending::<()>().await;
            });
        })
        .map_err(|error| error.to_string())?;
    receiver.recv().unwrap_or_else(|_| Err("the world's thread died".into()))
}

async fn start_site(folder: &Path, wishes: Wishes) -> anyhow::Result<Site> {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    everyone_may_enter(folder);
    let plan = Plan {
        folder: folder.join("site"),
        ports: Ports::free()?,
        bind: [127, 0, 0, 1].into(),
        program: program(),
        gateway_extra: wishes.gateway,
        agent_extra: wishes.agent,
        progress: |_| {},
    };
    Site::start(plan).await
}

fn scratch(folder: &Path) -> PathBuf {
    let scratch = folder.join("scratch");
    fs::create_dir_all(&scratch).expect("a scratch folder");
    scratch
}

/// Removes what test processes that no longer run left behind.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("sallyport-e2e-").filter(|pid| pid.parse::<u32>().is_ok()) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            let _busy = fs::remove_dir_all(entry.path());
        }
    }
}

/// Lets the account that runs PostgreSQL get through.
pub fn everyone_may_enter(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("a folder of ours");
}

/// `SALLYPORT_BIN`, or the program that was built beside this test.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("SALLYPORT_BIN") {
        return program.into();
    }
    let test = std::env::current_exe().expect("our own path");
    let program = test.ancestors().nth(2).expect("a target folder").join("sallyport");
    assert!(
        program.is_file(),
        "{} is not built: run `cargo build --workspace --bins` (or `make test`)",
        program.display()
    );
    program
}
