//! The sides of a comparison: constants, columns, and what is made of them.

use std::{cmp::Ordering, collections::BTreeSet};

use pg_query::{
    NodeEnum,
    protobuf::{AExpr, AExprKind, FuncCall, Node, SubLinkType, a_const::Val},
};

use super::{condition::Conditions, each, inner, shape::without_limit, text_of};
use crate::facts::Name;

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

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A parameter, or something computed without any column.
    Some,
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

    fn is_identity(&self) -> bool {
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

/// A column against a value.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) column: Column,
    pub(super) operator: &'static str,
    pub(super) value: Literal,
}

impl Comparison {
    pub(super) fn new(column: &Column, operator: &str, value: Literal) -> Self {
        const KNOWN: [&str; 24] = [
            "=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "similar", "@>", "<@",
            "&&", "?", "?|", "?&", "@@", "^@", "null",
        ];
        let operator = match operator {
            "not null" => "not null",
            "!=" => "<>",
            other => KNOWN.iter().find(|known| **known == other).copied().unwrap_or("unknown"),
        };
        Self { column: column.clone(), operator, value }
    }

    /// Does it leave out rows that a real table is likely to have?
    pub(super) fn limits(&self) -> bool {
        let text = match &self.value {
            Literal::Text(text) => Some(text.trim()),
            _ => None,
        };
        if self.column.names.contains("tableoid") {
            return false;
        }
        match self.operator {
            "=" | "null" => true,
            "not null" => !self.column.is_identity(),
            "<>" => !self.column.is_identity() && text != Some(""),
            ">" | ">=" => self.is_lower_limit(),
            "<" | "<=" => self.is_upper_limit(),
            "~~" | "~~*" => text.is_none_or(|pattern| pattern.chars().any(|c| c != '%' && c != '_')),
            "!~~" | "!~~*" => text.is_none_or(|pattern| !pattern.is_empty()),
            "~" | "~*" | "similar" => text.is_none_or(narrows),
            "!~" | "!~*" => text.is_none_or(|pattern| !pattern.is_empty()),
            "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@@" | "^@" => {
                text.is_none_or(|t| !matches!(t, "" | "{}" | "[]" | "{ }") && !self.is_in_all_of(t))
            }
            _ => false,
        }
    }

    /// A range, or several, in which every value lies: `(,)`, `[0,2000000000]`, `{[0,5],[6,infinity)}`.
    fn is_in_all_of(&self, range: &str) -> bool {
        if !range.starts_with(['(', '[', '{']) {
            return false;
        }
        let bound = |text: &str| text.trim_matches(|c: char| "{}[]()\" ".contains(c)).to_owned();
        let (Some((low, _)), Some((_, high))) = (range.split_once(','), range.rsplit_once(',')) else { return false };
        let end = |operator, bound: String| Self { operator, value: Literal::Text(bound), ..self.clone() };
        let (low, high) = (bound(low), bound(high));
        let low_open = low.is_empty() || !end(">=", low).is_lower_limit();
        let high_open = high.is_empty() || !end("<=", high).is_upper_limit();
        low_open && high_open
    }

    fn is_lower_limit(&self) -> bool {
        // Above one key stand all that come later: only an upper end makes it a range.
        if self.column.is_identity() {
            return false;
        }
        match &self.value {
            Literal::Number(number) => *number > 0.0 || (*number == 0.0 && self.operator == ">" && self.column.plain),
            Literal::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) => number > 0.0 || (number == 0.0 && self.operator == ">"),
                Err(_) => !is_early(text.trim()),
            },
            Literal::Some => true,
            _ => false,
        }
    }

    fn is_upper_limit(&self) -> bool {
        let high = if self.column.is_identity() { 999_999_999.0 } else { 2_147_483_647.0 };
        match &self.value {
            Literal::Number(number) => *number < high,
            Literal::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) => number < high,
                Err(_) => !is_late(text.trim()),
            },
            Literal::Some => true,
            _ => false,
        }
    }

    /// Together with `other`, on the same column, does it let (nearly) everything through?
    pub(super) fn covers_with(&self, other: &Self) -> bool {
        let class = |c: &Self| match c.operator {
            "=" | "~~" | "~~*" | "~" | "~*" => 'e',
            "<>" | "!~~" | "!~~*" | "!~" | "!~*" => 'n',
            "<" | "<=" => 'l',
            ">" | ">=" => 'g',
            "null" => '0',
            "not null" => '1',
            _ => '?',
        };
        let differ = |a: &Self, b: &Self| match a.value.order(&b.value) {
            Some(order) => order != Ordering::Equal,
            None => false,
        };
        match (class(self), class(other)) {
            ('e', 'e') => {
                matches!((&self.value, &other.value), (Literal::Bool(a), Literal::Bool(b)) if a != b)
            }
            ('n', 'n') => self.operator != other.operator || differ(self, other) || self.value == Literal::Some,
            ('e', 'n') | ('n', 'e') => !differ(self, other),
            ('n', 'l' | 'g') | ('l' | 'g', 'n') | ('0', '1') | ('1', '0') => true,
            ('l', 'g') => self.value.order(&other.value) != Some(Ordering::Less),
            ('g', 'l') => other.value.order(&self.value) != Some(Ordering::Less),
            _ => false,
        }
    }
}

