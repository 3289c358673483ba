//! INSERT, UPDATE, DELETE, MERGE: what is written, and whether a condition limits it.

use pg_query::{
    NodeEnum,
    protobuf::{
        CmdType, DeleteStmt, InsertStmt, MergeMatchKind, MergeStmt, MergeWhenClause, Node, OnConflictAction, RangeVar,
        ReturningClause, SelectStmt, UpdateStmt,
    },
};

use super::{
    Walker, each, inner,
    query::made,
    scope::{Scope, Shape},
};
use crate::facts::Verb;

impl Walker<'_> {
    pub(super) fn insert(&mut self, insert: &InsertStmt) -> Shape {
        self.verb(Verb::Insert);
        self.with(insert.with_clause.as_ref(), |walker| {
            let shape = match inner(&insert.select_stmt) {
                Some(NodeEnum::SelectStmt(values)) if is_values(values) => walker.values(values),
                Some(source) => walker.inner_query(Some(source)),
                None => made(),
            };
            walker.target(insert.relation.as_ref());
            let own = walker.scopes.last().and_then(|scope| scope.entries.first());
            let onto_itself = own.is_some_and(|own| own.tables.iter().any(|table| shape.whole.contains(table)));
            walker.enter(None, "excluded", Vec::new(), made());
            for column in each(&insert.cols) {
                walker.target_column(column);
            }
            if let Some(conflict) = &insert.on_conflict_clause {
                if let Some(infer) = &conflict.infer {
                    walker.expressions(&infer.index_elems);
                    walker.maybe(inner(&infer.where_clause));
                }
                if conflict.action() == OnConflictAction::OnconflictUpdate {
                    walker.verb(Verb::Update);
                    // Every row of the relation meets itself.
                    walker.facts.filtered &= !onto_itself;
                }
                walker.assignments(&conflict.target_list);
                walker.maybe(inner(&conflict.where_clause));
            }
            walker.returning(insert.returning_clause.as_ref());
            walker.scopes.pop();
            Shape { bounded: shape.bounded || insert.returning_clause.is_none(), ..Shape::default() }
        })
    }

    pub(super) fn update(&mut self, update: &UpdateStmt) -> Shape {
        self.verb(Verb::Update);
        self.with(update.with_clause.as_ref(), |walker| {
            walker.target(update.relation.as_ref());
            for item in each(&update.from_clause) {
                walker.source(item);
            }
            walker.assignments(&update.target_list);
            walker.aside(|walker| walker.maybe(inner(&update.where_clause)));
            walker.returning(update.returning_clause.as_ref());
            let from = &update.from_clause;
            walker.limited(from, inner(&update.where_clause), update.returning_clause.is_some())
        })
    }

    pub(super) fn delete(&mut self, delete: &DeleteStmt) -> Shape {
        self.verb(Verb::Delete);
        self.with(delete.with_clause.as_ref(), |walker| {
            walker.target(delete.relation.as_ref());
            for item in each(&delete.using_clause) {
                walker.source(item);
            }
            walker.aside(|walker| walker.maybe(inner(&delete.where_clause)));
            walker.returning(delete.returning_clause.as_ref());
            let using = &delete.using_clause;
            walker.limited(using, inner(&delete.where_clause), delete.returning_clause.is_some())
        })
    }

    /// Judges the condition of the statement whose scope is innermost, and leaves that scope.
    fn limited(&mut self, from: &[Node], condition: Option<&NodeEnum>, returns: bool) -> Shape {
        let Some(mut scope) = self.scopes.pop() else { return Shape::default() };
        self.pass_through(from, &mut scope);
        self.repeat.enter(&mut scope);
        let mut conditions = self.conditions(&scope);
        for item in each(from) {
            conditions.join(item);
        }
        if let Some(condition) = condition {
            conditions.condition(condition);
        }
        let (filtered, whole) = (conditions.filters_first(), conditions.unlimited());
        self.facts.filtered &= filtered;
        Shape { bounded: filtered || !returns, whole, ..Shape::default() }
    }

    pub(super) fn merge(&mut self, merge: &MergeStmt) -> Shape {
        self.verb(Verb::Merge);
        self.with(merge.with_clause.as_ref(), |walker| {
            walker.target(merge.relation.as_ref());
            if let Some(source) = inner(&merge.source_relation) {
                walker.source(source);
            }
            walker.aside(|walker| walker.maybe(inner(&merge.join_condition)));
            let mut filtered = true;
            for clause in each(&merge.merge_when_clauses) {
                match clause {
                    NodeEnum::MergeWhenClause(clause) => {
                        walker.maybe(inner(&clause.condition));
                        walker.assignments(&clause.target_list);
                        walker.expressions(&clause.values);
                        filtered &= walker.when_is_limited(merge, clause);
                    }
                    _ => walker.unknown("a WHEN of MERGE"),
                }
            }
            walker.returning(merge.returning_clause.as_ref());
            walker.scopes.pop();
            walker.facts.filtered &= filtered;
            Shape { bounded: filtered || merge.returning_clause.is_none(), ..Shape::default() }
        })
    }

    fn when_is_limited(&mut self, merge: &MergeStmt, clause: &MergeWhenClause) -> bool {
        match clause.command_type() {
            CmdType::CmdInsert => self.verb(Verb::Insert),
            CmdType::CmdUpdate => self.verb(Verb::Update),
            CmdType::CmdDelete => self.verb(Verb::Delete),
            _ => {}
        }
        if !matches!(clause.command_type(), CmdType::CmdUpdate | CmdType::CmdDelete) {
            return true;
        }
        let Some(mut scope) = self.scopes.last().cloned() else { return false };
        self.repeat.enter(&mut scope);
        let mut conditions = self.conditions(&scope);
        if clause.match_kind() == MergeMatchKind::MergeWhenMatched
            && let Some(on) = inner(&merge.join_condition)
        {
            conditions.condition(on);
        }
        if let Some(condition) = inner(&clause.condition) {
            conditions.condition(condition);
        }
        conditions.filters_first()
    }

    /// The relation that is written: the first of a new scope.
    fn target(&mut self, relation: Option<&RangeVar>) {
        self.scopes.push(Scope::default());
        let Some(relation) = relation else {
            self.unknown("the target");
            return;
        };
        let tables = self.resolve(relation);
        self.must_know(&tables);
        self.facts.writes.extend(tables.iter().cloned());
        for table in &tables {
            self.expand_target(table);
        }
        let shape = self.shape_of(&tables);
        self.enter(relation.alias.as_ref(), &relation.relname, tables, shape);
    }

    /// VALUES of an INSERT: no query of its own, though its subqueries are.
    fn values(&mut self, values: &SelectStmt) -> Shape {
        self.scopes.push(Scope::default());
        self.expressions(&values.values_lists);
        self.scopes.pop();
        made()
    }

    /// SET of UPDATE: the values are read, the targets written.
    fn assignments(&mut self, targets: &[Node]) {
        for target in each(targets) {
            self.target_column(target);
            if let NodeEnum::ResTarget(target) = target {
                self.maybe(inner(&target.val));
            }
        }
    }

    fn target_column(&mut self, target: &NodeEnum) {
        match target {
            NodeEnum::ResTarget(target) => {
                for index in each(&target.indirection) {
                    self.indirection(index);
                }
            }
            _ => self.unknown("a target column"),
        }
    }

    fn returning(&mut self, returning: Option<&ReturningClause>) {
        if let Some(returning) = returning {
            self.targets(&returning.exprs);
            // Rows come back, so the target is read as well.
            let tables: Vec<_> =
                self.scopes.last().iter().flat_map(|s| s.entries.first()).flat_map(|e| e.tables.clone()).collect();
            self.facts.reads.extend(tables);
        }
    }
}

fn is_values(source: &SelectStmt) -> bool {
    !source.values_lists.is_empty()
        && source.with_clause.is_none()
        && source.sort_clause.is_empty()
        && source.limit_count.is_none()
        && source.limit_offset.is_none()
        && source.locking_clause.is_empty()
}
