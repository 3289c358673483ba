//! Whether a function can be trusted with what is masked. Built-in ones only see their arguments, and those are masked;
//! the exceptions are listed. Others are judged by their text; what has no readable text is refused.

use std::sync::PoisonError;

use super::{Effects, Marks, plpgsql};
use crate::{
    catalog::Function,
    node::{self, Node, Value},
    rewrite::{self, Session},
};

/// What a call may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It sees only its arguments, or reads nothing that is masked.
    Safe,
    /// It may see masked values; why.
    Unsafe(String),
    /// The catalog knows no function of this name.
    Unknown,
}

/// Built-in functions, and some of well-known extensions, that run text, read tables by name, or read files and pages.
/// A name that ends with `*` stands for all that begin so.
const NEVER: [&str; 47] = [
    "query_to_xml*",
    "cursor_to_xml*",
    "table_to_xml*",
    "schema_to_xml*",
    "database_to_xml*",
    "ts_stat",
    "ts_rewrite",
    "dblink*",
    "crosstab*",
    "connectby",
    "xpath_table",
    "lo_import",
    "lo_export",
    "pg_read_*",
    "pg_file_*",
    "pg_logical_*",
    "pg_create_logical_*",
    "pg_replication_*",
    "pg_get_wal_*",
    "pg_show_*",
    "get_raw_page*",
    "heap_*",
    "bt_*",
    "brin_*",
    "gist_*",
    "gin_*",
    "hash_page_*",
    "page_*",
    "tuple_data_split",
    "pg_stat_get_activity",
    "pg_stat_get_backend_activity",
    "pg_stat_statements*",
    "pg_stat_get_wal_senders",
    // What a write cost tells whether it changed an indexed value.
    "pg_stat_get_tuples_hot_updated",
    "pg_stat_get_xact_tuples_hot_updated",
    "pg_stat_get_tuples_newpage_updated",
    "pg_stat_get_xact_tuples_newpage_updated",
    "pg_current_wal*",
    "pg_mcv_list_items",
    "pg_get_loaded_*",
    "pg_ls_logdir",
    "fdw_*",
    "plpgsql_inline_handler",
    "exec_sql",
    "pg_execute*",
    "pg_walfile*",
    "gp_*",
];

/// Extensions whose functions only work on their arguments.
const PURE: [&str; 26] = [
    "pgcrypto",
    "uuid-ossp",
    "citext",
    "hstore",
    "pg_trgm",
    "unaccent",
    "fuzzystrmatch",
    "ltree",
    "intarray",
    "btree_gin",
    "btree_gist",
    "cube",
    "earthdistance",
    "isn",
    "seg",
    "vector",
    "plpgsql",
    "pg_prewarm",
    "lo",
    "tablefunc",
    "tcn",
    "bloom",
    "dict_int",
    "dict_xsyn",
    "pgstattuple",
    "sslinfo",
];

fn is_never(name: &str) -> bool {
    // Index support functions of full-text and trigram search share these beginnings and take internal arguments only.
    NEVER.iter().any(|never| match never.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => name == *never,
    })
}

impl Marks {
    /// Whether a function of this (possibly qualified) name may be called.
    #[must_use]
    pub fn function(&self, name: &[&str]) -> Safety {
        let (schema, name) = match name {
            [name] => (None, *name),
            [.., schema, name] => (Some(*schema), *name),
            [] => return Safety::Unknown,
        };
        if is_never(name) {
            return Safety::Unsafe(format!("the function {name} can read masked columns"));
        }
        if schema == Some("pg_catalog") {
            return Safety::Safe;
        }
        let mut known = self.catalog.built_in.contains(name) || schema == Some("information_schema");
        for function in self.catalog.functions_named(name) {
            if schema.is_none_or(|schema| schema == function.schema) {
                known = true;
                let safety = self.judged(function);
                if safety != Safety::Safe {
                    return safety;
                }
            }
        }
        if known { Safety::Safe } else { Safety::Unknown }
    }

    /// Whether an operator outside of `pg_catalog` stands on a function that may be called.
    pub(crate) fn operator(&self, symbol: &str) -> Safety {
        for (schema, name) in self.catalog.operators.get(symbol).map_or(&[][..], Vec::as_slice) {
            let safety = self.function(&[schema, name]);
            if safety != Safety::Safe {
                return safety;
            }
        }
        Safety::Safe
    }

    /// What the functions behind an operator do besides their results.
    pub(crate) fn operator_effects(&self, symbol: &str) -> Effects {
        let mut effects = Effects::default();
        for (schema, name) in self.catalog.operators.get(symbol).map_or(&[][..], Vec::as_slice) {
            effects.add(&self.effects(&[schema, name]));
        }
        effects
    }

    fn judged(&self, function: &Function) -> Safety {
        let lock = || self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        match lock().get(&function.oid) {
            Some(Some(safety)) => return safety.clone(),
            Some(None) => return Safety::Unsafe(format!("the function {} calls itself", function.name)),
            None => {}
        }
        lock().insert(function.oid, None);
        let read = self.read_in(&Session::default(), function);
        let safety = match read.or_else(|why| self.allows(function, why)) {
            Ok(effects) => {
                self.effects.lock().unwrap_or_else(PoisonError::into_inner).insert(function.oid, effects);
                Safety::Safe
            }
            Err(why) => Safety::Unsafe(format!("the function {} {why}", function.name)),
        };
        lock().insert(function.oid, Some(safety.clone()));
        safety
    }

