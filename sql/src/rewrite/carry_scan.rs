//! Finds the values that a statement gives to carried columns. A column is told by the relation that its name can mean. Where a value
//! is written it must stand alone: a parameter, a literal, or a cast of one. Where it is compared, too, and by equality. Whatever else
//! meets such a column in an expression is refused, because nobody could say what would reach the database.

use std::sync::Arc;

use super::{
    Carried, Given, Instead, Judged, Refused, Resolved, Session, bound,
    carry::{PLACEHOLDER, constant, placeholder},
    parts, resolve,
    splice::{Change, Edits},
    walk::Marked,
};
use crate::{
    catalog::Relation,
    lineage::{Cover, Mark, Marks, Mode, Safety},
    node::{self, Node},
};

/// `A_Expr_Kind`: an operator, `= ANY`, IS [NOT] DISTINCT FROM, IN.
const OPERATOR: i64 = 1;
const ANY: i64 = 2;
const DISTINCT: [i64; 2] = [4, 5];
const IN: i64 = 7;
/// Expressions in which a value can meet a column.
const MEETING: [&str; 6] = ["AExpr", "FuncCall", "SubLink", "CoalesceExpr", "MinMaxExpr", "CaseExpr"];

/// A relation of which some columns are carried, under a name that the statement has for it.
struct Carrier<'a> {
    alias: &'a str,
    relation: Arc<Relation>,
    cover: Arc<Cover>,
}

struct Scan<'a> {
    marks: &'a Marks,
    session: &'a Session,
    carriers: Vec<Carrier<'a>>,
    /// Values, and columns that meet nothing else, by their nodes.
    settled: Vec<&'a Node>,
    found: Vec<(&'a Node, Carried)>,
}

/// A value that stands alone.
enum Alone<'a> {
    /// NULL, DEFAULT.
    Nothing,
    Value(&'a Node),
}

/// Adds the values that a statement of this text gives to carried columns.
pub(super) fn collect(
    text: &str,
    tree: &Node,
    marks: &Marks,
    session: &Session,
    judged: &mut Judged,
    edits: &mut Edits,
) -> Result<(), Refused> {
    let mut scan = Scan { marks, session, carriers: Vec::new(), settled: Vec::new(), found: Vec::new() };
    scan.code(tree)?;
    scan.relations(tree)?;
    if scan.carriers.is_empty() {
        return Ok(());
    }
    scan.statements(tree)?;
    scan.comparisons(tree)?;
    scan.strays(tree)?;
    bound::collect(text, tree, marks, &mut judged.bound);
    if tree.kind == "PrepareStmt" && !scan.found.is_empty() {
        return Err(refused("what EXECUTE gives to it", &scan.found));
    }
    if text.contains(PLACEHOLDER) {
        return Err(refused("this text", &scan.found));
    }
    scan.found.into_iter().try_for_each(|(node, carried)| add(node, carried, judged, edits))
}

fn add(node: &Node, mut carried: Carried, judged: &mut Judged, edits: &mut Edits) -> Result<(), Refused> {
    match &carried.given {
        Given::Parameter(_) => {
            let known = judged.carried.iter().find(|known| known.given == carried.given);
            match known {
                Some(known) if (&known.mark.label, &known.instead) != (&carried.mark.label, &carried.instead) => {
                    return Err(Refused::because(format!(
                        "a parameter is given to {} and {}, which are masked in different ways",
                        known.column, carried.column
                    )));
                }
                Some(_) => {}
                None => judged.carried.push(carried),
            }
        }
        Given::Literal { .. } => {
            let text = placeholder(judged.carried.len());
            let select = node::statement(&format!("SELECT {text}")).map_err(|_| unplaced())?;
            let value = select.nodes("target_list").next().and_then(|target| target.node("val")).cloned();
            edits.tree("AConst", node.at, Change::Replace(value.ok_or_else(unplaced)?));
            edits.constant(node.at, text);
            let (at, value) = (usize::try_from(node.at).ok(), constant(node));
            let (at, value) = at.zip(value).ok_or_else(unplaced)?;
            carried.given = Given::Literal { at, span: 0..0, value };
            judged.carried.push(carried);
        }
    }
    Ok(())
}

impl<'a> Scan<'a> {
    /// Code that writes such a column takes values by other ways.
    fn code(&self, tree: &Node) -> Result<(), Refused> {
        let mut writes = None;
        tree.visit(&mut |node| {
            if node.kind == "FuncCall" {
                let name = node.texts("funcname");
                let _judged: Safety = self.marks.function(&name);
                if self.marks.effects(&name).writes {
                    writes = Some(format!("the function {}", name.join(".")));
                }
            }
            true
        });
        if tree.kind == "DoStmt" && tree.any(|node| self.marks.mentions(node.text("sval"))) {
            writes = Some("the block".into());
        }
        writes.map_or(Ok(()), |what| {
            Err(Refused::because(format!("{what} writes columns whose values are masked on their way to the database")))
        })
    }

