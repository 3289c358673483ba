//! Columns that are masked by keyed tokens. The database must not have the key, so tokens are made where the rows are read:
//! such a column leaves the database raw, but only where the whole text is one query that returns the column as it is and
//! does nothing else with it. Wherever else it is used, the statement sees a constant: so there is nothing to compare a
//! guess with, no order, no groups, and no other statement that could read it.

use std::collections::BTreeSet;

use super::{
    parts,
    uses::Uses,
    walk::{Read, Walk},
};
use crate::{
    catalog::Column,
    lineage::{Mark, Transform},
    node::Node,
};

/// The level of names of the outermost query.
pub(super) const OUTERMOST: usize = 1;

/// What a query returns raw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// How many columns its rows have.
    pub width: usize,
    /// Those that are raw.
    pub columns: Vec<Token>,
}

/// A result column that is raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which one, from 0.
    pub place: usize,
    /// What its tokens must be.
    pub of: TokenType,
    /// Why it is masked.
    pub mark: Mark,
}

/// The type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// A text of at most so many characters.
    Text {
        /// Characters, if there is a limit.
        most: Option<usize>,
        /// Blanks fill it up.
        padded: bool,
    },
    /// A whole number of so many bytes.
    Integer {
        /// 4 or 8.
        bytes: u8,
    },
    /// A UUID.
    Uuid,
}

impl TokenType {
    /// What tokens of a column must be; `None` if its type has none.
    #[must_use]
    pub fn of(column: &Column) -> Option<Self> {
        let of = column.base_type.as_str();
        let most = of.split_once('(').and_then(|(_, rest)| rest.trim_end_matches(')').parse().ok());
        match (of, column.category) {
            ("integer", _) => Some(Self::Integer { bytes: 4 }),
            ("bigint", _) => Some(Self::Integer { bytes: 8 }),
            ("uuid", _) => Some(Self::Uuid),
            ("text" | "citext" | "character varying", 'S') => Some(Self::Text { most: None, padded: false }),
            (of, 'S') if of.starts_with("character varying(") => Some(Self::Text { most, padded: false }),
            (of, 'S') if of.starts_with("character(") => Some(Self::Text { most, padded: true }),
            _ => None,
        }
    }
}

