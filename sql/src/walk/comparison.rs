//! A column against a value.

use std::cmp::Ordering;

use super::operand::Column;
use crate::doubt::{Literal, Test};

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
        !self.column.names.contains("tableoid")
            && !self.is_always_so()
            && !self.leaves_out_little()
            && self.test().limits(&self.value)
    }

    /// Whether it leaves out one value of many, or what nearly no row lacks.
    fn leaves_out_little(&self) -> bool {
        match self.operator {
            "<>" => {
                let part = ends_of(&self.column.key).is_some() && !self.column.key.contains("length(");
                !part && !matches!(self.value, Literal::Bool(_)) && !self.column.has_few_values()
            }
            "not null" => !self.column.is_mostly_missing(),
            _ => false,
        }
    }

    /// Whether it says no more of a part of a date, a length or a remainder than what holds for all of them: `month <= 12`.
    fn is_always_so(&self) -> bool {
        let Some(number) = self.value.number().or_else(|| self.value.text()?.trim().parse().ok()) else { return false };
        let Some((low, high)) = ends_of(&self.column.key) else { return false };
        match self.operator {
            "<" => number > high,
            "<=" => number >= high,
            ">" => number < low,
            ">=" => number <= low,
            "<>" => number < low || number > high,
            _ => false,
        }
    }

    pub(super) fn test(&self) -> Test {
        Test { operator: self.operator, identity: self.column.is_identity(), plain: self.column.plain }
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
            ('n', 'n') => self.operator != other.operator || differ(self, other) || !self.value.is_known(),
            ('e', 'n') | ('n', 'e') => !differ(self, other),
            ('n', 'l' | 'g') | ('l' | 'g', 'n') | ('0', '1') | ('1', '0') => true,
            ('l', 'g') => self.value.order(&other.value) != Some(Ordering::Less),
            ('g', 'l') => other.value.order(&self.value) != Some(Ordering::Less),
            _ => false,
        }
    }
}

/// The least and the largest number that a function makes of what a column may hold.
fn ends_of(key: &str) -> Option<(f64, f64)> {
    let by = key.split('(').next().filter(|by| by.len() < key.len())?;
    Some(match by {
        "year" | "isoyear" => (1970.0, 2100.0),
        "quarter" => (1.0, 4.0),
        "month" => (1.0, 12.0),
        "week" => (1.0, 53.0),
        "day" => (1.0, 31.0),
        "doy" => (1.0, 366.0),
        "dow" => (0.0, 6.0),
        "isodow" => (1.0, 7.0),
        "hour" => (0.0, 23.0),
        "minute" | "second" => (0.0, 59.0),
        "length" | "char_length" => (1.0, 1000.0),
        _ => (0.0, by.strip_prefix('%')?.parse::<f64>().ok()?.abs() - 1.0),
    })
}
