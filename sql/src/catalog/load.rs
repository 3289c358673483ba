//! How the snapshot is read: the text to send, and what to make of its answer.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

use super::{
    Catalog, Code, Column, Constraint, Function, Kind, Relation,
    code::{CodeRow, ConstraintRow},
};

/// To be sent as one simple query to PostgreSQL 12 or newer. Every row of its answers has one column, of text; all of
/// them in order are what [`Catalog::read`] wants. An empty search path makes the server qualify every name; the lock
/// timeout is for definitions that an open transaction is about to change.
pub const LOAD: &str = r"BEGIN TRANSACTION READ ONLY;
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '20s';
SELECT pg_catalog.json_build_object('database', pg_catalog.current_database(),
  'path', pg_catalog.array_to_json(pg_catalog.current_schemas(true)),
  'search_path', pg_catalog.current_setting('search_path'))::text;
SET LOCAL search_path = '';
SELECT pg_catalog.json_build_object('relation', pg_catalog.json_build_object('oid', c.oid::bigint, 'schema', n.nspname,
  'name', c.relname, 'kind', c.relkind::text,
  'columns', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attnum, a.attname, a.atttypid::bigint,
      pg_catalog.format_type(a.atttypid, a.atttypmod),
      CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
      CASE WHEN t.typtype <> 'd' THEN t.typcategory::text
        ELSE (SELECT CASE b.typtype WHEN 'd' THEN 'X' ELSE b.typcategory::text END
          FROM pg_catalog.pg_type b WHERE b.oid = t.typbasetype) END,
      a.attnotnull, CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'parents', (SELECT pg_catalog.json_agg(i.inhparent::bigint) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
  'key', (SELECT pg_catalog.array_to_json(k.conkey) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p'),
  'unique', (SELECT pg_catalog.json_agg(DISTINCT u.number) FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey::int2[]) u(number)
    WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)),
  'constraints', (SELECT pg_catalog.json_agg(k.told) FROM (
    SELECT pg_catalog.json_build_array(x.relname, 'u', pg_catalog.array_to_json(i.indkey::int2[]),
        CASE WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN (SELECT pg_catalog.json_agg(DISTINCT d.refobjsubid) FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0) END,
        0, null, '') told
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
    UNION ALL
    SELECT pg_catalog.json_build_array(k.conname, k.contype::text, pg_catalog.array_to_json(k.conkey), null, k.confrelid::bigint,
        pg_catalog.array_to_json(k.confkey), k.confdeltype::text || k.confupdtype::text) told
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('f', 'c')) k),
  'definition', CASE WHEN c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    THEN pg_catalog.pg_get_viewdef(c.oid) END))::text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_toast%';
SELECT pg_catalog.json_build_object('function', pg_catalog.json_build_object('oid', p.oid::bigint, 'schema', n.nspname,
  'name', p.proname, 'language', l.lanname, 'volatility', p.provolatile::text, 'definer', p.prosecdef, 'extension', e.extname,
  'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
  'source', CASE WHEN e.extname IS NULL THEN
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p.prosrc, 'UTF8')), 'hex') END,
  'parts', CASE p.prokind WHEN 'a' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(fn.nspname, f.proname))
    FROM pg_catalog.pg_aggregate a, pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    WHERE a.aggfnoid = p.oid AND fn.nspname <> 'pg_catalog' AND f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
      a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)) END,
  'definition', CASE WHEN l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p') AND e.extname IS NULL
    THEN pg_catalog.pg_get_functiondef(p.oid) END))::text
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND x.objid = p.oid
      AND x.deptype = 'e' AND x.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    LEFT JOIN pg_catalog.pg_extension e ON e.oid = x.refobjid
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema');
SELECT pg_catalog.json_build_object('operator', pg_catalog.json_build_array(o.oprname, fn.nspname, p.proname))::text
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode JOIN pg_catalog.pg_namespace fn ON fn.oid = p.pronamespace
  WHERE n.nspname <> 'pg_catalog';
SELECT pg_catalog.json_build_object('built_in', pg_catalog.json_agg(DISTINCT s.name))::text FROM (
  SELECT p.proname::text AS name FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
  UNION ALL SELECT t.typname::text FROM pg_catalog.pg_type t WHERE t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace) s;
SELECT pg_catalog.json_build_object('code', pg_catalog.json_build_array(s.place::bigint, s.kind, s.name, s.text, s.called))::text FROM (
  SELECT t.tgrelid AS place, 'trigger' AS kind, t.tgname AS name, pg_catalog.pg_get_triggerdef(t.oid) AS text, null::json AS called
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
  UNION ALL SELECT r.ev_class, 'rule', r.rulename, pg_catalog.pg_get_ruledef(r.oid), null
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  UNION ALL SELECT p.polrelid, 'policy', p.polname, pg_catalog.concat_ws(' AND ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
      pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), null
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relrowsecurity
  UNION ALL SELECT u.place, u.kind, u.name, null, pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(fn.nspname, f.proname))
    FROM (
      SELECT a.adrelid AS place, 'default' AS kind, b.attname AS name, 'pg_catalog.pg_attrdef'::pg_catalog.regclass AS class, a.oid AS object
        FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_attribute b ON b.attrelid = a.adrelid AND b.attnum = a.adnum
      UNION ALL SELECT k.conrelid, 'check', k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
        FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid <> 0
      UNION ALL SELECT i.indrelid, 'index', x.relname, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
      UNION ALL SELECT t.oid, 'type', t.typname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
      UNION ALL SELECT t.oid, 'type', t.typname, 'pg_catalog.pg_cast'::pg_catalog.regclass, k.oid
        FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_type t ON t.oid IN (k.casttarget, k.castsource)
    ) u JOIN pg_catalog.pg_depend d ON d.classid = u.class AND d.objid = u.object
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
    JOIN pg_catalog.pg_proc f ON f.oid = CASE WHEN d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid ELSE o.oprcode END JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    GROUP BY u.place, u.kind, u.name
  UNION ALL SELECT 0, 'event', e.evtname, null, pg_catalog.json_build_array(pg_catalog.json_build_array(fn.nspname, f.proname))
    FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc f ON f.oid = e.evtfoid
      JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login') s;