/// A regular expression that not every text matches.
fn narrows(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    let mut literal = false;
    while let Some(c) = chars.next() {
        // A class of characters, or a sign of its own.
        if c == '\\' {
            literal |= chars.next().is_some_and(|c| !c.is_alphanumeric());
            continue;
        }
        if c == '|' {
            return false;
        }
        if c.is_alphanumeric() || matches!(c, '@' | '-' | '/' | ' ' | ':' | '_') {
            literal |= !matches!(chars.peek(), Some('*' | '?' | '{'));
        }
    }
    literal
}

fn year(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    if digits.len() == 4 && text.chars().nth(4) == Some('-') { digits.parse().ok() } else { None }
}

fn is_early(text: &str) -> bool {
    // The places of a table's first page come before all others.
    text.is_empty()
        || matches!(text, "-infinity" | "epoch")
        || text.starts_with("(0,")
        || year(text).is_some_and(|year| year <= 1970)
}

fn is_late(text: &str) -> bool {
    let page = text.strip_prefix('(').and_then(|rest| rest.split(',').next()).and_then(|page| page.parse::<u64>().ok());
    text == "infinity"
        || page.is_some_and(|page| page >= 10_000_000)
        || year(text).is_some_and(|year| year >= 2100)
        || text.starts_with('\u{10ffff}')
        || text.len() >= 3 && text.chars().all(|c| matches!(c, 'z' | 'Z' | '~'))
}

/// Whether a text is an interval so long that no row lies further away: `100 years`.
fn is_lifelong(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(number), Some(unit)) = (words.next().and_then(|word| word.parse::<f64>().ok()), words.next()) else {
        return false;
    };
    let years = match unit.trim_end_matches('s').to_lowercase().as_str() {
        "year" | "yr" | "y" => 1.0,
        "decade" => 10.0,
        "century" | "centurie" => 100.0,
        "millennium" | "millennia" => 1000.0,
        "month" | "mon" => 1.0 / 12.0,
        "week" => 1.0 / 52.0,
        "day" => 1.0 / 365.0,
        _ => return false,
    };
    number * years >= 50.0
}