impl<'a> Walk<'a> {
    /// Which columns of what is read may leave the database raw: names by number of the read.
    pub(super) fn plan_tokens(&mut self, reads: &[Read<'a>]) -> Vec<BTreeSet<String>> {
        let mut raw = vec![BTreeSet::new(); reads.len()];
        let Some(root) = self.root.filter(|root| self.may_be_raw(root)) else { return raw };
        let Some(targets) = self.targets_of(root, reads) else { return raw };
        let mut tokens = Tokens { width: targets.iter().map(|target| target.columns.len()).sum(), columns: Vec::new() };
        for (number, read) in reads.iter().enumerate() {
            let masked = read.cover.masked.iter().filter(|(_, mark)| mark.transform == Transform::Token);
            for (name, mark) in masked {
                let of = read.relation.column(name).and_then(TokenType::of);
                let Some(of) = of.filter(|_| self.is_only_returned(root, read, name, &targets)) else { continue };
                let places = places(&targets, number, name);
                if places.is_empty() {
                    continue;
                }
                raw.get_mut(number).map(|raw| raw.insert(name.clone()));
                let token = |place| Token { place, of, mark: mark.clone() };
                tokens.columns.extend(places.into_iter().map(token));
            }
        }
        self.tokens = (!tokens.columns.is_empty()).then_some(tokens);
        raw
    }

    /// Whether a query returns its input rows one by one, with nothing made of them that names could hide.
    fn may_be_raw(&self, root: &Node) -> bool {
        let lists = ["distinct_clause", "group_clause", "values_lists", "locking_clause"];
        let single = ["into_clause", "having_clause", "larg"];
        let by_number = root.nodes("sort_clause").filter_map(|item| item.node("node")).any(|by| by.kind == "AConst");
        let level = self.levels.get(OUTERMOST);
        self.marks.has_tokens()
            && !self.writes
            && !self.defines
            && lists.iter().all(|list| root.list(list).is_empty())
            && single.iter().all(|field| root.node(field).is_none())
            && !by_number
            && self.join_aliases.is_empty()
            && level.is_some_and(|level| !level.natural && level.using.is_empty())
    }

    /// The result columns of each target; `None` if they cannot be counted for sure. Of what passes as it is, the server
    /// counts the columns, and may have more of them by then.
    fn targets_of(&self, root: &'a Node, reads: &[Read<'a>]) -> Option<Vec<Target<'a>>> {
        let mut targets = Vec::new();
        for item in root.nodes("target_list") {
            let value = item.node("val")?;
            let star = value.kind == "ColumnRef" && parts(value).1;
            if value.list("indirection").iter().any(super::is_star) {
                // As many columns as a type has that is not known here.
                return None;
            }
            let columns = if star { self.starred(root, value, reads)? } else { vec![self.returned(value, reads)] };
            targets.push(Target { item, value, star, columns });
        }
        Some(targets)
    }

    /// The columns that a `*` stands for, if all of them are of masked relations.
    fn starred(&self, root: &Node, value: &Node, reads: &[Read<'a>]) -> Option<Vec<Source>> {
        let of_read = |number: usize| {
            let read = reads.get(number)?;
            let columns = read.relation.columns.iter().map(|column| column.name.clone());
            let masks = read.item.node("alias").is_none_or(|alias| alias.list("colnames").is_empty());
            let used = masks && !self.uses(read).masked.is_empty();
            used.then(|| columns.map(|name| Some((number, name))).collect::<Vec<Source>>())
        };
        let here = |read: &Read<'_>| read.level == OUTERMOST;
        match parts(value).0.as_slice() {
            [] => {
                let mut from = root.nodes("from_clause");
                let (only, more) = (from.next()?, from.next());
                let number = reads.iter().position(|read| here(read) && std::ptr::eq(read.item, only))?;
                more.is_none().then(|| of_read(number)).flatten()
            }
            [.., alias] => {
                let mut found = reads.iter().enumerate().filter(|(_, read)| here(read) && read.alias() == *alias);
                let (number, _) = found.next()?;
                found.next().is_none().then(|| of_read(number)).flatten()
            }
        }
    }

    /// The masked column that a target is, if it is one and nothing else.
    fn returned(&self, value: &Node, reads: &[Read<'a>]) -> Source {
        let reference = self.references.iter().find(|reference| std::ptr::eq(reference.node, value))?;
        let name = (*parts(value).0.last()?).to_owned();
        let mut meant = reads.iter().enumerate().filter(|(_, read)| {
            let mut uses = Uses::default();
            self.refer(read, reference, &mut uses);
            read.level == OUTERMOST && !uses.whole && uses.masked.contains(&name)
        });
        let (number, _) = meant.next()?;
        meant.next().is_none().then_some((number, name))
    }

    /// Whether everything that could mean a column is a target of the outermost query, and its order does not look at it.
    fn is_only_returned(&self, root: &Node, read: &Read<'_>, name: &str, targets: &[Target<'_>]) -> bool {
        let renamed = read.item.node("alias").is_some_and(|alias| !alias.list("colnames").is_empty());
        if renamed || read.level != OUTERMOST || read.sampled {
            return false;
        }
        let mut returned: Vec<&str> = vec![name];
        let mut others = self.references.iter().filter(|reference| !self.is_looked_up(reference));
        let only = others.all(|reference| {
            let mut uses = Uses::default();
            self.refer(read, reference, &mut uses);
            if !uses.whole && !uses.masked.contains(name) {
                return true;
            }
            let target = targets.iter().find(|target| std::ptr::eq(target.value, reference.node));
            target.is_some_and(|target| {
                returned.push(target.item.text("name"));
                target.star || !uses.whole
            })
        });
        let ordered = root.nodes("sort_clause").filter_map(|item| item.node("node")).any(|by| match parts(by) {
            (parts, false) if by.kind == "ColumnRef" => matches!(parts.as_slice(), [by] if returned.contains(by)),
            _ => false,
        });
        only && !ordered
    }
}

/// The number of a read and the name of its column; `None`: something else.
type Source = Option<(usize, String)>;

/// A target of the outermost query.
struct Target<'a> {
    item: &'a Node,
    value: &'a Node,
    star: bool,
    columns: Vec<Source>,
}

/// Where a column is returned.
fn places(targets: &[Target<'_>], number: usize, name: &str) -> Vec<usize> {
    let columns = targets.iter().flat_map(|target| &target.columns).enumerate();
    let ours = |source: &Source| source.as_ref().is_some_and(|(read, column)| *read == number && column == name);
    columns.filter(|(_, source)| ours(source)).map(|(place, _)| place).collect()
}
