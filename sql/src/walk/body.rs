//! Bodies of code: DO blocks and PL/pgSQL functions, as far as PostgreSQL's own PL/pgSQL parser reads them.

use pg_query::{NodeEnum, protobuf::DoStmt};
use serde_json::Value;

use super::{Walker, each, inner, text_of};
use crate::{
    facts::{External, Name, Verb},
    reading::Change,
    tree::{Tree, Unparsed, guarded},
};

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 256 << 10;
/// Most words in a body that may open a level of nesting.
const MAX_OPENERS: usize = 400;

impl Walker<'_> {
    /// `DO $$ ... $$`.
    pub(super) fn block(&mut self, block: &DoStmt) {
        let mut language = "plpgsql";
        let mut body = None;
        for option in each(&block.args) {
            let NodeEnum::DefElem(option) = option else { continue };
            match (option.defname.as_str(), inner(&option.arg).and_then(text_of)) {
                ("language", Some(name)) => language = name,
                ("as", text) => body = text,
                _ => {}
            }
        }
        match body {
            Some(body) => self.code(language, body, None),
            None => self.unknown("a block without a body"),
        }
    }

    /// A body in `language`, to be run now or later.
    pub(super) fn code(&mut self, language: &str, body: &str, name: Option<&Name>) {
        match language.to_lowercase().as_str() {
            "plpgsql" => self.procedure(body, name),
            "sql" => self.nested_text(body),
            other => {
                if !matches!(other, "plperl" | "pltcl" | "plv8" | "internal") {
                    self.facts.external.insert(External::Program);
                }
                self.facts.dynamic = true;
                self.facts.opaque.insert(format!("{other} code"));
                self.changes.push(Change::Anything);
            }
        }
    }

    /// A PL/pgSQL body. `name` is the function it belongs to.
    pub(super) fn procedure(&mut self, body: &str, name: Option<&Name>) {
        let odd_strings =
            !self.session().dialect().standard_conforming_strings || self.session().naming.dialect_doubtful;
        if body.len() > MAX_BODY || openers(body) > MAX_OPENERS || (odd_strings && body.contains('\\')) {
            return self.unread(name);
        }
        // A function's own definition says what it returns and what its parameters are; otherwise that is tried.
        let whole = self.definition.take();
        let json = whole.and_then(|text| guarded(|| pg_query::parse_plpgsql(text)).ok());
        let Some(json) = json.or_else(|| parse(body)) else { return self.unread(name) };
        let variables = std::mem::take(&mut self.variables);
        let scopes = std::mem::take(&mut self.scopes);
        let ctes = std::mem::take(&mut self.ctes);
        collect_variables(&json, &mut self.variables);
        let repeat = std::mem::take(&mut self.repeat);
        self.read_cursors(&json);
        let bounded = self.facts.bounded;
        let limit = self.facts.limit;
        self.code_node(&json);
        // What a body selects stays in the body.
        self.facts.bounded = bounded && self.facts.unknown.is_none();
        self.facts.limit = limit;
        self.repeat = repeat;
        self.variables = variables;
        self.scopes = scopes;
        self.ctes = ctes;
    }

    fn unread(&mut self, name: Option<&Name>) {
        self.facts.opaque.insert(name.map_or_else(|| "plpgsql code".to_owned(), Name::to_string));
        self.facts.dynamic = true;
        self.changes.push(Change::Anything);
        if name.is_none() {
            self.facts.make_unknown("the body of the block cannot be read");
        }
    }

    pub(super) fn code_node(&mut self, node: &Value) {
        self.deeper(|walker| match node {
            Value::Array(items) => items.iter().for_each(|item| walker.code_node(item)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match key.as_str() {
                        "PLpgSQL_expr" => walker.code_text(value),
                        "PLpgSQL_stmt_dynexecute" => {
                            walker.made_text(value);
                            walker.code_node(value);
                        }
                        "PLpgSQL_stmt_dynfors" => {
                            walker.facts.dynamic = true;
                            walker.made_text(value);
                            walker.repeated(key, value);
                        }
                        "dynquery" => {
                            walker.facts.dynamic = true;
                            walker.facts.filtered = false;
                            walker.run_constant(value);
                            walker.code_node(value);
                        }
                        "PLpgSQL_stmt_loop" | "PLpgSQL_stmt_while" => {
                            walker.must_leave(key, value);
                            walker.repeated(key, value);
                        }
                        "PLpgSQL_stmt_fors" | "PLpgSQL_stmt_forc" | "PLpgSQL_stmt_fori" | "PLpgSQL_stmt_foreach_a" => {
                            walker.repeated(key, value);
                        }
                        _ => walker.code_node(value),
                    }
                }
            }
            _ => {}
        });
    }

    /// EXECUTE of an expression: its text is read where it is a constant.
    fn made_text(&mut self, statement: &Value) {
        if let Some(text) = self.written_out(statement) {
            return self.nested_text(&text);
        }
        self.facts.dynamic = true;
        match statement.get("query") {
            Some(query) => self.run_constant(query),
            None => self.unknown("an EXECUTE"),
        }
    }

    fn run_constant(&mut self, expression: &Value) {
        match constant_of(expression) {
            Some(text) => self.nested_text(&text),
            // What it will be made of is not known: it may be anything.
            None => {
                self.facts.filtered = false;
                self.changes.push(Change::Anything);
            }
        }
    }

    /// One query or expression of a body.
    fn code_text(&mut self, expression: &Value) {
        let text = expression.get("query").and_then(Value::as_str).unwrap_or_default();
        let mode = expression.get("parseMode").and_then(Value::as_i64).unwrap_or(0);
        let tree = match mode {
            0 => Tree::parse(text, self.session().dialect()),
            2 => Tree::expression(text),
            _ => Tree::assignment(text, mode),
        };
        match tree {
            Ok(tree) => {
                for parsed in &tree.statements {
                    self.code_statement(&parsed.node, mode != 0);
                }
            }
            Err(why) => self.facts.make_unknown(format!("a statement inside of it: {why}")),
        }
    }

    fn code_statement(&mut self, node: &NodeEnum, expression: bool) {
        let had_select = self.facts.verbs.contains(&Verb::Select);
        match node {
            NodeEnum::PlassignStmt(assign) => {
                for index in each(&assign.indirection) {
                    self.indirection(index);
                }
                if let Some(value) = &assign.val {
                    self.select(value);
                }
            }
            other => self.nested(other),
        }
        // `x > 0` is a query for PL/pgSQL, but not one of any relation.
        if expression && !had_select && self.facts.reads.is_empty() {
            self.facts.verbs.remove(&Verb::Select);
        }
    }
}

