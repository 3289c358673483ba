//! Who may look at what was recorded on a connection. Whoever may by their role, or because it is their own, may unless a policy
//! forbids it; a policy that names the action can let others.

use super::{CompileError, Engine, opinion::Asking, uid};
use crate::{Circumstances, Connection, Opinion, Principal};

/// What is done with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// It is read.
    Replay,
    /// It is taken along in a form for programs.
    Export,
}

impl Recall {
    fn action(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Export => "Export",
        }
    }
}

impl Engine {
    /// What the policies say about recordings of a connection, which need not be there any more. Any doubt forbids.
    #[must_use]
    pub fn recall(&self, person: &Principal, connection: &str, what: Recall, around: &Circumstances) -> Opinion {
        let asking = self.about_connection(connection, what.action());
        asking.map_or_else(|_| Opinion::doubtful(), |asking| self.opinion(person, asking, around))
    }

    /// A question about a connection that need not be there.
    pub(super) fn about_connection(&self, name: &str, action: &'static str) -> Result<Asking, CompileError> {
        let gone = Connection::default();
        let known = self.bundle.connections.get(name).unwrap_or(&gone);
        let resource = uid("Connection", name)?;
        Ok(Asking { action, entity: super::connection_entity(&resource, known)?, resource })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{ActorKind, Bundle, Document};

    fn opinion(text: &str, group: &str, connection: &str, what: Recall) -> Opinion {
        let known = Connection {
            protocol: "postgres".into(),
            labels: [("zone".to_owned(), "prod".to_owned())].into(),
            ..Connection::default()
        };
        let bundle = Bundle {
            version: 1,
            documents: vec![Document { name: "default".into(), text: text.into() }],
            connections: [("shop-db".to_owned(), known)].into(),
            help: String::new(),
        };
        let person = Principal { kind: ActorKind::Person, name: "alice".into(), groups: vec![group.into()] };
        Engine::compile(bundle).unwrap().recall(&person, connection, what, &Circumstances::default())
    }

    fn forbidden(rule: &str) -> Opinion {
        Opinion::Forbidden(vec![rule.to_owned()])
    }

    #[test]
    fn the_default_bundle_leaves_recordings_to_roles() {
        for what in [Recall::Replay, Recall::Export] {
            assert_eq!(opinion(crate::DEFAULT, "support", "shop-db", what), Opinion::Silent);
            assert_eq!(opinion("", "support", "gone", what), Opinion::Silent);
        }
    }

    #[test]
    fn a_permit_counts_if_it_names_the_action_and_any_forbid_does() {
        let team = r#"@id("team") permit (principal in Group::"leads", action == Action::"Replay", resource == Connection::"shop-db");"#;
        assert_eq!(opinion(team, "leads", "shop-db", Recall::Replay), Opinion::Permitted);
        assert_eq!(opinion(team, "support", "shop-db", Recall::Replay), Opinion::Silent);
        assert_eq!(opinion(team, "leads", "other", Recall::Replay), Opinion::Silent);
        assert_eq!(opinion(team, "leads", "shop-db", Recall::Export), Opinion::Silent);
        let all = r#"@id("all") permit (principal, action, resource);"#;
        assert_eq!(opinion(all, "leads", "shop-db", Recall::Replay), Opinion::Silent);
        let none = format!("{team} @id(\"no\") forbid (principal, action, resource in Zone::\"prod\");");
        assert_eq!(opinion(&none, "leads", "shop-db", Recall::Replay), forbidden("no"));
        assert_eq!(opinion(&none, "leads", "other", Recall::Export), Opinion::Silent);
    }

    #[test]
    fn a_condition_about_the_one_who_asks_counts_and_one_that_fails_forbids() {
        let fresh = r#"@id("fresh") forbid (principal, action in [Action::"Replay", Action::"Export"], resource)
            unless { context.mfa };"#;
        assert_eq!(opinion(fresh, "leads", "shop-db", Recall::Export), forbidden("fresh"));
        let reason = r#"@id("r") permit (principal, action == Action::"Export", resource)
            when { context has reason && context.reason like "INC-*" };"#;
        assert_eq!(opinion(reason, "leads", "shop-db", Recall::Export), Opinion::Silent);
    }
}
