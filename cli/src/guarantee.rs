//! `sallyport guarantee`: make a database keep marked columns from a connection's login, and prove it. Runs on the
//! agent's machine, with the agent's configuration: the administrator's credential goes from there to the target only.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use agent::{
    config::Config,
    target::{Door, pg::enforced},
    vault::{Allow, AllowList, Vault},
};
use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use gateway::{api, store};
use proto::{PostgresSettings, Settings};

use crate::{client::block_on, output};

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

/// Which connection.
#[derive(Debug, clap::Args)]
struct Of {
    /// The agent's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The document that declares the connection, as `apply` takes it.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// A database other than the connection's own.
    #[arg(long)]
    database: Option<String>,
    /// The connection.
    connection: String,
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

/// A connection whose columns are marked, and what reaches its target.
struct Marked {
    door: Door,
    settings: PostgresSettings,
    database: String,
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
        Command::Verify(of) => verify(&Marked::read(&of)?),
    }
}

fn plan(of: &Of) -> Result<()> {
    let marked = Marked::read(of)?;
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
    let marked = Marked::read(&args.of)?;
    let plan = block_on(async { Ok(enforced::plan(&marked.door, &marked.settings, &marked.database).await?) })?;
    let credentials: BTreeMap<String, String> =
        args.admin_password.iter().map(|reference| ("password".to_owned(), reference.clone())).collect();
    let lent = credentials.values().cloned().collect();
    let address = marked.door.address.clone();
    let vault = Vault::new(AllowList::new(vec![Allow { address: address.clone(), credentials: lent }]));
    let admin = door(address, credentials, vault);
    let settings = PostgresSettings { login: args.admin.clone(), ..marked.settings.clone() };
    block_on(async {
        enforced::apply(&admin, &settings, &marked.database, &plan.owner).await?;
        Ok(enforced::apply(&marked.door, &marked.settings, &marked.database, &plan.login).await?)
    })?;
    output::line(&format!("{} statements done", plan.owner.len() + plan.login.len()));
    verify(&marked)
}

fn verify(marked: &Marked) -> Result<()> {
    let wrong = block_on(async { Ok(enforced::verify(&marked.door, &marked.settings, &marked.database).await?) })?;
    if wrong.is_empty() {
        output::line(&format!("{} can read no marked column of {}", marked.settings.login, marked.database));
        return Ok(());
    }
    wrong.iter().for_each(|reason| output::line(reason));
    bail!("the guarantee does not hold ({} reasons)", wrong.len())
}

impl Marked {
    fn read(of: &Of) -> Result<Self> {
        let read = |file: &PathBuf| std::fs::read_to_string(file).with_context(|| file.display().to_string());
        let config = Config::parse(&read(&of.config)?)?;
        let document = api::Document::parse(&read(&of.file)?).with_context(|| of.file.display().to_string())?;
        let mut declared = document.connections.into_iter().map(store::Connection::from);
        let connection = declared.find(|connection| connection.name == of.connection);
        let connection = connection.with_context(|| format!("the file declares no connection {}", of.connection))?;
        let Settings::Postgres(settings) = connection.settings else {
            bail!("{} is no PostgreSQL connection", of.connection)
        };
        if settings.masking.columns.is_empty() {
            bail!("{} has no marked columns", of.connection)
        }
        Ok(Self {
            database: of.database.clone().unwrap_or_else(|| settings.database.clone()),
            door: door(connection.address, connection.credentials, Vault::new(config.targets)),
            settings,
        })
    }
}

fn door(address: String, credentials: BTreeMap<String, String>, vault: Vault) -> Door {
    Door { address, credentials, vault: Arc::new(vault) }
}