/// The text that an expression is, where it is a constant.
pub(super) fn constant_of(expression: &Value) -> Option<String> {
    let text = expression.pointer("/PLpgSQL_expr/query").and_then(Value::as_str).unwrap_or_default();
    match &Tree::expression(text).ok()?.statements.first()?.node {
        NodeEnum::SelectStmt(select) => match each(&select.target_list).next()? {
            NodeEnum::ResTarget(target) => super::function::literal(inner(&target.val)?),
            _ => None,
        },
        _ => None,
    }
}

/// What a trigger function's body may name. (libpg_query's own output for RETURNS trigger is not valid JSON.)
const TRIGGER: &str = "DECLARE new record; old record; tg_name text; tg_when text; tg_level text; tg_op text; \
     tg_relid oid; tg_relname text; tg_table_name text; tg_table_schema text; tg_nargs int; tg_argv text[]; \
     tg_event text; tg_tag text; BEGIN ";

/// A body on its own: whichever kind of function it fits.
pub(crate) fn parse(body: &str) -> Option<Value> {
    let mut tag = "b".to_owned();
    while body.contains(&format!("${tag}$")) || body.ends_with(&format!("${tag}")) {
        tag.push('x');
        if tag.len() > 64 {
            return None;
        }
    }
    let read = |returns: &str, body: &str| {
        let mut parameters: Vec<String> = Vec::new();
        loop {
            let list = parameters.join(" text, ");
            let list = if list.is_empty() { list } else { list + " text" };
            let text = format!("CREATE FUNCTION f({list}) RETURNS {returns} LANGUAGE plpgsql AS ${tag}${body}${tag}$");
            match guarded(|| pg_query::parse_plpgsql(&text)) {
                Ok(json) => return Some(json),
                // A parameter that the body assigns to: its name is all that matters.
                Err(Unparsed::Syntax(message)) if parameters.len() < 8 => {
                    let name = message.strip_suffix("is not a known variable")?.trim().trim_matches('"');
                    // It goes into a text that is parsed: nothing but a plain word.
                    if name.is_empty()
                        || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                    {
                        return None;
                    }
                    parameters.push(format!("\"{name}\""));
                }
                Err(_) => return None,
            }
        }
    };
    let plain = ["void", "SETOF record", "int"].into_iter().find_map(|returns| read(returns, body));
    plain.or_else(|| ["\nEND", "\n;\nEND"].into_iter().find_map(|end| read("record", &format!("{TRIGGER}{body}{end}"))))
}

/// Counts words that may open a level of nesting: too many, and the parser is not asked.
fn openers(body: &str) -> usize {
    const WORDS: [&str; 7] = ["begin", "if", "elsif", "loop", "case", "for", "while"];
    let words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| WORDS.iter().any(|opener| word.eq_ignore_ascii_case(opener))).count()
}

/// Names of variables, parameters and record fields.
fn collect_variables(node: &Value, variables: &mut std::collections::BTreeSet<String>) {
    each_field(node, &mut |key, value| {
        if let ("refname", Some(name)) = (key, value.as_str()) {
            variables.insert(name.to_lowercase());
        }
    });
}

/// Calls `each` for every field in there.
pub(super) fn each_field(node: &Value, each: &mut impl FnMut(&str, &Value)) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                for (key, value) in fields {
                    each(key, value);
                    open.push(value);
                }
            }
            _ => {}
        }
    }
}
