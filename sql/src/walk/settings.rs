//! Settings: what SET, RESET and `set_config` change, and what that means for the texts that follow.

use pg_query::{
    NodeEnum,
    protobuf::{Node, VariableSetKind, VariableSetStmt, a_const::Val},
};

use super::{Walker, each, inner};
use crate::reading::Change;

impl Walker<'_> {
    pub(super) fn set(&mut self, set: &VariableSetStmt) {
        let name = set.name.to_lowercase();
        match set.kind() {
            VariableSetKind::VarResetAll => {
                self.facts.settings.insert("all".to_owned());
                self.changes.push(Change::ResetAll);
            }
            VariableSetKind::VarReset | VariableSetKind::VarSetDefault => self.resets(&name, set.is_local),
            VariableSetKind::VarSetValue => {
                let values = values(&set.args);
                self.changes_setting(&name, values, set.is_local);
            }
            VariableSetKind::VarSetMulti => self.set_several(&name, &set.args),
            VariableSetKind::VarSetCurrent | VariableSetKind::Undefined => {
                self.facts.settings.insert(name);
            }
        }
    }

    /// `SET TRANSACTION ...` and `SET SESSION CHARACTERISTICS AS TRANSACTION ...`.
    fn set_several(&mut self, name: &str, args: &[Node]) {
        self.facts.settings.insert(name.to_owned());
        for arg in each(args) {
            if let NodeEnum::DefElem(option) = arg {
                self.facts.settings.insert(option.defname.to_lowercase());
            }
        }
    }

    fn resets(&mut self, name: &str, local: bool) {
        self.facts.settings.insert(name.to_owned());
        match name {
            "search_path" => self.changes.push(Change::ResetPath { local }),
            "standard_conforming_strings" => self.changes.push(Change::StandardStrings { on: None, local }),
            "role" | "session_authorization" => self.changes.push(Change::User { user: None, local }),
            _ => {}
        }
    }

    /// A setting gets a value; `None` if it is made while the statement runs.
    pub(super) fn changes_setting(&mut self, name: &str, values: Option<Vec<String>>, local: bool) {
        self.facts.settings.insert(name.to_owned());
        let one = || values.as_ref().and_then(|values| values.first()).map(|value| value.to_lowercase());
        match name {
            "search_path" => {
                let mut path = values.map(|values| match values.as_slice() {
                    // `SET search_path = 'a, b'` names one schema; `set_config` takes a list.
                    [list] if !self.facts.verbs.contains(&crate::Verb::Set) || self.is_call() => {
                        crate::session::split_path(list)
                    }
                    _ => values,
                });
                if let Some(path) = &mut path {
                    path.retain(|schema| !schema.is_empty());
                }
                self.changes.push(Change::Path { path, local });
            }
            "standard_conforming_strings" => {
                let on = match one().as_deref() {
                    Some("on" | "true" | "yes" | "1" | "t" | "y") => Some(true),
                    Some("off" | "false" | "no" | "0" | "f" | "n") => Some(false),
                    _ => None,
                };
                self.changes.push(Change::StandardStrings { on, local });
            }
            "role" | "session_authorization" => {
                let user = values.and_then(|values| values.into_iter().next());
                let user = user.filter(|user| user != "none" && user != "default");
                self.changes.push(Change::User { user, local });
            }
            _ => {}
        }
    }

    fn is_call(&self) -> bool {
        self.facts.functions.contains("pg_catalog.set_config")
    }
}

/// Constant values of SET, as text.
pub(super) fn values(args: &[Node]) -> Option<Vec<String>> {
    each(args).map(value).collect()
}

fn value(node: &NodeEnum) -> Option<String> {
    match node {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            Val::Sval(text) => Some(text.sval.clone()),
            Val::Ival(number) => Some(number.ival.to_string()),
            Val::Fval(number) => Some(number.fval.clone()),
            Val::Boolval(value) => Some(value.boolval.to_string()),
            Val::Bsval(_) => None,
        },
        NodeEnum::TypeCast(cast) => value(inner(&cast.arg)?),
        _ => None,
    }
}
