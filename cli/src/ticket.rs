//! `sallyport ticket` mints one; `sallyport tickets` lists and revokes.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    client::{Client, Connect, block_on, segment},
    output::{self, Format},
};

/// Arguments of `ticket`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
    /// The connection it is for; every open one when absent.
    connection: Option<String>,
    /// How long it lives: `30m`, `8h`. Eight hours when absent, at most what the gateway allows.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    life: Option<u64>,
    /// Why: a ticket number, an incident. Policies can ask for it.
    #[arg(long)]
    reason: Option<String>,
    /// Who makes the calls with it, if not you: `ai:NAME` or `workload:NAME`. Both must be allowed.
    #[arg(long)]
    actor: Option<String>,
    /// Let the API take it with all your rights.
    #[arg(long, conflicts_with = "connection")]
    api: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `tickets`.
#[derive(Debug, clap::Args)]
pub struct ManyArgs {
    #[command(flatten)]
    connect: Connect,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List your live tickets.
    List {
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Revoke one of your tickets.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Mints a ticket and prints lines to paste.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run(args: Args) -> Result<()> {
    let client = args.connect.signed_in()?;
    let asked = json!({
        "connection": args.connection, "life_seconds": args.life, "api": args.api, "reason": args.reason,
        "actor": args.actor,
    });
    let minted = block_on(client.post("/api/v1/tickets", &asked))?;
    if args.format == Format::Json {
        return output::json(&minted);
    }
    print(&client, &minted);
    Ok(())
}

/// Lists or revokes tickets.
///
/// # Errors
/// What the gateway says.
pub(crate) fn run_many(args: ManyArgs) -> Result<()> {
    let client = args.connect.signed_in()?;
    match args.action {
        Action::List { format } => {
            let tickets = block_on(client.get("/api/v1/tickets"))?;
            output::list(
                format,
                &tickets,
                &["id", "connection", "api", "created", "expires", "last_used", "last_source"],
            )
        }
        Action::Revoke { id } => block_on(client.delete(&format!("/api/v1/tickets/{}", segment(&id)))),
    }
}

fn print(client: &Client, minted: &Value) {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let ticket = text(minted, "ticket");
    output::line(&format!("{ticket}\n\nGood until {}.", text(minted, "expires")));
    let lines: Vec<_> = minted.get("lines").and_then(Value::as_array).into_iter().flatten().collect();
    if !lines.is_empty() {
        output::line("\nTo paste:");
    }
    for line in lines {
        let mut filled = text(line, "line").replace("$SALLYPORT_TICKET", &ticket);
        if let Some(ca) = &client.ca {
            filled = filled.replace("$SALLYPORT_CA", &ca.display().to_string());
        }
        output::line(&format!("  {filled}"));
    }
}

/// `90s`, `30m`, `8h`, `1d`.
fn seconds(text: &str) -> Result<u64> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => bail!("write 90s, 30m, 8h or 1d"),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(seconds @ 1..) => Ok(seconds),
        _ => bail!("write 90s, 30m, 8h or 1d"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lives_have_a_unit() {
        assert_eq!(seconds("90s").unwrap(), 90);
        assert_eq!(seconds("8h").unwrap(), 28_800);
        for wrong in ["", "8", "h", "0h", "-1h", "8 h", "99999999999999999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
