//! Subcommands of the one binary. Each is a module with an `Args` and a `run`; nothing else lives here.

mod agents;
mod apply;
mod args;
pub mod client;
mod connections;
pub mod demo;
mod export;
mod guarantee;
mod inline;
mod keys;
mod login;
mod mask;
pub mod output;
mod policies;
mod serve;
pub mod sessions;
mod sign_ins;
mod target;
mod ticket;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Cli, Command};

/// Parses the command line and runs it. Errors go to standard error; the exit code is 1.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is where errors reach the person")]
            {
                eprintln!("sallyport: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let _second = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match command {
        Command::Gateway(args) => serve::gateway(args),
        Command::Agent(args) => serve::agent(args),
        Command::Demo(options) => block_on(demo::run(options)),
        Command::Sessions(args) => sessions::command(args),
        Command::Login(args) => login::login(args),
        Command::Logout(args) => login::logout(args),
        Command::Connections(args) => connections::run(args),
        Command::Ticket(args) => ticket::run(args),
        Command::Tickets(args) => ticket::run_many(args),
        Command::Keys(args) => keys::run(args),
        Command::Agents(args) => agents::run(args),
        Command::Apply(args) => apply::run(args),
        Command::Export(args) => export::run(args),
        Command::Policy(args) => policies::run(*args),
        Command::Guarantee(args) => guarantee::run(args),
        Command::Mask(args) => mask::run(&args),
    }
}

/// Runs one of the commands that people use: two threads are plenty.
fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(command)
}
