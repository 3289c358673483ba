//! Whose a name in a condition is: a column of one of the entries, or a variable of the body around.

use std::collections::BTreeSet;

use pg_query::{NodeEnum, protobuf::Node};

use super::{
    condition::Conditions,
    each, inner,
    operand::{Column, Operand, bit},
    repeat::MANY_KEYS,
    scope::Entry,
    text_of,
};
use crate::{doubt::Literal, facts::Name};

impl Conditions<'_> {
    /// What a column's name, or a variable's, stands for.
    pub(super) fn column_operand(&self, fields: &[Node]) -> Operand {
        let names: Vec<&str> = each(fields).filter_map(text_of).collect();
        if names.len() != fields.len() {
            return Operand::Unknown;
        }
        let entries = match names.as_slice() {
            [name] => self.owners(name),
            [alias, _] => self.aliased(alias),
            [schema, table, _] => {
                self.mask(|entry| entry.tables.iter().any(|t| t.schema == *schema && t.name == *table))
            }
            _ => 0,
        };
        let Some(name) = names.last() else { return Operand::Unknown };
        if let Some(number) = self.constant(&names) {
            return Operand::Constant(Literal::Number(number));
        }
        let (entries, single) = self.variable(&names, entries);
        if let Some(whole) = single {
            return Operand::Query(whole.clone());
        }
        if entries == 0 {
            // Of a query further out: one value, as far as this one is concerned.
            return Operand::Constant(Literal::Some);
        }
        let names = BTreeSet::from([(*name).to_owned()]);
        Operand::Column(Column { entries, key: format!("{entries:x}.{name}"), names, plain: true })
    }

    /// Whether LIMIT leaves so few rows that they are not all of a relation: a number that is not large, or one that is only known
    /// when it runs.
    pub(super) fn takes_few(&self, count: Option<&NodeEnum>) -> bool {
        match count {
            Some(count @ (NodeEnum::AConst(_) | NodeEnum::ParamRef(_) | NodeEnum::ColumnRef(_))) => {
                match self.operand(count) {
                    Operand::Constant(Literal::Number(number)) => number <= f64::from(MANY_KEYS),
                    Operand::Constant(value) => matches!(value, Literal::Some | Literal::Given(_)),
                    // A variable of the body whose value a query gave.
                    _ => false,
                }
            }
            Some(NodeEnum::TypeCast(cast)) => self.takes_few(inner(&cast.arg)),
            _ => false,
        }
    }

    /// The number that a variable of the body is, unless a column is known to have its name.
    fn constant(&self, names: &[&str]) -> Option<f64> {
        let [name] = names else { return None };
        let number = self.repeat.constants.get(&name.to_lowercase())?;
        let known = self.mask(|entry| entry.shape.columns.is_some() && entry.has(name));
        (known == 0).then_some(*number)
    }

    fn aliased(&self, alias: &str) -> u64 {
        let inner = self.mask(|entry| entry.alias == alias) & !(bit(self.outer).wrapping_sub(1));
        if inner != 0 { inner } else { self.mask(|entry| entry.alias == alias) }
    }

    fn owners(&self, name: &str) -> u64 {
        let all = self.mask(|entry| entry.has(name));
        let outer = bit(self.outer).wrapping_sub(1);
        let inner = all & !outer;
        let mask = if inner != 0 || self.outer == 0 { inner } else { all };
        // Where the catalog knows the columns of some, they go before those it does not know.
        let known = mask & self.mask(|entry| entry.shape.columns.is_some() && entry.has(name));
        match (known, mask) {
            // The catalog does not know such a column: either it is new, or the server says that there is none.
            (0, 0) if self.outer == 0 && self.means_nothing(name) => self.mask(|entry| !entry.tables.is_empty()),
            (0, mask) => mask,
            (known, _) => known,
        }
    }

    /// Whether a name that is no column is nothing else either.
    fn means_nothing(&self, name: &str) -> bool {
        const IMPLIED: [&str; 3] = ["found", "sqlstate", "sqlerrm"];
        let is_variable = |variables: &BTreeSet<String>| variables.contains(name) || IMPLIED.contains(&name);
        self.variables.is_some_and(|variables| !is_variable(variables))
            && !self.entries.iter().any(|entry| entry.alias == name)
    }

    fn mask(&self, mut of: impl FnMut(&Entry) -> bool) -> u64 {
        self.entries.iter().enumerate().filter(|(_, entry)| of(entry)).fold(0, |mask, (index, _)| mask | bit(index))
    }

    /// What a name that may be a variable's stands for: its entries, or the relations that it has one value out of. A variable may be
    /// named by the block it belongs to as well, and be a row whose field this is.
    fn variable(&self, names: &[&str], entries: u64) -> (u64, Option<&BTreeSet<Name>>) {
        let certain = |entry: &Entry| entry.shape.columns.is_some();
        let candidates: &[&str] = match names {
            [name] if entries & self.mask(certain) == 0 => std::slice::from_ref(name),
            [_, _] | [_, _, _] if entries == 0 => names.get(..2).unwrap_or_default(),
            _ => return (entries, None),
        };
        for candidate in candidates {
            let own = self.mask(|entry| entry.is_called(candidate));
            if own != 0 {
                return (own, None);
            }
            if let Some(whole) = self.repeat.single.get(*candidate) {
                return (entries, Some(whole));
            }
        }
        (entries, None)
    }
}
