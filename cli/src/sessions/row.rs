//! A session as the API lists it.

use std::io::{self, Write};

use ledger::chain::Head;
use serde::Deserialize;
use uuid::Uuid;

use super::render::text::{column, visible};

/// One session; what is not needed here is left out.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) connection: String,
    pub(super) protocol: String,
    pub(super) subject: String,
    #[serde(default)]
    pub(super) method: String,
    #[serde(default)]
    pub(super) source: String,
    pub(super) opened: String,
    pub(super) ended: Option<String>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) hold: Option<Hold>,
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    pub(super) requests: u64,
    #[serde(default)]
    last_event: u64,
    #[serde(default)]
    chain_head: Option<String>,
}

/// What has a session on hold.
#[derive(Debug, Deserialize)]
pub(super) struct Hold {
    pub(super) rules: Vec<String>,
    pub(super) reason: String,
    pub(super) since: String,
}

impl Row {
    /// Where it stands, in a word.
    fn state(&self) -> String {
        match (&self.code, &self.hold) {
            (Some(code), Some(_)) => format!("{code}, held"),
            (Some(code), None) => code.clone(),
            (None, _) => self.status.clone(),
        }
    }

    /// The head of the session's chain as the gateway's store knows it.
    pub(super) fn head(&self) -> Option<Head> {
        let link = hex::decode(self.chain_head.as_ref()?).ok()?.try_into().ok()?;
        Some(Head { seq: self.last_event, link })
    }
}

/// Prints a list.
pub(super) fn table(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let line = |row: &Row| {
        [
            row.id.to_string(),
            row.opened.get(..19).unwrap_or(&row.opened).replace('T', " "),
            visible(&row.subject),
            visible(&row.connection),
            row.protocol.clone(),
            row.requests.to_string(),
            row.state(),
        ]
    };
    let head =
        ["SESSION", "OPENED (UTC)", "SUBJECT", "CONNECTION", "PROTOCOL", "REQUESTS", "STATUS"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(line)).collect();
    let widths = lines.iter().fold([0; 7], |mut widths, line| {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
        widths
    });
    for line in &lines {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| column(cell, width)).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
