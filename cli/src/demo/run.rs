//! `sallyport demo`: starts a site, says what to paste, waits for Ctrl-C, stops everything.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use super::{
    manifest,
    ports::Ports,
    site::{Plan, Site},
};

/// What `sallyport demo` was told.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Where the demo keeps everything; made if absent
    #[arg(long, value_name = "FOLDER", default_value = ".demo")]
    pub dir: PathBuf,
    /// The first of twenty ports on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 7700)]
    pub port_base: u16,
}

/// Runs the demo until it is told to stop.
///
/// # Errors
/// If it does not start, or the gateway or the agent ends by itself.
pub fn run(options: Options) -> Result<()> {
    // Children live as long as the thread that starts them: this one, which blocks here to the end.
    tokio::runtime::Runtime::new()?.block_on(serve(options))
}

async fn serve(options: Options) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let began = Instant::now();
    let plan = Plan {
        folder: options.dir,
        ports: Ports::at(options.port_base)?,
        program: std::env::current_exe().context("finding our own program")?,
        gateway_extra: String::new(),
        agent_extra: String::new(),
        progress: |line| say(&format!("  {line}")),
    };
    say("Sallyport demo");
    let mut site = tokio::select! {
        site = Site::start(plan) => site?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    manifest::write(&site)?;
    say(&format!("  ready in {:.1} s\n{}", began.elapsed().as_secs_f32(), lines(&site)));
    let ended = loop {
        tokio::select! {
            _ = interrupt.recv() => break Ok(()),
            _ = terminate.recv() => break Ok(()),
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {
                if let Err(error) = site.gateway.check_running().and_then(|()| site.agent.check_running()) {
                    break Err(error);
                }
            }
        }
    };
    say("\nstopping");
    drop(site);
    ended
}

/// The lines to paste.
fn lines(site: &Site) -> String {
    let Some(alice) = site.callers.first() else { return String::new() };
    let ports = site.ports;
    let (ca, key, ticket) = (show(&site.ca_file()), show(&alice.ssh_key), &alice.ticket);
    let console = site.console_url();
    let manifest = show(&site.folder.join("demo.json"));
    format!(
        r#"
Paste any of these into another terminal. You are Alice, a support engineer.

  PGPASSWORD={ticket} psql "host=127.0.0.1 port={pg} dbname=shop-db user=alice sslmode=verify-full sslrootcert={ca}" -c "SELECT id, name, email, card, ssn, note FROM customers LIMIT 5"

  ssh -i {key} -o IdentitiesOnly=yes -o UserKnownHostsFile={hosts} -o StrictHostKeyChecking=accept-new -p {ssh} web-1@127.0.0.1

  curl --cacert {ca} -H "Authorization: Bearer {ticket}" https://127.0.0.1:{http}/shop-api/customers/1

Everything is recorded. As Carol, the auditor:

  SALLYPORT_URL={console} SALLYPORT_CA={ca} SALLYPORT_TICKET={carol} {program} sessions list

For programs: {manifest}        Console: {console}        Ctrl-C stops everything."#,
        pg = ports.postgres,
        ssh = ports.ssh,
        http = ports.http,
        hosts = show(&site.folder.join("known_hosts")),
        carol = site.callers.last().map_or("", |carol| carol.ticket.as_str()),
        program = std::env::current_exe().map(|program| show(&program)).unwrap_or_default(),
    )
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}
