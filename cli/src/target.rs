//! A database as the agent reaches it, for commands that run on the agent's machine: its configuration and the document that
//! declares the connection say where it is and with which credentials.

use std::{path::PathBuf, sync::Arc};

use agent::{config::Config, target::Door, vault::Vault};
use anyhow::{Context as _, Result, bail};
use gateway::{api, store};
use proto::{PostgresSettings, Settings};

/// Which connection.
#[derive(Debug, clap::Args)]
pub(crate) struct Of {
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
    pub(crate) connection: String,
}

/// A PostgreSQL connection, and what reaches its target.
pub(crate) struct Target {
    pub(crate) door: Door,
    pub(crate) settings: PostgresSettings,
    pub(crate) database: String,
}

impl Target {
    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with them; a connection that is not declared or not PostgreSQL's.
    pub(crate) fn read(of: &Of) -> Result<Self> {
        let read = |file: &PathBuf| std::fs::read_to_string(file).with_context(|| file.display().to_string());
        let config = Config::parse(&read(&of.config)?)?;
        let document = api::Document::parse(&read(&of.file)?).with_context(|| of.file.display().to_string())?;
        let mut declared = document.connections.into_iter().map(store::Connection::from);
        let connection = declared.find(|connection| connection.name == of.connection);
        let connection = connection.with_context(|| format!("the file declares no connection {}", of.connection))?;
        let Settings::Postgres(settings) = connection.settings else {
            bail!("{} is no PostgreSQL connection", of.connection)
        };
        let vault = Arc::new(Vault::new(config.targets));
        Ok(Self {
            database: of.database.clone().unwrap_or_else(|| settings.database.clone()),
            door: Door { address: connection.address, credentials: connection.credentials, vault },
            settings,
        })
    }
}
