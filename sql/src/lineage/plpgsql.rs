//! PL/pgSQL bodies: every statement and expression in them is judged by itself. Text that is made while it runs cannot
//! be. A body that catches errors must not write where errors would tell about masked values.

use serde_json::Value as Json;

use super::{Effects, Marks};
use crate::{
    node::{self, Broken, Node},
    rewrite::Session,
    tree::guarded,
    walk::body,
};

/// Judges the `CREATE FUNCTION`, `CREATE PROCEDURE` or `DO` of this text. A trigger's is read by its body alone.
pub(crate) fn judge(marks: &Marks, session: &Session, text: &str, body: Option<&str>) -> Result<Effects, String> {
    let whole = guarded(|| pg_query::parse_plpgsql(text)).ok();
    let tree = whole.or_else(|| body.and_then(body::parse)).ok_or("cannot be read")?;
    let mut judge = Judge { marks, session, effects: Effects::default() };
    judge.walk(&tree, 0)?;
    if catches(&tree) && (judge.effects.writes || !judge.effects.collides.is_empty()) {
        return Err("would catch errors that tell about masked values".into());
    }
    Ok(judge.effects)
}

/// The tree of a `CREATE FUNCTION`, as far as it can be read.
pub(super) fn tree(definition: &str) -> Option<Json> {
    let create = node::statement(definition).ok()?;
    let text = create.nodes("options").find(|option| option.text("defname") == "as")?;
    body::parse(&text.node("arg")?.texts("items").concat())
}

/// Whether it has a block that catches errors.
pub(super) fn catches(tree: &Json) -> bool {
    match tree {
        Json::Array(values) => values.iter().any(catches),
        Json::Object(fields) => fields.iter().any(|(name, value)| name == "exceptions" || catches(value)),
        _ => false,
    }
}

/// Shows every expression in it.
pub(super) fn expressions(tree: &Json, visit: &mut impl FnMut(&Json)) {
    match tree {
        Json::Array(values) => values.iter().for_each(|value| expressions(value, visit)),
        Json::Object(fields) => fields.iter().for_each(|(name, value)| match name.as_str() {
            "PLpgSQL_expr" => visit(value),
            _ => expressions(value, visit),
        }),
        _ => {}
    }
}

/// The tree of an expression, or of the statements that stand in its place.
pub(super) fn whole(expr: &Json) -> Result<Node, Broken> {
    let text = expr.get("query").and_then(Json::as_str).unwrap_or_default();
    match expr.get("parseMode").and_then(Json::as_i64).unwrap_or_default() {
        0 => node::statement(text),
        2 => node::expression(text),
        // Of an assignment both sides count.
        _ => {
            let (target, value) = sides(text);
            node::expression(&format!("ROW({target}, {value})"))
        }
    }
}

/// What is assigned to, and the value.
pub(super) fn assigned(expr: &Json) -> Result<(Node, Node), String> {
    let unreadable = |_| "holds a statement that cannot be read".to_owned();
    let (target, value) = sides(expr.get("query").and_then(Json::as_str).unwrap_or_default());
    let side = |text: &str| {
        let select = node::expression(text).map_err(unreadable)?;
        let value = select.nodes("target_list").next().and_then(|target| target.node("val")).cloned();
        Ok::<Node, String>(value.unwrap_or(select))
    };
    Ok((side(target)?, node::expression(value).map_err(unreadable)?))
}

fn sides(text: &str) -> (&str, &str) {
    text.split_once(":=").or_else(|| text.split_once('=')).unwrap_or((text, "NULL"))
}

struct Judge<'a> {
    marks: &'a Marks,
    session: &'a Session,
    effects: Effects,
}

impl Judge<'_> {
    fn walk(&mut self, value: &Json, depth: usize) -> Result<(), String> {
        if depth > 200 {
            return Err("is nested too deeply".into());
        }
        match value {
            Json::Array(values) => values.iter().try_for_each(|value| self.walk(value, depth + 1)),
            Json::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_dynfors" | "dynquery" => {
                            return Err("runs text that it makes itself".into());
                        }
                        "PLpgSQL_stmt_fetch" if self.marks.has_tokens() => {
                            return Err("reads from a cursor that it may not have opened itself".into());
                        }
                        "PLpgSQL_expr" => self.expression(value)?,
                        _ => self.walk(value, depth + 1)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn expression(&mut self, value: &Json) -> Result<(), String> {
        let text = value.get("query").and_then(Json::as_str).unwrap_or_default();
        let unreadable = |_| "holds a statement that cannot be read".to_owned();
        match value.get("parseMode").and_then(Json::as_i64).unwrap_or_default() {
            0 => {
                let statements = node::parse(text).map_err(unreadable)?;
                statements.iter().try_for_each(|statement| self.harmless(&statement.tree))
            }
            2 => self.harmless(&node::expression(text).map_err(unreadable)?),
            _ => {
                let (target, value) = sides(text);
                self.harmless(&node::expression(target).map_err(unreadable)?)?;
                self.harmless(&node::expression(value).map_err(unreadable)?)
            }
        }
    }

    fn harmless(&mut self, node: &Node) -> Result<(), String> {
        self.effects.add(&self.marks.harmless(self.session, node)?);
        Ok(())
    }
}
