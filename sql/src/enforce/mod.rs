//! The guarantee *enforced*: the database itself cannot give a marked value to the login. [`plan`] says what makes it so
//! (masked views in place of the tables, the right to read the columns taken away), [`verify`] what is still in the way.
//! What cannot be proven is a reason not to begin a session.

mod plan;
mod probe;

#[cfg(test)]
mod tests;

pub use self::{
    plan::{Plan, plan},
    probe::{Access, Callable, Rights, Role, ask},
};
use crate::{
    catalog::{Kind, Relation},
    lineage::{Cover, Marks, Safety},
};

/// Predefined roles that can read more than what is granted.
const MIGHTY: [&str; 6] = [
    "pg_read_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_read_all_stats",
    "pg_monitor",
];

/// Why nothing could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The answer is not what was asked for.
    #[error("the rights of the login cannot be read")]
    Unreadable,
}

/// The relations whose rights matter: everything outside of the system's own schemas through which a marked value can be
/// read, and what cannot be told. By oid, for [`ask`].
#[must_use]
pub fn relations(marks: &Marks) -> Vec<u32> {
    let mut found: Vec<u32> = covered(marks).map(|(relation, _)| relation.oid).collect();
    found.sort_unstable();
    found
}

fn covered(marks: &Marks) -> impl Iterator<Item = (&Relation, std::sync::Arc<Cover>)> {
    let relations = marks.catalog().relations.values();
    let own = relations.filter(|relation| !matches!(relation.schema.as_str(), "pg_catalog" | "information_schema"));
    own.map(|relation| (&**relation, marks.cover(relation))).filter(|(_, cover)| !cover.is_empty())
}

/// What stands in the way of the guarantee, in words for the administrator; empty if it holds.
///
/// `rights` must be the answer to [`ask`] for [`relations`].
#[must_use]
pub fn verify(marks: &Marks, rights: &Rights) -> Vec<String> {
    let mut wrong = Vec::new();
    rights.roles.iter().for_each(|role| role_is_harmless(role, &mut wrong));
    for (relation, cover) in covered(marks) {
        match rights.relations.iter().find(|access| access.oid == relation.oid) {
            Some(access) => relation_is_closed(relation, &cover, access, &mut wrong),
            None => wrong.push(format!("nothing is known of the rights to {}", name(relation))),
        }
    }
    for function in &rights.functions {
        let parts: Vec<&str> = plain_name(&function.name);
        let judged = marks.function(&parts);
        if function.untrusted || judged != Safety::Safe {
            wrong.push(format!("it may call {}, which can read what the login cannot", function.name));
        }
    }
    wrong.sort();
    wrong
}

fn role_is_harmless(role: &Role, wrong: &mut Vec<String>) {
    let name = &role.name;
    if role.superuser {
        wrong.push(format!("the role {name} is a superuser"));
    } else if role.replication {
        wrong.push(format!("the role {name} may stream all changes (REPLICATION)"));
    } else if role.creates_roles {
        wrong.push(format!("the role {name} may give itself other roles (CREATEROLE)"));
    } else if MIGHTY.contains(&name.as_str()) {
        wrong.push(format!("the login is a member of {name}"));
    }
}

fn relation_is_closed(relation: &Relation, cover: &Cover, access: &Access, wrong: &mut Vec<String>) {
    let name = name(relation);
    let is_view = matches!(relation.kind, Kind::View | Kind::MaterializedView);
    if access.sealed || (access.invoker && is_view) {
        return;
    }
    if access.owned {
        wrong.push(format!("a role of the login owns {name}"));
    }
    if access.attachable {
        wrong.push(format!("it may attach triggers or foreign keys to {name}"));
    }
    let readable = access.readable.iter();
    let masked = readable.filter(|column| cover.closed.is_some() || cover.masked.contains_key(*column));
    wrong.extend(masked.map(|column| format!("it may read {name}.{column}")));
}

fn name(relation: &Relation) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

/// The parts of `schema.name(arguments)`. Names in quotation marks are taken as they are within them.
fn plain_name(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'.' | b'(' if !quoted => {
                parts.push(text.get(begin..at).unwrap_or_default().trim_matches('"'));
                begin = at + 1;
                if byte == b'(' {
                    break;
                }
            }
            _ => {}
        }
    }
    parts
}
