//! `sallyport mask propose`: looks at a database's tables and proposes markings. Nothing is marked by it: a person reads the
//! proposals, puts what is right into the connection's document, and applies that.

use agent::target::pg::propose::{Finding, Findings, look};
use anyhow::Result;
use clap::Args as ClapArgs;
use masking::Evidence;
use serde_json::json;

use crate::{
    client::block_on,
    output::{self, Format},
    target::{Of, Target},
};

/// The arguments.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    of: Of,
    /// How many rows of each table are looked at.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    sample: u16,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the files, or what the target says.
pub(super) fn run(args: &Args) -> Result<()> {
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let target = Target::read(&args.of)?;
    let asked = async { Ok(look(&target.door, &target.settings, &target.database, args.sample.into()).await?) };
    let mut findings = block_on(asked)?;
    findings.found.retain(|finding| !target.settings.masking.columns.contains_key(&finding.column));
    match args.format {
        Format::Json => output::line(&serde_json::to_string_pretty(&as_json(&findings))?),
        _ => as_yaml(&findings),
    }
    Ok(())
}

fn as_json(findings: &Findings) -> serde_json::Value {
    let one = |finding: &Finding| {
        let (evidence, hits, of) = match finding.proposal.evidence {
            Evidence::Values { hits, of } => ("values", Some(hits), Some(of)),
            Evidence::Inside { hits, of } => ("inside", Some(hits), Some(of)),
            Evidence::Name => ("name", None, None),
        };
        let label = finding.proposal.label.as_str();
        json!({ "column": finding.column, "type": finding.type_name, "label": label, "evidence": evidence, "hits": hits, "of": of })
    };
    let found: Vec<_> = findings.found.iter().map(one).collect();
    json!({ "columns": findings.columns, "unread": findings.unread, "missing": findings.missing, "proposals": found })
}

/// What can be put under a connection, with what speaks for each line behind it.
fn as_yaml(findings: &Findings) {
    output::line(&format!("# looked at {} columns; nothing is marked before you apply it", findings.columns));
    if findings.unread > 0 {
        output::line(&format!(
            "# {} of them cannot be read with this login: only their names were seen",
            findings.unread
        ));
    }
    for column in &findings.missing {
        output::line(&format!("# {column} is marked and is no column of a table here: its mark masks nothing"));
    }
    let (inside, whole): (Vec<_>, Vec<_>) =
        findings.found.iter().partition(|finding| matches!(finding.proposal.evidence, Evidence::Inside { .. }));
    if !whole.is_empty() {
        output::line("masking:\n  columns:");
    }
    for finding in whole {
        let why = match finding.proposal.evidence {
            Evidence::Values { hits, of } | Evidence::Inside { hits, of } => format!("{hits} of {of} sampled values"),
            Evidence::Name => "by its name".to_owned(),
        };
        output::line(&format!("    {}: {}  # {why}", key(&finding.column), finding.proposal.label));
    }
    for finding in inside {
        let Evidence::Inside { hits, of } = finding.proposal.evidence else { continue };
        let label = finding.proposal.label;
        output::line(&format!(
            "# {}: text with {label} in {hits} of {of} values, which detectors mask",
            finding.column
        ));
    }
}

/// A key of YAML: bare where that is safe.
fn key(column: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    if column.bytes().all(is_plain) { column.to_owned() } else { json!(column).to_string() }
}
