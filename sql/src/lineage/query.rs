//! Lineage of a SELECT: a walk from the inside out that gives every output column its verdict, and the set of rows one of
//! its own.

use super::{
    Marks, Safety, Verdict,
    scope::{Output, Scope, Source},
};
use crate::{
    node::{Node, Value},
    rewrite::{Resolved, Session, resolve},
};

/// What a query gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Its columns in order.
    pub columns: Vec<Output>,
    /// What decides which rows it has, and in which order.
    pub rows: Verdict,
}

impl Outputs {
    fn whole(&self) -> Verdict {
        self.columns.iter().fold(self.rows.clone(), |whole, (_, verdict)| whole.and(verdict)).derived()
    }
}

/// A common table expression in sight.
#[derive(Clone)]
struct Common {
    name: String,
    outputs: Outputs,
}

/// It cannot be followed.
struct Unclear;

const SET_NONE: i64 = 1;
const SET_UNION: i64 = 2;
const EXISTS: i64 = 1;
/// A recursive query that changes longer than this is not followed.
const ROUNDS: usize = 8;

impl Marks {
    /// What each output column of a query is made of. If that cannot be told there are no columns, and the rows are
    /// unknown.
    #[must_use]
    pub fn outputs(&self, query: &Node) -> Outputs {
        let unclear = || Outputs { columns: Vec::new(), rows: Verdict::Unknown };
        self.query(query, &[], None).unwrap_or_else(|Unclear| unclear())
    }

    fn query(&self, node: &Node, common: &[Common], outer: Option<&Scope<'_>>) -> Result<Outputs, Unclear> {
        if node.kind != "SelectStmt" || node.node("into_clause").is_some() {
            return Err(Unclear);
        }
        let common = self.with(node, common, outer)?;
        let mut outputs = if node.int("op") > SET_NONE {
            self.set_operation(node, &common, outer)?
        } else if node.list("values_lists").is_empty() {
            self.plain(node, &common, outer)?
        } else {
            self.values(node, &common, outer)?
        };
        if node.int("op") > SET_NONE {
            for item in node.nodes("sort_clause") {
                let verdict = self.sorted(item, &Scope::default(), &common, &outputs);
                outputs.rows = outputs.rows.and(&verdict);
            }
        }
        for limit in ["limit_count", "limit_offset"] {
            let verdict = node.node(limit).map(|limit| self.expression(limit, &Scope::default(), &common));
            outputs.rows = outputs.rows.and(&verdict.unwrap_or_default());
        }
        outputs.rows = outputs.rows.derived();
        Ok(outputs)
    }

    fn with(&self, node: &Node, common: &[Common], outer: Option<&Scope<'_>>) -> Result<Vec<Common>, Unclear> {
        let mut common = common.to_vec();
        let Some(with) = node.node("with_clause") else { return Ok(common) };
        for cte in with.nodes("ctes") {
            let query = cte.node("ctequery").ok_or(Unclear)?;
            let name = cte.text("ctename").to_owned();
            let columns = cte.texts("aliascolnames");
            let outputs = if with.flag("recursive") && mentions(query, &name) {
                self.recursive(query, &name, &columns, &common, outer)?
            } else {
                renamed(self.query(query, &common, outer)?, &columns)
            };
            common.push(Common { name, outputs });
        }
        Ok(common)
    }

    fn recursive(
        &self,
        query: &Node,
        name: &str,
        columns: &[&str],
        common: &[Common],
        outer: Option<&Scope<'_>>,
    ) -> Result<Outputs, Unclear> {
        let first = query.node("larg").ok_or(Unclear)?;
        let mut outputs = renamed(self.query(first, common, outer)?, columns);
        for _round in 0..ROUNDS {
            let mut common = common.to_vec();
            common.push(Common { name: name.to_owned(), outputs: outputs.clone() });
            let next = renamed(self.query(query, &common, outer)?, columns);
            if next == outputs {
                return Ok(outputs);
            }
            outputs = next;
        }
        Err(Unclear)
    }

    fn set_operation(&self, node: &Node, common: &[Common], outer: Option<&Scope<'_>>) -> Result<Outputs, Unclear> {
        let left = self.query(node.node("larg").ok_or(Unclear)?, common, outer)?;
        let right = self.query(node.node("rarg").ok_or(Unclear)?, common, outer)?;
        if left.columns.len() != right.columns.len() {
            return Err(Unclear);
        }
        let mut rows = left.rows.clone().and(&right.rows);
        if !node.flag("all") || node.int("op") != SET_UNION {
            rows = rows.and(&left.whole()).and(&right.whole());
        }
        let pairs = left.columns.into_iter().zip(right.columns);
        let columns = pairs.map(|((name, left), (_, right))| (name, left.and(&right))).collect();
        Ok(Outputs { columns, rows })
    }

