//! What the server says about the rights of a login: the text to ask, and its answer.

use std::fmt::Write as _;

use serde::Deserialize;

use super::Unproven;

/// What the server says. A role counts if the login is a member of it, directly or not: it can become it.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// The login.
    pub login: String,
    /// Its search path as it is configured.
    pub path: String,
    /// Every role that it can become, itself included.
    pub roles: Vec<Role>,
    /// Relations that were asked for.
    pub relations: Vec<Access>,
    /// Functions that run with the rights of somebody else, or outside of the database's rights.
    pub functions: Vec<Callable>,
}

/// A role that the login can become.
#[derive(Clone, Debug, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Nothing is forbidden to it.
    pub superuser: bool,
    /// It may stream the log of all changes.
    pub replication: bool,
    /// It may give itself other roles.
    pub creates_roles: bool,
}

/// What the roles may do with a relation.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The relation.
    pub oid: u32,
    /// One of the roles owns it.
    pub owned: bool,
    /// Columns that one of the roles may read.
    pub readable: Vec<String>,
    /// One of the roles may attach triggers or foreign keys.
    pub attachable: bool,
    /// What the login may do besides reading: `INSERT`, `UPDATE`, `DELETE`.
    pub writes: Vec<String>,
    /// A view that reads with the rights of who asks.
    pub invoker: bool,
    /// The seal that [`super::plan`] puts on its views, if the view is still what was sealed.
    pub sealed: bool,
}

/// A function that one of the roles may call, and that could read what the roles cannot.
#[derive(Clone, Debug, Deserialize)]
pub struct Callable {
    /// The function.
    pub oid: u32,
    /// Its name with its arguments.
    pub name: String,
    /// Its language can reach outside of the database.
    pub untrusted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Login { name: String, path: String },
    Role(Role),
    Relation(Access),
    Function(Callable),
}

/// The text to ask with, for relations by their oids. One simple query to PostgreSQL 12 or newer, as the login itself;
/// every row of its answers has one column, of text.
#[must_use]
pub fn ask(relations: &[u32]) -> String {
    let mut list = String::new();
    for oid in relations {
        let _infallible = write!(list, "{}{oid}", if list.is_empty() { "" } else { "," });
    }
    ASK.replace("[relations]", &list)
}

/// What a sealed view's comment begins with; the rest is the MD5 of its definition.
pub(super) const SEAL: &str = "sallyport mask ";

const ASK: &str = r"BEGIN TRANSACTION READ ONLY;
SET LOCAL statement_timeout = '20s';
SELECT pg_catalog.json_build_object('login', pg_catalog.json_build_object('name', session_user,
  'path', pg_catalog.current_setting('search_path')))::text;
SET LOCAL search_path = '';
SELECT pg_catalog.json_build_object('role', pg_catalog.json_build_object('name', r.rolname, 'superuser', r.rolsuper,
  'replication', r.rolreplication, 'creates_roles', r.rolcreaterole))::text
  FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER');
WITH mine AS MATERIALIZED (SELECT r.oid FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
SELECT pg_catalog.json_build_object('relation', pg_catalog.json_build_object('oid', c.oid::bigint,
  'owned', c.relowner IN (SELECT oid FROM mine),
  'readable', (SELECT coalesce(pg_catalog.json_agg(a.attname), '[]') FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND EXISTS (SELECT FROM mine
      WHERE pg_catalog.has_column_privilege(mine.oid, c.oid, a.attnum, 'SELECT'))),
  'attachable', c.relkind IN ('r', 'p', 'f') AND EXISTS (SELECT FROM mine WHERE
    pg_catalog.has_table_privilege(mine.oid, c.oid, 'TRIGGER')
    OR pg_catalog.has_any_column_privilege(mine.oid, c.oid, 'REFERENCES')),
  'writes', (SELECT coalesce(pg_catalog.json_agg(w), '[]') FROM pg_catalog.unnest('{INSERT,UPDATE,DELETE}'::text[]) w
    WHERE pg_catalog.has_table_privilege(session_user, c.oid, w)),
  'invoker', EXISTS (SELECT FROM pg_catalog.unnest(c.reloptions) o
    WHERE pg_catalog.lower(o) IN ('security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes')),
  'sealed', c.relkind = 'v' AND c.relowner NOT IN (SELECT oid FROM mine)
    AND coalesce(pg_catalog.obj_description(c.oid, 'pg_class') = 'sallyport mask ' || pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid)), false)
  ))::text
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ('{[relations]}'::oid[]);
WITH mine AS MATERIALIZED (SELECT r.oid FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
SELECT pg_catalog.json_build_object('function', pg_catalog.json_build_object('oid', p.oid::bigint,
  'name', p.oid::pg_catalog.regprocedure::text, 'untrusted', l.lanname <> 'internal' AND l.lanname <> 'c' AND NOT l.lanpltrusted
    AND l.lanname <> 'sql'))::text
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
    AND p.prorettype NOT IN ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype)
    AND EXISTS (SELECT FROM mine WHERE pg_catalog.has_function_privilege(mine.oid, p.oid, 'EXECUTE'))
    AND ((p.prosecdef AND p.proowner NOT IN (SELECT oid FROM mine))
      OR (l.lanname NOT IN ('internal', 'c', 'sql') AND NOT l.lanpltrusted));
COMMIT";

impl Rights {
    /// Reads the answer to [`ask`].
    ///
    /// # Errors
    /// If it is not what the text asks for.
    pub fn read<'a>(rows: impl IntoIterator<Item = &'a str>) -> Result<Self, Unproven> {
        let mut rights = Self::default();
        for row in rows {
            let row = serde_json::from_str(row).map_err(|_| Unproven::Unreadable)?;
            match row {
                Row::Login { name, path } => (rights.login, rights.path) = (name, path),
                Row::Role(role) => rights.roles.push(role),
                Row::Relation(access) => rights.relations.push(access),
                Row::Function(function) => rights.functions.push(function),
            }
        }
        if rights.login.is_empty() || rights.roles.is_empty() { Err(Unproven::Unreadable) } else { Ok(rights) }
    }
}
