//! Expressions: the columns they read, the functions they call, the queries inside of them.

use pg_query::{
    NodeEnum,
    protobuf::{AExpr, JsonAggConstructor, JsonBehavior, JsonTable, JsonValueExpr, Node, WindowDef},
};

use super::{Walker, each, inner, text_of};
use crate::naming::named;

impl Walker<'_> {
    pub(super) fn maybe(&mut self, node: Option<&NodeEnum>) {
        if let Some(node) = node {
            self.expression(node);
        }
    }

    pub(super) fn expressions(&mut self, nodes: &[Node]) {
        for node in each(nodes) {
            self.expression(node);
        }
    }

    pub(super) fn expression(&mut self, node: &NodeEnum) {
        self.deeper(|walker| walker.step(node));
    }

    fn step(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::ColumnRef(column) => self.column_ref(&column.fields),
            NodeEnum::AConst(_)
            | NodeEnum::ParamRef(_)
            | NodeEnum::SetToDefault(_)
            | NodeEnum::SqlvalueFunction(_)
            | NodeEnum::CurrentOfExpr(_)
            | NodeEnum::CaseTestExpr(_)
            | NodeEnum::MergeSupportFunc(_)
            | NodeEnum::TypeName(_)
            | NodeEnum::String(_)
            | NodeEnum::Integer(_)
            | NodeEnum::Float(_)
            | NodeEnum::Boolean(_)
            | NodeEnum::BitString(_) => {}
            NodeEnum::AExpr(expr) => self.operator(expr),
            NodeEnum::BoolExpr(expr) => self.expressions(&expr.args),
            NodeEnum::FuncCall(call) => self.call(call),
            NodeEnum::TypeCast(cast) => self.maybe(inner(&cast.arg)),
            NodeEnum::SubLink(link) => self.sublink(link),
            NodeEnum::CaseExpr(case) => {
                self.maybe(inner(&case.arg));
                self.expressions(&case.args);
                self.maybe(inner(&case.defresult));
            }
            NodeEnum::CaseWhen(when) => {
                self.maybe(inner(&when.expr));
                self.maybe(inner(&when.result));
            }
            NodeEnum::NullTest(test) => self.maybe(inner(&test.arg)),
            NodeEnum::BooleanTest(test) => self.maybe(inner(&test.arg)),
            NodeEnum::CoalesceExpr(expr) => self.expressions(&expr.args),
            NodeEnum::MinMaxExpr(expr) => self.expressions(&expr.args),
            NodeEnum::RowExpr(row) => self.expressions(&row.args),
            NodeEnum::AArrayExpr(array) => self.expressions(&array.elements),
            NodeEnum::List(list) => self.expressions(&list.items),
            NodeEnum::CollateClause(collate) => self.maybe(inner(&collate.arg)),
            NodeEnum::AIndirection(of) => self.part_of(inner(&of.arg), &of.indirection),
            NodeEnum::NamedArgExpr(arg) => self.maybe(inner(&arg.arg)),
            NodeEnum::ResTarget(target) => self.maybe(inner(&target.val)),
            NodeEnum::MultiAssignRef(assign) => self.maybe(inner(&assign.source)),
            NodeEnum::SortBy(sort) => self.maybe(inner(&sort.node)),
            NodeEnum::WindowDef(window) => self.window(window),
            NodeEnum::GroupingSet(set) => self.expressions(&set.content),
            NodeEnum::GroupingFunc(grouping) => self.expressions(&grouping.args),
            NodeEnum::IndexElem(elem) => self.maybe(inner(&elem.expr)),
            NodeEnum::DefElem(elem) => self.maybe(inner(&elem.arg)),
            NodeEnum::XmlExpr(xml) => {
                self.expressions(&xml.named_args);
                self.expressions(&xml.args);
            }
            NodeEnum::XmlSerialize(xml) => self.maybe(inner(&xml.expr)),
            other => self.json(other),
        }
    }

    fn column_ref(&mut self, fields: &[Node]) {
        let mut names = Vec::with_capacity(fields.len());
        for field in each(fields) {
            match field {
                NodeEnum::String(name) => names.push(name.sval.as_str()),
                NodeEnum::AStar(_) if names.is_empty() => return self.star(),
                NodeEnum::AStar(_) => names.push("*"),
                _ => return self.unknown("a column's name"),
            }
        }
        self.column(&names);
    }

    fn part_of(&mut self, of: Option<&NodeEnum>, indirection: &[Node]) {
        // Of a list, only one comes out: `(array_agg(x))[1]`.
        let one = each(indirection).any(|index| matches!(index, NodeEnum::AIndices(indices) if !indices.is_slice));
        self.aside += usize::from(one);
        self.maybe(of);
        self.aside -= usize::from(one);
        for index in each(indirection) {
            self.indirection(index);
        }
    }

    pub(super) fn indirection(&mut self, index: &NodeEnum) {
        match index {
            NodeEnum::AIndices(indices) => {
                self.maybe(inner(&indices.lidx));
                self.maybe(inner(&indices.uidx));
            }
            NodeEnum::AStar(_) | NodeEnum::String(_) => {}
            _ => self.unknown("a subscript"),
        }
    }

    fn operator(&mut self, expr: &AExpr) {
        if each(&expr.name).filter_map(text_of).next_back() == Some("||") {
            self.must_join([inner(&expr.lexpr), inner(&expr.rexpr)]);
        }
        let mut names = each(&expr.name).filter_map(text_of).rev();
        match (names.next(), names.next()) {
            (_, Some("pg_catalog")) => {}
            (Some(symbol), schema) => self.own_operator(symbol, schema),
            _ => {}
        }
        self.maybe(inner(&expr.lexpr));
        self.maybe(inner(&expr.rexpr));
    }

    /// Somebody's own operator: some function is behind it.
    fn own_operator(&mut self, symbol: &str, schema: Option<&str>) {
        let functions = self.catalog.and_then(|catalog| catalog.operators.get(symbol));
        match (functions, schema) {
            (Some(functions), _) => {
                for (schema, function) in functions {
                    // Its name is no call's: nobody wrote it.
                    self.does(&named(schema, function), &[]);
                }
            }
            (None, Some(schema)) => drop(self.facts.opaque.insert(format!("operator {schema}.{symbol}"))),
            (None, None) => {}
        }
    }

    pub(super) fn window(&mut self, window: &WindowDef) {
        self.expressions(&window.partition_clause);
        self.expressions(&window.order_clause);
        self.maybe(inner(&window.start_offset));
        self.maybe(inner(&window.end_offset));
    }

    fn json(&mut self, node: &NodeEnum) {
        match node {
            NodeEnum::JsonValueExpr(value) => self.json_value(Some(value)),
            NodeEnum::JsonIsPredicate(test) => self.maybe(inner(&test.expr)),
            NodeEnum::JsonKeyValue(pair) => {
                self.maybe(inner(&pair.key));
                self.json_value(pair.value.as_deref());
            }
            NodeEnum::JsonArgument(argument) => self.json_value(argument.val.as_deref()),
            NodeEnum::JsonFuncExpr(function) => {
                self.json_value(function.context_item.as_deref());
                self.maybe(inner(&function.pathspec));
                self.expressions(&function.passing);
                self.behavior(function.on_empty.as_deref());
                self.behavior(function.on_error.as_deref());
            }
            NodeEnum::JsonParseExpr(parse) => self.json_value(parse.expr.as_deref()),
            NodeEnum::JsonScalarExpr(scalar) => self.maybe(inner(&scalar.expr)),
            NodeEnum::JsonSerializeExpr(serialize) => self.json_value(serialize.expr.as_deref()),
            NodeEnum::JsonObjectConstructor(object) => self.expressions(&object.exprs),
            NodeEnum::JsonArrayConstructor(array) => self.expressions(&array.exprs),
            NodeEnum::JsonArrayQueryConstructor(array) => {
                let shape = self.inner_query(inner(&array.query));
                self.lists(&shape);
            }
            NodeEnum::JsonObjectAgg(aggregate) => {
                if let Some(pair) = aggregate.arg.as_deref() {
                    self.maybe(inner(&pair.key));
                    self.json_value(pair.value.as_deref());
                }
                self.json_aggregate("json_object_agg", &[], aggregate.constructor.as_deref());
            }
            NodeEnum::JsonArrayAgg(aggregate) => {
                self.json_value(aggregate.arg.as_deref());
                let value = aggregate.arg.as_ref().and_then(|value| value.raw_expr.as_deref().cloned());
                self.json_aggregate("json_agg", value.as_slice(), aggregate.constructor.as_deref());
            }
            _ => self.unknown("an expression"),
        }
    }

    fn json_value(&mut self, value: Option<&JsonValueExpr>) {
        if let Some(value) = value {
            self.maybe(inner(&value.raw_expr));
            self.maybe(inner(&value.formatted_expr));
        }
    }

    fn behavior(&mut self, behavior: Option<&JsonBehavior>) {
        if let Some(behavior) = behavior {
            self.maybe(inner(&behavior.expr));
        }
    }

    fn json_aggregate(&mut self, name: &str, args: &[Node], constructor: Option<&JsonAggConstructor>) {
        self.collects(name, args, constructor.and_then(|constructor| constructor.over.as_deref()));
        if let Some(constructor) = constructor {
            self.maybe(inner(&constructor.agg_filter));
            self.expressions(&constructor.agg_order);
            if let Some(window) = &constructor.over {
                self.window(window);
            }
        }
    }

    pub(super) fn json_table(&mut self, table: &JsonTable) {
        self.json_value(table.context_item.as_deref());
        self.expressions(&table.passing);
        self.json_columns(&table.columns);
        self.behavior(table.on_error.as_deref());
    }

    fn json_columns(&mut self, columns: &[Node]) {
        for column in each(columns) {
            match column {
                NodeEnum::JsonTableColumn(column) => {
                    self.behavior(column.on_empty.as_deref());
                    self.behavior(column.on_error.as_deref());
                    self.deeper(|walker| walker.json_columns(&column.columns));
                }
                _ => self.unknown("a column of JSON_TABLE"),
            }
        }
    }
}
