//! WITH and FROM: what a query is made of.

use pg_query::{
    NodeEnum,
    protobuf::{Alias, CommonTableExpr, JoinExpr, Node, RangeVar, WithClause},
};

use super::{
    Walker, each, inner,
    scope::{Cte, Entry, Shape},
    text_of,
};
use crate::{builtin, facts::Name};

impl Walker<'_> {
    /// Brings the common table expressions of `with` into reach for `body`.
    pub(super) fn with<T>(&mut self, with: Option<&WithClause>, body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.ctes.len();
        if let Some(with) = with {
            if with.recursive {
                // Each may name itself and the ones after it.
                for node in each(&with.ctes) {
                    if let NodeEnum::CommonTableExpr(cte) = node {
                        self.ctes.push(Cte { name: cte.ctename.clone(), shape: Shape::default() });
                    }
                }
            }
            for node in each(&with.ctes) {
                match node {
                    NodeEnum::CommonTableExpr(cte) => self.cte(cte),
                    _ => self.unknown("a WITH clause"),
                }
            }
        }
        let result = body(self);
        self.ctes.truncate(before);
        result
    }

    fn cte(&mut self, cte: &CommonTableExpr) {
        self.must_stop(cte);
        let mut shape = self.inner_query(inner(&cte.ctequery));
        shape.everything |= super::endless::counts_by_itself(cte);
        if !cte.aliascolnames.is_empty() {
            shape.columns = Some(each(&cte.aliascolnames).filter_map(text_of).map(str::to_owned).collect());
        }
        if let Some(cycle) = &cte.cycle_clause {
            self.maybe(inner(&cycle.cycle_mark_value));
            self.maybe(inner(&cycle.cycle_mark_default));
        }
        self.ctes.push(Cte { name: cte.ctename.clone(), shape });
    }

    /// A query inside of another statement: a subquery, or a WITH entry that may also write.
    pub(super) fn inner_query(&mut self, node: Option<&NodeEnum>) -> Shape {
        let mut shape = Shape::default();
        self.deeper(|walker| {
            shape = match node {
                Some(NodeEnum::SelectStmt(select)) => walker.select(select),
                Some(NodeEnum::InsertStmt(insert)) => walker.insert(insert),
                Some(NodeEnum::UpdateStmt(update)) => walker.update(update),
                Some(NodeEnum::DeleteStmt(delete)) => walker.delete(delete),
                Some(NodeEnum::MergeStmt(merge)) => walker.merge(merge),
                _ => {
                    walker.unknown("an inner query");
                    Shape::default()
                }
            };
        });
        shape
    }

    /// Adds one item of FROM to the innermost scope.
    pub(super) fn source(&mut self, item: &NodeEnum) {
        self.deeper(|walker| match item {
            NodeEnum::RangeVar(relation) => walker.source_relation(relation),
            NodeEnum::JoinExpr(join) => walker.join(join),
            NodeEnum::RangeSubselect(sub) => {
                let shape = walker.inner_query(inner(&sub.subquery));
                walker.enter(sub.alias.as_ref(), "", Vec::new(), shape);
            }
            NodeEnum::RangeFunction(function) => walker.source_function(&function.functions, function.alias.as_ref()),
            NodeEnum::RangeTableSample(sample) => {
                if let Some(relation) = inner(&sample.relation) {
                    walker.source(relation);
                }
                walker.expressions(&sample.args);
                walker.maybe(inner(&sample.repeatable));
            }
            NodeEnum::RangeTableFunc(table) => {
                walker.maybe(inner(&table.docexpr));
                walker.maybe(inner(&table.rowexpr));
                for column in each(&table.columns) {
                    if let NodeEnum::RangeTableFuncCol(column) = column {
                        walker.maybe(inner(&column.colexpr));
                        walker.maybe(inner(&column.coldefexpr));
                    }
                }
                walker.namespaces(&table.namespaces);
                walker.enter(table.alias.as_ref(), "xmltable", Vec::new(), made());
            }
            NodeEnum::JsonTable(table) => {
                walker.json_table(table);
                walker.enter(table.alias.as_ref(), "json_table", Vec::new(), made());
            }
            _ => walker.unknown("an item of FROM"),
        });
    }

    fn namespaces(&mut self, namespaces: &[Node]) {
        for namespace in each(namespaces) {
            match namespace {
                NodeEnum::ResTarget(target) => self.maybe(inner(&target.val)),
                _ => self.unknown("an XML namespace"),
            }
        }
    }

    fn join(&mut self, join: &JoinExpr) {
        let first = self.scopes.last().map_or(0, |scope| scope.entries.len());
        for side in [inner(&join.larg), inner(&join.rarg)].into_iter().flatten() {
            self.source(side);
        }
        for column in each(&join.using_clause).filter_map(text_of) {
            self.column(&[column]);
        }
        if join.is_natural {
            self.star();
        }
        self.aside(|walker| walker.maybe(inner(&join.quals)));
        if let Some(alias) = &join.alias {
            // The alias stands for both sides: `(a JOIN b ON ...) AS j`.
            let entries = self.scopes.last().map(|scope| scope.entries.get(first..).unwrap_or_default().to_vec());
            for mut entry in entries.into_iter().flatten() {
                entry.alias.clone_from(&alias.aliasname);
                entry.shape.bounded = true;
                if let Some(scope) = self.scopes.last_mut() {
                    scope.entries.push(entry);
                }
            }
        }
    }

    fn source_function(&mut self, functions: &[Node], alias: Option<&Alias>) {
        let mut name = String::new();
        let (opaque, many) = (self.facts.opaque.len(), self.many);
        for list in each(functions) {
            let NodeEnum::List(list) = list else {
                self.unknown("a function in FROM");
                continue;
            };
            // Function, and its column definitions.
            if let Some(function) = each(&list.items).next() {
                if let NodeEnum::FuncCall(call) = function {
                    name = each(&call.funcname).filter_map(text_of).next_back().unwrap_or_default().to_owned();
                }
                self.expression(function);
            }
        }
        let mut shape = made();
        shape.everything = super::endless::makes_keys(functions);
        shape.bounded = self.facts.opaque.len() == opaque && self.many == many;
        self.enter(alias, &name, Vec::new(), shape);
    }

    fn source_relation(&mut self, relation: &RangeVar) {
        if relation.schemaname.is_empty()
            && let Some(cte) = self.ctes.iter().rev().find(|cte| cte.name == relation.relname)
        {
            let shape = cte.shape.clone();
            self.enter(relation.alias.as_ref(), &relation.relname, Vec::new(), shape);
            return;
        }
        let tables = self.reads(relation);
        let shape = self.shape_of(&tables);
        self.enter(relation.alias.as_ref(), &relation.relname, tables, shape);
    }

    /// A relation whose rows are read.
    pub(super) fn reads(&mut self, relation: &RangeVar) -> Vec<Name> {
        let tables = self.resolve(relation);
        self.must_know(&tables);
        for table in &tables {
            self.facts.reads.insert(table.clone());
            self.expand_view(table);
        }
        tables
    }

    pub(super) fn shape_of(&self, tables: &[Name]) -> Shape {
        let metadata = |name: &Name| {
            matches!(name.schema.as_str(), "pg_catalog" | "information_schema") && !builtin::holds_data(&name.name)
        };
        Shape {
            bounded: tables.iter().all(metadata),
            whole: tables.iter().cloned().collect(),
            columns: match (tables, self.catalog) {
                ([table], Some(catalog)) => catalog
                    .relations
                    .get(&(table.schema.clone(), table.name.clone()))
                    .map(|relation| relation.columns.iter().map(|column| column.name.clone()).collect()),
                _ => None,
            },
            ..Shape::default()
        }
    }

    pub(super) fn enter(&mut self, alias: Option<&Alias>, name: &str, tables: Vec<Name>, mut shape: Shape) {
        let name = alias.map_or(name, |alias| &alias.aliasname).to_owned();
        if let Some(alias) = alias
            && !alias.colnames.is_empty()
        {
            if tables.is_empty() {
                shape.columns = None;
            } else {
                // Renamed columns: whichever is read, all may be.
                for table in &tables {
                    self.facts.columns.insert(format!("{table}.*"));
                }
                shape.columns = None;
            }
        }
        self.makes(shape.made);
        if let Some(scope) = self.scopes.last_mut() {
            scope.entries.push(Entry { alias: name, tables, shape });
        }
    }
}

/// The shape of what a function or constructor makes.
pub(super) fn made() -> Shape {
    Shape { bounded: true, ..Shape::default() }
}
