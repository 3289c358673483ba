//! What a trigger does with the rows of a masked relation. On INSERT they are the caller's own. On UPDATE and DELETE they
//! hold what is stored: it may be put back into masked columns of the row, and looked at where that tells nothing about
//! what the caller chose; everywhere else it could be stored, said or guessed at.

use serde_json::Value as Json;

use super::{Cover, plpgsql};
use crate::{catalog::Function, node::Node, rewrite::parts};

/// Trigger functions of well-known extensions that only stamp the row.
const STAMPS: [&str; 4] = ["moddatetime", "insert_username", "autoinc", "lo_manage"];

/// A trigger function of the server's own.
pub(super) fn built_in(name: &str, arguments: &[&str], cover: &Cover) -> Result<(), String> {
    match name {
        _ if cover.is_empty() => Ok(()),
        "tsvector_update_trigger" | "tsvector_update_trigger_column" => {
            let (target, sources) = arguments.split_first().unwrap_or((&"", &[]));
            let copies = sources.iter().any(|source| cover.masked.contains_key(*source));
            if copies && !cover.masked.contains_key(*target) {
                return Err(format!("it copies masked columns into {target}"));
            }
            Ok(())
        }
        _ => Err(format!("{name} may tell about masked columns")),
    }
}

/// A trigger function of an extension.
pub(super) fn of_extension(name: &str, cover: &Cover) -> Result<(), String> {
    if cover.is_empty() || STAMPS.contains(&name) {
        return Ok(());
    }
    Err(format!("the function {name} cannot be judged"))
}

/// Judges what a function, and the trigger's own condition, do with masked columns of old rows. `sets`: the statement sets
/// masked columns.
pub(super) fn judge(cover: &Cover, function: &Function, when: Option<&Node>, sets: bool) -> Result<(), String> {
    let judge = Judge { cover, sets };
    when.map_or(Ok(()), |when| judge.condition(when))?;
    let text = function.body.as_deref().unwrap_or_default();
    let tree = plpgsql::tree(text).ok_or("cannot be read")?;
    let lower = text.to_lowercase();
    if lower.split_whitespace().collect::<Vec<_>>().windows(2).any(|words| words == ["alias", "for"]) {
        return Err("gives its rows other names".into());
    }
    if plpgsql::catches(&tree) && judge.is_used(&tree) {
        return Err("catches errors that masked columns may raise".into());
    }
    judge.tree(&tree, 0)
}

struct Judge<'a> {
    cover: &'a Cover,
    sets: bool,
}

/// What an expression mentions.
#[derive(Default)]
struct Mentions {
    new: bool,
    old: bool,
    whole: bool,
    /// Anything that the caller may have chosen.
    others: bool,
}

impl Mentions {
    fn any(&self) -> bool {
        self.new || self.old
    }
}

impl Judge<'_> {
    fn tree(&self, value: &Json, depth: usize) -> Result<(), String> {
        if depth > 200 {
            return Err("is nested too deeply".into());
        }
        match value {
            Json::Array(values) => values.iter().try_for_each(|value| self.tree(value, depth + 1)),
            Json::Object(fields) => fields.iter().try_for_each(|(name, value)| match name.as_str() {
                "PLpgSQL_stmt_if" | "PLpgSQL_if_elsif" => {
                    let test = value.pointer("/cond/PLpgSQL_expr");
                    test.map_or(Ok(()), |test| self.condition(&read(test)?))?;
                    let rest = value.as_object().into_iter().flatten().filter(|(name, _)| *name != "cond");
                    rest.map(|(_, value)| value).try_for_each(|value| self.tree(value, depth + 1))
                }
                "PLpgSQL_stmt_assign" => {
                    value.pointer("/expr/PLpgSQL_expr").map_or(Ok(()), |expr| self.assignment(expr))
                }
                "PLpgSQL_stmt_return" => self.returned(value),
                "PLpgSQL_expr" => self.expression(value),
                _ => self.tree(value, depth + 1),
            }),
            _ => Ok(()),
        }
    }

    fn expression(&self, value: &Json) -> Result<(), String> {
        if self.mentions(&read(value)?).any() {
            return Err("may store or tell masked columns of the row".into());
        }
        Ok(())
    }

    fn returned(&self, value: &Json) -> Result<(), String> {
        let Some(expr) = value.pointer("/expr/PLpgSQL_expr") else { return Ok(()) };
        let text = expr.get("query").and_then(Json::as_str).unwrap_or_default().trim().to_lowercase();
        if matches!(text.as_str(), "new" | "old" | "null") { Ok(()) } else { self.expression(expr) }
    }

    fn assignment(&self, expr: &Json) -> Result<(), String> {
        let (target, value) = plpgsql::assigned(expr)?;
        let field = parts(&target).0;
        let back = matches!(field.as_slice(), ["new", column] if self.cover.masked.contains_key(*column));
        if target.kind == "ColumnRef" && back && !value.any(|node| node.kind == "SubLink") {
            return Ok(());
        }
        if self.mentions(&value).any() || (target.kind != "ColumnRef" && self.mentions(&target).any()) {
            return Err("copies masked columns of the row elsewhere".into());
        }
        Ok(())
    }

    /// A condition may look at masked columns if nothing that the caller chose is compared with them.
    fn condition(&self, node: &Node) -> Result<(), String> {
        let seen = self.mentions(node);
        if !seen.any() {
            return Ok(());
        }
        let hides =
            |node: &Node| matches!(node.kind, "SubLink") || (node.kind == "FuncCall" && self.mentions(node).whole);
        if seen.others || node.any(hides) {
            return Err("compares masked columns of the row with others".into());
        }
        if self.sets && seen.new && seen.old {
            return Err("tells whether a masked column had the value that it is given".into());
        }
        Ok(())
    }

    fn mentions(&self, node: &Node) -> Mentions {
        let mut seen = Mentions::default();
        node.visit(&mut |node| {
            if node.kind == "ColumnRef" {
                let (names, star) = parts(node);
                let is_row = |name: &str| matches!(name, "new" | "old");
                match names.as_slice() {
                    [row] if is_row(row) => {
                        seen.whole = true;
                        seen.mark(row);
                    }
                    [row, ..] if is_row(row) && star => {
                        seen.whole = true;
                        seen.mark(row);
                    }
                    [.., row, column] if self.cover.masked.contains_key(*column) && is_row(row) => seen.mark(row),
                    [name] if name.starts_with("tg_") => {}
                    _ => seen.others = true,
                }
            }
            seen.others |= node.kind == "ParamRef";
            true
        });
        seen
    }

    fn is_used(&self, tree: &Json) -> bool {
        let mut used = false;
        plpgsql::expressions(tree, &mut |expr| {
            used |= read(expr).map_or(true, |node| self.mentions(&node).any());
        });
        used
    }
}

impl Mentions {
    fn mark(&mut self, row: &str) {
        if row == "new" { self.new = true } else { self.old = true }
    }
}

fn read(expr: &Json) -> Result<Node, String> {
    plpgsql::whole(expr).map_err(|_| "holds a statement that cannot be read".to_owned())
}
