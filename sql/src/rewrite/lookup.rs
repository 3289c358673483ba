//! Look-ups: a label may allow that its columns are compared with a value that the caller knows already, so that a customer
//! can be found by the address just given. Of all conditions only one is such: `column = $1`, joined to the others by AND, in the
//! WHERE of a text that is one query. It moves to where the column is read; everything else still sees masks. The value must be
//! a bind parameter, so that whoever passes the statement on can count the values that are tried.

use super::{
    Refused, mask, parts,
    splice::{Change, Edits},
    token::OUTERMOST,
    uses::Uses,
    walk::{Read, Reference, Walk},
};
use crate::{
    lineage::Mark,
    node::{self, Node},
};

/// `AExpr_Kind` of a plain operator.
const PLAIN: i64 = 1;
/// `BoolExprType` AND.
const AND: i64 = 1;
/// `JoinType` INNER.
const INNER: i64 = 1;
/// Types that a parameter may be cast to.
const TEXTS: [&str; 4] = ["text", "varchar", "bpchar", "citext"];

/// A masked column that is compared with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The number of the parameter, from 1.
    pub parameter: usize,
    /// The column: `schema.relation.column`.
    pub column: String,
    /// Why it is masked.
    pub mark: Mark,
}

/// Where it stands.
pub(super) struct Place {
    pub(super) lookup: Lookup,
    /// The number of the read.
    pub(super) read: usize,
    column: String,
    /// What makes two of its values equal.
    operator: &'static str,
    /// Where the column is named.
    at: i32,
    cast: Option<&'static str>,
}

impl Place {
    /// The condition where the column is read.
    pub(super) fn test(&self) -> String {
        let cast = self.cast.map(|cast| format!("::{cast}")).unwrap_or_default();
        format!("{} {} ${}{cast}", mask::quoted(&self.column), self.operator, self.lookup.parameter)
    }
}

impl<'a> Walk<'a> {
    /// Finds the look-up of the statement, if it has exactly one.
    pub(super) fn plan_lookup(&mut self, reads: &[Read<'a>]) {
        let Some(root) = self.root.filter(|root| self.may_look_up(root)) else { return };
        let mut conditions = Vec::new();
        root.node("where_clause").into_iter().for_each(|condition| conjuncts(condition, &mut conditions));
        let mut places = conditions.into_iter().filter_map(|condition| self.place(condition, reads));
        let (first, more) = (places.next(), places.next());
        drop(places);
        if more.is_none() {
            self.lookup = first;
        }
    }

    fn may_look_up(&self, root: &Node) -> bool {
        let outer = |item: &Node| item.any(|node| node.kind == "JoinExpr" && node.int("jointype") != INNER);
        !self.writes
            && !self.defines
            && root.node("larg").is_none()
            && root.node("into_clause").is_none()
            // A row that an outer join makes up has no column to compare.
            && !root.nodes("from_clause").any(outer)
    }

    /// `column = $1`, or the other way around.
    fn place(&self, condition: &Node, reads: &[Read<'a>]) -> Option<Place> {
        let plain = condition.kind == "AExpr" && condition.int("kind") == PLAIN && condition.texts("name") == ["="];
        let (left, right) = (condition.node("lexpr")?, condition.node("rexpr")?);
        let (column, value) = if left.kind == "ColumnRef" { (left, right) } else { (right, left) };
        let (parameter, cast) = parameter(value).filter(|_| plain && column.kind == "ColumnRef")?;
        let reference = self.references.iter().find(|reference| std::ptr::eq(reference.node, column))?;
        let name = (*parts(column).0.last()?).to_owned();
        let mut meant = reads.iter().enumerate().filter(|(_, read)| self.means(read, reference, &name));
        let (number, read) = meant.next()?;
        if meant.next().is_some() || read.sampled || read.item.node("alias").is_some_and(renames) {
            return None;
        }
        let mark = read.cover.masked.get(&name).filter(|mark| self.marks.looks_up(&mark.label))?.clone();
        let of = read.relation.column(&name)?;
        let fits = of.category == 'S' || cast.is_none();
        let lookup =
            Lookup { parameter, column: format!("{}.{}.{name}", read.relation.schema, read.relation.name), mark };
        let operator = if of.base_type == "citext" { "=" } else { "OPERATOR(pg_catalog.=)" };
        fits.then_some(Place { lookup, read: number, column: name, operator, at: column.at, cast })
    }

    fn means(&self, read: &Read<'_>, reference: &Reference<'_>, name: &str) -> bool {
        let mut uses = Uses::default();
        self.refer(read, reference, &mut uses);
        read.level == OUTERMOST && !uses.whole && uses.masked.contains(name)
    }

    /// Whether a name is the one in the look-up.
    pub(super) fn is_looked_up(&self, reference: &Reference<'_>) -> bool {
        self.lookup.as_ref().is_some_and(|place| place.at == reference.node.at)
    }

    /// Where the condition stood, the parameter is compared with itself: true, unless it is NULL.
    pub(super) fn look_up(&self, edits: &mut Edits) -> Result<(), Refused> {
        let Some(place) = &self.lookup else { return Ok(()) };
        let text = format!("${}", place.lookup.parameter);
        let unmaskable = || Refused::because("the statement cannot be masked in this form");
        let select = node::statement(&format!("SELECT {text}")).map_err(|_| unmaskable())?;
        let value = select.nodes("target_list").next().and_then(|target| target.node("val"));
        edits.tree("ColumnRef", place.at, Change::Replace(value.cloned().ok_or_else(unmaskable)?));
        edits.reference(place.at, text);
        Ok(())
    }
}

fn renames(alias: &Node) -> bool {
    !alias.list("colnames").is_empty()
}

/// The conditions that are joined by AND.
fn conjuncts<'n>(condition: &'n Node, found: &mut Vec<&'n Node>) {
    match condition.kind {
        "BoolExpr" if condition.int("boolop") == AND => {
            condition.nodes("args").for_each(|condition| conjuncts(condition, found));
        }
        _ => found.push(condition),
    }
}

/// The number of a parameter, and what text it is cast to.
fn parameter(value: &Node) -> Option<(usize, Option<&'static str>)> {
    match value.kind {
        "ParamRef" => Some((usize::try_from(value.int("number")).ok().filter(|number| *number > 0)?, None)),
        "TypeCast" => {
            let to = value.node("type_name")?;
            let names = to.texts("names");
            let plain = to.list("typmods").is_empty() && to.list("array_bounds").is_empty();
            let name = names.last().and_then(|name| TEXTS.into_iter().find(|text| text == name)).filter(|_| plain)?;
            let (number, None) = parameter(value.node("arg")?)? else { return None };
            Some((number, Some(name)))
        }
        _ => None,
    }
}
