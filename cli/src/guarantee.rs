//! `sallyport guarantee`: make a database keep marked columns from a connection's login, and prove it. Runs on the
//! agent's machine, with the agent's configuration: the administrator's credential goes from there to the target only.

use std::{collections::BTreeMap, sync::Arc};

use agent::{
    target::{Door, pg::enforced},
    vault::{Allow, AllowList, Vault},
};
use anyhow::{Result, bail};
use clap::Subcommand;
use proto::PostgresSettings;

use crate::{
    client::block_on,
    output,
    target::{Of, Target},
};

/// `sallyport guarantee ...`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the statements that keep marked columns from the connection's login: masked views, and grants.
    Plan(Of),
    /// Run them as an owner of the marked tables, in one transaction, and verify.
    Apply(Apply),
    /// Say what stands in the way of the guarantee; fails if anything does.
    Verify(Of),
}

#[derive(Debug, clap::Args)]
struct Apply {
    #[command(flatten)]
    of: Of,
    /// A role that owns the marked tables.
    #[arg(long, value_name = "ROLE")]
    admin: String,
    /// Where its password is: `env:NAME` or `file:/path`. None where the target asks for none.
    #[arg(long, value_name = "REFERENCE")]
    admin_password: Option<String>,
}

/// Runs a subcommand.
///
/// # Errors
/// What is wrong with the files; what the target says; what stands in the way of the guarantee.
pub(crate) fn run(args: Args) -> Result<()> {
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match args.command {
        Command::Plan(of) => plan(&of),
        Command::Apply(args) => apply(&args),
        Command::Verify(of) => verify(&read(&of)?),
    }
}

fn plan(of: &Of) -> Result<()> {
    let marked = read(of)?;
    let plan = block_on(async { Ok(enforced::plan(&marked.door, &marked.settings, &marked.database).await?) })?;
    print("an owner of the marked tables", &plan.owner);
    print(&marked.settings.login, &plan.login);
    Ok(())
}

fn print(who: &str, statements: &[String]) {
    output::line(&format!("-- as {who}\nBEGIN;"));
    statements.iter().for_each(|statement| output::line(&format!("{statement};")));
    output::line("COMMIT;");
}

fn apply(args: &Apply) -> Result<()> {
    let marked = read(&args.of)?;
    let plan = block_on(async { Ok(enforced::plan(&marked.door, &marked.settings, &marked.database).await?) })?;
    let credentials: BTreeMap<String, String> =
        args.admin_password.iter().map(|reference| ("password".to_owned(), reference.clone())).collect();
    let lent = credentials.values().cloned().collect();
    let address = marked.door.address.clone();
    let vault = Vault::new(AllowList::new(vec![Allow { address: address.clone(), credentials: lent }]));
    let admin = Door { address, credentials, vault: Arc::new(vault) };
    let settings = PostgresSettings { login: args.admin.clone(), ..marked.settings.clone() };
    block_on(async {
        enforced::apply(&admin, &settings, &marked.database, &plan.owner).await?;
        Ok(enforced::apply(&marked.door, &marked.settings, &marked.database, &plan.login).await?)
    })?;
    output::line(&format!("{} statements done", plan.owner.len() + plan.login.len()));
    verify(&marked)
}

fn verify(marked: &Target) -> Result<()> {
    let wrong = block_on(async { Ok(enforced::verify(&marked.door, &marked.settings, &marked.database).await?) })?;
    if wrong.is_empty() {
        output::line(&format!("{} can read no marked column of {}", marked.settings.login, marked.database));
        return Ok(());
    }
    wrong.iter().for_each(|reason| output::line(reason));
    bail!("the guarantee does not hold ({} reasons)", wrong.len())
}

fn read(of: &Of) -> Result<Target> {
    let target = Target::read(of)?;
    if target.settings.masking.columns.is_empty() {
        bail!("{} has no marked columns", of.connection)
    }
    Ok(target)
}
