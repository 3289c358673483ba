//! Statements by kind: each top-level node of PostgreSQL's grammar. What is not listed is unknown.

use std::cell::RefCell;

use pg_query::{
    NodeEnum,
    protobuf::{
        CopyStmt, CreateTableAsStmt, DeclareCursorStmt, DiscardMode, ExecuteStmt, ExplainStmt, FetchDirection,
        FetchStmt, Node, ObjectType, PrepareStmt, TransactionStmt, TransactionStmtKind, VacuumStmt,
    },
};

use super::{
    Walker, each,
    given::{given, written_in},
    inner,
    scope::Shape,
    text_of,
};
use crate::{
    facts::{External, Verb},
    naming::named,
    reading::{Change, Depends},
};

/// The weakest lock of a table that nobody else can write under.
const EXCLUSIVE: i32 = 7;

impl Walker<'_> {
    /// A whole statement, as the client sent it.
    pub(crate) fn statement(&mut self, node: &NodeEnum) {
        self.deeper(|walker| walker.top(node));
    }

    fn top(&mut self, node: &NodeEnum) {
        let returned = match node {
            NodeEnum::SelectStmt(select) => self.select(select),
            NodeEnum::InsertStmt(insert) => self.insert(insert),
            NodeEnum::UpdateStmt(update) => self.update(update),
            NodeEnum::DeleteStmt(delete) => self.delete(delete),
            NodeEnum::MergeStmt(merge) => self.merge(merge),
            NodeEnum::CopyStmt(copy) => return self.copy(copy),
            NodeEnum::ExplainStmt(explain) => return self.explain(explain),
            NodeEnum::PrepareStmt(prepare) => return self.prepare(prepare),
            NodeEnum::ExecuteStmt(execute) => return self.execute(execute),
            NodeEnum::DeclareCursorStmt(declare) => return self.declare(declare),
            NodeEnum::FetchStmt(fetch) => return self.fetch(fetch),
            NodeEnum::CreateTableAsStmt(create) => return self.create_as(create),
            other => return self.command(other),
        };
        if !matches!(node, NodeEnum::SelectStmt(_)) {
            self.facts.limit = None;
        }
        let into = matches!(node, NodeEnum::SelectStmt(select) if select.into_clause.is_some());
        self.facts.bounded &= returned.bounded || into;
    }

    /// A statement inside of another one: a body's, a rule's, a view's.
    pub(super) fn nested(&mut self, node: &NodeEnum) {
        let before = self.changes.len();
        self.top(node);
        self.take_effect(before);
    }

    fn command(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::TransactionStmt(transaction) => self.transaction(transaction),
            NodeEnum::VariableSetStmt(set) => {
                self.verb(Verb::Set);
                self.set(set);
            }
            NodeEnum::VariableShowStmt(_) => self.verb(Verb::Show),
            NodeEnum::DiscardStmt(discard) => {
                self.verb(Verb::Discard);
                match discard.target() {
                    DiscardMode::DiscardAll => self.changes.push(Change::DiscardAll),
                    DiscardMode::DiscardTemp => self.changes.push(Change::NoTemporary(None)),
                    _ => {}
                }
            }
            NodeEnum::DeallocateStmt(deallocate) => {
                self.verb(Verb::Prepare);
                let name = (!deallocate.isall && !deallocate.name.is_empty()).then(|| deallocate.name.clone());
                self.changes.push(Change::Deallocate(name));
            }
            NodeEnum::ClosePortalStmt(close) => {
                self.verb(Verb::Cursor);
                let name = (!close.portalname.is_empty()).then(|| close.portalname.clone());
                self.changes.push(Change::CloseCursor(name));
            }
            NodeEnum::ListenStmt(_) | NodeEnum::UnlistenStmt(_) => self.verb(Verb::Listen),
            NodeEnum::NotifyStmt(_) => self.verb(Verb::Notify),
            NodeEnum::LockStmt(lock) => {
                self.verb(Verb::Lock);
                if lock.mode >= EXCLUSIVE {
                    self.verb(Verb::Admin);
                }
                self.write_all(&lock.relations);
            }
            NodeEnum::TruncateStmt(truncate) => {
                self.verb(Verb::Truncate);
                self.write_all(&truncate.relations);
                self.cascades(truncate.behavior);
            }
            NodeEnum::VacuumStmt(vacuum) => self.vacuum(vacuum),
            NodeEnum::CallStmt(call) => {
                self.verb(Verb::Call);
                if let Some(call) = &call.funccall {
                    self.call(call);
                }
            }
            NodeEnum::DoStmt(block) => {
                self.verb(Verb::Do);
                self.block(block);
            }
            NodeEnum::ConstraintsSetStmt(_) => self.verb(Verb::Set),
            NodeEnum::CheckPointStmt(_) => {
                self.verb(Verb::Maintain);
                self.verb(Verb::Admin);
            }
            NodeEnum::ClusterStmt(cluster) => {
                self.verb(Verb::Maintain);
                self.verb(Verb::Admin);
                self.writes(cluster.relation.as_ref());
            }
            NodeEnum::ReindexStmt(reindex) => {
                self.verb(Verb::Maintain);
                if reindex.relation.is_none() {
                    self.verb(Verb::Admin);
                }
                self.writes(reindex.relation.as_ref());
                if !reindex.name.is_empty() {
                    self.writes_plain(&reindex.name);
                }
            }
            NodeEnum::RefreshMatViewStmt(refresh) => {
                self.verb(Verb::Maintain);
                self.writes(refresh.relation.as_ref());
                if let Some(view) = &refresh.relation {
                    for name in self.resolve(view) {
                        self.expand_view(&name);
                    }
                }
            }
            NodeEnum::LoadStmt(_) => {
                self.verb(Verb::Admin);
                self.facts.external.extend([External::Program, External::File]);
            }
            NodeEnum::AlterSystemStmt(alter) => {
                self.verb(Verb::Admin);
                if let Some(set) = &alter.setstmt {
                    self.facts.settings.insert(if set.name.is_empty() {
                        "*".to_owned()
                    } else {
                        set.name.to_lowercase()
                    });
                }
            }
            other => self.define(other),
        }
    }

    fn transaction(&mut self, transaction: &TransactionStmt) {
        self.verb(Verb::Transaction);
        match transaction.kind() {
            TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart => {
                self.changes.push(Change::Begin)
            }
            TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtPrepare => {
                self.changes.push(Change::Commit);
            }
            TransactionStmtKind::TransStmtRollback => self.changes.push(Change::Rollback),
            TransactionStmtKind::TransStmtSavepoint => {
                self.changes.push(Change::Savepoint(transaction.savepoint_name.clone()));
            }
            TransactionStmtKind::TransStmtRelease => {
                self.changes.push(Change::Release(transaction.savepoint_name.clone()));
            }
            TransactionStmtKind::TransStmtRollbackTo => {
                self.changes.push(Change::RollbackTo(transaction.savepoint_name.clone()));
            }
            _ => {}
        }
        let outlives_session = matches!(
            transaction.kind(),
            TransactionStmtKind::TransStmtPrepare
                | TransactionStmtKind::TransStmtCommitPrepared
                | TransactionStmtKind::TransStmtRollbackPrepared
        );
        if outlives_session {
            // Its locks stay until anybody ends it, and whoever does need not have begun it.
            self.verb(Verb::Admin);
        }
        let ends =
            matches!(transaction.kind(), TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtRollback);
        if transaction.chain && ends {
            self.changes.push(Change::Begin);
        }
        for option in each(&transaction.options) {
            if let NodeEnum::DefElem(option) = option {
                self.facts.settings.insert(option.defname.to_lowercase());
            }
        }
    }

    pub(super) fn write_all(&mut self, relations: &[Node]) {
        for relation in each(relations) {
            match relation {
                NodeEnum::RangeVar(relation) => self.writes(Some(relation)),
                _ => self.unknown("a relation"),
            }
        }
    }

    /// `behavior` is a `DropBehavior`.
    pub(super) fn cascades(&mut self, behavior: i32) {
        self.facts.cascade |= behavior == i32::from(pg_query::protobuf::DropBehavior::DropCascade);
    }

    fn vacuum(&mut self, vacuum: &VacuumStmt) {
        self.verb(Verb::Vacuum);
        // It locks everybody out while it copies the table.
        let full =
            each(&vacuum.options).any(|option| matches!(option, NodeEnum::DefElem(option) if option.defname == "full"));
        if full {
            self.verb(Verb::Admin);
        }
        for relation in each(&vacuum.rels) {
            match relation {
                NodeEnum::VacuumRelation(relation) => self.writes(relation.relation.as_ref()),
                _ => self.unknown("a relation"),
            }
        }
    }

    fn copy(&mut self, copy: &CopyStmt) {
        self.verb(if copy.is_from { Verb::CopyIn } else { Verb::CopyOut });
        if copy.is_program {
            self.facts.external.insert(External::Program);
            self.verb(Verb::Admin);
        } else if !copy.filename.is_empty() {
            self.facts.external.insert(External::File);
        }
        if let Some(relation) = &copy.relation {
            if copy.is_from {
                self.writes(Some(relation));
            } else {
                for table in self.reads(relation) {
                    let columns: Vec<&str> = each(&copy.attlist).filter_map(text_of).collect();
                    let columns = if columns.is_empty() { vec!["*"] } else { columns };
                    for column in columns {
                        self.facts.columns.insert(format!("{table}.{column}"));
                    }
                }
                self.facts.bounded = false;
            }
        }
        if let Some(query) = inner(&copy.query) {
            let shape = self.inner_query(Some(query));
            self.facts.bounded &= shape.bounded;
        }
        self.maybe(inner(&copy.where_clause));
    }

    fn explain(&mut self, explain: &ExplainStmt) {
        self.verb(Verb::Explain);
        if let Some(query) = inner(&explain.query) {
            let (bounded, packed) = (self.facts.bounded, self.facts.packed);
            self.nested(query);
            // It returns a plan, not rows.
            self.facts.packed = packed;
            self.facts.bounded = bounded && self.facts.unknown.is_none();
            self.facts.limit = None;
        }
    }

    fn prepare(&mut self, prepare: &PrepareStmt) {
        self.verb(Verb::Prepare);
        if let Some(query) = inner(&prepare.query) {
            // Its parameters are given by EXECUTE.
            let doubts = self.doubts.borrow().clone();
            self.nested(query);
            self.doubts = RefCell::new(doubts);
        }
        self.changes.push(Change::Prepare { name: prepare.name.clone(), text: self.text.to_owned() });
    }

    fn execute(&mut self, execute: &ExecuteStmt) {
        self.verb(Verb::Execute);
        self.depends = Depends::Session;
        self.expressions(&execute.params);
        let name = named("prepared statement", &execute.name);
        let texts = self.session().prepared(&execute.name).map(<[_]>::to_vec).unwrap_or_default();
        if texts.is_empty() || self.expanding.contains(&name) {
            self.facts.make_unknown("what was prepared under this name is not known");
            return;
        }
        self.expanding.push(name);
        for text in texts {
            self.prepared_text(execute, &text);
        }
        self.expanding.pop();
    }

    /// The query of `PREPARE name` in the text that prepared it, with what EXECUTE gives it.
    fn prepared_text(&mut self, execute: &ExecuteStmt, text: &str) {
        let tree = crate::Tree::parse(text, self.session().dialect());
        let mut found = false;
        let filled = written_in(text, self.own);
        let filled = filled.and_then(|text| crate::Tree::parse(&text, self.session().dialect()).ok());
        for parsed in tree.iter().chain(&filled).flat_map(|tree| &tree.statements) {
            match &parsed.node {
                NodeEnum::PrepareStmt(prepare) if prepare.name == execute.name => {
                    found = true;
                    self.facts.give(&given(&execute.params, &prepare.argtypes));
                    if let Some(query) = inner(&prepare.query) {
                        self.nested(query);
                    }
                }
                _ => {}
            }
        }
        if !found {
            self.facts.make_unknown("what was prepared under this name is not known");
        }
    }

    fn declare(&mut self, declare: &DeclareCursorStmt) {
        const HOLD: i32 = 0x20;
        self.verb(Verb::Cursor);
        let before = std::mem::take(&mut self.facts);
        let shape = self.inner_query(inner(&declare.query));
        self.facts.bounded &= shape.bounded;
        let facts = std::mem::replace(&mut self.facts, before);
        self.facts.include(&facts);
        self.facts.limit = facts.limit;
        let hold = declare.options & HOLD != 0;
        self.changes.push(Change::Declare { name: declare.portalname.clone(), facts: Box::new(facts), hold });
    }

    fn fetch(&mut self, fetch: &FetchStmt) {
        self.verb(Verb::Cursor);
        self.depends = Depends::Session;
        let Some(facts) = self.session().cursor(&fetch.portalname).cloned() else {
            self.facts.make_unknown("the cursor is not known");
            return;
        };
        let bounded = self.facts.bounded;
        self.facts.include(&facts);
        let all = fetch.how_many == i64::MAX || fetch.how_many == i64::MIN + 1;
        let counted =
            matches!(fetch.direction(), FetchDirection::FetchAbsolute | FetchDirection::FetchRelative) || !all;
        if counted || fetch.ismove {
            self.facts.bounded = bounded;
        }
        let rows = match fetch.direction() {
            FetchDirection::FetchAbsolute | FetchDirection::FetchRelative => 1,
            _ => fetch.how_many.unsigned_abs(),
        };
        self.facts.limit = (counted && !fetch.ismove).then_some(rows);
    }

    fn create_as(&mut self, create: &CreateTableAsStmt) {
        let kind = match create.objtype() {
            ObjectType::ObjectMatview => "materialized view",
            _ => "table",
        };
        self.ddl(Verb::Create, kind);
        self.verb(Verb::Insert);
        match inner(&create.query) {
            Some(NodeEnum::ExecuteStmt(execute)) => self.execute(execute),
            query => {
                let _shape: Shape = self.inner_query(query);
            }
        }
        // The rows stay on the server.
        self.facts.bounded = self.facts.unknown.is_none();
        self.facts.limit = None;
        if let Some(relation) = create.into.as_ref().and_then(|into| into.rel.as_ref()) {
            self.creates(relation);
        }
    }
}
