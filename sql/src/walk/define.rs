//! Data definition: CREATE, ALTER, DROP and what else shapes a database.

use std::sync::Arc;

use pg_query::{
    NodeEnum,
    protobuf::{
        AlterTableCmd, AlterTableStmt, AlterTableType, CreateFunctionStmt, CreateSchemaStmt, CreateStmt,
        CreateTrigStmt, DropStmt, Node, ObjectType, RangeVar, RuleStmt, ViewStmt,
    },
};

use super::{Walker, dotted, each, inner, text_of};
use crate::{
    facts::{External, Verb},
    reading::Change,
};

impl Walker<'_> {
    pub(super) fn define(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::CreateStmt(create) => {
                self.ddl(Verb::Create, "table");
                self.create_table(create);
            }
            NodeEnum::CreateForeignTableStmt(create) => {
                self.ddl(Verb::Create, "foreign table");
                self.facts.external.insert(External::Network);
                if let Some(base) = &create.base_stmt {
                    self.create_table(base);
                }
            }
            NodeEnum::ViewStmt(view) => self.create_view(view),
            NodeEnum::IndexStmt(index) => {
                self.ddl(Verb::Create, "index");
                self.over(index.relation.as_ref(), |walker| {
                    walker.expressions(&index.index_params);
                    walker.maybe(inner(&index.where_clause));
                });
            }
            NodeEnum::CreateSeqStmt(create) => {
                self.ddl(Verb::Create, "sequence");
                self.new_relation(create.sequence.as_ref());
            }
            NodeEnum::AlterSeqStmt(alter) => {
                self.ddl(Verb::Alter, "sequence");
                self.writes(alter.sequence.as_ref());
            }
            NodeEnum::CreateSchemaStmt(create) => self.create_schema(create),
            NodeEnum::CreateFunctionStmt(create) => self.create_function(create),
            NodeEnum::CreateTrigStmt(create) => self.create_trigger(create),
            NodeEnum::RuleStmt(rule) => self.create_rule(rule),
            NodeEnum::CreatePolicyStmt(policy) => {
                self.ddl(Verb::Create, "policy");
                self.over(policy.table.as_ref(), |walker| {
                    walker.maybe(inner(&policy.qual));
                    walker.maybe(inner(&policy.with_check));
                });
            }
            NodeEnum::AlterPolicyStmt(policy) => {
                self.ddl(Verb::Alter, "policy");
                self.over(policy.table.as_ref(), |walker| {
                    walker.maybe(inner(&policy.qual));
                    walker.maybe(inner(&policy.with_check));
                });
            }
            NodeEnum::AlterTableStmt(alter) => self.alter_table(alter),
            NodeEnum::DropStmt(drop) => self.drop_objects(drop),
            other => self.define_type(other),
        }
    }

    /// Walks expressions over the columns of one relation, which is written.
    fn over(&mut self, relation: Option<&RangeVar>, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(super::scope::Scope::default());
        if let Some(relation) = relation {
            self.writes(Some(relation));
            let tables = self.resolve(relation);
            let shape = self.shape_of(&tables);
            self.enter(relation.alias.as_ref(), &relation.relname, tables, shape);
        }
        walk(self);
        self.scopes.pop();
    }

    fn new_relation(&mut self, relation: Option<&RangeVar>) {
        match relation {
            Some(relation) => self.creates(relation),
            None => self.unknown("a new relation"),
        }
    }

    fn create_table(&mut self, create: &CreateStmt) {
        self.new_relation(create.relation.as_ref());
        for parent in each(&create.inh_relations) {
            match parent {
                NodeEnum::RangeVar(parent) => {
                    // A new child or partition changes what its parent shows.
                    self.writes(Some(parent));
                }
                _ => self.unknown("a parent table"),
            }
        }
        self.elements(&create.table_elts);
        self.elements(&create.constraints);
        if let Some(spec) = &create.partspec {
            for part in each(&spec.part_params) {
                if let NodeEnum::PartitionElem(part) = part {
                    self.maybe(inner(&part.expr));
                }
            }
        }
    }

    /// Column definitions, constraints and LIKE of a table.
    fn elements(&mut self, elements: &[Node]) {
        for element in each(elements) {
            self.element(element);
        }
    }

    fn element(&mut self, element: &NodeEnum) {
        self.deeper(|walker| match element {
            NodeEnum::ColumnDef(column) => {
                walker.maybe(inner(&column.raw_default));
                walker.elements(&column.constraints);
            }
            NodeEnum::Constraint(constraint) => {
                walker.maybe(inner(&constraint.raw_expr));
                walker.maybe(inner(&constraint.where_clause));
                if let Some(referenced) = &constraint.pktable {
                    for name in walker.resolve(referenced) {
                        walker.facts.reads.insert(name);
                    }
                }
            }
            NodeEnum::TableLikeClause(like) => {
                if let Some(relation) = &like.relation {
                    for name in walker.resolve(relation) {
                        walker.facts.reads.insert(name);
                    }
                }
            }
            _ => walker.unknown("a part of a table"),
        });
    }

    fn create_view(&mut self, view: &ViewStmt) {
        self.ddl(Verb::Create, "view");
        self.new_relation(view.view.as_ref());
        let Some(relation) = &view.view else { return };
        let temporary = relation.relpersistence == "t" || relation.schemaname.starts_with("pg_temp");
        let schema = match relation.schemaname.as_str() {
            _ if temporary => "pg_temp".to_owned(),
            "" => self.session().naming.creation(),
            schema => schema.to_owned(),
        };
        let name = crate::Name { schema, name: relation.relname.clone() };
        self.defines(name, |walker| drop(walker.inner_query(inner(&view.query))));
    }

    /// What is stored under this name is part of the facts, and is what later statements do that use it.
    fn defines(&mut self, name: crate::Name, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.facts);
        walk(self);
        let facts = std::mem::replace(&mut self.facts, before);
        let bounded = self.facts.bounded;
        self.facts.include(&facts);
        self.facts.bounded = bounded && self.facts.unknown.is_none();
        self.changes.push(Change::Define { name, facts: Arc::new(facts) });
    }

    fn create_schema(&mut self, create: &CreateSchemaStmt) {
        self.ddl(Verb::Create, "schema");
        let owner = create.authrole.as_ref().map(|role| role.rolename.as_str()).unwrap_or_default();
        let name = if create.schemaname.is_empty() { owner } else { &create.schemaname }.to_owned();
        self.writes_plain(&name);
        for element in each(&create.schema_elts) {
            self.deeper(|walker| walker.nested(element));
        }
    }

    fn create_function(&mut self, create: &CreateFunctionStmt) {
        self.ddl(Verb::Create, if create.is_procedure { "procedure" } else { "function" });
        self.new_dotted(&create.funcname);
        for parameter in each(&create.parameters) {
            if let NodeEnum::FunctionParameter(parameter) = parameter {
                self.maybe(inner(&parameter.defexpr));
            }
        }
        let mut language = if create.sql_body.is_some() { "sql" } else { "" };
        let mut body = None;
        for option in each(&create.options) {
            let NodeEnum::DefElem(option) = option else { continue };
            match option.defname.as_str() {
                "language" => language = inner(&option.arg).and_then(text_of).unwrap_or_default(),
                "as" => body = inner(&option.arg),
                "set" => {
                    if let Some(NodeEnum::VariableSetStmt(set)) = inner(&option.arg) {
                        self.facts.settings.insert(set.name.to_lowercase());
                    }
                }
                _ => {}
            }
        }
        let Some((schema, name)) = dotted(&create.funcname) else { return };
        let schema = if schema.is_empty() { self.session().naming.creation() } else { schema.to_owned() };
        let name = crate::Name { schema, name: name.to_owned() };
        self.defines(name, |walker| {
            walker.later(|walker| {
                if let Some(body) = inner(&create.sql_body) {
                    walker.sql_body(body);
                }
                match body {
                    Some(NodeEnum::List(_)) if matches!(language, "c" | "internal") => {
                        walker.facts.external.insert(External::Program);
                    }
                    Some(NodeEnum::List(list)) => {
                        walker.definition = Some(walker.own);
                        for text in each(&list.items).filter_map(text_of) {
                            walker.code(language, text, None);
                        }
                        walker.definition = None;
                    }
                    _ => {}
                }
            })
        });
    }

    /// What is stored to run later: it is part of the facts, but changes nothing in this session now.
    fn later(&mut self, walk: impl FnOnce(&mut Self)) {
        let changes = self.changes.len();
        let bounded = self.facts.bounded;
        let changed = self.changed.clone();
        walk(self);
        self.changed = changed;
        self.changes.truncate(changes);
        self.facts.bounded = bounded && self.facts.unknown.is_none();
    }

    /// `RETURN expression` or `BEGIN ATOMIC ... END`.
    pub(super) fn sql_body(&mut self, body: &NodeEnum) {
        self.deeper(|walker| match body {
            NodeEnum::ReturnStmt(value) => walker.maybe(inner(&value.returnval)),
            NodeEnum::List(list) => each(&list.items).for_each(|statement| walker.sql_body(statement)),
            statement => walker.nested(statement),
        });
    }

    fn create_trigger(&mut self, create: &CreateTrigStmt) {
        self.ddl(Verb::Create, "trigger");
        self.over(create.relation.as_ref(), |walker| walker.maybe(inner(&create.when_clause)));
        self.later(|walker| {
            if let Some((schema, name)) = dotted(&create.funcname) {
                walker.calls(schema, name, &[]);
            }
        });
    }

    fn create_rule(&mut self, rule: &RuleStmt) {
        self.ddl(Verb::Create, "rule");
        self.over(rule.relation.as_ref(), |walker| walker.maybe(inner(&rule.where_clause)));
        self.later(|walker| {
            for action in each(&rule.actions) {
                walker.deeper(|walker| walker.nested(action));
            }
        });
    }

    fn alter_table(&mut self, alter: &AlterTableStmt) {
        self.ddl(Verb::Alter, kind(alter.objtype()));
        self.over(alter.relation.as_ref(), |walker| {
            for command in each(&alter.cmds) {
                match command {
                    NodeEnum::AlterTableCmd(command) => walker.alter_command(command),
                    _ => walker.unknown("an ALTER"),
                }
            }
        });
    }

    fn alter_command(&mut self, command: &AlterTableCmd) {
        self.cascades(command.behavior);
        match command.subtype() {
            AlterTableType::AtDropColumn => {
                self.facts.ddl.insert("drop column".to_owned());
                self.verb(Verb::Drop);
            }
            AlterTableType::AtDropConstraint => {
                self.facts.ddl.insert("drop constraint".to_owned());
                self.verb(Verb::Drop);
            }
            AlterTableType::AtAddColumn => {
                self.facts.ddl.insert("add column".to_owned());
            }
            AlterTableType::AtDetachPartition => {
                self.facts.ddl.insert("detach partition".to_owned());
            }
            AlterTableType::AtDisableRowSecurity
            | AlterTableType::AtNoForceRowSecurity
            | AlterTableType::AtDisableTrig
            | AlterTableType::AtDisableTrigAll
            | AlterTableType::AtDisableTrigUser
            | AlterTableType::AtDisableRule => self.verb(Verb::Admin),
            _ => {}
        }
        match inner(&command.def) {
            None => {}
            Some(NodeEnum::PartitionCmd(part)) => self.writes(part.name.as_ref()),
            Some(element @ (NodeEnum::ColumnDef(_) | NodeEnum::Constraint(_))) => self.element(element),
            Some(NodeEnum::RangeVar(parent)) => self.writes(Some(parent)),
            Some(
                NodeEnum::List(_)
                | NodeEnum::DefElem(_)
                | NodeEnum::ReplicaIdentityStmt(_)
                | NodeEnum::AtalterConstraint(_)
                | NodeEnum::TypeName(_)
                | NodeEnum::String(_)
                | NodeEnum::Integer(_),
            ) => {}
            Some(expression) => self.expression(expression),
        }
    }

    fn drop_objects(&mut self, drop: &DropStmt) {
        self.ddl(Verb::Drop, kind(drop.remove_type()));
        self.cascades(drop.behavior);
        for object in each(&drop.objects) {
            self.object(drop.remove_type(), object);
            if matches!(drop.remove_type(), ObjectType::ObjectTable | ObjectType::ObjectView)
                && let NodeEnum::List(list) = object
                && let Some(name) = each(&list.items).filter_map(text_of).next_back()
                && self.session().naming.temporary.contains_key(name)
            {
                self.changes.push(Change::NoTemporary(Some(name.to_owned())));
            }
        }
    }

    /// An object named as the grammar names objects of its kind.
    pub(super) fn object(&mut self, of: ObjectType, object: &NodeEnum) {
        match object {
            NodeEnum::List(list) => {
                let parts = list.items.as_slice();
                match of {
                    // Relation and the name of something on it.
                    ObjectType::ObjectTrigger
                    | ObjectType::ObjectRule
                    | ObjectType::ObjectPolicy
                    | ObjectType::ObjectTabconstraint
                    | ObjectType::ObjectColumn => {
                        let (_, relation) = parts.split_last().unwrap_or((&Node { node: None }, &[]));
                        self.writes_dotted(relation);
                    }
                    ObjectType::ObjectCast | ObjectType::ObjectTransform | ObjectType::ObjectDomconstraint => {}
                    _ => self.writes_dotted(parts),
                }
            }
            NodeEnum::ObjectWithArgs(function) => self.new_dotted(&function.objname),
            NodeEnum::TypeName(name) => self.writes_dotted(&name.names),
            NodeEnum::String(name) => self.writes_plain(&name.sval),
            NodeEnum::RangeVar(relation) => self.writes(Some(relation)),
            NodeEnum::RoleSpec(role) => self.writes_plain(&role.rolename),
            NodeEnum::Integer(_) | NodeEnum::Float(_) => {
                self.facts.writes.insert(crate::naming::named("pg_catalog", "pg_largeobject"));
            }
            _ => self.unknown("an object"),
        }
    }

    /// A function, type or the like, in the schema it names or the one new objects are made in.
    pub(super) fn new_dotted(&mut self, parts: &[Node]) {
        let Some((schema, name)) = dotted(parts) else { return };
        let schema = if schema.is_empty() {
            self.depends = self.depends.max(crate::Depends::Key);
            self.session().naming.creation()
        } else {
            schema.to_owned()
        };
        self.facts.writes.insert(crate::Name { schema, name: name.to_owned() });
    }
}