    fn values(&self, node: &Node, common: &[Common], outer: Option<&Scope<'_>>) -> Result<Outputs, Unclear> {
        let scope = Scope { outer, ..Scope::default() };
        let mut columns: Vec<Output> = Vec::new();
        for row in node.nodes("values_lists") {
            for (number, value) in row.nodes("items").enumerate() {
                let verdict = self.expression(value, &scope, common);
                match columns.get_mut(number) {
                    Some((_, column)) => *column = std::mem::take(column).and(&verdict),
                    None => columns.push((format!("column{}", number + 1), verdict)),
                }
            }
        }
        Ok(Outputs { columns, rows: Verdict::Clean })
    }

    fn plain(&self, node: &Node, common: &[Common], outer: Option<&Scope<'_>>) -> Result<Outputs, Unclear> {
        let mut scope = Scope { outer, ..Scope::default() };
        let mut rows = Verdict::Clean;
        for item in node.nodes("from_clause") {
            rows = rows.and(&self.source(item, &mut scope, common)?);
        }
        let mut columns = Vec::new();
        for target in node.nodes("target_list") {
            self.target(target, &scope, common, &mut columns)?;
        }
        for clause in ["where_clause", "having_clause"] {
            let verdict = node.node(clause).map(|clause| self.expression(clause, &scope, common));
            rows = rows.and(&verdict.unwrap_or_default());
        }
        let outputs = Outputs { columns, rows };
        let mut rows = outputs.rows.clone();
        for clause in ["group_clause", "sort_clause", "distinct_clause"] {
            for item in node.list(clause) {
                let whole = || outputs.whole();
                let verdict = item.node().map_or_else(whole, |item| self.sorted(item, &scope, common, &outputs));
                rows = rows.and(&verdict);
            }
        }
        if !node.list("window_clause").is_empty() {
            let windows = node.nodes("window_clause").map(|window| self.expression(window, &scope, common));
            let windows = windows.fold(Verdict::Clean, |all, window| all.and(&window)).derived();
            let columns = outputs.columns.into_iter().map(|(name, verdict)| (name, verdict.and(&windows)));
            return Ok(Outputs { columns: columns.collect(), rows });
        }
        Ok(Outputs { rows, ..outputs })
    }

    fn target(
        &self,
        target: &Node,
        scope: &Scope<'_>,
        common: &[Common],
        columns: &mut Vec<Output>,
    ) -> Result<(), Unclear> {
        let value = target.node("val").ok_or(Unclear)?;
        if value.kind == "ColumnRef" && value.nodes("fields").any(|field| field.kind == "AStar") {
            columns.extend(scope.star(value.texts("fields").last().copied()).ok_or(Unclear)?);
            return Ok(());
        }
        let name = match target.text("name") {
            "" => value.texts("fields").last().map_or("?column?", |name| *name),
            name => name,
        };
        columns.push((name.to_owned(), self.expression(value, scope, common)));
        Ok(())
    }

    /// An item of GROUP BY, ORDER BY or DISTINCT ON: an expression, or the number or name of an output column.
    fn sorted(&self, item: &Node, scope: &Scope<'_>, common: &[Common], outputs: &Outputs) -> Verdict {
        let item = if item.kind == "SortBy" { item.node("node").unwrap_or(item) } else { item };
        if item.kind == "AConst" || item.kind == "GroupingSet" {
            return outputs.whole();
        }
        if let ("ColumnRef", [name]) = (item.kind, item.texts("fields").as_slice()) {
            let named = outputs.columns.iter().filter(|(column, _)| column == name);
            let output = named.fold(None, |all: Option<Verdict>, (_, verdict)| {
                Some(all.map_or_else(|| verdict.clone(), |all| all.and(verdict)))
            });
            if let Some(output) = output {
                let column = if scope.sources.is_empty() { Verdict::Clean } else { scope.resolve(item) };
                return if column == Verdict::Unknown { output } else { output.and(&column) };
            }
        }
        self.expression(item, scope, common).derived()
    }

    /// Adds an item of FROM to the scope; gives what it adds to the verdict about rows.
    fn source(&self, item: &Node, scope: &mut Scope<'_>, common: &[Common]) -> Result<Verdict, Unclear> {
        match item.kind {
            "RangeVar" => self.relation(item, scope, common),
            "RangeTableSample" => self.source(item.node("relation").ok_or(Unclear)?, scope, common),
            "RangeSubselect" => {
                let outputs = self.query(item.node("subquery").ok_or(Unclear)?, common, Some(scope))?;
                scope.sources.push(aliased(item, "", outputs.columns));
                Ok(outputs.rows)
            }
            "JoinExpr" => self.join(item, scope, common),
            "RangeFunction" | "RangeTableFunc" | "JsonTable" => {
                let verdict = self.children(item, scope, common).derived();
                let mut source = aliased(item, &function_name(item), Vec::new());
                source.open = Some(verdict.clone());
                scope.sources.push(source);
                Ok(verdict)
            }
            _ => Err(Unclear),
        }
    }