    fn relations(&mut self, tree: &'a Node) -> Result<(), Refused> {
        let mut names = Vec::new();
        tree.visit(&mut |node| {
            if node.kind == "RangeVar" {
                names.push(node);
            }
            true
        });
        for name in names {
            if let Some((relation, cover)) = self.carrier(name)? {
                let alias = name.node("alias").map_or_else(|| name.text("relname"), |alias| alias.text("aliasname"));
                if name.node("alias").is_some_and(|alias| !alias.list("colnames").is_empty()) {
                    return Err(Refused::because(format!("columns of {} get other names", relation.name)));
                }
                self.carriers.push(Carrier { alias, relation, cover });
            }
        }
        Ok(())
    }

    /// A relation with carried columns.
    fn carrier(&self, name: &Node) -> Result<Option<Marked>, Refused> {
        match resolve(self.marks, self.session, name) {
            Resolved::Relation(relation) => {
                let cover = self.marks.cover(&relation);
                let carries = cover.masked.values().any(|mark| mark.mode != Mode::Record);
                Ok(carries.then_some((relation, cover)))
            }
            Resolved::Unmarked | Resolved::Unknown => Ok(None),
            Resolved::Ambiguous => Err(Refused::because(format!(
                "{} is the name of several relations, and values of some are masked on their way: name the schema",
                name.text("relname")
            ))),
        }
    }

    fn statements(&mut self, tree: &'a Node) -> Result<(), Refused> {
        let mut writes = Vec::new();
        tree.visit(&mut |node| {
            if matches!(node.kind, "InsertStmt" | "UpdateStmt" | "MergeStmt" | "CopyStmt") {
                writes.push(node);
            }
            true
        });
        writes.into_iter().try_for_each(|node| self.write(node))
    }

    fn write(&mut self, node: &'a Node) -> Result<(), Refused> {
        let Some(name) = node.node("relation") else { return Ok(()) };
        if let Resolved::Relation(relation) = resolve(self.marks, self.session, name)
            && let Some(why) = &self.marks.cover(&relation).closed
        {
            return Err(Refused::because(format!("what is written through {} cannot be told: {why}", relation.name)));
        }
        let Some((relation, cover)) = self.carrier(name)? else { return Ok(()) };
        let target = (&*relation, &*cover);
        match node.kind {
            "CopyStmt" if node.flag("is_from") => {
                let columns = node.texts("attlist");
                let mut all = relation.columns.iter().map(|column| column.name.as_str());
                let any = if columns.is_empty() {
                    all.any(|name| mark_of(target, name).is_some())
                } else {
                    columns.iter().any(|name| mark_of(target, name).is_some())
                };
                if any {
                    return Err(Refused::because(format!(
                        "values of {} are masked on their way to the database, and those of COPY cannot be: use INSERT",
                        relation.name
                    )));
                }
                Ok(())
            }
            "InsertStmt" => {
                self.insert(node, target)?;
                node.node("on_conflict_clause").map_or(Ok(()), |conflict| self.set(conflict, target))
            }
            "UpdateStmt" => self.set(node, target),
            "MergeStmt" => node.nodes("merge_when_clauses").try_for_each(|clause| {
                let values: Vec<&Node> = clause.nodes("values").collect();
                if values.is_empty() {
                    return self.set(clause, target);
                }
                self.row(&columns(clause.nodes("target_list"), target), &values, target)
            }),
            _ => Ok(()),
        }
    }

    fn insert(&mut self, node: &'a Node, target: (&Relation, &Cover)) -> Result<(), Refused> {
        let Some(source) = node.node("select_stmt") else { return Ok(()) };
        let names = columns(node.nodes("cols"), target);
        for row in source.nodes("values_lists") {
            self.row(&names, &row.nodes("items").collect::<Vec<_>>(), target)?;
        }
        if !source.list("values_lists").is_empty() {
            return Ok(());
        }
        let values: Vec<&Node> = source.nodes("target_list").filter_map(|target| target.node("val")).collect();
        let star = values.iter().any(|value| value.any(|node| node.kind == "AStar"));
        if star || source.node("larg").is_some() {
            let given = names.iter().find_map(|name| mark_of(target, name));
            return given.map_or(Ok(()), |(_, mark)| Err(not_alone(&mark.source)));
        }
        self.row(&names, &values, target)
    }

