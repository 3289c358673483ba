//! PL/pgSQL bodies: every statement and expression in them is judged by itself. Text that is made while it runs cannot
//! be.

use serde_json::Value as Json;

use super::Marks;
use crate::{node, tree::guarded, walk::body};

/// Judges the `CREATE FUNCTION`, `CREATE PROCEDURE` or `DO` of this text. A trigger's is read by its body alone.
pub(crate) fn judge(marks: &Marks, text: &str, body: Option<&str>) -> Result<(), String> {
    let whole = guarded(|| pg_query::parse_plpgsql(text)).ok();
    let tree = whole.or_else(|| body.and_then(body::parse)).ok_or("cannot be read")?;
    walk(marks, &tree, 0)
}

fn walk(marks: &Marks, value: &Json, depth: usize) -> Result<(), String> {
    if depth > 200 {
        return Err("is nested too deeply".into());
    }
    match value {
        Json::Array(values) => values.iter().try_for_each(|value| walk(marks, value, depth + 1)),
        Json::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_dynfors" | "dynquery" => {
                        return Err("runs text that it makes itself".into());
                    }
                    "PLpgSQL_stmt_fetch" if marks.has_tokens() => {
                        return Err("reads from a cursor that it may not have opened itself".into());
                    }
                    "PLpgSQL_expr" => expression(marks, value)?,
                    _ => walk(marks, value, depth + 1)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn expression(marks: &Marks, value: &Json) -> Result<(), String> {
    let text = value.get("query").and_then(Json::as_str).unwrap_or_default();
    let unreadable = |_| "holds a statement that cannot be read".to_owned();
    match value.get("parseMode").and_then(Json::as_i64).unwrap_or_default() {
        0 => {
            let statements = node::parse(text).map_err(unreadable)?;
            statements.iter().try_for_each(|statement| marks.harmless(&statement.tree))
        }
        2 => marks.harmless(&node::expression(text).map_err(unreadable)?),
        _ => {
            let (target, value) = text.split_once(":=").or_else(|| text.split_once('=')).unwrap_or((text, "NULL"));
            marks.harmless(&node::expression(target).map_err(unreadable)?)?;
            marks.harmless(&node::expression(value).map_err(unreadable)?)
        }
    }
}