COMMIT";

/// The answer to [`LOAD`] is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("the database's catalog cannot be read: {0}")]
pub struct Unreadable(String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        // Only where it went wrong: the text may quote the catalog.
        Self(format!("{:?} at {}:{}", error.classify(), error.line(), error.column()))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Head { database: String, path: Vec<String>, search_path: String },
    Relation { relation: RelationRow },
    Function { function: FunctionRow },
    Operator { operator: (String, String, String) },
    Code { code: CodeRow },
    // The last: what it has may be missing.
    BuiltIn { built_in: Option<Vec<String>> },
}

type ColumnRow = (i16, String, i64, String, Option<String>, Option<String>, bool, Option<String>);

#[derive(Deserialize)]
struct RelationRow {
    oid: i64,
    schema: String,
    name: String,
    kind: String,
    columns: Option<Vec<ColumnRow>>,
    parents: Option<Vec<i64>>,
    key: Option<Vec<i16>>,
    #[serde(default)]
    unique: Option<Vec<i16>>,
    #[serde(default)]
    constraints: Option<Vec<ConstraintRow>>,
    definition: Option<String>,
}

#[derive(Deserialize)]
struct FunctionRow {
    oid: i64,
    schema: String,
    name: String,
    language: String,
    volatility: String,
    definer: bool,
    extension: Option<String>,
    arguments: Option<String>,
    source: Option<String>,
    parts: Option<Vec<(String, String)>>,
    definition: Option<String>,
}

impl Catalog {
    /// Reads the rows that [`LOAD`] gave.
    ///
    /// # Errors
    /// If they are not what it should give.
    pub fn read<'a>(version: u64, rows: impl IntoIterator<Item = &'a str>) -> Result<Self, Unreadable> {
        let mut catalog = Self { version, ..Self::default() };
        let (mut head, mut tail) = (false, false);
        for row in rows {
            match serde_json::from_str(row)? {
                Row::Head { database, path, search_path } => {
                    (catalog.database, catalog.path, catalog.search_path) = (database, path, search_path);
                    head = true;
                }
                Row::Relation { relation } => catalog.add(relation.into()),
                Row::Function { function } => catalog.add_function(function.into()),
                Row::Operator { operator: (symbol, schema, name) } => {
                    catalog.operators.entry(symbol).or_default().push((schema, name));
                }
                Row::BuiltIn { built_in } => {
                    catalog.built_in.extend(built_in.unwrap_or_default());
                    tail = true;
                }
                Row::Code { code } => {
                    let (place, code) = Code::read(code);
                    catalog.code.entry(place).or_default().push(code);
                }
            }
        }
        if head && tail { Ok(catalog) } else { Err(Unreadable("it is not complete".into())) }
    }

    /// Adds a relation.
    pub fn add(&mut self, relation: Relation) {
        self.names.take();
        self.relations.insert((relation.schema.clone(), relation.name.clone()), Arc::new(relation));
    }

    /// Adds a function.
    pub fn add_function(&mut self, function: Function) {
        self.function_names.take();
        let functions: &mut HashMap<_, Vec<Arc<Function>>> = &mut self.functions;
        functions.entry((function.schema.clone(), function.name.clone())).or_default().push(Arc::new(function));
    }
}

pub(super) fn oid(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

impl From<RelationRow> for Relation {
    fn from(row: RelationRow) -> Self {
        let kind = match row.kind.as_str() {
            "p" => Kind::Partitioned,
            "v" => Kind::View,
            "m" => Kind::MaterializedView,
            "f" => Kind::Foreign,
            "S" => Kind::Sequence,
            "c" => Kind::Composite,
            _ => Kind::Table,
        };
        Self {
            oid: oid(row.oid),
            schema: row.schema,
            name: row.name,
            kind,
            columns: row.columns.unwrap_or_default().into_iter().map(Column::from).collect(),
            parents: row.parents.unwrap_or_default().into_iter().map(oid).collect(),
            definition: row.definition,
            primary_key: row.key.unwrap_or_default(),
            unique: row.unique.unwrap_or_default(),
            constraints: row.constraints.unwrap_or_default().into_iter().map(Constraint::from).collect(),
        }
    }
}

impl From<ColumnRow> for Column {
    fn from((number, name, type_oid, type_name, base, category, not_null, generated): ColumnRow) -> Self {
        Self {
            number,
            name,
            type_oid: oid(type_oid),
            base_type: base.unwrap_or_else(|| type_name.clone()),
            type_name,
            category: category.and_then(|category| category.chars().next()).unwrap_or('X'),
            not_null,
            generated,
        }
    }
}

impl From<FunctionRow> for Function {
    fn from(row: FunctionRow) -> Self {
        Self {
            oid: oid(row.oid),
            schema: row.schema,
            name: row.name,
            language: row.language,
            volatility: row.volatility.chars().next().unwrap_or('v'),
            security_definer: row.definer,
            body: row.definition,
            extension: row.extension,
            arguments: row.arguments.unwrap_or_default(),
            source: row.source.unwrap_or_default(),
            parts: row.parts.unwrap_or_default(),
        }
    }
}
