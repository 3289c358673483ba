//! Function calls: what PostgreSQL's own do, what the catalog knows of the users', and what stays opaque.

use pg_query::{
    NodeEnum,
    protobuf::{CreateFunctionStmt, FuncCall, FunctionParameterMode, Node, a_const::Val},
};

use super::{MAX_EXPANSION, Walker, dotted, each, inner, text_of};
use crate::{
    Dialect,
    builtin::{self, Doing, Object},
    catalog::{Function, Kind},
    facts::{External, Name},
    naming::named,
    reading::{Change, Depends},
    tree::Tree,
};

impl<'a> Walker<'a> {
    pub(super) fn call(&mut self, call: &FuncCall) {
        let driven = self.driven;
        let named = dotted(&call.funcname).map_or("", |(_, name)| name);
        let condensed = usize::from(super::pack::condenses(named));
        self.aside += condensed;
        self.expressions(&call.args);
        self.aside -= condensed;
        self.collects(named, &call.args, call.over.as_deref());
        self.expressions(&call.agg_order);
        self.aside(|walker| walker.maybe(inner(&call.agg_filter)));
        if let Some(window) = &call.over {
            self.window(window);
        }
        match dotted(&call.funcname) {
            Some((schema, name)) => {
                self.must_tell_little(name, driven);
                self.calls(schema, name, &call.args);
            }
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

    pub(super) fn does(&mut self, function: &Name, args: &[Node]) {
        if self.defined(function) {
            return;
        }
        if function.schema == "information_schema"
            || self.expanding.contains(function)
            || self.expanded.contains(function)
        {
            // Its own helpers only compute; and what is read once need not be read again.
            return;
        }
        // PostgreSQL's own of this name is for TABLESAMPLE and cannot be called.
        let sampled = function.name == "system";
        if function.schema == "pg_catalog" && builtin::is_function(&function.name) && !sampled {
            if let Some(doing) = builtin::doing(&function.name) {
                self.doing(function, doing, args);
            }
            self.must_end(&function.name, args);
            self.drives(&function.name, args);
            return;
        }
        let of_extension = builtin::of_extension(&function.name);
        if let Some(doing) = of_extension.or_else(|| builtin::of_schema(&function.schema, &function.name)) {
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
            _ => {
                if self.catalog.is_some() {
                    self.missing.insert(function.clone());
                }
                self.opaque(function);
            }
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
        if text.contains('\\') {
            self.depends = self.depends.max(Depends::Key);
        }
        self.statements_of(text, self.session().dialect());
    }

    fn statements_of(&mut self, text: &str, dialect: Dialect) {
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

    /// A view or function that the session made does what was found when it was made. Whether this is one.
    fn defined(&mut self, name: &Name) -> bool {
        let Some(facts) = self.session().naming.defined.get(name).cloned() else { return false };
        let bounded = self.facts.bounded;
        self.facts.include(&facts);
        self.facts.bounded = bounded;
        true
    }

    fn expand_function(&mut self, name: &Name, function: &'a Function) {
        let readable = matches!(function.language.as_str(), "sql" | "plpgsql");
        let body = function.body.as_deref().filter(|_| readable);
        match body {
            Some(_) if self.expanding.len() >= MAX_EXPANSION => self.opaque(name),
            Some(body) => {
                self.expanding.push(name.clone());
                self.function_body(body, name);
                self.expanding.pop();
            }
            // An aggregate, or what stands on other functions.
            None if !function.parts.is_empty() => {
                self.expanding.push(name.clone());
                for (schema, part) in &function.parts {
                    self.calls(schema, part, &[]);
                }
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

    /// The body in a `CREATE FUNCTION` of the catalog, run in place of the call.
    fn function_body(&mut self, definition: &'a str, name: &Name) {
        let tree = Tree::parse(definition, Dialect::default());
        let create = tree.as_ref().ok().and_then(|tree| match &tree.statements.first()?.node {
            NodeEnum::CreateFunctionStmt(create) => Some(create),
            _ => None,
        });
        let Some(create) = create else { return self.opaque(name) };
        let scopes = std::mem::take(&mut self.scopes);
        let ctes = std::mem::take(&mut self.ctes);
        let limit = self.facts.limit;
        let bounded = std::mem::replace(&mut self.facts.bounded, true);
        // `set_config` beside this call may run before it.
        self.take_effect(0);
        let (changed, changes) = (self.changed.clone(), self.changes.len());
        if let Some(path) = own_path(create) {
            self.changed = Some(Box::new(self.session().with_path(path)));
        }
        self.run_body(create, definition, name);
        let returns_many = returns_set(create) && (!self.facts.bounded || !is_sql(create));
        self.many += usize::from(returns_many);
        self.changed = changed;
        self.take_effect(changes);
        self.facts.bounded = bounded && self.facts.unknown.is_none();
        self.facts.limit = limit;
        self.scopes = scopes;
        self.ctes = ctes;
    }

    fn run_body(&mut self, create: &CreateFunctionStmt, definition: &'a str, name: &Name) {
        if let Some(body) = inner(&create.sql_body) {
            return self.sql_body(body);
        }
        let Some(body) = option(create, "as").and_then(first_text) else { return self.opaque(name) };
        if is_sql(create) {
            self.nested_text(body);
        } else {
            self.definition = Some(definition);
            self.procedure(body, Some(name));
            self.definition = None;
        }
    }

    /// What a view reads, if this is one that the catalog knows.
    pub(super) fn expand_view(&mut self, name: &Name) {
        if self.defined(name) {
            return;
        }
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
        // The catalog says it in the standard dialect, with all names qualified.
        self.statements_of(definition, Dialect::default());
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

    /// The setting that `name` is, in a query of `pg_settings` for one.
    fn looked_up_name(&self, node: &NodeEnum) -> Option<String> {
        match node {
            NodeEnum::ColumnRef(column) if super::select::is_name(&column.fields) => self.looked_up.last()?.clone(),
            _ => None,
        }
    }

    fn set_config(&mut self, args: &[Node]) {
        let mut args = each(args);
        let name = args.next().and_then(|name| literal(name).or_else(|| self.looked_up_name(name)));
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

fn option<'n>(create: &'n CreateFunctionStmt, name: &str) -> Option<&'n NodeEnum> {
    each(&create.options).find_map(|option| match option {
        NodeEnum::DefElem(option) if option.defname == name => inner(&option.arg),
        _ => None,
    })
}

fn first_text(node: &NodeEnum) -> Option<&str> {
    match node {
        NodeEnum::List(list) => each(&list.items).next().and_then(text_of),
        other => text_of(other),
    }
}

fn is_sql(create: &CreateFunctionStmt) -> bool {
    create.sql_body.is_some() || option(create, "language").and_then(text_of) == Some("sql")
}

fn returns_set(create: &CreateFunctionStmt) -> bool {
    let table = |node: &NodeEnum| match node {
        NodeEnum::FunctionParameter(parameter) => parameter.mode() == FunctionParameterMode::FuncParamTable,
        _ => false,
    };
    create.return_type.as_ref().is_some_and(|returned| returned.setof) || each(&create.parameters).any(table)
}

/// The search path that the function itself sets.
fn own_path(create: &CreateFunctionStmt) -> Option<Vec<String>> {
    let set = each(&create.options).find_map(|option| match option {
        NodeEnum::DefElem(option) if option.defname == "set" => match inner(&option.arg) {
            Some(NodeEnum::VariableSetStmt(set)) if set.name.eq_ignore_ascii_case("search_path") => Some(set),
            _ => None,
        },
        _ => None,
    })?;
    let path = super::settings::values(&set.args).unwrap_or_default();
    Some(path.into_iter().filter(|schema| !schema.is_empty()).collect())
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