    /// Whether functions of this name are all an extension's, and none that can read what is masked: where they stand in a
    /// definition, nobody who sends statements chose them.
    pub(super) fn is_of_extension(&self, name: &[&str]) -> bool {
        let [.., schema, name] = name else { return false };
        let key = ((*schema).to_owned(), (*name).to_owned());
        let functions = self.catalog.functions.get(&key).map_or(&[][..], Vec::as_slice);
        !functions.is_empty() && functions.iter().all(|function| function.extension.is_some()) && !is_never(name)
    }

    /// What functions of this name do besides their results, of those that may be called.
    pub(crate) fn effects(&self, name: &[&str]) -> Effects {
        let (schema, name) = match name {
            [.., schema, name] => (Some(*schema), *name),
            [name] => (None, *name),
            [] => return Effects::default(),
        };
        let mut effects = Effects::default();
        let known = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        for function in self.catalog.functions_named(name) {
            if schema.is_none_or(|schema| schema == function.schema) {
                known.get(&function.oid).into_iter().for_each(|known| effects.add(known));
            }
        }
        effects
    }

    /// What a function does besides its result, or why it must not be called.
    pub(super) fn judged_effects(&self, function: &Function) -> Result<Effects, String> {
        match self.judged(function) {
            Safety::Unsafe(why) => {
                let begin = format!("the function {} ", function.name);
                Err(why.strip_prefix(&begin).map_or(why.clone(), str::to_owned))
            }
            _ => Ok(self
                .effects
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&function.oid)
                .cloned()
                .unwrap_or_default()),
        }
    }

    /// Whether an administrator allowed a function as it is now.
    pub(super) fn is_allowed(&self, function: &Function) -> bool {
        self.allows(function, String::new()).is_ok()
    }

    /// Whether a function of this name is, or may call, one that is allowed by its source: a newer catalog may say otherwise.
    pub(crate) fn may_be_allowed(&self, name: &str) -> bool {
        !self.allowed.is_empty() && !self.catalog.functions_named(name).is_empty()
    }

    /// Whether an administrator allowed a function that cannot be judged, as it is now.
    fn allows(&self, function: &Function, why: String) -> Result<Effects, String> {
        let mut named =
            self.allowed.iter().filter(|one| (&one.schema, &one.name) == (&function.schema, &function.name));
        if matches!(function.language.as_str(), "c" | "internal") || function.source.is_empty() {
            return Err(why);
        }
        match named.clone().next() {
            None => Err(why),
            Some(_) if named.any(|allowed| allowed.source == function.source) => {
                Ok(Effects { touches: true, ..Effects::default() })
            }
            Some(_) => {
                let now = &function.source;
                Err(format!("has changed since an administrator allowed it: its source now has the SHA-256 {now}"))
            }
        }
    }

    /// Judges a function whose body may name what the session has made.
    pub(super) fn read_in(&self, session: &Session, function: &Function) -> Result<Effects, String> {
        if let Some(extension) = &function.extension {
            let pure = PURE.contains(&extension.as_str());
            return if pure {
                Ok(Effects::default())
            } else {
                Err(format!("belongs to the extension {extension}, which is not known"))
            };
        }
        let Some(definition) = &function.body else { return Err("has no text that can be judged".into()) };
        let create = node::statement(definition).map_err(|_| "cannot be read".to_owned())?;
        self.body(session, &create, definition)
    }

    /// Judges the body of a `CREATE FUNCTION` whose whole text is `definition`.
    pub(crate) fn body(&self, session: &Session, create: &Node, definition: &str) -> Result<Effects, String> {
        if let Some(body) = create.node("sql_body") {
            return self.harmless(session, body);
        }
        if let Value::List(statements) = create.get("sql_body") {
            return self.all(session, statements.iter().filter_map(Value::node));
        }
        let option = |name: &str| create.nodes("options").find(|option| option.text("defname") == name);
        let language = option("language").and_then(|option| option.node("arg")).map(|arg| arg.text("sval"));
        let text = option("as").and_then(|option| option.node("arg")).map(|arg| arg.texts("items").concat());
        match language.map(str::to_lowercase).as_deref() {
            Some("plpgsql") => plpgsql::judge(self, session, definition, text.as_deref()),
            Some("sql") => {
                let statements = node::parse(&text.unwrap_or_default()).map_err(|_| "cannot be read".to_owned())?;
                self.all(session, statements.iter().map(|statement| &statement.tree))
            }
            _ => Err("is in a language that cannot be judged".into()),
        }
    }

    /// Judges the body of a `DO` block.
    pub(crate) fn block(&self, body: &str) -> Result<Effects, String> {
        const QUOTE: &str = "$sallyport$";
        if body.contains(QUOTE) || body.ends_with('$') {
            return Err("cannot be read".into());
        }
        plpgsql::judge(self, &Session::default(), &format!("DO {QUOTE}{body}{QUOTE}"), None)
    }

    fn all<'a>(&self, session: &Session, nodes: impl Iterator<Item = &'a Node>) -> Result<Effects, String> {
        let mut effects = Effects::default();
        for node in nodes {
            effects.add(&self.harmless(session, node)?);
        }
        Ok(effects)
    }

    /// Whether a statement, or a body of statements, neither reads what is masked nor makes anything new.
    pub(super) fn harmless(&self, session: &Session, node: &Node) -> Result<Effects, String> {
        if node.kind == "List" {
            return self.all(session, node.nodes("items"));
        }
        if node.kind == "ReturnStmt" {
            return rewrite::inspect_expression(self, node);
        }
        rewrite::inspect(self, session, node)
    }
}