    fn row(&mut self, names: &[String], values: &[&'a Node], target: (&Relation, &Cover)) -> Result<(), Refused> {
        names.iter().zip(values).try_for_each(|(name, value)| self.assign(name, value, target))
    }

    /// `SET column = value`, of UPDATE, ON CONFLICT and MERGE.
    fn set(&mut self, node: &'a Node, target: (&Relation, &Cover)) -> Result<(), Refused> {
        node.nodes("target_list").try_for_each(|assignment| {
            let name = assignment.text("name");
            let (Some(value), Some((_, mark))) = (assignment.node("val"), mark_of(target, name)) else { return Ok(()) };
            if !assignment.list("indirection").is_empty() {
                return Err(not_alone(&mark.source));
            }
            if value.kind == "ColumnRef" && parts(value) == (vec!["excluded", name], false) {
                return Ok(());
            }
            self.assign(name, value, target)
        })
    }

    fn assign(&mut self, name: &str, value: &'a Node, target: (&Relation, &Cover)) -> Result<(), Refused> {
        let Some((relation, mark)) = mark_of(target, name) else { return Ok(()) };
        let value = alone(value).ok_or_else(|| not_alone(&mark.source))?;
        self.give(value, relation, name, mark, true)
    }

    fn give(
        &mut self,
        value: Alone<'a>,
        relation: &Relation,
        name: &str,
        mark: &Mark,
        written: bool,
    ) -> Result<(), Refused> {
        let Alone::Value(node) = value else { return Ok(()) };
        let column = relation.column(name).ok_or_else(unplaced)?;
        let instead = Instead::of(column, mark, written)?;
        let number = usize::try_from(node.int("number")).unwrap_or_default();
        let given = match node.kind {
            "ParamRef" => Given::Parameter(number),
            _ => Given::Literal { at: 0, span: 0..0, value: String::new() },
        };
        let column = format!("{}.{}.{name}", relation.schema, relation.name);
        self.settled.push(node);
        self.found.push((node, Carried { given, column, mark: mark.clone(), instead }));
        Ok(())
    }

    fn comparisons(&mut self, tree: &'a Node) -> Result<(), Refused> {
        let mut expressions = Vec::new();
        tree.visit(&mut |node| {
            if node.kind == "AExpr" {
                expressions.push(node);
            }
            true
        });
        expressions.into_iter().try_for_each(|node| self.compare(node))
    }

    fn compare(&mut self, node: &'a Node) -> Result<(), Refused> {
        let equality = matches!(node.texts("name").as_slice(), ["=" | "<>"]);
        let kind = node.int("kind");
        let (Some(left), Some(right)) = (node.node("lexpr"), node.node("rexpr")) else { return Ok(()) };
        let values: Vec<&'a Node> = match kind {
            IN if right.kind == "List" => right.nodes("items").collect(),
            ANY if equality && right.kind == "AArrayExpr" => right.nodes("elements").collect(),
            OPERATOR if !equality => return Ok(()),
            OPERATOR => vec![right],
            kind if DISTINCT.contains(&kind) => vec![right],
            _ => return Ok(()),
        };
        if let Some(found) = self.column(left) {
            return self.compared(left, found, &values);
        }
        match self.column(right) {
            Some(found) if kind != IN && kind != ANY => self.compared(right, found, &[left]),
            _ => Ok(()),
        }
    }

