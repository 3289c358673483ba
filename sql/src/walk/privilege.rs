//! Rights, roles, and what else belongs to the server: types, extensions, foreign servers, replication.

use pg_query::{
    NodeEnum,
    protobuf::{GrantStmt, GrantTargetType, Node, ObjectType, RangeVar, VariableSetStmt},
};

use super::{Walker, define::kind, each, inner};
use crate::{
    facts::{External, Name, Verb},
    naming::named,
    reading::Change,
};

impl Walker<'_> {
    pub(super) fn define_type(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::CompositeTypeStmt(create) => {
                self.ddl(Verb::Create, "type");
                if let Some(name) = &create.typevar {
                    self.creates(name);
                }
            }
            NodeEnum::CreateEnumStmt(create) => self.made(Verb::Create, "type", &create.type_name),
            NodeEnum::CreateRangeStmt(create) => self.made(Verb::Create, "type", &create.type_name),
            NodeEnum::AlterEnumStmt(alter) => self.made(Verb::Alter, "type", &alter.type_name),
            NodeEnum::AlterTypeStmt(alter) => self.made(Verb::Alter, "type", &alter.type_name),
            NodeEnum::CreateDomainStmt(create) => {
                self.made(Verb::Create, "domain", &create.domainname);
                for constraint in each(&create.constraints) {
                    if let NodeEnum::Constraint(constraint) = constraint {
                        self.maybe(inner(&constraint.raw_expr));
                    }
                }
            }
            NodeEnum::AlterDomainStmt(alter) => self.made(Verb::Alter, "domain", &alter.type_name),
            NodeEnum::DefineStmt(define) => self.made(Verb::Create, kind(define.kind()), &define.defnames),
            NodeEnum::AlterOperatorStmt(alter) => {
                let name = alter.opername.as_ref().map(|name| name.objname.as_slice()).unwrap_or_default();
                self.made(Verb::Alter, "operator", name);
            }
            NodeEnum::CreateOpClassStmt(create) => self.made(Verb::Create, "operator class", &create.opclassname),
            NodeEnum::CreateOpFamilyStmt(create) => self.made(Verb::Create, "operator family", &create.opfamilyname),
            NodeEnum::AlterOpFamilyStmt(alter) => self.made(Verb::Alter, "operator family", &alter.opfamilyname),
            NodeEnum::CreateCastStmt(_) => self.ddl(Verb::Create, "cast"),
            NodeEnum::CreateTransformStmt(_) => self.ddl(Verb::Create, "transform"),
            NodeEnum::CreateConversionStmt(create) => self.made(Verb::Create, "conversion", &create.conversion_name),
            NodeEnum::AlterCollationStmt(alter) => self.made(Verb::Alter, "collation", &alter.collname),
            NodeEnum::AlterTsdictionaryStmt(alter) => {
                self.made(Verb::Alter, "text search dictionary", &alter.dictname);
            }
            NodeEnum::AlterTsconfigurationStmt(alter) => {
                self.made(Verb::Alter, "text search configuration", &alter.cfgname);
            }
            NodeEnum::CreateStatsStmt(create) => {
                self.ddl(Verb::Create, "statistics");
                self.write_all(&create.relations);
            }
            NodeEnum::AlterStatsStmt(alter) => self.made(Verb::Alter, "statistics", &alter.defnames),
            NodeEnum::AlterFunctionStmt(alter) => {
                let name = alter.func.as_ref().map(|name| name.objname.as_slice()).unwrap_or_default();
                self.made(Verb::Alter, "function", name);
            }
            other => self.change(other),
        }
    }

    fn made(&mut self, verb: Verb, kind: &str, name: &[Node]) {
        self.ddl(verb, kind);
        self.new_dotted(name);
    }

    fn plain(&mut self, verb: Verb, kind: &str, name: &str) {
        self.ddl(verb, kind);
        self.writes_plain(name);
    }

    /// RENAME, OWNER TO, SET SCHEMA, COMMENT and the like, for any kind of object.
    fn change(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::RenameStmt(rename) => {
                let of = rename.rename_type();
                self.changed(of, rename.relation.as_ref(), inner(&rename.object), &rename.subname);
                if let (Some(relation), true) = (&rename.relation, rename.subname.is_empty()) {
                    for old in self.resolve(relation) {
                        self.renames(&old, named(&old.schema, &rename.newname));
                    }
                } else if let Some(old) = inner(&rename.object).and_then(of_function) {
                    for old in self.functions_of(old) {
                        self.renames(&old, named(&old.schema, &rename.newname));
                    }
                } else if rename.relation.is_none() {
                    self.writes_plain(&rename.newname);
                }
            }
            NodeEnum::AlterOwnerStmt(alter) => {
                self.changed(alter.object_type(), alter.relation.as_ref(), inner(&alter.object), "");
            }
            NodeEnum::AlterObjectSchemaStmt(alter) => {
                self.changed(alter.object_type(), alter.relation.as_ref(), inner(&alter.object), "");
                if let Some(relation) = &alter.relation {
                    for old in self.resolve(relation) {
                        self.renames(&old, named(&alter.newschema, &old.name));
                    }
                } else if let Some(old) = inner(&alter.object).and_then(of_function) {
                    for old in self.functions_of(old) {
                        self.renames(&old, named(&alter.newschema, &old.name));
                    }
                }
            }
            NodeEnum::AlterObjectDependsStmt(alter) => {
                self.changed(alter.object_type(), alter.relation.as_ref(), inner(&alter.object), "");
            }
            NodeEnum::CommentStmt(comment) => {
                self.verb(Verb::Comment);
                if let Some(object) = inner(&comment.object) {
                    self.object(comment.objtype(), object);
                }
            }
            NodeEnum::SecLabelStmt(label) => {
                self.verb(Verb::Admin);
                if let Some(object) = inner(&label.object) {
                    self.object(label.objtype(), object);
                }
            }
            other => self.rights(other),
        }
    }

    /// Later statements find it under its new name.
    fn renames(&mut self, from: &Name, to: Name) {
        self.facts.writes.insert(to.clone());
        self.changes.push(Change::Rename { from: from.clone(), to });
    }

    fn functions_of(&self, name: &[Node]) -> Vec<Name> {
        let Some((schema, name)) = super::dotted(name) else { return Vec::new() };
        self.session().naming.functions(schema, name, self.catalog)
    }

    fn changed(&mut self, of: ObjectType, relation: Option<&RangeVar>, object: Option<&NodeEnum>, name: &str) {
        self.ddl(Verb::Alter, kind(of));
        if relation.is_some() {
            self.writes(relation);
        } else if let Some(object) = object {
            self.object(of, object);
        } else if !name.is_empty() {
            self.writes_plain(name);
        }
    }

    fn rights(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::GrantStmt(grant) => self.grant(grant),
            NodeEnum::GrantRoleStmt(grant) => {
                self.verb(if grant.is_grant { Verb::Grant } else { Verb::Revoke });
                for role in each(&grant.granted_roles).chain(each(&grant.grantee_roles)) {
                    match role {
                        NodeEnum::AccessPriv(role) => self.writes_plain(&role.priv_name),
                        NodeEnum::RoleSpec(role) => self.writes_plain(&role.rolename),
                        _ => self.unknown("a role"),
                    }
                }
                self.cascades(grant.behavior);
            }
            NodeEnum::AlterDefaultPrivilegesStmt(alter) => {
                if let Some(grant) = &alter.action {
                    self.grant(grant);
                }
                self.ddl(Verb::Alter, "default privileges");
            }
            NodeEnum::CreateRoleStmt(create) => self.plain(Verb::Create, "role", &create.role),
            NodeEnum::AlterRoleStmt(alter) => self.role(Verb::Alter, alter.role.as_ref()),
            NodeEnum::AlterRoleSetStmt(alter) => {
                self.role(Verb::Alter, alter.role.as_ref());
                self.stored_setting(alter.setstmt.as_ref());
            }
            NodeEnum::DropRoleStmt(drop) => {
                self.ddl(Verb::Drop, "role");
                each(&drop.roles).for_each(|role| self.object(ObjectType::ObjectRole, role));
            }
            NodeEnum::DropOwnedStmt(drop) => {
                self.ddl(Verb::Drop, "owned");
                self.cascades(drop.behavior);
                each(&drop.roles).for_each(|role| self.object(ObjectType::ObjectRole, role));
            }
            NodeEnum::ReassignOwnedStmt(reassign) => {
                self.ddl(Verb::Alter, "owned");
                each(&reassign.roles).for_each(|role| self.object(ObjectType::ObjectRole, role));
            }
            other => self.server(other),
        }
    }

    fn role(&mut self, verb: Verb, role: Option<&pg_query::protobuf::RoleSpec>) {
        self.plain(verb, "role", role.map(|role| role.rolename.as_str()).unwrap_or_default());
    }

    /// A setting that later sessions begin with.
    fn stored_setting(&mut self, set: Option<&VariableSetStmt>) {
        let name = set.map(|set| set.name.to_lowercase()).filter(|name| !name.is_empty());
        self.facts.settings.insert(name.unwrap_or_else(|| "*".to_owned()));
    }

    fn grant(&mut self, grant: &GrantStmt) {
        self.verb(if grant.is_grant { Verb::Grant } else { Verb::Revoke });
        self.cascades(grant.behavior);
        for object in each(&grant.objects) {
            match (grant.targtype(), object) {
                (GrantTargetType::AclTargetAllInSchema, NodeEnum::String(schema)) => {
                    self.facts.writes.insert(named(&schema.sval, "*"));
                }
                (_, object) => self.object(grant.objtype(), object),
            }
        }
    }

    fn server(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::CreatedbStmt(create) => self.plain(Verb::Create, "database", &create.dbname),
            NodeEnum::AlterDatabaseStmt(alter) => self.plain(Verb::Alter, "database", &alter.dbname),
            NodeEnum::AlterDatabaseRefreshCollStmt(alter) => self.plain(Verb::Alter, "database", &alter.dbname),
            NodeEnum::AlterDatabaseSetStmt(alter) => {
                self.plain(Verb::Alter, "database", &alter.dbname);
                self.stored_setting(alter.setstmt.as_ref());
            }
            NodeEnum::DropdbStmt(drop) => self.plain(Verb::Drop, "database", &drop.dbname),
            NodeEnum::CreateTableSpaceStmt(create) => {
                self.plain(Verb::Create, "tablespace", &create.tablespacename);
                self.facts.external.insert(External::File);
            }
            NodeEnum::DropTableSpaceStmt(drop) => self.plain(Verb::Drop, "tablespace", &drop.tablespacename),
            NodeEnum::AlterTableSpaceOptionsStmt(alter) => {
                self.plain(Verb::Alter, "tablespace", &alter.tablespacename);
            }
            NodeEnum::AlterTableMoveAllStmt(alter) => {
                self.plain(Verb::Alter, kind(alter.objtype()), "*");
            }
            NodeEnum::CreateExtensionStmt(create) => {
                self.plain(Verb::Create, "extension", &create.extname);
                self.facts.external.insert(External::Program);
            }
            NodeEnum::AlterExtensionStmt(alter) => {
                self.plain(Verb::Alter, "extension", &alter.extname);
                self.facts.external.insert(External::Program);
            }
            NodeEnum::AlterExtensionContentsStmt(alter) => self.plain(Verb::Alter, "extension", &alter.extname),
            NodeEnum::CreatePlangStmt(create) => {
                self.plain(Verb::Create, "language", &create.plname);
                self.facts.external.insert(External::Program);
            }
            NodeEnum::CreateEventTrigStmt(create) => {
                self.plain(Verb::Create, "event trigger", &create.trigname);
                if let Some((schema, name)) = super::dotted(&create.funcname) {
                    self.calls(schema, name, &[]);
                }
            }
            NodeEnum::AlterEventTrigStmt(alter) => self.plain(Verb::Alter, "event trigger", &alter.trigname),
            NodeEnum::CreateAmStmt(create) => {
                self.plain(Verb::Create, "access method", &create.amname);
                self.facts.external.insert(External::Program);
            }
            other => self.remote(other),
        }
    }

    fn remote(&mut self, node: &NodeEnum) {
        let (verb, kind, name) = match node {
            NodeEnum::CreateFdwStmt(create) => (Verb::Create, "foreign data wrapper", &create.fdwname),
            NodeEnum::AlterFdwStmt(alter) => (Verb::Alter, "foreign data wrapper", &alter.fdwname),
            NodeEnum::CreateForeignServerStmt(create) => (Verb::Create, "foreign server", &create.servername),
            NodeEnum::AlterForeignServerStmt(alter) => (Verb::Alter, "foreign server", &alter.servername),
            NodeEnum::CreateUserMappingStmt(create) => (Verb::Create, "user mapping", &create.servername),
            NodeEnum::AlterUserMappingStmt(alter) => (Verb::Alter, "user mapping", &alter.servername),
            NodeEnum::DropUserMappingStmt(drop) => (Verb::Drop, "user mapping", &drop.servername),
            NodeEnum::ImportForeignSchemaStmt(import) => (Verb::Create, "foreign table", &import.server_name),
            NodeEnum::CreatePublicationStmt(create) => (Verb::Create, "publication", &create.pubname),
            NodeEnum::AlterPublicationStmt(alter) => (Verb::Alter, "publication", &alter.pubname),
            NodeEnum::CreateSubscriptionStmt(create) => (Verb::Create, "subscription", &create.subname),
            NodeEnum::AlterSubscriptionStmt(alter) => (Verb::Alter, "subscription", &alter.subname),
            NodeEnum::DropSubscriptionStmt(drop) => (Verb::Drop, "subscription", &drop.subname),
            _ => return self.unknown("this statement"),
        };
        self.plain(verb, kind, name);
        self.facts.external.insert(External::Network);
    }
}

/// The name of a function, procedure, routine or aggregate.
fn of_function(object: &NodeEnum) -> Option<&[Node]> {
    match object {
        NodeEnum::ObjectWithArgs(function) => Some(&function.objname),
        _ => None,
    }
}
