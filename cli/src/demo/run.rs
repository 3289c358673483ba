//! `sallyport demo`: starts a site, says what to paste, waits for Ctrl-C, stops everything.

use std::{io::Write as _, path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use super::{
    manifest, parts,
    parts::Part,
    paste,
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
    /// Run only one part; the others run elsewhere in the same network and folder
    #[arg(long, hide = true)]
    pub part: Option<Part>,
}

/// Runs the demo until it is told to stop. Children live as long as the thread that starts them, so this belongs on the
/// thread that blocks on it, never in a spawned task.
///
/// # Errors
/// If it does not start, or the gateway or the agent ends by itself.
pub async fn run(options: Options) -> Result<()> {
    if let Some(part) = options.part {
        return parts::run(part, options.dir, Ports::at(options.port_base)?).await;
    }
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let began = Instant::now();
    let plan = Plan {
        folder: options.dir,
        ports: Ports::at(options.port_base)?,
        bind: [127, 0, 0, 1].into(),
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
    say(&format!(
        "  ready in {:.1} s\n{}",
        began.elapsed().as_secs_f32(),
        paste::lines(&site.folder, site.ports, &site.callers, "")
    ));
    say(&format!("For programs: {}", site.folder.join("demo.json").display()));
    say(&format!("Console, and where to click: {}        Ctrl-C stops everything.", site.console_url()));
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

pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}
