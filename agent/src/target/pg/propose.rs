//! Proposals for markings: every column of a database's base tables, told by its name and by samples of its values. Runs for an
//! administrator on the agent's machine, with the connection's own login; no value leaves it.

use std::collections::{BTreeMap, BTreeSet};

use masking::{Kind, Proposal, propose};
use proto::PostgresSettings;
use serde::Deserialize;

use super::catalog::{Unanswered, rows};
use crate::target::Door;

/// The most columns that are sampled together.
const MOST_COLUMNS: usize = 200;
/// From so many rows on a sample is taken from all over the table.
const LARGE: i64 = 10_000;
/// How much of each value is looked at, in characters.
const LONGEST: usize = 512;

/// The tables whose columns can be marked: no children or partitions, which share their parent's marks.
const TABLES: &str = "SELECT json_build_object('schema', n.nspname, 'table', c.relname, 'rows', greatest(c.reltuples, 0)::bigint, \
    'sampled', c.relkind = 'r', 'columns', (SELECT json_agg(json_build_object('name', a.attname, 'type', \
    (CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END)::regtype::text, \
    'readable', has_column_privilege(c.oid, a.attnum, 'SELECT')) ORDER BY a.attnum) \
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) \
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' \
    AND has_schema_privilege(n.oid, 'USAGE') ORDER BY n.nspname, c.relname";

/// What a column probably holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The column as `schema.table.column`.
    pub column: String,
    /// Its type's name.
    pub type_name: String,
    /// What it holds, and what speaks for it.
    pub proposal: Proposal,
}

/// What was looked at, and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The columns that were looked at.
    pub columns: usize,
    /// Columns that the login may not read, so that only their names were seen.
    pub unread: usize,
    /// In the order of their names.
    pub found: Vec<Finding>,
    /// Marked columns that no table has.
    pub missing: Vec<String>,
}

/// Why nothing can be proposed.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// The database does not answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// Its answer cannot be read.
    #[error("the database's answer is not one: {0}")]
    Unreadable(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Table {
    schema: String,
    table: String,
    rows: i64,
    sampled: bool,
    columns: Option<Vec<Column>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    readable: bool,
}

/// Looks at up to `sample` rows of each table.
///
/// # Errors
/// If the database does not answer.
pub async fn look(
    door: &Door,
    settings: &PostgresSettings,
    database: &str,
    sample: usize,
) -> Result<Findings, ProposeError> {
    let mut findings = Findings::default();
    let mut missing: BTreeSet<&String> = settings.masking.columns.keys().collect();
    for text in rows(door, settings, database, TABLES).await? {
        let table: Table = serde_json::from_str(&text)?;
        for column in table.columns.iter().flatten() {
            missing.remove(&format!("{}.{}.{}", table.schema, table.table, column.name));
        }
        for columns in table.columns.as_deref().unwrap_or_default().chunks(MOST_COLUMNS) {
            let values = values(door, settings, database, &table, columns, sample).await?;
            findings.columns += columns.len();
            findings.unread += columns.iter().filter(|column| !column.readable).count();
            for (place, column) in columns.iter().enumerate() {
                let seen = values.iter().filter_map(|row| row.get(&place)?.as_deref());
                let proposals = propose(&column.name, kind(&column.type_name), seen);
                findings.found.extend(proposals.into_iter().map(|proposal| Finding {
                    column: format!("{}.{}.{}", table.schema, table.table, column.name),
                    type_name: column.type_name.clone(),
                    proposal,
                }));
            }
        }
    }
    findings.missing = missing.into_iter().cloned().collect();
    Ok(findings)
}

/// A row of a sample: values in text form by the place of their column.
type Row = BTreeMap<usize, Option<String>>;

async fn values(
    door: &Door,
    settings: &PostgresSettings,
    database: &str,
    table: &Table,
    columns: &[Column],
    sample: usize,
) -> Result<Vec<Row>, ProposeError> {
    let readable = columns.iter().enumerate().filter(|(_, column)| column.readable);
    let list: Vec<String> = readable
        .map(|(place, column)| format!("left({}::text, {LONGEST}) AS \"{place}\"", quoted(&column.name)))
        .collect();
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let part = if table.sampled && table.rows > LARGE { part(table.rows, sample) } else { String::new() };
    let text = format!(
        "SELECT row_to_json(s)::text FROM (SELECT {} FROM {}.{}{part} LIMIT {sample}) s",
        list.join(", "),
        quoted(&table.schema),
        quoted(&table.table),
    );
    let rows = rows(door, settings, database, &text).await?;
    Ok(rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?)
}

/// The part of the pages that holds some times the sample, so that enough of it is left where pages are half empty.
#[expect(clippy::cast_precision_loss, reason = "a share in percent")]
fn part(rows: i64, sample: usize) -> String {
    let percent = (400.0 * sample as f64 / rows as f64).clamp(0.01, 100.0);
    format!(" TABLESAMPLE SYSTEM ({percent:.4})")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn kind(type_name: &str) -> Kind {
    match type_name {
        "bigint" | "numeric" | "integer" | "double precision" => Kind::Number,
        "date" | "timestamp without time zone" | "timestamp with time zone" => Kind::Date,
        "boolean" | "smallint" | "real" | "uuid" | "oid" | "inet" | "cidr" | "macaddr" | "interval" => Kind::Other,
        _ => Kind::Text,
    }
}
