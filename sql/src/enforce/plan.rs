//! What makes the guarantee hold: statements for somebody who owns the tables.

use super::{Rights, probe::SEAL};
use crate::{
    catalog::{Kind, Relation},
    lineage::{Cover, Marks},
    rewrite::mask,
};

/// What the schemas of masked views begin with; the rest is the name of the tables' schema.
const PREFIX: &str = "sallyport_";

/// What makes the guarantee hold. Running it again changes nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// For an owner of the marked tables, in order, in one transaction; the views belong to that role then.
    pub owner: Vec<String>,
    /// For the login itself, after that.
    pub login: Vec<String>,
}

/// Plans it. What cannot be changed this way (an owner, a superuser, other views) [`super::verify`] still names.
///
/// The login reads masked columns through views that its search path finds first, keeps the right to read all other
/// columns of the tables themselves, and loses that to read the marked ones.
#[must_use]
pub fn plan(marks: &Marks, rights: &Rights) -> Plan {
    let mut tables: Vec<_> = super::covered(marks).filter(|(table, _)| is_table(table)).collect();
    tables.sort_by(|(one, _), (two, _)| (&one.schema, &one.name).cmp(&(&two.schema, &two.name)));
    let login = mask::quoted(&rights.login);
    let mut schemas: Vec<&str> = tables.iter().map(|(table, _)| table.schema.as_str()).collect();
    schemas.dedup();
    // Definitions are sealed as they read without a search path: that is how they are verified.
    let mut statements = vec!["SET LOCAL search_path = ''".to_owned()];
    for schema in &schemas {
        let views = mask::quoted(&format!("{PREFIX}{schema}"));
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {views}"));
        statements.push(format!("REVOKE CREATE ON SCHEMA {views} FROM PUBLIC, {login}"));
        statements.push(format!("GRANT USAGE ON SCHEMA {views} TO {login}"));
    }
    for (table, cover) in &tables {
        let writes = rights.relations.iter().find(|access| access.oid == table.oid);
        let writes = writes.map_or(&[][..], |access| access.writes.as_slice());
        statements.extend(view(table, cover, &login, writes));
        statements.extend(grants(table, cover, &login));
    }
    if tables.is_empty() {
        return Plan::default();
    }
    Plan { owner: statements, login: search_path(marks, rights, &schemas, &login).into_iter().collect() }
}

fn is_table(relation: &Relation) -> bool {
    matches!(relation.kind, Kind::Table | Kind::Partitioned | Kind::Foreign)
}

/// The masked view, with a seal by which it is known later as the one that was made here.
fn view(table: &Relation, cover: &Cover, login: &str, writes: &[String]) -> Vec<String> {
    let name = format!("{}.{}", mask::quoted(&format!("{PREFIX}{}", table.schema)), mask::quoted(&table.name));
    let list = mask::columns(table, cover, None, std::iter::empty());
    let literal = name.replace('\'', "''");
    let rights: Vec<&str> = std::iter::once("SELECT").chain(writes.iter().map(String::as_str)).collect();
    vec![
        format!("DROP VIEW IF EXISTS {name}"),
        format!("CREATE VIEW {name} AS SELECT {list} FROM {}", mask::full_name(table)),
        format!(
            "DO $seal$ BEGIN EXECUTE pg_catalog.format('COMMENT ON VIEW %s IS %L', '{literal}', '{SEAL}' || \
             pg_catalog.md5(pg_catalog.pg_get_viewdef('{literal}'::pg_catalog.regclass))); END $seal$"
        ),
        format!("GRANT {} ON {name} TO {login}", rights.join(", ")),
    ]
}

/// Takes the right to read the marked columns, and gives back that to read all others.
fn grants(table: &Relation, cover: &Cover, login: &str) -> Vec<String> {
    let name = mask::full_name(table);
    let clean =
        table.columns.iter().filter(|column| cover.closed.is_none() && !cover.masked.contains_key(&column.name));
    let clean: Vec<String> = clean.map(|column| mask::quoted(&column.name)).collect();
    let mut statements = vec![format!("REVOKE SELECT, TRIGGER, REFERENCES ON TABLE {name} FROM PUBLIC, {login}")];
    if !clean.is_empty() {
        statements.push(format!("GRANT SELECT ({}) ON TABLE {name} TO {login}", clean.join(", ")));
    }
    statements
}

fn search_path(marks: &Marks, rights: &Rights, schemas: &[&str], login: &str) -> Option<String> {
    let ours: Vec<String> = schemas.iter().map(|schema| mask::quoted(&format!("{PREFIX}{schema}"))).collect();
    let before = rights.path.split(',').map(str::trim).filter(|part| !part.trim_matches('"').starts_with(PREFIX));
    let path: Vec<&str> = ours.iter().map(String::as_str).chain(before).filter(|part| !part.is_empty()).collect();
    let database = mask::quoted(&marks.catalog().database);
    (!ours.is_empty())
        .then(|| format!("ALTER ROLE {login} IN DATABASE {database} SET search_path = {}", path.join(", ")))
}