    fn compared(
        &mut self,
        column: &'a Node,
        (relation, name, mark): (Arc<Relation>, String, Mark),
        values: &[&'a Node],
    ) -> Result<(), Refused> {
        let alone: Option<Vec<Alone<'a>>> = values.iter().map(|value| alone(value)).collect();
        // What else it is compared with is looked at as any expression is.
        let Some(alone) = alone else { return Ok(()) };
        self.settled.push(bare(column));
        alone.into_iter().try_for_each(|value| self.give(value, &relation, &name, &mark, false))
    }

    /// The carried column that an operand is, also in small letters or cast.
    fn column(&self, operand: &Node) -> Option<(Arc<Relation>, String, Mark)> {
        let reference = bare(operand);
        (reference.kind == "ColumnRef").then(|| self.meant(reference)).flatten()
    }

    /// The carried column that a name can mean.
    fn meant(&self, reference: &Node) -> Option<(Arc<Relation>, String, Mark)> {
        let (parts, star) = parts(reference);
        let (alias, name) = match parts.as_slice() {
            [name] => (None, *name),
            [.., alias, name] => (Some(*alias), *name),
            [] => return None,
        };
        let mut carriers = self.carriers.iter().filter(|carrier| {
            alias.is_none_or(|alias| [carrier.alias, "excluded", "old", "new"].contains(&alias)) && !star
        });
        carriers.find_map(|carrier| {
            let (_, mark) = mark_of((&carrier.relation, &carrier.cover), name)?;
            Some((Arc::clone(&carrier.relation), name.to_owned(), mark.clone()))
        })
    }

    /// Refuses values that meet a carried column in any other way.
    fn strays(&self, tree: &Node) -> Result<(), Refused> {
        let mut met = None;
        tree.visit(&mut |node| {
            if met.is_none() && MEETING.contains(&node.kind) {
                met = self.stray(node);
            }
            true
        });
        met.map_or(Ok(()), |source| Err(not_alone(&source)))
    }

    fn stray(&self, node: &Node) -> Option<String> {
        let whole = if node.kind == "CaseExpr" { node.node("arg")? } else { node };
        let source = self.loose_column(whole)?;
        let direct =
            ["lexpr", "rexpr"].iter().filter_map(|side| node.node(side)).any(|side| self.column(side).is_some());
        let mut stray = false;
        below(node, &mut |inner| {
            stray |= !self.is_settled(inner)
                && match inner.kind {
                    "ParamRef" => true,
                    "AConst" => constant(inner).is_some_and(|value| {
                        let number = inner.node("val").is_some_and(|value| value.kind == "Integer");
                        if number { direct } else { value.contains(char::is_alphanumeric) }
                    }),
                    _ => false,
                };
        });
        stray.then_some(source)
    }

    /// A carried column in an expression that no comparison has settled.
    fn loose_column(&self, node: &Node) -> Option<String> {
        let mut source = None;
        below(node, &mut |inner| {
            if source.is_none() && inner.kind == "ColumnRef" && !self.is_settled(inner) {
                source = self.meant(inner).map(|(_, _, mark)| mark.source);
            }
        });
        source
    }

    fn is_settled(&self, node: &Node) -> bool {
        self.settled.iter().any(|settled| std::ptr::eq(*settled, node))
    }
}

impl Marks {
    /// Whether a text has the name of a marked relation in it.
    fn mentions(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.names().any(|name| text.contains(&name.to_lowercase()))
    }
}

/// Every node of an expression, without those of queries in it and of types.
fn below<'n>(root: &'n Node, look: &mut impl FnMut(&'n Node)) {
    root.visit(&mut |node| {
        look(node);
        !matches!(node.kind, "SelectStmt" | "TypeName")
    });
}

/// What is cast, collated or made small.
fn bare(node: &Node) -> &Node {
    let inner = match node.kind {
        "TypeCast" | "CollateClause" => node.node("arg"),
        "FuncCall" if matches!(node.texts("funcname").as_slice(), ["lower"] | ["pg_catalog", "lower"]) => {
            match node.list("args") {
                [only] => only.node(),
                _ => None,
            }
        }
        _ => None,
    };
    inner.map_or(node, bare)
}

fn alone(node: &Node) -> Option<Alone<'_>> {
    let node = bare(node);
    match node.kind {
        "SetToDefault" => Some(Alone::Nothing),
        "AConst" if node.flag("isnull") => Some(Alone::Nothing),
        "AConst" | "ParamRef" => Some(Alone::Value(node)),
        _ => None,
    }
}

/// The columns that are named, or all of them.
fn columns<'n>(named: impl Iterator<Item = &'n Node>, (relation, _): (&Relation, &Cover)) -> Vec<String> {
    let named: Vec<String> = named.map(|target| target.text("name").to_owned()).collect();
    if named.is_empty() { relation.columns.iter().map(|column| column.name.clone()).collect() } else { named }
}

fn mark_of<'m>((relation, cover): (&'m Relation, &'m Cover), name: &str) -> Option<(&'m Relation, &'m Mark)> {
    cover.masked.get(name).filter(|mark| mark.mode != Mode::Record).map(|mark| (relation, mark))
}

fn not_alone(source: &str) -> Refused {
    Refused::because(format!(
        "values of {source} are masked on their way to the database: give it a parameter or literal by itself, or compare it with one by ="
    ))
}

fn refused(what: &str, found: &[(&Node, Carried)]) -> Refused {
    let source = found.first().map_or("", |(_, carried)| carried.mark.source.as_str());
    Refused::because(format!("values of {source} are masked on their way to the database, and {what} cannot be"))
}

fn unplaced() -> Refused {
    Refused::because("a value cannot be masked on its way in this form")
}