/// What people call it.
pub(super) fn kind(of: ObjectType) -> &'static str {
    match of {
        ObjectType::ObjectTable => "table",
        ObjectType::ObjectView => "view",
        ObjectType::ObjectMatview => "materialized view",
        ObjectType::ObjectIndex => "index",
        ObjectType::ObjectSequence => "sequence",
        ObjectType::ObjectForeignTable => "foreign table",
        ObjectType::ObjectSchema => "schema",
        ObjectType::ObjectFunction | ObjectType::ObjectRoutine => "function",
        ObjectType::ObjectProcedure => "procedure",
        ObjectType::ObjectAggregate => "aggregate",
        ObjectType::ObjectTrigger => "trigger",
        ObjectType::ObjectEventTrigger => "event trigger",
        ObjectType::ObjectRule => "rule",
        ObjectType::ObjectPolicy => "policy",
        ObjectType::ObjectType => "type",
        ObjectType::ObjectDomain | ObjectType::ObjectDomconstraint => "domain",
        ObjectType::ObjectExtension => "extension",
        ObjectType::ObjectRole => "role",
        ObjectType::ObjectDatabase => "database",
        ObjectType::ObjectTablespace => "tablespace",
        ObjectType::ObjectLanguage => "language",
        ObjectType::ObjectFdw => "foreign data wrapper",
        ObjectType::ObjectForeignServer => "foreign server",
        ObjectType::ObjectUserMapping => "user mapping",
        ObjectType::ObjectPublication => "publication",
        ObjectType::ObjectSubscription => "subscription",
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => "column",
        ObjectType::ObjectTabconstraint => "constraint",
        ObjectType::ObjectLargeobject => "large object",
        ObjectType::ObjectCollation => "collation",
        ObjectType::ObjectConversion => "conversion",
        ObjectType::ObjectCast => "cast",
        ObjectType::ObjectTransform => "transform",
        ObjectType::ObjectOperator => "operator",
        ObjectType::ObjectOpclass => "operator class",
        ObjectType::ObjectOpfamily => "operator family",
        ObjectType::ObjectAccessMethod => "access method",
        ObjectType::ObjectStatisticExt => "statistics",
        ObjectType::ObjectTsconfiguration => "text search configuration",
        ObjectType::ObjectTsdictionary => "text search dictionary",
        ObjectType::ObjectTsparser => "text search parser",
        ObjectType::ObjectTstemplate => "text search template",
        _ => "object",
    }
}
