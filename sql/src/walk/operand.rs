//! The sides of a comparison: constants, columns, and what is made of them.

use std::collections::BTreeSet;

use pg_query::{
    NodeEnum,
    protobuf::{AExpr, AExprKind, FuncCall, Node, SubLinkType, a_const::Val},
};

use super::{
    condition::Conditions,
    each, inner,
    made::{made_by, sum},
    shape::without_limit,
    text_of,
};
use crate::{
    doubt::{Literal, is_early, is_late, is_lifelong},
    facts::Name,
};

/// What is divided by so much is nothing.
const LARGE: f64 = 1e8;

/// The bit of an entry.
pub(super) fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0)
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Constant(Literal),
    Column(Column),
    /// A query of its own; the relations it passes on whole.
    Query(BTreeSet<Name>),
    Unknown,
}

/// A column, or something made of it that keeps its values apart.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The entries it may belong to.
    pub(super) entries: u64,
    /// Names of the columns in it.
    pub(super) names: BTreeSet<String>,
    /// Equal for equal expressions.
    pub(super) key: String,
    /// Nothing but a column, casts aside.
    pub(super) plain: bool,
}

impl Column {
    /// Its entry, if there is no doubt which.
    pub(super) fn only(&self) -> u64 {
        if self.entries.count_ones() == 1 { self.entries } else { 0 }
    }

    /// Whether `other` is the same with its spelling set right: what already is, is left out by a comparison of both.
    pub(super) fn is_tidied(&self, other: &Self) -> bool {
        const TIDIES: [&str; 10] = [
            "lower",
            "upper",
            "initcap",
            "btrim",
            "ltrim",
            "rtrim",
            "unaccent",
            "replace",
            "regexp_replace",
            "date_trunc",
        ];
        TIDIES.iter().any(|by| other.key == format!("{by}({})", self.key))
    }

    /// Whether it is a whole row of an entry, or may be.
    pub(super) fn is_row(&self, entry: &super::scope::Entry) -> bool {
        self.plain && self.names.contains(&entry.alias) && !(entry.shape.columns.is_some() && entry.has(&entry.alias))
    }

    pub(super) fn is_identity(&self) -> bool {
        self.names.iter().all(|name| {
            let name = name.to_lowercase();
            matches!(
                name.as_str(),
                "id" | "uuid" | "guid" | "pk" | "oid" | "ctid" | "rowid" | "uid" | "tableoid" | "xmin"
            ) || name.ends_with("_id")
                || name.ends_with("_uuid")
                || name.ends_with("_pk")
        })
    }
}

