//! Function calls: what PostgreSQL's own do, what the catalog knows of the users', and what stays opaque.

use pg_query::{
    NodeEnum,
    protobuf::{FuncCall, Node, a_const::Val},
};

use super::{MAX_EXPANSION, Walker, dotted, each, inner, text_of};
use crate::{
    builtin::{self, Doing, Object},
    catalog::{Function, Kind},
    facts::{External, Name},
    naming::named,
    reading::{Change, Depends},
    tree::Tree,
};

impl Walker<'_> {
    pub(super) fn call(&mut self, call: &FuncCall) {
        self.expressions(&call.args);
        self.expressions(&call.agg_order);
        self.maybe(inner(&call.agg_filter));
        if let Some(window) = &call.over {
            self.window(window);
        }
        match dotted(&call.funcname) {
            Some((schema, name)) => self.calls(schema, name, &call.args),
            None => self.unknown("a function's name"),
        }
    }

    /// A function that is called, or will be, with `args` where they are known.
    pub(super) fn calls(&mut self, schema: &str, name: &str, args: &[Node]) {
        if schema.is_empty() && !(self.catalog.is_none() && builtin::is_function(name)) {
            self.depends = self.depends.max(Depends::Key);
        }
        for function in self.session().naming.functions(schema, name, self.catalog) {
            self.facts.functions.insert(function.to_string());
            self.does(&function, args);
        }
    }

    fn does(&mut self, function: &Name, args: &[Node]) {
        if function.schema == "information_schema"
            || self.expanding.contains(function)
            || self.expanded.contains(function)
        {
            // Its own helpers only compute; and what is read once need not be read again.
            return;
        }
        if function.schema == "pg_catalog" && builtin::is_function(&function.name) {
            if let Some(doing) = builtin::doing(&function.name) {
                self.doing(function, doing, args);
            }
            return;
        }
        if let Some(doing) = builtin::of_extension(&function.name) {
            self.doing(function, doing, args);
            self.facts.opaque.insert(function.to_string());
            return;
        }
        let key = (function.schema.clone(), function.name.clone());
        match self.catalog.and_then(|catalog| catalog.functions.get(&key)) {
            Some(overloads) if !overloads.is_empty() => {
                for overload in overloads {
                    self.expand_function(function, overload);
                }
                self.expanded.insert(function.clone());
            }
            _ => self.opaque(function),
        }
    }

    fn doing(&mut self, function: &Name, doing: Doing, args: &[Node]) {
        self.facts.verbs.extend(doing.verbs);
        self.facts.external.extend(doing.external);
        let first = each(args).next();
        match doing.object {
            Object::Nothing => {}
            Object::Sequence => match first.and_then(literal) {
                Some(sequence) => self.writes_text(&sequence),
                None => {
                    self.facts.writes.insert(named("", "*"));
                }
            },
            Object::LargeObjects => {
                self.facts.writes.insert(named("pg_catalog", "pg_largeobject"));
            }
            Object::LargeObjectsRead => {
                self.facts.reads.insert(named("pg_catalog", "pg_largeobject"));
            }
            Object::Setting => self.set_config(args),
        }
        if doing.dynamic {
            self.dynamic(function, args);
        }
    }

    /// A relation named in a string, as `'app.orders_id_seq'` or `'"Orders_id_seq"'::regclass`.
    fn writes_text(&mut self, text: &str) {
        let parts = crate::session::split_path(&text.replace('.', ","));
        let name = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).and_then(|at| parts.get(at)).cloned().unwrap_or_default();
        for name in self.resolve_name(&schema, &name) {
            self.facts.writes.insert(name);
        }
    }

    /// A text given to a function is run: read it where it is a constant on this server.
    fn dynamic(&mut self, function: &Name, args: &[Node]) {
        self.facts.dynamic = true;
        self.facts.bounded = false;
        let remote = function.name.starts_with("dblink") || function.name.starts_with("pg_background");
        let table = function.name.starts_with("table_to_xml");
        let reads_only =
            ["table_", "schema_", "database_", "cursor_"].iter().any(|start| function.name.starts_with(start));
        let arg = each(args).next().and_then(literal);
        match arg {
            Some(_) if reads_only && !table => {}
            Some(table_name) if table => {
                let parts = crate::session::split_path(&table_name.replace('.', ","));
                let name = parts.last().cloned().unwrap_or_default();
                let schema = parts.len().checked_sub(2).and_then(|at| parts.get(at)).cloned().unwrap_or_default();
                for name in self.resolve_name(&schema, &name) {
                    self.facts.columns.insert(format!("{name}.*"));
                    self.facts.reads.insert(name);
                }
            }
            Some(query) if !remote => self.nested_text(&query),
            _ => self.facts.filtered &= remote || reads_only,
        }
    }

    /// Statements in a text that is run inside of this one.
    pub(super) fn nested_text(&mut self, text: &str) {
        let dialect = self.session().dialect();
        if text.contains('\\') {
            self.depends = self.depends.max(Depends::Key);
        }
        match Tree::parse(text, dialect) {
            Ok(tree) => {
                let scopes = std::mem::take(&mut self.scopes);
                let ctes = std::mem::take(&mut self.ctes);
                for parsed in &tree.statements {
                    self.deeper(|walker| walker.nested(&parsed.node));
                }
                self.scopes = scopes;
                self.ctes = ctes;
            }
            Err(why) => self.facts.make_unknown(format!("a statement inside of it: {why}")),
        }
    }

    fn opaque(&mut self, function: &Name) {
        self.facts.opaque.insert(function.to_string());
    }

    fn expand_function(&mut self, name: &Name, function: &Function) {
        let readable = matches!(function.language.as_str(), "sql" | "plpgsql");
        let body = function.body.as_deref().filter(|_| readable);
        match body {
            Some(_) if self.expanding.len() >= MAX_EXPANSION => self.opaque(name),
            Some(body) => {
                self.expanding.push(name.clone());
                self.function_body(&function.language, body, name);
                self.expanding.pop();
            }
            // Compiled by those who run the server, and declared (or known) not to change anything.
            None if matches!(function.language.as_str(), "c" | "internal")
                && (function.volatility != 'v' || builtin::is_harmless(&function.name)) => {}
            None => {
                if function.language.ends_with('u') {
                    self.facts.external.insert(External::Program);
                }
                self.opaque(name);
            }
        }
    }

    fn function_body(&mut self, language: &str, body: &str, name: &Name) {
        let scopes = std::mem::take(&mut self.scopes);
        let ctes = std::mem::take(&mut self.ctes);
        let bounded = self.facts.bounded;
        let limit = self.facts.limit;
        // `set_config` beside this call may run before it.
        self.take_effect(0);
        if language == "plpgsql" {
            self.procedure(body, Some(name));
        } else {
            match Tree::parse(body, self.session().dialect()) {
                Ok(tree) => {
                    for parsed in &tree.statements {
                        self.deeper(|walker| walker.nested(&parsed.node));
                    }
                }
                Err(_) => self.opaque(name),
            }
        }
        self.facts.bounded = bounded;
        self.facts.limit = limit;
        self.scopes = scopes;
        self.ctes = ctes;
    }

    /// What a view reads, if this is one that the catalog knows.
    pub(super) fn expand_view(&mut self, name: &Name) {
        let key = (name.schema.clone(), name.name.clone());
        let Some(relation) = self.catalog.and_then(|catalog| catalog.relations.get(&key)) else { return };
        if relation.kind == Kind::Foreign {
            self.facts.external.insert(External::Network);
        }
        if name.schema == "pg_catalog" || name.schema == "information_schema" {
            return;
        }
        let (Kind::View | Kind::MaterializedView, Some(definition)) = (relation.kind, &relation.definition) else {
            return;
        };
        if self.expanded.contains(name) || self.expanding.contains(name) {
            return;
        }
        if self.expanding.len() >= MAX_EXPANSION {
            self.unknown("a view over so many views");
            return;
        }
        self.expanding.push(name.clone());
        let (bounded, limit) = (self.facts.bounded, self.facts.limit);
        self.nested_text(definition);
        (self.facts.bounded, self.facts.limit) = (bounded, limit);
        self.expanding.pop();
        self.expanded.insert(name.clone());
    }

    /// What is written through a view, if the target is one.
    pub(super) fn expand_target(&mut self, name: &Name) {
        let verbs = self.facts.verbs.clone();
        let reads = std::mem::take(&mut self.facts.reads);
        self.expand_view(name);
        let through = std::mem::replace(&mut self.facts.reads, reads);
        self.facts.writes.extend(through);
        self.facts.verbs = verbs;
    }

    fn set_config(&mut self, args: &[Node]) {
        let mut args = each(args);
        let name = args.next().and_then(literal);
        let value = args.next().and_then(literal);
        let local = matches!(args.next(), Some(node) if truth(node) != Some(false));
        match name {
            Some(name) => {
                let name = name.to_lowercase();
                self.changes_setting(&name, value.map(|value| vec![value]), local);
            }
            None => {
                self.facts.settings.insert("*".to_owned());
                self.changes.push(Change::Anything);
            }
        }
    }
}

/// A string constant, casts aside.
pub(super) fn literal(node: &NodeEnum) -> Option<String> {
    match node {
        NodeEnum::AConst(constant) => match &constant.val {
            Some(Val::Sval(text)) => Some(text.sval.clone()),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => literal(inner(&cast.arg)?),
        NodeEnum::CollateClause(collate) => literal(inner(&collate.arg)?),
        NodeEnum::NamedArgExpr(arg) => literal(inner(&arg.arg)?),
        NodeEnum::AExpr(expr) if each(&expr.name).filter_map(text_of).eq(["||"]) => {
            Some(literal(inner(&expr.lexpr)?)? + &literal(inner(&expr.rexpr)?)?)
        }
        _ => None,
    }
}

fn truth(node: &NodeEnum) -> Option<bool> {
    match node {
        NodeEnum::AConst(constant) => match &constant.val {
            Some(Val::Boolval(value)) => Some(value.boolval),
            Some(Val::Sval(text)) => match text.sval.to_lowercase().as_str() {
                "f" | "false" | "off" | "no" | "0" => Some(false),
                _ => Some(true),
            },
            _ => None,
        },
        NodeEnum::TypeCast(cast) => truth(inner(&cast.arg)?),
        _ => None,
    }
}