impl Literal {
    pub(super) fn is_known(&self) -> bool {
        *self != Self::Some
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value of a comparison of constants, if it can be told.
    pub(super) fn compare(&self, operator: &str, other: &Self) -> Option<bool> {
        if *self == Self::Null || *other == Self::Null {
            return Some(false);
        }
        let order = self.order(other)?;
        Some(match operator {
            "=" => order == Ordering::Equal,
            "<>" | "!=" => order != Ordering::Equal,
            _ if matches!(self, Self::Text(_)) => return None,
            "<" => order == Ordering::Less,
            ">" => order == Ordering::Greater,
            "<=" => order != Ordering::Greater,
            ">=" => order != Ordering::Less,
            _ => return None,
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
            NodeEnum::ParamRef(_) | NodeEnum::SqlvalueFunction(_) => Operand::Constant(Literal::Some),
            NodeEnum::TypeCast(cast) => self.cast(inner(&cast.arg), cast.type_name.as_ref()),
            NodeEnum::CollateClause(collate) => inner(&collate.arg).map_or(Operand::Unknown, |arg| self.operand(arg)),
            NodeEnum::ColumnRef(column) => self.column_operand(&column.fields),
            NodeEnum::FuncCall(call) => self.call_operand(call),
            NodeEnum::AExpr(expr) => self.expression_operand(expr),
            NodeEnum::CoalesceExpr(coalesce) => self.coalesce(&coalesce.args),
            NodeEnum::AIndirection(of) => match inner(&of.arg).map(|arg| self.operand(arg)) {
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
        let Some(arg) = arg else { return Operand::Unknown };
        let operand = self.operand(arg);
        let to_bool = to.is_some_and(|to| each(&to.names).filter_map(text_of).next_back() == Some("bool"));
        match operand {
            Operand::Constant(Literal::Text(text)) if to_bool => {
                Operand::Constant(match text.trim().to_lowercase().as_str() {
                    "t" | "true" | "y" | "yes" | "on" | "1" => Literal::Bool(true),
                    "f" | "false" | "n" | "no" | "off" | "0" => Literal::Bool(false),
                    _ => Literal::Some,
                })
            }
            Operand::Constant(Literal::Number(number)) if to_bool => Operand::Constant(Literal::Bool(number != 0.0)),
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
                each(&call.args).next_back().map(|arg| self.operand(arg))
        {
            return match each(&call.args).next().map(|arg| self.operand(arg)) {
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
        for arg in each(&call.args) {
            match self.operand(arg) {
                Operand::Constant(_) => {}
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
            None => Operand::Constant(Literal::Some),
            Some(column) => made_of(column, name),
        }
    }

    fn expression_operand(&self, expr: &AExpr) -> Operand {
        const KEEPS: [&str; 11] = ["+", "-", "/", "%", "||", "->", "->>", "#>", "#>>", "&", "<->"];
        let operator = each(&expr.name).filter_map(text_of).next_back().unwrap_or_default();
        let right = inner(&expr.rexpr).map(|node| self.operand(node));
        let left = inner(&expr.lexpr).map(|node| self.operand(node));
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
            (None, Some(Operand::Constant(Literal::Number(number)))) if operator == "-" => {
                Operand::Constant(Literal::Number(-number))
            }
            (Some(Operand::Constant(_)), Some(Operand::Constant(span))) if matches!(operator, "+" | "-") => {
                let dated = matches!(inner(&expr.lexpr), Some(NodeEnum::SqlvalueFunction(_)));
                let far = match span {
                    Literal::Text(text) => is_lifelong(&text),
                    Literal::Number(days) => dated && days >= 50.0 * 365.0,
                    _ => false,
                };
                let end = if operator == "+" { "infinity" } else { "-infinity" };
                Operand::Constant(if far { Literal::Text(end.to_owned()) } else { Literal::Some })
            }
            (Some(Operand::Constant(Literal::Text(one))), Some(Operand::Constant(Literal::Text(two))))
                if operator == "||" =>
            {
                Operand::Constant(Literal::Text(one + &two))
            }
            (None | Some(Operand::Constant(_)), Some(Operand::Constant(_))) => Operand::Constant(Literal::Some),
            (Some(Operand::Query(whole)), Some(Operand::Constant(_)))
            | (None | Some(Operand::Constant(_)), Some(Operand::Query(whole))) => Operand::Query(whole),
            (Some(Operand::Query(mut one)), Some(Operand::Query(two))) => {
                one.extend(two);
                Operand::Query(one)
            }
            (Some(Operand::Column(column)), Some(Operand::Constant(value))) => {
                let zero = value == Literal::Number(0.0) && matches!(operator, "*" | "&");
                let one = value == Literal::Number(1.0) && operator == "%";
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
            match (self.operand(arg), &column) {
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
            "to_timestamp" => (0.0, 4_102_444_800.0),
            "to_date" => {
                let Operand::Constant(Literal::Text(text)) = self.operand(each(args).next()?) else { return None };
                return if is_late(&text) { Some("infinity") } else { is_early(&text).then_some("-infinity") };
            }
            _ => return None,
        };
        match self.operand(each(args).next()?) {
            Operand::Constant(Literal::Number(number)) if number >= high => Some("infinity"),
            Operand::Constant(Literal::Number(number)) if number <= low => Some("-infinity"),
            _ => None,
        }
    }

    /// A range, as it is written: of its bounds, or of the first and the last of those that it is made of.
    fn range(&self, args: &[Node]) -> Literal {
        let bound = |node: &NodeEnum| match self.operand(node) {
            Operand::Constant(Literal::Null) => Some(String::new()),
            Operand::Constant(Literal::Number(number)) => Some(number.to_string()),
            Operand::Constant(Literal::Text(text)) => Some(text),
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
        let constant = each(nodes).all(|node| matches!(self.operand(node), Operand::Constant(_)));
        match (constant, nodes.is_empty()) {
            (true, true) => Operand::Constant(Literal::Text("{}".to_owned())),
            (true, false) => Operand::Constant(Literal::Some),
            (false, _) => Operand::Unknown,
        }
    }
}

/// How a remainder is told apart from others: `%2`.
fn remainder(by: &str, number: f64) -> String {
    if matches!(by, "%" | "mod") { format!("%{number}") } else { format!("{by}{number}") }
}

fn made_of(column: Column, by: &str) -> Operand {
    Operand::Column(Column { key: format!("{by}({})", column.key), plain: false, ..column })
}