impl Conditions<'_> {
    pub(super) fn operand(&self, node: &NodeEnum) -> Operand {
        match node {
            NodeEnum::AConst(constant) => Operand::Constant(match &constant.val {
                _ if constant.isnull => Literal::Null,
                Some(Val::Ival(value)) => Literal::Number(f64::from(value.ival)),
                Some(Val::Fval(value)) => value.fval.parse().map_or(Literal::Some, Literal::Number),
                Some(Val::Boolval(value)) => Literal::Bool(value.boolval),
                Some(Val::Sval(value)) => Literal::Text(value.sval.clone()),
                Some(Val::Bsval(_)) => Literal::Some,
                None => Literal::Some,
            }),
            NodeEnum::ParamRef(parameter) => {
                Operand::Constant(usize::try_from(parameter.number).map_or(Literal::Some, Literal::Given))
            }
            NodeEnum::SqlvalueFunction(_) => Operand::Constant(Literal::Some),
            NodeEnum::TypeCast(cast) => self.cast(inner(&cast.arg), cast.type_name.as_ref()),
            NodeEnum::CollateClause(collate) => match inner(&collate.arg).map(|arg| self.operand(arg)) {
                // What is equal then, its rules say.
                Some(Operand::Constant(Literal::Text(text))) => Operand::Constant(Literal::Typed(text)),
                other => other.unwrap_or(Operand::Unknown),
            },
            NodeEnum::ColumnRef(column) => self.column_operand(&column.fields),
            NodeEnum::FuncCall(call) => self.call_operand(call),
            NodeEnum::AExpr(expr) => self.expression_operand(expr),
            NodeEnum::CoalesceExpr(coalesce) => self.coalesce(&coalesce.args),
            NodeEnum::AIndirection(of) => match inner(&of.arg).map(|arg| self.part(arg)) {
                Some(Operand::Column(column)) => made_of(column, "part"),
                Some(Operand::Constant(_)) => Operand::Constant(Literal::Some),
                _ => Operand::Unknown,
            },
            NodeEnum::AArrayExpr(array) => self.all_constant(&array.elements),
            NodeEnum::RowExpr(row) => self.all_constant(&row.args),
            NodeEnum::MinMaxExpr(expr) => self.all_constant(&expr.args),
            NodeEnum::BoolExpr(expr) => self.all_constant(&expr.args),
            NodeEnum::SubLink(link) => match (link.sub_link_type(), inner(&link.subselect)) {
                (SubLinkType::ExprSublink | SubLinkType::ArraySublink, Some(NodeEnum::SelectStmt(select))) => {
                    let array = link.sub_link_type() == SubLinkType::ArraySublink;
                    let (shape, correlated) =
                        if array { self.inner_shape(select) } else { self.inner_shape(&without_limit(select)) };
                    let counts = array && super::endless::counts_keys(select);
                    if correlated || counts || (array && !shape.whole.is_empty()) {
                        Operand::Unknown
                    } else {
                        Operand::Query(shape.whole)
                    }
                }
                _ => Operand::Unknown,
            },
            _ => Operand::Unknown,
        }
    }

    fn cast(&self, arg: Option<&NodeEnum>, to: Option<&pg_query::protobuf::TypeName>) -> Operand {
        let (Some(arg), Some(to)) = (arg, to) else { return Operand::Unknown };
        let name = each(&to.names).filter_map(text_of).next_back().unwrap_or_default();
        let cut = !to.typmods.is_empty() || matches!(name, "char" | "name" | "bpchar");
        match self.operand(arg) {
            Operand::Constant(literal) if to.array_bounds.is_empty() => Operand::Constant(cast_to(literal, name, cut)),
            // Whatever is not zero.
            Operand::Column(column) if name == "bool" && column.is_identity() => Operand::Unknown,
            other => other,
        }
    }

    /// A call that keeps the values of its one column apart well enough, or has no column at all.
    fn call_operand(&self, call: &FuncCall) -> Operand {
        const KEEPS: [&str; 40] = [
            "lower",
            "upper",
            "trim",
            "btrim",
            "ltrim",
            "rtrim",
            "date",
            "date_trunc",
            "date_part",
            "extract",
            "timezone",
            "to_char",
            "to_date",
            "to_timestamp",
            "md5",
            "sha256",
            "digest",
            "substr",
            "substring",
            "left",
            "right",
            "split_part",
            "replace",
            "regexp_replace",
            "age",
            "round",
            "floor",
            "ceil",
            "ceiling",
            "abs",
            "mod",
            "length",
            "char_length",
            "reverse",
            "jsonb_extract_path_text",
            "json_extract_path_text",
            "to_tsvector",
            "unaccent",
            "encode",
            "initcap",
        ];
        let name = each(&call.funcname).filter_map(text_of).next_back().unwrap_or_default();
        if let Some(end) = self.end_of_time(name, &call.args) {
            return Operand::Constant(Literal::Text(end.to_owned()));
        }
        if matches!(name, "mod" | "left" | "right" | "substr" | "substring")
            && let Some(Operand::Constant(Literal::Number(number))) =
                each(&call.args).next_back().map(|arg| self.part(arg))
        {
            return match each(&call.args).next().map(|arg| self.part(arg)) {
                Some(Operand::Column(column)) if number > 0.0 && (name != "mod" || number > 1.0) => {
                    made_of(column, &remainder(name, number))
                }
                _ => Operand::Unknown,
            };
        }
        if matches!(name, "like_escape" | "similar_to_escape") {
            return call
                .args
                .first()
                .and_then(|arg| arg.node.as_ref())
                .map_or(Operand::Unknown, |arg| self.operand(arg));
        }
        let mut column = None;
        let mut single = None;
        let mut constants = Vec::new();
        for arg in each(&call.args) {
            match self.part(arg) {
                Operand::Constant(literal) => constants.push(literal),
                Operand::Query(whole) => single.get_or_insert_with(BTreeSet::new).extend(whole),
                Operand::Column(one) if column.is_none() && KEEPS.contains(&name) => column = Some(one),
                _ => return Operand::Unknown,
            }
        }
        if let Some(whole) = single {
            return if column.is_none() { Operand::Query(whole) } else { Operand::Unknown };
        }
        match column {
            None if name.ends_with("range") => Operand::Constant(self.range(&call.args)),
            None => Operand::Constant(made_by(name, &constants)),
            Some(column) => made_of(column, &field_of(name, &constants)),
        }
    }

    fn expression_operand(&self, expr: &AExpr) -> Operand {
        const KEEPS: [&str; 11] = ["+", "-", "/", "%", "||", "->", "->>", "#>", "#>>", "&", "<->"];
        let operator = each(&expr.name).filter_map(text_of).next_back().unwrap_or_default();
        let right = inner(&expr.rexpr).map(|node| self.part(node));
        let left = inner(&expr.lexpr).map(|node| self.part(node));
        if expr.kind() == AExprKind::AexprNullif {
            return match (left, right) {
                (Some(Operand::Column(column)), Some(Operand::Constant(_))) => made_of(column, "nullif"),
                _ => Operand::Unknown,
            };
        }
        if expr.kind() != AExprKind::AexprOp {
            return Operand::Unknown;
        }
        match (left, right) {
            (None, Some(Operand::Constant(literal))) if operator == "-" => Operand::Constant(match literal {
                Literal::Number(number) => Literal::Number(-number),
                Literal::About(number) => Literal::About(-number),
                other => made_by("", &[other]),
            }),
            (None, Some(Operand::Constant(literal))) if operator == "+" => Operand::Constant(literal),
            (Some(Operand::Constant(one)), Some(Operand::Constant(two)))
                if one.number().is_some() && two.number().is_some() =>
            {
                Operand::Constant(sum(&one, operator, &two))
            }
            (Some(Operand::Constant(_)), Some(Operand::Constant(span))) if matches!(operator, "+" | "-") => {
                let dated = matches!(inner(&expr.lexpr), Some(NodeEnum::SqlvalueFunction(_)));
                let far = match span {
                    Literal::Text(text) | Literal::Typed(text) => is_lifelong(&text),
                    Literal::Number(days) => dated && days >= 50.0 * 365.0,
                    _ => false,
                };
                let end = if operator == "+" { "infinity" } else { "-infinity" };
                Operand::Constant(if far { Literal::Text(end.to_owned()) } else { Literal::Some })
            }
            (None, Some(Operand::Constant(one))) => Operand::Constant(made_by(operator, &[one])),
            (Some(Operand::Constant(one)), Some(Operand::Constant(two))) => {
                let by = if operator == "||" { "concat" } else { operator };
                Operand::Constant(made_by(by, &[one, two]))
            }
            (Some(Operand::Query(whole)), Some(Operand::Constant(_)))
            | (None | Some(Operand::Constant(_)), Some(Operand::Query(whole))) => Operand::Query(whole),
            (Some(Operand::Query(mut one)), Some(Operand::Query(two))) => {
                one.extend(two);
                Operand::Query(one)
            }
            (Some(Operand::Column(column)), Some(Operand::Constant(value))) => {
                let zero = value == Literal::Number(0.0) && matches!(operator, "*" | "&");
                let one = value == Literal::Number(1.0) && operator == "%";
                let zero = zero || operator == "/" && value.number().is_some_and(|number| number.abs() >= LARGE);
                let times = operator == "*" && matches!(value, Literal::Number(_));
                if let (Literal::Number(number), "%") = (&value, operator)
                    && !one
                {
                    made_of(column, &remainder(operator, *number))
                } else if (KEEPS.contains(&operator) || times) && !zero && !one {
                    made_of(column, operator)
                } else {
                    Operand::Unknown
                }
            }
            (Some(Operand::Constant(_)), Some(Operand::Column(column))) if matches!(operator, "+" | "-" | "||") => {
                made_of(column, operator)
            }
            (Some(Operand::Column(one)), Some(Operand::Column(two)))
                if KEEPS.contains(&operator) && one.names.is_disjoint(&two.names) && one.entries == two.entries =>
            {
                let names = one.names.union(&two.names).cloned().collect();
                let key = format!("({}{operator}{})", one.key, two.key);
                Operand::Column(Column { entries: one.entries, names, key, plain: false })
            }
            _ => Operand::Unknown,
        }
    }

    fn coalesce(&self, args: &[Node]) -> Operand {
        let mut column = None;
        for arg in each(args) {
            match (self.part(arg), &column) {
                (Operand::Constant(Literal::Null), _) => {}
                (Operand::Constant(value), None) => return Operand::Constant(value),
                (Operand::Constant(_), Some(_)) => break,
                (Operand::Query(whole), None) => return Operand::Query(whole),
                (Operand::Column(one), None) => column = Some(one),
                (Operand::Column(_), Some(_)) => {}
                _ => return Operand::Unknown,
            }
        }
        column.map_or(Operand::Constant(Literal::Null), |column| made_of(column, "coalesce"))
    }

    /// A date further away than any row's, which a call makes of constants.
    fn end_of_time(&self, function: &str, args: &[Node]) -> Option<&'static str> {
        let (low, high) = match function {
            "make_date" | "make_timestamp" | "make_timestamptz" => (1970.0, 2100.0),
            "to_timestamp" => (31_536_000.0, 4_102_444_800.0),
            "to_date" => {
                let Operand::Constant(Literal::Text(text)) = self.operand(each(args).next()?) else { return None };
                return if is_late(&text) { Some("infinity") } else { is_early(&text).then_some("-infinity") };
            }
            _ => return None,
        };
        match self.operand(each(args).next()?) {
            Operand::Constant(literal) => match literal.number() {
                Some(number) if number >= high => Some("infinity"),
                Some(number) if number <= low => Some("-infinity"),
                _ => None,
            },
            _ => None,
        }
    }

    /// A range, as it is written: of its bounds, or of the first and the last of those that it is made of.
    fn range(&self, args: &[Node]) -> Literal {
        let bound = |node: &NodeEnum| match self.operand(node) {
            Operand::Constant(Literal::Null) => Some(String::new()),
            Operand::Constant(Literal::Number(number)) => Some(number.to_string()),
            Operand::Constant(literal) => literal.text().map(str::to_owned),
            _ => None,
        };
        let bounds: Option<Vec<String>> = each(args).take(2).map(bound).collect();
        match bounds.as_deref() {
            // `int4multirange(int4range(0, 5))`
            Some([one]) if one.starts_with(['[', '(', '{']) => Literal::Text(one.clone()),
            Some([one, two]) if one.starts_with(['[', '(']) => Literal::Text(format!("{{{one},{two}}}")),
            Some([low, high]) => Literal::Text(format!("[{low},{high}]")),
            _ => Literal::Some,
        }
    }

    fn all_constant(&self, nodes: &[Node]) -> Operand {
        let constant = each(nodes).all(|node| matches!(self.part(node), Operand::Constant(_)));
        match (constant, nodes.is_empty()) {
            (true, true) => Operand::Constant(Literal::Text("{}".to_owned())),
            (true, false) => Operand::Constant(Literal::Some),
            (false, _) => Operand::Unknown,
        }
    }
}

