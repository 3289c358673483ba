//! `sallyport sessions`: what happened in sessions. `list` and `show` say it in short, `replay` plays it.
//!
//! The gateway renders what programs read (asciicast, NDJSON); what people read is rendered here, out of the records
//! themselves, whose chain is verified first.

mod recording;
mod render;
mod row;

use std::{io::Write, time::Duration};

use anyhow::bail;
use bytes::Bytes;
use clap::{Subcommand, ValueEnum};

use crate::{
    client::{Client, Connect, block_on},
    output::Screen,
};

use self::{
    recording::Recording,
    render::{Detail, terminal::Pace},
    row::Row,
};

/// What is asked of the gateway's HTTP API.
pub trait Api {
    /// The body that `GET` of this path and query gives.
    ///
    /// # Errors
    /// If the gateway cannot be reached or refuses.
    fn get(&self, path: &str) -> impl Future<Output = anyhow::Result<Bytes>> + Send;

    /// Posts `body` to this path.
    ///
    /// # Errors
    /// If the gateway cannot be reached or refuses.
    fn post(&self, path: &str, body: serde_json::Value) -> impl Future<Output = anyhow::Result<()>> + Send;
}

impl Api for Client {
    async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        Ok(self.get_raw(path, "*/*").await?.into())
    }

    async fn post(&self, path: &str, body: serde_json::Value) -> anyhow::Result<()> {
        Client::post(self, path, &body).await.map(drop)
    }
}

/// `sallyport sessions ...`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List sessions, newest first.
    List {
        /// On this connection.
        #[arg(long)]
        connection: Option<String>,
        /// `open`, `closed`, `lost`, or `held`: a policy put it on hold.
        #[arg(long)]
        status: Option<String>,
        /// Of this subject.
        #[arg(long)]
        subject: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// How to print them.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Show who did what in a session: its requests with times, rows, status and masks.
    Show {
        /// The session.
        id: uuid::Uuid,
        /// How to print it; `json` is the session without its events.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Let a session go on that a policy put on hold; not your own.
    Release {
        /// The session.
        id: uuid::Uuid,
        /// Why; for the audit log and the recording.
        #[arg(long)]
        reason: String,
    },
    /// End a session.
    Kill {
        /// The session.
        id: uuid::Uuid,
        /// Why; its caller is told.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Play a terminal session in its own time; print statements with their rows, or HTTP exchanges.
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
struct ReplayArgs {
    /// The session.
    id: uuid::Uuid,
    /// How much faster than it was.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Wait at most so many seconds where nothing happened.
    #[arg(long)]
    idle_limit: Option<f64>,
    /// Only this request (a terminal, a statement, an exchange), by its number in `show`.
    #[arg(long)]
    exchange: Option<u64>,
    /// Everything that was kept, not the first rows and lines.
    #[arg(long)]
    full: bool,
    /// `json`: all events, one a line. `asciicast` (version 3) and `asciicast2`: for players.
    #[arg(long, value_enum, default_value_t = Export::Text)]
    format: Export,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How a recording is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Export {
    /// For people.
    Text,
    /// All events.
    Json,
    /// asciicast v3.
    Asciicast,
    /// asciicast v2.
    Asciicast2,
}

/// Runs the subcommand against the gateway and prints to standard output.
///
/// # Errors
/// As [`run`].
pub(crate) fn command(args: Args) -> anyhow::Result<()> {
    let client = args.connect.signed_in()?;
    let mut screen = Screen::new();
    let printed = block_on(async { run(args, &client, &mut screen).await });
    let printed = printed.and_then(|()| Ok(screen.flush()?));
    screen.forgive(printed)
}

/// Runs the subcommand and prints to `out`.
///
/// # Errors
/// If the gateway does not give what is asked, the recording is damaged, or `out` cannot be written.
pub async fn run(args: Args, api: &impl Api, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    match args.command {
        Command::List { connection, status, subject, limit, format } => {
            let query = query(limit, connection.as_deref(), status.as_deref(), subject.as_deref());
            let body = api.get(&format!("/api/v1/sessions?{query}")).await?;
            match format {
                Format::Json => print(out, &body),
                Format::Text => Ok(row::table(&serde_json::from_slice::<Vec<Row>>(&body)?, out)?),
            }
        }
        Command::Show { id, format } => {
            let body = api.get(&format!("/api/v1/sessions/{id}")).await?;
            if format == Format::Json {
                return print(out, &body);
            }
            let row: Row = serde_json::from_slice(&body)?;
            let recording = fetch(api, &row).await?;
            Ok(render::show(&row, &recording, out)?)
        }
        Command::Release { id, reason } => {
            api.post(&format!("/api/v1/sessions/{id}/release"), serde_json::json!({ "reason": reason })).await?;
            Ok(writeln!(out, "session {id} may go on")?)
        }
        Command::Kill { id, reason } => {
            api.post(&format!("/api/v1/sessions/{id}/kill"), serde_json::json!({ "reason": reason })).await?;
            Ok(writeln!(out, "session {id} is over")?)
        }
        Command::Replay(args) => replay(args, api, out).await,
    }
}

async fn replay(args: ReplayArgs, api: &impl Api, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    let only = args.exchange.map(|exchange| format!("&exchange={exchange}")).unwrap_or_default();
    let format = match args.format {
        Export::Text => return play(args, api, out).await,
        Export::Json => "ndjson",
        Export::Asciicast => "asciicast",
        Export::Asciicast2 => "asciicast2",
    };
    print(out, &api.get(&format!("/api/v1/sessions/{}/events?format={format}{only}", args.id)).await?)
}

async fn play(args: ReplayArgs, api: &impl Api, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    if !(args.speed > 0.0 && args.speed.is_finite()) {
        bail!("--speed must be above 0");
    }
    let row: Row = serde_json::from_slice(&api.get(&format!("/api/v1/sessions/{}", args.id)).await?)?;
    let recording = fetch(api, &row).await?;
    let pace = Pace {
        speed: args.speed,
        idle_limit: args.idle_limit.map(Duration::try_from_secs_f64).transpose()?.unwrap_or(Duration::MAX),
    };
    let detail = if args.full { Detail::Full } else { Detail::First };
    if let Some(terminal) = recording.terminal(args.exchange) {
        return Ok(render::terminal::play(&recording, terminal, pace, out).await?);
    }
    Ok(render::requests(&row, &recording, args.exchange, detail, out)?)
}

async fn fetch(api: &impl Api, row: &Row) -> anyhow::Result<Recording> {
    let records = api.get(&format!("/api/v1/sessions/{}/events?format=records", row.id)).await?;
    Ok(Recording::parse(records, row.head())?)
}

fn query(limit: u32, connection: Option<&str>, status: Option<&str>, subject: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string());
    for (name, value) in [("connection", connection), ("status", status), ("subject", subject)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

fn print(out: &mut impl Write, body: &[u8]) -> anyhow::Result<()> {
    out.write_all(body)?;
    if !body.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
