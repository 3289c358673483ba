//! Which kinds of statement there are, and what each may do. The list is closed: what is not on it is refused.

use super::{Refused, walk::Walk};
use crate::{
    lineage::{TRUNCATE, Written},
    node::Node,
};

/// Settings that decide how a text is read or a name is found.
const PINNED: [&str; 3] = ["standard_conforming_strings", "client_encoding", "backslash_quote"];
/// Encodings of which every byte that looks like ASCII is.
const ENCODINGS: [&str; 4] = ["utf8", "unicode", "sqlascii", "default"];

impl<'a> Walk<'a> {
    /// A whole statement.
    pub(super) fn statement(&mut self, node: &'a Node) -> Result<(), Refused> {
        match node.kind {
            "SelectStmt" => self.query(node),
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => self.data(node),
            "ExplainStmt" | "PrepareStmt" | "DeclareCursorStmt" => self.inner(node),
            "CopyStmt" => self.copy(node),
            "VariableSetStmt" => self.variable(node),
            "TransactionStmt" | "VariableShowStmt" | "FetchStmt" | "ClosePortalStmt" | "DeallocateStmt"
            | "ListenStmt" | "UnlistenStmt" | "NotifyStmt" | "CheckPointStmt" | "ConstraintsSetStmt" | "LockStmt"
            | "VacuumStmt" | "ReindexStmt" | "DiscardStmt" => Ok(()),
            "ClusterStmt" | "RepackStmt" => self.reorder(node),
            "TruncateStmt" => {
                let written = Written { events: TRUNCATE, sets: Some(Default::default()) };
                node.nodes("relations").try_for_each(|name| self.runs_for(name, &written))
            }
            "ExecuteStmt" | "CallStmt" => self.expressions(node),
            _ => {
                self.defines = true;
                self.definition(node)
            }
        }
    }

    /// A table is stored in the order of an index: whoever reads it sees that order.
    fn reorder(&mut self, node: &'a Node) -> Result<(), Refused> {
        let mut marked = node.node("relation").is_none();
        node.visit(&mut |name| {
            marked |= name.kind == "RangeVar" && self.named(name).is_some();
            true
        });
        if marked {
            return Err(Refused::because("rows of a masked relation would be put in the order of their values"));
        }
        Ok(())
    }

    fn inner(&mut self, node: &'a Node) -> Result<(), Refused> {
        let before = self.targets.len();
        let explains = node.kind == "ExplainStmt";
        let runs =
            explains && node.nodes("options").any(|option| option.text("defname").eq_ignore_ascii_case("analyze"));
        let shows = explains && (runs || !without_costs(node));
        if shows && node.node("query").is_some_and(|query| query.kind == "ExecuteStmt") {
            return Err(Refused::because(
                "what it costs would tell how long masked values are: use EXPLAIN (COSTS OFF)",
            ));
        }
        self.shows_costs |= shows;
        self.shows_runs |= runs;
        self.prepared(node)?;
        if runs && self.targets.len() > before {
            return Err(Refused::because("what a write costs would tell whether masked values change"));
        }
        Ok(())
    }

    fn prepared(&mut self, node: &'a Node) -> Result<(), Refused> {
        match node.node("query") {
            // The server finds its names again when the search path has changed.
            Some(query) if node.kind == "PrepareStmt" => match self.statement(query) {
                Ok(()) if self.by_path || !self.settled.is_empty() => {
                    Err(Refused::because("another search path would find a masked relation: name the schema"))
                }
                judged => judged,
            },
            Some(query) => self.statement(query),
            None => Err(Refused::because("a statement without a query")),
        }
    }

    fn variable(&mut self, node: &'a Node) -> Result<(), Refused> {
        let argument = node.nodes("args").next();
        let value = argument.and_then(|argument| argument.node("val")).map(|value| value.text("sval"));
        self.setting(node.text("name"), value)
    }

    /// A setting is changed to a value; `None` if it is reset, or the value cannot be told.
    pub(super) fn setting(&mut self, name: &str, value: Option<&str>) -> Result<(), Refused> {
        let name = name.to_lowercase();
        let value: Option<String> =
            value.map(|value| value.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect());
        let allowed = match (name.as_str(), value.as_deref()) {
            ("search_path" | "role" | "session_authorization", _) => {
                self.path_changed = true;
                true
            }
            ("standard_conforming_strings", Some("on" | "true" | "yes" | "1")) => true,
            // A character that another encoding lacks would be told in an error.
            ("client_encoding", Some(encoding)) if self.marks.has_tokens() => matches!(encoding, "utf8" | "unicode"),
            ("client_encoding", Some(encoding)) => {
                ENCODINGS.contains(&encoding) || encoding.starts_with("latin") || encoding.starts_with("win125")
            }
            (pinned, _) => !PINNED.contains(&pinned),
        };
        if allowed { Ok(()) } else { Err(Refused::because(format!("{name} is pinned where columns are masked"))) }
    }
}

/// Whether an EXPLAIN says nothing of how many bytes there are.
fn without_costs(node: &Node) -> bool {
    let mut costs = node.nodes("options").filter(|option| option.text("defname").eq_ignore_ascii_case("costs"));
    let is_off = |option: &Node| {
        let value = option.node("arg").map(|value| value.text("sval").to_lowercase());
        matches!(value.as_deref(), Some("off" | "false"))
    };
    costs.next().is_some_and(is_off) && costs.all(is_off)
}
