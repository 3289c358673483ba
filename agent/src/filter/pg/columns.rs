//! What is masked in which column: by type and format (PostgreSQL catalogue `pg_type`). A type that can hold free text is
//! text; a type that is not known is text, too; only types whose values cannot hold a label are left alone.

use std::sync::Arc;

use protocols::pg::row::Column;

/// What to do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// It cannot hold a label.
    Skip,
    /// Any bytes.
    Text,
    /// JSON in text form.
    Json,
    /// Binary jsonb: a version byte, then JSON.
    Jsonb,
    /// A number in text form.
    Number,
    /// A list of numbers in text form.
    Numbers,
    /// Binary int8.
    Int8,
    /// Binary numeric.
    Numeric,
    /// float8 in text form.
    Float,
    /// A list of such.
    Floats,
    /// Binary float8.
    Float8,
    /// money in text form, in the manner of the server's language.
    Money,
    /// Lists of such.
    Moneys,
    /// Binary money: hundredths.
    Cents,
    /// bytea in text form: `\x` and hexadecimal digits, or the older form with escapes.
    Bytea,
    /// A list of such.
    Byteas,
    /// A binary array: elements with their length words.
    Array,
    /// A binary composite value: fields with their types and length words.
    Record,
}

/// The rule for a type in a format.
pub(super) fn rule(type_oid: u32, binary: bool) -> Rule {
    match (type_oid, binary) {
        // bool int2 int4 oid tid xid cid float4
        (16 | 21 | 23 | 26 | 27 | 28 | 29 | 700, _)
        // point lseg path box polygon line circle
        | (600..=604 | 628 | 718, _)
        // cidr inet macaddr macaddr8
        | (650 | 869 | 829 | 774, _)
        // date time timestamp timestamptz interval timetz
        | (1082 | 1083 | 1114 | 1184 | 1186 | 1266, _)
        // uuid pg_lsn void char
        | (2950 | 3220 | 2278 | 18, _)
        // regproc regprocedure regoper regoperator regclass regtype in binary: an oid
        | (24 | 2202..=2206, true)
        // arrays of these
        | (1000 | 1005 | 1007 | 1010..=1013 | 1021 | 1028, _)
        | (1017..=1020 | 1027 | 629 | 719, _)
        | (651 | 1040 | 1041 | 775 | 1115 | 1182 | 1183 | 1185 | 1187 | 1270 | 2951 | 3221, _) => Rule::Skip,
        (17, false) => Rule::Bytea,
        (1001, false) => Rule::Byteas,
        (114, _) | (3802, false) => Rule::Json,
        (3802, true) => Rule::Jsonb,
        // int8 numeric xid8
        (20 | 1700 | 5069, false) => Rule::Number,
        (701, false) => Rule::Float,
        (1022, false) => Rule::Floats,
        (20 | 5069, true) => Rule::Int8,
        (1700, true) => Rule::Numeric,
        (701, true) => Rule::Float8,
        (790, false) => Rule::Money,
        (790, true) => Rule::Cents,
        (791, false) => Rule::Moneys,
        (1016 | 1231 | 271, false) => Rule::Numbers,
        // text varchar bpchar name json jsonb xml int8 numeric float8 xid8 money bytea record
        (1009 | 1015 | 1014 | 1003 | 199 | 3807 | 143 | 1016 | 1231 | 1022 | 271 | 791 | 1001 | 2287, true) => Rule::Array,
        (2249, true) => Rule::Record,
        _ => Rule::Text,
    }
}

/// What is masked in the rows of one result.
#[derive(Debug)]
pub(super) struct Plan {
    names: Vec<String>,
    rules: Vec<Rule>,
    binary: Vec<bool>,
    touches: bool,
}

impl Plan {
    /// A plan for `columns` whose names are masked already, in `formats` if those are known better than the columns say.
    pub(super) fn new(columns: &[Column], formats: Option<&[i16]>) -> Arc<Self> {
        let binary = |number: usize, column: &Column| match formats {
            None => column.format == 1,
            Some([]) => false,
            Some([all]) => *all == 1,
            Some(each) => each.get(number).is_some_and(|code| *code == 1),
        };
        let binary: Vec<bool> = columns.iter().enumerate().map(|(number, column)| binary(number, column)).collect();
        let rules: Vec<Rule> =
            columns.iter().zip(&binary).map(|(column, binary)| rule(column.type_oid, *binary)).collect();
        let names = columns.iter().map(|column| String::from_utf8_lossy(&column.name).into_owned()).collect();
        let touches = rules.iter().any(|rule| *rule != Rule::Skip);
        Arc::new(Self { names, rules, binary, touches })
    }

    /// Whether any column is masked at all.
    pub(super) fn touches(&self) -> bool {
        self.touches
    }

    /// Whether a value of some column can only be read as a whole.
    pub(super) fn needs_whole(&self) -> bool {
        let in_pieces = |rule: &Rule| {
            matches!(rule, Rule::Skip | Rule::Text | Rule::Json | Rule::Jsonb | Rule::Number | Rule::Bytea)
        };
        !self.rules.iter().all(in_pieces)
    }

    /// The rule of a column; a column that was not described is text.
    pub(super) fn rule(&self, column: usize) -> Rule {
        self.rules.get(column).copied().unwrap_or(Rule::Text)
    }

    /// Whether a column is binary.
    pub(super) fn is_binary(&self, column: usize) -> bool {
        self.binary.get(column).copied().unwrap_or_default()
    }

    /// The name of a column.
    pub(super) fn name(&self, column: usize) -> Option<&str> {
        self.names.get(column).map(String::as_str)
    }
}