    fn relation(&self, item: &Node, scope: &mut Scope<'_>, common: &[Common]) -> Result<Verdict, Unclear> {
        let name = item.text("relname");
        let found = common.iter().rev().find(|found| found.name == name);
        if let Some(found) = found.filter(|_| item.text("schemaname").is_empty()) {
            scope.sources.push(aliased(item, name, found.outputs.columns.clone()));
            return Ok(found.outputs.rows.clone());
        }
        let Resolved::Relation(relation) = resolve(self, &Session::default(), item) else { return Err(Unclear) };
        let cover = self.cover(&relation);
        if cover.closed.is_some() {
            return Err(Unclear);
        }
        let columns = relation.columns.iter().map(|column| {
            let verdict = cover.masked.get(&column.name).map_or(Verdict::Clean, |mark| Verdict::AsIs(mark.clone()));
            (column.name.clone(), verdict)
        });
        scope.sources.push(aliased(item, name, columns.collect()));
        Ok(Verdict::Clean)
    }

    fn join(&self, item: &Node, scope: &mut Scope<'_>, common: &[Common]) -> Result<Verdict, Unclear> {
        let before = scope.sources.len();
        let mut rows = self.source(item.node("larg").ok_or(Unclear)?, scope, common)?;
        let middle = scope.sources.len();
        rows = rows.and(&self.source(item.node("rarg").ok_or(Unclear)?, scope, common)?);
        let quals = item.node("quals").map(|quals| self.expression(quals, scope, common));
        rows = rows.and(&quals.unwrap_or_default());
        let columns =
            |sources: &[Source]| -> Vec<Output> { sources.iter().flat_map(|source| source.columns.clone()).collect() };
        let left = columns(scope.sources.get(before..middle).unwrap_or_default());
        let right = columns(scope.sources.get(middle..).unwrap_or_default());
        let using = item.texts("using_clause");
        for (name, verdict) in left.iter().chain(&right) {
            let both = || left.iter().any(|(left, _)| left == name) && right.iter().any(|(right, _)| right == name);
            if using.contains(&name.as_str()) || (item.flag("is_natural") && both()) {
                rows = rows.and(verdict);
            }
        }
        scope.merged |= item.flag("is_natural") || !using.is_empty();
        if item.node("alias").is_some() || item.node("join_using_alias").is_some() {
            return Err(Unclear);
        }
        Ok(rows.derived())
    }

    fn children(&self, node: &Node, scope: &Scope<'_>, common: &[Common]) -> Verdict {
        let fields = node.fields().iter();
        fields.fold(Verdict::Clean, |all, (_, tree)| all.and(&self.below(tree, scope, common)))
    }

    fn below(&self, tree: &Value, scope: &Scope<'_>, common: &[Common]) -> Verdict {
        match tree {
            Value::Node(node) => self.expression(node, scope, common),
            Value::List(list) => {
                list.iter().fold(Verdict::Clean, |all, tree| all.and(&self.below(tree, scope, common)))
            }
            _ => Verdict::Clean,
        }
    }

    fn expression(&self, node: &Node, scope: &Scope<'_>, common: &[Common]) -> Verdict {
        match node.kind {
            "ColumnRef" => scope.resolve(node),
            "SubLink" => {
                let query = node.node("subselect").map(|query| self.query(query, common, Some(scope)));
                let Some(Ok(outputs)) = query else { return Verdict::Unknown };
                let test = node.node("testexpr").map(|test| self.expression(test, scope, common)).unwrap_or_default();
                let verdict = if node.int("sub_link_type") == EXISTS { outputs.rows } else { outputs.whole() };
                verdict.and(&test).derived()
            }
            "NullTest" => {
                let verdict = self.children(node, scope, common);
                let column = node.node("arg").is_some_and(|arg| arg.kind == "ColumnRef");
                // Masks keep NULL, so this tells nothing that is masked.
                if column && matches!(verdict, Verdict::AsIs(_)) { Verdict::Clean } else { verdict.derived() }
            }
            "FuncCall" if self.function(&node.texts("funcname")) != Safety::Safe => Verdict::Unknown,
            "AExpr" if self.operator(node.texts("name").last().unwrap_or(&"")) != Safety::Safe => Verdict::Unknown,
            "SelectStmt" => Verdict::Unknown,
            _ => self.children(node, scope, common).derived(),
        }
    }
}

fn mentions(query: &Node, name: &str) -> bool {
    query.any(|node| node.kind == "RangeVar" && node.text("relname") == name && node.text("schemaname").is_empty())
}

fn renamed(mut outputs: Outputs, columns: &[&str]) -> Outputs {
    for ((name, _), column) in outputs.columns.iter_mut().zip(columns) {
        *name = (*column).to_owned();
    }
    outputs
}

fn aliased(item: &Node, name: &str, mut columns: Vec<Output>) -> Source {
    let alias = item.node("alias");
    for ((name, _), column) in columns.iter_mut().zip(alias.map(|alias| alias.texts("colnames")).unwrap_or_default()) {
        *name = column.to_owned();
    }
    let alias = alias.map_or(name, |alias| alias.text("aliasname")).to_owned();
    Source { alias, columns, open: None }
}

fn function_name(item: &Node) -> String {
    let mut name = String::new();
    item.visit(&mut |node| {
        if name.is_empty() && node.kind == "FuncCall" {
            name = node.texts("funcname").last().copied().unwrap_or_default().to_owned();
        }
        name.is_empty()
    });
    name
}