/// What a literal is once it is cast. `cut`: not all of a text may be left.
fn cast_to(literal: Literal, name: &str, cut: bool) -> Literal {
    const WHOLE: [&str; 4] = ["int2", "int4", "int8", "oid"];
    match (literal, name) {
        (Literal::Number(number), "bool") => Literal::Bool(number != 0.0),
        (Literal::Text(text) | Literal::Typed(text), "bool") => as_bool(&text).map_or(Literal::Some, Literal::Bool),
        (Literal::Text(_) | Literal::Typed(_), "varchar" | "bpchar" | "char" | "name" | "text") if cut => Literal::Made,
        (Literal::Text(text), "text" | "varchar") => Literal::Text(text),
        (Literal::Text(text) | Literal::Typed(text), name) => match text.trim().parse::<f64>() {
            Ok(number) if WHOLE.contains(&name) && number.fract() == 0.0 => Literal::Number(number),
            Ok(number) if WHOLE.contains(&name) || matches!(name, "numeric" | "float4" | "float8") => {
                Literal::About(number)
            }
            _ => Literal::Typed(text),
        },
        // Rounded, as far as the type goes.
        (Literal::Number(number), name) if cut || name == "float4" || number.fract() != 0.0 => Literal::About(number),
        (other, _) => other,
    }
}

/// What a text means where a condition stands.
pub(super) fn as_bool(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The name by which what a call takes from a column is known: `year` for a part of a date.
fn field_of(name: &str, constants: &[Literal]) -> String {
    match constants.first().and_then(Literal::text) {
        Some(part) if matches!(name, "date_part" | "extract") => part.trim().to_lowercase(),
        _ => name.to_owned(),
    }
}

/// How a remainder is told apart from others: `%2`.
fn remainder(by: &str, number: f64) -> String {
    if matches!(by, "%" | "mod") { format!("%{number}") } else { format!("{by}{number}") }
}

fn made_of(column: Column, by: &str) -> Operand {
    Operand::Column(Column { key: format!("{by}({})", column.key), plain: false, ..column })
}
