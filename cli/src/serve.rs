//! `sallyport gateway` and `sallyport agent`: read the configuration, run until a signal.

use std::{io::IsTerminal as _, path::PathBuf};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Threads for files: enough to keep a disk busy. Hundreds of them, each with its own memory, is what a thousand sessions that
/// end at once would otherwise start.
const BLOCKING: usize = 16;

/// Arguments of both servers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs the gateway.
///
/// # Errors
/// If the configuration is wrong or the gateway cannot start.
pub(crate) fn gateway(args: Args) -> anyhow::Result<()> {
    let config = gateway::config::Config::parse(&read(&args)?)?;
    prepare()?;
    runtime(config.workers)?.block_on(async { Box::pin(gateway::run(config, stop()?)).await.context("gateway") })
}

/// Runs an agent.
///
/// # Errors
/// If the configuration is wrong or the agent cannot start.
pub(crate) fn agent(args: Args) -> anyhow::Result<()> {
    let config = agent::config::Config::parse(&read(&args)?)?;
    prepare()?;
    runtime(config.workers)?.block_on(async { Box::pin(agent::run(config, stop()?)).await.context("agent") })
}

fn read(args: &Args) -> anyhow::Result<String> {
    std::fs::read_to_string(&args.config).with_context(|| format!("{}", args.config.display()))
}

fn prepare() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("SALLYPORT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // The SQL parser points descriptor 2 elsewhere while it works; the log keeps a descriptor of its own.
    let log = std::fs::File::from(rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 3).context("standard error")?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(log)
        .init();
    // Each session is a handful of descriptors; the soft limit is often 1,024.
    let limit = getrlimit(Resource::Nofile);
    let _keep = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    small_pages();
    Ok(())
}

/// The allocator asks for huge pages, of which each holds 2 MiB for as long as one value lives in it: three quarters of what the
/// two processes held with nothing to do.
fn small_pages() {
    #[cfg(target_os = "linux")]
    let _kernel_without = rustix::thread::disable_transparent_huge_pages(true);
}

fn runtime(workers: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()?)
}

/// Done at SIGINT or SIGTERM.
fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
